/* Sums over the processes of a run by MPI: each is begun at once (MPI_Iallreduce) and waited for in small steps, so that Ctrl-C and the end
 * of another process are noticed. */
#ifdef DIEN_HAVE_MPI
#define _GNU_SOURCE
#include "train/parallel/parallel.h"

#include "base/job.h"
#include "base/memory.h"

#include <limits.h>
#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

struct dn_parallel {
    dn_peers peers;
    MPI_Request *requests; /* of sums that were begun */
    int pending, room;
    bool broken; /* sums were given up */
};

static dn_status check(dn_parallel *p, int code)
{
    if (code == MPI_SUCCESS) {
        return DN_OK;
    }
    char text[MPI_MAX_ERROR_STRING] = "";
    int length;
    p->broken = true;
    MPI_Error_string(code, text, &length);
    DN_FAIL(DN_EIO, "the processes of this training run cannot talk to each other any more (MPI: %s)", text);
}

/* Spins for what is nearly there, then leaves the core to those who compute. */
static void pause_for(int turn)
{
    if (turn < 200) {
        sched_yield();
    } else {
        const struct timespec moment = {.tv_nsec = 20000};
        nanosleep(&moment, NULL);
    }
}

static dn_status wait_for(dn_parallel *p, int count, MPI_Request *requests)
{
    for (int turn = 0;; turn += turn < INT_MAX) {
        int done = 0;
        DN_TRY(check(p, MPI_Testall(count, requests, &done, MPI_STATUSES_IGNORE)));
        if (done) {
            return DN_OK;
        }
        if (dn_cancel_requested()) {
            p->broken = true;
            DN_FAIL(DN_ECANCELLED, "stopped while this process waited for the others of the training run");
        }
        pause_for(turn);
    }
}

static dn_status sum(void *user, double *values, int64_t count)
{
    dn_parallel *p = user;
    MPI_Request request;
    DN_TRY(check(p, MPI_Iallreduce(MPI_IN_PLACE, values, (int)count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD, &request)));
    return wait_for(p, 1, &request);
}

static dn_status begin_part(dn_parallel *p, float *values, int count)
{
    if (p->pending == p->room) {
        const int room = p->room > 0 ? 2 * p->room : 64;
        DN_TRY(dn_realloc(&p->requests, (size_t)room, sizeof *p->requests, "sums over processes"));
        p->room = room;
    }
    DN_TRY(check(p, MPI_Iallreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD, &p->requests[p->pending])));
    ++p->pending;
    int done;
    /* What was begun moves on only while MPI is called. */
    return check(p, MPI_Testall(p->pending, p->requests, &done, MPI_STATUSES_IGNORE));
}

static dn_status begin(void *user, float *values, int64_t count)
{
    for (int64_t at = 0; at < count; at += INT_MAX / 2) {
        const int64_t left = count - at;
        DN_TRY(begin_part(user, values + at, left < INT_MAX / 2 ? (int)left : INT_MAX / 2));
    }
    return DN_OK;
}

static dn_status finish(void *user)
{
    dn_parallel *p = user;
    DN_TRY(wait_for(p, p->pending, p->requests));
    p->pending = 0;
    return DN_OK;
}

dn_status dn_parallel_join(dn_parallel **out)
{
    int given;
    dn_parallel *p;
    *out = NULL;
    if (dn_parallel_started() < 2) {
        return DN_OK; /* MPI_Init alone costs a tenth of a second and a helper process */
    }
    DN_TRY(dn_alloc(&p, 1, sizeof *p, "a training run in several processes"));
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &given) != MPI_SUCCESS || given < MPI_THREAD_FUNNELED) {
        free(p);
        DN_FAIL(DN_EIO, "MPI does not start; is this the mpirun of the MPI with which the program was built?");
    }
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &p->peers.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &p->peers.count);
    if (p->peers.count < 2) {
        const int count = dn_parallel_started();
        MPI_Finalize();
        free(p);
        DN_FAIL(DN_EUSAGE,
                "%d processes were started, but they do not find each other; use the mpirun of the MPI with which the program was built",
                count);
    }
    p->peers.user = p;
    p->peers.sum = sum;
    p->peers.begin = begin;
    p->peers.finish = finish;
    *out = p;
    return DN_OK;
}

const dn_peers *dn_parallel_peers(const dn_parallel *parallel)
{
    return parallel != NULL ? &parallel->peers : NULL;
}

void dn_parallel_leave(dn_parallel *parallel, bool together)
{
    if (parallel == NULL) {
        return;
    }
    if (together && !parallel->broken) {
        MPI_Finalize();
    }
    free(parallel->requests);
    free(parallel);
}
#else
typedef int dn_parallel_is_in_alone_c; /* a file must not be empty */
#endif
