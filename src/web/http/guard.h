/* Who may ask: checks of a request's head before anything is done with it. Texts in, a verdict out.
 *
 * A page of another site can make the visitor's browser send requests here. Against that: the name in Host has to be one of this server's
 * (a name that another site lets point at 127.0.0.1, DNS rebinding, is none); Origin, where a browser sends it, has to be the same; what
 * changes something needs the header X-Dien, which a browser sends for a page of another site only after asking, and that is never allowed.
 * (Fetch standard, CORS protocol; OWASP's cheat sheet on CSRF.) */
#ifndef DN_WEB_GUARD_H
#define DN_WEB_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* Borrowed. */
typedef struct dn_guard {
    const char *const *hosts; /* names that are this server's, beside localhost */
    size_t host_count;
    bool any_address;  /* every IP address is this server's: it listens on another one than loopback, and asks for a token */
    const char *token; /* NULL: nobody is asked */
} dn_guard;

/* As sent; NULL: not sent. */
typedef struct dn_guard_head {
    const char *host, *origin, *fetch_site; /* Host, Origin, Sec-Fetch-Site */
    const char *mark;                       /* X-Dien */
    const char *authorization, *cookie;
    bool writes; /* a method that changes something */
    bool api;    /* below /api/: the page's own files hold nothing private */
} dn_guard_head;

typedef enum {
    DN_GUARD_PASS,
    DN_GUARD_HOST,   /* 403: for another name */
    DN_GUARD_ORIGIN, /* 403: from a page of another site */
    DN_GUARD_MARK,   /* 403: without X-Dien */
    DN_GUARD_TOKEN   /* 401: without the token, or with a wrong one */
} dn_guard_verdict;

/* Whether a request may be answered, by its head alone. */
dn_guard_verdict dn_guard_check(const dn_guard *guard, const dn_guard_head *head);
/* A sentence for people, and what to do; static. */
const char *dn_guard_sentence(dn_guard_verdict verdict);
const char *dn_guard_remedy(dn_guard_verdict verdict);
int dn_guard_code(dn_guard_verdict verdict);

/* Compared in a time that does not depend on where they differ. NULL: false. */
bool dn_guard_same(const char *a, const char *b);
/* The name of Host without its port, without the brackets of an IPv6 address; false: it is none. */
bool dn_guard_host_name(const char *host, char *out, size_t size);
/* An IPv4 or IPv6 address, and whether it is of loopback. */
bool dn_guard_is_address(const char *name, bool *loopback);

#endif
