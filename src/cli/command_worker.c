/* dien worker: the process that `dien run` and the page start to measure scans (cohort/run/worker.h). Not for people: help does not list
 * it. */
#define _GNU_SOURCE
#include "cli/command.h"
#include "cohort/run/worker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Answers go where standard output was; what a library prints there goes to standard error. */
static dn_status run(const dn_arguments *arguments)
{
    (void)arguments;
    const int answers = dup(STDOUT_FILENO);
    FILE *out = answers >= 0 ? fdopen(answers, "w") : NULL;
    if (out == NULL || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        DN_FAIL(DN_EIO, "the worker cannot write its answers: %s", strerror(errno));
    }
    dn_status status = dn_worker_serve(stdin, out);
    fclose(out);
    return status;
}

const dn_command dn_command_worker = {
    .name = "worker",
    .summary = "measure scans that another process names",
    .description = "Started by 'dien run'. It reads requests, one JSON object per line, and answers in the same way.",
    .run = run,
};
