/* Allocation with checked sizes. Compute sizes of arrays with these functions, never by a plain product. */
#ifndef DN_BASE_MEMORY_H
#define DN_BASE_MEMORY_H

#include "base/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *out = product of the n dims; false when a dim is < 0 or the product exceeds INT64_MAX. */
bool dn_mul_dims(const int64_t *dims, size_t n, int64_t *out);

/* *out (a void ** cast) = count * size zeroed bytes, owned by the caller (free). what: named in the message of
 * DN_ENOMEM ("the posteriors of sub-01"). count 0 gives a valid pointer. */
DN_CHECKED dn_status dn_alloc(void *out, size_t count, size_t size, const char *what);
/* The same, not zeroed, aligned to 64 bytes (free() releases it). */
DN_CHECKED dn_status dn_alloc_aligned(void *out, size_t count, size_t size, const char *what);
/* The same for a product of n sizes: DN_DIMS(a, b, 2) for a * b * 2. DN_ENOMEM, too, when the product does not fit or one is below 0. */
#define DN_DIMS(...) (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)
DN_CHECKED dn_status dn_alloc_dims(void *out, const int64_t *dims, size_t n, size_t size, const char *what);
DN_CHECKED dn_status dn_alloc_aligned_dims(void *out, const int64_t *dims, size_t n, size_t size, const char *what);
/* Resizes *ptr (a pointer's address); on failure *ptr is unchanged. New bytes are not zeroed. */
DN_CHECKED dn_status dn_realloc(void *ptr, size_t count, size_t size, const char *what);
/* Copies a string / formats one; owned by the caller. NULL text gives DN_EINTERNAL. */
DN_CHECKED dn_status dn_strdup(const char *text, char **out);
DN_CHECKED dn_status dn_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
DN_CHECKED dn_status dn_vasprintf(char **out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Peak resident set of this process in bytes, and memory that it can still get (what the machine has left, MemAvailable, or less where its
 * control groups allow less); 0 if unknown. */
int64_t dn_memory_peak_rss(void);
int64_t dn_memory_available(void);

/* A bump arena: everything in it is freed at once. Zero-initialise with dn_arena_init. */
typedef struct dn_arena {
    struct dn_arena_block *head;
} dn_arena;

/* An empty arena; and everything in it freed at once. */
void dn_arena_init(dn_arena *arena);
void dn_arena_release(dn_arena *arena);
/* Zeroed, 16-byte aligned; owned by the arena. NULL when out of memory (no message set). */
void *dn_arena_alloc(dn_arena *arena, size_t count, size_t size);
char *dn_arena_strdup(dn_arena *arena, const char *text);

#endif
