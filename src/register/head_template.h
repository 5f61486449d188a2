/* The average T1w head (share/template/head_4mm.nii, made by tools/make_head_template.py), compiled into the program so
 * that it is always there. World (0, 0, 0) of the template is the centre of the hypothalamus; axes are RAS. */
#ifndef DN_REGISTER_HEAD_TEMPLATE_H
#define DN_REGISTER_HEAD_TEMPLATE_H

#include "base/status.h"

#include <stdint.h>

typedef struct dn_head_template {
    int64_t dim[3];
    double spacing;       /* mm, the same along each axis */
    double origin[3];     /* world position of voxel 0, 0, 0, mm */
    const uint8_t *t1w;   /* static; x fastest; T1w intensity */
    const uint8_t *brain; /* static; probability of brain, 0..255 */
} dn_head_template;

/* DN_EINTERNAL when the built-in file is not what this code expects. */
DN_CHECKED dn_status dn_head_template_get(dn_head_template *out);

#endif
