#include "net/arena.h"

int64_t dn_arena_bytes(int64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static void sort_by_size(dn_span **spans, int count)
{
    for (int i = 1; i < count; ++i) { /* insertion keeps equals in order, and plans have few buffers */
        dn_span *item = spans[i];
        int k = i;
        for (; k > 0 && spans[k - 1]->bytes < item->bytes; --k) {
            spans[k] = spans[k - 1];
        }
        spans[k] = item;
    }
}

/* The lowest offset at which a span overlaps none of the placed ones that live at the same time. */
static int64_t lowest_offset(dn_span *const *placed, int count, const dn_span *span)
{
    int64_t offset = 0;
    bool moved = true;
    while (moved) {
        moved = false;
        for (int i = 0; i < count; ++i) {
            const dn_span *other = placed[i];
            bool together = other->first <= span->last && span->first <= other->last;
            if (together && offset < other->offset + other->bytes && other->offset < offset + span->bytes) {
                offset = other->offset + other->bytes;
                moved = true;
            }
        }
    }
    return offset;
}

int64_t dn_arena_place(dn_span **spans, int count)
{
    int64_t arena = 0;
    sort_by_size(spans, count); /* largest first wastes least */
    for (int i = 0; i < count; ++i) {
        spans[i]->offset = lowest_offset(spans, i, spans[i]);
        int64_t end = spans[i]->offset + spans[i]->bytes;
        arena = end > arena ? end : arena;
    }
    return arena;
}
