/* Analysis of covariance: comparisons of nested linear models. */
#include "base/memory.h"
#include "stats/anova.h"
#include "stats/distribution.h"
#include "stats/regression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void dn_ancova_release(dn_ancova *ancova)
{
    if (ancova != NULL) {
        free(ancova->covariate);
        free(ancova->adjusted_mean);
        free(ancova->adjusted_low);
        free(ancova->adjusted_high);
        free(ancova->adjusted_se);
        free(ancova->pairs);
        dn_linear_model_release(&ancova->model);
        *ancova = (dn_ancova){0};
    }
}

/* F of what the full model explains beyond the smaller one. */
static dn_result compare_models(const dn_linear_model *full, double smaller_rss, double df1, const char *method, double level)
{
    dn_result result = dn_result_empty();
    double gained = smaller_rss > full->rss ? smaller_rss - full->rss : 0.0;
    double total = df1 + full->df + 1.0;
    result.method = method;
    result.statistic_name = "F";
    result.statistic = gained / df1 / (full->rss / full->df);
    result.df1 = df1;
    result.df2 = full->df;
    result.p = dn_f_upper(result.statistic, df1, full->df);
    result.n = full->n;
    result.level = level;
    result.effect_name = "partial eta squared";
    result.effect = gained / (gained + full->rss);
    double low = dn_noncentral_f_ncp(result.statistic, df1, full->df, 0.5 + 0.5 * level);
    double high = dn_noncentral_f_ncp(result.statistic, df1, full->df, 0.5 - 0.5 * level);
    result.effect_low = low / (low + total);
    result.effect_high = high / (high + total);
    return result;
}

typedef struct design {
    const double **columns; /* groups - 1 dummies, k covariates, (groups - 1) k products */
    const char **names;
    double *made; /* dummies and products */
} design;

static dn_status design_create(design *d, const size_t *group, const char *const *group_names, size_t groups,
                               const dn_covariate *covariates, size_t k, size_t n)
{
    size_t dummies = groups - 1;
    size_t all = dummies + k + dummies * k;
    DN_TRY(dn_alloc(&d->columns, all, sizeof *d->columns, "an analysis of covariance"));
    DN_TRY(dn_alloc(&d->names, all, sizeof *d->names, "an analysis of covariance"));
    DN_TRY(dn_alloc(&d->made, (dummies + dummies * k) * n, sizeof *d->made, "an analysis of covariance"));
    for (size_t g = 0; g < dummies; ++g) {
        d->columns[g] = d->made + g * n;
        d->names[g] = group_names[g + 1];
        for (size_t i = 0; i < n; ++i) {
            d->made[g * n + i] = group[i] == g + 1 ? 1.0 : 0.0;
        }
    }
    for (size_t j = 0; j < k; ++j) {
        d->columns[dummies + j] = covariates[j].values;
        d->names[dummies + j] = covariates[j].name;
    }
    for (size_t g = 0; g < dummies; ++g) {
        for (size_t j = 0; j < k; ++j) {
            size_t at = dummies + g * k + j;
            double middle = dn_mean(covariates[j].values, n);
            d->columns[dummies + k + g * k + j] = d->made + at * n;
            d->names[dummies + k + g * k + j] = covariates[j].name;
            for (size_t i = 0; i < n; ++i) {
                d->made[at * n + i] = group[i] == g + 1 ? covariates[j].values[i] - middle : 0.0;
            }
        }
    }
    return DN_OK;
}

static void design_release(design *d)
{
    free(d->columns);
    free(d->names);
    free(d->made);
}

/* RSS of the model without columns first..first+count-1 of the first `all`. */
static dn_status rss_without(const double *y, const design *d, size_t all, size_t first, size_t count, size_t n, double *rss)
{
    dn_status status = DN_OK;
    dn_linear_model smaller = {0};
    const double **columns = NULL;
    size_t kept = 0;
    DN_TRY(dn_alloc(&columns, all, sizeof *columns, "an analysis of covariance"));
    for (size_t j = 0; j < all; ++j) {
        if (j < first || j >= first + count) {
            columns[kept++] = d->columns[j];
        }
    }
    status = dn_linear_fit(y, columns, NULL, kept, n, &smaller);
    *rss = smaller.rss;
    dn_linear_model_release(&smaller);
    free(columns);
    return status;
}

static double contrast_variance(const dn_linear_model *model, const double *x)
{
    size_t m = model->k + 1;
    double variance = 0.0;
    for (size_t i = 0; i < m; ++i) {
        for (size_t j = 0; j < m; ++j) {
            variance += x[i] * x[j] * model->covariance[i * m + j];
        }
    }
    return variance;
}

static dn_status adjusted_means(dn_ancova *out, const dn_covariate *covariates, double level)
{
    double *x = NULL;
    size_t dummies = out->groups - 1;
    size_t m = out->model.k + 1;
    size_t pair = 0;
    double critical = dn_t_quantile(0.5 + 0.5 * level, out->model.df);
    DN_TRY(dn_alloc(&x, m, sizeof *x, "adjusted means"));
    for (size_t g = 0; g < out->groups; ++g) {
        memset(x, 0, m * sizeof *x);
        x[0] = 1.0;
        if (g > 0) {
            x[g] = 1.0;
        }
        for (size_t j = 0; j < out->covariates; ++j) {
            x[1 + dummies + j] = dn_mean(covariates[j].values, out->n);
        }
        out->adjusted_mean[g] = 0.0;
        for (size_t i = 0; i < m; ++i) {
            out->adjusted_mean[g] += x[i] * out->model.coefficients[i];
        }
        out->adjusted_se[g] = sqrt(contrast_variance(&out->model, x));
        out->adjusted_low[g] = out->adjusted_mean[g] - critical * out->adjusted_se[g];
        out->adjusted_high[g] = out->adjusted_mean[g] + critical * out->adjusted_se[g];
    }
    for (size_t g = 0; g < out->groups; ++g) {
        for (size_t h = g + 1; h < out->groups; ++h) {
            dn_result *result = &out->pairs[pair++];
            memset(x, 0, m * sizeof *x);
            x[h] = -1.0;
            if (g > 0) {
                x[g] = 1.0;
            }
            double se = sqrt(contrast_variance(&out->model, x));
            *result = dn_result_empty();
            result->method = "difference of adjusted means";
            result->estimate_name = "difference of adjusted means";
            result->estimate = (g > 0 ? out->model.coefficients[g] : 0.0) - out->model.coefficients[h];
            result->statistic_name = "t";
            result->statistic = result->estimate / se;
            result->df1 = out->model.df;
            result->p = dn_t_two_sided(result->statistic, out->model.df);
            result->low = result->estimate - critical * se;
            result->high = result->estimate + critical * se;
            result->level = level;
            result->n = out->n;
            result->groups = 2;
            result->effect_name = "adjusted Cohen's d";
            result->effect = result->estimate / out->model.sigma;
            double scale = se / out->model.sigma;
            result->effect_low = scale * dn_noncentral_t_ncp(result->statistic, out->model.df, 0.5 + 0.5 * level);
            result->effect_high = scale * dn_noncentral_t_ncp(result->statistic, out->model.df, 0.5 - 0.5 * level);
        }
    }
    free(x);
    return DN_OK;
}

dn_status dn_ancova_fit(const double *y, const size_t *group, const char *const *group_names, size_t groups, const dn_covariate *covariates,
                        size_t k, size_t n, double level, dn_ancova *out)
{
    dn_status status = DN_OK;
    design d = {0};
    dn_linear_model products = {0};
    double rss;
    *out = (dn_ancova){.groups = groups, .covariates = k, .n = n};
    if (groups < 2) {
        DN_FAIL(DN_EDATA, "an analysis of covariance needs at least 2 groups, there %s %zu", groups == 1 ? "is" : "are", groups);
    }
    size_t dummies = groups - 1;
    DN_TRY_GOTO(status, dn_alloc(&out->covariate, k, sizeof *out->covariate, "an analysis of covariance"), done);
    DN_TRY_GOTO(status, dn_alloc(&out->adjusted_mean, groups, sizeof(double), "adjusted means"), done);
    DN_TRY_GOTO(status, dn_alloc(&out->adjusted_low, groups, sizeof(double), "adjusted means"), done);
    DN_TRY_GOTO(status, dn_alloc(&out->adjusted_high, groups, sizeof(double), "adjusted means"), done);
    DN_TRY_GOTO(status, dn_alloc(&out->adjusted_se, groups, sizeof(double), "adjusted means"), done);
    DN_TRY_GOTO(status, dn_alloc(&out->pairs, dn_pair_count(groups), sizeof *out->pairs, "adjusted means"), done);
    DN_TRY_GOTO(status, design_create(&d, group, group_names, groups, covariates, k, n), done);
    DN_TRY_GOTO(status, dn_linear_fit(y, d.columns, d.names, dummies + k, n, &out->model), done);
    if (!(out->model.rss > 1e-24 * out->model.tss)) {
        DN_FAIL_GOTO(status, done, DN_EDATA,
                     "groups and covariates explain every value exactly; an analysis of covariance is not possible");
    }
    DN_TRY_GOTO(status, rss_without(y, &d, dummies + k, 0, dummies, n, &rss), done);
    out->group = compare_models(&out->model, rss, (double)dummies, "analysis of covariance (type II sums of squares)", level);
    out->group.groups = groups;
    for (size_t j = 0; j < k; ++j) {
        DN_TRY_GOTO(status, rss_without(y, &d, dummies + k, dummies + j, 1, n, &rss), done);
        out->covariate[j] =
            compare_models(&out->model, rss, 1.0, "covariate in the analysis of covariance (type II sums of squares)", level);
    }
    DN_TRY_GOTO(status, adjusted_means(out, covariates, level), done);
    out->slopes = dn_result_empty();
    out->slopes.method = "equal slopes (group x covariates)";
    if (k > 0 && n >= dummies + k + dummies * k + 2) {
        bool possible;
        status = dn_error_excuse(dn_linear_fit(y, d.columns, d.names, dummies + k + dummies * k, n, &products), DN_EDATA, &possible);
        if (possible && products.rss > 1e-24 * products.tss) {
            out->slopes = compare_models(&products, out->model.rss, (double)(dummies * k), "equal slopes (group x covariates)", level);
        }
    }
done:
    dn_linear_model_release(&products);
    design_release(&d);
    return status;
}
