/* A residual block over a concatenation with something up-sampled reads it twice: by its first convolution, which needs no concatenation
 * (build.c), and by the 1x1x1 convolution of its shortcut. This one is a sum of two: one of what is concatenated, and one of the other part
 * before it is up-sampled, eight times cheaper. Both are added where the block's last norm is stored, so that neither the up-sampled tensor
 * nor the concatenation exists. */
#include "net/plan/internal.h"

#include "base/memory.h"

#include <string.h>

static bool is_plain_1x1(const dn_node *node)
{
    bool plain = node->kind == DN_OP_CONV && node->conv.groups == 1;
    for (int a = 0; plain && a < 3; ++a) {
        plain = node->conv.kernel[a] == 1 && node->conv.stride[a] == 1 && node->conv.pad_begin[a] == 0 && node->conv.pad_end[a] == 0;
    }
    return plain;
}

/* Its only reader adds it to an instance norm that nobody else reads and that is made after the concatenation's other reader. */
static bool ends_at_norm(const dn_graph *g, const bool *live, const int *readers, int shortcut)
{
    const int concat = g->nodes[shortcut].inputs[0];
    int reader = g->count;
    for (int i = 0; i < g->count; ++i) {
        const dn_node *node = &g->nodes[i];
        reader = live[i] && i != shortcut && node->input_count > 0 && node->inputs[0] == concat ? i : reader;
    }
    for (int i = 0; i < g->count && readers[shortcut] == 1; ++i) {
        const dn_node *add = &g->nodes[i];
        if (live[i] && add->kind == DN_OP_ADD && (add->inputs[0] == shortcut || add->inputs[1] == shortcut)) {
            const int other = add->inputs[add->inputs[0] == shortcut ? 1 : 0];
            const dn_node *norm = &g->nodes[other];
            return norm->kind == DN_OP_NORM && norm->norm.kind == DN_NORM_INSTANCE && readers[other] == 1 && other > reader;
        }
    }
    return false;
}

int dn_split_shortcut(const dn_graph *graph, const bool *live, const int *readers, int concat)
{
    const dn_node *joined = &graph->nodes[concat];
    if (joined->kind != DN_OP_CONCAT || joined->input_count != 2 || readers[concat] != 2) {
        return -1;
    }
    for (int k = 0; k < 2; ++k) {
        const dn_node *up = &graph->nodes[joined->inputs[k]];
        bool twice = up->kind == DN_OP_UPSAMPLE && up->upsample.kind == DN_UP_NEAREST;
        for (int a = 0; twice && a < 3; ++a) {
            twice = up->upsample.factor[a] == 2;
        }
        for (int i = 0; twice && i < graph->count; ++i) {
            const dn_node *node = &graph->nodes[i];
            if (live[i] && is_plain_1x1(node) && node->inputs[0] == concat && ends_at_norm(graph, live, readers, i)) {
                return i;
            }
        }
    }
    return -1;
}

/* Some columns of a 1x1x1 convolution's weights as a convolution of its own. */
static dn_status add_part(dn_plan *plan, const dn_node *node, const float *weight, const float *bias, int64_t all, int64_t first, int input,
                          int *out)
{
    const dn_shape in = plan->values[input].shape;
    dn_node part = *node;
    dn_step *step;
    dn_shape shape = in;
    shape.c = node->conv.out;
    part.shape = shape;
    part.conv.bias = bias != NULL;
    DN_TRY(dn_plan_new_value(plan, &shape, out));
    DN_TRY(dn_plan_new_step(plan, &part, &in, &input, 1, *out, &step));
    step->full_shape = shape;
    step->algorithm = DN_ALGORITHM_DIRECT;
    DN_TRY(dn_alloc_dims(&step->weight, DN_DIMS(shape.c, in.c), sizeof(float), "weights of a plan"));
    for (int64_t o = 0; o < shape.c; ++o) {
        memcpy(step->weight + o * in.c, weight + o * all + first, (size_t)in.c * sizeof(float));
    }
    step->flops = 2.0 * (double)dn_shape_size(&shape) * (double)in.c;
    if (bias != NULL) {
        DN_TRY(dn_alloc(&step->bias, (size_t)shape.c, sizeof(float), "weights of a plan"));
        memcpy(step->bias, bias, (size_t)shape.c * sizeof(float));
    }
    return DN_OK;
}

dn_status dn_plan_build_split(dn_plan *plan, const dn_node *node, const float *weight, const float *bias, int joined, dn_split *out)
{
    const dn_step *step = &plan->steps[joined]; /* new steps may move it */
    const int input = step->inputs[0];
    const int up = step->inputs[1];
    const int64_t in_first = step->in_first;
    const int64_t up_first = step->up_first;
    const int64_t all = dn_step_in_channels(step, plan);
    DN_TRY(add_part(plan, node, weight, bias, all, in_first, input, &out->whole));
    return add_part(plan, node, weight, NULL, all, up_first, up, &out->half);
}
