/* A network of the AC-PC frame that needs no training: whatever the slices show, it sees a rod on each side of the frame's middle, a
 * diamond in every slice. So what it says of a head is where the frame is, and how much it is is known. Shared by tests and `fixture`. */
#ifndef DN_SLICE_MAKER_H
#define DN_SLICE_MAKER_H

#include "base/memory.h"
#include "models/model.h"
#include "prepare/stack.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Frame mm: middle of the right rod (the left one is its mirror image), from there to a corner of the diamond, and how fast it ends. */
#define MAKER_ROD_X 5.0
#define MAKER_ROD_Z (-8.0)
#define MAKER_ROD_REACH 3.0
#define MAKER_ROD_SHARPNESS 4.0
enum { MAKER_SLICES = 50, MAKER_PIXELS = 128 };
#define MAKER_PIXEL_MM 0.5

/* Probability of the rods at a place of the frame: background, left, right. */
static inline void maker_rods(double x, double z, double p[3])
{
    double score[3] = {0.0, MAKER_ROD_SHARPNESS * (MAKER_ROD_REACH - fabs(x + MAKER_ROD_X) - fabs(z - MAKER_ROD_Z)),
                       MAKER_ROD_SHARPNESS * (MAKER_ROD_REACH - fabs(x - MAKER_ROD_X) - fabs(z - MAKER_ROD_Z))};
    double sum = 0.0;
    for (int c = 0; c < 3; ++c) {
        p[c] = exp(score[c]);
        sum += p[c];
    }
    for (int c = 0; c < 3; ++c) {
        p[c] /= sum;
    }
}

/* A constant slice, summed from its first column (row) on, is the column (row): each of so many steps adds what lies 1, 2, 4, ... before.
 * (One kernel as wide as the slice would do, but oneDNN 3.7 wants 48 GiB for it.) Of these, distances. */
enum { MAKER_STEPS = 7 };
_Static_assert(1 << MAKER_STEPS == MAKER_PIXELS, "the steps reach across the slice");

static inline dn_status maker_rod_weights(dn_weights *weights)
{
    enum { N = MAKER_PIXELS, BENDS = 6 };
    const float add_before[3] = {1.0f, 1.0f, 0.0f};
    /* Column c counted from 1 lies at x = (64.5 - c) / 2 (columns run to the left), row r at z = (64.5 - r) / 2. */
    const double middle = 0.5 * (double)(N + 1), g = MAKER_PIXEL_MM;
    const double place[BENDS] = {-MAKER_ROD_X, -MAKER_ROD_X, MAKER_ROD_X, MAKER_ROD_X, MAKER_ROD_Z, MAKER_ROD_Z};
    float bends[BENDS][2] = {{0}}, bias[BENDS], head[3][BENDS] = {{0}};
    for (int b = 0; b < BENDS; ++b) {
        double sign = b % 2 == 0 ? 1.0 : -1.0;
        bends[b][b < 4 ? 0 : 1] = (float)(-sign * g);
        bias[b] = (float)(sign * (g * middle - place[b]));
        for (int side = 1; side < 3; ++side) {
            head[side][b] = b / 2 == side - 1 || b >= 4 ? (float)-MAKER_ROD_SHARPNESS : 0.0f;
        }
    }
    const float zero[2] = {0.0f, 0.0f}, one[1] = {1.0f};
    const float start[3] = {0.0f, (float)(MAKER_ROD_SHARPNESS * MAKER_ROD_REACH), (float)(MAKER_ROD_SHARPNESS * MAKER_ROD_REACH)};
    DN_TRY(dn_weights_add(weights, "ones.weight", 4, (const int64_t[]){1, 1, 1, 1}, zero, NULL));
    DN_TRY(dn_weights_add(weights, "ones.bias", 1, (const int64_t[]){1}, one, NULL));
    for (int step = 0; step < MAKER_STEPS; ++step) {
        char name[32];
        snprintf(name, sizeof name, "columns%d.weight", step);
        DN_TRY(dn_weights_add(weights, name, 4, (const int64_t[]){1, 1, 1, 3}, add_before, NULL));
        snprintf(name, sizeof name, "rows%d.weight", step);
        DN_TRY(dn_weights_add(weights, name, 4, (const int64_t[]){1, 1, 3, 1}, add_before, NULL));
    }
    DN_TRY(dn_weights_add(weights, "bends.weight", 4, (const int64_t[]){BENDS, 2, 1, 1}, bends[0], NULL));
    DN_TRY(dn_weights_add(weights, "bends.bias", 1, (const int64_t[]){BENDS}, bias, NULL));
    DN_TRY(dn_weights_add(weights, "head.weight", 4, (const int64_t[]){3, BENDS, 1, 1}, head[0], NULL));
    return dn_weights_add(weights, "head.bias", 1, (const int64_t[]){3}, start, NULL);
}

/* PATH.safetensors, with the name `hypothalamus-2d`. */
static inline dn_status maker_slice_model(const char *path)
{
    static const char begin[] = "{\"dims\":2,\"nodes\":[{\"op\":\"input\",\"name\":\"x\",\"channels\":1},"
                                "{\"op\":\"conv\",\"name\":\"ones\",\"input\":\"x\",\"out\":1,\"kernel\":1},";
    static const char step[] = "{\"op\":\"conv\",\"name\":\"%s%d\",\"input\":\"%s\",\"out\":1,\"kernel\":%s,\"dilation\":[%d,%d],"
                               "\"padding\":\"same\",\"bias\":false},";
    static const char end[] = "{\"op\":\"concat\",\"name\":\"place\",\"inputs\":[\"columns%d\",\"rows%d\"]},"
                              "{\"op\":\"conv\",\"name\":\"bends\",\"input\":\"place\",\"out\":6,\"kernel\":1},"
                              "{\"op\":\"activation\",\"name\":\"away\",\"input\":\"bends\",\"kind\":\"relu\"},"
                              "{\"op\":\"conv\",\"name\":\"head\",\"input\":\"away\",\"out\":3,\"kernel\":1},"
                              "{\"op\":\"softmax\",\"name\":\"s\",\"input\":\"head\"}],\"outputs\":[\"s\"]}";
    dn_status status = DN_OK;
    dn_model *model = NULL;
    char config[4096], region[128], before[32];
    size_t n = (size_t)snprintf(config, sizeof config, "%s", begin);
    for (int axis = 0; axis < 2; ++axis) {
        const char *name = axis == 0 ? "columns" : "rows";
        snprintf(before, sizeof before, "ones");
        for (int k = 0; k < MAKER_STEPS; ++k) {
            n += (size_t)snprintf(config + n, sizeof config - n, step, name, k, before, axis == 0 ? "[1,3]" : "[3,1]",
                                  axis == 0 ? 1 : 1 << k, axis == 0 ? 1 << k : 1);
            snprintf(before, sizeof before, "%s%d", name, k);
        }
    }
    snprintf(config + n, sizeof config - n, end, MAKER_STEPS - 1, MAKER_STEPS - 1);
    snprintf(region, sizeof region, "{\"frame\":\"acpc\",\"slices\":%d,\"pixels\":%d}", MAKER_SLICES, MAKER_PIXELS);
    DN_TRY(dn_model_create("hypothalamus-2d", "graph", config, &model));
    memcpy(model->input.orientation, "PIL", 4);
    for (int c = 0; c < 3; ++c) {
        model->input.spacing[c] = MAKER_PIXEL_MM;
    }
    model->input.normalise = DN_NORMALISE_ZSCORE;
    DN_TRY_GOTO(status, dn_strdup(region, &model->input.region), done);
    DN_TRY_GOTO(status, dn_model_add_label(model, 0, 0, "background", "background", 'B', "#000000"), done);
    DN_TRY_GOTO(status, dn_model_add_label(model, 1, 819, "left_hypothalamus", "hypothalamus", 'L', "#e6194b"), done);
    DN_TRY_GOTO(status, dn_model_add_label(model, 2, 820, "right_hypothalamus", "hypothalamus", 'R', "#4363d8"), done);
    DN_TRY_GOTO(status, maker_rod_weights(model->weights), done);
    DN_TRY_GOTO(status, dn_model_write(model, DN_STORE_F32, path), done);
done:
    dn_model_destroy(model);
    return status;
}

#endif
