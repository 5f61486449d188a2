/* Mixes the posteriors of the coarse and the fine network, and gives their values at a place of the scan. */
#include "segment/head/coarse.h"

#include "base/memory.h"
#include "net/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Over so many millimetres before its faces the fine pass gives way to the coarse one. */
#define FADE_MM 5.0f
#define CERTAINLY_OUTSIDE 0.9995f
/* A channel is the most probable one clearly when it exceeds all others by this, which is far above what rounding does to sums. */
#define CLEARLY 1e-4f

/* Eight neighbours of a place in a look, and their weights. */
typedef struct corners {
    const float *values[8]; /* its channels */
    float weight[8];
} corners;

static void place_axis(const dn_head_look *look, int c, double at, dn_head_axis *out)
{
    double p = dn_axis_map_from(&look->map, c, at);
    double last = (double)(look->grid.dim[c] - 1);
    out->inside = p >= -0.5 && p < last + 0.5;
    if (!out->inside) {
        return;
    }
    p = p < 0 ? 0 : p > last ? last : p;
    out->first = (int64_t)p;
    out->share = (float)(p - (double)out->first);
    out->step = out->first + 1 < look->grid.dim[c] ? 1 : 0;
}

/* false: outside. */
static bool combine(const dn_head_look *look, const dn_head_axis *x, const dn_head_axis *y, const dn_head_axis *z, corners *out)
{
    if (!x->inside || !y->inside || !z->inside) {
        return false;
    }
    for (int n = 0; n < 8; ++n) {
        int64_t i = x->first + (n & 1 ? x->step : 0);
        int64_t j = y->first + (n & 2 ? y->step : 0);
        int64_t k = z->first + (n & 4 ? z->step : 0);
        out->values[n] = dn_posteriors_at(&look->posteriors, i, j, k);
        out->weight[n] = (n & 1 ? x->share : 1 - x->share) * (n & 2 ? y->share : 1 - y->share) * (n & 4 ? z->share : 1 - z->share);
    }
    return true;
}

static bool corners_of(const dn_head_look *look, const double at[3], corners *out)
{
    dn_head_axis axis[3];
    for (int c = 0; c < 3; ++c) {
        place_axis(look, c, at[c], &axis[c]);
        if (!axis[c].inside) {
            return false;
        }
    }
    return combine(look, &axis[0], &axis[1], &axis[2], out);
}

/* So many channels at a time stay in registers while all corners are added. */
enum { BLOCK = 16 };

/* values = keep * values + the sum of weight * from over the corners, in their order. */
DN_SIMD static void mix(const float *const *from, const float *weight, int count, float keep, int64_t channels, float *values)
{
    int64_t c = 0;
    for (; c + BLOCK <= channels; c += BLOCK) {
        float sum[BLOCK];
        for (int b = 0; b < BLOCK; ++b) {
            sum[b] = keep > 0.0f ? keep * values[c + b] : 0.0f;
        }
        for (int n = 0; n < count; ++n) {
            for (int b = 0; b < BLOCK; ++b) {
                sum[b] += weight[n] * from[n][c + b];
            }
        }
        for (int b = 0; b < BLOCK; ++b) {
            values[c + b] = sum[b];
        }
    }
    for (; c < channels; ++c) {
        float sum = keep > 0.0f ? keep * values[c] : 0.0f;
        for (int n = 0; n < count; ++n) {
            sum += weight[n] * from[n][c];
        }
        values[c] = sum;
    }
}

/* values = keep * values + share * the corners'; of the first so many channels. */
static void add(const corners *at, float keep, float share, int64_t channels, float *values)
{
    const float *from[8];
    float weight[8];
    int count = 0;
    for (int n = 0; n < 8; ++n) {
        float w = share * at->weight[n];
        if (w > 0.0f) {
            from[count] = at->values[n];
            weight[count++] = w;
        }
    }
    mix(from, weight, count, keep, channels, values);
}

/* How far a place is from the nearer end of the fine pass's box along an axis, mm. */
static double distance_to_end(const dn_head *head, int c, double at)
{
    const dn_head_look *look = &head->fine;
    double p = dn_axis_map_from(&look->map, c, at);
    double from_low = p + 0.5;
    double from_high = (double)look->grid.dim[c] - 0.5 - p;
    return (from_low < from_high ? from_low : from_high) * look->map.scale[c] * head->mm[c];
}

static float share_of(double x, double y, double z)
{
    double least = (double)FADE_MM;
    least = x < least ? x : least;
    least = y < least ? y : least;
    least = z < least ? z : least;
    return least <= 0.0 ? 0.0f : (float)least / FADE_MM;
}

float dn_head_fine_share(const dn_head *head, const double at[3])
{
    return head->fine.posteriors.data == NULL
               ? 0.0f
               : share_of(distance_to_end(head, 0, at[0]), distance_to_end(head, 1, at[1]), distance_to_end(head, 2, at[2]));
}

/* What dn_head_at says where the fine pass has this share; coarse, fine: NULL outside of them. */
static bool look_up(const dn_head *head, float share, const corners *coarse, const corners *fine, float *values, bool *outside)
{
    *outside = false;
    bool found = false;
    if (share < 1.0f && coarse != NULL) {
        if (share == 0.0f) {
            float sum = 0.0f;
            for (int n = 0; n < 8; ++n) {
                sum += coarse->weight[n] * coarse->values[n][0];
            }
            if (sum > CERTAINLY_OUTSIDE) {
                *outside = true;
                return true;
            }
        }
        add(coarse, 0.0f, 1.0f, head->coarse.posteriors.channels, values);
        found = true;
    }
    if (share > 0.0f && fine != NULL) {
        add(fine, found ? 1.0f - share : 0.0f, found ? share : 1.0f, head->fine.posteriors.channels, values);
        found = true;
    }
    return found;
}

bool dn_head_at(const dn_head *head, const double at[3], float *values, bool *outside)
{
    float share = dn_head_fine_share(head, at);
    corners coarse, fine;
    bool in_coarse = share < 1.0f && corners_of(&head->coarse, at, &coarse);
    bool in_fine = share > 0.0f && corners_of(&head->fine, at, &fine);
    return look_up(head, share, in_coarse ? &coarse : NULL, in_fine ? &fine : NULL, values, outside);
}

/* ---- digests ------------------------------------------------------------------------------------------------------ */

/* The two largest of a voxel's channels, in lanes first. */
static inline __attribute__((always_inline)) void two_largest(const float *p, int64_t channels, float *top, float *second)
{
    float first[BLOCK], next[BLOCK];
    for (int b = 0; b < BLOCK; ++b) {
        first[b] = next[b] = -1.0f;
    }
    for (int64_t c = 0; c < channels; c += BLOCK) {
        const int64_t at = c + BLOCK <= channels ? c : channels - BLOCK; /* the last block may overlap: those lanes hold their values */
        const int64_t fresh = c - at;
        for (int b = 0; b < BLOCK; ++b) {
            const float x = b >= fresh ? p[at + b] : -1.0f;
            const float low = x < first[b] ? x : first[b];
            next[b] = low > next[b] ? low : next[b];
            first[b] = x > first[b] ? x : first[b];
        }
    }
    for (int half = BLOCK / 2; half > 0; half /= 2) {
        for (int b = 0; b < half; ++b) {
            const float low = first[b] < first[b + half] ? first[b] : first[b + half];
            const float most = next[b] > next[b + half] ? next[b] : next[b + half];
            next[b] = low > most ? low : most;
            first[b] = first[b] > first[b + half] ? first[b] : first[b + half];
        }
    }
    *top = first[0];
    *second = next[0];
}

/* Voxels first .. first + count - 1; a digest has them in the look's order. */
DN_SIMD static void digest_row(const dn_posteriors *from, int64_t first, int64_t count, dn_head_digest *out)
{
    const int64_t channels = from->channels;
    for (int64_t v = first; v < first + count; ++v) {
        const float *p = dn_posteriors_of(from, v);
        out->background[v] = p[0];
        if (out->best == NULL) {
            continue;
        }
        float top = p[0], second;
        uint8_t best = DN_HEAD_UNSURE;
        if (channels >= BLOCK && channels < DN_HEAD_UNSURE) {
            two_largest(p, channels, &top, &second);
            for (int64_t c = 0; c < channels && top > second + CLEARLY && best == DN_HEAD_UNSURE; ++c) {
                best = p[c] == top ? (uint8_t)c : DN_HEAD_UNSURE;
            }
        }
        out->best[v] = best;
        out->top[v] = top;
    }
}

static dn_status digest(const dn_head_look *look, bool labels, dn_head_digest *out)
{
    const int64_t *dim = look->grid.dim;
    if (look->posteriors.data == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_alloc_dims(&out->background, dim, 3, sizeof(float), "a table of the posteriors"));
    if (labels) {
        DN_TRY(dn_alloc_dims(&out->best, dim, 3, 1, "a table of the posteriors"));
        DN_TRY(dn_alloc_dims(&out->top, dim, 3, sizeof(float), "a table of the posteriors"));
    }
    const int64_t rows = dim[1] * dim[2];
#pragma omp parallel for schedule(dynamic, 16)
    for (int64_t r = 0; r < rows; ++r) {
        digest_row(&look->posteriors, r * dim[0], dim[0], out);
    }
    return DN_OK;
}

static void digest_release(dn_head_digest *d)
{
    free(d->background);
    free(d->best);
    free(d->top);
    memset(d, 0, sizeof *d);
}

dn_status dn_head_digests_make(const dn_head *head, bool labels, dn_head_digests *out)
{
    memset(out, 0, sizeof *out);
    DN_TRY(digest(&head->coarse, labels, &out->coarse));
    return labels ? digest(&head->fine, true, &out->fine) : DN_OK;
}

void dn_head_digests_release(dn_head_digests *digests)
{
    digest_release(&digests->coarse);
    digest_release(&digests->fine);
}

/* Offsets in a digest of the eight voxels around a place. */
static void digest_corners(const dn_head_look *look, const dn_head_axis *x, const dn_head_axis *y, const dn_head_axis *z, int64_t at[8])
{
    const int64_t *dim = look->grid.dim;
    const int64_t first = x->first + dim[0] * (y->first + dim[1] * z->first);
    const int64_t step[3] = {x->step, dim[0] * y->step, dim[0] * dim[1] * z->step};
    for (int n = 0; n < 8; ++n) {
        at[n] = first + (n & 1 ? step[0] : 0) + (n & 2 ? step[1] : 0) + (n & 4 ? step[2] : 0);
    }
}

/* start + share * the look's value: the sum that add makes of one channel. */
static float digest_mix(const float *values, const int64_t at[8], const dn_head_axis *x, const dn_head_axis *y, const dn_head_axis *z,
                        float start, float share)
{
    float sum = start;
    for (int n = 0; n < 8; ++n) {
        const float w = (n & 1 ? x->share : 1 - x->share) * (n & 2 ? y->share : 1 - y->share) * (n & 4 ? z->share : 1 - z->share);
        sum += share * w * values[at[n]];
    }
    return sum;
}

/* The channel that all eight voxels around a place agree on, or DN_HEAD_UNSURE. */
static uint8_t digest_best(const dn_head_digest *d, const int64_t at[8])
{
    const uint8_t first = d->best[at[0]];
    bool agree = true;
    for (int n = 1; n < 8; ++n) {
        agree = agree && d->best[at[n]] == first;
    }
    return agree ? first : DN_HEAD_UNSURE;
}

/* Where all voxels around agree. c, f: the place in the passes; fine: their share. Linear between and within the passes, the channel that
 * is the most probable everywhere stays so. */
static bool sure_label(const dn_head *head, const dn_head_digests *d, float share, const dn_head_axis *const c[3],
                       const dn_head_axis *const f[3], int64_t *best, float *value)
{
    const bool in_coarse = share < 1.0f && c[0]->inside && c[1]->inside && c[2]->inside;
    const bool in_fine = share > 0.0f && f[0]->inside && f[1]->inside && f[2]->inside;
    int64_t coarse_at[8], fine_at[8];
    uint8_t found = DN_HEAD_UNSURE;
    if (in_coarse) {
        digest_corners(&head->coarse, c[0], c[1], c[2], coarse_at);
        found = digest_best(&d->coarse, coarse_at);
    }
    if (in_fine) {
        digest_corners(&head->fine, f[0], f[1], f[2], fine_at);
        const uint8_t fine = digest_best(&d->fine, fine_at);
        found = !in_coarse || found == fine ? fine : DN_HEAD_UNSURE;
    }
    if (found == DN_HEAD_UNSURE) {
        return false;
    }
    *best = found;
    *value = in_coarse ? digest_mix(d->coarse.top, coarse_at, c[0], c[1], c[2], 0.0f, 1.0f) : 0.0f;
    if (in_fine) {
        *value = digest_mix(d->fine.top, fine_at, f[0], f[1], f[2], in_coarse ? (1.0f - share) * *value : 0.0f, in_coarse ? share : 1.0f);
    }
    return true;
}

bool dn_head_label(const dn_head *head, const dn_head_digests *digests, const double at[3], int64_t *best, float *value)
{
    const float share = dn_head_fine_share(head, at);
    dn_head_axis axes[6];
    const dn_head_axis *const c[3] = {&axes[0], &axes[1], &axes[2]};
    const dn_head_axis *const f[3] = {&axes[3], &axes[4], &axes[5]};
    for (int a = 0; a < 3; ++a) {
        place_axis(&head->coarse, a, at[a], &axes[a]);
        axes[3 + a].inside = false;
        if (share > 0.0f) {
            place_axis(&head->fine, a, at[a], &axes[3 + a]);
        }
    }
    if (sure_label(head, digests, share, c, f, best, value)) {
        return true;
    }
    float values[DN_CHANNEL_LIMIT];
    bool outside;
    if (!dn_head_at(head, at, values, &outside) || outside) {
        return false;
    }
    *best = dn_most_probable(values, head->structures.channels);
    *value = values[*best];
    return true;
}

/* ---- all voxels of the oriented scan ------------------------------------------------------------------------------ */

dn_status dn_head_rows_make(const dn_head *head, const int64_t dim[3], bool labels, dn_head_rows *out)
{
    dn_status status = DN_OK;
    memset(out, 0, sizeof *out);
    for (int c = 0; c < 3; ++c) {
        DN_TRY_GOTO(status, dn_alloc(&out->coarse[c], (size_t)dim[c], sizeof(dn_head_axis), "a table of positions"), fail);
        DN_TRY_GOTO(status, dn_alloc(&out->fine[c], (size_t)dim[c], sizeof(dn_head_axis), "a table of positions"), fail);
        DN_TRY_GOTO(status, dn_alloc(&out->to_end[c], (size_t)dim[c], sizeof(double), "a table of positions"), fail);
        for (int64_t i = 0; i < dim[c]; ++i) {
            place_axis(&head->coarse, c, (double)i, &out->coarse[c][i]);
            if (head->fine.posteriors.data != NULL) {
                place_axis(&head->fine, c, (double)i, &out->fine[c][i]);
                out->to_end[c][i] = distance_to_end(head, c, (double)i);
            }
        }
    }
    DN_TRY_GOTO(status, dn_head_digests_make(head, labels, &out->digests), fail);
    return DN_OK;
fail:
    dn_head_rows_release(out);
    return status;
}

void dn_head_rows_release(dn_head_rows *rows)
{
    for (int c = 0; c < 3; ++c) {
        free(rows->coarse[c]);
        free(rows->fine[c]);
        free(rows->to_end[c]);
    }
    dn_head_digests_release(&rows->digests);
    memset(rows, 0, sizeof *rows);
}

bool dn_head_rows_at(const dn_head *head, const dn_head_rows *rows, int64_t i, int64_t j, int64_t k, float *values, bool *outside)
{
    float share = head->fine.posteriors.data == NULL ? 0.0f : share_of(rows->to_end[0][i], rows->to_end[1][j], rows->to_end[2][k]);
    corners coarse, fine;
    bool in_coarse = share < 1.0f && combine(&head->coarse, &rows->coarse[0][i], &rows->coarse[1][j], &rows->coarse[2][k], &coarse);
    bool in_fine = share > 0.0f && combine(&head->fine, &rows->fine[0][i], &rows->fine[1][j], &rows->fine[2][k], &fine);
    return look_up(head, share, in_coarse ? &coarse : NULL, in_fine ? &fine : NULL, values, outside);
}

bool dn_head_rows_background_at(const dn_head *head, const dn_head_rows *rows, int64_t i, int64_t j, int64_t k, float *value)
{
    const dn_head_axis *x = &rows->coarse[0][i], *y = &rows->coarse[1][j], *z = &rows->coarse[2][k];
    if (!x->inside || !y->inside || !z->inside) {
        return false;
    }
    int64_t at[8];
    digest_corners(&head->coarse, x, y, z, at);
    *value = digest_mix(rows->digests.coarse.background, at, x, y, z, 0.0f, 1.0f);
    return true;
}

bool dn_head_rows_label(const dn_head *head, const dn_head_rows *rows, int64_t i, int64_t j, int64_t k, int64_t *best, float *value)
{
    const float share = head->fine.posteriors.data == NULL ? 0.0f : share_of(rows->to_end[0][i], rows->to_end[1][j], rows->to_end[2][k]);
    const dn_head_axis *const c[3] = {&rows->coarse[0][i], &rows->coarse[1][j], &rows->coarse[2][k]};
    const dn_head_axis *const f[3] = {&rows->fine[0][i], &rows->fine[1][j], &rows->fine[2][k]};
    if (sure_label(head, &rows->digests, share, c, f, best, value)) {
        return true;
    }
    float values[DN_CHANNEL_LIMIT];
    bool outside;
    if (!dn_head_rows_at(head, rows, i, j, k, values, &outside) || outside) {
        return false;
    }
    *best = dn_most_probable(values, head->structures.channels);
    *value = values[*best];
    return true;
}

bool dn_head_background_at(const dn_head *head, const double at[3], float *value)
{
    corners place;
    if (!corners_of(&head->coarse, at, &place)) {
        return false;
    }
    add(&place, 0.0f, 1.0f, 1, value);
    return true;
}
