/* Clocks and the list of times that every program here prints. */
#ifndef DN_BENCH_CLOCK_H
#define DN_BENCH_CLOCK_H

#include <stdio.h>
#include <time.h>

static inline double bench_now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* "name": [1.0, 2.0] */
static inline void bench_print_list(const char *name, const double *values, int count)
{
    printf("\"%s\": [", name);
    for (int i = 0; i < count; ++i) {
        printf("%s%.4f", i > 0 ? ", " : "", values[i]);
    }
    printf("]");
}

#endif
