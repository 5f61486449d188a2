/* `dien labelmap frame`: turns an average head into its AC-PC frame. */
#ifndef DN_LABELMAP_TURN_H
#define DN_LABELMAP_TURN_H

#include "base/status.h"

typedef struct dn_turn_options {
    const char *tissues; /* path of a tissue table; NULL: the one that comes with dien */
    double spacing;      /* mm, of the result */
    double ac[2], pc[2]; /* y and z of the commissures in the map, mm; their x is 0 */
} dn_turn_options;

/* AC becomes the origin and PC lies on -y. path: an average of dn_labelmap_average and no other map, for the result is made symmetric
 * again. DN_EUSAGE: commissures that are not as far apart as people's. */
DN_CHECKED dn_status dn_labelmap_turn(const char *path, const dn_turn_options *options, const char *output);

#endif
