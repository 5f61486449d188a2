/* Seeded random numbers: xoshiro256** (Blackman and Vigna 2018) seeded through splitmix64. Equal seeds give equal
 * streams on every machine. One state belongs to one thread. */
#ifndef DN_BASE_RANDOM_H
#define DN_BASE_RANDOM_H

#include <stdint.h>

typedef struct dn_random {
    uint64_t state[4];
    double spare; /* second normal of a pair */
    int has_spare;
} dn_random;

/* The same seed gives the same numbers on every machine. */
void dn_random_seed(dn_random *random, uint64_t seed);
/* An independent stream for item `stream` of the same seed (a sample, a worker). */
void dn_random_seed_stream(dn_random *random, uint64_t seed, uint64_t stream);
uint64_t dn_random_u64(dn_random *random);
/* Uniform in [0, 1). */
double dn_random_unit(dn_random *random);
double dn_random_uniform(dn_random *random, double low, double high);
/* Uniform in 0..n-1 without bias; n >= 1. */
uint64_t dn_random_below(dn_random *random, uint64_t n);
double dn_random_normal(dn_random *random, double mean, double sd);

#endif
