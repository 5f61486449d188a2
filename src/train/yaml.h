/* YAML configs: every error is one sentence with file and line.
 *
 * A mapping is read against a table of fields; an unknown key is refused with the nearest one that exists. Beside the
 * values, the reader fills a JSON object with what holds in the end (defaults included): a config in one canonical form. */
#ifndef DN_TRAIN_YAML_H
#define DN_TRAIN_YAML_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

typedef struct dn_yaml {
    char *path; /* owned */
    yaml_document_t document;
} dn_yaml;

typedef enum {
    DN_YAML_TEXT,    /* char *: replaced by an owned copy */
    DN_YAML_INTEGER, /* int64_t: low <= value <= high */
    DN_YAML_REAL,    /* double: low <= value <= high */
    DN_YAML_BOOLEAN, /* bool: true or false */
    DN_YAML_CHOICE,  /* int: index into choices "a|b|c" */
    DN_YAML_MAPPING, /* yaml_node_t *: left to the caller; NULL when absent */
    DN_YAML_SEQUENCE,
    DN_YAML_ANY
} dn_yaml_kind;

typedef struct dn_yaml_field {
    const char *key; /* NULL ends a table */
    dn_yaml_kind kind;
    void *to;
    double low, high;
    const char *choices;
    bool required;
} dn_yaml_field;

/* Reads and parses; *out is owned by the caller (dn_yaml_destroy). DN_EINPUT: cannot be read; DN_EFORMAT: not YAML, or
 * not one mapping. */
DN_CHECKED dn_status dn_yaml_read(const char *path, dn_yaml **out);
void dn_yaml_destroy(dn_yaml *yaml);
yaml_node_t *dn_yaml_root(dn_yaml *yaml);

/* Fields that are absent keep what they hold. where: "training", "" for the top. canonical: an object that gets the
 * scalars; NULL: not wanted. */
DN_CHECKED dn_status dn_yaml_fields(dn_yaml *yaml, const yaml_node_t *mapping, const char *where, const dn_yaml_field *fields,
                                    json_t *canonical);
/* The i-th item of a sequence, NULL past its end. */
yaml_node_t *dn_yaml_item(dn_yaml *yaml, const yaml_node_t *sequence, size_t i);
/* A scalar as number or whole number within limits; text is borrowed. where names it in messages. */
DN_CHECKED dn_status dn_yaml_real(const dn_yaml *yaml, const yaml_node_t *node, const char *where, double low, double high, double *out);
DN_CHECKED dn_status dn_yaml_integer(const dn_yaml *yaml, const yaml_node_t *node, const char *where, int64_t low, int64_t high,
                                     int64_t *out);
DN_CHECKED dn_status dn_yaml_text(const dn_yaml *yaml, const yaml_node_t *node, const char *where, const char **out);
/* Any node as JSON: unquoted true, false, null and numbers as such, other scalars as text. *out: owned by the caller. */
DN_CHECKED dn_status dn_yaml_json(dn_yaml *yaml, const yaml_node_t *node, json_t **out);
/* Line of a node, from 1. */
size_t dn_yaml_line(const yaml_node_t *node);
/* DN_EFORMAT with "FILE:LINE: sentence". */
dn_status dn_yaml_fail(const dn_yaml *yaml, const yaml_node_t *node, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
