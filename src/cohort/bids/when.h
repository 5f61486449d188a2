/* When a scan was made, by the tables of a BIDS data set: sub-X[/ses-Y]/sub-X[_ses-Y]_scans.tsv (column acq_time of the scan), else
 * sub-X/sub-X_sessions.tsv (of the session). Days that were moved so that the person is not known (BIDS: before 1925) are fine here: all
 * days of a person are moved alike. */
#ifndef DN_COHORT_BIDS_WHEN_H
#define DN_COHORT_BIDS_WHEN_H

#include "base/status.h"

#define DN_BIDS_WHEN 32
#define DN_DAYS_PER_YEAR 365.25

/* participant: "sub-01"; session: "ses-2", NULL: none; inside: the scan's path below the data set. out: "2019-03-02T10:20:30", which sorts
 * by time; "": not known. A table that cannot be read is named in a warning. DN_ENOMEM, DN_ECANCELLED. */
DN_CHECKED dn_status dn_bids_when(const char *dataset, const char *participant, const char *session, const char *inside,
                                  char out[DN_BIDS_WHEN]);
/* Days of the calendar, with the time of day as a fraction; NaN: text is no date. */
double dn_bids_days(const char *text);

#endif
