/* Connections that are open: one which takes too long to say what it wants is ended, however slowly it goes on talking. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "web/http/http_private.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

void dn_http_notice(void *user, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
    dn_http *http = user;
    pthread_mutex_lock(&http->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        dn_line *line = info != NULL ? calloc(1, sizeof *line) : NULL;
        if (line != NULL) {
            *line = (dn_line){.after = http->lines, .fd = (int)info->connect_fd, .waiting_since = dn_clock_now()};
            if (http->lines != NULL) {
                http->lines->before = line;
            }
            http->lines = line;
        }
        *context = line;
    } else if (*context != NULL) {
        dn_line *line = *context;
        if (line->before != NULL) {
            line->before->after = line->after;
        } else {
            http->lines = line->after;
        }
        if (line->after != NULL) {
            line->after->before = line->before;
        }
        free(line);
        *context = NULL;
    }
    pthread_mutex_unlock(&http->lock);
}

void dn_http_mark(dn_http *http, struct MHD_Connection *connection, bool waiting)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    dn_line *line = info != NULL ? info->socket_context : NULL;
    if (line != NULL) {
        pthread_mutex_lock(&http->lock);
        line->waiting_since = waiting ? dn_clock_now() : 0.0;
        pthread_mutex_unlock(&http->lock);
    }
}

static void end_slow_ones(dn_http *http)
{
    const double now = dn_clock_now(), patience = http->web->options.patience;
    pthread_mutex_lock(&http->lock);
    for (dn_line *line = http->lines; line != NULL; line = line->after) {
        if (line->waiting_since > 0.0 && now - line->waiting_since > patience) {
            shutdown(line->fd, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&http->lock);
}

static void *watch(void *user)
{
    dn_http *http = user;
    while (!atomic_load(&http->ending)) {
        nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
        end_slow_ones(http);
    }
    return NULL;
}

dn_status dn_http_watch_start(dn_http *http)
{
    if (pthread_create(&http->watch, NULL, watch, http) != 0) {
        DN_FAIL(DN_ENOMEM, "cannot start a thread of the server (a limit on processes or memory is reached)");
    }
    http->watching = true;
    return DN_OK;
}

void dn_http_watch_stop(dn_http *http)
{
    atomic_store(&http->ending, true);
    if (http->watching) {
        pthread_join(http->watch, NULL);
        http->watching = false;
    }
}
