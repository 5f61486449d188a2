#include "models/graph_json.h"

#include "base/memory.h"
#include "models/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_LIMIT 1000000 /* of any extent, channel count or padding in a config */
#define NODE_LIMIT 100000

typedef struct builder {
    dn_graph *graph;
    dn_shape input;
    int dims;
    json_t *names;     /* name -> node index */
    const char *where; /* of the config */
    bool has_input;
} builder;

/* One node while it is added: place is "FILE: dien.config, node \"c0\"". */
typedef struct node_source {
    const json_t *json;
    const char *name;
    char place[512];
} node_source;

static dn_status find_node(const builder *b, const node_source *node, const json_t *name, int *out)
{
    const json_t *index = json_is_string(name) ? json_object_get(b->names, json_string_value(name)) : NULL;
    if (index == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: its input \"%.64s\" does not stand before it", node->place,
                json_is_string(name) ? json_string_value(name) : "?");
    }
    *out = (int)json_integer_value(index);
    return DN_OK;
}

static dn_status one_input(const builder *b, const node_source *node, int *out)
{
    const json_t *name = json_object_get(node->json, "input");
    if (name == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: the key \"input\" is missing", node->place);
    }
    return find_node(b, node, name, out);
}

static dn_status axes(const builder *b, const node_source *node, const char *key, int64_t depth, int64_t low, int64_t out[3])
{
    return dn_fields_axes(node->json, node->place, key, b->dims, depth, low, SIZE_LIMIT, out);
}

static dn_status optional_axes(const builder *b, const node_source *node, const char *key, int64_t depth, int64_t low, int64_t out[3])
{
    return dn_fields_has(node->json, key) ? axes(b, node, key, depth, low, out) : DN_OK;
}

static dn_status padding(const builder *b, const node_source *node, dn_padding *kind, int64_t begin[3], int64_t end[3])
{
    if (dn_fields_has(node->json, "padding")) {
        int choice;
        DN_TRY(dn_fields_choice(node->json, node->place, "padding", "same|valid|explicit", &choice));
        *kind = (dn_padding)choice;
    }
    if (*kind == DN_PAD_EXPLICIT) {
        DN_TRY(axes(b, node, "pad_begin", 0, 0, begin));
        DN_TRY(axes(b, node, "pad_end", 0, 0, end));
    }
    return DN_OK;
}

static dn_status input_node(builder *b, const node_source *node, int *out)
{
    int64_t channels;
    DN_TRY(dn_fields_only(node->json, node->place, "op name channels"));
    DN_TRY(dn_fields_integer(node->json, node->place, "channels", 1, SIZE_LIMIT, &channels));
    if (b->has_input) {
        DN_FAIL(DN_EFORMAT, "%s: a second input; networks with one input are understood", node->place);
    }
    if (channels != b->input.c) {
        DN_FAIL(DN_ESHAPE, "%s: the network takes %lld channels, the image has %lld", node->place, (long long)channels,
                (long long)b->input.c);
    }
    b->has_input = true;
    *out = dn_graph_input(b->graph, node->name, b->input);
    return DN_OK;
}

static dn_status conv_attributes(builder *b, const node_source *node, dn_conv *conv)
{
    *conv = (dn_conv){.bias = true, .groups = 1, .padding = DN_PAD_SAME, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
    DN_TRY(dn_fields_only(node->json, node->place, "op name input out kernel stride dilation groups padding pad_begin pad_end bias"));
    DN_TRY(dn_fields_integer(node->json, node->place, "out", 1, SIZE_LIMIT, &conv->out));
    DN_TRY(axes(b, node, "kernel", 1, 1, conv->kernel));
    DN_TRY(optional_axes(b, node, "stride", 1, 1, conv->stride));
    DN_TRY(optional_axes(b, node, "dilation", 1, 1, conv->dilation));
    if (dn_fields_has(node->json, "groups")) {
        DN_TRY(dn_fields_integer(node->json, node->place, "groups", 1, SIZE_LIMIT, &conv->groups));
    }
    if (dn_fields_has(node->json, "bias")) {
        DN_TRY(dn_fields_boolean(node->json, node->place, "bias", &conv->bias));
    }
    return padding(b, node, &conv->padding, conv->pad_begin, conv->pad_end);
}

static dn_status conv_node(builder *b, const node_source *node, int *out)
{
    dn_conv conv;
    int x = -1;
    DN_TRY(one_input(b, node, &x));
    DN_TRY(conv_attributes(b, node, &conv));
    *out = dn_graph_conv(b->graph, x, node->name, &conv);
    return DN_OK;
}

static dn_status deconv_node(builder *b, const node_source *node, int *out)
{
    dn_conv conv;
    int x = -1;
    DN_TRY(one_input(b, node, &x));
    DN_TRY(conv_attributes(b, node, &conv));
    *out = dn_graph_deconv(b->graph, x, node->name, &conv);
    return DN_OK;
}

static dn_status pool_node(builder *b, const node_source *node, int *out)
{
    dn_pool pool = {.padding = DN_PAD_VALID};
    int x = -1, kind = 0;
    DN_TRY(one_input(b, node, &x));
    DN_TRY(dn_fields_only(node->json, node->place, "op name input kind kernel stride padding pad_begin pad_end"));
    DN_TRY(dn_fields_choice(node->json, node->place, "kind", "max|average", &kind));
    pool.kind = (dn_pool_kind)kind;
    DN_TRY(axes(b, node, "kernel", 1, 1, pool.kernel));
    memcpy(pool.stride, pool.kernel, sizeof pool.stride);
    DN_TRY(optional_axes(b, node, "stride", 1, 1, pool.stride));
    DN_TRY(padding(b, node, &pool.padding, pool.pad_begin, pool.pad_end));
    *out = dn_graph_pool(b->graph, x, node->name, &pool);
    return DN_OK;
}

static dn_status global_pool_node(builder *b, const node_source *node, int *out)
{
    int x = -1, kind = 0;
    DN_TRY(one_input(b, node, &x));
    DN_TRY(dn_fields_only(node->json, node->place, "op name input kind"));
    DN_TRY(dn_fields_choice(node->json, node->place, "kind", "max|average", &kind));
    *out = dn_graph_global_pool(b->graph, x, node->name, (dn_pool_kind)kind);
    return DN_OK;
}

static dn_status norm_node(builder *b, const node_source *node, int *out)
{
    int x = -1, kind = 0;
    double epsilon;
    DN_TRY(one_input(b, node, &x));
    DN_TRY(dn_fields_only(node->json, node->place, "op name input kind epsilon"));
    DN_TRY(dn_fields_choice(node->json, node->place, "kind", "batch|instance", &kind));
    DN_TRY(dn_fields_real(node->json, node->place, "epsilon", 0, 1, &epsilon));
    *out = dn_graph_norm(b->graph, x, node->name, (dn_norm_kind)kind, (float)epsilon);
    return DN_OK;
}

static dn_status activation_node(builder *b, const node_source *node, int *out)
{
    static const dn_activation kinds[] = {DN_ACT_RELU, DN_ACT_LEAKY_RELU, DN_ACT_ELU, DN_ACT_SILU, DN_ACT_SIGMOID};
    int x = -1, kind = 0;
    DN_TRY(one_input(b, node, &x));
    DN_TRY(dn_fields_only(node->json, node->place, "op name input kind alpha"));
    DN_TRY(dn_fields_choice(node->json, node->place, "kind", "relu|leaky_relu|elu|silu|sigmoid", &kind));
    double alpha = kinds[kind] == DN_ACT_ELU ? 1.0 : 0.0;
    if (kinds[kind] == DN_ACT_LEAKY_RELU || dn_fields_has(node->json, "alpha")) {
        DN_TRY(dn_fields_real(node->json, node->place, "alpha", 0, 1000, &alpha));
    }
    *out = dn_graph_activation(b->graph, x, node->name, kinds[kind], (float)alpha);
    return DN_OK;
}

static dn_status softmax_node(builder *b, const node_source *node, int *out)
{
    int x = -1;
    DN_TRY(one_input(b, node, &x));
    DN_TRY(dn_fields_only(node->json, node->place, "op name input"));
    *out = dn_graph_softmax(b->graph, x, node->name);
    return DN_OK;
}

static dn_status upsample_node(builder *b, const node_source *node, int *out)
{
    int x = -1, kind = 0;
    int64_t factor[3];
    DN_TRY(one_input(b, node, &x));
    DN_TRY(dn_fields_only(node->json, node->place, "op name input kind factor"));
    DN_TRY(dn_fields_choice(node->json, node->place, "kind", "nearest|linear", &kind));
    DN_TRY(axes(b, node, "factor", 1, 1, factor));
    *out = dn_graph_upsample(b->graph, x, node->name, (dn_up_kind)kind, factor);
    return DN_OK;
}

static dn_status concat_node(builder *b, const node_source *node, int *out)
{
    json_t *names;
    int inputs[256];
    DN_TRY(dn_fields_only(node->json, node->place, "op name inputs"));
    DN_TRY(dn_fields_array(node->json, node->place, "inputs", 2, 256, &names));
    for (size_t i = 0; i < json_array_size(names); ++i) {
        DN_TRY(find_node(b, node, json_array_get(names, i), &inputs[i]));
    }
    *out = dn_graph_concat(b->graph, inputs, (int)json_array_size(names), node->name);
    return DN_OK;
}

static dn_status two_inputs(builder *b, const node_source *node, int inputs[2])
{
    json_t *names;
    DN_TRY(dn_fields_only(node->json, node->place, "op name inputs"));
    DN_TRY(dn_fields_array(node->json, node->place, "inputs", 2, 2, &names));
    DN_TRY(find_node(b, node, json_array_get(names, 0), &inputs[0]));
    return find_node(b, node, json_array_get(names, 1), &inputs[1]);
}

static dn_status add_node(builder *b, const node_source *node, int *out)
{
    int inputs[2] = {-1, -1};
    DN_TRY(two_inputs(b, node, inputs));
    *out = dn_graph_add(b->graph, inputs[0], inputs[1], node->name);
    return DN_OK;
}

static dn_status multiply_node(builder *b, const node_source *node, int *out)
{
    int inputs[2] = {-1, -1};
    DN_TRY(two_inputs(b, node, inputs));
    *out = dn_graph_multiply(b->graph, inputs[0], inputs[1], node->name);
    return DN_OK;
}

static dn_status margins(builder *b, const node_source *node, int *x, int64_t begin[3], int64_t end[3])
{
    DN_TRY(one_input(b, node, x));
    DN_TRY(dn_fields_only(node->json, node->place, "op name input begin end"));
    DN_TRY(axes(b, node, "begin", 0, 0, begin));
    return axes(b, node, "end", 0, 0, end);
}

static dn_status pad_node(builder *b, const node_source *node, int *out)
{
    int x = -1;
    int64_t begin[3], end[3];
    DN_TRY(margins(b, node, &x, begin, end));
    *out = dn_graph_pad(b->graph, x, node->name, begin, end);
    return DN_OK;
}

static dn_status crop_node(builder *b, const node_source *node, int *out)
{
    int x = -1;
    int64_t begin[3], end[3];
    DN_TRY(margins(b, node, &x, begin, end));
    *out = dn_graph_crop(b->graph, x, node->name, begin, end);
    return DN_OK;
}

static dn_status dense_node(builder *b, const node_source *node, int *out)
{
    int x = -1;
    int64_t count;
    bool bias = true;
    DN_TRY(one_input(b, node, &x));
    DN_TRY(dn_fields_only(node->json, node->place, "op name input out bias"));
    DN_TRY(dn_fields_integer(node->json, node->place, "out", 1, SIZE_LIMIT, &count));
    if (dn_fields_has(node->json, "bias")) {
        DN_TRY(dn_fields_boolean(node->json, node->place, "bias", &bias));
    }
    *out = dn_graph_dense(b->graph, x, node->name, count, bias);
    return DN_OK;
}

static dn_status dropout_node(builder *b, const node_source *node, int *out)
{
    int x = -1;
    double rate;
    bool whole = false;
    DN_TRY(one_input(b, node, &x));
    DN_TRY(dn_fields_only(node->json, node->place, "op name input rate whole"));
    DN_TRY(dn_fields_real(node->json, node->place, "rate", 0, 1, &rate));
    if (dn_fields_has(node->json, "whole")) {
        DN_TRY(dn_fields_boolean(node->json, node->place, "whole", &whole));
    }
    *out = (whole ? dn_graph_drop_sample : dn_graph_dropout)(b->graph, x, node->name, (float)rate);
    return DN_OK;
}

static const struct {
    const char *op;
    dn_status (*add)(builder *b, const node_source *node, int *out);
} node_kinds[] = {
    {"input", input_node},
    {"conv", conv_node},
    {"deconv", deconv_node},
    {"pool", pool_node},
    {"global_pool", global_pool_node},
    {"norm", norm_node},
    {"activation", activation_node},
    {"softmax", softmax_node},
    {"upsample", upsample_node},
    {"concat", concat_node},
    {"add", add_node},
    {"multiply", multiply_node},
    {"pad", pad_node},
    {"crop", crop_node},
    {"dense", dense_node},
    {"dropout", dropout_node},
};

static dn_status add_any(builder *b, const json_t *json, size_t position)
{
    node_source node = {.json = json};
    const char *op;
    int index = -1;
    snprintf(node.place, sizeof node.place, "%.400s, node %zu", b->where, position);
    if (!json_is_object(json)) {
        DN_FAIL(DN_EFORMAT, "%s: is not an object", node.place);
    }
    DN_TRY(dn_fields_text(json, node.place, "name", &node.name));
    snprintf(node.place, sizeof node.place, "%.400s, node \"%.80s\"", b->where, node.name);
    DN_TRY(dn_fields_text(json, node.place, "op", &op));
    if (*node.name == '\0' || json_object_get(b->names, node.name) != NULL) {
        DN_FAIL(DN_EFORMAT, "%s: the name is %s", node.place, *node.name == '\0' ? "empty" : "taken by a node before it");
    }
    for (size_t i = 0; i < sizeof node_kinds / sizeof node_kinds[0]; ++i) {
        if (strcmp(node_kinds[i].op, op) == 0) {
            DN_TRY(node_kinds[i].add(b, &node, &index));
            if (json_object_set_new(b->names, node.name, json_integer(index)) != 0) {
                DN_FAIL(DN_ENOMEM, "%s: no memory", node.place);
            }
            return DN_OK;
        }
    }
    DN_FAIL(DN_EFORMAT, "%s: the operation \"%.40s\" is not known", node.place, op);
}

static dn_status build(builder *b, const json_t *config)
{
    json_t *nodes, *outputs;
    int64_t dims;
    DN_TRY(dn_fields_only(config, b->where, "dims nodes outputs"));
    DN_TRY(dn_fields_integer(config, b->where, "dims", 2, 3, &dims));
    b->dims = (int)dims;
    if (b->dims == 2 && b->input.d != 1) {
        DN_FAIL(DN_ESHAPE, "%s: the network is 2-D and takes images of depth 1, not %lld", b->where, (long long)b->input.d);
    }
    DN_TRY(dn_fields_array(config, b->where, "nodes", 1, NODE_LIMIT, &nodes));
    DN_TRY(dn_fields_array(config, b->where, "outputs", 1, 16, &outputs));
    for (size_t i = 0; i < json_array_size(nodes); ++i) {
        DN_TRY(add_any(b, json_array_get(nodes, i), i));
    }
    for (size_t i = 0; i < json_array_size(outputs); ++i) {
        const json_t *name = json_array_get(outputs, i);
        const json_t *index = json_is_string(name) ? json_object_get(b->names, json_string_value(name)) : NULL;
        if (index == NULL) {
            DN_FAIL(DN_EFORMAT, "%s: output %zu names no node", b->where, i);
        }
        dn_graph_output(b->graph, (int)json_integer_value(index), json_string_value(name));
    }
    return DN_OK;
}

dn_status dn_graph_json_build(const json_t *config, const char *where, dn_shape input, dn_graph *graph)
{
    builder b = {.graph = graph, .input = input, .where = where, .names = json_object()};
    if (b.names == NULL) {
        DN_FAIL(DN_ENOMEM, "%s: no memory", where);
    }
    dn_status status = build(&b, config);
    json_decref(b.names);
    return status;
}
