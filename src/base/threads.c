#define _GNU_SOURCE
#include "base/threads.h"

#include "base/cgroup.h"

#include <limits.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/* The first number of a variable like OMP_NUM_THREADS ("4", "4,2"); 0: not set, or not one. */
static int number_of(const char *variable)
{
    const char *text = getenv(variable);
    char *end;
    if (text == NULL) {
        return 0;
    }
    long value = strtol(text, &end, 10);
    return end != text && (*end == '\0' || *end == ',' || *end == ' ') && value > 0 && value <= INT_MAX ? (int)value : 0;
}

int dn_threads_available(void)
{
    cpu_set_t set;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        cores = CPU_COUNT(&set);
    }
    const int limits[] = {dn_cgroup_cores(""), number_of("OMP_NUM_THREADS"), number_of("SLURM_CPUS_PER_TASK")};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; ++i) {
        cores = limits[i] > 0 && limits[i] < cores ? limits[i] : cores;
    }
    return cores > 0 ? (int)cores : 1;
}

static int configured;
static _Thread_local int of_this_thread;

void dn_threads_set(int n)
{
    configured = n > 0 ? n : dn_threads_available();
    omp_set_num_threads(configured);
}

/* Each waits until all have been started: only threads that live side by side say how many may. */
static void *wait_for(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

int dn_threads_try(void)
{
    enum { MOST = 1024 };
    static pthread_t threads[MOST];
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    const int wanted = dn_threads_get();
    int started = 0;
    pthread_mutex_lock(&gate);
    while (started + 1 < wanted && started < MOST && pthread_create(&threads[started], NULL, wait_for, &gate) == 0) {
        ++started;
    }
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < started; ++i) {
        pthread_join(threads[i], NULL);
    }
    if (started < MOST && started + 1 < wanted) {
        dn_threads_set(started + 1);
    }
    return dn_threads_get();
}

void dn_threads_limit_this(int n)
{
    of_this_thread = n;
    omp_set_num_threads(n > 0 ? n : dn_threads_get());
}

int dn_threads_get(void)
{
    if (of_this_thread > 0) {
        return of_this_thread;
    }
    return configured > 0 ? configured : dn_threads_available();
}
