/* Convolution: weight [O, I/groups, kD, kH, kW], optional bias [O]. */
#include "net/ops/op.h"

static const char *const axes[3] = {"depth", "height", "width"};

dn_status dn_window_shape(const dn_shape *in, const int64_t kernel[3], const int64_t stride[3], const int64_t dilation[3],
                          dn_padding padding, int64_t pad_begin[3], int64_t pad_end[3], dn_shape *out)
{
    for (int a = 0; a < 3; ++a) {
        int64_t size = dn_shape_axis(in, a);
        int64_t extent = (kernel[a] - 1) * dilation[a] + 1;
        if (kernel[a] < 1 || stride[a] < 1 || dilation[a] < 1) {
            DN_FAIL(DN_ESHAPE, "kernel, stride and dilation must be at least 1 along %s", axes[a]);
        }
        if (padding == DN_PAD_SAME) {
            int64_t steps = (size + stride[a] - 1) / stride[a];
            int64_t total = (steps - 1) * stride[a] + extent - size;
            total = total > 0 ? total : 0;
            pad_begin[a] = total / 2; /* Keras: the extra row is at the end */
            pad_end[a] = total - total / 2;
        } else if (padding == DN_PAD_VALID) {
            pad_begin[a] = pad_end[a] = 0;
        } else if (pad_begin[a] < 0 || pad_end[a] < 0) {
            DN_FAIL(DN_ESHAPE, "negative padding along %s", axes[a]);
        }
        int64_t reach = size + pad_begin[a] + pad_end[a] - extent;
        if (reach < 0) {
            DN_FAIL(DN_ESHAPE, "a kernel of %lld does not fit into %lld along %s", (long long)extent,
                    (long long)(size + pad_begin[a] + pad_end[a]), axes[a]);
        }
        dn_shape_set_axis(out, a, reach / stride[a] + 1);
    }
    return DN_OK;
}

/* The other way: rows that no kernel reaches may be left at the end (pad_end below 0). */
static dn_status transposed_shape(const dn_shape *in, dn_conv *conv, dn_shape *out)
{
    for (int a = 0; a < 3; ++a) {
        int64_t extent = (conv->kernel[a] - 1) * conv->dilation[a] + 1;
        int64_t spare = extent - conv->stride[a];
        if (conv->kernel[a] < 1 || conv->stride[a] < 1 || conv->dilation[a] < 1) {
            DN_FAIL(DN_ESHAPE, "kernel, stride and dilation must be at least 1 along %s", axes[a]);
        }
        if (conv->padding == DN_PAD_SAME) {
            conv->pad_begin[a] = spare > 0 ? spare / 2 : 0;
            conv->pad_end[a] = spare > 0 ? spare - spare / 2 : spare;
        } else if (conv->padding == DN_PAD_VALID) {
            conv->pad_begin[a] = 0;
            conv->pad_end[a] = spare > 0 ? 0 : spare;
        } else if (conv->pad_begin[a] < 0 || conv->pad_end[a] <= -conv->stride[a]) {
            DN_FAIL(DN_ESHAPE, "impossible padding along %s", axes[a]);
        }
        int64_t length = (dn_shape_axis(in, a) - 1) * conv->stride[a] + extent - conv->pad_begin[a] - conv->pad_end[a];
        if (length < 1) {
            DN_FAIL(DN_ESHAPE, "nothing is left along %s", axes[a]);
        }
        dn_shape_set_axis(out, a, length);
    }
    return DN_OK;
}

dn_status dn_conv_shape(dn_node *node, const dn_shape *in)
{
    dn_conv *conv = &node->conv;
    dn_at_least_one(conv->kernel);
    dn_at_least_one(conv->stride);
    dn_at_least_one(conv->dilation);
    conv->groups = conv->groups == 0 ? 1 : conv->groups;
    if (conv->out < 1) {
        DN_FAIL(DN_ESHAPE, "%lld output channels", (long long)conv->out);
    }
    if (conv->groups < 1 || in->c % conv->groups != 0 || conv->out % conv->groups != 0) {
        DN_FAIL(DN_ESHAPE, "%lld input and %lld output channels do not divide into %lld groups", (long long)in->c, (long long)conv->out,
                (long long)conv->groups);
    }
    node->shape = (dn_shape){.n = in->n, .c = conv->out};
    DN_TRY(node->kind == DN_OP_DECONV ? transposed_shape(in, conv, &node->shape)
                                      : dn_window_shape(in, conv->kernel, conv->stride, conv->dilation, conv->padding, conv->pad_begin,
                                                        conv->pad_end, &node->shape));
    return dn_weight_fits(DN_DIMS(conv->out, in->c / conv->groups, conv->kernel[0], conv->kernel[1], conv->kernel[2]));
}

static int conv_parameters(const dn_node *node, const dn_shape *in, dn_parameter out[DN_MAX_PARAMETERS])
{
    const dn_conv *conv = &node->conv;
    int64_t taps = conv->kernel[0] * conv->kernel[1] * conv->kernel[2];
    out[0] = (dn_parameter){.suffix = ".weight",
                            .rank = 5,
                            .dim = {conv->out, in->c / conv->groups, conv->kernel[0], conv->kernel[1], conv->kernel[2]},
                            .trainable = true,
                            .fan_in = in->c / conv->groups * taps};
    out[1] = (dn_parameter){.suffix = ".bias", .rank = 1, .dim = {conv->out}, .trainable = true};
    return conv->bias ? 2 : 1;
}

static double conv_flops(const dn_node *node, const dn_shape *in)
{
    const dn_conv *conv = &node->conv;
    return 2.0 * (double)dn_shape_size(&node->shape) * (double)(in->c / conv->groups) *
           (double)(conv->kernel[0] * conv->kernel[1] * conv->kernel[2]);
}

static void conv_reference(const dn_op_call *call)
{
    const dn_conv *conv = &call->node->conv;
    const dn_shape *is = &call->in[0].shape;
    const dn_shape *os = &call->out.shape;
    const double *weight = call->parameters[0];
    const double *bias = conv->bias ? call->parameters[1] : NULL;
    const int64_t ig = is->c / conv->groups;
    const int64_t og = os->c / conv->groups;
    const int64_t *k = conv->kernel;
#pragma omp parallel for collapse(3)
    for (int64_t n = 0; n < os->n; ++n) {
        for (int64_t d = 0; d < os->d; ++d) {
            for (int64_t h = 0; h < os->h; ++h) {
                for (int64_t w = 0; w < os->w; ++w) {
                    double *out = call->out.data + (((n * os->d + d) * os->h + h) * os->w + w) * os->c;
                    for (int64_t o = 0; o < os->c; ++o) {
                        double sum = bias != NULL ? bias[o] : 0.0;
                        int64_t first = o / og * ig;
                        for (int64_t kd = 0; kd < k[0]; ++kd) {
                            int64_t id = d * conv->stride[0] - conv->pad_begin[0] + kd * conv->dilation[0];
                            if (id < 0 || id >= is->d) {
                                continue;
                            }
                            for (int64_t kh = 0; kh < k[1]; ++kh) {
                                int64_t ih = h * conv->stride[1] - conv->pad_begin[1] + kh * conv->dilation[1];
                                if (ih < 0 || ih >= is->h) {
                                    continue;
                                }
                                for (int64_t kw = 0; kw < k[2]; ++kw) {
                                    int64_t iw = w * conv->stride[2] - conv->pad_begin[2] + kw * conv->dilation[2];
                                    if (iw < 0 || iw >= is->w) {
                                        continue;
                                    }
                                    const double *x = call->in[0].data + (((n * is->d + id) * is->h + ih) * is->w + iw) * is->c + first;
                                    const double *f = weight + (((o * ig) * k[0] + kd) * k[1] + kh) * k[2] + kw;
                                    for (int64_t i = 0; i < ig; ++i) {
                                        sum += x[i] * f[i * k[0] * k[1] * k[2]];
                                    }
                                }
                            }
                        }
                        out[o] = sum;
                    }
                }
            }
        }
    }
}

static void conv_backward(const dn_op_gradient *g)
{
    const dn_conv *conv = &g->call->node->conv;
    const dn_shape *is = &g->call->in[0].shape;
    const dn_shape *os = &g->call->out.shape;
    const int64_t ig = is->c / conv->groups;
    const int64_t og = os->c / conv->groups;
    const int64_t *k = conv->kernel;
    int64_t taps = k[0] * k[1] * k[2];
    const double *dy = g->out;
    for (int64_t at = 0, voxels = dn_shape_size(os) / os->c; at < voxels; ++at, dy += os->c) {
        int64_t w = at % os->w;
        int64_t h = at / os->w % os->h;
        int64_t d = at / (os->w * os->h) % os->d;
        int64_t n = at / (os->w * os->h * os->d);
        for (int64_t o = 0; conv->bias && o < os->c; ++o) {
            g->parameters[1][o] += dy[o];
        }
        for (int64_t t = 0; t < taps; ++t) {
            int64_t id = d * conv->stride[0] - conv->pad_begin[0] + t / (k[1] * k[2]) * conv->dilation[0];
            int64_t ih = h * conv->stride[1] - conv->pad_begin[1] + t / k[2] % k[1] * conv->dilation[1];
            int64_t iw = w * conv->stride[2] - conv->pad_begin[2] + t % k[2] * conv->dilation[2];
            if (id < 0 || id >= is->d || ih < 0 || ih >= is->h || iw < 0 || iw >= is->w) {
                continue;
            }
            int64_t from = (((n * is->d + id) * is->h + ih) * is->w + iw) * is->c;
            for (int64_t o = 0; o < os->c; ++o) {
                for (int64_t i = 0; i < ig; ++i) {
                    int64_t f = (o * ig + i) * taps + t;
                    g->parameters[0][f] += dy[o] * g->call->in[0].data[from + o / og * ig + i];
                    if (g->in[0] != NULL) {
                        g->in[0][from + o / og * ig + i] += dy[o] * g->call->parameters[0][f];
                    }
                }
            }
        }
    }
}

static void conv_needs(const dn_node *node, const dn_window *out, dn_window *in)
{
    const dn_conv *conv = &node->conv;
    for (int a = 0; a < 3; ++a) {
        in->begin[a] = out->begin[a] * conv->stride[a] - conv->pad_begin[a];
        in->end[a] = (out->end[a] - 1) * conv->stride[a] - conv->pad_begin[a] + (conv->kernel[a] - 1) * conv->dilation[a] + 1;
    }
}

dn_field_need dn_padding_need(dn_node *node)
{
    dn_padding padding = node->kind == DN_OP_POOL ? node->pool.padding : node->conv.padding;
    return padding == DN_PAD_EXPLICIT ? DN_FIELD_REQUIRED : DN_FIELD_UNREAD;
}

const dn_op_field dn_conv_fields[DN_CONV_FIELDS] = {
    {.key = "out", .type = DN_FIELD_INTEGER, .offset = offsetof(dn_node, conv.out), .low = 1, .high = DN_FIELD_MOST},
    {.key = "kernel", .type = DN_FIELD_AXES, .offset = offsetof(dn_node, conv.kernel), .low = 1, .high = DN_FIELD_MOST, .depth = 1},
    {.key = "stride",
     .type = DN_FIELD_AXES,
     .offset = offsetof(dn_node, conv.stride),
     .low = 1,
     .high = DN_FIELD_MOST,
     .need = DN_FIELD_OPTIONAL,
     .depth = 1},
    {.key = "dilation",
     .type = DN_FIELD_AXES,
     .offset = offsetof(dn_node, conv.dilation),
     .low = 1,
     .high = DN_FIELD_MOST,
     .need = DN_FIELD_OPTIONAL,
     .depth = 1},
    {.key = "groups",
     .type = DN_FIELD_INTEGER,
     .offset = offsetof(dn_node, conv.groups),
     .need = DN_FIELD_OPTIONAL,
     .low = 1,
     .high = DN_FIELD_MOST},
    {.key = "padding",
     .type = DN_FIELD_CHOICE,
     .offset = offsetof(dn_node, conv.padding),
     .need = DN_FIELD_OPTIONAL,
     .choices = "same|valid|explicit"},
    {.key = "pad_begin",
     .type = DN_FIELD_AXES,
     .offset = offsetof(dn_node, conv.pad_begin),
     .high = DN_FIELD_MOST,
     .decide = dn_padding_need},
    {.key = "pad_end", .type = DN_FIELD_AXES, .offset = offsetof(dn_node, conv.pad_end), .high = DN_FIELD_MOST, .decide = dn_padding_need},
    {.key = "bias", .type = DN_FIELD_BOOLEAN, .offset = offsetof(dn_node, conv.bias), .need = DN_FIELD_OPTIONAL},
};

dn_conv dn_conv_itself(const dn_node *node)
{
    return node->conv;
}

void dn_conv_defaults(dn_node *node)
{
    node->conv.bias = true;
}

static void conv_grid(const dn_node *node, int axis, int64_t *over, int64_t *under)
{
    (void)under;
    *over *= node->conv.stride[axis];
}

const dn_op dn_op_conv = {.name = "conv",
                          .min_inputs = 1,
                          .max_inputs = 1,
                          .shape = dn_conv_shape,
                          .parameters = conv_parameters,
                          .flops = conv_flops,
                          .reference = conv_reference,
                          .backward = conv_backward,
                          .needs = conv_needs,
                          .fields = dn_conv_fields,
                          .field_count = DN_CONV_FIELDS,
                          .defaults = dn_conv_defaults,
                          .as_conv = dn_conv_itself,
                          .grid = conv_grid,
                          .looks_at = dn_looks_at_inputs};

int dn_graph_conv(dn_graph *graph, int x, const char *name, const dn_conv *attributes)
{
    return dn_graph_append(graph, (dn_node){.kind = DN_OP_CONV, .conv = *attributes}, name, &x, 1);
}
