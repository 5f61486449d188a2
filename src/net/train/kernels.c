/* Chooses and makes the kernels of each layer: forward, gradient of the data, gradient of the weights. */
#include "net/train/internal.h"

#include <stdlib.h>
#include <string.h>

static int64_t taps_of(const dn_conv *c)
{
    return c->kernel[0] * c->kernel[1] * c->kernel[2];
}

/* Winograd's products pay where there are enough channels to multiply; the rest is bound by memory. Of 3 x 3 taps they save a
 * third, which pays in f32 only. */
static bool winograd_pays(const dn_conv *c, dn_type type, int64_t in, int64_t out, int64_t width)
{
    bool fits = c->groups == 1;
    bool flat = c->kernel[0] == 1 && type == DN_TYPE_F32;
    for (int a = 0; a < 3; ++a) {
        fits = fits && (c->kernel[a] == 3 || (flat && a == 0)) && c->stride[a] == 1 && c->dilation[a] == 1;
    }
    return fits && in >= 16 && out >= 16 && in * out >= (flat ? 2048 : 256) && out <= 512 && width >= 8;
}

static dn_shape part_shape(const dn_train_plan *plan, const dn_train_layer *layer, int part)
{
    return plan->values[layer->parts[part].input].shape;
}

/* The fastest that there is: Winograd, a primitive, the library's plain code; without fused operations where it lacks
 * them. *fused: whether they are in. */
static dn_status make_kernel(const dn_train_plan *plan, dn_kernel_request *r, dn_kernel **out, bool *fused)
{
    int posts = r->post_count;
    *out = NULL;
    *fused = true;
    if (!r->transposed && winograd_pays(&r->conv, plan->type, r->in.c, r->out.c, r->out.w)) {
        r->algorithm = DN_ALGORITHM_WINOGRAD;
        r->multiply_type = plan->type;
        DN_TRY(dn_kernel_create(plan->engine, r, out));
    }
    r->algorithm = DN_ALGORITHM_DIRECT;
    for (int attempt = 0; *out == NULL && attempt < 4; ++attempt) {
        *fused = attempt % 2 == 0;
        r->post_count = *fused ? posts : 0;
        r->allow_reference = attempt >= 2;
        DN_TRY(dn_kernel_create(plan->engine, r, out));
    }
    *fused = *fused || posts == 0;
    return DN_OK;
}

static dn_status no_kernel(const dn_train_layer *layer)
{
    DN_FAIL(DN_EINTERNAL, "layer %s: the network library has no implementation of this convolution", layer->node->name);
}

static void need_scratch(int64_t *most, int64_t bytes)
{
    *most = bytes > *most ? bytes : *most;
}

static int64_t bytes_of(const dn_train_plan *plan, const dn_shape *s)
{
    return (dn_shape_size(s) * dn_type_size(plan->type) + 63) / 64 * 64;
}

static dn_kernel_request request_of(const dn_train_plan *plan, const dn_conv *conv, bool transposed, dn_shape in, dn_shape out,
                                    const float *weight)
{
    return (dn_kernel_request){.in = in,
                               .out = out,
                               .conv = *conv,
                               .transposed = transposed,
                               .in_type = plan->type,
                               .out_type = plan->type,
                               .weight = weight,
                               .threads = plan->threads};
}

static dn_status make_forward(dn_train_plan *plan, dn_train_layer *layer, int k)
{
    dn_train_part *part = &layer->parts[k];
    dn_post posts[2];
    int count = 0;
    bool sums = k > 0 && !part->up;
    bool last = k == layer->part_count - 1 && !part->up;
    if (sums) {
        posts[count++] = (dn_post){.kind = DN_POST_SUM};
    }
    if (last && layer->tail != DN_ACT_NONE) {
        posts[count++] = (dn_post){.kind = DN_POST_ACTIVATION, .activation = layer->tail, .alpha = layer->tail_alpha};
    }
    dn_kernel_request r =
        request_of(plan, &part->conv, layer->node->kind == DN_OP_DECONV, part_shape(plan, layer, k), part->out, plan->slice);
    r.posts = posts;
    r.post_count = count;
    r.bias = k == 0 && layer->conv.bias && !part->up ? layer->weights[1]->data : NULL;
    bool fused;
    DN_TRY(make_kernel(plan, &r, &part->forward, &fused));
    if (part->forward == NULL) {
        return no_kernel(layer);
    }
    part->forward_sums = sums && fused;
    layer->own_tail = last && layer->tail != DN_ACT_NONE && !fused;
    plan->packed_bytes += dn_kernel_packed_bytes(part->forward);
    need_scratch(&layer->scratch_bytes[DN_TRAIN_FORWARD],
                 dn_kernel_scratch_bytes(part->forward) + 64 + ((sums && !fused) || part->up ? bytes_of(plan, &part->out) : 0));
    return DN_OK;
}

/* The gradient of a convolution's input is a transposed convolution with the same weights; where the stride is 1 it is a
 * convolution with mirrored ones, too, and that has Winograd's products. */
static dn_conv backward_conv(const dn_train_part *part, const dn_shape *x, bool flipped)
{
    dn_conv c = part->conv;
    c.out = x->c;
    c.bias = false;
    for (int a = 0; a < 3; ++a) {
        int64_t extent = (c.kernel[a] - 1) * c.dilation[a] + 1;
        if (flipped) {
            c.pad_begin[a] = extent - 1 - c.pad_begin[a];
            c.pad_end[a] = dn_shape_axis(x, a) - dn_shape_axis(&part->out, a) + extent - 1 - c.pad_begin[a];
        } else {
            c.pad_end[a] = (dn_shape_axis(&part->out, a) - 1) * c.stride[a] + extent - c.pad_begin[a] - dn_shape_axis(x, a);
        }
    }
    return c;
}

/* Forward kernels are faster, so mirrored weights are taken where they can be: stride 1, one group or one per channel. */
static bool flips(const dn_train_layer *layer, const dn_train_part *part, int64_t in)
{
    const dn_conv *c = &part->conv;
    bool fits = layer->node->kind != DN_OP_DECONV && (c->groups == 1 || (c->groups == in && c->out == in));
    for (int a = 0; a < 3; ++a) {
        int64_t reach = (c->kernel[a] - 1) * c->dilation[a];
        fits = fits && c->stride[a] == 1 && c->pad_begin[a] <= reach && c->pad_end[a] <= reach;
    }
    return fits;
}

static dn_status make_backward(dn_train_plan *plan, dn_train_layer *layer, int k)
{
    dn_train_part *part = &layer->parts[k];
    const dn_shape x = part_shape(plan, layer, k);
    bool transposed = layer->node->kind == DN_OP_DECONV;
    dn_post sum = {.kind = DN_POST_SUM};
    bool fused;
    part->flipped = flips(layer, part, x.c);
    part->depthwise = !transposed && !part->flipped && layer->conv.groups == x.c && layer->conv.out == x.c;
    if (part->depthwise) {
        return DN_OK;
    }
    for (int attempt = part->flipped ? 0 : 1; part->backward == NULL && attempt < 2; ++attempt) {
        part->flipped = attempt == 0;
        dn_conv conv = transposed ? part->conv : backward_conv(part, &x, part->flipped);
        conv.out = x.c;
        dn_kernel_request r = request_of(plan, &conv, !transposed && !part->flipped, part->out, x, plan->slice);
        r.posts = &sum;
        r.post_count = layer->add[k] ? 1 : 0;
        DN_TRY(make_kernel(plan, &r, &part->backward, &fused));
    }
    if (part->backward == NULL) {
        return no_kernel(layer);
    }
    part->backward_sums = layer->add[k] && fused;
    plan->packed_bytes += dn_kernel_packed_bytes(part->backward);
    need_scratch(&layer->scratch_bytes[DN_TRAIN_DATA], dn_kernel_scratch_bytes(part->backward) + 128 +
                                                           (layer->add[k] && !fused ? bytes_of(plan, &x) : 0) +
                                                           (part->up ? bytes_of(plan, &part->out) : 0));
    return DN_OK;
}

/* That of a transposed convolution is that of the convolution it turns round. */
static dn_status make_gradient(dn_train_plan *plan, dn_train_layer *layer, int k)
{
    bool transposed = layer->node->kind == DN_OP_DECONV;
    dn_shape x = part_shape(plan, layer, k);
    const dn_train_part *part = &layer->parts[k];
    dn_weight_gradient_request r = {.in = transposed ? part->out : x,
                                    .out = transposed ? x : part->out,
                                    .conv = part->conv,
                                    .type = plan->type,
                                    .threads = plan->threads};
    layer->parts[k].own_gradient = !transposed && part->conv.groups == x.c && part->conv.out == x.c && x.c > 1;
    if (layer->parts[k].own_gradient) {
        need_scratch(&layer->scratch_bytes[DN_TRAIN_WEIGHTS], dn_gradient_depthwise_scratch(&part->conv, &x, &part->out, plan->type));
        return DN_OK;
    }
    DN_TRY(dn_weight_gradient_create(plan->engine, &r, &layer->parts[k].gradient));
    need_scratch(&layer->scratch_bytes[DN_TRAIN_WEIGHTS],
                 dn_weight_gradient_scratch_bytes(layer->parts[k].gradient) + 64 + (part->up ? bytes_of(plan, &part->out) : 0));
    return DN_OK;
}

static dn_status make_conv(dn_train_plan *plan, dn_train_layer *layer)
{
    for (int k = 0; k < layer->part_count; ++k) {
        DN_TRY(make_forward(plan, layer, k));
        if (plan->values[layer->parts[k].input].needs) {
            DN_TRY(make_backward(plan, layer, k));
        }
        DN_TRY(make_gradient(plan, layer, k));
    }
    return DN_OK;
}

dn_status dn_train_make_kernels(dn_train_plan *plan)
{
    for (int l = 0; l < plan->count; ++l) {
        const dn_train_layer *layer = &plan->layers[l];
        if (dn_train_is_conv(layer)) {
            int64_t n = dn_weight_count(layer->weights[0]);
            for (int k = 0; k < layer->part_count; ++k) {
                const dn_train_part *part = &layer->parts[k];
                int64_t folded = part->up ? part->conv.out * part->channels * taps_of(&part->conv) : 0;
                plan->folded_size = folded > plan->folded_size ? folded : plan->folded_size;
                n = folded > n ? folded : n;
            }
            plan->slice_size = n > plan->slice_size ? n : plan->slice_size;
        }
    }
    DN_TRY(dn_alloc_aligned(&plan->slice, (size_t)plan->slice_size, sizeof(float), "weights"));
    DN_TRY(dn_alloc_aligned(&plan->folded, (size_t)plan->folded_size, sizeof(float), "weights"));
    memset(plan->slice, 0, (size_t)plan->slice_size * sizeof(float));
    for (int l = 0; l < plan->count; ++l) {
        dn_train_layer *layer = &plan->layers[l];
        if (dn_train_is_conv(layer)) {
            DN_TRY(make_conv(plan, layer));
        } else {
            dn_loop loop = {.node = layer->node, .in = layer->operands, .in_count = layer->input_count, .out_shape = layer->node->shape};
            for (int k = 0; k < layer->input_count; ++k) {
                layer->operands[k] = (dn_operand){.shape = plan->values[layer->inputs[k]].shape, .type = plan->type};
            }
            need_scratch(&plan->loop_scratch_bytes, dn_loop_scratch_bytes(&loop, plan->threads));
        }
        dn_node copy = {.kind = DN_OP_ACTIVATION};
        dn_loop tail = {.node = &copy, .out_shape = layer->node->shape};
        need_scratch(&plan->loop_scratch_bytes, dn_loop_scratch_bytes(&tail, plan->threads));
    }
    return DN_OK;
}

/* The tap of the folded convolution that tap t goes to, for one of the results of a corner. */
static int64_t folded_tap(const dn_train_layer *layer, const dn_train_part *part, int64_t corner, int64_t t)
{
    const int64_t *k = layer->conv.kernel;
    const int64_t at[3] = {t / (k[1] * k[2]), t / k[2] % k[1], t % k[2]};
    int64_t bits = part->corners;
    int64_t folded = 0;
    for (int a = 0; a < 3; ++a) {
        int64_t to = at[a];
        if (part->halved[a]) { /* output 2j - 1 reads taps 0 and 1 at j - 1, output 2j taps 1 and 2 at j */
            bits /= 2;
            to = corner / bits % 2 == 0 ? at[a] / 2 : (at[a] + 1) / 2;
        }
        folded = folded * part->conv.kernel[a] + to;
    }
    return folded;
}

/* folded [corners, O, I, folded taps] of the weights [O, all I, taps]. */
static void fold_weights(dn_train_plan *plan, const dn_train_layer *layer, const dn_train_part *part)
{
    const float *all = layer->weights[0]->data;
    int64_t taps = taps_of(&layer->conv);
    int64_t less = taps_of(&part->conv);
    int64_t out = layer->conv.out;
    int64_t in = dn_weight_count(layer->weights[0]) / (out * taps);
#pragma omp parallel for num_threads(plan->threads)
    for (int64_t row = 0; row < part->corners * out; ++row) {
        float *folded = plan->folded + row * part->channels * less;
        memset(folded, 0, (size_t)(part->channels * less) * sizeof *folded);
        for (int64_t t = 0; t < taps; ++t) {
            int64_t to = folded_tap(layer, part, row / out, t);
            const float *from = all + (row % out * in + part->first) * taps + t;
            for (int64_t i = 0; i < part->channels; ++i) {
                folded[i * less + to] += from[i * taps];
            }
        }
    }
}

/* The weights [O, I, taps] of a part of the input channels; mirrored: [I, O, taps backwards] (of each group). */
static const float *slice_of(dn_train_plan *plan, const dn_train_layer *layer, const dn_train_part *part, bool mirrored)
{
    const float *all = part->up ? plan->folded : layer->weights[0]->data;
    int64_t taps = taps_of(&part->conv);
    int64_t out = part->conv.out;
    int64_t in = part->up ? part->channels : dn_weight_count(layer->weights[0]) / (out * taps);
    int64_t first = part->up ? 0 : part->first;
    int64_t columns = part->conv.groups > 1 ? 1 : part->channels; /* with groups there is one part; mirrored, each channel is its own */
    if (!mirrored && in == part->channels / part->conv.groups) {
        return all;
    }
#pragma omp parallel for num_threads(plan->threads) if (out * columns > 1024)
    for (int64_t o = 0; o < out; ++o) {
        for (int64_t i = 0; i < columns; ++i) {
            const float *from = all + (o * in + first + i) * taps;
            if (!mirrored) {
                memcpy(plan->slice + (o * part->channels + i) * taps, from, (size_t)taps * sizeof *from);
                continue;
            }
            for (int64_t t = 0; t < taps; ++t) {
                plan->slice[(i * out + o) * taps + t] = from[taps - 1 - t];
            }
        }
    }
    return plan->slice;
}

/* Adds the gradient of a part's weights, [O, I of the part, taps] in plan->slice, to that of all. */
void dn_train_add_slice(const dn_train_plan *plan, const dn_train_layer *layer, const dn_train_part *part)
{
    float *all = layer->gradients[0]->data;
    int64_t taps = taps_of(&layer->conv);
    int64_t less = taps_of(&part->conv);
    int64_t total = dn_weight_count(layer->weights[0]);
    int64_t out = layer->conv.out;
    if (layer->part_count == 1 && !part->up) {
        for (int64_t i = 0; i < total; ++i) {
            all[i] += plan->slice[i];
        }
        return;
    }
    int64_t row = total / out;
#pragma omp parallel for num_threads(plan->threads)
    for (int64_t o = 0; o < out; ++o) {
        for (int64_t corner = 0; corner < part->corners; ++corner) {
            for (int64_t t = 0; t < taps; ++t) {
                int64_t from = part->up ? folded_tap(layer, part, corner, t) : t;
                const float *slice = plan->slice + (corner * out + o) * part->channels * less + from;
                float *to = all + o * row + part->first * taps + t;
                for (int64_t i = 0; i < part->channels; ++i) {
                    to[i * taps] += slice[i * less];
                }
            }
        }
    }
}

dn_status dn_train_load_weights(dn_train_plan *plan)
{
    for (int l = 0; l < plan->count; ++l) {
        const dn_train_layer *layer = &plan->layers[l];
        for (int k = 0; k < layer->part_count; ++k) {
            const dn_train_part *part = &layer->parts[k];
            const float *bias = k == 0 && layer->conv.bias && !part->up ? layer->weights[1]->data : NULL;
            if (part->up) {
                fold_weights(plan, layer, part);
            }
            DN_TRY(dn_kernel_reload(part->forward, slice_of(plan, layer, part, false), bias));
            if (part->backward != NULL) {
                DN_TRY(dn_kernel_reload(part->backward, slice_of(plan, layer, part, part->flipped), NULL));
            }
        }
    }
    return DN_OK;
}
