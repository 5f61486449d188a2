/* The folder of results: its description, and whether it is the right one. */
#define _GNU_SOURCE
#include "cohort/bids/dataset.h"

#include "base/file.h"
#include "base/job.h"
#include "base/json.h"
#include "base/memory.h"
#include "models/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DESCRIPTION "dataset_description.json"
#define BIDS_VERSION "1.10.0"

/* What is not a name of BIDS's, and what bids-validator 1.15, which knows raw data sets only, would not know in a derivative. */
static const char ignored[] =
    "status/\nslurm/\ngroup/\nlongitudinal/"
    "\n*_volumes.tsv\n*_volumes.json\ndicom_sources.tsv\n*_qc.png\n*_report.html\n*_dseg.*\n*_mask.*\n*_probseg.*\n";

static const char readme[] =
    "Results of dien: volumes of the hypothalamus, the thalamus, other deep structures and the intracranial volume.\n\n"
    "sub-*/[ses-*/]anat/   per scan: labels (_dseg), volumes (_volumes.tsv), mask of the inside of the skull, picture, report\n"
    "status/               per scan: what it was measured with, or why it could not be measured\n"
    "longitudinal/         per person with several sessions: volumes in one frame, and their change, once they were measured\n"
    "group/                tables of all scans, and a report, once they were made\n";

/* ---- the data set that results come from -------------------------------------------------------------------------- */

/* Recognises a data set after it was moved: its name and the hash of its description. */
typedef struct source {
    char *name; /* owned */
    char sha256[65];
} source;

static dn_status source_of(const char *dataset, source *out)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    char *path = NULL;
    json_t *root = NULL;
    *out = (source){.name = NULL};
    DN_TRY(dn_path_join(dataset, DESCRIPTION, &path));
    dn_status status = dn_file_read_if_there(path, DN_JSON_LARGEST, &bytes, &size);
    free(path);
    DN_TRY(status);
    if (bytes == NULL) {
        char *whole = realpath(dataset, NULL);
        status = dn_strdup(whole != NULL ? dn_path_name(whole) : dn_path_name(dataset), &out->name);
        free(whole);
        return status;
    }
    dn_sha256(bytes, size, out->sha256);
    status = dn_json_parse((const char *)bytes, size, DN_JSON_OBJECT, DESCRIPTION, &root);
    free(bytes);
    if (status == DN_EFORMAT) {
        dn_log(DN_LOG_WARNING, "%s: %s", dataset, dn_error_message());
        dn_error_clear();
        status = DN_OK;
    }
    const char *name = json_string_value(json_object_get(root, "Name"));
    status = status == DN_OK ? dn_strdup(name != NULL ? name : dn_path_name(dataset), &out->name) : status;
    json_decref(root);
    return status;
}

/* ---- a folder that is there --------------------------------------------------------------------------------------- */

/* Whether there is nothing in it, but for what begins with a point. */
static dn_status is_empty(const char *folder, bool *empty)
{
    DIR *open = opendir(folder);
    const struct dirent *entry;
    *empty = true;
    if (open == NULL) {
        const int error = errno;
        return dn_error_set(dn_error_of(error, DN_EIO), "cannot read the folder %s: %s", folder, strerror(error));
    }
    while (*empty && (entry = readdir(open)) != NULL) {
        *empty = entry->d_name[0] == '.';
    }
    closedir(open);
    return DN_OK;
}

static dn_status read_description(const char *output, json_t **out)
{
    char *path = NULL;
    DN_TRY(dn_path_join(output, DESCRIPTION, &path));
    dn_status status = dn_json_read_if_there(path, DN_JSON_OBJECT, out);
    free(path);
    if (status == DN_EFORMAT) {
        DN_FAIL(DN_EUSAGE, "%s, or name another folder for the results", dn_error_message());
    }
    return status;
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

dn_status dn_derivative_is_one(const char *folder, bool *results)
{
    json_t *description = NULL;
    const dn_status status = read_description(folder, &description);
    *results = status == DN_OK && strcmp(text_at(description, "DatasetType"), "derivative") == 0;
    json_decref(description);
    if (status == DN_ENOMEM) {
        return status;
    }
    if (status != DN_OK) { /* a damaged description says nothing */
        dn_error_clear();
    }
    return DN_OK;
}

/* Whether the results are of the scans of a data set. */
typedef enum { NO_RECORDS, NO_IMAGES, OTHER_SCANS, ITS_SCANS } kinship;

/* By the sizes of the files that were measured: a few are enough, and those of another data set, which may have the same names, differ. */
static dn_status compare_scans(const char *dataset, const char *output, kinship *out)
{
    enum { ENOUGH = 50 };
    char *folder = NULL;
    const struct dirent *entry;
    dn_status status = DN_OK;
    int compared = 0;
    *out = NO_RECORDS;
    DN_TRY(dn_path_join(output, DN_SCAN_STATUS_FOLDER, &folder));
    DIR *open = opendir(folder);
    while (open != NULL && status == DN_OK && *out != ITS_SCANS && compared < ENOUGH && (entry = readdir(open)) != NULL) {
        char *path = NULL;
        json_t *record = NULL;
        struct stat facts;
        if (entry->d_name[0] == '.') {
            continue;
        }
        DN_TRY_GOTO(status, dn_path_join(folder, entry->d_name, &path), done);
        status = dn_json_read_or_empty(path, &record);
        free(path);
        path = NULL;
        const json_t *bytes = json_object_get(json_object_get(record, "Input"), "Bytes");
        *out = *out == NO_RECORDS ? NO_IMAGES : *out;
        if (status == DN_OK && json_is_integer(bytes) && json_object_get(record, "Dicom") == NULL) {
            status = dn_path_join(dataset, text_at(record, "Scan"), &path);
            const bool same = status == DN_OK && stat(path, &facts) == 0 && (json_int_t)facts.st_size == json_integer_value(bytes);
            *out = same ? ITS_SCANS : OTHER_SCANS;
            ++compared;
        }
        free(path);
        json_decref(record);
        if (status == DN_EINPUT) { /* a record that cannot be read says nothing */
            dn_error_clear();
            status = DN_OK;
        }
    }
done:
    if (open != NULL) {
        closedir(open);
    }
    free(folder);
    return status;
}

/* *changed: it is the same data set, and its description was changed since. */
static dn_status check_source(const char *dataset, const char *output, const json_t *then, const source *from, bool *changed)
{
    kinship scans;
    const bool name = strcmp(text_at(then, "Name"), from->name) == 0;
    *changed = !name || strcmp(text_at(then, "SHA256"), from->sha256) != 0;
    if (!*changed) {
        return DN_OK;
    }
    DN_TRY(compare_scans(dataset, output, &scans));
    const bool named = *text_at(then, "SHA256") != '\0'; /* it had a description */
    if (scans == OTHER_SCANS || (!name && (named || scans == NO_IMAGES))) {
        DN_FAIL(DN_EUSAGE, "%s holds results of another data set, '%s'; name another folder for those of '%s'", output,
                text_at(then, "Name"), from->name);
    }
    return DN_OK;
}

/* dataset, from: NULL: it does not matter of which data set the results are. *changed: check_source. */
static dn_status check_description(const json_t *description, const char *dataset, const char *output, const source *from,
                                   const char *version, bool mix, bool *changed)
{
    const json_t *made = json_array_get(json_object_get(description, "GeneratedBy"), 0);
    const json_t *source_then = json_object_get(description, "DienSource");
    *changed = false;
    if (strcmp(text_at(made, "Name"), "dien") != 0 || source_then == NULL) {
        DN_FAIL(DN_EUSAGE, "%s holds a data set that dien did not make (%s); name another folder for the results", output,
                *text_at(made, "Name") != '\0' ? text_at(made, "Name") : text_at(description, "Name"));
    }
    if (from != NULL) {
        DN_TRY(check_source(dataset, output, source_then, from, changed));
    }
    if (!mix && version != NULL && strcmp(text_at(made, "Version"), version) != 0) {
        return dn_error_offer(
            dn_error_set(DN_EUSAGE,
                         "%s holds results of version %s of dien, this is %s: volumes of two versions do not belong into one study; name "
                         "another folder, or measure all scans again there",
                         output, text_at(made, "Version"), version),
            DN_REMEDY_MIX_VERSIONS);
    }
    return DN_OK;
}

static dn_status write_description(const char *output, const source *from, const char *version)
{
    char *path = NULL, *name = NULL;
    dn_status status = dn_path_join(output, DESCRIPTION, &path);
    if (status == DN_OK) {
        status = dn_asprintf(&name, "dien: volumes of %s", from->name);
    }
    if (status == DN_OK) {
        json_t *root = json_pack("{s:s, s:s, s:s, s:[{s:s, s:s}], s:{s:s, s:s}}", "Name", name, "BIDSVersion", BIDS_VERSION, "DatasetType",
                                 "derivative", "GeneratedBy", "Name", "dien", "Version", version, "DienSource", "Name", from->name,
                                 "SHA256", from->sha256);
        status = dn_json_write(root, 17, path);
    }
    free(name);
    free(path);
    return status;
}

static dn_status write_text(const char *output, const char *name, const char *text)
{
    char *path = NULL;
    DN_TRY(dn_path_join(output, name, &path));
    dn_status status = dn_path_exists(path) ? DN_OK : dn_file_write_all(path, text, strlen(text));
    free(path);
    return status;
}

static dn_status check_place(const char *dataset, const char *output)
{
    char *a = realpath(dataset, NULL), *b = realpath(output, NULL);
    const bool same = a != NULL && b != NULL && strcmp(a, b) == 0;
    free(a);
    free(b);
    if (same) {
        DN_FAIL(DN_EUSAGE, "the results cannot go into the data set itself; name another folder, for example %s/derivatives/dien", dataset);
    }
    return DN_OK;
}

/* The folder as it is. *write: its description is missing, or not that of now. */
static dn_status look(const char *dataset, const char *output, const char *version, bool mix, const source *from, bool *write)
{
    json_t *description = NULL;
    bool empty = true, changed = false;
    DN_TRY(read_description(output, &description));
    if (description == NULL) {
        *write = true;
        DN_TRY(is_empty(output, &empty));
        if (!empty) {
            DN_FAIL(DN_EUSAGE, "%s is not empty and holds no results of a data set; name another folder for the results", output);
        }
        return DN_OK;
    }
    const dn_status status = check_description(description, dataset, output, from, version, mix, &changed);
    const json_t *made = json_array_get(json_object_get(description, "GeneratedBy"), 0);
    *write = changed || strcmp(text_at(made, "Version"), version) != 0; /* mixed, as was asked for */
    json_decref(description);
    return status;
}

dn_status dn_derivative_may_open(const char *dataset, const char *output, const char *version, bool mix)
{
    source from;
    bool write;
    DN_TRY(check_place(dataset, output));
    if (!dn_path_exists(output)) {
        return DN_OK;
    }
    DN_TRY(source_of(dataset, &from));
    const dn_status status = look(dataset, output, version, mix, &from, &write);
    free(from.name);
    return status;
}

dn_status dn_derivative_open(const char *dataset, const char *output, const char *version, bool mix)
{
    source from;
    bool write = false;
    dn_status status = check_place(dataset, output);
    DN_TRY(status);
    DN_TRY(source_of(dataset, &from));
    DN_TRY_GOTO(status, dn_path_make_folder(output), done);
    DN_TRY_GOTO(status, look(dataset, output, version, mix, &from, &write), done);
    if (write) {
        DN_TRY_GOTO(status, write_description(output, &from, version), done);
    }
    if (status == DN_OK) {
        status = write_text(output, ".bidsignore", ignored);
    }
    if (status == DN_OK) {
        status = write_text(output, "README", readme);
    }
done:
    free(from.name);
    return status;
}

dn_status dn_bids_remind(const char *dataset)
{
    char *path = NULL;
    DN_TRY(dn_path_join(dataset, DESCRIPTION, &path));
    if (!dn_path_exists(path)) {
        dn_log(DN_LOG_WARNING, "%s has no " DESCRIPTION "; BIDS asks for one", dataset);
    }
    free(path);
    return DN_OK;
}

dn_status dn_derivative_check(const char *output)
{
    json_t *description = NULL;
    if (!dn_path_is_folder(output)) {
        DN_FAIL_OFFER(DN_EINPUT, DN_REMEDY_MEASURE_SET, "%s is not a folder: name the folder of results of a data set that was measured",
                      output);
    }
    DN_TRY(read_description(output, &description));
    if (description == NULL) {
        DN_FAIL(DN_EINPUT, "%s holds no results of a data set (it has no " DESCRIPTION ")", output);
    }
    bool changed;
    dn_status status = check_description(description, NULL, output, NULL, NULL, true, &changed);
    json_decref(description);
    return status == DN_EUSAGE ? dn_error_set(DN_EINPUT, "%s", dn_error_message()) : status;
}

dn_status dn_derivative_check_source(const char *dataset, const char *output)
{
    source from;
    json_t *description = NULL;
    if (!dn_path_is_folder(dataset)) {
        DN_FAIL(DN_EINPUT, "%s is not a folder: a BIDS data set is one, with folders sub-...", dataset);
    }
    DN_TRY(source_of(dataset, &from));
    dn_status status = read_description(output, &description);
    if (status == DN_OK) {
        bool changed;
        status = check_description(description, dataset, output, &from, NULL, true, &changed);
    }
    json_decref(description);
    free(from.name);
    return status;
}

dn_status dn_derivative_source_name(const char *output, char **out)
{
    json_t *description = NULL;
    *out = NULL;
    DN_TRY(read_description(output, &description));
    const char *name = json_string_value(json_object_get(json_object_get(description, "DienSource"), "Name"));
    dn_status status = name != NULL ? dn_strdup(name, out) : DN_OK;
    json_decref(description);
    return status;
}
