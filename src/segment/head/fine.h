/* The fine pass: a box around the deep structures in overlapping tiles. Internal to segment/. */
#ifndef DN_SEGMENT_HEAD_FINE_H
#define DN_SEGMENT_HEAD_FINE_H

#include "infer/network.h"
#include "segment/head/whole_head.h"

/* The size of the tiles: what the network was trained on. */
enum { DN_FINE_TILE_X = 80, DN_FINE_TILE_Y = 80, DN_FINE_TILE_Z = 72 };

/* Runs the network over the box of the deep structures that head->coarse (cleaned) holds, and fills head->fine. scan: conformed for
 * the network, its axes as the oriented scan's. mirror: the mean of what the network says of the scan and of its mirror image. Leaves
 * head->fine.posteriors.data NULL when no deep structure is there. */
DN_CHECKED dn_status dn_head_look_fine(dn_network *network, const dn_conformed *scan, bool mirror, dn_head *head);

#endif
