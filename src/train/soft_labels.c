/* Reads posteriors as targets, and cuts them to the box in which they are above 0. */
#include "train/soft_labels.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "image/io.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 1 }; /* voxels of 0 around what is not 0: linear interpolation ends there */

dn_status dn_soft_labels_given(const char *path, bool *given)
{
    dn_grid grid;
    dn_scan_info info;
    DN_TRY(dn_scan_read_grid(path, NULL, &grid, &info));
    *given = info.volumes > 1;
    return DN_OK;
}

/* The label that stands for a class in the label map. */
static uint16_t label_of_class(const dn_train_config *config, int64_t class)
{
    for (int label = 0; label < 65536; ++label) {
        if (config->class_of[label] == class) {
            return (uint16_t)label;
        }
    }
    return 0;
}

static int64_t find_class(const dn_train_config *config, const json_t *index, const json_t *name)
{
    if (json_is_integer(index)) {
        json_int_t label = json_integer_value(index);
        return label >= 0 && label < 65536 ? config->class_of[label] : DN_CLASS_NONE;
    }
    for (int64_t c = 0; c < config->class_count; ++c) {
        if (json_is_string(name) && strcmp(config->classes[c].name, json_string_value(name)) == 0) {
            return c;
        }
    }
    return DN_CLASS_NONE;
}

/* The class of each volume. */
static dn_status read_classes(const dn_train_config *config, const char *path, size_t count, int64_t *class)
{
    dn_status status = DN_OK;
    char *sidecar = NULL;
    size_t length = strlen(path);
    size_t end = dn_path_has_extension(path, ".nii.gz") ? 7 : dn_path_has_extension(path, ".nii") ? 4 : 0;
    DN_TRY(dn_asprintf(&sidecar, "%.*s.json", (int)(length - end), path));
    json_t *root = NULL;
    status = dn_json_read(sidecar, DN_JSON_OBJECT, &root);
    const json_t *names = json_object_get(root, "LabelMap");
    const json_t *numbers = json_object_get(root, "LabelIndex");
    if (status != DN_OK) {
        status = dn_error_offer(dn_error_context(status, "%s has several volumes, each of which a JSON file has to name", path),
                                DN_REMEDY_POSTERIORS);
        goto done;
    }
    if (json_array_size(names) != count || (numbers != NULL && json_array_size(numbers) != count)) {
        DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s lists %zu names (LabelMap), but %s has %zu volumes", sidecar, json_array_size(names),
                     path, count);
    }
    for (size_t i = 0; i < count; ++i) {
        const json_t *name = json_array_get(names, i);
        class[i] = find_class(config, json_array_get(numbers, i), name);
        if (class[i] == DN_CLASS_NONE || class[i] == DN_CLASS_IGNORE) {
            DN_FAIL_GOTO(status, done, DN_EDATA,
                         "volume %zu of %s (%s) belongs to no class of %s; LabelIndex or the names must match the classes", i + 1, path,
                         json_is_string(name) ? json_string_value(name) : "without a name", config->path);
        }
    }
done:
    json_decref(root);
    free(sidecar);
    return status;
}

/* The box of what is not 0, a little wider, within the volume. */
static dn_status find_box(dn_volume *const *volumes, size_t count, const char *path, int64_t start[3], int64_t dim[3])
{
    const dn_grid *grid = &volumes[0]->grid;
    int64_t low[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
    int64_t high[3] = {-1, -1, -1};
    for (size_t n = 0; n < count; ++n) {
        for (int64_t v = 0; v < dn_grid_count(grid); ++v) {
            float value = volumes[n]->data[v];
            if (!(value >= -1e-3f && value <= 1.001f)) {
                DN_FAIL(DN_EDATA, "volume %zu of %s holds %g, which is not a probability", n + 1, path, (double)value);
            }
            if (value > 0.0f) {
                const int64_t at[3] = {v % grid->dim[0], v / grid->dim[0] % grid->dim[1], v / (grid->dim[0] * grid->dim[1])};
                for (int c = 0; c < 3; ++c) {
                    low[c] = at[c] < low[c] ? at[c] : low[c];
                    high[c] = at[c] > high[c] ? at[c] : high[c];
                }
            }
        }
    }
    if (high[0] < 0) {
        DN_FAIL(DN_EDATA, "%s is 0 everywhere", path);
    }
    for (int c = 0; c < 3; ++c) {
        start[c] = low[c] > MARGIN ? low[c] - MARGIN : 0;
        int64_t last = high[c] + MARGIN < grid->dim[c] ? high[c] + MARGIN : grid->dim[c] - 1;
        dim[c] = last - start[c] + 1;
    }
    return DN_OK;
}

/* Adds up the classes of one voxel; returns the most probable one. */
static int64_t take_voxel(dn_volume *const *volumes, size_t count, const int64_t *class, int64_t v, int64_t others, float *to)
{
    float sum = 0.0f;
    int64_t best = 0;
    for (size_t n = 0; n < count; ++n) {
        float value = fmaxf(0.0f, volumes[n]->data[v]);
        if (class[n] > 0) {
            to[class[n] - 1] += value;
            sum += value;
        }
    }
    float highest = sum < 1.0f ? 1.0f - sum : 0.0f;
    for (int64_t c = 0; c < others; ++c) {
        to[c] = sum > 1.0f ? to[c] / sum : to[c];
        if (to[c] > highest) {
            highest = to[c];
            best = c + 1;
        }
    }
    return best;
}

static dn_status take_box(const dn_train_config *config, dn_volume *const *volumes, size_t count, const int64_t *class, const char *path,
                          dn_labels *labels, dn_soft_labels *out)
{
    int64_t start[3];
    uint16_t label[DN_CLASS_LIMIT];
    const dn_grid *grid = &volumes[0]->grid;
    const int64_t others = config->class_count - 1;
    DN_TRY(find_box(volumes, count, path, start, out->grid.dim));
    const double corner[3] = {(double)start[0], (double)start[1], (double)start[2]};
    double origin[3];
    out->classes = config->class_count;
    out->grid.affine = grid->affine;
    dn_affine_apply(&grid->affine, corner, origin);
    for (int c = 0; c < 3; ++c) {
        out->grid.affine.m[c][3] = origin[c];
    }
    for (int64_t c = 0; c < config->class_count; ++c) {
        label[c] = label_of_class(config, c);
    }
    DN_TRY(dn_alloc_dims(&out->values, DN_DIMS(dn_grid_count(&out->grid), others), sizeof *out->values, "probabilities"));
    float *to = out->values;
    for (int64_t k = 0; k < out->grid.dim[2]; ++k) {
        for (int64_t j = 0; j < out->grid.dim[1]; ++j) {
            for (int64_t i = 0; i < out->grid.dim[0]; ++i, to += others) {
                int64_t v = dn_grid_offset(grid, start[0] + i, start[1] + j, start[2] + k);
                int64_t best = take_voxel(volumes, count, class, v, others, to);
                labels->data[v] = best > 0 ? label[best] : 0;
            }
        }
    }
    return DN_OK;
}

dn_status dn_soft_labels_read(const dn_train_config *config, const char *path, dn_labels **labels, dn_soft_labels *out)
{
    dn_status status = DN_OK;
    dn_volume **volumes = NULL;
    int64_t *class = NULL;
    dn_labels *map = NULL;
    size_t count = 0;
    memset(out, 0, sizeof *out);
    DN_TRY(dn_volumes_read_4d(path, NULL, &volumes, &count, NULL));
    DN_TRY_GOTO(status, dn_alloc(&class, count, sizeof *class, "the classes of volumes"), done);
    DN_TRY_GOTO(status, read_classes(config, path, count, class), done);
    DN_TRY_GOTO(status, dn_labels_create(&volumes[0]->grid, &map), done);
    DN_TRY_GOTO(status, take_box(config, volumes, count, class, path, map, out), done);
    *labels = map;
    map = NULL;
done:
    dn_volumes_destroy(volumes, count);
    dn_labels_destroy(map);
    free(class);
    if (status != DN_OK) {
        dn_soft_labels_release(out);
    }
    return status;
}

void dn_soft_labels_release(dn_soft_labels *soft)
{
    free(soft->values);
    memset(soft, 0, sizeof *soft);
}
