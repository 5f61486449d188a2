/* Reads the limits of memory and processor cores from the files of the kernel's control groups. */
#define _GNU_SOURCE
#include "base/cgroup.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether word is in a comma-separated list. */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *p = list; *p != '\0';) {
        size_t n = strcspn(p, ",");
        if (n == length && strncmp(p, word, n) == 0) {
            return true;
        }
        p += n + (p[n] == ',');
    }
    return false;
}

/* The group of this process: of the controller in version 1, of the one tree in version 2. */
static bool find_group(const char *root, const char *controller, bool second, char group[PATH_MAX])
{
    char path[PATH_MAX];
    char line[PATH_MAX + 256];
    bool found = false;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "r");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        char *controllers = strchr(line, ':');
        char *at = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (at == NULL) {
            continue;
        }
        *at++ = '\0';
        at[strcspn(at, "\n")] = '\0';
        found = second ? strcmp(line, "0:") == 0 && controllers[1] == '\0' : has_word(controllers + 1, controller);
        if (found) {
            snprintf(group, PATH_MAX, "%s", at);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

/* Where that tree is mounted, and which group is its top there (a container sees its own group as the top). */
static bool find_mount(const char *root, const char *controller, bool second, char top[PATH_MAX], char mount[PATH_MAX])
{
    char path[PATH_MAX];
    char line[3 * PATH_MAX];
    bool found = false;
    snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
    FILE *file = fopen(path, "r");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        char kind[64];
        char options[1024];
        const char *rest = strstr(line, " - ");
        found = rest != NULL && sscanf(rest, " - %63s %*s %1023s", kind, options) == 2 &&
                strcmp(kind, second ? "cgroup2" : "cgroup") == 0 && (second || has_word(options, controller)) &&
                sscanf(line, "%*s %*s %*s %4095s %4095s", top, mount) == 2;
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

static bool read_line(const char *folder, const char *name, char *line, int size)
{
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    bool got = fgets(line, size, file) != NULL;
    fclose(file);
    return got;
}

/* A number above zero; false for "max" and where there is none. */
static bool read_number(const char *folder, const char *name, int64_t *out)
{
    char line[64];
    return read_line(folder, name, line, sizeof line) && sscanf(line, "%" SCNd64, out) == 1 && *out >= 0;
}

static int64_t cache_that_can_go(const char *folder, const char *key)
{
    char path[2 * PATH_MAX];
    char line[256];
    int64_t bytes = 0;
    size_t length = strlen(key);
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    FILE *file = fopen(path, "r");
    while (file != NULL && bytes == 0 && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, length) == 0 && line[length] == ' ') {
            bytes = strtoll(line + length, NULL, 10);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return bytes > 0 ? bytes : 0;
}

/* Visits the group's folder and all above it up to the mount point. */
static void walk(const char *root, const char *controller, bool second, void (*visit)(const char *folder, bool second, void *user),
                 void *user)
{
    char group[PATH_MAX];
    char top[PATH_MAX];
    char mount[PATH_MAX];
    char folder[3 * PATH_MAX];
    if (!find_group(root, controller, second, group) || !find_mount(root, controller, second, top, mount)) {
        return;
    }
    size_t inside = strcmp(top, "/") == 0 ? 0 : strlen(top);
    bool below = strncmp(group, top, inside) == 0 && (inside == 0 || group[inside] == '/' || group[inside] == '\0');
    snprintf(folder, sizeof folder, "%s%s%s", root, mount, below ? group + inside : "");
    const size_t shortest = strlen(root) + strlen(mount);
    for (size_t n = strlen(folder); n >= shortest;) {
        while (n > shortest && folder[n - 1] == '/') {
            --n;
        }
        folder[n] = '\0';
        visit(folder, second, user);
        while (n > shortest && folder[n - 1] != '/') {
            --n;
        }
        if (n == shortest && folder[n] == '\0') {
            break;
        }
    }
}

static void visit_memory(const char *folder, bool second, void *user)
{
    int64_t *left = user;
    int64_t limit;
    int64_t used;
    if (!read_number(folder, second ? "memory.max" : "memory.limit_in_bytes", &limit) ||
        !read_number(folder, second ? "memory.current" : "memory.usage_in_bytes", &used)) {
        return;
    }
    used -= cache_that_can_go(folder, second ? "inactive_file" : "total_inactive_file");
    const int64_t here = used < 0 ? limit : used < limit ? limit - used : 0;
    if (limit < INT64_MAX / 4 && (*left < 0 || here < *left)) { /* version 1 writes a huge number for none */
        *left = here;
    }
}

int64_t dn_cgroup_memory_left(const char *root)
{
    int64_t left = -1;
    walk(root, "memory", false, visit_memory, &left);
    walk(root, "memory", true, visit_memory, &left);
    return left;
}

static void visit_cores(const char *folder, bool second, void *user)
{
    int *cores = user;
    int64_t used = 0;
    int64_t period = 0;
    char line[64];
    bool limited = second ? read_line(folder, "cpu.max", line, sizeof line) && sscanf(line, "%" SCNd64 " %" SCNd64, &used, &period) == 2
                          : read_number(folder, "cpu.cfs_quota_us", &used) && read_number(folder, "cpu.cfs_period_us", &period);
    if (limited && used > 0 && period > 0 && used < period * 4096) {
        const int here = (int)((used + period - 1) / period);
        *cores = *cores == 0 || here < *cores ? here : *cores;
    }
}

int dn_cgroup_cores(const char *root)
{
    int cores = 0;
    walk(root, "cpu", false, visit_cores, &cores);
    walk(root, "cpu", true, visit_cores, &cores);
    return cores;
}
