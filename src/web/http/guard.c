/* Who may ask: Host, Origin, the mark of a write, and the token. */
#define _GNU_SOURCE
#include "web/http/guard.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

bool dn_guard_same(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return false;
    }
    const size_t n = strlen(a), m = strlen(b);
    unsigned char difference = n == m ? 0 : 1;
    for (size_t i = 0; i < n; ++i) {
        difference |= (unsigned char)(a[i] ^ b[m > 0 ? i % m : 0]);
    }
    return difference == 0 && n == m;
}

bool dn_guard_host_name(const char *host, char *out, size_t size)
{
    const char *start = host, *end, *port;
    if (*host == '[') {
        start = host + 1;
        end = strchr(start, ']');
        if (end == NULL) {
            return false;
        }
        port = end + 1;
    } else {
        end = start + strcspn(start, ":");
        port = end;
    }
    if (*port == ':') {
        const size_t digits = strspn(port + 1, "0123456789");
        if (digits == 0 || digits > 5 || port[1 + digits] != '\0') {
            return false;
        }
    } else if (*port != '\0') {
        return false;
    }
    const size_t n = (size_t)(end - start);
    if (n == 0 || n >= size) {
        return false;
    }
    for (size_t i = 0; i < n; ++i) {
        out[i] = (char)tolower((unsigned char)start[i]);
    }
    out[n] = '\0';
    return true;
}

bool dn_guard_is_address(const char *name, bool *loopback)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, name, &four) == 1) {
        *loopback = (ntohl(four.s_addr) >> 24) == 127;
        return true;
    }
    if (inet_pton(AF_INET6, name, &six) == 1) {
        *loopback = memcmp(&six, &in6addr_loopback, sizeof six) == 0;
        return true;
    }
    *loopback = false;
    return false;
}

static bool is_ours(const dn_guard *guard, const char *host)
{
    char name[256];
    bool loopback;
    if (host == NULL || !dn_guard_host_name(host, name, sizeof name)) {
        return false;
    }
    if (strcmp(name, "localhost") == 0) {
        return true;
    }
    if (dn_guard_is_address(name, &loopback)) {
        return loopback || guard->any_address;
    }
    for (size_t i = 0; i < guard->host_count; ++i) {
        if (strcasecmp(name, guard->hosts[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* "http://HOST", the same as Host says. */
static bool is_same_site(const char *origin, const char *host)
{
    const char *rest = strncasecmp(origin, "http://", 7) == 0 ? origin + 7 : strncasecmp(origin, "https://", 8) == 0 ? origin + 8 : NULL;
    return rest != NULL && strcasecmp(rest, host) == 0;
}

/* "a=b; dien_token=T; c=d". */
static bool cookie_has(const char *cookie, const char *token)
{
    static const char name[] = "dien_token=";
    for (const char *at = cookie; at != NULL && *at != '\0';) {
        at += strspn(at, "; ");
        const size_t n = strcspn(at, ";");
        char value[256];
        if (strncmp(at, name, sizeof name - 1) == 0 && n - (sizeof name - 1) < sizeof value) {
            const size_t length = n - (sizeof name - 1);
            memcpy(value, at + sizeof name - 1, length);
            value[length] = '\0';
            if (dn_guard_same(value, token)) {
                return true;
            }
        }
        at += n;
    }
    return false;
}

static bool has_token(const dn_guard *guard, const dn_guard_head *head)
{
    if (head->authorization != NULL && strncasecmp(head->authorization, "Bearer ", 7) == 0) {
        return dn_guard_same(head->authorization + 7, guard->token);
    }
    return cookie_has(head->cookie, guard->token);
}

dn_guard_verdict dn_guard_check(const dn_guard *guard, const dn_guard_head *head)
{
    if (!is_ours(guard, head->host)) {
        return DN_GUARD_HOST;
    }
    if (head->origin != NULL && !is_same_site(head->origin, head->host)) {
        return DN_GUARD_ORIGIN;
    }
    /* A link from another site may open the page, and nothing else. */
    if (head->api && head->fetch_site != NULL && strcasecmp(head->fetch_site, "same-origin") != 0 &&
        strcasecmp(head->fetch_site, "none") != 0) {
        return DN_GUARD_ORIGIN;
    }
    if (head->writes && (head->mark == NULL || strcmp(head->mark, "1") != 0)) {
        return DN_GUARD_MARK;
    }
    if (guard->token != NULL && (head->api || head->writes) && !has_token(guard, head)) {
        return DN_GUARD_TOKEN;
    }
    return DN_GUARD_PASS;
}

static const struct {
    int code;
    const char *sentence, *remedy;
} verdicts[] = {
    [DN_GUARD_PASS] = {200, "", ""},
    [DN_GUARD_HOST] = {403, "the request is for a host that is not this server",
                       "Open the address that the server printed when it started; the person who started it can allow another host name."},
    [DN_GUARD_ORIGIN] = {403, "the request came from a page of another site", "Open the page at the address that the server printed."},
    [DN_GUARD_MARK] = {403, "a request that changes something needs the header 'X-Dien: 1'", "Send the header with the request."},
    [DN_GUARD_TOKEN] = {401, "this server asks for a token, and the request has none or a wrong one",
                        "Open the address that the server printed, with the token in it, or send it as 'Authorization: Bearer TOKEN'."},
};

const char *dn_guard_sentence(dn_guard_verdict verdict)
{
    return verdicts[verdict].sentence;
}

const char *dn_guard_remedy(dn_guard_verdict verdict)
{
    return verdicts[verdict].remedy;
}

int dn_guard_code(dn_guard_verdict verdict)
{
    return verdicts[verdict].code;
}
