/* The record of finished steps. */
#include "labelmap/steps.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct dn_steps {
    char *path, *folder; /* owned */
    json_t *steps;       /* owned */
};

dn_status dn_steps_open(const char *path, dn_steps **out)
{
    dn_steps *it = NULL;
    json_t *root = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&it, 1, sizeof *it, "the record of a label map"));
    DN_TRY_GOTO(status, dn_strdup(path, &it->path), fail);
    DN_TRY_GOTO(status, dn_asprintf(&it->folder, "%.*s", (int)(dn_path_name(path) - path), path), fail);
    DN_TRY_GOTO(status, dn_json_read_or_empty(path, &root), fail);
    it->steps = json_incref(json_object_get(root, "Steps"));
    json_decref(root);
    if (!json_is_object(it->steps)) {
        json_decref(it->steps);
        it->steps = json_object();
    }
    *out = it;
    return DN_OK;
fail:
    dn_steps_close(it);
    return status;
}

void dn_steps_close(dn_steps *it)
{
    if (it != NULL) {
        json_decref(it->steps);
        free(it->path);
        free(it->folder);
        free(it);
    }
}

bool dn_steps_done(const dn_steps *it, const char *name, const char *key)
{
    const json_t *step = json_object_get(it->steps, name), *file;
    const char *then = json_string_value(json_object_get(step, "Key"));
    size_t n;
    if (then == NULL || strcmp(then, key) != 0) {
        return false;
    }
    json_array_foreach(json_object_get(step, "Outputs"), n, file)
    {
        const char *what = json_string_value(json_object_get(file, "name"));
        struct stat facts;
        char *path = NULL;
        if (what == NULL || dn_asprintf(&path, "%s%s", it->folder, what) != DN_OK) {
            return false;
        }
        const bool same = stat(path, &facts) == 0 && (json_int_t)facts.st_size == json_integer_value(json_object_get(file, "bytes"));
        free(path);
        if (!same) {
            return false;
        }
    }
    return true;
}

static dn_status write_record(const dn_steps *it)
{
    return dn_json_write(json_pack("{s:O}", "Steps", it->steps), 6, it->path);
}

dn_status dn_steps_begin(dn_steps *it, const char *name)
{
    if (json_object_del(it->steps, name) == 0) {
        return write_record(it);
    }
    return DN_OK;
}

dn_status dn_steps_finish(dn_steps *it, const char *name, const char *key, double seconds, char *const *outputs, size_t count)
{
    json_t *files = json_array();
    for (size_t n = 0; n < count; ++n) {
        struct stat facts;
        if (stat(outputs[n], &facts) != 0) {
            json_decref(files);
            DN_FAIL(DN_EIO, "'%s' was written and is gone", outputs[n]);
        }
        json_array_append_new(files, json_pack("{s:s, s:I}", "name", dn_path_name(outputs[n]), "bytes", (json_int_t)facts.st_size));
    }
    json_object_set_new(it->steps, name,
                        json_pack("{s:s, s:f, s:o}", "Key", key, "Seconds", round(seconds * 10.0) / 10.0, "Outputs", files));
    return write_record(it);
}
