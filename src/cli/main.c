/* The program: finds the command, runs it as a job, and turns a status into a message and an exit code. */
#define _GNU_SOURCE
#include "base/job.h"
#include "base/json.h"
#include "base/status.h"
#include "base/threads.h"
#include "cli/arguments/options.h"
#include "cli/command.h"
#include "cli/help/help.h"
#include "cli/terminal/clean_output.h"
#include "cli/terminal/remedy.h"
#include "cli/terminal/report_stderr.h"
#include "cli/terminal/signals.h"

#include <limits.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <string.h>

static int finish(dn_status status)
{
    dn_report_finish();
    if (fflush(stdout) != 0 && status == DN_OK) {
        status = dn_error_set(DN_EIO, "cannot write to standard output; is the disk full?");
    }
    if (status != DN_OK) {
        const char *message = dn_error_message();
        fprintf(stderr, "dien: %s%s\n", *message != '\0' ? message : dn_status_text(status), dn_remedy_clause());
    }
    return dn_status_exit_code(status);
}

/* All the threads that the user asked for, or that can be had. */
static void set_threads(dn_job *job, int wanted)
{
    dn_job_set_threads(job, wanted);
    wanted = dn_threads_get();
    dn_job_set_threads(job, dn_threads_try(wanted));
    if (dn_threads_get() < wanted) {
        dn_log(DN_LOG_WARNING,
               "only %d of %d threads can be started (a limit on processes or memory: ulimit, or of the container); continuing with these",
               dn_threads_get(), wanted);
    }
}

static dn_status work(dn_job *job, const dn_command *command, const dn_arguments *arguments)
{
    DN_TRY(dn_arguments_protect(arguments));
    set_threads(job, (int)dn_arguments_integer(arguments, "threads"));
    dn_signals_install();
    dn_status status = command->run(arguments);
    if (dn_json_starved() && status != DN_ENOMEM && status != DN_ECANCELLED) {
        status = dn_error_set(DN_ENOMEM,
                              "not enough memory for a JSON text, so the files may be incomplete; close other programs and run it again");
    }
    return status;
}

static dn_status run(const dn_command *command, int argc, char **argv)
{
    dn_arguments *arguments = NULL;
    DN_TRY(dn_arguments_parse(command, argc, argv, &arguments));
    const dn_job_sink sink = dn_report_sink(dn_arguments_flag(arguments, "quiet")     ? DN_REPORT_QUIET
                                            : dn_arguments_flag(arguments, "verbose") ? DN_REPORT_VERBOSE
                                                                                      : DN_REPORT_NORMAL);
    dn_job job;
    dn_job_init(&job, &sink);
    dn_job *before = dn_job_enter(&job);
    dn_status status = work(&job, command, arguments);
    dn_job_leave(before);
    dn_job_release(&job);
    dn_arguments_destroy(arguments);
    return status;
}

/* The subcommand that argv[0] names; *out is the command itself when it names none. */
static dn_status choose_subcommand(const dn_command *parent, int argc, char **argv, const dn_command **out)
{
    *out = parent;
    if (argc > 0 && argv[0][0] == '-') { /* an option that does not exist is the first fault */
        dn_arguments *arguments = NULL;
        dn_status status = dn_arguments_parse(parent, argc, argv, &arguments);
        dn_arguments_destroy(arguments);
        DN_TRY(status);
    }
    return dn_subcommand_find_near(parent, argc > 0 ? argv[0] : NULL, out);
}

/* A run takes and gives back large blocks one after the other: networks, posteriors, pictures. Given back to the system, each of their
 * pages would be fetched and cleared again, which costs as much as the arithmetic; kept, the next block lies where the last one was. */
static void keep_memory(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_MAX, 0);
    (void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

int main(int argc, char **argv)
{
    keep_memory();
    dn_clean_output_install();
    if (argc < 2) {
        dn_help_program(stderr);
        return dn_status_exit_code(DN_EUSAGE);
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        printf("dien %s\n", DIEN_VERSION);
        return finish(DN_OK);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        dn_help_program(stdout);
        return finish(DN_OK);
    }
    const dn_command *command;
    dn_status status = dn_command_find_near(name, &command);
    if (status != DN_OK) {
        return finish(status);
    }
    argc -= 2;
    argv += 2;
    if (command->subcommands != NULL) {
        const dn_command *parent = command;
        status = choose_subcommand(parent, argc, argv, &command);
        argc -= command != parent;
        argv += command != parent;
    }
    if (dn_arguments_ask_help(argc, argv)) {
        dn_help_command(stdout, command);
        return finish(DN_OK);
    }
    return finish(status == DN_OK ? run(command, argc, argv) : status);
}
