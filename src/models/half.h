/* 16-bit floats: IEEE half and bfloat16, by bits, so that no compiler support is needed. */
#ifndef DN_MODELS_HALF_H
#define DN_MODELS_HALF_H

#include <stdint.h>

/* Exact. */
float dn_half_to_float(uint16_t half);
float dn_bfloat16_to_float(uint16_t half);
/* To nearest, ties to even; beyond 65504 becomes infinity, below the smallest subnormal zero. */
uint16_t dn_float_to_half(float value);

#endif
