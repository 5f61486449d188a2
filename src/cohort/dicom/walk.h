/* The one walk over a folder that may hold DICOM files: whoever takes the first image, lists the series or hashes the files sees the same
 * files in the same order. Folders in it are searched; links to folders are not followed; names that begin with a point (.DS_Store, ._0001
 * of macOS) are passed over. */
#ifndef DN_COHORT_DICOM_WALK_H
#define DN_COHORT_DICOM_WALK_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum { DN_DICOM_DEEPEST = 32, DN_DICOM_MOST_ENTRIES = 1000000 };

/* Set visit and user, and leave the rest 0. */
typedef struct dn_dicom_walk {
    /* Called with each regular file; path: below the folder as it was given; *stop: true ends the walk. */
    dn_status (*visit)(void *user, const char *path, const struct stat *facts, bool *stop);
    void *user;
    size_t entries;    /* files and folders that were seen */
    size_t unreadable; /* folders in it that could not be read, or lie deeper than DN_DICOM_DEEPEST: passed over */
} dn_dicom_walk;

/* In the order of names by their bytes. DN_EINPUT: the folder cannot be read; DN_EDATA: more than DN_DICOM_MOST_ENTRIES entries (neither
 * message has the folder's name, which may be a person's); DN_ENOMEM; DN_ECANCELLED; what visit fails with. */
DN_CHECKED dn_status dn_dicom_walk_folder(dn_dicom_walk *walk, const char *folder);

#endif
