/* Layers without weights or change of size, and the search through all tables. */
#include "models/keras/layers.h"

#include "models/fields.h"
#include "models/keras/lambda.h"
#include "models/keras/parts.h"

#include <string.h>

/* ---- activations ---- */

static dn_status activation(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    const char *text = dn_keras_activation_name(json_object_get(source->config, "activation"));
    return dn_keras_activation_add(walk, source, text, dn_keras_preset_alpha(text), source->name, out);
}

static dn_status relu(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    double slope, threshold;
    if (dn_fields_has(source->config, "max_value")) {
        DN_FAIL(DN_EFORMAT, "%s: max_value (ReLU6) is not supported", source->place);
    }
    DN_TRY(dn_keras_number(source, "threshold", 0, &threshold));
    DN_TRY(dn_keras_number(source, "negative_slope", 0, &slope));
    if (threshold != 0) {
        DN_FAIL(DN_EFORMAT, "%s: threshold is not supported", source->place);
    }
    return dn_keras_activation_add(walk, source, slope > 0 ? "leaky_relu" : "relu", slope, source->name, out);
}

static dn_status leaky_relu(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    double slope;
    DN_TRY(dn_keras_number(source, "alpha", 0.3, &slope));
    DN_TRY(dn_keras_number(source, "negative_slope", slope, &slope)); /* Keras 3 */
    return dn_keras_activation_add(walk, source, "leaky_relu", slope, source->name, out);
}

static dn_status elu(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    double alpha;
    DN_TRY(dn_keras_number(source, "alpha", 1, &alpha));
    return dn_keras_activation_add(walk, source, "elu", alpha, source->name, out);
}

static dn_status softmax(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    DN_TRY(dn_keras_channel_axis(walk, source));
    return dn_keras_activation_add(walk, source, "softmax", 0, source->name, out);
}

static dn_status swish(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    return dn_keras_activation_add(walk, source, "swish", 0, source->name, out);
}

/* ---- nothing at inference ---- */

static dn_status dropout(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    double rate;
    DN_TRY(dn_keras_number(source, "rate", 0, &rate));
    if (rate >= 1) {
        DN_FAIL(DN_EFORMAT, "%s: the rate %g is not below 1", source->place, rate);
    }
    return dn_keras_add(walk, source, json_pack("{s:s, s:s, s:f}", "op", "dropout", "input", source->inputs[0].node, "rate", rate), out);
}

/* noise_shape (None, 1, 1, 1): a sample's whole change is dropped; (None, 1, 1, C) and the like act in training alone and are left out. */
static dn_status fixed_dropout(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    const json_t *noise = json_object_get(source->config, "noise_shape");
    double rate;
    bool whole = json_array_size(noise) > 1 && json_is_null(json_array_get(noise, 0));
    if (!json_is_array(noise)) {
        return dropout(walk, source, out);
    }
    for (size_t i = 1; i < json_array_size(noise); ++i) {
        whole = whole && json_integer_value(json_array_get(noise, i)) == 1;
    }
    DN_TRY(dn_keras_number(source, "rate", 0, &rate));
    if (!whole || !(rate >= 0 && rate < 1)) {
        return dn_keras_same_as_input(source, out);
    }
    return dn_keras_add(walk, source,
                        json_pack("{s:s, s:s, s:f, s:b}", "op", "dropout", "input", source->inputs[0].node, "rate", rate, "whole", 1), out);
}

static dn_status nothing(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    (void)walk;
    return dn_keras_same_as_input(source, out);
}

static dn_status lambda(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    switch (dn_keras_lambda_meaning(source->config)) {
    case DN_KERAS_LAMBDA_NOTHING:
        return dn_keras_same_as_input(source, out);
    case DN_KERAS_LAMBDA_SOFTMAX:
        return dn_keras_activation_add(walk, source, "softmax", 0, source->name, out);
    case DN_KERAS_LAMBDA_SWISH:
        return dn_keras_activation_add(walk, source, "swish", 0, source->name, out);
    case DN_KERAS_LAMBDA_MEAN:
        out->vector = true;
        return dn_keras_add(walk, source,
                            json_pack("{s:s, s:s, s:s}", "op", "global_pool", "input", source->inputs[0].node, "kind", "average"), out);
    case DN_KERAS_LAMBDA_UNKNOWN:
        break;
    }
    DN_FAIL(
        DN_EFORMAT,
        "%s: a Lambda layer holds Python code, which dien does not run; this one is not in the list of known ones (docs/manual/models.md)",
        source->place);
}

/* ---- the table ---- */

static const dn_keras_row other_layers[] = {
    {"Activation", activation},
    {"ReLU", relu},
    {"LeakyReLU", leaky_relu},
    {"ELU", elu},
    {"Softmax", softmax},
    {"Swish", swish},
    {"Dropout", dropout},
    {"SpatialDropout2D", nothing},
    {"SpatialDropout3D", nothing},
    {"FixedDropout", fixed_dropout},
    {"DropConnect", nothing},
    {"GaussianNoise", nothing},
    {"GaussianDropout", nothing},
    {"ActivityRegularization", nothing},
    {"Lambda", lambda},
    {NULL, NULL},
};

static dn_status channels_last(const dn_keras_source *source)
{
    const char *format = json_string_value(json_object_get(source->config, "data_format"));
    if (format != NULL && strcmp(format, "channels_last") != 0) {
        DN_FAIL(DN_EFORMAT, "%s: data_format is \"%.40s\"; only channels_last is supported", source->place, format);
    }
    return DN_OK;
}

/* Conv2D is for 2-D networks, and so on. */
static dn_status right_dims(const dn_keras_walk *walk, const dn_keras_source *source)
{
    const char *digit = strpbrk(source->class_name, "123");
    if (digit != NULL && digit[1] == 'D' && digit[0] != '0' + walk->dims) {
        DN_FAIL(DN_EFORMAT, "%s: is in a %d-D network", source->place, walk->dims);
    }
    return channels_last(source);
}

dn_status dn_keras_layer_add(dn_keras_walk *walk, const dn_keras_source *source, dn_keras_tensor *out)
{
    static const dn_keras_row *const tables[] = {dn_keras_weight_layers, dn_keras_shape_layers, other_layers};
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; ++t) {
        for (const dn_keras_row *row = tables[t]; row->class_name != NULL; ++row) {
            if (strcmp(row->class_name, source->class_name) == 0) {
                DN_TRY(right_dims(walk, source));
                *out = source->inputs[0];
                return row->add(walk, source, out);
            }
        }
    }
    DN_FAIL(DN_EFORMAT, "%s: layers of this class are not supported (docs/manual/models.md lists the supported layers)", source->place);
}
