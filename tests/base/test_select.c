/* The n-th smallest of values against sorting them: many equal ones, sorted ones, few. */
#include "test.h"

#include "base/random.h"
#include "base/select.h"

#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void selected_as_sorted(void **state)
{
    (void)state;
    enum { MOST = 500 };
    dn_random random;
    dn_random_seed(&random, 3);
    for (int round = 0; round < 300; ++round) {
        float values[MOST], sorted[MOST];
        const size_t count = 1 + (size_t)dn_random_below(&random, MOST);
        const double kinds = round % 4 == 0 ? 2.0 : round % 4 == 1 ? 20.0 : 1e6;
        for (size_t i = 0; i < count; ++i) {
            sorted[i] = (float)(int)dn_random_uniform(&random, -kinds, kinds);
        }
        memcpy(values, sorted, count * sizeof *values);
        qsort(sorted, count, sizeof *sorted, by_value);
        if (round % 5 == 0) {
            memcpy(values, sorted, count * sizeof *values);
        }
        const size_t nth = round % 3 == 0 ? count / 2 : (size_t)dn_random_below(&random, (uint32_t)count);
        assert_true(dn_select(values, count, nth) == sorted[nth]);
        qsort(values, count, sizeof *values, by_value); /* nothing was lost */
        assert_memory_equal(values, sorted, count * sizeof *values);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(selected_as_sorted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
