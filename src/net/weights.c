/* The list of named arrays, with a hash table for the search by name. */
#include "net/weights.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Weights are borrowed by address, so each is its own allocation; the index is an open-addressing table of positions. */
struct dn_weights {
    dn_weight **items;
    size_t count, capacity;
    size_t *slots; /* position + 1, 0: free; slot_count is a power of two, at most half full */
    size_t slot_count;
};

static size_t hash_name(const char *name)
{
    uint64_t h = 1469598103934665603u; /* FNV-1a */
    for (; *name != '\0'; ++name) {
        h = (h ^ (unsigned char)*name) * 1099511628211u;
    }
    return (size_t)(h ^ (h >> 32));
}

/* The slot that holds name, or the free one where it belongs. */
static size_t find_slot(const dn_weights *weights, const char *name)
{
    size_t mask = weights->slot_count - 1;
    size_t slot = hash_name(name) & mask;
    while (weights->slots[slot] != 0 && strcmp(weights->items[weights->slots[slot] - 1]->name, name) != 0) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

dn_status dn_weights_create(dn_weights **out)
{
    return dn_alloc(out, 1, sizeof(dn_weights), "a list of weights");
}

static void weight_destroy(dn_weight *weight)
{
    if (weight != NULL) {
        free(weight->name);
        free(weight->data);
        free(weight);
    }
}

void dn_weights_destroy(dn_weights *weights)
{
    if (weights == NULL) {
        return;
    }
    for (size_t i = 0; i < weights->count; ++i) {
        weight_destroy(weights->items[i]);
    }
    free(weights->items);
    free(weights->slots);
    free(weights);
}

static dn_status grow(dn_weights *weights)
{
    size_t capacity = weights->capacity ? 2 * weights->capacity : 32;
    DN_TRY(dn_realloc(&weights->items, capacity, sizeof *weights->items, "a list of weights"));
    weights->capacity = capacity;
    size_t *slots;
    DN_TRY(dn_alloc(&slots, 2 * capacity, sizeof *slots, "a list of weights"));
    free(weights->slots);
    weights->slots = slots;
    weights->slot_count = 2 * capacity;
    for (size_t i = 0; i < weights->count; ++i) {
        weights->slots[find_slot(weights, weights->items[i]->name)] = i + 1;
    }
    return DN_OK;
}

dn_status dn_weights_add(dn_weights *weights, const char *name, size_t rank, const int64_t *dim, const float *data, dn_weight **out)
{
    int64_t count;
    if (rank > DN_WEIGHT_MAX_RANK || !dn_mul_dims(dim, rank, &count)) {
        DN_FAIL(DN_EFORMAT, "weight %s has more than %d axes or an impossible size", name, DN_WEIGHT_MAX_RANK);
    }
    if (dn_weights_find(weights, name) != NULL) {
        DN_FAIL(DN_EFORMAT, "weight %s occurs twice", name);
    }
    if (weights->count == weights->capacity) {
        DN_TRY(grow(weights));
    }
    dn_weight *weight;
    DN_TRY(dn_alloc(&weight, 1, sizeof *weight, "a weight"));
    dn_status status;
    DN_TRY_GOTO(status, dn_strdup(name, &weight->name), fail);
    DN_TRY_GOTO(status, dn_alloc(&weight->data, (size_t)count, sizeof(float), name), fail);
    weight->rank = rank;
    memcpy(weight->dim, dim, rank * sizeof *dim);
    if (data != NULL) {
        memcpy(weight->data, data, (size_t)count * sizeof(float));
    }
    weights->slots[find_slot(weights, name)] = weights->count + 1;
    weights->items[weights->count++] = weight;
    if (out != NULL) {
        *out = weight;
    }
    return DN_OK;
fail:
    weight_destroy(weight);
    return status;
}

dn_weight *dn_weights_find(const dn_weights *weights, const char *name)
{
    if (weights->slot_count == 0) {
        return NULL;
    }
    size_t position = weights->slots[find_slot(weights, name)];
    return position == 0 ? NULL : weights->items[position - 1];
}

size_t dn_weights_count(const dn_weights *weights)
{
    return weights->count;
}

dn_weight *dn_weights_at(const dn_weights *weights, size_t i)
{
    return weights->items[i];
}

int64_t dn_weight_count(const dn_weight *weight)
{
    int64_t count = 1;
    for (size_t i = 0; i < weight->rank; ++i) {
        count *= weight->dim[i];
    }
    return count;
}
