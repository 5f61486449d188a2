/* The whole from one network, its parts from another. */
#include "infer/divide.h"

#include <string.h>

#define NOTHING 1e-12f /* of a side's parts together: their shares are noise, and all are taken as equal */

const char *dn_divide_of(const dn_model *parts)
{
    return dn_model_note_find(parts, DN_MODEL_DIVIDES);
}

/* The channel of the whole that is the parts' group; -1: there is none. */
static int channel_of(const dn_structures *whole, const dn_group *group)
{
    for (int64_t c = 0; c < whole->channels; ++c) {
        const int g = whole->group_of[c];
        if (g != DN_NO_GROUP && whole->group[g].hemi == group->hemi && strcmp(whole->group[g].structure, group->structure) == 0) {
            return (int)c;
        }
    }
    return -1;
}

dn_status dn_divide_check(const dn_structures *whole, const dn_structures *parts)
{
    const dn_model *a = whole->model, *b = parts->model;
    bool alike = a->input.multiple == b->input.multiple && strcmp(a->input.orientation, b->input.orientation) == 0;
    for (int d = 0; d < 3; ++d) {
        alike = alike && a->input.spacing[d] == b->input.spacing[d];
    }
    alike = alike && a->input.normalise == b->input.normalise && a->input.low == b->input.low && a->input.high == b->input.high;
    if (!alike) {
        DN_FAIL(DN_EFORMAT, "model %s divides what model %s finds, but they do not take the same voxels and intensities", b->name, a->name);
    }
    for (size_t g = 0; g < parts->group_count; ++g) {
        if (channel_of(whole, &parts->group[g]) < 0) {
            DN_FAIL(DN_EFORMAT, "model %s divides what model %s finds, but that has no label %s of side %c", b->name, a->name,
                    parts->group[g].structure, parts->group[g].hemi);
        }
    }
    return DN_OK;
}

static void divide_voxel(const float *found, const int *channel, const dn_structures *parts, float *values)
{
    float sum[DN_GROUP_LIMIT] = {0.0f}, rest = 1.0f;
    int count[DN_GROUP_LIMIT] = {0};
    for (int64_t c = 0; c < parts->channels; ++c) {
        if (parts->group_of[c] != DN_NO_GROUP) {
            sum[parts->group_of[c]] += values[c];
            ++count[parts->group_of[c]];
        }
    }
    float whole[DN_GROUP_LIMIT];
    for (size_t g = 0; g < parts->group_count; ++g) {
        whole[g] = 0.5f * (found[channel[g]] + sum[g]);
        rest -= whole[g];
    }
    for (int64_t c = 0; c < parts->channels; ++c) {
        const int g = parts->group_of[c];
        if (g != DN_NO_GROUP) {
            const float share = sum[g] > NOTHING ? values[c] / sum[g] : 1.0f / (float)count[g];
            values[c] = whole[g] * share;
        }
    }
    values[0] = rest > 0.0f ? rest : 0.0f;
}

void dn_divide(const dn_posteriors *found, const dn_structures *whole, const dn_structures *parts, dn_posteriors *posteriors)
{
    int channel[DN_GROUP_LIMIT];
    for (size_t g = 0; g < parts->group_count; ++g) {
        channel[g] = channel_of(whole, &parts->group[g]);
    }
    const int64_t voxels = dn_posteriors_voxels(posteriors);
    for (int64_t v = 0; v < voxels; ++v) {
        divide_voxel(dn_posteriors_of(found, v), channel, parts, dn_posteriors_of(posteriors, v));
    }
}
