/* Offsets in one block of memory, the arena, for buffers that live for a time only: for plans that run and plans that train. Internal to
 * net/.
 *
 * Time is counted in moments (a plan's steps; when training, forward, loss, weights and data of each layer). A span is a buffer: where it
 * lies, and from which moment to which, both included.
 *
 *     offset
 *        ^   +--------------------------------------------+
 *        |   |  scratch of all moments (plan) or a span   |   <- dn_arena_place's result: the arena's bytes
 *        |   +-----------+        +-----------------------+
 *        |   | D         |        | E                     |
 *        |   +--red zone-+--------+-----------+--red zone-+
 *        |   | B                  |           | F         |
 *        |   +-----------red zone-+           +--red zone-+
 *        |   | A                              |
 *        0   +-----------------------red zone-+
 *            +---------------------------------------------> moments
 *            0           1        2           3           4
 *
 * Invariants, checked by dn_arena_check:
 *   1. offset and bytes are multiples of 64 (a cache line, an AVX-512 register), bytes are above 0, first is not after last
 *   2. every span lies within the arena
 *   3. spans that live at the same moment share no byte
 *   4. nothing floats: a span begins at 0, or where another one ends that lives at one of its moments
 *
 * With guards each span ends in a red zone of 64 bytes (a pattern), and is filled with NaN when its first moment comes: what writes
 * beyond its buffer, or into one that lives at the same moment, or reads what nobody wrote, is found at the moment at which it happens.
 * Builds with DIEN_DEBUG (all sanitizer builds) guard and check every plan; other builds where a plan's options say so. */
#ifndef DN_NET_ARENA_H
#define DN_NET_ARENA_H

#include "net/tensor.h"

typedef struct dn_span {
    int64_t bytes, offset; /* offset: set by dn_arena_place */
    int first, last;       /* moments between which it lives, both included */
} dn_span;

#ifdef DIEN_DEBUG
#define DN_ARENA_GUARDED true
#else
#define DN_ARENA_GUARDED false
#endif

/* Bytes of a span for a buffer: a multiple of 64, and the red zone. */
int64_t dn_arena_bytes(int64_t bytes, bool guarded);
/* Places the spans, largest first (spans: sorted so; equals keep their order), each as low as no other of its time lies. Returns the
 * arena's bytes. */
int64_t dn_arena_place(dn_span **spans, int count);
/* DN_EINTERNAL: a sentence says which invariant is broken, and by which spans. */
DN_CHECKED dn_status dn_arena_check(dn_span *const *spans, int count, int64_t bytes);

/* The first moment of a guarded span has come. */
void dn_arena_enter(unsigned char *arena, const dn_span *span);
/* DN_EINTERNAL: its red zone was written to. what: who ran at this moment, for the message. */
DN_CHECKED dn_status dn_arena_intact(const unsigned char *arena, const dn_span *span, const char *what);

#endif
