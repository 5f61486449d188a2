/* Random affine transforms and B-spline fields (Choi and Lee 2000 for the bound that keeps them from folding), and images taken through
 * them. */
#define _GNU_SOURCE /* M_PI */
#include "synth/deform.h"

#include "base/memory.h"
#include "synth/spline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dn_deform {
    dn_grid target;
    dn_affine affine;    /* target voxel -> source world, without the displacement */
    int64_t control[3];  /* control points along each target axis */
    double voxels[3];    /* target voxels between control points */
    double *coefficient; /* [control2][control1][control0][3], mm */
    bool mirrored;
    dn_cleft cleft;   /* of the source */
    double opening;   /* mm that each of its walls moves by */
    bool pressed;     /* with what lies beside them */
    double change[2]; /* of the volumes beside it */
};

static void multiply(const double a[3][3], const double b[3][3], double out[3][3])
{
    double c[3][3];
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) {
            c[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
        }
    }
    memcpy(out, c, sizeof c);
}

static void random_matrix(const dn_deform_options *options, dn_random *random, bool mirrored, double out[3][3])
{
    double matrix[3][3] = {{mirrored ? -1.0 : 1.0, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    double stretch[3][3] = {{0}};
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) {
            stretch[i][j] = i == j ? 1.0 + dn_random_uniform(random, -options->scaling, options->scaling)
                                   : dn_random_uniform(random, -options->shear, options->shear);
            if (options->flat && (i == 2 || j == 2)) {
                stretch[i][j] = i == j ? 1.0 : 0.0;
            }
        }
    }
    multiply(stretch, matrix, matrix);
    for (int axis = 0; axis < 3; ++axis) {
        double most = options->flat && axis < 2 ? options->tilt_degrees : options->rotation_degrees;
        double angle = dn_random_uniform(random, -most, most) * M_PI / 180.0;
        int a = (axis + 1) % 3;
        int b = (axis + 2) % 3;
        double turn[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
        turn[a][a] = cos(angle);
        turn[b][b] = cos(angle);
        turn[a][b] = -sin(angle);
        turn[b][a] = sin(angle);
        multiply(turn, matrix, matrix);
    }
    memcpy(out, matrix, sizeof matrix);
}

static dn_status random_field(dn_deform *deform, const dn_deform_options *options, dn_random *random)
{
    double spacing[3];
    dn_grid_spacing(&deform->target, spacing);
    for (int d = 0; d < 3; ++d) {
        double extent = (double)deform->target.dim[d] * spacing[d];
        double step = options->control_mm > 0.0 ? options->control_mm : extent;
        deform->voxels[d] = step / spacing[d];
        deform->control[d] = dn_spline_points(deform->target.dim[d], deform->voxels[d]);
    }
    DN_TRY(dn_alloc_dims(&deform->coefficient, DN_DIMS(3, deform->control[0], deform->control[1], deform->control[2]),
                         sizeof *deform->coefficient, "a displacement field"));
    double sd = dn_random_uniform(random, 0.0, options->displacement_mm);
    double limit = 0.4 * options->control_mm;
    const int64_t count = 3 * deform->control[0] * deform->control[1] * deform->control[2];
    for (int64_t i = 0; i < count; ++i) {
        double c = dn_random_normal(random, 0.0, sd);
        deform->coefficient[i] = options->flat && i % 3 == 2 ? 0.0 : fmax(-limit, fmin(limit, c));
    }
    return DN_OK;
}

dn_status dn_deform_random(const dn_grid *target, const double centre[3], const dn_deform_options *options, dn_random *random,
                           dn_deform **out)
{
    dn_deform *deform = NULL;
    DN_TRY(dn_alloc(&deform, 1, sizeof *deform, "a deformation"));
    deform->target = *target;
    deform->mirrored = dn_random_unit(random) < options->mirror_probability;

    double matrix[3][3];
    random_matrix(options, random, deform->mirrored, matrix);
    double middle[3];
    double ijk[3];
    for (int d = 0; d < 3; ++d) {
        ijk[d] = 0.5 * (double)(target->dim[d] - 1);
    }
    dn_affine_apply(&target->affine, ijk, middle);
    dn_affine about;
    for (int r = 0; r < 3; ++r) {
        double most = options->flat && r == 2 ? options->slip_mm : options->translation_mm;
        double shift = centre[r] + dn_random_uniform(random, -most, most);
        for (int c = 0; c < 3; ++c) {
            about.m[r][c] = matrix[r][c];
            shift -= matrix[r][c] * middle[c];
        }
        about.m[r][3] = shift;
    }
    dn_affine_compose(&about, &target->affine, &deform->affine);

    dn_status status = random_field(deform, options, random);
    if (status != DN_OK) {
        dn_deform_destroy(deform);
        return status;
    }
    if (options->cleft_mm > 0.0) {
        deform->cleft = options->cleft;
        deform->opening = dn_random_uniform(random, -fmin(options->cleft_mm, dn_cleft_room(&options->cleft)), options->cleft_mm);
        deform->pressed = options->cleft_pressed > 0.0 && dn_random_unit(random) < options->cleft_pressed;
    }
    if (options->sides_change > 0.0) {
        const double both = dn_random_uniform(random, -options->sides_change, options->sides_change);
        deform->cleft = options->cleft;
        for (int side = 0; side < 2; ++side) {
            deform->change[side] = both + dn_random_uniform(random, -0.25, 0.25) * options->sides_change;
        }
    }
    *out = deform;
    return DN_OK;
}

void dn_deform_destroy(dn_deform *deform)
{
    if (deform != NULL) {
        free(deform->coefficient);
        free(deform);
    }
}

bool dn_deform_mirrors(const dn_deform *deform)
{
    return deform->mirrored;
}

static void move_cleft(const dn_deform *deform, double xyz[3])
{
    if (deform->pressed) {
        dn_cleft_pressed_source(&deform->cleft, deform->opening, xyz);
    } else {
        dn_cleft_source(&deform->cleft, deform->opening, xyz);
    }
    dn_cleft_sides_source(&deform->cleft, deform->change, xyz);
}

/* The field is separable: for one row (j, k) the 16 rows of control points around it are summed once into row[],
 * so that a voxel costs 4 terms instead of 64. row: [control0][3]. */
static void field_row(const dn_deform *deform, int64_t j, int64_t k, double *row)
{
    double wj[4];
    double wk[4];
    size_t length = (size_t)deform->control[0] * 3;
    int64_t first_j = dn_spline_weights((double)j / deform->voxels[1], wj);
    int64_t first_k = dn_spline_weights((double)k / deform->voxels[2], wk);
    memset(row, 0, length * sizeof *row);
    for (int b = 0; b < 4; ++b) {
        for (int a = 0; a < 4; ++a) {
            const double *c = deform->coefficient + (size_t)((first_k + b) * deform->control[1] + first_j + a) * length;
            double w = wk[b] * wj[a];
            for (size_t i = 0; i < length; ++i) {
                row[i] += w * c[i];
            }
        }
    }
}

static void row_point(const dn_deform *deform, const double *row, int64_t i, int64_t j, int64_t k, double xyz[3])
{
    double w[4];
    double ijk[3] = {(double)i, (double)j, (double)k};
    int64_t first = dn_spline_weights(ijk[0] / deform->voxels[0], w);
    dn_affine_apply(&deform->affine, ijk, xyz);
    for (int a = 0; a < 4; ++a) {
        const double *c = row + (first + a) * 3;
        xyz[0] += w[a] * c[0];
        xyz[1] += w[a] * c[1];
        xyz[2] += w[a] * c[2];
    }
    move_cleft(deform, xyz);
}

void dn_deform_point(const dn_deform *deform, const int64_t ijk[3], double xyz[3])
{
    double w[3][4];
    int64_t first[3];
    double at[3] = {(double)ijk[0], (double)ijk[1], (double)ijk[2]};
    for (int d = 0; d < 3; ++d) {
        first[d] = dn_spline_weights(at[d] / deform->voxels[d], w[d]);
    }
    dn_affine_apply(&deform->affine, at, xyz);
    for (int c = 0; c < 4; ++c) {
        for (int b = 0; b < 4; ++b) {
            for (int a = 0; a < 4; ++a) {
                size_t offset = (size_t)(((first[2] + c) * deform->control[1] + first[1] + b) * deform->control[0] + first[0] + a) * 3;
                double weight = w[2][c] * w[1][b] * w[0][a];
                for (int d = 0; d < 3; ++d) {
                    xyz[d] += weight * deform->coefficient[offset + (size_t)d];
                }
            }
        }
    }
    move_cleft(deform, xyz);
}

/* Where the rows of the target lie in the source, one after the other: visit(user, offset, source voxel position). */
typedef void (*visitor)(void *user, int64_t offset, const double at[3]);

static dn_status visit_all(const dn_deform *deform, const dn_affine *source, visitor visit, void *user)
{
    dn_affine inverse;
    double *row = NULL;
    DN_TRY(dn_affine_invert(source, &inverse));
    DN_TRY(dn_alloc_dims(&row, DN_DIMS(deform->control[0], 3), sizeof *row, "a displacement row"));
    const dn_grid *grid = &deform->target;
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            field_row(deform, j, k, row);
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                double xyz[3];
                row_point(deform, row, i, j, k, xyz);
                dn_affine_apply(&inverse, xyz, xyz);
                visit(user, dn_grid_offset(grid, i, j, k), xyz);
            }
        }
    }
    free(row);
    return DN_OK;
}

typedef struct {
    const dn_labels *source;
    const uint16_t *swap;
    uint16_t *out;
} label_job;

static void take_label(void *user, int64_t offset, const double at[3])
{
    const label_job *job = user;
    int64_t i = (int64_t)floor(at[0] + 0.5);
    int64_t j = (int64_t)floor(at[1] + 0.5);
    int64_t k = (int64_t)floor(at[2] + 0.5);
    const dn_grid *grid = &job->source->grid;
    if (i < 0 || j < 0 || k < 0 || i >= grid->dim[0] || j >= grid->dim[1] || k >= grid->dim[2]) {
        return;
    }
    uint16_t label = job->source->data[dn_grid_offset(grid, i, j, k)];
    job->out[offset] = job->swap != NULL ? job->swap[label] : label;
}

dn_status dn_deform_labels(const dn_labels *source, const dn_deform *deform, const uint16_t *swap, dn_labels **out)
{
    dn_labels *labels = NULL;
    DN_TRY(dn_labels_create(&deform->target, &labels));
    label_job job = {source, deform->mirrored ? swap : NULL, labels->data};
    dn_status status = visit_all(deform, &source->grid.affine, take_label, &job);
    if (status != DN_OK) {
        dn_labels_destroy(labels);
        return status;
    }
    *out = labels;
    return DN_OK;
}

/* The eight voxels around a place of the source and their weights; false: outside it. */
static bool find_corners(const dn_grid *grid, const double at[3], int64_t offset[8], double weight[8])
{
    int64_t low[3];
    double f[3];
    for (int d = 0; d < 3; ++d) {
        double x = at[d];
        /* Half a voxel beyond the outer centres still belongs to the image. */
        if (x < -0.5 || x > (double)grid->dim[d] - 0.5) {
            return false;
        }
        x = fmax(0.0, fmin(x, (double)(grid->dim[d] - 1)));
        low[d] = (int64_t)x;
        if (low[d] == grid->dim[d] - 1 && low[d] > 0) {
            --low[d];
        }
        f[d] = x - (double)low[d];
    }
    for (int corner = 0; corner < 8; ++corner) {
        int64_t p[3];
        weight[corner] = 1.0;
        for (int d = 0; d < 3; ++d) {
            int up = (corner >> d) & 1;
            weight[corner] *= up ? f[d] : 1.0 - f[d];
            p[d] = low[d] + up;
        }
        offset[corner] = weight[corner] > 0.0 ? dn_grid_offset(grid, p[0], p[1], p[2]) : 0;
    }
    return true;
}

typedef struct {
    const dn_volume *source;
    float fill;
    float *out;
} volume_job;

static void take_value(void *user, int64_t offset, const double at[3])
{
    const volume_job *job = user;
    int64_t corner[8];
    double weight[8];
    double sum = 0.0;
    if (!find_corners(&job->source->grid, at, corner, weight)) {
        job->out[offset] = job->fill;
        return;
    }
    for (int n = 0; n < 8; ++n) {
        if (weight[n] > 0.0) {
            sum += weight[n] * (double)job->source->data[corner[n]];
        }
    }
    job->out[offset] = (float)sum;
}

typedef struct {
    const dn_grid *grid;
    const float *values;
    int64_t channels;
    float *out;
} channels_job;

static void take_channels(void *user, int64_t offset, const double at[3])
{
    const channels_job *job = user;
    int64_t corner[8];
    double weight[8];
    float *to = job->out + offset * job->channels;
    memset(to, 0, (size_t)job->channels * sizeof *to);
    if (!find_corners(job->grid, at, corner, weight)) {
        return;
    }
    for (int n = 0; n < 8; ++n) {
        const float *from = job->values + corner[n] * job->channels;
        for (int64_t c = 0; weight[n] > 0.0 && c < job->channels; ++c) {
            to[c] += (float)weight[n] * from[c];
        }
    }
}

dn_status dn_deform_channels(const dn_grid *grid, const float *values, int64_t channels, const dn_deform *deform, float *out)
{
    channels_job job = {grid, values, channels, out};
    return visit_all(deform, &grid->affine, take_channels, &job);
}

dn_status dn_deform_volume(const dn_volume *source, const dn_deform *deform, float fill, dn_volume **out)
{
    dn_volume *volume = NULL;
    DN_TRY(dn_volume_create(&deform->target, &volume));
    volume_job job = {source, fill, volume->data};
    dn_status status = visit_all(deform, &source->grid.affine, take_value, &job);
    if (status != DN_OK) {
        dn_volume_destroy(volume);
        return status;
    }
    *out = volume;
    return DN_OK;
}
