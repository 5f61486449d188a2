/* Makes the small copies of a scan and the points of the template that the alignment compares. */
#include "register/head_align_samples.h"

#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Mean of the scan over each voxel of the copy (a box as wide as the voxel: enough against aliasing here). Done axis by
 * axis with the share of each source voxel that falls into each target voxel. */
static dn_status shrink_axis(const float *in, const int64_t dim[3], int axis, double spacing, double wanted, float **out,
                             int64_t out_dim[3])
{
    int64_t n = dim[axis];
    int64_t m = (int64_t)ceil((double)n * spacing / wanted - 1e-6);
    m = m < 1 ? 1 : m;
    memcpy(out_dim, dim, 3 * sizeof *dim);
    out_dim[axis] = m;
    int64_t inner = 1;
    int64_t outer = 1;
    for (int c = 0; c < 3; ++c) {
        inner *= c < axis ? dim[c] : 1;
        outer *= c > axis ? dim[c] : 1;
    }
    DN_TRY(dn_alloc_dims(out, out_dim, 3, sizeof **out, "a small copy of the scan"));
    float *data = *out;
    /* The copy is centred on the source: both have the same middle. */
    double first = 0.5 * ((double)n - (double)m * wanted / spacing);
    double width = wanted / spacing;
#pragma omp parallel for schedule(static)
    for (int64_t o = 0; o < outer; ++o) {
        for (int64_t t = 0; t < m; ++t) {
            float *to = data + (o * m + t) * inner;
            double low = first + (double)t * width;
            double high = low + width;
            for (int64_t s = (int64_t)floor(low < 0 ? 0 : low); s < n && (double)s < high; ++s) {
                double from = low > (double)s ? low : (double)s;
                double until = high < (double)(s + 1) ? high : (double)(s + 1);
                float share = (float)((until - from) / width);
                const float *source = in + (o * n + s) * inner;
                if (share > 0.0f) {
                    for (int64_t i = 0; i < inner; ++i) {
                        to[i] += share * source[i];
                    }
                }
            }
        }
    }
    return DN_OK;
}

dn_status dn_align_picture_make(const float *data, const int64_t dim[3], const double spacing[3], double wanted, dn_align_picture *out)
{
    memset(out, 0, sizeof *out);
    float *x = NULL;
    float *xy = NULL;
    int64_t d1[3];
    int64_t d2[3];
    dn_status status = shrink_axis(data, dim, 0, spacing[0], wanted, &x, d1);
    if (status == DN_OK) {
        status = shrink_axis(x, d1, 1, spacing[1], wanted, &xy, d2);
    }
    free(x);
    if (status == DN_OK) {
        status = shrink_axis(xy, d2, 2, spacing[2], wanted, &out->data, out->dim);
    }
    free(xy);
    out->spacing = wanted;
    for (int c = 0; c < 3 && status == DN_OK; ++c) {
        out->origin[c] = -0.5 * (double)(out->dim[c] - 1) * wanted;
    }
    return status;
}

static int by_value(const void *a, const void *b)
{
    float p = *(const float *)a;
    float q = *(const float *)b;
    return (p > q) - (p < q);
}

/* Fat in the scalp can be several times as bright as brain and would decide the alignment. Values are cut off at one and a
 * half times the typical head's: the median of what is above the mean (air is below). */
dn_status dn_align_picture_tame(dn_align_picture *pic)
{
    size_t count = (size_t)(pic->dim[0] * pic->dim[1] * pic->dim[2]);
    double sum = 0;
    for (size_t i = 0; i < count; ++i) {
        sum += (double)pic->data[i];
    }
    float mean = (float)(sum / (double)count);
    float *bright = NULL;
    DN_TRY(dn_alloc_dims(&bright, pic->dim, 3, sizeof *bright, "a small copy of the scan"));
    size_t n = 0;
    for (size_t i = 0; i < count; ++i) {
        if (pic->data[i] > mean) {
            bright[n++] = pic->data[i];
        }
    }
    if (n > 0) {
        qsort(bright, n, sizeof *bright, by_value);
        float limit = 1.5f * bright[n / 2];
        for (size_t i = 0; i < count; ++i) {
            pic->data[i] = pic->data[i] > limit ? limit : pic->data[i];
        }
    }
    free(bright);
    return DN_OK;
}

/* Template points whose neighbourhood of about a centimetre touches the brain, averaged over `factor` voxels per axis. */
dn_status dn_align_samples_make(const dn_head_template *head, int64_t factor, dn_align_samples *out)
{
    const int64_t reach = factor == 1 ? 2 : 1; /* voxels */
    int64_t dim[3];
    for (int c = 0; c < 3; ++c) {
        dim[c] = head->dim[c] / factor;
    }
    dn_align_sample *all = NULL;
    out->at = NULL;
    out->count = 0;
    DN_TRY(dn_alloc_dims(&all, dim, 3, sizeof *all, "the template's points"));
    dn_status status = dn_alloc_dims(&out->at, dim, 3, sizeof *out->at, "the template's points");
    if (status != DN_OK) {
        free(all);
        return status;
    }
    double middle = 0.5 * (double)(factor - 1);
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                dn_align_sample *s = &all[i + dim[0] * (j + dim[1] * k)];
                s->x = (float)(head->origin[0] + head->spacing * ((double)(i * factor) + middle));
                s->y = (float)(head->origin[1] + head->spacing * ((double)(j * factor) + middle));
                s->z = (float)(head->origin[2] + head->spacing * ((double)(k * factor) + middle));
                for (int64_t f = 0; f < factor * factor * factor; ++f) {
                    int64_t a = i * factor + f % factor;
                    int64_t b = j * factor + f / factor % factor;
                    int64_t c = k * factor + f / factor / factor;
                    int64_t at = a + head->dim[0] * (b + head->dim[1] * c);
                    float p = (float)head->brain[at] / 255.0f;
                    s->value[0] += (float)head->t1w[at];
                    s->value[1] += (float)head->t1w[at] * p;
                    s->brain += p;
                }
                s->brain /= (float)(factor * factor * factor);
            }
        }
    }
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                bool near = false;
                for (int64_t c = k - reach; c <= k + reach && !near; ++c) {
                    for (int64_t b = j - reach; b <= j + reach && !near; ++b) {
                        for (int64_t a = i - reach; a <= i + reach && !near; ++a) {
                            near = a >= 0 && b >= 0 && c >= 0 && a < dim[0] && b < dim[1] && c < dim[2] &&
                                   all[a + dim[0] * (b + dim[1] * c)].brain > 0.5f;
                        }
                    }
                }
                if (near) {
                    out->at[out->count++] = all[i + dim[0] * (j + dim[1] * k)];
                }
            }
        }
    }
    free(all);
    return DN_OK;
}
