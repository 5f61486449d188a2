/* The transforms F(2, 3) of input and output rows (Lavin and Gray 2016), vectorised. */
#include "winograd_transform.h"

#include "net/simd.h"

/* One element of a row as float, from either type. */
static inline __attribute__((always_inline)) float load(const void *row, int64_t x, bool half)
{
    return half ? dn_bf16_to_float(((const uint16_t *)row)[x]) : ((const float *)row)[x];
}

static inline __attribute__((always_inline)) void store(void *row, int64_t x, float value, bool half)
{
    if (half) {
        ((uint16_t *)row)[x] = dn_float_to_bf16(value);
    } else {
        ((float *)row)[x] = value;
    }
}

/* out[i * 4 + j] = (B d B^T)[i][j] of 4 x 4 rows of n elements. */
static inline __attribute__((always_inline)) void transform_input(const void *const rows[16], void *const out[16], int64_t n, bool in_half,
                                                                  bool out_half)
{
#pragma omp simd
    for (int64_t x = 0; x < n; ++x) {
        float t[4][4];
        for (int j = 0; j < 4; ++j) {
            float x0 = load(rows[j], x, in_half);
            float x1 = load(rows[4 + j], x, in_half);
            float x2 = load(rows[8 + j], x, in_half);
            float x3 = load(rows[12 + j], x, in_half);
            t[0][j] = x0 - x2;
            t[1][j] = x1 + x2;
            t[2][j] = x2 - x1;
            t[3][j] = x1 - x3;
        }
        for (int i = 0; i < 4; ++i) {
            store(out[i * 4], x, t[i][0] - t[i][2], out_half);
            store(out[i * 4 + 1], x, t[i][1] + t[i][2], out_half);
            store(out[i * 4 + 2], x, t[i][2] - t[i][1], out_half);
            store(out[i * 4 + 3], x, t[i][1] - t[i][3], out_half);
        }
    }
}

static inline __attribute__((always_inline)) void transform_upsampled(const void *const rows[9], void *const out[9], int64_t n,
                                                                      bool in_half, bool out_half)
{
#pragma omp simd
    for (int64_t x = 0; x < n; ++x) {
        float t[3][3];
        for (int j = 0; j < 3; ++j) {
            float x0 = load(rows[j], x, in_half);
            float x1 = load(rows[3 + j], x, in_half);
            float x2 = load(rows[6 + j], x, in_half);
            t[0][j] = x0 - x1;
            t[1][j] = x1;
            t[2][j] = x1 - x2;
        }
        for (int i = 0; i < 3; ++i) {
            store(out[i * 3], x, t[i][0] - t[i][1], out_half);
            store(out[i * 3 + 1], x, t[i][1], out_half);
            store(out[i * 3 + 2], x, t[i][1] - t[i][2], out_half);
        }
    }
}

/* A transform with its formats as constants, so that the compiler makes a loop of its own for each pair of them. */
#define FOR_EACH_FORMAT(transform)                                                                                                         \
    in_half ? (out_half ? transform(rows, out, n, true, true) : transform(rows, out, n, true, false))                                      \
            : (out_half ? transform(rows, out, n, false, true) : transform(rows, out, n, false, false))

DN_SIMD void dn_winograd_in(const void *const rows[16], void *const out[16], int64_t n, bool in_half, bool out_half)
{
    FOR_EACH_FORMAT(transform_input);
}

DN_SIMD void dn_winograd_in_up(const void *const rows[9], void *const out[9], int64_t n, bool in_half, bool out_half)
{
    FOR_EACH_FORMAT(transform_upsampled);
}

/* y[2 d + e] = (A^T m A)[d][e] + bias, m: 16 blocks m_size apart. */
DN_SIMD void dn_winograd_out(const float *restrict m, int64_t m_size, const float *restrict bias, int64_t n,
                             float y[restrict 4][DN_WINOGRAD_CHUNK])
{
#pragma omp simd
    for (int64_t x = 0; x < n; ++x) {
        float t[4][2];
        for (int i = 0; i < 4; ++i) {
            const float *q = m + 4 * i * m_size + x;
            float sum = q[m_size] + q[2 * m_size];
            float difference = q[m_size] - q[2 * m_size];
            t[i][0] = q[0] + sum;
            t[i][1] = difference - q[3 * m_size];
        }
        for (int e = 0; e < 2; ++e) {
            y[e][x] = t[0][e] + t[1][e] + t[2][e] + bias[x];
            y[2 + e][x] = t[1][e] - t[2][e] - t[3][e] + bias[x];
        }
    }
}

/* The same with the 9 blocks of the up-sampled input added; its terms 0, 1, 2 belong to 0, 1, 3. */
DN_SIMD void dn_winograd_out_up(const float *restrict m, int64_t m_size, const float *restrict u, int64_t u_size,
                                const float *restrict bias, int64_t n, float y[restrict 4][DN_WINOGRAD_CHUNK])
{
#pragma omp simd
    for (int64_t x = 0; x < n; ++x) {
        float t[4][2];
        for (int i = 0; i < 4; ++i) {
            const float *q = m + 4 * i * m_size + x;
            float m0 = q[0];
            float m1 = q[m_size];
            float m2 = q[2 * m_size];
            float m3 = q[3 * m_size];
            if (i != 2) {
                const float *v = u + 3 * (i == 3 ? 2 : i) * u_size + x;
                m0 += v[0];
                m1 += v[u_size];
                m3 += v[2 * u_size];
            }
            t[i][0] = m0 + m1 + m2;
            t[i][1] = m1 - m2 - m3;
        }
        for (int e = 0; e < 2; ++e) {
            y[e][x] = t[0][e] + t[1][e] + t[2][e] + bias[x];
            y[2 + e][x] = t[1][e] - t[2][e] - t[3][e] + bias[x];
        }
    }
}

/* Flat: B d of 4 rows, and of 3 rows of an up-sampled input. */
static inline __attribute__((always_inline)) void transform_flat(const void *const rows[4], void *const out[4], int64_t n, bool in_half,
                                                                 bool out_half)
{
#pragma omp simd
    for (int64_t x = 0; x < n; ++x) {
        float x0 = load(rows[0], x, in_half);
        float x1 = load(rows[1], x, in_half);
        float x2 = load(rows[2], x, in_half);
        float x3 = load(rows[3], x, in_half);
        store(out[0], x, x0 - x2, out_half);
        store(out[1], x, x1 + x2, out_half);
        store(out[2], x, x2 - x1, out_half);
        store(out[3], x, x1 - x3, out_half);
    }
}

static inline __attribute__((always_inline)) void transform_flat_up(const void *const rows[3], void *const out[3], int64_t n, bool in_half,
                                                                    bool out_half)
{
#pragma omp simd
    for (int64_t x = 0; x < n; ++x) {
        float x0 = load(rows[0], x, in_half);
        float x1 = load(rows[1], x, in_half);
        float x2 = load(rows[2], x, in_half);
        store(out[0], x, x0 - x1, out_half);
        store(out[1], x, x1, out_half);
        store(out[2], x, x1 - x2, out_half);
    }
}

DN_SIMD void dn_winograd_in_flat(const void *const rows[4], void *const out[4], int64_t n, bool in_half, bool out_half)
{
    FOR_EACH_FORMAT(transform_flat);
}

DN_SIMD void dn_winograd_in_flat_up(const void *const rows[3], void *const out[3], int64_t n, bool in_half, bool out_half)
{
    FOR_EACH_FORMAT(transform_flat_up);
}

DN_SIMD void dn_winograd_out_flat(const float *restrict m, int64_t m_size, const float *restrict u, int64_t u_size,
                                  const float *restrict bias, int64_t n, float y[restrict 4][DN_WINOGRAD_CHUNK])
{
    if (u == NULL) {
#pragma omp simd
        for (int64_t x = 0; x < n; ++x) {
            y[0][x] = m[x] + m[m_size + x] + m[2 * m_size + x] + bias[x];
            y[1][x] = m[m_size + x] - m[2 * m_size + x] - m[3 * m_size + x] + bias[x];
        }
        return;
    }
#pragma omp simd
    for (int64_t x = 0; x < n; ++x) {
        float m1 = m[m_size + x] + u[u_size + x];
        y[0][x] = m[x] + u[x] + m1 + m[2 * m_size + x] + bias[x];
        y[1][x] = m1 - m[2 * m_size + x] - m[3 * m_size + x] - u[2 * u_size + x] + bias[x];
    }
}
