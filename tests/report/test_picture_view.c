/* What is written beside the pictures: nothing is drawn over anything else. */
#include "test.h"

#include "report/picture_view.h"

/* "and 1 more: see the report" was drawn over the last sentence where 0.3 of a line was left. */
static void sentences_end_above_the_line_for_the_rest(void **state)
{
    (void)state;
    enum { SIZE = 15, REST = 21 };
    const double bottom = 236, step = SIZE * 1.35;
    for (double line = 60; line < 300; line += 0.5) {
        for (int more = 0; more < 2; ++more) {
            const double last = more ? bottom - REST : bottom;
            const int room = dn_view_room(line, bottom, SIZE, more);
            assert_true(room < 1 || line + (room - 1) * step <= last + 1e-9);
            assert_true(line > last || (room >= 1 && line + room * step > last - 1e-9)); /* and no line is given away */
        }
    }
    assert_int_equal(dn_view_room(bottom - REST + 5, bottom, SIZE, true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sentences_end_above_the_line_for_the_rest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
