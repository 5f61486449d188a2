/* The work of `dien labelmap frame`: a map resampled once into the frame of its two commissures. */
#include "labelmap/turn.h"

#include "image/resample.h"
#include "labelmap/heads.h"

#include <math.h>

/* In people the commissures are 20 to 35 mm apart. These ends are a choice: wide enough for children and phantoms; beyond them the two
 * points are something else, or their unit is not mm. */
#define COMMISSURES_LOW_MM 5.0
#define COMMISSURES_HIGH_MM 60.0

/* From the AC-PC frame to the map's own world. */
static dn_status frame_of(const dn_turn_options *options, dn_affine *out)
{
    const double *ac = options->ac, *pc = options->pc;
    const double length = hypot(ac[0] - pc[0], ac[1] - pc[1]);
    if (!(length > COMMISSURES_LOW_MM && length < COMMISSURES_HIGH_MM)) {
        DN_FAIL(DN_EUSAGE, "AC and PC are %.3g mm apart; in people the distance is 20 to 35 mm", length);
    }
    const double y[2] = {(ac[0] - pc[0]) / length, (ac[1] - pc[1]) / length}; /* the new y axis in the old frame */
    *out = (dn_affine){.m[0][0] = 1.0};
    out->m[1][1] = y[0];
    out->m[1][2] = -y[1];
    out->m[1][3] = ac[0];
    out->m[2][1] = y[1];
    out->m[2][2] = y[0];
    out->m[2][3] = ac[1];
    return DN_OK;
}

/* Around the map's corners in the frame; voxels lie half a spacing to either side of x = 0. */
static void plan_grid(const dn_grid *from, const dn_affine *to_frame, double spacing, dn_grid *out)
{
    *out = (dn_grid){0};
    for (int c = 0; c < 3; ++c) {
        double low = INFINITY;
        double high = -INFINITY;
        for (int corner = 0; corner < 8; ++corner) {
            double p[3];
            dn_affine_apply(to_frame,
                            (const double[3]){corner & 1 ? (double)(from->dim[0] - 1) : 0.0, corner & 2 ? (double)(from->dim[1] - 1) : 0.0,
                                              corner & 4 ? (double)(from->dim[2] - 1) : 0.0},
                            p);
            low = fmin(low, p[c]);
            high = fmax(high, p[c]);
        }
        int64_t before = (int64_t)ceil(fmax(-low, c == 0 ? high : -INFINITY) / spacing + 0.5);
        int64_t after = c == 0 ? before : (int64_t)ceil(high / spacing + 0.5);
        out->dim[c] = before + after;
        out->affine.m[c][c] = spacing;
        out->affine.m[c][3] = spacing * (0.5 - (double)before);
    }
}

dn_status dn_labelmap_turn(const char *path, const dn_turn_options *options, const char *output)
{
    dn_status status = DN_OK;
    dn_heads it = {0};
    dn_labels *labels = NULL;
    dn_affine move, back, to_frame;
    dn_grid grid;
    DN_TRY(frame_of(options, &move));
    DN_TRY(dn_affine_invert(&move, &back));
    DN_TRY_GOTO(status, dn_heads_read(&path, 1, options->tissues, &it), done);
    dn_affine_compose(&back, &it.maps[0]->grid.affine, &to_frame);
    plan_grid(&it.maps[0]->grid, &to_frame, options->spacing, &grid);
    DN_TRY_GOTO(status, dn_resample_labels(it.maps[0], &grid, &move, &labels), done);
    status = dn_heads_finish(&labels, it.tissues, output);
done:
    dn_labels_destroy(labels);
    dn_heads_release(&it);
    return status;
}
