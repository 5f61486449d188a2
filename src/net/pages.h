/* The one large block in which a plan's tensors lie. */
#ifndef DN_NET_PAGES_H
#define DN_NET_PAGES_H

#include <stdint.h>

/* On huge pages where the system has them: touching a fresh gigabyte in 4 KiB pages costs as much as a convolution. NULL: no memory.
 * Released with free. */
void *dn_pages_allocate(int64_t bytes);

/* Gives the memory of a block back to the system until it is next written to; what was in it is lost. The block, from here or any other
 * allocation, stays as it is for its owner. Whole pages only: nothing happens to a small one. */
void dn_pages_rest(void *block, int64_t bytes);

#endif
