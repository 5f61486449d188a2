/* Another program, run to its end: without a shell, in a process group of its own (the terminal's Ctrl-C is for us, and we stop it), with
 * nothing to read, and both of its outputs collected. */
#ifndef DN_BASE_PROGRAM_H
#define DN_BASE_PROGRAM_H

#include "base/status.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct dn_program_end {
    bool missing; /* it is not in PATH */
    bool late;    /* it took longer than it may, and was stopped */
    int code;     /* its exit code; 128 + number of the signal that ended it */
    char *output; /* owned; what it said, at most the first megabyte; never NULL */
} dn_program_end;

/* arguments: NULL-terminated, the first is the program, looked for in PATH. seconds: how long it may take.
 * DN_ECANCELLED: the user stopped it. DN_ENOMEM: it cannot be started. Release with dn_program_end_release. */
DN_CHECKED dn_status dn_program_run(const char *const *arguments, double seconds, dn_program_end *out);
/* The same in another working folder and with another environment ("NAME=value", NULL-terminated); NULL: ours. */
DN_CHECKED dn_status dn_program_run_in(const char *folder, char *const *environment, const char *const *arguments, double seconds,
                                       dn_program_end *out);
void dn_program_end_release(dn_program_end *end);

/* How a program is started. */
typedef struct dn_program_start {
    const char *const *arguments; /* NULL-terminated */
    const char *program;          /* looked for in PATH unless it has a slash */
    int files[3];                 /* its input, output and errors; -1: /dev/null for the input, ours for the others */
    const char *folder;           /* NULL: ours */
    char *const *environment;     /* NULL: ours */
} dn_program_start;

/* Starts a program in a process group of its own, and leaves the rest to the caller. Returns an errno; 0: *process runs. */
int dn_program_spawn(const dn_program_start *start, pid_t *process);

#endif
