/* A gradient and a smooth pattern inside each structure. */
#include "synth/inner.h"

#include "base/memory.h"
#include "synth/spline.h"

#include <math.h>
#include <stdlib.h>

enum { LABELS = UINT16_MAX + 1 };
#define SCALE 255.0  /* of painted intensities */
#define FARTHEST 2.0 /* radii; what is further from the middle changes no more */

typedef struct structure {
    double middle[3]; /* world, mm */
    double square;    /* sum of squared distances from the world's origin, then the radius, mm */
    double voxels;
} structure;

typedef struct tissue_look {
    double slope[3]; /* per radius, on the left or in the middle */
    double texture;
} tissue_look;

static void find_structures(const dn_labels *labels, structure *found)
{
    const dn_grid *grid = &labels->grid;
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                structure *s = &found[labels->data[dn_grid_offset(grid, i, j, k)]];
                double xyz[3];
                dn_affine_apply(&grid->affine, (const double[3]){(double)i, (double)j, (double)k}, xyz);
                for (int d = 0; d < 3; ++d) {
                    s->middle[d] += xyz[d];
                    s->square += xyz[d] * xyz[d];
                }
                s->voxels += 1.0;
            }
        }
    }
    for (int label = 0; label < LABELS; ++label) {
        structure *s = &found[label];
        for (int d = 0; d < 3 && s->voxels > 0.0; ++d) {
            s->middle[d] /= s->voxels;
            s->square -= s->voxels * s->middle[d] * s->middle[d];
        }
        s->square = s->square > 0.0 ? sqrt(s->square / s->voxels) : 0.0;
    }
}

static void draw_look(const dn_inner_options *options, dn_random *random, tissue_look *out)
{
    double direction[3], length = 0.0;
    for (int d = 0; d < 3; ++d) {
        direction[d] = dn_random_normal(random, 0.0, 1.0);
        length += direction[d] * direction[d];
    }
    const double size = SCALE * dn_random_uniform(random, 0.0, options->gradient) / sqrt(length > 0.0 ? length : 1.0);
    for (int d = 0; d < 3; ++d) {
        out->slope[d] = size * direction[d];
    }
    out->texture = SCALE * dn_random_uniform(random, 0.0, options->texture);
}

/* How much brighter a voxel of the structure is than its tissue's mean. */
static double gradient_at(const structure *s, const tissue_look *look, bool mirrored, const double xyz[3])
{
    double change = 0.0, steepest = 0.0;
    for (int d = 0; d < 3 && s->square > 0.0; ++d) {
        const double slope = mirrored && d == 0 ? -look->slope[d] : look->slope[d];
        change += slope * (xyz[d] - s->middle[d]) / s->square;
        steepest += slope * slope;
    }
    const double most = FARTHEST * sqrt(steepest);
    return fmax(-most, fmin(most, change));
}

/* Control points of a smooth pattern of SD 1 (in the mean over places between them). */
typedef struct pattern {
    double voxels[3]; /* between control points */
    int64_t control[3];
    double *values;
} pattern;

static dn_status draw_pattern(const dn_grid *grid, double control_mm, dn_random *random, pattern *out)
{
    double spacing[3];
    dn_grid_spacing(grid, spacing);
    for (int d = 0; d < 3; ++d) {
        out->voxels[d] = control_mm / spacing[d];
        out->control[d] = dn_spline_points(grid->dim[d], out->voxels[d]);
    }
    DN_TRY(dn_alloc_dims(&out->values, out->control, 3, sizeof *out->values, "the texture of tissues"));
    /* The squares of a cubic B-spline's weights add up to 151/315 in the mean over an axis. */
    const double sd = pow(315.0 / 151.0, 1.5);
    for (int64_t n = 0; n < out->control[0] * out->control[1] * out->control[2]; ++n) {
        out->values[n] = dn_random_normal(random, 0.0, sd);
    }
    return DN_OK;
}

/* Of the lines j, k: the control points along the first axis. */
static void pattern_line(const pattern *p, int64_t j, int64_t k, double *row)
{
    double wj[4], wk[4];
    const int64_t first_j = dn_spline_weights((double)j / p->voxels[1], wj), first_k = dn_spline_weights((double)k / p->voxels[2], wk);
    for (int64_t a = 0; a < p->control[0]; ++a) {
        row[a] = 0.0;
        for (int c = 0; c < 4; ++c) {
            for (int b = 0; b < 4; ++b) {
                row[a] += wk[c] * wj[b] * p->values[((first_k + c) * p->control[1] + first_j + b) * p->control[0] + a];
            }
        }
    }
}

static double pattern_at(const pattern *p, const double *row, int64_t i)
{
    double w[4];
    const double *c = row + dn_spline_weights((double)i / p->voxels[0], w);
    return w[0] * c[0] + w[1] * c[1] + w[2] * c[2] + w[3] * c[3];
}

static void add(dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, const structure *found, const tissue_look *looks,
                const pattern *p, double *row)
{
    const dn_grid *grid = &volume->grid;
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            pattern_line(p, j, k, row);
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                const int64_t v = dn_grid_offset(grid, i, j, k);
                const uint16_t label = labels->data[v];
                const tissue_look *look = &looks[tissues->tissue[label]];
                double xyz[3];
                dn_affine_apply(&grid->affine, (const double[3]){(double)i, (double)j, (double)k}, xyz);
                const double more =
                    gradient_at(&found[label], look, tissues->swap[label] < label, xyz) + look->texture * pattern_at(p, row, i);
                volume->data[v] = (float)fmax(0.0, (double)volume->data[v] + more);
            }
        }
    }
}

dn_status dn_inner_paint(dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, const dn_inner_options *options,
                         dn_random *random)
{
    structure *found = NULL;
    tissue_look *looks = NULL;
    double *row = NULL;
    pattern p = {.values = NULL};
    dn_status status = DN_OK;
    if (!(options->gradient > 0.0) && !(options->texture > 0.0)) {
        return DN_OK;
    }
    DN_TRY_GOTO(status, dn_alloc(&found, LABELS, sizeof *found, "structures"), done);
    DN_TRY_GOTO(status, dn_alloc(&looks, tissues->count, sizeof *looks, "tissues"), done);
    DN_TRY_GOTO(status, draw_pattern(&volume->grid, options->texture_mm, random, &p), done);
    DN_TRY_GOTO(status, dn_alloc(&row, (size_t)p.control[0], sizeof *row, "the texture of tissues"), done);
    for (size_t t = 0; t < tissues->count; ++t) {
        draw_look(options, random, &looks[t]);
    }
    /* Air stays dark and even. */
    for (int label = 0; label < LABELS; ++label) {
        if (tissues->tissue[label] >= 0 && tissues->region[label] == DN_REGION_AIR) {
            looks[tissues->tissue[label]] = (tissue_look){.texture = 0.0};
        }
    }
    find_structures(labels, found);
    add(volume, labels, tissues, found, looks, &p, row);
done:
    free(row);
    free(p.values);
    free(looks);
    free(found);
    return status;
}
