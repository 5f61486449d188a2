/* JSON files for people and programs, by jansson: the one place where a text becomes a tree (tools/check_layers.sh refuses json_load...
 * elsewhere), and where a tree becomes a file. */
#ifndef DN_BASE_JSON_H
#define DN_BASE_JSON_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The largest JSON file that is read. The largest that we write, a norm of many scanners or the record of a long series, has a few MB. */
#define DN_JSON_LARGEST ((int64_t)16 << 20)

/* What a text has to be, in sums: DN_JSON_OBJECT | DN_JSON_LIST is one of the two. */
typedef enum dn_json_form {
    DN_JSON_VALUE = 0,  /* anything, a bare number as well */
    DN_JSON_OBJECT = 1, /* {...} */
    DN_JSON_LIST = 2,   /* [...] */
    DN_JSON_UNIQUE = 4, /* no object in it has a key twice */
} dn_json_form;

/* text: size bytes, which no 0 need follow; name: what it is ("the body of the request"), for the message. *out: owned by the caller
 * (json_decref); NULL after a failure. DN_EFORMAT: it is empty, not JSON ("NAME is not valid JSON (line 3: ...)"), or of another form;
 * DN_ENOMEM: memory was short for any piece of it. */
DN_CHECKED dn_status dn_json_parse(const char *text, size_t size, int form, const char *name, json_t **out);
/* The same of a file, and the message says what to do. DN_EINPUT: it cannot be read, or is larger than DN_JSON_LARGEST. */
DN_CHECKED dn_status dn_json_read(const char *path, int form, json_t **out);
/* The same of a file that need not be there: *out is NULL then. */
DN_CHECKED dn_status dn_json_read_if_there(const char *path, int form, json_t **out);
/* An object from a file that helps where it can: *out is an empty object when the file is missing or not a JSON object. DN_EINPUT: it is
 * there, and cannot be read; DN_ENOMEM. */
DN_CHECKED dn_status dn_json_read_or_empty(const char *path, json_t **out);
/* The tree of a text that we wrote ourselves, into a model file or a table of the page. NULL: text is NULL, or no object or list of JSON,
 * or memory was short (then the job ends with DN_ENOMEM: dn_json_starved). Owned by the caller. */
json_t *dn_json_of_text(const char *text);
/* A string of a text that may hold any bytes (a file's name): what is not UTF-8 becomes '?'. Owned by the caller; NULL: memory was short.
 */
json_t *dn_json_string(const char *text);

/* Indented, with a line's end after it; atomic. root: consumed; NULL: it could not be made. digits: of numbers that are not whole, at most
 * 17, which keep every bit. DN_ENOMEM, also when a piece of root could not be made; DN_EIO. */
DN_CHECKED dn_status dn_json_write(json_t *root, int digits, const char *path);

/* To be called before a tree that was made with jansson is written by other means than dn_json_write: DN_ENOMEM when memory was short for
 * any piece of it, made by this thread since it was last asked. path: named in the message. */
DN_CHECKED dn_status dn_json_complete(const char *path);
/* Whether jansson ever lacked memory in the calling thread's job. Most of its calls accept NULL, so that data seem damaged or lack parts:
 * the job then ends with DN_ENOMEM, whatever other error it found. */
bool dn_json_starved(void);

#endif
