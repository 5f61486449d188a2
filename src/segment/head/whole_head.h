/* The whole head in two passes: a coarse network over the head (2 mm) finds all structures and the inside of the skull;
 * a fine one (1 mm) runs again on the deep structures.
 *
 *     scan -> conformed to each network's contract -> coarse box around the head's middle (where the aligned average head has
 *     it, not the array's middle) -> box of the deep structures -> fine network in overlapping tiles, blended, on the scan and
 *     on its mirror image (unless the model's note "mirror" says "no") -> both passes mixed, fading over the fine box's faces
 *     -> largest components
 *
 * Posteriors stay on their own grids (2 mm and 1 mm); labels, masks and probabilities are made from them on any grid of the
 * same world: the scan's own, 1 mm, or one that is turned. Nothing here depends on the number of threads. */
#ifndef DN_SEGMENT_HEAD_WHOLE_HEAD_H
#define DN_SEGMENT_HEAD_WHOLE_HEAD_H

#include "base/status.h"
#include "image/axis_map.h"
#include "image/volume.h"
#include "infer/conform.h"
#include "infer/posteriors.h"
#include "infer/structures.h"
#include "models/model.h"
#include "net/plan/plan.h"
#include "register/head_align.h"

#include <stdbool.h>

/* The models that are used if none is named. */
#define DN_WHOLE_HEAD_COARSE "whole-head-coarse"
#define DN_WHOLE_HEAD_FINE "whole-head-fine"
/* For scans that are not T1-weighted (contrast.h), where they are installed in the same folder. */
#define DN_WHOLE_HEAD_COARSE_ANY "whole-head-coarse-any-contrast"
#define DN_WHOLE_HEAD_FINE_ANY "whole-head-fine-any-contrast"

typedef struct dn_whole_head_options {
    const char *coarse, *fine; /* name or file; NULL: the names above */
    bool coarse_only;          /* tissues and ICV; deep structures at 2 mm */
    bool any_contrast;         /* they are for scans that are not T1-weighted: the average head is aligned with what they found */
    dn_precision precision;
    int64_t memory_limit; /* bytes for one run of a network; 0: no limit */
} dn_whole_head_options;

/* The two networks, ready for any number of scans, one at a time. */
typedef struct dn_whole_head dn_whole_head;

/* *out: owned by the caller (dn_whole_head_destroy). DN_EINPUT: a network is not there (the sentence names it); DN_EFORMAT:
 * the two do not have the same labels, or are not what this code expects. */
DN_CHECKED dn_status dn_whole_head_create(const dn_whole_head_options *options, dn_whole_head **out);
void dn_whole_head_destroy(dn_whole_head *whole);
/* NULL for the fine one with coarse_only. */
const dn_model *dn_whole_head_coarse(const dn_whole_head *whole);
const dn_model *dn_whole_head_fine(const dn_whole_head *whole);

/* One pass: posteriors on a box of the scan conformed to the spacing of the pass. */
typedef struct dn_head_look {
    dn_grid grid;             /* of the box; world as the scan's; axes nearest RAS */
    dn_axis_map map;          /* a voxel of the box in voxels of the oriented scan */
    dn_posteriors posteriors; /* owned; start: in the scan conformed to the pass; data NULL: no such pass */
} dn_head_look;

/* The result for one group (a structure on one side). */
typedef struct dn_head_part {
    int64_t labelled_voxels; /* of the finest pass that has it, before cleaning */
    int64_t kept_voxels;     /* after it; 0: not found */
    int32_t components;      /* before it */
    double volume_mm3;       /* sum of posteriors of both passes; 0 when not found */
    double centre[3];        /* of what was kept, mm in the average head's world (head_template.h): x to the right */
    double median;           /* brightness of its sure voxels in the scan; NaN: too few */
    double odd;              /* share of them that is far from the other side's median (head/evidence.c); 0 for what has no sides */
    double edge_mm3[2]; /* of it in the outermost two voxels (of the pass) of that face of the scan that holds most, and in the next two */
} dn_head_part;

/* What the scan shows where the labels lie (head/evidence.h), in its own units. */
typedef struct dn_head_picture {
    double fluid, grey, white; /* medians of the ventricles, the cortex, the white matter; NaN: too little of it */
    double air;                /* median far from the head, above the face; NaN: the scan shows too little of it */
    double far_mm3[3];         /* taken for the inside of the skull, but further than 8, 12 and 16 mm from the brain */
    double stray_mm3;          /* inside, but far from where the aligned average head has a brain */
    double missing;            /* share of the average head's sure brain that is not inside */
    double bare;               /* share of its edge where tissue touches the scan's darkest value exactly: no fluid and bone between */
    double edge_mm3[2];        /* of the inside of the skull, as of a part */
} dn_head_picture;

/* The result. Release with dn_head_release. */
typedef struct dn_head {
    dn_structures structures;  /* borrows the coarse model; groups and channels of both passes */
    dn_location location;      /* of the average head, in voxels of the scan conformed to 1 mm */
    dn_affine to_template;     /* voxels of the oriented scan -> mm in the average head's world */
    dn_grid scan;              /* the scan's own grid */
    dn_grid oriented;          /* the same voxels with axes nearest RAS */
    double mm[3];              /* its spacing */
    dn_head_look coarse, fine; /* after cleaning; fine.posteriors.data NULL with coarse_only */
    dn_head_part parts[DN_GROUP_LIMIT];
    double wrong_side;   /* share of the paired structures' probability that lay on the other side, and was given to its partner */
    bool stripped;       /* the scan shows no skull: there is no ICV */
    double skull_signal; /* how bright it is around what is inside the skull, of the inside's own brightness */
    double icv_mm3;      /* sum of probabilities of being inside the skull, to the foramen magnum; NaN: stripped */
    double icv_cut_mm3;  /* of it within two voxels of the scan's edge: cut off there */
    double shell_seen;   /* share of the shell in which a skull is looked for that lies in the scan */
    double size; /* the networks ran on the head at 1 / size of its own size (1: unchanged), because they were trained on heads of a certain
                    range of sizes */
    dn_head_picture picture;
    const struct dn_head *like; /* borrowed while this one is made: see dn_whole_head_conformed */
} dn_head;

/* scan: borrowed; any orientation. *out: release with dn_head_release. DN_EDATA: nothing like a head is there. */
DN_CHECKED dn_status dn_whole_head_scan(dn_whole_head *whole, const dn_volume *scan, dn_head *out);
/* The same for a scan that was conformed already for `contract`, and an average head that was aligned with it (NULL: aligned
 * here; then contract must ask for 1 mm). done: borrowed. like: the result of another scan of this head on the same grid: both passes run
 * on its boxes, and location is not changed; NULL: the boxes are found. */
DN_CHECKED dn_status dn_whole_head_conformed(dn_whole_head *whole, const dn_conformed *done, const dn_model_input *contract,
                                             const dn_location *location, const dn_head *like, dn_head *out);
void dn_head_release(dn_head *head);

/* Most probable label, FreeSurfer numbers, on grid (any grid of the scan's world; head->scan is exact for all 48 ways in which a scan's
 * axes may run). *out: owned by the caller. */
DN_CHECKED dn_status dn_head_labels(const dn_head *head, const dn_grid *grid, dn_labels **out);
/* Probability of lying inside the skull above the foramen magnum, 0..1. Also made for stripped scans, where it is the brain and
 * no ICV. */
DN_CHECKED dn_status dn_head_inside(const dn_head *head, const dn_grid *grid, dn_volume **out);

#endif
