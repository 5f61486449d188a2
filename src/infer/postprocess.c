/* Keeps the largest component of each group and its soft rim, and sets the other posteriors to background. */
#include "infer/postprocess.h"

#include "base/memory.h"
#include "image/components.h"
#include "image/morphology.h"

#include <stdlib.h>
#include <string.h>

#define SUPPORT_PROBABILITY 0.05f
enum { FACES = 6, SUPPORT_REACH = 3 };

dn_status dn_postprocess_labels(const uint8_t *labels, const int64_t dim[3], const dn_structures *structures, dn_group_result *results)
{
    memset(results, 0, structures->group_count * sizeof *results);
    size_t voxels = (size_t)(dim[0] * dim[1] * dim[2]);
    uint8_t *mask = NULL;
    DN_TRY(dn_alloc_dims(&mask, dim, 3, 1, "a mask"));
    dn_status status = DN_OK;
    for (size_t g = 0; g < structures->group_count && status == DN_OK; ++g) {
        dn_group_result *r = &results[g];
        for (size_t v = 0; v < voxels; ++v) {
            mask[v] = structures->group_of[labels[v]] == (int)g;
            r->labelled_voxels += mask[v];
        }
        if (r->labelled_voxels == 0) {
            continue;
        }
        dn_components parts;
        status = dn_components_find(mask, dim, FACES, &parts);
        if (status != DN_OK) {
            break;
        }
        r->components = parts.count;
        r->core_voxels = parts.size[1];
        for (int c = 0; c < 3; ++c) {
            r->low[c] = dim[c];
        }
        for (int64_t k = 0; k < dim[2]; ++k) {
            for (int64_t j = 0; j < dim[1]; ++j) {
                for (int64_t i = 0; i < dim[0]; ++i) {
                    if (parts.label[i + dim[0] * (j + dim[1] * k)] == 1) {
                        int64_t at[3] = {i, j, k};
                        for (int c = 0; c < 3; ++c) {
                            r->centre[c] += (double)at[c];
                            r->low[c] = at[c] < r->low[c] ? at[c] : r->low[c];
                            r->high[c] = at[c] + 1 > r->high[c] ? at[c] + 1 : r->high[c];
                        }
                    }
                }
            }
        }
        for (int c = 0; c < 3; ++c) {
            r->centre[c] /= (double)r->core_voxels;
        }
        dn_components_release(&parts);
    }
    free(mask);
    return status;
}

static void clean_group(dn_posteriors *posteriors, const dn_structures *structures, size_t g, const uint8_t *support,
                        const uint8_t *fragment, const float *probability, dn_group_result *result)
{
    int64_t voxels = dn_posteriors_voxels(posteriors);
    for (int64_t v = 0; v < voxels; ++v) {
        if (support[v] != 0) {
            result->volume += (double)probability[v];
            continue;
        }
        result->dropped += (double)probability[v];
        float *p = dn_posteriors_of(posteriors, v);
        for (int64_t c = 1; c < posteriors->channels; ++c) {
            p[c] = structures->group_of[c] == (int)g ? 0.0f : p[c];
        }
        if (fragment[v] != 0) {
            p[0] += probability[v]; /* so that no other label takes its place */
        }
    }
}

dn_status dn_postprocess(dn_posteriors *posteriors, const dn_structures *structures, dn_group_result *results)
{
    int64_t voxels = dn_posteriors_voxels(posteriors);
    uint8_t *labels = NULL;
    uint8_t *support = NULL;
    uint8_t *fragment = NULL;
    uint8_t *soft = NULL;
    float *probability = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_alloc(&labels, (size_t)voxels, 1, "the labels"), done);
    DN_TRY_GOTO(status, dn_alloc(&support, (size_t)voxels, 1, "the labels"), done);
    DN_TRY_GOTO(status, dn_alloc(&fragment, (size_t)voxels, 1, "the labels"), done);
    DN_TRY_GOTO(status, dn_alloc(&soft, (size_t)voxels, 1, "the labels"), done);
    DN_TRY_GOTO(status, dn_alloc(&probability, (size_t)voxels, sizeof *probability, "the posteriors"), done);
    for (int64_t v = 0; v < voxels; ++v) {
        labels[v] = (uint8_t)dn_most_probable(dn_posteriors_of(posteriors, v), posteriors->channels);
    }
    DN_TRY_GOTO(status, dn_postprocess_labels(labels, posteriors->dim, structures, results), done);
    for (size_t g = 0; g < structures->group_count; ++g) {
        for (int64_t v = 0; v < voxels; ++v) {
            const float *p = dn_posteriors_of(posteriors, v);
            probability[v] = 0.0f;
            for (int64_t c = 1; c < posteriors->channels; ++c) {
                probability[v] += structures->group_of[c] == (int)g ? p[c] : 0.0f;
            }
            fragment[v] = structures->group_of[labels[v]] == (int)g;
        }
        memcpy(support, fragment, (size_t)voxels);
        DN_TRY_GOTO(status, dn_mask_keep_largest(support, posteriors->dim, FACES, NULL, NULL), done);
        for (int64_t v = 0; v < voxels; ++v) {
            fragment[v] = fragment[v] != 0 && support[v] == 0;
            soft[v] = fragment[v] == 0 && probability[v] >= SUPPORT_PROBABILITY;
        }
        dn_mask_grow_into(support, soft, posteriors->dim, SUPPORT_REACH);
        clean_group(posteriors, structures, g, support, fragment, probability, &results[g]);
    }
done:
    free(labels);
    free(support);
    free(fragment);
    free(soft);
    free(probability);
    return status;
}

bool dn_groups_bounds(const dn_structures *structures, const dn_group_result *groups, int64_t low[3], int64_t high[3])
{
    bool found = false;
    for (size_t g = 0; g < structures->group_count; ++g) {
        if (groups[g].core_voxels == 0) {
            continue;
        }
        for (int c = 0; c < 3; ++c) {
            low[c] = !found || groups[g].low[c] < low[c] ? groups[g].low[c] : low[c];
            high[c] = !found || groups[g].high[c] > high[c] ? groups[g].high[c] : high[c];
        }
        found = true;
    }
    return found;
}
