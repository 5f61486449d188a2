/* One of several words, lists. */
#include "test.h"

#include "base/words.h"

#include <stdlib.h>

static void test_choice(void **state)
{
    static const char *const words[] = {"holm", "bh", "none", NULL};
    int which = -1;
    (void)state;
    assert_ok(dn_choice_of("the adjustment", "none", words, &which));
    assert_int_equal(which, 2);
    assert_int_equal(dn_choice_of("the adjustment", "hol", words, &which), DN_EUSAGE);
    assert_string_equal(dn_error_message(), "the adjustment must be one of holm, bh or none, not 'hol'");
    assert_int_equal(which, 2);
}

static void test_list(void **state)
{
    char **items = NULL;
    size_t count = 9;
    (void)state;
    assert_ok(dn_split_list(" a ,b c,, d", &items, &count));
    assert_int_equal(count, 3);
    assert_string_equal(items[0], "a");
    assert_string_equal(items[1], "b c");
    assert_string_equal(items[2], "d");
    free(items);
    assert_ok(dn_split_list(NULL, &items, &count));
    assert_int_equal(count, 0);
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_choice), cmocka_unit_test(test_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
