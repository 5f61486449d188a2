/* The hypothalamus by a network that works on volumes: on a box around its place in the aligned average head; on a second box if the first
 * one cuts the structure; or at the place that the network finds in the whole head. Internal to segment/. */
#ifndef DN_SEGMENT_HYPOTHALAMUS_BOX_H
#define DN_SEGMENT_HYPOTHALAMUS_BOX_H

#include "segment/segmenter.h"

/* r: conformed, located, and for a consensus its whole head looked at. Fills r->hypothalamus, and r->white_matter where it is asked for.
 * DN_EDATA: the network found nothing. */
DN_CHECKED dn_status dn_hypothalamus_in_box(dn_segmenter *s, dn_segment_result *r);

#endif
