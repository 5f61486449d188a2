/* DICOM files become one scan, the demo head is made, and the person's age and sex are put where the reports find them. */
#define _GNU_SOURCE
#include "web/jobs/job_prepare.h"

#include "base/file.h"
#include "base/install.h"
#include "base/job.h"
#include "base/json.h"
#include "base/memory.h"
#include "cohort/dicom/intake.h"
#include "cohort/make_scans.h"
#include "web/database.h"
#include "web/ids.h"
#include "web/server.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEMO_FILE "head_sample-0001_T1w.nii.gz"

static const char *text_of(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

/* FOLDER/scan/STEM + end. */
static dn_status scan_path(const json_t *row, const char *folder, const char *end, char **out)
{
    return dn_asprintf(out, "%s/scan/%s%s", folder, text_of(row, "stem"), end);
}

/* The same head each time: `make demo` has it, too. */
static dn_status make_demo(const json_t *row, const char *folder, char **scan)
{
    char *map = NULL, *made = NULL, *target = NULL;
    dn_samples_options options = {.count = 1, .seed = 1, .spacing = 1.0, .how = dn_synth_plain()};
    dn_status status = dn_path_join(folder, "demo", &target);
    DN_TRY(status);
    options.folder = target;
    DN_TRY_GOTO(status, dn_path_make_folder(target), done);
    DN_TRY_GOTO(status, dn_install_path("template/head.nii.gz", &map), done);
    DN_TRY_GOTO(status, dn_make_samples((const char *const[]){map}, 1, NULL, &options), done);
    DN_TRY_GOTO(status, dn_path_join(target, DEMO_FILE, &made), done);
    DN_TRY_GOTO(status, scan_path(row, folder, ".nii.gz", scan), done);
    status = dn_file_copy(made, *scan);
done:
    dn_folder_remove(target);
    free(made);
    free(map);
    free(target);
    return status;
}

/* ---- DICOM -------------------------------------------------------------------------------------------------------- */

/* The archive that was uploaded, or else the folder of files. *out: owned. */
static dn_status find_input(const char *folder, char **out)
{
    DIR *open = opendir(folder);
    const struct dirent *entry;
    dn_status status = DN_OK;
    while (open != NULL && status == DN_OK && *out == NULL && (entry = readdir(open)) != NULL) {
        if (strncmp(entry->d_name, "archive.", 8) == 0) {
            status = dn_path_join(folder, entry->d_name, out);
        }
    }
    if (open != NULL) {
        closedir(open);
    }
    return status == DN_OK && *out == NULL ? dn_path_join(folder, "in", out) : status;
}

/* The volume and what is known of the sequence; the names of its files are those of the job. */
static dn_status keep_volume(const json_t *row, const char *folder, const dn_dicom_scan *made, char **scan)
{
    char *from = NULL, *to = NULL;
    const size_t stem = dn_path_scan_length(dn_path_name(made->path)) + (size_t)(dn_path_name(made->path) - made->path);
    dn_status status;
    DN_TRY(scan_path(row, folder, made->path + stem, scan));
    DN_TRY(dn_file_copy(made->path, *scan));
    DN_TRY_GOTO(status, dn_asprintf(&from, "%.*s.json", (int)stem, made->path), done);
    DN_TRY_GOTO(status, scan_path(row, folder, ".json", &to), done);
    if (dn_path_exists(from)) {
        status = dn_file_copy(from, to);
    }
done:
    free(from);
    free(to);
    return status;
}

/* Upload and archive say who was scanned: they go as soon as they are not needed any more. */
static void remove_input(const char *folder, const char *input)
{
    char *in = NULL;
    dn_folder_remove(input);
    if (dn_path_join(folder, "in", &in) == DN_OK) {
        dn_folder_remove(in);
        free(in);
    }
}

/* From here on the volume is the scan, also for a server that is started after a kill, and when it is measured again. */
static dn_status note_volume(dn_web *web, const json_t *row, const char *inside, const char *series)
{
    return dn_database_run(web->database, "UPDATE jobs SET scan = ?, series = ? WHERE id = ?", "ttt", inside, series, text_of(row, "id"));
}

static dn_status convert(dn_web *web, const json_t *row, const char *folder, char **scan, char **series)
{
    char *input = NULL;
    dn_dicom_scan made = {.path = NULL};
    const dn_dicom_options how = {.name = text_of(row, "stem")};
    dn_status status = find_input(folder, &input);
    DN_TRY(status);
    char *list = NULL;
    if (dn_path_join(input, "files.json", &list) == DN_OK) {
        (void)remove(list); /* ours, not one of the scan's */
        free(list);
    }
    DN_TRY_GOTO(status, dn_dicom_open(input, &how, &made), done);
    for (size_t i = 0; i < made.warnings.count; ++i) {
        dn_log(DN_LOG_WARNING, "%s", made.warnings.text[i]);
    }
    DN_TRY_GOTO(status, keep_volume(row, folder, &made, scan), done);
    DN_TRY_GOTO(status, dn_strdup(made.label, series), done);
    DN_TRY_GOTO(status, note_volume(web, row, *scan + strlen(folder) + 1, *series), done);
    remove_input(folder, input);
done:
    dn_dicom_close(&made);
    free(input);
    return status;
}

/* ---- the person --------------------------------------------------------------------------------------------------- */

/* PatientAge and PatientSex, as dcm2niix writes them: beside the scan the reports look for them. */
static dn_status write_person(const json_t *row, const char *folder)
{
    const json_t *age = json_object_get(row, "age");
    const char *sex = text_of(row, "sex");
    char *path = NULL;
    json_t *root = NULL;
    if (!json_is_number(age) && sex == NULL) {
        return DN_OK;
    }
    DN_TRY(scan_path(row, folder, ".json", &path));
    dn_status status = dn_json_read_or_empty(path, &root);
    if (json_is_number(age)) {
        json_object_set_new(root, "PatientAge", json_real(json_number_value(age)));
    }
    if (sex != NULL) {
        json_object_set_new(root, "PatientSex", json_string(strcmp(sex, "female") == 0 ? "F" : "M"));
    }
    status = status == DN_OK ? dn_json_write(json_incref(root), 17, path) : status;
    json_decref(root);
    free(path);
    return status;
}

dn_status dn_job_prepare(dn_web *web, const json_t *row, const char *folder, char **scan, char **series)
{
    const char *ready = text_of(row, "scan");
    char *target = NULL;
    *scan = NULL;
    *series = NULL;
    DN_TRY(dn_path_join(folder, "scan", &target));
    dn_status status = dn_path_make_folder(target);
    free(target);
    DN_TRY(status);
    if (ready != NULL) {
        DN_TRY(dn_path_join(folder, ready, scan));
        if (text_of(row, "series") != NULL) {
            DN_TRY(dn_strdup(text_of(row, "series"), series));
        }
    } else if (strcmp(text_of(row, "kind"), "demo") == 0) {
        DN_TRY(make_demo(row, folder, scan));
    } else {
        DN_TRY(convert(web, row, folder, scan, series));
    }
    return write_person(row, folder);
}
