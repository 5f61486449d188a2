/* From what a hospital gives, a folder or an archive of DICOM files, to one scan that can be measured like any other. */
#define _GNU_SOURCE
#include "cohort/dicom/intake.h"

#include "base/archive.h"
#include "base/file.h"
#include "base/job.h"
#include "base/json.h"
#include "base/memory.h"
#include "cohort/dicom/restack.h"
#include "cohort/dicom/sidecar.h"
#include "models/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool dn_dicom_is_input(const char *path)
{
    unsigned char bytes[512];
    struct stat info;
    if (stat(path, &info) != 0) {
        return false;
    }
    if (S_ISDIR(info.st_mode) || dn_archive_is_one(path)) {
        return true;
    }
    FILE *file = S_ISREG(info.st_mode) ? fopen(path, "rbe") : NULL;
    if (file == NULL) {
        return false;
    }
    const size_t got = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return dn_dicom_begins(bytes, got);
}

void dn_dicom_close(dn_dicom_scan *scan)
{
    free(scan->path);
    free(scan->label);
    free(scan->source);
    dn_dicom_reasons_release(&scan->reasons);
    dn_scratch_remove(&scan->scratch);
    *scan = (dn_dicom_scan){.path = NULL};
}

/* ---- what is there ------------------------------------------------------------------------------------------------ */

static bool is_wanted(void *user, const char *name, const unsigned char *start, size_t size)
{
    size_t *scans = user;
    *scans += dn_path_scan_length(name) < strlen(name);
    return dn_dicom_begins(start, size);
}

/* scans: how many of the other files have the name of a scan. */
static dn_status unpack(const char *path, const char *scratch, dn_dicom_study *study)
{
    size_t scans = 0;
    char *folder = NULL;
    dn_archive_found found = {0};
    const dn_archive_options options = {.limits = dn_archive_limits_usual(), .wanted = is_wanted, .user = &scans};
    DN_TRY(dn_path_join(scratch, "unpacked", &folder));
    dn_status status = mkdir(folder, 0700) == 0 ? DN_OK : dn_error_set(DN_EIO, "cannot make %s: %s", folder, strerror(errno));
    status = status == DN_OK ? dn_archive_unpack(path, folder, &options, &found) : status;
    status = status == DN_OK ? dn_dicom_study_read(folder, study) : status;
    study->others += (size_t)found.others;
    study->scans += scans;
    free(folder);
    return status;
}

static dn_status gather(const char *path, const char *scratch, dn_dicom_study *study)
{
    if (!dn_path_is_folder(path) && dn_archive_is_one(path)) {
        return unpack(path, scratch, study);
    }
    char *absolute = realpath(path, NULL);
    if (absolute == NULL) {
        DN_FAIL(dn_error_of(errno, DN_EINPUT), "cannot read %s: %s", path, strerror(errno));
    }
    const dn_status status = dn_path_is_folder(absolute) ? dn_dicom_study_read(absolute, study) : dn_dicom_study_read_file(absolute, study);
    free(absolute);
    return dn_error_in_file(status, path);
}

static dn_status check_study(const char *path, const dn_dicom_study *study)
{
    const char *kind = dn_path_is_folder(path) ? "a folder" : dn_archive_is_one(path) ? "an archive" : "a DICOM file";
    if (study->person_count > 1) {
        DN_FAIL(DN_EDATA, "'%s' holds images of %zu persons (by their PatientID): give the folder of one of them", path,
                study->person_count);
    }
    if (study->image_count > 0) {
        return DN_OK;
    }
    if (study->is_bids) {
        DN_FAIL_OFFER(DN_EINPUT, DN_REMEDY_RUN_SET,
                      "'%s' is a BIDS data set, not the DICOM files of one examination: measure it as one, or name the scans", path);
    }
    if (study->scans > 0) {
        DN_FAIL(DN_EINPUT, "'%s' is %s without DICOM images, but with %zu files that are named like scans: %s", path, kind, study->scans,
                dn_path_is_folder(path) ? "name these files" : "unpack it and name these files");
    }
    if (study->others == 0) {
        DN_FAIL(DN_EINPUT, "'%s' is %s without files: nothing to measure", path, kind);
    }
    if (!dn_path_is_folder(path) && !dn_archive_is_one(path)) {
        DN_FAIL(DN_EINPUT, "'%s' is a DICOM file without an image: give the folder of the whole examination", path);
    }
    DN_FAIL(DN_EINPUT, "'%s' is %s of %zu file%s, and none of them is a DICOM image", path, kind, study->others,
            study->others == 1 ? "" : "s");
}

/* ---- the scan ----------------------------------------------------------------------------------------------------- */

static void warn_of_slices(const dn_dicom_series *series, const dn_dicom_candidate *it, dn_convert_warnings *out)
{
    const dn_slices *s = &series->slices;
    if (s->missing > 0) {
        dn_convert_add_warning(out, "%zu of %zu slices are missing within series %s; what is measured there is interpolated.", s->missing,
                               s->places + s->missing, it->id);
    }
    if (s->uneven) {
        dn_convert_add_warning(out, "The slices of series %s are %.2f to %.2f mm apart; the volume was interpolated.", it->id, s->low,
                               s->high);
    }
    if (series->part) {
        dn_convert_add_warning(out, "The images of series %s lie in different directions; only those of one direction are measured.",
                               it->id);
    }
    if (s->lean > 1.0) {
        dn_convert_add_warning(out,
                               "The slices of series %s are tilted by %.1f degrees against the line through their centres (gantry tilt); "
                               "the volume was straightened.",
                               it->id, s->lean);
    }
}

static void warn_of_study(const dn_dicom_study *study, const dn_dicom_candidate *it, dn_convert_warnings *out)
{
    if (study->examinations > 1) {
        dn_convert_add_warning(out, "The DICOM files are of %zu examinations; series %s is of one of them.", study->examinations, it->id);
    }
    if (study->unreadable > 0) {
        dn_convert_add_warning(out, "%zu folder%s among the DICOM files could not be read.", study->unreadable,
                               study->unreadable == 1 ? "" : "s");
    }
}

/* Our own sentences say it more exactly than dcm2niix's. */
static void gather_warnings(const dn_private_values *hidden, const dn_dicom_series *series, const dn_dicom_candidate *it, const char *said,
                            const char *scratch, dn_convert_warnings *out)
{
    dn_convert_warnings theirs = {.count = 0};
    warn_of_slices(series, it, out);
    dn_convert_warn(said, scratch, &theirs);
    for (size_t i = 0; i < theirs.count; ++i) {
        const char *text = theirs.text[i];
        const bool known = ((series->slices.missing > 0 || series->slices.uneven) &&
                            (strstr(text, "equally far apart") != NULL || strstr(text, "have gaps") != NULL)) ||
                           (series->part && strstr(text, "different directions") != NULL) ||
                           (series->slices.lean > 1.0 && strstr(text, "gantry") != NULL);
        if (!known && !dn_private_in(hidden, text)) {
            dn_convert_add_warning(out, "%s", text);
        }
    }
}

static dn_status describe(const dn_dicom_candidate *it, dn_dicom_scan *out)
{
    const char *version = json_string_value(json_object_get(it->sidecar, "ConversionSoftwareVersion"));
    DN_TRY(dn_sha256_file(out->path, out->sha256));
    DN_TRY(dn_asprintf(&out->label, "series %s, %s", it->id, it->shown));
    return dn_asprintf(&out->source, "DICOM %s (dcm2niix %s; SHA-256 of the volume: %s)", out->label, version != NULL ? version : "",
                       out->sha256);
}

/* The volume and its JSON file under the scan's name. */
static dn_status settle(const dn_dicom_study *study, const dn_dicom_candidate *it, const char *name, const char *converted,
                        dn_dicom_scan *out)
{
    char *beside = NULL;
    json_t *sidecar = NULL;
    DN_TRY(dn_asprintf(&out->path, "%s/%s.nii", out->scratch.path, name));
    if (rename(converted, out->path) != 0) {
        DN_FAIL(DN_EIO, "cannot rename %s: %s", converted, strerror(errno));
    }
    DN_TRY(describe(it, out));
    DN_TRY(dn_dicom_sidecar(it->sidecar, &study->series[it->series].first, &study->hidden, &sidecar));
    dn_status status = dn_asprintf(&beside, "%s/%s.json", out->scratch.path, name);
    if (status != DN_OK) {
        json_decref(sidecar);
        return status;
    }
    status = dn_json_write(sidecar, 9, beside);
    free(beside);
    return status;
}

static dn_status restack(const dn_dicom_study *study, size_t series, const char *path)
{
    double(*place)[3] = NULL;
    size_t count;
    const dn_dicom_series *it = &study->series[series];
    DN_TRY(dn_dicom_study_places(study, series, &place, &count));
    const dn_status status = dn_restack(path, &it->slices, (const double(*)[3])place, count, it->first.orientation);
    free(place);
    return status;
}

static dn_status convert(const dn_dicom_study *study, const dn_dicom_candidate *it, const char *name, dn_dicom_scan *out)
{
    dn_conversion conversion = {0};
    char *in = NULL, *folder = NULL, *converted = NULL;
    const dn_dicom_series *series = &study->series[it->series];
    dn_status status = DN_OK;
    if (it->name == NULL) {
        DN_FAIL(DN_EDATA, "dcm2niix makes no volume of series %s", it->id);
    }
    DN_TRY_GOTO(status, dn_asprintf(&in, "%s/in-%zu", out->scratch.path, it->series), done);
    DN_TRY_GOTO(status, dn_path_join(out->scratch.path, "converted", &folder), done);
    const bool irregular = dn_restack_needed(&series->slices);
    DN_TRY_GOTO(status, dn_convert(in, folder, irregular ? DN_CONVERT_KEEP : DN_CONVERT_TURN, series->files, &conversion), done);
    DN_TRY_GOTO(status, dn_converted_path(folder, it->name, irregular, &converted), done);
    if (irregular) {
        DN_TRY_GOTO(status, restack(study, it->series, converted), done);
    }
    warn_of_study(study, it, &out->warnings);
    gather_warnings(&study->hidden, series, it, conversion.said, out->scratch.path, &out->warnings);
    status = settle(study, it, name, converted, out);
done:
    free(converted);
    free(folder);
    free(in);
    dn_conversion_release(&conversion);
    return status;
}

static dn_status check_name(const char *name)
{
    DN_TRY(dn_path_check_name(name, "the name of a scan"));
    if (*name == '.' || *name == '-' || strlen(name) > 100) {
        DN_FAIL(DN_EUSAGE, "'%s' cannot be the name of a scan: at most 100 characters, and no '.' or '-' at the beginning", name);
    }
    return DN_OK;
}

dn_status dn_dicom_open(const char *path, const dn_dicom_options *options, dn_dicom_scan *out)
{
    const char *name = options->name != NULL ? options->name : "scan";
    char who[128] = "";
    dn_dicom_study study = {0};
    dn_dicom_candidates candidates = {0};
    const dn_dicom_candidate *chosen = NULL;
    dn_status status = DN_OK;
    DN_TRY(check_name(name));
    if (strcmp(name, "scan") != 0) {
        snprintf(who, sizeof who, "%s: ", name);
    }
    DN_TRY(dn_scratch_create(&out->scratch));
    DN_TRY_GOTO(status, gather(path, out->scratch.path, &study), done);
    DN_TRY_GOTO(status, check_study(path, &study), done);
    dn_log(DN_LOG_DEBUG, "%s: %zu DICOM images in %zu series", path, study.image_count, study.series_count);
    DN_TRY_GOTO(status, dn_dicom_candidates_find(&study, out->scratch.path, &candidates), done);
    DN_TRY_GOTO(status, dn_dicom_choose(&candidates, options->series, path, who, &chosen, &out->reasons), done);
    status = dn_error_in_file(convert(&study, chosen, name, out), path);
done:
    dn_dicom_candidates_release(&candidates);
    dn_dicom_study_release(&study);
    return status;
}

dn_status dn_dicom_error(const dn_dicom_scan *scan, const char *path, dn_status status)
{
    const char *message = dn_error_message();
    const char *at = scan->path != NULL ? strstr(message, scan->path) : NULL;
    if (status == DN_OK || at == NULL) {
        return dn_error_in_file(status, path);
    }
    char *text = NULL;
    const dn_remedy remedy = dn_error_remedy();
    DN_TRY(dn_asprintf(&text, "%.*s%s (%s)%s", (int)(at - message), message, path, scan->label, at + strlen(scan->path)));
    dn_error_set(status, "%s", text);
    free(text);
    return dn_error_offer(status, remedy);
}
