/* Stacks and pictures with their labels as the set of slices keeps them. Internal to train/slice*.c. */
#ifndef DN_TRAIN_SLICE_READ_H
#define DN_TRAIN_SLICE_READ_H

#include "train/config.h"

/* So many values, evenly spaced in rank, stand for a stack's distribution. */
enum { DN_SLICE_RANKS = 1024 };

typedef struct dn_slice_source {
    const dn_train_pair *pair; /* borrowed */
    const char *name;          /* points into pair */
    int64_t first, count;      /* numbers of its slices in the set */
    dn_volume *scan;           /* i columns, j rows, k slices; the origin in the middle, axes along the grid; NULL: a picture */
    dn_labels *labels;
    /* scan holds (value - low) / (high - low), so that augmentation finds a scale of about 0..1. */
    float low, high;
    float darkest;   /* in scan: what lies outside it */
    float *ranks;    /* DN_SLICE_RANKS values of the middle of scan */
    double mean, sd; /* of the middle of scan, exact */
} dn_slice_source;

/* Column, row and slice axes along x, y and z, the middle at 0: a deformation then acts in the plane. */
void dn_slice_affine(const dn_train_config *config, dn_grid *grid);
/* s: pair is set; fills the rest but first. Errors of reading; DN_EDATA, DN_ENOMEM. */
DN_CHECKED dn_status dn_slice_read_stack(const dn_train_config *config, dn_slice_source *s);
/* A pair of pictures from their headers: read_pictures reads it when it is its turn. DN_EFORMAT. */
DN_CHECKED dn_status dn_slice_check_pictures(const dn_train_config *config, dn_slice_source *s);
/* *out: s with scan and labels, which the caller destroys. */
DN_CHECKED dn_status dn_slice_read_pictures(const dn_train_config *config, const dn_slice_source *s, dn_slice_source *out);

#endif
