/* Arithmetic on rows of floats, stored as f32 or bf16. */
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

DN_SIMD void dn_row_add_twice(float *restrict dst, const void *src, dn_type type, int64_t first, int64_t n, int64_t channels)
{
    for (int64_t i = 0; i < n; ++i) {
        const int64_t from = (first % 2 + i) / 2 * channels;
        float *restrict d = dst + i * channels;
        if (type == DN_TYPE_F32) {
            const float *restrict s = FLOATS(src) + from;
            for (int64_t c = 0; c < channels; ++c) {
                d[c] += s[c];
            }
        } else {
            const uint16_t *restrict s = HALVES(src) + from;
            for (int64_t c = 0; c < channels; ++c) {
                d[c] += dn_bf16_to_float(s[c]);
            }
        }
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

/* So many channels are summed in registers, and so many rows side by side: each sum waits for the one before. */
enum { SUM_BLOCK = 16, ROW_BLOCK = 8 };

DN_SIMD void dn_row_sums(double *restrict sum, const float *restrict x, int64_t rows, int64_t channels)
{
    int64_t c = 0;
    for (; c + SUM_BLOCK <= channels; c += SUM_BLOCK) {
        double part[SUM_BLOCK];
        memcpy(part, sum + c, sizeof part);
        for (int64_t r = 0; r < rows; ++r) {
            for (int64_t b = 0; b < SUM_BLOCK; ++b) {
                part[b] += (double)x[r * channels + c + b];
            }
        }
        memcpy(sum + c, part, sizeof part);
    }
    for (; c < channels; ++c) {
        for (int64_t r = 0; r < rows; ++r) {
            sum[c] += (double)x[r * channels + c];
        }
    }
}

DN_SIMD void dn_row_deviations(double *restrict square, const double *restrict mean, const float *restrict x, int64_t rows,
                               int64_t channels)
{
    int64_t c = 0;
    for (; c + SUM_BLOCK <= channels; c += SUM_BLOCK) {
        double part[SUM_BLOCK];
        memcpy(part, square + c, sizeof part);
        for (int64_t r = 0; r < rows; ++r) {
            for (int64_t b = 0; b < SUM_BLOCK; ++b) {
                const double d = (double)x[r * channels + c + b] - mean[c + b];
                part[b] += d * d;
            }
        }
        memcpy(square + c, part, sizeof part);
    }
    for (; c < channels; ++c) {
        for (int64_t r = 0; r < rows; ++r) {
            const double d = (double)x[r * channels + c] - mean[c];
            square[c] += d * d;
        }
    }
}

/* Takes from each of a few rows its largest value. */
static inline __attribute__((always_inline)) void from_top(float *x, int64_t rows, int64_t channels)
{
    float top[ROW_BLOCK];
    for (int64_t r = 0; r < rows; ++r) {
        top[r] = x[r * channels];
    }
    for (int64_t c = 1; c < channels; ++c) {
        for (int64_t r = 0; r < rows; ++r) {
            top[r] = x[r * channels + c] > top[r] ? x[r * channels + c] : top[r];
        }
    }
    for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < channels; ++c) {
            x[r * channels + c] -= top[r];
        }
    }
}

/* Divides each of a few rows by its sum. */
static inline __attribute__((always_inline)) void to_one(float *x, int64_t rows, int64_t channels)
{
    float sum[ROW_BLOCK] = {0.0f};
    for (int64_t c = 0; c < channels; ++c) {
        for (int64_t r = 0; r < rows; ++r) {
            sum[r] += x[r * channels + c];
        }
    }
    for (int64_t r = 0; r < rows; ++r) {
        const float inverse = 1.0f / sum[r];
        for (int64_t c = 0; c < channels; ++c) {
            x[r * channels + c] *= inverse;
        }
    }
}

DN_SIMD void dn_row_softmax(float *x, int64_t rows, int64_t channels)
{
    const int64_t whole = rows / ROW_BLOCK * ROW_BLOCK;
    for (int64_t r = 0; r < whole; r += ROW_BLOCK) {
        from_top(x + r * channels, ROW_BLOCK, channels);
    }
    from_top(x + whole * channels, rows - whole, channels);
    int64_t n = rows * channels; /* one flat loop: rows are often shorter than a vector */
    for (int64_t i = 0; i < n; ++i) {
        x[i] = dn_exp(x[i]);
    }
    for (int64_t r = 0; r < whole; r += ROW_BLOCK) {
        to_one(x + r * channels, ROW_BLOCK, channels);
    }
    to_one(x + whole * channels, rows - whole, channels);
}

typedef float lanes __attribute__((vector_size(4 * DN_PROJECT_LANES)));

DN_SIMD void dn_row_project(float *restrict z, const float *restrict x, const float *restrict matrix, const float *restrict bias,
                            int64_t rows, int64_t in, int64_t out, int64_t padded)
{
    for (int64_t first = 0; first < out; first += DN_PROJECT_LANES) {
        size_t used = (size_t)(out - first < DN_PROJECT_LANES ? out - first : DN_PROJECT_LANES) * sizeof(float);
        lanes start;
        memcpy(&start, bias + first, sizeof start);
        for (int64_t r = 0; r < rows; r += 4) { /* four rows at a time hide the latency of the sums */
            lanes sum[4] = {start, start, start, start};
            int64_t count = rows - r < 4 ? rows - r : 4;
            const float *row[4];
            for (int64_t k = 0; k < 4; ++k) {
                row[k] = x + (r + (k < count ? k : 0)) * in;
            }
            for (int64_t i = 0; i < in; ++i) {
                lanes m;
                memcpy(&m, matrix + i * padded + first, sizeof m);
                sum[0] += row[0][i] * m;
                sum[1] += row[1][i] * m;
                sum[2] += row[2][i] * m;
                sum[3] += row[3][i] * m;
            }
            for (int64_t k = 0; k < count; ++k) {
                memcpy(z + (r + k) * out + first, &sum[k], used);
            }
        }
    }
}

DN_SIMD void dn_row_window(float *restrict dst, const float *restrict src, bool maximum, int64_t n, int64_t channels)
{
    for (int64_t c = 0; c < channels; ++c) {
        dst[c] = src[c];
    }
    for (int64_t i = 1; i < n; ++i) {
        const float *restrict s = src + i * channels;
        if (maximum) {
            for (int64_t c = 0; c < channels; ++c) {
                dst[c] = s[c] > dst[c] ? s[c] : dst[c];
            }
        } else {
            for (int64_t c = 0; c < channels; ++c) {
                dst[c] += s[c];
            }
        }
    }
}
