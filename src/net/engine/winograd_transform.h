/* Winograd's transforms F(2, 3) on rows of n elements; see winograd.c. "up": of an input that is up-sampled by two, whose
 * third term is zero. "flat": along height only. Elements are f32 or bf16 (half). */
#ifndef DN_NET_ENGINE_WINOGRAD_TRANSFORM_H
#define DN_NET_ENGINE_WINOGRAD_TRANSFORM_H

#include <stdbool.h>
#include <stdint.h>

#define DN_WINOGRAD_CHUNK 1024 /* floats of an output row that are made at a time */

/* out[4 i + j] = (B d B^T)[i][j] of the rows d[i][j] = rows[4 i + j]; up: 3 i + j. */
void dn_winograd_in(const void *const rows[16], void *const out[16], int64_t n, bool in_half, bool out_half);
void dn_winograd_in_up(const void *const rows[9], void *const out[9], int64_t n, bool in_half, bool out_half);
void dn_winograd_in_flat(const void *const rows[4], void *const out[4], int64_t n, bool in_half, bool out_half);
void dn_winograd_in_flat_up(const void *const rows[3], void *const out[3], int64_t n, bool in_half, bool out_half);

/* y[2 d + e] = (A^T m A)[d][e] + bias; the blocks of m lie m_size floats apart, those of the up-sampled input u_size. */
void dn_winograd_out(const float *m, int64_t m_size, const float *bias, int64_t n, float y[4][DN_WINOGRAD_CHUNK]);
void dn_winograd_out_up(const float *m, int64_t m_size, const float *u, int64_t u_size, const float *bias, int64_t n,
                        float y[4][DN_WINOGRAD_CHUNK]);
/* y[e], e = 0, 1; u may be NULL. */
void dn_winograd_out_flat(const float *m, int64_t m_size, const float *u, int64_t u_size, const float *bias, int64_t n,
                          float y[4][DN_WINOGRAD_CHUNK]);

#endif
