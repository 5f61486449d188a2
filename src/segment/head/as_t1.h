/* The place of the average head, whose contrast is T1's, in a scan of another contrast: it is aligned with a T1-weighted picture that is
 * painted from what the coarse network found. Internal to segment/. */
#ifndef DN_SEGMENT_HEAD_AS_T1_H
#define DN_SEGMENT_HEAD_AS_T1_H

#include "segment/head/whole_head.h"

/* *out: as of dn_head_align, in voxels of the oriented scan; not found where the picture shows nothing like a head. DN_ENOMEM. */
DN_CHECKED dn_status dn_head_align_as_t1(const dn_head *head, dn_location *out);

#endif
