/* One scan, or one stack of slices, as it was measured: stage by stage. A stage that was not needed is NULL; no stage is changed by a later
 * one. Whether the result can be trusted is in quality/judge.h; report/write.h writes it. */
#ifndef DN_SEGMENT_RESULT_H
#define DN_SEGMENT_RESULT_H

#include "image/io.h"
#include "infer/conform.h"
#include "infer/consensus.h"
#include "infer/fluid_fill.h"
#include "infer/native.h"
#include "infer/structures.h"
#include "segment/head/contrast.h"
#include "segment/head/whole_head.h"
#include "segment/hypothalamus/acpc.h"
#include "segment/volumes.h"

/* How the hypothalamus was found. */
typedef enum {
    DN_FOUND_BY_TEMPLATE,   /* on the box that the aligned head gave */
    DN_FOUND_BY_SECOND_BOX, /* on a box centred on what the first one held */
    DN_FOUND_BY_WHOLE_HEAD, /* by the network on the whole head */
    DN_FOUND_BY_FRAME,      /* by the AC-PC frame, in which a network that works on slices looked */
    DN_FOUND_IN_STACK       /* in a stack of slices, which was all there was */
} dn_found_by;

typedef enum {
    DN_STAGE_READ,
    DN_STAGE_CONFORM,
    DN_STAGE_LOCATE,
    DN_STAGE_HEAD,    /* the networks of the whole head */
    DN_STAGE_NETWORK, /* that of the hypothalamus */
    DN_STAGE_MEASURE,
    DN_STAGE_WRITE,
    DN_STAGE_COUNT
} dn_stage;

const char *dn_stage_name(dn_stage stage);

enum { DN_SEGMENT_MODELS = 16 };

/* The hypothalamus, found. */
typedef struct dn_hypothalamus {
    dn_found_by found_by;
    dn_posteriors posteriors; /* owned; cleaned; a box of the conformed scan, or of a lattice of its own (acpc.h) */
    dn_axis_map map;          /* a voxel of what posteriors are a box of, in voxels of the oriented scan */
    double voxel_mm3;         /* of it */
    dn_group_result groups[DN_GROUP_LIMIT];
    dn_consensus *consensus; /* owned; the runs whose mean the posteriors are; NULL: one run, or a mirrored pair */
    dn_consensus *mirrored;  /* owned; of a model that runs on the scan and on its mirror image */
    dn_fluid_fill *fill;     /* owned; what was added around the brain of a scan without skull */
    int64_t network_voxels;  /* that went through the network */
    int64_t whole_voxels;    /* that a run on the whole head takes; 0: it works on slices */
} dn_hypothalamus;

/* The whole head, measured. */
typedef struct dn_head_measured {
    dn_head found;
    bool wanted[DN_CHANNEL_LIMIT]; /* channels of it that are measured */
    bool icv_wanted;
    dn_labels *icv; /* owned; mask on the scan's own grid; NULL: not measured */
} dn_head_measured;

/* A network that works on slices looked for the AC-PC frame of the whole head. */
typedef struct dn_frame_look {
    dn_acpc_found found;
    char *refused; /* owned; why it measured nothing; NULL: it did */
} dn_frame_look;

/* The scan is a stack of slices. */
typedef struct dn_stack_look {
    int64_t slices;
    double seconds_per_slice;
    double disagreement; /* of several models (slice_network.h) */
} dn_stack_look;

typedef struct dn_segment_result {
    char *path, *stem;                         /* owned */
    const struct dn_segment_result *like;      /* borrowed while this one is made: whose place and boxes it takes (scan.h) */
    bool common_frame;                         /* of a picture on the common frame of several scans: path is only its source */
    const dn_model *models[DN_SEGMENT_MODELS]; /* that measured; borrowed from the segmenter */
    size_t model_count;
    dn_contrast_seen contrast; /* T1-weighted or not; of a stack nothing is seen */
    bool any_contrast;         /* it is not, so the networks for scans of any contrast measured the hypothalamus */
    bool any_contrast_head;    /* the same of the whole head */
    dn_precision precision;
    dn_scan_info info;
    double scan_spacing[3];        /* mm, of the scan as it came */
    dn_conformed conformed;        /* without its `volume`, which only networks see, but for model_grid; `oriented` is kept for pictures */
    bool model_grid;               /* labels, mask and posteriors lie on the grid of conformed.volume, not on the scan's */
    double white_matter;           /* peak that was found in the conformed scan, of 0..1; 0: not looked for */
    dn_location *location;         /* owned; of the average head; NULL: it was not aligned, or nothing like it was found */
    bool head_seen;                /* the networks of the whole head ran, perhaps only for the frame: location also uses their labels */
    dn_frame_look *frame;          /* owned */
    dn_stack_look *stack;          /* owned */
    dn_head_measured *head;        /* owned */
    dn_structures structures;      /* of the hypothalamus's network, which it borrows; no groups when none was used */
    dn_hypothalamus *hypothalamus; /* owned */
    dn_native native;              /* native.labels holds everything that was labelled, the hypothalamus over the rest */
    dn_volume_rows volumes;
    double *true_mm3; /* owned; [volumes.count], NaN: not known; NULL: no truth was given (segment/truth.h) */
    double seconds[DN_STAGE_COUNT];
} dn_segment_result;

void dn_hypothalamus_destroy(dn_hypothalamus *hypothalamus);
void dn_head_measured_destroy(dn_head_measured *head);
void dn_segment_result_destroy(dn_segment_result *result);
/* The model that measured the hypothalamus; NULL: none did. */
const dn_model *dn_segment_result_model(const dn_segment_result *result);
/* The conformed scan that belongs to the posteriors of the hypothalamus (native.h, quality/judge.h): what is in it is borrowed. */
dn_conformed dn_segment_result_place(const dn_segment_result *result);
/* The same for the grid that results are written on (native.h): its scan_grid is that grid, and of `oriented` only the grid is to be used.
 */
dn_conformed dn_segment_result_output(const dn_segment_result *result);

#endif
