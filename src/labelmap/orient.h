/* Scans and labels of one hemisphere brought to RAS, a right one mirrored to the left; the first step of a label map. */
#ifndef DN_LABELMAP_ORIENT_H
#define DN_LABELMAP_ORIENT_H

#include "image/io.h"
#include "register/tissues.h"

typedef struct dn_orient_options {
    bool right;          /* it is a right hemisphere: x is mirrored */
    const char *written; /* how the voxel axes run in truth ("LIA"), where the header does not say; NULL: as the header says */
    const char *tissues; /* path of the table that names the partner of each label; NULL: the one that comes with dien */
    double spacing;      /* mm of the result; 0: as the file */
} dn_orient_options;

/* The scan at path, resampled while it is read where a spacing is given (labelmap/stream.h); without one it is read as a whole.
 * *out: owned by the caller. */
DN_CHECKED dn_status dn_orient_volume(const char *path, const dn_orient_options *options, dn_volume **out);
/* Labels, too; of a right hemisphere each label becomes its partner of the left side. DN_EDATA: one without a partner in the table. */
DN_CHECKED dn_status dn_orient_labels(const char *path, const dn_orient_options *options, dn_labels **out);

/* `dien labelmap orient` and `resample`: from file to file, with a picture beside it. labels: it is a label map. */
DN_CHECKED dn_status dn_labelmap_orient(const char *path, bool labels, const dn_orient_options *options, const char *output);

#endif
