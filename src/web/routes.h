/* The table of what the server answers, and the search in it. openapi.json describes the same; tests/web/test_routes.c compares them. */
#ifndef DN_WEB_ROUTES_H
#define DN_WEB_ROUTES_H

#include "web/request.h"

typedef enum {
    DN_BODY_NONE,
    DN_BODY_JSON, /* an object, of at most DN_BODY_JSON_LIMIT bytes */
    DN_BODY_LIST, /* an object with a long list in it, of at most DN_BODY_LIST_LIMIT bytes; a few large ones at a time */
    DN_BODY_FILE  /* begin opens the sink */
} dn_body;

enum { DN_BODY_JSON_LIMIT = 64 << 10, DN_BODY_LIST_LIMIT = 4 << 20 };

typedef dn_status dn_handler(dn_request *request, dn_reply *reply);

typedef struct dn_route {
    const char *method; /* "GET" also answers HEAD */
    const char *path;   /* "/api/jobs/{id}": a part in braces is anything without a slash; {id}: 16 hex digits; last part "*": any rest */
    dn_body body;
    dn_handler *begin; /* DN_BODY_FILE: before the body comes */
    dn_handler *run;
} dn_route;

/* NULL past the last one. */
const dn_route *dn_route_at(size_t i);
/* parts: gets copies of what stands for the braces; released by the caller. *allow: static; where the path is known and the method is not,
 * the methods that are, else NULL. NULL: no route. */
const dn_route *dn_route_find(const char *method, const char *path, char *parts[DN_REQUEST_PARTS], const char **allow);

/* 16 lower-case hex digits. */
bool dn_is_id(const char *text);

#endif
