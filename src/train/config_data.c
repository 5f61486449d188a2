/* Reads the part `data:` of a config: paths of label maps and scans, with variables and wildcards. */
#define _GNU_SOURCE /* glob */
#include "train/config_private.h"

#include "base/bids_name.h"
#include "base/file.h"
#include "base/install.h"
#include "base/memory.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What ${NAME} stands for, owned by the caller; NULL when it is not set. DIEN_SHARE is where the tables that come with dien are, unless the
 * user says otherwise. */
static dn_status value_of(const char *name, char **out)
{
    const char *value = getenv(name);
    *out = NULL;
    if (value != NULL && *value != '\0') {
        return dn_strdup(value, out);
    }
    return strcmp(name, "DIEN_SHARE") == 0 ? dn_install_path(".", out) : DN_OK;
}

/* Fills in ${NAME} and ${NAME:-default}. */
static dn_status expand(const dn_yaml *yaml, const yaml_node_t *node, const char *text, char *out, size_t size)
{
    size_t used = 0;
    for (const char *p = text; *p != '\0';) {
        const char *piece = p;
        size_t length = 1;
        char *value = NULL;
        if (p[0] == '$' && p[1] == '{') {
            const char *end = strchr(p, '}');
            char name[64];
            if (end == NULL) {
                return dn_yaml_fail(yaml, node, "\"%.200s\" has ${ without }", text);
            }
            size_t letters = strcspn(p + 2, ":}");
            snprintf(name, sizeof name, "%.*s", (int)letters, p + 2);
            DN_TRY(value_of(name, &value));
            if (value == NULL && (p[2 + letters] != ':' || p[3 + letters] != '-')) {
                return dn_yaml_fail(yaml, node, "the environment variable %s is not set; set it, or write ${%s:-default}", name, name);
            }
            piece = value != NULL ? value : p + 4 + letters;
            length = value != NULL ? strlen(value) : (size_t)(end - piece);
            p = end + 1;
        } else {
            ++p;
        }
        const bool fits = used + length + 1 <= size;
        if (fits) {
            memcpy(out + used, piece, length);
            used += length;
        }
        free(value);
        if (!fits) {
            return dn_yaml_fail(yaml, node, "a path is too long");
        }
    }
    out[used] = '\0';
    return DN_OK;
}

dn_status dn_config_path(const dn_yaml *yaml, const yaml_node_t *node, const char *text, char **out)
{
    char path[4096];
    DN_TRY(expand(yaml, node, text, path, sizeof path));
    const char *name = dn_path_name(yaml->path);
    if (path[0] == '/' || name == yaml->path) {
        return dn_strdup(path, out);
    }
    return dn_asprintf(out, "%.*s%s", (int)(name - yaml->path), yaml->path, path);
}

static dn_status read_maps(dn_yaml *yaml, const yaml_node_t *list, const char *where, dn_train_sources *sources)
{
    const yaml_node_t *item;
    for (size_t i = 0; (item = dn_yaml_item(yaml, list, i)) != NULL; ++i) {
        const char *text;
        char *pattern = NULL;
        glob_t found;
        DN_TRY(dn_yaml_text(yaml, item, where, &text));
        DN_TRY(dn_config_path(yaml, item, text, &pattern));
        int result = glob(pattern, 0, NULL, &found); /* sorted */
        dn_status status = DN_OK;
        if (result != 0) {
            status = result == GLOB_NOSPACE ? dn_error_set(DN_ENOMEM, "not enough memory to look for %s", pattern)
                                            : dn_yaml_fail(yaml, item, "%s names %s, but there is no such file", where, pattern);
        }
        free(pattern);
        DN_TRY(status);
        status = dn_realloc(&sources->maps, sources->map_count + found.gl_pathc, sizeof *sources->maps, "a list of label maps");
        for (size_t f = 0; status == DN_OK && f < found.gl_pathc; ++f) {
            status = dn_strdup(found.gl_pathv[f], &sources->maps[sources->map_count]);
            sources->map_count += status == DN_OK;
        }
        globfree(&found);
        DN_TRY(status);
    }
    return DN_OK;
}

/* What the * of the scans' pattern stood for goes into the * of the labels' pattern. */
static dn_status partner(const char *scans, const char *scan, const char *labels, char **out)
{
    const char *star = strchr(scans, '*');
    const char *place = strchr(labels, '*');
    if (star == NULL || place == NULL) {
        return dn_strdup(labels, out);
    }
    size_t before = (size_t)(star - scans);
    size_t after = strlen(star + 1);
    size_t length = strlen(scan);
    int middle = length >= before + after ? (int)(length - before - after) : 0;
    return dn_asprintf(out, "%.*s%.*s%s", (int)(place - labels), labels, middle, scan + before, place + 1);
}

dn_status dn_config_add_pair(dn_train_sources *sources, const char *scan, const char *labels, const char *translate, const char *subject)
{
    DN_TRY(dn_realloc(&sources->pairs, sources->pair_count + 1, sizeof *sources->pairs, "a list of scans"));
    dn_train_pair *pair = &sources->pairs[sources->pair_count++];
    memset(pair, 0, sizeof *pair);
    DN_TRY(dn_strdup(scan, &pair->scan));
    DN_TRY(dn_strdup(labels, &pair->labels));
    DN_TRY(dn_strdup(subject, &pair->subject));
    return translate != NULL ? dn_strdup(translate, &pair->translate) : DN_OK;
}

/* "sub-XX" where the name has it, else what the * of the pattern stood for, else the name up to its first '_' or '.'. */
static void find_subject(const char *pattern, const char *scan, char *out, size_t size)
{
    const char *name = dn_path_name(scan);
    const char *star = strchr(pattern, '*');
    const char *end = pattern + strlen(pattern);
    if (!dn_bids_has_key(DN_BIDS_SUB, name) && star != NULL && strlen(scan) + 1 > strlen(pattern)) {
        size_t before = (size_t)(star - pattern);
        size_t after = (size_t)(end - star) - 1;
        snprintf(out, size, "%.*s", (int)(strlen(scan) - before - after), scan + before);
        for (char *p = out; *p != '\0'; ++p) {
            *p = *p == '/' ? '_' : *p;
        }
        return;
    }
    snprintf(out, size, "%.*s", (int)strcspn(name, "_."), name);
}

static dn_status read_pair(dn_yaml *yaml, const yaml_node_t *node, const char *where, dn_train_sources *sources)
{
    dn_status status = DN_OK;
    char *text[3] = {NULL, NULL, NULL};
    char *path[3] = {NULL, NULL, NULL};
    glob_t found = {0};
    if (node->type != YAML_MAPPING_NODE) {
        return dn_yaml_fail(yaml, node, "%s takes items like {scan: a.nii.gz, labels: a_dseg.nii.gz}", where);
    }
    const dn_yaml_field fields[] = {
        {.key = "scan", .kind = DN_YAML_TEXT, .to = &text[0], .required = true},
        {.key = "labels", .kind = DN_YAML_TEXT, .to = &text[1], .required = true},
        {.key = "translate", .kind = DN_YAML_TEXT, .to = &text[2]},
        {0},
    };
    DN_TRY_GOTO(status, dn_yaml_fields(yaml, node, where, fields, NULL), done);
    for (int i = 0; i < 3; ++i) {
        if (text[i] != NULL) {
            DN_TRY_GOTO(status, dn_config_path(yaml, node, text[i], &path[i]), done);
        }
    }
    const char *star = strchr(path[0], '*');
    if (star != NULL && (strchr(star + 1, '*') != NULL || strchr(path[1], '*') == NULL)) {
        status = dn_yaml_fail(yaml, node, "scan and labels can have one * each; it stands for the same text in both");
        goto done;
    }
    int result = glob(path[0], 0, NULL, &found);
    if (result != 0) {
        status = result == GLOB_NOSPACE ? dn_error_set(DN_ENOMEM, "not enough memory to look for %s", path[0])
                                        : dn_yaml_fail(yaml, node, "%s names the scan %s, but there is no such file", where, path[0]);
        goto done;
    }
    if (path[2] != NULL && !dn_path_exists(path[2])) {
        status = dn_yaml_fail(yaml, node, "there is no file %s", path[2]);
        goto done;
    }
    for (size_t f = 0; f < found.gl_pathc; ++f) {
        char *labels = NULL;
        DN_TRY_GOTO(status, partner(path[0], found.gl_pathv[f], path[1], &labels), done);
        if (!dn_path_exists(labels)) {
            status = dn_yaml_fail(yaml, node, "%s has the scan %s without its labels %s", where, found.gl_pathv[f], labels);
        } else {
            char subject[256];
            find_subject(path[0], found.gl_pathv[f], subject, sizeof subject);
            status = dn_config_add_pair(sources, found.gl_pathv[f], labels, path[2], subject);
        }
        free(labels);
        DN_TRY_GOTO(status, status, done);
    }
done:
    globfree(&found);
    for (int i = 0; i < 3; ++i) {
        free(text[i]);
        free(path[i]);
    }
    return status;
}

static dn_status read_sources(dn_yaml *yaml, const yaml_node_t *maps, const yaml_node_t *scans, const yaml_node_t *folders,
                              const char *where, dn_train_sources *sources)
{
    char full[64];
    const yaml_node_t *item;
    snprintf(full, sizeof full, "%.40s.maps", where);
    if (maps != NULL) {
        DN_TRY(read_maps(yaml, maps, full, sources));
    }
    snprintf(full, sizeof full, "%.40s.scans", where);
    for (size_t i = 0; scans != NULL && (item = dn_yaml_item(yaml, scans, i)) != NULL; ++i) {
        DN_TRY(read_pair(yaml, item, full, sources));
    }
    snprintf(full, sizeof full, "%.40s.folders", where);
    return folders != NULL ? dn_config_folders(yaml, folders, full, sources) : DN_OK;
}

/* A network of the other kind sees none of this. */
static dn_status check_kind(dn_yaml *yaml, const dn_train_config *config, const yaml_node_t *maps, const yaml_node_t *folders)
{
    if (config->dims == 2 && maps != NULL) {
        return dn_error_offer(dn_yaml_fail(yaml, maps,
                                           "%s is trained on slices of scans; make scans of the label maps and name them under scans",
                                           config->architecture),
                              DN_REMEDY_SYNTH);
    }
    if (config->dims == 3 && folders != NULL) {
        return dn_yaml_fail(yaml, folders, "folders hold single slices, but %s works on volumes", config->architecture);
    }
    return DN_OK;
}

/* File names, not folders: data that moved is the same data. */
static json_t *names_of(const dn_train_sources *sources)
{
    json_t *list = json_array();
    for (size_t i = 0; i < sources->map_count; ++i) {
        json_array_append_new(list, json_string(dn_path_name(sources->maps[i])));
    }
    for (size_t i = 0; i < sources->pair_count; ++i) {
        if (sources->pairs[i].subject != NULL && strcmp(dn_path_name(sources->pairs[i].scan), "mri_orig.png") == 0) {
            json_array_append_new(list, json_string(sources->pairs[i].subject));
        }
        json_array_append_new(list, json_string(dn_path_name(sources->pairs[i].scan)));
        json_array_append_new(list, json_string(dn_path_name(sources->pairs[i].labels)));
    }
    return list;
}

/* Every scan of both lists into the list that its subject belongs to. */
static dn_status deal(dn_train_config *config)
{
    dn_train_sources pool[2] = {config->training, config->validation};
    dn_train_sources *to[2] = {&config->training, &config->validation};
    dn_status status = DN_OK;
    for (int i = 0; i < 2; ++i) {
        to[i]->pairs = NULL;
        to[i]->pair_count = 0;
    }
    for (int i = 0; i < 2; ++i) {
        for (size_t p = 0; p < pool[i].pair_count; ++p) {
            const dn_train_pair *pair = &pool[i].pairs[p];
            bool out = config->split->held_out(config->split->user, pair->subject);
            status = status == DN_OK ? dn_config_add_pair(to[out], pair->scan, pair->labels, pair->translate, pair->subject) : status;
        }
        pool[i].maps = NULL;
        pool[i].map_count = 0;
        dn_config_sources_release(&pool[i]);
    }
    return status;
}

static dn_status read_validation(dn_yaml *yaml, const yaml_node_t *validation, dn_train_config *config)
{
    yaml_node_t *maps = NULL, *scans = NULL, *folders = NULL;
    const dn_yaml_field inner[] = {
        {.key = "maps", .kind = DN_YAML_SEQUENCE, .to = &maps},
        {.key = "scans", .kind = DN_YAML_SEQUENCE, .to = &scans},
        {.key = "folders", .kind = DN_YAML_SEQUENCE, .to = &folders},
        {.key = "samples", .kind = DN_YAML_INTEGER, .to = &config->validation_samples, .low = 1, .high = 100000},
        {0},
    };
    DN_TRY(dn_yaml_fields(yaml, validation, "data.validation", inner, NULL));
    DN_TRY(check_kind(yaml, config, maps, folders));
    DN_TRY(read_sources(yaml, maps, scans, folders, "data.validation", &config->validation));
    int64_t count = (int64_t)(config->validation.map_count + config->validation.pair_count);
    if (count == 0) {
        return dn_yaml_fail(yaml, validation, "data.validation names neither maps nor scans");
    }
    if (config->dims == 2) {
        DN_TRY(dn_config_count_slices(config, &config->validation, &count));
    }
    config->validation_samples = config->validation_samples > 0 ? config->validation_samples : count;
    return DN_OK;
}

/* tissues: NULL for the table that comes with dien. */
static dn_status read_tissues(dn_yaml *yaml, yaml_node_t *tissues, dn_train_config *config)
{
    if (tissues != NULL) {
        const char *text;
        DN_TRY(dn_yaml_text(yaml, tissues, "data.tissues", &text));
        DN_TRY(dn_config_path(yaml, tissues, text, &config->tissues));
        if (!dn_path_exists(config->tissues)) {
            return dn_yaml_fail(yaml, tissues, "there is no tissue table %s", config->tissues);
        }
        return DN_OK;
    }
    return dn_install_path("synth/tissues.tsv", &config->tissues);
}

dn_status dn_config_data(dn_yaml *yaml, const yaml_node_t *data, dn_train_config *config)
{
    yaml_node_t *maps = NULL, *scans = NULL, *folders = NULL, *validation = NULL, *tissues = NULL;
    json_t *canonical = json_object();
    json_object_set_new(config->canonical, "data", canonical);
    config->real_share = 0.5;
    config->validation_samples = 0;
    const dn_yaml_field fields[] = {
        {.key = "maps", .kind = DN_YAML_SEQUENCE, .to = &maps},
        {.key = "scans", .kind = DN_YAML_SEQUENCE, .to = &scans},
        {.key = "folders", .kind = DN_YAML_SEQUENCE, .to = &folders},
        {.key = "real_share", .kind = DN_YAML_REAL, .to = &config->real_share, .high = 1},
        {.key = "tissues", .kind = DN_YAML_ANY, .to = &tissues},
        {.key = "validation", .kind = DN_YAML_MAPPING, .to = &validation},
        {0},
    };
    DN_TRY(dn_yaml_fields(yaml, data, "data", fields, canonical));
    DN_TRY(check_kind(yaml, config, maps, folders));
    DN_TRY(read_sources(yaml, maps, scans, folders, "data", &config->training));
    if (config->training.map_count + config->training.pair_count == 0) {
        return dn_yaml_fail(yaml, data, "data names neither maps nor scans for training");
    }
    /* One kind alone is all there is. */
    config->real_share = config->training.map_count == 0 ? 1.0 : config->training.pair_count == 0 ? 0.0 : config->real_share;
    json_object_set_new(canonical, "real_share", json_real(config->real_share));
    if (validation != NULL) {
        DN_TRY(read_validation(yaml, validation, config));
    }
    if (config->split != NULL && config->split->held_out != NULL) {
        DN_TRY(deal(config));
        config->validation_samples = (int64_t)(config->validation.pair_count + config->validation.map_count);
        if (config->dims == 2) {
            DN_TRY(dn_config_count_slices(config, &config->validation, &config->validation_samples));
        }
    }
    config->epoch_samples = (int64_t)(config->training.map_count + config->training.pair_count);
    if (config->dims == 2) {
        DN_TRY(dn_config_count_slices(config, &config->training, &config->epoch_samples));
    }
    json_object_set_new(canonical, "validation_samples", json_integer(config->validation_samples));
    json_object_set_new(canonical, "training", names_of(&config->training));
    json_object_set_new(canonical, "validation", names_of(&config->validation));
    return read_tissues(yaml, tissues, config);
}

void dn_config_sources_release(dn_train_sources *sources)
{
    for (size_t i = 0; i < sources->map_count; ++i) {
        free(sources->maps[i]);
    }
    for (size_t i = 0; i < sources->pair_count; ++i) {
        free(sources->pairs[i].scan);
        free(sources->pairs[i].labels);
        free(sources->pairs[i].translate);
        free(sources->pairs[i].subject);
    }
    free(sources->maps);
    free(sources->pairs);
    memset(sources, 0, sizeof *sources);
}
