/* Which of several scans of one session the tables of volumes use: one that is accepted before one that is rejected, then the best quality
 * score (a scan without one comes last), then the first by name (run-2 before run-10). All are measured, and all are in the tables of
 * scans. */
#ifndef DN_COHORT_GROUP_CHOICE_H
#define DN_COHORT_GROUP_CHOICE_H

#include "cohort/group/roster.h"

/* Sets used and choice of count scans, which are those of one session, in the order of their names. */
void dn_roster_choose(dn_roster_scan *scans, size_t count);
/* Sets first: of each person the first session with an accepted scan (with any measured scan where none is accepted): by the times in the
 * data set's tables (bids/when.h) where all its used scans have one, else by name. DN_ENOMEM, DN_ECANCELLED. */
DN_CHECKED dn_status dn_roster_choose_first(dn_roster *cohort);
/* One past the last scan of the session that begins at scan `from`. */
size_t dn_roster_session_end(const dn_roster *cohort, size_t from);

#endif
