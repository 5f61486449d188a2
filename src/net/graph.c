/* Builds a network node by node, checks shapes, and keeps the first error. */
#include "net/graph.h"

#include "net/ops/op.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_graph_create(dn_graph **out)
{
    dn_graph *graph;
    DN_TRY(dn_alloc(&graph, 1, sizeof *graph, "a network"));
    dn_arena_init(&graph->arena);
    *out = graph;
    return DN_OK;
}

void dn_graph_destroy(dn_graph *graph)
{
    if (graph == NULL) {
        return;
    }
    dn_arena_release(&graph->arena);
    free(graph->nodes);
    free(graph->inputs);
    free(graph->outputs);
    free(graph->message);
    free(graph);
}

/* Keeps the thread's message as the graph's first error. */
static int keep_error(dn_graph *graph, dn_status status)
{
    if (graph->status == DN_OK) {
        graph->status = status;
        char *message = NULL;
        if (dn_strdup(dn_error_message(), &message) == DN_OK) {
            graph->message = message;
        }
    }
    return -1;
}

static int keep_new_error(dn_graph *graph, const char *name, const char *text)
{
    return keep_error(graph, dn_error_set(DN_ESHAPE, "layer %s: %s", name, text));
}

static int append_index(dn_graph *graph, int **list, int *count, int value)
{
    dn_status status = dn_realloc(list, (size_t)*count + 1, sizeof **list, "a network");
    if (status != DN_OK) {
        return keep_error(graph, status);
    }
    (*list)[(*count)++] = value;
    return value;
}

/* Checks the inputs, copies node with its name, and lets its operation resolve attributes and shape. */
int dn_graph_append(dn_graph *graph, dn_node node, const char *name, const int *inputs, int count)
{
    if (graph->status != DN_OK) {
        return -1;
    }
    const dn_op *op = dn_op_of(node.kind);
    if (name == NULL || *name == '\0') {
        return keep_new_error(graph, "(unnamed)", "a layer needs a name");
    }
    if (graph->finished) {
        return keep_new_error(graph, name, "the network is finished already");
    }
    if (count < op->min_inputs || count > op->max_inputs) {
        return keep_new_error(graph, name, "wrong number of inputs");
    }
    if (graph->count == graph->capacity) {
        int capacity = graph->capacity ? 2 * graph->capacity : 64;
        dn_status status = dn_realloc(&graph->nodes, (size_t)capacity, sizeof *graph->nodes, "a network");
        if (status != DN_OK) {
            return keep_error(graph, status);
        }
        graph->capacity = capacity;
    }
    node.name = dn_arena_strdup(&graph->arena, name);
    node.inputs = dn_arena_alloc(&graph->arena, (size_t)count + 1, sizeof(int));
    dn_shape *shapes = dn_arena_alloc(&graph->arena, (size_t)count + 1, sizeof(dn_shape));
    if (node.name == NULL || node.inputs == NULL || shapes == NULL) {
        return keep_error(graph, dn_error_set(DN_ENOMEM, "not enough memory for a network"));
    }
    node.input_count = count;
    for (int i = 0; i < count; ++i) {
        if (inputs[i] < 0 || inputs[i] >= graph->count) {
            return keep_new_error(graph, name, "an input is not a layer of this network");
        }
        node.inputs[i] = inputs[i];
        shapes[i] = graph->nodes[inputs[i]].shape;
    }
    for (int i = 0; i < graph->count; ++i) {
        if (strcmp(graph->nodes[i].name, name) == 0) {
            return keep_new_error(graph, name, "the name is taken by an earlier layer");
        }
    }
    int64_t elements;
    dn_status status = op->shape(&node, shapes);
    if (status == DN_OK) {
        status = dn_shape_count(&node.shape, &elements);
    }
    if (status != DN_OK) {
        return keep_error(graph, dn_error_context(status, "layer %s (%s)", name, op->name));
    }
    graph->nodes[graph->count] = node;
    return graph->count++;
}

int dn_graph_input(dn_graph *graph, const char *name, dn_shape shape)
{
    int node = dn_graph_append(graph, (dn_node){.kind = DN_OP_INPUT, .shape = shape}, name, NULL, 0);
    return node < 0 ? -1 : append_index(graph, &graph->inputs, &graph->input_count, node);
}

void dn_graph_output(dn_graph *graph, int x, const char *name)
{
    if (graph->status != DN_OK) {
        return;
    }
    if (x < 0 || x >= graph->count) {
        keep_new_error(graph, name, "an output is not a layer of this network");
        return;
    }
    append_index(graph, &graph->outputs, &graph->output_count, x);
}

dn_status dn_graph_finish(dn_graph *graph)
{
    if (graph->status != DN_OK) {
        return dn_error_set(graph->status, "%s", graph->message != NULL ? graph->message : "the network could not be built");
    }
    if (graph->output_count == 0) {
        keep_error(graph, dn_error_set(DN_ESHAPE, "the network has no output"));
        return DN_ESHAPE;
    }
    graph->finished = true;
    return DN_OK;
}

dn_shape dn_graph_shape(const dn_graph *graph, int node)
{
    return node < 0 || node >= graph->count ? (dn_shape){0} : graph->nodes[node].shape;
}

int dn_graph_input_count(const dn_graph *graph)
{
    return graph->input_count;
}

int dn_graph_output_count(const dn_graph *graph)
{
    return graph->output_count;
}

dn_shape dn_graph_input_shape(const dn_graph *graph, int i)
{
    return i < 0 || i >= graph->input_count ? (dn_shape){0} : graph->nodes[graph->inputs[i]].shape;
}

dn_shape dn_graph_output_shape(const dn_graph *graph, int i)
{
    return i < 0 || i >= graph->output_count ? (dn_shape){0} : graph->nodes[graph->outputs[i]].shape;
}

int dn_graph_find(const dn_graph *graph, const char *name)
{
    for (int i = 0; i < graph->count; ++i) {
        if (strcmp(graph->nodes[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

dn_status dn_graph_reshape(const dn_graph *graph, const dn_shape *inputs, dn_graph **out)
{
    DN_TRY(dn_graph_create(out));
    dn_graph *copy = *out;
    int input = 0;
    for (int i = 0; i < graph->count; ++i) {
        dn_node node = graph->nodes[i];
        if (node.kind == DN_OP_INPUT) {
            dn_graph_input(copy, node.name, inputs[input++]);
            continue;
        }
        dn_graph_append(copy, node, node.name, node.inputs, node.input_count);
    }
    for (int i = 0; i < graph->output_count; ++i) {
        dn_graph_output(copy, graph->outputs[i], "output");
    }
    dn_status status = dn_graph_finish(copy);
    if (status != DN_OK) {
        dn_graph_destroy(copy);
        *out = NULL;
    }
    return status;
}

double dn_graph_flops(const dn_graph *graph)
{
    double flops = 0.0;
    for (int i = 0; i < graph->count; ++i) {
        const dn_node *node = &graph->nodes[i];
        const dn_op *op = dn_op_of(node->kind);
        if (op->flops != NULL) {
            flops += op->flops(node, &graph->nodes[node->inputs[0]].shape);
        }
    }
    return flops;
}

static int node_parameters(const dn_graph *graph, const dn_node *node, dn_parameter out[DN_MAX_PARAMETERS])
{
    const dn_op *op = dn_op_of(node->kind);
    return op->parameters == NULL ? 0 : op->parameters(node, &graph->nodes[node->inputs[0]].shape, out);
}

dn_status dn_weight_fits(const int64_t *dims, size_t n)
{
    int64_t count;
    if (!dn_mul_dims(dims, n, &count) || count > INT32_MAX) {
        DN_FAIL(DN_ESHAPE, "its weights have 2^31 elements or more");
    }
    return DN_OK;
}

/* A kernel of depth 1 may lack its depth axis in a file of a 2-D network. */
static bool same_dims(const dn_parameter *parameter, const dn_weight *weight)
{
    if (parameter->rank == weight->rank) {
        return memcmp(parameter->dim, weight->dim, parameter->rank * sizeof *weight->dim) == 0;
    }
    return parameter->rank == 5 && weight->rank == 4 && parameter->dim[2] == 1 && parameter->dim[0] == weight->dim[0] &&
           parameter->dim[1] == weight->dim[1] && parameter->dim[3] == weight->dim[2] && parameter->dim[4] == weight->dim[3];
}

static char *dims_text(const int64_t *dim, size_t rank, char text[128])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < rank; ++i) {
        used += (size_t)snprintf(text + used, 128 - used, "%s%lld", i ? "x" : "", (long long)dim[i]);
    }
    return text;
}

dn_status dn_node_weight(const dn_node *node, const dn_parameter *parameter, const dn_weights *weights, const dn_weight **out)
{
    char *name;
    DN_TRY(dn_asprintf(&name, "%s%s", node->name, parameter->suffix));
    const dn_weight *weight = dn_weights_find(weights, name);
    dn_status status = DN_OK;
    if (weight == NULL) {
        status = dn_error_set(DN_EFORMAT, "the model has no weight %s; the file is incomplete or belongs to another network", name);
    } else if (!same_dims(parameter, weight)) {
        char found[128];
        char expected[128];
        status = dn_error_set(DN_ESHAPE, "weight %s has shape %s, the network needs %s", name, dims_text(weight->dim, weight->rank, found),
                              dims_text(parameter->dim, parameter->rank, expected));
    }
    free(name);
    *out = weight;
    return status;
}

dn_status dn_graph_check_weights(const dn_graph *graph, const dn_weights *weights)
{
    for (int i = 0; i < graph->count; ++i) {
        dn_parameter parameters[DN_MAX_PARAMETERS];
        int count = node_parameters(graph, &graph->nodes[i], parameters);
        for (int p = 0; p < count; ++p) {
            const dn_weight *weight;
            DN_TRY(dn_node_weight(&graph->nodes[i], &parameters[p], weights, &weight));
        }
    }
    return DN_OK;
}

dn_status dn_graph_start_weights(const dn_graph *graph, dn_random *random, dn_weights **out)
{
    dn_weights *weights;
    DN_TRY(dn_weights_create(&weights));
    dn_status status = DN_OK;
    char *name = NULL;
    for (int i = 0; i < graph->count; ++i) {
        dn_parameter parameters[DN_MAX_PARAMETERS];
        int count = node_parameters(graph, &graph->nodes[i], parameters);
        for (int p = 0; p < count; ++p) {
            dn_weight *weight;
            DN_TRY_GOTO(status, dn_asprintf(&name, "%s%s", graph->nodes[i].name, parameters[p].suffix), fail);
            DN_TRY_GOTO(status, dn_weights_add(weights, name, parameters[p].rank, parameters[p].dim, NULL, &weight), fail);
            free(name);
            name = NULL;
            double sd = parameters[p].fan_in > 0 ? sqrt(2.0 / (double)parameters[p].fan_in) : 0.0;
            for (int64_t k = 0, n = dn_weight_count(weight); k < n; ++k) {
                weight->data[k] = parameters[p].fan_in > 0 ? (float)dn_random_normal(random, 0.0, sd) : parameters[p].start;
            }
        }
    }
    *out = weights;
    return DN_OK;
fail:
    free(name);
    dn_weights_destroy(weights);
    return status;
}
