/* Ctrl-C, a reader that went away, and a library that aborts. */
#define _GNU_SOURCE
#include "cli/terminal/signals.h"

#include "base/file.h"
#include "base/job.h"
#include "train/parallel/parallel.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* One of several processes of a training: mpirun sends each signal twice, to the process and to its group. */
static volatile sig_atomic_t launched;

/* First Ctrl-C: work stops at its next step and cleans up after itself. Second: leave now, without temporaries. */
static void on_interrupt(int number)
{
    static volatile sig_atomic_t times;
    (void)number;
    if (times++ > 0 && launched) { /* the launcher itself ends what does not stop */
        return;
    }
    if (times > 1) {
        dn_child_stop_all();
        dn_file_remove_temporaries();
        _exit(dn_status_exit_code(DN_ECANCELLED));
    }
    dn_cancel_request();
    static const char text[] = "\ndien: stopping after this step; press Ctrl-C again to quit now\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
}

/* The reader of our output has gone, or a library aborted: what would happen anyway, but without temporaries. */
static void on_end(int number)
{
    dn_child_stop_all();
    dn_file_remove_temporaries();
    signal(number, SIG_DFL);
    raise(number);
}

void dn_signals_install(void)
{
    static const int interrupts[] = {SIGINT, SIGTERM, SIGHUP};
    launched = dn_parallel_started() > 1;
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof interrupts / sizeof *interrupts; ++i) {
        struct sigaction before;
        /* What is ignored stays ignored: nohup and a script's & ask for that. */
        if (sigaction(interrupts[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(interrupts[i], &action, NULL);
        }
    }
    action.sa_handler = on_end;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGABRT, &action, NULL);
    /* A file size limit then shows as a failed write, with a message, instead of a kill. */
    signal(SIGXFSZ, SIG_IGN);
}
