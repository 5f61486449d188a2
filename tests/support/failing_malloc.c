/* For LD_PRELOAD: the n-th request for memory fails, as it would on a machine without any left.
 *
 *   DIEN_FAIL_AT=n     1: the first; 0: none (to count them)
 *   DIEN_FAIL_ON=1     and all after it, too
 *   DIEN_FAIL_COUNT=f  at the end the number of requests is written into this file
 *
 * Requests of the program count, and of the libraries that hand a failure back to it (libc, jansson, libyaml, GSL, zlib, nifticlib). Those
 * of libraries that end the process when memory does (libgomp, libstdc++, fontconfig) do not: nothing that we write could change it. A
 * request that libc makes belongs to whoever called libc. Nor do requests after main has ended: in a build for coverage gcov writes its
 * counts then, from within the program, and does not check its memory (SIGSEGV in gcov_do_dump). Programs that ours starts are left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_RANGES = 64, DEPTH = 24 };

typedef struct range {
    uintptr_t low, high;
    int kind;
} range;
enum { OTHER, OURS, LIBC, SHIM };

static range ranges[MOST_RANGES];
static int range_count;
static long fail_at = -1, counted;
static bool fail_on, ready;
static char count_path[512];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local bool inside;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static int kind_of_name(const char *name)
{
    static const char *const ours[] = {"libjansson", "libyaml", "libgsl", "libz.", "libnifti", "libznz"};
    if (*name == '\0') { /* the program itself comes first, without a name */
        return OURS;
    }
    if (strstr(name, "failing_malloc") != NULL) {
        return SHIM;
    }
    if (strstr(name, "/libc.so") != NULL || strstr(name, "/libc-") != NULL) {
        return LIBC;
    }
    for (size_t i = 0; i < sizeof ours / sizeof *ours; ++i) {
        if (strstr(name, ours[i]) != NULL) {
            return OURS;
        }
    }
    return OTHER;
}

static int add_ranges(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size;
    (void)user;
    int kind = kind_of_name(info->dlpi_name);
    for (int i = 0; i < info->dlpi_phnum && kind != OTHER; ++i) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0 && range_count < MOST_RANGES) {
            ranges[range_count++] = (range){info->dlpi_addr + part->p_vaddr, info->dlpi_addr + part->p_vaddr + part->p_memsz, kind};
        }
    }
    return 0;
}

static int kind_at(const void *address)
{
    for (int i = 0; i < range_count; ++i) {
        if ((uintptr_t)address >= ranges[i].low && (uintptr_t)address < ranges[i].high) {
            return ranges[i].kind;
        }
    }
    return OTHER;
}

__attribute__((constructor)) static void start(void)
{
    const char *at = getenv("DIEN_FAIL_AT"), *path = getenv("DIEN_FAIL_COUNT"), *on = getenv("DIEN_FAIL_ON");
    void *frames[2];
    if (at == NULL) {
        return;
    }
    fail_at = strtol(at, NULL, 10);
    fail_on = on != NULL && *on == '1';
    snprintf(count_path, sizeof count_path, "%s", path != NULL ? path : "");
    unsetenv("LD_PRELOAD");
    unsetenv("DIEN_FAIL_AT");
    dl_iterate_phdr(add_ranges, NULL);
    backtrace(frames, 2); /* loads what it needs */
    ready = true;
}

/* ---- main, and its end -------------------------------------------------------------------------------------------- */

typedef int (*main_function)(int, char **, char **);
typedef int (*start_function)(main_function, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

static main_function real_main;

static int main_then_stop(int argc, char **argv, char **environment)
{
    const int code = real_main(argc, argv, environment);
    ready = false;
    return code;
}

int __libc_start_main(main_function main, int argc, char **argv, void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
                      void *stack_end)
{
    start_function next;
    *(void **)&next = dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = main;
    return next(main_then_stop, argc, argv, init, fini, rtld_fini, stack_end);
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    if (count_path[0] == '\0') {
        return;
    }
    int fd = open(count_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        int length = snprintf(text, sizeof text, "%ld\n", counted);
        if (write(fd, text, (size_t)length) != length) {
            _exit(70);
        }
        close(fd);
    }
}

/* Whether this request, made from caller, is one of those, and the one that fails. */
static bool fails(const void *caller)
{
    bool failing = false;
    if (!ready || inside) {
        return false;
    }
    inside = true;
    int kind = kind_at(caller);
    if (kind == LIBC) {
        void *frames[DEPTH];
        int depth = backtrace(frames, DEPTH);
        for (int i = 0; i < depth && (kind == LIBC || kind == SHIM); ++i) {
            kind = kind_at(frames[i]);
        }
    }
    if (kind == OURS) {
        pthread_mutex_lock(&lock);
        ++counted;
        failing = fail_at > 0 && (counted == fail_at || (fail_on && counted > fail_at));
        pthread_mutex_unlock(&lock);
    }
    inside = false;
    if (failing) {
        errno = ENOMEM;
    }
    return failing;
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *p = fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
    if (p == NULL) {
        return ENOMEM;
    }
    *out = p;
    return 0;
}
