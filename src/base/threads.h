/* How many threads this process may have. The number for a piece of work belongs to its job (base/job.h: dn_threads_get). */
#ifndef DN_BASE_THREADS_H
#define DN_BASE_THREADS_H

/* Cores this process may use, at least 1: its affinity mask, the quota of its control groups (version 1 and 2), and where they are set and
 * lower OMP_NUM_THREADS and SLURM_CPUS_PER_TASK. */
int dn_threads_available(void);
/* Starts as many threads as are wanted, and ends them: where a limit on processes allows fewer, so many can be had (OpenMP would end the
 * program instead). wanted, or less, at least 1. */
int dn_threads_try(int wanted);

#endif
