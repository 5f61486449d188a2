/* Label maps and scans with truth, loaded once: what samples are drawn from. */
#ifndef DN_TRAIN_SOURCES_H
#define DN_TRAIN_SOURCES_H

#include "register/tissues.h"
#include "train/config.h"
#include "train/soft_labels.h"

typedef struct dn_source {
    char *name;          /* of the label map's file; owned */
    dn_labels *labels;   /* owned; cut to what is not 0, and for scans on the scan's grid */
    dn_volume *scan;     /* owned; at the model's spacing, 0..1; NULL: a label map without scan */
    dn_soft_labels soft; /* where the truth is probabilities; values NULL: it is labels. labels then holds the most probable ones */
    dn_cleft cleft;      /* between the hypothalami, where samples open and close it */
    double centre[3];    /* world, mm: middle of the classes other than the background: of the brain, however much neck there is */
    /* Up to DN_SOURCE_PLACES voxels of each class, drawn evenly: place[class * DN_SOURCE_PLACES + n], offsets into labels.
     * Class 0 stands for any voxel of the head. */
    int32_t *places;
    int32_t *place_count; /* one per class */
} dn_source;

enum { DN_SOURCE_PLACES = 1024 };

typedef struct dn_source_set {
    dn_source *items; /* maps first, then scans */
    size_t count, map_count;
} dn_source_set;

/* Reads them all. DN_EDATA lists labels that belong to no class of the config, or that the tissue table does not name, with
 * the file. *out: release with dn_source_set_release (also after a failure). */
DN_CHECKED dn_status dn_source_set_read(const dn_train_config *config, const dn_train_sources *sources, const dn_tissues *tissues,
                                        dn_source_set *out);
void dn_source_set_release(dn_source_set *set);

/* DN_EFORMAT: a left-right mirror would move a class's labels into two classes. The message names them. */
DN_CHECKED dn_status dn_source_check_sides(const dn_train_config *config, const dn_tissues *tissues);

#endif
