/* Recognises lab2im's U-Nets (Billot et al. 2020) by the names of their weights, and names their labels. */
#include "models/keras/unet.h"

#include "base/memory.h"
#include "models/keras/weights.h"
#include "models/label_table.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LEVELS 8
#define FIRST_LAYER "_conv_downarm_0_0"

/* The published subunit network: FreeSurfer's numbers (share/labels.tsv) in the order of its output. */
static const int subunits[] = {0, 801, 802, 803, 804, 805, 806, 807, 808, 809, 810};

typedef struct lab2im {
    const dn_keras_file *file;
    const char *path;
    char prefix[64];
    int levels, convs;
    int64_t features[MAX_LEVELS], kernel, channels, classes;
    bool norm;
} lab2im;

bool dn_keras_unet_is(const dn_keras_file *file)
{
    for (size_t i = 0; i < file->layer_count; ++i) {
        size_t length = strlen(file->layers[i].name), end = strlen(FIRST_LAYER);
        if (length > end && strcmp(file->layers[i].name + length - end, FIRST_LAYER) == 0) {
            return true;
        }
    }
    return false;
}

/* PREFIXpart, PREFIXpart_a or PREFIXpart_a_b; numbers below 0 are left out. */
static const dn_keras_layer *find(const lab2im *u, const char *part, int a, int b)
{
    char name[160];
    int length = snprintf(name, sizeof name, "%s%s", u->prefix, part);
    if (a >= 0) {
        length += snprintf(name + length, sizeof name - (size_t)length, "_%d", a);
    }
    if (b >= 0) {
        snprintf(name + length, sizeof name - (size_t)length, "_%d", b);
    }
    return dn_keras_layer_find(u->file, name);
}

static dn_status kernel_of(const lab2im *u, const dn_keras_layer *layer, const dn_keras_array **out)
{
    *out = dn_keras_array_find(layer, "kernel", 0);
    if (*out == NULL || (*out)->rank != 5) {
        DN_FAIL(DN_EFORMAT, "%s: the layer %.100s has no kernel of a 3-D convolution", u->path, layer->name);
    }
    return DN_OK;
}

/* Sizes of the network from names and kernels. */
static dn_status measure(lab2im *u)
{
    const dn_keras_array *kernel;
    const dn_keras_layer *layer;
    for (size_t i = 0; i < u->file->layer_count; ++i) {
        const char *name = u->file->layers[i].name, *at = strstr(name, FIRST_LAYER);
        if (at != NULL && at[strlen(FIRST_LAYER)] == '\0') {
            snprintf(u->prefix, sizeof u->prefix, "%.*s", (int)(at - name), name);
            break;
        }
    }
    while (u->levels < MAX_LEVELS && (layer = find(u, "_conv_downarm", u->levels, 0)) != NULL) {
        DN_TRY(kernel_of(u, layer, &kernel));
        if (u->levels == 0) {
            u->kernel = kernel->dim[0];
            u->channels = kernel->dim[3];
        }
        u->features[u->levels++] = kernel->dim[4];
    }
    while (u->convs < 16 && find(u, "_conv_downarm", 0, u->convs) != NULL) {
        ++u->convs;
    }
    layer = find(u, "_likelihood", -1, -1);
    if (u->levels < 2 || layer == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: has %d levels of a lab2im U-Net and %s; this is not a complete network", u->path, u->levels,
                layer != NULL ? "its last layer" : "no layer _likelihood");
    }
    if (find(u, "_expand_down_merge", 0, -1) != NULL || find(u, "_res_down_merge", 0, -1) != NULL ||
        find(u, "_expand_down_merge", 1, -1) != NULL) {
        DN_FAIL(DN_EFORMAT, "%s: is a lab2im U-Net with residuals, which is not supported", u->path);
    }
    DN_TRY(kernel_of(u, layer, &kernel));
    u->classes = kernel->dim[4];
    u->norm = find(u, "_bn_down", 0, -1) != NULL;
    return DN_OK;
}

static bool is_subunits(const lab2im *u)
{
    return u->levels == 3 && u->features[0] == 24 && u->features[1] == 48 && u->features[2] == 96 && u->classes == 11 && u->convs == 2 &&
           u->channels == 1 && u->norm;
}

static dn_status make_config(const lab2im *u, char **out)
{
    json_t *features = json_array();
    for (int i = 0; i < u->levels; ++i) {
        json_array_append_new(features, json_integer(u->features[i]));
    }
    json_t *config =
        json_pack("{s:I, s:o, s:i, s:I, s:s, s:s, s:f, s:s, s:s, s:s, s:s}", "classes", (json_int_t)u->classes, "features", features,
                  "convs", u->convs, "kernel", (json_int_t)u->kernel, "activation", "elu", "norm", u->norm ? "batch" : "none", "epsilon",
                  1e-3, "norm_at", "level", "skip", "before_norm", "up", "nearest", "concat", "skip_first");
    *out = config != NULL ? json_dumps(config, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(config);
    if (*out == NULL) {
        DN_FAIL(DN_ENOMEM, "%s: no memory for its network", u->path);
    }
    return DN_OK;
}

/* One arm's level: theirs has the number from, ours the number to. */
static dn_status copy_level(const lab2im *u, dn_weights *weights, bool down, int from, int to)
{
    char name[64];
    dn_keras_target target = {.path = u->path, .name = name, .weights = weights};
    for (int i = 0; i < u->convs; ++i) {
        target.layer = find(u, down ? "_conv_downarm" : "_conv_uparm", from, i);
        if (target.layer == NULL) {
            DN_FAIL(DN_EFORMAT, "%s: the layer %s_conv_%sarm_%d_%d is missing", u->path, u->prefix, down ? "down" : "up", from, i);
        }
        snprintf(name, sizeof name, "%s%d.conv%d", down ? "enc" : "dec", to, i);
        DN_TRY(dn_keras_conv(&target, 3, "kernel", true));
    }
    if (u->norm) {
        int number = down ? from : from - u->levels;
        target.layer = find(u, down ? "_bn_down" : "_bn_up", number, -1);
        if (target.layer == NULL) {
            DN_FAIL(DN_EFORMAT, "%s: the layer %s_bn_%s_%d is missing", u->path, u->prefix, down ? "down" : "up", number);
        }
        snprintf(name, sizeof name, "%s%d.norm", down ? "enc" : "dec", to);
        DN_TRY(dn_keras_norm(&target, true));
    }
    return DN_OK;
}

static dn_status copy_weights(const lab2im *u, dn_weights *weights)
{
    for (int level = 0; level < u->levels; ++level) {
        DN_TRY(copy_level(u, weights, true, level, level));
    }
    for (int i = 0; i + 1 < u->levels; ++i) {
        DN_TRY(copy_level(u, weights, false, u->levels + i, u->levels - 2 - i));
    }
    dn_keras_target head = {.path = u->path, .layer = find(u, "_likelihood", -1, -1), .name = "head", .weights = weights};
    return dn_keras_conv(&head, 3, "kernel", true);
}

static dn_status describe(const lab2im *u, dn_model *model)
{
    model->input = (dn_model_input){.spacing = {1, 1, 1},
                                    .orientation = "RAS",
                                    .multiple = (int64_t)1 << (u->levels > 3 ? u->levels - 1 : 3), /* the published code pads to 8 */
                                    .channels = u->channels,
                                    .normalise = DN_NORMALISE_PERCENTILE,
                                    .low = 0.5,
                                    .high = 99.5};
    bool known = is_subunits(u);
    for (int64_t c = 0; c < u->classes; ++c) {
        char name[32];
        char color[8];
        dn_label_entry entry;
        snprintf(name, sizeof name, c == 0 ? "background" : "class_%lld", (long long)c);
        if (known && dn_label_table_number(subunits[c], &entry)) {
            snprintf(color, sizeof color, "#%02x%02x%02x", entry.color[0], entry.color[1], entry.color[2]);
            DN_TRY(dn_model_add_label(model, c, entry.number, entry.name, entry.structure, entry.side, color));
        } else {
            DN_TRY(dn_model_add_label(model, c, c, name, name, 'B', c == 0 ? "#000000" : "#ffa000"));
        }
    }
    if (known) {
        free(model->trained_on);
        free(model->licence);
        free(model->source);
        model->trained_on = model->licence = model->source = NULL;
        DN_TRY(dn_strdup("T1-weighted MRI with manually labelled hypothalamic subunits (Billot et al., NeuroImage 223:117287, 2020)",
                         &model->trained_on));
        DN_TRY(dn_strdup("Apache-2.0", &model->licence));
        DN_TRY(dn_strdup("https://github.com/BBillot/hypothalamus_seg", &model->source));
    }
    return DN_OK;
}

dn_status dn_keras_unet_read(const dn_keras_file *file, const char *path, const char *name, dn_model **out)
{
    lab2im u = {.file = file, .path = path};
    char *config;
    dn_model *model;
    DN_TRY(measure(&u));
    DN_TRY(make_config(&u, &config));
    dn_status status = dn_model_create(name != NULL      ? name
                                       : is_subunits(&u) ? "billot2020-hypothalamus-subunits"
                                                         : "lab2im-unet3d",
                                       "unet3d", config, &model);
    free(config);
    DN_TRY(status);
    DN_TRY_GOTO(status, copy_weights(&u, model->weights), fail);
    DN_TRY_GOTO(status, describe(&u, model), fail);
    *out = model;
    return DN_OK;
fail:
    dn_model_destroy(model);
    return status;
}
