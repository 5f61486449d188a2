/* Expectation maximisation of Gaussian classes and of a field of cosines (Van Leemput et al. 1999, equations 5 to 11). Sums go block by
 * block, so that they are the same for any number of threads. */
#include "prepare/mixture.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/filter.h"
#include "prepare/bias_field.h"
#include "stats/kmeans.h"
#include "stats/linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Voxels that are fitted at most: more do not change the classes (their means are known to a thousandth), and the time grows with them. */
#define MOST_SAMPLES 300000
/* Of the 99th percentile: added before the logarithm, so that 0 has one. */
#define OFFSET_SHARE 0.02
/* Variances of logarithms below this (SD 0.5 %) are those of a scan with whole numbers, and would let a class collapse onto one. */
#define LEAST_VARIANCE 2.5e-5
/* Stop when the mean log likelihood grows by less than this per step. */
#define TOLERANCE 1e-5
/* Precision of the coefficients' prior per sample, times the fourth power of the half waves: strong enough to decide where there is
 * nothing to see, too weak to matter where there is. */
#define STIFFNESS 1e-4
#define PI 3.14159265358979323846

enum { BLOCK = 2048, MOST_STEPS = 60 };

typedef struct samples {
    size_t count;
    float *value; /* logarithms; owned */
    float *field; /* present field at each; owned */
    float *basis; /* [count][terms]; owned */
    double offset;
} samples;

/* What a block of samples adds. */
typedef struct sums {
    double share[DN_MIXTURE_MOST], first[DN_MIXTURE_MOST], second[DN_MIXTURE_MOST], likelihood;
} sums;

static void samples_release(samples *it)
{
    free(it->value);
    free(it->field);
    free(it->basis);
}

/* Takes every n-th voxel of the mask. */
static dn_status take(const dn_volume *volume, const uint8_t *mask, const dn_bias_field *field, samples *it)
{
    static const double percent = 99.0;
    const dn_grid *grid = &volume->grid;
    const int64_t voxels = dn_grid_count(grid);
    double high;
    int64_t inside = 0, every, n = 0;
    DN_TRY(dn_volume_percentiles(volume, mask, &percent, 1, &high));
    for (int64_t v = 0; v < voxels; ++v) {
        inside += mask == NULL || mask[v] != 0;
    }
    if (!(high > 0.0) || inside < 1000) {
        DN_FAIL(DN_EDATA, "there are only %lld voxels with a signal, too few to find tissues in", (long long)(high > 0.0 ? inside : 0));
    }
    it->offset = OFFSET_SHARE * high;
    every = (inside + MOST_SAMPLES - 1) / MOST_SAMPLES;
    it->count = (size_t)((inside + every - 1) / every);
    DN_TRY(dn_alloc(&it->value, it->count, sizeof *it->value, "the samples of a scan"));
    DN_TRY(dn_alloc(&it->field, it->count, sizeof *it->field, "the samples of a scan"));
    DN_TRY(dn_alloc_dims(&it->basis, DN_DIMS((int64_t)it->count, field->terms > 0 ? field->terms : 1), sizeof *it->basis, "a bias field"));
    for (int64_t v = 0, seen = 0; v < voxels; ++v) {
        if ((mask != NULL && mask[v] == 0) || seen++ % every != 0) {
            continue;
        }
        const double ijk[3] = {(double)(v % grid->dim[0]), (double)(v / grid->dim[0] % grid->dim[1]),
                               (double)(v / grid->dim[0] / grid->dim[1])};
        double world[3];
        dn_affine_apply(&grid->affine, ijk, world);
        dn_bias_basis(field, world, it->basis + n * field->terms);
        it->value[n++] = (float)log(fmax((double)volume->data[v], 0.0) + it->offset);
    }
    return DN_OK;
}

/* Classes to start with: k-means of the logarithms. */
static dn_status begin(const samples *it, const dn_mixture_options *options, dn_mixture *out)
{
    dn_kmeans_data data = {0};
    dn_kmeans run;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_kmeans_prepare(it->value, it->count, &data), done);
    DN_TRY_GOTO(status, dn_kmeans_best(&data, options->classes, options->seed, 5, 100, &run), done);
    out->classes = options->classes;
    for (int c = 0; c < run.k; ++c) {
        out->mean[c] = run.centre[c];
        out->share[c] = fmax((double)run.size[c], 1.0) / (double)it->count;
        out->variance[c] = fmax(run.within / (double)it->count, LEAST_VARIANCE);
    }
done:
    dn_kmeans_release(&data);
    return status;
}

/* Probabilities of the classes for one logarithm without its field; returns its log likelihood. */
static double classify(const dn_mixture *m, double value, double *probability)
{
    double best = -INFINITY, total = 0.0;
    for (int c = 0; c < m->classes; ++c) {
        const double d = value - m->mean[c];
        probability[c] = log(m->share[c]) - 0.5 * (log(2.0 * PI * m->variance[c]) + d * d / m->variance[c]);
        best = fmax(best, probability[c]);
    }
    for (int c = 0; c < m->classes; ++c) {
        probability[c] = exp(probability[c] - best);
        total += probability[c];
    }
    for (int c = 0; c < m->classes; ++c) {
        probability[c] /= total;
    }
    return best + log(total);
}

/* Shares, means and variances of the classes; the field is as it is. */
static dn_status update_classes(const samples *it, double least, dn_mixture *m)
{
    const int64_t blocks = ((int64_t)it->count + BLOCK - 1) / BLOCK;
    sums *part = NULL;
    sums all = {0};
    DN_TRY(dn_alloc(&part, (size_t)blocks, sizeof *part, "the sums of a mixture"));
#pragma omp parallel for schedule(static) num_threads(dn_threads_get())
    for (int64_t b = 0; b < blocks; ++b) {
        const size_t end = (size_t)(b + 1) * BLOCK < it->count ? (size_t)(b + 1) * BLOCK : it->count;
        for (size_t n = (size_t)b * BLOCK; n < end; ++n) {
            double p[DN_MIXTURE_MOST];
            const double value = (double)it->value[n] - (double)it->field[n];
            part[b].likelihood += classify(m, value, p);
            for (int c = 0; c < m->classes; ++c) {
                const double d = value - m->mean[c];
                part[b].share[c] += p[c];
                part[b].first[c] += p[c] * d;
                part[b].second[c] += p[c] * d * d;
            }
        }
    }
    for (int64_t b = 0; b < blocks; ++b) {
        all.likelihood += part[b].likelihood;
        for (int c = 0; c < m->classes; ++c) {
            all.share[c] += part[b].share[c];
            all.first[c] += part[b].first[c];
            all.second[c] += part[b].second[c];
        }
    }
    free(part);
    for (int c = 0; c < m->classes; ++c) {
        const double n = fmax(all.share[c], 1e-6), shift = all.first[c] / n;
        m->mean[c] += shift;
        m->variance[c] = fmax(all.second[c] / n - shift * shift, least);
        m->share[c] = fmax(all.share[c] / (double)it->count, 1e-9);
    }
    m->likelihood = all.likelihood / (double)it->count;
    return DN_OK;
}

/* What the samples of block b add to the normal equations: lower half of sum w basis basis', and sum w residual basis. */
static void add_equations(const samples *it, const dn_mixture *m, int64_t b, double *matrix, double *right)
{
    const int terms = m->field.terms;
    const size_t end = (size_t)(b + 1) * BLOCK < it->count ? (size_t)(b + 1) * BLOCK : it->count;
    for (size_t n = (size_t)b * BLOCK; n < end; ++n) {
        double p[DN_MIXTURE_MOST];
        double weight = 0.0, mean = 0.0;
        const float *basis = it->basis + n * (size_t)terms;
        (void)classify(m, (double)it->value[n] - (double)it->field[n], p);
        for (int c = 0; c < m->classes; ++c) {
            weight += p[c] / m->variance[c];
            mean += p[c] / m->variance[c] * m->mean[c];
        }
        const double residual = weight * (double)it->value[n] - mean;
        for (int r = 0; r < terms; ++r) {
            const double scaled = weight * (double)basis[r];
            right[r] += residual * (double)basis[r];
            for (int c = 0; c <= r; ++c) {
                matrix[r * terms + c] += scaled * (double)basis[c];
            }
        }
    }
}

/* Adds what stands in sets 1.. to set 0, the prior to its diagonal, and solves. set: [n][terms * terms + terms]. */
static dn_status solve_field(const samples *it, dn_mixture *m, double *set, int64_t n)
{
    const int terms = m->field.terms;
    const size_t size = (size_t)terms * (size_t)terms + (size_t)terms;
    double *right = set + (size_t)terms * (size_t)terms;
    double mean_weight = 0.0;
    for (int64_t s = 1; s < n; ++s) {
        for (size_t v = 0; v < size; ++v) {
            set[v] += set[(size_t)s * size + v];
        }
    }
    for (int c = 0; c < m->classes; ++c) {
        mean_weight += m->share[c] / m->variance[c];
    }
    for (int t = 0; t < terms; ++t) {
        const int *o = m->field.order[t];
        const double waves = (double)(o[0] * o[0] + o[1] * o[1] + o[2] * o[2]);
        set[t * terms + t] += STIFFNESS * mean_weight * (double)it->count * waves * waves / 16.0 + 1e-9;
    }
    DN_TRY(dn_linear_solve_spd(set, right, (size_t)terms));
    memcpy(m->field.coefficient, right, (size_t)terms * sizeof *right);
    return DN_OK;
}

/* The field, with the classes as they are: weighted least squares. Blocks are dealt to a fixed number of sets of equations. */
static dn_status update_field(const samples *it, dn_mixture *m)
{
    enum { SETS = 8 };
    const int terms = m->field.terms;
    const size_t size = (size_t)terms * (size_t)terms + (size_t)terms;
    const int64_t blocks = ((int64_t)it->count + BLOCK - 1) / BLOCK;
    double *set = NULL;
    DN_TRY(dn_alloc(&set, SETS * size, sizeof *set, "the equations of a bias field"));
#pragma omp parallel for schedule(static, 1) num_threads(dn_threads_get())
    for (int s = 0; s < SETS; ++s) {
        double *mine = set + (size_t)s * size;
        for (int64_t b = s; b < blocks; b += SETS) {
            add_equations(it, m, b, mine, mine + (size_t)terms * (size_t)terms);
        }
    }
    dn_status status = solve_field(it, m, set, SETS);
    free(set);
    DN_TRY(status);
    /* The constant belongs to the classes: the field is 0 in the mean. */
    double mean = 0.0;
    for (size_t n = 0; n < it->count; ++n) {
        double sum = 0.0;
        for (int t = 0; t < terms; ++t) {
            sum += m->field.coefficient[t] * (double)it->basis[n * (size_t)terms + (size_t)t];
        }
        it->field[n] = (float)sum;
        mean += sum;
    }
    mean /= (double)it->count;
    m->field.coefficient[0] -= mean; /* the first term is the constant */
    for (size_t n = 0; n < it->count; ++n) {
        it->field[n] -= (float)mean;
    }
    for (int c = 0; c < m->classes; ++c) {
        m->mean[c] += mean;
    }
    return DN_OK;
}

static dn_status iterate(const samples *it, const dn_mixture_options *options, dn_mixture *m)
{
    const int most = options->most_steps > 0 ? options->most_steps : MOST_STEPS;
    const double least = fmax(options->least_sd * options->least_sd, LEAST_VARIANCE);
    double before = -INFINITY;
    for (m->steps = 0; m->steps < most; ++m->steps) {
        DN_TRY(dn_cancel_check());
        DN_TRY(update_classes(it, least, m));
        if (m->steps > 5 && m->likelihood - before < TOLERANCE) {
            break;
        }
        before = m->likelihood;
        if (m->field.terms > 0) {
            DN_TRY(update_field(it, m));
        }
        if (options->doing != NULL) {
            dn_progress(options->doing, m->steps, most);
        }
    }
    if (options->doing != NULL) {
        dn_progress(options->doing, most, most);
    }
    return DN_OK;
}

/* Classes by their means, ascending. */
static void order_classes(dn_mixture *m)
{
    for (int a = 1; a < m->classes; ++a) {
        for (int b = a; b > 0 && m->mean[b] < m->mean[b - 1]; --b) {
            double *const list[3] = {m->mean, m->variance, m->share};
            for (int l = 0; l < 3; ++l) {
                const double kept = list[l][b];
                list[l][b] = list[l][b - 1];
                list[l][b - 1] = kept;
            }
        }
    }
}

dn_status dn_mixture_fit(const dn_volume *volume, const uint8_t *mask, const dn_mixture_options *options, dn_mixture *out)
{
    samples it = {0};
    dn_status status = DN_OK;
    *out = (dn_mixture){0};
    if (options->classes < 2 || options->classes > DN_MIXTURE_MOST) {
        DN_FAIL(DN_EUSAGE, "%d classes are not possible; give a number from 2 to %d", options->classes, DN_MIXTURE_MOST);
    }
    DN_TRY(dn_bias_field_plan(&volume->grid, options->wave_mm, &out->field));
    DN_TRY_GOTO(status, take(volume, mask, &out->field, &it), done);
    out->offset = it.offset;
    DN_TRY_GOTO(status, begin(&it, options, out), done);
    DN_TRY_GOTO(status, iterate(&it, options, out), done);
    order_classes(out);
done:
    samples_release(&it);
    return status;
}
