/* Layers with weights: convolutions, dense, norms. */
#include "models/keras/parts.h"

#include "base/memory.h"
#include "models/fields.h"

#include <stdlib.h>
#include <string.h>

/* ---- convolutions ---- */

static dn_status conv_object(dn_keras_walk *walk, const dn_keras_source *source, const char *op, int64_t out, int64_t groups, bool bias,
                             json_t **object, int64_t stride[3])
{
    int64_t kernel[3], dilation[3];
    const char *pad;
    if (!dn_fields_has(source->config, "kernel_size")) {
        DN_FAIL(DN_EFORMAT, "%s: has no kernel_size", source->place);
    }
    DN_TRY(dn_keras_axes(walk, source, "kernel_size", 1, kernel));
    DN_TRY(dn_keras_axes(walk, source, "strides", 1, stride));
    DN_TRY(dn_keras_axes(walk, source, "dilation_rate", 1, dilation));
    DN_TRY(dn_keras_padding(source, &pad));
    *object = json_pack("{s:s, s:s, s:I, s:I, s:s, s:b}", "op", op, "input", source->inputs[0].node, "out", (json_int_t)out, "groups",
                        (json_int_t)groups, "padding", pad, "bias", bias);
    if (*object != NULL) {
        dn_keras_set_axes(walk, *object, "kernel", kernel);
        dn_keras_set_axes(walk, *object, "stride", stride);
        dn_keras_set_axes(walk, *object, "dilation", dilation);
    }
    return DN_OK;
}

static dn_status conv(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    int64_t filters, groups = 1, stride[3];
    bool bias = true;
    json_t *object;
    dn_keras_target target;
    DN_TRY(dn_fields_integer(source->config, source->place, "filters", 1, DN_KERAS_SIZE_LIMIT, &filters));
    if (dn_fields_has(source->config, "groups")) {
        DN_TRY(dn_fields_integer(source->config, source->place, "groups", 1, DN_KERAS_SIZE_LIMIT, &groups));
    }
    DN_TRY(dn_keras_boolean(source, "use_bias", &bias));
    DN_TRY(conv_object(walk, source, "conv", filters, groups, bias, &object, stride));
    DN_TRY(dn_keras_add(walk, source, object, out));
    out->channels = filters;
    DN_TRY(dn_keras_reduce(walk, source, stride, out));
    if (walk->weights != NULL) {
        DN_TRY(dn_keras_target_of(walk, source, source->name, &target));
        DN_TRY(dn_keras_conv(&target, walk->dims, "kernel", bias));
    }
    return dn_keras_own_activation(walk, source, out);
}

static dn_status conv_transpose(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    int64_t filters, stride[3];
    bool bias = true;
    json_t *object;
    dn_keras_target target;
    if (dn_fields_has(source->config, "output_padding")) {
        DN_FAIL(DN_EFORMAT, "%s: output_padding is not supported", source->place);
    }
    DN_TRY(dn_fields_integer(source->config, source->place, "filters", 1, DN_KERAS_SIZE_LIMIT, &filters));
    DN_TRY(dn_keras_boolean(source, "use_bias", &bias));
    DN_TRY(conv_object(walk, source, "deconv", filters, 1, bias, &object, stride));
    DN_TRY(dn_keras_add(walk, source, object, out));
    out->channels = filters;
    dn_keras_enlarge(stride, out);
    if (walk->weights != NULL) {
        DN_TRY(dn_keras_target_of(walk, source, source->name, &target));
        DN_TRY(dn_keras_deconv(&target, walk->dims, bias));
    }
    return dn_keras_own_activation(walk, source, out);
}

static dn_status depth_multiplier(const dn_keras_walk *walk, const dn_keras_source *source, int64_t *out)
{
    *out = 1;
    if (dn_fields_has(source->config, "depth_multiplier")) {
        DN_TRY(dn_fields_integer(source->config, source->place, "depth_multiplier", 1, 1024, out));
    }
    if (*out > DN_KERAS_SIZE_LIMIT / source->inputs[0].channels || walk->dims != 2) {
        DN_FAIL(DN_EFORMAT, "%s: has too many channels, or is in a 3-D network", source->place);
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
    DN_TRY(dn_keras_boolean(source, "use_bias", &bias));
    DN_TRY(conv_object(walk, source, "conv", channels * multiplier, channels, bias, &object, stride));
    DN_TRY(dn_keras_add(walk, source, object, out));
    out->channels = channels * multiplier;
    DN_TRY(dn_keras_reduce(walk, source, stride, out));
    if (walk->weights != NULL) {
        DN_TRY(dn_keras_target_of(walk, source, source->name, &target));
        DN_TRY(dn_keras_depthwise(&target, walk->dims, bias));
    }
    return dn_keras_own_activation(walk, source, out);
}

/* A depthwise convolution without bias, then a 1x1 convolution. */
static dn_status separable_conv(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    int64_t filters, multiplier, stride[3], channels = source->inputs[0].channels;
    bool bias = true;
    json_t *object;
    dn_keras_target target;
    char *name;
    DN_TRY(dn_fields_integer(source->config, source->place, "filters", 1, DN_KERAS_SIZE_LIMIT, &filters));
    DN_TRY(depth_multiplier(walk, source, &multiplier));
    DN_TRY(dn_keras_boolean(source, "use_bias", &bias));
    DN_TRY(conv_object(walk, source, "conv", channels * multiplier, channels, false, &object, stride));
    dn_status status = dn_asprintf(&name, "%s.depthwise", source->name);
    if (status != DN_OK) {
        json_decref(object);
        return status;
    }
    DN_TRY_GOTO(status, dn_keras_node_add(walk, source, name, object, &out->node), done);
    DN_TRY_GOTO(status, dn_keras_reduce(walk, source, stride, out), done);
    object =
        json_pack("{s:s, s:s, s:I, s:i, s:b}", "op", "conv", "input", out->node, "out", (json_int_t)filters, "kernel", 1, "bias", bias);
    DN_TRY_GOTO(status, dn_keras_add(walk, source, object, out), done);
    out->channels = filters;
    if (walk->weights != NULL) {
        DN_TRY_GOTO(status, dn_keras_target_of(walk, source, name, &target), done);
        DN_TRY_GOTO(status, dn_keras_depthwise(&target, walk->dims, false), done);
        target.name = source->name;
        DN_TRY_GOTO(status, dn_keras_conv(&target, walk->dims, "pointwise_kernel", bias), done);
    }
    status = dn_keras_own_activation(walk, source, out);
done:
    free(name);
    return status;
}

static dn_status dense(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    int64_t units;
    bool bias = true;
    dn_keras_target target;
    DN_TRY(dn_fields_integer(source->config, source->place, "units", 1, DN_KERAS_SIZE_LIMIT, &units));
    DN_TRY(dn_keras_boolean(source, "use_bias", &bias));
    DN_TRY(dn_keras_add(walk, source,
                        json_pack("{s:s, s:s, s:I, s:b}", "op", "dense", "input", source->inputs[0].node, "out", (json_int_t)units, "bias",
                                  bias),
                        out));
    out->channels = units;
    if (walk->weights != NULL) {
        DN_TRY(dn_keras_target_of(walk, source, source->name, &target));
        DN_TRY(dn_keras_dense(&target, bias));
    }
    return dn_keras_own_activation(walk, source, out);
}

/* ---- norms ---- */

static dn_status norm(dn_keras_walk *walk, const dn_keras_source *source, const char *kind, dn_keras_tensor *out)
{
    double epsilon = 1e-3;
    dn_keras_target target;
    DN_TRY(dn_keras_channel_axis(walk, source));
    if (dn_fields_has(source->config, "epsilon")) {
        DN_TRY(dn_fields_real(source->config, source->place, "epsilon", 1e-12, 1, &epsilon));
    }
    if (json_is_true(json_object_get(source->config, "renorm")) || dn_fields_has(source->config, "virtual_batch_size")) {
        DN_FAIL(DN_EFORMAT, "%s: renorm and virtual_batch_size are not supported", source->place);
    }
    DN_TRY(dn_keras_add(walk, source,
                        json_pack("{s:s, s:s, s:s, s:f}", "op", "norm", "input", source->inputs[0].node, "kind", kind, "epsilon", epsilon),
                        out));
    if (walk->weights != NULL) {
        DN_TRY(dn_keras_target_of(walk, source, source->name, &target));
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

/* ---- the table ---- */

const dn_keras_row dn_keras_weight_layers[] = {
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
    {NULL, NULL},
};
