/* The place of the average head, from the inside of the skull that the coarse network found: a start for its alignment. Internal to
 * segment/. */
#ifndef DN_SEGMENT_HEAD_MOMENTS_H
#define DN_SEGMENT_HEAD_MOMENTS_H

#include "segment/head/whole_head.h"

#include <stdbool.h>

/* better: head's location at first; gets the centre (in voxels of the oriented scan) and the scale under which the middle and the spread of
 * what is inside the skull, above the neck, are those of the average head's brain. false: too little is inside. */
bool dn_head_moments(const dn_head *head, dn_location *better);

#endif
