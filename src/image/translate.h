/* Changes label numbers from one scheme to another. */
#ifndef DN_IMAGE_TRANSLATE_H
#define DN_IMAGE_TRANSLATE_H

#include "base/status.h"
#include "image/volume.h"

/* Replaces each label by what the TSV at path (columns label and to) says; labels that it does not name stay. Errors of dn_table_read,
 * and DN_EDATA for a number outside 0..65535. */
DN_CHECKED dn_status dn_labels_translate(dn_labels *labels, const char *path);

#endif
