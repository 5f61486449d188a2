/* What a network says of a box of voxels: a probability for each label. The one layout of them, from infer/network to the report; only
 * infer/bridge knows how they lie in a tensor, and 2-D networks keep a volume per label until their slices are put together
 * (slice_network.h).
 *
 * Voxels lie as in a volume (i fastest), so that what takes a volume's voxels (components, distances, masks) takes these; the channels of a
 * voxel lie side by side, because nearly all who read one read all of them. */
#ifndef DN_INFER_POSTERIORS_H
#define DN_INFER_POSTERIORS_H

#include "base/status.h"

#include <stdint.h>

typedef struct dn_posteriors {
    int64_t start[3]; /* first voxel of the box in the conformed volume */
    int64_t dim[3];
    int64_t channels; /* channel 0 is background */
    float *data;      /* owned: [k][j][i][channel], channel fastest; NULL: there are none */
} dn_posteriors;

/* How many voxels there are. */
static inline int64_t dn_posteriors_voxels(const dn_posteriors *p)
{
    return p->dim[0] * p->dim[1] * p->dim[2];
}
/* Number of a voxel: its place in a mask of the box. */
static inline int64_t dn_posteriors_voxel(const dn_posteriors *p, int64_t i, int64_t j, int64_t k)
{
    return i + p->dim[0] * (j + p->dim[1] * k);
}
/* The channels of voxel number v. */
static inline float *dn_posteriors_of(const dn_posteriors *p, int64_t v)
{
    return p->data + v * p->channels;
}
/* The channels of a voxel. */
static inline float *dn_posteriors_at(const dn_posteriors *p, int64_t i, int64_t j, int64_t k)
{
    return dn_posteriors_of(p, dn_posteriors_voxel(p, i, j, k));
}
/* The channel with the largest of a voxel's values; the first of equal ones. */
static inline int64_t dn_most_probable(const float *values, int64_t channels)
{
    int64_t best = 0;
    for (int64_t c = 1; c < channels; ++c) {
        best = values[c] > values[best] ? c : best;
    }
    return best;
}

/* Memory for dim and channels, which are set; the values are 0. start stays. DN_ENOMEM, and then data is NULL. */
DN_CHECKED dn_status dn_posteriors_alloc(dn_posteriors *posteriors, const int64_t dim[3], int64_t channels);
/* The same, but the values are not set: for boxes that are filled at once, where clearing them would cost as much. */
DN_CHECKED dn_status dn_posteriors_reserve(dn_posteriors *posteriors, const int64_t dim[3], int64_t channels);
void dn_posteriors_release(dn_posteriors *posteriors);
/* One channel as a map of its own, a value per voxel of the box, and back. */
void dn_posteriors_get_map(const dn_posteriors *posteriors, int64_t channel, float *map);
void dn_posteriors_set_map(dn_posteriors *posteriors, int64_t channel, const float *map);

#endif
