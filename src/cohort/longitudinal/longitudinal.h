/* Several sessions of one person, measured in one frame: volumes and their change.
 *
 * No session is the reference (register/midpoint.h). Each is interpolated once onto a lattice of 1 mm and made alike with the others in
 * bias field, contrast and resolution; the networks then run on each, on boxes that are those of the mean of all sessions. So what differs
 * between two volumes is what differs between two heads. The networks hold small changes back; of sessions of one protocol, hypothalamus
 * and thalamus therefore get the volume of the mean, times the growth that a deformation finds (growth_volumes.h).
 *
 * Files in the folder; NAME is the person's:
 *   NAME_desc-longitudinal_T1w.nii.gz         the mean of all sessions in the common frame
 *   STEM_desc-longitudinal_T1w.nii.gz         a session in the common frame
 *   STEM_desc-longitudinal_*                  what `report/write.h` writes of each
 *   NAME_longitudinal.tsv, .json              change per structure and side; motions, times, networks
 *   NAME_longitudinal_volumes.tsv             the volumes of all sessions
 * The same scans give the same bytes in any order. */
#ifndef DN_COHORT_LONGITUDINAL_H
#define DN_COHORT_LONGITUDINAL_H

#include "report/write.h"
#include "segment/scan.h"

typedef struct dn_longitudinal_options {
    dn_segmenter_options segmenter;
    dn_output_options outputs; /* its folder is made */
    bool accept;
    const char *name;           /* of the person, for the files; NULL: sub-... of the scans' names where they agree, else "person" */
    const double *times;        /* years, one per path; NULL: found (cohort/longitudinal/sessions.h) */
    const char *times_from;     /* static: where times come from; NULL: the user */
    const char *const *sources; /* one per path: what the results name as their source; NULL, or NULL in it: the scan's name */
} dn_longitudinal_options;

/* DN_EUSAGE: fewer than two scans, or two whose results would have one name; DN_EDATA: a scan is not of the same head as the others.
 * Others as dn_measure_scans; DN_EQUALITY: all is written, and a session failed quality control. */
DN_CHECKED dn_status dn_longitudinal(const char *const *paths, size_t count, const dn_longitudinal_options *options);

/* What is known against the changes that it gives: said with each of them. The first of sessions of one protocol (growth_volumes.h), the
 * other of others. */
#define DN_LONGITUDINAL_LIMITS_ALIKE                                                                                                       \
    "The changes of hypothalamus and thalamus were tried on few heads with a known shrinkage; those of other structures come out too "     \
    "small"
#define DN_LONGITUDINAL_LIMITS                                                                                                             \
    "The sessions differ in resolution, so changes come out too small: of a known shrinkage 60 and 85 % were found in two heads. Scans "   \
    "of "                                                                                                                                  \
    "another protocol or scanner than the others can move the hypothalamus more than independent measurements do. Compare changes "        \
    "between "                                                                                                                             \
    "people whose scans are alike, and do not take them as absolute"

#endif
