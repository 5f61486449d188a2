/* Measures intensities inside and around the structures, and what touches the edge of the scan. */
#include "segment/head/evidence.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/distance.h"
#include "image/resample.h"
#include "infer/posteriors.h"
#include "register/head_template.h"
#include "segment/head/coarse.h"
#include "segment/head/icv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Voxels of a look count for a tissue from this probability on. */
#define SURE 0.8f
/* Air is so far from what is inside the skull, mm, above the face. */
#define AIR_FROM 30.0f
#define AIR_FLOOR_MM 5.0
/* A structure's voxel is odd when it is so far from the other side's median, of the contrast between fluid and white matter. */
#define ODD 0.35
enum { LEAST = 20, LEAST_AIR = 500 };

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x > y) - (x < y);
}

double dn_picture_median(float *values, size_t count)
{
    if (count < LEAST) {
        return (double)NAN;
    }
    qsort(values, count, sizeof *values, by_value);
    return (double)values[count / 2];
}

double dn_picture_odd(const float *values, size_t count, double middle, double reach)
{
    size_t odd = 0;
    for (size_t n = 0; n < count; ++n) {
        odd += fabs((double)values[n] - middle) > reach;
    }
    return count > 0 ? (double)odd / (double)count : 0.0;
}

/* ---- values by group ---------------------------------------------------------------------------------------------- */

typedef struct values {
    float *value;
    size_t count, room;
} values;

static dn_status append(values *v, float value)
{
    if (v->count == v->room) {
        size_t room = v->room > 0 ? 2 * v->room : 4096;
        DN_TRY(dn_realloc(&v->value, room, sizeof *v->value, "intensities"));
        v->room = room;
    }
    v->value[v->count++] = value;
    return DN_OK;
}

static bool within(const dn_volume *scan, const double at[3])
{
    bool in = true;
    for (int c = 0; c < 3; ++c) {
        in = in && at[c] >= -0.5 && at[c] <= (double)scan->grid.dim[c] - 0.5;
    }
    return in;
}

/* Intensities of a look's sure voxels, by group. */
static dn_status gather(const dn_volume *scan, const dn_head *head, const dn_head_look *look, values groups[DN_GROUP_LIMIT])
{
    const dn_structures *s = &head->structures;
    const int64_t *dim = look->grid.dim;
    int64_t v = 0;
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i, ++v) {
                const float *p = dn_posteriors_of(&look->posteriors, v);
                double at[3];
                if (p[0] > 1.0f - SURE) {
                    continue;
                }
                const int64_t best = 1 + dn_most_probable(p + 1, look->posteriors.channels - 1);
                dn_head_look_place(look, i, j, k, at);
                if (p[best] >= SURE && s->group_of[best] != DN_NO_GROUP && within(scan, at)) {
                    DN_TRY(append(&groups[s->group_of[best]], dn_linear_at(scan->data, scan->grid.dim, at)));
                }
            }
        }
    }
    return DN_OK;
}

static dn_status median_of(const dn_head *head, const values groups[DN_GROUP_LIMIT], const char *structure, double *out)
{
    values all = {NULL, 0, 0};
    dn_status status = DN_OK;
    for (size_t g = 0; g < head->structures.group_count; ++g) {
        for (size_t n = 0; strcmp(head->structures.group[g].structure, structure) == 0 && n < groups[g].count; ++n) {
            DN_TRY_GOTO(status, append(&all, groups[g].value[n]), done);
        }
    }
    *out = dn_picture_median(all.value, all.count);
done:
    free(all.value);
    return status;
}

static dn_status see_tissues(const dn_volume *scan, dn_head *head)
{
    values groups[DN_GROUP_LIMIT] = {{NULL, 0, 0}};
    dn_head_picture *p = &head->picture;
    dn_status status;
    DN_TRY_GOTO(status, gather(scan, head, &head->coarse, groups), done);
    DN_TRY_GOTO(status, median_of(head, groups, "lateral_ventricle", &p->fluid), done);
    if (isnan(p->fluid)) {
        DN_TRY_GOTO(status, median_of(head, groups, "csf", &p->fluid), done);
    }
    DN_TRY_GOTO(status, median_of(head, groups, "cerebral_cortex", &p->grey), done);
    DN_TRY_GOTO(status, median_of(head, groups, "cerebral_white_matter", &p->white), done);
    if (head->fine.posteriors.data != NULL) { /* the deep structures are seen better there */
        for (size_t g = 0; g < head->structures.group_count; ++g) {
            groups[g].count = 0;
        }
        DN_TRY_GOTO(status, gather(scan, head, &head->fine, groups), done);
    }
    for (size_t g = 0; g < head->structures.group_count; ++g) {
        head->parts[g].median = dn_picture_median(groups[g].value, groups[g].count);
    }
    for (size_t g = 0; g < head->structures.group_count; ++g) {
        const size_t m = dn_structures_mirror(&head->structures, g);
        head->parts[g].odd =
            m != g ? dn_picture_odd(groups[g].value, groups[g].count, head->parts[m].median, ODD * fabs(p->white - p->fluid)) : 0.0;
    }
done:
    for (size_t g = 0; g < DN_GROUP_LIMIT; ++g) {
        free(groups[g].value);
    }
    return status;
}

/* ---- around the inside of the skull ------------------------------------------------------------------------------- */

/* distance: to a mask of the coarse pass. */
static dn_status distance_to(const dn_head_look *look, bool brain, const dn_structures *s, float *distance)
{
    const int64_t voxels = dn_posteriors_voxels(&look->posteriors);
    uint8_t *mask = NULL;
    double mm[3];
    dn_grid_spacing(&look->grid, mm);
    DN_TRY(dn_alloc(&mask, (size_t)voxels, 1, "a mask"));
    for (int64_t v = 0; v < voxels; ++v) {
        const float *p = dn_posteriors_of(&look->posteriors, v);
        float tissue = 1.0f - p[0];
        for (int64_t c = 1; brain && c < look->posteriors.channels; ++c) {
            tissue -= s->label_of[c] != NULL && strcmp(s->label_of[c]->structure, "csf") == 0 ? p[c] : 0.0f;
        }
        mask[v] = tissue > 0.5f;
    }
    dn_status status = dn_distance_to(mask, look->grid.dim, mm, distance);
    free(mask);
    return status;
}

/* What is taken for the inside of the skull far from any brain (a leak), and how dark the air is. */
static dn_status see_around(const dn_volume *scan, dn_head *head)
{
    const dn_head_look *look = &head->coarse;
    const int64_t *dim = look->grid.dim;
    const size_t voxels = (size_t)dn_posteriors_voxels(&look->posteriors);
    float *to_brain = NULL;
    float *to_inside = NULL;
    values air = {NULL, 0, 0};
    double far_mm3[3] = {0, 0, 0};
    dn_status status;
    DN_TRY_GOTO(status, dn_alloc(&to_brain, voxels, sizeof(float), "a distance map"), done);
    DN_TRY_GOTO(status, dn_alloc(&to_inside, voxels, sizeof(float), "a distance map"), done);
    DN_TRY_GOTO(status, distance_to(look, true, &head->structures, to_brain), done);
    DN_TRY_GOTO(status, distance_to(look, false, &head->structures, to_inside), done);
    int64_t v = 0;
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i, ++v) {
                double at[3], mm[3];
                dn_head_look_place(look, i, j, k, at);
                double inside = 1.0 - (double)dn_posteriors_of(&look->posteriors, v)[0];
                for (int n = 0; n < 3 && inside > 0.0; ++n) {
                    far_mm3[n] += to_brain[v] > 8.0f + 4.0f * (float)n ? inside * (double)dn_head_above_neck(head, at) : 0.0;
                }
                dn_affine_apply(&head->to_template, at, mm);
                if (to_inside[v] >= AIR_FROM && mm[2] > AIR_FLOOR_MM && within(scan, at)) {
                    DN_TRY_GOTO(status, append(&air, dn_linear_at(scan->data, scan->grid.dim, at)), done);
                }
            }
        }
    }
    for (int n = 0; n < 3; ++n) {
        head->picture.far_mm3[n] = far_mm3[n] * dn_grid_voxel_volume(&look->grid);
    }
    head->picture.air = air.count >= LEAST_AIR ? dn_picture_median(air.value, air.count) : (double)NAN;
done:
    free(air.value);
    free(to_brain);
    free(to_inside);
    return status;
}

/* ---- against the aligned average head ----------------------------------------------------------------------------- */

/* The average head's brain has this probability; further than STRAY_MM from it nothing lies inside a skull. */
enum { TEMPLATE_BRAIN = 128, TEMPLATE_SURE = 250 };
#define STRAY_MM 16.0f

/* Value of a map of the average head at a place of its world; outside: other. */
static float template_value(const dn_head_template *t, const float *map, const double mm[3], float other)
{
    int64_t n[3];
    for (int c = 0; c < 3; ++c) {
        double at = (mm[c] - t->origin[c]) / t->spacing;
        if (!(at >= -0.5 && at < (double)t->dim[c] - 0.5)) {
            return other;
        }
        n[c] = (int64_t)(at + 0.5);
    }
    return map[n[0] + t->dim[0] * (n[1] + t->dim[1] * n[2])];
}

/* What is inside the skull where the average head has no brain near, and what is not where it has. */
static dn_status see_template(dn_head *head)
{
    const dn_head_look *look = &head->coarse;
    dn_head_template t;
    uint8_t *mask = NULL;
    float *distance = NULL;
    dn_status status = DN_OK;
    double stray = 0, missing = 0, brain = 0;
    if (!head->location.found) {
        return DN_OK;
    }
    DN_TRY(dn_head_template_get(&t));
    const size_t voxels = (size_t)(t.dim[0] * t.dim[1] * t.dim[2]);
    const double mm[3] = {t.spacing, t.spacing, t.spacing};
    DN_TRY_GOTO(status, dn_alloc_dims(&mask, t.dim, 3, 1, "a mask"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&distance, t.dim, 3, sizeof *distance, "a distance map"), done);
    for (size_t v = 0; v < voxels; ++v) {
        mask[v] = t.brain[v] >= TEMPLATE_BRAIN;
    }
    DN_TRY_GOTO(status, dn_distance_to(mask, t.dim, mm, distance), done);
    for (size_t v = 0; v < voxels; ++v) { /* the sure brain is marked by a negative distance */
        distance[v] = t.brain[v] >= TEMPLATE_SURE ? -1.0f : distance[v];
    }
    int64_t v = 0;
    for (int64_t k = 0; k < look->grid.dim[2]; ++k) {
        for (int64_t j = 0; j < look->grid.dim[1]; ++j) {
            for (int64_t i = 0; i < look->grid.dim[0]; ++i, ++v) {
                double at[3], place[3];
                dn_head_look_place(look, i, j, k, at);
                dn_affine_apply(&head->to_template, at, place);
                const double inside = 1.0 - (double)dn_posteriors_of(&look->posteriors, v)[0];
                const float d = template_value(&t, distance, place, 2.0f * STRAY_MM);
                stray += d > STRAY_MM ? inside * (double)dn_head_above_neck(head, at) : 0.0;
                brain += d < 0.0f ? 1.0 : 0.0;
                missing += d < 0.0f ? 1.0 - inside : 0.0;
            }
        }
    }
    head->picture.stray_mm3 = stray * dn_grid_voxel_volume(&look->grid);
    head->picture.missing = brain > 0 ? missing / brain : 0.0;
done:
    free(distance);
    free(mask);
    return status;
}

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
static void see_bare(const dn_volume *scan, dn_head *head)
{
    const dn_head_look *look = &head->coarse;
    const int64_t *dim = look->grid.dim;
    const int64_t step[3] = {1, dim[0], dim[0] * dim[1]};
    const float tissue = (float)(0.5 * (head->picture.fluid + head->picture.grey));
    float nothing = INFINITY;
    int64_t reach[3], far[2][3], edge = 0, bare = 0;
    double spacing[3];
    dn_grid_spacing(&scan->grid, spacing);
    for (int64_t v = 0; v < dn_grid_count(&scan->grid); ++v) {
        nothing = fminf(nothing, scan->data[v]);
    }
    for (int c = 0; c < 3; ++c) {
        reach[c] = (int64_t)fmax(1.0, floor(look->map.scale[c] + 0.5));
        far[0][c] = (int64_t)ceil(NOTHING_MM / spacing[c]);
        far[1][c] = (int64_t)ceil(SCALP_MM / spacing[c]);
    }
    for (int64_t k = 1; k + 1 < dim[2] && tissue > nothing; ++k) {
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
                if (dn_head_above_neck(head, at) == 1.0f && within(scan, at)) {
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

static dn_status see_edges(dn_head *head)
{
    const dn_structures *s = &head->structures;
    contact *groups = NULL;
    contact inside = {{{0}}};
    DN_TRY(dn_alloc(&groups, DN_GROUP_LIMIT, sizeof *groups, "the scan's edges"));
    for (int n = 0; n < 2; ++n) {
        const dn_head_look *look = n == 0 ? &head->coarse : &head->fine;
        if (look->posteriors.data == NULL) {
            continue;
        }
        const double voxel = dn_grid_voxel_volume(&look->grid);
        int64_t v = 0;
        for (int64_t k = 0; k < look->grid.dim[2]; ++k) {
            for (int64_t j = 0; j < look->grid.dim[1]; ++j) {
                for (int64_t i = 0; i < look->grid.dim[0]; ++i, ++v) {
                    const float *p = dn_posteriors_of(&look->posteriors, v);
                    double at[3];
                    if (p[0] > 0.999f) {
                        continue;
                    }
                    dn_head_look_place(look, i, j, k, at);
                    double share = (double)dn_head_fine_share(head, at);
                    share = voxel * (n == 0 ? 1.0 - share : share) * (double)dn_head_above_neck(head, at); /* below, a scan may end */
                    for (int64_t c = 1; c < look->posteriors.channels; ++c) {
                        if (s->group_of[c] != DN_NO_GROUP && p[c] > 0.01f) {
                            add_contact(head, look, at, share * (double)p[c], &groups[s->group_of[c]]);
                        }
                    }
                    if (n == 0) {
                        add_contact(head, look, at, voxel * (double)((1.0f - p[0]) * dn_head_above_neck(head, at)), &inside);
                    }
                }
            }
        }
    }
    for (size_t g = 0; g < s->group_count; ++g) {
        worst_face(&groups[g], head->parts[g].edge_mm3);
    }
    worst_face(&inside, head->picture.edge_mm3);
    free(groups);
    return DN_OK;
}

static void report(const dn_head *head)
{
    const dn_head_picture *p = &head->picture;
    const dn_structures *s = &head->structures;
    dn_log(DN_LOG_DEBUG,
           "picture: fluid %.4g, grey %.4g, white %.4g, air %.4g; far %.0f %.0f %.0f mm3; edge %.0f %.0f; size %.3f %.3f %.3f; match %.3f; "
           "stray %.0f missing %.4f bare %.4f",
           p->fluid, p->grey, p->white, p->air, p->far_mm3[0], p->far_mm3[1], p->far_mm3[2], p->edge_mm3[0], p->edge_mm3[1],
           head->location.scale[0], head->location.scale[1], head->location.scale[2], head->location.match, p->stray_mm3, p->missing,
           p->bare);
    for (size_t g = 0; g < s->group_count; ++g) {
        const dn_head_part *part = &head->parts[g];
        dn_log(DN_LOG_DEBUG, "picture: %c %s: median %.4g, odd %.3f, edge %.0f %.0f of %.0f", s->group[g].hemi, s->group[g].structure,
               part->median, part->odd, part->edge_mm3[0], part->edge_mm3[1], part->volume_mm3);
    }
}

dn_status dn_head_see(const dn_volume *oriented, dn_head *head)
{
    DN_TRY(see_tissues(oriented, head));
    DN_TRY(see_around(oriented, head));
    DN_TRY(see_template(head));
    see_bare(oriented, head);
    DN_TRY(see_edges(head));
    report(head);
    return DN_OK;
}
