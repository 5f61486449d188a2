/* Transposed convolution: weight [I, O/groups, kD, kH, kW], optional bias [O]. The input's voxel i adds its kernel to the
 * outputs from i * stride - pad_begin on. SAME gives input * stride, as Keras does; rows that no kernel reaches hold
 * the bias. */
#include "net/ops/op.h"

static int deconv_parameters(const dn_node *node, const dn_shape *in, dn_parameter out[DN_MAX_PARAMETERS])
{
    const dn_conv *conv = &node->conv;
    int64_t taps = conv->kernel[0] * conv->kernel[1] * conv->kernel[2];
    int64_t strides = conv->stride[0] * conv->stride[1] * conv->stride[2];
    int64_t fan_in = in->c / conv->groups * taps / strides;
    out[0] = (dn_parameter){.suffix = ".weight",
                            .rank = 5,
                            .dim = {in->c, conv->out / conv->groups, conv->kernel[0], conv->kernel[1], conv->kernel[2]},
                            .trainable = true,
                            .fan_in = fan_in > 0 ? fan_in : 1};
    out[1] = (dn_parameter){.suffix = ".bias", .rank = 1, .dim = {conv->out}, .trainable = true};
    return conv->bias ? 2 : 1;
}

static double deconv_flops(const dn_node *node, const dn_shape *in)
{
    const dn_conv *conv = &node->conv;
    return 2.0 * (double)dn_shape_size(in) * (double)(conv->out / conv->groups) *
           (double)(conv->kernel[0] * conv->kernel[1] * conv->kernel[2]);
}

/* i with i * stride - pad + k * dilation == o, or -1. */
static int64_t source(int64_t o, int64_t k, int64_t stride, int64_t dilation, int64_t pad, int64_t size)
{
    int64_t at = o + pad - k * dilation;
    return at < 0 || at % stride != 0 || at / stride >= size ? -1 : at / stride;
}

static void deconv_reference(const dn_op_call *call)
{
    const dn_conv *conv = &call->node->conv;
    const dn_shape *is = &call->in[0].shape;
    const dn_shape *os = &call->out.shape;
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
                        out[o] = bias != NULL ? bias[o] : 0.0;
                    }
                    for (int64_t kd = 0; kd < k[0]; ++kd) {
                        int64_t id = source(d, kd, conv->stride[0], conv->dilation[0], conv->pad_begin[0], is->d);
                        for (int64_t kh = 0; id >= 0 && kh < k[1]; ++kh) {
                            int64_t ih = source(h, kh, conv->stride[1], conv->dilation[1], conv->pad_begin[1], is->h);
                            for (int64_t kw = 0; ih >= 0 && kw < k[2]; ++kw) {
                                int64_t iw = source(w, kw, conv->stride[2], conv->dilation[2], conv->pad_begin[2], is->w);
                                if (iw < 0) {
                                    continue;
                                }
                                const double *x = call->in[0].data + (((n * is->d + id) * is->h + ih) * is->w + iw) * is->c;
                                for (int64_t i = 0; i < is->c; ++i) {
                                    for (int64_t j = 0; j < og; ++j) {
                                        double f = call->parameters[0][(((i * og + j) * k[0] + kd) * k[1] + kh) * k[2] + kw];
                                        out[i / ig * og + j] += x[i] * f;
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

static void deconv_backward(const dn_op_gradient *g)
{
    const dn_conv *conv = &g->call->node->conv;
    const dn_shape *is = &g->call->in[0].shape;
    const dn_shape *os = &g->call->out.shape;
    const int64_t ig = is->c / conv->groups;
    const int64_t og = os->c / conv->groups;
    const int64_t *k = conv->kernel;
    int64_t taps = k[0] * k[1] * k[2];
    for (int64_t i = 0; conv->bias && i < dn_shape_size(os); ++i) {
        g->parameters[1][i % os->c] += g->out[i];
    }
    for (int64_t at = 0, voxels = dn_shape_size(is) / is->c; at < voxels; ++at) {
        int64_t w = at % is->w;
        int64_t h = at / is->w % is->h;
        int64_t d = at / (is->w * is->h) % is->d;
        int64_t n = at / (is->w * is->h * is->d);
        for (int64_t t = 0; t < taps; ++t) {
            int64_t od = d * conv->stride[0] - conv->pad_begin[0] + t / (k[1] * k[2]) * conv->dilation[0];
            int64_t oh = h * conv->stride[1] - conv->pad_begin[1] + t / k[2] % k[1] * conv->dilation[1];
            int64_t ow = w * conv->stride[2] - conv->pad_begin[2] + t % k[2] * conv->dilation[2];
            if (od < 0 || od >= os->d || oh < 0 || oh >= os->h || ow < 0 || ow >= os->w) {
                continue;
            }
            const double *dy = g->out + (((n * os->d + od) * os->h + oh) * os->w + ow) * os->c;
            for (int64_t i = 0; i < is->c; ++i) {
                for (int64_t j = 0; j < og; ++j) {
                    int64_t f = (i * og + j) * taps + t;
                    g->parameters[0][f] += dy[i / ig * og + j] * g->call->in[0].data[at * is->c + i];
                    if (g->in[0] != NULL) {
                        g->in[0][at * is->c + i] += dy[i / ig * og + j] * g->call->parameters[0][f];
                    }
                }
            }
        }
    }
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && a < 0);
}

static void deconv_needs(const dn_node *node, const dn_window *out, dn_window *in)
{
    const dn_conv *conv = &node->conv;
    for (int a = 0; a < 3; ++a) {
        int64_t extent = (conv->kernel[a] - 1) * conv->dilation[a] + 1;
        in->begin[a] = -floor_div(-(out->begin[a] + conv->pad_begin[a] - extent + 1), conv->stride[a]);
        in->end[a] = floor_div(out->end[a] - 1 + conv->pad_begin[a], conv->stride[a]) + 1;
    }
}

static void deconv_grid(const dn_node *node, int axis, int64_t *over, int64_t *under)
{
    (void)over;
    *under *= node->conv.stride[axis];
}

const dn_op dn_op_deconv = {.name = "deconv",
                            .min_inputs = 1,
                            .max_inputs = 1,
                            .shape = dn_conv_shape,
                            .parameters = deconv_parameters,
                            .flops = deconv_flops,
                            .reference = deconv_reference,
                            .backward = deconv_backward,
                            .needs = deconv_needs,
                            .fields = dn_conv_fields,
                            .field_count = DN_CONV_FIELDS,
                            .defaults = dn_conv_defaults,
                            .as_conv = dn_conv_itself,
                            .grid = deconv_grid,
                            .looks_at = dn_looks_at_inputs};

int dn_graph_deconv(dn_graph *graph, int x, const char *name, const dn_conv *attributes)
{
    return dn_graph_append(graph, (dn_node){.kind = DN_OP_DECONV, .conv = *attributes}, name, &x, 1);
}
