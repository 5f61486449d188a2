/* Keeps the largest component of each group and its soft rim, and sets the other posteriors to background. */
#include "infer/postprocess.h"

#include "base/memory.h"
#include "image/components.h"

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

/* Grows the core by one voxel through faces, SUPPORT_REACH times, into voxels with enough probability that do not belong to
 * one of the fragments that were not kept.
 * support: 1 in the core on entry; on return not 0 in the whole support. */
static void grow(uint8_t *support, const uint8_t *fragment, const float *probability, const int64_t dim[3])
{
    const int64_t step[3] = {1, dim[0], dim[0] * dim[1]};
    for (uint8_t round = 1; round <= SUPPORT_REACH; ++round) {
        for (int64_t k = 0; k < dim[2]; ++k) {
            for (int64_t j = 0; j < dim[1]; ++j) {
                for (int64_t i = 0; i < dim[0]; ++i) {
                    int64_t v = i + step[1] * j + step[2] * k;
                    if (support[v] != 0 || fragment[v] != 0 || probability[v] < SUPPORT_PROBABILITY) {
                        continue;
                    }
                    const int64_t at[3] = {i, j, k};
                    bool touches = false;
                    for (int c = 0; c < 3; ++c) {
                        /* Marks of this round are round + 1: they do not carry the growth further yet. */
                        touches = touches || (at[c] > 0 && support[v - step[c]] != 0 && support[v - step[c]] <= round) ||
                                  (at[c] + 1 < dim[c] && support[v + step[c]] != 0 && support[v + step[c]] <= round);
                    }
                    if (touches) {
                        support[v] = (uint8_t)(round + 1);
                    }
                }
            }
        }
    }
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
        for (int64_t c = 1; c < posteriors->channels; ++c) {
            if (structures->group_of[c] == (int)g) {
                posteriors->data[c * voxels + v] = 0.0f;
            }
        }
        if (fragment[v] != 0) {
            posteriors->data[v] += probability[v]; /* so that no other label takes its place */
        }
    }
}

dn_status dn_postprocess(dn_posteriors *posteriors, const dn_structures *structures, dn_group_result *results)
{
    int64_t voxels = dn_posteriors_voxels(posteriors);
    uint8_t *labels = NULL;
    uint8_t *support = NULL;
    uint8_t *fragment = NULL;
    float *probability = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_alloc(&labels, (size_t)voxels, 1, "the labels"), done);
    DN_TRY_GOTO(status, dn_alloc(&support, (size_t)voxels, 1, "the labels"), done);
    DN_TRY_GOTO(status, dn_alloc(&fragment, (size_t)voxels, 1, "the labels"), done);
    DN_TRY_GOTO(status, dn_alloc(&probability, (size_t)voxels, sizeof *probability, "the posteriors"), done);
    for (int64_t v = 0; v < voxels; ++v) {
        labels[v] = (uint8_t)dn_most_probable(posteriors->data + v, posteriors->channels, voxels);
    }
    DN_TRY_GOTO(status, dn_postprocess_labels(labels, posteriors->dim, structures, results), done);
    for (size_t g = 0; g < structures->group_count; ++g) {
        memset(probability, 0, (size_t)voxels * sizeof *probability);
        for (int64_t c = 1; c < posteriors->channels; ++c) {
            if (structures->group_of[c] == (int)g) {
                for (int64_t v = 0; v < voxels; ++v) {
                    probability[v] += posteriors->data[c * voxels + v];
                }
            }
        }
        for (int64_t v = 0; v < voxels; ++v) {
            fragment[v] = structures->group_of[labels[v]] == (int)g;
        }
        memcpy(support, fragment, (size_t)voxels);
        DN_TRY_GOTO(status, dn_mask_keep_largest(support, posteriors->dim, FACES, NULL, NULL), done);
        for (int64_t v = 0; v < voxels; ++v) {
            fragment[v] = fragment[v] != 0 && support[v] == 0;
        }
        grow(support, fragment, probability, posteriors->dim);
        clean_group(posteriors, structures, g, support, fragment, probability, &results[g]);
    }
done:
    free(labels);
    free(support);
    free(fragment);
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
