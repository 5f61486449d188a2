/* The routes' table and the document that describes it: the same addresses and methods; and the search in the table. */
#define _GNU_SOURCE
#include "test.h"
#include "web/http/assets.h"
#include "web/routes.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

/* A path that ends in a star ends in {path} there. */
static void described_path(const char *path, char out[128])
{
    const size_t n = strlen(path);
    snprintf(out, 128, "%s", path);
    if (n > 2 && strcmp(path + n - 2, "/*") == 0) {
        snprintf(out + n - 1, 128 - n, "{path}");
    }
}

static json_t *document(void)
{
    const dn_asset *asset = &dn_asset_table[0];
    json_error_t error;
    json_t *root = json_loadb((const char *)asset->bytes, (size_t)(asset->end - asset->bytes), JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        fail_msg("openapi.json, line %d: %s", error.line, error.text);
    }
    return root;
}

static void test_described(void **state)
{
    (void)state;
    json_t *root = document(), *paths = json_object_get(root, "paths"), *path;
    const char *name;
    size_t described = 0, routes = 0;
    for (const dn_route *route; (route = dn_route_at(routes)) != NULL; ++routes) {
        char at[128], method[16] = "";
        described_path(route->path, at);
        for (size_t i = 0; route->method[i] != '\0' && i + 1 < sizeof method; ++i) {
            method[i] = (char)tolower((unsigned char)route->method[i]);
        }
        const json_t *operation = json_object_get(json_object_get(paths, at), method);
        if (operation == NULL) {
            fail_msg("openapi.json does not describe %s %s", route->method, at);
        }
        if ((json_object_get(operation, "requestBody") != NULL) != (route->body != DN_BODY_NONE)) {
            fail_msg("openapi.json and the table differ about the body of %s %s", route->method, at);
        }
    }
    json_object_foreach(paths, name, path)
    {
        described += json_object_size(path);
    }
    if (described != routes) {
        fail_msg("openapi.json describes %zu operations, and the table has %zu routes", described, routes);
    }
    json_decref(root);
}

/* Every $ref leads somewhere. */
static void check_references(const json_t *root, const json_t *at)
{
    const char *key, *reference = json_string_value(json_object_get(at, "$ref"));
    json_t *value;
    size_t i;
    if (reference != NULL) {
        const json_t *found = root;
        char path[256], *rest = NULL;
        snprintf(path, sizeof path, "%s", reference + 2);
        for (const char *part = strtok_r(path, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest)) {
            found = json_object_get(found, part);
        }
        if (found == NULL) {
            fail_msg("%s leads nowhere", reference);
        }
    }
    json_object_foreach((json_t *)at, key, value)
    {
        check_references(root, value);
    }
    json_array_foreach(at, i, value)
    {
        check_references(root, value);
    }
}

static void test_references(void **state)
{
    (void)state;
    json_t *root = document();
    check_references(root, root);
    json_decref(root);
}

static void expect_route(const char *method, const char *path, const char *wanted, const char *allowed)
{
    char *parts[DN_REQUEST_PARTS] = {NULL};
    const char *allow = NULL;
    const dn_route *route = dn_route_find(method, path, parts, &allow);
    const char *found = route != NULL ? route->path : NULL;
    if ((found == NULL) != (wanted == NULL) || (found != NULL && wanted != NULL && strcmp(found, wanted) != 0)) {
        fail_msg("%s %s: expected %s, found %s", method, path, wanted != NULL ? wanted : "nothing", found != NULL ? found : "nothing");
    }
    if ((allow == NULL) != (allowed == NULL) || (allow != NULL && allowed != NULL && strcmp(allow, allowed) != 0)) {
        fail_msg("%s %s: expected the methods %s, found %s", method, path, allowed != NULL ? allowed : "none",
                 allow != NULL ? allow : "none");
    }
    for (size_t i = 0; i < DN_REQUEST_PARTS; ++i) {
        free(parts[i]);
    }
}

static void test_search(void **state)
{
    (void)state;
    expect_route("GET", "/", "/", NULL);
    expect_route("HEAD", "/api/about", "/api/about", NULL);
    expect_route("GET", "/api/jobs/0123456789abcdef/files/a b.tsv", "/api/jobs/{id}/files/{name}", NULL);
    expect_route("GET", "/assets/vendor/niivue.js", "/assets/*", NULL);
    expect_route("POST", "/api/jobs/0123456789abcdef", NULL, "GET, DELETE");
    expect_route("PUT", "/api/jobs", NULL, "GET, POST");
    static const char *const nowhere[] = {"",
                                          "api/jobs",
                                          "//",
                                          "/api",
                                          "/api/jobs/",
                                          "/api/jobs/0123456789abcdeF",
                                          "/api/jobs/0123456789abcde",
                                          "/api/jobs/0123456789abcdef/",
                                          "/api/jobs/0123456789abcdef/files/",
                                          "/api/jobs/0123456789abcdef/files/..",
                                          "/api/jobs/0123456789abcdef/files/a/b",
                                          "/assets/",
                                          "/etc/passwd"};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; ++i) {
        expect_route("GET", nowhere[i], NULL, NULL);
    }
}

static void test_parts(void **state)
{
    (void)state;
    char *parts[DN_REQUEST_PARTS] = {NULL};
    const char *allow;
    assert_non_null(dn_route_find("GET", "/api/groups/0123456789abcdef/comparisons/fedcba9876543210/a.svg", parts, &allow));
    assert_string_equal(parts[0], "0123456789abcdef");
    assert_string_equal(parts[1], "fedcba9876543210");
    assert_string_equal(parts[2], "a.svg");
    for (size_t i = 0; i < DN_REQUEST_PARTS; ++i) {
        free(parts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_described), cmocka_unit_test(test_references), cmocka_unit_test(test_search),
                                       cmocka_unit_test(test_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
