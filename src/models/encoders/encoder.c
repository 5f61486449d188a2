/* The list of encoders, and the layers that they share. */
#include "models/encoders/encoder.h"

#include <stdio.h>
#include <string.h>

static const dn_encoder *const encoders[] = {&dn_encoder_efficientnetb0, &dn_encoder_resnet50, &dn_encoder_vgg16, &dn_encoder_inceptionv3};

size_t dn_encoder_count(void)
{
    return sizeof encoders / sizeof encoders[0];
}

const dn_encoder *dn_encoder_at(size_t i)
{
    return encoders[i];
}

const dn_encoder *dn_encoder_find(const char *name)
{
    for (size_t i = 0; i < dn_encoder_count(); ++i) {
        if (strcmp(encoders[i]->name, name) == 0) {
            return encoders[i];
        }
    }
    return NULL;
}

int dn_encoder_conv(dn_graph *graph, int x, const char *name, const dn_conv2d *attributes)
{
    int64_t stride = attributes->stride > 0 ? attributes->stride : 1;
    dn_conv conv = {.out = attributes->out,
                    .kernel = {1, attributes->rows, attributes->cols},
                    .stride = {1, stride, stride},
                    .groups = attributes->groups > 0 ? attributes->groups : 1,
                    .padding = attributes->padding,
                    .bias = attributes->bias};
    return dn_graph_conv(graph, x, name, &conv);
}

int dn_encoder_pool(dn_graph *graph, int x, const char *name, dn_pool_kind kind, int64_t window, int64_t stride, dn_padding padding)
{
    dn_pool pool = {.kind = kind, .kernel = {1, window, window}, .stride = {1, stride, stride}, .padding = padding};
    return dn_graph_pool(graph, x, name, &pool);
}

int dn_encoder_pad(dn_graph *graph, int x, const char *name, int64_t margin)
{
    const int64_t sides[3] = {0, margin, margin};
    return dn_graph_pad(graph, x, name, sides, sides);
}

dn_layer_name dn_layer_named(const char *prefix, const char *part)
{
    dn_layer_name name;
    snprintf(name.text, sizeof name.text, "%.31s%.31s", prefix, part);
    return name;
}
