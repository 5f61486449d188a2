/* The scan of a left hemisphere in fluid and a bag, made of the template's left half, with everything known: where the mirror is, what is
 * brain, the bias field, and labels of the hypothalamus. Shared by tests and by `fixture`. */
#ifndef DN_HEMISPHERE_MAKER_H
#define DN_HEMISPHERE_MAKER_H

#include "base/memory.h"
#include "base/random.h"
#include "image/distance.h"
#include "image/io.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct hemisphere_how {
    double spacing;        /* mm */
    double turn_y, turn_z; /* degrees by which it lies askew */
    double shift;          /* mm along x */
    bool inverted;         /* fluid bright, white matter dark */
    bool right;            /* its mirror image */
    double bias;           /* amplitude of the field's logarithm */
    double noise;
    double packing_mm; /* width of the fluid around the brain */
} hemisphere_how;

static const hemisphere_how hemisphere_usual = {
    .spacing = 1.5, .turn_y = 5.0, .turn_z = -4.0, .shift = -7.0, .bias = 0.25, .noise = 2.5, .packing_mm = 6.0};

typedef struct hemisphere {
    dn_volume *scan;     /* owned */
    dn_labels *truth;    /* owned; FreeSurfer's numbers of the tissue, 0 elsewhere */
    dn_labels *manual;   /* owned; 801-805 */
    dn_volume *field;    /* owned; what the scan was multiplied with */
    dn_affine to_mirror; /* from the scan's world to that in which the mirror is x = 0 */
} hemisphere;

static inline void hemisphere_release(hemisphere *it)
{
    dn_volume_destroy(it->scan);
    dn_labels_destroy(it->truth);
    dn_labels_destroy(it->manual);
    dn_volume_destroy(it->field);
    memset(it, 0, sizeof *it);
}

/* Intensity of a tissue: four levels; 0: fluid or not brain. Right labels, too: in a real head some lie left of the cut. */
static inline double hemisphere_level(uint16_t label)
{
    switch (label) {
    case 2:
    case 7:
    case 41:
    case 46:
    case 16:
        return 170.0;
    case 10:
    case 13:
    case 28:
    case 49:
    case 52:
    case 60:
    case 85:
    case 821:
    case 843:
        return 140.0;
    case 11:
    case 12:
    case 17:
    case 18:
    case 26:
    case 50:
    case 51:
    case 53:
    case 54:
    case 58:
        return 118.0;
    case 801:
    case 802:
    case 803:
    case 804:
    case 805:
        return 118.0;
    case 3:
    case 8:
    case 42:
    case 47:
        return 96.0;
    default:
        return 0.0;
    }
}

static inline double hemisphere_bias(const hemisphere_how *how, const double p[3])
{
    return exp(how->bias * (sin((p[0] + 20.0) / 55.0) * 0.6 + cos((p[1] - 10.0) / 48.0) + 0.5 * sin(p[2] / 60.0)));
}

/* Rotation about y, then z, then a shift along x: from the mirror's world to the scan's. */
static inline void hemisphere_motion(const hemisphere_how *how, dn_affine *out)
{
    const double y = how->turn_y * 3.14159265358979 / 180.0, z = how->turn_z * 3.14159265358979 / 180.0;
    *out = (dn_affine){{{cos(z) * cos(y), -sin(z), cos(z) * sin(y), how->shift},
                        {sin(z) * cos(y), cos(z), sin(z) * sin(y), 3.0},
                        {-sin(y), 0.0, cos(y), -2.0}}};
}

/* Fluid within packing_mm of tissue, a thin bag around it, air elsewhere. */
static inline dn_status hemisphere_paint(const hemisphere_how *how, hemisphere *it)
{
    const dn_grid *grid = &it->truth->grid;
    const int64_t count = dn_grid_count(grid);
    const double spacing[3] = {how->spacing, how->spacing, how->spacing};
    uint8_t *mask = NULL;
    float *distance = NULL;
    dn_random random;
    dn_random_seed(&random, 7);
    DN_TRY(dn_alloc(&mask, (size_t)count, 1, "a mask"));
    DN_TRY(dn_alloc(&distance, (size_t)count, sizeof *distance, "distances"));
    for (int64_t v = 0; v < count; ++v) {
        mask[v] = it->truth->data[v] != 0;
    }
    DN_TRY(dn_distance_to(mask, grid->dim, spacing, distance));
    for (int64_t v = 0; v < count; ++v) {
        const double ijk[3] = {(double)(v % grid->dim[0]), (double)(v / grid->dim[0] % grid->dim[1]),
                               (double)(v / grid->dim[0] / grid->dim[1])};
        double p[3];
        dn_affine_apply(&grid->affine, ijk, p);
        const double far = (double)distance[v], level = hemisphere_level(it->truth->data[v]);
        double value = level > 0.0 ? (how->inverted ? 240.0 - level : level) : far < how->packing_mm ? (how->inverted ? 260.0 : 42.0) : 0.0;
        if (level == 0.0 && far >= how->packing_mm && far < how->packing_mm + 1.6) {
            value = how->inverted ? 300.0 : 20.0; /* the bag */
        }
        it->field->data[v] = (float)hemisphere_bias(how, p);
        value = value * (double)it->field->data[v] + dn_random_normal(&random, 0.0, how->noise);
        it->scan->data[v] = (float)(value > 0.0 ? value : -0.3 * value);
    }
    free(mask);
    free(distance);
    return DN_OK;
}

/* A grid around the left half of the head's brain as it will lie, with room for fluid, bag and air. */
static inline void hemisphere_grid(const dn_labels *head, const hemisphere_how *how, const dn_affine *to_scan, dn_grid *grid)
{
    double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (int64_t v = 0; v < dn_grid_count(&head->grid); ++v) {
        const int64_t *dim = head->grid.dim;
        const double ijk[3] = {(double)(v % dim[0]), (double)(v / dim[0] % dim[1]), (double)(v / dim[0] / dim[1])};
        double p[3];
        dn_affine_apply(&head->grid.affine, ijk, p);
        if (hemisphere_level(head->data[v]) > 0.0 && p[0] < 0.0) {
            dn_affine_apply(to_scan, p, p);
            for (int c = 0; c < 3; ++c) {
                low[c] = fmin(low[c], p[c]);
                high[c] = fmax(high[c], p[c]);
            }
        }
    }
    memset(grid, 0, sizeof *grid);
    for (int c = 0; c < 3; ++c) {
        const double room = how->packing_mm + 12.0;
        grid->dim[c] = (int64_t)ceil((high[c] - low[c] + 2.0 * room) / how->spacing);
        grid->affine.m[c][c] = how->spacing;
        grid->affine.m[c][3] = floor(low[c]) - room;
    }
}

/* template: path of a label map with FreeSurfer's numbers whose mirror is x = 0 (share/template/head.nii.gz). Release it also after a
 * failure. */
static inline dn_status hemisphere_make(const char *template, const hemisphere_how *how, hemisphere *it)
{
    dn_labels *head = NULL;
    dn_affine to_scan, back, to_head;
    dn_grid grid;
    memset(it, 0, sizeof *it);
    DN_TRY(dn_labels_read(template, NULL, &head, NULL));
    hemisphere_motion(how, &to_scan);
    hemisphere_grid(head, how, &to_scan, &grid);
    DN_TRY(dn_affine_invert(&to_scan, &it->to_mirror));
    DN_TRY(dn_affine_invert(&head->grid.affine, &back));
    dn_affine_compose(&back, &it->to_mirror, &to_head);
    DN_TRY(dn_labels_create(&grid, &it->truth));
    DN_TRY(dn_labels_create(&grid, &it->manual));
    DN_TRY(dn_volume_create(&grid, &it->scan));
    DN_TRY(dn_volume_create(&grid, &it->field));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const double ijk[3] = {(double)(v % grid.dim[0]), (double)(v / grid.dim[0] % grid.dim[1]), (double)(v / grid.dim[0] / grid.dim[1])};
        double p[3], q[3];
        dn_affine_apply(&grid.affine, ijk, p);
        dn_affine_apply(&to_head, p, q);
        const int64_t n[3] = {(int64_t)floor(q[0] + 0.5), (int64_t)floor(q[1] + 0.5), (int64_t)floor(q[2] + 0.5)};
        dn_affine_apply(&it->to_mirror, p, q);
        if (q[0] >= 0.0 || n[0] < 0 || n[1] < 0 || n[2] < 0 || n[0] >= head->grid.dim[0] || n[1] >= head->grid.dim[1] ||
            n[2] >= head->grid.dim[2]) {
            continue;
        }
        const uint16_t label = head->data[dn_grid_offset(&head->grid, n[0], n[1], n[2])];
        it->truth->data[v] = hemisphere_level(label) > 0.0 ? label : 0;
        it->manual->data[v] = label >= 801 && label <= 805 ? label : 0;
    }
    dn_labels_destroy(head);
    DN_TRY(hemisphere_paint(how, it));
    if (how->right) { /* the mirror image, with the right side's numbers */
        for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
            it->manual->data[v] = it->manual->data[v] != 0 ? (uint16_t)(it->manual->data[v] + 5) : 0;
        }
        for (int c = 0; c < 4; ++c) {
            it->scan->grid.affine.m[0][c] = -it->scan->grid.affine.m[0][c];
        }
        it->truth->grid = it->manual->grid = it->field->grid = it->scan->grid;
    }
    return DN_OK;
}

/* scan.nii.gz, manual.nii.gz, truth.nii.gz in a folder. */
static inline dn_status hemisphere_write(const hemisphere *it, const char *folder)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/scan.nii.gz", folder);
    DN_TRY(dn_volume_write(it->scan, path, NULL));
    snprintf(path, sizeof path, "%s/manual.nii.gz", folder);
    DN_TRY(dn_labels_write(it->manual, path, NULL));
    snprintf(path, sizeof path, "%s/truth.nii.gz", folder);
    return dn_labels_write(it->truth, path, NULL);
}

#endif
