/* Sorts the voxels of a tensor by whether their indices are odd or even, and back: what a convolution behind up-sampling by two needs. */
#include "net/ops/gradient_loops.h"
#include "net/rows.h"

#include <string.h>

#define TILE 1024

/* Where the channels of voxel (d, h, w) of sample n lie among the corners. */
static int64_t element_of(const dn_corners *c, int64_t n, const int64_t at[3])
{
    int64_t which = 0;
    int64_t corner[3];
    for (int a = 0; a < 3; ++a) {
        corner[a] = c->halved[a] ? (at[a] + 1) / 2 : at[a];
        which = c->halved[a] ? 2 * which + (at[a] + 1) % 2 : which;
    }
    const dn_shape *s = &c->corners;
    return (((n * s->d + corner[0]) * s->h + corner[1]) * s->w + corner[2]) * s->c + which * c->whole.c;
}

/* One row of voxels, some at a time. */
static void spread_row(const dn_corners *c, void *whole, int64_t row, bool add, const float *bias, dn_activation tail, float alpha)
{
    const dn_shape *s = &c->whole;
    int64_t size = dn_type_size(c->type);
    int64_t most = TILE / s->c;
    int64_t at[3] = {row / s->h % s->d, row % s->h, 0};
    float x[TILE];
    for (int64_t first = 0; first < s->w; first += most) {
        int64_t count = s->w - first < most ? s->w - first : most;
        unsigned char *y = (unsigned char *)whole + (row * s->w + first) * s->c * size;
        if (add) {
            dn_row_load(x, y, c->type, count * s->c);
        }
        for (int64_t i = 0; i < count; ++i) {
            at[2] = first + i;
            const void *from = (const unsigned char *)c->data + element_of(c, row / (s->h * s->d), at) * size;
            if (add) {
                dn_row_add(x + i * s->c, from, c->type, 1.0f, s->c);
            } else {
                dn_row_load(x + i * s->c, from, c->type, s->c);
            }
            if (bias != NULL) {
                dn_row_add(x + i * s->c, bias, DN_TYPE_F32, 1.0f, s->c);
            }
        }
        dn_row_activation(x, tail, alpha, count * s->c);
        dn_row_store(y, c->type, x, count * s->c);
    }
}

void dn_corners_spread(const dn_corners *c, void *whole, bool add, const float *bias, dn_activation tail, float alpha)
{
    const dn_shape *s = &c->whole;
#pragma omp parallel for num_threads(c->threads)
    for (int64_t row = 0; row < s->n * s->d * s->h; ++row) {
        spread_row(c, whole, row, add, bias, tail, alpha);
    }
}

void dn_corners_gather(const dn_corners *c, const void *whole)
{
    const dn_shape *s = &c->corners;
    const dn_shape *w = &c->whole;
    int64_t size = dn_type_size(c->type);
    int64_t ways = s->c / w->c;
    int64_t bytes = w->c * size;
#pragma omp parallel for num_threads(c->threads)
    for (int64_t v = 0; v < s->n * s->d * s->h * s->w; ++v) {
        const int64_t corner[3] = {v / (s->w * s->h) % s->d, v / s->w % s->h, v % s->w};
        unsigned char *to = (unsigned char *)c->data + v * s->c * size;
        for (int64_t which = 0; which < ways; ++which, to += bytes) {
            int64_t bits = ways;
            int64_t from = v / (s->w * s->h * s->d);
            bool inside = true;
            for (int a = 0; a < 3; ++a) {
                int64_t at = corner[a];
                if (c->halved[a]) {
                    bits /= 2;
                    at = 2 * at - 1 + which / bits % 2;
                }
                inside = inside && at >= 0 && at < dn_shape_axis(w, a);
                from = from * dn_shape_axis(w, a) + at;
            }
            if (inside) {
                memcpy(to, (const unsigned char *)whole + from * bytes, (size_t)bytes);
            } else {
                memset(to, 0, (size_t)bytes);
            }
        }
    }
}
