/* Runs a network node by node by the plain functions of its operations, in double precision. */
#include "net/ops/reference.h"

#include "net/ops/op.h"

#include <stdlib.h>
#include <string.h>

static dn_status load_parameters(const dn_graph *graph, const dn_node *node, const dn_weights *weights, double **out)
{
    const dn_op *op = dn_op_of(node->kind);
    dn_parameter parameters[DN_MAX_PARAMETERS];
    int count = op->parameters == NULL ? 0 : op->parameters(node, &graph->nodes[node->inputs[0]].shape, parameters);
    for (int p = 0; p < count; ++p) {
        const dn_weight *weight;
        DN_TRY(dn_node_weight(node, &parameters[p], weights, &weight));
        int64_t n = dn_weight_count(weight);
        DN_TRY(dn_alloc(&out[p], (size_t)n, sizeof(double), "reference weights"));
        for (int64_t i = 0; i < n; ++i) {
            out[p][i] = (double)weight->data[i];
        }
    }
    return DN_OK;
}

dn_status dn_reference_run(const dn_graph *graph, const dn_weights *weights, const double *const *inputs, double *const *outputs)
{
    dn_ref *values = NULL;
    dn_ref *in = NULL;
    dn_status status;
    DN_TRY(dn_alloc(&values, (size_t)graph->count, sizeof *values, "a reference run"));
    DN_TRY_GOTO(status, dn_alloc(&in, (size_t)graph->count, sizeof *in, "a reference run"), done);
    int input = 0;
    for (int i = 0; i < graph->count; ++i) {
        const dn_node *node = &graph->nodes[i];
        size_t count = (size_t)dn_shape_size(&node->shape);
        values[i].shape = node->shape;
        DN_TRY_GOTO(status, dn_alloc(&values[i].data, count, sizeof(double), "a reference run"), done);
        if (node->kind == DN_OP_INPUT) {
            memcpy(values[i].data, inputs[input++], count * sizeof(double));
            continue;
        }
        for (int k = 0; k < node->input_count; ++k) {
            in[k] = values[node->inputs[k]];
        }
        double *parameters[DN_MAX_PARAMETERS] = {NULL};
        status = load_parameters(graph, node, weights, parameters);
        if (status == DN_OK) {
            dn_op_call call = {.node = node, .in = in, .out = values[i]};
            memcpy(call.parameters, parameters, sizeof parameters);
            dn_op_of(node->kind)->reference(&call);
        }
        for (int p = 0; p < DN_MAX_PARAMETERS; ++p) {
            free(parameters[p]);
        }
        if (status != DN_OK) {
            goto done;
        }
    }
    for (int i = 0; i < graph->output_count; ++i) {
        const dn_ref *value = &values[graph->outputs[i]];
        memcpy(outputs[i], value->data, (size_t)dn_shape_size(&value->shape) * sizeof(double));
    }
    status = DN_OK;
done:
    for (int i = 0; i < graph->count; ++i) {
        free(values[i].data);
    }
    free(values);
    free(in);
    return status;
}
