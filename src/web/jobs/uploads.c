/* Uploads: made, filled piece by piece, looked at, given up. */
#define _GNU_SOURCE
#include "web/jobs/uploads.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "web/handlers.h"
#include "web/ids.h"
#include "web/server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { MOST_FILES = 20000, NAME_LIMIT = 1024 };

dn_status dn_room_check(const dn_web *web, int64_t bytes)
{
    const double spare = 256e6; /* results of a scan, and the list of jobs */
    struct statvfs facts;
    if (statvfs(web->options.state, &facts) != 0) {
        return DN_OK;
    }
    const double free_bytes = (double)facts.f_bavail * (double)facts.f_frsize;
    if (free_bytes < (double)bytes + spare) {
        DN_FAIL(DN_EIO, "there is no room for it on the server's disk: %.2f GB are free, and it takes %.2f GB with its results",
                1e-9 * free_bytes, 1e-9 * ((double)bytes + spare));
    }
    return DN_OK;
}

/* ---- one upload --------------------------------------------------------------------------------------------------- */

static dn_status file_path(const dn_upload *upload, size_t index, char **out)
{
    return dn_asprintf(out, "%s/%zu", upload->folder, index);
}

/* Bytes of a file that are there. */
static int64_t received_of(const dn_upload *upload, size_t index)
{
    char *path = NULL;
    struct stat facts;
    if (file_path(upload, index, &path) != DN_OK) {
        return 0;
    }
    const int64_t size = stat(path, &facts) == 0 ? (int64_t)facts.st_size : 0;
    free(path);
    return size;
}

static dn_status read_list(dn_upload *upload)
{
    char *path = NULL;
    size_t i;
    json_t *one;
    DN_TRY(dn_path_join(upload->folder, DN_UPLOAD_LIST, &path));
    dn_status status = dn_json_read(path, DN_JSON_LIST, &upload->list);
    free(path);
    if (status == DN_EFORMAT) {
        DN_FAIL(status, "the list of files of this upload is damaged; begin again");
    }
    DN_TRY(status);
    json_array_foreach(upload->list, i, one)
    {
        json_object_set_new(one, "received", json_integer(received_of(upload, i)));
    }
    return DN_OK;
}

dn_status dn_upload_open(dn_web *web, dn_reply *reply, const char *id, dn_upload *out)
{
    *out = (dn_upload){.folder = NULL};
    DN_TRY(dn_web_folder(web, "uploads", id, &out->folder));
    if (!dn_is_id(id) || !dn_path_is_folder(out->folder)) {
        DN_WEB_FAIL(reply, 404, "there is no such upload; it may have been given up or used already");
    }
    return read_list(out);
}

void dn_upload_release(dn_upload *upload)
{
    free(upload->folder);
    json_decref(upload->list);
    *upload = (dn_upload){.folder = NULL};
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

dn_status dn_upload_check_whole(const dn_upload *upload, dn_reply *reply)
{
    size_t i;
    json_t *one;
    json_array_foreach(upload->list, i, one)
    {
        if (number_of(one, "received") != number_of(one, "size")) {
            DN_WEB_FAIL(reply, 409, "the upload is not complete: of file %zu of %zu, %lld of %lld bytes are there", i + 1,
                        json_array_size(upload->list), (long long)number_of(one, "received"), (long long)number_of(one, "size"));
        }
    }
    return DN_OK;
}

dn_status dn_upload_single(const dn_upload *upload, dn_reply *reply, char **out)
{
    if (json_array_size(upload->list) != 1) {
        DN_WEB_FAIL(reply, 400, "one file is needed here, and the upload has %zu", json_array_size(upload->list));
    }
    DN_TRY(dn_upload_check_whole(upload, reply));
    return file_path(upload, 0, out);
}

/* ---- POST --------------------------------------------------------------------------------------------------------- */

/* Only its last part: a browser gives the folders of the visitor's disk, too, and these may be named after a person. */
static json_t *plain_name(const char *name)
{
    char text[NAME_LIMIT + 1];
    snprintf(text, sizeof text, "%s", dn_path_name(name));
    for (char *p = text; *p != '\0'; ++p) {
        *p = (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p;
    }
    return json_string(*text != '\0' ? text : "file");
}

static dn_status check_files(const dn_request *request, dn_reply *reply, json_t **list, int64_t *total)
{
    const json_t *files = json_object_get(request->json, "files");
    const int64_t limit = request->web->options.upload_limit;
    size_t i;
    json_t *one;
    *total = 0;
    if (!json_is_array(files) || json_array_size(files) == 0 || json_array_size(files) > MOST_FILES) {
        DN_WEB_FAIL(reply, 400, "\"files\" has to be a list of 1 to %d files, each with \"name\" and \"size\"", MOST_FILES);
    }
    *list = json_array();
    json_array_foreach(files, i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        const json_t *size = json_object_get(one, "size");
        if (name == NULL || strlen(name) > NAME_LIMIT || !json_is_integer(size) || json_integer_value(size) < 0) {
            DN_WEB_FAIL(reply, 400, "each of \"files\" needs a \"name\" and a \"size\" in bytes");
        }
        if (json_integer_value(size) > limit - *total) {
            DN_WEB_FAIL(reply, 413, "the upload is larger than %.2f GB, the limit of this server", 1e-9 * (double)limit);
        }
        *total += json_integer_value(size);
        json_array_append_new(*list, json_pack("{s:o, s:I}", "name", plain_name(name), "size", json_integer_value(size)));
    }
    return DN_OK;
}

static json_t *describe(const char *id, const json_t *list)
{
    json_t *files = json_array(), *one;
    size_t i;
    json_array_foreach(list, i, one)
    {
        json_array_append_new(files, json_pack("{s:i, s:O, s:O, s:I}", "index", (int)i, "name", json_object_get(one, "name"), "size",
                                               json_object_get(one, "size"), "received", (json_int_t)number_of(one, "received")));
    }
    return json_pack("{s:s, s:o}", "id", id, "files", files);
}

/* Files of no bytes are never sent. */
static dn_status make_empty(const dn_upload *upload)
{
    size_t i;
    json_t *one;
    json_array_foreach(upload->list, i, one)
    {
        if (number_of(one, "size") == 0) {
            char *path = NULL;
            DN_TRY(file_path(upload, i, &path));
            dn_status status = dn_file_write_all(path, "", 0);
            free(path);
            DN_TRY(status);
        }
    }
    return DN_OK;
}

dn_status dn_post_upload(dn_request *request, dn_reply *reply)
{
    char id[DN_ID_SIZE], *path = NULL;
    dn_upload upload = {.folder = NULL};
    int64_t total;
    dn_status status;
    DN_TRY_GOTO(status, check_files(request, reply, &upload.list, &total), done);
    DN_TRY_GOTO(status, dn_room_check(request->web, total), done);
    DN_TRY_GOTO(status, dn_id_make(id), done);
    DN_TRY_GOTO(status, dn_web_folder(request->web, "uploads", id, &upload.folder), done);
    DN_TRY_GOTO(status, dn_path_make_folder(upload.folder), done);
    DN_TRY_GOTO(status, dn_path_join(upload.folder, DN_UPLOAD_LIST, &path), done);
    DN_TRY_GOTO(status, make_empty(&upload), done);
    DN_TRY_GOTO(status, dn_json_write(json_incref(upload.list), 17, path), done);
    reply->code = 201;
    reply->json = describe(id, upload.list);
done:
    free(path);
    dn_upload_release(&upload);
    return status;
}

/* ---- PUT ---------------------------------------------------------------------------------------------------------- */

/* "0", "12": one of the list's. */
static dn_status index_of(const dn_upload *upload, dn_reply *reply, const char *text, size_t *out)
{
    char *end;
    const unsigned long index = strspn(text, "0123456789") == strlen(text) ? strtoul(text, &end, 10) : ULONG_MAX;
    if (index >= json_array_size(upload->list)) {
        DN_WEB_FAIL(reply, 404, "the upload has no such file");
    }
    *out = index;
    return DN_OK;
}

static dn_status offset_of(const dn_request *request, dn_reply *reply, int64_t *out)
{
    const char *text = dn_request_query(request, "offset");
    if (text == NULL || *text == '\0' || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text)) {
        DN_WEB_FAIL(reply, 400, "the address needs ?offset=N, the number of bytes that are there already");
    }
    *out = strtoll(text, NULL, 10);
    return DN_OK;
}

/* Opens the file, alone, at its end. */
static dn_status open_sink(dn_request *request, dn_reply *reply, const dn_upload *upload, size_t index, int64_t offset)
{
    char *path = NULL;
    struct stat facts;
    const int64_t size = number_of(json_array_get(upload->list, index), "size");
    DN_TRY(file_path(upload, index, &path));
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    free(path);
    if (fd < 0) {
        DN_FAIL(dn_error_of(errno, DN_EIO), "the server cannot write the upload: %s", strerror(errno));
    }
    request->sink.fd = fd;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &facts) != 0) {
        reply->json = json_pack("{s:I}", "received", (json_int_t)received_of(upload, index));
        DN_WEB_FAIL(reply, 409, "another request is sending this file");
    }
    if (offset != (int64_t)facts.st_size) {
        reply->json = json_pack("{s:I}", "received", (json_int_t)facts.st_size);
        DN_WEB_FAIL(reply, 409, "%lld bytes of this file are there; go on from there", (long long)facts.st_size);
    }
    request->sink.offset = offset;
    request->sink.left = size - offset;
    if (request->length > request->sink.left) {
        DN_WEB_FAIL(reply, 413, "this would make the file larger than was said when the upload began");
    }
    return DN_OK;
}

dn_status dn_put_upload_begin(dn_request *request, dn_reply *reply)
{
    dn_upload upload;
    size_t index = 0;
    int64_t offset = 0;
    dn_status status;
    DN_TRY_GOTO(status, dn_upload_open(request->web, reply, request->part[0], &upload), done);
    DN_TRY_GOTO(status, index_of(&upload, reply, request->part[1], &index), done);
    DN_TRY_GOTO(status, offset_of(request, reply, &offset), done);
    DN_TRY_GOTO(status, open_sink(request, reply, &upload, index, offset), done);
    status = dn_room_check(request->web, request->length >= 0 ? request->length : request->sink.left);
done:
    dn_upload_release(&upload);
    return status;
}

dn_status dn_put_upload(dn_request *request, dn_reply *reply)
{
    const dn_body_sink *sink = &request->sink;
    reply->json = json_pack("{s:I}", "received", (json_int_t)sink->offset);
    if (sink->error != 0) {
        DN_FAIL(DN_EIO, "the server cannot write the upload: %s", strerror(sink->error));
    }
    if (sink->over) {
        DN_WEB_FAIL(reply, 413, "more bytes came than was said when the upload began");
    }
    return DN_OK;
}

/* ---- the rest ----------------------------------------------------------------------------------------------------- */

dn_status dn_get_upload(dn_request *request, dn_reply *reply)
{
    dn_upload upload;
    dn_status status = dn_upload_open(request->web, reply, request->part[0], &upload);
    if (status == DN_OK) {
        reply->json = describe(request->part[0], upload.list);
    }
    dn_upload_release(&upload);
    return status;
}

dn_status dn_delete_upload(dn_request *request, dn_reply *reply)
{
    dn_upload upload;
    dn_status status = dn_upload_open(request->web, reply, request->part[0], &upload);
    if (status == DN_OK) {
        dn_folder_remove(upload.folder);
        reply->code = 204;
    }
    dn_upload_release(&upload);
    return status;
}

void dn_uploads_clean(dn_web *web)
{
    const double day = 86400.0;
    char *folder = NULL;
    if (dn_web_folder(web, "uploads", NULL, &folder) != DN_OK) {
        return;
    }
    DIR *open = opendir(folder);
    const struct dirent *entry;
    while (open != NULL && (entry = readdir(open)) != NULL) {
        char *path = NULL;
        struct stat facts;
        if (dn_is_id(entry->d_name) && dn_path_join(folder, entry->d_name, &path) == DN_OK && stat(path, &facts) == 0 &&
            difftime(time(NULL), facts.st_mtime) > day) {
            dn_folder_remove(path);
        }
        free(path);
    }
    if (open != NULL) {
        closedir(open);
    }
    free(folder);
}
