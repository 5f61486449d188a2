/* Plane by plane from a file onto a coarser grid: box averages of intensities, and majorities of labels. */
#include "labelmap/stream.h"

#include "base/clock.h"
#include "base/job.h"
#include "base/memory.h"
#include "image/planes.h"
#include "image/resample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which old voxels a new one covers along an axis, and how much of its length each has. */
typedef struct cover {
    int64_t *first; /* [dim]; owned */
    int64_t *count; /* [dim]; owned */
    float *weight;  /* [dim][most]; sums 1; owned */
    int64_t most;
} cover;

static void cover_release(cover *it)
{
    free(it->first);
    free(it->count);
    free(it->weight);
}

static dn_status cover_init(int64_t old_dim, double old, int64_t dim, double spacing, cover *it)
{
    const double ratio = spacing / old;
    it->most = (int64_t)fmin(ceil(ratio), (double)old_dim) + 2; /* a header may say that voxels have 1e-30 mm */
    DN_TRY(dn_alloc(&it->first, (size_t)dim, sizeof *it->first, "a coarser grid"));
    DN_TRY(dn_alloc(&it->count, (size_t)dim, sizeof *it->count, "a coarser grid"));
    DN_TRY(dn_alloc_dims(&it->weight, DN_DIMS(dim, it->most), sizeof *it->weight, "a coarser grid"));
    for (int64_t i = 0; i < dim; ++i) {
        /* Edges of the new voxel in old voxels, whose first one reaches from 0 to 1; the centres of both grids are the same. */
        const double middle = 0.5 * (double)old_dim + ((double)i - 0.5 * (double)(dim - 1)) * ratio;
        const double low = fmax(middle - 0.5 * ratio, 0.0), high = fmin(middle + 0.5 * ratio, (double)old_dim);
        int64_t from = (int64_t)floor(low + 1e-9);
        from = from > old_dim - 1 ? old_dim - 1 : from;
        float *weight = it->weight + i * it->most;
        double total = 0.0;
        it->first[i] = from;
        for (int64_t n = 0; n < it->most && from + n < old_dim; ++n) {
            const double part = fmin(high, (double)(from + n + 1)) - fmax(low, (double)(from + n));
            if (part <= 1e-9 && n > 0) {
                break;
            }
            weight[n] = (float)fmax(part, 1e-9);
            total += (double)weight[n];
            it->count[i] = n + 1;
        }
        for (int64_t n = 0; n < it->count[i]; ++n) {
            weight[n] = (float)((double)weight[n] / total);
        }
    }
    return DN_OK;
}

/* What is known of a pass. */
typedef struct pass {
    dn_planes *planes; /* owned */
    dn_grid grid;      /* of the result */
    cover axis[3];
    const char *doing;
    double began;
} pass;

static void pass_release(pass *it)
{
    dn_planes_close(it->planes);
    for (int c = 0; c < 3; ++c) {
        cover_release(&it->axis[c]);
    }
}

/* *finer: the file is at least as fine as the result along all axes, so that a pass can be made. */
static dn_status pass_open(const char *path, const dn_scan_read_options *options, double spacing, const char *doing, bool *finer, pass *it)
{
    const double wanted[3] = {spacing, spacing, spacing};
    double old[3];
    DN_TRY(dn_planes_open(path, options, &it->planes));
    const dn_grid *grid = dn_planes_grid(it->planes);
    dn_grid_spacing(grid, old);
    it->doing = doing;
    it->began = dn_clock_now();
    *finer = true;
    DN_TRY(dn_error_in_file(dn_grid_with_spacing(grid, wanted, &it->grid), path));
    for (int c = 0; c < 3; ++c) {
        *finer = *finer && old[c] <= spacing * 1.0001;
    }
    for (int c = 0; c < 3 && *finer; ++c) {
        DN_TRY(cover_init(grid->dim[c], old[c], it->grid.dim[c], spacing, &it->axis[c]));
    }
    return DN_OK;
}

static dn_status told(const pass *it, int64_t done, int64_t total)
{
    const double spent = dn_clock_now() - it->began;
    char left[64] = "";
    if (done > 0 && spent > 2.0) {
        snprintf(left, sizeof left, "about %.0f s left", spent / (double)done * (double)(total - done));
    }
    dn_progress_detail(it->doing, left, done, total);
    return dn_cancel_check();
}

/* ---- intensities ---------------------------------------------------------------------------------------------------- */

/* One plane of the file, made coarser along i and j: small [dim[1]][dim[0]]. narrow: scratch [old dim[1]][dim[0]]. */
static void shrink_plane(const pass *it, const float *plane, float *narrow, float *small)
{
    const int64_t *old = dn_planes_grid(it->planes)->dim, *dim = it->grid.dim;
    const cover *x = &it->axis[0], *y = &it->axis[1];
#pragma omp parallel for schedule(static)
    for (int64_t j = 0; j < old[1]; ++j) {
        for (int64_t i = 0; i < dim[0]; ++i) {
            const float *from = plane + j * old[0] + x->first[i], *weight = x->weight + i * x->most;
            float sum = 0.0f;
            for (int64_t n = 0; n < x->count[i]; ++n) {
                sum += weight[n] * from[n];
            }
            narrow[j * dim[0] + i] = sum;
        }
    }
#pragma omp parallel for schedule(static)
    for (int64_t j = 0; j < dim[1]; ++j) {
        float *to = small + j * dim[0];
        memset(to, 0, (size_t)dim[0] * sizeof *to);
        for (int64_t n = 0; n < y->count[j]; ++n) {
            const float *from = narrow + (y->first[j] + n) * dim[0], weight = y->weight[j * y->most + n];
            for (int64_t i = 0; i < dim[0]; ++i) {
                to[i] += weight * from[i];
            }
        }
    }
}

/* Adds an old plane to the new ones that cover it; *next: the first of them that may still get more. */
static void add_plane(const pass *it, int64_t k, const float *small, int64_t *next, float *data)
{
    const int64_t size = it->grid.dim[0] * it->grid.dim[1];
    const cover *z = &it->axis[2];
    while (*next < it->grid.dim[2] && z->first[*next] + z->count[*next] <= k) {
        ++*next;
    }
    for (int64_t n = *next; n < it->grid.dim[2] && z->first[n] <= k; ++n) {
        if (k < z->first[n] + z->count[n]) {
            const float weight = z->weight[n * z->most + (k - z->first[n])];
            float *to = data + n * size;
            for (int64_t v = 0; v < size; ++v) {
                to[v] += weight * small[v];
            }
        }
    }
}

static dn_status run_volume(const pass *it, dn_volume **out)
{
    const int64_t *old = dn_planes_grid(it->planes)->dim, *dim = it->grid.dim;
    float *plane = NULL, *narrow = NULL, *small = NULL;
    dn_volume *result = NULL;
    dn_status status = DN_OK;
    int64_t next = 0;
    DN_TRY_GOTO(status, dn_volume_create(&it->grid, &result), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&plane, DN_DIMS(old[0], old[1]), sizeof *plane, "a plane of a scan"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&narrow, DN_DIMS(dim[0], old[1]), sizeof *narrow, "a plane of a scan"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&small, DN_DIMS(dim[0], dim[1]), sizeof *small, "a plane of a scan"), done);
    for (int64_t k = 0; k < old[2]; ++k) {
        DN_TRY_GOTO(status, dn_planes_read(it->planes, plane), done);
        shrink_plane(it, plane, narrow, small);
        add_plane(it, k, small, &next, result->data);
        DN_TRY_GOTO(status, told(it, k + 1, old[2]), done);
    }
    *out = result;
    result = NULL;
done:
    dn_volume_destroy(result);
    free(plane);
    free(narrow);
    free(small);
    return status;
}

dn_status dn_stream_volume(const char *path, const dn_scan_read_options *options, double spacing, const char *doing, dn_volume **out)
{
    pass it = {0};
    bool finer;
    dn_status status = pass_open(path, options, spacing, doing, &finer, &it);
    if (status == DN_OK && finer) {
        status = run_volume(&it, out);
    } else if (status == DN_OK) {
        const dn_resample_options how = {.method = DN_RESAMPLE_LINEAR, .antialias = true};
        dn_volume *whole = NULL;
        status = dn_scan_read(path, options, &whole, NULL);
        if (status == DN_OK) {
            status = dn_resample_volume(whole, &it.grid, &how, out);
        }
        dn_volume_destroy(whole);
    }
    pass_release(&it);
    return status;
}

/* ---- labels --------------------------------------------------------------------------------------------------------- */

/* The last planes that were read, in a ring. */
typedef struct ring {
    uint16_t *planes; /* owned; [size] planes */
    int64_t size, plane;
    int64_t read; /* how many planes have been */
} ring;

/* The label with the largest share of voxel (i, j, k); all planes it covers are in the ring. */
static uint16_t vote(const pass *it, const ring *r, int64_t i, int64_t j, int64_t k)
{
    enum { MOST = 64 };
    const int64_t width = dn_planes_grid(it->planes)->dim[0];
    const cover *x = &it->axis[0], *y = &it->axis[1], *z = &it->axis[2];
    uint16_t label[MOST];
    float share[MOST], central[MOST];
    int count = 0, last = 0;
    label[0] = 0;
    for (int64_t c = 0; c < z->count[k]; ++c) {
        const uint16_t *plane = r->planes + (z->first[k] + c) % r->size * r->plane;
        for (int64_t b = 0; b < y->count[j]; ++b) {
            const uint16_t *row = plane + (y->first[j] + b) * width + x->first[i];
            const float outer = z->weight[k * z->most + c] * y->weight[j * y->most + b];
            for (int64_t a = 0; a < x->count[i]; ++a) {
                const float weight = outer * x->weight[i * x->most + a];
                if (count == 0 || label[last] != row[a]) {
                    for (last = 0; last < count && label[last] != row[a]; ++last) {
                    }
                    if (last == count) {
                        if (count == MOST) { /* more labels than a voxel can have room for */
                            last = 0;
                            continue;
                        }
                        label[count] = row[a];
                        share[count] = central[count] = 0.0f;
                        ++count;
                    }
                }
                const float off = fabsf((float)a - 0.5f * (float)(x->count[i] - 1)) + fabsf((float)b - 0.5f * (float)(y->count[j] - 1)) +
                                  fabsf((float)c - 0.5f * (float)(z->count[k] - 1));
                share[last] += weight;
                central[last] += weight * off;
            }
        }
    }
    int best = 0;
    for (int n = 1; n < count; ++n) {
        const float more = share[n] - share[best];
        const float nearer = central[best] / share[best] - central[n] / share[n];
        if (more > 1e-5f || (more > -1e-5f && (nearer > 1e-5f || (nearer > -1e-5f && label[n] < label[best])))) {
            best = n;
        }
    }
    return label[best];
}

static dn_status run_labels(const pass *it, dn_labels **out)
{
    const int64_t *old = dn_planes_grid(it->planes)->dim, *dim = it->grid.dim;
    const cover *z = &it->axis[2];
    ring r = {.size = z->most, .plane = old[0] * old[1]};
    dn_labels *result = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_labels_create(&it->grid, &result), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&r.planes, DN_DIMS(r.size, old[0], old[1]), sizeof *r.planes, "planes of a label map"), done);
    for (int64_t k = 0; k < dim[2]; ++k) {
        while (r.read < z->first[k] + z->count[k]) {
            DN_TRY_GOTO(status, dn_planes_read_labels(it->planes, r.planes + r.read % r.size * r.plane), done);
            ++r.read;
        }
#pragma omp parallel for schedule(dynamic, 8)
        for (int64_t j = 0; j < dim[1]; ++j) {
            uint16_t *row = result->data + dn_grid_offset(&it->grid, 0, j, k);
            for (int64_t i = 0; i < dim[0]; ++i) {
                row[i] = vote(it, &r, i, j, k);
            }
        }
        DN_TRY_GOTO(status, told(it, k + 1, dim[2]), done);
    }
    while (r.read < old[2]) { /* to the checksum */
        DN_TRY_GOTO(status, dn_planes_read_labels(it->planes, r.planes + r.read % r.size * r.plane), done);
        ++r.read;
    }
    *out = result;
    result = NULL;
done:
    dn_labels_destroy(result);
    free(r.planes);
    return status;
}

dn_status dn_stream_labels(const char *path, const dn_scan_read_options *options, double spacing, const char *doing, dn_labels **out)
{
    pass it = {0};
    bool finer;
    dn_status status = pass_open(path, options, spacing, doing, &finer, &it);
    if (status == DN_OK && finer) {
        status = run_labels(&it, out);
    } else if (status == DN_OK) {
        dn_labels *whole = NULL;
        status = dn_labels_read(path, options, &whole, NULL);
        if (status == DN_OK) {
            status = dn_resample_labels(whole, &it.grid, NULL, out);
        }
        dn_labels_destroy(whole);
    }
    pass_release(&it);
    return status;
}
