#define _GNU_SOURCE
#include "base/threads.h"

#include <omp.h>
#include <sched.h>
#include <stdio.h>

/* A container's CPU quota (cgroup v2) is invisible in the affinity mask; more threads than it only wait. */
static int quota(void)
{
    long long used = 0;
    long long period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (file == NULL) {
        return 0;
    }
    int n = fscanf(file, "%lld %lld", &used, &period);
    fclose(file);
    return n == 2 && period > 0 && used > 0 ? (int)((used + period - 1) / period) : 0;
}

int dn_threads_available(void)
{
    cpu_set_t set;
    int cores = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        cores = CPU_COUNT(&set);
    }
    int limit = quota();
    return limit > 0 && limit < cores ? limit : cores;
}

static int configured;
static _Thread_local int of_this_thread;

void dn_threads_set(int n)
{
    configured = n > 0 ? n : dn_threads_available();
    omp_set_num_threads(configured);
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
