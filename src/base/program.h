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
void dn_program_end_release(dn_program_end *end);

/* Starts a program in a process group of its own, with these files as its input, output and errors (-1: /dev/null for the input, ours for
 * the others), and leaves the rest to the caller. search: the program is looked for in PATH. Returns an errno; 0: *process runs. */
int dn_program_spawn(const char *const *arguments, const char *program, bool search, const int files[3], pid_t *process);

#endif
