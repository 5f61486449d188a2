/* operator new and delete for the programs of `make asan`; the only C++ in the process is oneDNN.
 * oneDNN 2.6.3 reads one element past the end of a std::vector while it generates code for bf16 convolutions on AMX (the
 * index after the last row goes through skipped_bd_mask, brgemm/jit_brgemm_amx_uker.cpp; what it reads is thrown away). glibc's
 * blocks end with room to spare, ASan's may end where its mapped memory ends: then the read is a crash, now and then, in
 * dnnl_primitive_create. A few bytes more behind the library's blocks make it harmless; ours (malloc) keep every check. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { PAST_THE_END = 16 };

/* Their names after C++'s mangling. */
void *_Znwm(size_t bytes);
void *_ZnwmRKSt9nothrow_t(size_t bytes, const void *nothrow);
void _ZdlPv(void *block);
void _ZdlPvm(void *block, size_t bytes);
void _ZdlPvRKSt9nothrow_t(void *block, const void *nothrow);

void *_ZnwmRKSt9nothrow_t(size_t bytes, const void *nothrow)
{
    (void)nothrow;
    return bytes > SIZE_MAX - PAST_THE_END ? NULL : malloc(bytes + PAST_THE_END);
}

void *_Znwm(size_t bytes)
{
    void *block = _ZnwmRKSt9nothrow_t(bytes, NULL);
    if (block == NULL) {
        abort(); /* C cannot throw std::bad_alloc */
    }
    return block;
}

void _ZdlPv(void *block)
{
    free(block);
}

void _ZdlPvm(void *block, size_t bytes)
{
    (void)bytes;
    free(block);
}

void _ZdlPvRKSt9nothrow_t(void *block, const void *nothrow)
{
    (void)nothrow;
    free(block);
}
