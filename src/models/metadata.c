/* Reads and writes the metadata of a model file: labels, input contract, licence and source. */
#include "models/metadata.h"

#include "base/json.h"
#include "base/memory.h"
#include "models/fields.h"
#include "models/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_PREFIX "dien.note."
/* Voxels below would make a head larger than any memory, above smaller than one. */
#define SPACING_LOW 0.05
#define SPACING_HIGH 100.0
static const char *const normalise_names = "none|percentile|zscore";

bool dn_metadata_color(const char *text, uint8_t color[3])
{
    if (strlen(text) != 7 || text[0] != '#') {
        return false;
    }
    for (int i = 0; i < 3; ++i) {
        char digits[3] = {text[1 + 2 * i], text[2 + 2 * i], '\0'};
        char *end;
        color[i] = (uint8_t)strtoul(digits, &end, 16);
        if (*end != '\0' || digits[0] == '+' || digits[0] == '-' || digits[0] == ' ') {
            return false;
        }
    }
    return true;
}

/* "RAS" and the like: each axis of the body once. */
static bool is_orientation(const char *text)
{
    static const char *const pairs[3] = {"RL", "AP", "SI"};
    bool seen[3] = {false, false, false};
    if (strlen(text) != 3) {
        return false;
    }
    for (int i = 0; i < 3; ++i) {
        for (int k = 0; k < 3; ++k) {
            if (strchr(pairs[k], text[i]) != NULL) {
                seen[k] = true;
            }
        }
    }
    return seen[0] && seen[1] && seen[2];
}

dn_status dn_metadata_read_input(const json_t *object, const char *where, dn_model *model)
{
    dn_model_input input = {.spacing = {1, 1, 1}, .orientation = "RAS", .multiple = 1, .channels = 1};
    json_t *spacing, *normalisation;
    const char *orientation;
    DN_TRY(dn_fields_only(object, where, "spacing_mm orientation multiple channels slice_step normalisation region mirror"));
    DN_TRY(dn_fields_array(object, where, "spacing_mm", 3, 3, &spacing));
    for (size_t i = 0; i < 3; ++i) {
        input.spacing[i] = json_number_value(json_array_get(spacing, i));
        if (!(input.spacing[i] >= SPACING_LOW && input.spacing[i] <= SPACING_HIGH)) {
            DN_FAIL(DN_EFORMAT, "%s: \"spacing_mm\" should be three numbers from %g to %g mm; %g is not possible", where, SPACING_LOW,
                    SPACING_HIGH, input.spacing[i]);
        }
    }
    DN_TRY(dn_fields_text(object, where, "orientation", &orientation));
    if (!is_orientation(orientation)) {
        DN_FAIL(DN_EFORMAT, "%s: \"orientation\" is \"%.16s\", not three letters like RAS", where, orientation);
    }
    memcpy(input.orientation, orientation, 4);
    DN_TRY(dn_fields_integer(object, where, "multiple", 1, 4096, &input.multiple));
    DN_TRY(dn_fields_integer(object, where, "channels", 1, 4096, &input.channels));
    if (dn_fields_has(object, "slice_step")) {
        DN_TRY(dn_fields_integer(object, where, "slice_step", 0, 1000, &input.slice_step));
        if (input.slice_step > 0 && input.channels % 2 == 0) {
            DN_FAIL(DN_EFORMAT, "%s: \"slice_step\" needs an odd number of channels", where);
        }
    }
    if (dn_fields_has(object, "mirror")) {
        DN_TRY(dn_fields_boolean(object, where, "mirror", &input.mirror));
    }
    normalisation = json_object_get(object, "normalisation");
    if (dn_fields_has(object, "normalisation")) {
        int kind;
        if (!json_is_object(normalisation)) {
            DN_FAIL(DN_EFORMAT, "%s: \"normalisation\" should be an object {\"kind\": ...}", where);
        }
        DN_TRY(dn_fields_only(normalisation, where, "kind low high"));
        DN_TRY(dn_fields_choice(normalisation, where, "kind", normalise_names, &kind));
        input.normalise = (dn_normalise_kind)kind;
        if (input.normalise == DN_NORMALISE_PERCENTILE) {
            DN_TRY(dn_fields_real(normalisation, where, "low", 0, 100, &input.low));
            DN_TRY(dn_fields_real(normalisation, where, "high", input.low, 100, &input.high));
        }
    }
    if (dn_fields_has(object, "region")) {
        const json_t *region = json_object_get(object, "region");
        if (!json_is_object(region)) {
            DN_FAIL(DN_EFORMAT, "%s: \"region\" should be an object or null", where);
        }
        input.region = json_dumps(region, JSON_COMPACT | JSON_PRESERVE_ORDER);
        if (input.region == NULL) {
            DN_FAIL(DN_ENOMEM, "%s: no memory for \"region\"", where);
        }
    }
    free(model->input.region);
    model->input = input;
    return DN_OK;
}

dn_status dn_metadata_read_labels(const json_t *labels, const char *where, dn_model *model)
{
    for (size_t i = 0; i < model->label_count; ++i) {
        free(model->labels[i].name);
        free(model->labels[i].structure);
    }
    model->label_count = 0;
    for (size_t i = 0; i < json_array_size(labels); ++i) {
        const json_t *label = json_array_get(labels, i);
        int64_t channel, index;
        const char *name, *structure, *hemi, *color = "#000000";
        if (!json_is_object(label)) {
            DN_FAIL(DN_EFORMAT, "%s: label %zu is not an object", where, i);
        }
        DN_TRY(dn_fields_integer(label, where, "channel", 0, 100000, &channel));
        DN_TRY(dn_fields_integer(label, where, "index", 0, 65535, &index));
        DN_TRY(dn_fields_text(label, where, "name", &name));
        DN_TRY(dn_fields_text(label, where, "structure", &structure));
        DN_TRY(dn_fields_text(label, where, "hemi", &hemi));
        if (strcmp(hemi, "L") != 0 && strcmp(hemi, "R") != 0 && strcmp(hemi, "B") != 0) {
            DN_FAIL(DN_EFORMAT, "%s: the \"hemi\" of label \"%.64s\" is \"%.16s\", not L, R or B", where, name, hemi);
        }
        if (dn_fields_has(label, "color")) {
            DN_TRY(dn_fields_text(label, where, "color", &color));
        }
        dn_status status = dn_model_add_label(model, channel, index, name, structure, hemi[0], color);
        if (status != DN_OK) {
            return dn_error_context(status, "%s", where);
        }
    }
    return DN_OK;
}

static dn_status config_of(const dn_model *model, const char *where, json_t **out)
{
    char *place;
    DN_TRY(dn_asprintf(&place, "%s: dien.config", where));
    dn_status status = dn_fields_parse(model->config, JSON_OBJECT, place, out);
    free(place);
    return status;
}

dn_status dn_metadata_dims(const dn_model *model, const char *where, int *dims)
{
    json_t *config;
    DN_TRY(config_of(model, where, &config));
    *dims = dn_architecture_dims(dn_architecture_find(model->architecture), config);
    json_decref(config);
    return DN_OK;
}

dn_status dn_metadata_check(const dn_model *model, const char *where)
{
    json_t *config;
    if (dn_architecture_find(model->architecture) == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: dien.architecture is \"%.64s\", which this version does not know; use a newer version of dien", where,
                model->architecture);
    }
    DN_TRY(config_of(model, where, &config));
    json_decref(config);
    for (size_t i = 0; i < model->label_count; ++i) {
        if (model->labels[i].channel != (int64_t)i) {
            DN_FAIL(DN_EFORMAT, "%s: dien.labels: entry %zu is for channel %lld; each channel should occur once, in order", where, i,
                    (long long)model->labels[i].channel);
        }
    }
    return DN_OK;
}

/* A required text; empty is allowed. */
static dn_status copy_text(const json_t *metadata, const char *where, const char *key, const char *preset, char **out)
{
    const char *text = preset;
    if (preset == NULL || json_object_get(metadata, key) != NULL) {
        DN_TRY(dn_fields_text(metadata, where, key, &text));
    }
    return dn_strdup(text, out);
}

static dn_status read_structure(const json_t *metadata, const char *where, const char *key, json_type kind,
                                dn_status (*take)(const json_t *, const char *, dn_model *), dn_model *model)
{
    const char *text;
    char *place;
    json_t *value = NULL;
    DN_TRY(dn_fields_text(metadata, where, key, &text));
    DN_TRY(dn_asprintf(&place, "%s: %s", where, key));
    dn_status status = dn_fields_parse(text, kind, place, &value);
    if (status == DN_OK) {
        status = take(value, place, model);
    }
    json_decref(value);
    free(place);
    return status;
}

dn_status dn_metadata_read(const json_t *metadata, const char *where, dn_model *model)
{
    const char *format;
    if (json_object_get(metadata, "dien.format") == NULL) {
        DN_FAIL(DN_EFORMAT,
                "%s: has no metadata of dien: it holds weights, but does not say to which network they belong (docs/manual/models.md says "
                "how to export a model)",
                where);
    }
    DN_TRY(dn_fields_text(metadata, where, "dien.format", &format));
    if (strcmp(format, "1") != 0) {
        DN_FAIL(DN_EFORMAT, "%s: dien.format is \"%.16s\", but this version reads only 1; use a newer version of dien", where, format);
    }
    DN_TRY(copy_text(metadata, where, "dien.name", NULL, &model->name));
    DN_TRY(copy_text(metadata, where, "dien.architecture", NULL, &model->architecture));
    DN_TRY(copy_text(metadata, where, "dien.config", NULL, &model->config));
    DN_TRY(copy_text(metadata, where, "dien.trained_on", "", &model->trained_on));
    DN_TRY(copy_text(metadata, where, "dien.licence", "", &model->licence));
    DN_TRY(copy_text(metadata, where, "dien.source", "", &model->source));
    DN_TRY(read_structure(metadata, where, "dien.input", JSON_OBJECT, dn_metadata_read_input, model));
    DN_TRY(read_structure(metadata, where, "dien.labels", JSON_ARRAY, dn_metadata_read_labels, model));
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)metadata, key, value)
    {
        if (strncmp(key, NOTE_PREFIX, strlen(NOTE_PREFIX)) == 0) {
            DN_TRY(dn_model_set_note(model, key + strlen(NOTE_PREFIX), json_string_value(value)));
        }
    }
    return dn_metadata_check(model, where);
}

/* ---- writing ---- */

static json_t *input_object(const dn_model_input *input)
{
    static const char *const kinds[] = {"none", "percentile", "zscore"};
    json_t *normalisation = json_pack("{s:s}", "kind", kinds[input->normalise]);
    if (normalisation != NULL && input->normalise == DN_NORMALISE_PERCENTILE) {
        json_object_set_new(normalisation, "low", json_real(input->low));
        json_object_set_new(normalisation, "high", json_real(input->high));
    }
    json_t *region = dn_json_of_text(input->region);
    json_t *object =
        json_pack("{s:[f,f,f], s:s, s:I, s:I, s:o, s:o}", "spacing_mm", input->spacing[0], input->spacing[1], input->spacing[2],
                  "orientation", input->orientation, "multiple", (json_int_t)input->multiple, "channels", (json_int_t)input->channels,
                  "normalisation", normalisation, "region", region != NULL ? region : json_null());
    if (object != NULL && input->slice_step > 0) {
        json_object_set_new(object, "slice_step", json_integer(input->slice_step));
    }
    bool whole = object != NULL && (input->region == NULL || region != NULL);
    if (whole && input->mirror) {
        whole = json_object_set_new(object, "mirror", json_true()) == 0;
    }
    if (!whole) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *labels_array(const dn_model *model)
{
    json_t *labels = json_array();
    for (size_t i = 0; i < model->label_count; ++i) {
        const dn_model_label *label = &model->labels[i];
        char color[8], hemi[2] = {label->hemi, '\0'};
        snprintf(color, sizeof color, "#%02x%02x%02x", label->color[0], label->color[1], label->color[2]);
        json_t *one = json_pack("{s:I, s:I, s:s, s:s, s:s, s:s}", "channel", (json_int_t)label->channel, "index", (json_int_t)label->index,
                                "name", label->name, "structure", label->structure, "hemi", hemi, "color", color);
        if (json_array_append_new(labels, one) != 0) {
            json_decref(labels);
            return NULL;
        }
    }
    return labels;
}

/* Stores a JSON value (taken over) as text. */
static int set_structure(json_t *metadata, const char *key, json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15)) : NULL;
    int failed = text == NULL || json_object_set_new(metadata, key, json_string(text)) != 0;
    free(text);
    json_decref(value);
    return failed;
}

dn_status dn_metadata_write(const dn_model *model, json_t **out)
{
    json_t *metadata = json_object();
    const char *const texts[][2] = {
        {"dien.format", "1"},
        {"dien.name", model->name},
        {"dien.architecture", model->architecture},
        {"dien.config", model->config},
        {"dien.trained_on", model->trained_on},
        {"dien.licence", model->licence},
        {"dien.source", model->source},
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
        failed |= json_object_set_new(metadata, texts[i][0], json_string(texts[i][1]));
    }
    failed |= set_structure(metadata, "dien.input", input_object(&model->input));
    failed |= set_structure(metadata, "dien.labels", labels_array(model));
    for (size_t i = 0; i < model->note_count && !failed; ++i) {
        char *key;
        dn_status status = dn_asprintf(&key, NOTE_PREFIX "%s", model->notes[i].key);
        if (status != DN_OK) {
            json_decref(metadata);
            return status;
        }
        failed |= json_object_set_new(metadata, key, json_string(model->notes[i].value));
        free(key);
    }
    if (failed) {
        json_decref(metadata);
        DN_FAIL(DN_EDATA, "the metadata of the model %s cannot be written: a text is not valid UTF-8, or there is not enough memory",
                model->name);
    }
    *out = metadata;
    return DN_OK;
}
