/* The loss that training minimises: weighted sums of losses over the softmax of a network's last channels, and their gradient with
 * respect to the logits (what goes into the softmax), in two passes of our own over the voxels.
 *
 * With p = softmax(logits), t the target of a voxel, w its class weight, sums over voxels that are not ignored:
 *   cross entropy  sum w_t * -log p_t / sum w_t                                             (as PyTorch's weighted mean)
 *   focal          sum w_t * (1 - p_t)^gamma * -log p_t / sum w_t                            (Lin et al. 2017)
 *   soft Dice      1 - sum_c w_c (2 sum p g + s) / (sum p + sum g + s) / sum_c w_c           (whole batch together)
 *   Jaccard        1 - sum_c w_c (sum p g + s) / (sum p + sum g - sum p g + s) / sum_c w_c   (whole batch together)
 * where g is 1 where t == c. Results do not depend on the number of threads.
 *
 * A target may also be soft: a probability g for each class, which sum to 1. Then
 *   cross entropy  sum_v sum_c w_c g * -log p / sum_v sum_c w_c g
 *   focal          sum_v sum_c w_c g * (1 - p)^gamma * -log p / sum_v sum_c w_c g
 * and in Dice and Jaccard min(p, g) stands for p g, which for hard targets is the same. With the product the best answer to a target of
 * 0.6 would be 1, and to one of 0.4 it would be 0; with the minimum both are least where p = g (Wang et al. 2023, Dice semimetric losses),
 * so that sums of probabilities, which are volumes, stay those of the target. */
#ifndef DN_NET_TRAIN_LOSS_H
#define DN_NET_TRAIN_LOSS_H

#include "base/status.h"
#include "net/peers.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum { DN_LOSS_CROSS_ENTROPY, DN_LOSS_FOCAL, DN_LOSS_DICE, DN_LOSS_JACCARD } dn_loss_kind;

typedef struct dn_loss_term {
    dn_loss_kind kind;
    double weight;        /* of this term in the sum */
    double gamma;         /* focal; 2 is usual, 0 is cross entropy */
    double smooth;        /* Dice, Jaccard: s; 0 stands for 1e-5 */
    bool skip_background; /* Dice, Jaccard: class 0 does not count */
} dn_loss_term;

#define DN_LOSS_MAX_TERMS 4

typedef struct dn_loss {
    dn_loss_term terms[DN_LOSS_MAX_TERMS];
    int term_count;
    const float *class_weights; /* NULL: all 1; else one per class, >= 0; borrowed */
    int ignore;                 /* a target that does not count; below 0: none */
} dn_loss;

typedef enum { DN_TARGET_U8, DN_TARGET_U16 } dn_target_type;

/* Integer class numbers [N, D, H, W]; borrowed. */
typedef struct dn_targets {
    dn_target_type type;
    const void *data;
    const float *soft; /* NULL: the class numbers are the targets; else [N, D, H, W, classes], and they only say what is ignored */
} dn_targets;

/* Voxels by class with the most probable class as prediction. Counts of several batches may be added. */
typedef struct dn_loss_counts {
    int64_t both, predicted, truth;
} dn_loss_counts;

/* 2 both / (predicted + truth); NaN when the class is in neither. */
double dn_loss_counts_dice(const dn_loss_counts *counts);

typedef struct dn_loss_result {
    double loss;                     /* the weighted sum */
    double terms[DN_LOSS_MAX_TERMS]; /* before their weights */
    int64_t voxels;                  /* that counted; 0 gives a loss of 0 */
} dn_loss_result;

/* DN_EUSAGE: no terms, a weight below 0, more terms than there is room for. */
DN_CHECKED dn_status dn_loss_check(const dn_loss *loss, int64_t classes);

/* logits: [voxels, classes], replaced by the gradient of scale * loss, or, with gradient == false, by the posteriors.
 * counts (NULL: not wanted): one per class, set. peers: these voxels are a part of the batch, and loss, result and counts are those of the
 * whole batch; NULL: they are all. DN_EDATA: a target is not below classes (the message names it). */
DN_CHECKED dn_status dn_loss_run(const dn_loss *loss, float *logits, int64_t voxels, int64_t classes, const dn_targets *targets,
                                 bool gradient, double scale, int threads, const dn_peers *peers, dn_loss_result *result,
                                 dn_loss_counts *counts);

#endif
