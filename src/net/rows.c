#include "net/rows.h"

#include "net/simd.h"

#define FLOATS(p) ((const float *)(p))
#define HALVES(p) ((const uint16_t *)(p))

DN_SIMD void dn_row_load(float *dst, const void *src, dn_type type, int64_t n)
{
    if (type == DN_TYPE_F32) {
        memcpy(dst, src, (size_t)n * sizeof(float));
        return;
    }
    const uint16_t *s = HALVES(src);
    for (int64_t i = 0; i < n; ++i) {
        dst[i] = dn_bf16_to_float(s[i]);
    }
}

DN_SIMD void dn_row_store(void *dst, dn_type type, const float *src, int64_t n)
{
    if (type == DN_TYPE_F32) {
        memcpy(dst, src, (size_t)n * sizeof(float));
        return;
    }
    uint16_t *d = dst;
    for (int64_t i = 0; i < n; ++i) {
        d[i] = dn_float_to_bf16(src[i]);
    }
}

DN_SIMD void dn_row_max(float *restrict dst, const void *src, dn_type type, int64_t n)
{
    if (type == DN_TYPE_F32) {
        const float *restrict s = FLOATS(src);
        for (int64_t i = 0; i < n; ++i) {
            dst[i] = s[i] > dst[i] ? s[i] : dst[i];
        }
        return;
    }
    const uint16_t *restrict s = HALVES(src);
    for (int64_t i = 0; i < n; ++i) {
        float x = dn_bf16_to_float(s[i]);
        dst[i] = x > dst[i] ? x : dst[i];
    }
}

DN_SIMD void dn_row_add(float *restrict dst, const void *src, dn_type type, float factor, int64_t n)
{
    if (type == DN_TYPE_F32) {
        const float *restrict s = FLOATS(src);
        for (int64_t i = 0; i < n; ++i) {
            dst[i] += factor * s[i];
        }
        return;
    }
    const uint16_t *restrict s = HALVES(src);
    for (int64_t i = 0; i < n; ++i) {
        dst[i] += factor * dn_bf16_to_float(s[i]);
    }
}

DN_SIMD void dn_row_multiply(float *restrict dst, const void *src, dn_type type, int64_t n)
{
    if (type == DN_TYPE_F32) {
        const float *restrict s = FLOATS(src);
        for (int64_t i = 0; i < n; ++i) {
            dst[i] *= s[i];
        }
        return;
    }
    const uint16_t *restrict s = HALVES(src);
    for (int64_t i = 0; i < n; ++i) {
        dst[i] *= dn_bf16_to_float(s[i]);
    }
}

DN_SIMD void dn_row_scale(float *dst, float factor, int64_t n)
{
    for (int64_t i = 0; i < n; ++i) {
        dst[i] *= factor;
    }
}

DN_SIMD void dn_row_affine(float *restrict x, const float *restrict scale, const float *restrict shift, int64_t rows, int64_t channels)
{
    for (int64_t r = 0; r < rows; ++r) {
        float *restrict y = x + r * channels;
        for (int64_t c = 0; c < channels; ++c) {
            y[c] = y[c] * scale[c] + shift[c];
        }
    }
}

DN_SIMD void dn_row_activation(float *x, dn_activation kind, float alpha, int64_t n)
{
    switch (kind) {
    case DN_ACT_NONE:
        break;
    case DN_ACT_RELU:
        for (int64_t i = 0; i < n; ++i) {
            x[i] = x[i] > 0.0f ? x[i] : 0.0f;
        }
        break;
    case DN_ACT_LEAKY_RELU:
        for (int64_t i = 0; i < n; ++i) {
            x[i] = x[i] > 0.0f ? x[i] : alpha * x[i];
        }
        break;
    case DN_ACT_ELU:
        for (int64_t i = 0; i < n; ++i) {
            float e = alpha * (dn_exp(x[i]) - 1.0f);
            x[i] = x[i] > 0.0f ? x[i] : e;
        }
        break;
    case DN_ACT_SILU:
        for (int64_t i = 0; i < n; ++i) {
            x[i] = x[i] / (1.0f + dn_exp(-x[i]));
        }
        break;
    case DN_ACT_SIGMOID:
        for (int64_t i = 0; i < n; ++i) {
            x[i] = 1.0f / (1.0f + dn_exp(-x[i]));
        }
        break;
    }
}

DN_SIMD void dn_row_softmax(float *x, int64_t rows, int64_t channels)
{
    for (int64_t r = 0; r < rows; ++r) {
        float *y = x + r * channels;
        float top = y[0];
        for (int64_t c = 1; c < channels; ++c) {
            top = y[c] > top ? y[c] : top;
        }
        for (int64_t c = 0; c < channels; ++c) {
            y[c] -= top;
        }
    }
    int64_t n = rows * channels; /* one flat loop: rows are often shorter than a vector */
    for (int64_t i = 0; i < n; ++i) {
        x[i] = dn_exp(x[i]);
    }
    for (int64_t r = 0; r < rows; ++r) {
        float *y = x + r * channels;
        float sum = 0.0f;
        for (int64_t c = 0; c < channels; ++c) {
            sum += y[c];
        }
        float inverse = 1.0f / sum;
        for (int64_t c = 0; c < channels; ++c) {
            y[c] *= inverse;
        }
    }
}
