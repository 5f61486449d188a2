/* Numbers of labels in the maps that are made here. The classes of k-means are 30001, 30002, ... on the left and 30101, 30102, ... on the
 * right, dark to bright; other labels keep their numbers (FreeSurfer's), and their partners are those of a table of tissues. */
#ifndef DN_LABELMAP_NUMBERS_H
#define DN_LABELMAP_NUMBERS_H

#include "image/volume.h"
#include "register/tissues.h"

#include <stdbool.h>

enum { DN_CLASS_LEFT = 30000, DN_CLASS_RIGHT = 30100, DN_CLASS_MOST = 20 };

/* Whether it is a class of either side. */
static inline bool dn_number_is_class(uint16_t label)
{
    return (label > DN_CLASS_LEFT && label <= DN_CLASS_LEFT + DN_CLASS_MOST) ||
           (label > DN_CLASS_RIGHT && label <= DN_CLASS_RIGHT + DN_CLASS_MOST);
}

/* The table at path; NULL: the one that comes with dien. *out: owned by the caller (dn_tissues_destroy). */
DN_CHECKED dn_status dn_numbers_tissues(const char *path, dn_tissues **out);
/* The label of the other side; of a class, too. DN_EDATA: neither a class nor in the table. */
DN_CHECKED dn_status dn_numbers_partner(const dn_tissues *tissues, uint16_t label, uint16_t *out);
/* partner[label] for all labels of a map; [65536], owned by the caller. */
DN_CHECKED dn_status dn_numbers_partners(const dn_labels *labels, const dn_tissues *tissues, uint16_t **out);
/* Every label becomes its partner. table: as in dn_numbers_tissues. */
DN_CHECKED dn_status dn_numbers_swap(dn_labels *labels, const char *table);

/* Mean and SD of the scan in each class. */
typedef struct dn_class_facts {
    double mean, sd;
    int64_t voxels;
} dn_class_facts;
/* A table of tissues for a map with k classes: the rows of `tissues` at labels that the map has, and the classes with their facts (classes
 * [k], dark to bright), scaled so that the brightest class lies at 160. Scans can be made from the map with it. */
DN_CHECKED dn_status dn_numbers_write_tissues(const char *tissues, const dn_labels *map, const dn_class_facts *classes, int k,
                                              const char *path);

#endif
