/* Which elements dropout keeps: a function of a key and the element's place, so that no mask is stored and the backward
 * pass draws the same as the forward one. */
#ifndef DN_NET_OPS_DROPOUT_H
#define DN_NET_OPS_DROPOUT_H

#include "net/tensor.h"

#include <stdbool.h>
#include <stdint.h>

/* splitmix64's finaliser. */
static inline uint64_t dn_dropout_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* layer: the node's index. */
static inline uint64_t dn_dropout_key(uint64_t seed, uint64_t step, uint64_t layer)
{
    return dn_dropout_mix(dn_dropout_mix(dn_dropout_mix(seed + 0x9e3779b97f4a7c15u) + step + 1) + layer + 1);
}

/* The place whose draw decides element i: its own, or with whole its sample's, as Keras's noise_shape (None, 1, 1, 1) has it. */
static inline int64_t dn_dropout_place(const dn_shape *shape, bool whole, int64_t i)
{
    return whole ? i / (shape->d * shape->h * shape->w * shape->c) : i;
}

/* What the element of place i is multiplied by: 0, or 1 / (1 - rate). */
static inline float dn_dropout_factor(uint64_t key, int64_t i, float rate)
{
    uint64_t bits = dn_dropout_mix(key + (uint64_t)i * 0x9e3779b97f4a7c15u) >> 40;
    return (float)bits < rate * 16777216.0f ? 0.0f : 1.0f / (1.0f - rate);
}

#endif
