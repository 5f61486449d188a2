/* The bias field of a hemisphere's scan removed; the same correction as for people's scans (prepare/bias_field.h). */
#ifndef DN_LABELMAP_CORRECT_H
#define DN_LABELMAP_CORRECT_H

#include "prepare/bias_field.h"

/* `dien labelmap bias`: scan without its field, 0 outside the mask. mask: path of a label map on the scan's grid. field: path for the field
 * itself, or NULL. DN_EGEOMETRY: the mask lies on another grid; DN_EDATA: it is empty. */
DN_CHECKED dn_status dn_labelmap_bias(const char *scan, const char *mask, const dn_bias_options *options, const char *output,
                                      const char *field);

#endif
