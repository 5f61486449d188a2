/* A whole hypothalamus divided into five subunits per side by landmarks: Rodrigues et al. 2024, Table 1, after Bocchetta et al. 2015.
 *
 *   anterior   from the most rostral coronal slice of the hypothalamus to that of the anterior commissure (AC)
 *   tuberal    from there to the slice just in front of the mammillary bodies
 *   posterior  from the first slice in which the mammillary bodies are seen, to the end
 *   superior, inferior (anterior and tuberal): on each coronal slice and side, above and below the straight line from the most medial to
 * the most lateral point
 *
 * Coronal slices are those perpendicular to the y axis of the world; with PC given, to the line from PC to AC. A landmark of a mammillary
 * body is its centre; the body is seen from `body_mm` in front of it on. */
#ifndef DN_LABELMAP_SUBDIVIDE_H
#define DN_LABELMAP_SUBDIVIDE_H

#include "image/volume.h"

#include <stdbool.h>

/* The order of FreeSurfer's numbers: 801-805 left, 806-810 right. */
enum {
    DN_SUBUNIT_ANTERIOR_INFERIOR,
    DN_SUBUNIT_ANTERIOR_SUPERIOR,
    DN_SUBUNIT_POSTERIOR,
    DN_SUBUNIT_TUBERAL_INFERIOR,
    DN_SUBUNIT_TUBERAL_SUPERIOR,
    DN_SUBUNIT_COUNT
};

typedef struct dn_subdivide_landmarks {
    double ac[3], pc[3], mb[2][3]; /* world mm; mb: left, right */
    bool has_pc;
} dn_subdivide_landmarks;

typedef struct dn_subdivide_options {
    dn_subdivide_landmarks at;
    double body_mm;      /* half length of a mammillary body along y, 0 and more; 2.5 is usual */
    const char *compare; /* path of a label map with 801-810 on the same grid, or NULL */
    const char *table;   /* path of a TSV with the comparison, or NULL */
} dn_subdivide_options;

/* Landmarks from a TSV with the columns name, x_mm, y_mm, z_mm and the rows AC, (PC,) and both mammillary bodies: "L MB" and "R MB" as the
 * AFIDs have them, or left_mammillary_body and right_mammillary_body. DN_EDATA: one is missing. */
DN_CHECKED dn_status dn_subdivide_read_landmarks(const char *path, dn_subdivide_landmarks *out);

/* map: every voxel that is not 0 counts as hypothalamus; sides are told by the plane through the middle between the mammillary bodies and
 * AC. In place: 801-810. DN_EDATA: empty, or the landmarks do not lie at it. */
DN_CHECKED dn_status dn_subdivide(dn_labels *map, const dn_subdivide_options *options);

/* `dien labelmap subdivide`: from file to file, with a picture. Of the map only the hypothalamus is kept, where it has any of its numbers;
 * else every label counts as hypothalamus. */
DN_CHECKED dn_status dn_labelmap_subdivide(const char *map, const dn_subdivide_options *options, const char *output);

#endif
