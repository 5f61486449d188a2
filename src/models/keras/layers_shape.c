/* Layers that change sizes or join tensors: pooling, up-sampling, padding, cropping, reshape, concatenate, add, multiply. */
#include "models/keras/parts.h"

#include "base/memory.h"
#include "models/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- pooling, sizes ---- */

static dn_status pool(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    int64_t kernel[3], stride[3];
    const char *pad;
    DN_TRY(dn_keras_axes(walk, source, "pool_size", 2, kernel));
    memcpy(stride, kernel, sizeof stride);
    if (dn_fields_has(source->config, "strides")) {
        DN_TRY(dn_keras_axes(walk, source, "strides", 1, stride));
    }
    DN_TRY(dn_keras_padding(source, &pad));
    json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "op", "pool", "input", source->inputs[0].node, "kind",
                               strncmp(source->class_name, "Max", 3) == 0 ? "max" : "average", "padding", pad);
    if (object != NULL) {
        dn_keras_set_axes(walk, object, "kernel", kernel);
        dn_keras_set_axes(walk, object, "stride", stride);
    }
    DN_TRY(dn_keras_add(walk, source, object, out));
    return dn_keras_reduce(walk, source, stride, out);
}

static dn_status global_pool(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    out->vector = true;
    return dn_keras_add(walk, source,
                        json_pack("{s:s, s:s, s:s}", "op", "global_pool", "input", source->inputs[0].node, "kind",
                                  strncmp(source->class_name, "GlobalMax", 9) == 0 ? "max" : "average"),
                        out);
}

/* Standalone Keras up to 2.3 had bilinear up-sampling with TensorFlow 1's corner convention, which differs from every
 * later version; the file alone does not tell which TensorFlow ran. */
static bool is_old_keras(const dn_keras_walk *walk)
{
    int major = 0, minor = 0;
    return sscanf(walk->file->version, "%d.%d", &major, &minor) != 2 || major < 2 ||
           (major == 2 && minor < 4 && strstr(walk->file->version, "tf") == NULL);
}

static dn_status upsample(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    int64_t factor[3];
    const char *kind = "nearest";
    DN_TRY(dn_keras_axes(walk, source, "size", 2, factor));
    if (dn_fields_has(source->config, "interpolation")) {
        int choice;
        DN_TRY(dn_fields_choice(source->config, source->place, "interpolation", "nearest|bilinear", &choice));
        if (choice == 1) {
            if (is_old_keras(walk)) {
                DN_FAIL(DN_EFORMAT,
                        "%s: the bilinear up-sampling of Keras %.20s depends on the version of TensorFlow; save the model again with "
                        "tf.keras 2.4 or later",
                        source->place, walk->file->version[0] != '\0' ? walk->file->version : "of unknown version");
            }
            kind = "linear";
        }
    }
    json_t *object = json_pack("{s:s, s:s, s:s}", "op", "upsample", "input", source->inputs[0].node, "kind", kind);
    if (object != NULL) {
        dn_keras_set_axes(walk, object, "factor", factor);
    }
    dn_keras_enlarge(factor, out);
    return dn_keras_add(walk, source, object, out);
}

/* ZeroPadding and Cropping: [[begin,end],...] an axis, or one number for both sides of an axis, or one for all. */
static dn_status margins(dn_keras_walk *walk, const dn_keras_source *source, const char *key, const char *op, dn_keras_tensor *out)
{
    int64_t begin[3] = {0}, end[3] = {0};
    const json_t *value = json_object_get(source->config, key);
    for (int i = 0; i < walk->dims; ++i) {
        const json_t *axis = json_is_array(value) ? json_array_get(value, (size_t)i) : value;
        const json_t *first = json_is_array(axis) ? json_array_get(axis, 0) : axis;
        const json_t *last = json_is_array(axis) ? json_array_get(axis, 1) : axis;
        if (!json_is_integer(first) || !json_is_integer(last) || json_integer_value(first) < 0 || json_integer_value(last) < 0 ||
            json_integer_value(first) > DN_KERAS_SIZE_LIMIT || json_integer_value(last) > DN_KERAS_SIZE_LIMIT) {
            DN_FAIL(DN_EFORMAT, "%s: \"%s\" is not supported", source->place, key);
        }
        begin[3 - walk->dims + i] = json_integer_value(first);
        end[3 - walk->dims + i] = json_integer_value(last);
    }
    json_t *object = json_pack("{s:s, s:s}", "op", op, "input", source->inputs[0].node);
    if (object != NULL) {
        dn_keras_set_axes(walk, object, "begin", begin);
        dn_keras_set_axes(walk, object, "end", end);
    }
    return dn_keras_add(walk, source, object, out);
}

static dn_status zero_padding(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    return margins(walk, source, "padding", "pad", out);
}

static dn_status cropping(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    return margins(walk, source, "cropping", "crop", out);
}

/* Squeeze and excite writes [N,C] as [N,1,1,C]: for us the same tensor. */
static dn_status reshape(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    json_t *shape;
    (void)walk;
    if (!source->inputs[0].vector) {
        DN_FAIL(DN_EFORMAT, "%s: is supported only for the result of global pooling", source->place);
    }
    DN_TRY(dn_fields_array(source->config, source->place, "target_shape", 1, 4, &shape));
    for (size_t i = 0; i < json_array_size(shape); ++i) {
        json_int_t size = json_integer_value(json_array_get(shape, i));
        bool last = i + 1 == json_array_size(shape);
        if (size != -1 && size != (last ? source->inputs[0].channels : 1)) {
            DN_FAIL(DN_EFORMAT, "%s: is supported only as [1, 1, channels]", source->place);
        }
    }
    return dn_keras_same_as_input(source, out);
}

static dn_status flatten(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    (void)walk;
    if (!source->inputs[0].vector) {
        DN_FAIL(DN_EFORMAT, "%s: is supported only for the result of global pooling", source->place);
    }
    return dn_keras_same_as_input(source, out);
}

/* ---- several inputs ---- */

static dn_status several(const dn_keras_source *source)
{
    if (source->input_count < 2) {
        DN_FAIL(DN_EFORMAT, "%s: has %zu inputs, not two or more", source->place, source->input_count);
    }
    return DN_OK;
}

static dn_status concatenate(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    DN_TRY(several(source));
    DN_TRY(dn_keras_channel_axis(walk, source));
    json_t *inputs = json_array();
    out->channels = 0;
    for (size_t i = 0; i < source->input_count; ++i) {
        json_array_append_new(inputs, json_string(source->inputs[i].node));
        out->channels += source->inputs[i].channels;
    }
    return dn_keras_add(walk, source, json_pack("{s:s, s:o}", "op", "concat", "inputs", inputs), out);
}

/* Two at a time: name.1, name.2, ..., name. */
static dn_status fold(dn_keras_walk *walk, const dn_keras_source *source, const char *op, dn_keras_tensor *out)
{
    DN_TRY(several(source));
    *out = source->inputs[0];
    for (size_t i = 1; i < source->input_count; ++i) {
        char *name;
        dn_keras_tensor a = *out, b = source->inputs[i];
        if (strcmp(op, "multiply") == 0 && ((a.vector && !b.vector) || (a.channels == 1 && b.channels != 1))) {
            dn_keras_tensor swap = a; /* ours takes the gate second */
            a = b;
            b = swap;
        }
        *out = a;
        if (i + 1 == source->input_count) {
            DN_TRY(dn_strdup(source->name, &name));
        } else {
            DN_TRY(dn_asprintf(&name, "%s.%zu", source->name, i));
        }
        dn_status status =
            dn_keras_node_add(walk, source, name, json_pack("{s:s, s:[s,s]}", "op", op, "inputs", a.node, b.node), &out->node);
        free(name);
        DN_TRY(status);
    }
    return DN_OK;
}

static dn_status add_layer(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    return fold(walk, source, "add", out);
}

static dn_status multiply(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    return fold(walk, source, "multiply", out);
}

/* ---- the table ---- */

const dn_keras_row dn_keras_shape_layers[] = {
    {"MaxPooling2D", pool},
    {"MaxPooling3D", pool},
    {"AveragePooling2D", pool},
    {"AveragePooling3D", pool},
    {"GlobalAveragePooling2D", global_pool},
    {"GlobalAveragePooling3D", global_pool},
    {"GlobalMaxPooling2D", global_pool},
    {"GlobalMaxPooling3D", global_pool},
    {"UpSampling2D", upsample},
    {"UpSampling3D", upsample},
    {"ZeroPadding2D", zero_padding},
    {"ZeroPadding3D", zero_padding},
    {"Cropping2D", cropping},
    {"Cropping3D", cropping},
    {"Reshape", reshape},
    {"Flatten", flatten},
    {"Concatenate", concatenate},
    {"Add", add_layer},
    {"Multiply", multiply},
    {NULL, NULL},
};
