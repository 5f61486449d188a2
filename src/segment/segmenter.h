/* What a segmenter holds. Internal to segment/. */
#ifndef DN_SEGMENT_SEGMENTER_H
#define DN_SEGMENT_SEGMENTER_H

#include "segment/scan.h"

struct dn_segmenter {
    dn_segmenter_options options; /* its texts may be gone once dn_segmenter_create has returned */
    dn_selection selection;       /* of what the networks that are there can measure */
    dn_model *model;              /* of the hypothalamus; NULL, as structures and network, when it is not used */
    dn_structures structures;
    dn_network *network;
    dn_whole_head *head; /* NULL when it is not used */
};

/* The voxels that a scan is conformed to first. */
const dn_model_input *dn_segmenter_contract(const dn_segmenter *segmenter);
/* Fills what a result says about its networks and what was asked for. */
void dn_segmenter_describe(const dn_segmenter *segmenter, dn_segment_result *result);

#endif
