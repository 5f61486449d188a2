/* The hypothalamus by a network that sees volumes: on a box around where the aligned average head has it, on a second box where the first
 * one cuts what it holds, or where the network finds it in the whole head. Internal to segment/. */
#ifndef DN_SEGMENT_HYPOTHALAMUS_BOX_H
#define DN_SEGMENT_HYPOTHALAMUS_BOX_H

#include "segment/segmenter.h"

/* r: conformed, located, and for a consensus its whole head looked at. Fills r->hypothalamus, and r->white_matter where it is asked for.
 * DN_EDATA: the network sees nothing. */
DN_CHECKED dn_status dn_hypothalamus_in_box(dn_segmenter *s, dn_segment_result *r);

#endif
