/* Which of several scans of one session the tables of volumes use. */
#include "cohort/group/choice.h"

#include "base/memory.h"
#include "cohort/bids/when.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool rejected(const dn_roster_scan *scan)
{
    return scan->record.verdict == DN_SCAN_REJECTED;
}

/* Below 0: a before b; what decided is in *why. 0: nothing but the name. */
static int compare(const dn_roster_scan *a, const dn_roster_scan *b, const char **why)
{
    const double x = isnan(a->score) ? -1.0 : a->score, y = isnan(b->score) ? -1.0 : b->score;
    *why = rejected(a) != rejected(b) ? "accepted" : x != y ? "score" : "name";
    return rejected(a) != rejected(b) ? (rejected(a) ? 1 : -1) : x > y ? -1 : x < y ? 1 : 0;
}

/* Of the scan that was chosen, by what told it from the others: the strongest reason that was needed. */
static const char *choice_text(bool by_score, bool by_name, bool by_verdict)
{
    return by_name      ? "the first by name of those with the best score"
           : by_score   ? "the best quality score of its session"
           : by_verdict ? "the only accepted scan of its session"
                        : "the only scan of its session that is measured";
}

void dn_roster_choose(dn_roster_scan *scans, size_t count)
{
    dn_roster_scan *best = NULL;
    const char *why;
    bool by_score = false, by_name = false, by_verdict = false;
    size_t measured = 0;
    for (size_t i = 0; i < count; ++i) {
        scans[i].used = false;
        scans[i].choice = NULL;
        measured += scans[i].state == DN_ROSTER_MEASURED;
        if (scans[i].state == DN_ROSTER_MEASURED && (best == NULL || compare(&scans[i], best, &why) < 0)) {
            best = &scans[i];
        }
    }
    for (size_t i = 0; i < count; ++i) {
        if (scans[i].state != DN_ROSTER_MEASURED || &scans[i] == best) {
            continue;
        }
        (void)compare(best, &scans[i], &why);
        by_verdict |= *why == 'a';
        by_score |= *why == 's';
        by_name |= *why == 'n';
        scans[i].choice = *why == 'a'   ? "another scan of the session is accepted"
                          : *why == 's' ? "another scan of the session has a better quality score"
                                        : "another scan of the session is as good and comes first by name";
    }
    if (best != NULL) {
        best->used = true;
        best->choice = count == 1 ? "the only scan of its session" : choice_text(by_score, by_name, by_verdict && measured > 1);
    }
}

size_t dn_roster_session_end(const dn_roster *cohort, size_t from)
{
    const dn_roster_scan *first = &cohort->scan[from];
    size_t end = from + 1;
    while (end < cohort->count && strcmp(cohort->scan[end].participant, first->participant) == 0 &&
           strcmp(cohort->scan[end].session != NULL ? cohort->scan[end].session : "", first->session != NULL ? first->session : "") == 0) {
        ++end;
    }
    return end;
}

/* times: one per scan of a person; "" where it is not known or not wanted. *known: whether those of all used scans are there. */
static dn_status read_times(const dn_roster *cohort, size_t from, size_t end, char (*times)[DN_BIDS_WHEN], bool *known)
{
    *known = true;
    for (size_t i = from; i < end; ++i) {
        const dn_roster_scan *scan = &cohort->scan[i];
        times[i - from][0] = '\0';
        if (scan->used && *known) {
            DN_TRY(dn_bids_when(cohort->dataset, scan->participant, scan->session, scan->inside, times[i - from]));
            *known = times[i - from][0] != '\0';
        }
    }
    return DN_OK;
}

/* The scans of one person. */
static dn_status choose_first(dn_roster *cohort, size_t from, size_t end)
{
    dn_roster_scan *first = NULL;
    const char *time = "";
    char(*times)[DN_BIDS_WHEN] = NULL;
    bool known = false;
    if (dn_roster_session_end(cohort, from) < end) { /* a person with one session needs no times */
        DN_TRY(dn_alloc(&times, end - from, sizeof *times, "times of sessions"));
        const dn_status status = read_times(cohort, from, end, times, &known);
        if (status != DN_OK) {
            free(times);
            return status;
        }
    }
    for (size_t i = from; i < end; ++i) {
        dn_roster_scan *scan = &cohort->scan[i];
        const bool earlier = known && first != NULL && scan->used && strcmp(times[i - from], time) < 0;
        scan->first = false;
        if (scan->used && (first == NULL || (rejected(first) && !rejected(scan)) || (earlier && (rejected(first) || !rejected(scan))))) {
            first = scan;
            time = known ? times[i - from] : "";
        }
    }
    if (first != NULL) {
        first->first = true;
    }
    free(times);
    return DN_OK;
}

dn_status dn_roster_choose_first(dn_roster *cohort)
{
    for (size_t i = 0, end; i < cohort->count; i = end) {
        for (end = i; end < cohort->count && strcmp(cohort->scan[end].participant, cohort->scan[i].participant) == 0; ++end) {
        }
        DN_TRY(choose_first(cohort, i, end));
    }
    return DN_OK;
}
