/* A fuzz target is one file, tests/fuzz/fuzz_<what>.c, with the two functions below. Built by gcc it becomes a test that
 * mutates its seeds a fixed number of times from a fixed random state (label fuzz, also under sanitizers); built by
 * clang with -DDIEN_FUZZ=ON it is a libFuzzer program (make fuzz). A target must return for every input: a refusal with a
 * message is right, a crash, a leak, or a status without a message is not. */
#ifndef DN_TEST_FUZZ_H
#define DN_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
/* A valid input to begin from, written to out (capacity bytes); its size, or 0 when there is no seed of this index. */
size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity);

/* fuzz_seed of a target whose seeds are texts. */
static inline size_t fuzz_seed_text(const char *const *seeds, size_t count, unsigned index, uint8_t *out, size_t capacity)
{
    const size_t size = index < count ? strlen(seeds[index]) : 0;
    if (size > capacity) {
        return 0;
    }
    memcpy(out, seeds[index < count ? index : 0], size);
    return size;
}

/* A failure without a sentence is a fault. */
static inline void fuzz_check(dn_status status)
{
    if (status != DN_OK && *dn_error_message() == '\0') {
        fprintf(stderr, "%s without a message\n", dn_status_name(status));
        abort();
    }
    dn_error_clear();
}

#endif
