/* Reads a config, and checks all that can be known before scans are read. */
#include "train/config_private.h"

#include "base/file.h"
#include "base/memory.h"
#include "models/registry.h"
#include "models/sha256.h"
#include "prepare/stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dn_status read_spacing(dn_yaml *yaml, const yaml_node_t *node, dn_train_config *config)
{
    for (size_t d = 0; d < 3; ++d) {
        const yaml_node_t *item = node->type == YAML_SEQUENCE_NODE ? dn_yaml_item(yaml, node, d) : node;
        if (item == NULL || (d == 2 && node->type == YAML_SEQUENCE_NODE && dn_yaml_item(yaml, node, 3) != NULL)) {
            return dn_yaml_fail(yaml, node, "model.spacing_mm takes one number or three");
        }
        DN_TRY(dn_yaml_real(yaml, item, "model.spacing_mm", 0.05, 20, &config->spacing[d]));
    }
    return DN_OK;
}

static dn_status read_patch(dn_yaml *yaml, const yaml_node_t *node, dn_train_config *config)
{
    size_t count = (size_t)config->dims;
    config->patch[0] = 1;
    for (size_t d = 0; d <= count; ++d) {
        const yaml_node_t *item = dn_yaml_item(yaml, node, d);
        if ((item == NULL) != (d == count)) {
            return dn_yaml_fail(yaml, node, "model.patch takes %s",
                                count == 3 ? "three numbers of voxels: right, front, up" : "two numbers of pixels: rows, columns");
        }
        if (item != NULL) {
            DN_TRY(dn_yaml_integer(yaml, item, "model.patch", 1, 1024, &config->patch[d + 3 - count]));
        }
    }
    return DN_OK;
}

/* 2 or 3, before the rest is read. */
static dn_status find_dims(dn_yaml *yaml, const yaml_node_t *node, const yaml_node_t *network, dn_train_config *config)
{
    json_t *json = NULL;
    const dn_architecture *architecture = dn_architecture_find(config->architecture);
    if (architecture == NULL) {
        char all[512] = "";
        for (size_t i = 0; i < dn_architecture_count(); ++i) {
            size_t used = strlen(all);
            snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", dn_architecture_at(i)->name);
        }
        return dn_yaml_fail(yaml, node, "there is no architecture \"%s\"; choose from: %s", config->architecture, all);
    }
    DN_TRY(dn_yaml_json(yaml, network, &json));
    config->dims = dn_architecture_dims(architecture, json);
    json_decref(json);
    return DN_OK;
}

/* The network's config as JSON, with the number of classes that the labels give; built once to see that it fits. */
static dn_status read_network(dn_yaml *yaml, const yaml_node_t *node, dn_train_config *config)
{
    json_t *json = NULL;
    char where[64];
    dn_graph *graph = NULL;
    DN_TRY(dn_yaml_json(yaml, node, &json));
    json_t *classes = json_object_get(json, "classes");
    if (classes != NULL && json_integer_value(classes) != config->class_count) {
        dn_status status = dn_yaml_fail(yaml, node, "model.config has %lld classes, but labels lists %lld; leave out classes",
                                        (long long)json_integer_value(classes), (long long)config->class_count);
        json_decref(json);
        return status;
    }
    if (strcmp(config->architecture, "graph") != 0) {
        json_object_set_new(json, "classes", json_integer(config->class_count));
    }
    config->architecture_config = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    json_object_set_new(json_object_get(config->canonical, "model"), "config", json);
    if (config->architecture_config == NULL) {
        DN_FAIL(DN_ENOMEM, "no memory to read %s", yaml->path);
    }
    snprintf(where, sizeof where, "line %zu: model.config", dn_yaml_line(node));
    dn_shape input = {config->batch, config->patch[0], config->patch[1], config->patch[2], config->slices.channels};
    dn_status status = dn_architecture_build(config->architecture, config->architecture_config, where, input, &graph);
    int64_t channels = graph != NULL ? dn_graph_output_shape(graph, 0).c : 0;
    dn_graph_destroy(graph);
    if (status != DN_OK) {
        return dn_error_context(status, "%s", yaml->path);
    }
    if (channels != config->class_count) {
        return dn_yaml_fail(yaml, node, "the network has %lld channels, but labels lists %lld classes", (long long)channels,
                            (long long)config->class_count);
    }
    return DN_OK;
}

static dn_status read_model(dn_yaml *yaml, const yaml_node_t *node, yaml_node_t **network, dn_train_config *config)
{
    yaml_node_t *spacing = NULL, *patch = NULL, *start = NULL, *slices = NULL;
    int centre = 0, store = 0;
    json_t *canonical = json_object();
    json_object_set_new(config->canonical, "model", canonical);
    config->balance = 0.7;
    const dn_yaml_field fields[] = {
        {.key = "architecture", .kind = DN_YAML_TEXT, .to = &config->architecture, .required = true},
        {.key = "config", .kind = DN_YAML_MAPPING, .to = network, .required = true},
        {.key = "spacing_mm", .kind = DN_YAML_ANY, .to = &spacing, .required = true},
        {.key = "patch", .kind = DN_YAML_SEQUENCE, .to = &patch, .required = true},
        {.key = "slices", .kind = DN_YAML_MAPPING, .to = &slices},
        {.key = "centre", .kind = DN_YAML_CHOICE, .to = &centre, .choices = "head|balanced"},
        {.key = "balance", .kind = DN_YAML_REAL, .to = &config->balance, .high = 1},
        {.key = "start", .kind = DN_YAML_ANY, .to = &start},
        {.key = "store", .kind = DN_YAML_CHOICE, .to = &store, .choices = "f32|f16"},
        {.key = "box", .kind = DN_YAML_INTEGER, .to = &config->box, .low = 0, .high = 512},
        {.key = "mirror", .kind = DN_YAML_BOOLEAN, .to = &config->mirror},
        {.key = "divides", .kind = DN_YAML_TEXT, .to = &config->divides},
        {0},
    };
    DN_TRY(dn_yaml_fields(yaml, node, "model", fields, canonical));
    json_object_del(canonical, "store");
    json_object_del(canonical, "box");
    json_object_del(canonical, "mirror");
    json_object_del(canonical, "divides");
    config->centre = (dn_patch_centre)centre;
    config->store_f16 = store == 1;
    DN_TRY(find_dims(yaml, node, *network, config));
    DN_TRY(read_spacing(yaml, spacing, config));
    DN_TRY(read_patch(yaml, patch, config));
    config->slices.channels = 1;
    if (config->dims == 2) {
        DN_TRY(dn_config_slices(yaml, slices, config, canonical));
    } else if (slices != NULL) {
        return dn_yaml_fail(yaml, slices, "model.slices is for networks that work on slices; %s works on volumes", config->architecture);
    }
    if (config->dims == 2 && config->mirror) {
        return dn_yaml_fail(yaml, node, "model.mirror is for networks that work on volumes");
    }
    if (config->dims == 2 && config->divides != NULL) {
        return dn_yaml_fail(yaml, node, "model.divides is for networks that work on volumes");
    }
    json_t *sizes = json_array();
    json_object_set_new(canonical, "spacing_and_patch", sizes);
    for (int d = 0; d < 3; ++d) {
        json_array_append_new(sizes, json_real(config->spacing[d]));
        json_array_append_new(sizes, json_integer(config->patch[d]));
    }
    if (start != NULL) {
        const char *text;
        DN_TRY(dn_yaml_text(yaml, start, "model.start", &text));
        DN_TRY(dn_config_path(yaml, start, text, &config->start));
        if (!dn_path_exists(config->start)) {
            return dn_yaml_fail(yaml, start, "there is no model file %s to start from", config->start);
        }
    }
    return DN_OK;
}

static dn_status read_all(dn_yaml *yaml, int64_t steps, dn_train_config *config)
{
    yaml_node_t *model = NULL, *labels = NULL, *ignore = NULL, *data = NULL, *augmentation = NULL, *training = NULL, *network = NULL;
    char *output = NULL;
    const dn_yaml_field fields[] = {
        {.key = "name", .kind = DN_YAML_TEXT, .to = &config->name, .required = true},
        {.key = "output", .kind = DN_YAML_TEXT, .to = &config->output, .required = true},
        {.key = "trained_on", .kind = DN_YAML_TEXT, .to = &config->trained_on},
        {.key = "licence", .kind = DN_YAML_TEXT, .to = &config->licence},
        {.key = "source", .kind = DN_YAML_TEXT, .to = &config->source},
        {.key = "model", .kind = DN_YAML_MAPPING, .to = &model, .required = true},
        {.key = "labels", .kind = DN_YAML_SEQUENCE, .to = &labels, .required = true},
        {.key = "ignore_labels", .kind = DN_YAML_SEQUENCE, .to = &ignore},
        {.key = "data", .kind = DN_YAML_MAPPING, .to = &data, .required = true},
        {.key = "augmentation", .kind = DN_YAML_MAPPING, .to = &augmentation},
        {.key = "training", .kind = DN_YAML_MAPPING, .to = &training, .required = true},
        {0},
    };
    const yaml_node_t *root = dn_yaml_root(yaml);
    DN_TRY(dn_yaml_fields(yaml, root, "", fields, NULL));
    if (strchr(config->name, '/') != NULL || strlen(config->name) > 100) {
        return dn_yaml_fail(yaml, root, "name is used as a file name and must not contain '/': \"%.120s\"", config->name);
    }
    DN_TRY(dn_config_path(yaml, root, config->output, &output));
    free(config->output);
    config->output = output;
    DN_TRY(read_model(yaml, model, &network, config));
    DN_TRY(dn_config_labels(yaml, labels, ignore, config));
    DN_TRY(dn_config_augmentation(yaml, augmentation, config));
    DN_TRY(dn_config_data(yaml, data, config));
    DN_TRY(dn_config_training(yaml, training, steps, config));
    DN_TRY(read_network(yaml, network, config));
    const bool dealt_later = config->split != NULL && config->split->held_out == NULL;
    if (config->validation_samples == 0 && !dealt_later && (config->patience > 0 || config->schedule.kind == DN_SCHEDULE_PLATEAU)) {
        return dn_yaml_fail(yaml, training, "training.%s needs the validation loss, but data.validation names no data",
                            config->patience > 0 ? "patience" : "schedule");
    }
    return DN_OK;
}

dn_status dn_train_config_read(const char *path, int64_t steps, dn_train_config **out)
{
    return dn_train_config_read_fold(path, steps, NULL, out);
}

dn_status dn_train_config_read_fold(const char *path, int64_t steps, const dn_train_split *split, dn_train_config **out)
{
    dn_status status = DN_OK;
    dn_yaml *yaml = NULL;
    dn_train_config *config = NULL;
    DN_TRY_GOTO(status, dn_yaml_read(path, &yaml), done);
    DN_TRY_GOTO(status, dn_alloc(&config, 1, sizeof *config, "a config"), done);
    DN_TRY_GOTO(status, dn_strdup(path, &config->path), done);
    config->canonical = json_object();
    config->split = split;
    DN_TRY_GOTO(status, read_all(yaml, steps, config), done);
    config->split = NULL;
    *out = config;
    config = NULL;
done:
    dn_train_config_destroy(config);
    dn_yaml_destroy(yaml);
    return status;
}

void dn_train_config_destroy(dn_train_config *config)
{
    if (config == NULL) {
        return;
    }
    for (int64_t c = 0; c < config->class_count; ++c) {
        free(config->classes[c].name);
        free(config->classes[c].structure);
        free(config->classes[c].color);
    }
    dn_config_sources_release(&config->training);
    dn_config_sources_release(&config->validation);
    free(config->classes);
    free(config->class_of);
    free(config->class_weights);
    free(config->slices.contrast);
    free(config->path);
    free(config->name);
    free(config->output);
    free(config->trained_on);
    free(config->licence);
    free(config->source);
    free(config->architecture);
    free(config->architecture_config);
    free(config->divides);
    free(config->start);
    free(config->tissues);
    json_decref(config->canonical);
    free(config);
}

/* The smallest size that the network takes is what all sizes must be multiples of. */
static int64_t find_multiple(const dn_train_config *config)
{
    bool flat = config->dims == 2;
    for (int64_t m = 1; m <= 256; m *= 2) {
        dn_graph *graph = NULL;
        dn_shape shape = {1, flat ? 1 : m, m, m, config->slices.channels};
        dn_status status = dn_architecture_build(config->architecture, config->architecture_config, "model.config", shape, &graph);
        dn_graph_destroy(graph);
        if (status == DN_OK) {
            return m;
        }
    }
    return 1;
}

static dn_status set_text(char **field, const char *text)
{
    if (text == NULL) {
        return DN_OK;
    }
    free(*field);
    *field = NULL;
    return dn_strdup(text, field);
}

/* Where `segment` is to ask the network (infer/region.h). */
static dn_status set_region(const dn_train_config *config, dn_model *model)
{
    if (config->dims == 2 && config->slices.acpc) {
        const dn_stack_geometry where = dn_stack_hypothalamus();
        return dn_asprintf(&model->input.region, "{\"frame\":\"acpc\",\"slices\":%lld,\"pixels\":%lld,\"centre_mm\":[%g,%g,%g]}",
                           (long long)config->slices.count, (long long)config->patch[1], where.centre[0], where.centre[1], where.centre[2]);
    }
    return config->box > 0 ? dn_asprintf(&model->input.region, "{\"box\":%lld}", (long long)config->box) : DN_OK;
}

dn_status dn_train_config_model(const dn_train_config *config, dn_model **out)
{
    dn_status status = DN_OK;
    dn_model *model = NULL;
    DN_TRY(dn_model_create(config->name, config->architecture, config->architecture_config, &model));
    for (int d = 0; d < 3; ++d) {
        model->input.spacing[d] = config->spacing[d];
    }
    model->input.multiple = find_multiple(config);
    /* As dn_appearance_degrade leaves its samples. */
    model->input.normalise = DN_NORMALISE_PERCENTILE;
    model->input.low = 0.5;
    model->input.high = 99.5;
    if (config->dims == 2) {
        memcpy(model->input.orientation, config->slices.orientation, sizeof model->input.orientation);
        model->input.channels = config->slices.channels;
        model->input.slice_step = config->slices.step;
        model->input.normalise = config->slices.normalise;
    }
    model->input.mirror = config->mirror;
    DN_TRY_GOTO(status, set_region(config, model), fail);
    if (config->divides != NULL) {
        DN_TRY_GOTO(status, dn_model_set_note(model, DN_MODEL_DIVIDES, config->divides), fail);
    }
    for (int64_t c = 0; c < config->class_count; ++c) {
        const dn_train_class *class = &config->classes[c];
        DN_TRY_GOTO(status, dn_model_add_label(model, c, class->index, class->name, class->structure, class->hemi, class->color), fail);
    }
    DN_TRY_GOTO(status, set_text(&model->trained_on, config->trained_on), fail);
    DN_TRY_GOTO(status, set_text(&model->licence, config->licence), fail);
    DN_TRY_GOTO(status, set_text(&model->source, config->source), fail);
    *out = model;
    return DN_OK;
fail:
    dn_model_destroy(model);
    return status;
}

dn_status dn_train_config_hash(const dn_train_config *config, char hex[65])
{
    char *text = json_dumps(config->canonical, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL) {
        DN_FAIL(DN_ENOMEM, "no memory for the hash of %s", config->path);
    }
    dn_sha256((const unsigned char *)text, strlen(text), hex);
    free(text);
    return DN_OK;
}

/* path: of the values so far; what was found is written there. */
static bool differ(const json_t *there, const json_t *here, char *path, size_t size)
{
    size_t used = strlen(path);
    if (json_equal(there, here)) {
        return false;
    }
    if (json_is_object(there) && json_is_object(here)) {
        const char *key;
        json_t *value;
        for (int side = 0; side < 2; ++side) {
            const json_t *one = side == 0 ? there : here;
            json_object_foreach((json_t *)one, key, value)
            {
                snprintf(path + used, size - used, "%s%s", used > 0 ? "." : "", key);
                if (differ(json_object_get(there, key), json_object_get(here, key), path, size)) {
                    return true;
                }
                path[used] = '\0';
            }
        }
    }
    char *a = there != NULL ? json_dumps(there, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    char *b = here != NULL ? json_dumps(here, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    snprintf(path + used, size - used, " (%.80s there, %.80s here)", a != NULL ? a : "nothing", b != NULL ? b : "nothing");
    free(a);
    free(b);
    return true;
}

bool dn_train_config_difference(const json_t *there, const json_t *here, char *text, size_t size)
{
    text[0] = '\0';
    return differ(there, here, text, size);
}
