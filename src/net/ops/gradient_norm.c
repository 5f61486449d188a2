/* Norms in training, forward and backward, and what follows a layer (activation, sums for its bias) backwards.
 *
 * Vectors of one value per channel are repeated to a period of some hundred floats, so that loops run flat over memory also
 * where channels are few. Sums are made part by part and added in order in double. */
#include "net/ops/gradient_loops.h"

#include "base/memory.h"
#include "net/gradient_rows.h"
#include "net/rows.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Voxels of one partial sum; fixed, so that sums do not depend on the number of threads. */
#define PART 1024
#define PERIOD 512 /* floats, about */

typedef struct tiles {
    int64_t channels, period, voxels; /* voxels of a group */
    int64_t parts;                    /* of a group */
    int threads;
    float *room;  /* 6 periods a thread */
    double *sums; /* groups x parts x 2 x channels */
} tiles;

static dn_status tiles_start(tiles *t, int64_t groups, int64_t voxels, int64_t channels, int threads)
{
    *t = (tiles){.channels = channels, .voxels = voxels, .threads = threads};
    t->period = channels >= PERIOD ? channels : PERIOD / channels * channels;
    t->parts = (voxels + PART - 1) / PART;
    dn_status status = dn_alloc_aligned_dims(&t->room, DN_DIMS(threads, 6, t->period), sizeof *t->room, "a norm");
    if (status == DN_OK) {
        status = dn_alloc_dims(&t->sums, DN_DIMS(groups, t->parts, 2, channels), sizeof *t->sums, "a norm");
        if (status != DN_OK) {
            free(t->room);
        }
    }
    return status;
}

static void tiles_end(tiles *t)
{
    free(t->room);
    free(t->sums);
}

static float *room_of(const tiles *t, int slot)
{
    return t->room + (omp_get_thread_num() * 6 + slot) * t->period;
}

/* n floats at an element: the memory itself, or converted into room. */
static const float *look(const void *data, dn_type type, int64_t element, float *room, int64_t n)
{
    if (type == DN_TYPE_F32) {
        return (const float *)data + element;
    }
    dn_row_load(room, (const uint16_t *)data + element, type, n);
    return room;
}

/* Where n floats are to be made that belong at an element. */
static float *place(void *data, dn_type type, int64_t element, float *room)
{
    return type == DN_TYPE_F32 ? (float *)data + element : room;
}

static void keep(void *data, dn_type type, int64_t element, const float *made, int64_t n)
{
    if (type != DN_TYPE_F32) {
        dn_row_store((uint16_t *)data + element, type, made, n);
    }
}

static void fold(double *sums, const float *repeated, const tiles *t)
{
    for (int64_t i = 0; i < t->period; ++i) {
        sums[i % t->channels] += (double)repeated[i];
    }
}

/* Elements [begin, end) of part p of group g. */
static void part_range(const tiles *t, int64_t g, int64_t p, int64_t *begin, int64_t *end)
{
    int64_t last = (p + 1) * PART < t->voxels ? (p + 1) * PART : t->voxels;
    *begin = (g * t->voxels + p * PART) * t->channels;
    *end = (g * t->voxels + last) * t->channels;
}

static void part_moments(const tiles *t, const dn_norm_run *r, int64_t g, int64_t p)
{
    int64_t begin;
    int64_t end;
    double *mean = t->sums + (g * t->parts + p) * 2 * t->channels;
    double *square = mean + t->channels;
    float *x = room_of(t, 0);
    float *sum = room_of(t, 1);
    float *centre = room_of(t, 2);
    part_range(t, g, p, &begin, &end);
    memset(sum, 0, (size_t)t->period * sizeof *sum);
    for (int64_t e = begin; e < end; e += t->period) {
        int64_t n = end - e < t->period ? end - e : t->period;
        dn_row_sum(sum, look(r->x, r->type, e, x, n), n);
    }
    fold(mean, sum, t);
    for (int64_t c = 0; c < t->channels; ++c) {
        mean[c] /= (double)((end - begin) / t->channels);
    }
    for (int64_t i = 0; i < t->period; ++i) {
        centre[i] = (float)mean[i % t->channels];
    }
    memset(sum, 0, (size_t)t->period * sizeof *sum);
    for (int64_t e = begin; e < end; e += t->period) {
        int64_t n = end - e < t->period ? end - e : t->period;
        dn_row_deviation(sum, look(r->x, r->type, e, x, n), centre, n);
    }
    fold(square, sum, t);
    for (int64_t c = 0; c < t->channels; ++c) {
        mean[c] = (double)(float)mean[c]; /* what the deviations were taken from */
    }
}

static void join_moments(const tiles *t, const dn_norm_run *r, int64_t g)
{
    for (int64_t c = 0; c < t->channels; ++c) {
        double mean = 0.0;
        double square = 0.0;
        double count = 0.0;
        for (int64_t p = 0; p < t->parts; ++p) {
            const double *part = t->sums + (g * t->parts + p) * 2 * t->channels;
            double size = (double)((p + 1) * PART < t->voxels ? PART : t->voxels - p * PART);
            double d = part[c] - mean;
            mean += d * size / (count + size);
            square += part[t->channels + c] + d * d * count * size / (count + size);
            count += size;
        }
        r->mean[g * t->channels + c] = mean;
        r->variance[g * t->channels + c] = square / count;
    }
}

static double inverse_deviation(const dn_norm_run *r, int64_t at)
{
    return 1.0 / sqrt(r->variance[at] + (double)r->epsilon);
}

/* Of as many voxels in each process: the mean of the means, and of the squares about 0. */
static dn_status join_peers(const dn_norm_run *r)
{
    double *both = NULL;
    const int64_t channels = r->shape.c;
    DN_TRY(dn_alloc_dims(&both, DN_DIMS(2, channels), sizeof *both, "a norm"));
    for (int64_t c = 0; c < channels; ++c) {
        both[c] = r->mean[c];
        both[channels + c] = r->variance[c] + r->mean[c] * r->mean[c];
    }
    dn_status status = r->peers->sum(r->peers->user, both, 2 * channels);
    for (int64_t c = 0; c < channels; ++c) {
        const double mean = both[c] / r->peers->count;
        const double variance = both[channels + c] / r->peers->count - mean * mean;
        r->mean[c] = mean;
        r->variance[c] = variance > 0.0 ? variance : 0.0;
    }
    free(both);
    return status;
}

dn_status dn_norm_statistics(const dn_norm_run *r)
{
    tiles t;
    int64_t voxels = dn_shape_size(&r->shape) / r->shape.c / r->groups;
    DN_TRY(tiles_start(&t, r->groups, voxels, r->shape.c, r->threads));
#pragma omp parallel for num_threads(r->threads)
    for (int64_t k = 0; k < r->groups * t.parts; ++k) {
        part_moments(&t, r, k / t.parts, k % t.parts);
    }
    for (int64_t g = 0; g < r->groups; ++g) {
        join_moments(&t, r, g);
    }
    tiles_end(&t);
    return r->peers != NULL ? join_peers(r) : DN_OK;
}

/* Scale and shift of group g, a period each. */
static void affine_factors(const tiles *t, const dn_norm_run *r, int64_t g, float *scale, float *shift)
{
    for (int64_t c = 0; c < t->channels; ++c) {
        int64_t at = r->fixed ? c : g * t->channels + c;
        double factor = (double)r->gamma[c] * inverse_deviation(r, at);
        for (int64_t i = c; i < t->period; i += t->channels) {
            scale[i] = (float)factor;
            shift[i] = (float)((double)r->beta[c] - r->mean[at] * factor);
        }
    }
}

dn_status dn_norm_run_again(const dn_norm_run *r)
{
    tiles t;
    float *factors = NULL; /* scale and shift of each group, repeated */
    int64_t voxels = dn_shape_size(&r->shape) / r->shape.c / r->groups;
    DN_TRY(tiles_start(&t, r->groups, voxels, r->shape.c, r->threads));
    dn_status status;
    DN_TRY_GOTO(status, dn_alloc_aligned_dims(&factors, DN_DIMS(r->groups, 2, t.period), sizeof *factors, "a norm"), done);
    for (int64_t g = 0; g < r->groups; ++g) {
        affine_factors(&t, r, g, factors + 2 * g * t.period, factors + (2 * g + 1) * t.period);
    }
#pragma omp parallel for num_threads(r->threads)
    for (int64_t k = 0; k < r->groups * t.parts; ++k) {
        int64_t begin;
        int64_t end;
        const float *scale = factors + k / t.parts * 2 * t.period;
        part_range(&t, k / t.parts, k % t.parts, &begin, &end);
        for (int64_t e = begin; e < end; e += t.period) {
            int64_t n = end - e < t.period ? end - e : t.period;
            float *y = place(r->y, r->type, e, room_of(&t, 1));
            dn_row_scale_shift(y, look(r->x, r->type, e, room_of(&t, 0), n), scale, scale + t.period, n);
            dn_row_activation(y, r->tail, r->tail_alpha, n);
            keep(r->y, r->type, e, y, n);
        }
    }
done:
    free(factors);
    tiles_end(&t);
    return status;
}

/* What a group's backward pass multiplies with, a period each. */
enum { SCALE, SHIFT, OF_GRADIENT, OF_INPUT, CONSTANT, FACTORS };

/* n gradients times the slope of the tail, which is told from x: the result of a norm need not be kept. */
static const float *sloped(const tiles *t, const dn_norm_run *r, const void *gradient, const float *x, const float *factors, int64_t e,
                           int64_t n)
{
    const float *g = look(gradient, r->type, e, room_of(t, 1), n);
    if (r->tail == DN_ACT_NONE) {
        return g;
    }
    float *d = room_of(t, 5);
    dn_row_slope_affine(d, g, x, factors + SCALE * t->period, factors + SHIFT * t->period, r->tail, r->tail_alpha, n);
    return d;
}

/* Sums of g and g (x - mean) of one part, after the slope of the tail. */
static void part_products(const tiles *t, const dn_norm_run *r, const void *gradient, int64_t g, int64_t p, const float *factors)
{
    int64_t begin;
    int64_t end;
    double *sums = t->sums + (g * t->parts + p) * 2 * t->channels;
    float *sum = room_of(t, 2);
    float *product = room_of(t, 3);
    float *centre = room_of(t, 4);
    part_range(t, g, p, &begin, &end);
    for (int64_t i = 0; i < t->period; ++i) {
        sum[i] = product[i] = 0.0f;
        centre[i] = (float)r->mean[(r->fixed ? 0 : g * t->channels) + i % t->channels];
    }
    for (int64_t e = begin; e < end; e += t->period) {
        int64_t n = end - e < t->period ? end - e : t->period;
        const float *x = look(r->x, r->type, e, room_of(t, 0), n);
        dn_row_norm_sums(sum, product, sloped(t, r, gradient, x, factors, e, n), x, centre, n);
    }
    fold(sums, sum, t);
    fold(sums + t->channels, product, t);
}

/* Sums of g and of g (x - mean) / deviation over group g, into those of its first part; gamma and beta get them, too. */
static void join_products(const tiles *t, const dn_norm_run *r, int64_t g, float *dgamma, float *dbeta)
{
    double *first = t->sums + g * t->parts * 2 * t->channels;
    for (int64_t c = 0; c < t->channels; ++c) {
        int64_t at = r->fixed ? c : g * t->channels + c;
        double sum = 0.0;
        double product = 0.0;
        for (int64_t p = 0; p < t->parts; ++p) {
            const double *part = first + p * 2 * t->channels;
            sum += part[c];
            product += part[t->channels + c];
        }
        /* the sums were taken about the mean as a float */
        product = (product - sum * (r->mean[at] - (double)(float)r->mean[at])) * inverse_deviation(r, at);
        dgamma[c] += (float)product;
        dbeta[c] += (float)sum;
        first[c] = sum;
        first[t->channels + c] = product;
    }
}

/* dx = a g + b x + c, from the sums of group g. */
static void gradient_factors(const tiles *t, const dn_norm_run *r, int64_t g, float *factors)
{
    double count = (double)t->voxels * (r->peers != NULL ? r->peers->count : 1);
    const double *sums = t->sums + g * t->parts * 2 * t->channels;
    for (int64_t c = 0; c < t->channels; ++c) {
        int64_t at = r->fixed ? c : g * t->channels + c;
        double inverse = inverse_deviation(r, at);
        double sum = sums[c];
        double product = sums[t->channels + c];
        double a = (double)r->gamma[c] * inverse;
        double b = r->fixed ? 0.0 : -a * inverse * product / count;
        double constant = r->fixed ? 0.0 : -a * sum / count - b * r->mean[at];
        for (int64_t i = c; i < t->period; i += t->channels) {
            factors[OF_GRADIENT * t->period + i] = (float)a;
            factors[OF_INPUT * t->period + i] = (float)b;
            factors[CONSTANT * t->period + i] = (float)constant;
        }
    }
}

static void part_gradient(const tiles *t, const dn_norm_run *r, const void *gradient, void *dx, bool add, int64_t k, const float *factors)
{
    int64_t begin;
    int64_t end;
    const float *a = factors + OF_GRADIENT * t->period;
    part_range(t, k / t->parts, k % t->parts, &begin, &end);
    for (int64_t e = begin; e < end; e += t->period) {
        int64_t n = end - e < t->period ? end - e : t->period;
        const float *x = look(r->x, r->type, e, room_of(t, 0), n);
        const float *dy = sloped(t, r, gradient, x, factors, e, n);
        float *made = add ? room_of(t, 2) : place(dx, r->type, e, room_of(t, 2));
        dn_row_norm_gradient(made, dy, x, a, a + t->period, a + 2 * t->period, n);
        if (add) {
            dn_row_add(made, (unsigned char *)dx + e * dn_type_size(r->type), r->type, 1.0f, n);
            dn_row_store((unsigned char *)dx + e * dn_type_size(r->type), r->type, made, n);
        } else {
            keep(dx, r->type, e, made, n);
        }
    }
}

dn_status dn_norm_backward(const dn_norm_run *r, const void *gradient, void *dx, bool add, float *dgamma, float *dbeta)
{
    tiles t;
    float *factors = NULL;
    int64_t voxels = dn_shape_size(&r->shape) / r->shape.c / r->groups;
    DN_TRY(tiles_start(&t, r->groups, voxels, r->shape.c, r->threads));
    dn_status status;
    const int64_t apart = FACTORS * t.period;
    DN_TRY_GOTO(status, dn_alloc_aligned_dims(&factors, DN_DIMS(r->groups, apart), sizeof *factors, "a norm"), done);
    for (int64_t g = 0; g < r->groups; ++g) {
        affine_factors(&t, r, g, factors + g * apart + SCALE * t.period, factors + g * apart + SHIFT * t.period);
    }
#pragma omp parallel for num_threads(r->threads)
    for (int64_t k = 0; k < r->groups * t.parts; ++k) {
        part_products(&t, r, gradient, k / t.parts, k % t.parts, factors + k / t.parts * apart);
    }
    for (int64_t g = 0; g < r->groups; ++g) {
        join_products(&t, r, g, dgamma, dbeta);
    }
    if (r->peers != NULL && !r->fixed) {
        DN_TRY_GOTO(status, r->peers->sum(r->peers->user, t.sums, 2 * t.channels), done);
    }
    for (int64_t g = 0; g < r->groups; ++g) {
        gradient_factors(&t, r, g, factors + g * apart);
    }
#pragma omp parallel for num_threads(r->threads)
    for (int64_t k = 0; k < (dx == NULL ? 0 : r->groups * t.parts); ++k) {
        part_gradient(&t, r, gradient, dx, add, k, factors + k / t.parts * apart);
    }
done:
    free(factors);
    tiles_end(&t);
    return status;
}

dn_status dn_gradient_tail(dn_activation kind, float alpha, const void *y, void *g, dn_type type, int64_t n, int64_t channels, float *bias,
                           int threads)
{
    tiles t;
    if (kind == DN_ACT_NONE && bias == NULL) {
        return DN_OK;
    }
    DN_TRY(tiles_start(&t, 1, n / channels, channels, threads));
#pragma omp parallel for num_threads(threads)
    for (int64_t p = 0; p < t.parts; ++p) {
        int64_t begin;
        int64_t end;
        float *sum = room_of(&t, 2);
        memset(sum, 0, (size_t)t.period * sizeof *sum);
        part_range(&t, 0, p, &begin, &end);
        for (int64_t e = begin; e < end; e += t.period) {
            int64_t length = end - e < t.period ? end - e : t.period;
            const float *dy = look(g, type, e, room_of(&t, 0), length);
            if (kind != DN_ACT_NONE) {
                float *changed = place(g, type, e, room_of(&t, 0));
                dn_row_slope_result(changed, look(y, type, e, room_of(&t, 1), length), kind, alpha, length);
                keep(g, type, e, changed, length);
                dy = changed;
            }
            dn_row_sum(sum, dy, length);
        }
        fold(t.sums + p * 2 * channels, sum, &t);
    }
    for (int64_t c = 0; bias != NULL && c < channels; ++c) {
        double total = 0.0;
        for (int64_t p = 0; p < t.parts; ++p) {
            total += t.sums[p * 2 * channels + c];
        }
        bias[c] += (float)total;
    }
    tiles_end(&t);
    return DN_OK;
}
