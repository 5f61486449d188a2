/* `dien labelmap average`: the average label map of many people. */
#ifndef DN_LABELMAP_AVERAGE_H
#define DN_LABELMAP_AVERAGE_H

#include "base/status.h"

#include <stddef.h>

typedef struct dn_average_options {
    const char *tissues; /* path of a tissue table; NULL: the one that comes with dien */
    double spacing;      /* mm, of the result */
    int rounds;          /* of smooth alignment after the affine one; 0: affine only */
} dn_average_options;

/* The maps (at least two; DN_EUSAGE) are brought to their mean shape (register/labels_align.h) and each voxel of the result, which is
 * written to output, takes the label that most of them and of their mirror images have there. Errors of these; DN_EDATA: a label that the
 * table of tissues does not name; the maps agree nowhere. */
DN_CHECKED dn_status dn_labelmap_average(const char *const *paths, size_t count, const dn_average_options *options, const char *output);

#endif
