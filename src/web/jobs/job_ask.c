/* What is asked of a scan, from the body of a request. */
#define _GNU_SOURCE
#include "web/jobs/job_ask.h"

#include "base/file.h"
#include "base/memory.h"
#include "infer/structures.h"
#include "models/store.h"
#include "segment/select.h"

#include <stdio.h>
#include <string.h>

bool dn_job_ask_may_choose(const dn_model *model)
{
    dn_structures structures;
    if (dn_structures_init(model, &structures) != DN_OK) {
        dn_error_clear();
        return false;
    }
    return dn_structures_has(&structures, "hypothalamus");
}

/* One of those that are installed, by name: what a client says is compared with the names, and is never a path. */
static dn_status check_model(dn_reply *reply, const char *name)
{
    char **paths = NULL;
    size_t count = 0;
    const char *found = NULL;
    dn_model *model = NULL;
    DN_TRY(dn_store_list(&paths, &count));
    for (size_t i = 0; i < count; ++i) {
        const char *one = dn_path_name(paths[i]);
        const size_t n = strlen(one) - strlen(".safetensors");
        found = strlen(name) == n && strncmp(one, name, n) == 0 ? paths[i] : found;
    }
    dn_status status = found != NULL ? dn_model_read_metadata(found, &model) : DN_OK;
    if (found == NULL || status != DN_OK || !dn_job_ask_may_choose(model)) {
        reply->code = 400;
        status = dn_error_set(DN_EUSAGE,
                              found == NULL     ? "there is no network \"%s\" here; the list of networks has their names"
                              : status != DN_OK ? "the network \"%s\" cannot be read"
                                                : "the network \"%s\" does not label the hypothalamus, and cannot be chosen for it",
                              name);
    }
    dn_model_destroy(model);
    dn_store_list_release(paths, count);
    return status;
}

static dn_status read_structures(const dn_request *request, dn_reply *reply, json_t *out)
{
    const json_t *list;
    json_t *name;
    size_t i;
    char names[1024] = "";
    dn_selection selection;
    DN_TRY(dn_body_list(request, reply, "structures", 32, &list));
    json_array_foreach(list, i, name)
    {
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? "," : "", json_string_value(name));
    }
    DN_TRY(dn_select_parse(names[0] != '\0' ? names : NULL, &selection));
    if (names[0] != '\0') {
        json_object_set_new(out, "structures", json_string(names));
    }
    return DN_OK;
}

static dn_status fill(const dn_request *request, dn_reply *reply, json_t *out)
{
    const char *model;
    DN_TRY(read_structures(request, reply, out));
    DN_TRY(dn_body_text(request, reply, "model", 100, &model));
    if (model != NULL && *model != '\0') {
        DN_TRY(check_model(reply, model));
        json_object_set_new(out, "model", json_string(model));
    }
    if (json_is_true(json_object_get(request->json, "fast"))) {
        json_object_set_new(out, "fast", json_true());
    }
    return DN_OK;
}

dn_status dn_job_ask_read(const dn_request *request, dn_reply *reply, char **out, bool *any)
{
    static const char *const names[] = {"structures", "model", "fast"};
    json_t *root = json_object();
    *any = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        *any = *any || json_object_get(request->json, names[i]) != NULL;
    }
    dn_status status = root != NULL ? fill(request, reply, root) : DN_ENOMEM;
    *out = status == DN_OK ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (status == DN_ENOMEM || (status == DN_OK && *out == NULL)) {
        DN_FAIL(DN_ENOMEM, "not enough memory for the settings of a scan");
    }
    return status;
}
