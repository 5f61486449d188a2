/* Measures how wide edges are and how strong the noise is in a box around a point. */
#include "quality/image_quality.h"

#include "image/filter.h"
#include "image/resample.h"

#include <math.h>

enum { HALF_MM = 30, FEWEST = 8 };
/* The SD of a third difference of independent noise of SD 1 (1 + 9 + 9 + 1), and the median of |N(0, 1)|. */
#define THIRD_SD 4.47213595499957939
#define NORMAL_MEDIAN 0.67448975019608174

/* *out: NULL where the box is too small. */
static dn_status box_around(const dn_volume *scan, const double middle[3], const double spacing[3], dn_volume **out)
{
    int64_t start[3], dim[3];
    *out = NULL;
    for (int c = 0; c < 3; ++c) {
        double half = round((double)HALF_MM / spacing[c]);
        double from = fmax(0.0, floor(middle[c]) - half);
        double to = fmin((double)scan->grid.dim[c] - 1.0, floor(middle[c]) + half);
        if (!(to - from + 1.0 >= (double)FEWEST)) {
            return DN_OK;
        }
        start[c] = (int64_t)from;
        dim[c] = (int64_t)(to - from) + 1;
    }
    return dn_volume_crop(scan, start, dim, 0.0f, out);
}

/* Along axis c at a voxel: the next voxel's value less the one before, over their distance; at the edge one of them is the voxel itself. */
static double slope(const dn_volume *v, const int64_t at[3], int c, double spacing)
{
    int64_t before[3] = {at[0], at[1], at[2]};
    int64_t after[3] = {at[0], at[1], at[2]};
    before[c] -= at[c] > 0;
    after[c] += at[c] < v->grid.dim[c] - 1;
    double difference = (double)v->data[dn_grid_offset(&v->grid, after[0], after[1], after[2])] -
                        (double)v->data[dn_grid_offset(&v->grid, before[0], before[1], before[2])];
    return difference / (spacing * (double)(after[c] - before[c]));
}

/* work: a volume of v's grid. */
static dn_status steepest(const dn_volume *v, const double spacing[3], dn_volume *work, double *out)
{
    const double percent = 97.0;
    for (int64_t k = 0; k < v->grid.dim[2]; ++k) {
        for (int64_t j = 0; j < v->grid.dim[1]; ++j) {
            for (int64_t i = 0; i < v->grid.dim[0]; ++i) {
                const int64_t at[3] = {i, j, k};
                double sum = 0.0;
                for (int c = 0; c < 3; ++c) {
                    double s = slope(v, at, c, spacing[c]);
                    sum += s * s;
                }
                work->data[dn_grid_offset(&v->grid, i, j, k)] = (float)sqrt(sum);
            }
        }
    }
    return dn_volume_percentiles(work, NULL, &percent, 1, out);
}

/* Median of the absolute third differences along axis c; the grid of work shrinks by three voxels along it. */
static dn_status third_difference(const dn_volume *v, int c, dn_volume *work, double *out)
{
    const double half = 50.0;
    const int64_t step = c == 0 ? 1 : c == 1 ? v->grid.dim[0] : v->grid.dim[0] * v->grid.dim[1];
    work->grid = v->grid;
    work->grid.dim[c] -= 3;
    for (int64_t k = 0; k < work->grid.dim[2]; ++k) {
        for (int64_t j = 0; j < work->grid.dim[1]; ++j) {
            for (int64_t i = 0; i < work->grid.dim[0]; ++i) {
                const float *p = v->data + dn_grid_offset(&v->grid, i, j, k);
                double d = (double)p[3 * step] - 3.0 * (double)p[2 * step] + 3.0 * (double)p[step] - (double)p[0];
                work->data[dn_grid_offset(&work->grid, i, j, k)] = (float)fabs(d);
            }
        }
    }
    return dn_volume_percentiles(work, NULL, &half, 1, out);
}

static double middle_of_three(const double x[3])
{
    return fmax(fmin(x[0], x[1]), fmin(fmax(x[0], x[1]), x[2]));
}

dn_status dn_image_quality_measure(const dn_volume *scan, const double middle[3], dn_image_quality *out)
{
    dn_volume *box = NULL;
    dn_volume *work = NULL;
    dn_status status = DN_OK;
    const double percents[2] = {10.0, 95.0};
    double ends[2], spacing[3], gradient, noise[3];
    *out = (dn_image_quality){NAN, NAN};
    dn_grid_spacing(&scan->grid, spacing);
    DN_TRY(box_around(scan, middle, spacing, &box));
    if (box == NULL) {
        return DN_OK;
    }
    DN_TRY_GOTO(status, dn_volume_create(&box->grid, &work), done);
    DN_TRY_GOTO(status, dn_volume_percentiles(box, NULL, percents, 2, ends), done);
    const double contrast = ends[1] - ends[0];
    if (!(contrast > 0.0)) {
        goto done;
    }
    DN_TRY_GOTO(status, steepest(box, spacing, work, &gradient), done);
    for (int c = 0; c < 3; ++c) {
        DN_TRY_GOTO(status, third_difference(box, c, work, &noise[c]), done);
    }
    out->edge_mm = gradient > 0.0 ? contrast / gradient : NAN;
    out->noise = middle_of_three(noise) / (THIRD_SD * NORMAL_MEDIAN * contrast);
done:
    dn_volume_destroy(work);
    dn_volume_destroy(box);
    return status;
}

dn_status dn_image_quality_around(const dn_conformed *conformed, const dn_posteriors *posteriors, const dn_structures *structures,
                                  const dn_group_result *groups, dn_image_quality *out)
{
    int64_t low[3], high[3];
    double middle[3];
    *out = (dn_image_quality){NAN, NAN};
    if (!dn_groups_bounds(structures, groups, low, high)) {
        return DN_OK;
    }
    for (int c = 0; c < 3; ++c) {
        middle[c] = dn_axis_map_to(&conformed->map, c, 0.5 * (double)(low[c] + high[c] - 1) + (double)posteriors->start[c]);
    }
    return dn_image_quality_measure(conformed->oriented, middle, out);
}
