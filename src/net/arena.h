/* Offsets in one arena for buffers that live for a time only: for plans that run and plans that train. Internal to net/. */
#ifndef DN_NET_ARENA_H
#define DN_NET_ARENA_H

#include "net/tensor.h"

typedef struct dn_span {
    int64_t bytes, offset; /* offset: set by dn_arena_place */
    int first, last;       /* moments between which it lives, both included */
} dn_span;

/* Bytes as they lie in an arena, whose buffers begin at multiples of 64. */
int64_t dn_arena_bytes(int64_t bytes);
/* Places the spans, largest first (spans: sorted so; equals keep their order), each as low as no other of its time lies. Returns the
 * arena's bytes. */
int64_t dn_arena_place(dn_span **spans, int count);

#endif
