/* A reply on its way out: its headers, and where its bytes come from. */
#define _GNU_SOURCE
#include "web/http/http_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* No script but the page's own files, nothing from and to other machines, and no page of others around it. Pictures and workers may be made
 * by the page itself (blob:, data:): the viewer needs both. */
static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
                             "connect-src 'self' blob: data:; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; "
                             "form-action 'none'";
/* Reports and pictures that dien wrote are shown as pages of their own: their styles stand in the file, and scripts they have none. */
static const char policy_of_files[] =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'; sandbox";

static ssize_t read_stream(void *user, uint64_t position, char *bytes, size_t size)
{
    const dn_reply_stream *stream = user;
    (void)position;
    const ssize_t n = stream->read(stream->user, bytes, size);
    return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static void end_stream(void *user)
{
    dn_reply_stream *stream = user;
    stream->end(stream->user);
    free(stream);
}

static struct MHD_Response *of_stream(dn_reply *reply)
{
    enum { BLOCK = 4096 };
    dn_reply_stream *stream = malloc(sizeof *stream);
    if (stream == NULL) {
        return NULL;
    }
    *stream = reply->stream;
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, stream, end_stream);
    if (response == NULL) {
        free(stream);
    } else {
        reply->stream = (dn_reply_stream){.read = NULL};
    }
    return response;
}

static struct MHD_Response *of_bytes(dn_reply *reply)
{
    struct MHD_Response *response;
    if (reply->constant != NULL) {
        /* The library does not write to it. */
        void *bytes;
        memcpy(&bytes, &reply->constant, sizeof bytes);
        return MHD_create_response_from_buffer(reply->size, bytes, MHD_RESPMEM_PERSISTENT);
    }
    if (reply->bytes == NULL) {
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    response = MHD_create_response_from_buffer(reply->size, reply->bytes, MHD_RESPMEM_MUST_FREE);
    if (response != NULL) {
        reply->bytes = NULL;
    }
    return response;
}

static struct MHD_Response *make(dn_reply *reply)
{
    if (reply->stream.read != NULL) {
        return of_stream(reply);
    }
    if (reply->fd > 0) {
        struct MHD_Response *response = MHD_create_response_from_fd64((uint64_t)reply->fd_size, reply->fd);
        if (response != NULL) {
            reply->fd = 0;
        }
        return response;
    }
    if (reply->json != NULL) {
        reply->bytes = json_dumps(reply->json, JSON_COMPACT | JSON_REAL_PRECISION(12));
        if (reply->bytes == NULL) {
            return NULL;
        }
        reply->size = strlen(reply->bytes);
    }
    return of_bytes(reply);
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    if (value != NULL && *value != '\0') {
        (void)MHD_add_response_header(response, name, value); /* MHD_NO: a value with a line's end, which is then not sent */
    }
}

/* A name for the browser's disk, in the two ways that RFC 6266 knows. */
static void add_download(struct MHD_Response *response, const char *name)
{
    char value[1024], plain[128];
    size_t used = 0, n = 0;
    for (const char *p = name; *p != '\0' && n + 1 < sizeof plain; ++p) {
        plain[n++] = (unsigned char)*p < 0x80 && *p != '"' && *p != '\\' ? *p : '_';
    }
    plain[n] = '\0';
    used = (size_t)snprintf(value, sizeof value, "attachment; filename=\"%s\"; filename*=UTF-8''", plain);
    for (const char *p = name; *p != '\0' && used + 4 < sizeof value; ++p) {
        const bool safe = strchr("-._", *p) != NULL || (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        used += (size_t)snprintf(value + used, sizeof value - used, safe ? "%c" : "%%%02X", (unsigned char)*p);
    }
    add(response, "Content-Disposition", value);
}

static void add_headers(struct MHD_Response *response, const dn_reply *reply)
{
    const char *type = reply->type != NULL ? reply->type : reply->json != NULL ? "application/json" : "application/octet-stream";
    if (reply->code != 204 && reply->code != 304) {
        add(response, "Content-Type", type);
    }
    add(response, "Content-Security-Policy", reply->fd != 0 || reply->etag[0] == '\0' ? policy_of_files : policy);
    add(response, "X-Content-Type-Options", "nosniff");
    add(response, "X-Frame-Options", "DENY");
    add(response, "Referrer-Policy", "no-referrer");
    add(response, "Cross-Origin-Opener-Policy", "same-origin");
    add(response, "Cross-Origin-Resource-Policy", "same-origin");
    add(response, "Cache-Control", reply->etag[0] != '\0' ? "no-cache" : "no-store");
    add(response, "ETag", reply->etag);
    add(response, "Location", reply->location);
    add(response, "Set-Cookie", reply->cookie);
    add(response, "Allow", reply->allow);
    if (reply->code == 503 || reply->code == 429) {
        add(response, "Retry-After", "2");
    }
    if (reply->code == 401) {
        add(response, "WWW-Authenticate", "Bearer");
    }
    if (reply->download != NULL) {
        add_download(response, reply->download);
    }
}

enum MHD_Result dn_http_send(struct MHD_Connection *connection, dn_reply *reply)
{
    const bool from_disk = reply->fd > 0;
    struct MHD_Response *response = make(reply);
    if (response == NULL) {
        dn_reply_release(reply);
        return MHD_NO;
    }
    reply->fd = from_disk ? -1 : 0;
    add_headers(response, reply);
    const enum MHD_Result queued = MHD_queue_response(connection, (unsigned)(reply->code == 0 ? 200 : reply->code), response);
    MHD_destroy_response(response);
    dn_reply_release(reply);
    return queued;
}
