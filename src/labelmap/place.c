/* Places the map of a hemisphere, records the motion, and reads it back. */
#include "labelmap/place.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "image/io.h"
#include "labelmap/background.h"
#include "labelmap/numbers.h"
#include "labelmap/picture.h"

#include <math.h>
#include <stdlib.h>

/* The smaller side may have this share of the labels that have a side: seams of an automatic segmentation. */
#define OTHER_SIDE 0.05

dn_status dn_place_check(const dn_labels *map, const dn_place_options *options, const char *name)
{
    dn_tissues *tissues = NULL;
    int64_t *count = NULL;
    int64_t all = 0;
    double low = 0.0, high = 0.0;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_numbers_tissues(options->tissues, &tissues), done);
    DN_TRY_GOTO(status, dn_alloc(&count, 65536, sizeof *count, "the labels of a map"), done);
    for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
        ++count[map->data[v]];
    }
    for (int label = 1; label < 65536; ++label) {
        uint16_t partner = 0;
        all += count[label];
        if (count[label] > 0 && (dn_number_is_class((uint16_t)label) || tissues->tissue[label] >= 0)) {
            DN_TRY_GOTO(status, dn_numbers_partner(tissues, (uint16_t)label, &partner), done);
            *(label < partner ? &low : &high) += partner != label ? (double)count[label] : 0.0;
        }
    }
    const double ml = (double)all * dn_grid_voxel_volume(&map->grid) / 1000.0;
    if (all == 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "'%s' has no labels, so that there is no hemisphere to be placed", name);
    }
    if (fmin(low, high) > OTHER_SIDE * (low + high)) {
        DN_FAIL_GOTO(status, done, DN_EDATA,
                     "'%s' has labels of both sides (%.0f %% of the voxels are on the smaller one): a hemisphere is needed, and this is a "
                     "whole head",
                     name, 100.0 * fmin(low, high) / (low + high));
    }
    if (!options->any_size && ml > DN_HEMISPHERE_MOST_ML) {
        DN_FAIL_OFFER_GOTO(status, done, DN_EDATA, DN_REMEDY_ANY_SIZE,
                           "'%s' has %.0f mL, and a hemisphere has %.0f mL at most: is it a whole head?", name, ml, DN_HEMISPHERE_MOST_ML);
    }
done:
    dn_tissues_destroy(tissues);
    free(count);
    return status;
}

static dn_status record(const dn_mirror_plane *found, double alpha, const char *path)
{
    json_t *motion = json_array();
    for (int r = 0; r < 3; ++r) {
        const double *m = found->motion.m[r];
        json_array_append_new(motion, json_pack("[f, f, f, f]", m[0], m[1], m[2], m[3]));
    }
    return dn_json_write(json_pack("{s:f, s:[f, f], s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:o}", "Alpha", alpha, "Turn_degrees",
                                   found->turn[0], found->turn[1], "Shift_mm", found->shift, "Cost_mm", found->cost, "ShareBeyondMirror",
                                   found->beyond, "FarthestBeyondMirror_mm", found->beyond_mm, "Gap_mm", found->gap_mm, "Contact_mm2",
                                   found->contact_mm2, "Evaluations", found->evaluations, "HemisphereToMirror", motion),
                         12, path);
}

dn_status dn_labelmap_place(const char *map, const dn_place_options *options, const char *output, dn_mirror_plane *out)
{
    const dn_mirror_options how = {.alpha = options->alpha};
    dn_labels *labels = NULL;
    uint8_t *mask = NULL;
    char *path = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_labelmap_may_write(output));
    DN_TRY(dn_labels_read(map, NULL, &labels, NULL));
    DN_TRY_GOTO(status, dn_place_check(labels, options, map), done);
    DN_TRY_GOTO(status, dn_alloc(&mask, (size_t)dn_grid_count(&labels->grid), 1, "a mask"), done);
    for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
        mask[v] = labels->data[v] != 0;
    }
    DN_TRY_GOTO(status, dn_error_in_file(dn_mirror_plane_find(mask, &labels->grid, &how, out), map), done);
    dn_affine_compose(&out->motion, &labels->grid.affine, &labels->grid.affine);
    DN_TRY_GOTO(status, dn_labels_write(labels, output, NULL), done);
    DN_TRY_GOTO(status, dn_labelmap_picture_mirror(labels, "Placed against the mirror", output), done);
    DN_TRY_GOTO(status, dn_asprintf(&path, "%.*s.json", (int)dn_path_scan_length(output), output), done);
    status = record(out, options->alpha, path);
done:
    free(path);
    free(mask);
    dn_labels_destroy(labels);
    return status;
}

/* A rotation and a shift, as far as the digits of the file go. */
static bool is_rigid(const dn_affine *motion)
{
    for (int a = 0; a < 3; ++a) {
        for (int b = a; b < 3; ++b) {
            double dot = 0.0;
            for (int c = 0; c < 3; ++c) {
                dot += motion->m[a][c] * motion->m[b][c];
            }
            if (!(fabs(dot - (a == b ? 1.0 : 0.0)) < 1e-4)) {
                return false;
            }
        }
    }
    return true;
}

dn_status dn_place_read(const char *path, dn_affine *motion)
{
    json_t *root = NULL;
    bool good;
    DN_TRY(dn_json_read(path, DN_JSON_OBJECT, &root));
    const json_t *rows = json_object_get(root, "HemisphereToMirror");
    good = json_array_size(rows) == 3;
    for (size_t r = 0; r < 3 && good; ++r) {
        for (size_t c = 0; c < 4 && good; ++c) {
            const json_t *value = json_array_get(json_array_get(rows, r), c);
            good = json_is_number(value);
            motion->m[r][c] = json_number_value(value);
        }
    }
    json_decref(root);
    if (!good || !is_rigid(motion)) {
        DN_FAIL(DN_EFORMAT, "'%s' does not say how a hemisphere was placed (HemisphereToMirror is missing or damaged)", path);
    }
    return DN_OK;
}
