/* Numbers of labels as people write them. */
#include "image/label_list.h"
#include "test.h"

#include <string.h>

static void test_ranges(void **state)
{
    (void)state;
    const struct {
        const char *text;
        uint16_t least;
        int length, low, high; /* length -1: none */
    } cases[] = {{"502", 0, 3, 502, 502},
                 {"502-530", 0, 7, 502, 530},
                 {"0", 0, 1, 0, 0},
                 {"0", 1, -1, 0, 0},
                 {"7-7,8", 1, 3, 7, 7},
                 {"65535", 1, 5, 65535, 65535},
                 {"65536", 1, -1, 0, 0},
                 {"10+49", 1, 2, 10, 10},
                 {"5-2", 1, -1, 0, 0},
                 {"", 0, -1, 0, 0},
                 {"-5", 0, -1, 0, 0},
                 {"+5", 0, -1, 0, 0},
                 {" 5", 0, -1, 0, 0},
                 {"5-", 0, -1, 0, 0},
                 {"5--6", 0, -1, 0, 0},
                 {"5-70000", 0, -1, 0, 0},
                 {"99999999999999999999", 0, -1, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        uint16_t low = 1, high = 1;
        const char *end = dn_label_range(cases[i].text, cases[i].least, &low, &high);
        const int length = end == NULL ? -1 : (int)(end - cases[i].text);
        if (length != cases[i].length || (end != NULL && (low != cases[i].low || high != cases[i].high))) {
            fail_msg("\"%s\": expected %d: %d to %d, found %d: %u to %u", cases[i].text, cases[i].length, cases[i].low, cases[i].high,
                     length, low, high);
        }
    }
}

static void test_list(void **state)
{
    (void)state;
    const uint16_t expected[] = {801, 802, 803, 10, 49};
    dn_label_list list;
    assert_ok(dn_label_list_parse("801-803,10,802,49", ',', 1, &list));
    assert_int_equal(list.count, 5);
    assert_memory_equal(list.label, expected, sizeof expected);
    dn_label_list_release(&list);
    assert_ok(dn_label_list_parse("1-65535+7", '+', 1, &list));
    assert_int_equal(list.count, 65535);
    dn_label_list_release(&list);
}

static void test_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"", ",", "10,", ",10", "10+49", "all", "5-2", "10, 49", "0", "1.5", "70000"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        dn_label_list list;
        const dn_status status = dn_label_list_parse(bad[i], ',', 1, &list);
        if (status != DN_EUSAGE || list.label != NULL) {
            fail_msg("\"%s\": expected DN_EUSAGE, found %s", bad[i], dn_status_name(status));
        }
    }
    assert_non_null(
        strstr(dn_error_message(), "\"70000\" is not a list of labels; write numbers from 1 to 65535, such as 10,49 or 801-810"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
