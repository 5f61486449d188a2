/* Measures intensities inside and around the structures, and what touches the edge of the scan. */
#include "segment/head/evidence.h"

#include "base/job.h"
#include "base/memory.h"
#include "base/select.h"
#include "image/distance.h"
#include "image/resample.h"
#include "infer/posteriors.h"
#include "register/head_template.h"
#include "segment/head/coarse.h"
#include "segment/head/evidence_edge.h"
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

double dn_picture_median(float *values, size_t count)
{
    if (count < LEAST) {
        return (double)NAN;
    }
    return (double)dn_select(values, count, count / 2);
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

/* The group that a look's voxel surely belongs to, or DN_NO_GROUP: its channel has SURE, so no other one has. */
static int sure_group(const dn_structures *s, const float *p, int64_t channels)
{
    if (p[0] > 1.0f - SURE) {
        return DN_NO_GROUP;
    }
    int64_t best = 1;
    for (int64_t c = 2; c < channels && p[best] < SURE; ++c) {
        best = p[c] > p[best] ? c : best;
    }
    return p[best] >= SURE ? s->group_of[best] : DN_NO_GROUP;
}

/* Intensities of a look's sure voxels, by group. */
static dn_status gather(const dn_volume *scan, const dn_head *head, const dn_head_look *look, values groups[DN_GROUP_LIMIT])
{
    const int64_t *dim = look->grid.dim;
    const int64_t voxels = dn_posteriors_voxels(&look->posteriors);
    dn_status status = DN_OK;
    float *value = NULL;
    int8_t *group = NULL;
    DN_TRY_GOTO(status, dn_alloc(&value, (size_t)voxels, sizeof *value, "intensities"), done);
    DN_TRY_GOTO(status, dn_alloc(&group, (size_t)voxels, sizeof *group, "intensities"), done);
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t k = 0; k < dim[2]; ++k) {
        int64_t v = k * dim[0] * dim[1];
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i, ++v) {
                double at[3];
                group[v] = (int8_t)sure_group(&head->structures, dn_posteriors_of(&look->posteriors, v), look->posteriors.channels);
                if (group[v] != DN_NO_GROUP) {
                    dn_head_look_place(look, i, j, k, at);
                    group[v] = dn_within(&scan->grid, at) ? group[v] : DN_NO_GROUP;
                    value[v] = group[v] != DN_NO_GROUP ? dn_linear_at(scan->data, scan->grid.dim, at) : 0.0f;
                }
            }
        }
    }
    for (int64_t v = 0; v < voxels; ++v) {
        if (group[v] != DN_NO_GROUP) {
            DN_TRY_GOTO(status, append(&groups[group[v]], value[v]), done);
        }
    }
done:
    free(value);
    free(group);
    return status;
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
    bool fluid[DN_CHANNEL_LIMIT] = {false};
    for (int64_t c = 1; brain && c < look->posteriors.channels; ++c) {
        fluid[c] = s->label_of[c] != NULL && strcmp(s->label_of[c]->structure, "csf") == 0;
    }
    DN_TRY(dn_alloc(&mask, (size_t)voxels, 1, "a mask"));
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < voxels; ++v) {
        const float *p = dn_posteriors_of(&look->posteriors, v);
        float tissue = 1.0f - p[0];
        for (int64_t c = 1; brain && c < look->posteriors.channels; ++c) {
            tissue -= fluid[c] ? p[c] : 0.0f;
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
    double(*far_mm3)[3] = NULL; /* of each slice, added in one order: it does not depend on the number of threads */
    size_t air = 0;
    dn_status status;
    DN_TRY_GOTO(status, dn_alloc(&far_mm3, (size_t)dim[2], sizeof *far_mm3, "what is around the brain"), done);
    DN_TRY_GOTO(status, dn_alloc(&to_brain, voxels, sizeof(float), "a distance map"), done);
    DN_TRY_GOTO(status, dn_alloc(&to_inside, voxels, sizeof(float), "a distance map"), done);
    DN_TRY_GOTO(status, distance_to(look, true, &head->structures, to_brain), done);
    DN_TRY_GOTO(status, distance_to(look, false, &head->structures, to_inside), done);
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < dim[2]; ++k) {
        int64_t v = k * dim[0] * dim[1];
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i, ++v) {
                double at[3], mm[3];
                dn_head_look_place(look, i, j, k, at);
                double inside = 1.0 - (double)dn_posteriors_of(&look->posteriors, v)[0];
                for (int n = 0; n < 3 && inside > 0.0; ++n) {
                    far_mm3[k][n] += to_brain[v] > 8.0f + 4.0f * (float)n ? inside * (double)dn_head_above_neck(head, at) : 0.0;
                }
                dn_affine_apply(&head->to_template, at, mm);
                const bool in_air = to_inside[v] >= AIR_FROM && mm[2] > AIR_FLOOR_MM && dn_within(&scan->grid, at);
                to_inside[v] = in_air ? dn_linear_at(scan->data, scan->grid.dim, at) : NAN; /* from here the intensities of air */
            }
        }
    }
    for (size_t v = 0; v < voxels; ++v) {
        if (!isnan(to_inside[v])) {
            to_inside[air++] = to_inside[v];
        }
    }
    for (int n = 0; n < 3; ++n) {
        double sum = 0.0;
        for (int64_t k = 0; k < dim[2]; ++k) {
            sum += far_mm3[k][n];
        }
        head->picture.far_mm3[n] = sum * dn_grid_voxel_volume(&look->grid);
    }
    head->picture.air = air >= LEAST_AIR ? dn_picture_median(to_inside, air) : (double)NAN;
done:
    free(far_mm3);
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
    double(*sums)[3] = NULL; /* of each slice */
    if (!head->location.found) {
        return DN_OK;
    }
    DN_TRY(dn_head_template_get(&t));
    DN_TRY_GOTO(status, dn_alloc(&sums, (size_t)look->grid.dim[2], sizeof *sums, "the average head's brain"), done);
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
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < look->grid.dim[2]; ++k) {
        int64_t v = k * look->grid.dim[0] * look->grid.dim[1];
        for (int64_t j = 0; j < look->grid.dim[1]; ++j) {
            for (int64_t i = 0; i < look->grid.dim[0]; ++i, ++v) {
                double at[3], place[3];
                dn_head_look_place(look, i, j, k, at);
                dn_affine_apply(&head->to_template, at, place);
                const double inside = 1.0 - (double)dn_posteriors_of(&look->posteriors, v)[0];
                const float d = template_value(&t, distance, place, 2.0f * STRAY_MM);
                sums[k][0] += d > STRAY_MM ? inside * (double)dn_head_above_neck(head, at) : 0.0;
                sums[k][1] += d < 0.0f ? 1.0 : 0.0;
                sums[k][2] += d < 0.0f ? 1.0 - inside : 0.0;
            }
        }
    }
    for (int64_t k = 0; k < look->grid.dim[2]; ++k) {
        stray += sums[k][0];
        brain += sums[k][1];
        missing += sums[k][2];
    }
    head->picture.stray_mm3 = stray * dn_grid_voxel_volume(&look->grid);
    head->picture.missing = brain > 0 ? missing / brain : 0.0;
done:
    free(sums);
    free(distance);
    free(mask);
    return status;
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
    dn_head_see_bare(oriented, head);
    DN_TRY(dn_head_see_edges(head));
    report(head);
    return DN_OK;
}
