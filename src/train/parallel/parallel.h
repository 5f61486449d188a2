/* A training run in several processes, which mpirun or srun has started: who the others are, and sums over all (net/peers.h).
 *
 *     dn_parallel_join(&parallel);                       NULL: this process is alone
 *     const dn_peers *peers = dn_parallel_peers(parallel);
 *     status = dn_peers_agree(peers, read_config());     all fail where one has failed
 *     ... training ...
 *     dn_parallel_leave(parallel, status);
 *
 * Only mpi.c includes mpi.h; a build without MPI has alone.c. Waiting for the others ends with DN_ECANCELLED when the job is asked to stop:
 * mpirun asks for that when one process has died. */
#ifndef DN_TRAIN_PARALLEL_H
#define DN_TRAIN_PARALLEL_H

#include "net/peers.h"

#include <stdbool.h>

typedef struct dn_parallel dn_parallel;

/* *out: NULL where one process was started; else owned by the caller (dn_parallel_leave). DN_EUSAGE: several were started, and this build
 * has no MPI. DN_EIO: MPI does not start. */
DN_CHECKED dn_status dn_parallel_join(dn_parallel **out);
/* Borrowed; NULL of NULL. */
const dn_peers *dn_parallel_peers(const dn_parallel *parallel);
/* Ends the connection in order if this process has not failed alone; else the process has to end, and the launcher ends the others. NULL is
 * allowed. */
void dn_parallel_leave(dn_parallel *parallel, bool together);

/* How many processes the launcher says it started (by the environment of OpenMPI and PMIx); 1 when it says nothing. */
int dn_parallel_started(void);

/* All processes get the status of the first that failed; *mine (NULL: not wanted): whether that is this one, whose message stands. Alone
 * (peers NULL) status comes back. DN_ECANCELLED: see above. */
DN_CHECKED dn_status dn_peers_agree(const dn_peers *peers, dn_status status, bool *mine);
/* *any: whether it is true in some process. */
DN_CHECKED dn_status dn_peers_any(const dn_peers *peers, bool here, bool *any);

#endif
