/* Takes smooth trends out of scan and template inside the brain, and correlates the ranks of what is left. */
#include "register/head_align_match.h"

#include "base/memory.h"
#include "image/resample.h"
#include "register/head_align_samples.h"
#include "register/head_template.h"
#include "stats/distribution.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit.h>
#include <math.h>
#include <stdlib.h>

enum { BRAIN = 230 /* of 255 */, TERMS = 13, LEAST = 500 };
#define PICTURE_MM 4.0
#define LEAST_SHARE 0.5
#define FAR_MM 70.0 /* places are divided by this */

typedef struct sample {
    double at[3]; /* of the template, of FAR_MM */
    double value[2];
} sample;

/* Scan and template wherever the template is brain. *all: how many places those are. */
static dn_status collect(const dn_grid *grid, const dn_align_picture *picture, const dn_location *location, sample **out, size_t *count,
                         size_t *all)
{
    dn_head_template t;
    double spacing[3];
    dn_grid_spacing(grid, spacing);
    DN_TRY(dn_head_template_get(&t));
    const int64_t voxels = t.dim[0] * t.dim[1] * t.dim[2];
    DN_TRY(dn_alloc_dims(out, t.dim, 3, sizeof **out, "samples of the brain"));
    *count = *all = 0;
    for (int64_t v = 0; v < voxels; ++v) {
        if (t.brain[v] < BRAIN) {
            continue;
        }
        const int64_t ijk[3] = {v % t.dim[0], v / t.dim[0] % t.dim[1], v / (t.dim[0] * t.dim[1])};
        sample *s = &(*out)[*count];
        double mm[3], at[3];
        bool in = true;
        for (int c = 0; c < 3; ++c) {
            mm[c] = t.origin[c] + t.spacing * (double)ijk[c];
            s->at[c] = mm[c] / FAR_MM;
        }
        dn_affine_apply(&location->to_volume, mm, at);
        for (int c = 0; c < 3; ++c) {
            at[c] = ((at[c] - 0.5 * (double)(grid->dim[c] - 1)) * spacing[c] - picture->origin[c]) / picture->spacing;
            in = in && at[c] >= 0.0 && at[c] <= (double)(picture->dim[c] - 1);
        }
        ++*all;
        if (in) {
            s->value[0] = (double)dn_linear_at(picture->data, picture->dim, at);
            s->value[1] = (double)t.t1w[v];
            ++*count;
        }
    }
    return DN_OK;
}

static double term(const double p[3], int n)
{
    static const int powers[TERMS][3] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {2, 0, 0}, {0, 2, 0}, {0, 0, 2},
                                         {1, 1, 0}, {1, 0, 1}, {0, 1, 1}, {3, 0, 0}, {0, 3, 0}, {0, 0, 3}};
    double product = 1.0;
    for (int c = 0; c < 3; ++c) {
        for (int k = 0; k < powers[n][c]; ++k) {
            product *= p[c];
        }
    }
    return product;
}

/* What a polynomial of the place does not explain of value[which]. */
static dn_status take_trend(sample *s, size_t count, int which)
{
    dn_status status = DN_OK;
    double chi;
    dn_gsl_quiet();
    gsl_matrix *terms = gsl_matrix_alloc(count, TERMS);
    gsl_vector *values = gsl_vector_alloc(count);
    gsl_vector *weights = gsl_vector_alloc(TERMS);
    gsl_matrix *covariance = gsl_matrix_alloc(TERMS, TERMS);
    gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc(count, TERMS);
    if (terms == NULL || values == NULL || weights == NULL || covariance == NULL || work == NULL) {
        DN_FAIL_GOTO(status, done, DN_ENOMEM, "not enough memory to compare the scan with the average head");
    }
    for (size_t i = 0; i < count; ++i) {
        for (int n = 0; n < TERMS; ++n) {
            gsl_matrix_set(terms, i, (size_t)n, term(s[i].at, n));
        }
        gsl_vector_set(values, i, s[i].value[which]);
    }
    if (gsl_multifit_linear(terms, values, weights, covariance, &chi, work) == GSL_SUCCESS) {
        for (size_t i = 0; i < count; ++i) {
            for (int n = 0; n < TERMS; ++n) {
                s[i].value[which] -= gsl_vector_get(weights, (size_t)n) * gsl_matrix_get(terms, i, (size_t)n);
            }
        }
    }
done:
    gsl_multifit_linear_free(work);
    gsl_matrix_free(covariance);
    gsl_vector_free(weights);
    gsl_vector_free(values);
    gsl_matrix_free(terms);
    return status;
}

typedef struct ranked {
    double value;
    size_t index;
} ranked;

static int by_value(const void *a, const void *b)
{
    const ranked *p = a;
    const ranked *q = b;
    return p->value != q->value ? (p->value > q->value) - (p->value < q->value) : (p->index > q->index) - (p->index < q->index);
}

/* value[which] becomes its rank, equal ones the mean of theirs. */
static void rank(sample *s, size_t count, int which, ranked *work)
{
    for (size_t i = 0; i < count; ++i) {
        work[i] = (ranked){s[i].value[which], i};
    }
    qsort(work, count, sizeof *work, by_value);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && work[next].value == work[i].value; ++next) {
        }
        for (size_t k = i; k < next; ++k) {
            s[work[k].index].value[which] = 0.5 * (double)(i + next - 1);
        }
    }
}

static double correlate(const sample *s, size_t count)
{
    double mean[2] = {0, 0}, square[2] = {0, 0}, both = 0;
    for (size_t i = 0; i < count; ++i) {
        mean[0] += s[i].value[0] / (double)count;
        mean[1] += s[i].value[1] / (double)count;
    }
    for (size_t i = 0; i < count; ++i) {
        const double a = s[i].value[0] - mean[0];
        const double b = s[i].value[1] - mean[1];
        square[0] += a * a;
        square[1] += b * b;
        both += a * b;
    }
    return square[0] > 0 && square[1] > 0 ? both / sqrt(square[0] * square[1]) : (double)NAN;
}

dn_status dn_location_match_picture(const dn_grid *grid, const dn_align_picture *picture, const dn_location *location, double *out)
{
    sample *samples = NULL;
    ranked *work = NULL;
    size_t count = 0, all = 0;
    dn_status status;
    *out = (double)NAN;
    if (!location->found) {
        return DN_OK;
    }
    DN_TRY_GOTO(status, collect(grid, picture, location, &samples, &count, &all), done);
    if (count < LEAST || (double)count < LEAST_SHARE * (double)all) {
        goto done;
    }
    DN_TRY_GOTO(status, dn_alloc(&work, count, sizeof *work, "samples of the brain"), done);
    for (int which = 0; which < 2; ++which) {
        DN_TRY_GOTO(status, take_trend(samples, count, which), done);
        rank(samples, count, which, work);
    }
    *out = correlate(samples, count);
done:
    free(work);
    free(samples);
    return status;
}

dn_status dn_location_match(const dn_volume *volume, const dn_location *location, double *out)
{
    dn_align_picture picture = {.data = NULL};
    double spacing[3];
    *out = (double)NAN;
    if (!location->found) {
        return DN_OK;
    }
    dn_grid_spacing(&volume->grid, spacing);
    DN_TRY(dn_align_picture_make(volume->data, volume->grid.dim, spacing, PICTURE_MM, &picture));
    dn_status status = dn_location_match_picture(&volume->grid, &picture, location, out);
    free(picture.data);
    return status;
}
