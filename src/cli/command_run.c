/* dien run: the BIDS App. */
#define _GNU_SOURCE
#include "base/words.h"
#include "cli/command.h"
#include "cli/measure_options.h"
#include "cli/scan_list.h"
#include "cohort/bids/choice.h"
#include "cohort/group/group.h"
#include "cohort/longitudinal/persons.h"
#include "cohort/run/run.h"
#include "cohort/slurm/slurm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "participant-label",
     .kind = DN_OPTION_TEXT,
     .value = "LABEL...",
     .many = true,
     .help = "only these participants, with or without sub-; after DATASET and the rest, because it takes all words up to the next option"},
    {.name = "session-label",
     .kind = DN_OPTION_TEXT,
     .value = "LABEL...",
     .many = true,
     .help = "only these sessions, with or without ses-"},
    {.name = "bids-filter",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "which scans, in the form of fMRIPrep's filter files: {\"t1w\": {\"acquisition\": \"mprage\", \"run\": 1}}"},
    {.name = "series",
     .kind = DN_OPTION_TEXT,
     .value = "SERIES|FILE",
     .help =
         "of DICOM files: number of the series to measure, or a part of its description, for all scans; or a table (.tsv) with the columns "
         "participant_id, series and, where there are sessions, session_id (default: the T1-weighted series that suits best)"},
    DN_OPTION_JOBS(1024, " and memory for"),
    DN_OPTION_MEMORY_BUDGET("all of them together"),
    {.name = "shard",
     .kind = DN_OPTION_TEXT,
     .value = "I/N",
     .help = "only every N-th scan, from the I-th on (1/N to N/N): for any scheduler that starts N tasks"},
    {.name = "slurm",
     .kind = DN_OPTION_FLAG,
     .help = "submit this to Slurm instead: an array job, and after it the group's tables; with --dry-run the two scripts are printed"},
    {.name = "tasks",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .low = 1,
     .high = 1000,
     .help = "tasks of Slurm's array (default: each about a quarter of an hour)"},
    {.name = "partition", .kind = DN_OPTION_TEXT, .value = "NAME", .help = "Slurm's partition (default: that of the cluster)"},
    {.name = "account", .kind = DN_OPTION_TEXT, .value = "NAME", .help = "Slurm's account (default: the user's)"},
    {.name = "time",
     .kind = DN_OPTION_TEXT,
     .value = "HH:MM:SS",
     .help = "time limit of a task in Slurm (default: twice what the slowest scan of this folder took, for each scan)"},
    {.name = "task-memory",
     .kind = DN_OPTION_TEXT,
     .value = "SIZE",
     .help = "memory of a task in Slurm, as 2G (default: what the largest scan takes, and a quarter more)"},
    {.name = "retry", .kind = DN_OPTION_FLAG, .help = "also scans that could not be measured in an earlier run and have not changed since"},
    {.name = "again", .kind = DN_OPTION_FLAG, .help = "also scans that are measured already"},
    {.name = "mix-versions", .kind = DN_OPTION_FLAG, .help = "results of another version of dien may be in OUTPUT"},
    {.name = "dry-run", .kind = DN_OPTION_FLAG, .help = "only list what would be done, and why"},
    {.name = "group",
     .kind = DN_OPTION_TEXT,
     .value = "COLUMN",
     .help = "group: column of participants.tsv that names the groups to be compared (default: group, diagnosis or dx, if there is one)"},
    {.name = "control",
     .kind = DN_OPTION_TEXT,
     .value = "NAME",
     .help = "group: the reference group (default: one named control, CON, HC or the like)"},
    {.name = "count-rejected",
     .kind = DN_OPTION_FLAG,
     .help = "group: scans that quality control rejected count in distributions, outliers and the comparison of groups; longitudinal: they "
             "are measured, too"},
    DN_MEASURE_OPTIONS,
    {.name = NULL},
};

/* "2/10". */
static dn_status read_shard(const char *text, dn_run_options *out)
{
    int used = 0;
    if (text == NULL) {
        return DN_OK;
    }
    if (sscanf(text, "%d/%d%n", &out->shard, &out->shards, &used) != 2 || text[used] != '\0' || out->shard < 1 ||
        out->shards < out->shard) {
        DN_FAIL(DN_EUSAGE, "--shard takes I/N with I from 1 to N, as 2/10, not '%s'", text);
    }
    return DN_OK;
}

/* Without slashes at the end; owned. */
static char *folder_name(const char *text)
{
    char *name = strdup(text);
    for (size_t n = name != NULL ? strlen(name) : 0; n > 1 && name[n - 1] == '/'; --n) {
        name[n - 1] = '\0';
    }
    return name;
}

/* What is the scheduler's, or this process's alone; the tasks get the rest. */
static const char *const not_for_tasks[] = {"slurm",   "tasks", "partition",     "account", "time",  "task-memory",
                                            "dry-run", "jobs",  "memory-budget", "shard",   "quiet", NULL};

static dn_status submit(const dn_arguments *arguments, const dn_run_options *how)
{
    dn_slurm_options slurm = {.dataset = how->dataset,
                              .output = how->output,
                              .partition = dn_arguments_text(arguments, "partition"),
                              .account = dn_arguments_text(arguments, "account"),
                              .time = dn_arguments_text(arguments, "time"),
                              .memory = dn_arguments_text(arguments, "task-memory"),
                              .tasks = (int)dn_arguments_integer(arguments, "tasks"),
                              .dry = how->dry,
                              .lines = how->results};
    char **words = NULL;
    dn_run_survey survey;
    dn_run_options look = *how;
    look.results = NULL; /* a dry run lists the scripts, not the scans */
    if (how->again || how->shards > 0) {
        DN_FAIL(DN_EUSAGE, "--slurm cannot go with --again or --shard: its tasks are shards, and may start several times");
    }
    DN_TRY(dn_run_look(&look, &survey));
    DN_TRY(dn_arguments_words(arguments, not_for_tasks, &words, &slurm.word_count));
    slurm.words = (const char *const *)words;
    const dn_status status = dn_slurm_submit(&slurm, &survey);
    dn_arguments_words_release(words);
    return status;
}

/* Labels and shard of the persons. */
static dn_status longitudinal(const dn_arguments *arguments, const char *dataset, const char *output)
{
    const dn_line_sink lines = dn_print_lines();
    char **people = NULL;
    dn_run_options shard = {.shards = 0};
    dn_persons_options how = {.dataset = dataset,
                              .output = output,
                              .settings = {.structures = dn_arguments_text(arguments, "structures"),
                                           .precision = dn_measure_precision(arguments),
                                           .memory_gb = dn_arguments_real(arguments, "memory")},
                              .count_rejected = dn_arguments_flag(arguments, "count-rejected"),
                              .again = dn_arguments_flag(arguments, "again"),
                              .dry = dn_arguments_flag(arguments, "dry-run"),
                              .results = &lines};
    DN_TRY(read_shard(dn_arguments_text(arguments, "shard"), &shard));
    how.shard = shard.shard;
    how.shards = shard.shards;
    DN_TRY(dn_split_list(dn_arguments_text(arguments, "participant-label"), &people, &how.participant_count));
    how.participants = (const char *const *)people;
    const dn_status status = dn_run_persons(&how);
    free(people);
    return status;
}

static dn_status participants(const dn_arguments *arguments, const char *dataset, const char *output)
{
    const dn_line_sink lines = dn_print_lines();
    dn_bids_choice choice = {0};
    dn_run_options how = {.dataset = dataset,
                          .output = output,
                          .series = dn_arguments_text(arguments, "series"),
                          .settings = dn_measure_settings(arguments),
                          .jobs = (int)dn_arguments_integer(arguments, "jobs"),
                          .threads = (int)dn_arguments_integer(arguments, "threads"),
                          .budget_gb = dn_arguments_real(arguments, "memory-budget"),
                          .again = dn_arguments_flag(arguments, "again"),
                          .retry = dn_arguments_flag(arguments, "retry"),
                          .mix = dn_arguments_flag(arguments, "mix-versions"),
                          .dry = dn_arguments_flag(arguments, "dry-run"),
                          .results = &lines};
    DN_TRY(read_shard(dn_arguments_text(arguments, "shard"), &how));
    dn_status status = dn_bids_choice_read(dn_arguments_text(arguments, "participant-label"), dn_arguments_text(arguments, "session-label"),
                                           dn_arguments_text(arguments, "bids-filter"), &choice);
    how.wanted = choice.wanted;
    if (status == DN_OK) {
        status = dn_arguments_flag(arguments, "slurm") ? submit(arguments, &how) : dn_run_participants(&how);
    }
    dn_bids_choice_release(&choice);
    return status;
}

enum { LEVEL_PARTICIPANT, LEVEL_LONGITUDINAL, LEVEL_GROUP };

/* Options of the other level have no effect: they are refused, so that nobody believes they had one. Those about resources are harmless,
 * and callers of BIDS Apps give them at both levels. */
static dn_status check_level(const dn_arguments *arguments, int level)
{
    static const char *const of_group[] = {"group", "control", "count-rejected", NULL};
    static const char *const of_longitudinal[] = {"participant-label", "shard",     "again",          "dry-run",
                                                  "structures",        "precision", "count-rejected", NULL};
    static const char *const harmless[] = {"jobs", "threads", "memory", "memory-budget", NULL};
    for (const dn_option *option = options; option->name != NULL; ++option) {
        const bool group = dn_is_among(option->name, of_group);
        const bool fits = level == LEVEL_GROUP ? group : level == LEVEL_LONGITUDINAL ? dn_is_among(option->name, of_longitudinal) : !group;
        if (!fits && !dn_is_among(option->name, harmless) && dn_arguments_given(arguments, option->name)) {
            DN_FAIL(DN_EUSAGE, "--%s is an option of 'dien run DATASET OUTPUT %s'", option->name, group ? "group" : "participant");
        }
    }
    return DN_OK;
}

static dn_status group(const dn_arguments *arguments, const char *dataset, const char *output)
{
    return dn_run_group(&(dn_run_group_options){.dataset = dataset,
                                                .output = output,
                                                .group = dn_arguments_text(arguments, "group"),
                                                .control = dn_arguments_text(arguments, "control"),
                                                .count_rejected = dn_arguments_flag(arguments, "count-rejected")});
}

static dn_status run(const dn_arguments *arguments)
{
    static const char *const levels[] = {"participant", "longitudinal", "group", NULL};
    int level = 0;
    DN_TRY(dn_choice_of("the third argument", dn_arguments_at(arguments, 2), levels, &level));
    DN_TRY(check_level(arguments, level));
    char *dataset = folder_name(dn_arguments_at(arguments, 0)), *output = folder_name(dn_arguments_at(arguments, 1));
    dn_status status = dataset == NULL || output == NULL ? dn_error_set(DN_ENOMEM, "not enough memory for the folders' names")
                       : level == LEVEL_PARTICIPANT      ? participants(arguments, dataset, output)
                       : level == LEVEL_LONGITUDINAL     ? longitudinal(arguments, dataset, output)
                                                         : group(arguments, dataset, output);
    free(dataset);
    free(output);
    return status;
}

const dn_command dn_command_run = {
    .name = "run",
    .summary = "measure all scans of a data set (BIDS or DICOM)",
    .positional = "DATASET OUTPUT participant|longitudinal|group",
    .positional_min = 3,
    .positional_max = 3,
    .options = options,
    .description =
        "participant: measures every T1w scan of a BIDS data set, several at a time, as 'dien segment' does. OUTPUT becomes a BIDS "
        "derivative: results are in OUTPUT/sub-.../[ses-.../]anat, and OUTPUT/status says for each scan what it was measured with, or why "
        "it could not be. The same command again does only what is left: new scans, scans that have changed, and those that were measured "
        "with other options, networks or another version. A scan that cannot be measured never stops the others. Several runs may work in "
        "one OUTPUT at the same time.\n\n"
        "DATASET may also hold DICOM files: a folder or an archive (zip, tar) per person, with a folder or an archive per session in it "
        "where "
        "there are several, or such a folder sourcedata in a BIDS data set without T1w images. Labels come from the names of the folders, "
        "and "
        "OUTPUT/dicom_sources.tsv says which became which; a name that says who the person is does not reach OUTPUT. The T1-weighted "
        "series "
        "is chosen as for 'dien segment', and each scan's record in OUTPUT/status says why.\n\n"
        "Each scan is measured by one thread, unless --threads is given: several scans at a time are faster than several threads for one "
        "scan.\n\n"
        "longitudinal: measures every person with two sessions or more in one frame, after participant, as 'dien longitudinal' does, and "
        "writes "
        "into OUTPUT/longitudinal/sub-.... One scan per session is taken, as for the group's tables; times come from acq_time in the data "
        "set's "
        "tables of scans and sessions. One person after the other; --shard divides the persons.\n\n"
        "group: reads the results of all scans in OUTPUT, and no scan, and writes into OUTPUT/group: scans.tsv (what became of each scan), "
        "volumes_wide.tsv and volumes_long.tsv, outliers.tsv, each with a JSON file that says what its columns mean, and report.html with "
        "counts, failed and rejected scans, distributions, outliers, pictures, and the comparison of the groups of participants.tsv. Of "
        "several scans of a session the tables take one: an accepted one before a rejected one, then the best score, then the first by "
        "name. If longitudinal was run, longitudinal.tsv has the change per person and structure.\n\n"
        "Exit codes: 0 all measured, now or before; 2 wrong use; 3 the data set or the networks cannot be read; 4 all measured, but some "
        "scans failed quality control; 5 not enough memory or disk; 6 some scans could not be measured, the others are done. "
        "group: 0 written, also if scans failed or were rejected before: the report names them; 3 no results there, or none with volumes; "
        "6 "
        "written, but some results are damaged and not counted.",
    .examples = "dien run bids bids/derivatives/dien participant\n"
                "dien run bids out participant --participant-label 01 02 --session-label baseline\n"
                "dien run bids out participant --shard 3/20 --jobs 4\n"
                "dien run exports out participant --series series.tsv\n"
                "dien run bids bids/derivatives/dien longitudinal\n"
                "dien run bids bids/derivatives/dien group",
    .run = run,
};
