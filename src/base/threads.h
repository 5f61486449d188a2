/* Number of OpenMP threads: one process-wide setting, so that our loops and oneDNN use the same team. */
#ifndef DN_BASE_THREADS_H
#define DN_BASE_THREADS_H

/* Cores this process may use, at least 1: its affinity mask, the quota of its control groups (version 1 and 2), and where they are set and
 * lower OMP_NUM_THREADS and SLURM_CPUS_PER_TASK. */
int dn_threads_available(void);
/* n <= 0: dn_threads_available(). */
void dn_threads_set(int n);
int dn_threads_get(void);
/* Starts as many threads as are set, and ends them: where a limit on processes allows fewer, that is what is set from now on (OpenMP would
 * end the program instead). Returns what is set. */
int dn_threads_try(void);
/* For the calling thread alone, and what it calls: a worker that has siblings takes 1. n <= 0 lifts it. */
void dn_threads_limit_this(int n);

#endif
