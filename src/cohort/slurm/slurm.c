/* Job scripts for Slurm: how many tasks, how long, how much memory; written and submitted. */
#define _GNU_SOURCE
#include "cohort/slurm/slurm.h"

#include "base/file.h"
#include "base/install.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/program.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Slurm's usual MaxArraySize is 1001, the first one that is refused. */
enum { MOST_TASKS = 1000, RESTARTS = 3, WARNING_SECONDS = 60, SBATCH_SECONDS = 120 };

/* Seconds per scan with one thread where nothing has been measured yet in this folder: three times what the reference machine took (9 s,
 * docs/evidence/cohorts.md), since a node of a cluster may be slower and busy. */
static const double reference_seconds = 27.0;
/* Of the slowest scan that was measured here; and of the memory that one scan takes. */
static const double time_reserve = 2.0, memory_reserve = 1.25;
/* What a task should take, so that a queue with short limits takes it and its start does not count. */
static const double task_seconds = 900.0;

typedef struct shape {
    int tasks;
    char time[32], memory[32];
} shape;

static void set_shape(const dn_slurm_options *options, const dn_run_survey *survey, shape *out)
{
    const double each = survey->measured > 0 ? survey->seconds_most : reference_seconds;
    int tasks = options->tasks;
    if (tasks == 0) {
        tasks = (int)fmin(MOST_TASKS, ceil((double)survey->waiting * each / task_seconds));
    }
    /* Shards take every n-th scan of all, done or not: the fullest one has so many. */
    tasks = tasks > (int)survey->scans ? (int)survey->scans : tasks;
    out->tasks = tasks > 0 ? tasks : 1;
    const double per_task = fmin(ceil((double)survey->scans / out->tasks), (double)survey->waiting);
    const long minutes = (long)ceil((per_task * each * time_reserve + 2.0 * WARNING_SECONDS) / 60.0);
    snprintf(out->time, sizeof out->time, "%02ld:%02ld:00", minutes / 60, minutes % 60);
    snprintf(out->memory, sizeof out->memory, "%.0fM", ceil(memory_reserve * (double)survey->memory / 1048576.0));
    if (options->time != NULL) {
        snprintf(out->time, sizeof out->time, "%s", options->time);
    }
    if (options->memory != NULL) {
        snprintf(out->memory, sizeof out->memory, "%s", options->memory);
    }
}

/* ---- the scripts -------------------------------------------------------------------------------------------------- */

/* One word for the shell. */
static void put_word(FILE *to, const char *word)
{
    fputc('\'', to);
    for (const char *p = word; *p != '\0'; ++p) {
        *p == '\'' ? fputs("'\\''", to) : fputc(*p, to);
    }
    fputc('\'', to);
}

static void put_command(FILE *to, const dn_slurm_options *options, const char *level)
{
    const bool group = strcmp(level, "group") == 0;
    const char *const *words = group ? options->group_words : options->words;
    const size_t count = group ? options->group_word_count : options->word_count;
    put_word(to, options->program);
    fputs(" run ", to);
    put_word(to, options->dataset);
    fputc(' ', to);
    put_word(to, options->output);
    fprintf(to, " %s", level);
    for (size_t i = 0; i < count; ++i) {
        fputc(' ', to);
        put_word(to, words[i]);
    }
}

static void put_head(FILE *to, const dn_slurm_options *options, const char *level, const shape *of)
{
    const bool group = strcmp(level, "group") == 0;
    fprintf(to, "#!/bin/bash\n#SBATCH --job-name=dien-%s\n#SBATCH --cpus-per-task=1\n#SBATCH --open-mode=append\n", level);
    fputs("#SBATCH --output=\"", to);
    for (const char *p = options->output; *p != '\0'; ++p) { /* a lone % would be filled in by Slurm */
        fputs(*p == '%' ? "%%" : (const char[]){*p, '\0'}, to);
    }
    fprintf(to, "/slurm/%s.log\"\n", group ? "group" : "task-%a");
    fprintf(to, "#SBATCH --time=%s\n#SBATCH --mem=%s\n", group && options->time == NULL ? "01:00:00" : of->time,
            group && options->memory == NULL ? "1024M" : of->memory);
    if (options->partition != NULL) {
        fprintf(to, "#SBATCH --partition=%s\n", options->partition);
    }
    if (options->account != NULL) {
        fprintf(to, "#SBATCH --account=%s\n", options->account);
    }
}

/* Slurm tells the shell before the time is over, the shell tells dien, which stops after its step and keeps what is done. */
static void put_participant(FILE *to, const dn_slurm_options *options, const shape *of)
{
    put_command(to, options, "participant");
    fprintf(to, " --jobs 1 --shard \"$SLURM_ARRAY_TASK_ID/%d\" &\n", of->tasks);
    fprintf(to,
            "child=$!\nstopped=0\ntrap 'stopped=1; kill -TERM $child 2>/dev/null' TERM\n"
            "wait $child\ncode=$?\nwhile kill -0 $child 2>/dev/null; do wait $child; code=$?; done\n"
            "# the time was over before the work was: once more, from where it was\n"
            "if [ $stopped = 1 ] && [ $code != 0 ] && [ \"${SLURM_RESTART_COUNT:-0}\" -lt %d ]; then\n"
            "    scontrol requeue \"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}\"\nfi\nexit $code\n",
            RESTARTS);
}

/* participant.sh or group.sh. */
static dn_status make_script(const dn_slurm_options *options, const shape *of, const char *level, char **out)
{
    const bool group = strcmp(level, "group") == 0;
    dn_text text = {0};
    char *here = getcwd(NULL, 0);
    dn_status status =
        here == NULL ? dn_error_set(DN_EINPUT, "cannot find out the working folder: %s", strerror(errno)) : dn_text_open(&text);
    if (status == DN_OK) {
        put_head(text.stream, options, level, of);
        if (!group) {
            fprintf(text.stream, "#SBATCH --array=1-%d\n#SBATCH --requeue\n#SBATCH --signal=B:TERM@%d\n", of->tasks, WARNING_SECONDS);
        }
        fputs("\ncd ", text.stream);
        put_word(text.stream, here);
        fputs(" || exit 3\n", text.stream);
        if (group) {
            put_command(text.stream, options, level);
            fputc('\n', text.stream);
        } else {
            put_participant(text.stream, options, of);
        }
        status = dn_text_take(&text, out);
    }
    free(here);
    return status;
}

/* ---- submitting --------------------------------------------------------------------------------------------------- */

/* after: the job that has to end first; NULL: none. job: its number. */
static dn_status submit(const char *script, const char *after, char job[32])
{
    char dependency[64];
    const char *words[] = {"sbatch", "--parsable", script, NULL, NULL};
    dn_program_end end = {0};
    if (after != NULL) {
        snprintf(dependency, sizeof dependency, "--dependency=afterany:%s", after);
        words[2] = dependency;
        words[3] = script;
    }
    DN_TRY(dn_program_run(words, SBATCH_SECONDS, &end));
    const size_t digits = strspn(end.output, "0123456789");
    dn_status status = DN_OK;
    if (end.missing) {
        status =
            dn_error_set(DN_EINPUT, "there is no sbatch here: run this on a machine that submits jobs to Slurm (the script is %s)", script);
    } else if (end.late) {
        status = dn_error_set(DN_EINPUT, "sbatch did not answer within %d s; is Slurm running?", SBATCH_SECONDS);
    } else if (end.code != 0 || digits == 0 || digits >= 32) {
        dn_text_make_line(end.output);
        status = dn_error_set(DN_EINPUT, "sbatch does not take %s: %s", script, end.output);
    } else {
        snprintf(job, 32, "%.*s", (int)digits, end.output);
    }
    dn_program_end_release(&end);
    return status;
}

static dn_status write_script(const char *output, const char *name, const char *text, char **path)
{
    char *folder = NULL;
    DN_TRY(dn_path_join(output, "slurm", &folder));
    dn_status status = dn_path_make_folder(folder);
    if (status == DN_OK) {
        status = dn_path_join(folder, name, path);
    }
    if (status == DN_OK) {
        status = dn_file_write_all(*path, text, strlen(text));
    }
    free(folder);
    return status;
}

static dn_status show(const dn_line_sink *lines, const char *name, const char *text)
{
    DN_TRY(dn_line_say(lines, "# %s", name));
    for (const char *p = text; *p != '\0';) {
        const size_t n = strcspn(p, "\n");
        DN_TRY(dn_line_say(lines, "%.*s", (int)n, p));
        p += n + (p[n] == '\n');
    }
    return DN_OK;
}

static dn_status write_and_submit(const dn_slurm_options *options, const char *participant, const char *group)
{
    char *first = NULL, *second = NULL;
    char array[32], after[32];
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, write_script(options->output, "participant.sh", participant, &first), done);
    DN_TRY_GOTO(status, write_script(options->output, "group.sh", group, &second), done);
    DN_TRY_GOTO(status, submit(first, NULL, array), done);
    DN_TRY_GOTO(status, dn_line_say(options->lines, "%s\tparticipant", array), done);
    DN_TRY_GOTO(status, submit(second, array, after), done);
    status = dn_line_say(options->lines, "%s\tgroup", after);
done:
    free(first);
    free(second);
    return status;
}

dn_status dn_slurm_submit(const dn_slurm_options *options, const dn_run_survey *survey)
{
    char *participant = NULL, *group = NULL;
    shape of;
    if (survey->waiting == 0) {
        DN_FAIL(DN_EDATA, "nothing is left to do: all %zu scans have been measured, or could not be", survey->scans);
    }
    if (strpbrk(options->output, "\"\\\n") != NULL) { /* as Slurm's directives have no way to write them */
        DN_FAIL(DN_EUSAGE,
                "the folder of the results has a quote, a backslash or a line's end in its name, which Slurm cannot take; name another");
    }
    set_shape(options, survey, &of);
    if (survey->measured > 0) {
        dn_log(DN_LOG_NOTE, "%zu of %zu scans are to be measured, in %d tasks; %zu measured here took %.0f s each (median), at most %.0f s",
               survey->waiting, survey->scans, of.tasks, survey->measured, survey->seconds, survey->seconds_most);
    } else {
        dn_log(DN_LOG_NOTE,
               "%zu of %zu scans are to be measured, in %d tasks; none was measured here yet, so three times the %.0f s of the reference "
               "machine are allowed for each",
               survey->waiting, survey->scans, of.tasks, reference_seconds / 3.0);
    }
    char *own = dn_install_program();
    dn_slurm_options how = *options;
    dn_status status = DN_OK;
    if (how.program == NULL && own == NULL) {
        DN_FAIL(DN_EINTERNAL, "cannot find the program's own path");
    }
    how.program = how.program != NULL ? how.program : own;
    DN_TRY_GOTO(status, make_script(&how, &of, "participant", &participant), done);
    DN_TRY_GOTO(status, make_script(&how, &of, "group", &group), done);
    if (how.dry) {
        DN_TRY_GOTO(status, show(how.lines, "participant.sh", participant), done);
        status = show(how.lines, "group.sh", group);
    } else {
        status = write_and_submit(&how, participant, group);
    }
done:
    free(participant);
    free(group);
    free(own);
    return status;
}
