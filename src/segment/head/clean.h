/* Cleaning the passes over a head: sides, voxels outside the head, largest components. Internal to segment/. */
#ifndef DN_SEGMENT_HEAD_CLEAN_H
#define DN_SEGMENT_HEAD_CLEAN_H

#include "segment/head/whole_head.h"

/* How a structure is cleaned. */
typedef enum {
    DN_CLEAN_NOT,     /* tissues: everything inside the head */
    DN_CLEAN_LARGEST, /* one piece */
    DN_CLEAN_LARGE    /* pieces of at least a twentieth of the largest: ventricles, whose narrow parts tear */
} dn_clean;
dn_clean dn_clean_of(const char *structure);
/* Whether it belongs to the deep structures, which the fine pass is for. */
bool dn_clean_deep(const char *structure);

/* Inside the skull and connected: everything else of the coarse pass becomes channel 0, and cavities in it do not. Before the next one. */
DN_CHECKED dn_status dn_head_keep_inside(dn_head_look *coarse);

/* Gives what one side's structures have far on the other side of the head to their partners, keeps the largest components of
 * each group with a rim of 3 voxels, and fills parts (labelled, kept, components, centre) for the groups that this pass has. Probability
 * taken away goes to the other channels of the voxel. *wrong: probability that changed sides, of *paired. */
DN_CHECKED dn_status dn_head_clean(const dn_head *head, dn_head_look *look, dn_head_part *parts, double *wrong, double *paired);

#endif
