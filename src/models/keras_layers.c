#include "models/keras_layers.h"

#include "base/memory.h"
#include "models/fields.h"
#include "models/keras_lambda.h"
#include "models/keras_weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_LIMIT 1000000

/* ---- shared ---- */

dn_status dn_keras_node_add(dn_keras_walk *walk, const dn_keras_source *source, const char *name, json_t *object, const char **node)
{
    if (object == NULL || json_object_set_new(object, "name", json_string(name)) != 0 || json_array_append_new(walk->nodes, object) != 0) {
        DN_FAIL(DN_ENOMEM, "%s: no memory, or its name is not valid UTF-8", source->place);
    }
    *node = json_string_value(json_object_get(object, "name"));
    return DN_OK;
}

static dn_status add(dn_keras_walk *walk, const dn_keras_source *source, json_t *object, dn_keras_tensor *out)
{
    return dn_keras_node_add(walk, source, source->name, object, &out->node);
}

dn_status dn_keras_activation_add(dn_keras_walk *walk, const dn_keras_source *source, const char *text, double alpha, const char *name,
                                  dn_keras_tensor *tensor)
{
    static const char *const same[][2] = {{"relu", "relu"},  {"elu", "elu"},   {"sigmoid", "sigmoid"},
                                          {"swish", "silu"}, {"silu", "silu"}, {"leaky_relu", "leaky_relu"}};
    if (strcmp(text, "linear") == 0) {
        return DN_OK;
    }
    if (strcmp(text, "softmax") == 0) {
        return dn_keras_node_add(walk, source, name, json_pack("{s:s, s:s}", "op", "softmax", "input", tensor->node), &tensor->node);
    }
    for (size_t i = 0; i < sizeof same / sizeof same[0]; ++i) {
        if (strcmp(text, same[i][0]) == 0) {
            json_t *object = json_pack("{s:s, s:s, s:s}", "op", "activation", "input", tensor->node, "kind", same[i][1]);
            if (object != NULL && (strcmp(same[i][1], "elu") == 0 || strcmp(same[i][1], "leaky_relu") == 0)) {
                json_object_set_new(object, "alpha", json_real(alpha));
            }
            return dn_keras_node_add(walk, source, name, object, &tensor->node);
        }
    }
    DN_FAIL(DN_EFORMAT, "%s: the activation \"%.60s\" is not understood", source->place, text);
}

/* A text, or what a serialised object is called: {"class_name": "function", "config": "swish"} or {"class_name": "Swish"}. */
static const char *activation_name(const json_t *value)
{
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (json_is_object(value)) {
        const char *class_name = json_string_value(json_object_get(value, "class_name"));
        const json_t *config = json_object_get(value, "config");
        if (class_name != NULL && strcmp(class_name, "function") == 0 && json_is_string(config)) {
            return json_string_value(config);
        }
        return class_name == NULL ? "?" : strcmp(class_name, "Swish") == 0 ? "swish" : class_name;
    }
    return "linear";
}

/* Of an activation that is given by its name alone: Keras has 0.2 for leaky_relu and 1 for elu. */
static double preset_alpha(const char *name)
{
    return strcmp(name, "leaky_relu") == 0 ? 0.2 : 1.0;
}

/* The activation inside a convolution or dense layer, as a node of its own. */
static dn_status own_activation(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    const char *text = activation_name(json_object_get(source->config, "activation"));
    char *name;
    DN_TRY(dn_asprintf(&name, "%s.activation", source->name));
    dn_status status = dn_keras_activation_add(walk, source, text, preset_alpha(text), name, out);
    free(name);
    return status;
}

static dn_status channels_last(const dn_keras_source *source)
{
    const char *format = json_string_value(json_object_get(source->config, "data_format"));
    if (format != NULL && strcmp(format, "channels_last") != 0) {
        DN_FAIL(DN_EFORMAT, "%s: data_format is \"%.40s\"; only channels_last is understood", source->place, format);
    }
    return DN_OK;
}

static dn_status axes(const dn_keras_walk *walk, const dn_keras_source *source, const char *key, int64_t preset, int64_t out[3])
{
    out[0] = walk->dims == 3 ? preset : 1;
    out[1] = out[2] = preset;
    return dn_fields_has(source->config, key) ? dn_fields_axes(source->config, source->place, key, walk->dims, 1, 1, SIZE_LIMIT, out)
                                              : DN_OK;
}

/* [D,H,W] or [H,W] */
static json_t *axes_json(const dn_keras_walk *walk, const int64_t values[3])
{
    json_t *list = json_array();
    for (int i = 3 - walk->dims; i < 3; ++i) {
        json_array_append_new(list, json_integer(values[i]));
    }
    return list;
}

static void set_axes(const dn_keras_walk *walk, json_t *object, const char *key, const int64_t values[3])
{
    json_object_set_new(object, key, axes_json(walk, values));
}

static dn_status boolean(const dn_keras_source *source, const char *key, bool *value)
{
    return dn_fields_has(source->config, key) ? dn_fields_boolean(source->config, source->place, key, value) : DN_OK;
}

/* "same" or "valid" */
static dn_status padding(const dn_keras_source *source, const char **out)
{
    int choice;
    *out = "valid";
    if (dn_fields_has(source->config, "padding")) {
        DN_TRY(dn_fields_choice(source->config, source->place, "padding", "valid|same", &choice));
        *out = choice == 1 ? "same" : "valid";
    }
    return DN_OK;
}

/* Keeps track of the reduction; strides must agree between axes for `multiple` to mean something, the largest counts. */
static dn_status reduce(dn_keras_walk *walk, const dn_keras_source *source, const int64_t stride[3], dn_keras_tensor *out)
{
    int64_t largest = stride[0] > stride[1] ? stride[0] : stride[1];
    largest = largest > stride[2] ? largest : stride[2];
    if (out->reduction > SIZE_LIMIT / largest) {
        DN_FAIL(DN_EFORMAT, "%s: the network reduces its input more than %d times", source->place, SIZE_LIMIT);
    }
    out->reduction *= largest;
    if (out->reduction > walk->multiple) {
        walk->multiple = out->reduction;
    }
    return DN_OK;
}

static void enlarge(const int64_t factor[3], dn_keras_tensor *out)
{
    int64_t largest = factor[2] > factor[1] ? factor[2] : factor[1];
    out->reduction = out->reduction % largest == 0 ? out->reduction / largest : 1;
}

static dn_status target_of(const dn_keras_walk *walk, const dn_keras_source *source, const char *name, dn_keras_target *target)
{
    *target = (dn_keras_target){.path = walk->path,
                                .layer = dn_keras_layer_find(walk->file, source->name),
                                .name = name,
                                .weights = walk->weights};
    if (target->layer == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: the file has no weights for it", source->place);
    }
    return DN_OK;
}

/* The number after _ or at the end of a class: Conv2D is for 2-D networks. */
static dn_status right_dims(const dn_keras_walk *walk, const dn_keras_source *source)
{
    const char *digit = strpbrk(source->class_name, "123");
    if (digit != NULL && digit[1] == 'D' && digit[0] != '0' + walk->dims) {
        DN_FAIL(DN_EFORMAT, "%s: stands in a %d-D network", source->place, walk->dims);
    }
    return channels_last(source);
}

static dn_status same_as_input(const dn_keras_source *source, dn_keras_tensor *out)
{
    *out = source->inputs[0];
    return DN_OK;
}

/* ---- convolutions ---- */

static dn_status conv_object(dn_keras_walk *walk, const dn_keras_source *source, const char *op, int64_t out, int64_t groups, bool bias,
                             json_t **object, int64_t stride[3])
{
    int64_t kernel[3], dilation[3];
    const char *pad;
    if (!dn_fields_has(source->config, "kernel_size")) {
        DN_FAIL(DN_EFORMAT, "%s: has no kernel_size", source->place);
    }
    DN_TRY(axes(walk, source, "kernel_size", 1, kernel));
    DN_TRY(axes(walk, source, "strides", 1, stride));
    DN_TRY(axes(walk, source, "dilation_rate", 1, dilation));
    DN_TRY(padding(source, &pad));
    *object = json_pack("{s:s, s:s, s:I, s:I, s:s, s:b}", "op", op, "input", source->inputs[0].node, "out", (json_int_t)out, "groups",
                        (json_int_t)groups, "padding", pad, "bias", bias);
    if (*object != NULL) {
        set_axes(walk, *object, "kernel", kernel);
        set_axes(walk, *object, "stride", stride);
        set_axes(walk, *object, "dilation", dilation);
    }
    return DN_OK;
}

static dn_status conv(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    int64_t filters, groups = 1, stride[3];
    bool bias = true;
    json_t *object;
    dn_keras_target target;
    DN_TRY(dn_fields_integer(source->config, source->place, "filters", 1, SIZE_LIMIT, &filters));
    if (dn_fields_has(source->config, "groups")) {
        DN_TRY(dn_fields_integer(source->config, source->place, "groups", 1, SIZE_LIMIT, &groups));
    }
    DN_TRY(boolean(source, "use_bias", &bias));
    DN_TRY(conv_object(walk, source, "conv", filters, groups, bias, &object, stride));
    DN_TRY(add(walk, source, object, out));
    out->channels = filters;
    DN_TRY(reduce(walk, source, stride, out));
    if (walk->weights != NULL) {
        DN_TRY(target_of(walk, source, source->name, &target));
        DN_TRY(dn_keras_conv(&target, walk->dims, "kernel", bias));
    }
    return own_activation(walk, source, out);
}

static dn_status conv_transpose(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    int64_t filters, stride[3];
    bool bias = true;
    json_t *object;
    dn_keras_target target;
    if (dn_fields_has(source->config, "output_padding")) {
        DN_FAIL(DN_EFORMAT, "%s: output_padding is not understood", source->place);
    }
    DN_TRY(dn_fields_integer(source->config, source->place, "filters", 1, SIZE_LIMIT, &filters));
    DN_TRY(boolean(source, "use_bias", &bias));
    DN_TRY(conv_object(walk, source, "deconv", filters, 1, bias, &object, stride));
    DN_TRY(add(walk, source, object, out));
    out->channels = filters;
    enlarge(stride, out);
    if (walk->weights != NULL) {
        DN_TRY(target_of(walk, source, source->name, &target));
        DN_TRY(dn_keras_deconv(&target, walk->dims, bias));
    }
    return own_activation(walk, source, out);
}

static dn_status depth_multiplier(const dn_keras_walk *walk, const dn_keras_source *source, int64_t *out)
{
    *out = 1;
    if (dn_fields_has(source->config, "depth_multiplier")) {
        DN_TRY(dn_fields_integer(source->config, source->place, "depth_multiplier", 1, 1024, out));
    }
    if (*out > SIZE_LIMIT / source->inputs[0].channels || walk->dims != 2) {
        DN_FAIL(DN_EFORMAT, "%s: has too many channels, or stands in a 3-D network", source->place);
    }
    return DN_OK;
}

static dn_status depthwise_conv(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    int64_t multiplier, stride[3], channels = source->inputs[0].channels;
    bool bias = true;
    json_t *object;
    dn_keras_target target;
    DN_TRY(depth_multiplier(walk, source, &multiplier));
    DN_TRY(boolean(source, "use_bias", &bias));
    DN_TRY(conv_object(walk, source, "conv", channels * multiplier, channels, bias, &object, stride));
    DN_TRY(add(walk, source, object, out));
    out->channels = channels * multiplier;
    DN_TRY(reduce(walk, source, stride, out));
    if (walk->weights != NULL) {
        DN_TRY(target_of(walk, source, source->name, &target));
        DN_TRY(dn_keras_depthwise(&target, walk->dims, bias));
    }
    return own_activation(walk, source, out);
}

/* A depthwise convolution without bias, then a 1x1 convolution. */
static dn_status separable_conv(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    int64_t filters, multiplier, stride[3], channels = source->inputs[0].channels;
    bool bias = true;
    json_t *object;
    dn_keras_target target;
    char *name;
    DN_TRY(dn_fields_integer(source->config, source->place, "filters", 1, SIZE_LIMIT, &filters));
    DN_TRY(depth_multiplier(walk, source, &multiplier));
    DN_TRY(boolean(source, "use_bias", &bias));
    DN_TRY(conv_object(walk, source, "conv", channels * multiplier, channels, false, &object, stride));
    DN_TRY(reduce(walk, source, stride, out));
    dn_status status = dn_asprintf(&name, "%s.depthwise", source->name);
    if (status != DN_OK) {
        json_decref(object);
        return status;
    }
    DN_TRY_GOTO(status, dn_keras_node_add(walk, source, name, object, &out->node), done);
    object =
        json_pack("{s:s, s:s, s:I, s:i, s:b}", "op", "conv", "input", out->node, "out", (json_int_t)filters, "kernel", 1, "bias", bias);
    DN_TRY_GOTO(status, add(walk, source, object, out), done);
    out->channels = filters;
    if (walk->weights != NULL) {
        DN_TRY_GOTO(status, target_of(walk, source, name, &target), done);
        DN_TRY_GOTO(status, dn_keras_depthwise(&target, walk->dims, false), done);
        target.name = source->name;
        DN_TRY_GOTO(status, dn_keras_conv(&target, walk->dims, "pointwise_kernel", bias), done);
    }
    status = own_activation(walk, source, out);
done:
    free(name);
    return status;
}

static dn_status dense(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    int64_t units;
    bool bias = true;
    dn_keras_target target;
    DN_TRY(dn_fields_integer(source->config, source->place, "units", 1, SIZE_LIMIT, &units));
    DN_TRY(boolean(source, "use_bias", &bias));
    DN_TRY(add(walk, source,
               json_pack("{s:s, s:s, s:I, s:b}", "op", "dense", "input", source->inputs[0].node, "out", (json_int_t)units, "bias", bias),
               out));
    out->channels = units;
    if (walk->weights != NULL) {
        DN_TRY(target_of(walk, source, source->name, &target));
        DN_TRY(dn_keras_dense(&target, bias));
    }
    return own_activation(walk, source, out);
}

/* ---- norms ---- */

/* Over channels: -1, the last axis, or a list of it (tf.keras). */
static dn_status channel_axis(const dn_keras_walk *walk, const dn_keras_source *source)
{
    const json_t *axis = json_object_get(source->config, "axis");
    if (json_is_array(axis) && json_array_size(axis) == 1) {
        axis = json_array_get(axis, 0);
    }
    if (axis != NULL && !(json_is_integer(axis) && (json_integer_value(axis) == -1 || json_integer_value(axis) == walk->dims + 1 ||
                                                    (source->inputs[0].vector && json_integer_value(axis) == 1)))) {
        DN_FAIL(DN_EFORMAT, "%s: works along another axis than the channels", source->place);
    }
    return DN_OK;
}

static dn_status norm(dn_keras_walk *walk, const dn_keras_source *source, const char *kind, dn_keras_tensor *out)
{
    double epsilon = 1e-3;
    dn_keras_target target;
    DN_TRY(channel_axis(walk, source));
    if (dn_fields_has(source->config, "epsilon")) {
        DN_TRY(dn_fields_real(source->config, source->place, "epsilon", 1e-12, 1, &epsilon));
    }
    if (json_is_true(json_object_get(source->config, "renorm")) || dn_fields_has(source->config, "virtual_batch_size")) {
        DN_FAIL(DN_EFORMAT, "%s: renorm and virtual_batch_size are not understood", source->place);
    }
    DN_TRY(add(walk, source,
               json_pack("{s:s, s:s, s:s, s:f}", "op", "norm", "input", source->inputs[0].node, "kind", kind, "epsilon", epsilon), out));
    if (walk->weights != NULL) {
        DN_TRY(target_of(walk, source, source->name, &target));
        DN_TRY(dn_keras_norm(&target, strcmp(kind, "batch") == 0));
    }
    return DN_OK;
}

static dn_status batch_norm(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    return norm(walk, source, "batch", out);
}

static dn_status instance_norm(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    return norm(walk, source, "instance", out);
}

/* ---- activations ---- */

static dn_status activation(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    const char *text = activation_name(json_object_get(source->config, "activation"));
    return dn_keras_activation_add(walk, source, text, preset_alpha(text), source->name, out);
}

/* A number, or a 0-dimensional array as Keras 2 serialises it: {"type": "ndarray", "value": 0.3}. */
static dn_status number(const dn_keras_source *source, const char *key, double preset, double *out)
{
    const json_t *value = json_object_get(source->config, key);
    if (json_is_object(value)) {
        value = json_object_get(value, "value");
    }
    *out = preset;
    if (value != NULL && !json_is_null(value)) {
        if (!json_is_number(value) || !(json_number_value(value) >= 0 && json_number_value(value) <= 1000)) {
            DN_FAIL(DN_EFORMAT, "%s: \"%s\" is not a number from 0 to 1000", source->place, key);
        }
        *out = json_number_value(value);
    }
    return DN_OK;
}

static dn_status relu(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    double slope, threshold;
    if (dn_fields_has(source->config, "max_value")) {
        DN_FAIL(DN_EFORMAT, "%s: max_value (ReLU6) is not understood", source->place);
    }
    DN_TRY(number(source, "threshold", 0, &threshold));
    DN_TRY(number(source, "negative_slope", 0, &slope));
    if (threshold != 0) {
        DN_FAIL(DN_EFORMAT, "%s: threshold is not understood", source->place);
    }
    return dn_keras_activation_add(walk, source, slope > 0 ? "leaky_relu" : "relu", slope, source->name, out);
}

static dn_status leaky_relu(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    double slope;
    DN_TRY(number(source, "alpha", 0.3, &slope));
    DN_TRY(number(source, "negative_slope", slope, &slope)); /* Keras 3 */
    return dn_keras_activation_add(walk, source, "leaky_relu", slope, source->name, out);
}

static dn_status elu(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    double alpha;
    DN_TRY(number(source, "alpha", 1, &alpha));
    return dn_keras_activation_add(walk, source, "elu", alpha, source->name, out);
}

static dn_status softmax(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    DN_TRY(channel_axis(walk, source));
    return dn_keras_activation_add(walk, source, "softmax", 0, source->name, out);
}

static dn_status swish(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    return dn_keras_activation_add(walk, source, "swish", 0, source->name, out);
}

/* ---- pooling, sizes ---- */

static dn_status pool(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    int64_t kernel[3], stride[3];
    const char *pad;
    DN_TRY(axes(walk, source, "pool_size", 2, kernel));
    memcpy(stride, kernel, sizeof stride);
    if (dn_fields_has(source->config, "strides")) {
        DN_TRY(axes(walk, source, "strides", 1, stride));
    }
    DN_TRY(padding(source, &pad));
    json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "op", "pool", "input", source->inputs[0].node, "kind",
                               strncmp(source->class_name, "Max", 3) == 0 ? "max" : "average", "padding", pad);
    if (object != NULL) {
        set_axes(walk, object, "kernel", kernel);
        set_axes(walk, object, "stride", stride);
    }
    DN_TRY(add(walk, source, object, out));
    return reduce(walk, source, stride, out);
}

static dn_status global_pool(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    out->vector = true;
    return add(walk, source,
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
    DN_TRY(axes(walk, source, "size", 2, factor));
    if (dn_fields_has(source->config, "interpolation")) {
        int choice;
        DN_TRY(dn_fields_choice(source->config, source->place, "interpolation", "nearest|bilinear", &choice));
        if (choice == 1) {
            if (is_old_keras(walk)) {
                DN_FAIL(DN_EFORMAT,
                        "%s: bilinear up-sampling of Keras %.20s depends on the TensorFlow it ran on; save the model again with "
                        "tf.keras 2.4 or later",
                        source->place, walk->file->version[0] != '\0' ? walk->file->version : "of unknown version");
            }
            kind = "linear";
        }
    }
    json_t *object = json_pack("{s:s, s:s, s:s}", "op", "upsample", "input", source->inputs[0].node, "kind", kind);
    if (object != NULL) {
        set_axes(walk, object, "factor", factor);
    }
    enlarge(factor, out);
    return add(walk, source, object, out);
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
            json_integer_value(first) > SIZE_LIMIT || json_integer_value(last) > SIZE_LIMIT) {
            DN_FAIL(DN_EFORMAT, "%s: \"%s\" is not understood", source->place, key);
        }
        begin[3 - walk->dims + i] = json_integer_value(first);
        end[3 - walk->dims + i] = json_integer_value(last);
    }
    json_t *object = json_pack("{s:s, s:s}", "op", op, "input", source->inputs[0].node);
    if (object != NULL) {
        set_axes(walk, object, "begin", begin);
        set_axes(walk, object, "end", end);
    }
    return add(walk, source, object, out);
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
        DN_FAIL(DN_EFORMAT, "%s: is understood only for the result of global pooling", source->place);
    }
    DN_TRY(dn_fields_array(source->config, source->place, "target_shape", 1, 4, &shape));
    for (size_t i = 0; i < json_array_size(shape); ++i) {
        json_int_t size = json_integer_value(json_array_get(shape, i));
        bool last = i + 1 == json_array_size(shape);
        if (size != -1 && size != (last ? source->inputs[0].channels : 1)) {
            DN_FAIL(DN_EFORMAT, "%s: is understood only as [1, 1, channels]", source->place);
        }
    }
    return same_as_input(source, out);
}

static dn_status flatten(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    (void)walk;
    if (!source->inputs[0].vector) {
        DN_FAIL(DN_EFORMAT, "%s: is understood only for the result of global pooling", source->place);
    }
    return same_as_input(source, out);
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
    DN_TRY(channel_axis(walk, source));
    json_t *inputs = json_array();
    out->channels = 0;
    for (size_t i = 0; i < source->input_count; ++i) {
        json_array_append_new(inputs, json_string(source->inputs[i].node));
        out->channels += source->inputs[i].channels;
    }
    return add(walk, source, json_pack("{s:s, s:o}", "op", "concat", "inputs", inputs), out);
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

/* ---- nothing at inference ---- */

static dn_status dropout(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    double rate;
    DN_TRY(number(source, "rate", 0, &rate));
    if (rate >= 1) {
        DN_FAIL(DN_EFORMAT, "%s: the rate %g is not below 1", source->place, rate);
    }
    return add(walk, source, json_pack("{s:s, s:s, s:f}", "op", "dropout", "input", source->inputs[0].node, "rate", rate), out);
}

static dn_status nothing(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    (void)walk;
    return same_as_input(source, out);
}

static dn_status lambda(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    switch (dn_keras_lambda_meaning(source->config)) {
    case DN_KERAS_LAMBDA_NOTHING:
        return same_as_input(source, out);
    case DN_KERAS_LAMBDA_SOFTMAX:
        return dn_keras_activation_add(walk, source, "softmax", 0, source->name, out);
    case DN_KERAS_LAMBDA_SWISH:
        return dn_keras_activation_add(walk, source, "swish", 0, source->name, out);
    case DN_KERAS_LAMBDA_MEAN:
        out->vector = true;
        return add(walk, source, json_pack("{s:s, s:s, s:s}", "op", "global_pool", "input", source->inputs[0].node, "kind", "average"),
                   out);
    case DN_KERAS_LAMBDA_UNKNOWN:
        break;
    }
    DN_FAIL(DN_EFORMAT, "%s: a Lambda layer holds Python code, which is not run; this one is not among the known ones (docs/models.md)",
            source->place);
}

/* ---- the table ---- */

typedef dn_status layer_function(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out);

static const struct {
    const char *class_name;
    layer_function *add;
} layers[] = {
    {"Conv2D", conv},
    {"Conv3D", conv},
    {"Convolution2D", conv},
    {"Convolution3D", conv},
    {"Conv2DTranspose", conv_transpose},
    {"Conv3DTranspose", conv_transpose},
    {"DepthwiseConv2D", depthwise_conv},
    {"SeparableConv2D", separable_conv},
    {"Dense", dense},
    {"BatchNormalization", batch_norm},
    {"BatchNormalizationV1", batch_norm},
    {"BatchNormalizationV2", batch_norm},
    {"SyncBatchNormalization", batch_norm},
    {"InstanceNormalization", instance_norm},
    {"Activation", activation},
    {"ReLU", relu},
    {"LeakyReLU", leaky_relu},
    {"ELU", elu},
    {"Softmax", softmax},
    {"Swish", swish},
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
    {"Dropout", dropout},
    {"SpatialDropout2D", nothing},
    {"SpatialDropout3D", nothing},
    {"FixedDropout", nothing},
    {"DropConnect", nothing},
    {"GaussianNoise", nothing},
    {"GaussianDropout", nothing},
    {"ActivityRegularization", nothing},
    {"Lambda", lambda},
};

dn_status dn_keras_layer_add(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; ++i) {
        if (strcmp(layers[i].class_name, source->class_name) == 0) {
            DN_TRY(right_dims(walk, source));
            *out = source->inputs[0];
            return layers[i].add(walk, source, out);
        }
    }
    DN_FAIL(DN_EFORMAT, "%s: layers of this class are not understood (docs/models.md lists those that are)", source->place);
}
