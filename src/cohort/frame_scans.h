/* `dien prepare`: the AC-PC frame of scans, and coronal stacks cut in it. */
#ifndef DN_COHORT_FRAME_SCANS_H
#define DN_COHORT_FRAME_SCANS_H

#include "cohort/batch.h"
#include "image/io.h"
#include "prepare/stack.h"

/* What is cut, in this order; a stack's name is in its file's. */
typedef enum { DN_STACK_HYPOTHALAMUS, DN_STACK_ICV, DN_STACK_HEAD, DN_STACK_COUNT } dn_stack_kind;
const char *dn_stack_name(dn_stack_kind kind);

typedef struct dn_frame_scans_options {
    const char *folder;
    bool stack[DN_STACK_COUNT];  /* which are cut */
    dn_stack_geometry geometry;  /* of the hypothalamic one */
    bool bias;                   /* the scan's bias field is corrected first; corrected scan and field are written, too */
    bool zscore;                 /* intensities as z-scores over each stack, else as they are */
    const char *labels;          /* a label map of the one scan's head with FreeSurfer's numbers, instead of the network; or NULL */
    const char *translate;       /* a table that turns the numbers of labels into FreeSurfer's; or NULL */
    const char *frame;           /* the one scan's _frame.json, instead of finding it; or NULL */
    const char *reference;       /* the folder of another reference head than dien's; NULL: dien's */
    const char *coarse, *fine;   /* whole-head networks, name or file; NULL: dien's */
    dn_trust trust;              /* which orientation to believe */
    const dn_line_sink *results; /* gets the path of each _frame.json */
} dn_frame_scans_options;

/* For each scan STEM_space-ACPC_desc-STACK_T1w.nii.gz, STEM_frame.json, .tsv and .png. Errors as dn_batch_run; DN_EUSAGE for labels or a
 * frame with several scans, for both of them, and for a translation of no labels. */
DN_CHECKED dn_status dn_frame_scans(const char *const *paths, size_t count, const dn_frame_scans_options *options);

/* The way back: labels that were drawn on a stack of a scan are brought onto the scan's own grid, as FOLDER/NAME_space-scan.nii.gz, NAME
 * being that of the labels; results gets its path. */
DN_CHECKED dn_status dn_frame_bring_back(const char *scan, const char *labels, dn_trust trust, const char *folder,
                                         const dn_line_sink *results);

#endif
