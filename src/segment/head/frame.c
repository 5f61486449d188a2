/* Runs the whole-head networks, fits the frame, and repeats both on the head turned upright. */
#include "segment/head/frame.h"

#include "base/job.h"
#include "image/filter.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "register/head_align.h"

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
    const double first[3] = {-0.5, -0.5, -0.5};
    double last[3], low[3], high[3];
    dn_grid grid = {.dim = {1, 1, 1}};
    dn_affine to_frame;
    dn_affine_compose(&frame->from_scan, &scan->grid.affine, &to_frame);
    for (int c = 0; c < 3; ++c) {
        last[c] = (double)scan->grid.dim[c] - 0.5;
    }
    dn_affine_bounds(&to_frame, first, last, low, high);
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

dn_status dn_frame_lie(const dn_volume *scan, dn_frame *out, bool *turned)
{
    static const double ac[3] = {0.0, 3.0, 6.0}, pc[3] = {0.0, -24.0, 6.0}, beside[3] = {1.0, 3.0, 6.0}; /* in the average head */
    dn_volume *oriented = NULL;
    dn_location location;
    dn_affine to_scan;
    double at[3], back[3], right[3], rotation[3][3];
    const dn_orientation ras = DN_ORIENTATION_RAS;
    *turned = false;
    DN_TRY(dn_volume_reorient(scan, &ras, &oriented));
    const dn_affine world = oriented->grid.affine;
    dn_status status = dn_head_align(oriented, &location);
    dn_volume_destroy(oriented);
    DN_TRY(status);
    if (!location.found || location.correlation < DN_ALIGN_PLAUSIBLE) {
        return DN_OK;
    }
    dn_affine_compose(&world, &location.to_volume, &to_scan);
    dn_affine_apply(&to_scan, ac, at);
    dn_affine_apply(&to_scan, pc, back);
    dn_affine_apply(&to_scan, beside, right);
    for (int c = 0; c < 3; ++c) {
        right[c] -= at[c];
    }
    if (dn_frame_axes(at, back, right, rotation)) {
        memset(out, 0, sizeof *out);
        dn_frame_set(out, (const double(*)[3])rotation, at, back);
        *turned = location.turned > DN_ALIGN_TURNED;
    }
    return DN_OK;
}

/* A look at the scan as it is upright by what is known of it. */
static dn_status look_upright(dn_whole_head *whole, const dn_frame_reference *reference, const dn_volume *scan,
                              const dn_frame_options *options, const dn_frame *known, dn_frame *out)
{
    dn_volume *straight = NULL;
    dn_frame found;
    DN_TRY(straighten(scan, known, &straight));
    dn_status status = look(whole, reference, straight, options, &found);
    dn_volume_destroy(straight);
    DN_TRY(status);
    dn_frame_move(&found, &known->to_scan, out);
    return DN_OK;
}

static dn_status first_look(dn_whole_head *whole, const dn_frame_reference *reference, const dn_volume *scan,
                            const dn_frame_options *options, dn_frame *out)
{
    dn_frame lie;
    bool turned;
    DN_TRY(dn_frame_lie(scan, &lie, &turned));
    if (turned) {
        dn_log(DN_LOG_DEBUG, "frame: the head is turned by %.0f, %.0f, %.0f degrees from the average head (pitch, roll, yaw)", lie.pitch,
               lie.roll, lie.yaw);
        dn_status status = look_upright(whole, reference, scan, options, &lie, out);
        if (status != DN_EDATA) {
            return status;
        }
        dn_error_clear(); /* it was misled, perhaps: the scan as it lies */
    }
    return look(whole, reference, scan, options, out);
}

dn_status dn_frame_from_scan(dn_whole_head *whole, const dn_template *head, const dn_volume *scan, const dn_head_frame_options *options,
                             dn_frame *out)
{
    const dn_frame_reference reference = dn_frame_template(head);
    const dn_head_frame_options defaults = {.once = false};
    const dn_head_frame_options *how = options != NULL ? options : &defaults;
    DN_TRY(first_look(whole, &reference, scan, &how->frame, out));
    for (int n = 1; n < LOOKS && !how->once; ++n) {
        const dn_frame before = *out;
        DN_TRY(dn_cancel_check());
        DN_TRY(look_upright(whole, &reference, scan, &how->frame, &before, out));
        if (dn_frame_angle(&before, out) < STILL_DEGREES) {
            break;
        }
    }
    return DN_OK;
}
