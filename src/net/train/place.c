/* Gives scratch memory a lifetime, and places all buffers of a training plan in the arena. */
#include "net/train/internal.h"

#include <stdlib.h>

static int scratch_buffer(dn_train_plan *plan, int64_t bytes, int first, int last)
{
    return bytes > 0 ? dn_train_new_buffer(plan, DN_TRAIN_SCRATCH, bytes, first, last) : -1;
}

/* Scratch memory as long as it is used; of a layer whose backward passes are one, they have it together. */
static void assign_scratch(dn_train_plan *plan)
{
    plan->loop_scratch = scratch_buffer(plan, plan->loop_scratch_bytes, 0, dn_train_data_time(plan, 0));
    for (int l = 0; l < plan->count; ++l) {
        dn_train_layer *layer = &plan->layers[l];
        const int64_t *bytes = layer->scratch_bytes;
        int weights = dn_train_weights_time(plan, l);
        int data = dn_train_data_time(plan, l);
        layer->scratch[DN_TRAIN_FORWARD] = scratch_buffer(plan, bytes[DN_TRAIN_FORWARD], l, l);
        if (dn_train_splits(layer)) {
            layer->scratch[DN_TRAIN_WEIGHTS] = scratch_buffer(plan, bytes[DN_TRAIN_WEIGHTS], weights, weights);
            layer->scratch[DN_TRAIN_DATA] = scratch_buffer(plan, bytes[DN_TRAIN_DATA], data, data);
        } else {
            int64_t most = bytes[DN_TRAIN_WEIGHTS] > bytes[DN_TRAIN_DATA] ? bytes[DN_TRAIN_WEIGHTS] : bytes[DN_TRAIN_DATA];
            layer->scratch[DN_TRAIN_WEIGHTS] = layer->scratch[DN_TRAIN_DATA] = scratch_buffer(plan, most, weights, data);
        }
    }
}

dn_status dn_train_place(dn_train_plan *plan)
{
    dn_span **spans;
    assign_scratch(plan);
    DN_TRY(dn_alloc(&spans, (size_t)plan->buffer_count, sizeof *spans, "a training plan"));
    for (int i = 0; i < plan->buffer_count; ++i) {
        spans[i] = &plan->buffers[i].span;
    }
    plan->arena_bytes = dn_arena_place(spans, plan->buffer_count);
    dn_status status = plan->guard ? dn_arena_check(spans, plan->buffer_count, plan->arena_bytes) : DN_OK;
    free(spans);
    return status;
}

int dn_train_fullest(const dn_train_plan *plan, int64_t bytes[DN_TRAIN_USES])
{
    int fullest = 0;
    int64_t most = -1;
    for (int t = 0; t <= dn_train_data_time(plan, 0); ++t) {
        int64_t live[DN_TRAIN_USES] = {0};
        int64_t sum = 0;
        for (int i = 0; i < plan->buffer_count; ++i) {
            const dn_train_buffer *b = &plan->buffers[i];
            if (b->span.first <= t && t <= b->span.last) {
                live[b->use] += b->span.bytes;
                sum += b->span.bytes;
            }
        }
        if (sum > most) {
            most = sum;
            fullest = t;
            for (int u = 0; u < DN_TRAIN_USES; ++u) {
                bytes[u] = live[u];
            }
        }
    }
    return fullest;
}
