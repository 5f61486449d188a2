/* A build without MPI: one process, and a sentence where several were started. */
#ifndef DIEN_HAVE_MPI
#include "train/parallel/parallel.h"

#include <stddef.h>

dn_status dn_parallel_join(dn_parallel **out)
{
    *out = NULL;
    if (dn_parallel_started() > 1) {
        DN_FAIL(DN_EUSAGE,
                "%d processes were started, but this program was built without MPI, so each would train alone; install libopenmpi-dev and "
                "build it again, or start one process",
                dn_parallel_started());
    }
    return DN_OK;
}

const dn_peers *dn_parallel_peers(const dn_parallel *parallel)
{
    (void)parallel;
    return NULL;
}

void dn_parallel_leave(dn_parallel *parallel, bool together)
{
    (void)parallel;
    (void)together;
}
#else
typedef int dn_parallel_is_in_mpi_c; /* a file must not be empty */
#endif
