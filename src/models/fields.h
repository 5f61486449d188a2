/* Reading fields of a JSON object, with messages that name the file and the key. */
#ifndef DN_MODELS_FIELDS_H
#define DN_MODELS_FIELDS_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* where: "FILE: dien.config" or the like; it starts every message. All failures are DN_EFORMAT, or DN_ENOMEM. */

/* text -> value; the kind of JSON value at the top is checked (JSON_OBJECT, JSON_ARRAY). Owned by the caller. */
DN_CHECKED dn_status dn_fields_parse(const char *text, json_type kind, const char *where, json_t **out);
/* Fails when object has a key that is not in allowed (space-separated). */
DN_CHECKED dn_status dn_fields_only(const json_t *object, const char *where, const char *allowed);

/* A required field... */
DN_CHECKED dn_status dn_fields_integer(const json_t *object, const char *where, const char *key, int64_t low, int64_t high, int64_t *out);
DN_CHECKED dn_status dn_fields_real(const json_t *object, const char *where, const char *key, double low, double high, double *out);
DN_CHECKED dn_status dn_fields_text(const json_t *object, const char *where, const char *key, const char **out); /* borrowed */
DN_CHECKED dn_status dn_fields_boolean(const json_t *object, const char *where, const char *key, bool *out);
/* One of choices ("same|valid|explicit"); *out is its position. */
DN_CHECKED dn_status dn_fields_choice(const json_t *object, const char *where, const char *key, const char *choices, int *out);
/* Three axes: a number for all, or an array of dims numbers; with dims 2 the first axis becomes depth. */
DN_CHECKED dn_status dn_fields_axes(const json_t *object, const char *where, const char *key, int dims, int64_t depth, int64_t low,
                                    int64_t high, int64_t out[3]);
DN_CHECKED dn_status dn_fields_array(const json_t *object, const char *where, const char *key, size_t low, size_t high, json_t **out);

/* ... and whether it is there at all (null counts as absent): `if (dn_fields_has(...)) DN_TRY(...)` keeps the default. */
bool dn_fields_has(const json_t *object, const char *key);

#endif
