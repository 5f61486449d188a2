/* A picture of the AC-PC frame on its scan, to be checked by a person. */
#ifndef DN_PREPARE_FRAME_PICTURE_H
#define DN_PREPARE_FRAME_PICTURE_H

#include "base/status.h"
#include "prepare/stack.h"
#include "register/frame.h"

/* Two rows of sagittal, coronal and axial slices through the commissures: as the scan lies, with the frame's planes drawn as lines;
 * and turned into the frame, with the box of the stack. title: the scan's name. Writes a PNG at path, atomically. */
DN_CHECKED dn_status dn_frame_picture(const dn_volume *scan, const dn_frame *frame, const dn_stack_geometry *stack, const char *title,
                                      const char *path);

#endif
