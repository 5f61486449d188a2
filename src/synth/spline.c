/* Smooth random fields: control points drawn, and summed line by line. */
#include "synth/spline.h"

#include "base/memory.h"

#include <stdlib.h>

dn_status dn_smooth_field_draw(const dn_grid *grid, double control_mm, double sd, dn_random *random, const char *what, dn_smooth_field *out)
{
    double spacing[3];
    *out = (dn_smooth_field){.values = NULL};
    dn_grid_spacing(grid, spacing);
    for (int d = 0; d < 3; ++d) {
        out->voxels[d] = control_mm / spacing[d];
        out->control[d] = dn_spline_points(grid->dim[d], out->voxels[d]);
    }
    dn_status status = dn_alloc_dims(&out->values, out->control, 3, sizeof *out->values, what);
    if (status == DN_OK) {
        status = dn_alloc(&out->row, (size_t)out->control[0], sizeof *out->row, what);
    }
    if (status != DN_OK) {
        dn_smooth_field_release(out);
        return status;
    }
    for (int64_t n = 0; n < out->control[0] * out->control[1] * out->control[2]; ++n) {
        out->values[n] = dn_random_normal(random, 0.0, sd);
    }
    return DN_OK;
}

void dn_smooth_field_release(dn_smooth_field *field)
{
    free(field->values);
    free(field->row);
    *field = (dn_smooth_field){.values = NULL};
}

void dn_smooth_field_line(dn_smooth_field *field, int64_t j, int64_t k)
{
    double wj[4], wk[4];
    const int64_t first_j = dn_spline_weights((double)j / field->voxels[1], wj);
    const int64_t first_k = dn_spline_weights((double)k / field->voxels[2], wk);
    for (int64_t a = 0; a < field->control[0]; ++a) {
        field->row[a] = 0.0;
        for (int c = 0; c < 4; ++c) {
            for (int b = 0; b < 4; ++b) {
                field->row[a] += wk[c] * wj[b] * field->values[((first_k + c) * field->control[1] + first_j + b) * field->control[0] + a];
            }
        }
    }
}
