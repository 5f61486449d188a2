/* Aligns the average head, and takes thresholds and a point in the brain from the intensities there. */
#include "prepare/icv_thresholds.h"

#include "base/memory.h"
#include "image/orientation.h"
#include "register/head_template.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* White matter is the brightest fifth of a brain's tissue on T1-weighted scans; its middle is the 88th percentile. */
#define WHITE_PERCENTILE 0.88
enum { INNER = 240 }; /* of 255: brain in nearly every head of the average */

static int by_value(const void *a, const void *b)
{
    float p = *(const float *)a;
    float q = *(const float *)b;
    return (p > q) - (p < q);
}

/* Brightness of white matter, and the middle of the brain in voxels. */
static dn_status look(const dn_volume *scan, const dn_location *at, double *white, double middle[3])
{
    dn_head_template head;
    float *value = NULL;
    size_t n = 0;
    DN_TRY(dn_head_template_get(&head));
    const int64_t count = head.dim[0] * head.dim[1] * head.dim[2];
    DN_TRY(dn_alloc_dims(&value, head.dim, 3, sizeof *value, "the brain's brightness"));
    memset(middle, 0, 3 * sizeof *middle);
    for (int64_t v = 0; v < count; ++v) {
        const int64_t ijk[3] = {v % head.dim[0], v / head.dim[0] % head.dim[1], v / head.dim[0] / head.dim[1]};
        double p[3], q[3];
        int64_t voxel[3];
        bool inside = head.brain[v] >= INNER;
        for (int c = 0; c < 3; ++c) {
            p[c] = head.origin[c] + head.spacing * (double)ijk[c];
        }
        dn_affine_apply(&at->to_volume, p, q);
        for (int c = 0; c < 3; ++c) {
            voxel[c] = (int64_t)floor(q[c] + 0.5);
            inside = inside && voxel[c] >= 0 && voxel[c] < scan->grid.dim[c];
        }
        if (inside) {
            value[n++] = scan->data[dn_grid_offset(&scan->grid, voxel[0], voxel[1], voxel[2])];
            for (int c = 0; c < 3; ++c) {
                middle[c] += q[c];
            }
        }
    }
    if (n > 0) {
        qsort(value, n, sizeof *value, by_value);
        *white = (double)value[(size_t)(WHITE_PERCENTILE * (double)(n - 1))];
        for (int c = 0; c < 3; ++c) {
            middle[c] /= (double)n;
        }
    }
    free(value);
    if (n == 0 || !(*white > 0.0)) {
        DN_FAIL(DN_EDATA, "the brain is as dark as the background, or outside the scan; give the thresholds yourself");
    }
    return DN_OK;
}

dn_status dn_icv_thresholds(const dn_volume *scan, dn_icv_mark_options *options)
{
    dn_status status = DN_OK;
    dn_volume *upright = NULL;
    dn_location at;
    double white = 0.0, middle[3], below[3], top[3], length = 0.0;
    DN_TRY(dn_volume_reorient(scan, &DN_ORIENTATION_RAS, &upright));
    DN_TRY_GOTO(status, dn_head_align(upright, &at), done);
    if (!at.found) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "no head was found in the scan; look at it with a viewer");
    }
    DN_TRY_GOTO(status, look(upright, &at, &white, middle), done);
    options->low = DN_ICV_LOW_SHARE * white;
    options->high = DN_ICV_HIGH_SHARE * white;
    options->fluid = DN_ICV_FLUID_SHARE * white;
    dn_affine_apply(&upright->grid.affine, middle, options->seed);
    /* Up in the template is up in the head, however it lies. */
    dn_affine to_world;
    dn_affine_compose(&upright->grid.affine, &at.to_volume, &to_world);
    dn_affine_apply(&to_world, (const double[3]){0, 0, 0}, below);
    dn_affine_apply(&to_world, (const double[3]){0, 0, 1}, top);
    for (int c = 0; c < 3; ++c) {
        options->up[c] = top[c] - below[c];
        length += options->up[c] * options->up[c];
    }
    for (int c = 0; c < 3; ++c) {
        options->up[c] /= sqrt(length);
    }
done:
    dn_volume_destroy(upright);
    return status;
}
