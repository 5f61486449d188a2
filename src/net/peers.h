/* The other processes of a training run that shares its batches out, as a network knows them: sums over all of them.
 *
 * Each process has the same network and its own part of the batch. What one process would add up over the whole batch (losses, the
 * statistics of batch norms, gradients) is added up over the processes, so that all take the same step. How they talk is the caller's
 * (train/parallel). Every process calls the same functions in the same order; a failure (DN_ECANCELLED, or a process that is gone) ends the
 * run, since sums may be half made. */
#ifndef DN_NET_PEERS_H
#define DN_NET_PEERS_H

#include "base/status.h"

#include <stdint.h>

typedef struct dn_peers {
    int rank, count; /* this process, from 0; all */
    void *user;
    /* Sums values over all processes in place, to the same bits in each; waits. */
    dn_status (*sum)(void *user, double *values, int64_t count);
    /* Begins the same for an array that rests until `finish`, and returns. */
    dn_status (*begin)(void *user, float *values, int64_t count);
    /* Waits until all that was begun is summed. */
    dn_status (*finish)(void *user);
} dn_peers;

#endif
