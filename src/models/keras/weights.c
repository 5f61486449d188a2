/* Permutes the axes of Keras arrays into our layout, and fills in scale and shift where a norm has none. */
#include "models/keras/weights.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dn_status find(const dn_keras_target *target, const char *name, size_t position, size_t rank, const dn_keras_array **out)
{
    const dn_keras_array *array = dn_keras_array_find(target->layer, name, position);
    if (array == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: the layer %.100s has no array \"%s\"", target->path, target->layer->name, name);
    }
    if (array->rank != rank) {
        DN_FAIL(DN_EFORMAT, "%s: the array \"%s\" of layer %.100s has %zu axes, not %zu", target->path, name, target->layer->name,
                array->rank, rank);
    }
    *out = array;
    return DN_OK;
}

/* Adds NAME+suffix with the given shape; *out is to be filled. */
static dn_status add(const dn_keras_target *target, const char *suffix, size_t rank, const int64_t *dim, dn_weight **out)
{
    char *name;
    DN_TRY(dn_asprintf(&name, "%s%s", target->name, suffix));
    dn_status status = dn_weights_add(target->weights, name, rank, dim, NULL, out);
    free(name);
    return status == DN_OK ? DN_OK : dn_error_context(status, "%s", target->path);
}

static dn_status add_vector(const dn_keras_target *target, const char *suffix, const char *name, size_t position)
{
    const dn_keras_array *array = NULL;
    dn_weight *weight;
    DN_TRY(find(target, name, position, 1, &array));
    DN_TRY(add(target, suffix, 1, array->dim, &weight));
    memcpy(weight->data, array->data, (size_t)array->count * sizeof(float));
    return DN_OK;
}

/* The kernel [taps.., A, B] of a layer with dims axes. */
typedef struct kernel {
    const dn_keras_array *array;
    int64_t size[3], taps, a, b;
} kernel;

static dn_status find_kernel(const dn_keras_target *target, int dims, const char *name, size_t position, kernel *out)
{
    const dn_keras_array *array = NULL;
    DN_TRY(find(target, name, position, (size_t)dims + 2, &array));
    *out = (kernel){.array = array, .size = {1, 1, 1}, .taps = 1, .a = array->dim[dims], .b = array->dim[dims + 1]};
    for (int i = 0; i < dims; ++i) {
        out->size[3 - dims + i] = array->dim[i];
        out->taps *= array->dim[i];
    }
    return DN_OK;
}

/* [taps, A, B] -> [B, A, taps]; the same code serves conv (A = I, B = O) and deconv (A = O, B = I). */
static dn_status add_reversed(const dn_keras_target *target, int dims, const char *name)
{
    kernel k = {0};
    dn_weight *weight;
    DN_TRY(find_kernel(target, dims, name, 0, &k));
    DN_TRY(add(target, ".weight", 5, (const int64_t[5]){k.b, k.a, k.size[0], k.size[1], k.size[2]}, &weight));
    for (int64_t t = 0; t < k.taps; ++t) {
        for (int64_t a = 0; a < k.a; ++a) {
            for (int64_t b = 0; b < k.b; ++b) {
                weight->data[(b * k.a + a) * k.taps + t] = k.array->data[(t * k.a + a) * k.b + b];
            }
        }
    }
    return DN_OK;
}

dn_status dn_keras_conv(const dn_keras_target *target, int dims, const char *name, bool bias)
{
    DN_TRY(add_reversed(target, dims, name));
    return bias ? add_vector(target, ".bias", "bias", 1) : DN_OK;
}

dn_status dn_keras_deconv(const dn_keras_target *target, int dims, bool bias)
{
    DN_TRY(add_reversed(target, dims, "kernel"));
    return bias ? add_vector(target, ".bias", "bias", 1) : DN_OK;
}

dn_status dn_keras_depthwise(const dn_keras_target *target, int dims, bool bias)
{
    kernel k = {0};
    dn_weight *weight;
    const char *name = dn_keras_array_find(target->layer, "depthwise_kernel", 0) != NULL ? "depthwise_kernel" : "kernel";
    DN_TRY(find_kernel(target, dims, name, 0, &k));
    DN_TRY(add(target, ".weight", 5, (const int64_t[5]){k.a * k.b, 1, k.size[0], k.size[1], k.size[2]}, &weight));
    for (int64_t t = 0; t < k.taps; ++t) {
        for (int64_t channel = 0; channel < k.a * k.b; ++channel) {
            weight->data[channel * k.taps + t] = k.array->data[t * k.a * k.b + channel];
        }
    }
    return bias ? add_vector(target, ".bias", "bias", 1) : DN_OK;
}

dn_status dn_keras_dense(const dn_keras_target *target, bool bias)
{
    const dn_keras_array *array = NULL;
    dn_weight *weight;
    DN_TRY(find(target, "kernel", 0, 2, &array));
    int64_t inputs = array->dim[0], outputs = array->dim[1];
    DN_TRY(add(target, ".weight", 2, (const int64_t[2]){outputs, inputs}, &weight));
    for (int64_t i = 0; i < inputs; ++i) {
        for (int64_t o = 0; o < outputs; ++o) {
            weight->data[o * inputs + i] = array->data[i * outputs + o];
        }
    }
    return bias ? add_vector(target, ".bias", "bias", 1) : DN_OK;
}

dn_status dn_keras_norm(const dn_keras_target *target, bool statistics)
{
    static const struct {
        const char *suffix, *name;
        float absent; /* value of an array that may be absent */
    } parts[4] = {{".weight", "gamma", 1.0f},
                  {".bias", "beta", 0.0f},
                  {".running_mean", "moving_mean", 0},
                  {".running_var", "moving_variance", 0}};
    if (target->layer->array_count == 0) {
        DN_FAIL(DN_EFORMAT, "%s: the layer %.100s has no arrays", target->path, target->layer->name);
    }
    for (size_t i = 0; i < (statistics ? 4u : 2u); ++i) {
        if (i >= 2 || dn_keras_array_find(target->layer, parts[i].name, 99) != NULL) {
            DN_TRY(add_vector(target, parts[i].suffix, parts[i].name, 99));
            continue;
        }
        dn_weight *weight;
        DN_TRY(add(target, parts[i].suffix, 1, target->layer->arrays[0].dim, &weight));
        for (int64_t c = 0; c < dn_weight_count(weight); ++c) {
            weight->data[c] = parts[i].absent;
        }
    }
    return DN_OK;
}
