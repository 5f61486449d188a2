/* The quality picture and the report of a corrected label map: a result is put together from its files, as far as these two need one. */
#define _GNU_SOURCE
#include "report/correct.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "image/io.h"
#include "image/orientation.h"
#include "models/label_table.h"
#include "report/picture.h"
#include "report/sidecars.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NUMBERS = 65536 };

/* What is put together. Owned. */
typedef struct drawing {
    dn_segment_result result; /* stages are NULL; what it points to is here */
    dn_judgement judgement;
    dn_labels *labels, *inside;
    dn_model_label label[DN_CHANNEL_LIMIT];
    dn_label_entry entry[DN_CHANNEL_LIMIT];
    dn_model model[DN_SEGMENT_MODELS];
    json_t *description; /* STEM_volumes.json; names of models are borrowed from it */
    char *note;
} drawing;

static void drawing_destroy(drawing *it)
{
    if (it != NULL) {
        free(it->result.path);
        free(it->result.stem);
        dn_volume_destroy(it->result.conformed.oriented);
        dn_volume_rows_release(&it->result.volumes);
        dn_labels_destroy(it->labels);
        dn_labels_destroy(it->inside);
        json_decref(it->description);
        free(it->note);
        free(it);
    }
}

/* ---- the scan and the maps ---------------------------------------------------------------------------------------- */

static dn_status read_scan(const char *path, dn_segment_result *out)
{
    dn_volume *volume = NULL;
    DN_TRY(dn_scan_read(path, NULL, &volume, &out->info));
    DN_TRY(dn_conform_square(&volume, &out->conformed.skew)); /* as the labels are */
    out->conformed.scan_grid = volume->grid;
    dn_status status = dn_volume_reorient(volume, &DN_ORIENTATION_RAS, &out->conformed.oriented);
    dn_volume_destroy(volume);
    for (int c = 0; c < 3; ++c) {
        out->conformed.map.scale[c] = 1.0;
    }
    return status;
}

/* A map in the order of the scan's axes. if_there: *out stays NULL where there is no such file. */
static dn_status read_map(const drawing *it, const char *folder, const char *suffix, bool if_there, dn_labels **out)
{
    const dn_grid *grid = &it->result.conformed.oriented->grid;
    char *path = NULL;
    dn_labels *read = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_output_path(folder, it->result.stem, suffix, &path), done);
    if (if_there && !dn_path_exists(path)) {
        goto done;
    }
    DN_TRY_GOTO(status, dn_labels_read(path, NULL, &read, NULL), done);
    DN_TRY_GOTO(status, dn_labels_reorient(read, &DN_ORIENTATION_RAS, out), done);
    if (memcmp((*out)->grid.dim, grid->dim, sizeof grid->dim) != 0) {
        DN_FAIL_GOTO(status, done, DN_EGEOMETRY, "the label map does not lie on the voxels of the scan");
    }
done:
    dn_labels_destroy(read);
    free(path);
    return status;
}

/* Numbers become channels, one per label that is there; numbers that no structure has become none. */
static dn_status set_channels(drawing *it)
{
    dn_structures *structures = &it->result.structures;
    const int64_t count = dn_grid_count(&it->labels->grid);
    uint16_t *channel = NULL;
    DN_TRY(dn_alloc(&channel, NUMBERS, sizeof *channel, "channels of labels"));
    structures->channels = 1;
    structures->group_of[0] = DN_NO_GROUP;
    for (int64_t v = 0; v < count; ++v) {
        const uint16_t number = it->labels->data[v];
        uint16_t *known = &channel[number];
        const int64_t c = structures->channels;
        if (number > 0 && *known == 0 && c + 1 < DN_CHANNEL_LIMIT && dn_label_table_number(number, &it->entry[c])) {
            it->label[c] = (dn_model_label){
                .channel = c, .index = number, .name = it->entry[c].name, .structure = it->entry[c].structure, .hemi = it->entry[c].side};
            memcpy(it->label[c].color, it->entry[c].color, sizeof it->label[c].color);
            structures->label_of[c] = &it->label[c];
            structures->channels = c + 1;
            *known = (uint16_t)c;
        }
        it->labels->data[v] = *known;
    }
    free(channel);
    if (dn_volume_rows_find(&it->result.volumes, "hypothalamus", 'B') != NULL) { /* what titles and explanations are of */
        structures->group_count = 1;
        snprintf(structures->group[0].structure, sizeof structures->group[0].structure, "hypothalamus");
    }
    return DN_OK;
}

/* ---- words and marks ---------------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void set_flags(const json_t *description, dn_quality *out)
{
    json_t *flag;
    size_t i;
    json_array_foreach(json_object_get(description, "Flags"), i, flag)
    {
        const char *level = text_of(flag, "Level"), *text = text_of(flag, "Text");
        for (int l = DN_FLAG_NOTE; level != NULL && text != NULL && l <= (int)DN_FLAG_FAILED; ++l) {
            if (strcmp(level, dn_record_level((dn_flag_level)l)) == 0) {
                dn_quality_add(out, (dn_flag_level)l, "earlier", "%s", text);
            }
        }
    }
}

static void set_score(const json_t *description, dn_score *out)
{
    const json_t *quality = json_object_get(description, "Quality"), *score = json_object_get(quality, "Score");
    out->score = json_is_number(score) ? json_number_value(score) : (double)NAN;
    for (int m = 0; m < (int)DN_MARK_COUNT; ++m) {
        const json_t *mark = json_object_get(json_object_get(quality, "Marks"), dn_mark_name((dn_mark)m));
        out->mark[m] = json_is_number(mark) ? json_number_value(mark) : (double)NAN;
        out->measure[m] = NAN;
    }
}

/* Names of the networks, and how they ran. The texts are those of the description. */
static void set_models(drawing *it)
{
    const json_t *by = json_array_get(json_object_get(it->description, "GeneratedBy"), 0);
    const char *precision = text_of(by, "Precision");
    json_t *one;
    size_t i;
    it->result.precision = precision != NULL && strcmp(precision, "bf16") == 0 ? DN_PRECISION_BF16 : DN_PRECISION_F32;
    json_array_foreach(json_object_get(by, "Models"), i, one)
    {
        const char *name = text_of(one, "Name"), *licence = text_of(one, "Licence"), *hash = text_of(one, "SHA256");
        dn_model *model = &it->model[it->result.model_count];
        if (name == NULL || it->result.model_count == DN_SEGMENT_MODELS) {
            continue;
        }
        memcpy(&model->name, &name, sizeof name); /* they are only read */
        memcpy(&model->licence, &licence, sizeof licence);
        snprintf(model->sha256, sizeof model->sha256, "%s", hash != NULL ? hash : "");
        it->result.models[it->result.model_count++] = model;
    }
}

/* "2026-11-30T10:12:00Z" -> "30 November 2026". */
static void set_date(const char *when, char out[32])
{
    static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                         "July",    "August",   "September", "October", "November", "December"};
    int year, month, day;
    if (sscanf(when, "%4d-%2d-%2d", &year, &month, &day) == 3 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && year >= 0) {
        snprintf(out, 32, "%d %s %04d", day, months[month - 1], year);
    } else {
        snprintf(out, 32, "a date that was not kept");
    }
}

/* "left thalamus, hypothalamus posterior" would be long: names as in the table, "thalamus_L". */
static dn_status set_note(drawing *it)
{
    const json_t *corrected = json_object_get(it->description, "Corrected"), *structures = json_object_get(corrected, "Structures");
    const char *who = text_of(corrected, "Who"), *why = text_of(corrected, "Why"), *when = text_of(corrected, "When");
    dn_name_list names = {{0}, 0};
    char date[32];
    size_t i;
    json_t *one;
    if (who == NULL || why == NULL) {
        DN_FAIL(DN_EDATA, "the files do not say who corrected the labels");
    }
    json_array_foreach(structures, i, one)
    {
        dn_label_entry entry;
        char name[80];
        const char *text = json_string_value(one);
        const size_t n = text != NULL ? strlen(text) : 0;
        const char side = n > 2 && text[n - 2] == '_' ? text[n - 1] : 'B';
        snprintf(name, sizeof name, "%.*s", (int)(side != 'B' ? n - 2 : n), text != NULL ? text : "");
        if (dn_label_table_structure(name, side, &entry)) {
            snprintf(name, sizeof name, "%s", entry.name);
        }
        for (char *p = name; *p != '\0'; ++p) {
            *p = *p == '_' ? ' ' : *p;
        }
        dn_name_list_add(&names, name);
    }
    set_date(when != NULL ? when : "", date);
    const char *list = dn_name_list_text(&names);
    return dn_asprintf(&it->note, "Version %lld: corrected by %s on %s because: %s.%s%s%s",
                       (long long)json_integer_value(json_object_get(corrected, "Version")), who, date, why,
                       *list != '\0' ? " Changed: " : "", list, *list != '\0' ? "." : "");
}

/* ---- all of it ---------------------------------------------------------------------------------------------------- */

static dn_status read_description(drawing *it, const char *folder)
{
    char *path = NULL;
    DN_TRY(dn_output_path(folder, it->result.stem, "_volumes.json", &path));
    dn_status status = dn_json_read(path, DN_JSON_OBJECT, &it->description);
    free(path);
    DN_TRY(status);
    set_flags(it->description, &it->judgement.quality);
    set_score(it->description, &it->judgement.score);
    set_models(it);
    return set_note(it);
}

static dn_status load(drawing *it, const char *scan, const char *stem, const char *folder)
{
    char *table = NULL;
    DN_TRY(dn_strdup(scan, &it->result.path));
    DN_TRY(dn_strdup(stem, &it->result.stem));
    DN_TRY(read_description(it, folder));
    DN_TRY(dn_output_path(folder, stem, "_volumes.tsv", &table));
    dn_status status = dn_volume_rows_read(table, &it->result.volumes, &it->judgement.score.verdict);
    free(table);
    DN_TRY(status);
    DN_TRY(read_scan(scan, &it->result));
    DN_TRY(read_map(it, folder, "_dseg.nii.gz", false, &it->labels));
    DN_TRY(read_map(it, folder, "_label-ICV_mask.nii.gz", true, &it->inside));
    dn_grid_spacing(&it->result.conformed.scan_grid, it->result.scan_spacing);
    return set_channels(it);
}

static dn_status write(const drawing *it, const char *folder, const dn_report_options *report)
{
    const dn_picture_hand hand = {.labels = it->labels, .inside = it->inside, .note = it->note};
    dn_report_options options = *report;
    char *picture = NULL, *page = NULL;
    dn_status status;
    options.corrected = it->note;
    DN_TRY_GOTO(status, dn_output_path(folder, it->result.stem, "_qc.png", &picture), done);
    DN_TRY_GOTO(status, dn_output_path(folder, it->result.stem, "_report.html", &page), done);
    DN_TRY_GOTO(status, dn_picture_write_hand(&it->result, &it->judgement, &hand, picture), done);
    status = dn_report_write(&it->result, &it->judgement, &options, folder, page);
done:
    free(picture);
    free(page);
    return status;
}

dn_status dn_corrected_draw(const char *scan, const char *stem, const char *folder, const dn_report_options *report)
{
    drawing *it = NULL;
    DN_TRY(dn_alloc(&it, 1, sizeof *it, "the report"));
    dn_status status = load(it, scan, stem, folder);
    if (status == DN_OK) {
        status = write(it, folder, report);
    }
    drawing_destroy(it);
    return status;
}
