/* A whole head's label map made of one placed hemisphere and its mirror image about x = 0 (Rodrigues et al. 2024). Labels are resampled
 * once, by the largest share (image/resample.h: dn_resample_tissue, so that classes that meet at the mirror leave no gap there); what lies
 * beyond the mirror is left out, so that the two sides never overlap. */
#ifndef DN_LABELMAP_MIRROR_H
#define DN_LABELMAP_MIRROR_H

#include "image/volume.h"

typedef struct dn_mirror_map_options {
    double spacing;      /* mm, along all axes; 0: the smallest of the map */
    const char *tissues; /* path of the table of partners; NULL: the one that comes with dien */
    const char *placed;  /* path of the JSON of a placement, applied first; NULL: the map is already placed */
} dn_mirror_map_options;

typedef struct dn_mirror_facts {
    int64_t left_voxels;
    double beyond_ml; /* of the hemisphere, left out because it lies beyond the mirror */
    double gap_mm;    /* mean width of the gap between the sides, where the hemisphere ends within 2 mm of the mirror */
} dn_mirror_facts;

/* map: its world is that of the mirror. *out: owned by the caller; axes RAS, symmetric about x = 0. DN_EDATA: it is empty left of the
 * mirror; a label without a partner. */
DN_CHECKED dn_status dn_mirror_map(const dn_labels *map, const dn_mirror_map_options *options, dn_labels **out, dn_mirror_facts *facts);
/* `dien labelmap mirror`, with a picture. */
DN_CHECKED dn_status dn_labelmap_mirror(const char *map, const dn_mirror_map_options *options, const char *output);

#endif
