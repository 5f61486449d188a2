/* Reads age, sex, date and sequence from the BIDS files around a scan. */
#define _GNU_SOURCE
#include "report/scan_about.h"

#include "base/bids_name.h"
#include "base/file.h"
#include "base/job.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/table.h"
#include "base/text.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A sidecar of dcm2niix has some kB. Folders: the scan's own, anat, ses-, sub-, and the data set. */
enum { FOLDERS = 5, OLDEST_AGE = 120, OLDEST_YEAR = 1925 };

/* Where to look, and for whom. */
typedef struct search {
    char *folder[FOLDERS]; /* owned; the scan's own first */
    size_t count;
    char *name;       /* owned; the scan's, without .nii.gz and the like: "sub-01_ses-2_T1w" */
    char *person;     /* owned; "sub-01", or the stem of a name that is not BIDS's */
    char *session;    /* owned; "ses-2"; NULL: the name has none */
    bool bids;        /* the name begins with a subject */
    const char *scan; /* borrowed: the file's name */
} search;

static bool is_bids_folder(const char *name)
{
    return strcmp(name, "anat") == 0 || dn_bids_has_key(DN_BIDS_SES, name) || dn_bids_has_key(DN_BIDS_SUB, name);
}

static dn_status set_folders(const char *path, search *out)
{
    char *own = NULL;
    const size_t length = (size_t)(dn_path_name(path) - path);
    DN_TRY(dn_asprintf(&own, "%.*s.", (int)length, path)); /* "a/." or "." */
    char *folder = realpath(own, NULL);
    free(own);
    bool bids = true;
    while (folder != NULL && out->count < FOLDERS) {
        char *last = strrchr(folder, '/');
        out->folder[out->count++] = folder;
        folder = NULL;
        if (last == NULL || last == out->folder[out->count - 1] || !bids) {
            break;
        }
        bids = is_bids_folder(last + 1);
        if (bids || out->count == 1) { /* above a folder that is not BIDS's: one more */
            folder = strndup(out->folder[out->count - 1], (size_t)(last - out->folder[out->count - 1]));
            if (folder == NULL) {
                DN_FAIL(DN_ENOMEM, "not enough memory for a folder's name");
            }
        }
    }
    free(folder);
    return DN_OK;
}

static dn_status search_begin(const char *path, search *out)
{
    out->scan = dn_path_name(path);
    DN_TRY(set_folders(path, out));
    DN_TRY(dn_asprintf(&out->name, "%.*s", (int)dn_path_scan_length(out->scan), out->scan));
    DN_TRY(dn_bids_entity_of(out->name, DN_BIDS_SES, &out->session));
    out->bids = dn_bids_has_key(DN_BIDS_SUB, out->name);
    return out->bids ? dn_bids_entity_of(out->name, DN_BIDS_SUB, &out->person) : dn_path_scan_stem(path, &out->person);
}

static void search_end(search *it)
{
    for (size_t i = 0; i < it->count; ++i) {
        free(it->folder[i]);
    }
    free(it->name);
    free(it->person);
    free(it->session);
}

/* ---- tables ------------------------------------------------------------------------------------------------------- */

/* The first of the names that a table has; case does not count. */
static size_t column_of(const dn_table *table, const char *const *names)
{
    for (size_t n = 0; names[n] != NULL; ++n) {
        for (size_t c = 0; c < dn_table_columns(table); ++c) {
            if (strcasecmp(dn_table_column_name(table, c), names[n]) == 0) {
                return c;
            }
        }
    }
    return DN_TABLE_NONE;
}

/* The table NAME of a folder, NULL where there is none or it cannot be read, which is said. */
static dn_status table_of(const char *folder, const char *name, dn_table **out)
{
    char *path = NULL;
    *out = NULL;
    DN_TRY(dn_path_join(folder, name, &path));
    dn_status status = dn_path_exists(path) ? dn_table_read(path, out) : DN_OK;
    if (status != DN_OK) {
        *out = NULL;
    }
    if (status == DN_EINPUT || status == DN_EFORMAT || status == DN_EDATA) {
        dn_log(DN_LOG_WARNING, "age, sex and date are not read from %s: %s", path, dn_error_message());
        dn_error_clear();
        status = DN_OK;
    }
    free(path);
    return status;
}

/* "M", "male", "f", "w", ... in any case; DN_SEX_UNKNOWN for all else (1 and 0 among them: nobody knows which is which). */
static dn_sex sex_of_text(const char *text)
{
    static const char *const male[] = {"m", "male", "man", "boy"};
    static const char *const female[] = {"f", "female", "w", "woman", "girl"};
    for (size_t i = 0; text != NULL && i < sizeof female / sizeof *female; ++i) {
        if (strcasecmp(text, female[i]) == 0) {
            return DN_SEX_FEMALE;
        }
        if (i < sizeof male / sizeof *male && strcasecmp(text, male[i]) == 0) {
            return DN_SEX_MALE;
        }
    }
    return DN_SEX_UNKNOWN;
}

/* The row of a person, of several that of the session; DN_TABLE_NONE: none, or nobody can tell which. *other: it is of another session. */
static size_t row_of(const dn_table *table, const search *who, size_t id, bool *other)
{
    static const char *const names[] = {"session_id", "session", "ses", NULL};
    const size_t session = column_of(table, names);
    size_t found = DN_TABLE_NONE, count = 0, here = 0, found_here = DN_TABLE_NONE;
    for (size_t row = 0; row < dn_table_rows(table); ++row) {
        const char *text = dn_table_text(table, row, id);
        if (text == NULL || !dn_bids_same(DN_BIDS_SUB, text, who->person)) {
            continue;
        }
        ++count;
        found = row;
        const char *when = session != DN_TABLE_NONE ? dn_table_text(table, row, session) : NULL;
        if (when != NULL && who->session != NULL && dn_bids_same(DN_BIDS_SES, when, who->session)) {
            ++here;
            found_here = row;
        }
    }
    const char *when = count == 1 && session != DN_TABLE_NONE ? dn_table_text(table, found, session) : NULL;
    *other = here != 1 && when != NULL && who->session != NULL;
    return here == 1 ? found_here : count == 1 ? found : DN_TABLE_NONE;
}

static void take_person(const dn_table *table, const search *who, dn_scan_about *out)
{
    static const char *const ids[] = {"participant_id", "participant", "subject", "id", NULL};
    static const char *const ages[] = {"age", "age_at_scan", "age_years", NULL};
    static const char *const sexes[] = {"sex", "gender", NULL};
    const size_t id = column_of(table, ids), age = column_of(table, ages), sex = column_of(table, sexes);
    bool other = false;
    const size_t row = id != DN_TABLE_NONE ? row_of(table, who, id, &other) : DN_TABLE_NONE;
    if (row == DN_TABLE_NONE) {
        return;
    }
    double years = NAN;
    if (isnan(out->age) && age != DN_TABLE_NONE && !other &&
        /* an age is one of its time */ dn_table_number(table, row, age, &years) == DN_OK && years >= 0.0 && years <= OLDEST_AGE) {
        out->age = years;
        out->person_from = "participants.tsv";
    }
    dn_error_clear(); /* "90+" and the like are no number: not known */
    const dn_sex known = sex != DN_TABLE_NONE ? sex_of_text(dn_table_text(table, row, sex)) : DN_SEX_UNKNOWN;
    if (out->sex == DN_SEX_UNKNOWN && known != DN_SEX_UNKNOWN) {
        out->sex = known;
        out->person_from = "participants.tsv";
    }
}

/* "20190302", "2019-03-02T10:11:12": the day; what is no date, or was moved, leaves out as it is. */
static void take_date(const char *text, char out[16])
{
    char digits[9];
    size_t n = 0;
    for (const char *p = text; p != NULL && *p != 0 && n < 8 && (isdigit((unsigned char)*p) || *p == '-'); ++p) {
        if (*p != '-') {
            digits[n++] = *p;
        }
    }
    digits[n] = 0;
    int year = 0, month = 0, day = 0;
    if (n == 8 && out[0] == 0 && sscanf(digits, "%4d%2d%2d", &year, &month, &day) == 3 && year >= OLDEST_YEAR && year < 2200 &&
        month >= 1 && month <= 12 && day >= 1 && day <= 31) {
        snprintf(out, 16, "%.4s-%.2s-%.2s", digits, digits + 4, digits + 6);
    }
}

/* BIDS's list of scans of a person or a session. */
static dn_status take_scans(const search *who, size_t folder, dn_scan_about *out)
{
    static const char *const files[] = {"filename", NULL};
    static const char *const times[] = {"acq_time", NULL};
    char *name = NULL;
    dn_table *table = NULL;
    DN_TRY(dn_asprintf(&name, "%s%s%s_scans.tsv", who->person, who->session != NULL ? "_" : "", who->session != NULL ? who->session : ""));
    dn_status status = table_of(who->folder[folder], name, &table);
    free(name);
    DN_TRY(status);
    const size_t file = table != NULL ? column_of(table, files) : DN_TABLE_NONE;
    const size_t time = table != NULL ? column_of(table, times) : DN_TABLE_NONE;
    for (size_t row = 0; file != DN_TABLE_NONE && time != DN_TABLE_NONE && row < dn_table_rows(table); ++row) {
        const char *text = dn_table_text(table, row, file);
        if (text != NULL && strcmp(dn_path_name(text), who->scan) == 0) {
            take_date(dn_table_text(table, row, time), out->date);
        }
    }
    dn_table_destroy(table);
    return DN_OK;
}

/* ---- sidecars ----------------------------------------------------------------------------------------------------- */

/* Adds the keys of a JSON file that root lacks. */
static dn_status add_json(const char *folder, const char *name, json_t *root)
{
    char *path = NULL;
    json_t *found = NULL;
    DN_TRY(dn_asprintf(&path, "%s/%s.json", folder, name));
    dn_status status = dn_json_read_if_there(path, DN_JSON_OBJECT, &found);
    free(path);
    if (status != DN_OK && status != DN_ENOMEM) {
        dn_log(DN_LOG_WARNING, "the sequence is not known: %s", dn_error_message());
        dn_error_clear();
        status = DN_OK;
    }
    json_object_update_missing(root, found);
    json_decref(found);
    return status;
}

/* The first of the keys that holds a text; NULL: none. */
static const char *text_of(const json_t *root, const char *const *keys)
{
    for (size_t i = 0; keys[i] != NULL; ++i) {
        const char *text = json_string_value(json_object_get(root, keys[i]));
        if (text != NULL && *text != 0) {
            return text;
        }
    }
    return NULL;
}

/* Seconds, as BIDS has it, or milliseconds where the number is larger than such seconds ever are; as milliseconds. NaN: not there. */
static double time_of(const json_t *root, const char *key, double most_seconds)
{
    const json_t *value = json_object_get(root, key);
    const double x = json_is_number(value) ? json_number_value(value) : (double)NAN;
    return x > 0.0 && x < 1e6 ? x > most_seconds ? x : 1000.0 * x : (double)NAN;
}

static dn_status say_sequence(const json_t *root, char **out)
{
    static const char *const names[] = {
        "SeriesDescription", "ProtocolName", "PulseSequenceDetails", "PulseSequenceType", "SequenceName", "ScanningSequence", NULL};
    static const char *const makers[] = {"Manufacturer", NULL}, *const models[] = {"ManufacturersModelName", NULL};
    const char *const parts[] = {text_of(root, names), text_of(root, makers), text_of(root, models)};
    const double field = json_number_value(json_object_get(root, "MagneticFieldStrength"));
    const double flip = json_number_value(json_object_get(root, "FlipAngle"));
    const struct {
        const char *name;
        double ms;
    } times[] = {{"TR", time_of(root, "RepetitionTime", 20.0)},
                 {"TE", time_of(root, "EchoTime", 0.5)},
                 {"TI", time_of(root, "InversionTime", 10.0)}};
    dn_text text = {0};
    size_t said = 0;
    DN_TRY(dn_text_open(&text));
    fprintf(text.stream, "%s", parts[0] != NULL ? parts[0] : "");
    said = parts[0] != NULL;
    for (size_t i = 1; i < 3; ++i) {
        if (parts[i] != NULL) {
            fprintf(text.stream, "%s%s", i == 2 && parts[1] != NULL ? " " : said > 0 ? "; " : "", parts[i]);
            ++said;
        }
    }
    if (field > 0.0 && field < 25.0) {
        fprintf(text.stream, "%s%.3g T", parts[1] != NULL || parts[2] != NULL ? ", " : said > 0 ? "; " : "", field);
        ++said;
    }
    for (size_t i = 0, shown = 0; i < sizeof times / sizeof *times; ++i) {
        if (!isnan(times[i].ms)) {
            fprintf(text.stream, "%s%s %.5g ms", shown++ > 0 ? ", " : said++ > 0 ? "; " : "", times[i].name, times[i].ms);
        }
    }
    if (flip > 0.0 && flip <= 360.0) {
        fprintf(text.stream, "%sflip angle %.3g\xc2\xb0", said++ > 0 ? ", " : "", flip);
    }
    DN_TRY(dn_text_take(&text, out));
    if (said == 0) {
        free(*out);
        *out = NULL;
    }
    return DN_OK;
}

/* DICOM's "034Y", "007M"; a number of years. */
static double age_of(const json_t *value)
{
    const char *text = json_string_value(value);
    char unit = 'Y';
    double number = json_is_number(value) ? json_number_value(value) : (double)NAN;
    if (text != NULL && sscanf(text, "%lf%c", &number, &unit) < 1) {
        return NAN;
    }
    number /= unit == 'M' ? 12.0 : unit == 'W' ? 52.18 : unit == 'D' ? 365.25 : 1.0;
    return number >= 0.0 && number <= OLDEST_AGE ? number : (double)NAN;
}

static dn_status take_sidecar(const json_t *root, dn_scan_about *out)
{
    static const char *const dates[] = {"AcquisitionDateTime", "AcquisitionDate", "SeriesDate", "StudyDate", NULL};
    static const char *const agents[] = {"ContrastBolusIngredient", "ContrastBolusAgent", NULL};
    static const char *const sexes[] = {"PatientSex", NULL};
    const char *agent = text_of(root, agents);
    take_date(text_of(root, dates), out->date);
    const double age = age_of(json_object_get(root, "PatientAge"));
    const dn_sex sex = sex_of_text(text_of(root, sexes));
    if (isnan(out->age) && !isnan(age)) {
        out->age = age;
        out->person_from = "the scan's JSON file";
    }
    if (out->sex == DN_SEX_UNKNOWN && sex != DN_SEX_UNKNOWN) {
        out->sex = sex;
        out->person_from = "the scan's JSON file";
    }
    if (agent != NULL && strcasecmp(agent, "none") != 0) {
        DN_TRY(dn_strdup(agent, &out->contrast));
    }
    return say_sequence(root, &out->sequence);
}

/* The scan's own sidecar first; then what BIDS lets the folders above add: "sub-01_T1w.json", "T1w.json". */
static dn_status read_sidecars(const search *who, json_t *root)
{
    char *name = NULL;
    const char *suffix = strrchr(who->name, '_');
    DN_TRY(add_json(who->count > 0 ? who->folder[0] : ".", who->name, root));
    if (suffix == NULL || !who->bids) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&name, "%s%s", who->person, suffix));
    dn_status status = DN_OK;
    for (size_t i = 0; i < who->count && status == DN_OK; ++i) {
        status = add_json(who->folder[i], name, root);
        if (status == DN_OK) {
            status = add_json(who->folder[i], suffix + 1, root);
        }
    }
    free(name);
    return status;
}

dn_status dn_scan_about_read(const char *path, double age, dn_sex sex, dn_scan_about *out)
{
    search who = {.count = 0};
    dn_status status = DN_OK;
    json_t *root = json_object();
    *out = (dn_scan_about){.age = age, .sex = sex, .person_from = !isnan(age) || sex != DN_SEX_UNKNOWN ? "given" : NULL};
    DN_TRY_GOTO(status, search_begin(path, &who), done);
    for (size_t i = 0; i < who.count && (isnan(out->age) || out->sex == DN_SEX_UNKNOWN); ++i) {
        dn_table *table = NULL;
        DN_TRY_GOTO(status, table_of(who.folder[i], "participants.tsv", &table), done);
        if (table != NULL) {
            take_person(table, &who, out);
        }
        dn_table_destroy(table);
    }
    for (size_t i = 0; i < who.count && out->date[0] == 0; ++i) {
        DN_TRY_GOTO(status, take_scans(&who, i, out), done);
    }
    DN_TRY_GOTO(status, read_sidecars(&who, root), done);
    status = take_sidecar(root, out);
done:
    json_decref(root);
    search_end(&who);
    return status;
}

void dn_scan_about_release(dn_scan_about *about)
{
    free(about->sequence);
    free(about->contrast);
    memset(about, 0, sizeof *about);
}
