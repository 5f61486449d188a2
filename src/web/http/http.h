/* HTTP by libmicrohttpd, which http*.c alone include: sockets, limits, and the way from a request to its route and back. */
#ifndef DN_WEB_HTTP_H
#define DN_WEB_HTTP_H

#include "web/web.h"

#include <sys/socket.h>

typedef struct dn_http dn_http;

/* A listening socket of that address and port (0: any); *port: which it is. DN_EUSAGE: no such address; DN_EIO: it cannot be had. */
DN_CHECKED dn_status dn_http_listen(const char *address, int *port, int *fd);
/* Serves from then on, each connection in a thread of its own. fd: consumed. *out: owned (dn_http_stop). */
DN_CHECKED dn_status dn_http_start(dn_web *web, int fd, dn_http **out);
/* Waits for requests that are being answered. NULL: nothing. */
void dn_http_stop(dn_http *http);

#endif
