/* From a graph to the steps of a plan: norms folded into convolutions, activations and sums fused behind them, concatenations left out. */
#include "net/plan/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct builder {
    dn_plan *plan;
    const dn_graph *graph;
    const dn_weights *weights;
    int *readers; /* live readers of each node, outputs included */
    bool *live;
    bool *absorbed;  /* concatenations and up-samplings that the convolution after them does itself */
    int *value;      /* value of each node */
    int *shortcut;   /* of each absorbed concatenation: the 1x1x1 convolution that reads it, too; or -1 */
    dn_split *split; /* of each such convolution */
} builder;

static void mark_live(builder *b)
{
    const dn_graph *g = b->graph;
    for (int i = 0; i < g->output_count; ++i) {
        b->live[g->outputs[i]] = true;
        ++b->readers[g->outputs[i]];
    }
    for (int i = g->count - 1; i >= 0; --i) {
        for (int k = 0; b->live[i] && k < g->nodes[i].input_count; ++k) {
            b->live[g->nodes[i].inputs[k]] = true;
            ++b->readers[g->nodes[i].inputs[k]];
        }
    }
}

/* conv3x3x3(concat(a, up2(b))), in either order, or the same in 2-D: the convolution can read a and b themselves. Gives the concat node, or
 * NULL. */
static const dn_node *joined_input(const builder *b, const dn_node *node, int *up_position)
{
    const dn_graph *g = b->graph;
    if (node->kind != DN_OP_CONV || node->conv.groups != 1 || b->plan->plain) {
        return NULL;
    }
    const dn_node *concat = &g->nodes[node->inputs[0]];
    const int others = b->shortcut[node->inputs[0]] >= 0 ? 1 : 0;
    if (concat->kind != DN_OP_CONCAT || concat->input_count != 2 || b->readers[node->inputs[0]] != 1 + others) {
        return NULL;
    }
    bool flat = node->conv.kernel[0] == 1;
    for (int a = 0; a < 3; ++a) {
        int64_t pad = flat && a == 0 ? 0 : 1;
        if (node->conv.kernel[a] != 1 + 2 * pad || node->conv.stride[a] != 1 || node->conv.dilation[a] != 1 ||
            node->conv.pad_begin[a] != pad || node->conv.pad_end[a] != pad) {
            return NULL;
        }
    }
    for (int k = 0; k < 2; ++k) {
        const dn_node *up = &g->nodes[concat->inputs[k]];
        if (up->kind == DN_OP_UPSAMPLE && up->upsample.kind == DN_UP_NEAREST && up->upsample.factor[0] == (flat ? 1 : 2) &&
            up->upsample.factor[1] == 2 && up->upsample.factor[2] == 2 && b->readers[concat->inputs[k]] == 1) {
            *up_position = k;
            return concat;
        }
    }
    return NULL;
}

static void mark_absorbed(builder *b)
{
    for (int i = 0; i < b->graph->count; ++i) {
        b->shortcut[i] = b->plan->plain ? -1 : dn_split_shortcut(b->graph, b->live, b->readers, i);
        b->split[i] = (dn_split){-1, -1};
    }
    for (int i = 0; i < b->graph->count; ++i) {
        int position;
        const dn_node *concat = b->live[i] ? joined_input(b, &b->graph->nodes[i], &position) : NULL;
        if (concat != NULL) {
            b->absorbed[b->graph->nodes[i].inputs[0]] = true;
            b->absorbed[concat->inputs[position]] = true;
            if (b->shortcut[b->graph->nodes[i].inputs[0]] >= 0) {
                b->absorbed[b->shortcut[b->graph->nodes[i].inputs[0]]] = true;
            }
        }
    }
}

static dn_status fetch(const builder *b, const dn_node *node, const dn_weight *out[DN_MAX_PARAMETERS])
{
    dn_parameter parameters[DN_MAX_PARAMETERS];
    const dn_op *op = dn_op_of(node->kind);
    int count = op->parameters(node, &b->graph->nodes[node->inputs[0]].shape, parameters);
    for (int p = 0; p < count; ++p) {
        DN_TRY(dn_node_weight(node, &parameters[p], b->weights, &out[p]));
    }
    return DN_OK;
}

static dn_status copy_floats(const float *values, int64_t count, float **out)
{
    DN_TRY(dn_alloc(out, (size_t)count, sizeof(float), "weights of a plan"));
    memcpy(*out, values, (size_t)count * sizeof(float));
    return DN_OK;
}

/* The step that makes node's only input and has no other reader: what follows may be fused into it. NULL: none. */
static dn_step *fusable(const builder *b, int node)
{
    if (b->readers[node] != 1) {
        return NULL;
    }
    const dn_value *value = &b->plan->values[b->value[node]];
    dn_step *step = value->producer < 0 ? NULL : &b->plan->steps[value->producer];
    return step == NULL || step->post_count >= DN_MAX_POSTS - 1 ? NULL : step;
}

/* A step that only copies: tails of layers that have nothing to be fused into hang on it. */
static dn_status add_copy(builder *b, const dn_node *node, dn_step **out)
{
    int input = node->inputs[0];
    dn_node copy = *node;
    copy.kind = DN_OP_ACTIVATION;
    copy.activation.kind = DN_ACT_NONE;
    copy.activation.alpha = 0.0f;
    int value;
    DN_TRY(dn_plan_new_value(b->plan, &node->shape, &value));
    return dn_plan_new_step(b->plan, &copy, &b->graph->nodes[input].shape, &b->value[input], 1, value, out);
}

/* The step that shall do the tail of a node with one input. */
static dn_status tail_of(builder *b, int index, dn_step **out)
{
    const dn_node *node = &b->graph->nodes[index];
    *out = fusable(b, node->inputs[0]);
    if (*out == NULL) {
        DN_TRY(add_copy(b, node, out));
    }
    b->value[index] = (*out)->output;
    return DN_OK;
}

/* Batch norm at inference is a factor and a shift a channel: into the weights of a convolution that nothing was fused to
 * yet (exact), else into the tail. */
static dn_status build_batch_norm(builder *b, int index)
{
    const dn_node *node = &b->graph->nodes[index];
    const dn_weight *w[DN_MAX_PARAMETERS];
    int64_t c = node->shape.c;
    DN_TRY(fetch(b, node, w));
    dn_step *step;
    DN_TRY(tail_of(b, index, &step));
    bool fold = dn_step_is_conv(step) && step->post_count == 0;
    int64_t taps = fold ? step->node.conv.kernel[0] * step->node.conv.kernel[1] * step->node.conv.kernel[2] : 0;
    if (fold && step->bias == NULL) {
        DN_TRY(dn_alloc(&step->bias, (size_t)c, sizeof(float), "weights of a plan"));
    }
    float *scale = NULL;
    float *shift = NULL;
    if (!fold) {
        dn_post *post = &step->posts[step->post_count];
        memset(post, 0, sizeof *post);
        post->kind = DN_POST_SCALE;
        DN_TRY(dn_alloc(&post->scale, (size_t)c, sizeof(float), "weights of a plan"));
        ++step->post_count; /* from here the plan frees it */
        DN_TRY(dn_alloc(&post->shift, (size_t)c, sizeof(float), "weights of a plan"));
        scale = post->scale;
        shift = post->shift;
    }
    for (int64_t o = 0; o < c; ++o) {
        double factor = (double)w[0]->data[o] / sqrt((double)w[3]->data[o] + (double)node->norm.epsilon);
        double offset = (double)w[1]->data[o] - (double)w[2]->data[o] * factor;
        if (!fold) {
            scale[o] = (float)factor;
            shift[o] = (float)offset;
            continue;
        }
        step->bias[o] = (float)((double)step->bias[o] * factor + offset);
        int64_t ig = dn_step_in_channels(step, b->plan) / step->node.conv.groups;
        int64_t og = c / step->node.conv.groups;
        for (int64_t i = 0; i < ig; ++i) {
            int64_t row = step->node.kind == DN_OP_CONV ? o * ig + i : (o / og * ig + i) * og + o % og;
            for (int64_t t = 0; t < taps; ++t) {
                float *x = &step->weight[row * taps + t];
                *x = (float)((double)*x * factor);
            }
        }
    }
    return DN_OK;
}

static dn_status build_activation(builder *b, int index)
{
    const dn_node *node = &b->graph->nodes[index];
    dn_step *step;
    DN_TRY(tail_of(b, index, &step));
    if (node->activation.kind != DN_ACT_NONE) {
        step->posts[step->post_count++] =
            (dn_post){.kind = DN_POST_ACTIVATION, .activation = node->activation.kind, .alpha = node->activation.alpha};
    }
    return DN_OK;
}

/* a + b: into the tail of whichever is made last, so that the other exists by then. */
static dn_status build_add(builder *b, int index)
{
    const dn_node *node = &b->graph->nodes[index];
    const dn_value *values = b->plan->values;
    int later = values[b->value[node->inputs[0]]].producer >= values[b->value[node->inputs[1]]].producer ? 0 : 1;
    dn_step *step = fusable(b, node->inputs[later]);
    if (step == NULL || step->projected) {
        later = 0;
        DN_TRY(add_copy(b, node, &step));
    }
    b->value[index] = step->output;
    step->posts[step->post_count++] = (dn_post){.kind = DN_POST_ADD, .value = b->value[node->inputs[1 - later]]};
    const dn_split *split = &b->split[node->inputs[1 - later]];
    if (split->whole >= 0) {
        step->posts[step->post_count++] = (dn_post){.kind = DN_POST_ADD, .value = split->half, .twice = true};
    }
    return DN_OK;
}

/* A pool whose input is a scaled or activated copy of something that others read too: the pool does that while it reads. */
static dn_status build_pool_over_copy(builder *b, int index, bool *done)
{
    const dn_node *node = &b->graph->nodes[index];
    dn_step *step = node->kind == DN_OP_POOL ? fusable(b, node->inputs[0]) : NULL;
    *done = step != NULL && step->node.kind == DN_OP_ACTIVATION && step->pre_count == 0;
    for (int p = 0; *done && p < step->post_count; ++p) {
        *done = step->posts[p].kind == DN_POST_ACTIVATION || step->posts[p].kind == DN_POST_SCALE;
    }
    if (!*done) {
        return DN_OK;
    }
    memcpy(step->pre, step->posts, sizeof step->pre);
    step->pre_count = step->post_count;
    step->post_count = 0;
    char *name = dn_arena_strdup(&b->plan->strings, node->name);
    if (name == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory for a plan");
    }
    step->node = *node;
    step->node.inputs = NULL;
    step->node.name = name;
    b->plan->values[step->output].shape = node->shape;
    b->value[index] = step->output;
    return DN_OK;
}

static dn_status build_loop(builder *b, int index)
{
    const dn_node *node = &b->graph->nodes[index];
    bool done = false;
    DN_TRY(build_pool_over_copy(b, index, &done));
    if (done) {
        return DN_OK;
    }
    int value;
    dn_step *step;
    DN_TRY(dn_plan_new_value(b->plan, &node->shape, &value));
    int *inputs;
    DN_TRY(dn_alloc(&inputs, (size_t)node->input_count, sizeof *inputs, "a plan"));
    for (int k = 0; k < node->input_count; ++k) {
        inputs[k] = b->value[node->inputs[k]];
    }
    dn_status status = dn_plan_new_step(b->plan, node, &b->graph->nodes[node->inputs[0]].shape, inputs, node->input_count, value, &step);
    free(inputs);
    DN_TRY(status);
    b->value[index] = value;
    if (node->kind == DN_OP_NORM) {
        const dn_weight *w[DN_MAX_PARAMETERS];
        DN_TRY(fetch(b, node, w));
        DN_TRY(copy_floats(w[0]->data, node->shape.c, &step->weight));
        DN_TRY(copy_floats(w[1]->data, node->shape.c, &step->bias));
    }
    return DN_OK;
}

static bool is_small(const dn_conv *c)
{
    bool one = c->groups == 1 && c->out <= DN_PROJECT_MOST;
    for (int a = 0; a < 3; ++a) {
        one = one && c->kernel[a] == 1 && c->stride[a] == 1 && c->pad_begin[a] == 0 && c->pad_end[a] == 0;
    }
    return one;
}

/* A 1x1x1 convolution to a few channels right after a Winograd one or a norm is done on its tiles, so that the widest tensor of the
 * network is never stored. *done: whether it was. */
static dn_status build_projection(builder *b, int index, const dn_conv *conv, const dn_weight *const w[DN_MAX_PARAMETERS], bool *done)
{
    const dn_node *node = &b->graph->nodes[index];
    dn_step *step = fusable(b, node->inputs[0]);
    const bool norm = step != NULL && step->node.kind == DN_OP_NORM;
    *done = step != NULL && (step->algorithm == DN_ALGORITHM_WINOGRAD || norm) && is_small(conv) && !step->projected &&
            b->graph->nodes[node->inputs[0]].shape.c >= 16;
    for (int p = 0; *done && p < step->post_count; ++p) {
        *done = norm || step->posts[p].kind == DN_POST_ACTIVATION || step->posts[p].kind == DN_POST_SCALE;
    }
    if (!*done) {
        return DN_OK;
    }
    dn_post *post = &step->posts[step->post_count];
    int64_t ic = b->graph->nodes[node->inputs[0]].shape.c;
    *post = (dn_post){.kind = DN_POST_PROJECT, .in_channels = ic, .channels = conv->out};
    int64_t matrix;
    int64_t padded;
    dn_post_lengths(post, 0, &matrix, &padded);
    DN_TRY(dn_alloc(&post->scale, (size_t)matrix, sizeof(float), "weights of a plan"));
    ++step->post_count; /* from here the plan frees it */
    DN_TRY(dn_alloc(&post->shift, (size_t)padded, sizeof(float), "weights of a plan"));
    for (int64_t o = 0; o < conv->out; ++o) {
        for (int64_t i = 0; i < ic; ++i) {
            post->scale[i * padded + o] = w[0]->data[o * ic + i];
        }
        post->shift[o] = conv->bias ? w[1]->data[o] : 0.0f;
    }
    step->projected = true;
    step->flops += dn_op_of(node->kind)->flops(node, &b->graph->nodes[node->inputs[0]].shape);
    b->plan->values[step->output].shape = node->shape;
    b->value[index] = step->output;
    return DN_OK;
}

/* Winograd's products pay where there are enough channels to multiply and the products are dear; the rest is bound by
 * memory. Matrix units multiply bf16 so fast that the transforms would cost more than they save. */
static dn_algorithm default_algorithm(const builder *b, const dn_step *step, const dn_shape *out)
{
    const dn_conv *conv = &step->node.conv;
    bool matrix = b->plan->options.precision == DN_PRECISION_BF16 && dn_engine_matrix_units();
    if (step->joined) {
        return matrix ? DN_ALGORITHM_PARITY : DN_ALGORITHM_WINOGRAD;
    }
    bool fits = step->node.kind == DN_OP_CONV && !b->plan->plain && !matrix && conv->groups == 1;
    for (int a = 0; a < 3; ++a) {
        fits = fits && conv->kernel[a] == 3 && conv->stride[a] == 1 && conv->dilation[a] == 1;
    }
    bool pays = step->in_shape.c >= 16 && conv->out >= 16 && conv->out <= 512 && out->w >= 8;
    return fits && pays ? DN_ALGORITHM_WINOGRAD : DN_ALGORITHM_DIRECT;
}

static dn_status build_softmax(builder *b, int index)
{
    dn_step *step = fusable(b, b->graph->nodes[index].inputs[0]);
    if (step == NULL || !step->projected) {
        return build_loop(b, index);
    }
    step->posts[step->post_count++] = (dn_post){.kind = DN_POST_SOFTMAX};
    b->value[index] = step->output;
    return DN_OK;
}

/* The shortcut over the concatenation that the step `joined` does without. */
static dn_status build_shortcut(builder *b, int concat, int joined)
{
    const int index = b->shortcut[concat];
    if (index < 0) {
        return DN_OK;
    }
    const dn_node *node = &b->graph->nodes[index];
    const dn_weight *w[DN_MAX_PARAMETERS];
    DN_TRY(fetch(b, node, w));
    DN_TRY(dn_plan_build_split(b->plan, node, w[0]->data, node->conv.bias ? w[1]->data : NULL, joined, &b->split[index]));
    b->value[index] = b->split[index].whole;
    return DN_OK;
}

static dn_status build_conv(builder *b, int index)
{
    const dn_node *node = &b->graph->nodes[index];
    const dn_weight *w[DN_MAX_PARAMETERS];
    const dn_shape *in = &b->graph->nodes[node->inputs[0]].shape;
    dn_node conv = *node;
    conv.conv = dn_op_of(node->kind)->as_conv(node);
    conv.kind = node->kind == DN_OP_DENSE ? DN_OP_CONV : node->kind;
    DN_TRY(fetch(b, node, w));
    bool done;
    DN_TRY(build_projection(b, index, &conv.conv, w, &done));
    if (done) {
        return DN_OK;
    }
    int value;
    dn_step *step;
    DN_TRY(dn_plan_new_value(b->plan, &node->shape, &value));
    int up = 0;
    int joined = -1;
    const dn_node *concat = joined_input(b, node, &up);
    if (concat != NULL) {
        const dn_node *upsample = &b->graph->nodes[concat->inputs[up]];
        const dn_shape *other = &b->graph->nodes[concat->inputs[1 - up]].shape;
        int inputs[2] = {b->value[concat->inputs[1 - up]], b->value[upsample->inputs[0]]};
        DN_TRY(dn_plan_new_step(b->plan, &conv, other, inputs, 2, value, &step));
        step->joined = true;
        step->in_first = up == 0 ? upsample->shape.c : 0;
        step->up_first = up == 0 ? 0 : other->c;
        joined = b->plan->step_count - 1;
    } else {
        DN_TRY(dn_plan_new_step(b->plan, &conv, in, &b->value[node->inputs[0]], 1, value, &step));
    }
    b->value[index] = value;
    step->full_shape = node->shape;
    step->algorithm = default_algorithm(b, step, &node->shape);
    step->flops = dn_op_of(node->kind)->flops(node, in);
    DN_TRY(copy_floats(w[0]->data, dn_weight_count(w[0]), &step->weight));
    if (conv.conv.bias) {
        DN_TRY(copy_floats(w[1]->data, dn_weight_count(w[1]), &step->bias));
    }
    return joined >= 0 ? build_shortcut(b, node->inputs[0], joined) : DN_OK;
}

static dn_status build_node(builder *b, int index)
{
    const dn_node *node = &b->graph->nodes[index];
    if (dn_op_of(node->kind)->as_conv != NULL) {
        return build_conv(b, index);
    }
    switch (node->kind) {
    case DN_OP_INPUT:
        return dn_plan_new_value(b->plan, &node->shape, &b->value[index]);
    case DN_OP_DROPOUT:
        b->value[index] = b->value[node->inputs[0]];
        /* Readers of the dropout read its input now. */
        b->readers[node->inputs[0]] += b->readers[index] - 1;
        b->readers[index] = b->readers[node->inputs[0]];
        return DN_OK;
    case DN_OP_NORM:
        return node->norm.kind == DN_NORM_BATCH ? build_batch_norm(b, index) : build_loop(b, index);
    case DN_OP_ACTIVATION:
        return build_activation(b, index);
    case DN_OP_ADD:
        return build_add(b, index);
    case DN_OP_SOFTMAX:
        return build_softmax(b, index);
    default:
        return build_loop(b, index);
    }
}

/* Each output gets a value of its own: one that is an input, or an output already, is copied. */
static dn_status build_outputs(builder *b)
{
    const dn_graph *g = b->graph;
    for (int i = 0; i < g->output_count; ++i) {
        int value = b->value[g->outputs[i]];
        if (b->plan->values[value].input >= 0 || b->plan->values[value].output >= 0) {
            dn_node copy = {.kind = DN_OP_ACTIVATION, .name = g->nodes[g->outputs[i]].name, .shape = b->plan->values[value].shape};
            int source = value;
            dn_step *step;
            DN_TRY(dn_plan_new_value(b->plan, &copy.shape, &value));
            DN_TRY(dn_plan_new_step(b->plan, &copy, &copy.shape, &source, 1, value, &step));
        }
        b->plan->values[value].output = i;
        b->plan->output_values[i] = value;
    }
    return DN_OK;
}

dn_status dn_plan_build(dn_plan *plan, const dn_graph *graph, const dn_weights *weights)
{
    builder b = {.plan = plan, .graph = graph, .weights = weights};
    dn_status status;
    size_t count = (size_t)graph->count;
    plan->input_count = graph->input_count;
    plan->output_count = graph->output_count;
    DN_TRY_GOTO(status, dn_alloc(&plan->output_values, (size_t)graph->output_count, sizeof(int), "a plan"), done);
    DN_TRY_GOTO(status, dn_alloc(&b.readers, count, sizeof(int), "a plan"), done);
    DN_TRY_GOTO(status, dn_alloc(&b.live, count, sizeof(bool), "a plan"), done);
    DN_TRY_GOTO(status, dn_alloc(&b.absorbed, count, sizeof(bool), "a plan"), done);
    DN_TRY_GOTO(status, dn_alloc(&b.value, count, sizeof(int), "a plan"), done);
    DN_TRY_GOTO(status, dn_alloc(&b.shortcut, count, sizeof(int), "a plan"), done);
    DN_TRY_GOTO(status, dn_alloc(&b.split, count, sizeof(dn_split), "a plan"), done);
    mark_live(&b);
    mark_absorbed(&b);
    for (int i = 0; i < graph->input_count; ++i) {
        b.live[graph->inputs[i]] = true; /* an unused input still has its place among the arguments */
    }
    int input = 0;
    for (int i = 0; i < graph->count; ++i) {
        if (b.live[i] && !b.absorbed[i]) {
            DN_TRY_GOTO(status, build_node(&b, i), done);
            if (graph->nodes[i].kind == DN_OP_INPUT) {
                plan->values[b.value[i]].input = input++;
            }
        }
    }
    status = build_outputs(&b);
done:
    free(b.readers);
    free(b.live);
    free(b.absorbed);
    free(b.value);
    free(b.shortcut);
    free(b.split);
    return status;
}
