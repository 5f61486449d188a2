/* Puts labels on their side, fills holes, and keeps the largest component of each structure. */
#include "segment/head/clean.h"

#include "base/memory.h"
#include "image/components.h"
#include "image/morphology.h"
#include "infer/posteriors.h"
#include "segment/head/coarse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SUPPORT_PROBABILITY 0.05f
/* So far beyond the middle of the aligned average head nothing belongs to the other side, mm. */
#define OTHER_SIDE 14.0
enum { FACES = 6, REACH = 3 };

dn_clean dn_clean_of(const char *structure)
{
    static const char *const tissues[] = {"cerebral_white_matter", "cerebral_cortex", "cerebellum_white_matter", "cerebellum_cortex",
                                          "csf"};
    for (size_t i = 0; i < sizeof tissues / sizeof *tissues; ++i) {
        if (strcmp(structure, tissues[i]) == 0) {
            return DN_CLEAN_NOT;
        }
    }
    return strstr(structure, "ventricle") != NULL ? DN_CLEAN_LARGE : DN_CLEAN_LARGEST;
}

bool dn_clean_deep(const char *structure)
{
    return dn_clean_of(structure) != DN_CLEAN_NOT;
}

/* ---- inside the head ---------------------------------------------------------------------------------------------- */

/* A voxel that is surrounded by the inside of the skull belongs to it (a vessel, the pineal gland): the other channels share what
 * `outside` had. */
static void fill_hole(float *p, int64_t channels)
{
    float rest = 0.0f;
    for (int64_t c = 1; c < channels; ++c) {
        rest += p[c];
    }
    for (int64_t c = 1; c < channels; ++c) {
        p[c] = rest > 1e-6f ? p[c] / rest : 1.0f / (float)(channels - 1);
    }
    p[0] = 0.0f;
}

dn_status dn_head_keep_inside(dn_head_look *coarse)
{
    const int64_t *dim = coarse->grid.dim;
    int64_t voxels = dn_posteriors_voxels(&coarse->posteriors);
    int64_t channels = coarse->posteriors.channels;
    uint8_t *mask = NULL;
    uint8_t *soft = NULL;
    uint8_t *filled = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_alloc(&mask, (size_t)voxels, 1, "a mask"), done);
    DN_TRY_GOTO(status, dn_alloc(&soft, (size_t)voxels, 1, "a mask"), done);
    DN_TRY_GOTO(status, dn_alloc(&filled, (size_t)voxels, 1, "a mask"), done);
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < voxels; ++v) {
        mask[v] = dn_posteriors_of(&coarse->posteriors, v)[0] < 0.5f;
        soft[v] = dn_posteriors_of(&coarse->posteriors, v)[0] < 1.0f - SUPPORT_PROBABILITY;
    }
    DN_TRY_GOTO(status, dn_mask_keep_largest(mask, dim, FACES, NULL, NULL), done);
    memcpy(filled, mask, (size_t)voxels);
    DN_TRY_GOTO(status, dn_mask_fill_holes(filled, dim), done);
    for (int64_t v = 0; v < voxels; ++v) {
        if (filled[v] != 0 && mask[v] == 0) {
            fill_hole(dn_posteriors_of(&coarse->posteriors, v), channels);
            mask[v] = 1;
        }
    }
    dn_mask_grow_into(mask, soft, dim, REACH);
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < voxels; ++v) {
        if (mask[v] == 0) {
            memset(dn_posteriors_of(&coarse->posteriors, v), 0, (size_t)channels * sizeof(float));
            dn_posteriors_of(&coarse->posteriors, v)[0] = 1.0f;
        }
    }
done:
    free(mask);
    free(soft);
    free(filled);
    return status;
}

/* ---- sides -------------------------------------------------------------------------------------------------------- */

static double template_x(const dn_head *head, const double at[3])
{
    const double(*m)[4] = head->to_template.m;
    return m[0][0] * at[0] + m[0][1] * at[1] + m[0][2] * at[2] + m[0][3];
}

static dn_status put_on_their_sides(const dn_head *head, dn_head_look *look, double *wrong, double *paired)
{
    int64_t partner[DN_CHANNEL_LIMIT];
    const dn_structures *s = &head->structures;
    const int64_t *dim = look->grid.dim;
    double *sums = NULL;
    dn_structures_mirror_channels(s, partner);
    DN_TRY(dn_alloc_dims(&sums, DN_DIMS(2, dim[2]), sizeof *sums, "the sides"));
    /* Sums are taken slice by slice, in one order, so that they do not depend on the number of threads. */
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                float *p = dn_posteriors_at(&look->posteriors, i, j, k);
                if (p[0] > 0.999f) {
                    continue;
                }
                double at[3];
                dn_head_look_place(look, i, j, k, at);
                double x = template_x(head, at);
                char other = x > OTHER_SIDE ? 'L' : x < -OTHER_SIDE ? 'R' : 0;
                for (int64_t c = 1; c < look->posteriors.channels; ++c) { /* before any of it moves */
                    sums[2 * k + 1] += partner[c] != c ? (double)p[c] : 0.0;
                }
                for (int64_t c = 1; c < look->posteriors.channels; ++c) {
                    if (partner[c] != c && s->label_of[c]->hemi == other) {
                        sums[2 * k] += (double)p[c];
                        p[partner[c]] += p[c];
                        p[c] = 0.0f;
                    }
                }
            }
        }
    }
    for (int64_t k = 0; k < dim[2]; ++k) {
        *wrong += sums[2 * k];
        *paired += sums[2 * k + 1];
    }
    free(sums);
    return DN_OK;
}

/* ---- components --------------------------------------------------------------------------------------------------- */

/* A part of a look: voxels low..high-1. */
typedef struct box {
    int64_t low[3], high[3];
} box;

static void widen(box *b, int64_t i, int64_t j, int64_t k)
{
    const int64_t at[3] = {i, j, k};
    for (int c = 0; c < 3; ++c) {
        b->low[c] = at[c] < b->low[c] ? at[c] : b->low[c];
        b->high[c] = at[c] + 1 > b->high[c] ? at[c] + 1 : b->high[c];
    }
}

/* Where each group's labels lie. */
static void find_boxes(const dn_structures *s, const uint8_t *labels, const int64_t dim[3], box boxes[DN_GROUP_LIMIT], dn_head_part *parts)
{
    for (size_t g = 0; g < s->group_count; ++g) {
        boxes[g] = (box){{INT64_MAX, INT64_MAX, INT64_MAX}, {0, 0, 0}};
        parts[g].labelled_voxels = 0;
    }
    int64_t v = 0;
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i, ++v) {
                int g = s->group_of[labels[v]];
                if (g != DN_NO_GROUP) {
                    widen(&boxes[g], i, j, k);
                    ++parts[g].labelled_voxels;
                }
            }
        }
    }
}

/* mask: labelled as group g; soft: not labelled so, but with some probability of it. Of the box's voxels. */
static void find_group(const dn_structures *s, const dn_head_look *look, const uint8_t *labels, int g, const box *b, uint8_t *mask,
                       uint8_t *soft)
{
    int64_t n = 0;
    for (int64_t k = b->low[2]; k < b->high[2]; ++k) {
        for (int64_t j = b->low[1]; j < b->high[1]; ++j) {
            for (int64_t i = b->low[0]; i < b->high[0]; ++i, ++n) {
                const int64_t v = dn_posteriors_voxel(&look->posteriors, i, j, k);
                float p = 0.0f;
                for (int64_t c = 1; c < look->posteriors.channels; ++c) {
                    p += s->group_of[c] == g ? dn_posteriors_of(&look->posteriors, v)[c] : 0.0f;
                }
                mask[n] = s->group_of[labels[v]] == g;
                soft[n] = p >= SUPPORT_PROBABILITY && mask[n] == 0;
            }
        }
    }
}

/* Keeps the largest component, or all large ones, in mask; sum: of their voxels' places. */
static void keep_components(const dn_components *found, dn_clean kind, const box *b, uint8_t *mask, double sum[3], dn_head_part *part)
{
    const int64_t least = kind == DN_CLEAN_LARGEST ? found->size[1] : found->size[1] / 20;
    int64_t n = 0;
    part->components = found->count;
    part->kept_voxels = 0;
    for (int64_t k = b->low[2]; k < b->high[2]; ++k) {
        for (int64_t j = b->low[1]; j < b->high[1]; ++j) {
            for (int64_t i = b->low[0]; i < b->high[0]; ++i, ++n) {
                int32_t c = found->label[n];
                mask[n] = c > 0 && (c == 1 || (kind == DN_CLEAN_LARGE && found->size[c] >= least));
                if (mask[n] != 0) {
                    sum[0] += (double)i;
                    sum[1] += (double)j;
                    sum[2] += (double)k;
                    ++part->kept_voxels;
                }
            }
        }
    }
}

/* Which components stay: bit g of support[v] is set where group g may have probability. */
static dn_status support_group(const dn_head *head, const dn_head_look *look, const uint8_t *labels, int g, box b, uint32_t *support,
                               dn_head_part *part)
{
    const dn_structures *s = &head->structures;
    const int64_t *dim = look->grid.dim;
    dn_clean kind = dn_clean_of(s->group[g].structure);
    int64_t size[3];
    for (int c = 0; c < 3; ++c) {
        b.low[c] = b.low[c] > REACH ? b.low[c] - REACH : 0;
        b.high[c] = b.high[c] + REACH < dim[c] ? b.high[c] + REACH : dim[c];
        size[c] = b.high[c] - b.low[c];
    }
    uint8_t *mask = NULL;
    uint8_t *soft = NULL;
    dn_components found = {0};
    dn_status status;
    DN_TRY_GOTO(status, dn_alloc_dims(&mask, size, 3, 1, "a mask"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&soft, size, 3, 1, "a mask"), done);
    find_group(s, look, labels, g, &b, mask, soft);
    DN_TRY_GOTO(status, dn_components_find(mask, size, FACES, &found), done);
    double sum[3] = {0, 0, 0};
    keep_components(&found, kind, &b, mask, sum, part);
    double at[3];
    for (int c = 0; c < 3; ++c) {
        at[c] = dn_axis_map_to(&look->map, c, sum[c] / (double)part->kept_voxels);
    }
    dn_affine_apply(&head->to_template, at, part->centre);
    dn_mask_grow_into(mask, soft, size, REACH);
    int64_t n = 0;
    for (int64_t k = b.low[2]; k < b.high[2]; ++k) {
        for (int64_t j = b.low[1]; j < b.high[1]; ++j) {
            for (int64_t i = b.low[0]; i < b.high[0]; ++i, ++n) {
                if (mask[n] != 0) {
                    support[dn_posteriors_voxel(&look->posteriors, i, j, k)] |= (uint32_t)1 << g;
                }
            }
        }
    }
done:
    dn_components_release(&found);
    free(mask);
    free(soft);
    return status;
}

/* Takes away what lies outside its support; the voxel's other channels share what it had. */
static void apply_support(const dn_structures *s, dn_head_look *look, const uint32_t *support, uint32_t cleaned)
{
    int64_t voxels = dn_posteriors_voxels(&look->posteriors);
    int64_t channels = look->posteriors.channels;
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < voxels; ++v) {
        float *p = dn_posteriors_of(&look->posteriors, v);
        uint32_t banned = cleaned & ~support[v];
        float taken = 0.0f;
        float rest = p[0];
        for (int64_t c = 1; c < channels; ++c) {
            int g = s->group_of[c];
            if (g != DN_NO_GROUP && (banned >> g & 1u) != 0) {
                taken += p[c];
                p[c] = 0.0f;
            } else {
                rest += p[c];
            }
        }
        if (taken > 0.0f && rest > 1e-6f) {
            float factor = (taken + rest) / rest;
            for (int64_t c = 0; c < channels; ++c) {
                p[c] *= factor;
            }
        }
    }
}

dn_status dn_head_clean(const dn_head *head, dn_head_look *look, dn_head_part *parts, double *wrong, double *paired)
{
    const dn_structures *s = &head->structures;
    int64_t voxels = dn_posteriors_voxels(&look->posteriors);
    uint8_t *labels = NULL;
    uint32_t *support = NULL;
    box boxes[DN_GROUP_LIMIT];
    uint32_t cleaned = 0;
    dn_status status;
    if (head->location.found) {
        DN_TRY(put_on_their_sides(head, look, wrong, paired));
    }
    DN_TRY_GOTO(status, dn_alloc(&labels, (size_t)voxels, 1, "the labels"), done);
    DN_TRY_GOTO(status, dn_alloc(&support, (size_t)voxels, sizeof *support, "the labels"), done);
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < voxels; ++v) {
        labels[v] = (uint8_t)dn_most_probable(dn_posteriors_of(&look->posteriors, v), look->posteriors.channels);
    }
    find_boxes(s, labels, look->grid.dim, boxes, parts);
    for (size_t g = 0; g < s->group_count; ++g) {
        dn_head_part *part = &parts[g];
        part->components = 0;
        part->kept_voxels = 0;
        if (dn_clean_of(s->group[g].structure) == DN_CLEAN_NOT) {
            part->kept_voxels = part->labelled_voxels;
            part->components = part->labelled_voxels > 0;
            continue;
        }
        cleaned |= (uint32_t)1 << g;
        if (part->labelled_voxels > 0) {
            DN_TRY_GOTO(status, support_group(head, look, labels, (int)g, boxes[g], support, part), done);
        }
    }
    apply_support(s, look, support, cleaned);
done:
    free(labels);
    free(support);
    return status;
}
