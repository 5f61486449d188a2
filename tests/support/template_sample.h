/* The average head at a place, linear between its voxels. */
#ifndef DN_TEST_TEMPLATE_SAMPLE_H
#define DN_TEST_TEMPLATE_SAMPLE_H

#include "register/head_template.h"

#include <stdbool.h>

/* The eight voxels around mm and their weights; false: outside the head's box. */
static inline bool template_corners(const dn_head_template *h, const double mm[3], int64_t voxel[8], double weight[8])
{
    int64_t first[3];
    double w[3];
    for (int c = 0; c < 3; ++c) {
        double at = (mm[c] - h->origin[c]) / h->spacing;
        if (!(at >= 0 && at < (double)(h->dim[c] - 1))) {
            return false;
        }
        first[c] = (int64_t)at;
        w[c] = at - (double)first[c];
    }
    for (int n = 0; n < 8; ++n) {
        voxel[n] = first[0] + (n & 1) + h->dim[0] * (first[1] + (n >> 1 & 1) + h->dim[1] * (first[2] + (n >> 2)));
        weight[n] = (n & 1 ? w[0] : 1 - w[0]) * (n & 2 ? w[1] : 1 - w[1]) * (n & 4 ? w[2] : 1 - w[2]);
    }
    return true;
}

#endif
