/* Filter files of BIDS Apps: which of a data set's scans are taken. */
#define _POSIX_C_SOURCE 200809L
#include "cohort/bids/filter.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/words.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct dn_bids_filter {
    json_t *root; /* owned */
    json_t *t1w;  /* in root */
};

/* The names by which pybids, and so most filter files, call the entities whose keys are short. */
static const struct {
    const char *name;
    dn_bids_entity entity;
} long_names[] = {
    {"subject", DN_BIDS_SUB},        {"session", DN_BIDS_SES},  {"acquisition", DN_BIDS_ACQ},  {"ceagent", DN_BIDS_CE},
    {"reconstruction", DN_BIDS_REC}, {"tracer", DN_BIDS_TRC},   {"direction", DN_BIDS_DIR},    {"modality", DN_BIDS_MOD},
    {"inversion", DN_BIDS_INV},      {"mtransfer", DN_BIDS_MT}, {"processing", DN_BIDS_PROC},  {"hemisphere", DN_BIDS_HEMI},
    {"resolution", DN_BIDS_RES},     {"density", DN_BIDS_DEN},  {"description", DN_BIDS_DESC},
};
enum { LONG_NAMES = sizeof long_names / sizeof *long_names };

static bool entity_of(const char *name, dn_bids_entity *out)
{
    for (int e = 0; e < (int)DN_BIDS_COUNT; ++e) {
        if (strcmp(name, dn_bids_key((dn_bids_entity)e)) == 0) {
            *out = (dn_bids_entity)e;
            return true;
        }
    }
    for (size_t i = 0; i < LONG_NAMES; ++i) {
        if (strcmp(name, long_names[i].name) == 0) {
            *out = long_names[i].entity;
            return true;
        }
    }
    return false;
}

static bool is_of_file(const char *name)
{
    return strcmp(name, "suffix") == 0 || strcmp(name, "datatype") == 0 || strcmp(name, "extension") == 0;
}

static dn_status check_value(const char *path, const char *name, const json_t *value)
{
    const json_t *item;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, item)
        {
            if (!json_is_string(item) && !json_is_integer(item) && !json_is_null(item)) {
                DN_FAIL(DN_EFORMAT, "%s: the list of \"%s\" may hold texts, whole numbers and null", path, name);
            }
        }
        return DN_OK;
    }
    if (!json_is_string(value) && !json_is_integer(value) && !json_is_null(value)) {
        DN_FAIL(DN_EFORMAT, "%s: \"%s\" must be a text, a whole number, null, or a list of these", path, name);
    }
    return DN_OK;
}

static dn_status fail_name(const char *path, const char *name)
{
    const char *names[DN_BIDS_COUNT + LONG_NAMES + 1] = {NULL};
    size_t n = 0;
    for (int e = 0; e < (int)DN_BIDS_COUNT; ++e) {
        names[n++] = dn_bids_key((dn_bids_entity)e);
    }
    for (size_t i = 0; i < LONG_NAMES; ++i) {
        names[n++] = long_names[i].name;
    }
    const char *near = dn_nearest_name(name, names);
    if (near != NULL) {
        DN_FAIL(DN_EFORMAT, "%s: BIDS has no entity \"%s\"; is \"%s\" meant?", path, name, near);
    }
    DN_FAIL(DN_EFORMAT, "%s: BIDS has no entity \"%s\"", path, name);
}

static dn_status check(const char *path, json_t *t1w)
{
    const char *name;
    json_t *value;
    dn_bids_entity entity;
    if (!json_is_object(t1w)) {
        DN_FAIL(DN_EFORMAT, "%s: a filter file has an object \"t1w\": {\"t1w\": {\"session\": \"01\"}}", path);
    }
    json_object_foreach(t1w, name, value)
    {
        if (!entity_of(name, &entity) && !is_of_file(name)) {
            return fail_name(path, name);
        }
        DN_TRY(check_value(path, name, value));
    }
    const json_t *datatype = json_object_get(t1w, "datatype");
    if (datatype != NULL && (!json_is_string(datatype) || strcmp(json_string_value(datatype), "anat") != 0)) {
        DN_FAIL(DN_EFORMAT, "%s: scans are looked for in anat only; leave \"datatype\" out", path);
    }
    if (json_object_get(t1w, "suffix") != NULL && !json_is_string(json_object_get(t1w, "suffix"))) {
        DN_FAIL(DN_EFORMAT, "%s: \"suffix\" must be one text, as \"T1w\"", path);
    }
    return DN_OK;
}

dn_status dn_bids_filter_read(const char *path, dn_bids_filter **out)
{
    dn_bids_filter *filter = NULL;
    DN_TRY(dn_alloc(&filter, 1, sizeof *filter, "the filter"));
    dn_status status = dn_json_read(path, DN_JSON_OBJECT | DN_JSON_UNIQUE, &filter->root);
    if (status == DN_OK) {
        filter->t1w = json_object_get(filter->root, "t1w");
        status = check(path, filter->t1w);
    }
    if (status != DN_OK) {
        dn_bids_filter_destroy(filter);
        return status;
    }
    *out = filter;
    return DN_OK;
}

void dn_bids_filter_destroy(dn_bids_filter *filter)
{
    if (filter != NULL) {
        json_decref(filter->root);
        free(filter);
    }
}

const char *dn_bids_filter_suffix(const dn_bids_filter *filter)
{
    const char *suffix = filter != NULL ? json_string_value(json_object_get(filter->t1w, "suffix")) : NULL;
    return suffix != NULL ? suffix : "T1w";
}

/* have: NULL: the name has not got the entity. */
static bool is_equal(const json_t *wanted, dn_bids_entity entity, const char *have)
{
    if (json_is_null(wanted)) {
        return have == NULL;
    }
    if (have == NULL) {
        return false;
    }
    if (json_is_integer(wanted)) {
        char *end = NULL;
        return strtoll(have, &end, 10) == (long long)json_integer_value(wanted) && end != have && *end == '\0';
    }
    const char *text = json_string_value(wanted);
    return strcmp(text, "*") == 0 || strcmp(have, dn_bids_bare(entity, text)) == 0;
}

static bool passes(const json_t *wanted, dn_bids_entity entity, const char *have)
{
    const json_t *item;
    size_t i;
    if (!json_is_array(wanted)) {
        return is_equal(wanted, entity, have);
    }
    json_array_foreach(wanted, i, item)
    {
        if (is_equal(item, entity, have)) {
            return true;
        }
    }
    return false;
}

bool dn_bids_filter_takes(const dn_bids_filter *filter, const dn_bids_name *name)
{
    const char *key;
    json_t *value;
    dn_bids_entity entity;
    if (strcmp(name->suffix, dn_bids_filter_suffix(filter)) != 0) {
        return false;
    }
    if (filter == NULL) {
        return true;
    }
    json_object_foreach(filter->t1w, key, value)
    {
        if (entity_of(key, &entity) && !passes(value, entity, name->value[entity])) {
            return false;
        }
    }
    return true;
}
