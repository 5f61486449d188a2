/* The AC-PC frame of a scan by the whole-head network: labels, frame, then again on the scan turned into that frame (a third time
 * where the second changed much), so that the network runs on an upright head, whatever its position in the scanner. A head that is turned
 * further than the heads on which the networks were trained is first turned upright by the alignment of the average head. */
#ifndef DN_SEGMENT_HEAD_FRAME_H
#define DN_SEGMENT_HEAD_FRAME_H

#include "base/status.h"
#include "register/frame.h"
#include "register/template.h"
#include "segment/head/whole_head.h"

/* Borrows head. */
dn_frame_reference dn_frame_template(const dn_template *head);

/* The grid on which a head's labels give the frame: the scan's at 1 mm. */
DN_CHECKED dn_status dn_frame_grid(const dn_grid *scan, dn_grid *out);

typedef struct dn_head_frame_options {
    dn_frame_options frame;
    bool once; /* one pass only */
} dn_head_frame_options;

/* How the head lies, to some 5 degrees, from the average head's alignment. *turned: further from upright than the training data
 * (DN_ALIGN_TURNED); false also where no head was found, and then *out is not set. Errors of dn_head_align. */
DN_CHECKED dn_status dn_frame_lie(const dn_volume *scan, dn_frame *out, bool *turned);

/* options: NULL for the defaults. Errors of dn_whole_head_scan and dn_frame_from_labels. */
DN_CHECKED dn_status dn_frame_from_scan(dn_whole_head *whole, const dn_template *head, const dn_volume *scan,
                                        const dn_head_frame_options *options, dn_frame *out);

#endif
