/* The main job on one scan: read, conform, find the region, run the network, clean, bring back, measure, judge.
 * Nothing is written here; outputs.h writes what a result holds. */
#ifndef DN_SEGMENT_SCAN_H
#define DN_SEGMENT_SCAN_H

#include "base/status.h"
#include "image/io.h"
#include "infer/conform.h"
#include "infer/consensus.h"
#include "infer/fluid_fill.h"
#include "infer/native.h"
#include "infer/network.h"
#include "infer/postprocess.h"
#include "infer/structures.h"
#include "models/model.h"
#include "register/head_align.h"
#include "segment/head/whole_head.h"
#include "segment/hypothalamus/acpc.h"
#include "segment/quality.h"
#include "segment/score.h"
#include "segment/select.h"
#include "segment/volumes.h"

typedef struct dn_segmenter_options {
    /* Network of the hypothalamus: name or file (.safetensors, or a Keras .h5 that is imported on the way), or several that see slices
     * with commas (averaged); NULL: DN_SEGMENT_MODEL. When it is named and `structures` is not, only what it labels is measured. */
    const char *model;
    const char *structures; /* names of select.h with commas; NULL: all that the networks that are there can measure */
    dn_precision precision;
    int64_t memory_limit; /* bytes for one run of the network; 0: no limit */
    dn_trust trust;
    bool whole_head;     /* search the whole head with the network instead of aligning the template */
    double white_matter; /* 0: intensities as the model's contract has them; else they are multiplied so that the white matter's
                            peak lies here, of 0..1 */
    const dn_consensus_options *consensus; /* borrowed for the segmenter's life; NULL: one run of the network */
    bool accept;                           /* a scan that the rules reject is accepted, and that is recorded */
    bool model_grid;                       /* results on the model's grid (1 mm, RAS) instead of the scan's own */
} dn_segmenter_options;

/* Our own network of the hypothalamus, which is taken when none is named, whatever else is installed; and our other one, which sees
 * slices of the AC-PC frame. Both come with the program. */
#define DN_SEGMENT_MODEL "hypothalamus"
#define DN_SEGMENT_SLICES "hypothalamus-2d"

/* The networks, ready to be used on any number of scans, one at a time. */
typedef struct dn_segmenter dn_segmenter;

/* *out: owned by the caller (dn_segmenter_destroy). DN_EINPUT, DN_EFORMAT: a network; DN_EUSAGE: structures. A network that is not
 * there is an error when what it measures was named, or when no other is there; else it is noted (dn_log) and what it would measure
 * is left out. A network that sees slices needs those of the whole head and the average head of share/, which find its frame. */
DN_CHECKED dn_status dn_segmenter_create(const dn_segmenter_options *options, dn_segmenter **out);
void dn_segmenter_destroy(dn_segmenter *segmenter);
/* The network of the hypothalamus; NULL when it is not used. */
const dn_model *dn_segmenter_model(const dn_segmenter *segmenter);

/* How the region was found. */
typedef enum {
    DN_FOUND_BY_TEMPLATE,   /* on the box that the aligned head gave */
    DN_FOUND_BY_SECOND_BOX, /* on a box centred on what the first one held */
    DN_FOUND_BY_WHOLE_HEAD, /* by the network on the whole head */
    DN_FOUND_BY_FRAME       /* by the AC-PC frame, in which a network that sees slices looked */
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

enum { DN_SEGMENT_MODELS = 12 };

typedef struct dn_segment_result {
    char *path, *stem;                         /* owned */
    const dn_model *models[DN_SEGMENT_MODELS]; /* that were used; borrowed from the segmenter */
    size_t model_count;
    dn_scan_info info;
    dn_conformed conformed; /* `volume` is released already; `oriented` is kept for pictures */
    double conformed_voxel; /* mm3 */
    double scan_spacing[3]; /* mm, of the scan as it came */
    dn_location location;
    bool located; /* the template was aligned (not with whole_head) */
    dn_found_by found_by;
    bool has_parts;           /* the network of the hypothalamus found it: posteriors and groups are filled */
    dn_posteriors posteriors; /* cleaned; its voxels lie as `place` says */
    /* Axis by axis, voxel c of the volume that posteriors are a box of lies at scale * c + offset in voxels of conformed.oriented: the
     * conformed volume's, or a lattice of their own (acpc.h). */
    struct {
        double scale[3], offset[3];
        double voxel_mm3;
    } place;
    dn_acpc_found acpc;       /* with a network that sees slices */
    char *acpc_refused;       /* owned; why it measured nothing; NULL: it did */
    dn_structures structures; /* of the hypothalamus's network, which it borrows; no groups when it was not used */
    dn_group_result groups[DN_GROUP_LIMIT];
    bool has_head; /* the networks of the whole head measured something (for the frame alone: no) */
    dn_head head;
    bool head_wanted[DN_CHANNEL_LIMIT]; /* channels of it that are measured */
    bool icv_wanted;
    dn_labels *icv;   /* owned; mask on the scan's own grid; NULL: not measured */
    dn_native native; /* native.labels holds everything that was labelled, the hypothalamus over the rest */
    dn_volume_rows volumes;
    double *true_mm3; /* owned; [volumes.count], NaN: not known; NULL: no truth was given (segment/truth.h) */
    dn_quality quality;
    double white_matter; /* peak that was found in the conformed scan, of 0..1; 0: not looked for */
    dn_consensus consensus;
    dn_consensus
        mirrored; /* of a model that is asked about the scan and its mirror image; without members: it is not, or --consensus was given */
    dn_fluid_fill fill; /* what the network was shown around the brain of a scan without skull */
    dn_score score;
    dn_precision precision;
    int64_t network_voxels; /* that went through the network */
    int64_t whole_voxels;   /* that a run on the whole head takes */
    double seconds[DN_STAGE_COUNT];
} dn_segment_result;

const char *dn_stage_name(dn_stage stage);

/* *out: owned by the caller (dn_segment_result_destroy); borrows segmenter.
 * DN_EDATA when no structure was found: nothing is measured, and the sentence says what to look at. Errors of reading as
 * dn_scan_read. A scan that was measured but failed quality control is DN_OK here: see result->quality.failed. */
DN_CHECKED dn_status dn_segment_scan(dn_segmenter *segmenter, const char *path, dn_segment_result **out);
void dn_segment_result_destroy(dn_segment_result *result);
/* The model that measured the hypothalamus; NULL: none did. */
const dn_model *dn_segment_result_model(const dn_segment_result *result);
/* The conformed scan as posteriors see it (native.h, quality.h): what is in it is borrowed. */
dn_conformed dn_segment_result_place(const dn_segment_result *result);

#endif
