/* Two measurements of the same scans, by two versions, networks or settings of the program: what changed, by how much, in which scans most.
 * `dien diff`. */
#ifndef DN_STUDY_AGREEMENT_DIFFERENCE_H
#define DN_STUDY_AGREEMENT_DIFFERENCE_H

#include "study/output/output.h"

/* Texts are borrowed. */
typedef struct dn_difference_options {
    const char *before, *after; /* folders with *_volumes.tsv, of `dien segment` or `dien run` */
    dn_study_output output;
} dn_difference_options;

/* Scans are matched by their names (base/bids_name.h: dn_bids_scan_key). Rejected ones are compared, too. Writes difference.tsv (one row
 * per structure and side: means, mean and SD of the differences in percent of their mean, limits of agreement, the scan that changed most),
 * difference_scans.tsv (one row per scan: what changed most, verdicts of quality control), difference.txt, and Bland-Altman panels (difference_figure) of the
 * main structures. *changed: some volume, or verdict, is another one. DN_EINPUT: no volumes in a folder; DN_EDATA: no scan is in both, or
 * one is twice in a folder. */
DN_CHECKED dn_status dn_study_difference(const dn_difference_options *options, bool *changed, dn_study_result *result);

#endif
