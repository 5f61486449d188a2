/* From a graph to the layers of a training plan: which nodes are needed, which are joined, and which values are never stored. */
#include "net/train/internal.h"

#include <stdlib.h>
#include <string.h>

bool dn_train_is_conv(const dn_train_layer *layer)
{
    return dn_op_of(layer->node->kind)->as_conv != NULL;
}

typedef struct builder {
    dn_train_plan *plan;
    const dn_graph *graph;
    bool *live;
    int *readers;  /* number of live nodes that read each (the loss counts as one) */
    int *value;    /* of each node: its own number, or that of what it is joined to */
    bool *spread;  /* a concatenation that is never made */
    int *layer_of; /* node -> layer, or -1 */
} builder;

static void find_live(builder *b, int node)
{
    b->live[node] = true;
    for (int i = node; i >= 0; --i) { /* inputs come before their readers */
        for (int k = 0; b->live[i] && k < b->graph->nodes[i].input_count; ++k) {
            b->live[b->graph->nodes[i].inputs[k]] = true;
            ++b->readers[b->graph->nodes[i].inputs[k]];
        }
    }
}

/* Whether a convolution can read the input of an up-sampling in place of its result. */
static bool absorbs(const dn_node *conv, const dn_node *up)
{
    bool fits = conv->kind == DN_OP_CONV && conv->conv.groups == 1 && conv->conv.out <= 512 && up->kind == DN_OP_UPSAMPLE &&
                up->upsample.kind == DN_UP_NEAREST;
    for (int a = 0; fits && a < 3; ++a) {
        const dn_conv *c = &conv->conv;
        bool doubled = up->upsample.factor[a] == 2 && c->kernel[a] == 3 && c->pad_begin[a] == 1 && c->pad_end[a] == 1;
        fits = c->stride[a] == 1 && c->dilation[a] == 1 && (doubled || up->upsample.factor[a] == 1);
    }
    return fits;
}

/* Up-samplings that only such convolutions read, directly or through a concatenation that is never made. */
static void find_absorbed(builder *b)
{
    const dn_node *nodes = b->graph->nodes;
    for (int u = 0; u < b->graph->count; ++u) {
        bool all = b->live[u] && nodes[u].kind == DN_OP_UPSAMPLE && u != b->plan->logits;
        for (int i = u + 1; all && i < b->graph->count; ++i) {
            for (int k = 0; b->live[i] && k < nodes[i].input_count; ++k) {
                int read = nodes[i].inputs[k];
                bool through = b->spread[read] && nodes[read].kind == DN_OP_CONCAT;
                for (int m = 0; through && m < nodes[read].input_count; ++m) {
                    all = all && (nodes[read].inputs[m] != u || absorbs(&nodes[i], &nodes[u]));
                }
                all = all && (read != u || absorbs(&nodes[i], &nodes[u]) || b->spread[i]);
            }
        }
        b->spread[u] = b->spread[u] || all;
    }
}

static void find_spread(builder *b)
{
    for (int i = 0; i < b->graph->count; ++i) {
        b->spread[i] = b->live[i] && b->graph->nodes[i].kind == DN_OP_CONCAT && i != b->plan->logits;
    }
    for (int i = 0; i < b->graph->count; ++i) {
        const dn_node *node = &b->graph->nodes[i];
        bool splits = node->kind == DN_OP_CONV && node->conv.groups == 1;
        for (int k = 0; b->live[i] && k < node->input_count; ++k) {
            b->spread[node->inputs[k]] = b->spread[node->inputs[k]] && splits;
        }
    }
}

/* Its slope can be told from its result. */
static bool tells_slope(const dn_node *node)
{
    switch (node->activation.kind) {
    case DN_ACT_NONE:
    case DN_ACT_RELU:
    case DN_ACT_SIGMOID:
        return true;
    case DN_ACT_LEAKY_RELU:
    case DN_ACT_ELU:
        return node->activation.alpha > 0.0f;
    case DN_ACT_SILU:
        break;
    }
    return false;
}

static bool join_activation(builder *b, int i)
{
    const dn_node *node = &b->graph->nodes[i];
    int from = node->inputs[0];
    int l = b->layer_of[from];
    if (l < 0 || b->readers[from] != 1 || from == b->plan->logits) {
        return false;
    }
    dn_train_layer *layer = &b->plan->layers[l];
    dn_op_kind kind = layer->node->kind;
    if (kind != DN_OP_NORM && !tells_slope(node)) { /* a norm's backward pass has the activation's argument */
        return false;
    }
    if (layer->tail != DN_ACT_NONE || (!dn_train_is_conv(layer) && kind != DN_OP_NORM && kind != DN_OP_ADD)) {
        return false;
    }
    layer->tail = node->activation.kind;
    layer->tail_alpha = node->activation.alpha;
    layer->value = i;
    b->layer_of[i] = l;
    return true;
}

static dn_status add_weights(builder *b, dn_train_layer *layer)
{
    const dn_node *node = layer->node;
    const dn_op *op = dn_op_of(node->kind);
    dn_parameter parameters[DN_MAX_PARAMETERS];
    layer->parameter_count = op->parameters == NULL ? 0 : op->parameters(node, &b->graph->nodes[node->inputs[0]].shape, parameters);
    for (int p = 0; p < layer->parameter_count; ++p) {
        const dn_weight *found;
        DN_TRY(dn_node_weight(node, &parameters[p], b->plan->weights, &found));
        layer->weights[p] = dn_weights_find(b->plan->weights, found->name);
        if (parameters[p].trainable) {
            DN_TRY(dn_weights_add(b->plan->gradients, found->name, found->rank, found->dim, NULL, &layer->gradients[p]));
            b->plan->gradient_bytes += dn_weight_count(found) * (int64_t)sizeof(float);
        }
    }
    return DN_OK;
}

static void *room(builder *b, int64_t count, size_t size)
{
    return dn_arena_alloc(&b->plan->strings, (size_t)count, size);
}

static dn_train_part part_of(const builder *b, const dn_train_layer *layer, int input, int64_t first)
{
    const dn_node *from = &b->graph->nodes[input];
    dn_train_part part = {
        .input = b->value[input], .first = first, .channels = from->shape.c, .corners = 1, .conv = layer->conv, .out = layer->node->shape};
    if (from->kind == DN_OP_UPSAMPLE && b->spread[input]) {
        part.up = true;
        part.input = b->value[from->inputs[0]];
        for (int a = 0; a < 3; ++a) {
            if (from->upsample.factor[a] == 2) {
                part.corners *= 2;
                part.halved[a] = true;
                part.conv.kernel[a] = 2;
                dn_shape_set_axis(&part.out, a, dn_shape_axis(&part.out, a) / 2 + 1);
            }
        }
        part.conv.out *= part.corners;
        part.out.c *= part.corners;
    }
    part.conv.bias = false;
    return part;
}

static dn_status conv_parts(builder *b, dn_train_layer *layer)
{
    const dn_node *node = layer->node;
    const dn_node *from = &b->graph->nodes[node->inputs[0]];
    layer->conv = dn_op_of(node->kind)->as_conv(node);
    bool spread = b->spread[node->inputs[0]] && from->kind == DN_OP_CONCAT;
    layer->part_count = spread ? from->input_count : 1;
    layer->parts = room(b, layer->part_count, sizeof *layer->parts);
    layer->inputs = room(b, layer->part_count, sizeof *layer->inputs);
    layer->input_count = layer->part_count;
    if (layer->parts == NULL || layer->inputs == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory for a training plan");
    }
    int at = 0;
    for (int pass = 0; pass < 2; ++pass) { /* up-sampled parts last: they put the activation on themselves */
        int64_t first = 0;
        for (int k = 0; k < layer->part_count; ++k) {
            dn_train_part part = part_of(b, layer, spread ? from->inputs[k] : node->inputs[0], first);
            first += part.channels;
            if (part.up == (pass == 1)) {
                layer->inputs[at] = part.input;
                layer->parts[at++] = part;
            }
        }
    }
    return DN_OK;
}

static dn_status norm_statistics(builder *b, dn_train_layer *layer)
{
    const dn_shape *s = &layer->node->shape;
    layer->groups = layer->node->norm.kind == DN_NORM_BATCH ? 1 : s->n;
    layer->mean = room(b, layer->groups * s->c, sizeof(double));
    layer->variance = room(b, layer->groups * s->c, sizeof(double));
    if (layer->mean == NULL || layer->variance == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory for a training plan");
    }
    return DN_OK;
}

static dn_status add_layer(builder *b, int i)
{
    dn_train_plan *plan = b->plan;
    const dn_node *node = &b->graph->nodes[i];
    dn_train_layer *layer = &plan->layers[plan->count];
    *layer = (dn_train_layer){.node = node, .value = i, .in_place = -1, .scratch = {-1, -1, -1}};
    b->layer_of[i] = plan->count++;
    if (dn_train_is_conv(layer)) {
        DN_TRY(conv_parts(b, layer));
    } else {
        layer->input_count = node->input_count;
        layer->inputs = room(b, node->input_count, sizeof *layer->inputs);
        for (int k = 0; layer->inputs != NULL && k < node->input_count; ++k) {
            layer->inputs[k] = b->value[node->inputs[k]];
        }
    }
    if (node->kind == DN_OP_NORM) {
        DN_TRY(norm_statistics(b, layer));
    }
    layer->add = room(b, layer->input_count, sizeof *layer->add);
    layer->operands = room(b, layer->input_count, sizeof *layer->operands);
    if (layer->inputs == NULL || layer->add == NULL || layer->operands == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory for a training plan");
    }
    return add_weights(b, layer);
}

static dn_status build(builder *b)
{
    int input = 0;
    dn_train_plan *plan = b->plan;
    for (int i = 0; i < b->graph->count; ++i) {
        const dn_node *node = &b->graph->nodes[i];
        plan->values[i] = (dn_train_value){.shape = node->shape, .layer = -1, .input = -1, .buffer = -1, .again = -1, .gradient = -1};
        b->value[i] = i;
        b->layer_of[i] = -1;
        if (node->kind == DN_OP_INPUT) {
            plan->values[i].input = input++;
            continue;
        }
        if (!b->live[i] || b->spread[i]) {
            continue;
        }
        if (node->kind == DN_OP_ACTIVATION && join_activation(b, i)) {
            continue;
        }
        DN_TRY(add_layer(b, i));
    }
    /* A joined activation's number stands for the value: readers were given it, because they come later. */
    for (int l = 0; l < plan->count; ++l) {
        const dn_train_layer *layer = &plan->layers[l];
        dn_train_value *value = &plan->values[layer->value];
        value->layer = l;
        value->needs = layer->parameter_count > 0;
        for (int k = 0; k < layer->input_count; ++k) {
            value->needs = value->needs || plan->values[layer->inputs[k]].needs;
        }
    }
    plan->logits = b->value[plan->logits];
    return DN_OK;
}

dn_status dn_train_build(dn_train_plan *plan)
{
    const dn_graph *graph = plan->graph;
    if (graph->output_count != 1) {
        DN_FAIL(DN_ESHAPE, "a network with %d outputs cannot be trained; it must have one", graph->output_count);
    }
    const dn_node *output = &graph->nodes[graph->outputs[0]];
    if (output->kind == DN_OP_ACTIVATION && output->activation.kind == DN_ACT_SIGMOID) {
        DN_FAIL(DN_ESHAPE, "the network ends in a sigmoid (layer %s); for training, use a softmax over two classes instead", output->name);
    }
    if (output->kind == DN_OP_INPUT) {
        DN_FAIL(DN_ESHAPE, "the network has no layers to train");
    }
    plan->logits = output->kind == DN_OP_SOFTMAX ? output->inputs[0] : graph->outputs[0];
    builder b = {.plan = plan, .graph = graph};
    dn_status status;
    size_t count = (size_t)graph->count;
    DN_TRY_GOTO(status, dn_weights_create(&plan->gradients), done);
    DN_TRY_GOTO(status, dn_alloc(&plan->values, count, sizeof *plan->values, "a training plan"), done);
    DN_TRY_GOTO(status, dn_alloc(&plan->layers, count, sizeof *plan->layers, "a training plan"), done);
    DN_TRY_GOTO(status, dn_alloc(&b.live, count, sizeof *b.live, "a training plan"), done);
    DN_TRY_GOTO(status, dn_alloc(&b.readers, count, sizeof *b.readers, "a training plan"), done);
    DN_TRY_GOTO(status, dn_alloc(&b.value, count, sizeof *b.value, "a training plan"), done);
    DN_TRY_GOTO(status, dn_alloc(&b.spread, count, sizeof *b.spread, "a training plan"), done);
    DN_TRY_GOTO(status, dn_alloc(&b.layer_of, count, sizeof *b.layer_of, "a training plan"), done);
    find_live(&b, plan->logits);
    ++b.readers[plan->logits];
    find_spread(&b);
    find_absorbed(&b);
    DN_TRY_GOTO(status, build(&b), done);
    if (!plan->values[plan->logits].needs) {
        DN_FAIL_GOTO(status, done, DN_ESHAPE, "the network has no weights to train");
    }
done:
    free(b.live);
    free(b.readers);
    free(b.value);
    free(b.spread);
    free(b.layer_of);
    return status;
}
