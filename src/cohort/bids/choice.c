/* Labels and a filter file as the choice of scans. */
#include "cohort/bids/choice.h"

#include "base/words.h"
#include "cohort/bids/filter.h"

#include <stdlib.h>

dn_status dn_bids_choice_read(const char *participants, const char *sessions, const char *filter, dn_bids_choice *out)
{
    DN_TRY(dn_split_list(participants, &out->participants, &out->wanted.participant_count));
    DN_TRY(dn_split_list(sessions, &out->sessions, &out->wanted.session_count));
    if (filter != NULL) {
        DN_TRY(dn_bids_filter_read(filter, &out->filter));
    }
    out->wanted.participants = (const char *const *)out->participants;
    out->wanted.sessions = (const char *const *)out->sessions;
    out->wanted.filter = out->filter;
    return DN_OK;
}

void dn_bids_choice_release(dn_bids_choice *choice)
{
    dn_bids_filter_destroy(choice->filter);
    free(choice->sessions);
    free(choice->participants);
    *choice = (dn_bids_choice){.filter = NULL};
}
