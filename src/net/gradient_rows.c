/* Arithmetic of the backward pass on rows of floats. */
#include "net/gradient_rows.h"

#include "net/simd.h"

DN_SIMD void dn_row_slope_result(float *restrict g, const float *restrict y, dn_activation kind, float alpha, int64_t n)
{
    switch (kind) {
    case DN_ACT_RELU:
        for (int64_t i = 0; i < n; ++i) {
            g[i] = y[i] > 0.0f ? g[i] : 0.0f;
        }
        break;
    case DN_ACT_LEAKY_RELU:
        for (int64_t i = 0; i < n; ++i) {
            g[i] = y[i] > 0.0f ? g[i] : alpha * g[i];
        }
        break;
    case DN_ACT_ELU: /* alpha exp(x) = y + alpha */
        for (int64_t i = 0; i < n; ++i) {
            float slope = y[i] + alpha;
            g[i] *= y[i] > 0.0f ? 1.0f : slope;
        }
        break;
    case DN_ACT_SIGMOID:
        for (int64_t i = 0; i < n; ++i) {
            g[i] *= y[i] * (1.0f - y[i]);
        }
        break;
    case DN_ACT_SILU:
    case DN_ACT_NONE:
        break;
    }
}

DN_SIMD void dn_row_slope_argument(float *restrict g, const float *restrict x, dn_activation kind, float alpha, int64_t n)
{
    switch (kind) {
    case DN_ACT_RELU:
        for (int64_t i = 0; i < n; ++i) {
            g[i] = x[i] > 0.0f ? g[i] : 0.0f;
        }
        break;
    case DN_ACT_LEAKY_RELU:
        for (int64_t i = 0; i < n; ++i) {
            g[i] = x[i] > 0.0f ? g[i] : alpha * g[i];
        }
        break;
    case DN_ACT_ELU:
        for (int64_t i = 0; i < n; ++i) {
            float slope = alpha * dn_exp(x[i]);
            g[i] *= x[i] > 0.0f ? 1.0f : slope;
        }
        break;
    case DN_ACT_SIGMOID:
        for (int64_t i = 0; i < n; ++i) {
            float s = 1.0f / (1.0f + dn_exp(-x[i]));
            g[i] *= s * (1.0f - s);
        }
        break;
    case DN_ACT_SILU:
        for (int64_t i = 0; i < n; ++i) {
            float s = 1.0f / (1.0f + dn_exp(-x[i]));
            g[i] *= s + x[i] * s * (1.0f - s);
        }
        break;
    case DN_ACT_NONE:
        break;
    }
}

DN_SIMD void dn_row_slope_affine(float *restrict d, const float *restrict g, const float *restrict x, const float *restrict a,
                                 const float *restrict c, dn_activation kind, float alpha, int64_t n)
{
    switch (kind) {
    case DN_ACT_RELU:
        for (int64_t i = 0; i < n; ++i) {
            d[i] = a[i] * x[i] + c[i] > 0.0f ? g[i] : 0.0f;
        }
        break;
    case DN_ACT_LEAKY_RELU:
        for (int64_t i = 0; i < n; ++i) {
            d[i] = a[i] * x[i] + c[i] > 0.0f ? g[i] : alpha * g[i];
        }
        break;
    case DN_ACT_ELU:
        for (int64_t i = 0; i < n; ++i) {
            float z = a[i] * x[i] + c[i];
            float slope = alpha * dn_exp(z);
            d[i] = g[i] * (z > 0.0f ? 1.0f : slope);
        }
        break;
    case DN_ACT_SIGMOID:
        for (int64_t i = 0; i < n; ++i) {
            float s = 1.0f / (1.0f + dn_exp(-(a[i] * x[i] + c[i])));
            d[i] = g[i] * (s * (1.0f - s));
        }
        break;
    case DN_ACT_SILU:
        for (int64_t i = 0; i < n; ++i) {
            float z = a[i] * x[i] + c[i];
            float s = 1.0f / (1.0f + dn_exp(-z));
            d[i] = g[i] * (s + z * s * (1.0f - s));
        }
        break;
    case DN_ACT_NONE:
        for (int64_t i = 0; i < n; ++i) {
            d[i] = g[i];
        }
        break;
    }
}

DN_SIMD void dn_row_sum(float *restrict sum, const float *restrict x, int64_t n)
{
    for (int64_t i = 0; i < n; ++i) {
        sum[i] += x[i];
    }
}

DN_SIMD void dn_row_deviation(float *restrict square, const float *restrict x, const float *restrict mean, int64_t n)
{
    for (int64_t i = 0; i < n; ++i) {
        float d = x[i] - mean[i];
        square[i] += d * d;
    }
}

DN_SIMD void dn_row_norm_sums(float *restrict sum, float *restrict product, const float *restrict g, const float *restrict x,
                              const float *restrict mean, int64_t n)
{
    for (int64_t i = 0; i < n; ++i) {
        sum[i] += g[i];
        product[i] += g[i] * (x[i] - mean[i]);
    }
}

DN_SIMD void dn_row_scale_shift(float *dst, const float *x, const float *restrict a, const float *restrict c, int64_t n)
{
    for (int64_t i = 0; i < n; ++i) {
        dst[i] = a[i] * x[i] + c[i];
    }
}

DN_SIMD void dn_row_norm_gradient(float *dst, const float *g, const float *restrict x, const float *restrict a, const float *restrict b,
                                  const float *restrict c, int64_t n)
{
    for (int64_t i = 0; i < n; ++i) {
        dst[i] = a[i] * g[i] + b[i] * x[i] + c[i];
    }
}

DN_SIMD void dn_row_tap_max(float *restrict best, int32_t *restrict tap, const float *restrict x, int32_t number, int64_t n)
{
    for (int64_t i = 0; i < n; ++i) {
        tap[i] = x[i] > best[i] ? number : tap[i];
        best[i] = x[i] > best[i] ? x[i] : best[i];
    }
}

DN_SIMD void dn_row_tap_add(float *restrict dst, const float *restrict g, const int32_t *restrict tap, int32_t number, int64_t n)
{
    for (int64_t i = 0; i < n; ++i) {
        dst[i] += tap[i] == number ? g[i] : 0.0f;
    }
}

DN_SIMD void dn_row_multiply_add(float *restrict dst, const float *restrict a, const float *restrict b, int64_t n)
{
    for (int64_t i = 0; i < n; ++i) {
        dst[i] += a[i] * b[i];
    }
}

float dn_row_dot(const float *a, const float *b, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; ++i) {
        sum += (double)(a[i] * b[i]);
    }
    return (float)sum;
}
