/* The change of one volume over a person's sessions, and its interval: numbers in, numbers out. */
#ifndef DN_COHORT_LONGITUDINAL_COURSE_H
#define DN_COHORT_LONGITUDINAL_COURSE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct dn_course {
    size_t sessions;  /* that have the volume */
    double mean;      /* mm3, of them */
    double change;    /* per unit of time, % of the mean: the slope of a straight line by least squares; NaN: fewer than two times */
    double low, high; /* its 95 % interval: of three and more sessions Student's t of the slope; of two from sd; NaN: not known */
} dn_course;

/* times: of the sessions, in any unit; volumes: NaN where a session has none. sd: of repeated measurements of an unchanged head, % of the
 * volume; NaN: not known. DN_ENOMEM. */
DN_CHECKED dn_status dn_course_fit(const double *times, const double *volumes, size_t count, double sd, dn_course *out);
/* sd of a structure's volume (both sides together: hemi 'B') between simulated scanners, measured in a common frame
 * (docs/evidence/longitudinal.md); by_growth: of one scanner with noise and place of its own, by registration. NaN: not measured. */
double dn_course_sd(const char *structure, char hemi, bool by_growth);

#endif
