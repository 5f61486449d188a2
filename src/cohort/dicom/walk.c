/* Goes through a folder that may hold DICOM files, file by file. */
#define _GNU_SOURCE
#include "cohort/dicom/walk.h"

#include "base/file.h"
#include "base/job.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static dn_status enter(dn_dicom_walk *it, const char *folder, int depth, bool *stop);

static dn_status visit(dn_dicom_walk *it, const char *folder, const char *name, int depth, bool *stop)
{
    struct stat facts;
    char *path = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_cancel_check());
    if (++it->entries > DN_DICOM_MOST_ENTRIES) {
        DN_FAIL(DN_EDATA, "there are more than %d files: give the folder of one examination", DN_DICOM_MOST_ENTRIES);
    }
    DN_TRY(dn_path_join(folder, name, &path));
    if (lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode)) {
        status = enter(it, path, depth + 1, stop);
    } else if (stat(path, &facts) == 0 && S_ISREG(facts.st_mode)) {
        status = it->visit(it->user, path, &facts, stop);
    }
    free(path);
    return status;
}

static dn_status enter(dn_dicom_walk *it, const char *folder, int depth, bool *stop)
{
    struct dirent **names = NULL;
    dn_status status = DN_OK;
    const bool too_deep = depth > DN_DICOM_DEEPEST;
    const int count = too_deep ? -1 : scandir(folder, &names, is_shown, dn_path_by_name);
    if (count < 0) {
        if (depth == 0 || (!too_deep && errno == ENOMEM)) {
            DN_FAIL(dn_error_of(errno, DN_EINPUT), "cannot read the folder: %s", strerror(errno));
        }
        ++it->unreadable;
        return DN_OK;
    }
    for (int i = 0; i < count; ++i) {
        if (status == DN_OK && !*stop) {
            status = visit(it, folder, names[i]->d_name, depth, stop);
        }
        free(names[i]);
    }
    free(names);
    return status;
}

dn_status dn_dicom_walk_folder(dn_dicom_walk *walk, const char *folder)
{
    bool stop = false;
    return enter(walk, folder, 0, &stop);
}
