/* NIST's Statistical Reference Datasets (public domain, https://www.itl.nist.gov/div898/strd/), with their certified values. Michelso and
 * Longley are in R's datasets (morley, longley) in other units; Lew was checked by its certified mean, deviation and autocorrelation. Where
 * doubles cannot hold NIST's decimals (SmLs04 to 09, NumAcc3 and 4), the value is that of exact arithmetic on the doubles:
 * tools/reference_nist.py. */
#include "test.h"

#include "stats/anova.h"
#include "stats/descriptive.h"
#include "stats/regression.h"

#include <math.h>

static const double lew[200] = {
    -213, -564, -35,  -15,  141,  115,  -420, -360, 203,  -338, -431, 194,  -220, -513, 154,  -125, -559, 92,   -21,  -579,
    -52,  99,   -543, -175, 162,  -457, -346, 204,  -300, -474, 164,  -107, -572, -8,   83,   -541, -224, 180,  -420, -374,
    201,  -236, -531, 83,   27,   -564, -112, 131,  -507, -254, 199,  -311, -495, 143,  -46,  -579, -90,  136,  -472, -338,
    202,  -287, -477, 169,  -124, -568, 17,   48,   -568, -135, 162,  -430, -422, 172,  -74,  -577, -13,  92,   -534, -243,
    194,  -355, -465, 156,  -81,  -578, -64,  139,  -449, -384, 193,  -198, -538, 110,  -44,  -577, -6,   66,   -552, -164,
    161,  -460, -344, 205,  -281, -504, 134,  -28,  -576, -118, 156,  -437, -381, 200,  -220, -540, 83,   11,   -568, -160,
    172,  -414, -408, 188,  -125, -572, -32,  139,  -492, -321, 205,  -262, -504, 142,  -83,  -574, 0,    48,   -571, -106,
    137,  -501, -266, 190,  -391, -406, 194,  -186, -553, 83,   -13,  -577, -49,  103,  -515, -280, 201,  300,  -506, 131,
    -45,  -578, -80,  138,  -462, -361, 201,  -211, -554, 32,   74,   -533, -235, 187,  -372, -442, 182,  -147, -566, 25,
    68,   -535, -244, 194,  -351, -463, 174,  -125, -570, 15,   72,   -550, -190, 172,  -424, -385, 198,  -218, -536, 96,
};

static const double norris_y[36] = {
    0.1,   338.8, 118.1, 888.0, 9.2,   228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3,   0.1,  778.1, 668.8, 339.3, 448.9, 10.8,
    557.7, 228.3, 998.0, 888.8, 119.6, 0.3,   0.6,   557.6, 339.3, 888.0, 998.5, 778.9, 10.2, 117.6, 228.9, 668.4, 449.2, 0.2,
};
static const double norris_x[36] = {
    0.2,   337.4, 118.2, 884.6, 10.1,  226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4,   0.6,  775.5, 666.9, 338.0, 447.5, 11.6,
    556.0, 228.1, 995.8, 887.6, 120.2, 0.3,   0.3,   556.8, 339.1, 887.2, 999.0, 779.0, 11.1, 118.3, 229.2, 669.1, 448.9, 0.5,
};
static const double si_rstv[5][5] = {{196.3052, 196.1240, 196.1890, 196.2569, 196.3403},
                                     {196.3042, 196.3825, 196.1669, 196.3257, 196.0422},
                                     {196.1303, 196.2005, 196.2889, 196.0343, 196.1811},
                                     {196.2795, 196.1748, 196.1494, 196.1485, 195.9885},
                                     {196.2119, 196.1051, 196.1850, 196.0052, 196.2090}};
static const double atmwtag[2][24] = {{107.8681568, 107.8681465, 107.8681572, 107.8681785, 107.8681446, 107.8681903,
                                       107.8681526, 107.8681494, 107.8681616, 107.8681587, 107.8681519, 107.8681486,
                                       107.8681419, 107.8681569, 107.8681508, 107.8681672, 107.8681385, 107.8681518,
                                       107.8681662, 107.8681424, 107.8681360, 107.8681333, 107.8681610, 107.8681477},
                                      {107.8681079, 107.8681344, 107.8681513, 107.8681197, 107.8681604, 107.8681385,
                                       107.8681642, 107.8681365, 107.8681151, 107.8681082, 107.8681517, 107.8681448,
                                       107.8681198, 107.8681482, 107.8681334, 107.8681609, 107.8681101, 107.8681512,
                                       107.8681469, 107.8681360, 107.8681254, 107.8681261, 107.8681450, 107.8681368}};
static const double michelso_less_299000[100] = {850,  740, 900, 1070, 930, 850, 950, 980, 980, 880, 1000, 980, 930, 650, 760, 810, 1000,
                                                 1000, 960, 960, 960,  940, 960, 940, 880, 800, 850, 880,  900, 840, 830, 790, 810, 880,
                                                 880,  830, 800, 790,  760, 800, 880, 880, 880, 860, 720,  720, 620, 860, 970, 950, 880,
                                                 910,  850, 870, 840,  840, 850, 840, 840, 840, 890, 810,  810, 820, 800, 770, 760, 740,
                                                 750,  760, 910, 920,  890, 860, 880, 720, 840, 850, 850,  780, 890, 840, 780, 810, 760,
                                                 810,  790, 810, 820,  850, 870, 870, 810, 740, 810, 940,  950, 800, 810, 870};
/* NIST's columns. */
static const double longley[7][16] = {
    {83, 88.5, 88.2, 89.5, 96.2, 98.1, 99, 1E+2, 101.2, 104.6, 108.4, 110.8, 112.6, 114.2, 115.7, 116.9}, /* x1 deflator */
    {234289, 259426, 258054, 284599, 328975, 346999, 365385, 363112, 397469, 4.1918E+5, 442769, 444546, 482704, 502601, 518173,
     554894},                                                                                                  /* x2 gnp */
    {2356, 2325, 3682, 3351, 2099, 1932, 1.87E+3, 3578, 2904, 2822, 2936, 4681, 3813, 3931, 4806, 4007},       /* x3 unemployed */
    {1.59E+3, 1456, 1616, 1.65E+3, 3099, 3594, 3547, 3.35E+3, 3048, 2857, 2798, 2637, 2552, 2514, 2572, 2827}, /* x4 armed forces */
    {107608, 108632, 109773, 110929, 112075, 1.1327E+5, 115094, 116219, 117388, 118734, 120445, 1.2195E+5, 123366, 125368, 127852,
     130081},                                                                                                         /* x5 population */
    {1947, 1948, 1949, 1.95E+3, 1951, 1952, 1953, 1954, 1955, 1956, 1957, 1958, 1959, 1.96E+3, 1961, 1962},           /* x6 year */
    {60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761, 66019, 67857, 68169, 66513, 68655, 69564, 69331, 70551}, /* y employed */
};

#define assert_relative(found, expected, tolerance) assert_close(found, expected, (tolerance)*fabs((double)(expected)))

static void means_and_deviations(void **state)
{
    (void)state;
    static double v[1001];
    static const double hard[3][5] = {{1.2, 1.1, 1.3, 1.2, 0.099999999999999978},
                                      {1000000.2, 1000000.1, 1000000.3, 1000000.2, 0.1000000000349246},
                                      {10000000.2, 10000000.1, 10000000.3, 10000000.2, 0.10000000055879354}};
    static const double first[3] = {10000001, 10000003, 10000002};
    assert_true(dn_mean(first, 3) == 10000002.0); /* NumAcc1 */
    assert_true(dn_sd(first, 3) == 1.0);
    for (int set = 0; set < 3; ++set) { /* NumAcc2 to 4 */
        v[0] = hard[set][0];
        for (int i = 1; i < 1001; ++i) {
            v[i] = hard[set][i % 2 ? 1 : 2];
        }
        assert_relative(dn_mean(v, 1001), hard[set][3], 1e-15);
        assert_relative(dn_sd(v, 1001), hard[set][4], 1e-14);
    }
    assert_relative(dn_mean(lew, 200), -177.435, 1e-15);
    assert_relative(dn_sd(lew, 200), 277.332168044316, 1e-14);
    for (int i = 0; i < 100; ++i) {
        v[i] = 299.0 + michelso_less_299000[i] / 1000.0;
    }
    assert_relative(dn_mean(v, 100), 299.8524, 1e-15);
    assert_relative(dn_sd(v, 100), 0.0790105478190518, 1e-12);
}

static void check_anova(const dn_sample *groups, size_t k, double f, double r_squared, double tolerance)
{
    dn_result r;
    assert_ok(dn_anova(groups, k, 0.95, &r));
    assert_relative(r.statistic, f, tolerance);
    assert_relative(r.effect, r_squared, tolerance);
}

static void observed_variances(void **state)
{
    (void)state;
    dn_sample g[5];
    for (size_t i = 0; i < 5; ++i) {
        g[i] = (dn_sample){"instrument", si_rstv[i], 5};
    }
    check_anova(g, 5, 1.18046237440255, 1.90999039051129E-01, 1e-12);
    for (size_t i = 0; i < 2; ++i) {
        g[i] = (dn_sample){"instrument", atmwtag[i], 24};
    }
    check_anova(g, 2, 1.59467335677930E+01, 2.57426544538321E-01, 1e-9);
}

/* Simon and Lesage: nine treatments, the same 0.1 apart on ever larger numbers. */
static void generated_variances(void **state)
{
    (void)state;
    static double v[9][2001];
    static const double lead[3] = {1.0, 1000000.0, 1000000000000.0};
    static const size_t size[3] = {21, 201, 2001};
    static const double expected[9][2] = {{21.0, 4.82758620689655E-01},
                                          {201.0, 4.71830985915493E-01},
                                          {2001.0, 4.70712773465067E-01},
                                          {21.000000000776101, 0.48275862069888348},
                                          {201.00000001241764, 0.47183098593088874},
                                          {2001.0000001288329, 0.4707127734811079},
                                          {21.00081188781877, 0.48276827434798941},
                                          {201.01300409594845, 0.47184710833539589},
                                          {2001.1349262209505, 0.47072957244381347}};
    dn_sample g[9];
    for (size_t set = 0; set < 9; ++set) {
        for (size_t t = 0; t < 9; ++t) {
            int tenths = t == 0 ? 4 : t % 2 ? 3 : 5;
            g[t] = (dn_sample){"treatment", v[t], size[set % 3]};
            for (size_t i = 0; i < g[t].n; ++i) {
                char text[32];
                snprintf(text, sizeof text, "%.0f.%d", lead[set / 3], tenths + (i == 0 ? 0 : i % 2 ? -1 : 1));
                v[t][i] = strtod(text, NULL);
            }
        }
        check_anova(g, 9, expected[set][0], expected[set][1], 1e-12);
    }
}

static void norris(void **state)
{
    (void)state;
    dn_linear_model m;
    const double *columns[1] = {norris_x};
    assert_ok(dn_linear_fit(norris_y, columns, NULL, 1, 36, &m));
    assert_relative(m.coefficients[0], -0.262323073774029, 1e-11);
    assert_relative(m.coefficients[1], 1.00211681802045, 1e-13);
    assert_relative(sqrt(m.covariance[0]), 0.232818234301152, 1e-11);
    assert_relative(sqrt(m.covariance[3]), 0.429796848199937E-03, 1e-11);
    assert_relative(m.sigma, 0.884796396144373, 1e-11);
    assert_relative(m.r_squared, 0.999993745883712, 1e-14);
    assert_relative(m.f, 5436385.54079785, 1e-9);
    dn_linear_model_release(&m);
}

static void longley_employment(void **state)
{
    (void)state;
    static const double certified[7][2] = {
        {-3482258.63459582, 890420.383607373},  {15.0618722713733, 84.9149257747669},   {-0.358191792925910E-01, 0.334910077722432E-01},
        {-2.02022980381683, 0.488399681651699}, {-1.03322686717359, 0.214274163161675}, {-0.511041056535807E-01, 0.226073200069370},
        {1829.15146461355, 455.478499142212}};
    dn_linear_model m;
    const double *columns[6];
    for (size_t j = 0; j < 6; ++j) {
        columns[j] = longley[j];
    }
    assert_ok(dn_linear_fit(longley[6], columns, NULL, 6, 16, &m));
    for (size_t i = 0; i < 7; ++i) {
        assert_relative(m.coefficients[i], certified[i][0], 1e-10);
        assert_relative(sqrt(m.covariance[i * 8]), certified[i][1], 1e-10);
    }
    assert_relative(m.sigma, 304.854073561965, 1e-11);
    assert_relative(m.r_squared, 0.995479004577296, 1e-13);
    assert_relative(m.f, 330.285339234588, 1e-10);
    dn_linear_model_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(means_and_deviations), cmocka_unit_test(observed_variances),
                                       cmocka_unit_test(generated_variances), cmocka_unit_test(norris),
                                       cmocka_unit_test(longley_employment)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
