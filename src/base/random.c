/* The random numbers: xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64, and draws from uniform and normal distributions. */
#include "base/random.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void dn_random_seed(dn_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; ++i) {
        random->state[i] = splitmix64(&seed);
    }
    random->spare = 0.0;
    random->has_spare = 0;
}

void dn_random_seed_stream(dn_random *random, uint64_t seed, uint64_t stream)
{
    uint64_t mixed = stream;
    dn_random_seed(random, seed ^ splitmix64(&mixed));
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t dn_random_u64(dn_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double dn_random_unit(dn_random *random)
{
    return (double)(dn_random_u64(random) >> 11) * 0x1.0p-53;
}

double dn_random_uniform(dn_random *random, double low, double high)
{
    return low + (high - low) * dn_random_unit(random);
}

uint64_t dn_random_below(dn_random *random, uint64_t n)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % n;
    uint64_t x;
    do {
        x = dn_random_u64(random);
    } while (x >= limit);
    return x % n;
}

double dn_random_normal(dn_random *random, double mean, double sd)
{
    if (random->has_spare) {
        random->has_spare = 0;
        return mean + sd * random->spare;
    }
    double u;
    double v;
    double s;
    do { /* polar method of Marsaglia */
        u = dn_random_uniform(random, -1.0, 1.0);
        v = dn_random_uniform(random, -1.0, 1.0);
        s = u * u + v * v;
    } while (s >= 1.0 || s == 0.0);
    double f = sqrt(-2.0 * log(s) / s);
    random->spare = v * f;
    random->has_spare = 1;
    return mean + sd * u * f;
}
