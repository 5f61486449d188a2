/* What a segmenter holds. Internal to segment/. */
#ifndef DN_SEGMENT_SEGMENTER_H
#define DN_SEGMENT_SEGMENTER_H

#include "infer/network.h"
#include "segment/scan.h"

/* A network of the hypothalamus that works on volumes. */
typedef struct dn_box_network {
    dn_model *model;
    dn_structures structures;     /* of the model, which it borrows */
    dn_network *network;          /* NULL: not used */
    struct dn_box_network *whole; /* owned; finds what this one divides (infer/divide.h); NULL: it stands alone */
} dn_box_network;

struct dn_segmenter {
    dn_segmenter_options options; /* its texts may be gone once dn_segmenter_create has returned */
    dn_selection selection;       /* of what the networks that are there can measure */
    const dn_model *model;        /* of the hypothalamus; NULL, as structures and what runs it, when it is not used */
    dn_structures structures;
    dn_box_network box;      /* it, when it works on volumes */
    dn_box_network any;      /* instead of it, for scans that are not T1-weighted; opened when the first one comes */
    dn_acpc *acpc;           /* runs it on heads, when it works on slices */
    dn_stack_models *stacks; /* runs it on stacks, when it works on slices and only stacks were given */
    dn_whole_head *head;     /* NULL when it is not used */
    dn_whole_head *any_head; /* instead of it, as `any` */
    dn_model *others[4];     /* the networks of `any` and `any_head`, where dn_segmenter_models was asked; then others_open */
    bool others_open;
    bool measures_head; /* not for the AC-PC frame, or for `fills`, alone */
    bool fills;         /* for a consensus: a scan without skull is shown with fluid and a shell around the brain (fluid_fill.h) */
};

/* The network of the hypothalamus that works on volumes and is right for the result's scan: dn_segmenter_settle_contrast. */
const dn_box_network *dn_segmenter_box(const dn_segmenter *segmenter, const dn_segment_result *result);
/* The networks of the whole head, in the same way: dn_segmenter_settle_head. */
dn_whole_head *dn_segmenter_head(const dn_segmenter *segmenter, const dn_segment_result *result);
/* For a scan that is not T1-weighted, where the networks of the whole head are used: result is one of those for any contrast from here on,
 * if they are installed; what the others saw is no longer worth anything. DN_EINPUT, DN_EFORMAT: they cannot be read. */
DN_CHECKED dn_status dn_segmenter_settle_head(dn_segmenter *segmenter, dn_segment_result *result);
/* The same for the network of the hypothalamus, after the contrast was seen: does nothing for a T1-weighted scan, or where a network was
 * named. */
DN_CHECKED dn_status dn_segmenter_settle_contrast(dn_segmenter *segmenter, dn_segment_result *result);
/* The voxels that a scan is conformed to first. */
const dn_model_input *dn_segmenter_contract(const dn_segmenter *segmenter);
/* Whether the networks of the whole head run on this scan; its location is known. */
bool dn_segmenter_wants_head(const dn_segmenter *segmenter, const dn_segment_result *result);
/* Fills what a result says about its networks. */
void dn_segmenter_describe(const dn_segmenter *segmenter, dn_segment_result *result);
/* The structures of the whole head that were requested, by the channels of the networks that are right for the result. */
void dn_segmenter_wanted(const dn_segmenter *segmenter, dn_segment_result *result);
/* Names the whole head's networks in the result, once. */
void dn_segmenter_name_head(const dn_segmenter *segmenter, dn_segment_result *result);

#endif
