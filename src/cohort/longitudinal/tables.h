/* What is written about a person's course. Internal to longitudinal. */
#ifndef DN_COHORT_LONGITUDINAL_TABLES_H
#define DN_COHORT_LONGITUDINAL_TABLES_H

#include "cohort/longitudinal/sessions.h"
#include "register/blur_match.h"
#include "register/midpoint.h"
#include "segment/result.h"

/* A person as measured. Borrowed. */
typedef struct dn_person {
    const char *name, *folder;
    const dn_sessions *sessions;
    const char *const *sources; /* as in dn_longitudinal_options */
    const size_t *order;        /* of the sessions by time */
    const dn_midpoint *midpoint;
    const dn_blur *added;          /* [sessions->count], to bring all to one resolution */
    const dn_volume_rows *volumes; /* [sessions->count] */
    const bool *accepted;          /* [sessions->count] */
    const dn_volume_rows *mean;    /* of the mean picture */
    const double *ratios;          /* [sessions->count][mean->count] of dn_growth_ratios; NULL: all volumes are the networks' */
    const dn_model *const *models; /* that were used */
    size_t model_count;
    dn_precision precision;
} dn_person;

/* NAME_longitudinal.tsv, NAME_longitudinal_volumes.tsv and NAME_longitudinal.json; the changes of hypothalamus and thalamus are said
 * (dn_log). DN_EIO. */
DN_CHECKED dn_status dn_person_write(const dn_person *person);

#endif
