/* Which scans of a data set are wanted, from the texts that a person gives. */
#ifndef DN_COHORT_BIDS_CHOICE_H
#define DN_COHORT_BIDS_CHOICE_H

#include "cohort/bids/layout.h"

/* Zero-initialise; release with dn_bids_choice_release, also after a failure. */
typedef struct dn_bids_choice {
    dn_bids_wanted wanted; /* borrows the rest */
    char **participants, **sessions;
    struct dn_bids_filter *filter;
} dn_bids_choice;

/* participants, sessions: labels with commas between them; filter: path of a filter file; NULL: all. Errors of dn_bids_filter_read;
 * DN_ENOMEM. */
DN_CHECKED dn_status dn_bids_choice_read(const char *participants, const char *sessions, const char *filter, dn_bids_choice *out);
void dn_bids_choice_release(dn_bids_choice *choice);

#endif
