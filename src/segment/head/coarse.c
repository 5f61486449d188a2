/* Mixes the posteriors of the coarse and the fine network, and gives their values at a place of the scan. */
#include "segment/head/coarse.h"

#include "base/memory.h"
#include "net/simd.h"

#include <stdlib.h>
#include <string.h>

/* Over so many millimetres before its faces the fine pass gives way to the coarse one. */
#define FADE_MM 5.0f
#define CERTAINLY_OUTSIDE 0.9995f

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

dn_status dn_head_rows_make(const dn_head *head, const int64_t dim[3], dn_head_rows *out)
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
    corners place;
    if (!combine(&head->coarse, &rows->coarse[0][i], &rows->coarse[1][j], &rows->coarse[2][k], &place)) {
        return false;
    }
    add(&place, 0.0f, 1.0f, 1, value);
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
