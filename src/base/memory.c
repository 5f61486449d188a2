/* Allocation with checked sizes, arenas, and how much memory the process uses and may use. */
#define _GNU_SOURCE
#include "base/memory.h"

#include "base/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

struct dn_arena_block {
    struct dn_arena_block *next;
    size_t used;
    size_t size;
    _Alignas(16) unsigned char bytes[];
};

/* *out = a * b; false when the product does not fit. */
static bool mul_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

bool dn_mul_dims(const int64_t *dims, size_t n, int64_t *out)
{
    int64_t product = 1;
    for (size_t i = 0; i < n; ++i) {
        if (dims[i] < 0 || __builtin_mul_overflow(product, dims[i], &product)) {
            return false;
        }
    }
    *out = product;
    return true;
}

static dn_status too_large(size_t count, size_t size, const char *what)
{
    return dn_error_set(DN_ENOMEM, "not enough memory for %s (%.1f MiB); close other programs or use a machine with more", what,
                        (double)count * (double)size / (1024.0 * 1024.0));
}

/* Large blocks ask for huge pages: filling a fresh gigabyte in pages of 4 KiB costs as much as a convolution. Nothing in the block is
 * touched. */
static void ask_for_huge_pages(void *block, size_t bytes)
{
    const uintptr_t huge = (uintptr_t)2 << 20;
    const uintptr_t first = ((uintptr_t)block + huge - 1) / huge * huge;
    const uintptr_t last = ((uintptr_t)block + bytes) / huge * huge;
    if (bytes >= 2 * huge && first < last) {
        (void)madvise((unsigned char *)block + (first - (uintptr_t)block), last - first, MADV_HUGEPAGE);
    }
}

dn_status dn_alloc(void *out, size_t count, size_t size, const char *what)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (p == NULL) {
        return too_large(count, size, what);
    }
    ask_for_huge_pages(p, count * size);
    memcpy(out, &p, sizeof p);
    return DN_OK;
}

dn_status dn_alloc_aligned(void *out, size_t count, size_t size, const char *what)
{
    size_t bytes;
    if (!mul_size(count, size, &bytes) || bytes > SIZE_MAX - 64) {
        return too_large(count, size, what);
    }
    void *p = aligned_alloc(64, (bytes + 63) / 64 * 64 + (bytes == 0 ? 64 : 0));
    if (p == NULL) {
        return too_large(count, size, what);
    }
    ask_for_huge_pages(p, bytes);
    memcpy(out, &p, sizeof p);
    return DN_OK;
}

static dn_status count_of(const int64_t *dims, size_t n, size_t size, const char *what, size_t *out)
{
    int64_t count;
    size_t bytes;
    if (!dn_mul_dims(dims, n, &count) || !mul_size((size_t)count, size, &bytes)) {
        return too_large(SIZE_MAX, 1, what);
    }
    *out = (size_t)count;
    return DN_OK;
}

dn_status dn_alloc_dims(void *out, const int64_t *dims, size_t n, size_t size, const char *what)
{
    size_t count = 0;
    DN_TRY(count_of(dims, n, size, what, &count));
    return dn_alloc(out, count, size, what);
}

dn_status dn_alloc_aligned_dims(void *out, const int64_t *dims, size_t n, size_t size, const char *what)
{
    size_t count = 0;
    DN_TRY(count_of(dims, n, size, what, &count));
    return dn_alloc_aligned(out, count, size, what);
}

dn_status dn_realloc(void *ptr, size_t count, size_t size, const char *what)
{
    void *old;
    memcpy(&old, ptr, sizeof old);
    void *p = reallocarray(old, count ? count : 1, size ? size : 1);
    if (p == NULL) {
        return too_large(count, size, what);
    }
    memcpy(ptr, &p, sizeof p);
    return DN_OK;
}

dn_status dn_strdup(const char *text, char **out)
{
    if (text == NULL) {
        DN_FAIL(DN_EINTERNAL, "dn_strdup was given no text");
    }
    char *copy = strdup(text);
    if (copy == NULL) {
        return too_large(strlen(text), 1, "a text");
    }
    *out = copy;
    return DN_OK;
}

dn_status dn_vasprintf(char **out, const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0) {
        return too_large(strlen(format), 1, "a text");
    }
    *out = text;
    return DN_OK;
}

dn_status dn_asprintf(char **out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const dn_status status = dn_vasprintf(out, format, args);
    va_end(args);
    return status;
}

int64_t dn_memory_peak_rss(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (int64_t)usage.ru_maxrss * 1024 : 0;
}

int64_t dn_memory_available(void)
{
    FILE *file = fopen("/proc/meminfo", "r");
    if (file == NULL) {
        return 0;
    }
    char line[256];
    long long kib = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "MemAvailable: %lld kB", &kib) == 1) {
            break;
        }
    }
    fclose(file);
    const int64_t machine = (int64_t)kib * 1024;
    const int64_t group = dn_cgroup_memory_left("");
    return group >= 0 && group < machine ? (group > 0 ? group : 1) : machine;
}

void dn_arena_init(dn_arena *arena)
{
    arena->head = NULL;
}

void dn_arena_release(dn_arena *arena)
{
    if (arena == NULL) {
        return;
    }
    struct dn_arena_block *block = arena->head;
    while (block != NULL) {
        struct dn_arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena->head = NULL;
}

void *dn_arena_alloc(dn_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!mul_size(count, size, &bytes) || bytes > SIZE_MAX / 4) {
        return NULL;
    }
    bytes = (bytes + 15) / 16 * 16;
    struct dn_arena_block *block = arena->head;
    if (block == NULL || block->size - block->used < bytes) {
        size_t block_size = bytes > 16384 ? bytes : 16384;
        block = calloc(1, sizeof *block + block_size);
        if (block == NULL) {
            return NULL;
        }
        block->size = block_size;
        block->next = arena->head;
        arena->head = block;
    }
    void *p = block->bytes + block->used;
    block->used += bytes;
    return p;
}

char *dn_arena_strdup(dn_arena *arena, const char *text)
{
    size_t length = strlen(text) + 1;
    char *copy = dn_arena_alloc(arena, length, 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
    }
    return copy;
}
