/* Who may ask: names of this machine and of others, pages of other sites, the mark, the token. */
#include "test.h"
#include "web/http/guard.h"

#include <string.h>

static const char *const names[] = {"scans.example"};

static void expect(const dn_guard *guard, dn_guard_head head, dn_guard_verdict wanted, const char *what)
{
    const dn_guard_verdict found = dn_guard_check(guard, &head);
    if (found != wanted) {
        fail_msg("%s: expected verdict %d, found %d (%s)", what, (int)wanted, (int)found, dn_guard_sentence(found));
    }
}

static void test_hosts(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool closed, open; /* whether it is ours on loopback, and on another address */
    } hosts[] = {{"localhost", true, true},
                 {"LOCALHOST:8642", true, true},
                 {"127.0.0.1:8642", true, true},
                 {"127.1.2.3", true, true},
                 {"[::1]:8642", true, true},
                 {"10.0.0.1:8642", false, true},
                 {"[fe80::1]", false, true},
                 {"scans.example:8642", true, true},
                 {"Scans.Example", true, true},
                 {"evil.example", false, false},
                 {"localhost.evil.example", false, false},
                 {"127.0.0.1.evil.example", false, false},
                 {"127.0.0.1:80:80", false, false},
                 {"127.0.0.1:", false, false},
                 {"127.0.0.1:port", false, false},
                 {"[::1", false, false},
                 {"0x7f.1", false, false},
                 {"2130706433", false, false},
                 {"", false, false},
                 {NULL, false, false}};
    const dn_guard closed = {.hosts = names, .host_count = 1}, open = {.hosts = names, .host_count = 1, .any_address = true};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; ++i) {
        const dn_guard_head head = {.host = hosts[i].host, .api = true};
        const char *what = hosts[i].host != NULL ? hosts[i].host : "no Host";
        expect(&closed, head, hosts[i].closed ? DN_GUARD_PASS : DN_GUARD_HOST, what);
        expect(&open, head, hosts[i].open ? DN_GUARD_PASS : DN_GUARD_HOST, what);
    }
}

static void test_sites(void **state)
{
    (void)state;
    const dn_guard guard = {.hosts = NULL};
    const char *host = "127.0.0.1:8642";
    expect(&guard, (dn_guard_head){.host = host, .origin = "http://127.0.0.1:8642", .api = true}, DN_GUARD_PASS, "the same");
    expect(&guard, (dn_guard_head){.host = host, .origin = "HTTP://127.0.0.1:8642", .api = true}, DN_GUARD_PASS, "the same");
    expect(&guard, (dn_guard_head){.host = host, .origin = "http://127.0.0.1:8643", .api = true}, DN_GUARD_ORIGIN, "another port");
    expect(&guard, (dn_guard_head){.host = host, .origin = "http://localhost:8642", .api = true}, DN_GUARD_ORIGIN, "another name");
    expect(&guard, (dn_guard_head){.host = host, .origin = "null", .api = true}, DN_GUARD_ORIGIN, "a sandbox");
    expect(&guard, (dn_guard_head){.host = host, .origin = "", .api = true}, DN_GUARD_ORIGIN, "nothing");
    expect(&guard, (dn_guard_head){.host = host, .fetch_site = "cross-site"}, DN_GUARD_PASS, "a link to the page");
    expect(&guard, (dn_guard_head){.host = host, .fetch_site = "cross-site", .api = true}, DN_GUARD_ORIGIN, "a picture from the API");
    expect(&guard, (dn_guard_head){.host = host, .fetch_site = "none", .api = true}, DN_GUARD_PASS, "typed by the visitor");
    expect(&guard, (dn_guard_head){.host = host, .writes = true, .api = true}, DN_GUARD_MARK, "a write without the mark");
    expect(&guard, (dn_guard_head){.host = host, .writes = true, .api = true, .mark = "0"}, DN_GUARD_MARK, "a wrong mark");
    expect(&guard, (dn_guard_head){.host = host, .writes = true, .api = true, .mark = "1"}, DN_GUARD_PASS, "a write");
}

static void test_token(void **state)
{
    (void)state;
    const dn_guard guard = {.token = "0123456789abcdef"};
    const char *host = "localhost";
    static const struct {
        const char *authorization, *cookie;
        dn_guard_verdict verdict;
    } heads[] = {{NULL, NULL, DN_GUARD_TOKEN},
                 {"Bearer 0123456789abcdef", NULL, DN_GUARD_PASS},
                 {"bearer 0123456789abcdef", NULL, DN_GUARD_PASS},
                 {"Bearer 0123456789abcde", NULL, DN_GUARD_TOKEN},
                 {"Bearer 0123456789abcdef0", NULL, DN_GUARD_TOKEN},
                 {"Basic 0123456789abcdef", NULL, DN_GUARD_TOKEN},
                 {NULL, "dien_token=0123456789abcdef", DN_GUARD_PASS},
                 {NULL, "a=b;  dien_token=0123456789abcdef;c", DN_GUARD_PASS},
                 {NULL, "xdien_token=0123456789abcdef", DN_GUARD_TOKEN},
                 {NULL, "dien_token=", DN_GUARD_TOKEN},
                 {NULL, "dien_token", DN_GUARD_TOKEN},
                 {NULL, ";;; ; dien_token=wrong; dien_token=0123456789abcdef", DN_GUARD_PASS}};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; ++i) {
        const dn_guard_head head = {.host = host, .authorization = heads[i].authorization, .cookie = heads[i].cookie, .api = true};
        expect(&guard, head, heads[i].verdict,
               heads[i].authorization != NULL ? heads[i].authorization
               : heads[i].cookie != NULL      ? heads[i].cookie
                                              : "nothing");
    }
    expect(&guard, (dn_guard_head){.host = host}, DN_GUARD_PASS, "the page itself holds nothing private");
    assert_true(dn_guard_same("a", "a"));
    assert_false(dn_guard_same("a", ""));
    assert_false(dn_guard_same("", "a"));
    assert_false(dn_guard_same("aa", "a"));
    assert_false(dn_guard_same(NULL, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hosts), cmocka_unit_test(test_sites), cmocka_unit_test(test_token)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
