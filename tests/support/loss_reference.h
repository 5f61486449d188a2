/* Losses written down once more as their formulas stand, in double precision. */
#ifndef DN_TEST_LOSS_REFERENCE_H
#define DN_TEST_LOSS_REFERENCE_H

#include "net/train/loss.h"

#include <math.h>
#include <stdlib.h>

static inline double loss_weight(const dn_loss *loss, int64_t c)
{
    return loss->class_weights == NULL ? 1.0 : (double)loss->class_weights[c];
}

/* The value from posteriors p [voxels, classes]; gradient (may be NULL): with respect to p, added to. */
static inline double loss_of_posteriors(const dn_loss *loss, const double *p, int64_t voxels, int64_t classes, const int *targets,
                                        double *gradient)
{
    double total = 0.0;
    double weight_sum = 0.0;
    for (int64_t v = 0; v < voxels; ++v) {
        weight_sum += targets[v] == loss->ignore ? 0.0 : loss_weight(loss, targets[v]);
    }
    for (int k = 0; k < loss->term_count; ++k) {
        const dn_loss_term *t = &loss->terms[k];
        double value = 0.0;
        double classes_sum = 0.0;
        int64_t first = t->skip_background ? 1 : 0;
        for (int64_t c = first; c < classes; ++c) {
            classes_sum += loss_weight(loss, c);
        }
        if (t->kind == DN_LOSS_CROSS_ENTROPY || t->kind == DN_LOSS_FOCAL) {
            double gamma = t->kind == DN_LOSS_FOCAL ? t->gamma : 0.0;
            for (int64_t v = 0; v < voxels; ++v) {
                if (targets[v] != loss->ignore) {
                    double q = p[v * classes + targets[v]];
                    double w = loss_weight(loss, targets[v]) / weight_sum;
                    value += w * pow(1.0 - q, gamma) * -log(q);
                    if (gradient != NULL) {
                        double slope = gamma > 0.0 && q < 1.0 ? gamma * pow(1.0 - q, gamma - 1.0) * log(q) : 0.0;
                        gradient[v * classes + targets[v]] += t->weight * w * (slope - pow(1.0 - q, gamma) / q);
                    }
                }
            }
        } else {
            double s = t->smooth > 0.0 ? t->smooth : 1e-5;
            value = 1.0;
            for (int64_t c = first; c < classes; ++c) {
                double pg = 0.0;
                double sum_p = 0.0;
                double sum_g = 0.0;
                for (int64_t v = 0; v < voxels; ++v) {
                    if (targets[v] != loss->ignore) {
                        pg += targets[v] == c ? p[v * classes + c] : 0.0;
                        sum_p += p[v * classes + c];
                        sum_g += targets[v] == c ? 1.0 : 0.0;
                    }
                }
                bool dice = t->kind == DN_LOSS_DICE;
                double top = dice ? 2.0 * pg + s : pg + s;
                double bottom = dice ? sum_p + sum_g + s : sum_p + sum_g - pg + s;
                double w = loss_weight(loss, c) / classes_sum;
                value -= w * top / bottom;
                for (int64_t v = 0; gradient != NULL && v < voxels; ++v) {
                    if (targets[v] != loss->ignore) {
                        double g = targets[v] == c ? 1.0 : 0.0;
                        double d_top = dice ? 2.0 * g : g;
                        double d_bottom = dice ? 1.0 : 1.0 - g;
                        gradient[v * classes + c] -= t->weight * w * (d_top * bottom - top * d_bottom) / (bottom * bottom);
                    }
                }
            }
        }
        total += t->weight * value;
    }
    return total;
}

/* The value from logits, and its gradient with respect to them (may be NULL; set). */
static inline double loss_of_logits(const dn_loss *loss, const double *logits, int64_t voxels, int64_t classes, const int *targets,
                                    double *gradient)
{
    double *p = calloc((size_t)(voxels * classes), sizeof *p);
    double *dp = calloc((size_t)(voxels * classes), sizeof *dp);
    for (int64_t v = 0; v < voxels; ++v) {
        double top = -INFINITY;
        double sum = 0.0;
        for (int64_t c = 0; c < classes; ++c) {
            top = fmax(top, logits[v * classes + c]);
        }
        for (int64_t c = 0; c < classes; ++c) {
            p[v * classes + c] = exp(logits[v * classes + c] - top);
            sum += p[v * classes + c];
        }
        for (int64_t c = 0; c < classes; ++c) {
            p[v * classes + c] /= sum;
        }
    }
    double value = loss_of_posteriors(loss, p, voxels, classes, targets, gradient == NULL ? NULL : dp);
    for (int64_t v = 0; gradient != NULL && v < voxels; ++v) {
        double mean = 0.0;
        for (int64_t c = 0; c < classes; ++c) {
            mean += p[v * classes + c] * dp[v * classes + c];
        }
        for (int64_t c = 0; c < classes; ++c) {
            gradient[v * classes + c] = p[v * classes + c] * (dp[v * classes + c] - mean);
        }
    }
    free(p);
    free(dp);
    return value;
}

#endif
