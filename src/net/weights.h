/* Named float32 arrays: the parameters of a network, as PyTorch lays them out and names them.
 *
 *   conv        NAME.weight [O, I/groups, kD, kH, kW] (2-D: kD = 1 is left out in files), NAME.bias [O]
 *   deconv      NAME.weight [I, O/groups, kD, kH, kW], NAME.bias [O]
 *   norm        NAME.weight (gamma) [C], NAME.bias (beta) [C], NAME.running_mean [C], NAME.running_var [C]
 *   dense       NAME.weight [O, I], NAME.bias [O]
 */
#ifndef DN_NET_WEIGHTS_H
#define DN_NET_WEIGHTS_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define DN_WEIGHT_MAX_RANK 5

typedef struct dn_weight {
    char *name;
    size_t rank;
    int64_t dim[DN_WEIGHT_MAX_RANK];
    float *data;
} dn_weight;

typedef struct dn_weights dn_weights;

DN_CHECKED dn_status dn_weights_create(dn_weights **out);
void dn_weights_destroy(dn_weights *weights);
/* Adds an array: data is copied when not NULL, else zeroed. DN_EFORMAT when the name is there already.
 * *out (may be NULL): borrowed, valid until weights is destroyed. */
DN_CHECKED dn_status dn_weights_add(dn_weights *weights, const char *name, size_t rank, const int64_t *dim, const float *data,
                                    dn_weight **out);
/* NULL when absent. Borrowed. */
dn_weight *dn_weights_find(const dn_weights *weights, const char *name);
size_t dn_weights_count(const dn_weights *weights);
/* In order of addition. Borrowed. */
dn_weight *dn_weights_at(const dn_weights *weights, size_t i);
int64_t dn_weight_count(const dn_weight *weight);

#endif
