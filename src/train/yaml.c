/* Reads YAML by libyaml against tables of fields. */
#include "train/yaml.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/words.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An alias may point at a node that contains it. */
enum { DEEPEST = 32, LARGEST_FILE = 4 << 20, MOST_FIELDS = 64, MOST_ANCHORS = 256, MOST_NODES = 100000 };

/* libyaml's time grows with the square of the anchors, and with the depth; a few hundred bytes of aliases of aliases stand for gigabytes.
 * So a file is gone through without keeping anything first. */
static dn_status check_size(const char *path, const unsigned char *bytes, size_t size)
{
    dn_status status = DN_OK;
    yaml_parser_t parser;
    yaml_event_t event;
    size_t anchors = 0;
    size_t depth = 0;
    bool last = false;
    if (!yaml_parser_initialize(&parser)) {
        DN_FAIL(DN_ENOMEM, "no memory to read %s", path);
    }
    yaml_parser_set_input_string(&parser, bytes, size);
    while (status == DN_OK && !last && yaml_parser_parse(&parser, &event)) {
        const bool begins = event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT;
        const bool ends = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
        const yaml_char_t *anchor = event.type == YAML_SCALAR_EVENT           ? event.data.scalar.anchor
                                    : event.type == YAML_SEQUENCE_START_EVENT ? event.data.sequence_start.anchor
                                    : event.type == YAML_MAPPING_START_EVENT  ? event.data.mapping_start.anchor
                                                                              : NULL;
        depth = begins ? depth + 1 : ends ? depth - 1 : depth;
        anchors += anchor != NULL;
        last = event.type == YAML_STREAM_END_EVENT;
        if (depth > DEEPEST) {
            status = dn_error_set(DN_EFORMAT, "%s:%zu: this is nested more than %d levels deep", path, event.start_mark.line + 1, DEEPEST);
        } else if (anchors > MOST_ANCHORS) {
            status =
                dn_error_set(DN_EFORMAT, "%s:%zu: a config has at most %d anchors (&name)", path, event.start_mark.line + 1, MOST_ANCHORS);
        }
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return status; /* what is no YAML is said when it is loaded */
}

dn_status dn_yaml_read(const char *path, dn_yaml **out)
{
    dn_status status = DN_OK;
    unsigned char *bytes = NULL;
    size_t size = 0;
    dn_yaml *yaml = NULL;
    yaml_parser_t parser;
    DN_TRY(dn_file_read(path, LARGEST_FILE, &bytes, &size));
    status = check_size(path, bytes, size);
    if (status != DN_OK) {
        free(bytes);
        return status;
    }
    if (!yaml_parser_initialize(&parser)) {
        free(bytes);
        DN_FAIL(DN_ENOMEM, "no memory to read %s", path);
    }
    DN_TRY_GOTO(status, dn_alloc(&yaml, 1, sizeof *yaml, "a config"), done);
    DN_TRY_GOTO(status, dn_strdup(path, &yaml->path), done);
    yaml_parser_set_input_string(&parser, bytes, size);
    if (!yaml_parser_load(&parser, &yaml->document)) {
        if (parser.error == YAML_MEMORY_ERROR || parser.problem == NULL) { /* what is no YAML has a problem, in words */
            DN_FAIL_GOTO(status, done, DN_ENOMEM, "not enough memory to read %s", path);
        }
        DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s:%zu: this is not YAML: %s", path, parser.problem_mark.line + 1, parser.problem);
    }
    yaml_node_t *root = yaml_document_get_root_node(&yaml->document);
    if (root == NULL || root->type != YAML_MAPPING_NODE) {
        DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s: a config is a list of `key: value` lines", path);
    }
    *out = yaml;
    yaml = NULL;
done:
    dn_yaml_destroy(yaml);
    yaml_parser_delete(&parser);
    free(bytes);
    return status;
}

void dn_yaml_destroy(dn_yaml *yaml)
{
    if (yaml != NULL) {
        yaml_document_delete(&yaml->document);
        free(yaml->path);
        free(yaml);
    }
}

yaml_node_t *dn_yaml_root(dn_yaml *yaml)
{
    return yaml_document_get_root_node(&yaml->document);
}

size_t dn_yaml_line(const yaml_node_t *node)
{
    return node->start_mark.line + 1;
}

dn_status dn_yaml_fail(const dn_yaml *yaml, const yaml_node_t *node, const char *format, ...)
{
    char text[1500];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    DN_FAIL(DN_EFORMAT, "%s:%zu: %s", yaml->path, dn_yaml_line(node), text);
}

yaml_node_t *dn_yaml_item(dn_yaml *yaml, const yaml_node_t *sequence, size_t i)
{
    const yaml_node_item_t *first = sequence->data.sequence.items.start;
    return i < (size_t)(sequence->data.sequence.items.top - first) ? yaml_document_get_node(&yaml->document, first[i]) : NULL;
}

dn_status dn_yaml_text(const dn_yaml *yaml, const yaml_node_t *node, const char *where, const char **out)
{
    if (node->type != YAML_SCALAR_NODE) {
        return dn_yaml_fail(yaml, node, "%s should be one value, not a list", where);
    }
    *out = (const char *)node->data.scalar.value;
    if (strlen(*out) != node->data.scalar.length) {
        return dn_yaml_fail(yaml, node, "%s has a 0 character in it", where);
    }
    return DN_OK;
}

static bool parse_real(const char *text, double *out)
{
    char *end;
    *out = dn_number_parse(text, &end);
    /* strtod also takes hexadecimal numbers, and words like "infinity" and "nan". */
    return *text != '\0' && *end == '\0' && strspn(text, "+-.0123456789eE") == strlen(text) && isfinite(*out);
}

dn_status dn_yaml_real(const dn_yaml *yaml, const yaml_node_t *node, const char *where, double low, double high, double *out)
{
    const char *text;
    DN_TRY(dn_yaml_text(yaml, node, where, &text));
    if (!parse_real(text, out)) {
        return dn_yaml_fail(yaml, node, "%s should be a number, not \"%.40s\"", where, text);
    }
    if (!(*out >= low && *out <= high)) {
        return dn_yaml_fail(yaml, node, "%s is %.40s; it should be between %g and %g", where, text, low, high);
    }
    return DN_OK;
}

dn_status dn_yaml_integer(const dn_yaml *yaml, const yaml_node_t *node, const char *where, int64_t low, int64_t high, int64_t *out)
{
    const char *text;
    char *end;
    DN_TRY(dn_yaml_text(yaml, node, where, &text));
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || errno != 0) {
        return dn_yaml_fail(yaml, node, "%s should be a whole number, not \"%.40s\"", where, text);
    }
    if (value < low || value > high) {
        return dn_yaml_fail(yaml, node, "%s is %lld; it should be between %lld and %lld", where, value, (long long)low, (long long)high);
    }
    *out = value;
    return DN_OK;
}

static dn_status read_boolean(const dn_yaml *yaml, const yaml_node_t *node, const char *where, bool *out)
{
    const char *text;
    DN_TRY(dn_yaml_text(yaml, node, where, &text));
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        return dn_yaml_fail(yaml, node, "%s should be true or false, not \"%.40s\"", where, text);
    }
    *out = text[0] == 't';
    return DN_OK;
}

/* The i-th of "a|b|c" into word[32]; false past the end. */
static bool choice_at(const char *choices, int i, char word[32])
{
    const char *p = choices;
    for (; i > 0 && p != NULL; --i) {
        p = strchr(p, '|');
        p = p != NULL ? p + 1 : NULL;
    }
    if (p == NULL) {
        return false;
    }
    snprintf(word, 32, "%.*s", (int)strcspn(p, "|"), p);
    return true;
}

static dn_status read_choice(const dn_yaml *yaml, const yaml_node_t *node, const char *where, const char *choices, int *out)
{
    const char *text;
    char words[16][32];
    const char *names[17] = {NULL};
    char all[512] = "";
    DN_TRY(dn_yaml_text(yaml, node, where, &text));
    for (int i = 0; i < 16 && choice_at(choices, i, words[i]); ++i) {
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return DN_OK;
        }
        names[i] = words[i];
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    const char *near = dn_nearest_name(text, names);
    if (near != NULL) {
        return dn_yaml_fail(yaml, node, "%s is \"%.40s\"; did you mean %s? It takes one of: %s", where, text, near, all);
    }
    return dn_yaml_fail(yaml, node, "%s is \"%.40s\"; it takes one of: %s", where, text, all);
}

static dn_status read_value(const dn_yaml *yaml, yaml_node_t *node, const char *where, const dn_yaml_field *field)
{
    const char *text;
    switch (field->kind) {
    case DN_YAML_TEXT: {
        char *copy;
        DN_TRY(dn_yaml_text(yaml, node, where, &text));
        if (*text == '\0') {
            return dn_yaml_fail(yaml, node, "%s has no value", where);
        }
        DN_TRY(dn_strdup(text, &copy));
        free(*(char **)field->to);
        *(char **)field->to = copy;
        return DN_OK;
    }
    case DN_YAML_INTEGER:
        return dn_yaml_integer(yaml, node, where, (int64_t)field->low, (int64_t)field->high, field->to);
    case DN_YAML_REAL:
        return dn_yaml_real(yaml, node, where, field->low, field->high, field->to);
    case DN_YAML_BOOLEAN:
        return read_boolean(yaml, node, where, field->to);
    case DN_YAML_CHOICE:
        return read_choice(yaml, node, where, field->choices, field->to);
    case DN_YAML_MAPPING:
        if (node->type != YAML_MAPPING_NODE) {
            return dn_yaml_fail(yaml, node, "%s should hold `key: value` lines", where);
        }
        break;
    case DN_YAML_SEQUENCE:
        if (node->type != YAML_SEQUENCE_NODE) {
            return dn_yaml_fail(yaml, node, "%s should be a list ([a, b], or a line `- item` each)", where);
        }
        break;
    case DN_YAML_ANY:
        break;
    }
    *(yaml_node_t **)field->to = node;
    return DN_OK;
}

static dn_status unknown_key(const dn_yaml *yaml, const yaml_node_t *node, const char *where, const char *key, const dn_yaml_field *fields)
{
    const char *names[MOST_FIELDS + 1] = {NULL};
    char all[1024] = "";
    for (size_t i = 0; fields[i].key != NULL && i < MOST_FIELDS; ++i) {
        names[i] = fields[i].key;
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", fields[i].key);
    }
    const char *near = dn_nearest_name(key, names);
    const char *in = *where != '\0' ? where : "a config";
    if (near != NULL) {
        return dn_yaml_fail(yaml, node, "%s has no key \"%.60s\"; did you mean \"%s\"?", in, key, near);
    }
    return dn_yaml_fail(yaml, node, "%s has no key \"%.60s\"; it has: %s", in, key, all);
}

static json_t *as_json(const dn_yaml_field *field)
{
    char word[32];
    switch (field->kind) {
    case DN_YAML_TEXT:
        return *(char **)field->to != NULL ? json_string(*(char **)field->to) : json_null();
    case DN_YAML_INTEGER:
        return json_integer(*(int64_t *)field->to);
    case DN_YAML_REAL:
        return json_real(*(double *)field->to);
    case DN_YAML_BOOLEAN:
        return json_boolean(*(bool *)field->to);
    case DN_YAML_CHOICE:
        return choice_at(field->choices, *(int *)field->to, word) ? json_string(word) : json_null();
    default:
        return NULL;
    }
}

dn_status dn_yaml_fields(dn_yaml *yaml, const yaml_node_t *mapping, const char *where, const dn_yaml_field *fields, json_t *canonical)
{
    bool seen[MOST_FIELDS] = {false};
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; ++pair) {
        const yaml_node_t *name = yaml_document_get_node(&yaml->document, pair->key);
        yaml_node_t *value = yaml_document_get_node(&yaml->document, pair->value);
        const char *key;
        char full[160];
        size_t i = 0;
        DN_TRY(dn_yaml_text(yaml, name, "a key", &key));
        while (fields[i].key != NULL && strcmp(fields[i].key, key) != 0) {
            ++i;
        }
        if (fields[i].key == NULL) {
            return unknown_key(yaml, name, where, key, fields);
        }
        snprintf(full, sizeof full, "%.80s%s%.60s", where, *where != '\0' ? "." : "", key);
        if (seen[i]) {
            return dn_yaml_fail(yaml, name, "%s occurs here a second time", full);
        }
        seen[i] = true;
        DN_TRY(read_value(yaml, value, full, &fields[i]));
    }
    for (size_t i = 0; fields[i].key != NULL; ++i) {
        if (fields[i].required && !seen[i]) {
            return dn_yaml_fail(yaml, mapping, "%s needs the key \"%s\"", *where != '\0' ? where : "a config", fields[i].key);
        }
        json_t *value = canonical != NULL ? as_json(&fields[i]) : NULL;
        if (value != NULL && json_object_set_new(canonical, fields[i].key, value) != 0) {
            DN_FAIL(DN_ENOMEM, "no memory to read %s", yaml->path);
        }
    }
    return DN_OK;
}

static json_t *scalar_json(const yaml_node_t *node)
{
    const char *text = (const char *)node->data.scalar.value;
    double real;
    if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
            return json_boolean(text[0] == 't');
        }
        if (*text == '\0' || strcmp(text, "null") == 0 || strcmp(text, "~") == 0) {
            return json_null();
        }
        if (parse_real(text, &real)) {
            return strspn(text, "+-0123456789") == strlen(text) && fabs(real) < 1e15 ? json_integer((json_int_t)real) : json_real(real);
        }
    }
    return json_string(text);
}

static dn_status node_json(dn_yaml *yaml, const yaml_node_t *node, int depth, size_t *nodes, json_t **out)
{
    dn_status status = DN_OK;
    json_t *value = NULL;
    if (depth > DEEPEST) {
        return dn_yaml_fail(yaml, node, "this is nested too deeply");
    }
    if (++*nodes > MOST_NODES) {
        return dn_yaml_fail(yaml, node, "with its aliases (*name) expanded, this has more than %d values; write them without aliases",
                            MOST_NODES);
    }
    if (node->type == YAML_SCALAR_NODE) {
        value = scalar_json(node);
    } else if (node->type == YAML_SEQUENCE_NODE) {
        value = json_array();
        const yaml_node_t *item;
        for (size_t i = 0; (item = dn_yaml_item(yaml, node, i)) != NULL; ++i) {
            json_t *element;
            DN_TRY_GOTO(status, node_json(yaml, item, depth + 1, nodes, &element), fail);
            if (json_array_append_new(value, element) != 0) {
                DN_FAIL_GOTO(status, fail, DN_ENOMEM, "no memory to read %s", yaml->path);
            }
        }
    } else if (node->type == YAML_MAPPING_NODE) {
        value = json_object();
        for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; ++pair) {
            const char *key;
            json_t *element;
            DN_TRY_GOTO(status, dn_yaml_text(yaml, yaml_document_get_node(&yaml->document, pair->key), "a key", &key), fail);
            if (json_object_get(value, key) != NULL) {
                status = dn_yaml_fail(yaml, node, "the key \"%.60s\" occurs here twice", key);
                goto fail;
            }
            DN_TRY_GOTO(status, node_json(yaml, yaml_document_get_node(&yaml->document, pair->value), depth + 1, nodes, &element), fail);
            if (json_object_set_new(value, key, element) != 0) {
                DN_FAIL_GOTO(status, fail, DN_ENOMEM, "no memory to read %s", yaml->path);
            }
        }
    }
    if (value == NULL) {
        return dn_yaml_fail(yaml, node, "this is not UTF-8 text, or there is no memory");
    }
    *out = value;
    return DN_OK;
fail:
    json_decref(value);
    return status;
}

dn_status dn_yaml_json(dn_yaml *yaml, const yaml_node_t *node, json_t **out)
{
    size_t nodes = 0;
    return node_json(yaml, node, 0, &nodes, out);
}
