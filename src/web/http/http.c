/* From a request to its route and back. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/job.h"
#include "base/json.h"
#include "base/memory.h"
#include "web/http/http_private.h"
#include "web/remedy.h"
#include "web/routes.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A request that is being answered. */
typedef struct exchange {
    dn_request request;
    dn_reply reply;
    double began;
    char *text; /* of a JSON body */
    size_t length, room;
    bool refused; /* the reply is made, and the body that still comes is dropped */
    bool large;   /* it is counted as such */
} exchange;

const char *dn_request_query(const dn_request *request, const char *key)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, key);
}

const char *dn_request_header(const dn_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* ---- a request ---------------------------------------------------------------------------------------------------- */

static void exchange_destroy(exchange *it)
{
    if (it == NULL) {
        return;
    }
    for (size_t i = 0; i < DN_REQUEST_PARTS; ++i) {
        free(it->request.part[i]);
    }
    json_decref(it->request.json);
    if (it->request.sink.fd >= 0) {
        close(it->request.sink.fd);
    }
    if (it->request.sink.path != NULL) {
        unlink(it->request.sink.path);
        free(it->request.sink.path);
    }
    free(it->text);
    dn_reply_release(&it->reply);
    free(it);
}

static bool writes(const char *method)
{
    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

static dn_guard_head head_of(const dn_request *request, const char *url, const char *method)
{
    return (dn_guard_head){.host = dn_request_header(request, "Host"),
                           .origin = dn_request_header(request, "Origin"),
                           .fetch_site = dn_request_header(request, "Sec-Fetch-Site"),
                           .mark = dn_request_header(request, "X-Dien"),
                           .authorization = dn_request_header(request, "Authorization"),
                           .cookie = dn_request_header(request, "Cookie"),
                           .writes = writes(method),
                           .api = strncmp(url, "/api/", 5) == 0};
}

/* What can be said against it before its body is there; reply->code stays 0 when nothing can. */
static void look_at_head(dn_http *http, exchange *it, const char *url, const char *method)
{
    const char *allow;
    const dn_guard_head head = head_of(&it->request, url, method);
    const dn_guard_verdict verdict = dn_guard_check(&http->web->guard, &head);
    if (verdict != DN_GUARD_PASS) {
        it->reply.code = dn_guard_code(verdict);
        it->reply.json = json_pack("{s:s, s:s}", "error", dn_guard_sentence(verdict), "remedy", dn_guard_remedy(verdict));
        return;
    }
    if (atomic_load(&http->requests) > http->web->options.clients) {
        it->reply.code = 503;
        it->reply.json =
            json_pack("{s:s, s:s}", "error", "the server is answering as many requests as it can", "remedy", "Try again in a moment.");
        return;
    }
    it->request.route = dn_route_find(method, url, it->request.part, &allow);
    if (it->request.route == NULL) {
        it->reply.code = allow != NULL ? 405 : 404;
        it->reply.allow = allow;
        it->reply.json =
            json_pack("{s:s, s:n}", "error", allow != NULL ? "this address does not take this method" : "there is nothing here", "remedy");
    }
}

static void finish(exchange *it, dn_status status)
{
    if (status != DN_OK) {
        dn_reply_fail(&it->reply, status);
    }
}

/* Runs what a route has for this moment, as a job of its own. */
static void call(exchange *it, dn_handler *handler)
{
    const dn_job_sink sink = {.remedy = dn_web_remedy_write};
    dn_job job;
    dn_job_init(&job, &sink);
    dn_job_set_threads(&job, 1);
    dn_job *before = dn_job_enter(&job);
    dn_error_clear();
    finish(it, handler(&it->request, &it->reply));
    dn_job_leave(before);
    dn_job_release(&job);
}

static int64_t limit_of(const exchange *it)
{
    const dn_body body = it->request.route->body;
    return body == DN_BODY_JSON ? DN_BODY_JSON_LIMIT : body == DN_BODY_LIST ? DN_BODY_LIST_LIMIT : 0;
}

static void refuse(exchange *it, int code, const char *sentence, const char *remedy)
{
    it->refused = true;
    it->reply.code = code;
    it->reply.json = json_pack("{s:s, s:s?}", "error", sentence, "remedy", remedy);
    if (remedy == NULL) {
        json_object_set_new(it->reply.json, "remedy", json_null());
    }
}

static void begin(dn_http *http, exchange *it)
{
    enum { MOST_LARGE = 4 };
    const char *length = dn_request_header(&it->request, "Content-Length");
    it->request.length = length != NULL ? strtoll(length, NULL, 10) : -1;
    if (it->request.route->body == DN_BODY_FILE) {
        call(it, it->request.route->begin);
    } else if (it->request.length > limit_of(it)) {
        refuse(it, 413, "the body of this request is larger than it may be", NULL);
    } else if (it->request.length > DN_BODY_JSON_LIMIT) {
        it->large = true;
        if (atomic_fetch_add(&http->large, 1) >= MOST_LARGE) {
            refuse(it, 503, "the server is reading as many long lists as it can", "Try again in a moment.");
        }
    }
}

/* ---- its body ----------------------------------------------------------------------------------------------------- */

static void take_text(exchange *it, const char *bytes, size_t size)
{
    /* One that does not say its length is not counted among the large ones, and may not become one. */
    if ((int64_t)(it->length + size) > (it->large ? limit_of(it) : DN_BODY_JSON_LIMIT)) {
        refuse(it, it->request.length < 0 && limit_of(it) > DN_BODY_JSON_LIMIT ? 411 : 413,
               it->request.length < 0 ? "a body of this length has to be announced (Content-Length)"
                                      : "the body of this request is larger than it may be",
               NULL);
        return;
    }
    if (it->length + size > it->room) {
        const size_t room = 2 * it->room + size + 1024;
        if (dn_realloc(&it->text, room, 1, "a request") != DN_OK) {
            it->refused = true;
            finish(it, DN_ENOMEM);
            return;
        }
        it->room = room;
    }
    memcpy(it->text + it->length, bytes, size);
    it->length += size;
}

static void take_bytes(dn_body_sink *sink, const char *bytes, size_t size)
{
    if ((int64_t)size > sink->left) {
        sink->over = true;
        size = (size_t)sink->left;
    }
    while (size > 0 && sink->error == 0) {
        const ssize_t n = pwrite(sink->fd, bytes, size, sink->offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            sink->error = n < 0 ? errno : ENOSPC;
            return;
        }
        bytes += n;
        size -= (size_t)n;
        sink->offset += n;
        sink->left -= n;
        sink->received += n;
    }
}

/* false: it comes so slowly that the connection is ended. */
static bool take(const dn_http *http, exchange *it, const char *bytes, size_t size)
{
    enum { SLOWEST = 512 }; /* bytes per second, after the patience with which a client may be silent */
    const double seconds = dn_clock_now() - it->began;
    const double got = (double)it->length + (double)it->request.sink.received;
    if (it->refused) {
        return true;
    }
    if (seconds > http->web->options.patience && got < SLOWEST * seconds) {
        return false;
    }
    switch (it->request.route->body) {
    case DN_BODY_JSON:
    case DN_BODY_LIST:
        take_text(it, bytes, size);
        break;
    case DN_BODY_FILE:
        take_bytes(&it->request.sink, bytes, size);
        break;
    case DN_BODY_NONE:
        break;
    }
    return true;
}

static dn_status parse(exchange *it)
{
    if (it->request.route->body != DN_BODY_JSON && it->request.route->body != DN_BODY_LIST) {
        return DN_OK;
    }
    if (it->length == 0) {
        it->request.json = json_object(); /* nothing is asked for */
        return DN_OK;
    }
    const dn_status status =
        dn_json_parse(it->text, it->length, DN_JSON_OBJECT | DN_JSON_UNIQUE, "the body of the request", &it->request.json);
    it->reply.code = status == DN_EFORMAT ? 400 : it->reply.code;
    return status;
}

static void answer(exchange *it)
{
    const dn_status status = parse(it);
    if (status != DN_OK) {
        finish(it, status);
    } else {
        call(it, it->request.route->run);
    }
}

/* ---- libmicrohttpd's side ----------------------------------------------------------------------------------------- */

/* The first call of a request has its head, the next ones its body, the last one nothing. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                                  const char *bytes, size_t *size, void **state)
{
    dn_http *http = user;
    exchange *it = *state;
    (void)version;
    if (it == NULL) {
        it = calloc(1, sizeof *it);
        if (it == NULL) {
            return MHD_NO;
        }
        *state = it;
        it->began = dn_clock_now();
        it->request = (dn_request){.web = http->web, .connection = connection, .sink = {.fd = -1}};
        atomic_fetch_add(&http->requests, 1);
        dn_http_mark(http, connection, false);
        look_at_head(http, it, url, method);
        if (it->reply.code == 0) {
            begin(http, it);
        }
        return it->reply.code != 0 ? dn_http_send(connection, &it->reply) : MHD_YES;
    }
    if (*size > 0) {
        const bool goes_on = take(http, it, bytes, *size);
        *size = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    if (!it->refused) {
        answer(it);
    }
    return dn_http_send(connection, &it->reply);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    dn_http *http = user;
    (void)code;
    if (*state != NULL) {
        if (((exchange *)*state)->large) {
            atomic_fetch_sub(&http->large, 1);
        }
        exchange_destroy(*state);
        *state = NULL;
        atomic_fetch_sub(&http->requests, 1);
        dn_http_mark(http, connection, true);
    }
}

/* What libmicrohttpd says about requests that make no sense is of no use to anybody. */
static void say_nothing(void *user, const char *format, va_list arguments)
{
    (void)user;
    (void)format;
    (void)arguments;
}

dn_status dn_http_listen(const char *address, int *port, int *fd)
{
    enum { BACKLOG = 256 };
    char service[16];
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    snprintf(service, sizeof service, "%d", *port);
    const int error = getaddrinfo(address, service, &hints, &found);
    if (error != 0) {
        DN_FAIL(DN_EUSAGE, "'%s' is no address of this machine: %s", address, gai_strerror(error));
    }
    *fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    bool done = *fd >= 0 && setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                bind(*fd, found->ai_addr, found->ai_addrlen) == 0 && listen(*fd, BACKLOG) == 0 &&
                getsockname(*fd, (struct sockaddr *)&bound, &length) == 0;
    const int number = errno;
    freeaddrinfo(found);
    if (!done) {
        if (*fd >= 0) {
            close(*fd);
        }
        DN_FAIL(DN_EIO, "cannot listen at %s, port %d: %s%s", address, *port, strerror(number),
                number == EADDRINUSE ? "; is another server running? Choose another port" : "");
    }
    getnameinfo((struct sockaddr *)&bound, length, NULL, 0, service, sizeof service, NI_NUMERICSERV);
    *port = atoi(service);
    return DN_OK;
}

dn_status dn_http_start(dn_web *web, int fd, dn_http **out)
{
    enum { HEAD_LIMIT = 32 * 1024, SPARE = 64 }; /* connections beyond those that are served, to be told so */
    dn_http *http = NULL;
    dn_status status = dn_alloc(&http, 1, sizeof *http, "the server");
    if (status != DN_OK) {
        close(fd);
        return status;
    }
    http->web = web;
    pthread_mutex_init(&http->lock, NULL);
    http->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ITC | MHD_USE_ERROR_LOG,
                         0, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)(web->options.clients + SPARE), MHD_OPTION_CONNECTION_TIMEOUT,
                         (unsigned)web->options.patience, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_LIMIT,
                         MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_NOTIFY_CONNECTION, dn_http_notice, http,
                         MHD_OPTION_END);
    if (http->daemon == NULL) {
        close(fd);
        pthread_mutex_destroy(&http->lock);
        free(http);
        DN_FAIL(DN_EIO, "cannot start the server: %s", strerror(errno));
    }
    *out = http;
    status = dn_http_watch_start(http);
    if (status != DN_OK) {
        dn_http_stop(http);
        *out = NULL;
    }
    return status;
}

void dn_http_stop(dn_http *http)
{
    if (http == NULL) {
        return;
    }
    dn_http_watch_stop(http);
    MHD_stop_daemon(http->daemon);
    pthread_mutex_destroy(&http->lock);
    free(http);
}
