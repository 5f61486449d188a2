/* Analysis of variance for repeated measures, with Mauchly's test and the corrections of Greenhouse and Geisser (1959) and Huynh and
 * Feldt (1976). */
#include "stats/repeated.h"

#include "base/memory.h"
#include "stats/descriptive.h"
#include "stats/distribution.h"
#include "stats/t_test.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>

/* The k methods' covariance matrix over the n cases. */
static void covariance_of(const double *values, size_t n, size_t k, double *mean, double *covariance)
{
    for (size_t j = 0; j < k; ++j) {
        double sum = 0.0, first = values[j];
        for (size_t i = 0; i < n; ++i) {
            sum += values[i * k + j] - first;
        }
        mean[j] = first + sum / (double)n;
    }
    for (size_t a = 0; a < k; ++a) {
        for (size_t b = a; b < k; ++b) {
            double sum = 0.0;
            for (size_t i = 0; i < n; ++i) {
                sum += (values[i * k + a] - mean[a]) * (values[i * k + b] - mean[b]);
            }
            covariance[a * k + b] = covariance[b * k + a] = sum / ((double)n - 1.0);
        }
    }
}

/* det(C S C') / (trace / (k - 1))^(k - 1) with the k - 1 orthonormal Helmert contrasts C. */
static double mauchly_statistic(const double *covariance, size_t k, gsl_matrix *contrasts, gsl_matrix *half, gsl_matrix *inner,
                                gsl_permutation *order)
{
    size_t p = k - 1;
    int sign = 0;
    for (size_t r = 0; r < p; ++r) {
        double length = sqrt((double)(r + 1) * (double)(r + 2));
        for (size_t c = 0; c < k; ++c) {
            gsl_matrix_set(contrasts, r, c, c <= r ? 1.0 / length : c == r + 1 ? -(double)(r + 1) / length : 0.0);
        }
    }
    for (size_t r = 0; r < p; ++r) {
        for (size_t c = 0; c < k; ++c) {
            double sum = 0.0;
            for (size_t m = 0; m < k; ++m) {
                sum += gsl_matrix_get(contrasts, r, m) * covariance[m * k + c];
            }
            gsl_matrix_set(half, r, c, sum);
        }
    }
    double trace = 0.0;
    for (size_t r = 0; r < p; ++r) {
        for (size_t c = 0; c < p; ++c) {
            double sum = 0.0;
            for (size_t m = 0; m < k; ++m) {
                sum += gsl_matrix_get(half, r, m) * gsl_matrix_get(contrasts, c, m);
            }
            gsl_matrix_set(inner, r, c, sum);
        }
        trace += gsl_matrix_get(inner, r, r);
    }
    gsl_matrix_scale(inner, (double)p / trace);
    gsl_linalg_LU_decomp(inner, order, &sign);
    return gsl_linalg_LU_det(inner, sign);
}

static dn_status mauchly(const double *covariance, size_t n, size_t k, dn_repeated *out)
{
    dn_status status = DN_OK;
    double p = (double)k - 1.0, df = (double)n - 1.0;
    gsl_matrix *contrasts = NULL, *half = NULL, *inner = NULL;
    gsl_permutation *order = NULL;
    out->mauchly_w = out->mauchly_p = NAN;
    if (k < 3 || n <= k) {
        return DN_OK;
    }
    dn_gsl_quiet();
    contrasts = gsl_matrix_alloc(k - 1, k);
    half = gsl_matrix_alloc(k - 1, k);
    inner = gsl_matrix_alloc(k - 1, k - 1);
    order = gsl_permutation_alloc(k - 1);
    if (contrasts == NULL || half == NULL || inner == NULL || order == NULL) {
        DN_FAIL_GOTO(status, done, DN_ENOMEM, "not enough memory for Mauchly's test");
    }
    double w = mauchly_statistic(covariance, k, contrasts, half, inner, order);
    if (w > 0.0) {
        /* Box's approximation with its second term (Anderson 1958, section 10.7). */
        double rho = 1.0 - (2.0 * p * p + p + 2.0) / (6.0 * p * df);
        double second =
            (p + 2.0) * (p - 1.0) * (p - 2.0) * (2.0 * p * p * p + 6.0 * p * p + 3.0 * p + 2.0) / (288.0 * (df * p * rho) * (df * p * rho));
        double z = -df * rho * log(w), f = p * (p + 1.0) / 2.0 - 1.0;
        double first_p = dn_chi_squared_upper(z, f);
        out->mauchly_w = w;
        out->mauchly_p = fmin(1.0, fmax(0.0, first_p + second * (dn_chi_squared_upper(z, f + 4.0) - first_p)));
    }
done:
    gsl_matrix_free(contrasts);
    gsl_matrix_free(half);
    gsl_matrix_free(inner);
    gsl_permutation_free(order);
    return status;
}

/* trace^2 / ((k - 1) trace of the square), of the covariance centred in rows and columns. Centres it in place. */
static double greenhouse_geisser(double *covariance, double *mean, size_t k)
{
    double grand = 0.0, trace = 0.0, squares = 0.0;
    for (size_t a = 0; a < k; ++a) {
        mean[a] = 0.0;
        for (size_t b = 0; b < k; ++b) {
            mean[a] += covariance[a * k + b] / (double)k;
        }
        grand += mean[a] / (double)k;
    }
    for (size_t a = 0; a < k; ++a) {
        for (size_t b = 0; b < k; ++b) {
            double centred = covariance[a * k + b] - mean[a] - mean[b] + grand;
            squares += centred * centred;
            trace += a == b ? centred : 0.0;
        }
    }
    return trace * trace / (((double)k - 1.0) * squares);
}

dn_status dn_repeated_anova(const double *values, size_t n, size_t k, dn_repeated *out)
{
    dn_status status = DN_OK;
    double *mean = NULL, *covariance = NULL, *copy = NULL, rows = (double)n, columns = (double)k;
    double ss_method = 0.0, ss_error = 0.0, ss_total = 0.0;
    if (n < 2 || k < 2) {
        DN_FAIL(DN_EDATA, "repeated measures need at least 2 cases and 2 methods; there are %zu and %zu", n, k);
    }
    for (size_t i = 0; i < n * k; ++i) {
        if (!isfinite(values[i])) {
            DN_FAIL(DN_EDATA, "method %zu of case %zu is not a finite number", i % k + 1, i / k + 1);
        }
    }
    DN_TRY_GOTO(status, dn_alloc(&mean, k, sizeof *mean, "the methods' means"), done);
    DN_TRY_GOTO(status, dn_alloc(&covariance, k * k, sizeof *covariance, "the methods' covariance"), done);
    DN_TRY_GOTO(status, dn_alloc(&copy, n * k, sizeof *copy, "the methods' values"), done);
    covariance_of(values, n, k, mean, covariance);
    double grand = dn_mean(mean, k);
    for (size_t j = 0; j < k; ++j) {
        ss_method += rows * (mean[j] - grand) * (mean[j] - grand);
    }
    for (size_t i = 0; i < n; ++i) {
        double row = 0.0;
        for (size_t j = 0; j < k; ++j) {
            copy[i * k + j] = values[i * k + j] - mean[j];
            row += copy[i * k + j] / columns;
            ss_total += (values[i * k + j] - grand) * (values[i * k + j] - grand);
        }
        for (size_t j = 0; j < k; ++j) {
            ss_error += (copy[i * k + j] - row) * (copy[i * k + j] - row);
        }
    }
    if (ss_error <= 1e-24 * (rows * columns * grand * grand + ss_total)) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "the methods differ only by constants, so their differences cannot be tested");
    }
    *out = (dn_repeated){.n = n, .k = k, .df1 = columns - 1.0, .df2 = (columns - 1.0) * (rows - 1.0)};
    out->f = ss_method / out->df1 / (ss_error / out->df2);
    out->p = dn_f_upper(out->f, out->df1, out->df2);
    out->partial_eta_squared = ss_method / (ss_method + ss_error);
    out->generalised_eta_squared = ss_method / ss_total;
    DN_TRY_GOTO(status, mauchly(covariance, n, k, out), done);
    double gg = greenhouse_geisser(covariance, mean, k), p = columns - 1.0;
    out->epsilon_gg = gg;
    /* Without enough cases the denominator vanishes, and the correction with it. */
    double denominator = p * (rows - 1.0 - p * gg);
    out->epsilon_hf = denominator > 1e-12 * rows ? (rows * p * gg - 2.0) / denominator : NAN;
    double hf = isnan(out->epsilon_hf) ? NAN : fmin(1.0, fmax(out->epsilon_hf, 1.0 / p));
    out->p_gg = dn_f_upper(out->f, out->df1 * gg, out->df2 * gg);
    out->p_hf = isnan(hf) ? NAN : dn_f_upper(out->f, out->df1 * hf, out->df2 * hf);
done:
    free(mean);
    free(covariance);
    free(copy);
    return status;
}

dn_status dn_repeated_pairs(const double *values, size_t n, size_t k, double level, dn_adjustment adjustment, dn_result *results,
                            double *d_z)
{
    dn_status status = DN_OK;
    double *columns = NULL;
    size_t pair = 0;
    if (n < 2 || k < 2) {
        DN_FAIL(DN_EDATA, "repeated measures need at least 2 cases and 2 methods; there are %zu and %zu", n, k);
    }
    DN_TRY(dn_alloc(&columns, n * k, sizeof *columns, "the methods' values"));
    for (size_t i = 0; i < n * k; ++i) {
        columns[i % k * n + i / k] = values[i];
    }
    for (size_t a = 0; a < k; ++a) {
        for (size_t b = a + 1; b < k; ++b, ++pair) {
            const double *x = columns + a * n, *y = columns + b * n;
            dn_result *result = &results[pair];
            double z = NAN;
            bool possible;
            DN_TRY_GOTO(status, dn_error_excuse(dn_t_test_paired(x, y, n, level, result), DN_EDATA, &possible), done);
            if (possible) {
                z = result->effect;
            } else {
                *result = dn_result_empty();
                result->method = "paired t test";
                result->statistic_name = "t";
                result->n = n;
                result->estimate_name = "mean difference";
                result->estimate = dn_mean(x, n) - dn_mean(y, n);
                result->level = level;
                result->note = "the two differ by a constant: no test";
            }
            double pooled = sqrt(0.5 * (dn_variance(x, n) + dn_variance(y, n)));
            result->effect_name = "Cohen's d";
            result->effect = pooled > 0.0 ? result->estimate / pooled : NAN;
            result->effect_low = result->effect_high = NAN;
            if (d_z != NULL) {
                d_z[pair] = z;
            }
        }
    }
    status = dn_adjust_results(results, pair, adjustment);
done:
    free(columns);
    return status;
}
