/* Posteriors of a box: making, copying and looking up. */
#include "infer/posteriors.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

dn_status dn_posteriors_alloc(dn_posteriors *posteriors, const int64_t dim[3], int64_t channels)
{
    posteriors->data = NULL;
    memcpy(posteriors->dim, dim, sizeof posteriors->dim);
    posteriors->channels = channels;
    return dn_alloc_dims(&posteriors->data, DN_DIMS(dim[0], dim[1], dim[2], channels), sizeof *posteriors->data, "the posteriors");
}

dn_status dn_posteriors_reserve(dn_posteriors *posteriors, const int64_t dim[3], int64_t channels)
{
    posteriors->data = NULL;
    memcpy(posteriors->dim, dim, sizeof posteriors->dim);
    posteriors->channels = channels;
    return dn_alloc_aligned_dims(&posteriors->data, DN_DIMS(dim[0], dim[1], dim[2], channels), sizeof *posteriors->data, "the posteriors");
}

void dn_posteriors_release(dn_posteriors *posteriors)
{
    free(posteriors->data);
    memset(posteriors, 0, sizeof *posteriors);
}

void dn_posteriors_get_map(const dn_posteriors *posteriors, int64_t channel, float *map)
{
    const int64_t voxels = dn_posteriors_voxels(posteriors);
    for (int64_t v = 0; v < voxels; ++v) {
        map[v] = dn_posteriors_of(posteriors, v)[channel];
    }
}

void dn_posteriors_set_map(dn_posteriors *posteriors, int64_t channel, const float *map)
{
    const int64_t voxels = dn_posteriors_voxels(posteriors);
    for (int64_t v = 0; v < voxels; ++v) {
        dn_posteriors_of(posteriors, v)[channel] = map[v];
    }
}
