/* Least squares with an intercept, and the analysis of covariance on top of it.
 *
 * Columns are centred and scaled before the QR decomposition, so that NIST's Longley data come out to ten digits. */
#ifndef DN_STATS_REGRESSION_H
#define DN_STATS_REGRESSION_H

#include "stats/descriptive.h"
#include "stats/result.h"

typedef struct dn_linear_model {
    size_t n, k;                /* rows; predictors without the intercept */
    double *coefficients;       /* k + 1, the intercept first */
    double *covariance;         /* (k + 1) x (k + 1), of the coefficients */
    double *fitted, *residuals; /* n */
    double rss, tss;            /* residual and total (about the mean) sums of squares */
    double df;                  /* n - k - 1 */
    double sigma;               /* residual standard deviation */
    double r_squared, adjusted_r_squared;
    double f, f_p; /* of the whole model; NaN when k = 0 */
} dn_linear_model;

/* predictors[j][i]: column j, row i. names (k of them) are for messages. Release with dn_linear_model_release, also after a failure.
 * DN_EDATA: n <= k + 1, or a predictor that is constant or a combination of others (named). */
DN_CHECKED dn_status dn_linear_fit(const double *y, const double *const *predictors, const char *const *names, size_t k, size_t n,
                                   dn_linear_model *out);
void dn_linear_model_release(dn_linear_model *model);
/* Coefficient i as a result: estimate with interval, t, df, p. */
dn_result dn_linear_coefficient(const dn_linear_model *model, size_t i, const char *name, double level);
/* Mean response at the k predictor values x with its interval; prediction != 0: of a new observation. */
void dn_linear_predict(const dn_linear_model *model, const double *x, double level, int prediction, double *value, double *low,
                       double *high);

/* One covariate of an ANCOVA: numbers. Categories (sex) are coded by the caller, 0 and 1. */
typedef struct dn_covariate {
    const char *name;
    const double *values;
} dn_covariate;

typedef struct dn_ancova {
    size_t groups, covariates, n;
    dn_result group;      /* F of the groups given the covariates; effect: partial eta squared */
    dn_result *covariate; /* covariates: F of each given all else */
    dn_result slopes;     /* F of all group x covariate products together: equal slopes? statistic NaN when there are too few rows */
    double *adjusted_mean, *adjusted_low, *adjusted_high, *adjusted_se; /* groups: at the covariates' means */
    dn_result *pairs;      /* adjusted differences of all pairs: t, p; effect: difference over the residual SD */
    dn_linear_model model; /* groups - 1 dummies against group 0, then the covariates */
} dn_ancova;

/* y[i] in group[i] (0..groups-1; every group has a value). Sums of squares are of type II, which equals type III here as the model has no
 * products. Release with dn_ancova_release, also after a failure. */
DN_CHECKED dn_status dn_ancova_fit(const double *y, const size_t *group, const char *const *group_names, size_t groups,
                                   const dn_covariate *covariates, size_t k, size_t n, double level, dn_ancova *out);
void dn_ancova_release(dn_ancova *ancova);

#endif
