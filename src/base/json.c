/* Writing of JSON files, and the watch over the memory of jansson, whose functions often do not report that memory was short. */
#include "base/json.h"

#include "base/file.h"
#include "base/job.h"

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
