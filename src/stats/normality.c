/* The test of Shapiro and Wilk by Royston's algorithm AS R94 (1995). */
#include "stats/normality.h"

#include "base/memory.h"
#include "stats/descriptive.h"
#include "stats/distribution.h"

#include <gsl/gsl_math.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double polynomial(const double *c, int n, double x)
{
    double value = c[n - 1];
    for (int i = n - 2; i >= 0; --i) {
        value = value * x + c[i];
    }
    return value;
}

/* Weights a of the lower half of the order statistics (positive); the upper half mirrors them. */
static void shapiro_weights(size_t n, double *a)
{
    static const double c1[] = {0.0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056};
    static const double c2[] = {0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633};
    size_t half = n / 2;
    if (n == 3) {
        a[0] = M_SQRT1_2;
        return;
    }
    double squares = 0.0;
    for (size_t i = 0; i < half; ++i) {
        a[i] = -dn_normal_quantile(((double)(i + 1) - 0.375) / ((double)n + 0.25));
        squares += 2.0 * a[i] * a[i];
    }
    double root = sqrt(squares);
    double r = 1.0 / sqrt((double)n);
    double first = polynomial(c1, 6, r) + a[0] / root;
    size_t from = 1;
    double factor;
    if (n > 5) {
        double second = polynomial(c2, 6, r) + a[1] / root;
        factor = sqrt((squares - 2.0 * a[0] * a[0] - 2.0 * a[1] * a[1]) / (1.0 - 2.0 * first * first - 2.0 * second * second));
        a[1] = second;
        from = 2;
    } else {
        factor = sqrt((squares - 2.0 * a[0] * a[0]) / (1.0 - 2.0 * first * first));
    }
    a[0] = first;
    for (size_t i = from; i < half; ++i) {
        a[i] /= factor;
    }
}

/* p of W from 1 - W (which keeps its digits when W is next to 1). */
static double shapiro_p(size_t n, double rest)
{
    static const double g[] = {-2.273, 0.459};
    static const double c3[] = {0.544, -0.39978, 0.025054, -6.714e-4};
    static const double c4[] = {1.3822, -0.77857, 0.062767, -0.0020322};
    static const double c5[] = {-1.5861, -0.31082, -0.083751, 0.0038915};
    static const double c6[] = {-0.4803, -0.082676, 0.0030302};
    double size = (double)n;
    if (n == 3) {
        double p = 6.0 / M_PI * (asin(sqrt(1.0 - rest)) - M_PI / 3.0);
        return p < 0.0 ? 0.0 : p;
    }
    double y = log(rest);
    double mean;
    double sd;
    if (n <= 11) {
        double gamma = polynomial(g, 2, size);
        if (y >= gamma) {
            return 1e-99;
        }
        y = -log(gamma - y);
        mean = polynomial(c3, 4, size);
        sd = exp(polynomial(c4, 4, size));
    } else {
        double x = log(size);
        mean = polynomial(c5, 4, x);
        sd = exp(polynomial(c6, 3, x));
    }
    return dn_normal_upper((y - mean) / sd);
}

dn_status dn_shapiro_wilk(const double *values, size_t n, dn_result *out)
{
    dn_status status = DN_OK;
    double *sorted = NULL;
    double *a = NULL;
    if (n < DN_SHAPIRO_LEAST || n > DN_SHAPIRO_MOST) {
        DN_FAIL(DN_EDATA, "the Shapiro-Wilk test needs %d to %d values; there are %zu", DN_SHAPIRO_LEAST, DN_SHAPIRO_MOST, n);
    }
    DN_TRY_GOTO(status, dn_alloc(&sorted, n, sizeof *sorted, "a sorted sample"), done);
    DN_TRY_GOTO(status, dn_alloc(&a, n, sizeof *a, "the weights of the Shapiro-Wilk test"), done);
    memcpy(sorted, values, n * sizeof *sorted);
    dn_sort(sorted, n);
    double range = sorted[n - 1] - sorted[0];
    if (!(range > 0.0)) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "all %zu values are equal; normality cannot be tested", n);
    }
    double middle = dn_quantile_sorted(sorted, n, 0.5);
    for (size_t i = 0; i < n; ++i) {
        sorted[i] = (sorted[i] - middle) / range;
    }
    shapiro_weights(n, a);
    double mean = dn_mean(sorted, n);
    double ssa = 0.0;
    double ssx = 0.0;
    double sax = 0.0;
    for (size_t i = 0; i < n; ++i) {
        size_t mirror = n - 1 - i;
        double weight = i < mirror ? -a[i] : i > mirror ? a[mirror] : 0.0;
        double x = sorted[i] - mean;
        ssa += weight * weight;
        ssx += x * x;
        sax += weight * x;
    }
    double both = sqrt(ssa * ssx);
    double rest = (both - sax) * (both + sax) / (ssa * ssx);
    *out = dn_result_empty();
    out->method = "Shapiro-Wilk normality test";
    out->statistic_name = "W";
    out->statistic = 1.0 - rest;
    out->p = rest > 0.0 ? shapiro_p(n, rest) : 1.0;
    out->n = n;
done:
    free(a);
    free(sorted);
    return status;
}
