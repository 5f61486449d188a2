/* Compares measured volumes with those of a given label map. */
#include "segment/truth.h"

#include "base/memory.h"
#include "base/table.h"
#include "segment/head/icv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 8, LABELS = 65536 };

/* FreeSurfer's numbers of a structure: left and right, or both in the first. 0 ends a list. A range is {first, -last}. */
typedef struct structure {
    const char *name;
    int side[2][PARTS];
} structure;

static const structure structures[] = {
    {"cerebral_white_matter", {{2, 25, 30, 78}, {41, 57, 62, 79}}},
    {"cerebral_cortex", {{3}, {42}}},
    {"lateral_ventricle", {{4, 5, 136, 137, 31}, {43, 44, 163, 164, 63}}},
    {"cerebellum_white_matter", {{7}, {46}}},
    {"cerebellum_cortex", {{8}, {47}}},
    {"thalamus", {{10}, {49}}},
    {"caudate", {{11}, {50}}},
    {"putamen", {{12}, {51}}},
    {"pallidum", {{13}, {52}}},
    {"hippocampus", {{17}, {53}}},
    {"amygdala", {{18}, {54}}},
    {"accumbens", {{26}, {58}}},
    {"ventral_diencephalon", {{28, 843, 801, -805, 819}, {60, 844, 806, -810, 820}}},
    {"hypothalamus", {{801, -805, 819}, {806, -810, 820}}},
    {"hypothalamus_anterior_inferior", {{801}, {806}}},
    {"hypothalamus_anterior_superior", {{802}, {807}}},
    {"hypothalamus_posterior", {{803}, {808}}},
    {"hypothalamus_tubular_inferior", {{804}, {809}}},
    {"hypothalamus_tubular_superior", {{805}, {810}}},
    {"third_ventricle", {{14, 72}, {0}}},
    {"fourth_ventricle", {{15}, {0}}},
    {"brain_stem", {{16}, {0}}},
    {"optic_chiasm", {{85}, {0}}},
    {"csf", {{24}, {0}}},
};

static double sum_side(const int *side, const int64_t *counts)
{
    int64_t sum = 0;
    for (int i = 0; i < PARTS && side[i] != 0; ++i) {
        if (side[i] > 0) {
            sum += counts[side[i]];
        } else {
            for (int label = side[i - 1] + 1; label <= -side[i]; ++label) {
                sum += counts[label];
            }
        }
    }
    return (double)sum;
}

/* Voxels of a row's structure; 0 where the truth does not have it. */
static double voxels_of(const dn_volume_row *row, const int64_t *counts)
{
    for (size_t s = 0; s < sizeof structures / sizeof *structures; ++s) {
        if (strcmp(structures[s].name, row->structure) == 0) {
            double left = sum_side(structures[s].side[0], counts);
            double right = sum_side(structures[s].side[1], counts);
            if (row->hemi == 'B') {
                /* Both sides, or none: half a truth would look like a wrong measure. */
                bool paired = structures[s].side[1][0] != 0;
                return paired && (left == 0.0 || right == 0.0) ? 0.0 : left + right;
            }
            return row->hemi == 'L' ? left : right;
        }
    }
    return 0.0;
}

/* Voxels inside the skull, each as far as it is above the neck. */
static dn_status sum_inside(const dn_segment_result *result, const dn_labels *truth, const dn_tissues *tissues, double *out)
{
    dn_affine to_scan;
    DN_TRY(dn_affine_invert(&result->conformed.oriented->grid.affine, &to_scan));
    dn_affine_compose(&to_scan, &truth->grid.affine, &to_scan);
    double sum = 0.0;
    for (int64_t k = 0, v = 0; k < truth->grid.dim[2]; ++k) {
        for (int64_t j = 0; j < truth->grid.dim[1]; ++j) {
            for (int64_t i = 0; i < truth->grid.dim[0]; ++i, ++v) {
                if (tissues->region[truth->data[v]] >= DN_REGION_CSF) {
                    double at[3];
                    dn_affine_apply(&to_scan, (const double[3]){(double)i, (double)j, (double)k}, at);
                    sum += (double)dn_head_above_neck(&result->head->found, at);
                }
            }
        }
    }
    *out = sum;
    return DN_OK;
}

dn_status dn_truth_compare(dn_segment_result *result, const dn_labels *truth, const dn_tissues *tissues)
{
    dn_status status = DN_OK;
    int64_t *counts = NULL;
    double *volumes = NULL;
    double voxel = dn_grid_voxel_volume(&truth->grid);
    bool any = false;
    DN_TRY_GOTO(status, dn_alloc(&counts, LABELS, sizeof *counts, "the true volumes"), done);
    DN_TRY_GOTO(status, dn_alloc(&volumes, result->volumes.count, sizeof *volumes, "the true volumes"), done);
    for (int64_t v = 0; v < dn_grid_count(&truth->grid); ++v) {
        ++counts[truth->data[v]];
    }
    for (size_t r = 0; r < result->volumes.count; ++r) {
        const dn_volume_row *row = &result->volumes.row[r];
        double voxels = 0.0;
        if (strcmp(row->structure, "icv") == 0) {
            DN_TRY_GOTO(status, sum_inside(result, truth, tissues, &voxels), done);
        } else {
            voxels = voxels_of(row, counts);
        }
        volumes[r] = voxels > 0.0 ? voxels * voxel : (double)NAN;
        any = any || voxels > 0.0;
    }
    if (!any) {
        DN_FAIL_GOTO(status, done, DN_EDATA,
                     "the true labels have none of the structures that were measured; they must have FreeSurfer's numbers");
    }
    free(result->true_mm3);
    result->true_mm3 = volumes;
    volumes = NULL;
done:
    free(volumes);
    free(counts);
    return status;
}

dn_status dn_truth_write(const dn_segment_result *result, const char *path)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    size_t row;
    DN_TRY(dn_table_create(path, &table));
    for (size_t r = 0; r < result->volumes.count; ++r) {
        const dn_volume_row *measured = &result->volumes.row[r];
        const char hemi[2] = {measured->hemi, '\0'};
        double truth = result->true_mm3[r];
        if (isnan(truth)) {
            continue;
        }
        DN_TRY_GOTO(status, dn_table_add_row(table, &row), done);
        DN_TRY_GOTO(status, dn_table_put_text(table, "structure", measured->structure), done);
        DN_TRY_GOTO(status, dn_table_put_text(table, "hemi", hemi), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "measured_mm3", round(measured->volume_mm3 * 10.0) / 10.0), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "true_mm3", round(truth * 10.0) / 10.0), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "difference_percent", round(1000.0 * (measured->volume_mm3 / truth - 1.0)) / 10.0),
                    done);
    }
    status = dn_table_write(table, path);
done:
    dn_table_destroy(table);
    return status;
}
