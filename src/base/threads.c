/* The number of threads that the process may use, and the largest number that can be started. */
#define _GNU_SOURCE
#include "base/threads.h"

#include "base/cgroup.h"

#include <limits.h>
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

/* Each waits until all have been started: only threads that live side by side say how many may. */
static void *wait_for(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

int dn_threads_try(int wanted)
{
    enum { MOST = 1024 };
    pthread_t threads[MOST];
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    int started = 0;
    pthread_mutex_lock(&gate);
    while (started + 1 < wanted && started < MOST && pthread_create(&threads[started], NULL, wait_for, &gate) == 0) {
        ++started;
    }
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < started; ++i) {
        pthread_join(threads[i], NULL);
    }
    return started < MOST && started + 1 < wanted ? started + 1 : wanted;
}
