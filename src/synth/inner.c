/* A gradient and a smooth pattern inside each structure. */
#include "synth/inner.h"

#include "base/memory.h"
#include "synth/spline.h"

#include <math.h>
#include <stdlib.h>

enum { LABELS = UINT16_MAX + 1 };
#define SCALE 255.0 /* of painted intensities */
/* Of control points, so that the pattern has SD 1: the squares of a cubic B-spline's weights add up to 151/315 in the mean over an axis. */
#define PATTERN_SD pow(315.0 / 151.0, 1.5)
#define FARTHEST 2.0 /* radii; what is further from the middle changes no more */

typedef struct structure {
    double middle[3]; /* world, mm */
    double square;    /* sum of squared distances from the world's origin, mm2 */
    double radius;    /* root mean square distance from the middle, mm */
    double voxels;
} structure;

typedef struct variation {
    double slope[3]; /* per radius, on the left or in the middle */
    double texture;
} variation;

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
            s->square -= s->voxels * s->middle[d] * s->middle[d]; /* and so from the middle */
        }
        s->radius = s->square > 0.0 ? sqrt(s->square / s->voxels) : 0.0;
    }
}

static void draw_variation(const dn_inner_options *options, dn_random *random, variation *out)
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
static double gradient_at(const structure *s, const variation *own, bool mirrored, const double xyz[3])
{
    double change = 0.0, steepest = 0.0;
    for (int d = 0; d < 3 && s->radius > 0.0; ++d) {
        const double slope = mirrored && d == 0 ? -own->slope[d] : own->slope[d];
        change += slope * (xyz[d] - s->middle[d]) / s->radius;
        steepest += slope * slope;
    }
    const double most = FARTHEST * sqrt(steepest);
    return fmax(-most, fmin(most, change));
}

static void add(dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, const structure *found, const variation *variations,
                dn_smooth_field *pattern)
{
    const dn_grid *grid = &volume->grid;
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            dn_smooth_field_line(pattern, j, k);
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                const int64_t v = dn_grid_offset(grid, i, j, k);
                const uint16_t label = labels->data[v];
                const variation *own = &variations[tissues->tissue[label]];
                double xyz[3];
                dn_affine_apply(&grid->affine, (const double[3]){(double)i, (double)j, (double)k}, xyz);
                const double more =
                    gradient_at(&found[label], own, tissues->swap[label] < label, xyz) + own->texture * dn_smooth_field_at(pattern, i);
                volume->data[v] = (float)fmax(0.0, (double)volume->data[v] + more);
            }
        }
    }
}

dn_status dn_inner_paint(dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, const dn_inner_options *options,
                         dn_random *random)
{
    structure *found = NULL;
    variation *variations = NULL;
    dn_smooth_field pattern = {.values = NULL};
    dn_status status = DN_OK;
    if (!(options->gradient > 0.0) && !(options->texture > 0.0)) {
        return DN_OK;
    }
    DN_TRY_GOTO(status, dn_alloc(&found, LABELS, sizeof *found, "structures"), done);
    DN_TRY_GOTO(status, dn_alloc(&variations, tissues->count, sizeof *variations, "tissues"), done);
    DN_TRY_GOTO(status, dn_smooth_field_draw(&volume->grid, options->texture_mm, PATTERN_SD, random, "the texture of tissues", &pattern),
                done);
    for (size_t t = 0; t < tissues->count; ++t) {
        draw_variation(options, random, &variations[t]);
    }
    /* Air stays dark and even. */
    for (int label = 0; label < LABELS; ++label) {
        if (tissues->tissue[label] >= 0 && tissues->region[label] == DN_REGION_AIR) {
            variations[tissues->tissue[label]] = (variation){.texture = 0.0};
        }
    }
    find_structures(labels, found);
    add(volume, labels, tissues, found, variations, &pattern);
done:
    dn_smooth_field_release(&pattern);
    free(variations);
    free(found);
    return status;
}
