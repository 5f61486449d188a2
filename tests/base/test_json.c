/* A JSON file that lacks a piece because memory was short is never written. malloc fails here from a chosen call on, inside jansson too. */
#define _GNU_SOURCE
#include "test.h"

#include "base/file.h"
#include "base/json.h"

#include <dlfcn.h>
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

int main(void)
{
#if defined __SANITIZE_ADDRESS__
    return TEST_SKIP; /* its malloc is not ours to replace */
#else
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_piece_is_missing)};
    return cmocka_run_group_tests(tests, make_path, remove_path);
#endif
}
