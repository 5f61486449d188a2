/* Any bytes as what a client of the page's server sends: an address, the name of a host, a site, a cookie, a percent-encoded header. No
 * part of an address leaves its place, and no host but ours is let in. */
#define _GNU_SOURCE
#include "fuzz.h"

#include "web/http/guard.h"
#include "web/request.h"
#include "web/routes.h"

#include <string.h>

static void need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void try_address(const char *text)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "BREW"};
    for (size_t m = 0; m < sizeof methods / sizeof *methods; ++m) {
        char *parts[DN_REQUEST_PARTS] = {NULL};
        const char *allow = NULL;
        const dn_route *route = dn_route_find(methods[m], text, parts, &allow);
        for (size_t i = 0; i < DN_REQUEST_PARTS; ++i) {
            const bool rest = route != NULL && strchr(route->path, '*') != NULL;
            need(parts[i] == NULL || rest || (strchr(parts[i], '/') == NULL && strcmp(parts[i], "..") != 0 && *parts[i] != '\0'),
                 "a part of an address that leaves its place");
            free(parts[i]);
        }
        need(route == NULL || allow == NULL, "a route, and other methods");
    }
}

static void try_head(const char *text)
{
    static const char *const hosts[] = {"scans.example"};
    static const char token[] = "0123456789abcdef";
    const dn_guard guard = {.hosts = hosts, .host_count = 1, .token = token};
    const dn_guard_head host = {.host = text, .api = true}, site = {.host = "localhost", .origin = text, .api = true},
                        cookie = {.host = "localhost", .cookie = text, .api = true},
                        bearer = {.host = "localhost", .authorization = text, .api = true};
    char name[64];
    bool loopback;
    if (dn_guard_check(&guard, &host) != DN_GUARD_HOST) {
        need(dn_guard_host_name(text, name, sizeof name), "a host without a name");
        need(strcmp(name, "localhost") == 0 || strcmp(name, hosts[0]) == 0 || (dn_guard_is_address(name, &loopback) && loopback),
             "a host that is not ours");
    }
    need(dn_guard_check(&guard, &site) == DN_GUARD_ORIGIN || strcasecmp(text, "http://localhost") == 0 ||
             strcasecmp(text, "https://localhost") == 0,
         "a site that is not ours");
    need(dn_guard_check(&guard, &cookie) == DN_GUARD_TOKEN || strstr(text, token) != NULL, "a cookie without the token");
    need(dn_guard_check(&guard, &bearer) == DN_GUARD_TOKEN || strstr(text, token) != NULL, "a header without the token");
}

static void try_header(const char *text)
{
    char *decoded = strdup(text);
    if (decoded != NULL) {
        dn_percent_decode(decoded);
        need(strlen(decoded) <= strlen(text), "a text that grew");
        for (const unsigned char *p = (const unsigned char *)decoded; *p != '\0'; ++p) {
            need(*p >= 0x20 && *p != 0x7f, "a control character");
        }
    }
    free(decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL) {
        return 0;
    }
    memcpy(text, bytes, size);
    text[size] = '\0';
    try_address(text);
    try_head(text);
    try_header(text);
    (void)dn_media_type(text);
    free(text);
    return 0;
}

static const char *const seeds[] = {
    "/api/jobs/0123456789abcdef/files/sub-01_volumes.tsv",
    "/assets/../../etc/passwd",
    "/api/groups/0123456789abcdef/comparisons/0123456789abcdef/..",
    "[::1]:8642",
    "scans.example:80",
    "http://127.0.0.1:8642",
    "a=b; dien_token=0123456789abcdef",
    "Bearer 0123456789abcdef",
    "M%C3%BCller%00%0d%0aSet-Cookie: x%",
};

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    return fuzz_seed_text(seeds, sizeof seeds / sizeof *seeds, index, out, capacity);
}
