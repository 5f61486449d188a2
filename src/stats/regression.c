/* Least squares by QR decomposition of centred and scaled columns. */
#include "stats/regression.h"

#include "base/memory.h"
#include "stats/distribution.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A predictor of which less than this share of its length is its own is a combination of the others. */
#define OWN_SHARE 1e-9

void dn_linear_model_release(dn_linear_model *model)
{
    if (model != NULL) {
        free(model->coefficients);
        free(model->covariance);
        free(model->fitted);
        free(model->residuals);
        *model = (dn_linear_model){0};
    }
}

typedef struct scaled {
    gsl_matrix *x;  /* n x k, centred, of length 1 */
    gsl_matrix *qr; /* its decomposition */
    gsl_vector *tau, *b, *residual, *step;
    double *mean, *length;
} scaled;

static void scaled_release(scaled *s)
{
    gsl_matrix_free(s->x);
    gsl_matrix_free(s->qr);
    gsl_vector_free(s->tau);
    gsl_vector_free(s->b);
    gsl_vector_free(s->residual);
    gsl_vector_free(s->step);
    free(s->mean);
    free(s->length);
}

static dn_status scaled_create(scaled *s, size_t n, size_t k)
{
    s->x = gsl_matrix_alloc(n, k);
    s->qr = gsl_matrix_alloc(n, k);
    s->tau = gsl_vector_alloc(k);
    s->b = gsl_vector_alloc(k);
    s->residual = gsl_vector_alloc(n);
    s->step = gsl_vector_alloc(k);
    if (s->x == NULL || s->qr == NULL || s->tau == NULL || s->b == NULL || s->residual == NULL || s->step == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory for a regression of %zu rows and %zu predictors", n, k);
    }
    DN_TRY(dn_alloc(&s->mean, k, sizeof *s->mean, "a regression"));
    return dn_alloc(&s->length, k, sizeof *s->length, "a regression");
}

static dn_status scale_columns(scaled *s, const double *const *predictors, const char *const *names, size_t k, size_t n)
{
    for (size_t j = 0; j < k; ++j) {
        const char *name = names != NULL && names[j] != NULL ? names[j] : "a predictor";
        double largest = 0.0;
        for (size_t i = 0; i < n; ++i) {
            if (!dn_usable(predictors[j][i])) {
                DN_FAIL(DN_EDATA, "value %zu of %s is not a number, or too large to compute with", i + 1, name);
            }
            largest = fmax(largest, fabs(predictors[j][i]));
        }
        s->mean[j] = dn_mean(predictors[j], n);
        s->length[j] = sqrt(dn_variance(predictors[j], n) * (double)(n - 1));
        if (!(s->length[j] > 1e-14 * largest)) {
            DN_FAIL(DN_EDATA, "all values of %s are equal; leave it out of the model", name);
        }
        for (size_t i = 0; i < n; ++i) {
            gsl_matrix_set(s->x, i, j, (predictors[j][i] - s->mean[j]) / s->length[j]);
        }
    }
    gsl_matrix_memcpy(s->qr, s->x);
    gsl_linalg_QR_decomp(s->qr, s->tau);
    for (size_t j = 0; j < k; ++j) {
        if (fabs(gsl_matrix_get(s->qr, j, j)) < OWN_SHARE) {
            DN_FAIL(DN_EDATA, "%s is a combination of the other predictors; leave it out of the model",
                    names != NULL && names[j] != NULL ? names[j] : "a predictor");
        }
    }
    return DN_OK;
}

/* b by QR and one step of refinement. */
static void solve(scaled *s, const double *y, double mean_y, size_t k, size_t n)
{
    gsl_vector_set_zero(s->b);
    for (int round = 0; round < 3; ++round) {
        for (size_t i = 0; i < n; ++i) {
            double r = y[i] - mean_y;
            for (size_t j = 0; j < k; ++j) {
                r -= gsl_matrix_get(s->x, i, j) * gsl_vector_get(s->b, j);
            }
            gsl_vector_set(s->residual, i, r);
        }
        gsl_linalg_QR_QTvec(s->qr, s->tau, s->residual);
        gsl_vector_const_view top = gsl_vector_const_subvector(s->residual, 0, k);
        gsl_matrix_const_view r = gsl_matrix_const_submatrix(s->qr, 0, 0, k, k);
        gsl_vector_memcpy(s->step, &top.vector);
        gsl_blas_dtrsv(CblasUpper, CblasNoTrans, CblasNonUnit, &r.matrix, s->step);
        gsl_vector_add(s->b, s->step);
    }
}

/* (R'R)^-1 sigma^2, taken back to the predictors' own units, with the intercept's row and column. */
static void fill_covariance(const scaled *s, size_t k, size_t n, double sigma, double *covariance)
{
    size_t m = k + 1;
    double variance = sigma * sigma;
    for (size_t c = 0; c < k; ++c) {
        /* Column c of the inverse: R'R v = e_c. */
        gsl_matrix_const_view r = gsl_matrix_const_submatrix(s->qr, 0, 0, k, k);
        gsl_vector_set_zero(s->step);
        gsl_vector_set(s->step, c, 1.0);
        gsl_blas_dtrsv(CblasUpper, CblasTrans, CblasNonUnit, &r.matrix, s->step);
        gsl_blas_dtrsv(CblasUpper, CblasNoTrans, CblasNonUnit, &r.matrix, s->step);
        for (size_t i = 0; i < k; ++i) {
            covariance[(i + 1) * m + c + 1] = variance * gsl_vector_get(s->step, i) / (s->length[i] * s->length[c]);
        }
    }
    double at_zero = variance / (double)n;
    for (size_t i = 0; i < k; ++i) {
        double sum = 0.0;
        for (size_t j = 0; j < k; ++j) {
            sum += s->mean[j] * covariance[(i + 1) * m + j + 1];
        }
        covariance[i + 1] = covariance[(i + 1) * m] = -sum;
        at_zero += s->mean[i] * sum;
    }
    covariance[0] = at_zero;
}

/* Coefficients of the predictors as they were given, fitted values, residuals and their sum of squares. */
static void fill_fit(const scaled *s, const double *y, double mean, dn_linear_model *out)
{
    out->coefficients[0] = mean;
    for (size_t j = 0; j < out->k; ++j) {
        out->coefficients[j + 1] = gsl_vector_get(s->b, j) / s->length[j];
        out->coefficients[0] -= out->coefficients[j + 1] * s->mean[j];
    }
    for (size_t i = 0; i < out->n; ++i) {
        double above = 0.0;
        for (size_t j = 0; j < out->k; ++j) {
            above += gsl_matrix_get(s->x, i, j) * gsl_vector_get(s->b, j);
        }
        out->fitted[i] = mean + above;
        out->residuals[i] = y[i] - mean - above;
        out->rss += out->residuals[i] * out->residuals[i];
    }
}

/* What follows from the sums of squares. */
static void fill_summary(const scaled *s, dn_linear_model *out)
{
    const size_t n = out->n, k = out->k;
    out->df = (double)(n - k - 1);
    out->sigma = sqrt(out->rss / out->df);
    if (out->tss > 0.0) {
        out->r_squared = 1.0 - out->rss / out->tss;
        out->adjusted_r_squared = 1.0 - out->rss / out->df / (out->tss / (double)(n - 1));
    } else {
        out->r_squared = out->adjusted_r_squared = NAN;
    }
    if (k > 0) {
        fill_covariance(s, k, n, out->sigma, out->covariance);
        if (out->rss > 0.0) {
            out->f = (out->tss - out->rss) / (double)k / (out->rss / out->df);
            out->f_p = dn_f_upper(out->f, (double)k, out->df);
        }
    } else {
        out->covariance[0] = out->sigma * out->sigma / (double)n;
    }
}

dn_status dn_linear_fit(const double *y, const double *const *predictors, const char *const *names, size_t k, size_t n,
                        dn_linear_model *out)
{
    dn_status status = DN_OK;
    scaled s = {0};
    *out = (dn_linear_model){.n = n, .k = k, .f = NAN, .f_p = NAN};
    dn_gsl_quiet();
    if (n < k + 2) {
        DN_FAIL(DN_EDATA, "a model with %zu predictor%s needs at least %zu rows; there are %zu", k, k == 1 ? "" : "s", k + 2, n);
    }
    for (size_t i = 0; i < n; ++i) {
        if (!dn_usable(y[i])) {
            DN_FAIL(DN_EDATA, "value %zu of the response is not a number, or too large to compute with", i + 1);
        }
    }
    DN_TRY_GOTO(status, dn_alloc(&out->coefficients, k + 1, sizeof(double), "a regression"), done);
    DN_TRY_GOTO(status, dn_alloc(&out->covariance, (k + 1) * (k + 1), sizeof(double), "a regression"), done);
    DN_TRY_GOTO(status, dn_alloc(&out->fitted, n, sizeof(double), "a regression"), done);
    DN_TRY_GOTO(status, dn_alloc(&out->residuals, n, sizeof(double), "a regression"), done);
    double mean = dn_mean(y, n);
    if (k > 0) {
        DN_TRY_GOTO(status, scaled_create(&s, n, k), done);
        DN_TRY_GOTO(status, scale_columns(&s, predictors, names, k, n), done);
        solve(&s, y, mean, k, n);
    }
    fill_fit(&s, y, mean, out);
    out->tss = dn_variance(y, n) * (double)(n - 1);
    fill_summary(&s, out);
done:
    scaled_release(&s);
    return status;
}

dn_result dn_linear_coefficient(const dn_linear_model *model, size_t i, const char *name, double level)
{
    dn_result result = dn_result_empty();
    double se = sqrt(model->covariance[i * (model->k + 1) + i]);
    result.method = "linear regression";
    result.estimate_name = name;
    result.estimate = model->coefficients[i];
    result.n = model->n;
    result.level = level;
    if (se > 0.0) {
        double reach = dn_t_quantile(0.5 + 0.5 * level, model->df) * se;
        result.statistic_name = "t";
        result.statistic = result.estimate / se;
        result.df1 = model->df;
        result.p = dn_t_two_sided(result.statistic, model->df);
        result.low = result.estimate - reach;
        result.high = result.estimate + reach;
    }
    return result;
}

void dn_linear_predict(const dn_linear_model *model, const double *x, double level, int prediction, double *value, double *low,
                       double *high)
{
    size_t m = model->k + 1;
    double variance = prediction ? model->sigma * model->sigma : 0.0;
    *value = 0.0;
    for (size_t i = 0; i < m; ++i) {
        double xi = i == 0 ? 1.0 : x[i - 1];
        *value += xi * model->coefficients[i];
        for (size_t j = 0; j < m; ++j) {
            variance += xi * (j == 0 ? 1.0 : x[j - 1]) * model->covariance[i * m + j];
        }
    }
    double reach = dn_t_quantile(0.5 + 0.5 * level, model->df) * sqrt(variance > 0.0 ? variance : 0.0);
    *low = *value - reach;
    *high = *value + reach;
}
