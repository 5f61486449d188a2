/* The network's answer on a box of the conformed scan. */
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
void dn_posteriors_release(dn_posteriors *posteriors);

#endif
