/* Paints each structure in its usual brightness in T1, mixed by the posteriors. */
#include "segment/head/as_t1.h"

#include "image/resample.h"

#include <math.h>
#include <string.h>

/* Of the brightness of white matter, as share/synth/tissues.tsv has it; what is not named is as the cortex. */
static const struct {
    const char *structure;
    double value;
} brightness[] = {{"cerebral_white_matter", 1.0},
                  {"cerebellum_white_matter", 0.91},
                  {"lateral_ventricle", 0.28},
                  {"third_ventricle", 0.28},
                  {"fourth_ventricle", 0.28},
                  {"csf", 0.28},
                  {"thalamus", 0.80},
                  {"pallidum", 0.86},
                  {"brain_stem", 0.88},
                  {"optic_chiasm", 0.66},
                  {"ventral_diencephalon", 0.84},
                  {"putamen", 0.71}};
static const double cortex = 0.61;

static double brightness_of(const char *structure)
{
    for (size_t i = 0; i < sizeof brightness / sizeof *brightness; ++i) {
        if (strcmp(structure, brightness[i].structure) == 0) {
            return brightness[i].value;
        }
    }
    return cortex;
}

/* The part of the coarse box that lies in the scan: what is outside has not been seen. */
static bool seen_part(const dn_head *head, int64_t start[3], int64_t dim[3])
{
    const dn_head_look *look = &head->coarse;
    for (int c = 0; c < 3; ++c) {
        const double low = ceil(dn_axis_map_from(&look->map, c, -0.5));
        const double high = floor(dn_axis_map_from(&look->map, c, (double)head->oriented.dim[c] - 0.5));
        start[c] = (int64_t)fmax(low, 0.0);
        dim[c] = (int64_t)fmin(high, (double)look->grid.dim[c] - 1.0) + 1 - start[c];
        if (dim[c] < 1) {
            return false;
        }
    }
    return true;
}

static dn_status paint(const dn_head *head, dn_volume **out)
{
    const dn_head_look *look = &head->coarse;
    double value[DN_CHANNEL_LIMIT] = {0};
    for (int64_t c = 0; c < look->posteriors.channels; ++c) {
        const int group = head->structures.group_of[c];
        value[c] = group == DN_NO_GROUP ? 0.0 : brightness_of(head->structures.group[group].structure);
    }
    DN_TRY(dn_volume_create(&look->grid, out));
    for (int64_t v = 0; v < dn_grid_count(&look->grid); ++v) {
        const float *p = dn_posteriors_of(&look->posteriors, v);
        double sum = 0.0;
        for (int64_t c = 0; c < look->posteriors.channels; ++c) {
            sum += value[c] * (double)p[c];
        }
        (*out)->data[v] = (float)sum;
    }
    return DN_OK;
}

dn_status dn_head_align_as_t1(const dn_head *head, dn_location *out)
{
    dn_volume *whole = NULL, *picture = NULL;
    int64_t start[3], dim[3];
    memset(out, 0, sizeof *out);
    if (!seen_part(head, start, dim)) {
        return DN_OK;
    }
    DN_TRY(paint(head, &whole));
    dn_status status = dn_volume_crop(whole, start, dim, 0.0f, &picture);
    dn_volume_destroy(whole);
    DN_TRY(status);
    status = dn_head_align(picture, out);
    dn_volume_destroy(picture);
    if (status == DN_EDATA) { /* too small a part */
        dn_error_clear();
        memset(out, 0, sizeof *out);
        return DN_OK;
    }
    DN_TRY(status);
    if (!out->found) {
        return DN_OK;
    }
    for (int c = 0; c < 3; ++c) {
        const double first = dn_axis_map_to(&head->coarse.map, c, (double)start[c]);
        out->centre[c] = head->coarse.map.scale[c] * out->centre[c] + first;
        for (int i = 0; i < 4; ++i) {
            out->to_volume.m[c][i] = head->coarse.map.scale[c] * out->to_volume.m[c][i] + (i == 3 ? first : 0.0);
        }
    }
    return DN_OK;
}
