/* The first DICOM image of a folder or an archive. */
#define _GNU_SOURCE
#include "cohort/dicom/peek.h"

#include "base/archive.h"
#include "base/file.h"
#include "base/job.h"
#include "base/scratch.h"
#include "cohort/dicom/walk.h"

#include <string.h>

enum {
    MOST_FILES = 4096,    /* opened in vain, until nothing more is expected */
    FROM_ARCHIVE = 4,     /* the first DICOM files of an archive; a DICOMDIR and a report are no images */
    MORE_OF_ARCHIVE = 256 /* where none of those was one */
};

typedef struct search {
    dn_dicom_header *out;
    bool found;
    size_t files;
} search;

static dn_status visit(void *user, const char *path, const struct stat *facts, bool *stop)
{
    search *it = user;
    bool is_one;
    (void)facts;
    DN_TRY(dn_dicom_read(path, it->out, &is_one));
    it->found = is_one && it->out->rows > 0 && it->out->columns > 0;
    *stop = it->found || ++it->files >= MOST_FILES;
    return DN_OK;
}

/* What cannot be read is said and passed over: it may be somebody's scan, or nothing of the kind. */
static dn_status excuse(dn_status status, const char *path)
{
    if (status == DN_EINPUT || status == DN_EDATA || status == DN_EFORMAT) {
        dn_log(DN_LOG_WARNING, "%s is passed over: %s", path, dn_error_message());
        dn_error_clear();
        status = DN_OK;
    }
    return status;
}

static dn_status peek_folder(search *it, const char *path)
{
    dn_dicom_walk walk = {.visit = visit, .user = it};
    return excuse(dn_dicom_walk_folder(&walk, path), path);
}

static bool is_dicom(void *user, const char *name, const unsigned char *start, size_t size)
{
    (void)user;
    (void)name;
    return dn_dicom_begins(start, size);
}

static dn_status peek_archive(search *it, const char *path)
{
    dn_status status = DN_OK;
    for (int64_t most = FROM_ARCHIVE; status == DN_OK && !it->found && most <= MORE_OF_ARCHIVE;
         most = most == FROM_ARCHIVE ? MORE_OF_ARCHIVE : most + 1) {
        dn_scratch scratch = {0};
        dn_archive_found found = {0};
        const dn_archive_options options = {.limits = dn_archive_limits_usual(), .wanted = is_dicom, .most = most};
        it->files = 0;
        DN_TRY(dn_scratch_create(&scratch));
        status = dn_archive_unpack(path, scratch.path, &options, &found);
        const bool whole = status == DN_OK;
        status = excuse(status, path);
        status = status == DN_OK ? peek_folder(it, scratch.path) : status;
        dn_scratch_remove(&scratch);
        if (!whole || it->files < (size_t)FROM_ARCHIVE) { /* there is no more in it */
            break;
        }
    }
    return status;
}

dn_status dn_dicom_peek(const char *path, dn_dicom_header *out, bool *found)
{
    search it = {.out = out};
    memset(out, 0, sizeof *out);
    dn_status status = dn_path_is_folder(path) ? peek_folder(&it, path) : dn_archive_is_one(path) ? peek_archive(&it, path) : DN_OK;
    *found = it.found;
    return status;
}
