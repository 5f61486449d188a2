/* A request and its reply, as the functions behind the routes see them: without the HTTP library, which only http.c knows. */
#ifndef DN_WEB_REQUEST_H
#define DN_WEB_REQUEST_H

#include "base/status.h"
#include "web/web.h"

#include <jansson.h>
#include <sys/types.h>

enum { DN_REQUEST_PARTS = 3 };

/* Where the bytes of a body go that is not JSON. */
typedef struct dn_body_sink {
    int fd;           /* -1: none; closed with the request */
    int64_t offset;   /* of the next byte */
    int64_t left;     /* bytes that may still come; what is beyond is dropped, and over becomes true */
    int64_t received; /* bytes written */
    bool over;
    int error;  /* errno of a write that failed */
    char *path; /* owned; a temporary file, removed with the request; NULL: the file is not the request's */
} dn_body_sink;

typedef struct dn_request {
    dn_web *web;
    const struct dn_route *route;
    char *part[DN_REQUEST_PARTS]; /* owned; what stands for {...} in the route's path, in order */
    int64_t length;               /* of the body, as announced; -1: not said */
    json_t *json;                 /* owned; the body of a route that takes JSON: an object */
    dn_body_sink sink;
    void *connection; /* http.c's */
} dn_request;

/* What a reply is made of while it is sent. */
typedef struct dn_reply_stream {
    /* Fills at most size bytes; 0: nothing for now, ask again; -1: the end. May wait. NULL: no stream. */
    ssize_t (*read)(void *user, char *bytes, size_t size);
    void (*end)(void *user);
    void *user;
} dn_reply_stream;

/* Zero is "200" without a body. One of json, bytes, constant, fd and stream. */
typedef struct dn_reply {
    int code;             /* 0: 200 */
    json_t *json;         /* consumed */
    char *bytes;          /* owned */
    const void *constant; /* static */
    size_t size;          /* of bytes or constant */
    int fd;               /* consumed; a file that is sent; 0: none */
    int64_t fd_size;
    const char *type;  /* static; NULL: JSON, or bytes of no kind */
    char *download;    /* owned; the name under which a browser keeps it; NULL: it shows it */
    char *location;    /* owned; where to go instead (303) */
    char *cookie;      /* owned */
    char etag[20];     /* of what may be asked for again; "": nothing may be kept */
    const char *allow; /* static; methods, of a 405 */
    dn_reply_stream stream;
} dn_reply;
void dn_reply_release(dn_reply *reply);

/* NULL: there is none. Borrowed. http.c. */
const char *dn_request_query(const dn_request *request, const char *key);
const char *dn_request_header(const dn_request *request, const char *name);

/* "%C3%BC" becomes its bytes, in place; control characters become blanks. What is no encoding stays. */
void dn_percent_decode(char *text);

/* A failure that HTTP has a number for; others are told apart by the status (dn_reply_code_of). */
#define DN_WEB_FAIL(reply, number, ...)                                                                                                    \
    do {                                                                                                                                   \
        (reply)->code = (number);                                                                                                          \
        DN_FAIL(DN_EUSAGE, __VA_ARGS__);                                                                                                   \
    } while (0)
/* 400 for what was wrong with the request or its files, 503 for want of memory or room, 500 for the rest. */
int dn_reply_code_of(dn_status status);
/* Replaces what is in reply by {"error", "remedy"} of the calling thread's last failure. */
void dn_reply_fail(dn_reply *reply, dn_status status);

/* The message of the last failure with a path of this machine replaced by words for it ("the label map"). Returns status. */
dn_status dn_error_rename(dn_status status, const char *path, const char *words);

/* Sends a file that the server wrote. download: name, NULL: shown. DN_EINPUT (404): it is not there. */
DN_CHECKED dn_status dn_reply_file(dn_reply *reply, const char *path, const char *type, const char *download);
/* By the end of its name; static. */
const char *dn_media_type(const char *name);

/* A member of the body. *out: borrowed, NULL where it is missing or null. 400 (DN_EUSAGE): it is not of that kind; text: longer than limit
 * bytes, or with control characters. */
DN_CHECKED dn_status dn_body_text(const dn_request *request, dn_reply *reply, const char *key, size_t limit, const char **out);
/* *out: NaN where it is missing. */
DN_CHECKED dn_status dn_body_number(const dn_request *request, dn_reply *reply, const char *key, double low, double high, double *out);
/* A list of texts; *out: borrowed, NULL where it is missing. */
DN_CHECKED dn_status dn_body_list(const dn_request *request, dn_reply *reply, const char *key, size_t limit, const json_t **out);

#endif
