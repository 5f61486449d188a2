/* The intracranial volume by a 2-D network, as in Vernikouskaya et al. 2025: coronal slices of 0.5 mm in the AC-PC frame through the
 * network, and the result on the scan's own grid. */
#ifndef DN_SEGMENT_HEAD_ICV_SLICES_H
#define DN_SEGMENT_HEAD_ICV_SLICES_H

#include "base/status.h"
#include "models/model.h"
#include "prepare/stack.h"
#include "register/frame.h"

typedef struct dn_icv_slices {
    dn_labels *labels; /* owned; the model's numbers, on the scan's grid */
    double volume_mm3; /* sum of posteriors of all that is not background, over the stack */
    double seconds_a_slice;
} dn_icv_slices;

/* The slices reach the network as they are cut: the model's spacing and orientation are set to the stack's (a published Keras file says
 * neither). Intensities: as the model's contract says; z-scores over the stack where it says nothing. model: changed so.
 * Takes about five times the stack's size in memory (512 x 512 x 512: 2.7 GB). out: release. DN_EFORMAT: a model of volumes; errors of
 * dn_stack_cut and dn_slice_network_run. */
DN_CHECKED dn_status dn_icv_by_slices(dn_model *model, const dn_volume *scan, const dn_frame *frame, const dn_stack_geometry *geometry,
                                      dn_icv_slices *out);
void dn_icv_slices_release(dn_icv_slices *slices);

#endif
