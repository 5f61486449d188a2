/* What http.c and its parts have in common. */
#ifndef DN_WEB_HTTP_PRIVATE_H
#define DN_WEB_HTTP_PRIVATE_H

#include "web/server.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/* A connection, from its first byte to its last. */
typedef struct dn_line {
    struct dn_line *before, *after;
    int fd;
    double waiting_since; /* for the head of a request; 0: a request is being answered */
} dn_line;

struct dn_http {
    dn_web *web;
    struct MHD_Daemon *daemon;
    atomic_int requests;  /* that are being answered */
    atomic_int large;     /* of these, with a large JSON body: what is made of one takes many times its bytes */
    pthread_mutex_t lock; /* of lines */
    dn_line *lines;
    pthread_t watch;
    bool watching;
    atomic_bool ending;
};

/* http_lines.c: connections that take too long for the head of a request are ended; libmicrohttpd itself ends silent ones only. */
void dn_http_notice(void *user, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code);
void dn_http_mark(dn_http *http, struct MHD_Connection *connection, bool waiting);
DN_CHECKED dn_status dn_http_watch_start(dn_http *http);
void dn_http_watch_stop(dn_http *http);

/* http_reply.c. reply is released. */
enum MHD_Result dn_http_send(struct MHD_Connection *connection, dn_reply *reply);

#endif
