/* Limits of agreement (Bland and Altman 1999; exact: Carkeet 2015), intraclass correlation (McGraw and Wong 1996), within-subject
 * variation. */
#include "stats/agreement.h"

#include "base/memory.h"
#include "stats/descriptive.h"
#include "stats/distribution.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>

/* ---- noncentral t -------------------------------------------------------------------------------------------------------------- */

typedef struct noncentral {
    double t, df, ncp, log_constant, p;
} noncentral;

/* Density of u = sqrt(chi^2 / df) times P(Z <= t u - ncp). */
static double noncentral_integrand(double u, void *user)
{
    const noncentral *it = user;
    if (u <= 0.0) {
        return 0.0;
    }
    double log_density = it->log_constant + (it->df - 1.0) * log(u) - 0.5 * it->df * u * u;
    return exp(log_density) * dn_normal_lower(it->t * u - it->ncp);
}

static double noncentral_lower(double t, const void *user)
{
    enum { MOST_PARTS = 400 };
    noncentral it = *(const noncentral *)user;
    double wide = 12.0 / sqrt(2.0 * it.df), result = NAN, error = 0.0;
    /* On the stack: nobody could tell a number that is missing for want of memory from one that does not exist. */
    double parts[4][MOST_PARTS];
    size_t order[2][MOST_PARTS];
    gsl_integration_workspace space = {.limit = MOST_PARTS,
                                       .alist = parts[0],
                                       .blist = parts[1],
                                       .rlist = parts[2],
                                       .elist = parts[3],
                                       .order = order[0],
                                       .level = order[1]};
    it.t = t;
    gsl_function f = {noncentral_integrand, &it};
    dn_gsl_quiet();
    double low = fmax(0.0, 1.0 - wide), high = 1.0 + wide;
    int code = gsl_integration_qag(&f, low, high, 1e-15, 1e-13, MOST_PARTS, GSL_INTEG_GAUSS61, &space, &result, &error);
    if (code != GSL_SUCCESS && code != GSL_EROUND) {
        return NAN;
    }
    return result - it.p;
}

double dn_noncentral_t_quantile(double p, double df, double ncp)
{
    if (!(p > 0.0 && p < 1.0 && df > 0.0) || !isfinite(ncp)) {
        return NAN;
    }
    noncentral it = {.df = df, .ncp = ncp, .p = p};
    it.log_constant = log(2.0) + 0.5 * df * log(0.5 * df) - gsl_sf_lngamma(0.5 * df);
    double low = ncp - 1.0, high = ncp + 1.0, step = 1.0 + fabs(ncp) / sqrt(df);
    while (noncentral_lower(low, &it) > 0.0 && step < 1e12) {
        low -= step;
        step *= 2.0;
    }
    step = 1.0 + fabs(ncp) / sqrt(df);
    while (noncentral_lower(high, &it) < 0.0 && step < 1e12) {
        high += step;
        step *= 2.0;
    }
    return dn_root(noncentral_lower, &it, low, high);
}

/* ---- Bland and Altman ---------------------------------------------------------------------------------------------------------- */

static dn_estimate interval(double value, double half)
{
    return (dn_estimate){value, value - half, value + half};
}

/* Least squares of difference on mean. */
static void proportional(const double *x, const double *y, size_t n, double level, dn_bland_altman *out)
{
    double mean_x = dn_mean(x, n), mean_y = dn_mean(y, n), sxx = 0.0, sxy = 0.0, syy = 0.0, df = (double)n - 2.0;
    for (size_t i = 0; i < n; ++i) {
        double dx = x[i] - mean_x, dy = y[i] - mean_y;
        sxx += dx * dx;
        sxy += dx * dy;
        syy += dy * dy;
    }
    out->slope = (dn_estimate){NAN, NAN, NAN};
    out->intercept = out->slope_p = out->r = NAN;
    if (sxx > 0.0 && syy > 0.0) {
        double slope = sxy / sxx, rss = 0.0;
        for (size_t i = 0; i < n; ++i) {
            double residual = (y[i] - mean_y) - slope * (x[i] - mean_x);
            rss += residual * residual;
        }
        double se = sqrt(rss / df / sxx);
        out->intercept = mean_y - slope * mean_x;
        out->r = sxy / sqrt(sxx * syy);
        out->slope = interval(slope, dn_t_quantile(0.5 + 0.5 * level, df) * se);
        out->slope_p = dn_t_two_sided(slope / se, df);
    }
}

dn_status dn_bland_altman_fit(const double *a, const double *b, size_t n, bool percent, double level, dn_limits_method method, double *mean,
                              double *difference, dn_bland_altman *out)
{
    dn_status status = DN_OK;
    double *own = NULL;
    if (n < 3) {
        DN_FAIL(DN_EDATA, "limits of agreement need at least 3 pairs; there are %zu", n);
    }
    DN_TRY(dn_alloc(&own, 2 * n, sizeof *own, "the differences"));
    double *means = own, *differences = own + n;
    for (size_t i = 0; i < n; ++i) {
        means[i] = 0.5 * (a[i] + b[i]);
        differences[i] = a[i] - b[i];
        if (!isfinite(means[i]) || !isfinite(differences[i])) {
            DN_FAIL_GOTO(status, done, DN_EDATA, "pair %zu does not have two finite numbers", i + 1);
        }
        if (percent) {
            if (means[i] == 0.0) {
                DN_FAIL_GOTO(status, done, DN_EDATA, "pair %zu has a mean of 0, so its difference cannot be given in percent", i + 1);
            }
            differences[i] *= 100.0 / means[i];
        }
    }
    double count = (double)n, df = count - 1.0, z = dn_normal_quantile(0.5 + 0.5 * level), t = dn_t_quantile(0.5 + 0.5 * level, df);
    double bias = dn_mean(differences, n), sd = dn_sd(differences, n);
    if (!(sd > 0.0)) {
        DN_FAIL_GOTO(status, done, DN_EDATA,
                     "all %zu differences are equal to %g, so there are no limits of agreement; is it the same column twice?", n, bias);
    }
    *out = (dn_bland_altman){.n = n, .level = level, .sd = sd, .bias = interval(bias, t * sd / sqrt(count))};
    out->p = dn_t_two_sided(bias / (sd / sqrt(count)), df);
    if (method == DN_LIMITS_EXACT) {
        double near_end = dn_noncentral_t_quantile(0.5 - 0.5 * level, df, z * sqrt(count)) / sqrt(count);
        double far_end = dn_noncentral_t_quantile(0.5 + 0.5 * level, df, z * sqrt(count)) / sqrt(count);
        out->upper = (dn_estimate){bias + z * sd, bias + near_end * sd, bias + far_end * sd};
        out->lower = (dn_estimate){bias - z * sd, bias - far_end * sd, bias - near_end * sd};
    } else {
        double half = t * sd * sqrt(1.0 / count + z * z / (2.0 * df));
        out->upper = interval(bias + z * sd, half);
        out->lower = interval(bias - z * sd, half);
    }
    proportional(means, differences, n, level, out);
    for (size_t i = 0; i < n; ++i) {
        if (mean != NULL) {
            mean[i] = means[i];
        }
        if (difference != NULL) {
            difference[i] = differences[i];
        }
    }
done:
    free(own);
    return status;
}

/* ---- intraclass correlation ---------------------------------------------------------------------------------------------------- */

/* Mean squares of a two-way table without repeats, about the grand mean so that large volumes lose no digits. */
static dn_status mean_squares(const double *values, size_t n, size_t k, double *subjects, double *raters, double *error)
{
    double grand = dn_mean(values, n * k), *rater = NULL, ss_subjects = 0.0, ss_raters = 0.0, ss_error = 0.0;
    DN_TRY(dn_alloc(&rater, k, sizeof *rater, "the raters' means"));
    for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < k; ++j) {
            rater[j] += (values[i * k + j] - grand) / (double)n;
        }
    }
    for (size_t i = 0; i < n; ++i) {
        double row = 0.0;
        for (size_t j = 0; j < k; ++j) {
            row += (values[i * k + j] - grand) / (double)k;
        }
        ss_subjects += (double)k * row * row;
        for (size_t j = 0; j < k; ++j) {
            double residual = values[i * k + j] - grand - row - rater[j];
            ss_error += residual * residual;
        }
    }
    for (size_t j = 0; j < k; ++j) {
        ss_raters += (double)n * rater[j] * rater[j];
    }
    free(rater);
    /* What rounding leaves of an error that is not there. */
    if (ss_error < 1e-24 * ((double)(n * k) * grand * grand + ss_subjects + ss_raters)) {
        ss_error = 0.0;
    }
    *subjects = ss_subjects / ((double)n - 1.0);
    *raters = ss_raters / ((double)k - 1.0);
    *error = ss_error / (((double)n - 1.0) * ((double)k - 1.0));
    return DN_OK;
}

static dn_status check_table(const double *values, size_t n, size_t k, const char *what)
{
    if (n < 2 || k < 2) {
        DN_FAIL(DN_EDATA, "%s needs at least 2 cases with 2 values per case; there are %zu cases with %zu values", what, n, k);
    }
    for (size_t i = 0; i < n * k; ++i) {
        if (!isfinite(values[i])) {
            DN_FAIL(DN_EDATA, "value %zu of case %zu is not a finite number", i % k + 1, i / k + 1);
        }
    }
    return DN_OK;
}

/* Spearman and Brown: reliability of the mean of k. */
static double average_of(double single, double k)
{
    return k * single / (1.0 + (k - 1.0) * single);
}

dn_status dn_icc_fit(const double *values, size_t n, size_t k, double level, dn_icc *out)
{
    double msr = 0.0, msc = 0.0, mse = 0.0, rows = (double)n, raters = (double)k, upper = 0.5 + 0.5 * level;
    DN_TRY(check_table(values, n, k, "an intraclass correlation"));
    DN_TRY(mean_squares(values, n, k, &msr, &msc, &mse));
    if (!(msr > 0.0)) {
        DN_FAIL(DN_EDATA, "all cases have the same mean, so there is no variance between them for an intraclass correlation");
    }
    *out = (dn_icc){.n = n, .k = k, .ms_subjects = msr, .ms_raters = msc, .ms_error = mse};
    out->df1 = rows - 1.0;
    out->df2 = (rows - 1.0) * (raters - 1.0);
    double both = msr + (raters - 1.0) * mse + raters * (msc - mse) / rows;
    double agreement = (msr - mse) / both, consistency = (msr - mse) / (msr + (raters - 1.0) * mse);
    out->agreement = (dn_estimate){agreement, NAN, NAN};
    out->consistency = (dn_estimate){consistency, NAN, NAN};
    out->agreement_average = (dn_estimate){(msr - mse) / (msr + (msc - mse) / rows), NAN, NAN};
    out->consistency_average = (dn_estimate){(msr - mse) / msr, NAN, NAN};
    out->f = out->p = NAN;
    if (!(mse > 0.0)) {
        return DN_OK;
    }
    out->f = msr / mse;
    out->p = dn_f_upper(out->f, out->df1, out->df2);
    double f_low = out->f / dn_f_quantile(upper, out->df1, out->df2), f_high = out->f * dn_f_quantile(upper, out->df2, out->df1);
    out->consistency.low = (f_low - 1.0) / (f_low + raters - 1.0);
    out->consistency.high = (f_high - 1.0) / (f_high + raters - 1.0);
    out->consistency_average.low = 1.0 - 1.0 / f_low;
    out->consistency_average.high = 1.0 - 1.0 / f_high;
    /* Satterthwaite's degrees of freedom (McGraw and Wong, table 7). */
    double a = raters * agreement / (rows * (1.0 - agreement)), b = 1.0 + raters * agreement * (rows - 1.0) / (rows * (1.0 - agreement));
    double sum = a * msc + b * mse;
    double v = sum * sum / (a * msc * a * msc / (raters - 1.0) + b * mse * b * mse / out->df2);
    double q_low = dn_f_quantile(upper, rows - 1.0, v), q_high = dn_f_quantile(upper, v, rows - 1.0);
    double spread = raters * msc + (raters * rows - raters - rows) * mse;
    out->agreement.low = rows * (msr - q_low * mse) / (q_low * spread + rows * msr);
    out->agreement.high = rows * (q_high * msr - mse) / (spread + rows * q_high * msr);
    out->agreement_average.low = average_of(out->agreement.low, raters);
    out->agreement_average.high = average_of(out->agreement.high, raters);
    return DN_OK;
}

/* ---- repeats ------------------------------------------------------------------------------------------------------------------- */

dn_status dn_within_subject_fit(const double *values, size_t n, size_t k, double level, dn_within_subject *out)
{
    double ss = 0.0, squares = 0.0, df = (double)n * ((double)k - 1.0), z = dn_normal_quantile(0.5 + 0.5 * level);
    if (n < 1 || k < 2) {
        DN_FAIL(DN_EDATA, "within-subject variation needs at least 2 repeats per subject; there are %zu", k);
    }
    for (size_t i = 0; i < n; ++i) {
        double mean = dn_mean(values + i * k, k), variance = dn_variance(values + i * k, k);
        if (!isfinite(variance)) {
            DN_FAIL(DN_EDATA, "case %zu has a value that is not a finite number", i + 1);
        }
        ss += variance * ((double)k - 1.0);
        squares += mean > 0.0 ? variance / (mean * mean) : NAN;
    }
    double sd = sqrt(ss / df), grand = dn_mean(values, n * k);
    *out = (dn_within_subject){.n = n, .k = k};
    out->sd = (dn_estimate){sd, sqrt(ss / dn_chi_squared_quantile(0.5 + 0.5 * level, df)),
                            sqrt(ss / dn_chi_squared_quantile(0.5 - 0.5 * level, df))};
    out->cv = 100.0 * sqrt(squares / (double)n);
    out->cv_of_mean = grand > 0.0 ? 100.0 * sd / grand : NAN;
    out->repeatability = (dn_estimate){z * sqrt(2.0) * sd, z * sqrt(2.0) * out->sd.low, z * sqrt(2.0) * out->sd.high};
    return DN_OK;
}
