/* The network's result (posteriors) on a box of the conformed scan. */
#ifndef DN_INFER_POSTERIORS_H
#define DN_INFER_POSTERIORS_H

#include <stdint.h>

typedef struct dn_posteriors {
    int64_t start[3]; /* first voxel of the box in the conformed volume */
    int64_t dim[3];
    int64_t channels; /* channel 0 is background */
    float *data;      /* owned: [channel][k][j][i], i fastest */
} dn_posteriors;

static inline int64_t dn_posteriors_voxels(const dn_posteriors *p)
{
    return p->dim[0] * p->dim[1] * p->dim[2];
}
/* The channel with the largest of a voxel's values, which lie stride apart; the first of equal ones. */
static inline int64_t dn_most_probable(const float *values, int64_t channels, int64_t stride)
{
    int64_t best = 0;
    for (int64_t c = 1; c < channels; ++c) {
        best = values[c * stride] > values[best * stride] ? c : best;
    }
    return best;
}

void dn_posteriors_release(dn_posteriors *posteriors);

#endif
