/* Networks: the list with their cards, and the import of a published file. */
#define _GNU_SOURCE
#include "models/model.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/words.h"
#include "models/keras/import.h"
#include "models/store.h"
#include "segment/head/whole_head.h"
#include "segment/networks.h"
#include "segment/scan.h"
#include "web/handlers.h"
#include "web/ids.h"
#include "web/jobs/job_ask.h"
#include "web/jobs/uploads.h"
#include "web/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXTENSION ".safetensors"
enum { MODEL_LIMIT = 1000000000 };

/* ---- the list ----------------------------------------------------------------------------------------------------- */

/* NAME.md beside NAME.safetensors; null: there is none. */
static json_t *card_of(const char *path)
{
    enum { LIMIT = 1 << 20 };
    char *card = NULL;
    unsigned char *bytes = NULL;
    size_t size = 0;
    json_t *text = NULL;
    const int stem = (int)(strlen(path) - strlen(EXTENSION));
    if (dn_asprintf(&card, "%.*s.md", stem, path) == DN_OK && dn_file_read_if_there(card, LIMIT, &bytes, &size) == DN_OK && bytes != NULL) {
        text = json_stringn((const char *)bytes, size);
    }
    dn_error_clear();
    free(bytes);
    free(card);
    return text != NULL ? text : json_null();
}

static json_t *structures_of(const dn_model *model)
{
    json_t *seen = json_object(), *list = json_array();
    for (size_t i = 0; i < model->label_count; ++i) {
        const dn_model_label *label = &model->labels[i];
        if (label->index > 0 && json_object_get(seen, label->structure) == NULL) {
            json_object_set_new(seen, label->structure, json_true());
            json_array_append_new(list, json_string(label->structure));
        }
    }
    json_decref(seen);
    return list;
}

/* The networks that `dien segment` takes by itself. */
static bool is_usual(const char *name)
{
    static const char *const usual[] = {DN_SEGMENT_MODEL, DN_WHOLE_HEAD_COARSE, DN_WHOLE_HEAD_FINE, NULL};
    return dn_is_among(name, usual);
}

static json_t *model_json(const char *path)
{
    dn_model *model = NULL;
    if (dn_model_read_metadata(path, &model) != DN_OK) {
        json_t *broken = json_pack("{s:s, s:s}", "name", dn_path_name(path), "error", dn_error_message());
        dn_error_clear();
        return broken;
    }
    json_t *out = json_pack("{s:s, s:s, s:b, s:b, s:b, s:s, s:s, s:s, s:o, s:o}", "name", model->name, "architecture", model->architecture,
                            "default", is_usual(model->name), "own", dn_is_among(model->name, dn_own_networks), "choice",
                            dn_job_ask_may_choose(model), "licence", model->licence, "trained_on", model->trained_on, "source",
                            model->source, "structures", structures_of(model), "card", card_of(path));
    dn_model_destroy(model);
    return out;
}

dn_status dn_get_models(dn_request *request, dn_reply *reply)
{
    char **paths = NULL;
    size_t count = 0;
    (void)request;
    DN_TRY(dn_store_list(&paths, &count));
    json_t *list = json_array();
    for (size_t i = 0; i < count; ++i) {
        json_array_append_new(list, model_json(paths[i]));
    }
    dn_store_list_release(paths, count);
    reply->json = json_pack("{s:o}", "models", list);
    return DN_OK;
}

/* ---- import ------------------------------------------------------------------------------------------------------- */

/* A Keras file, or a model file of dien, which is checked as if it were to be used. */
static dn_status read_model(const char *path, const char *file, const char *name, dn_model **out)
{
    if (dn_path_has_extension(file, EXTENSION)) {
        DN_TRY(dn_model_read(path, out));
        dn_status status = dn_model_check(*out, path);
        if (status != DN_OK) {
            dn_model_destroy(*out);
            *out = NULL;
        }
        return status;
    }
    const dn_import_options options = {.name = name};
    return dn_import_keras(path, &options, out);
}

/* Beside the user's other models; one that is there already stays. */
static dn_status keep_model(dn_reply *reply, const dn_model *model, char **path)
{
    char *folder = NULL;
    DN_TRY(dn_path_check_name(model->name, "the model"));
    DN_TRY(dn_store_user_folder(&folder));
    dn_status status = dn_asprintf(path, "%s/%s" EXTENSION, folder, model->name);
    free(folder);
    DN_TRY(status);
    if (dn_is_among(model->name, dn_own_networks)) {
        DN_WEB_FAIL(reply, 409, "\"%s\" is the name of one of dien's own networks; give this one another name", model->name);
    }
    if (dn_path_exists(*path) || dn_model_find(model->name, NULL) == DN_OK) {
        DN_WEB_FAIL(reply, 409, "there is a model \"%s\" already; give this one another name", model->name);
    }
    dn_error_clear();
    return dn_model_write(model, DN_STORE_F32, *path);
}

/* The file's name without its end, as a name that is safe. */
static dn_status safe_name(const char *file, char **out)
{
    char *stem = NULL;
    const char *dot = strrchr(file, '.');
    DN_TRY(dn_asprintf(&stem, "%.*s", (int)(dot != NULL && dot > file ? (size_t)(dot - file) : strlen(file)), file));
    dn_status status = dn_file_name_of(stem, out);
    free(stem);
    return status;
}

/* Keras files tell their name by the file's: it gets its own back. */
static dn_status import(const dn_upload *upload, dn_reply *reply, const char *name)
{
    char *path = NULL, *named = NULL, *kept = NULL, *safe = NULL;
    const char *file = json_string_value(json_object_get(json_array_get(upload->list, 0), "name"));
    dn_model *model = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_upload_single(upload, reply, &path), done);
    DN_TRY_GOTO(status, safe_name(file, &safe), done);
    DN_TRY_GOTO(status, dn_asprintf(&named, "%s/%s%s", upload->folder, safe, dn_path_has_extension(file, EXTENSION) ? EXTENSION : ".h5"),
                done);
    if (rename(path, named) != 0) {
        DN_FAIL_GOTO(status, done, DN_EIO, "the server cannot keep the model: %s", strerror(errno));
    }
    DN_TRY_GOTO(status, read_model(named, file, name, &model), done);
    DN_TRY_GOTO(status, keep_model(reply, model, &kept), done);
    reply->code = 201;
    reply->json = model_json(kept);
done:
    if (status != DN_OK && named != NULL) {
        status = dn_error_rename(status, named, "the model file");
    }
    dn_model_destroy(model);
    free(safe);
    free(kept);
    free(named);
    free(path);
    return status;
}

dn_status dn_post_model(dn_request *request, dn_reply *reply)
{
    dn_upload upload = {.folder = NULL};
    const char *id, *name;
    dn_status status;
    DN_TRY(dn_body_text(request, reply, "upload", 32, &id));
    DN_TRY(dn_body_text(request, reply, "name", 100, &name));
    if (id == NULL) {
        DN_WEB_FAIL(reply, 400, "\"upload\" has to be the id of an uploaded model");
    }
    DN_TRY_GOTO(status, dn_upload_open(request->web, reply, id, &upload), done);
    DN_TRY_GOTO(status, dn_upload_check_whole(&upload, reply), done);
    const json_int_t size = json_integer_value(json_object_get(json_array_get(upload.list, 0), "size"));
    if (size > MODEL_LIMIT) { /* it is read into the server's memory */
        reply->code = 413;
        DN_FAIL_GOTO(status, done, DN_EUSAGE, "the file has %.1f GB; the page imports networks of at most %.1f GB", 1e-9 * (double)size,
                     1e-9 * (double)MODEL_LIMIT);
    }
    status = import(&upload, reply, name != NULL && *name != '\0' ? name : NULL);
    dn_folder_remove(upload.folder);
done:
    dn_upload_release(&upload);
    return status;
}
