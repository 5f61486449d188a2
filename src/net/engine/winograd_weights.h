/* The taps of a convolution, transformed and handed to the products inside winograd.c. */
#ifndef DN_NET_ENGINE_WINOGRAD_WEIGHTS_H
#define DN_NET_ENGINE_WINOGRAD_WEIGHTS_H

#include "row_conv.h"

#include <stdbool.h>

typedef struct dn_winograd_weights {
    dn_engine *engine;
    const float *weight; /* [out][all_in][27, flat 9] */
    int64_t out, all_in; /* channels */
    int64_t first, in;   /* the part of all_in that this input has */
    bool flat;
    int terms, threads;
} dn_winograd_weights;

/* Fills the sets of weights of r, one per term. */
DN_CHECKED dn_status dn_winograd_pack(const dn_winograd_weights *w, dn_row_conv *r);
/* The same for an input that is up-sampled by two. Column 2i - 1 reads taps (0+1, 2) of columns i - 1 and i; column 2i reads taps
 * (0, 1+2). Both at once: 2 out channels. */
DN_CHECKED dn_status dn_winograd_pack_up(const dn_winograd_weights *w, dn_row_conv *r);

#endif
