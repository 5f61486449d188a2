/* Mirrors a placed hemisphere about x = 0. */
#include "labelmap/mirror.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/components.h"
#include "image/io.h"
#include "image/resample.h"
#include "labelmap/numbers.h"
#include "labelmap/picture.h"
#include "labelmap/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 4 }; /* voxels around the head */
#define CONTACT_MM 2.0

/* The left half's grid: voxel i of the half lies at -(dim - i - 0.5) * spacing. */
static dn_status plan(const dn_labels *map, double spacing, dn_grid *half)
{
    const int64_t *dim = map->grid.dim;
    int64_t start[3], size[3];
    double low[3], high[3];
    uint8_t *mask = NULL;
    DN_TRY(dn_alloc(&mask, (size_t)dn_grid_count(&map->grid), 1, "a mask"));
    for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
        mask[v] = map->data[v] != 0;
    }
    const bool any = dn_mask_bounds(mask, dim, start, size);
    free(mask);
    if (any) {
        for (int c = 0; c < 3; ++c) {
            low[c] = (double)start[c] - 0.5;
            high[c] = (double)(start[c] + size[c]) - 0.5;
        }
        dn_affine_bounds(&map->grid.affine, low, high, low, high);
    }
    if (!any || low[0] >= -spacing) {
        DN_FAIL(DN_EDATA, "the map has no voxel left of the mirror (x < 0): it has to be a left hemisphere that was placed against x = 0");
    }
    *half = (dn_grid){0};
    for (int c = 0; c < 3; ++c) {
        const int64_t from = (int64_t)floor(low[c] / spacing) - MARGIN;
        const int64_t to = c == 0 ? 0 : (int64_t)ceil(high[c] / spacing) + MARGIN;
        half->dim[c] = to - from;
        half->affine.m[c][c] = spacing;
        half->affine.m[c][3] = ((double)from + 0.5) * spacing;
    }
    return DN_OK;
}

/* Labels of the half into both halves of the whole. */
static void fill(const dn_labels *half, const uint16_t *partner, dn_labels *whole, dn_mirror_facts *facts)
{
    const int64_t *dim = half->grid.dim, wide = whole->grid.dim[0];
    const int64_t reach = (int64_t)ceil(CONTACT_MM / half->grid.affine.m[0][0]);
    double gap = 0.0, rows = 0.0;
    for (int64_t row = 0; row < dim[1] * dim[2]; ++row) {
        const uint16_t *from = half->data + row * dim[0];
        uint16_t *to = whole->data + row * wide;
        int64_t last = -1;
        for (int64_t i = 0; i < dim[0]; ++i) {
            to[i] = from[i];
            to[wide - 1 - i] = partner[from[i]];
            facts->left_voxels += from[i] != 0;
            last = from[i] != 0 ? i : last;
        }
        if (last >= dim[0] - reach) {
            gap += (double)(dim[0] - 1 - last);
            rows += 1.0;
        }
    }
    facts->gap_mm = rows > 0.0 ? 2.0 * gap / rows * half->grid.affine.m[0][0] : INFINITY;
}

dn_status dn_mirror_map(const dn_labels *map, const dn_mirror_map_options *options, dn_labels **out, dn_mirror_facts *facts)
{
    dn_tissues *tissues = NULL;
    uint16_t *partner = NULL;
    dn_labels *half = NULL, *whole = NULL;
    dn_grid grid;
    double spacing[3];
    int64_t all = 0;
    dn_status status = DN_OK;
    *facts = (dn_mirror_facts){0};
    dn_grid_spacing(&map->grid, spacing);
    const double wanted = options->spacing > 0.0 ? options->spacing : fmin(spacing[0], fmin(spacing[1], spacing[2]));
    DN_TRY(plan(map, wanted, &grid));
    DN_TRY_GOTO(status, dn_numbers_tissues(options->tissues, &tissues), done);
    DN_TRY_GOTO(status, dn_numbers_partners(map, tissues, &partner), done);
    DN_TRY_GOTO(status, dn_resample_tissue(map, &grid, NULL, &half), done);
    grid.dim[0] *= 2;
    DN_TRY_GOTO(status, dn_labels_create(&grid, &whole), done);
    fill(half, partner, whole, facts);
    for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
        all += map->data[v] != 0;
    }
    facts->beyond_ml =
        ((double)all * dn_grid_voxel_volume(&map->grid) - (double)facts->left_voxels * dn_grid_voxel_volume(&half->grid)) / 1000.0;
    *out = whole;
done:
    free(partner);
    dn_tissues_destroy(tissues);
    dn_labels_destroy(half);
    return status;
}

dn_status dn_labelmap_mirror(const char *map, const dn_mirror_map_options *options, const char *output)
{
    dn_labels *hemisphere = NULL, *whole = NULL;
    dn_mirror_facts facts;
    dn_affine motion;
    dn_status status = DN_OK;
    DN_TRY(dn_labelmap_may_write(output));
    if (options->placed != NULL) {
        DN_TRY(dn_place_read(options->placed, &motion));
    }
    DN_TRY(dn_labels_read(map, NULL, &hemisphere, NULL));
    if (options->placed != NULL) {
        dn_affine_compose(&motion, &hemisphere->grid.affine, &hemisphere->grid.affine);
    }
    DN_TRY_GOTO(status, dn_error_in_file(dn_mirror_map(hemisphere, options, &whole, &facts), map), done);
    dn_log(DN_LOG_DEBUG, "%.2f mL beyond the mirror were left out; mean gap where the sides meet: %.2f mm", facts.beyond_ml, facts.gap_mm);
    DN_TRY_GOTO(status, dn_labels_write(whole, output, NULL), done);
    status = dn_labelmap_picture_mirror(whole, "Whole head", output);
done:
    dn_labels_destroy(hemisphere);
    dn_labels_destroy(whole);
    return status;
}
