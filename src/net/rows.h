/* Arithmetic on rows of floats, vectorised by the compiler for the CPU it finds itself on. A row may be stored as f32 or
 * bf16; arithmetic is f32. */
#ifndef DN_NET_ROWS_H
#define DN_NET_ROWS_H

#include "net/engine/engine.h"

/* dst = src */
void dn_row_load(float *dst, const void *src, dn_type type, int64_t n);
void dn_row_store(void *dst, dn_type type, const float *src, int64_t n);
/* dst = max(dst, src) */
void dn_row_max(float *dst, const void *src, dn_type type, int64_t n);
/* dst += factor * src */
void dn_row_add(float *dst, const void *src, dn_type type, float factor, int64_t n);
/* The same, for voxels of `channels` from the odd or even place `first` on: each voxel of src counts twice. n: voxels of dst. */
void dn_row_add_twice(float *dst, const void *src, dn_type type, int64_t first, int64_t n, int64_t channels);
/* dst *= src */
void dn_row_multiply(float *dst, const void *src, dn_type type, int64_t n);
void dn_row_scale(float *dst, float factor, int64_t n);
/* rows of `channels`: x = x * scale[c] + shift[c] */
void dn_row_affine(float *x, const float *scale, const float *shift, int64_t rows, int64_t channels);
void dn_row_activation(float *x, dn_activation kind, float alpha, int64_t n);
/* z[row][o] = bias[o] + sum over i of x[row][i] * matrix[i][o]; the matrix's rows and bias have `padded` columns, a multiple of
 * DN_PROJECT_LANES. */
void dn_row_project(float *z, const float *x, const float *matrix, const float *bias, int64_t rows, int64_t in, int64_t out,
                    int64_t padded);
/* dst[c] = maximum or sum over n consecutive rows of c. */
void dn_row_window(float *dst, const float *src, bool maximum, int64_t n, int64_t channels);
/* sum[c] += x[row][c], and square[c] += (x[row][c] - mean[c])^2, over `rows` rows in their order. */
void dn_row_sums(double *sum, const float *x, int64_t rows, int64_t channels);
void dn_row_deviations(double *square, const double *mean, const float *x, int64_t rows, int64_t channels);
/* Softmax of each of `rows` rows of `channels`. */
void dn_row_softmax(float *x, int64_t rows, int64_t channels);

#endif
