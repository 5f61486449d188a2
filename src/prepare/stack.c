/* The geometry of stacks of slices, and how a stack is cut from a scan. */
#include "prepare/stack.h"

#include "image/filter.h"
#include "image/resample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

dn_stack_geometry dn_stack_hypothalamus(void)
{
    /* From 7.5 mm before the anterior commissure, before the optic chiasm, to 17.5 mm behind it, behind the mammillary bodies. Across and
     * up and down around the AC-PC line, as the published slices lie. */
    return (dn_stack_geometry){.slices = 50, .pixels = 512, .thickness = 0.5, .pixel = 0.125, .centre = {0.0, -5.0, 0.0}};
}

dn_stack_geometry dn_stack_icv(void)
{
    /* A head's inside reaches some 85 mm before and behind this point, 75 mm above and 65 mm below it. */
    return (dn_stack_geometry){.slices = 512, .pixels = 512, .thickness = 0.5, .pixel = 0.5, .centre = {0.0, -15.0, 5.0}};
}

dn_status dn_stack_parse(const char *text, const dn_stack_geometry *published, dn_stack_geometry *out)
{
    enum { MOST = 4096, LEAST_PIXELS = 8 };
    const double least_mm = 0.01, most_mm = 20.0;
    long long slices, pixels;
    double thickness, pixel;
    char rest;
    *out = *published;
    if (strcmp(text, "published") == 0) {
        return DN_OK;
    }
    if (strcmp(text, "quarter") == 0) {
        out->pixels /= 2;
        out->pixel *= 2.0;
        return DN_OK;
    }
    if (sscanf(text, "%lldx%lld:%lfx%lf%c", &slices, &pixels, &thickness, &pixel, &rest) != 4 || slices < 1 || slices > MOST ||
        pixels < LEAST_PIXELS || pixels > MOST || !(thickness > least_mm && thickness <= most_mm) ||
        !(pixel > least_mm && pixel <= most_mm)) {
        DN_FAIL(DN_EUSAGE, "\"%s\" should be 'published', 'quarter' or SLICESxPIXELS:THICKNESSxPIXEL in mm, for example 50x256:0.5x0.25",
                text);
    }
    out->slices = slices;
    out->pixels = pixels;
    out->thickness = thickness;
    out->pixel = pixel;
    return DN_OK;
}

void dn_stack_grid(const dn_frame *frame, const dn_stack_geometry *geometry, dn_grid *out)
{
    const double g[3] = {geometry->pixel, geometry->pixel, geometry->thickness};
    const int axis[3] = {0, 2, 1}; /* of the frame, for voxel axes i, j, k; each runs against it */
    memset(out, 0, sizeof *out);
    dn_affine own = {{{0}}};
    out->dim[0] = geometry->pixels;
    out->dim[1] = geometry->pixels;
    out->dim[2] = geometry->slices;
    for (int c = 0; c < 3; ++c) {
        own.m[axis[c]][c] = -g[c];
        own.m[axis[c]][3] = geometry->centre[axis[c]] + 0.5 * g[c] * (double)(out->dim[c] - 1);
    }
    dn_affine_compose(&frame->to_scan, &own, &out->affine);
}

dn_status dn_stack_cut(const dn_volume *scan, const dn_frame *frame, const dn_stack_geometry *geometry, double *mean, double *sd,
                       dn_volume **out)
{
    dn_status status = DN_OK;
    dn_grid grid;
    dn_volume_summary whole, own;
    const dn_resample_options how = {.method = DN_RESAMPLE_CUBIC, .antialias = true};
    dn_stack_grid(frame, geometry, &grid);
    DN_TRY(dn_volume_summarise(scan, NULL, &whole));
    DN_TRY(dn_resample_volume(scan, &grid, &how, out));
    const int64_t count = dn_grid_count(&grid);
    const float low = (float)whole.minimum, high = (float)whole.maximum; /* cubic interpolation overshoots at edges */
    float *data = (*out)->data;
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < count; ++v) {
        data[v] = data[v] < low && data[v] != 0.0f ? low : data[v] > high ? high : data[v];
    }
    DN_TRY_GOTO(status, dn_volume_summarise(*out, NULL, &own), fail);
    if (!(own.sd > 0.0)) {
        DN_FAIL_GOTO(status, fail, DN_EDATA,
                     "the stack of %lld slices is empty: it lies outside the scan; check the frame and the geometry",
                     (long long)geometry->slices);
    }
    if (mean != NULL && sd != NULL) {
        const double centre = own.mean, scale = 1.0 / own.sd;
#pragma omp parallel for schedule(static)
        for (int64_t v = 0; v < count; ++v) {
            data[v] = (float)(((double)data[v] - centre) * scale);
        }
        *mean = own.mean;
        *sd = own.sd;
    }
    return DN_OK;
fail:
    dn_volume_destroy(*out);
    *out = NULL;
    return status;
}
