#include "segment/head_frame.h"

#include "base/log.h"
#include "image/filter.h"
#include "image/resample.h"

#include <math.h>
#include <string.h>

enum { LOOKS = 3 };
/* A look that turns the frame by less than this was at an upright head: the next one would see the same. */
#define STILL_DEGREES 1.5

dn_frame_reference dn_frame_template(const dn_template *head)
{
    dn_frame_reference reference = {.labels = head->labels, .right = {1.0, 0.0, 0.0}};
    memcpy(reference.ac, head->ac.at, sizeof reference.ac);
    memcpy(reference.pc, head->pc.at, sizeof reference.pc);
    return reference;
}

dn_status dn_frame_grid(const dn_grid *scan, dn_grid *out)
{
    static const double one[3] = {1.0, 1.0, 1.0};
    return dn_grid_with_spacing(scan, one, out);
}

/* Labels on a 1 mm copy of the scan's grid. */
static dn_status look(dn_whole_head *whole, const dn_frame_reference *reference, const dn_volume *scan, const dn_frame_options *options,
                      dn_frame *out)
{
    dn_status status = DN_OK;
    dn_head found;
    dn_grid grid;
    dn_labels *labels = NULL;
    DN_TRY(dn_whole_head_scan(whole, scan, &found));
    DN_TRY_GOTO(status, dn_frame_grid(&scan->grid, &grid), done);
    DN_TRY_GOTO(status, dn_head_labels(&found, &grid, &labels), done);
    status = dn_frame_from_labels(labels, reference, options, out);
done:
    dn_labels_destroy(labels);
    dn_head_release(&found);
    return status;
}

/* The scan at 1 mm in the frame's own coordinates: everything of it that is within a head's reach of the commissures. */
static dn_status straighten(const dn_volume *scan, const dn_frame *frame, dn_volume **out)
{
    static const double reach[2][3] = {{-110.0, -140.0, -140.0}, {110.0, 120.0, 110.0}};
    double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};
    dn_grid grid = {.dim = {1, 1, 1}};
    dn_affine to_frame;
    dn_affine_compose(&frame->from_scan, &scan->grid.affine, &to_frame);
    for (int corner = 0; corner < 8; ++corner) {
        double ijk[3], xyz[3];
        for (int c = 0; c < 3; ++c) {
            ijk[c] = corner >> c & 1 ? (double)scan->grid.dim[c] - 0.5 : -0.5;
        }
        dn_affine_apply(&to_frame, ijk, xyz);
        for (int c = 0; c < 3; ++c) {
            low[c] = fmin(low[c], xyz[c]);
            high[c] = fmax(high[c], xyz[c]);
        }
    }
    for (int c = 0; c < 3; ++c) {
        low[c] = floor(fmax(low[c], reach[0][c]));
        high[c] = ceil(fmin(high[c], reach[1][c]));
        grid.dim[c] = high[c] > low[c] + 1.0 ? (int64_t)(high[c] - low[c]) : 1;
        grid.affine.m[c][c] = 1.0;
        grid.affine.m[c][3] = low[c] + 0.5;
    }
    dn_volume_summary range;
    DN_TRY(dn_volume_summarise(scan, NULL, &range));
    const float darkest = (float)range.minimum, brightest = (float)range.maximum;
    const dn_resample_options how = {.method = DN_RESAMPLE_CUBIC, .move = &frame->to_scan, .fill = darkest, .antialias = true};
    DN_TRY(dn_resample_volume(scan, &grid, &how, out));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        (*out)->data[v] = fminf(fmaxf((*out)->data[v], darkest), brightest); /* cubic interpolation overshoots at edges */
    }
    return DN_OK;
}

dn_status dn_frame_from_scan(dn_whole_head *whole, const dn_template *head, const dn_volume *scan, const dn_head_frame_options *options,
                             dn_frame *out)
{
    const dn_frame_reference reference = dn_frame_template(head);
    const dn_head_frame_options defaults = {.once = false};
    const dn_head_frame_options *how = options != NULL ? options : &defaults;
    DN_TRY(look(whole, &reference, scan, &how->frame, out));
    for (int n = 1; n < LOOKS && !how->once; ++n) {
        dn_volume *straight = NULL;
        dn_frame again;
        const dn_frame before = *out;
        DN_TRY(dn_cancel_check());
        DN_TRY(straighten(scan, &before, &straight));
        dn_status status = look(whole, &reference, straight, &how->frame, &again);
        dn_volume_destroy(straight);
        DN_TRY(status);
        dn_frame_move(&again, &before.to_scan, out);
        if (dn_frame_angle(&before, out) < STILL_DEGREES) {
            break;
        }
    }
    return DN_OK;
}
