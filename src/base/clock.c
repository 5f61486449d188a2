/* Clocks for durations. */
#define _GNU_SOURCE
#include "base/clock.h"

#include <time.h>

static double seconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double dn_clock_now(void)
{
    return seconds(CLOCK_MONOTONIC);
}

double dn_clock_cpu(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}
