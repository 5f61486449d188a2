/* 16-bit floats: every half against sign * 2^e * (1 + m / 1024), and the nearest one by search. */
#include "test.h"

#include "models/half.h"

#include <math.h>
#include <string.h>

static double value_of(uint16_t half)
{
    const int exponent = half >> 10 & 31, mantissa = half & 1023;
    const double sign = half >> 15 ? -1.0 : 1.0;
    if (exponent == 31) {
        return mantissa == 0 ? sign * (double)INFINITY : (double)NAN;
    }
    return exponent == 0 ? sign * ldexp(mantissa, -24) : sign * ldexp(1024 + mantissa, exponent - 25);
}

static void all_halves(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; ++h) {
        const double expected = value_of((uint16_t)h);
        const float found = dn_half_to_float((uint16_t)h);
        if (isnan(expected)) {
            assert_true(isnan(found));
            continue;
        }
        assert_true((double)found == expected);
        assert_int_equal(dn_float_to_half(found), h); /* also the sign of 0 */
    }
}

/* Between two neighbours the nearer, in the middle the even one. */
static void nearest(void **state)
{
    (void)state;
    for (uint16_t h = 0; h < 0x7bff; ++h) {
        const double low = value_of(h), high = value_of((uint16_t)(h + 1)), middle = 0.5 * (low + high);
        assert_int_equal(dn_float_to_half((float)middle), h % 2 == 0 ? h : h + 1);
        assert_int_equal(dn_float_to_half((float)(low + 0.49 * (high - low))), h);
        assert_int_equal(dn_float_to_half((float)-(low + 0.51 * (high - low))), 0x8000 + h + 1);
    }
    assert_int_equal(dn_float_to_half(65504.0f), 0x7bff);
    assert_int_equal(dn_float_to_half(65519.0f), 0x7bff);
    assert_int_equal(dn_float_to_half(65520.0f), 0x7c00);
    assert_int_equal(dn_float_to_half(-1e30f), 0xfc00);
    assert_int_equal(dn_float_to_half(1e-30f), 0);
    assert_true(isnan(dn_half_to_float(dn_float_to_half(NAN))));
}

/* The upper half of a float32. */
static void bfloat16(void **state)
{
    (void)state;
    static const struct {
        uint16_t bits;
        double value;
    } cases[] = {{0x0000, 0}, {0x3f80, 1}, {0xbf80, -1}, {0x4049, 3.140625}, {0x7f7f, 0x1.fep127}, {0x0080, 0x1p-126}, {0x0001, 0x1p-133}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        assert_true((double)dn_bfloat16_to_float(cases[i].bits) == cases[i].value);
    }
    assert_true(isinf(dn_bfloat16_to_float(0x7f80)));
    assert_true(isnan(dn_bfloat16_to_float(0x7fc0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_halves), cmocka_unit_test(nearest), cmocka_unit_test(bfloat16)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
