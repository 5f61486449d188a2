/* The first DICOM image of a folder or an archive. */
#define _GNU_SOURCE
#include "cohort/dicom/peek.h"

#include "base/archive.h"
#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/scratch.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    DEEPEST = 32,
    MOST_FILES = 4096, /* opened in vain, until nothing more is expected */
    FROM_ARCHIVE = 4   /* the first DICOM files of an archive; a DICOMDIR and a report are no images */
};

typedef struct search {
    dn_dicom_header *out;
    bool found;
    size_t files;
} search;

static dn_status look_at_file(search *it, const char *path)
{
    bool is_one;
    ++it->files;
    DN_TRY(dn_cancel_check());
    DN_TRY(dn_dicom_read(path, it->out, &is_one));
    it->found = is_one && it->out->rows > 0 && it->out->columns > 0;
    return DN_OK;
}

static dn_status walk(search *it, const char *folder, int depth);

static dn_status visit(search *it, const char *folder, const char *name, int depth)
{
    struct stat info;
    char *path = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_path_join(folder, name, &path));
    if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode)) { /* links to folders are not followed (dn_dicom_study_read) */
        status = depth < DEEPEST ? walk(it, path, depth + 1) : DN_OK;
    } else if (stat(path, &info) == 0 && S_ISREG(info.st_mode)) {
        status = look_at_file(it, path);
    }
    free(path);
    return status;
}

static dn_status walk(search *it, const char *folder, int depth)
{
    struct dirent **names = NULL;
    dn_status status = DN_OK;
    const int count = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < count; ++i) {
        if (status == DN_OK && names[i]->d_name[0] != '.' && !it->found && it->files < MOST_FILES) {
            status = visit(it, folder, names[i]->d_name, depth);
        }
        free(names[i]);
    }
    free(names);
    return status;
}

static bool is_dicom(void *user, const char *name, const unsigned char *start, size_t size)
{
    (void)user;
    (void)name;
    return dn_dicom_begins(start, size);
}

static dn_status peek_archive(search *it, const char *path)
{
    dn_scratch scratch = {0};
    dn_archive_found found = {0};
    const dn_archive_options options = {.limits = dn_archive_limits_usual(), .wanted = is_dicom, .most = FROM_ARCHIVE};
    DN_TRY(dn_scratch_create(&scratch));
    dn_status status = dn_archive_unpack(path, scratch.path, &options, &found);
    if (status == DN_EFORMAT || status == DN_EDATA || status == DN_EINPUT) {
        dn_error_clear();
        status = DN_OK;
    }
    status = status == DN_OK ? walk(it, scratch.path, 0) : status;
    dn_scratch_remove(&scratch);
    return status;
}

dn_status dn_dicom_peek(const char *path, dn_dicom_header *out, bool *found)
{
    search it = {.out = out};
    memset(out, 0, sizeof *out);
    dn_status status = dn_path_is_folder(path) ? walk(&it, path, 0) : dn_archive_is_one(path) ? peek_archive(&it, path) : DN_OK;
    *found = it.found;
    return status;
}
