/* The one large block in which a plan's tensors lie. */
#ifndef DN_NET_PAGES_H
#define DN_NET_PAGES_H

#include <stdint.h>

/* On huge pages where the system has them: touching a fresh gigabyte in 4 KiB pages costs as much as a convolution. NULL: no memory.
 * Released with free. */
void *dn_pages_allocate(int64_t bytes);

#endif
