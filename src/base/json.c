/* Reading and writing of JSON files, and the watch over the memory of jansson, whose functions often do not report that memory was short.
 */
#include "base/json.h"

#include "base/file.h"
#include "base/job.h"
#include "base/text.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A tree is made by many calls of jansson that may each fail for want of memory and would leave a hole in it. Its allocations go through
 * here, so that the one who writes the tree knows. */
static _Thread_local bool starved;

/* jansson 2.14 itself crashes where some of its requests fail while it reads a text (load.c). So once memory has ended, small ones are
 * served from blocks that were put by at the start, and the command ends with DN_ENOMEM as soon as it asks. */
enum { BLOCKS = 64, BLOCK = 2048 };
static void *blocks[BLOCKS];
static _Atomic int taken;

static void *watched(size_t size)
{
    void *p = malloc(size);
    if (p != NULL) {
        return p;
    }
    starved = true;
    dn_job_note_starved();
    const int next = size <= BLOCK ? atomic_fetch_add(&taken, 1) : BLOCKS;
    return next < BLOCKS ? blocks[next] : NULL;
}

__attribute__((constructor)) static void watch(void)
{
    for (int i = 0; i < BLOCKS; ++i) {
        blocks[i] = malloc(BLOCK);
    }
    json_set_alloc_funcs(watched, free);
}

/* For those who look for leaks. */
__attribute__((destructor)) static void unwatch(void)
{
    for (int i = atomic_load(&taken); i < BLOCKS; ++i) {
        free(blocks[i]);
    }
}

bool dn_json_starved(void)
{
    return dn_job_starved();
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static bool is_of_form(const json_t *root, int form)
{
    return (form & (DN_JSON_OBJECT | DN_JSON_LIST)) == 0 || ((form & DN_JSON_OBJECT) != 0 && json_is_object(root)) ||
           ((form & DN_JSON_LIST) != 0 && json_is_array(root));
}

dn_status dn_json_parse(const char *text, size_t size, int form, const char *name, json_t **out)
{
    json_error_t error;
    const size_t flags = JSON_DECODE_ANY | ((form & DN_JSON_UNIQUE) != 0 ? JSON_REJECT_DUPLICATES : 0U);
    const bool before = starved; /* of a tree that is being made meanwhile */
    *out = NULL;
    if (size == 0) {
        DN_FAIL(DN_EFORMAT, "%s is empty, not JSON", name);
    }
    starved = false;
    json_t *root = json_loadb(text, size, flags, &error);
    const bool failed = starved || (root == NULL && json_error_code(&error) == json_error_out_of_memory);
    starved = before;
    if (failed) {
        json_decref(root);
        DN_FAIL(DN_ENOMEM, "not enough memory to read %s", name);
    }
    if (root == NULL) {
        DN_FAIL(DN_EFORMAT, "%s is not valid JSON (line %d: %s)", name, error.line, error.text);
    }
    if (!is_of_form(root, form)) {
        json_decref(root);
        DN_FAIL(DN_EFORMAT, "%s is not a JSON %s", name, (form & DN_JSON_OBJECT) != 0 ? "object ({...})" : "list ([...])");
    }
    *out = root;
    return DN_OK;
}

dn_status dn_json_read(const char *path, int form, json_t **out)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    *out = NULL;
    DN_TRY(dn_file_read(path, DN_JSON_LARGEST, &bytes, &size));
    dn_status status = dn_json_parse((const char *)bytes, size, form, path, out);
    free(bytes);
    if (status == DN_EFORMAT) {
        DN_FAIL(status, "%s; correct the file, or put a whole copy in its place", dn_error_message());
    }
    return status;
}

dn_status dn_json_read_if_there(const char *path, int form, json_t **out)
{
    *out = NULL;
    return dn_path_exists(path) ? dn_json_read(path, form, out) : DN_OK;
}

dn_status dn_json_read_or_empty(const char *path, json_t **out)
{
    bool good;
    DN_TRY(dn_error_excuse(dn_json_read_if_there(path, DN_JSON_OBJECT, out), DN_EFORMAT, &good));
    *out = *out != NULL ? *out : json_object();
    if (*out == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory to read %s", path);
    }
    return DN_OK;
}

json_t *dn_json_string(const char *text)
{
    json_t *plain = json_string(text);
    if (plain == NULL) {
        const size_t size = strlen(text) + 1;
        char *copy = malloc(size);
        if (copy != NULL) {
            memcpy(copy, text, size);
            dn_text_make_ascii(copy);
            plain = json_string(copy);
        }
        free(copy);
    }
    return plain;
}

json_t *dn_json_of_text(const char *text)
{
    json_t *root = NULL;
    if (text != NULL && dn_json_parse(text, strlen(text), DN_JSON_OBJECT | DN_JSON_LIST, "a text", &root) != DN_OK) {
        dn_error_clear();
    }
    return root;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

dn_status dn_json_complete(const char *path)
{
    bool failed = starved;
    starved = false;
    if (failed) {
        DN_FAIL(DN_ENOMEM, "not enough memory to write %s", path);
    }
    return DN_OK;
}

dn_status dn_json_write(json_t *root, int digits, const char *path)
{
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(digits)) : NULL;
    json_decref(root);
    dn_status complete = dn_json_complete(path);
    if (text == NULL && complete == DN_OK) {
        complete = dn_error_set(DN_ENOMEM, "%s cannot be written: a text in it is not valid UTF-8, or there is not enough memory", path);
    }
    if (complete != DN_OK) {
        free(text);
        return complete;
    }
    size_t length = strlen(text);
    text[length] = '\n'; /* in place of the final 0 */
    dn_status status = dn_file_write_all(path, text, length + 1);
    free(text);
    return status;
}
