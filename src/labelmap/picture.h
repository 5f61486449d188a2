/* A picture of a step of a label map: sagittal, coronal and axial slices of a scan, of labels, or of a scan under the outlines of labels.
 */
#ifndef DN_LABELMAP_PICTURE_H
#define DN_LABELMAP_PICTURE_H

#include "image/volume.h"

/* volume: NULL: labels are painted. labels: NULL: none. Written beside output: "a/b.nii.gz" gives "a/b.png". title: the step's name. A
 * plane x = 0 inside the picture is drawn as a thin line where mirror is asked for. DN_EIO. */
DN_CHECKED dn_status dn_labelmap_picture(const dn_volume *volume, const dn_labels *labels, const char *title, const char *output);
DN_CHECKED dn_status dn_labelmap_picture_mirror(const dn_labels *labels, const char *title, const char *output);

/* Before long work: whether output is the name of an image. DN_EUSAGE. */
DN_CHECKED dn_status dn_labelmap_may_write(const char *output);

#endif
