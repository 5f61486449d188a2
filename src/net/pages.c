/* Allocates the block of a plan's tensors, in large pages where the kernel gives them. */
#define _GNU_SOURCE /* madvise */
#include "net/pages.h"

#include <stdlib.h>
#include <sys/mman.h>

void *dn_pages_allocate(int64_t bytes)
{
    const size_t huge = 2u << 20;
    const size_t whole = ((size_t)bytes + huge - 1) / huge * huge;
    void *block = aligned_alloc(huge, whole == 0 ? huge : whole);
    if (block != NULL) {
        (void)madvise(block, whole, MADV_HUGEPAGE);
    }
    return block;
}
