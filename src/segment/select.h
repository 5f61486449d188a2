/* What a run measures, and which networks it needs: the names of `--structures`. */
#ifndef DN_SEGMENT_SELECT_H
#define DN_SEGMENT_SELECT_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Names that --structures takes, for the option's table. */
#define DN_SELECT_NAMES                                                                                                                    \
    "all|hypothalamus|thalamus|icv|caudate|putamen|pallidum|hippocampus|amygdala|accumbens|ventral_diencephalon|ventricles|brain_stem|"    \
    "optic_chiasm|cerebrum|cerebellum|csf"

/* Where a structure comes from. */
typedef enum { DN_FROM_SUBUNITS, DN_FROM_FINE, DN_FROM_COARSE } dn_select_from;

typedef struct dn_selection {
    uint32_t chosen; /* bits of the table in select.c */
    bool named;      /* the user named structures: a missing network is an error if only it measures one of them */
} dn_selection;

/* list: names with commas; NULL or "all": everything. DN_EUSAGE: a name that is not known. */
DN_CHECKED dn_status dn_select_parse(const char *list, dn_selection *out);
/* structure: as the models call it ("hypothalamus", "lateral_ventricle"), or "icv". */
bool dn_select_has(const dn_selection *selection, const char *structure);
bool dn_select_needs(const dn_selection *selection, dn_select_from from);
/* Takes away everything that comes from there. */
void dn_select_drop(dn_selection *selection, dn_select_from from);
/* Takes away one structure. */
void dn_select_drop_one(dn_selection *selection, const char *structure);

#endif
