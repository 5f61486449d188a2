/* The comparison of a group's people, by the study (study/groups): the page gives the columns, and shows what comes out. */
#define _GNU_SOURCE
#include "base/cut_folders.h"
#include "base/file.h"
#include "base/memory.h"
#include "study/groups/groups.h"
#include "web/groups/groups.h"
#include "web/handlers.h"
#include "web/ids.h"
#include "web/results/results.h"
#include "web/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN = 200, LIST = 2000 };

/* What is asked for; texts are borrowed from the body, lists are owned. */
typedef struct question {
    const char *group, *control;
    char values[LIST], covariates[LIST];
    dn_icv_method normalise;
    dn_adjustment adjustment;
    bool paired;
} question;

/* ---- the question ------------------------------------------------------------------------------------------------- */

/* Names of columns, joined by commas. */
static dn_status add_names(dn_reply *reply, const json_t *list, char out[LIST])
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        const size_t used = strlen(out);
        const char *name = json_string_value(one);
        if (strchr(name, ',') != NULL || used + strlen(name) + 2 > LIST) {
            DN_WEB_FAIL(reply, 400, "the names of columns may not have commas in them, and there may not be too many");
        }
        snprintf(out + used, LIST - used, "%s%s", used > 0 ? "," : "", name);
    }
    return DN_OK;
}

static dn_status read_values(const dn_request *request, dn_reply *reply, question *out)
{
    const char *one = NULL;
    const json_t *structure = json_object_get(request->json, "structure"), *list = NULL;
    if (json_is_array(structure)) {
        DN_TRY(dn_body_list(request, reply, "structure", 20, &list));
        return add_names(reply, list, out->values);
    }
    DN_TRY(dn_body_text(request, reply, "structure", COLUMN, &one));
    if (one == NULL || *one == '\0' || strchr(one, ',') != NULL) {
        DN_WEB_FAIL(reply, 400, "\"structure\" has to name the volume that is compared, or several");
    }
    snprintf(out->values, sizeof out->values, "%s", one);
    return DN_OK;
}

static dn_status read_question(const dn_request *request, dn_reply *reply, question *out)
{
    const char *normalise, *adjustment;
    const json_t *covariates;
    *out = (question){.normalise = DN_ICV_NONE, .adjustment = DN_ADJUST_HOLM};
    DN_TRY(read_values(request, reply, out));
    DN_TRY(dn_body_text(request, reply, "group", COLUMN, &out->group));
    DN_TRY(dn_body_text(request, reply, "control", COLUMN, &out->control));
    DN_TRY(dn_body_text(request, reply, "normalise", 16, &normalise));
    DN_TRY(dn_body_text(request, reply, "adjustment", 16, &adjustment));
    DN_TRY(dn_body_list(request, reply, "covariates", 10, &covariates));
    DN_TRY(add_names(reply, covariates, out->covariates));
    if (out->group == NULL || *out->group == '\0') {
        DN_WEB_FAIL(reply, 400, "\"group\" has to name the column of the groups");
    }
    if (normalise != NULL && *normalise != '\0' && strcmp(normalise, "none") != 0) {
        DN_TRY(dn_icv_method_of(normalise, &out->normalise));
    }
    if (adjustment != NULL && *adjustment != '\0') {
        DN_TRY(dn_adjustment_of(adjustment, &out->adjustment));
    }
    out->control = out->control != NULL && *out->control != '\0' ? out->control : NULL;
    if (out->normalise != DN_ICV_NONE && out->control == NULL) {
        DN_WEB_FAIL(reply, 400, "to normalise by the ICV, \"control\" has to name the group from which its mean is taken");
    }
    out->paired = json_is_true(json_object_get(request->json, "paired"));
    return DN_OK;
}

/* ---- the study ---------------------------------------------------------------------------------------------------- */

/* Tables of volumes of all members whose volumes can be used, and the people's table behind them. */
static dn_status list_paths(const dn_page_group *group, const char *people, const char ***out, size_t *count)
{
    *count = 0;
    DN_TRY(dn_alloc(out, group->count + 1, sizeof **out, "the scans of a group"));
    for (size_t i = 0; i < group->count; ++i) {
        if (group->member[i].scan->reason == NULL) {
            (*out)[(*count)++] = group->member[i].table;
        }
    }
    (*out)[(*count)++] = people;
    return DN_OK;
}

static dn_status run_study(const dn_page_group *group, const question *asked, const char *folder, dn_study_result *result)
{
    char *people = NULL;
    const char **paths = NULL;
    size_t count;
    dn_status status;
    DN_TRY_GOTO(status, dn_path_make_folder(folder), done);
    DN_TRY_GOTO(status, dn_path_join(folder, "people.tsv", &people), done);
    DN_TRY_GOTO(status, dn_group_people_write(group, people), done);
    DN_TRY_GOTO(status, list_paths(group, people, &paths, &count), done);
    const dn_groups_options how = {
        .tables = {.paths = paths, .count = count, .id = "participant_id", .unit = "mm\xc2\xb3", .join = DN_JOIN_EXACT},
        .output = {.folder = folder},
        .values = asked->values,
        .group = asked->group,
        .control = asked->control,
        .icv = asked->normalise != DN_ICV_NONE ? "icv" : NULL,
        .normalise = asked->normalise,
        .covariates = asked->covariates[0] != '\0' ? asked->covariates : NULL,
        .paired = asked->paired,
        .adjustment = asked->adjustment,
        .level = 0.95,
        .alpha = 0.05};
    status = dn_study_groups(&how, result);
done:
    free(paths);
    free(people);
    return status;
}

/* ---- what came out ------------------------------------------------------------------------------------------------ */

/* Names of files stay, folders of this machine go. folders: room for the two entries of the rule. */
static dn_cut_rule rule_of(const dn_web *web, const dn_page_group *group, const char *folders[2])
{
    folders[0] = group->folder != NULL ? group->folder : web->options.state;
    folders[1] = NULL;
    return (dn_cut_rule){.folders = folders, .names = true};
}

/* Whom the study left out, by its table of remarks. */
static dn_status left_out_of(const char *folder, json_t *out)
{
    char *path = NULL;
    dn_table *table = NULL;
    DN_TRY(dn_path_join(folder, "groups_remarks.tsv", &path));
    dn_status status = dn_path_exists(path) ? dn_table_read(path, &table) : DN_OK;
    free(path);
    const size_t level = table != NULL ? dn_table_find(table, "level") : DN_TABLE_NONE;
    const size_t who = table != NULL ? dn_table_find(table, "who") : DN_TABLE_NONE,
                 text = table != NULL ? dn_table_find(table, "text") : DN_TABLE_NONE;
    for (size_t r = 0; level != DN_TABLE_NONE && who != DN_TABLE_NONE && text != DN_TABLE_NONE && r < dn_table_rows(table); ++r) {
        const char *what = dn_table_text(table, r, level), *name = dn_table_text(table, r, who), *why = dn_table_text(table, r, text);
        if (what != NULL && name != NULL && strcmp(what, "left out") == 0) {
            json_array_append_new(out, json_pack("{s:s, s:s}", "name", name, "reason", why != NULL ? why : ""));
        }
    }
    dn_table_destroy(table);
    return status;
}

/* Those whose volumes could not be read at all. */
static void add_unusable(const dn_page_group *group, json_t *out)
{
    for (size_t i = 0; i < group->count; ++i) {
        const char *reason = group->member[i].scan->reason;
        if (reason != NULL) {
            json_array_append_new(out, json_pack("{s:s, s:s}", "name", group->member[i].name, "reason", reason));
        }
    }
}

static json_t *text_file(const char *folder, const char *name)
{
    enum { LIMIT = 16 << 20 };
    char *path = NULL;
    unsigned char *bytes = NULL;
    size_t size = 0;
    json_t *text = NULL;
    if (dn_path_join(folder, name, &path) == DN_OK && dn_file_read_if_there(path, LIMIT, &bytes, &size) == DN_OK && bytes != NULL) {
        text = json_stringn((const char *)bytes, size);
    }
    free(bytes);
    free(path);
    return text != NULL ? text : json_null();
}

static json_t *figures_of(const dn_page_group *group, const char *id, const json_t *files)
{
    json_t *list = json_array(), *file;
    size_t i;
    json_array_foreach(files, i, file)
    {
        const char *name = json_string_value(json_object_get(file, "name"));
        char *url = NULL;
        if (dn_path_has_extension(name, ".svg") && dn_asprintf(&url, "/api/groups/%s/comparisons/%s/%s", group->id, id, name) == DN_OK) {
            json_array_append_new(list, json_pack("{s:s, s:s}", "name", name, "url", url));
        }
        free(url);
    }
    return list;
}

/* The tables and the text of the study name files by their paths: what is given away is without. */
static dn_status clean(const dn_web *web, const dn_page_group *group, const char *folder, char **text)
{
    static const char *const cleaned[] = {"groups_remarks.tsv", "groups.txt", "groups_people.tsv"};
    const char *folders[2];
    const dn_cut_rule rule = rule_of(web, group, folders);
    dn_status status = dn_cut_folders(text, &rule);
    for (size_t i = 0; status == DN_OK && i < sizeof cleaned / sizeof *cleaned; ++i) {
        char *path = NULL;
        status = dn_path_join(folder, cleaned[i], &path);
        status = status == DN_OK ? dn_cut_folders_file(path, &rule) : status;
        free(path);
    }
    return status;
}

static dn_status describe(const dn_web *web, const dn_page_group *group, const char *id, const char *folder, char **text, json_t **out)
{
    json_t *left_out = json_array();
    dn_status status = clean(web, group, folder, text);
    status = status == DN_OK ? left_out_of(folder, left_out) : status;
    if (status != DN_OK) {
        json_decref(left_out);
        return status;
    }
    add_unusable(group, left_out);
    json_t *files = dn_result_files(folder);
    *out = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", id, "text", *text, "table_tsv", text_file(folder, "groups.tsv"),
                     "summary_tsv", text_file(folder, "groups_summary.tsv"), "left_out", left_out, "figures", figures_of(group, id, files),
                     "files", files);
    return *out != NULL ? DN_OK : dn_error_set(DN_ENOMEM, "not enough memory for the comparison");
}

/* A failure names the files of this machine. */
static dn_status clean_failure(dn_status status, const dn_web *web, const dn_page_group *group)
{
    char *text = NULL;
    const dn_remedy remedy = dn_error_remedy();
    const char *folders[2];
    const dn_cut_rule rule = rule_of(web, group, folders);
    if (dn_strdup(dn_error_message(), &text) == DN_OK && dn_cut_folders(&text, &rule) == DN_OK) {
        status = dn_error_offer(dn_error_set(status, "%s", text), remedy);
    }
    free(text);
    return status;
}

dn_status dn_post_compare(dn_request *request, dn_reply *reply)
{
    dn_page_group group = {.id = NULL};
    dn_study_result result = {0};
    question asked;
    char id[DN_ID_SIZE], *folder = NULL;
    dn_status status;
    DN_TRY_GOTO(status, read_question(request, reply, &asked), done);
    DN_TRY_GOTO(status, dn_group_open(request, reply, NULL, &group), done);
    DN_TRY_GOTO(status, dn_id_make(id), done);
    DN_TRY_GOTO(status, dn_asprintf(&folder, "%s/comparisons/%s", group.place, id), done);
    status = run_study(&group, &asked, folder, &result);
    status = status != DN_OK ? clean_failure(status, request->web, &group)
                             : describe(request->web, &group, id, folder, &result.text, &reply->json);
    status = status == DN_OK ? dn_group_check_whole(request->web, reply, &group) : status;
    if (status != DN_OK) {
        dn_folder_remove(folder);
        goto done;
    }
    reply->code = 201;
done:
    free(folder);
    dn_study_result_release(&result);
    dn_group_release(&group);
    return status;
}

/* ---- files of a comparison ---------------------------------------------------------------------------------------- */

dn_status dn_get_comparison_file(dn_request *request, dn_reply *reply)
{
    char *folder = NULL, *path = NULL;
    const char *id = request->part[1], *asked = request->part[2], *name = NULL;
    json_t *files = NULL, *file;
    size_t i;
    dn_status status = DN_OK;
    if (dn_is_id(id)) {
        DN_TRY(dn_asprintf(&folder, "%s/groups/%s/comparisons/%s", request->web->options.state, request->part[0], id));
        files = dn_result_files(folder);
    }
    json_array_foreach(files, i, file)
    {
        const char *one = json_string_value(json_object_get(file, "name"));
        name = strcmp(one, asked) == 0 ? one : name;
    }
    if (name == NULL) {
        reply->code = 404;
        status = dn_error_set(DN_EINPUT, "this comparison has no such file");
    } else {
        status = dn_path_join(folder, name, &path);
        status = status == DN_OK
                     ? dn_reply_file(reply, path, dn_media_type(name), dn_request_query(request, "download") != NULL ? name : NULL)
                     : status;
    }
    json_decref(files);
    free(path);
    free(folder);
    return status;
}
