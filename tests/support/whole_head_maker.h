/* A head whose tissues have one intensity each, and two networks of the whole head that tell them by it: what they find is known
 * without any training. Shared by tests and by `fixture`. */
#ifndef DN_WHOLE_HEAD_MAKER_H
#define DN_WHOLE_HEAD_MAKER_H

#include "base/memory.h"
#include "image/volume.h"
#include "models/model.h"
#include "template_sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct maker_class {
    int16_t index;
    char hemi;
    const char *name, *structure;
    float intensity; /* of 1, the scalp's */
} maker_class;

static const maker_class maker_classes[] = {
    {0, 'B', "outside", "background", 0.0f},
    {24, 'B', "csf", "csf", 0.20f},
    {14, 'B', "third_ventricle", "third_ventricle", 0.28f},
    {49, 'R', "right_thalamus", "thalamus", 0.46f},
    {10, 'L', "left_thalamus", "thalamus", 0.54f},
    {41, 'R', "right_cerebral_white_matter", "cerebral_white_matter", 0.63f},
    {2, 'L', "left_cerebral_white_matter", "cerebral_white_matter", 0.72f},
};
enum { MAKER_CLASSES = sizeof maker_classes / sizeof *maker_classes, MAKER_BENDS = MAKER_CLASSES + 3 };

static inline double maker_sample(const dn_head_template *h, const uint8_t *map, const double mm[3])
{
    int64_t voxel[8];
    double weight[8];
    double sum = 0;
    if (template_corners(h, mm, voxel, weight)) {
        for (int n = 0; n < 8; ++n) {
            sum += weight[n] * (double)map[voxel[n]];
        }
    }
    return sum;
}

/* The class at a place of the average head (mm), -1: scalp. */
static inline int maker_class_at(const dn_head_template *h, const double mm[3])
{
    double brain = maker_sample(h, h->brain, mm) / 255;
    bool deep = mm[1] > -28 && mm[1] < -6 && mm[2] > 2 && mm[2] < 22;
    if (deep && fabs(mm[0]) < 4) {
        return 2;
    }
    if (deep && fabs(mm[0]) < 20) {
        return mm[0] > 0 ? 3 : 4;
    }
    if (brain > 0.5) {
        return mm[0] > 0 ? 5 : 6;
    }
    return brain > 0.1 ? 1 : maker_sample(h, h->t1w, mm) > 60 ? -1 : 0;
}

/* A head on a grid whose world is the average head's; truth (or NULL): its labels. Scalp is 1000, or 0 in a stripped one. */
static inline dn_status maker_head(const dn_grid *grid, bool stripped, dn_volume **scan, dn_labels **truth)
{
    dn_head_template h;
    DN_TRY(dn_head_template_get(&h));
    DN_TRY(dn_volume_create(grid, scan));
    if (truth != NULL) {
        DN_TRY(dn_labels_create(grid, truth));
    }
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                double mm[3];
                dn_affine_apply(&grid->affine, (const double[3]){(double)i, (double)j, (double)k}, mm);
                int class = maker_class_at(&h, mm);
                int64_t v = dn_grid_offset(grid, i, j, k);
                (*scan)->data[v] = class < 0 ? stripped ? 0.0f : 1000.0f : 1000.0f * maker_classes[class].intensity;
                if (truth != NULL) {
                    (*truth)->data[v] = class < 0 ? 0 : (uint16_t)maker_classes[class].index;
                }
            }
        }
    }
    /* Below the head: a hundredth of the scan, so that the largest intensities mean the same with and without scalp. */
    for (int64_t i = 0; i < grid->dim[0] * grid->dim[1]; ++i) {
        (*scan)->data[i] = 1000.0f;
    }
    return DN_OK;
}

static inline dn_grid maker_grid(double spacing, const double low[3], const double high[3])
{
    dn_grid grid = {0};
    for (int c = 0; c < 3; ++c) {
        grid.dim[c] = (int64_t)((high[c] - low[c]) / spacing);
        grid.affine.m[c][c] = spacing;
        grid.affine.m[c][3] = low[c] + 0.5 * spacing;
    }
    return grid;
}

/* score(class) = -sharpness * |intensity - the class's|; of `outside`: also near the scalp's intensity. As a piecewise linear function of
 * the intensity: its bends are the first layer, its changes of slope the last. */
static inline void maker_weights(dn_weights *weights)
{
    enum { F = MAKER_BENDS };
    const float sharp = 200.0f;
    float bends[F];
    for (int b = 0; b < MAKER_CLASSES; ++b) {
        bends[b] = maker_classes[b].intensity; /* the first is 0: the intensity itself */
    }
    bends[MAKER_CLASSES] = 0.04f;
    bends[MAKER_CLASSES + 1] = 0.48f;
    bends[MAKER_CLASSES + 2] = 0.92f;
    for (size_t i = 0; i < dn_weights_count(weights); ++i) {
        dn_weight *w = dn_weights_at(weights, i);
        memset(w->data, 0, (size_t)dn_weight_count(w) * sizeof(float));
        for (int b = 0; b < F; ++b) {
            if (strcmp(w->name, "enc0.conv0.weight") == 0) {
                w->data[b] = 1.0f;
            } else if (strcmp(w->name, "enc0.conv0.bias") == 0) {
                w->data[b] = -bends[b];
            } else if (strcmp(w->name, "dec0.conv0.weight") == 0) {
                w->data[b * (F + 1) + b] = 1.0f;
            } else if (strcmp(w->name, "head.weight") == 0) {
                for (int c = 1; c < MAKER_CLASSES; ++c) {
                    w->data[c * F + b] = b == 0 ? sharp : b == c ? -2.0f * sharp : 0.0f;
                }
                w->data[b] = b == MAKER_CLASSES ? -sharp : b == MAKER_CLASSES + 1 ? 2.0f * sharp : b == MAKER_CLASSES + 2 ? -sharp : 0.0f;
            }
        }
        for (int c = 1; strcmp(w->name, "head.bias") == 0 && c < MAKER_CLASSES; ++c) {
            w->data[c] = -sharp * maker_classes[c].intensity;
        }
    }
}

/* FOLDER/NAME.safetensors. */
static inline dn_status maker_model(const char *folder, const char *name, double spacing)
{
    dn_status status;
    dn_model *model = NULL;
    dn_graph *graph = NULL;
    char config[256];
    char path[1024];
    snprintf(config, sizeof config, "{\"classes\": %d, \"features\": [%d, 1], \"convs\": 1, \"kernel\": 1, \"norm\": \"none\"}",
             (int)MAKER_CLASSES, (int)MAKER_BENDS);
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, name);
    DN_TRY(dn_model_create(name, "unet3d", config, &model));
    model->input.multiple = 8;
    model->input.normalise = DN_NORMALISE_PERCENTILE;
    model->input.low = 0.5;
    model->input.high = 99.5;
    for (int c = 0; c < 3; ++c) {
        model->input.spacing[c] = spacing;
    }
    for (int c = 0; c < MAKER_CLASSES; ++c) {
        const maker_class *k = &maker_classes[c];
        DN_TRY_GOTO(status, dn_model_add_label(model, c, k->index, k->name, k->structure, k->hemi, "#808080"), done);
    }
    DN_TRY_GOTO(status, dn_model_set_note(model, "mirror", "no"), done); /* it tells sides by intensity */
    DN_TRY_GOTO(status, dn_model_graph(model, (dn_shape){1, 16, 16, 16, 1}, &graph), done);
    dn_random random;
    dn_random_seed(&random, 5);
    dn_weights_destroy(model->weights);
    model->weights = NULL;
    DN_TRY_GOTO(status, dn_graph_start_weights(graph, &random, &model->weights), done);
    maker_weights(model->weights);
    DN_TRY_GOTO(status, dn_model_write(model, DN_STORE_F32, path), done);
done:
    dn_graph_destroy(graph);
    dn_model_destroy(model);
    return status;
}

#endif
