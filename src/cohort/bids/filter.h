/* A filter file, in the form that fMRIPrep and other BIDS Apps have: {"t1w": {"session": "01", "acquisition": ["mprage", "spgr"], "run": 1,
 * "reconstruction": null}}. Names of entities may be BIDS's keys ("acq") or their long names ("acquisition"). A text or number has to be
 * equal, of a list one; null: the entity must not be there; "*": it must be there. "suffix" (T1w unless it is given) and "datatype" (anat)
 * may be there, too. */
#ifndef DN_COHORT_BIDS_FILTER_H
#define DN_COHORT_BIDS_FILTER_H

#include "base/bids_name.h"

#include <stdbool.h>

typedef struct dn_bids_filter dn_bids_filter;

/* DN_EINPUT, DN_EFORMAT: no JSON, no "t1w", an entity that BIDS does not have. *out: owned (dn_bids_filter_destroy). */
DN_CHECKED dn_status dn_bids_filter_read(const char *path, dn_bids_filter **out);
void dn_bids_filter_destroy(dn_bids_filter *filter);

/* Whether it lets a name pass. filter: NULL: every name with the suffix T1w. */
bool dn_bids_filter_takes(const dn_bids_filter *filter, const dn_bids_name *name);
/* "T1w". */
const char *dn_bids_filter_suffix(const dn_bids_filter *filter);

#endif
