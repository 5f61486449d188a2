/* What the processes of a run decide together, by sums; and what the launcher says about their number. */
#include "train/parallel/parallel.h"

#include "base/memory.h"

#include <stdlib.h>

int dn_parallel_started(void)
{
    static const char *const direct[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};
    for (size_t i = 0; i < sizeof direct / sizeof *direct; ++i) {
        const char *text = getenv(direct[i]);
        if (text != NULL) {
            return atoi(text) > 1 ? atoi(text) : 1;
        }
    }
    /* srun --mpi=pmix tells each process its rank; SLURM_NTASKS alone also stands in batch scripts, which are one process. */
    const char *tasks = getenv("PMIX_RANK") != NULL ? getenv("SLURM_NTASKS") : NULL;
    return tasks != NULL && atoi(tasks) > 1 ? atoi(tasks) : 1;
}

dn_status dn_peers_agree(const dn_peers *peers, dn_status status, bool *mine)
{
    double *all = NULL;
    if (mine != NULL) {
        *mine = status != DN_OK;
    }
    if (peers == NULL) {
        return status;
    }
    DN_TRY(dn_alloc(&all, (size_t)peers->count, sizeof *all, "the processes' results"));
    all[peers->rank] = (double)status;
    const dn_status talk = peers->sum(peers->user, all, peers->count);
    int first = 0;
    while (talk == DN_OK && first < peers->count && all[first] == 0.0) {
        ++first;
    }
    const dn_status worst = talk == DN_OK && first < peers->count ? (dn_status)all[first] : talk;
    free(all);
    if (mine != NULL) {
        *mine = worst != DN_OK && (talk != DN_OK || first == peers->rank);
    }
    if (worst != DN_OK && status == DN_OK && talk == DN_OK) {
        return dn_error_set(worst, "process %d of %d failed", first + 1, peers->count);
    }
    return worst;
}

dn_status dn_peers_any(const dn_peers *peers, bool here, bool *any)
{
    double sum = here ? 1.0 : 0.0;
    if (peers != NULL) {
        DN_TRY(peers->sum(peers->user, &sum, 1));
    }
    *any = sum > 0.0;
    return DN_OK;
}
