/* `dien run ... participant --slurm`: an array job that measures a data set, and a job that makes the tables of the group when all its
 * tasks have ended. Each task is the same command with --shard, so any other scheduler can do the same. A task that is stopped by its time
 * limit or loses its node is put back into the queue, and goes on where it was. */
#ifndef DN_COHORT_SLURM_SLURM_H
#define DN_COHORT_SLURM_SLURM_H

#include "cohort/batch.h"
#include "cohort/run/run.h"

typedef struct dn_slurm_options {
    const char *program;          /* path of dien, as all nodes have it; NULL: of the program that runs */
    const char *dataset, *output; /* as typed */
    const char *const *words;     /* the other words of the command that each task runs */
    size_t word_count;
    const char *const *group_words; /* and of the group's */
    size_t group_word_count;
    const char *partition, *account; /* NULL: Slurm's default */
    const char *time, *memory;       /* in Slurm's form; NULL: from what was measured */
    int tasks;                       /* 0: so many that each takes about a quarter of an hour */
    bool dry;                        /* the scripts go to `lines` and nothing is written or submitted */
    const dn_line_sink *lines;
} dn_slurm_options;

/* Writes OUTPUT/slurm/participant.sh and group.sh, and submits them; lines gets "JOB participant" and "JOB group". DN_EDATA: nothing is
 * left to do; DN_EINPUT: there is no sbatch, or it refuses (its own words are in the message); DN_EIO. */
DN_CHECKED dn_status dn_slurm_submit(const dn_slurm_options *options, const dn_run_survey *survey);

#endif
