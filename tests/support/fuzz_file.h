/* For targets whose reader takes a path: the bytes as a file in memory. Needs _GNU_SOURCE. */
#ifndef DN_FUZZ_FILE_H
#define DN_FUZZ_FILE_H

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Its path; the file of the call before has these bytes now. */
static inline const char *fuzz_file(const uint8_t *bytes, size_t size)
{
    static char path[64];
    static int holder = -1;
    if (holder < 0) {
        holder = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getpid(), holder);
    }
    if (holder < 0 || ftruncate(holder, 0) != 0 || pwrite(holder, bytes, size, 0) != (ssize_t)size) {
        abort();
    }
    return path;
}

#endif
