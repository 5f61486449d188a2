/* Memory with a sentinel before and behind it: what writes beyond is found (guarded_check), and what reads beyond reads NaN. */
#ifndef DN_TEST_GUARDED_H
#define DN_TEST_GUARDED_H

#include "test.h"

#include <string.h>

/* Bytes on each side: a cache line for the count, and more than the longest vector register. */
#define GUARD_BYTES 192
#define GUARD_BYTE 0xff /* NaN in float and double */

/* count elements of size bytes, filled with NaN. */
static inline void *guarded_alloc(int64_t count, size_t size)
{
    int64_t bytes = (int64_t)size * (count > 0 ? count : 1);
    unsigned char *block = aligned_alloc(64, (size_t)(bytes + 2 * GUARD_BYTES + 63) / 64 * 64);
    assert_non_null(block);
    memset(block, GUARD_BYTE, (size_t)(bytes + 2 * GUARD_BYTES));
    memcpy(block, &bytes, sizeof bytes);
    return block + GUARD_BYTES;
}

static inline bool guarded_intact(const void *data)
{
    const unsigned char *block = (const unsigned char *)data - GUARD_BYTES;
    int64_t bytes;
    memcpy(&bytes, block, sizeof bytes);
    bool intact = true;
    for (int64_t i = 0; i < GUARD_BYTES; ++i) {
        intact = intact && (i < (int64_t)sizeof bytes || block[i] == GUARD_BYTE) && block[GUARD_BYTES + bytes + i] == GUARD_BYTE;
    }
    return intact;
}

/* Fails when something wrote beyond it. */
static inline void guarded_check(const void *data, const char *what)
{
    if (!guarded_intact(data)) {
        fail_msg("%s: something wrote beyond a buffer", what);
    }
}

/* Checks and releases. */
static inline void guarded_free(void *data, const char *what)
{
    guarded_check(data, what);
    free((unsigned char *)data - GUARD_BYTES);
}

#endif
