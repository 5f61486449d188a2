/* What the scan itself shows where the whole head's labels lie: brightness of the tissues, of the deep structures on each side, of the air,
 * and which structures reach the edge of the scan. Networks draw plausible outlines into other contrasts, cut heads and lesions, so quality
 * control (quality/judge_head.c) asks the picture and not their confidence. Internal to segment/. */
#ifndef DN_SEGMENT_HEAD_EVIDENCE_H
#define DN_SEGMENT_HEAD_EVIDENCE_H

#include "segment/head/whole_head.h"

/* Fills head->picture and the parts' own numbers from oriented (the scan's voxels, axes as the head's). */
DN_CHECKED dn_status dn_head_see(const dn_volume *oriented, dn_head *head);

/* Median of values (sorted here); NaN where there are fewer than 20. */
double dn_picture_median(float *values, size_t count);
/* Share of values that lie further than reach from middle; 0 where there are none. */
double dn_picture_odd(const float *values, size_t count, double middle, double reach);

#endif
