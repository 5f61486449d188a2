/* The table of volumes: one row per structure and side, the whole structure first, then its parts. */
#ifndef DN_SEGMENT_VOLUMES_H
#define DN_SEGMENT_VOLUMES_H

#include "base/status.h"
#include "infer/native.h"
#include "infer/postprocess.h"
#include "infer/structures.h"
#include "segment/head/map.h"
#include "segment/head/whole_head.h"

#include <stdbool.h>

typedef struct dn_volume_row {
    char structure[64];     /* "hypothalamus", "hypothalamus_posterior" */
    char hemi;              /* 'L', 'R', 'B' for both sides together */
    bool whole;             /* a group, not a part of it */
    int64_t index;          /* number in the label map; 0 for a group of several numbers */
    double volume_mm3;      /* sum of posteriors in the structure's support: what statistics use */
    double hard_volume_mm3; /* voxels of the scan with the label */
    double mean_posterior;  /* over these voxels, of the row's own posterior; NaN when there are none */
} dn_volume_row;

typedef struct dn_volume_rows {
    dn_volume_row *row; /* owned */
    size_t count;
} dn_volume_rows;

/* posteriors: after dn_postprocess. conformed_voxel: mm3 of a voxel of the posteriors. Structures of which nothing was found
 * on a side have no row on that side (a missing measure is a missing row, never a zero), and none for both sides.
 * *out: release with dn_volume_rows_release. */
DN_CHECKED dn_status dn_volumes_measure(const dn_posteriors *posteriors, double conformed_voxel, const dn_native *native,
                                        const dn_structures *structures, const dn_group_result *groups, dn_volume_rows *out);
/* Rows of the whole head's structures, sides together last; hard volumes are what tally counted on the scan's own grid (voxel_mm3). A
 * structure that was not found has no row. wanted: channels that are measured. */
DN_CHECKED dn_status dn_volumes_add_head(dn_volume_rows *rows, const dn_head *head, const bool wanted[DN_CHANNEL_LIMIT],
                                         const dn_head_tally *tally, double voxel_mm3);
/* The row "icv". */
DN_CHECKED dn_status dn_volumes_add_icv(dn_volume_rows *rows, double volume_mm3, double hard_volume_mm3, double mean_posterior);
void dn_volume_rows_release(dn_volume_rows *rows);
/* The row's name for a reader, in small letters: "anterior superior" for a part, "inside the skull (ICV)", "caudate". */
void dn_volume_row_name(const dn_volume_row *row, char out[64]);
/* NULL when there is no such row. */
const dn_volume_row *dn_volume_rows_find(const dn_volume_rows *rows, const char *structure, char hemi);

#endif
