/* Fits the surface of a norm (Opfer et al. 2022) and compares a person with it (Crawford and Garthwaite 2006). */
#include "stats/normative.h"

#include "base/memory.h"
#include "stats/descriptive.h"
#include "stats/distribution.h"
#include "stats/robust.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the surface --------------------------------------------------------------------------------------------------------------- */

/* u^2, v^2, u v, u, v, 1, male of scaled ICV u and age v. */
static void terms_of(const dn_norm_model *model, double icv, double age, dn_sex sex, double row[DN_NORM_TERMS])
{
    double u = (icv - model->centre_icv) / model->scale_icv, v = (age - model->centre_age) / model->scale_age;
    row[0] = u * u;
    row[1] = v * v;
    row[2] = u * v;
    row[3] = u;
    row[4] = v;
    row[5] = 1.0;
    row[6] = sex == DN_SEX_MALE ? 1.0 : 0.0;
}

static double surface(const double *beta, const double row[DN_NORM_TERMS], size_t terms)
{
    double sum = 0.0;
    for (size_t j = 0; j < terms; ++j) {
        sum += beta[j] * row[j];
    }
    return sum;
}

static double leverage_of(const dn_norm_model *model, const double row[DN_NORM_TERMS])
{
    double sum = 0.0;
    for (size_t a = 0; a < model->terms; ++a) {
        for (size_t b = 0; b < model->terms; ++b) {
            sum += row[a] * model->inverse[a * model->terms + b] * row[b];
        }
    }
    return fmax(sum, 0.0);
}

void dn_norm_coefficients(const dn_norm_model *model, double out[DN_NORM_TERMS])
{
    const double *beta = model->beta;
    double mi = model->centre_icv, si = model->scale_icv, ma = model->centre_age, sa = model->scale_age;
    double a = beta[0] / (si * si), b = beta[1] / (sa * sa), c = beta[2] / (si * sa), d = beta[3] / si, e = beta[4] / sa;
    out[0] = a;
    out[1] = b;
    out[2] = c;
    out[3] = d - 2.0 * a * mi - c * ma;
    out[4] = e - 2.0 * b * ma - c * mi;
    out[5] = beta[5] + a * mi * mi + b * ma * ma + c * mi * ma - d * mi - e * ma;
    out[6] = model->terms == DN_NORM_TERMS ? beta[6] : 0.0;
}

/* ---- fit ----------------------------------------------------------------------------------------------------------------------- */

void dn_norm_model_release(dn_norm_model *model)
{
    free(model->structure);
    free(model->unit);
    free(model->source);
    free(model->networks);
    for (int c = 0; c < (int)DN_NORM_COLUMNS; ++c) {
        free(model->columns[c]);
    }
    for (size_t i = 0; i < model->n_scanners; ++i) {
        free(model->scanners[i]);
    }
    free(model->scanners);
    free(model->quantile);
    free(model->quantile_beta);
    *model = (dn_norm_model){0};
}

static const char *name_of(const dn_norm_person *person, size_t i, char text[32])
{
    snprintf(text, 32, "person %zu", i + 1);
    return person->name != NULL ? person->name : text;
}

static dn_status check_persons(const dn_norm_person *persons, size_t n, const dn_norm_options *options)
{
    char text[32];
    size_t needed = 2 * (options->with_sex ? DN_NORM_TERMS : DN_NORM_TERMS - 1);
    for (size_t i = 0; i < n; ++i) {
        if (!isfinite(persons[i].value) || !isfinite(persons[i].age) || !isfinite(persons[i].icv)) {
            DN_FAIL(DN_EDATA, "%s has a volume, head size or age that is not a finite number; leave such rows out",
                    name_of(&persons[i], i, text));
        }
        if (!(persons[i].icv > 0.0)) {
            DN_FAIL(DN_EDATA, "%s has a head size of %g; it must be above 0", name_of(&persons[i], i, text), persons[i].icv);
        }
        if (options->with_sex && persons[i].sex == DN_SEX_UNKNOWN) {
            DN_FAIL(DN_EDATA, "the sex of %s is not known, but the norm has a term for sex", name_of(&persons[i], i, text));
        }
    }
    if (n < needed) {
        DN_FAIL(DN_EDATA, "a norm needs at least %zu people; there are %zu", needed, n);
    }
    return DN_OK;
}

/* Centre and SD of one predictor over everyone. */
static dn_status scale_of(const dn_norm_person *persons, size_t n, bool age, double *centre, double *scale)
{
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < n; ++i) {
        sum += age ? persons[i].age : persons[i].icv;
    }
    *centre = sum / (double)n;
    for (size_t i = 0; i < n; ++i) {
        double difference = (age ? persons[i].age : persons[i].icv) - *centre;
        squares += difference * difference;
    }
    *scale = sqrt(squares / ((double)n - 1.0));
    if (!(*scale > 1e-9 * fabs(*centre))) {
        DN_FAIL(DN_EDATA, "all people of the norm have the same %s; a surface over age and head size cannot be fitted",
                age ? "age" : "head size");
    }
    return DN_OK;
}

static dn_status describe_cohort(const dn_norm_person *persons, size_t n, const unsigned char *outlier, dn_norm_model *out)
{
    out->age_low = out->icv_low = out->value_low = INFINITY;
    out->age_high = out->icv_high = out->value_high = -INFINITY;
    DN_TRY(dn_alloc(&out->scanners, n, sizeof *out->scanners, "the norm's scanners"));
    for (size_t i = 0; i < n; ++i) {
        if (outlier[i]) {
            continue;
        }
        out->age_low = fmin(out->age_low, persons[i].age);
        out->age_high = fmax(out->age_high, persons[i].age);
        out->icv_low = fmin(out->icv_low, persons[i].icv);
        out->icv_high = fmax(out->icv_high, persons[i].icv);
        out->value_low = fmin(out->value_low, persons[i].value);
        out->value_high = fmax(out->value_high, persons[i].value);
        out->females += persons[i].sex == DN_SEX_FEMALE;
        out->males += persons[i].sex == DN_SEX_MALE;
        out->unknown += persons[i].sex == DN_SEX_UNKNOWN;
        bool known = persons[i].scanner == NULL;
        for (size_t s = 0; s < out->n_scanners && !known; ++s) {
            known = strcmp(out->scanners[s], persons[i].scanner) == 0;
        }
        if (!known) {
            DN_TRY(dn_strdup(persons[i].scanner, &out->scanners[out->n_scanners]));
            ++out->n_scanners;
        }
    }
    return DN_OK;
}

/* Rows of the persons that are not outliers: their design and volumes. Returns how many. */
static size_t rows_of(const dn_norm_model *model, const dn_norm_person *persons, size_t n, const unsigned char *outlier, double *x,
                      double *y)
{
    size_t count = 0;
    for (size_t i = 0; i < n; ++i) {
        if (!outlier[i]) {
            double row[DN_NORM_TERMS];
            terms_of(model, persons[i].icv, persons[i].age, persons[i].sex, row);
            memcpy(x + count * model->terms, row, model->terms * sizeof *row);
            y[count++] = persons[i].value;
        }
    }
    return count;
}

static double residual_of(const dn_norm_model *model, const dn_norm_person *person, const double *beta)
{
    double row[DN_NORM_TERMS];
    terms_of(model, person->icv, person->age, person->sex, row);
    return person->value - surface(beta, row, model->terms);
}

static dn_status fit_quantiles(const double *x, const double *y, size_t n, dn_norm_model *out)
{
    const double tail = 0.5 - 0.5 * out->level;
    const double wanted[] = {tail, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0 - tail};
    enum { COUNT = sizeof wanted / sizeof *wanted };
    DN_TRY(dn_alloc(&out->quantile, COUNT, sizeof(double), "the centiles"));
    DN_TRY(dn_alloc(&out->quantile_beta, (size_t)COUNT * DN_NORM_TERMS, sizeof(double), "the centiles"));
    double sorted[COUNT];
    memcpy(sorted, wanted, sizeof sorted);
    dn_sort(sorted, COUNT);
    for (size_t i = 0; i < COUNT; ++i) {
        if (i > 0 && sorted[i] - sorted[i - 1] < 1e-9) {
            continue;
        }
        DN_TRY(dn_quantile_fit(x, y, n, out->terms, sorted[i], out->quantile_beta + out->n_quantiles * DN_NORM_TERMS, NULL));
        if (fabs(sorted[i] - 0.5) < 1e-12) {
            memcpy(out->beta, out->quantile_beta + out->n_quantiles * DN_NORM_TERMS, sizeof out->beta);
        }
        out->quantile[out->n_quantiles++] = sorted[i];
    }
    return DN_OK;
}

/* Spread of the final fit. residuals: of the count persons in it. */
static void measure(const double *x, const double *y, double *residuals, size_t count, double robust_scale, dn_norm_model *out)
{
    double rss = 0.0, mean = dn_mean(y, count), tss = 0.0;
    for (size_t i = 0; i < count; ++i) {
        double row[DN_NORM_TERMS] = {0.0};
        memcpy(row, x + i * out->terms, out->terms * sizeof *row);
        residuals[i] = y[i] - surface(out->beta, row, out->terms);
        rss += residuals[i] * residuals[i];
        tss += (y[i] - mean) * (y[i] - mean);
        out->max_leverage = fmax(out->max_leverage, leverage_of(out, row));
    }
    out->sigma = out->df = out->r_squared = out->sd = NAN;
    if (out->method == DN_NORM_LEAST_SQUARES) {
        out->df = (double)(count - out->terms);
        out->sigma = sqrt(rss / out->df);
        out->sd = dn_sd(residuals, count);
    } else if (out->method != DN_NORM_QUANTILE) {
        out->sd = robust_scale;
    }
    if (out->method != DN_NORM_QUANTILE && tss > 0.0) {
        out->r_squared = 1.0 - rss / tss;
    }
}

static dn_status copy_texts(const dn_norm_options *options, dn_norm_model *out)
{
    DN_TRY(dn_strdup(options->structure != NULL ? options->structure : "volume", &out->structure));
    DN_TRY(dn_strdup(options->unit != NULL ? options->unit : "", &out->unit));
    for (int c = 0; c < (int)DN_NORM_COLUMNS; ++c) {
        if (options->columns[c] != NULL) {
            DN_TRY(dn_strdup(options->columns[c], &out->columns[c]));
        }
    }
    return dn_strdup(options->source != NULL ? options->source : "", &out->source);
}

/* The model's settings, and centre and scale of age and head size. */
static dn_status begin_model(const dn_norm_person *persons, size_t n, const dn_norm_options *options, dn_norm_model *out)
{
    *out = (dn_norm_model){.method = options->method, .with_sex = options->with_sex, .simulated = options->simulated};
    out->two_step = options->two_step && options->method == DN_NORM_LEAST_SQUARES;
    out->level = options->level > 0.0 ? options->level : 0.95;
    out->scanner_sd = options->scanner_sd;
    out->terms = options->with_sex ? DN_NORM_TERMS : DN_NORM_TERMS - 1;
    out->n_given = n;
    if (!(out->level < 1.0)) {
        DN_FAIL(DN_EUSAGE, "the level of an interval must be between 0 and 1; %g is not", out->level);
    }
    if (out->scanner_sd < 0.0) {
        DN_FAIL(DN_EDATA, "the SD between scanners cannot be negative (%g)", out->scanner_sd);
    }
    DN_TRY(check_persons(persons, n, options));
    DN_TRY(copy_texts(options, out));
    DN_TRY(scale_of(persons, n, false, &out->centre_icv, &out->scale_icv));
    return scale_of(persons, n, true, &out->centre_age, &out->scale_age);
}

static dn_status fit_surface(const double *x, const double *y, size_t count, size_t n, dn_norm_model *out)
{
    const dn_status status = dn_least_squares(x, y, NULL, count, out->terms, out->beta, out->inverse);
    if (status != DN_EDATA) {
        return status;
    }
    DN_FAIL(DN_EDATA, "a quadratic surface cannot be fitted to these %zu people: there are too few different ages and head sizes", n);
}

/* Least squares again without the outliers of the first fit. residuals: room for n; x, y and *count become those of who is left. */
static dn_status fit_again(const dn_norm_person *persons, size_t n, double *residuals, unsigned char *left_out, double *x, double *y,
                           size_t *count, dn_norm_model *out)
{
    double low = 0.0, high = 0.0;
    for (size_t i = 0; i < n; ++i) {
        residuals[i] = residual_of(out, &persons[i], out->beta);
    }
    DN_TRY(dn_iqr_outliers(residuals, n, DN_TUKEY_FACTOR, left_out, &out->n_outliers, &low, &high));
    *count = rows_of(out, persons, n, left_out, x, y);
    if (*count <= out->terms) {
        DN_FAIL(DN_EDATA, "%zu of %zu people are outliers of the first fit; too few are left for the second", out->n_outliers, n);
    }
    return fit_surface(x, y, *count, n, out);
}

dn_status dn_norm_fit(const dn_norm_person *persons, size_t n, const dn_norm_options *options, dn_norm_model *out, unsigned char *outlier,
                      double *residual)
{
    dn_status status = DN_OK;
    double *x = NULL, *y = NULL, *residuals = NULL, scale = NAN;
    unsigned char *left_out = NULL;
    DN_TRY(begin_model(persons, n, options, out));
    DN_TRY_GOTO(status, dn_alloc(&x, n * out->terms, sizeof *x, "the norm"), done);
    DN_TRY_GOTO(status, dn_alloc(&y, n, sizeof *y, "the norm"), done);
    DN_TRY_GOTO(status, dn_alloc(&residuals, n, sizeof *residuals, "the norm"), done);
    DN_TRY_GOTO(status, dn_alloc(&left_out, n, 1, "the norm"), done);
    size_t count = rows_of(out, persons, n, left_out, x, y);
    DN_TRY_GOTO(status, fit_surface(x, y, count, n, out), done);
    if (out->two_step) {
        DN_TRY_GOTO(status, fit_again(persons, n, residuals, left_out, x, y, &count, out), done);
    } else if (out->method == DN_NORM_HUBER || out->method == DN_NORM_BISQUARE) {
        dn_psi psi = out->method == DN_NORM_HUBER ? DN_PSI_HUBER : DN_PSI_BISQUARE;
        DN_TRY_GOTO(status, dn_robust_fit(x, y, count, out->terms, psi, 0.0, out->beta, &scale, NULL), done);
    } else if (out->method == DN_NORM_QUANTILE) {
        DN_TRY_GOTO(status, fit_quantiles(x, y, count, out), done);
    }
    out->n = count;
    measure(x, y, residuals, count, scale, out);
    if (out->method != DN_NORM_QUANTILE && !(out->sd > 1e-12 * fabs(dn_mean(y, count)))) {
        DN_FAIL_GOTO(status, done, DN_EDATA,
                     "all people lie exactly on the surface (SD %g); were these volumes computed from age and head size?", out->sd);
    }
    DN_TRY_GOTO(status, describe_cohort(persons, n, left_out, out), done);
    for (size_t i = 0; i < n; ++i) {
        if (residual != NULL) {
            residual[i] = residual_of(out, &persons[i], out->beta);
        }
        if (outlier != NULL) {
            outlier[i] = left_out[i];
        }
    }
done:
    free(x);
    free(y);
    free(residuals);
    free(left_out);
    return status;
}

/* ---- use ----------------------------------------------------------------------------------------------------------------------- */

/* Volumes of the quantile surfaces at row, ascending: surfaces that cross are put in order (Chernozhukov, Fernandez-Val and Galichon 2010).
 */
static void quantile_values(const dn_norm_model *model, const double row[DN_NORM_TERMS], double *values)
{
    for (size_t q = 0; q < model->n_quantiles; ++q) {
        values[q] = surface(model->quantile_beta + q * DN_NORM_TERMS, row, model->terms);
    }
    dn_sort(values, model->n_quantiles);
}

/* y at x on the broken line through (xs, ys), flat outside. */
static double interpolate(const double *xs, const double *ys, size_t n, double x)
{
    if (!(x > xs[0])) {
        return ys[0];
    }
    for (size_t i = 1; i < n; ++i) {
        if (x <= xs[i]) {
            double part = xs[i] > xs[i - 1] ? (x - xs[i - 1]) / (xs[i] - xs[i - 1]) : 1.0;
            return ys[i - 1] + part * (ys[i] - ys[i - 1]);
        }
    }
    return ys[n - 1];
}

enum { MOST_QUANTILES = 64 };

double dn_norm_centile(const dn_norm_model *model, double icv, double age, dn_sex sex, double fraction)
{
    double row[DN_NORM_TERMS], values[MOST_QUANTILES];
    terms_of(model, icv, age, sex, row);
    if (model->method == DN_NORM_QUANTILE) {
        quantile_values(model, row, values);
        return interpolate(model->quantile, values, model->n_quantiles, fraction);
    }
    double expected = surface(model->beta, row, model->terms);
    if (model->method == DN_NORM_LEAST_SQUARES) {
        return expected + dn_t_quantile(fraction, model->df) * model->sigma * sqrt(1.0 + leverage_of(model, row));
    }
    return expected + dn_normal_quantile(fraction) * model->sd;
}

static unsigned outside_of(const dn_norm_model *model, const dn_norm_person *person, double leverage)
{
    unsigned outside = 0;
    bool scanner_known = person->scanner == NULL || model->n_scanners == 0;
    for (size_t s = 0; s < model->n_scanners && !scanner_known; ++s) {
        scanner_known = strcmp(model->scanners[s], person->scanner) == 0;
    }
    outside |= person->age < model->age_low || person->age > model->age_high ? DN_NORM_OUTSIDE_AGE : 0u;
    outside |= person->icv < model->icv_low || person->icv > model->icv_high ? DN_NORM_OUTSIDE_ICV : 0u;
    outside |= leverage > model->max_leverage * (1.0 + 1e-9) ? DN_NORM_OUTSIDE_COMBINATION : 0u;
    outside |= (person->sex == DN_SEX_FEMALE && model->females == 0 && model->males > 0) ||
                       (person->sex == DN_SEX_MALE && model->males == 0 && model->females > 0)
                   ? DN_NORM_OUTSIDE_SEX
                   : 0u;
    outside |= scanner_known ? 0u : DN_NORM_OUTSIDE_SCANNER;
    return outside;
}

dn_status dn_norm_apply(const dn_norm_model *model, const dn_norm_person *person, double scanner_sd, dn_norm_verdict *out)
{
    char text[32];
    double row[DN_NORM_TERMS], z = dn_normal_quantile(0.5 + 0.5 * model->level);
    if (!isfinite(person->value) || !isfinite(person->icv) || !isfinite(person->age) || !(person->icv > 0.0)) {
        DN_FAIL(DN_EDATA, "%s needs a volume, a head size above 0 and an age", name_of(person, 0, text));
    }
    if (model->with_sex && person->sex == DN_SEX_UNKNOWN) {
        DN_FAIL(DN_EDATA, "the norm depends on sex, and the sex of %s is not known", name_of(person, 0, text));
    }
    if (isnan(scanner_sd)) {
        scanner_sd = model->scanner_sd;
    }
    *out = (dn_norm_verdict){.t = NAN, .p = NAN};
    terms_of(model, person->icv, person->age, person->sex, row);
    double leverage = leverage_of(model, row);
    out->outside = outside_of(model, person, leverage);
    if (model->method == DN_NORM_QUANTILE) {
        double values[MOST_QUANTILES], tail = 0.5 - 0.5 * model->level;
        quantile_values(model, row, values);
        out->expected = interpolate(model->quantile, values, model->n_quantiles, 0.5);
        out->low = interpolate(model->quantile, values, model->n_quantiles, tail);
        out->high = interpolate(model->quantile, values, model->n_quantiles, 1.0 - tail);
        out->percentile = 100.0 * interpolate(values, model->quantile, model->n_quantiles, person->value);
        out->z = dn_normal_quantile(out->percentile / 100.0);
    } else {
        out->expected = surface(model->beta, row, model->terms);
        out->low = out->expected - z * model->sd;
        out->high = out->expected + z * model->sd;
        out->z = (person->value - out->expected) / model->sd;
        out->percentile = 100.0 * dn_normal_lower(out->z);
    }
    out->residual = person->value - out->expected;
    if (model->method == DN_NORM_LEAST_SQUARES) {
        out->t = out->residual / (model->sigma * sqrt(1.0 + leverage));
        out->p = dn_t_two_sided(out->t, model->df);
        out->percentile = 100.0 * dn_t_lower(out->t, model->df);
    }
    double own = isnan(scanner_sd) ? 0.0 : z * scanner_sd;
    out->measured_low = person->value - own;
    out->measured_high = person->value + own;
    out->reduced = out->measured_high < out->low;
    out->enlarged = out->measured_low > out->high;
    out->reduced_one_sample = person->value < out->low;
    out->enlarged_one_sample = person->value > out->high;
    return DN_OK;
}

dn_status dn_share(size_t k, size_t n, double level, dn_estimate *out)
{
    double successes = (double)k, failures = (double)n - (double)k, tail = 0.5 - 0.5 * level;
    if (n == 0 || k > n) {
        DN_FAIL(DN_EDATA, "a share of %zu of %zu is not possible", k, n);
    }
    *out = (dn_estimate){successes / (double)n, 0.0, 1.0};
    /* Beta quantiles through F: the two are one distribution. */
    if (k > 0) {
        double f = dn_f_quantile(tail, 2.0 * successes, 2.0 * (failures + 1.0));
        out->low = successes * f / (failures + 1.0 + successes * f);
    }
    if (k < n) {
        double f = dn_f_quantile(1.0 - tail, 2.0 * (successes + 1.0), 2.0 * failures);
        out->high = (successes + 1.0) * f / (failures + (successes + 1.0) * f);
    }
    return DN_OK;
}
