/* Looking up the mixed posteriors of a head at a place of the scan. Internal to segment/. */
#ifndef DN_SEGMENT_HEAD_COARSE_H
#define DN_SEGMENT_HEAD_COARSE_H

#include "segment/head/whole_head.h"

/* The share that the fine pass has at a place (voxels of the oriented scan): 1 inside its box, fading to 0 over the last millimetres
 * before its faces, 0 outside and without a fine pass. */
float dn_head_fine_share(const dn_head *head, const double at[3]);

/* Posteriors of all channels at a place (voxels of the oriented scan), linear between the voxels of the passes: values gets
 * head->structures.channels numbers. false: outside both passes (values untouched). *outside: certainly outside the head; then values
 * is untouched, too. */
bool dn_head_at(const dn_head *head, const double at[3], float *values, bool *outside);

/* The coarse pass's first channel alone: lying outside. */
bool dn_head_background_at(const dn_head *head, const double at[3], float *value);

/* Where a voxel along an axis of the oriented scan falls in a pass: between first and first + step, share of the second. */
typedef struct dn_head_axis {
    int64_t first, step;
    float share;
    bool inside;
} dn_head_axis;

/* What most places ask of a pass, a few bytes per voxel instead of all channels; voxels as in the pass. Owned. */
typedef struct dn_head_digest {
    float *background; /* the first channel */
    uint8_t *best;     /* the most probable channel, by a clear margin; DN_HEAD_UNSURE: none is. NULL: not asked for */
    float *top;        /* its probability */
} dn_head_digest;
enum { DN_HEAD_UNSURE = 255 };

typedef struct dn_head_digests {
    dn_head_digest coarse, fine;
} dn_head_digests;

/* labels: for dn_head_label, too. *out: dn_head_digests_release, on failure too. */
DN_CHECKED dn_status dn_head_digests_make(const dn_head *head, bool labels, dn_head_digests *out);
void dn_head_digests_release(dn_head_digests *digests);
/* The most probable channel at a place (voxels of the oriented scan) and its probability, as dn_head_at and dn_most_probable have it, the
 * same bits; where all eight voxels around agree, the other channels are not looked at. false: outside both passes, or certainly outside
 * the head. */
bool dn_head_label(const dn_head *head, const dn_head_digests *digests, const double at[3], int64_t *best, float *value);

/* The same for all voxels of the oriented scan, made once: what dn_head_at computes for each. */
typedef struct dn_head_rows {
    dn_head_axis *coarse[3], *fine[3]; /* owned */
    double *to_end[3];                 /* owned; mm from the nearer end of the fine pass's box */
    dn_head_digests digests;
} dn_head_rows;

/* dim: of the oriented scan. labels: for dn_head_rows_label, too. *out: dn_head_rows_release. */
DN_CHECKED dn_status dn_head_rows_make(const dn_head *head, const int64_t dim[3], bool labels, dn_head_rows *out);
void dn_head_rows_release(dn_head_rows *rows);
/* As dn_head_at and dn_head_background_at for voxel i, j, k of the oriented scan, the same bits. */
bool dn_head_rows_at(const dn_head *head, const dn_head_rows *rows, int64_t i, int64_t j, int64_t k, float *values, bool *outside);
/* As dn_head_label. */
bool dn_head_rows_label(const dn_head *head, const dn_head_rows *rows, int64_t i, int64_t j, int64_t k, int64_t *best, float *value);
bool dn_head_rows_background_at(const dn_head *head, const dn_head_rows *rows, int64_t i, int64_t j, int64_t k, float *value);

/* Place of a box voxel in the oriented scan. */
static inline void dn_head_look_place(const dn_head_look *look, int64_t i, int64_t j, int64_t k, double at[3])
{
    at[0] = dn_axis_map_to(&look->map, 0, (double)i);
    at[1] = dn_axis_map_to(&look->map, 1, (double)j);
    at[2] = dn_axis_map_to(&look->map, 2, (double)k);
}

#endif
