/* Draws slices of the scan with outlines for the quality picture. */
#include "report/picture_view.h"
#include "base/memory.h"
#include "segment/head/clean.h"
#include "segment/head/coarse.h"
#include "segment/head/icv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Position in mm of a point of the frame: u, v in 0..1 from the top left. The patient's left is on the right (radiological);
 * sagittal slices look from the left, nose to the left. */
static void frame_point(const frame *f, double u, double v, double mm[3])
{
    double across = (u - 0.5) * f->width;
    double down = (v - 0.5) * f->height;
    memcpy(mm, f->centre, sizeof f->centre);
    switch (f->plane) {
    case CORONAL:
        mm[0] -= across;
        mm[2] -= down;
        break;
    case SAGITTAL:
        mm[1] -= across;
        mm[2] -= down;
        break;
    case AXIAL:
        mm[0] -= across;
        mm[1] -= down;
        break;
    }
}

/* Weights of four neighbours (Catmull-Rom). */
static void cubic(float t, float w[4])
{
    w[0] = t * (-0.5f + t * (1.0f - 0.5f * t));
    w[1] = 1.0f + t * t * (-2.5f + 1.5f * t);
    w[2] = t * (0.5f + t * (2.0f - 1.5f * t));
    w[3] = t * t * (-0.5f + 0.5f * t);
}

static float scan_at(const view *v, const double mm[3])
{
    const dn_conformed *conformed = &v->r->conformed;
    const dn_volume *scan = conformed->oriented;
    int64_t near[3][4]; /* offsets of the four neighbours along each axis; those beyond the scan are its last ones */
    float w[3][4];
    int64_t step = 1;
    for (int c = 0; c < 3; step *= scan->grid.dim[c], ++c) {
        double at = dn_axis_map_to(&v->map, c, mm[c] / v->mm[c]);
        if (!(at > -0.5 && at < (double)scan->grid.dim[c] - 0.5)) {
            return (float)v->black;
        }
        const int64_t first = (int64_t)floor(at);
        cubic((float)(at - (double)first), w[c]);
        for (int i = 0; i < 4; ++i) {
            const int64_t n = first - 1 + i;
            near[c][i] = step * (n < 0 ? 0 : n >= scan->grid.dim[c] ? scan->grid.dim[c] - 1 : n);
        }
    }
    float sum = 0.0f;
    for (int k = 0; k < 4; ++k) {
        for (int j = 0; j < 4; ++j) {
            float wjk = w[1][j] * w[2][k];
            if (wjk == 0.0f) {
                continue;
            }
            const float *row = scan->data + near[1][j] + near[2][k];
            for (int i = 0; i < 4; ++i) {
                sum += w[0][i] * wjk * row[near[0][i]];
            }
        }
    }
    return sum;
}

static void place_of(const view *v, const double mm[3], double at[3])
{
    for (int c = 0; c < 3; ++c) {
        at[c] = dn_axis_map_to(&v->map, c, mm[c] / v->mm[c]);
    }
}

static uint8_t label_at(const view *v, const double mm[3])
{
    const dn_posteriors *p = &v->r->hypothalamus->posteriors;
    int64_t first[3];
    float share[3];
    for (int c = 0; c < 3; ++c) {
        double at = mm[c] / v->mm[c] - (double)p->start[c];
        if (!(at >= 0 && at < (double)(p->dim[c] - 1))) {
            return 0;
        }
        first[c] = (int64_t)at;
        share[c] = (float)(at - (double)first[c]);
    }
    float weight[8];
    const float *corner[8];
    for (int n = 0; n < 8; ++n) {
        weight[n] = (n & 1 ? share[0] : 1 - share[0]) * (n & 2 ? share[1] : 1 - share[1]) * (n & 4 ? share[2] : 1 - share[2]);
        corner[n] = dn_posteriors_at(p, first[0] + (n & 1), first[1] + (n >> 1 & 1), first[2] + (n >> 2 & 1));
    }
    float best_value = -1.0f;
    int64_t best = 0;
    for (int64_t c = 0; c < p->channels; ++c) {
        float value = 0.0f;
        for (int n = 0; n < 8; ++n) {
            value += weight[n] * corner[n][c];
        }
        if (value > best_value) {
            best_value = value;
            best = c;
        }
        if (c == 0 && value > 0.5f) {
            break;
        }
    }
    return v->r->structures.group_of[best] == DN_NO_GROUP ? 0 : (uint8_t)best;
}

/* Whether the whole head's labels of a channel are drawn. */
static bool is_drawn(const dn_head_measured *head, int64_t c, outline what)
{
    int g = head->found.structures.group_of[c];
    if (g == DN_NO_GROUP || !head->wanted[c]) {
        return false;
    }
    const char *structure = head->found.structures.group[g].structure;
    return what == OUTLINE_DEEP ? dn_clean_deep(structure) : strcmp(structure, "thalamus") == 0;
}

static uint8_t head_label_at(const view *v, const double mm[3], outline what)
{
    const dn_head *head = &v->r->head->found;
    float value;
    double at[3];
    int64_t best;
    place_of(v, mm, at);
    if (!dn_head_label(head, v->digests, at, &best, &value)) {
        return 0;
    }
    if (best > 0 && is_drawn(v->r->head, best, what)) {
        return (uint8_t)best;
    }
    if (what == OUTLINE_HEAD && v->r->head->icv != NULL && dn_head_background_at(head, at, &value) &&
        (1.0f - value) * dn_head_above_neck(head, at) > 0.5f) {
        return DN_CHANNEL_LIMIT - 1;
    }
    return 0;
}

bool dn_view_thalamus(const view *v, double low[3], double high[3])
{
    const dn_head_measured *head = v->r->head;
    bool found = false;
    if (v->hand != NULL) {
        return dn_view_hand_bounds(v, OUTLINE_HEAD, low, high);
    }
    for (int c = 0; c < 3; ++c) {
        low[c] = INFINITY;
        high[c] = -INFINITY;
    }
    if (head == NULL) {
        return false;
    }
    const dn_head_look *look = head->found.fine.posteriors.data != NULL ? &head->found.fine : &head->found.coarse;
    for (int64_t k = 0; k < look->grid.dim[2]; ++k) {
        for (int64_t j = 0; j < look->grid.dim[1]; ++j) {
            for (int64_t i = 0; i < look->grid.dim[0]; ++i) {
                const float *p = dn_posteriors_at(&look->posteriors, i, j, k);
                double at[3];
                bool here = false;
                for (int64_t c = 1; c < look->posteriors.channels; ++c) {
                    here = here || (p[c] > 0.5f && is_drawn(head, c, OUTLINE_HEAD));
                }
                dn_head_look_place(look, i, j, k, at);
                for (int c = 0; c < 3 && here; ++c) {
                    double mm = dn_axis_map_from(&v->map, c, at[c]) * v->mm[c];
                    low[c] = fmin(low[c], mm);
                    high[c] = fmax(high[c], mm);
                    found = true;
                }
            }
        }
    }
    return found;
}

/* Brightness for the zoomed tiles: what lies around the structures, from its 1st to its 99.5th percentile. */
static int by_value(const void *a, const void *b)
{
    float p = *(const float *)a;
    float q = *(const float *)b;
    return (p > q) - (p < q);
}

void dn_view_window(view *v, const double centre[3], double radius)
{
    enum { N = 24 };
    static const double low_share = 0.01;
    static const double high_share = 0.995;
    float values[N * N * N];
    v->black = 0;
    for (int n = 0; n < N * N * N; ++n) {
        double mm[3] = {centre[0] + radius * (2.0 * (n % N) / (N - 1) - 1), centre[1] + radius * (2.0 * (n / N % N) / (N - 1) - 1),
                        centre[2] + radius * (2.0 * (n / N / N) / (N - 1) - 1)};
        values[n] = scan_at(v, mm);
    }
    qsort(values, N * N * N, sizeof *values, by_value);
    v->black = (double)values[(int)(low_share * (N * N * N - 1))];
    v->white = (double)values[(int)(high_share * (N * N * N - 1))];
    v->white += 0.06 * (v->white - v->black); /* room above: a plateau of white matter is not pure white */
    if (!(v->white > v->black)) {
        v->white = v->black + 1;
    }
}

static uint8_t any_label_at(const view *v, const double mm[3], outline what)
{
    double at[3];
    if (v->hand != NULL) {
        place_of(v, mm, at);
        return dn_view_hand_label(v, what, at);
    }
    return what == OUTLINE_PARTS ? label_at(v, mm) : head_label_at(v, mm, what);
}

dn_status dn_view_draw(const view *v, dn_mosaic *mosaic, const frame *f, outline what, dn_mosaic_tile *tile)
{
    int64_t w = (int64_t)tile->width;
    int64_t h = (int64_t)tile->height;
    int64_t lw = OVERSAMPLE * w;
    int64_t lh = OVERSAMPLE * h;
    float *grey = NULL;
    uint8_t *label = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_alloc_dims(&grey, DN_DIMS(w, h), sizeof *grey, "the picture"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&label, DN_DIMS(lw, lh), 1, "the picture"), done);
#pragma omp parallel for schedule(dynamic, 8)
    for (int64_t row = 0; row < h; ++row) {
        for (int64_t column = 0; column < w; ++column) {
            double mm[3];
            frame_point(f, ((double)column + 0.5) / (double)w, ((double)row + 0.5) / (double)h, mm);
            grey[row * w + column] = (float)(((double)scan_at(v, mm) - v->black) / (v->white - v->black));
        }
    }
    if (what != OUTLINE_NONE) {
#pragma omp parallel for schedule(dynamic, 8)
        for (int64_t row = 0; row < lh; ++row) {
            for (int64_t column = 0; column < lw; ++column) {
                double mm[3];
                frame_point(f, ((double)column + 0.5) / (double)lw, ((double)row + 0.5) / (double)lh, mm);
                label[row * lw + column] = any_label_at(v, mm, what);
            }
        }
        tile->label = label;
        tile->label_width = lw;
        tile->label_height = lh;
        tile->palette = what == OUTLINE_PARTS ? v->palette : v->head_palette;
    }
    tile->grey = grey;
    tile->grey_width = w;
    tile->grey_height = h;
    status = dn_mosaic_draw(mosaic, tile);
done:
    free(grey);
    free(label);
    return status;
}
