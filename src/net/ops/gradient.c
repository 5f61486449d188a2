/* Runs a network forward and backward by the plain functions of its operations, in double precision. */
#include "net/ops/gradient.h"

#include "net/ops/dropout.h"
#include "net/ops/op.h"

#include <stdlib.h>
#include <string.h>

typedef struct value {
    dn_ref forward;
    double *gradient;
    double *parameters[DN_MAX_PARAMETERS];
    double *parameter_gradients[DN_MAX_PARAMETERS];
    const dn_weight *weights[DN_MAX_PARAMETERS];
    int64_t parameter_sizes[DN_MAX_PARAMETERS];
    int parameter_count;
} value;

typedef struct pass {
    const dn_graph *graph;
    const dn_weights *weights;
    const dn_gradient_run *run;
    value *values;
    dn_ref *in;           /* room for the inputs of one node */
    double **in_gradient; /* the same */
} pass;

static dn_status load_parameters(const pass *p, const dn_node *node, value *v)
{
    const dn_op *op = dn_op_of(node->kind);
    dn_parameter parameters[DN_MAX_PARAMETERS];
    int count = op->parameters == NULL ? 0 : op->parameters(node, &p->graph->nodes[node->inputs[0]].shape, parameters);
    for (int i = 0; i < count; ++i) {
        DN_TRY(dn_node_weight(node, &parameters[i], p->weights, &v->weights[i]));
        int64_t n = dn_weight_count(v->weights[i]);
        DN_TRY(dn_alloc(&v->parameters[i], (size_t)n, sizeof(double), "reference weights"));
        DN_TRY(dn_alloc(&v->parameter_gradients[i], (size_t)n, sizeof(double), "reference gradients"));
        for (int64_t k = 0; k < n; ++k) {
            v->parameters[i][k] = (double)v->weights[i]->data[k];
        }
        v->parameter_sizes[i] = n;
        v->parameter_count = i + 1;
    }
    return DN_OK;
}

static dn_op_call call_of(const pass *p, int i)
{
    const dn_node *node = &p->graph->nodes[i];
    value *v = &p->values[i];
    for (int k = 0; k < node->input_count; ++k) {
        p->in[k] = p->values[node->inputs[k]].forward;
        p->in_gradient[k] = p->values[node->inputs[k]].gradient;
    }
    dn_op_call call = {.node = node,
                       .in = p->in,
                       .out = v->forward,
                       .training = p->run->training,
                       .dropout_key = dn_dropout_key(p->run->seed, p->run->step, (uint64_t)i)};
    for (int k = 0; k < DN_MAX_PARAMETERS; ++k) {
        call.parameters[k] = v->parameters[k];
    }
    return call;
}

static dn_status forward(const pass *p)
{
    int input = 0;
    for (int i = 0; i < p->graph->count; ++i) {
        const dn_node *node = &p->graph->nodes[i];
        value *v = &p->values[i];
        size_t count = (size_t)dn_shape_size(&node->shape);
        v->forward.shape = node->shape;
        DN_TRY(dn_alloc(&v->forward.data, count, sizeof(double), "a reference run"));
        DN_TRY(dn_alloc(&v->gradient, count, sizeof(double), "a reference run"));
        if (node->kind == DN_OP_INPUT) {
            memcpy(v->forward.data, p->run->inputs[input++], count * sizeof(double));
            continue;
        }
        DN_TRY(load_parameters(p, node, v));
        dn_op_call call = call_of(p, i);
        dn_op_of(node->kind)->reference(&call);
    }
    for (int i = 0; p->run->outputs != NULL && i < p->graph->output_count; ++i) {
        const dn_ref *v = &p->values[p->graph->outputs[i]].forward;
        memcpy(p->run->outputs[i], v->data, (size_t)dn_shape_size(&v->shape) * sizeof(double));
    }
    return DN_OK;
}

static void backward(const pass *p)
{
    for (int i = 0; i < p->graph->output_count; ++i) {
        value *v = &p->values[p->graph->outputs[i]];
        for (int64_t k = 0; k < dn_shape_size(&v->forward.shape); ++k) {
            v->gradient[k] += p->run->output_gradients[i][k];
        }
    }
    for (int i = p->graph->count - 1; i >= 0; --i) {
        const dn_op *op = dn_op_of(p->graph->nodes[i].kind);
        value *v = &p->values[i];
        dn_op_call call = call_of(p, i);
        dn_op_gradient gradient = {.call = &call, .out = v->gradient, .in = p->in_gradient};
        memcpy(gradient.parameters, v->parameter_gradients, sizeof gradient.parameters);
        if (op->backward != NULL) {
            op->backward(&gradient);
        }
    }
}

static void hand_over(const pass *p)
{
    int input = 0;
    for (int i = 0; i < p->graph->count; ++i) {
        const value *v = &p->values[i];
        if (p->graph->nodes[i].kind == DN_OP_INPUT && p->run->input_gradients != NULL) {
            memcpy(p->run->input_gradients[input++], v->gradient, (size_t)dn_shape_size(&v->forward.shape) * sizeof(double));
        }
        for (int k = 0; p->run->weight_gradients != NULL && k < v->parameter_count; ++k) {
            for (size_t w = 0; w < dn_weights_count(p->weights); ++w) {
                if (dn_weights_at(p->weights, w) == v->weights[k] && p->run->weight_gradients[w] != NULL) {
                    memcpy(p->run->weight_gradients[w], v->parameter_gradients[k], (size_t)v->parameter_sizes[k] * sizeof(double));
                }
            }
        }
    }
}

dn_status dn_gradient_reference(const dn_graph *graph, const dn_weights *weights, const dn_gradient_run *run)
{
    pass p = {.graph = graph, .weights = weights, .run = run};
    dn_status status;
    DN_TRY_GOTO(status, dn_alloc(&p.values, (size_t)graph->count, sizeof *p.values, "a reference run"), done);
    DN_TRY_GOTO(status, dn_alloc(&p.in, (size_t)graph->count, sizeof *p.in, "a reference run"), done);
    DN_TRY_GOTO(status, dn_alloc(&p.in_gradient, (size_t)graph->count, sizeof *p.in_gradient, "a reference run"), done);
    DN_TRY_GOTO(status, forward(&p), done);
    if (run->output_gradients != NULL) {
        backward(&p);
        hand_over(&p);
    }
done:
    for (int i = 0; p.values != NULL && i < graph->count; ++i) {
        free(p.values[i].forward.data);
        free(p.values[i].gradient);
        for (int k = 0; k < DN_MAX_PARAMETERS; ++k) {
            free(p.values[i].parameters[k]);
            free(p.values[i].parameter_gradients[k]);
        }
    }
    free(p.values);
    free(p.in);
    free(p.in_gradient);
    return status;
}
