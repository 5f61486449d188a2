/* Records of OUTPUT/status as scans, and what the data set has beside them. */
#define _GNU_SOURCE
#include "cohort/group/roster.h"

#include "base/bids_name.h"
#include "base/cut_folders.h"
#include "base/file.h"
#include "base/job.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/remedy.h"
#include "base/text.h"
#include "cohort/bids/dataset.h"
#include "cohort/bids/layout.h"
#include "cohort/run/scan_status.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *dn_roster_state_name(dn_roster_state state)
{
    static const char *const names[] = {"measured", "failed", "damaged", "not_measured"};
    return names[state];
}

bool dn_roster_counts(const dn_roster_scan *scan, bool count_rejected)
{
    return scan->used && (count_rejected || scan->record.verdict != DN_SCAN_REJECTED);
}

const char *dn_roster_accepted(const dn_roster_scan *scan)
{
    return scan->state != DN_ROSTER_MEASURED          ? NULL
           : scan->record.verdict == DN_SCAN_REJECTED ? "no"
           : scan->record.verdict == DN_SCAN_BY_HAND  ? "by_hand"
                                                      : "yes";
}

double dn_roster_value(const dn_roster_scan *scan, size_t column)
{
    return column < scan->value_count ? scan->values[column] : (double)NAN;
}

/* ---- sentences ---------------------------------------------------------------------------------------------------- */

/* What stands before `inside` up to a quote or blank: a folder that the data set had when it was measured. */
static void cut_before(char *text, const char *inside)
{
    char *at = inside != NULL ? strstr(text, inside) : NULL;
    if (at == NULL || at == text || at[-1] != '/') {
        return;
    }
    char *start = at;
    while (start > text && strchr(" '\"(", start[-1]) == NULL) {
        --start;
    }
    memmove(start, at, strlen(at) + 1);
}

dn_status dn_roster_without_folders(const dn_roster *cohort, const char *text, const char *inside, char **out)
{
    const char *const folders[] = {cohort->output, cohort->dataset, NULL};
    char *copy = NULL;
    DN_TRY(dn_strdup(text, &copy));
    const dn_status status = dn_cut_folders(&copy, &(const dn_cut_rule){.folders = folders});
    if (status != DN_OK) {
        free(copy);
        return status;
    }
    cut_before(copy, inside);
    dn_text_make_line(copy);
    *out = copy;
    return DN_OK;
}

/* ---- one record --------------------------------------------------------------------------------------------------- */

static dn_status add_scan(dn_roster *cohort, size_t *room, dn_roster_scan **out)
{
    if (cohort->count == *room) {
        const size_t more = *room == 0 ? 64 : 2 * *room;
        DN_TRY(dn_realloc(&cohort->scan, more, sizeof *cohort->scan, "the scans of the cohort"));
        *room = more;
    }
    *out = &cohort->scan[cohort->count++];
    **out = (dn_roster_scan){.score = NAN};
    return DN_OK;
}

/* "sub-01/ses-2/anat/NAME": the person and the session by the folders. false: it is no such path. */
static dn_status place_scan(const char *inside, dn_roster_scan *scan, bool *fits)
{
    const size_t subject = strcspn(inside, "/");
    const char *next = inside[subject] == '/' ? inside + subject + 1 : "";
    *fits = dn_bids_has_key(DN_BIDS_SUB, inside) && *next != '\0' && strstr(inside, "..") == NULL;
    if (!*fits) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&scan->participant, "%.*s", (int)subject, inside));
    if (dn_bids_has_key(DN_BIDS_SES, next) && strchr(next, '/') != NULL) {
        DN_TRY(dn_asprintf(&scan->session, "%.*s", (int)strcspn(next, "/"), next));
    }
    DN_TRY(dn_strdup(inside, &scan->inside));
    dn_text_make_line(scan->inside);
    dn_text_make_line(scan->participant);
    if (scan->session != NULL) {
        dn_text_make_line(scan->session);
    }
    return DN_OK;
}

/* Of a record that cannot be used: who it is by its name. */
static dn_status set_damaged(dn_roster_scan *scan, const char *what)
{
    if (scan->participant == NULL) {
        DN_TRY(dn_bids_entity_of(scan->key, DN_BIDS_SUB, &scan->participant));
    }
    if (scan->participant == NULL) {
        DN_TRY(dn_strdup(scan->key, &scan->participant));
    }
    if (scan->inside == NULL) {
        free(scan->session);
        scan->session = NULL;
        DN_TRY(dn_bids_entity_of(scan->key, DN_BIDS_SES, &scan->session));
    }
    scan->state = DN_ROSTER_DAMAGED;
    free(scan->reason);
    scan->reason = NULL;
    char words[DN_REMEDY_WORDS];
    return dn_asprintf(&scan->reason, "its record " DN_SCAN_STATUS_FOLDER "/%s.json %s%s", scan->key, what,
                       dn_remedy_words(DN_REMEDY_MEASURE_SET, NULL, words));
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

/* Table, picture and page among the files that a record lists. */
static dn_status read_outputs(const json_t *outputs, dn_roster_scan *scan)
{
    const json_t *file;
    size_t i;
    json_array_foreach(outputs, i, file)
    {
        const char *name = json_string_value(json_object_get(file, "name"));
        char **to = NULL;
        if (name == NULL || strchr(name, '/') != NULL) {
            continue;
        }
        to = ends_with(name, "_volumes.tsv")   ? &scan->table
             : ends_with(name, "_qc.png")      ? &scan->picture
             : ends_with(name, "_report.html") ? &scan->page
                                               : NULL;
        if (to != NULL && *to == NULL) {
            DN_TRY(dn_strdup(name, to));
        }
        if (to == &scan->table) {
            scan->table_bytes = (int64_t)json_integer_value(json_object_get(file, "bytes"));
        }
    }
    return DN_OK;
}

static dn_status fill_scan(const dn_roster *cohort, const json_t *root, dn_roster_scan *scan)
{
    const char *inside = json_string_value(json_object_get(root, "Scan"));
    const char *state = json_string_value(json_object_get(root, "State"));
    const char *folder = json_string_value(json_object_get(root, "Folder"));
    const char *message = json_string_value(json_object_get(root, "Message"));
    const char *version = json_string_value(json_object_get(root, "Version"));
    const json_t *score = json_object_get(root, "Score");
    const char *series = json_string_value(json_object_get(json_object_get(root, "Settings"), "series"));
    bool fits = false;
    if (inside == NULL || state == NULL || folder == NULL) {
        return set_damaged(scan, "is not whole");
    }
    DN_TRY(place_scan(inside, scan, &fits));
    if (!fits || strstr(folder, "..") != NULL || *folder == '/') {
        return set_damaged(scan, "names a scan that is not in a BIDS data set");
    }
    DN_TRY(dn_strdup(folder, &scan->folder));
    if (series != NULL) {
        DN_TRY(dn_strdup(series, &scan->series));
    }
    scan->score = json_is_number(score) ? json_number_value(score) : (double)NAN;
    if (strcmp(state, "done") != 0) {
        scan->state = DN_ROSTER_FAILED;
        return dn_roster_without_folders(cohort, message != NULL && *message != '\0' ? message : "could not be measured", inside,
                                         &scan->reason);
    }
    scan->state = DN_ROSTER_MEASURED;
    scan->record.verdict = json_is_false(json_object_get(root, "Accepted")) ? DN_SCAN_REJECTED : DN_SCAN_ACCEPTED;
    DN_TRY(read_outputs(json_object_get(root, "Outputs"), scan));
    if (version != NULL) { /* for a scan whose JSON file is gone */
        DN_TRY(dn_strdup(version, &scan->record.version));
    }
    return scan->table != NULL ? DN_OK : set_damaged(scan, "names no table of volumes");
}

static dn_status read_record(dn_roster *cohort, const char *name, dn_roster_scan *scan)
{
    char *path = NULL;
    json_t *root = NULL;
    DN_TRY(dn_asprintf(&scan->key, "%.*s", (int)(strlen(name) - 5), name));
    DN_TRY(dn_asprintf(&path, "%s/" DN_SCAN_STATUS_FOLDER "/%s", cohort->output, name));
    dn_text_make_line(scan->key);
    dn_status status = dn_json_read(path, DN_JSON_OBJECT, &root);
    free(path);
    if (status == DN_ENOMEM || status == DN_ECANCELLED) {
        return status;
    }
    status = status != DN_OK ? set_damaged(scan, status == DN_EFORMAT ? "is damaged (it is not whole JSON)" : "cannot be read")
                             : fill_scan(cohort, root, scan);
    json_decref(root);
    return status;
}

/* ---- the folder of records ---------------------------------------------------------------------------------------- */

static int is_record(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && ends_with(entry->d_name, ".json");
}

static dn_status read_records(dn_roster *cohort, size_t *room)
{
    char *folder = NULL;
    struct dirent **entries = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_path_join(cohort->output, DN_SCAN_STATUS_FOLDER, &folder));
    const int count = scandir(folder, &entries, is_record, dn_path_by_name);
    const int error = errno;
    if (count < 0 && error != ENOENT) {
        status = dn_error_set(dn_error_of(error, DN_EINPUT), "cannot read the folder %s: %s", folder, strerror(error));
    } else if (count <= 0) {
        status =
            dn_error_offer(dn_error_set(DN_EINPUT, "%s has no results yet (there are no records in its folder " DN_SCAN_STATUS_FOLDER ")",
                                        cohort->output),
                           DN_REMEDY_MEASURE_SET);
    }
    for (int i = 0; i < count; ++i) {
        dn_roster_scan *scan = NULL;
        status = status == DN_OK ? dn_cancel_check() : status;
        status = status == DN_OK ? add_scan(cohort, room, &scan) : status;
        status = status == DN_OK ? read_record(cohort, entries[i]->d_name, scan) : status;
        free(entries[i]);
        dn_progress("reading records", i + 1, count);
    }
    free(entries);
    free(folder);
    return status;
}

/* ---- the data set ------------------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const dn_roster_scan *)a)->key, ((const dn_roster_scan *)b)->key);
}

static dn_status add_missing(dn_roster *cohort, size_t *room, const dn_bids_scan *from)
{
    dn_roster_scan *scan = NULL;
    DN_TRY(add_scan(cohort, room, &scan));
    scan->state = DN_ROSTER_MISSING;
    scan->in_dataset = true;
    DN_TRY(dn_strdup(from->key, &scan->key));
    DN_TRY(dn_strdup(from->inside, &scan->inside));
    dn_text_make_line(scan->inside);
    DN_TRY(dn_asprintf(&scan->participant, "sub-%s", from->subject));
    if (from->session != NULL) {
        DN_TRY(dn_asprintf(&scan->session, "ses-%s", from->session));
    }
    char words[DN_REMEDY_WORDS];
    return from->unusable != NULL
               ? dn_roster_without_folders(cohort, from->unusable, from->inside, &scan->reason)
               : dn_asprintf(&scan->reason, "there is no record of it%s", dn_remedy_words(DN_REMEDY_MEASURE_SET, NULL, words));
}

/* Remarks about scans in one place and not in the other. */
static dn_status remark_places(dn_roster *cohort, const dn_bids_layout *layout)
{
    dn_list gone = {0}, passed = {0};
    const char *names;
    dn_status status = DN_OK;
    for (size_t i = 0; i < cohort->count && status == DN_OK; ++i) {
        if (!cohort->scan[i].in_dataset) {
            status = dn_list_add(&gone, cohort->scan[i].key, NULL);
        }
    }
    if (status == DN_OK && gone.count > 0) {
        status = dn_list_close(&gone, &names);
        status = status != DN_OK ? status
                                 : dn_remarks_add(&cohort->remarks, DN_REMARK_DOUBT, "gone",
                                                  "%zu scan%s no longer in the data set and still counted: %s. If a person is to be left "
                                                  "out, remove the files of status/ and run this step again.",
                                                  gone.count, gone.count == 1 ? " is" : "s are", names);
    }
    for (size_t i = 0; i < layout->remark_count && status == DN_OK; ++i) {
        char *text = NULL;
        status = dn_roster_without_folders(cohort, layout->remark[i], NULL, &text);
        status = status == DN_OK ? dn_list_add(&passed, text, NULL) : status;
        free(text);
    }
    if (status == DN_OK && passed.count > 0) {
        status = dn_list_close(&passed, &names);
        status = status != DN_OK ? status
                                 : dn_remarks_add(&cohort->remarks, DN_REMARK_NOTE, "passed", "Not taken from the data set: %s.", names);
    }
    dn_list_release(&gone);
    dn_list_release(&passed);
    return status;
}

static dn_status note_dicom(const dn_bids_scan *from, dn_roster_scan *to)
{
    if (from->dicom == NULL || to->dicom != NULL) {
        return DN_OK;
    }
    memcpy(to->day, from->dicom->day, sizeof to->day);
    return dn_strdup(from->path, &to->dicom);
}

/* Scans that wait for their measurement, and records without a scan. */
static dn_status compare_dataset(dn_roster *cohort, size_t *room)
{
    dn_bids_layout layout;
    const size_t recorded = cohort->count;
    dn_status status = dn_bids_find_scans(cohort->dataset, NULL, &layout);
    if (status == DN_EINPUT || status == DN_EDATA) {
        char *why = NULL;
        for (size_t i = 0; i < recorded; ++i) {
            cohort->scan[i].in_dataset = true;
        }
        DN_TRY(dn_roster_without_folders(cohort, dn_error_message(), NULL, &why));
        dn_error_clear();
        status = dn_remarks_add(&cohort->remarks, DN_REMARK_DOUBT, "dataset",
                                "The data set has no scans to compare with (%s): whether all of them were measured is not known.", why);
        free(why);
        return status;
    }
    DN_TRY(status);
    qsort(cohort->scan, recorded, sizeof *cohort->scan, by_key);
    for (size_t i = 0; i < layout.count && status == DN_OK; ++i) {
        dn_roster_scan wanted = {.key = layout.scan[i].key};
        dn_roster_scan *found = bsearch(&wanted, cohort->scan, recorded, sizeof *cohort->scan, by_key);
        if (found != NULL) {
            found->in_dataset = true;
            status = note_dicom(&layout.scan[i], found);
        } else {
            status = add_missing(cohort, room, &layout.scan[i]);
        }
    }
    status = status == DN_OK ? remark_places(cohort, &layout) : status;
    dn_bids_layout_release(&layout);
    return status;
}

/* ---- all ---------------------------------------------------------------------------------------------------------- */

static int by_place(const void *pa, const void *pb)
{
    const dn_roster_scan *a = pa;
    const dn_roster_scan *b = pb;
    int order = strcmp(a->participant, b->participant);
    if (order == 0) {
        order = strverscmp(a->session != NULL ? a->session : "", b->session != NULL ? b->session : "");
    }
    return order != 0 ? order : strverscmp(a->key, b->key);
}

dn_status dn_roster_read(const char *dataset, const char *output, dn_roster *out)
{
    size_t room = 0;
    *out = (dn_roster){.dataset = dataset, .output = output};
    if (!dn_path_is_folder(dataset)) {
        DN_FAIL(DN_EINPUT, "%s is not a folder: a BIDS data set is one, with folders sub-...", dataset);
    }
    DN_TRY(dn_derivative_source_name(output, &out->name));
    if (out->name == NULL) {
        DN_TRY(dn_strdup(dn_path_name(dataset), &out->name));
    }
    DN_TRY(dn_table_create("the volumes of the cohort", &out->columns));
    DN_TRY(read_records(out, &room));
    DN_TRY(compare_dataset(out, &room));
    qsort(out->scan, out->count, sizeof *out->scan, by_place);
    return DN_OK;
}

dn_status dn_roster_read_reviews(dn_roster *cohort)
{
    for (size_t i = 0; i < cohort->count; ++i) {
        dn_roster_scan *scan = &cohort->scan[i];
        if (scan->state == DN_ROSTER_MEASURED) {
            free(scan->record.path);
            scan->record.path = NULL;
            DN_TRY(dn_asprintf(&scan->record.path, "%s/%s/%s", cohort->output, scan->folder, scan->table));
            DN_TRY(dn_scan_record_review(&scan->record));
        }
    }
    return DN_OK;
}

void dn_roster_release(dn_roster *cohort)
{
    for (size_t i = 0; i < cohort->count; ++i) {
        dn_roster_scan *scan = &cohort->scan[i];
        free(scan->key);
        free(scan->inside);
        free(scan->participant);
        free(scan->session);
        free(scan->folder);
        free(scan->table);
        free(scan->picture);
        free(scan->page);
        free(scan->reason);
        free(scan->dicom);
        free(scan->series);
        free(scan->values);
        dn_scan_record_release(&scan->record);
    }
    free(cohort->scan);
    free(cohort->name);
    dn_table_destroy(cohort->columns);
    dn_remarks_release(&cohort->remarks);
    *cohort = (dn_roster){.dataset = NULL};
}
