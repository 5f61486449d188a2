/* Tokens: made and read. */
#define _GNU_SOURCE /* mkdtemp */
#include "test.h"

#include "base/file.h"
#include "web/token.h"

#include <string.h>

static void made(void **state)
{
    char *a = NULL, *b = NULL;
    (void)state;
    assert_ok(dn_web_token_make(&a));
    assert_ok(dn_web_token_make(&b));
    assert_int_equal(strlen(a), 32);
    assert_int_equal(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 32);
    assert_string_not_equal(a, b);
    free(a);
    free(b);
}

static void read_from_a_file(void **state)
{
    char path[] = "/tmp/dien-test-token-XXXXXX", *token = NULL;
    const int file = mkstemp(path);
    (void)state;
    assert_true(file >= 0);
    assert_ok(dn_file_write_all(path, "secret-word and more\nlines\n", 27));
    assert_ok(dn_web_token_read(path, &token));
    assert_string_equal(token, "secret-word");
    free(token);
    close(file);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(dn_web_token_read(path, &token), DN_EINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(made), cmocka_unit_test(read_from_a_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
