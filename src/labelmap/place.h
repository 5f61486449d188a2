/* A hemisphere's map placed against the plane x = 0 (register/mirror_plane.h). Only its affine changes: no voxel is resampled. */
#ifndef DN_LABELMAP_PLACE_H
#define DN_LABELMAP_PLACE_H

#include "register/mirror_plane.h"

#include <stdbool.h>

typedef struct dn_place_options {
    double alpha;        /* of the cost */
    const char *tissues; /* path of the table that tells left from right; NULL: the one that comes with dien */
    bool any_size;       /* no limit of the volume */
} dn_place_options;

/* DN_EDATA: labels of both sides (a whole head), or a volume that no hemisphere has. name: for messages. */
DN_CHECKED dn_status dn_place_check(const dn_labels *map, const dn_place_options *options, const char *name);
/* `dien labelmap place`: the map with its new affine, and the motion in a JSON file beside it ("a/b.nii.gz": "a/b.json"), and a picture. */
DN_CHECKED dn_status dn_labelmap_place(const char *map, const dn_place_options *options, const char *output, dn_mirror_plane *out);
/* Reads the motion back, for other files of the same hemisphere. DN_EFORMAT: it is no such file, or the motion in it is not rigid. */
DN_CHECKED dn_status dn_place_read(const char *json, dn_affine *motion);

#endif
