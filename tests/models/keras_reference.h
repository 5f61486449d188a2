/* The hashed numbers of tools/keras_twin.py, so that large random weights need not be stored. */
#ifndef DN_TEST_KERAS_REFERENCE_H
#define DN_TEST_KERAS_REFERENCE_H

#include "test.h"

#include "net/weights.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Number i of the series that the name starts, in [-1, 1). */
static inline double hashed(uint64_t start, uint64_t i)
{
    uint64_t z = start + (i + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (double)(z >> 40) / 8388608.0 - 1.0;
}

static inline uint64_t hashed_start(const char *name)
{
    uint64_t h = 1469598103934665603u;
    for (; *name != '\0'; ++name) {
        h = (h ^ (unsigned char)*name) * 1099511628211u;
    }
    return h;
}

static inline bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

/* Fills weights as the twin does; norms whose name begins with `unscaled` keep the weight 1. */
static inline void hashed_weights(dn_weights *weights, const char *unscaled)
{
    for (size_t i = 0; i < dn_weights_count(weights); ++i) {
        dn_weight *w = dn_weights_at(weights, i);
        uint64_t start = hashed_start(w->name);
        int64_t count = dn_weight_count(w);
        double scale = 0.1, shift = 0;
        if (w->rank > 1) {
            scale = sqrt((strncmp(w->name, "stage", 5) == 0 ? 1.0 : 6.0) / (double)(count / w->dim[0]));
        } else if (ends_with(w->name, ".running_var")) {
            scale = 0.5;
            shift = 1;
        } else if (ends_with(w->name, ".weight")) {
            scale = strncmp(w->name, unscaled, strlen(unscaled)) == 0 ? 0 : 0.2;
            shift = 1;
        }
        for (int64_t k = 0; k < count; ++k) {
            w->data[k] = (float)(shift + scale * hashed(start, (uint64_t)k));
        }
    }
}

#endif
