/* The lock of a folder, a file that the kernel locks for as long as the process lives. */
#define _GNU_SOURCE
#include "base/lock.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static dn_status refuse(const dn_folder_lock *lock, const char *folder, const char *what)
{
    char owner[256] = "";
    ssize_t n = pread(lock->fd, owner, sizeof owner - 1, 0);
    owner[n > 0 ? n : 0] = '\0';
    owner[strcspn(owner, "\n")] = '\0';
    DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_OTHER_FOLDER, "%s is in progress in %s%s%s%s; wait until it has ended, or name another folder", what,
                  folder, *owner != '\0' ? " (" : "", owner, *owner != '\0' ? ")" : "");
}

/* Whether the file that was locked is still the one of that name: its owner before may have removed it meanwhile. */
static bool is_current(const dn_folder_lock *lock)
{
    struct stat held;
    struct stat named;
    return fstat(lock->fd, &held) == 0 && stat(lock->path, &named) == 0 && held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

/* lock->path: the file. *taken: false: another process has it; lock->fd is then still open, for refuse. */
static dn_status take(dn_folder_lock *lock, bool *taken)
{
    char host[64] = "";
    *taken = true;
    for (;;) {
        lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (lock->fd < 0) {
            DN_FAIL(DN_EIO, "cannot write %s: %s", lock->path, strerror(errno));
        }
        if (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
            *taken = errno != EWOULDBLOCK;
            if (*taken) {
                dn_log(DN_LOG_WARNING, "%s cannot be locked (%s): make sure that only one run at a time writes there", lock->path,
                       strerror(errno));
            }
            break;
        }
        if (is_current(lock)) {
            break;
        }
        close(lock->fd);
    }
    gethostname(host, sizeof host - 1);
    if (*taken && ftruncate(lock->fd, 0) == 0) {
        dprintf(lock->fd, "process %ld on %s\n", (long)getpid(), host);
    }
    return DN_OK;
}

static void drop(dn_folder_lock *lock)
{
    if (lock->fd >= 0) {
        close(lock->fd);
    }
    free(lock->path);
    *lock = (dn_folder_lock){0};
}

dn_status dn_folder_lock_take(dn_folder_lock *lock, const char *folder, const char *what)
{
    bool taken = false;
    lock->fd = -1;
    DN_TRY(dn_path_join(folder, ".lock", &lock->path));
    dn_status status = take(lock, &taken);
    if (status == DN_OK && !taken) {
        status = refuse(lock, folder, what);
    }
    if (status != DN_OK) {
        drop(lock);
    }
    return status;
}

dn_status dn_work_lock_take(dn_folder_lock *lock, const char *path, bool *taken)
{
    lock->fd = -1;
    DN_TRY(dn_strdup(path, &lock->path));
    dn_status status = take(lock, taken);
    if (status != DN_OK || !*taken) {
        drop(lock);
    }
    return status;
}

void dn_folder_lock_release(dn_folder_lock *lock)
{
    if (lock->path != NULL) {
        unlink(lock->path); /* while it is still held */
        close(lock->fd);
        free(lock->path);
    }
    *lock = (dn_folder_lock){0};
}
