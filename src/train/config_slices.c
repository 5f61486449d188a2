/* Reads what a config says about 2-D networks: how slices lie, folders of slice pairs, factors of contrast, and the number of slices. */
#define _GNU_SOURCE /* glob */
#include "train/config_private.h"

#include "base/file.h"
#include "base/memory.h"
#include "image/io.h"
#include "image/orientation.h"
#include "infer/conform.h"
#include "prepare/stack.h"
#include "train/slices.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_config_slices(dn_yaml *yaml, const yaml_node_t *node, dn_train_config *config, json_t *canonical)
{
    dn_train_slices *slices = &config->slices;
    char *orientation = NULL;
    int normalise = DN_NORMALISE_ZSCORE;
    int frame = 0;
    dn_orientation parsed;
    json_t *inner = json_object();
    json_object_set_new(canonical, "slices", inner);
    const dn_yaml_field fields[] = {
        {.key = "orientation", .kind = DN_YAML_TEXT, .to = &orientation},
        {.key = "channels", .kind = DN_YAML_INTEGER, .to = &slices->channels, .low = 1, .high = 9},
        {.key = "step", .kind = DN_YAML_INTEGER, .to = &slices->step, .low = 0, .high = 100},
        {.key = "normalise", .kind = DN_YAML_CHOICE, .to = &normalise, .choices = "none|percentile|zscore"},
        {.key = "frame", .kind = DN_YAML_CHOICE, .to = &frame, .choices = "any|acpc"},
        {.key = "count", .kind = DN_YAML_INTEGER, .to = &slices->count, .low = 1, .high = 4096},
        {0},
    };
    slices->count = dn_stack_hypothalamus().slices;
    if (node != NULL) {
        dn_status status = dn_yaml_fields(yaml, node, "model.slices", fields, inner);
        json_object_del(inner, "frame"); /* said to `segment`; the curve is the same */
        json_object_del(inner, "count");
        if (status != DN_OK) {
            free(orientation);
            return status;
        }
    }
    /* Slices from front to back, rows downwards, columns to the patient's left. */
    snprintf(slices->orientation, sizeof slices->orientation, "%.3s", orientation != NULL ? orientation : "PIL");
    bool good = orientation == NULL || (strlen(orientation) == 3 && dn_orientation_parse(orientation, &parsed) == DN_OK);
    free(orientation);
    if (!good) {
        return dn_yaml_fail(yaml, node, "model.slices.orientation takes three letters for slices, rows and columns, like PIL (coronal)");
    }
    if (slices->step > 0 && (slices->channels < 3 || slices->channels % 2 == 0)) {
        return dn_yaml_fail(
            yaml, node,
            "model.slices.step needs an odd number of model.slices.channels, 3 or more: slices on both sides of the middle one");
    }
    slices->normalise = (dn_normalise_kind)normalise;
    slices->acpc = frame == 1;
    bool coronal = slices->orientation[0] == 'P' || slices->orientation[0] == 'A';
    bool square = config->patch[1] == config->patch[2] && config->spacing[1] == config->spacing[2];
    if (slices->acpc && !(coronal && square)) {
        return dn_yaml_fail(yaml, node, "model.slices.frame acpc is for coronal slices (orientation like PIL) of square patch and pixels");
    }
    json_object_set_new(inner, "orientation", json_string(slices->orientation));
    json_object_set_new(inner, "channels", json_integer(slices->channels));
    json_object_set_new(inner, "step", json_integer(slices->step));
    return DN_OK;
}

dn_status dn_config_contrast(dn_yaml *yaml, const yaml_node_t *list, dn_train_config *config, json_t *canonical)
{
    dn_train_slices *slices = &config->slices;
    const yaml_node_t *item;
    json_t *values = json_array();
    json_object_set_new(canonical, "contrast_factors", values);
    if (config->dims == 3) {
        return dn_yaml_fail(yaml, list, "augmentation.contrast_factors is for networks that work on slices");
    }
    for (size_t i = 0; (item = dn_yaml_item(yaml, list, i)) != NULL; ++i) {
        DN_TRY(dn_realloc(&slices->contrast, i + 1, sizeof *slices->contrast, "factors of contrast"));
        DN_TRY(dn_yaml_real(yaml, item, "augmentation.contrast_factors", 0.01, 100, &slices->contrast[i]));
        json_array_append_new(values, json_real(slices->contrast[i]));
        slices->contrast_count = i + 1;
    }
    return DN_OK;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strverscmp((*a)->d_name, (*b)->d_name); /* 2 before 10 */
}

/* Pairs in this folder and below, in the order of their numbers. */
static dn_status walk(dn_yaml *yaml, const yaml_node_t *item, const char *folder, const char *subject, int depth, dn_train_sources *sources)
{
    dn_status status = DN_OK;
    struct dirent **entries = NULL;
    char *scan = NULL;
    char *labels = NULL;
    int count = 0;
    DN_TRY_GOTO(status, dn_path_join(folder, DN_SLICE_SCAN, &scan), done);
    DN_TRY_GOTO(status, dn_path_join(folder, DN_SLICE_MASK, &labels), done);
    bool has_scan = dn_path_exists(scan);
    bool has_labels = dn_path_exists(labels);
    if (has_scan != has_labels) {
        status = dn_yaml_fail(yaml, item, "%s has %s without %s", folder, has_scan ? DN_SLICE_SCAN : DN_SLICE_MASK,
                              has_scan ? DN_SLICE_MASK : DN_SLICE_SCAN);
        goto done;
    }
    if (has_scan) {
        DN_TRY_GOTO(status, dn_config_add_pair(sources, scan, labels, NULL, subject), done);
    }
    count = depth < 8 ? scandir(folder, &entries, NULL, by_name) : 0;
    if (count < 0 && errno == ENOMEM) {
        DN_FAIL(DN_ENOMEM, "not enough memory to read the folder %s", folder);
    }
    for (int i = 0; i < count && status == DN_OK; ++i) {
        char *inner = NULL;
        if (entries[i]->d_name[0] != '.') {
            status = dn_path_join(folder, entries[i]->d_name, &inner);
            if (status == DN_OK && dn_path_is_folder(inner)) {
                status = walk(yaml, item, inner, subject, depth + 1, sources);
            }
            free(inner);
        }
    }
done:
    for (int i = 0; i < count; ++i) {
        free(entries[i]);
    }
    free(entries);
    free(scan);
    free(labels);
    return status;
}

dn_status dn_config_folders(dn_yaml *yaml, const yaml_node_t *list, const char *where, dn_train_sources *sources)
{
    const yaml_node_t *item;
    for (size_t i = 0; (item = dn_yaml_item(yaml, list, i)) != NULL; ++i) {
        const char *text;
        char *pattern = NULL;
        glob_t found;
        size_t before = sources->pair_count;
        DN_TRY(dn_yaml_text(yaml, item, where, &text));
        DN_TRY(dn_config_path(yaml, item, text, &pattern));
        int result = glob(pattern, 0, NULL, &found);
        bool some = result == 0;
        dn_status status = some                     ? DN_OK
                           : result == GLOB_NOSPACE ? dn_error_set(DN_ENOMEM, "not enough memory to look for %s", pattern)
                                                    : dn_yaml_fail(yaml, item, "%s names %s, but there is no such folder", where, pattern);
        for (size_t f = 0; some && f < found.gl_pathc && status == DN_OK; ++f) {
            if (dn_path_is_folder(found.gl_pathv[f])) {
                char *folder = found.gl_pathv[f];
                for (size_t end = strlen(folder); end > 1 && folder[end - 1] == '/'; --end) {
                    folder[end - 1] = '\0';
                }
                status = walk(yaml, item, folder, dn_path_name(folder), 0, sources);
            }
        }
        if (status == DN_OK && sources->pair_count == before) {
            status = dn_yaml_fail(yaml, item, "%s: no folder in %s holds %s and %s", where, pattern, DN_SLICE_SCAN, DN_SLICE_MASK);
        }
        globfree(&found);
        free(pattern);
        DN_TRY(status);
    }
    return DN_OK;
}

dn_status dn_config_count_slices(const dn_train_config *config, const dn_train_sources *sources, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < sources->pair_count; ++i) {
        const dn_train_pair *pair = &sources->pairs[i];
        dn_orientation wanted;
        dn_grid grid, oriented;
        int64_t dim[3];
        if (dn_slice_is_picture(pair->scan)) {
            ++*out;
            continue;
        }
        DN_TRY(dn_orientation_parse(config->slices.orientation, &wanted));
        dn_status status = dn_scan_read_grid(pair->scan, NULL, &grid, NULL);
        if (status != DN_OK) {
            return dn_error_context(status, "%s", config->path);
        }
        dn_grid_reorient(&grid, &wanted, &oriented);
        dn_conform_dims(&oriented, config->spacing, dim);
        *out += dim[0];
    }
    return DN_OK;
}
