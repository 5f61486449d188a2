/* Number of OpenMP threads: one process-wide setting, so that our loops and oneDNN use the same team. */
#ifndef DN_BASE_THREADS_H
#define DN_BASE_THREADS_H

/* Cores this process may use (its affinity mask and cgroup quota), at least 1. */
int dn_threads_available(void);
/* n <= 0: dn_threads_available(). */
void dn_threads_set(int n);
int dn_threads_get(void);
/* For the calling thread alone, and what it calls: a worker that has siblings takes 1. n <= 0 lifts it. */
void dn_threads_limit_this(int n);

#endif
