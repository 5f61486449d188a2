/* Arithmetic of the backward pass on rows of floats, vectorised as net/rows.h's. */
#ifndef DN_NET_GRADIENT_ROWS_H
#define DN_NET_GRADIENT_ROWS_H

#include "net/engine/engine.h"

/* g *= slope of the activation, seen from its result y. Not for DN_ACT_SILU, nor for a leaky ReLU or ELU with alpha <= 0. */
void dn_row_slope_result(float *g, const float *y, dn_activation kind, float alpha, int64_t n);
/* The same, seen from its argument x; every kind. */
void dn_row_slope_argument(float *g, const float *x, dn_activation kind, float alpha, int64_t n);
/* d = g * slope of the activation at a * x + c; every kind. */
void dn_row_slope_affine(float *d, const float *g, const float *x, const float *a, const float *c, dn_activation kind, float alpha,
                         int64_t n);
/* sum += x; flat, one sum per element. */
void dn_row_sum(float *sum, const float *x, int64_t n);
/* square += (x - mean)^2 */
void dn_row_deviation(float *square, const float *x, const float *mean, int64_t n);
/* sum += g, product += g * (x - mean) */
void dn_row_norm_sums(float *sum, float *product, const float *g, const float *x, const float *mean, int64_t n);
/* dst = a * x + c */
void dn_row_scale_shift(float *dst, const float *x, const float *a, const float *c, int64_t n);
/* dst = a * g + b * x + c */
void dn_row_norm_gradient(float *dst, const float *g, const float *x, const float *a, const float *b, const float *c, int64_t n);
/* best, tap: where x > best they become x and `number`. */
void dn_row_tap_max(float *best, int32_t *tap, const float *x, int32_t number, int64_t n);
/* dst += g where tap == number */
void dn_row_tap_add(float *dst, const float *g, const int32_t *tap, int32_t number, int64_t n);
/* dst += a * b */
void dn_row_multiply_add(float *dst, const float *a, const float *b, int64_t n);
float dn_row_dot(const float *a, const float *b, int64_t n);

#endif
