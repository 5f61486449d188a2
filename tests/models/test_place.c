/* Where an imported model is written, and under which names it is not. */
#define _GNU_SOURCE /* mkdtemp */
#include "test.h"

#include "base/file.h"
#include "models/place.h"

#include <string.h>

static const char *const reserved[] = {"hypothalamus", "whole-head-fine", NULL};

static void check(char *name, const char *output, dn_status wanted, const char *path)
{
    const dn_model model = {.name = name};
    char *found = NULL;
    assert_int_equal(dn_model_place(&model, output, "file.h5", reserved, &found), wanted);
    if (wanted == DN_OK) {
        assert_string_equal(found, path);
    }
    free(found);
}

static void places(void **state)
{
    char folder[] = "/tmp/dien-test-place-XXXXXX", inside[64], path[96];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(inside, sizeof inside, "%s/mine", folder);
    snprintf(path, sizeof path, "%s/net.safetensors", inside);
    check("net", inside, DN_OK, path); /* a folder, which is made */
    assert_true(dn_path_is_folder(inside));
    check("net", "a/b.safetensors", DN_OK, "a/b.safetensors"); /* a file is as it was named */
    check("hypothalamus", "a/b.safetensors", DN_OK, "a/b.safetensors");
    check("hypothalamus", inside, DN_EUSAGE, NULL); /* would be found in the place of our own */
    assert_int_equal(dn_error_remedy(), DN_REMEDY_NETWORK_NAME);
    check("..", inside, DN_EFORMAT, NULL);
    /* without a name of a folder: the user's, or none */
    assert_int_equal(setenv("DIEN_MODELS", inside, 1), 0);
    check("net", NULL, DN_OK, path);
    assert_int_equal(unsetenv("DIEN_MODELS"), 0);
    assert_int_equal(setenv("XDG_DATA_HOME", folder, 1), 0);
    snprintf(path, sizeof path, "%s/dien/models/net.safetensors", folder);
    check("net", NULL, DN_OK, path);
    assert_int_equal(unsetenv("XDG_DATA_HOME"), 0);
    assert_int_equal(unsetenv("HOME"), 0);
    check("net", NULL, DN_EUSAGE, NULL);
    assert_int_equal(test_remove_tree(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
