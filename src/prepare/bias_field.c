/* Bias fields: planned, evaluated, found in a scan and removed from it. */
#include "prepare/bias_field.h"

#include "base/memory.h"
#include "image/filter.h"
#include "image/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A scan's field is found in a copy of this spacing: its waves are forty times as long. */
#define COARSE_MM 1.5
#define WAVE_MM 60.0
#define SIGNAL_SHARE 0.1
#define PI 3.14159265358979323846

dn_status dn_bias_field_plan(const dn_grid *grid, double wave_mm, dn_bias_field *out)
{
    double spacing[3], longest = 0.0;
    int most[3], order[3];
    dn_affine back;
    *out = (dn_bias_field){0};
    DN_TRY(dn_affine_invert(&grid->affine, &back));
    dn_grid_spacing(grid, spacing);
    for (int c = 0; c < 3; ++c) {
        const double length = (double)grid->dim[c] * spacing[c];
        most[c] = wave_mm > 0.0 ? (int)fmin(floor(length / wave_mm), 8.0) : 0;
        longest = fmax(longest, (double)most[c]);
        for (int w = 0; w < 4; ++w) {
            out->to_box.m[c][w] = (back.m[c][w] + (w == 3 ? 0.5 : 0.0)) / (double)grid->dim[c];
        }
    }
    if (!(wave_mm > 0.0)) {
        return DN_OK;
    }
    for (int total = 0; total <= (int)longest; ++total) {
        for (order[0] = 0; order[0] <= most[0]; ++order[0]) {
            for (order[1] = 0; order[1] <= most[1]; ++order[1]) {
                order[2] = total - order[0] - order[1];
                if (order[2] >= 0 && order[2] <= most[2] && out->terms < DN_BIAS_MOST) {
                    memcpy(out->order[out->terms++], order, sizeof order);
                }
            }
        }
    }
    return DN_OK;
}

void dn_bias_basis(const dn_bias_field *field, const double world[3], float *values)
{
    double u[3];
    dn_affine_apply(&field->to_box, world, u);
    for (int t = 0; t < field->terms; ++t) {
        const int *o = field->order[t];
        values[t] = (float)(cos(PI * o[0] * u[0]) * cos(PI * o[1] * u[1]) * cos(PI * o[2] * u[2]));
    }
}

dn_status dn_bias_axes_init(const dn_bias_field *field, const dn_grid *grid, dn_bias_axes *out)
{
    dn_affine map; /* voxels to the box */
    *out = (dn_bias_axes){0};
    dn_affine_compose(&field->to_box, &grid->affine, &map);
    for (int t = 0; t < field->terms; ++t) {
        for (int c = 0; c < 3; ++c) {
            out->waves[c] = field->order[t][c] > out->waves[c] ? field->order[t][c] : out->waves[c];
        }
    }
    for (int c = 0; c < 3; ++c) {
        const int row = out->waves[c] + 1;
        const double skew =
            fabs(map.m[c][(c + 1) % 3]) * (double)grid->dim[(c + 1) % 3] + fabs(map.m[c][(c + 2) % 3]) * (double)grid->dim[(c + 2) % 3];
        if (skew > 1e-3) {
            DN_FAIL(DN_EGEOMETRY, "the scan is turned against the box of its bias field");
        }
        DN_TRY(dn_alloc_dims(&out->cosine[c], DN_DIMS(grid->dim[c], row), sizeof(float), "a bias field"));
        for (int64_t i = 0; i < grid->dim[c]; ++i) {
            for (int w = 0; w < row; ++w) {
                out->cosine[c][i * row + w] = (float)cos(PI * w * (map.m[c][c] * (double)i + map.m[c][3]));
            }
        }
    }
    return DN_OK;
}

void dn_bias_axes_release(dn_bias_axes *axes)
{
    for (int c = 0; c < 3; ++c) {
        free(axes->cosine[c]);
    }
    *axes = (dn_bias_axes){0};
}

void dn_bias_row(const dn_bias_field *field, const dn_bias_axes *axes, int64_t dim0, int64_t j, int64_t k, float *to)
{
    double wave[9] = {0.0}; /* coefficient of each wave along i, in this row */
    for (int t = 0; t < field->terms; ++t) {
        const int *o = field->order[t];
        wave[o[0]] += field->coefficient[t] * (double)axes->cosine[1][j * (axes->waves[1] + 1) + o[1]] *
                      (double)axes->cosine[2][k * (axes->waves[2] + 1) + o[2]];
    }
    for (int64_t i = 0; i < dim0; ++i) {
        double sum = 0.0;
        for (int w = 0; w <= axes->waves[0]; ++w) {
            sum += wave[w] * (double)axes->cosine[0][i * (axes->waves[0] + 1) + w];
        }
        to[i] = (float)sum;
    }
}

/* volume *= exp(sign * field). */
static dn_status multiply(const dn_bias_field *field, double sign, dn_volume *volume)
{
    const int64_t *dim = volume->grid.dim;
    dn_bias_axes axes;
    float *scratch = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_bias_axes_init(field, &volume->grid, &axes), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&scratch, DN_DIMS(dim[0], dim[2]), sizeof *scratch, "a bias field"), done);
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < dim[2]; ++k) {
        float *row = scratch + k * dim[0];
        for (int64_t j = 0; j < dim[1]; ++j) {
            float *to = volume->data + dn_grid_offset(&volume->grid, 0, j, k);
            dn_bias_row(field, &axes, dim[0], j, k, row);
            for (int64_t i = 0; i < dim[0]; ++i) {
                to[i] *= (float)exp(sign * (double)row[i]);
            }
        }
    }
done:
    free(scratch);
    dn_bias_axes_release(&axes);
    return status;
}

dn_status dn_bias_field_remove(const dn_bias_field *field, dn_volume *volume)
{
    return multiply(field, -1.0, volume);
}

dn_status dn_bias_field_draw(const dn_bias_field *field, const dn_grid *grid, dn_volume **out)
{
    dn_volume *volume = NULL;
    DN_TRY(dn_volume_create(grid, &volume));
    for (int64_t v = 0; v < dn_grid_count(grid); ++v) {
        volume->data[v] = 1.0f;
    }
    dn_status status = multiply(field, 1.0, volume);
    if (status != DN_OK) {
        dn_volume_destroy(volume);
        return status;
    }
    *out = volume;
    return DN_OK;
}

/* The scan and its mask at COARSE_MM or their own spacing, whichever is larger; mask 1 where the whole voxel lies inside. */
static dn_status make_coarse(const dn_volume *volume, const uint8_t *mask, dn_volume **coarse, uint8_t **inside)
{
    double spacing[3];
    dn_grid grid;
    dn_volume *whole = NULL, *share = NULL;
    dn_status status = DN_OK;
    const dn_resample_options how = {.method = DN_RESAMPLE_LINEAR, .antialias = true};
    dn_grid_spacing(&volume->grid, spacing);
    for (int c = 0; c < 3; ++c) {
        spacing[c] = fmax(spacing[c], COARSE_MM);
    }
    DN_TRY(dn_grid_with_spacing(&volume->grid, spacing, &grid));
    DN_TRY_GOTO(status, dn_resample_volume(volume, &grid, &how, coarse), done);
    DN_TRY_GOTO(status, dn_alloc(inside, (size_t)dn_grid_count(&grid), 1, "a mask"), done);
    if (mask == NULL) {
        static const double percent = 98.0;
        double high;
        DN_TRY_GOTO(status, dn_volume_percentiles(*coarse, NULL, &percent, 1, &high), done);
        for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
            (*inside)[v] = (double)(*coarse)->data[v] > SIGNAL_SHARE * high;
        }
        goto done;
    }
    DN_TRY_GOTO(status, dn_volume_create(&volume->grid, &whole), done);
    for (int64_t v = 0; v < dn_grid_count(&volume->grid); ++v) {
        whole->data[v] = mask[v] != 0 ? 1.0f : 0.0f;
    }
    DN_TRY_GOTO(status, dn_resample_volume(whole, &grid, &how, &share), done);
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        (*inside)[v] = share->data[v] > 0.95f;
    }
done:
    dn_volume_destroy(whole);
    dn_volume_destroy(share);
    return status;
}

dn_status dn_bias_find(const dn_volume *volume, const uint8_t *mask, const dn_bias_options *options, dn_bias_field *field)
{
    const dn_mixture_options how = {.classes = options->classes > 0 ? options->classes : 4,
                                    .wave_mm = options->wave_mm > 0.0 ? options->wave_mm : WAVE_MM,
                                    .seed = options->seed,
                                    .doing = "bias field"};
    dn_volume *coarse = NULL;
    uint8_t *inside = NULL;
    dn_mixture mixture;
    dn_status status = make_coarse(volume, mask, &coarse, &inside);
    if (status == DN_OK) {
        status = dn_mixture_fit(coarse, inside, &how, &mixture);
    }
    if (status == DN_OK) {
        *field = mixture.field;
    }
    dn_volume_destroy(coarse);
    free(inside);
    return status;
}
