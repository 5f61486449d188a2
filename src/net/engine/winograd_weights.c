/* Transforms the taps of a convolution for Winograd's products (Lavin and Gray 2016) and packs them. */
#include "winograd_weights.h"

#include "base/memory.h"

#include <stdlib.h>

/* The transform of the weights along one axis, and that of the weights of an up-sampled input, whose third term is zero and
 * whose second is one row instead of twice a half. */
static const double transform[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
static const double transform_up[3][3] = {{1, 0, 0}, {1, 1, 1}, {0, 0, 1}};

static double along_depth_height(const double *g, const double *h, const float *taps, int w)
{
    double sum = 0.0;
    if (g == NULL) { /* flat */
        for (int b = 0; b < 3; ++b) {
            sum += h[b] * (double)taps[b * 3 + w];
        }
        return sum;
    }
    for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 3; ++b) {
            sum += g[a] * h[b] * (double)taps[(a * 3 + b) * 3 + w];
        }
    }
    return sum;
}

dn_status dn_winograd_pack(const dn_winograd_weights *s, dn_row_conv *r)
{
    dn_status status = DN_OK;
    const int64_t kernel = s->flat ? 9 : 27;
    float *plain;
    DN_TRY(dn_alloc_dims(&plain, DN_DIMS(s->out, s->in, 3), sizeof *plain, "weights"));
    for (int t = 0; status == DN_OK && t < s->terms; ++t) {
#pragma omp parallel for num_threads(s->threads) if (s->out * s->in > 256)
        for (int64_t o = 0; o < s->out; ++o) {
            for (int64_t i = 0; i < s->in; ++i) {
                const float *taps = s->weight + (o * s->all_in + s->first + i) * kernel;
                for (int w = 0; w < 3; ++w) {
                    plain[(o * s->in + i) * 3 + w] =
                        (float)along_depth_height(s->flat ? NULL : transform[t / 4], transform[t % 4], taps, w);
                }
            }
        }
        status = dn_row_conv_set_weights(s->engine, r, t, plain, s->out, s->in, 3);
    }
    free(plain);
    return status;
}

dn_status dn_winograd_pack_up(const dn_winograd_weights *s, dn_row_conv *r)
{
    dn_status status = DN_OK;
    const int64_t kernel = s->flat ? 9 : 27;
    float *plain;
    DN_TRY(dn_alloc_dims(&plain, DN_DIMS(2, s->out, s->in, 2), sizeof *plain, "weights"));
    for (int t = 0; status == DN_OK && t < s->terms; ++t) {
        for (int64_t o = 0; o < s->out; ++o) {
            for (int64_t i = 0; i < s->in; ++i) {
                const float *taps = s->weight + (o * s->all_in + s->first + i) * kernel;
                double w[3];
                for (int x = 0; x < 3; ++x) {
                    w[x] = along_depth_height(s->flat ? NULL : transform_up[t / 3], transform_up[t % 3], taps, x);
                }
                float *odd = plain + (o * s->in + i) * 2;
                float *even = plain + ((s->out + o) * s->in + i) * 2;
                odd[0] = (float)(w[0] + w[1]);
                odd[1] = (float)w[2];
                even[0] = (float)w[0];
                even[1] = (float)(w[1] + w[2]);
            }
        }
        status = dn_row_conv_set_weights(s->engine, r, t, plain, 2 * s->out, s->in, 2);
    }
    free(plain);
    return status;
}
