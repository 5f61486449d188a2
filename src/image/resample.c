/* Resampling of scans (linear or cubic: Keys 1981) and of label maps (votes of the points of a voxel) through one composed transform. */
#include "image/resample.h"

#include "base/memory.h"
#include "image/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How far outside the half-voxel border rounding may put a position that lies on it. */
static const double EDGE = 1e-4;

static double snap(double value, double parts)
{
    return rint(value * parts) / parts;
}

/* New voxel -> source voxel. Entries are rounded (2^-32, translation 2^-20 of a voxel) so that the same geometry written
 * in two ways, as after a re-orientation, gives the same weights, and whole-voxel shifts are copies. */
static dn_status compose(const dn_grid *source, const dn_grid *grid, const dn_affine *move, dn_affine *out)
{
    dn_affine inverse;
    dn_affine unused;
    DN_TRY(dn_affine_invert(&source->affine, &inverse));
    DN_TRY(dn_affine_invert(&grid->affine, &unused));
    *out = grid->affine;
    if (move != NULL) {
        DN_TRY(dn_affine_invert(move, &unused));
        dn_affine_compose(move, out, out);
    }
    dn_affine_compose(&inverse, out, out);
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 4; ++c) {
            out->m[r][c] = snap(out->m[r][c], c < 3 ? 4294967296.0 : 1048576.0);
        }
    }
    return DN_OK;
}

/* Puts a position into 0..dim-1 along each axis; false when it lies outside the outermost voxels. */
static inline bool hold(const int64_t dim[3], double p[3])
{
    for (int d = 0; d < 3; ++d) {
        double last = (double)(dim[d] - 1);
        if (!(p[d] >= -0.5 - EDGE && p[d] <= last + 0.5 + EDGE)) {
            return false;
        }
        p[d] = p[d] < 0.0 ? 0.0 : p[d] > last ? last : p[d];
    }
    return true;
}

/* Voxels 0..dim-1 around a held position: the lower one, the step to the upper one (0 at the end), the weight of the upper. */
static inline void bracket(double p, int64_t dim, int64_t stride, int64_t *offset, int64_t *step, double *weight)
{
    int64_t lower = (int64_t)p;
    *weight = p - (double)lower;
    *offset = lower * stride;
    *step = lower + 1 < dim ? stride : 0;
}

static inline void bracket_all(const double p[3], const int64_t dim[3], int64_t offset[3], int64_t step[3], double weight[3])
{
    bracket(p[0], dim[0], 1, &offset[0], &step[0], &weight[0]);
    bracket(p[1], dim[1], dim[0], &offset[1], &step[1], &weight[1]);
    bracket(p[2], dim[2], dim[0] * dim[1], &offset[2], &step[2], &weight[2]);
}

static inline float linear_at(const float *data, const int64_t dim[3], const double p[3])
{
    int64_t o[3];
    int64_t s[3];
    double w[3];
    bracket_all(p, dim, o, s, w);
    const float *v = data + o[0] + o[1] + o[2];
    double c00 = (double)v[0] + w[0] * ((double)v[s[0]] - (double)v[0]);
    double c10 = (double)v[s[1]] + w[0] * ((double)v[s[1] + s[0]] - (double)v[s[1]]);
    double c01 = (double)v[s[2]] + w[0] * ((double)v[s[2] + s[0]] - (double)v[s[2]]);
    double c11 = (double)v[s[2] + s[1]] + w[0] * ((double)v[s[2] + s[1] + s[0]] - (double)v[s[2] + s[1]]);
    double c0 = c00 + w[1] * (c10 - c00);
    double c1 = c01 + w[1] * (c11 - c01);
    return (float)(c0 + w[2] * (c1 - c0));
}

float dn_linear_at(const float *data, const int64_t dim[3], const double at[3])
{
    double p[3];
    for (int c = 0; c < 3; ++c) {
        p[c] = fmin(fmax(at[c], 0.0), (double)(dim[c] - 1));
    }
    return linear_at(data, dim, p);
}

static inline int64_t nearest_offset(const int64_t dim[3], const double p[3])
{
    int64_t at[3];
    for (int d = 0; d < 3; ++d) {
        at[d] = (int64_t)floor(p[d] + 0.5);
        at[d] = at[d] < dim[d] ? at[d] : dim[d] - 1;
    }
    return at[0] + dim[0] * (at[1] + dim[1] * at[2]);
}

/* Keys 1981, a = -1/2; voxels beyond the edge have the edge's value. */
static float cubic_at(const float *data, const int64_t dim[3], const double p[3])
{
    double w[3][4];
    int64_t index[3][4];
    int64_t stride[3] = {1, dim[0], dim[0] * dim[1]};
    for (int d = 0; d < 3; ++d) {
        int64_t lower = (int64_t)p[d];
        double t = p[d] - (double)lower;
        w[d][0] = ((-0.5 * t + 1.0) * t - 0.5) * t;
        w[d][1] = (1.5 * t - 2.5) * t * t + 1.0;
        w[d][2] = ((-1.5 * t + 2.0) * t + 0.5) * t;
        w[d][3] = (0.5 * t - 0.5) * t * t;
        for (int k = 0; k < 4; ++k) {
            int64_t at = lower - 1 + k;
            index[d][k] = (at < 0 ? 0 : at < dim[d] ? at : dim[d] - 1) * stride[d];
        }
    }
    double sum = 0.0;
    for (int z = 0; z < 4; ++z) {
        for (int y = 0; y < 4; ++y) {
            const float *row = data + index[2][z] + index[1][y];
            double line = 0.0;
            for (int x = 0; x < 4; ++x) {
                line += w[0][x] * (double)row[index[0][x]];
            }
            sum += w[2][z] * w[1][y] * line;
        }
    }
    return (float)sum;
}

static inline void position(const dn_affine *map, int64_t i, int64_t j, int64_t k, double p[3])
{
    for (int r = 0; r < 3; ++r) {
        p[r] = map->m[r][0] * (double)i + (map->m[r][1] * (double)j + (map->m[r][2] * (double)k + map->m[r][3]));
    }
}

/* A copy of the source, smoothed along the axes on which the new grid is coarser; NULL when none is. */
static dn_status smooth_for(const dn_volume *source, const dn_affine *map, dn_volume **out)
{
    double spacing[3];
    double sigma[3];
    bool any = false;
    *out = NULL;
    dn_grid_spacing(&source->grid, spacing);
    for (int d = 0; d < 3; ++d) {
        double ratio2 = map->m[d][0] * map->m[d][0] + map->m[d][1] * map->m[d][1] + map->m[d][2] * map->m[d][2];
        /* Widths are full widths at half maximum: 8 ln 2 sigma^2. */
        sigma[d] = ratio2 > 1.01 ? spacing[d] * sqrt((ratio2 - 1.0) / (8.0 * log(2.0))) : 0.0;
        any = any || sigma[d] > 0.0;
    }
    if (!any) {
        return DN_OK;
    }
    DN_TRY(dn_volume_create(&source->grid, out));
    memcpy((*out)->data, source->data, (size_t)dn_grid_count(&source->grid) * sizeof *source->data);
    dn_status status = dn_filter_gaussian(*out, sigma);
    if (status != DN_OK) {
        dn_volume_destroy(*out);
        *out = NULL;
    }
    return status;
}

dn_status dn_resample_volume(const dn_volume *source, const dn_grid *grid, const dn_resample_options *options, dn_volume **out)
{
    static const dn_resample_options defaults = {0};
    const dn_resample_options *o = options != NULL ? options : &defaults;
    const int64_t *dim = source->grid.dim;
    dn_affine map;
    dn_volume *smooth = NULL;
    dn_volume *result = NULL;
    dn_status status = DN_OK;
    DN_TRY(compose(&source->grid, grid, o->move, &map));
    if (o->antialias) {
        DN_TRY(smooth_for(source, &map, &smooth));
    }
    DN_TRY_GOTO(status, dn_volume_create(grid, &result), done);
    const float *data = smooth != NULL ? smooth->data : source->data;
    dn_resample_method method = o->method;
    float fill = o->fill;
#pragma omp parallel for collapse(2)
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            float *row = result->data + dn_grid_offset(grid, 0, j, k);
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                double p[3];
                position(&map, i, j, k, p);
                if (!hold(dim, p)) {
                    row[i] = fill;
                } else if (method == DN_RESAMPLE_LINEAR) {
                    row[i] = linear_at(data, dim, p);
                } else if (method == DN_RESAMPLE_NEAREST) {
                    row[i] = data[nearest_offset(dim, p)];
                } else {
                    row[i] = cubic_at(data, dim, p);
                }
            }
        }
    }
    *out = result;
done:
    dn_volume_destroy(smooth);
    return status;
}

/* Shares of up to SHARES labels in one new voxel, in whole parts so that the order of adding does not matter. */
enum { SHARES = 64, SUB_LIMIT = 8, ONE = 1 << 20 };

typedef struct shares {
    int count;
    uint16_t label[SHARES];
    int64_t share[SHARES];
} shares;

static inline void add_share(shares *s, uint16_t label, int64_t share)
{
    for (int n = 0; n < s->count; ++n) {
        if (s->label[n] == label) {
            s->share[n] += share;
            return;
        }
    }
    if (s->count < SHARES) {
        s->label[s->count] = label;
        s->share[s->count++] = share;
    }
}

static void add_point(shares *s, const uint16_t *data, const int64_t dim[3], const double p[3])
{
    int64_t o[3];
    int64_t step[3];
    double w[3];
    bracket_all(p, dim, o, step, w);
    const uint16_t *v = data + o[0] + o[1] + o[2];
    for (int corner = 0; corner < 8; ++corner) {
        double weight = 1.0;
        int64_t at = 0;
        for (int d = 0; d < 3; ++d) {
            weight *= corner >> d & 1 ? w[d] : 1.0 - w[d];
            at += corner >> d & 1 ? step[d] : 0;
        }
        if (weight > 0.0) {
            add_share(s, v[at], (int64_t)rint(weight * ONE));
        }
    }
}

/* True when the eight voxels around p are one label. */
static inline bool uniform_at(const uint16_t *data, const int64_t dim[3], const double p[3], uint16_t *label)
{
    int64_t o[3];
    int64_t s[3];
    double w[3];
    bracket_all(p, dim, o, s, w);
    const uint16_t *v = data + o[0] + o[1] + o[2];
    *label = v[0];
    return v[s[0]] == v[0] && v[s[1]] == v[0] && v[s[1] + s[0]] == v[0] && v[s[2]] == v[0] && v[s[2] + s[0]] == v[0] &&
           v[s[2] + s[1]] == v[0] && v[s[2] + s[1] + s[0]] == v[0];
}

static uint16_t winner(const shares *s, uint16_t nearest)
{
    int best = 0;
    for (int n = 1; n < s->count; ++n) {
        bool tie = s->share[n] == s->share[best];
        bool first = s->label[best] == nearest;
        if (s->share[n] > s->share[best] || (tie && !first && (s->label[n] == nearest || s->label[n] < s->label[best]))) {
            best = n;
        }
    }
    return s->count > 0 ? s->label[best] : 0;
}

/* The n-th of the sub[0] x sub[1] x sub[2] points spread over new voxel (i,j,k), in source voxels; false: outside. */
static inline bool sub_point(const dn_affine *map, const int64_t dim[3], const int sub[3], int n, const int64_t ijk[3], double p[3])
{
    int part[3] = {n % sub[0], n / sub[0] % sub[1], n / sub[0] / sub[1]};
    double at[3];
    for (int c = 0; c < 3; ++c) {
        at[c] = (double)ijk[c] + (part[c] + 0.5) / sub[c] - 0.5;
    }
    dn_affine_apply(map, at, p);
    return hold(dim, p);
}

/* Background only where it has more than half of the voxel; else the label with the largest share of what is not background. */
static uint16_t winner_of_tissue(shares *s, uint16_t nearest)
{
    int64_t tissue = 0, background = 0;
    for (int n = 0; n < s->count; ++n) {
        *(s->label[n] == 0 ? &background : &tissue) += s->share[n];
    }
    for (int n = 0; n < s->count && background <= tissue; ++n) {
        s->share[n] = s->label[n] == 0 ? -1 : s->share[n];
    }
    return winner(s, nearest);
}

/* Vote at a new voxel: sub[c] points along each new axis, each a trilinear vote. tissue: whether it is background is decided first. */
static uint16_t vote(const dn_labels *source, const dn_affine *map, const int sub[3], bool tissue, const int64_t ijk[3])
{
    const int64_t *dim = source->grid.dim;
    int points = sub[0] * sub[1] * sub[2];
    double p[3];
    uint16_t first = 0;
    uint16_t nearest = 0;
    int n = 0;
    shares s;
    for (; n < points; ++n) { /* nearly everywhere all agree */
        uint16_t label = 0;
        bool uniform = !sub_point(map, dim, sub, n, ijk, p) || uniform_at(source->data, dim, p, &label);
        if (!uniform || (n > 0 && label != first)) {
            break;
        }
        first = label;
    }
    if (n == points) {
        return first;
    }
    s.count = 0;
    for (n = 0; n < points; ++n) {
        if (sub_point(map, dim, sub, n, ijk, p)) {
            add_point(&s, source->data, dim, p);
        } else {
            add_share(&s, 0, ONE);
        }
    }
    position(map, ijk[0], ijk[1], ijk[2], p);
    if (hold(dim, p)) {
        nearest = source->data[nearest_offset(dim, p)];
    }
    return tissue ? winner_of_tissue(&s, nearest) : winner(&s, nearest);
}

static dn_status resample_labels(const dn_labels *source, const dn_grid *grid, const dn_affine *move, bool tissue, dn_labels **out)
{
    dn_affine map;
    dn_labels *result = NULL;
    int sub[3];
    DN_TRY(compose(&source->grid, grid, move, &map));
    for (int c = 0; c < 3; ++c) {
        double length = sqrt(map.m[0][c] * map.m[0][c] + map.m[1][c] * map.m[1][c] + map.m[2][c] * map.m[2][c]);
        sub[c] = length > 1.05 ? (length < SUB_LIMIT ? (int)ceil(length - 0.05) : SUB_LIMIT) : 1;
    }
    DN_TRY(dn_labels_create(grid, &result));
#pragma omp parallel for collapse(2) schedule(dynamic, 16)
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            uint16_t *row = result->data + dn_grid_offset(grid, 0, j, k);
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                row[i] = vote(source, &map, sub, tissue, (const int64_t[3]){i, j, k});
            }
        }
    }
    *out = result;
    return DN_OK;
}

dn_status dn_resample_labels(const dn_labels *source, const dn_grid *grid, const dn_affine *move, dn_labels **out)
{
    return resample_labels(source, grid, move, false, out);
}

dn_status dn_resample_tissue(const dn_labels *source, const dn_grid *grid, const dn_affine *move, dn_labels **out)
{
    return resample_labels(source, grid, move, true, out);
}
