/* JSON that is read: which texts are refused, with which sentence. And when memory is short: a file that lacks a piece is never written, a
 * tree that lacks one is never given out. malloc fails here at a chosen call, inside jansson too. */
#define _GNU_SOURCE
#include "test.h"

#include "base/file.h"
#include "base/json.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

static char path[] = "/tmp/dien_test_json_XXXXXX";
static long until_failure = -1; /* calls of malloc that still work; -1: all */
static long missed;

void *malloc(size_t size)
{
    static void *(*real)(size_t);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "malloc");
    }
    if (until_failure == 0) {
        ++missed;
        errno = ENOMEM;
        return NULL;
    }
    until_failure -= until_failure > 0;
    return real(size);
}

static json_t *tree(void)
{
    json_t *root = json_object();
    json_t *list = json_array();
    for (int i = 0; i < 20; ++i) {
        char key[16];
        snprintf(key, sizeof key, "key %d", i);
        json_object_set_new(root, key, json_integer(i));
        json_array_append_new(list, json_string(key));
    }
    json_object_set_new(root, "list", list);
    return root;
}

static int make_path(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? 1 : close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

/* Memory for the first n calls, then none for one, then plenty: what comes out is whole, or a refusal. */
static void no_piece_is_missing(void **state)
{
    (void)state;
    unsigned char *whole;
    size_t size;
    int refused = 0;
    assert_ok(dn_json_write(tree(), 6, path));
    assert_ok(dn_file_read(path, 1 << 20, &whole, &size));
    for (long n = 0; n < 200; ++n) {
        missed = 0;
        until_failure = n;
        json_t *root = tree();
        until_failure = -1;
        const bool failed = missed > 0;
        dn_status status = dn_json_write(root, 6, path);
        if (failed) {
            assert_int_equal(status, DN_ENOMEM);
            ++refused;
        } else {
            assert_ok(status);
        }
        unsigned char *bytes;
        size_t found;
        assert_ok(dn_file_read(path, 1 << 20, &bytes, &found)); /* that of before, or the same again */
        assert_int_equal(found, size);
        assert_memory_equal(bytes, whole, size);
        free(bytes);
    }
    free(whole);
    printf("refused %d times\n", refused);
    assert_true(refused > 50);
    assert_ok(dn_json_complete(path));
}

static void put(const char *text, size_t size)
{
    assert_ok(dn_file_write_all(path, text, size));
}

static void texts_are_read_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int form;
        const char *part; /* of the message; NULL: it is read */
    } cases[] = {
        {"{\"a\": 1}", DN_JSON_OBJECT, NULL},
        {"[1, 2]", DN_JSON_LIST, NULL},
        {"[1, 2]", DN_JSON_OBJECT | DN_JSON_LIST, NULL},
        {"3", DN_JSON_VALUE, NULL},
        {"{\"a\": 1, \"a\": 2}", DN_JSON_OBJECT, NULL},
        {"{\"a\": 1,\n \"a\": 2}", DN_JSON_OBJECT | DN_JSON_UNIQUE, " is not valid JSON (line 2: duplicate object key"},
        {"{\"a\": 1,\n\n \"b\": }", DN_JSON_OBJECT, " is not valid JSON (line 3: "},
        {"{\"a\": 1} x", DN_JSON_OBJECT, " is not valid JSON (line 1: "},
        {"{\"a\": \"\xff\"}", DN_JSON_OBJECT, " is not valid JSON (line 1: "},
        {"", DN_JSON_VALUE, " is empty, not JSON"},
        {"[1, 2]", DN_JSON_OBJECT, " is not a JSON object ({...})"},
        {"{}", DN_JSON_LIST, " is not a JSON list ([...])"},
        {"3", DN_JSON_OBJECT | DN_JSON_LIST, " is not a JSON object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char expected[256];
        json_t *root = NULL;
        put(cases[i].text, strlen(cases[i].text));
        dn_status status = dn_json_read(path, cases[i].form, &root);
        snprintf(expected, sizeof expected, "%s%s", path, cases[i].part != NULL ? cases[i].part : "");
        if (status != (cases[i].part != NULL ? DN_EFORMAT : DN_OK) || (root != NULL) != (cases[i].part == NULL)) {
            fail_msg("%s: %s %s", cases[i].text, dn_status_name(status), dn_error_message());
        }
        if (cases[i].part != NULL && (strncmp(dn_error_message(), expected, strlen(expected)) != 0 ||
                                      strstr(dn_error_message(), "; correct the file, or put a whole copy in its place") == NULL)) {
            fail_msg("%s: expected \"%s...\", found: %s", cases[i].text, expected, dn_error_message());
        }
        json_decref(root);
    }
}

static void texts_end_where_they_are_said_to(void **state)
{
    (void)state;
    json_t *root = NULL;
    assert_ok(dn_json_parse("{\"a\": 1}, and what follows in the file", 8, DN_JSON_OBJECT, "the header", &root));
    assert_int_equal(json_integer_value(json_object_get(root, "a")), 1);
    json_decref(root);
    assert_int_equal(dn_json_parse("{\"a\": 1}", 7, DN_JSON_OBJECT, "the header", &root), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "the header is not valid JSON (line 1: "));
    assert_null(strstr(dn_error_message(), "put a whole copy")); /* it is no file */
    assert_null(root);
}

static void files_that_need_not_be_there(void **state)
{
    (void)state;
    json_t *root = NULL;
    assert_ok(dn_json_read_if_there("/tmp/dien_test_json_absent", DN_JSON_OBJECT, &root));
    assert_null(root);
    assert_int_equal(dn_json_read("/tmp/dien_test_json_absent", DN_JSON_OBJECT, &root), DN_EINPUT);
    assert_ok(dn_json_read_or_empty("/tmp/dien_test_json_absent", &root));
    assert_int_equal(json_object_size(root), 0);
    json_decref(root);
    assert_int_equal(dn_json_read_if_there("/tmp", DN_JSON_OBJECT, &root), DN_EINPUT);
    assert_null(root);
    assert_int_equal(dn_json_read_or_empty("/tmp", &root), DN_EINPUT);
    static const char *const useless[] = {"", "{\"a\": ", "[1]"};
    for (size_t i = 0; i < sizeof useless / sizeof *useless; ++i) {
        put(useless[i], strlen(useless[i]));
        assert_ok(dn_json_read_or_empty(path, &root));
        assert_true(json_is_object(root) && json_object_size(root) == 0);
        assert_string_equal(dn_error_message(), "");
        json_decref(root);
    }
    put("{\"a\": 1}", 8);
    assert_ok(dn_json_read_or_empty(path, &root));
    assert_int_equal(json_object_size(root), 1);
    json_decref(root);
}

static void large_files_are_refused(void **state)
{
    (void)state;
    json_t *root = NULL;
    put("{}", 2);
    assert_int_equal(truncate(path, DN_JSON_LARGEST + 1), 0);
    assert_int_equal(dn_json_read(path, DN_JSON_OBJECT, &root), DN_EINPUT);
    assert_non_null(strstr(dn_error_message(), "such a file may have at most 16777216"));
    assert_null(root);
}

static void our_own_texts(void **state)
{
    (void)state;
    json_t *root = dn_json_of_text("{\"a\": [1]}");
    assert_int_equal(json_array_size(json_object_get(root, "a")), 1);
    json_decref(root);
    assert_null(dn_json_of_text(NULL));
    assert_null(dn_json_of_text("12")); /* a line that some library printed */
    assert_null(dn_json_of_text("no JSON"));
    assert_string_equal(dn_error_message(), "");
}

/* One request for memory fails, each in turn: never a tree, never "not valid JSON". */
static void short_memory_is_no_bad_file(void **state)
{
    (void)state;
    int refused = 0;
    assert_ok(dn_json_write(tree(), 6, path));
    for (long n = 0; n < 200; ++n) {
        json_t *root = NULL;
        missed = 0;
        until_failure = n;
        const dn_status status = dn_json_read(path, DN_JSON_OBJECT | DN_JSON_UNIQUE, &root);
        until_failure = -1;
        if ((missed > 0) != (status == DN_ENOMEM) || (status == DN_OK) != (root != NULL)) {
            fail_msg("request %ld (%ld missed): %s %s", n, missed, dn_status_name(status), dn_error_message());
        }
        refused += missed > 0;
        json_decref(root);
        assert_ok(dn_json_complete(path)); /* a tree that is being made has nothing to do with it */
    }
    printf("refused %d times\n", refused);
    assert_true(refused > 50);
}

int main(void)
{
#if defined __SANITIZE_ADDRESS__
    return TEST_SKIP; /* its malloc is not ours to replace */
#else
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts_are_read_or_refused),
                                       cmocka_unit_test(texts_end_where_they_are_said_to),
                                       cmocka_unit_test(files_that_need_not_be_there),
                                       cmocka_unit_test(large_files_are_refused),
                                       cmocka_unit_test(our_own_texts),
                                       cmocka_unit_test(short_memory_is_no_bad_file),
                                       cmocka_unit_test(no_piece_is_missing)};
    return cmocka_run_group_tests(tests, make_path, remove_path);
#endif
}
