/* Reads numbers, texts and lists from JSON objects, with messages that name the key. */
#include "models/fields.h"

#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *kind_name(json_type kind)
{
    switch (kind) {
    case JSON_OBJECT:
        return "an object {...}";
    case JSON_ARRAY:
        return "a list [...]";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
        return "a whole number";
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "nothing";
}

dn_status dn_fields_parse(const char *text, json_type kind, const char *where, json_t **out)
{
    json_t *value = NULL;
    DN_TRY(dn_json_parse(text, strlen(text), DN_JSON_VALUE | DN_JSON_UNIQUE, where, &value));
    if (json_typeof(value) != kind) {
        json_type found = json_typeof(value);
        json_decref(value);
        DN_FAIL(DN_EFORMAT, "%s: expected %s, found %s", where, kind_name(kind), kind_name(found));
    }
    *out = value;
    return DN_OK;
}

/* Whether word is one of the words in list, which sep separates; *index is its position. */
static bool in_list(const char *word, const char *list, char sep, int *index)
{
    size_t length = strlen(word);
    int position = 0;
    while (*list != '\0') {
        const char *end = strchr(list, sep);
        size_t size = end != NULL ? (size_t)(end - list) : strlen(list);
        if (size == length && memcmp(list, word, size) == 0) {
            if (index != NULL) {
                *index = position;
            }
            return true;
        }
        ++position;
        list += size + (end != NULL);
    }
    return false;
}

dn_status dn_fields_only(const json_t *object, const char *where, const char *allowed)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        (void)value;
        if (!in_list(key, allowed, ' ', NULL)) {
            DN_FAIL(DN_EFORMAT, "%s: the key \"%.64s\" is not known here (known: %s)", where, key, allowed);
        }
    }
    return DN_OK;
}

bool dn_fields_has(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value != NULL && !json_is_null(value);
}

static dn_status get(const json_t *object, const char *where, const char *key, json_t **out)
{
    *out = json_object_get(object, key);
    if (*out == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: the key \"%s\" is missing", where, key);
    }
    return DN_OK;
}

static dn_status wrong(const json_t *value, const char *where, const char *key, const char *wanted)
{
    DN_FAIL(DN_EFORMAT, "%s: \"%s\" should be %s, found %s", where, key, wanted, kind_name(json_typeof(value)));
}

dn_status dn_fields_integer(const json_t *object, const char *where, const char *key, int64_t low, int64_t high, int64_t *out)
{
    json_t *value;
    DN_TRY(get(object, where, key, &value));
    if (!json_is_integer(value)) {
        return wrong(value, where, key, "a whole number");
    }
    int64_t number = json_integer_value(value);
    if (number < low || number > high) {
        DN_FAIL(DN_EFORMAT, "%s: \"%s\" is %" PRId64 ", outside %" PRId64 " to %" PRId64, where, key, number, low, high);
    }
    *out = number;
    return DN_OK;
}

dn_status dn_fields_real(const json_t *object, const char *where, const char *key, double low, double high, double *out)
{
    json_t *value;
    DN_TRY(get(object, where, key, &value));
    if (!json_is_number(value)) {
        return wrong(value, where, key, "a number");
    }
    double number = json_number_value(value);
    if (!(number >= low && number <= high)) {
        DN_FAIL(DN_EFORMAT, "%s: \"%s\" is %g, outside %g to %g", where, key, number, low, high);
    }
    *out = number;
    return DN_OK;
}

dn_status dn_fields_text(const json_t *object, const char *where, const char *key, const char **out)
{
    json_t *value;
    DN_TRY(get(object, where, key, &value));
    if (!json_is_string(value)) {
        return wrong(value, where, key, "a text");
    }
    *out = json_string_value(value);
    return DN_OK;
}

dn_status dn_fields_boolean(const json_t *object, const char *where, const char *key, bool *out)
{
    json_t *value;
    DN_TRY(get(object, where, key, &value));
    if (!json_is_boolean(value)) {
        return wrong(value, where, key, "true or false");
    }
    *out = json_is_true(value);
    return DN_OK;
}

dn_status dn_fields_choice(const json_t *object, const char *where, const char *key, const char *choices, int *out)
{
    const char *text;
    DN_TRY(dn_fields_text(object, where, key, &text));
    if (!in_list(text, choices, '|', out)) {
        DN_FAIL(DN_EFORMAT, "%s: \"%s\" is \"%.64s\", not one of %s", where, key, text, choices);
    }
    return DN_OK;
}

dn_status dn_fields_axes(const json_t *object, const char *where, const char *key, int dims, int64_t depth, int64_t low, int64_t high,
                         int64_t out[3])
{
    json_t *value;
    DN_TRY(get(object, where, key, &value));
    int first = 3 - dims;
    int64_t axes[3] = {depth, depth, depth};
    if (json_is_integer(value)) {
        for (int i = first; i < 3; ++i) {
            axes[i] = json_integer_value(value);
        }
    } else if (json_is_array(value)) {
        if (json_array_size(value) != (size_t)dims) {
            DN_FAIL(DN_EFORMAT, "%s: \"%s\" should have %d numbers, it has %zu", where, key, dims, json_array_size(value));
        }
        for (int i = 0; i < dims; ++i) {
            const json_t *item = json_array_get(value, (size_t)i);
            if (!json_is_integer(item)) {
                return wrong(item, where, key, "whole numbers");
            }
            axes[first + i] = json_integer_value(item);
        }
    } else {
        return wrong(value, where, key, "a whole number or a list of them");
    }
    for (int i = first; i < 3; ++i) {
        if (axes[i] < low || axes[i] > high) {
            DN_FAIL(DN_EFORMAT, "%s: \"%s\" has %" PRId64 ", outside %" PRId64 " to %" PRId64, where, key, axes[i], low, high);
        }
    }
    memcpy(out, axes, sizeof axes);
    return DN_OK;
}

dn_status dn_fields_array(const json_t *object, const char *where, const char *key, size_t low, size_t high, json_t **out)
{
    DN_TRY(get(object, where, key, out));
    if (!json_is_array(*out)) {
        return wrong(*out, where, key, "a list");
    }
    size_t size = json_array_size(*out);
    if (size < low || size > high) {
        DN_FAIL(DN_EFORMAT, "%s: \"%s\" has %zu entries, outside %zu to %zu", where, key, size, low, high);
    }
    return DN_OK;
}
