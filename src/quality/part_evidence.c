/* Samples the scan inside the structures of a network, and compares their sides and their surroundings. */
#include "quality/part_evidence.h"

#include "base/memory.h"
#include "image/filter.h"
#include "image/resample.h"
#include "segment/head/evidence.h"

#include <math.h>
#include <stdlib.h>

enum { HALF_MM = 30 };

/* Fluid and white matter around the structures. false: the box has no contrast. */
static dn_status ends_around(const dn_volume *scan, const double middle[3], double ends[2])
{
    static const double percents[2] = {10.0, 95.0};
    double spacing[3];
    int64_t start[3], dim[3];
    dn_volume *box = NULL;
    dn_grid_spacing(&scan->grid, spacing);
    for (int c = 0; c < 3; ++c) {
        const double half = round((double)HALF_MM / spacing[c]);
        const double from = fmin(fmax(0.0, floor(middle[c]) - half), (double)scan->grid.dim[c] - 1.0);
        const double to = fmax(from, fmin((double)scan->grid.dim[c] - 1.0, floor(middle[c]) + half));
        start[c] = (int64_t)from;
        dim[c] = (int64_t)(to - from) + 1;
    }
    DN_TRY(dn_volume_crop(scan, start, dim, 0.0f, &box));
    dn_status status = dn_volume_percentiles(box, NULL, percents, 2, ends);
    dn_volume_destroy(box);
    return status;
}

/* Intensities of group g's voxels, of the contrast. */
static size_t gather(const dn_conformed *conformed, const dn_posteriors *p, const dn_structures *s, size_t g, const double ends[2],
                     float *out)
{
    const dn_volume *scan = conformed->oriented;
    const int64_t voxels = dn_posteriors_voxels(p);
    size_t n = 0;
    for (int64_t v = 0; v < voxels; ++v) {
        float sum = 0.0f;
        for (int64_t c = 1; c < p->channels; ++c) {
            sum += s->group_of[c] == (int)g ? dn_posteriors_of(p, v)[c] : 0.0f;
        }
        if (sum < 0.5f) {
            continue;
        }
        const int64_t at[3] = {v % p->dim[0], v / p->dim[0] % p->dim[1], v / (p->dim[0] * p->dim[1])};
        double place[3];
        for (int c = 0; c < 3; ++c) {
            place[c] = dn_axis_map_to(&conformed->map, c, (double)(at[c] + p->start[c]));
        }
        out[n++] = (float)(((double)dn_linear_at(scan->data, scan->grid.dim, place) - ends[0]) / (ends[1] - ends[0]));
    }
    return n;
}

dn_status dn_parts_see(const dn_conformed *conformed, const dn_posteriors *posteriors, const dn_structures *structures,
                       const dn_group_result *groups, dn_part_picture *out)
{
    int64_t low[3], high[3];
    double middle[3], ends[2];
    float *values = NULL;
    dn_status status = DN_OK;
    for (size_t g = 0; g < structures->group_count; ++g) {
        out[g] = (dn_part_picture){(double)NAN, 0.0};
    }
    if (!dn_groups_bounds(structures, groups, low, high)) {
        return DN_OK;
    }
    for (int c = 0; c < 3; ++c) {
        middle[c] = dn_axis_map_to(&conformed->map, c, 0.5 * (double)(low[c] + high[c] - 1) + (double)posteriors->start[c]);
    }
    DN_TRY(ends_around(conformed->oriented, middle, ends));
    if (!(ends[1] > ends[0])) {
        return DN_OK;
    }
    DN_TRY(dn_alloc(&values, (size_t)dn_posteriors_voxels(posteriors), sizeof *values, "intensities"));
    for (size_t g = 0; g < structures->group_count; ++g) {
        const size_t n = gather(conformed, posteriors, structures, g, ends, values);
        out[g].median = dn_picture_median(values, n);
    }
    for (size_t g = 0; g < structures->group_count; ++g) {
        const size_t m = dn_structures_mirror(structures, g);
        if (m != g && !isnan(out[m].median)) {
            const size_t n = gather(conformed, posteriors, structures, g, ends, values);
            out[g].odd = dn_picture_odd(values, n, out[m].median, DN_PART_ODD);
        }
    }
    free(values);
    return status;
}
