/* Volumes of many scans in one table. */
#ifndef DN_STUDY_TABLES_GATHER_H
#define DN_STUDY_TABLES_GATHER_H

#include "study/tables/provenance.h"

/* Zero-initialise. Owned; release with dn_gathered_release. */
typedef struct dn_gathered {
    dn_table *table;
    dn_scan_record *scan; /* count; row i of the table is of scan[i] */
    size_t count;
} dn_gathered;

/* Gathers `*_volumes.tsv` files of `dien segment` (columns structure, hemi, volume_mm3, ...) into one wide table: one row per file, its
 * source; the columns participant_id ("sub-01", from the file's name), session ("ses-1") where a name has one, the other entities by
 * which a BIDS name tells scans apart (run "1", acq, ce, ...: base/bids_name.h), accepted ("yes", "no", "by_hand") where a file or a
 * person's review (review.h) says so, corrected (who and what) where a label map was corrected by hand, and one volume column per structure
 * and side, in mm3, named structure (whole, hemi n/a or B) or structure_L, structure_R. A structure with both sides but no whole gets their
 * sum. Files of one participant and session are all kept: see dn_gathered_check. DN_EFORMAT, DN_EDATA: a file that is none of these;
 * DN_ECANCELLED. */
DN_CHECKED dn_status dn_gather_volumes(const char *const *paths, size_t count, dn_gathered *out);
/* Whose volumes a file has, by its name ("sub-01" of "x/sub-01_ses-2_volumes.tsv"). *out: owned. DN_ENOMEM. */
DN_CHECKED dn_status dn_gather_participant(const char *path, char **out);
/* DN_EDATA when two rows of table, which is the gathered one or what was kept of it, are of one participant and session: names the files,
 * and says whether they are of one scan or of two (run-1 and run-2). */
DN_CHECKED dn_status dn_gathered_check(const dn_table *table);
/* The record of the file that a row came from; NULL: none. */
const dn_scan_record *dn_gathered_scan(const dn_gathered *gathered, const char *source);
void dn_gathered_release(dn_gathered *gathered);

#endif
