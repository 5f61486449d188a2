/* Files of a result, all of them as a zip archive, and the scan itself. */
#define _GNU_SOURCE
#include "base/archive_write.h"
#include "base/file.h"
#include "base/memory.h"
#include "image/io.h"
#include "web/handlers.h"
#include "web/jobs/jobs.h"
#include "web/results/results.h"
#include "web/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *name_at(const json_t *files, size_t i)
{
    return json_string_value(json_object_get(json_array_get(files, i), "name"));
}

/* What a client says is compared with what is there, and is never part of a path. */
static const char *listed(const json_t *files, const char *name)
{
    for (size_t i = 0; i < json_array_size(files); ++i) {
        if (strcmp(name_at(files, i), name) == 0) {
            return name_at(files, i);
        }
    }
    return NULL;
}

dn_status dn_get_file(dn_request *request, dn_reply *reply)
{
    dn_result_place place;
    char *path = NULL;
    json_t *files = NULL;
    const char *download = dn_request_query(request, "download");
    dn_status status = dn_result_find(request, reply, "version", &place);
    if (status == DN_OK) {
        files = dn_result_files(place.folder);
        const char *name = listed(files, request->part[1]);
        if (name == NULL) {
            reply->code = 404;
            status = dn_error_set(DN_EINPUT, "this result has no such file");
        } else {
            status = dn_path_join(place.folder, name, &path);
            status = status == DN_OK ? dn_reply_file(reply, path, dn_media_type(name), download != NULL ? name : NULL) : status;
        }
    }
    json_decref(files);
    free(path);
    dn_result_place_release(&place);
    return status;
}

/* ---- zip ---------------------------------------------------------------------------------------------------------- */

/* An open file that has no name: it goes when it is closed. */
static dn_status open_nameless(const dn_web *web, int *fd)
{
    *fd = open(web->options.state, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (*fd < 0) { /* a file system that cannot do this */
        char *path = NULL;
        DN_TRY(dn_asprintf(&path, "%s/zip-XXXXXX", web->options.state));
        *fd = mkostemp(path, O_CLOEXEC);
        if (*fd >= 0) {
            unlink(path);
        }
        free(path);
    }
    if (*fd < 0) {
        DN_FAIL(DN_EIO, "the server cannot make an archive: %s", strerror(errno));
    }
    return DN_OK;
}

static dn_status write_zip(const char *folder, const json_t *names, int fd)
{
    const size_t count = json_array_size(names);
    dn_archive_file *files = NULL;
    dn_status status;
    DN_TRY(dn_alloc(&files, count, sizeof *files, "the files of a result"));
    for (size_t i = 0; i < count; ++i) {
        char *path = NULL;
        DN_TRY_GOTO(status, dn_path_join(folder, name_at(names, i), &path), done);
        files[i] = (dn_archive_file){.path = path, .name = name_at(names, i)};
    }
    status = dn_archive_write(fd, files, count);
done:
    for (size_t i = 0; i < count; ++i) {
        char *path;
        memcpy(&path, &files[i].path, sizeof path); /* it was made above */
        free(path);
    }
    free(files);
    return status;
}

dn_status dn_reply_zip(const dn_web *web, dn_reply *reply, const char *folder, const json_t *files, const char *name)
{
    int fd = -1;
    struct stat facts;
    DN_TRY(open_nameless(web, &fd));
    dn_status status = write_zip(folder, files, fd);
    if (status == DN_OK && fstat(fd, &facts) != 0) {
        status = dn_error_set(DN_EIO, "the server cannot make an archive: %s", strerror(errno));
    }
    if (status != DN_OK) {
        close(fd);
        return status;
    }
    reply->fd = fd;
    reply->fd_size = facts.st_size;
    reply->type = "application/zip";
    return dn_asprintf(&reply->download, "%s.zip", name);
}

dn_status dn_get_zip(dn_request *request, dn_reply *reply)
{
    dn_result_place place;
    dn_status status = dn_result_find(request, reply, "version", &place);
    if (status == DN_OK) {
        json_t *files = dn_result_files(place.folder);
        status = dn_reply_zip(request->web, reply, place.folder, files, json_string_value(json_object_get(place.job, "stem")));
        json_decref(files);
    }
    dn_result_place_release(&place);
    return status;
}

/* ---- the scan ----------------------------------------------------------------------------------------------------- */

/* Whether a viewer reads the file as dien does: a NIfTI file with an orientation of its own. */
static bool is_plain(const dn_scan_info *info)
{
    return (info->format == DN_SCAN_NIFTI1 || info->format == DN_SCAN_NIFTI2) &&
           (info->affine_source == DN_AFFINE_SFORM || info->affine_source == DN_AFFINE_QFORM);
}

/* As a NIfTI file with the orientation in which dien read it; made once. */
static dn_status make_view(const char *scan, const char *view)
{
    dn_volume *volume = NULL;
    DN_TRY(dn_scan_read(scan, NULL, &volume, NULL));
    dn_status status = dn_volume_write(volume, view, NULL);
    dn_volume_destroy(volume);
    return status;
}

dn_status dn_get_scan(dn_request *request, dn_reply *reply)
{
    json_t *row = NULL;
    char *scan = NULL, *view = NULL;
    dn_grid grid;
    dn_scan_info info;
    dn_status status;
    DN_TRY(dn_job_get_done(request, reply, &row));
    const char *id = json_string_value(json_object_get(row, "id")), *inside = json_string_value(json_object_get(row, "scan"));
    if (inside == NULL) {
        reply->code = 404;
        DN_FAIL_GOTO(status, done, DN_EINPUT, "the scan is not there any more");
    }
    DN_TRY_GOTO(status, dn_job_folder(request->web, id, inside, &scan), done);
    DN_TRY_GOTO(status, dn_job_folder(request->web, id, "view.nii.gz", &view), done);
    DN_TRY_GOTO(status, dn_scan_read_grid(scan, NULL, &grid, &info), done);
    if (!is_plain(&info) && !dn_path_exists(view)) {
        DN_TRY_GOTO(status, make_view(scan, view), done);
    }
    status = dn_reply_file(reply, is_plain(&info) ? scan : view, "application/octet-stream", NULL);
done:
    free(scan);
    free(view);
    json_decref(row);
    return status;
}
