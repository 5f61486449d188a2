/* InceptionV3 (Szegedy et al. 2015) as segmentation_models has it: every convolution and pooling padded to keep sizes.
 * Layers are numbered in the order in which Keras makes them: conv2d_1 ... conv2d_94, batch_normalization_1 ... 94, as in
 * the ImageNet file. Norms have no scale there: their weight stays 1. */
#include "models/encoders/encoder.h"

#include <stdio.h>

typedef struct builder {
    dn_graph *graph;
    int count, pools, concats; /* so far */
} builder;

typedef struct step {
    int64_t filters, rows, cols, stride;
} step;

static int conv(builder *b, int x, step s)
{
    char name[48];
    int number = ++b->count;
    snprintf(name, sizeof name, "conv2d_%d", number);
    x = dn_encoder_conv(b->graph, x, name, &(dn_conv2d){.out = s.filters, .rows = s.rows, .cols = s.cols, .stride = s.stride});
    snprintf(name, sizeof name, "batch_normalization_%d", number);
    x = dn_graph_norm(b->graph, x, name, DN_NORM_BATCH, 1e-3f);
    snprintf(name, sizeof name, "activation_%d", number);
    return dn_graph_activation(b->graph, x, name, DN_ACT_RELU, 0);
}

static int pool(builder *b, int x, dn_pool_kind kind)
{
    char name[48];
    snprintf(name, sizeof name, "%s_pooling_%d", kind == DN_POOL_MAX ? "max" : "average", ++b->pools);
    return dn_encoder_pool(b->graph, x, name, kind, 3, kind == DN_POOL_MAX ? 2 : 1, DN_PAD_SAME);
}

static int chain(builder *b, int x, const step *steps, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        x = conv(b, x, steps[i]);
    }
    return x;
}
#define CHAIN(x, ...) chain(b, x, (const step[]){__VA_ARGS__}, sizeof((const step[]){__VA_ARGS__}) / sizeof(step))

static int concat(builder *b, const int *inputs, int count)
{
    char name[48];
    snprintf(name, sizeof name, "concatenate_%d", ++b->concats);
    return dn_graph_concat(b->graph, inputs, count, name);
}

/* 1/8: 1x1, 5x5 and double 3x3 branches, and a pooled one. */
static int block_a(builder *b, int x, int64_t pooled)
{
    int branch[4];
    branch[0] = CHAIN(x, {64, 1, 1, 1});
    branch[1] = CHAIN(x, {48, 1, 1, 1}, {64, 5, 5, 1});
    branch[2] = CHAIN(x, {64, 1, 1, 1}, {96, 3, 3, 1}, {96, 3, 3, 1});
    branch[3] = CHAIN(pool(b, x, DN_POOL_AVERAGE), {pooled, 1, 1, 1});
    return concat(b, branch, 4);
}

/* 1/16: factorised 7x7 branches of c channels. */
static int block_b(builder *b, int x, int64_t c)
{
    int branch[4];
    branch[0] = CHAIN(x, {192, 1, 1, 1});
    branch[1] = CHAIN(x, {c, 1, 1, 1}, {c, 1, 7, 1}, {192, 7, 1, 1});
    branch[2] = CHAIN(x, {c, 1, 1, 1}, {c, 7, 1, 1}, {c, 1, 7, 1}, {c, 7, 1, 1}, {192, 1, 7, 1});
    branch[3] = CHAIN(pool(b, x, DN_POOL_AVERAGE), {192, 1, 1, 1});
    return concat(b, branch, 4);
}

/* 1/32: 3x3 branches that split in two. */
static int block_c(builder *b, int x)
{
    int branch[4], split[2];
    branch[0] = CHAIN(x, {320, 1, 1, 1});
    int middle = CHAIN(x, {384, 1, 1, 1});
    split[0] = CHAIN(middle, {384, 1, 3, 1});
    split[1] = CHAIN(middle, {384, 3, 1, 1});
    branch[1] = concat(b, split, 2);
    middle = CHAIN(x, {448, 1, 1, 1}, {384, 3, 3, 1});
    split[0] = CHAIN(middle, {384, 1, 3, 1});
    split[1] = CHAIN(middle, {384, 3, 1, 1});
    branch[2] = concat(b, split, 2);
    branch[3] = CHAIN(pool(b, x, DN_POOL_AVERAGE), {192, 1, 1, 1});
    return concat(b, branch, 4);
}

static dn_encoder_result build(dn_graph *graph, int x)
{
    builder state = {.graph = graph}, *b = &state;
    dn_encoder_result result = {0};
    int branch[3];
    x = CHAIN(x, {32, 3, 3, 2}, {32, 3, 3, 1}, {64, 3, 3, 1});
    result.skips[3] = x;
    x = pool(b, x, DN_POOL_MAX);
    x = CHAIN(x, {80, 1, 1, 1}, {192, 3, 3, 1});
    result.skips[2] = x;
    x = pool(b, x, DN_POOL_MAX);
    x = block_a(b, x, 32);
    x = block_a(b, x, 64);
    x = block_a(b, x, 64);
    result.skips[1] = x;
    branch[0] = CHAIN(x, {384, 3, 3, 2});
    branch[1] = CHAIN(x, {64, 1, 1, 1}, {96, 3, 3, 1}, {96, 3, 3, 2});
    branch[2] = pool(b, x, DN_POOL_MAX);
    x = concat(b, branch, 3);
    x = block_b(b, x, 128);
    x = block_b(b, x, 160);
    x = block_b(b, x, 160);
    x = block_b(b, x, 192);
    result.skips[0] = x;
    branch[0] = CHAIN(x, {192, 1, 1, 1}, {320, 3, 3, 2});
    branch[1] = CHAIN(x, {192, 1, 1, 1}, {192, 1, 7, 1}, {192, 7, 1, 1}, {192, 3, 3, 2});
    branch[2] = pool(b, x, DN_POOL_MAX);
    x = concat(b, branch, 3);
    x = block_c(b, x);
    result.output = block_c(b, x);
    return result;
}

const dn_encoder dn_encoder_inceptionv3 = {"inceptionv3", "input_1", "batch_normalization_94", build};
