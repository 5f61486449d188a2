/* Pearson's, Spearman's (exact for few pairs) and partial correlations. */
#include "stats/correlation.h"

#include "base/memory.h"
#include "stats/descriptive.h"
#include "stats/distribution.h"
#include "stats/regression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static dn_status check_pairs(const double *x, const double *y, size_t n, size_t least)
{
    if (n < least) {
        DN_FAIL(DN_EDATA, "there %s %zu pair%s of values; this correlation needs at least %zu", n == 1 ? "is" : "are", n, n == 1 ? "" : "s",
                least);
    }
    for (size_t i = 0; i < n; ++i) {
        if (!dn_usable(x[i]) || !dn_usable(y[i])) {
            DN_FAIL(DN_EDATA, "pair %zu does not have two numbers, or they are too large to compute with", i + 1);
        }
    }
    return DN_OK;
}

static dn_status plain_correlation(const double *x, const double *y, size_t n, double *out)
{
    double mx = dn_mean(x, n);
    double my = dn_mean(y, n);
    double sx = dn_sd(x, n);
    double sy = dn_sd(y, n);
    double sum = 0.0;
    if (!(sx > 1e-15 * fabs(mx)) || !(sy > 1e-15 * fabs(my))) {
        DN_FAIL(DN_EDATA, "all values of one variable are equal; there is no correlation");
    }
    for (size_t i = 0; i < n; ++i) {
        sum += (x[i] - mx) / sx * ((y[i] - my) / sy);
    }
    double r = sum / (double)(n - 1);
    *out = r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r;
    return DN_OK;
}

/* t, p and Fisher's interval; freedom: n - 2 less the variables that were taken out; widen: factor of the variance of z. */
static void finish(dn_result *out, double r, double df, double widen, double level)
{
    out->effect = r;
    out->level = level;
    if (fabs(r) < 1.0) {
        out->statistic = r * sqrt(df / ((1.0 - r) * (1.0 + r)));
        out->p = dn_t_two_sided(out->statistic, df);
        if (df > 1.0) {
            double reach = dn_normal_quantile(0.5 + 0.5 * level) * sqrt(widen / (df - 1.0));
            out->effect_low = tanh(atanh(r) - reach);
            out->effect_high = tanh(atanh(r) + reach);
        }
    } else {
        /* A perfect line: t is infinite, which a table does not hold. */
        out->p = 0.0;
        out->note = "the points lie on a line; t is infinite";
    }
    out->df1 = df;
    out->statistic_name = "t";
}

dn_status dn_pearson(const double *x, const double *y, size_t n, double level, dn_result *out)
{
    double r;
    DN_TRY(check_pairs(x, y, n, 3));
    DN_TRY(plain_correlation(x, y, n, &r));
    *out = dn_result_empty();
    out->method = "Pearson correlation";
    out->effect_name = "r";
    out->n = n;
    finish(out, r, (double)n - 2.0, 1.0, level);
    return DN_OK;
}

/* Number of permutations of 0..n-1 for which the sum of (i - p(i))^2 is at least least. */
static long count_permutations(long *place, long n, long from, long sum, long least)
{
    if (from == n) {
        return sum >= least;
    }
    long count = 0;
    for (long i = from; i < n; ++i) {
        long swapped = place[i];
        place[i] = place[from];
        place[from] = swapped;
        count += count_permutations(place, n, from + 1, sum + (swapped - from) * (swapped - from), least);
        place[from] = place[i];
        place[i] = swapped;
    }
    return count;
}

/* P(S >= s) under independence: Best and Roberts, AS 89. */
static double spearman_upper(double s, size_t n)
{
    double size = (double)n;
    double top = size * (size * size - 1.0) / 3.0;
    if (s <= 0.0) {
        return 1.0;
    }
    if (s > top) {
        return 0.0;
    }
    if (n <= 9) {
        long place[9];
        double all = 1.0;
        for (size_t i = 0; i < n; ++i) {
            place[i] = (long)i;
            all *= (double)(i + 1);
        }
        return (double)count_permutations(place, (long)n, 0, 0, lround(s)) / all;
    }
    double b = 1.0 / size;
    double x = (6.0 * (s - 1.0) * b / (size * size - 1.0) - 1.0) * sqrt(1.0 / b - 1.0);
    double y = x * x;
    double u = x * b *
               (0.2274 + b * (0.2531 + 0.1745 * b) +
                y * (-0.0758 + b * (0.1033 + 0.3932 * b) -
                     y * b * (0.0879 + 0.0151 * b - y * (0.0072 - 0.0831 * b + y * b * (0.0131 - 4.6e-4 * y)))));
    double p = u / exp(y / 2.0) + dn_normal_upper(x);
    return p < 0.0 ? 0.0 : p > 1.0 ? 1.0 : p;
}

/* Edgeworth: the lower tail is what the upper leaves, but written so that small values keep their digits. */
static double spearman_p(double s, size_t n)
{
    double size = (double)n;
    double middle = (size * size * size - size) / 6.0;
    double p;
    if (n > 9 && (s <= 0.0 || s >= 2.0 * middle)) {
        return fmax(2.0 / exp(lgamma(size + 1.0)), 1e-300); /* one order in n! on either side */
    }
    if (s > middle) {
        p = spearman_upper(2.0 * floor(s / 2.0 + 0.5), n);
    } else if (n <= 9) {
        /* S is symmetric about the middle. */
        p = spearman_upper(2.0 * middle - s, n);
    } else {
        p = 1.0 - spearman_upper(s + 2.0, n);
    }
    return 2.0 * p < 1.0 ? 2.0 * p : 1.0;
}

dn_status dn_spearman(const double *x, const double *y, size_t n, double level, dn_result *out)
{
    dn_status status = DN_OK;
    double *ranks = NULL;
    double ties_x;
    double ties_y;
    double r;
    DN_TRY(check_pairs(x, y, n, 3));
    DN_TRY(dn_alloc(&ranks, 2 * n, sizeof *ranks, "ranks"));
    DN_TRY_GOTO(status, dn_ranks(x, n, ranks, &ties_x), done);
    DN_TRY_GOTO(status, dn_ranks(y, n, ranks + n, &ties_y), done);
    DN_TRY_GOTO(status, plain_correlation(ranks, ranks + n, n, &r), done);
    double size = (double)n;
    *out = dn_result_empty();
    out->method = "Spearman rank correlation";
    out->effect_name = "rho";
    out->n = n;
    finish(out, r, size - 2.0, 1.0 + 0.5 * r * r, level);
    out->statistic_name = "S";
    out->statistic = (size * size * size - size) * (1.0 - r) / 6.0;
    out->df1 = NAN;
    if (ties_x == 0.0 && ties_y == 0.0 && n <= 1290) {
        out->statistic = 2.0 * nearbyint(out->statistic / 2.0);
        /* Far out the series ends at or below 0, where R reports p = 0: there the t approximation, which finish computed, is nearer. */
        double p = spearman_p(out->statistic, n);
        out->note = n <= 9 ? "exact" : p > 0.0 ? "Edgeworth series" : "t approximation";
        out->p = n <= 9 || p > 0.0 ? p : out->p;
    } else {
        out->note = "t approximation";
    }
done:
    free(ranks);
    return status;
}

dn_status dn_partial_correlation(const double *x, const double *y, const double *const *z, size_t k, size_t n, int ranks, double level,
                                 dn_result *out)
{
    dn_status status = DN_OK;
    dn_linear_model of_x = {0};
    dn_linear_model of_y = {0};
    double *ranked = NULL;
    const double **columns = NULL;
    double r;
    DN_TRY(check_pairs(x, y, n, k + 3));
    DN_TRY_GOTO(status, dn_alloc(&columns, k + 1, sizeof *columns, "covariates"), done);
    if (ranks) {
        DN_TRY_GOTO(status, dn_alloc(&ranked, (k + 2) * n, sizeof *ranked, "ranks"), done);
        DN_TRY_GOTO(status, dn_ranks(x, n, ranked, NULL), done);
        DN_TRY_GOTO(status, dn_ranks(y, n, ranked + n, NULL), done);
        x = ranked;
        y = ranked + n;
    }
    for (size_t j = 0; j < k; ++j) {
        columns[j] = z[j];
        if (ranks) {
            DN_TRY_GOTO(status, dn_ranks(z[j], n, ranked + (j + 2) * n, NULL), done);
            columns[j] = ranked + (j + 2) * n;
        }
    }
    DN_TRY_GOTO(status, plain_correlation(x, y, n, &r), done);
    DN_TRY_GOTO(status, dn_linear_fit(x, columns, NULL, k, n, &of_x), done);
    DN_TRY_GOTO(status, dn_linear_fit(y, columns, NULL, k, n, &of_y), done);
    if (!(of_x.rss > 1e-20 * of_x.tss) || !(of_y.rss > 1e-20 * of_y.tss)) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "the covariates explain one of the two variables exactly; there is no partial correlation");
    }
    double sum = 0.0;
    for (size_t i = 0; i < n; ++i) {
        sum += of_x.residuals[i] * of_y.residuals[i];
    }
    r = sum / sqrt(of_x.rss * of_y.rss);
    r = r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r;
    *out = dn_result_empty();
    out->method = ranks ? "partial Spearman rank correlation" : "partial Pearson correlation";
    out->effect_name = ranks ? "partial rho" : "partial r";
    out->n = n;
    finish(out, r, (double)n - 2.0 - (double)k, 1.0, level);
done:
    dn_linear_model_release(&of_y);
    dn_linear_model_release(&of_x);
    free(columns);
    free(ranked);
    return status;
}
