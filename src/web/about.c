/* What the page has to know before anything else. */
#define _GNU_SOURCE
#include "base/file.h"
#include "models/store.h"
#include "segment/select.h"
#include "web/handlers.h"
#include "web/server.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* "ventral_diencephalon" -> "Ventral diencephalon"; "icv" is an abbreviation. */
static json_t *label_of(const char *name)
{
    char label[64];
    if (strcmp(name, "icv") == 0 || strcmp(name, "csf") == 0) {
        return json_string(strcmp(name, "icv") == 0 ? "Inside the skull (ICV)" : "Cerebrospinal fluid (CSF)");
    }
    size_t n = strnlen(name, sizeof label - 1);
    memcpy(label, name, n);
    label[n] = '\0';
    for (char *p = label; *p != '\0'; ++p) {
        *p = *p == '_' ? ' ' : *p;
    }
    label[0] = (char)toupper((unsigned char)label[0]);
    return json_string(label);
}

static json_t *list_structures(void)
{
    json_t *list = json_array();
    char names[] = DN_SELECT_NAMES, *rest = NULL;
    for (const char *name = strtok_r(names, "|", &rest); name != NULL; name = strtok_r(NULL, "|", &rest)) {
        if (strcmp(name, "all") != 0) {
            json_array_append_new(list, json_pack("{s:s, s:o}", "name", name, "label", label_of(name)));
        }
    }
    return list;
}

static dn_status list_networks(json_t **out)
{
    char **paths = NULL;
    size_t count = 0;
    DN_TRY(dn_store_list(&paths, &count));
    *out = json_array();
    for (size_t i = 0; i < count; ++i) {
        const char *name = dn_path_name(paths[i]);
        json_array_append_new(*out, json_stringn(name, strlen(name) - strlen(".safetensors")));
    }
    dn_store_list_release(paths, count);
    return DN_OK;
}

static json_t *list_norms(const dn_web *web)
{
    json_t *list = json_array();
    for (size_t i = 0; i < web->norm_count; ++i) {
        json_array_append_new(list, json_string(web->norm_names[i]));
    }
    return list;
}

dn_status dn_get_about(dn_request *request, dn_reply *reply)
{
    const dn_web_options *options = &request->web->options;
    json_t *networks = NULL;
    DN_TRY(list_networks(&networks));
    reply->json =
        json_pack("{s:s, s:i, s:i, s:I, s:I, s:f, s:o, s:o, s:o, s:b, s:s?}", "version", DIEN_VERSION, "threads", options->threads,
                  "jobs_at_a_time", options->jobs, "memory_budget", (json_int_t)options->memory_budget, "upload_limit",
                  (json_int_t)options->upload_limit, "keep_days", options->keep_days, "structures", list_structures(), "networks", networks,
                  "norms", list_norms(request->web), "demo", 1, "model", options->model != NULL ? dn_path_name(options->model) : NULL);
    return DN_OK;
}
