/* Builds the 3-D U-Net (Cicek et al. 2016) from its config. */
#include "models/unet3d.h"

#include "models/fields.h"

#include <stdio.h>

#define MAX_LEVELS 8

typedef enum { NORM_NONE, NORM_BATCH, NORM_INSTANCE } norm_choice;
typedef enum { AT_CONV, AT_LEVEL } norm_place;
typedef enum { DOWN_MAX, DOWN_AVERAGE, DOWN_STRIDE } down_choice;
typedef enum { UP_NEAREST, UP_LINEAR, UP_DECONV } up_choice;
typedef enum { OUT_SOFTMAX, OUT_SIGMOID, OUT_NONE } out_choice;

typedef struct unet {
    int64_t classes, levels, features[MAX_LEVELS], convs, kernel;
    dn_activation activation;
    float alpha, epsilon, dropout;
    int norm, norm_at, down, up, output;
    bool skip_before_norm, residual, up_first;
} unet;

static dn_status choice(const json_t *config, const char *where, const char *key, const char *choices, int *out)
{
    return dn_fields_has(config, key) ? dn_fields_choice(config, where, key, choices, out) : DN_OK;
}

static dn_status read_config(const json_t *config, const char *where, unet *u)
{
    static const dn_activation kinds[] = {DN_ACT_RELU, DN_ACT_LEAKY_RELU, DN_ACT_ELU, DN_ACT_SILU};
    json_t *features;
    int activation = 0, skip = 1, order = 0;
    double real;
    *u = (unet){.convs = 2, .kernel = 3, .norm = NORM_BATCH, .norm_at = AT_CONV};
    DN_TRY(dn_fields_only(config, where,
                          "classes features convs kernel activation alpha norm epsilon norm_at skip residual down up concat "
                          "dropout output"));
    DN_TRY(dn_fields_integer(config, where, "classes", 1, 4096, &u->classes));
    DN_TRY(dn_fields_array(config, where, "features", 2, MAX_LEVELS, &features));
    u->levels = (int64_t)json_array_size(features);
    for (size_t i = 0; i < json_array_size(features); ++i) {
        u->features[i] = json_integer_value(json_array_get(features, i));
        if (u->features[i] < 1 || u->features[i] > 65536) {
            DN_FAIL(DN_EFORMAT, "%s: \"features\" should be whole numbers from 1 to 65536", where);
        }
    }
    if (dn_fields_has(config, "convs")) {
        DN_TRY(dn_fields_integer(config, where, "convs", 1, 16, &u->convs));
    }
    if (dn_fields_has(config, "kernel")) {
        DN_TRY(dn_fields_integer(config, where, "kernel", 1, 15, &u->kernel));
        if (u->kernel % 2 == 0) {
            DN_FAIL(DN_EFORMAT, "%s: \"kernel\" is %lld; it should be odd", where, (long long)u->kernel);
        }
    }
    DN_TRY(choice(config, where, "activation", "relu|leaky_relu|elu|silu", &activation));
    u->activation = kinds[activation];
    u->alpha = u->activation == DN_ACT_ELU ? 1.0f : u->activation == DN_ACT_LEAKY_RELU ? 0.01f : 0.0f;
    if (dn_fields_has(config, "alpha")) {
        DN_TRY(dn_fields_real(config, where, "alpha", 0, 1000, &real));
        u->alpha = (float)real;
    }
    DN_TRY(choice(config, where, "norm", "none|batch|instance", &u->norm));
    u->epsilon = u->norm == NORM_INSTANCE ? 1e-5f : 1e-3f;
    if (dn_fields_has(config, "epsilon")) {
        DN_TRY(dn_fields_real(config, where, "epsilon", 0, 1, &real));
        u->epsilon = (float)real;
    }
    DN_TRY(choice(config, where, "norm_at", "conv|level", &u->norm_at));
    DN_TRY(choice(config, where, "skip", "before_norm|after_norm", &skip));
    u->skip_before_norm = skip == 0;
    if (dn_fields_has(config, "residual")) {
        DN_TRY(dn_fields_boolean(config, where, "residual", &u->residual));
    }
    DN_TRY(choice(config, where, "down", "max|average|stride", &u->down));
    DN_TRY(choice(config, where, "up", "nearest|linear|deconv", &u->up));
    DN_TRY(choice(config, where, "concat", "skip_first|up_first", &order));
    u->up_first = order == 1;
    if (dn_fields_has(config, "dropout")) {
        DN_TRY(dn_fields_real(config, where, "dropout", 0, 0.99, &real));
        u->dropout = (float)real;
    }
    return choice(config, where, "output", "softmax|sigmoid|none", &u->output);
}

/* "enc0.conv1" and the like. */
typedef struct name_text {
    char text[32];
} name_text;

static name_text name(const char *arm, int64_t level, const char *part, int64_t number)
{
    name_text result;
    if (number < 0) {
        snprintf(result.text, sizeof result.text, "%.3s%d.%.12s", arm, (int)level, part);
    } else {
        snprintf(result.text, sizeof result.text, "%.3s%d.%.12s%d", arm, (int)level, part, (int)number);
    }
    return result;
}

static int norm(const unet *u, dn_graph *g, int x, const char *label)
{
    return dn_graph_norm(g, x, label, u->norm == NORM_INSTANCE ? DN_NORM_INSTANCE : DN_NORM_BATCH, u->epsilon);
}

/* A level's convolutions. *before: their result before the level's own norm (norm_at level). */
static int level_block(const unet *u, dn_graph *g, int x, const char *arm, int64_t level, int *before)
{
    int64_t features = u->features[level];
    int start = x;
    /* The norm of a convolution takes its bias away, so there is none then. */
    bool norm_each = u->norm != NORM_NONE && u->norm_at == AT_CONV;
    for (int64_t i = 0; i < u->convs; ++i) {
        dn_conv conv = {.out = features, .kernel = {u->kernel, u->kernel, u->kernel}, .padding = DN_PAD_SAME, .bias = !norm_each};
        x = dn_graph_conv(g, x, name(arm, level, "conv", i).text, &conv);
        if (norm_each) {
            x = norm(u, g, x, name(arm, level, "norm", i).text);
        }
        if (u->residual && i == u->convs - 1) {
            int shortcut = start;
            if (start >= 0 && dn_graph_shape(g, start).c != features) {
                dn_conv one = {.out = features, .kernel = {1, 1, 1}, .padding = DN_PAD_SAME, .bias = true};
                shortcut = dn_graph_conv(g, start, name(arm, level, "shortcut", -1).text, &one);
            }
            x = dn_graph_add(g, x, shortcut, name(arm, level, "add", -1).text);
        }
        x = dn_graph_activation(g, x, name(arm, level, "act", i).text, u->activation, u->alpha);
    }
    *before = x;
    if (u->norm != NORM_NONE && u->norm_at == AT_LEVEL) {
        x = norm(u, g, x, name(arm, level, "norm", -1).text);
    }
    return x;
}

static int down(const unet *u, dn_graph *g, int x, int64_t level)
{
    char label[32];
    snprintf(label, sizeof label, "down%d", (int)level);
    if (u->down == DOWN_STRIDE) {
        dn_conv conv = {.out = u->features[level + 1], .kernel = {2, 2, 2}, .stride = {2, 2, 2}, .padding = DN_PAD_VALID, .bias = true};
        return dn_graph_conv(g, x, label, &conv);
    }
    dn_pool pool = {.kind = u->down == DOWN_AVERAGE ? DN_POOL_AVERAGE : DN_POOL_MAX, .kernel = {2, 2, 2}, .padding = DN_PAD_VALID};
    return dn_graph_pool(g, x, label, &pool);
}

static int up(const unet *u, dn_graph *g, int x, int64_t level)
{
    static const int64_t two[3] = {2, 2, 2};
    name_text label = name("dec", level, "up", -1);
    if (u->up == UP_DECONV) {
        dn_conv conv = {.out = u->features[level], .kernel = {2, 2, 2}, .stride = {2, 2, 2}, .padding = DN_PAD_VALID, .bias = true};
        return dn_graph_deconv(g, x, label.text, &conv);
    }
    return dn_graph_upsample(g, x, label.text, u->up == UP_LINEAR ? DN_UP_LINEAR : DN_UP_NEAREST, two);
}

dn_status dn_unet3d_build(const json_t *config, const char *where, dn_shape input, dn_graph *g)
{
    unet u;
    int skips[MAX_LEVELS] = {0};
    DN_TRY(read_config(config, where, &u));
    int64_t multiple = (int64_t)1 << (u.levels - 1);
    if (input.d % multiple != 0 || input.h % multiple != 0 || input.w % multiple != 0) {
        char text[64];
        DN_FAIL(DN_ESHAPE, "%s: the network halves its input %d times and takes sizes that are multiples of %d, not %s", where,
                (int)u.levels - 1, (int)multiple, dn_shape_text(&input, text));
    }
    int x = dn_graph_input(g, "scan", input), before;
    for (int64_t level = 0; level < u.levels; ++level) {
        x = level_block(&u, g, x, "enc", level, &before);
        skips[level] = u.skip_before_norm ? before : x;
        if (level + 1 < u.levels) {
            x = down(&u, g, x, level);
        }
    }
    if (u.dropout > 0) {
        x = dn_graph_dropout(g, x, "dropout", u.dropout);
    }
    for (int64_t level = u.levels - 2; level >= 0; --level) {
        x = up(&u, g, x, level);
        int inputs[2] = {u.up_first ? x : skips[level], u.up_first ? skips[level] : x};
        x = dn_graph_concat(g, inputs, 2, name("dec", level, "concat", -1).text);
        x = level_block(&u, g, x, "dec", level, &before);
    }
    dn_conv head = {.out = u.classes, .kernel = {1, 1, 1}, .padding = DN_PAD_SAME, .bias = true};
    x = dn_graph_conv(g, x, "head", &head);
    if (u.output == OUT_SOFTMAX) {
        x = dn_graph_softmax(g, x, "posteriors");
    } else if (u.output == OUT_SIGMOID) {
        x = dn_graph_activation(g, x, "posteriors", DN_ACT_SIGMOID, 0);
    }
    dn_graph_output(g, x, "posteriors");
    return DN_OK;
}
