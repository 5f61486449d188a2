/* What the functions behind the routes need for replies, and for what is in a request's body. */
#define _GNU_SOURCE
#include "web/request.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "web/remedy.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void dn_reply_release(dn_reply *reply)
{
    json_decref(reply->json);
    free(reply->bytes);
    free(reply->download);
    free(reply->location);
    free(reply->cookie);
    if (reply->fd > 0) {
        close(reply->fd);
    }
    if (reply->stream.read != NULL) {
        reply->stream.end(reply->stream.user);
    }
    *reply = (dn_reply){.code = 0};
}

int dn_reply_code_of(dn_status status)
{
    switch (status) {
    case DN_OK:
        return 200;
    case DN_EUSAGE:
    case DN_EINPUT:
    case DN_EFORMAT:
    case DN_EGEOMETRY:
    case DN_ESHAPE:
    case DN_EDATA:
    case DN_EQUALITY:
        return 400;
    case DN_ENOMEM:
    case DN_EIO:
    case DN_ECANCELLED:
        return 503;
    default:
        return 500;
    }
}

void dn_reply_fail(dn_reply *reply, dn_status status)
{
    const int code = reply->code >= 400 ? reply->code : dn_reply_code_of(status);
    const char *remedy = dn_web_remedy_sentence(dn_error_remedy());
    const char *message = dn_error_message();
    json_t *kept = reply->code == 409 ? json_incref(reply->json) : NULL; /* a conflict says what is there */
    dn_reply_release(reply);
    reply->code = code;
    reply->json = kept != NULL ? kept : json_object();
    json_t *text = json_string(*message != '\0' ? message : dn_status_text(status));
    json_object_set_new(reply->json, "error", text != NULL ? text : json_string(dn_status_text(status)));
    json_object_set_new(reply->json, "remedy", remedy != NULL ? json_string(remedy) : json_null());
}

dn_status dn_error_rename(dn_status status, const char *path, const char *words)
{
    const char *message = dn_error_message(), *at = strstr(message, path);
    const dn_remedy remedy = dn_error_remedy();
    char *before = NULL;
    if (at == NULL) {
        return status;
    }
    const char *after = at + strlen(path);
    const bool quoted = at > message && at[-1] == '\'' && *after == '\'';
    const int n = (int)(at - message) - (quoted ? 1 : 0);
    if (dn_asprintf(&before, "%.*s%s%s", n, message, words, after + (quoted ? 1 : 0)) == DN_OK) {
        status = dn_error_offer(dn_error_set(status, "%s", before), remedy);
        free(before);
    }
    return status;
}

dn_status dn_reply_file(dn_reply *reply, const char *path, const char *type, const char *download)
{
    struct stat facts;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        if (fd >= 0) {
            close(fd);
        }
        DN_WEB_FAIL(reply, 404, "the file is not there any more");
    }
    reply->fd = fd;
    reply->fd_size = facts.st_size;
    reply->type = type;
    return download != NULL ? dn_strdup(download, &reply->download) : DN_OK;
}

const char *dn_media_type(const char *name)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".wasm", "application/wasm"},
        {".txt", "text/plain; charset=utf-8"},
        {".md", "text/plain; charset=utf-8"},
        {".tsv", "text/tab-separated-values; charset=utf-8"},
        {".csv", "text/csv; charset=utf-8"},
        {".pdf", "application/pdf"},
        {".gz", "application/gzip"},
        {".zip", "application/zip"},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
        if (dn_path_has_extension(name, types[i].end)) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void dn_percent_decode(char *text)
{
    char *to = text;
    for (const char *p = text; *p != '\0';) {
        const int high = *p == '%' ? hex(p[1]) : -1, low = high >= 0 ? hex(p[2]) : -1;
        const char c = low >= 0 ? (char)(16 * high + low) : *p;
        *to++ = (char)((unsigned char)c < 0x20 || c == 0x7f ? ' ' : c);
        p += low >= 0 ? 3 : 1;
    }
    *to = '\0';
}

/* ---- the body ----------------------------------------------------------------------------------------------------- */

static bool is_missing(const json_t *value)
{
    return value == NULL || json_is_null(value);
}

static bool is_line(const char *text, size_t length)
{
    for (size_t i = 0; i < length; ++i) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

dn_status dn_body_text(const dn_request *request, dn_reply *reply, const char *key, size_t limit, const char **out)
{
    const json_t *value = json_object_get(request->json, key);
    *out = NULL;
    if (is_missing(value)) {
        return DN_OK;
    }
    if (!json_is_string(value)) {
        DN_WEB_FAIL(reply, 400, "\"%s\" has to be a text", key);
    }
    if (json_string_length(value) > limit || !is_line(json_string_value(value), json_string_length(value))) {
        DN_WEB_FAIL(reply, 400, "\"%s\" has to be one line of at most %zu bytes", key, limit);
    }
    *out = json_string_value(value);
    return DN_OK;
}

dn_status dn_body_number(const dn_request *request, dn_reply *reply, const char *key, double low, double high, double *out)
{
    const json_t *value = json_object_get(request->json, key);
    *out = NAN;
    if (is_missing(value)) {
        return DN_OK;
    }
    if (!json_is_number(value) || !(json_number_value(value) >= low && json_number_value(value) <= high)) {
        DN_WEB_FAIL(reply, 400, "\"%s\" has to be a number from %g to %g", key, low, high);
    }
    *out = json_number_value(value);
    return DN_OK;
}

dn_status dn_body_list(const dn_request *request, dn_reply *reply, const char *key, size_t limit, const json_t **out)
{
    const json_t *value = json_object_get(request->json, key);
    size_t i;
    json_t *one;
    *out = NULL;
    if (is_missing(value)) {
        return DN_OK;
    }
    if (!json_is_array(value) || json_array_size(value) > limit) {
        DN_WEB_FAIL(reply, 400, "\"%s\" has to be a list of at most %zu texts", key, limit);
    }
    json_array_foreach(value, i, one)
    {
        if (!json_is_string(one) || json_string_length(one) > 255 || !is_line(json_string_value(one), json_string_length(one))) {
            DN_WEB_FAIL(reply, 400, "\"%s\" has to be a list of texts of at most 255 bytes", key);
        }
    }
    *out = value;
    return DN_OK;
}
