/* Structures of a label map as shaded surfaces: which ones, in which colours, seen from where, with which legend. */
#ifndef DN_REPORT_SURFACE_SCENE_H
#define DN_REPORT_SURFACE_SCENE_H

#include "image/label_list.h"

#define DN_SURFACE_VIEWS "oblique|front|back|left|right|top|bottom"

typedef struct dn_surface_options {
    const char *folder;               /* is there */
    const dn_label_list *labels;      /* drawn as one structure; NULL: hypothalamus and thalamus */
    const char *labels_name;          /* of labels, for the legend; NULL: "structure" */
    const char *mask;                 /* path of a mask, a shell around the structures; NULL: none */
    const dn_label_list *mask_labels; /* which of its numbers are inside; NULL: all but 0 */
    const char *views;                /* some of DN_SURFACE_VIEWS, in this order, with commas */
    double smooth_mm;                 /* sigma of the Gaussian that rounds the voxels' corners; 0: none */
    int size;                         /* pixels of a view's edge */
} dn_surface_options;

/* Writes STEM_surface.png, a mesh STEM_STRUCTURE.ply for each structure, and STEM_surfaces.tsv with areas and volumes. *picture: the
 * picture's path, owned by the caller. DN_EDATA: none of the structures is in the label map. */
DN_CHECKED dn_status dn_surface_scene_write(const char *path, const dn_surface_options *options, char **picture);

#endif
