/* Slices with truth for 2-D networks: of stacks (NIfTI, kept in memory) and of picture pairs (PNG, read when needed).
 *
 * A slice is stored as the network gets it: rows from the top, columns from the left, at the model's spacing. Stacks are brought to the
 * model's orientation and spacing as `dien segment` would (infer/conform.h), labels by vote.
 *
 * Pictures are read as the published training code of Vernikouskaya et al. does (github.com/vernikouskaya/hypothalamus_segmentation):
 * grey values / 255, every k-th row and column from the first (OpenCV's nearest, 1024 x 1024 to 512 x 512), the mask's values 0 and 255
 * as label numbers. */
#ifndef DN_TRAIN_SLICES_H
#define DN_TRAIN_SLICES_H

#include "base/random.h"
#include "train/config.h"

#include <stdbool.h>

#define DN_SLICE_SCAN "mri_orig.png"
#define DN_SLICE_MASK "mri_hypothal.png"

/* By its name: .png. */
bool dn_slice_is_picture(const char *path);

typedef struct dn_slice_set dn_slice_set;

/* Reads stacks and the headers of pictures. DN_EDATA: a label without a class; DN_EFORMAT: a picture that is not the patch's size or a
 * whole multiple, scan and mask of different sizes, ...; DN_EGEOMETRY: a stack and its labels on different grids. The
 * sentence names the file. *out: owned by the caller (dn_slice_set_destroy). config: borrowed. */
DN_CHECKED dn_status dn_slice_set_create(const dn_train_config *config, const dn_train_sources *sources, dn_slice_set **out);
void dn_slice_set_destroy(dn_slice_set *set);
int64_t dn_slice_set_count(const dn_slice_set *set);
/* Where slice n comes from: the labels' file (of pictures the subject) and its number in it, from 0. */
const char *dn_slice_set_name(const dn_slice_set *set, int64_t n, int64_t *slice);

/* The pair that slice n is of; borrowed. */
const dn_train_pair *dn_slice_set_pair(const dn_slice_set *set, int64_t n);

/* Slice n into input [rows, columns, channels] and targets [rows, columns] of the config's patch. random NULL: as it is; else bent and
 * degraded as the config's augmentation says. From several threads. */
DN_CHECKED dn_status dn_slice_set_sample(const dn_slice_set *set, int64_t n, dn_random *random, float *input, uint8_t *targets);

#endif
