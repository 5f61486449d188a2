/* Places buffers in one block so that none that live at the same time overlap: the largest first, each at the lowest free place. In debug
 * builds, guards between buffers are checked. */
#include "net/arena.h"

#include <inttypes.h>
#include <string.h>

#define LINE 64
#define RED 0x5a /* of a red zone */

int64_t dn_arena_bytes(int64_t bytes, bool guarded)
{
    return (bytes + LINE - 1) / LINE * LINE + (guarded ? LINE : 0);
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

static bool live_together(const dn_span *a, const dn_span *b)
{
    return a->first <= b->last && b->first <= a->last;
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
            if (live_together(other, span) && offset < other->offset + other->bytes && other->offset < offset + span->bytes) {
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

static dn_status check_span(const dn_span *span, int64_t bytes)
{
    if (span->offset % LINE != 0 || span->bytes % LINE != 0 || span->bytes <= 0 || span->first > span->last) {
        DN_FAIL(DN_EINTERNAL, "an arena's buffer of %" PRId64 " bytes at %" PRId64 " for the moments %d to %d: not in lines of %d bytes",
                span->bytes, span->offset, span->first, span->last, LINE);
    }
    if (span->offset < 0 || span->offset > bytes - span->bytes) {
        DN_FAIL(DN_EINTERNAL, "an arena's buffer of %" PRId64 " bytes at %" PRId64 " lies outside its %" PRId64 " bytes", span->bytes,
                span->offset, bytes);
    }
    return DN_OK;
}

dn_status dn_arena_check(dn_span *const *spans, int count, int64_t bytes)
{
    for (int i = 0; i < count; ++i) {
        DN_TRY(check_span(spans[i], bytes));
    }
    for (int i = 0; i < count; ++i) {
        const dn_span *a = spans[i];
        bool lies = a->offset == 0;
        for (int k = 0; k < count; ++k) {
            const dn_span *b = spans[k];
            if (k == i || !live_together(a, b)) {
                continue;
            }
            lies = lies || b->offset + b->bytes == a->offset;
            if (a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes) {
                DN_FAIL(DN_EINTERNAL,
                        "an arena's buffers overlap: %" PRId64 " bytes at %" PRId64 " (moments %d to %d) and %" PRId64 " at %" PRId64
                        " (moments %d to %d)",
                        a->bytes, a->offset, a->first, a->last, b->bytes, b->offset, b->first, b->last);
            }
        }
        if (!lies) {
            DN_FAIL(DN_EINTERNAL, "an arena's buffer at %" PRId64 " floats: nothing of its moments ends there", a->offset);
        }
    }
    return DN_OK;
}

void dn_arena_enter(unsigned char *arena, const dn_span *span)
{
    memset(arena + span->offset, 0xff, (size_t)(span->bytes - LINE)); /* NaN in f32, bf16 and double */
    memset(arena + span->offset + span->bytes - LINE, RED, LINE);
}

dn_status dn_arena_intact(const unsigned char *arena, const dn_span *span, const char *what)
{
    const unsigned char *red = arena + span->offset + span->bytes - LINE;
    for (int i = 0; i < LINE; ++i) {
        if (red[i] != RED) {
            DN_FAIL(DN_EINTERNAL, "%s wrote %d bytes behind the end of a buffer of %" PRId64 " bytes", what, i, span->bytes - LINE);
        }
    }
    return DN_OK;
}
