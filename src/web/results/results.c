/* What was measured, as the page shows it. */
#define _GNU_SOURCE
#include "web/results/results.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/table.h"
#include "base/words.h"
#include "models/label_table.h"
#include "report/correct.h"
#include "report/volume_lines.h"
#include "segment/networks.h"
#include "web/database.h"
#include "web/handlers.h"
#include "web/jobs/jobs.h"
#include "web/results/norm_points.h"
#include "web/server.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *text_of(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

/* ---- places ------------------------------------------------------------------------------------------------------- */

static int number_of(const json_t *version)
{
    return (int)json_integer_value(json_object_get(version, "number"));
}

static dn_status choose_version(dn_reply *reply, const char *asked, dn_result_place *out)
{
    const size_t count = json_array_size(out->versions);
    if (asked == NULL || *asked == '\0') {
        out->number = number_of(json_array_get(out->versions, count - 1));
        return DN_OK;
    }
    for (size_t i = 0; i < count; ++i) {
        char number[16];
        snprintf(number, sizeof number, "%d", number_of(json_array_get(out->versions, i)));
        if (strcmp(number, asked) == 0) {
            out->number = number_of(json_array_get(out->versions, i));
            return DN_OK;
        }
    }
    DN_WEB_FAIL(reply, 404, "there is no such version of this result");
}

dn_status dn_result_find(dn_request *request, dn_reply *reply, const char *key, dn_result_place *out)
{
    *out = (dn_result_place){.job = NULL};
    DN_TRY(dn_job_get_done(request, reply, &out->job));
    DN_TRY(dn_database_rows(request->web->database, &out->versions,
                            "SELECT number, base, who, why, created, by_hand FROM versions WHERE job = ? ORDER BY number", "t",
                            text_of(out->job, "id")));
    if (json_array_size(out->versions) == 0) {
        DN_WEB_FAIL(reply, 404, "the result is not there any more");
    }
    DN_TRY(choose_version(reply, key != NULL ? dn_request_query(request, key) : NULL, out));
    return dn_asprintf(&out->folder, "%s/jobs/%s/v%d", request->web->options.state, text_of(out->job, "id"), out->number);
}

void dn_result_place_release(dn_result_place *place)
{
    json_decref(place->job);
    json_decref(place->versions);
    free(place->folder);
    *place = (dn_result_place){.job = NULL};
}

dn_status dn_result_path(const dn_result_place *place, const char *end, char **out)
{
    return dn_asprintf(out, "%s/%s%s", place->folder, text_of(place->job, "stem"), end);
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static const char *kind_of(const char *name)
{
    static const struct {
        const char *end, *kind;
    } kinds[] = {{"_dseg.nii.gz", "labels"}, {"_mask.nii.gz", "mask"}, {"_probseg.nii.gz", "probabilities"},
                 {"_report.html", "report"}, {"_qc.png", "picture"},   {".tsv", "table"},
                 {".json", "description"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
        if (dn_path_has_extension(name, kinds[i].end)) {
            return kinds[i].kind;
        }
    }
    return "file";
}

json_t *dn_result_files(const char *folder)
{
    struct dirent **entries = NULL;
    json_t *list = json_array();
    const int count = scandir(folder, &entries, NULL, dn_path_by_name);
    for (int i = 0; i < count; ++i) {
        char *path = NULL;
        struct stat facts;
        const char *name = entries[i]->d_name;
        if (name[0] != '.' && dn_path_join(folder, name, &path) == DN_OK && lstat(path, &facts) == 0 && S_ISREG(facts.st_mode)) {
            json_array_append_new(list,
                                  json_pack("{s:s, s:I, s:s}", "name", name, "bytes", (json_int_t)facts.st_size, "kind", kind_of(name)));
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
    return list;
}

/* ---- parts of the result ------------------------------------------------------------------------------------------ */

static json_t *number(double value, double digits)
{
    return isfinite(value) ? json_real(round(value * digits) / digits) : json_null();
}

static json_t *volume_or_null(const dn_volume_row *row)
{
    return row != NULL ? number(row->volume_mm3, 1e3) : json_null();
}

/* Whether the text has the name as a word: "thalamus" is not in "hypothalamus". */
static bool names(const char *text, const char *name)
{
    for (const char *at = strcasestr(text, name); at != NULL; at = strcasestr(at + 1, name)) {
        if ((at == text || !isalpha((unsigned char)at[-1])) && !isalpha((unsigned char)at[strlen(name)])) {
            return true;
        }
    }
    return false;
}

/* Sentences of quality control that speak of a structure. */
static json_t *flags_about(const json_t *flags, const char *name)
{
    json_t *list = json_array(), *flag;
    size_t i;
    json_array_foreach(flags, i, flag)
    {
        const char *text = text_of(flag, "sentence");
        if (text != NULL && names(text, name)) {
            json_array_append(list, json_object_get(flag, "sentence"));
        }
    }
    return list;
}

/* Whether one of the rows was counted: voxels have no probability. */
static bool is_counted(const dn_volume_line *line)
{
    const dn_volume_row *const rows[] = {line->left, line->right, line->both};
    bool counted = false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        counted = counted || (rows[i] != NULL && isnan(rows[i]->mean_posterior));
    }
    return counted;
}

static json_t *volume_json(const dn_volume_line *line, double icv, const json_t *flags)
{
    char name[64];
    dn_volume_line_name(line, name);
    const double voxels = line->both != NULL                          ? line->both->hard_volume_mm3
                          : line->left != NULL && line->right != NULL ? line->left->hard_volume_mm3 + line->right->hard_volume_mm3
                                                                      : (double)NAN;
    json_t *out = json_pack("{s:s, s:s, s:b, s:s}", "structure", line->structure, "label", name, "part", line->kind == DN_LINE_PART, "unit",
                            line->unit == DN_UNIT_ML ? "mL" : "mm3");
    json_object_set_new(out, "left_mm3", volume_or_null(line->left));
    json_object_set_new(out, "right_mm3", volume_or_null(line->right));
    json_object_set_new(out, "both_mm3", line->both != NULL ? volume_or_null(line->both) : number(line->both_mm3, 1e3));
    json_object_set_new(out, "asymmetry_percent", number(100.0 * line->asymmetry, 1e2));
    const double both = line->both != NULL ? line->both->volume_mm3 : line->both_mm3;
    json_object_set_new(out, "icv_percent", number(100.0 * both / icv, 1e5));
    json_object_set_new(out, "voxel_mm3", number(voxels, 1e3));
    json_object_set_new(out, "by_voxels", json_boolean(is_counted(line)));
    json_object_set_new(out, "flags", flags_about(flags, name));
    return out;
}

static json_t *volumes_json(const dn_volume_rows *rows, const json_t *flags)
{
    dn_volume_line lines[DN_LINE_LIMIT];
    json_t *list = json_array();
    const dn_volume_row *icv = dn_volume_rows_find(rows, "icv", 'B');
    const size_t count = dn_volume_lines(rows, lines);
    for (size_t i = 0; i < count; ++i) {
        json_array_append_new(list, volume_json(&lines[i], icv != NULL ? icv->volume_mm3 : (double)NAN, flags));
    }
    return list;
}

dn_status dn_description_read(const char *path, json_t **out)
{
    return dn_json_read_or_empty(path, out);
}

static dn_status read_description(const dn_result_place *place, json_t **out)
{
    char *path = NULL;
    DN_TRY(dn_result_path(place, "_volumes.json", &path));
    dn_status status = dn_description_read(path, out);
    free(path);
    return status;
}

json_t *dn_flags_json(const json_t *description)
{
    json_t *list = json_array(), *flag;
    size_t i;
    json_array_foreach(json_object_get(description, "Flags"), i, flag)
    {
        const char *level = text_of(flag, "Level"), *code = text_of(flag, "Code"), *text = text_of(flag, "Text");
        if (level != NULL && code != NULL && text != NULL) {
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:n}", "name", code, "level", level, "sentence", text, "remedy"));
        }
    }
    return list;
}

static json_t *label_json(const dn_table *table, size_t r)
{
    dn_label_entry entry;
    double index = 0.0;
    const char *name = dn_table_text(table, r, dn_table_find(table, "name"));
    const char *color = dn_table_text(table, r, dn_table_find(table, "color"));
    if (dn_table_number(table, r, dn_table_find(table, "index"), &index) != DN_OK) {
        dn_error_clear();
    }
    const bool known = dn_label_table_number((int64_t)index, &entry);
    const char side[2] = {known ? entry.side : 'B', '\0'};
    return json_pack("{s:i, s:s, s:s, s:s, s:s}", "index", (int)index, "name", name != NULL ? name : "", "color",
                     color != NULL ? color : "#808080", "structure", known ? entry.structure : (name != NULL ? name : ""), "hemi", side);
}

static dn_status read_labels(const dn_result_place *place, json_t **out)
{
    char *path = NULL;
    dn_table *table = NULL;
    *out = json_array();
    DN_TRY(dn_result_path(place, "_dseg.tsv", &path));
    dn_status status = dn_path_exists(path) ? dn_table_read(path, &table) : DN_OK;
    free(path);
    for (size_t r = 0; table != NULL && r < dn_table_rows(table); ++r) {
        json_array_append_new(*out, label_json(table, r));
    }
    dn_table_destroy(table);
    return status;
}

static json_t *versions_json(const dn_result_place *place)
{
    json_t *list = json_array(), *row;
    size_t i;
    json_array_foreach(place->versions, i, row)
    {
        const bool hand = json_integer_value(json_object_get(row, "by_hand")) != 0;
        json_array_append_new(list, json_pack("{s:O, s:O, s:O, s:O, s:O, s:s}", "number", json_object_get(row, "number"), "base",
                                              json_object_get(row, "base"), "who", json_object_get(row, "who"), "why",
                                              json_object_get(row, "why"), "when", json_object_get(row, "created"), "by",
                                              hand ? "hand" : "dien"));
    }
    return list;
}

/* The networks that measured, by the record of the results; which of them are not dien's own is said. */
static json_t *networks_json(const json_t *description)
{
    const json_t *by = json_array_get(json_object_get(description, "GeneratedBy"), 0);
    json_t *list = json_array(), *model;
    size_t i;
    json_array_foreach(json_object_get(by, "Models"), i, model)
    {
        const char *name = text_of(model, "Name"), *hash = text_of(model, "SHA256"), *licence = text_of(model, "Licence");
        if (name != NULL) {
            json_array_append_new(list, json_pack("{s:s, s:s?, s:s?, s:b}", "name", name, "sha256", hash, "licence", licence, "own",
                                                  dn_is_among(name, dn_own_networks)));
        }
    }
    return list;
}

/* A sentence for a paper. */
static char *method_text(const json_t *description)
{
    char names[512] = "", who[512] = "", *text = NULL;
    const json_t *by = json_array_get(json_object_get(description, "GeneratedBy"), 0),
                 *corrected = json_object_get(description, "Corrected");
    json_t *model;
    size_t i;
    json_array_foreach(json_object_get(by, "Models"), i, model)
    {
        const size_t used = strlen(names);
        const char *name = text_of(model, "Name"), *hash = text_of(model, "SHA256");
        snprintf(names + used, sizeof names - used, "%s%s (%.8s)", used > 0 ? ", " : "", name != NULL ? name : "?",
                 hash != NULL ? hash : "?");
    }
    const json_t *earlier = json_object_get(corrected, "Earlier");
    for (i = 0; json_is_object(corrected) && i <= json_array_size(earlier); ++i) { /* everybody, each once, in their order */
        const char *one = text_of(i < json_array_size(earlier) ? json_array_get(earlier, i) : corrected, "Who");
        const size_t used = strlen(who);
        if (one != NULL && strstr(who, one) == NULL) {
            snprintf(who + used, sizeof who - used, "%s%s", used > 0 ? ", " : "", one);
        }
    }
    if (dn_asprintf(
            &text,
            "Volumes were measured with dien %s (networks %s). Volumes are the sums of the networks' probabilities%s%s%s; asymmetry is "
            "left minus right, in percent of their mean; ICV is the intracranial volume.",
            text_of(by, "Version") != NULL ? text_of(by, "Version") : DIEN_VERSION, names,
            json_is_object(corrected) ? ", and those of voxels where the label map was corrected by hand (by " : "", who,
            json_is_object(corrected) ? ")" : "") != DN_OK) {
        return NULL;
    }
    return text;
}

/* ---- all of it ---------------------------------------------------------------------------------------------------- */

static dn_status fill(dn_web *web, const dn_result_place *place, const dn_volume_rows *rows, const json_t *description, json_t *out)
{
    json_t *labels = NULL, *norm = NULL;
    const json_t *age = json_object_get(place->job, "age");
    const dn_volume_row *icv = dn_volume_rows_find(rows, "icv", 'B');
    json_t *flags = dn_flags_json(description);
    json_object_set_new(out, "job", dn_job_json(web, place->job));
    json_object_set_new(out, "version", json_integer(place->number));
    json_object_set_new(out, "versions", versions_json(place));
    json_object_set_new(out, "volumes", volumes_json(rows, flags));
    json_object_set_new(out, "icv_mm3", volume_or_null(icv));
    json_object_set_new(out, "flags", flags);
    json_object_set_new(out, "files", dn_result_files(place->folder));
    json_object_set(out, "quality", json_object_get(description, "Quality"));
    json_object_set_new(out, "networks", networks_json(description));
    char *method = method_text(description);
    json_object_set_new(out, "method", method != NULL ? json_string(method) : json_null());
    free(method);
    dn_status status = read_labels(place, &labels);
    json_object_set_new(out, "labels", labels);
    DN_TRY(status);
    DN_TRY(dn_norm_points(web, rows, json_is_number(age) ? json_number_value(age) : (double)NAN, text_of(place->job, "sex"), &norm));
    json_object_set_new(out, "norm", norm);
    return DN_OK;
}

dn_status dn_result_json(dn_web *web, const dn_result_place *place, json_t **out)
{
    char *path = NULL;
    dn_volume_rows rows = {.row = NULL};
    json_t *description = NULL;
    dn_status status;
    *out = NULL;
    DN_TRY_GOTO(status, dn_result_path(place, "_volumes.tsv", &path), done);
    DN_TRY_GOTO(status, dn_volume_rows_read(path, &rows, NULL), done);
    DN_TRY_GOTO(status, read_description(place, &description), done);
    *out = json_object();
    status = fill(web, place, &rows, description, *out);
    if (status != DN_OK) {
        json_decref(*out);
        *out = NULL;
    }
done:
    json_decref(description);
    dn_volume_rows_release(&rows);
    free(path);
    return status;
}

dn_status dn_get_result(dn_request *request, dn_reply *reply)
{
    dn_result_place place;
    dn_status status = dn_result_find(request, reply, "version", &place);
    if (status == DN_OK) {
        status = dn_result_json(request->web, &place, &reply->json);
    }
    dn_result_place_release(&place);
    return status;
}
