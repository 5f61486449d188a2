/* Batch norm (Ioffe and Szegedy 2015) by running statistics, in training by those of the batch; instance norm (Ulyanov et al. 2016) by
 * the statistics of each sample and channel. Variances are biased. */
#include "net/ops/loops.h"
#include "net/ops/op.h"

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

/* Samples whose statistics are one: all of a batch, one of an instance norm. 0: running statistics. */
static int64_t samples_together(const dn_op_call *call)
{
    bool batch = call->node->norm.kind == DN_NORM_BATCH;
    return !batch ? 1 : call->training ? call->out.shape.n : 0;
}

/* Of channel c of the samples from n on. */
static void statistics(const dn_op_call *call, int64_t n, int64_t c, double *mean, double *variance)
{
    const dn_shape *s = &call->out.shape;
    int64_t voxels = s->d * s->h * s->w;
    int64_t count = samples_together(call) * voxels;
    if (count == 0) {
        *mean = call->parameters[2][c];
        *variance = call->parameters[3][c];
        return;
    }
    const double *x = call->in[0].data + n * voxels * s->c + c;
    *mean = *variance = 0.0;
    for (int64_t v = 0; v < count; ++v) {
        *mean += x[v * s->c];
    }
    *mean /= (double)count;
    for (int64_t v = 0; v < count; ++v) {
        *variance += (x[v * s->c] - *mean) * (x[v * s->c] - *mean);
    }
    *variance /= (double)count;
}

static void norm_reference(const dn_op_call *call)
{
    const dn_shape *s = &call->out.shape;
    int64_t voxels = s->d * s->h * s->w;
    int64_t together = samples_together(call) == 0 ? 1 : samples_together(call);
    for (int64_t n = 0; n < s->n; n += together) {
        for (int64_t c = 0; c < s->c; ++c) {
            double mean;
            double variance;
            statistics(call, n, c, &mean, &variance);
            double scale = call->parameters[0][c] / sqrt(variance + (double)call->node->norm.epsilon);
            for (int64_t v = 0; v < together * voxels; ++v) {
                int64_t at = (n * voxels + v) * s->c + c;
                call->out.data[at] = (call->in[0].data[at] - mean) * scale + call->parameters[1][c];
            }
        }
    }
}

static void norm_backward(const dn_op_gradient *g)
{
    const dn_op_call *call = g->call;
    const dn_shape *s = &call->out.shape;
    int64_t voxels = s->d * s->h * s->w;
    bool fixed = samples_together(call) == 0;
    int64_t together = fixed ? 1 : samples_together(call);
    double count = (double)(together * voxels);
    for (int64_t n = 0; n < s->n; n += together) {
        for (int64_t c = 0; c < s->c; ++c) {
            double mean;
            double variance;
            double sum = 0.0;
            double product = 0.0;
            statistics(call, n, c, &mean, &variance);
            double inverse = 1.0 / sqrt(variance + (double)call->node->norm.epsilon);
            int64_t first = n * voxels * s->c + c;
            for (int64_t v = 0; v < together * voxels; ++v) {
                double dy = g->out[first + v * s->c];
                sum += dy;
                product += dy * (call->in[0].data[first + v * s->c] - mean) * inverse;
            }
            g->parameters[0][c] += product;
            g->parameters[1][c] += sum;
            for (int64_t v = 0; g->in[0] != NULL && v < together * voxels; ++v) {
                int64_t at = first + v * s->c;
                double centred = fixed ? 0.0 : (sum + (call->in[0].data[at] - mean) * inverse * product) / count;
                g->in[0][at] += call->parameters[0][c] * inverse * (g->out[at] - centred);
            }
        }
    }
}

static bool norm_whole(const dn_node *node)
{
    return node->norm.kind == DN_NORM_INSTANCE;
}

static dn_statistics norm_statistics(const dn_node *node)
{
    return node->norm.kind == DN_NORM_INSTANCE ? DN_STATISTICS_MOMENTS : DN_STATISTICS_NONE;
}

static void norm_use(const dn_loop *loop, int64_t k, const dn_moments *moments, float *scale, float *shift)
{
    double factor = (double)loop->scale[k] / sqrt(moments->m2 / moments->count + (double)loop->node->norm.epsilon);
    *scale = (float)factor;
    *shift = (float)((double)loop->shift[k] - moments->first * factor);
}

static const dn_op_field fields[] = {
    {.key = "kind", .type = DN_FIELD_CHOICE, .offset = offsetof(dn_node, norm.kind), .choices = "batch|instance"},
    {.key = "epsilon", .type = DN_FIELD_REAL, .offset = offsetof(dn_node, norm.epsilon), .high = 1},
};

const dn_op dn_op_norm = {.name = "norm",
                          .min_inputs = 1,
                          .max_inputs = 1,
                          .shape = norm_shape,
                          .parameters = norm_parameters,
                          .reference = norm_reference,
                          .backward = norm_backward,
                          .whole = norm_whole,
                          .fields = fields,
                          .field_count = sizeof fields / sizeof *fields,
                          .traits = DN_TRAIT_VOXELWISE | DN_TRAIT_CHEAP,
                          .statistics = norm_statistics,
                          .use_statistics = norm_use,
                          .looks_at = dn_looks_at_inputs};

int dn_graph_norm(dn_graph *graph, int x, const char *name, dn_norm_kind kind, float epsilon)
{
    dn_node node = {.kind = DN_OP_NORM};
    node.norm.kind = kind;
    node.norm.epsilon = epsilon;
    return dn_graph_append(graph, node, name, &x, 1);
}
