/* A private folder for files that nobody keeps. */
#define _GNU_SOURCE
#include "base/scratch.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "dien-scratch-"
#define LOCK_NAME ".lock"
enum { SLOTS = 16, DEEPEST = 40, ROUNDS = 64, FRESH_SECONDS = 60 };

/* As in file.c: fixed slots, which a handler can read without locks. */
static char slot_path[SLOTS][PATH_MAX];
static _Atomic unsigned char slot_used[SLOTS];
static pthread_mutex_t slot_lock = PTHREAD_MUTEX_INITIALIZER;

/* Everything in an open folder. Only system calls, as a handler calls it; opendir would allocate. */
static void empty_folder(int folder, int depth)
{
    _Alignas(struct dirent64) char buffer[4096];
    bool removed = true;
    for (int round = 0; removed && round < ROUNDS; ++round) { /* a listing may pass over names while others are removed */
        ssize_t size;
        removed = false;
        lseek(folder, 0, SEEK_SET);
        while ((size = getdents64(folder, buffer, sizeof buffer)) > 0) {
            for (ssize_t at = 0; at < size;) {
                const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buffer + at);
                at += entry->d_reclen;
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
                    continue;
                }
                if (unlinkat(folder, entry->d_name, 0) == 0) {
                    removed = true;
                    continue;
                }
                const int inner = depth < DEEPEST ? openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
                if (inner >= 0) {
                    empty_folder(inner, depth + 1);
                    close(inner);
                    removed = unlinkat(folder, entry->d_name, AT_REMOVEDIR) == 0 || removed;
                }
            }
        }
    }
}

static void remove_tree(const char *path)
{
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder >= 0) {
        empty_folder(folder, 0);
        close(folder);
    }
    rmdir(path);
}

void dn_scratch_remove_all(void)
{
    const int before = errno;
    for (int i = 0; i < SLOTS; ++i) {
        if (slot_used[i]) {
            remove_tree(slot_path[i]);
            slot_used[i] = 0;
        }
    }
    errno = before;
}

/* A run that was killed left its folder, with a person's data in it: nobody holds its lock. One that was just made may not have its lock
 * yet. */
static void remove_abandoned(const char *where)
{
    DIR *listing = opendir(where);
    const struct dirent *entry;
    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        struct stat info;
        char path[PATH_MAX], lock[PATH_MAX];
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
            snprintf(path, sizeof path, "%s/%s", where, entry->d_name) >= (int)sizeof path ||
            snprintf(lock, sizeof lock, "%s/%s/" LOCK_NAME, where, entry->d_name) >= (int)sizeof lock || lstat(path, &info) != 0 ||
            !S_ISDIR(info.st_mode) || info.st_uid != geteuid() || time(NULL) - info.st_mtime < FRESH_SECONDS) {
            continue;
        }
        const int fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 ? errno == ENOENT : flock(fd, LOCK_EX | LOCK_NB) == 0) {
            remove_tree(path);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
}

/* Noted before it exists would be better, but its name is not known then; between the two lines only an empty folder can be left. */
static bool note(const char *path)
{
    bool done = false;
    pthread_mutex_lock(&slot_lock);
    for (int i = 0; i < SLOTS && !done; ++i) {
        if (!slot_used[i]) {
            snprintf(slot_path[i], sizeof slot_path[i], "%s", path);
            slot_used[i] = 1;
            done = true;
        }
    }
    pthread_mutex_unlock(&slot_lock);
    return done;
}

static void forget(const char *path)
{
    pthread_mutex_lock(&slot_lock);
    for (int i = 0; i < SLOTS; ++i) {
        if (slot_used[i] && strcmp(slot_path[i], path) == 0) {
            slot_used[i] = 0;
        }
    }
    pthread_mutex_unlock(&slot_lock);
}

dn_status dn_scratch_create(dn_scratch *out)
{
    const char *wanted = getenv("TMPDIR");
    char *where = realpath(wanted != NULL && *wanted != '\0' ? wanted : "/tmp", NULL);
    char *lock = NULL;
    dn_status status = DN_OK;
    *out = (dn_scratch){.lock = -1};
    if (where == NULL) {
        DN_FAIL(dn_error_of(errno, DN_EIO), "there is no folder for temporary files (%s): %s; set TMPDIR to one",
                wanted != NULL ? wanted : "/tmp", strerror(errno));
    }
    remove_abandoned(where);
    DN_TRY_GOTO(status, dn_asprintf(&out->path, "%s/" PREFIX "%ld-XXXXXX", where, (long)getpid()), done);
    if (strlen(out->path) >= PATH_MAX || mkdtemp(out->path) == NULL) {
        status = dn_error_set(DN_EIO, "cannot make a folder for temporary files in %s: %s; set TMPDIR to another folder", where,
                              strerror(errno));
        free(out->path);
        out->path = NULL;
        goto done;
    }
    if (!note(out->path)) {
        DN_FAIL_GOTO(status, done, DN_EINTERNAL, "too many temporary folders at a time");
    }
    DN_TRY_GOTO(status, dn_asprintf(&lock, "%s/" LOCK_NAME, out->path), done);
    out->lock = open(lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out->lock >= 0 && flock(out->lock, LOCK_EX | LOCK_NB) != 0) {
        close(out->lock); /* a file system without locks: the folder goes when it is old enough, if we are killed */
        out->lock = -1;
    }
done:
    free(lock);
    free(where);
    if (status != DN_OK) {
        dn_scratch_remove(out);
    }
    return status;
}

void dn_scratch_remove(dn_scratch *scratch)
{
    if (scratch->path != NULL) {
        remove_tree(scratch->path);
        forget(scratch->path);
        free(scratch->path);
        if (scratch->lock >= 0) {
            close(scratch->lock);
        }
    }
    *scratch = (dn_scratch){.lock = -1};
}
