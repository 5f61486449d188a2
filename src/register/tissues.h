/* The tissue table of a set of label maps: for each label its name, the tissue that gives its intensity, its partner on
 * the other side and where it lies; for each tissue the T1 priors. Read from a TSV with the columns
 *
 *   label  name  swap  region  tissue  mean  mean_sd  sd  sd_sd  border
 *
 * region: brain, csf (inside the skull, outside the brain), head, air. mean..sd_sd: mean over people of the tissue's mean
 * intensity and its sd, then the same of the sd within a person; equal on all rows of a tissue. border (the column may be
 * absent, or a cell empty: 1): how many times a voxel of the label counts at borders, 0.1 to 10 (synth/border.h). */
#ifndef DN_REGISTER_TISSUES_H
#define DN_REGISTER_TISSUES_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef enum { DN_REGION_AIR, DN_REGION_HEAD, DN_REGION_CSF, DN_REGION_BRAIN } dn_region;

typedef struct dn_tissue {
    char *name;
    double mean, mean_sd, sd, sd_sd;
} dn_tissue;

typedef struct dn_tissues {
    uint16_t *swap;  /* [65536] label -> label of the other side */
    int16_t *tissue; /* [65536] label -> index into tissues, -1 for a label the table does not name */
    uint8_t *region; /* [65536] label -> dn_region */
    float *border;   /* [65536] label -> weight at borders; 1 for a label the table does not name */
    dn_tissue *tissues;
    size_t count;
} dn_tissues;

/* DN_EINPUT, DN_EFORMAT: names file, row and column. *out: owned by the caller. */
DN_CHECKED dn_status dn_tissues_read(const char *path, dn_tissues **out);
/* The tissue of this name, an index into tissues; -1: there is none. */
int dn_tissues_find(const dn_tissues *tissues, const char *name);
void dn_tissues_destroy(dn_tissues *tissues);

#endif
