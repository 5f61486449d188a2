/* The outline of a mask on its scan, to be checked by a person: rows of sagittal, coronal and axial slices through it. */
#ifndef DN_PREPARE_MASK_PICTURE_H
#define DN_PREPARE_MASK_PICTURE_H

#include "base/status.h"
#include "image/volume.h"

/* mask: on scan's grid; anything but 0 is inside. title, text: head lines. Writes a PNG at path, atomically. DN_EDATA: an empty mask. */
DN_CHECKED dn_status dn_mask_picture(const dn_volume *scan, const dn_labels *mask, const char *title, const char *text, const char *path);

#endif
