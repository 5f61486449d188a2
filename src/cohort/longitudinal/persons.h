/* `dien run DATASET OUTPUT longitudinal`: every person of a data set with two sessions or more, measured in one frame (longitudinal.h),
 * after `participant` has measured each scan. Of several scans of a session it takes the one that the tables of the group take
 * (group/choice.h).
 *
 *     OUTPUT/longitudinal/sub-01/          what longitudinal.h writes, with sub-01 as name
 *     OUTPUT/longitudinal/status/sub-01.json   what it was made of; written last, so a person without one was not measured
 *
 * A person is measured again when a session was added, or a scan, a time, the program, a network or an option is another one. */
#ifndef DN_COHORT_LONGITUDINAL_PERSONS_H
#define DN_COHORT_LONGITUDINAL_PERSONS_H

#include "cohort/batch.h"
#include "cohort/group/roster.h"
#include "cohort/run/settings.h"

/* Below the folder of results. */
#define DN_LONGITUDINAL_FOLDER "longitudinal"

/* Texts are borrowed. */
typedef struct dn_persons_options {
    const char *dataset, *output;
    const char *const *participants; /* labels, with or without "sub-" */
    size_t participant_count;        /* 0: all */
    dn_run_settings settings;        /* structures, precision and memory are used */
    int shard, shards;               /* only each shards-th person, from the shard-th (1..shards) on; 0, 0: all */
    bool count_rejected;             /* scans that quality control rejected are taken, too */
    bool again;                      /* also persons that are done */
    bool dry;                        /* only lists what would be done */
    const dn_line_sink *results;     /* gets the list of a dry run, "sub-01<tab>measure|done|skipped<tab>reason" */
} dn_persons_options;

typedef enum {
    DN_PERSON_UNMEASURED,
    DN_PERSON_STALE, /* measured, from other scans, or of fewer sessions, than those that count now */
    DN_PERSON_DONE
} dn_person_state;
/* What is known of the change of one person, scans from to end of a roster whose scans were chosen (group/choice.h). *accepted: quality
 * control rejected none of its sessions. DN_ENOMEM. */
DN_CHECKED dn_status dn_person_look(const dn_roster *cohort, size_t from, size_t end, dn_person_state *state, bool *accepted);

/* DN_OK: all persons with two sessions are done. DN_EQUALITY: all are done, and a session was rejected by quality control. DN_EPARTIAL:
 * some could not be measured, or are being measured by another run. DN_EINPUT: OUTPUT has no results of `participant`. DN_EUSAGE: OUTPUT is
 * of another data set, or a label that has no results. DN_EDATA: no person has two sessions. DN_EIO, DN_ENOMEM, DN_ECANCELLED: what is done
 * stays. */
DN_CHECKED dn_status dn_run_persons(const dn_persons_options *options);

#endif
