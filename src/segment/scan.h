/* The main work on one scan: read, conform, find the region, run the network, clean, bring back, measure, judge.
 * Nothing is written here; report/write.h writes what a result holds. */
#ifndef DN_SEGMENT_SCAN_H
#define DN_SEGMENT_SCAN_H

#include "base/status.h"
#include "image/io.h"
#include "infer/consensus.h"
#include "segment/result.h"
#include "segment/select.h"

typedef struct dn_segmenter_options {
    /* Network of the hypothalamus: name or file (.safetensors, or a Keras .h5 that is imported on the way), or several that work on slices,
     * separated by commas (averaged); NULL: DN_SEGMENT_MODEL. When it is named and `structures` is not, only what it labels is measured. */
    const char *model;
    const char *structures; /* names of select.h with commas; NULL: everything that the installed networks can measure */
    dn_precision precision;
    int64_t memory_limit; /* bytes for one run of the network; 0: no limit */
    dn_trust trust;
    bool whole_head;     /* search the whole head with the network instead of aligning the template */
    double white_matter; /* 0: intensities as the model's contract has them; else they are multiplied so that the white matter's
                            peak lies here, of 0..1 */
    const dn_consensus_options *consensus; /* borrowed for the segmenter's life; NULL: one run of the network */
    bool model_grid;                       /* results on the model's grid (1 mm, RAS) instead of the scan's own */
    /* What will be segmented, borrowed while the segmenter is made; 0: whole heads. A network that works on slices also takes stacks of
     * them, which `dien prepare` cuts; then no other network is needed. */
    const char *const *scans;
    size_t scan_count;
} dn_segmenter_options;

/* Our own network of the hypothalamus, which is used if none is named, whatever else is installed; and our other network, which works on
 * slices of the AC-PC frame. Both come with the program. */
#define DN_SEGMENT_MODEL "hypothalamus"
#define DN_SEGMENT_SLICES "hypothalamus-2d"
/* For scans that are not T1-weighted (head/contrast.h), where it is installed and no network was named. */
#define DN_SEGMENT_ANY_CONTRAST "hypothalamus-any-contrast"
#define DN_SEGMENT_ANY_CONTRAST_WHOLE "hypothalamus-any-contrast-whole" /* which that one divides (infer/divide.h) */

/* The networks, ready to be used on any number of scans, one at a time. */
typedef struct dn_segmenter dn_segmenter;

/* *out: owned by the caller (dn_segmenter_destroy). DN_EINPUT, DN_EFORMAT: a network; DN_EUSAGE: structures. A missing network is an error
 * if the caller named a structure that only it measures, or if no other network is installed; otherwise this is noted (dn_log), and its
 * structures are left out. A network that works on slices needs those of the whole head and the average head of share/, which find its
 * frame; not for stacks. DN_EUSAGE: some of the scans are stacks, some are not. */
DN_CHECKED dn_status dn_segmenter_create(const dn_segmenter_options *options, dn_segmenter **out);
void dn_segmenter_destroy(dn_segmenter *segmenter);
/* The networks that it may use, also those for scans that are not T1-weighted; out has room for DN_SEGMENT_MODELS (result.h). *count: their
 * number. DN_EINPUT, DN_EFORMAT: one cannot be read. */
DN_CHECKED dn_status dn_segmenter_models(dn_segmenter *segmenter, const dn_model *out[], size_t *count);
/* Its scans are stacks of slices; it measures only these. */
bool dn_segmenter_takes_stacks(const dn_segmenter *segmenter);

/* *out: owned by the caller (dn_segment_result_destroy); borrows segmenter. path: a head, or a stack where the segmenter was made for them.
 * DN_EDATA when no structure was found: nothing is measured, and the message says what to check. Errors of reading as
 * dn_scan_read. Quality control is not done here. */
DN_CHECKED dn_status dn_segment_scan(dn_segmenter *segmenter, const char *path, dn_segment_result **out);

/* The same for a picture that was made from a scan: one of several of a head, on one grid and with intensities on one scale.
 * picture: consumed. path: of the scan; stem: the results' names. range: what of the scale becomes 0 and 1. like: the result of another
 * picture on the same grid; the average head and all boxes are then where they were there, so that equal pictures give equal results and a
 * difference is one of the heads. NULL: they are found. */
typedef struct dn_segment_picture {
    dn_volume *picture;
    const char *path, *stem;
    double range[2];
    const dn_segment_result *like;
} dn_segment_picture;
DN_CHECKED dn_status dn_segment_one_picture(dn_segmenter *segmenter, const dn_segment_picture *what, dn_segment_result **out);

#endif
