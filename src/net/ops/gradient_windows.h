/* Backward passes in which a voxel of the result comes from a window of the input. Internal to gradient_loops.c. */
#ifndef DN_NET_OPS_GRADIENT_WINDOWS_H
#define DN_NET_OPS_GRADIENT_WINDOWS_H

#include "net/ops/gradient_loops.h"

void dn_gradient_upsample(const dn_gradient_loop *loop);
void dn_gradient_pool(const dn_gradient_loop *loop);

#endif
