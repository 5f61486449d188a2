/* Looks along the edge of the skull's inside for tissue that borders on nothing, and at the faces of the scan for what is cut there. */
#include "segment/head/evidence_edge.h"

#include "base/memory.h"
#include "image/resample.h"
#include "segment/head/coarse.h"
#include "segment/head/icv.h"

#include <math.h>
#include <stdlib.h>

/* ---- a brain that was cut ------------------------------------------------------------------------------------------ */

/* Bone may have the scan's darkest value, too; it is not as thick. Nor is a scalp as thick as a brain. */
#define NOTHING_MM 15.0
#define SCALP_MM 6.0

/* Whether from a voxel on in one direction there is nothing (the scan's darkest value, exactly) for count voxels, or to the scan's edge. */
static bool nothing_beyond(const float *p, int64_t step, int64_t count, float nothing)
{
    for (int64_t n = 1; n <= count; ++n) {
        if (p[n * step] > nothing) {
            return false;
        }
    }
    return true;
}

/* Whether from a voxel on in one direction all is tissue for count voxels. */
static bool tissue_beyond(const float *p, int64_t step, int64_t count, float tissue)
{
    for (int64_t n = 0; n <= count; ++n) {
        if (p[n * step] < tissue) {
            return false;
        }
    }
    return true;
}

/* Steps that can be taken from place, no more than most. */
static int64_t room(int64_t place, int64_t dim, bool up, int64_t most)
{
    const int64_t free = up ? dim - 1 - place : place;
    return free < most ? free : most;
}

/* Whether tissue borders on nothing within reach of a place: in a head there are fluid and bone between them, and air beyond a scalp.
 * far: how far, voxels along each axis, nothing and tissue go. */
static bool is_bare(const dn_volume *scan, const double at[3], const int64_t reach[3], int64_t far[2][3], float tissue, float nothing)
{
    const int64_t *dim = scan->grid.dim;
    const int64_t step[3] = {1, dim[0], dim[0] * dim[1]};
    int64_t low[3], high[3];
    for (int c = 0; c < 3; ++c) {
        const int64_t middle = (int64_t)floor(at[c] + 0.5);
        low[c] = middle - reach[c] < 1 ? 1 : middle - reach[c];
        high[c] = middle + reach[c] > dim[c] - 2 ? dim[c] - 2 : middle + reach[c];
    }
    for (int64_t k = low[2]; k <= high[2]; ++k) {
        for (int64_t j = low[1]; j <= high[1]; ++j) {
            for (int64_t i = low[0]; i <= high[0]; ++i) {
                const float *p = scan->data + dn_grid_offset(&scan->grid, i, j, k);
                const int64_t place[3] = {i, j, k};
                for (int c = 0; c < 3 && *p >= tissue; ++c) {
                    for (int up = 0; up < 2; ++up) {
                        const int64_t out = up ? step[c] : -step[c];
                        if (nothing_beyond(p, out, room(place[c], dim[c], up, far[0][c]), nothing) &&
                            tissue_beyond(p, -out, room(place[c], dim[c], !up, far[1][c]), tissue)) {
                            return true;
                        }
                    }
                }
            }
        }
    }
    return false;
}

/* Share of the edge of what is inside the skull, above the neck, where it is bare. */
void dn_head_see_bare(const dn_volume *scan, dn_head *head)
{
    const dn_head_look *look = &head->coarse;
    const int64_t *dim = look->grid.dim;
    const int64_t step[3] = {1, dim[0], dim[0] * dim[1]};
    const float tissue = (float)(0.5 * (head->picture.fluid + head->picture.grey));
    float nothing = INFINITY;
    int64_t reach[3], far[2][3], edge = 0, bare = 0;
    double spacing[3];
    dn_grid_spacing(&scan->grid, spacing);
    const int64_t count = dn_grid_count(&scan->grid);
#pragma omp parallel for schedule(static) reduction(min : nothing)
    for (int64_t v = 0; v < count; ++v) {
        nothing = scan->data[v] < nothing ? scan->data[v] : nothing;
    }
    for (int c = 0; c < 3; ++c) {
        reach[c] = (int64_t)fmax(1.0, floor(look->map.scale[c] + 0.5));
        far[0][c] = (int64_t)ceil(NOTHING_MM / spacing[c]);
        far[1][c] = (int64_t)ceil(SCALP_MM / spacing[c]);
    }
    const int64_t slices = tissue > nothing ? dim[2] - 1 : 0;
#pragma omp parallel for schedule(dynamic, 1) reduction(+ : edge, bare)
    for (int64_t k = 1; k < slices; ++k) {
        for (int64_t j = 1; j + 1 < dim[1]; ++j) {
            for (int64_t i = 1; i + 1 < dim[0]; ++i) {
                const int64_t v = dn_posteriors_voxel(&look->posteriors, i, j, k);
                bool rim = false;
                double at[3];
                for (int c = 0; c < 3; ++c) {
                    rim = rim || dn_posteriors_of(&look->posteriors, v - step[c])[0] > 0.5f ||
                          dn_posteriors_of(&look->posteriors, v + step[c])[0] > 0.5f;
                }
                if (!rim || dn_posteriors_of(&look->posteriors, v)[0] > 0.5f) {
                    continue;
                }
                dn_head_look_place(look, i, j, k, at);
                if (dn_head_above_neck(head, at) == 1.0f && dn_within(&scan->grid, at)) {
                    ++edge;
                    bare += is_bare(scan, at, reach, far, tissue, nothing);
                }
            }
        }
    }
    head->picture.bare = edge > 0 ? (double)bare / (double)edge : 0.0;
}

/* ---- the scan's edge ---------------------------------------------------------------------------------------------- */

typedef struct contact {
    double layer[6][2]; /* of each face of the scan: probability, in mm3, in the outermost layer (and beyond), and in the next one */
} contact;

static void add_contact(const dn_head *head, const dn_head_look *look, const double at[3], double amount, contact *out)
{
    for (int c = 0; c < 3; ++c) {
        const double thick = 2.0 * look->map.scale[c];
        const double depth[2] = {at[c] + 0.5, (double)head->oriented.dim[c] - 0.5 - at[c]};
        for (int end = 0; end < 2; ++end) {
            if (depth[end] < 2.0 * thick) {
                out->layer[2 * c + end][depth[end] >= thick] += amount;
            }
        }
    }
}

/* The face that cuts most; of a convex end that only touches it the outermost layer is much smaller than the next. */
static void worst_face(const contact *c, double edge[2])
{
    edge[0] = edge[1] = 0.0;
    for (int f = 0; f < 6; ++f) {
        if (c->layer[f][0] > edge[0]) {
            edge[0] = c->layer[f][0];
            edge[1] = c->layer[f][1];
        }
    }
}

/* What one slice of a look adds: to each group, and last to all that is inside the skull. */
static void see_edges_slice(const dn_head *head, const dn_head_look *look, int64_t k, contact *out)
{
    const dn_structures *s = &head->structures;
    const bool coarse = look == &head->coarse;
    const double voxel = dn_grid_voxel_volume(&look->grid);
    int64_t v = k * look->grid.dim[0] * look->grid.dim[1];
    for (int64_t j = 0; j < look->grid.dim[1]; ++j) {
        for (int64_t i = 0; i < look->grid.dim[0]; ++i, ++v) {
            const float *p = dn_posteriors_of(&look->posteriors, v);
            double at[3];
            if (p[0] > 0.999f) {
                continue;
            }
            dn_head_look_place(look, i, j, k, at);
            const double above = (double)dn_head_above_neck(head, at); /* below, a scan may end */
            double share = (double)dn_head_fine_share(head, at);
            share = voxel * (coarse ? 1.0 - share : share) * above;
            for (int64_t c = 1; c < look->posteriors.channels; ++c) {
                if (s->group_of[c] != DN_NO_GROUP && p[c] > 0.01f) {
                    add_contact(head, look, at, share * (double)p[c], &out[s->group_of[c]]);
                }
            }
            if (coarse) {
                add_contact(head, look, at, voxel * (double)((1.0f - p[0]) * (float)above), &out[DN_GROUP_LIMIT]);
            }
        }
    }
}

dn_status dn_head_see_edges(dn_head *head)
{
    enum { ALL = DN_GROUP_LIMIT + 1 };
    contact sums[ALL] = {{{{0}}}};
    for (int n = 0; n < 2; ++n) {
        const dn_head_look *look = n == 0 ? &head->coarse : &head->fine;
        contact *slices = NULL;
        if (look->posteriors.data == NULL) {
            continue;
        }
        DN_TRY(dn_alloc_dims(&slices, DN_DIMS(look->grid.dim[2], ALL), sizeof *slices, "the scan's edges"));
#pragma omp parallel for schedule(dynamic, 1)
        for (int64_t k = 0; k < look->grid.dim[2]; ++k) {
            see_edges_slice(head, look, k, slices + k * ALL);
        }
        for (int64_t k = 0; k < look->grid.dim[2]; ++k) { /* in one order, whatever thread made them */
            for (int g = 0; g < ALL; ++g) {
                for (int f = 0; f < 12; ++f) {
                    sums[g].layer[f / 2][f % 2] += slices[k * ALL + g].layer[f / 2][f % 2];
                }
            }
        }
        free(slices);
    }
    for (size_t g = 0; g < head->structures.group_count; ++g) {
        worst_face(&sums[g], head->parts[g].edge_mm3);
    }
    worst_face(&sums[DN_GROUP_LIMIT], head->picture.edge_mm3);
    return DN_OK;
}
