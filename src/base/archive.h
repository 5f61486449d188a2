/* Archives that somebody sent: zip and tar (also compressed). What is in them is not trusted: only plain files are taken, they are numbered
 * and not named as the archive says, and there are limits on how much may come out.
 *
 * libarchive is used here only. */
#ifndef DN_BASE_ARCHIVE_H
#define DN_BASE_ARCHIVE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dn_archive_limits {
    int64_t files; /* entries of any kind */
    int64_t bytes; /* unpacked, all together, also of what is not taken */
    double ratio;  /* unpacked bytes per byte of the archive, looked at from 64 MiB on */
} dn_archive_limits;

/* A million entries, 64 GiB, 100 to 1: deflate makes 1032 of 1, images hardly ever give 20. */
dn_archive_limits dn_archive_limits_usual(void);

/* By its first bytes: zip or tar; a compressed tar by its name (.tar.gz, .tgz, .tar.bz2, .tar.xz, .tar.zst), too. */
bool dn_archive_is_one(const char *path);

typedef struct dn_archive_options {
    dn_archive_limits limits;
    /* Whether a file is taken, by its first bytes (at least 512, or all of it); NULL: every file. name: as in the archive, may be "". */
    bool (*wanted)(void *user, const char *name, const unsigned char *start, size_t size);
    void *user;
    int64_t most; /* to stop after so many files were taken; 0: all of them */
} dn_archive_options;

typedef struct dn_archive_found {
    int64_t taken;  /* files in the folder now: "00000001" and so on, in the archive's order */
    int64_t others; /* files that were not wanted */
} dn_archive_found;

/* Takes the wanted files into folder, which exists and is empty.
 * DN_EFORMAT: damaged, or no archive. DN_EDATA: an entry leads out of the folder ("../", "/etc/..."), a limit is passed, or there is a
 * password on it. DN_EIO: no room for it. DN_EINPUT: it cannot be read. What was taken before a failure is left to the caller. */
DN_CHECKED dn_status dn_archive_unpack(const char *path, const char *folder, const dn_archive_options *options, dn_archive_found *out);

#endif
