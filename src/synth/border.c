/* Partial volume that favours some structures, and dark rims around the ventricles. */
#include "synth/border.h"

#include "image/filter.h"
#include "synth/spline.h"

#include <math.h>

#define RIM_REACH_MM 2.5 /* SD of the Gaussian by which the ventricles' nearness is measured */
#define RIM_PATCH_MM 6.0 /* distance of the control points of the pattern of patches */
#define RIM_DARKEST 0.33 /* share of white matter's intensity that is lost: hypointensities have 0.62 to 0.75 of it in T1 */
#define NEAR_FULL 2.5    /* nearness is 0.5 at a flat border: from 0.4 on the rim is complete */
#define QUARTER 0.25

static void darken(dn_volume *volume, const dn_volume *nearness, const dn_labels *labels, const dn_tissues *tissues, int white, double most,
                   dn_smooth_field *pattern)
{
    const dn_grid *grid = &volume->grid;
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            dn_smooth_field_line(pattern, j, k);
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                const int64_t v = dn_grid_offset(grid, i, j, k);
                if (tissues->tissue[labels->data[v]] == white) {
                    const double close = fmin(1.0, NEAR_FULL * (double)nearness->data[v]);
                    const double patch = fmax(0.0, fmin(1.0, 0.5 + dn_smooth_field_at(pattern, i)));
                    volume->data[v] *= (float)(1.0 - most * close * patch);
                }
            }
        }
    }
}

dn_status dn_border_rim(dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, const dn_border_options *options,
                        dn_random *random)
{
    if (!(options->rim_probability > 0.0) || dn_random_unit(random) >= options->rim_probability) {
        return DN_OK;
    }
    const int white = dn_tissues_find(tissues, "white_matter"), fluid = dn_tissues_find(tissues, "csf");
    if (white < 0 || fluid < 0) {
        return DN_OK;
    }
    dn_volume *nearness = NULL;
    dn_smooth_field pattern = {.values = NULL};
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_volume_create(&volume->grid, &nearness), done);
    const int64_t count = dn_grid_count(&volume->grid);
    for (int64_t v = 0; v < count; ++v) {
        const uint16_t label = labels->data[v];
        nearness->data[v] = tissues->tissue[label] == fluid && tissues->region[label] == DN_REGION_BRAIN ? 1.0f : 0.0f;
    }
    DN_TRY_GOTO(status, dn_filter_gaussian(nearness, (const double[3]){RIM_REACH_MM, RIM_REACH_MM, RIM_REACH_MM}), done);
    DN_TRY_GOTO(status, dn_smooth_field_draw(&volume->grid, RIM_PATCH_MM, 1.0, random, "the rims of ventricles", &pattern), done);
    darken(volume, nearness, labels, tissues, white, dn_random_uniform(random, 0.0, RIM_DARKEST), &pattern);
done:
    dn_smooth_field_release(&pattern);
    dn_volume_destroy(nearness);
    return status;
}

dn_status dn_border_blur(dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, const dn_border_options *options,
                         double sd_mm, dn_random *random)
{
    const double sd[3] = {sd_mm, sd_mm, sd_mm};
    if (!(options->share > 0.0)) {
        return dn_filter_gaussian(volume, sd);
    }
    const double power = dn_random_uniform(random, QUARTER * options->share, options->share);
    dn_volume *weight = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_volume_create(&volume->grid, &weight), done);
    const int64_t count = dn_grid_count(&volume->grid);
    for (int64_t v = 0; v < count; ++v) {
        weight->data[v] = powf(tissues->border[labels->data[v]], (float)power);
        volume->data[v] *= weight->data[v];
    }
    DN_TRY_GOTO(status, dn_filter_gaussian(volume, sd), done);
    DN_TRY_GOTO(status, dn_filter_gaussian(weight, sd), done);
    for (int64_t v = 0; v < count; ++v) {
        volume->data[v] /= weight->data[v];
    }
done:
    dn_volume_destroy(weight);
    return status;
}
