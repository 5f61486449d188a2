/* What /proc, /etc/os-release and the dynamic linker say about the machine. */
#define _GNU_SOURCE
#include "base/machine.h"

#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The rest of the first line that begins with key and then has separator, without quotes; "" when there is none. */
static void read_line_of(const char *path, const char *key, char separator, char *out, size_t size)
{
    char line[4096];
    FILE *file = fopen(path, "r");
    out[0] = '\0';
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *value = strchr(line, separator);
        if (value != NULL && strncmp(line, key, strlen(key)) == 0) {
            value += 1 + strspn(value + 1, " \t\"");
            snprintf(out, size, "%.*s", (int)strcspn(value, "\"\n"), value);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

static void describe_system(char out[160])
{
    struct utsname name;
    char release[96];
    read_line_of("/etc/os-release", "PRETTY_NAME", '=', release, sizeof release);
    if (uname(&name) != 0) {
        snprintf(out, 160, "%s", release[0] != '\0' ? release : "unknown");
        return;
    }
    snprintf(out, 160, "%s, %.10s %.24s, %.20s", release[0] != '\0' ? release : "unknown system", name.sysname, name.release, name.machine);
}

/* A space and the word, if the words have it. */
static void add_word_of(const char *words, const char *word, char *out, size_t size)
{
    const size_t n = strlen(word), used = strlen(out);
    for (const char *p = strstr(words, word); p != NULL; p = strstr(p + 1, word)) {
        if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0')) {
            snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "", word);
            return;
        }
    }
}

static void describe_features(char out[256])
{
    static const char *const wanted[] = {"sse4_1",      "avx",      "avx2",     "fma",   "f16c", "avx512f", "avx512bw", "avx512_vnni",
                                         "avx512_bf16", "amx_tile", "amx_bf16", "asimd", "sve",  "sve2",    "bf16",     "i8mm"};
    char flags[4096];
    read_line_of("/proc/cpuinfo", "flags", ':', flags, sizeof flags);
    if (flags[0] == '\0') {
        read_line_of("/proc/cpuinfo", "Features", ':', flags, sizeof flags); /* arm64 */
    }
    out[0] = '\0';
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; ++i) {
        add_word_of(flags, wanted[i], out, 256);
    }
    if (out[0] == '\0') {
        snprintf(out, 256, "unknown");
    }
}

/* The file's own name has the version ("libgsl.so.27.0.0"), the one by which it was asked for only its first part. */
static int add_library(struct dl_phdr_info *info, size_t size, void *user)
{
    static const char *const wanted[] = {"libdnnl.",   "libgomp.",  "libgsl.",        "libgslcblas.", "libhdf5",     "libnifti2.",
                                         "libznz.",    "libcairo.", "libfontconfig.", "libfreetype.", "libjansson.", "libyaml-",
                                         "libnettle.", "libz.",     "libm.",          "libc."};
    char *out = user, path[PATH_MAX];
    const char *file = realpath(info->dlpi_name, path) != NULL ? path : info->dlpi_name;
    const char *name = strrchr(file, '/') != NULL ? strrchr(file, '/') + 1 : file;
    (void)size;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; ++i) {
        if (strncmp(name, wanted[i], strlen(wanted[i])) == 0) {
            const size_t used = strlen(out);
            snprintf(out + used, sizeof((dn_machine *)0)->libraries - used, "%s%s", used > 0 ? " " : "", name);
        }
    }
    return 0;
}

void dn_machine_describe(dn_machine *out)
{
    *out = (dn_machine){.libraries = ""};
    describe_system(out->system);
    read_line_of("/proc/cpuinfo", "model name", ':', out->processor, sizeof out->processor);
    if (out->processor[0] == '\0') {
        read_line_of("/proc/cpuinfo", "CPU part", ':', out->processor, sizeof out->processor); /* arm64 */
    }
    if (out->processor[0] == '\0') {
        snprintf(out->processor, sizeof out->processor, "unknown");
    }
    describe_features(out->features);
    dl_iterate_phdr(add_library, out->libraries);
    if (out->libraries[0] == '\0') {
        snprintf(out->libraries, sizeof out->libraries, "unknown");
    }
}

void dn_machine_program(const char *name, char *out, unsigned long size)
{
    const char *path = getenv("PATH");
    out[0] = '\0';
    while (path != NULL && *path != '\0') {
        const size_t n = strcspn(path, ":");
        const int written = snprintf(out, size, "%.*s/%s", (int)n, path, name);
        if (n > 0 && written > 0 && (unsigned long)written < size && access(out, X_OK) == 0) {
            return;
        }
        path += n + (path[n] == ':');
    }
    out[0] = '\0';
}
