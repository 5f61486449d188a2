/* Scans whose volumes are far from those of the others: robust z, (x - median) / (1.4826 MAD), beyond 3.5 (Iglewicz and Hoaglin 1993).
 *
 * x of a volume is its logarithm, so that half and double are equally far; where 10 scans and more have an intracranial volume, the
 * residual from a robust line (Huber) through log volume and log ICV. x of an asymmetry is (left - right) / mean of both sides. An outlier
 * is a scan to look at, not one to leave out: nothing is removed. */
#ifndef DN_COHORT_GROUP_OUTLIERS_H
#define DN_COHORT_GROUP_OUTLIERS_H

#include "cohort/group/roster.h"

enum { DN_OUTLIERS_LEAST = 10, DN_ROSTER_MEASURES_MOST = 64 };
#define DN_OUTLIERS_LIMIT 3.5

/* What is compared. */
typedef struct dn_roster_measure {
    const char *structure; /* static: "thalamus" */
    char side;             /* 'B', 'L', 'R'; asymmetry: 'B' */
    bool asymmetry;
    size_t n;       /* scans with a number */
    bool head_size; /* ... divided out for those with an ICV */
    double spread;  /* 1.4826 MAD of what is compared, with head size if head_size; NaN: too few, or no spread */
} dn_roster_measure;

typedef struct dn_roster_outlier {
    size_t scan; /* of the cohort */
    size_t measure;
    double value;    /* mm3; of an asymmetry without unit */
    double expected; /* what the others have: the median, for a head of this size if head_size */
    double z;        /* -INFINITY: a volume of 0 */
    bool head_size;  /* this scan's was divided out */
} dn_roster_outlier;

/* Zero-initialise; release with dn_roster_outliers_release. */
typedef struct dn_roster_outliers {
    dn_roster_measure measure[DN_ROSTER_MEASURES_MOST];
    size_t measures;          /* that the cohort has */
    size_t n;                 /* scans that count */
    dn_roster_outlier *found; /* in the order of scans, then measures; owned */
    size_t count;
} dn_roster_outliers;

/* Also sets tested and outliers of the scans. With fewer than 10 scans that have a measure, it is not looked at. DN_ENOMEM. */
DN_CHECKED dn_status dn_roster_find_outliers(dn_roster *cohort, bool count_rejected, dn_roster_outliers *out);
void dn_roster_outliers_release(dn_roster_outliers *outliers);

/* "Left thalamus", "Thalamus, left and right": for people. *out is owned by the caller. */
DN_CHECKED dn_status dn_roster_measure_name(const dn_roster_measure *measure, char **out);
/* "Left thalamus: 5.12 mL, 31 % below the 7.4 mL of the others (z −4.1)". *out is owned by the caller. */
DN_CHECKED dn_status dn_roster_outlier_say(const dn_roster_outliers *outliers, const dn_roster_outlier *outlier, char **out);

/* The main structures, in the order in which people read them; NULL at the end. Paired: left and right are measured. */
typedef struct dn_roster_structure {
    const char *name;
    bool paired;
} dn_roster_structure;
extern const dn_roster_structure dn_roster_structures[];

#endif
