/* The change of a volume: as SciPy's linregress has slope and interval; of two sessions from the SD; exchanged sessions change the sign. */
#include "test.h"

#include "cohort/longitudinal/course.h"

#include <math.h>

static void like_scipy(void **state)
{
    (void)state;
    static const double times[] = {0, 1.1, 2.5, 4}, volumes[] = {1000, 991, 985.5, 961};
    static const double three_times[] = {0, 1, 2}, three[] = {900, 880, 871};
    dn_course c;
    assert_ok(dn_course_fit(times, volumes, 4, NAN, &c));
    assert_int_equal(c.sessions, 4);
    assert_close(c.mean, 984.375, 1e-12);
    assert_close(c.change, -0.9392883539225004, 1e-10);
    assert_close(c.low, -1.7661692563471447, 1e-10);
    assert_close(c.high, -0.1124074514978561, 1e-10);
    assert_ok(dn_course_fit(three_times, three, 3, NAN, &c));
    assert_close(c.change, -1.6408902301018484, 1e-10);
    assert_close(c.low, -6.206822216589968, 1e-9);
    assert_close(c.high, 2.9250417563862707, 1e-9);
}

static void two_sessions(void **state)
{
    (void)state;
    dn_course one;
    dn_course other;
    assert_ok(dn_course_fit((const double[]){0, 2}, (const double[]){1010, 990}, 2, 1.5, &one));
    assert_close(one.change, -1.0, 1e-12); /* 20 of 1000 mm3 in two years */
    assert_close(one.high - one.change, 1.959963984540054 * sqrt(2.0) * 1.5 / 2, 1e-12);
    assert_close(one.change - one.low, 1.959963984540054 * sqrt(2.0) * 1.5 / 2, 1e-12);
    assert_ok(dn_course_fit((const double[]){0, 2}, (const double[]){990, 1010}, 2, 1.5, &other));
    assert_true(other.change == -one.change); /* to the bit */
    assert_true(other.low == -one.high && other.high == -one.low);
    assert_ok(dn_course_fit((const double[]){0, 2}, (const double[]){990, 1010}, 2, NAN, &other));
    assert_true(other.change == -one.change && isnan(other.low) && isnan(other.high));
}

static void what_is_missing(void **state)
{
    (void)state;
    dn_course c;
    assert_ok(dn_course_fit((const double[]){0, 1, 3}, (const double[]){100, NAN, 94}, 3, 1, &c));
    assert_int_equal(c.sessions, 2);
    assert_close(c.change, 100.0 * -6 / 97 / 3, 1e-12);
    assert_ok(dn_course_fit((const double[]){0, 1, 3}, (const double[]){NAN, NAN, 94}, 3, 1, &c));
    assert_int_equal(c.sessions, 1);
    assert_true(isnan(c.change) && c.mean == 94);
    assert_ok(dn_course_fit((const double[]){1, 1, 1}, (const double[]){100, 101, 102}, 3, 1, &c));
    assert_true(isnan(c.change) && isnan(c.low)); /* all at one time */
    assert_ok(dn_course_fit((const double[]){1, 1}, (const double[]){100, 101}, 2, 1, &c));
    assert_true(isnan(c.change));
    assert_ok(dn_course_fit((const double[]){1, 2}, (const double[]){NAN, NAN}, 2, 1, &c));
    assert_true(c.sessions == 0 && isnan(c.mean));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_scipy),
        cmocka_unit_test(two_sessions),
        cmocka_unit_test(what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
