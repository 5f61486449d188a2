/* Batch norm by running statistics, instance norm by the statistics of each sample and channel (biased variance). */
#include "net/op.h"

#include <math.h>

static dn_status norm_shape(dn_node *node, const dn_shape *in)
{
    if (!(node->norm.epsilon > 0.0f)) {
        DN_FAIL(DN_ESHAPE, "epsilon must be above 0");
    }
    node->shape = *in;
    return DN_OK;
}

static int norm_parameters(const dn_node *node, const dn_shape *in, dn_parameter out[DN_MAX_PARAMETERS])
{
    out[0] = (dn_parameter){.suffix = ".weight", .rank = 1, .dim = {in->c}, .trainable = true, .start = 1.0f};
    out[1] = (dn_parameter){.suffix = ".bias", .rank = 1, .dim = {in->c}, .trainable = true};
    out[2] = (dn_parameter){.suffix = ".running_mean", .rank = 1, .dim = {in->c}};
    out[3] = (dn_parameter){.suffix = ".running_var", .rank = 1, .dim = {in->c}, .start = 1.0f};
    return node->norm.kind == DN_NORM_BATCH ? 4 : 2;
}

static void norm_reference(const dn_op_call *call)
{
    const dn_shape *s = &call->out.shape;
    const double *x = call->in[0].data;
    int64_t voxels = s->d * s->h * s->w;
    for (int64_t n = 0; n < s->n; ++n) {
        for (int64_t c = 0; c < s->c; ++c) {
            double mean = 0.0;
            double variance = 0.0;
            if (call->node->norm.kind == DN_NORM_BATCH) {
                mean = call->parameters[2][c];
                variance = call->parameters[3][c];
            } else {
                for (int64_t v = 0; v < voxels; ++v) {
                    mean += x[(n * voxels + v) * s->c + c];
                }
                mean /= (double)voxels;
                for (int64_t v = 0; v < voxels; ++v) {
                    double d = x[(n * voxels + v) * s->c + c] - mean;
                    variance += d * d;
                }
                variance /= (double)voxels;
            }
            double scale = call->parameters[0][c] / sqrt(variance + (double)call->node->norm.epsilon);
            for (int64_t v = 0; v < voxels; ++v) {
                int64_t at = (n * voxels + v) * s->c + c;
                call->out.data[at] = (x[at] - mean) * scale + call->parameters[1][c];
            }
        }
    }
}

static bool norm_whole(const dn_node *node)
{
    return node->norm.kind == DN_NORM_INSTANCE;
}

const dn_op dn_op_norm = {.name = "norm",
                          .min_inputs = 1,
                          .max_inputs = 1,
                          .shape = norm_shape,
                          .parameters = norm_parameters,
                          .reference = norm_reference,
                          .whole = norm_whole};
