/* The brain found in the scan of a hemisphere: classes, which of them lie outside, and a probability per voxel. */
#include "labelmap/background.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/components.h"
#include "image/distance.h"
#include "image/io.h"
#include "image/morphology.h"
#include "image/resample.h"
#include "labelmap/picture.h"
#include "prepare/bias_field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COARSE_MM 2.0
#define WAVE_MM 60.0
/* No class of the background's mixture is narrower than this (logarithms: 8 %). A tissue that is too small to have a class of its own then
 * belongs to the nearest tissue, and not to the tail of a wide class such as the bag. */
#define LEAST_SD 0.08
/* Hemispheres with their half of cerebellum and brain stem: 430 to 620 mL fixed; the SD leaves room for the young and the old. */
#define USUAL_ML 500.0
#define LOG_SD 0.3
/* How much a neighbour counts in the random field, in units of a log likelihood ratio, and how many sweeps there are. */
#define NEIGHBOUR 0.8
#define SWEEPS 4
#define BRIDGE_MM 1.0

/* Fluid, bag, and dark, middle and bright tissue. */
enum { USUAL_CLASSES = 5 };

typedef struct finding {
    const dn_background_options *options;
    dn_mixture mixture;
    bool outside[DN_MIXTURE_MOST];
    int count;           /* of classes outside */
    dn_bias_field field; /* of the brain found first; the mixture is then that of the scan without it */
} finding;

/* What the mixture knows of a voxel: the logarithm of its intensity without the field of the brain, and less its own field. */
static inline double logarithm(const dn_mixture *m, float value, float field, float own)
{
    return log(fmax((double)value * exp(-(double)field), 0.0) + m->offset) - (double)own;
}

/* ---- which classes lie outside, on the coarse copy -------------------------------------------------------------------- */

/* The most probable class of each voxel. */
static dn_status classify(const dn_volume *coarse, const dn_mixture *m, uint8_t **out)
{
    const int64_t *dim = coarse->grid.dim;
    dn_bias_axes axes = {0};
    uint8_t *class = NULL;
    float *row = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_bias_axes_init(&m->field, &coarse->grid, &axes), done);
    DN_TRY_GOTO(status, dn_alloc(&class, (size_t)dn_grid_count(&coarse->grid), 1, "classes of voxels"), done);
    DN_TRY_GOTO(status, dn_alloc(&row, (size_t)dim[0], sizeof *row, "classes of voxels"), done);
    for (int64_t k = 0, v = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            dn_bias_row(&m->field, &axes, dim[0], j, k, row);
            for (int64_t i = 0; i < dim[0]; ++i, ++v) {
                const double value = logarithm(m, coarse->data[v], 0.0f, row[i]);
                double best = -INFINITY;
                for (int c = 0; c < m->classes; ++c) {
                    const double d = value - m->mean[c];
                    const double log_p = log(m->share[c]) - 0.5 * (log(m->variance[c]) + d * d / m->variance[c]);
                    if (log_p > best) {
                        best = log_p;
                        class[v] = (uint8_t)c;
                    }
                }
            }
        }
    }
    *out = class;
    class = NULL;
done:
    free(class);
    free(row);
    dn_bias_axes_release(&axes);
    return status;
}

/* The class of most voxels at the edge of the grid. */
static int edge_class(const uint8_t *class, const int64_t dim[3], int classes)
{
    int64_t count[DN_MIXTURE_MOST] = {0};
    int best = 0;
    for (int64_t k = 0, v = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i, ++v) {
                count[class[v]] += i == 0 || j == 0 || k == 0 || i == dim[0] - 1 || j == dim[1] - 1 || k == dim[2] - 1;
            }
        }
    }
    for (int c = 1; c < classes; ++c) {
        best = count[c] > count[best] ? c : best;
    }
    return best;
}

/* Classes in the order of their mean distance from the one at the edge; order[0] is that one. */
static dn_status order_outside_in(const uint8_t *class, const dn_grid *grid, int classes, int *order)
{
    const int64_t count = dn_grid_count(grid);
    const int first = edge_class(class, grid->dim, classes);
    double spacing[3], sum[DN_MIXTURE_MOST] = {0.0}, n[DN_MIXTURE_MOST] = {0.0};
    uint8_t *mask = NULL;
    float *distance = NULL;
    dn_status status = DN_OK;
    dn_grid_spacing(grid, spacing);
    DN_TRY_GOTO(status, dn_alloc(&mask, (size_t)count, 1, "a mask"), done);
    DN_TRY_GOTO(status, dn_alloc(&distance, (size_t)count, sizeof *distance, "distances"), done);
    for (int64_t v = 0; v < count; ++v) {
        mask[v] = class[v] == first;
    }
    DN_TRY_GOTO(status, dn_mask_keep_largest(mask, grid->dim, 6, NULL, NULL), done);
    DN_TRY_GOTO(status, dn_distance_to(mask, grid->dim, spacing, distance), done);
    for (int64_t v = 0; v < count; ++v) {
        sum[class[v]] += (double)distance[v];
        n[class[v]] += 1.0;
    }
    for (int c = 0; c < classes; ++c) {
        order[c] = c;
        sum[c] = c == first ? -1.0 : n[c] > 0.0 ? sum[c] / n[c] : INFINITY;
    }
    for (int a = 1; a < classes; ++a) {
        for (int b = a; b > 0 && sum[order[b]] < sum[order[b - 1]]; --b) {
            const int kept = order[b];
            order[b] = order[b - 1];
            order[b - 1] = kept;
        }
    }
done:
    free(mask);
    free(distance);
    return status;
}

/* The largest piece of the voxels whose class is not outside, after bridges of a voxel are broken and grown back: *inside, owned by the
 * caller, and its mL. */
static dn_status volume_inside(const uint8_t *class, const dn_grid *grid, const bool *outside, double *ml, uint8_t **inside)
{
    const int64_t count = dn_grid_count(grid);
    double spacing[3];
    uint8_t *mask = NULL, *all = NULL;
    dn_status status = DN_OK;
    dn_grid_spacing(grid, spacing);
    DN_TRY_GOTO(status, dn_alloc(&mask, (size_t)count, 1, "a mask"), done);
    DN_TRY_GOTO(status, dn_alloc(&all, (size_t)count, 1, "a mask"), done);
    for (int64_t v = 0; v < count; ++v) {
        mask[v] = all[v] = !outside[class[v]];
    }
    DN_TRY_GOTO(status, dn_mask_erode_ball(mask, grid->dim, spacing, spacing[0]), done);
    DN_TRY_GOTO(status, dn_mask_keep_largest(mask, grid->dim, 6, NULL, NULL), done);
    dn_mask_grow_into(mask, all, grid->dim, 2);
    *ml = (double)dn_mask_count(mask, grid->dim) * dn_grid_voxel_volume(grid) / 1000.0;
    *inside = mask;
    mask = NULL;
done:
    free(mask);
    free(all);
    return status;
}

/* it->outside and count; *brain: what is then left, owned by the caller. */
static dn_status choose_outside(const dn_volume *coarse, finding *it, uint8_t **brain)
{
    uint8_t *class = NULL;
    int order[DN_MIXTURE_MOST];
    bool outside[DN_MIXTURE_MOST] = {false};
    double best = -INFINITY;
    dn_status status = DN_OK;
    *brain = NULL;
    DN_TRY_GOTO(status, classify(coarse, &it->mixture, &class), done);
    DN_TRY_GOTO(status, order_outside_in(class, &coarse->grid, it->mixture.classes, order), done);
    for (int n = 1; n < it->mixture.classes; ++n) {
        double ml;
        uint8_t *inside = NULL;
        outside[order[n - 1]] = true;
        DN_TRY_GOTO(status, volume_inside(class, &coarse->grid, outside, &ml, &inside), done);
        const double off = ml > 0.0 ? log(ml / USUAL_ML) / LOG_SD : 1e3;
        const double score = it->options->outside > 0 ? (n == it->options->outside ? 1.0 : -1e3) : -0.5 * off * off;
        dn_log(DN_LOG_DEBUG, "with %d of %d classes outside, %.0f mL are left", n, it->mixture.classes, ml);
        if (*brain == NULL || score > best) {
            best = score;
            it->count = n;
            memcpy(it->outside, outside, sizeof outside);
            free(*brain);
            *brain = inside;
        } else {
            free(inside);
        }
    }
done:
    free(class);
    return status;
}

/* The classes and which of them lie outside: first with a field of the whole scan, then in the scan without the field of the brain that
 * was found so, which reaches into the corners of the scan more exactly. */
static dn_status find_classes(dn_volume *coarse, finding *it)
{
    const dn_mixture_options how = {.classes = it->options->classes > 0 ? it->options->classes : USUAL_CLASSES,
                                    .wave_mm = WAVE_MM,
                                    .seed = it->options->seed,
                                    .least_sd = LEAST_SD,
                                    .doing = "background"};
    const dn_mixture_options again = {.classes = how.classes, .seed = how.seed, .least_sd = LEAST_SD};
    const dn_bias_options bias = {.wave_mm = WAVE_MM, .seed = it->options->seed};
    uint8_t *brain = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_mixture_fit(coarse, NULL, &how, &it->mixture));
    DN_TRY_GOTO(status, choose_outside(coarse, it, &brain), done);
    if (dn_mask_count(brain, coarse->grid.dim) < 2000) { /* too few to have a field of their own */
        goto done;
    }
    DN_TRY_GOTO(status, dn_bias_find(coarse, brain, &bias, &it->field), done);
    DN_TRY_GOTO(status, dn_bias_field_remove(&it->field, coarse), done);
    DN_TRY_GOTO(status, dn_mixture_fit(coarse, NULL, &again, &it->mixture), done);
    free(brain);
    status = choose_outside(coarse, it, &brain);
done:
    free(brain);
    return status;
}

/* ---- each voxel of the scan ------------------------------------------------------------------------------------------- */

/* The log likelihood ratio of brain against the outside, in place of the intensities. */
static dn_status ratios(const dn_volume *volume, const finding *it, float *ratio)
{
    const int64_t *dim = volume->grid.dim;
    const dn_mixture *m = &it->mixture;
    dn_bias_axes own = {0}, axes = {0};
    float *rows = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_bias_axes_init(&m->field, &volume->grid, &own), done);
    DN_TRY_GOTO(status, dn_bias_axes_init(&it->field, &volume->grid, &axes), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&rows, DN_DIMS(2, dim[0], dim[2]), sizeof *rows, "a bias field"), done);
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < dim[2]; ++k) {
        float *row = rows + 2 * k * dim[0], *own_row = row + dim[0];
        for (int64_t j = 0; j < dim[1]; ++j) {
            const int64_t start = dn_grid_offset(&volume->grid, 0, j, k);
            dn_bias_row(&it->field, &axes, dim[0], j, k, row);
            dn_bias_row(&m->field, &own, dim[0], j, k, own_row);
            for (int64_t i = 0; i < dim[0]; ++i) {
                const double value = logarithm(m, volume->data[start + i], row[i], own_row[i]);
                double p[2] = {1e-30, 1e-30};
                for (int c = 0; c < m->classes; ++c) {
                    const double d = value - m->mean[c];
                    p[!it->outside[c]] += m->share[c] / sqrt(m->variance[c]) * exp(-0.5 * d * d / m->variance[c]);
                }
                ratio[start + i] = (float)fmax(fmin(log(p[1] / p[0]), 12.0), -12.0);
            }
        }
    }
done:
    free(rows);
    dn_bias_axes_release(&axes);
    dn_bias_axes_release(&own);
    return status;
}

/* Mean-field sweeps: from (0..1, brain) to to. Beyond the grid is outside. */
static void sweep(const float *ratio, const int64_t dim[3], const float *from, float *to)
{
    const int64_t step[3] = {1, dim[0], dim[0] * dim[1]};
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                const int64_t v = i + dim[0] * (j + dim[1] * k), at[3] = {i, j, k};
                float sum = 0.0f;
                for (int c = 0; c < 3; ++c) {
                    sum += at[c] > 0 ? 2.0f * from[v - step[c]] - 1.0f : -1.0f;
                    sum += at[c] + 1 < dim[c] ? 2.0f * from[v + step[c]] - 1.0f : -1.0f;
                }
                to[v] = 1.0f / (1.0f + expf(-(ratio[v] + (float)NEIGHBOUR * sum)));
            }
        }
    }
}

/* Breaks bridges, keeps the largest piece with what belongs to it, fills cavities. */
static dn_status tidy(uint8_t *mask, const dn_grid *grid)
{
    const int64_t count = dn_grid_count(grid);
    double spacing[3];
    uint8_t *all = NULL;
    dn_grid_spacing(grid, spacing);
    const double least = fmin(spacing[0], fmin(spacing[1], spacing[2]));
    DN_TRY(dn_alloc(&all, (size_t)count, 1, "a mask"));
    memcpy(all, mask, (size_t)count);
    dn_status status = dn_mask_erode_ball(mask, grid->dim, spacing, fmax(BRIDGE_MM, least));
    if (status == DN_OK) {
        status = dn_mask_keep_largest(mask, grid->dim, 6, NULL, NULL);
    }
    if (status == DN_OK) {
        dn_mask_grow_into(mask, all, grid->dim, (int)ceil(2.0 * fmax(BRIDGE_MM, least) / least) + 1);
        status = dn_mask_fill_holes(mask, grid->dim);
    }
    free(all);
    return status;
}

static dn_status mask_of(const dn_volume *volume, const finding *it, uint8_t **out)
{
    const int64_t count = dn_grid_count(&volume->grid);
    float *ratio = NULL, *a = NULL, *b = NULL;
    uint8_t *mask = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_alloc(&ratio, (size_t)count, sizeof *ratio, "probabilities"), done);
    DN_TRY_GOTO(status, dn_alloc(&a, (size_t)count, sizeof *a, "probabilities"), done);
    DN_TRY_GOTO(status, dn_alloc(&b, (size_t)count, sizeof *b, "probabilities"), done);
    DN_TRY_GOTO(status, ratios(volume, it, ratio), done);
    for (int64_t v = 0; v < count; ++v) {
        a[v] = 1.0f / (1.0f + expf(-ratio[v]));
    }
    for (int s = 0; s < SWEEPS; ++s) {
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        sweep(ratio, volume->grid.dim, a, b);
        float *kept = a;
        a = b;
        b = kept;
    }
    free(b);
    b = NULL;
    free(ratio);
    ratio = NULL;
    DN_TRY_GOTO(status, dn_alloc(&mask, (size_t)count, 1, "a mask"), done);
    for (int64_t v = 0; v < count; ++v) {
        mask[v] = a[v] > 0.5f;
    }
    free(a);
    a = NULL;
    DN_TRY_GOTO(status, tidy(mask, &volume->grid), done);
    *out = mask;
    mask = NULL;
done:
    free(ratio);
    free(a);
    free(b);
    free(mask);
    return status;
}

static dn_status check_size(const dn_background *found, bool any_size)
{
    if (!(found->volume_ml > 0.0)) {
        DN_FAIL(DN_EDATA, "no brain was found: nothing is left once the background is removed");
    }
    if (!any_size && found->volume_ml > DN_HEMISPHERE_MOST_ML) {
        DN_FAIL_OFFER(
            DN_EDATA, DN_REMEDY_ANY_SIZE,
            "without its background %.0f mL are left, and a hemisphere has %.0f mL at most: is it a whole head, or is its packing "
            "as bright as tissue?",
            found->volume_ml, DN_HEMISPHERE_MOST_ML);
    }
    if (!any_size && found->volume_ml < DN_HEMISPHERE_LEAST_ML) {
        DN_FAIL_OFFER(DN_EDATA, DN_REMEDY_ANY_SIZE,
                      "without its background only %.0f mL are left, and a hemisphere has %.0f mL and more: is it whole, and is the voxel "
                      "size in its header right?",
                      found->volume_ml, DN_HEMISPHERE_LEAST_ML);
    }
    return DN_OK;
}

static void measure(const dn_volume *volume, const uint8_t *mask, dn_background *out)
{
    double sum[2] = {0.0}, n[2] = {0.0};
    for (int64_t v = 0; v < dn_grid_count(&volume->grid); ++v) {
        sum[mask[v] != 0] += (double)volume->data[v];
        n[mask[v] != 0] += 1.0;
    }
    out->volume_ml = n[1] * dn_grid_voxel_volume(&volume->grid) / 1000.0;
    for (int s = 0; s < 2; ++s) {
        out->mean[s] = n[s] > 0.0 ? sum[s] / n[s] : 0.0;
    }
}

static dn_status make_coarse(const dn_volume *volume, dn_volume **out)
{
    const dn_resample_options how = {.method = DN_RESAMPLE_LINEAR, .antialias = true};
    double spacing[3];
    dn_grid grid;
    dn_grid_spacing(&volume->grid, spacing);
    for (int c = 0; c < 3; ++c) {
        spacing[c] = fmax(spacing[c], COARSE_MM);
    }
    DN_TRY(dn_grid_with_spacing(&volume->grid, spacing, &grid));
    return dn_resample_volume(volume, &grid, &how, out);
}

dn_status dn_background_find(const dn_volume *volume, const dn_background_options *options, dn_labels **mask, dn_background *out)
{
    finding it = {.options = options};
    dn_volume *coarse = NULL;
    dn_labels *result = NULL;
    uint8_t *inside = NULL;
    dn_status status = DN_OK;
    const int classes = options->classes > 0 ? options->classes : USUAL_CLASSES;
    *out = (dn_background){0};
    if (options->outside >= classes) {
        DN_FAIL(DN_EUSAGE, "with %d classes of intensity at most %d can be outside, not %d", classes, classes - 1, options->outside);
    }
    DN_TRY_GOTO(status, make_coarse(volume, &coarse), done);
    DN_TRY_GOTO(status, find_classes(coarse, &it), done);
    DN_TRY_GOTO(status, mask_of(volume, &it, &inside), done);
    measure(volume, inside, out);
    out->outside = it.count;
    DN_TRY_GOTO(status, check_size(out, options->any_size), done);
    DN_TRY_GOTO(status, dn_labels_create(&volume->grid, &result), done);
    for (int64_t v = 0; v < dn_grid_count(&volume->grid); ++v) {
        result->data[v] = inside[v];
    }
    *mask = result;
done:
    dn_volume_destroy(coarse);
    free(inside);
    return status;
}

dn_status dn_labelmap_background(const char *scan, const dn_background_options *options, const char *output, dn_background *out)
{
    static const dn_scan_write_options writing = {.narrow = true};
    dn_volume *volume = NULL;
    dn_labels *mask = NULL;
    dn_background found;
    dn_status status = DN_OK;
    DN_TRY(dn_labelmap_may_write(output));
    DN_TRY(dn_scan_read(scan, NULL, &volume, NULL));
    DN_TRY_GOTO(status, dn_error_in_file(dn_background_find(volume, options, &mask, &found), scan), done);
    DN_TRY_GOTO(status, dn_labels_write(mask, output, &writing), done);
    DN_TRY_GOTO(status, dn_labelmap_picture(volume, mask, "Background removed", output), done);
    if (out != NULL) {
        *out = found;
    }
done:
    dn_volume_destroy(volume);
    dn_labels_destroy(mask);
    return status;
}
