/* What the columns of the cohort's tables mean. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "cohort/group/tables.h"
#include "study/output/labels.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "name=text;name=text" of a column whose texts are of a few kinds. */
typedef struct column_text {
    const char *name, *description, *unit;
    const char *levels[8]; /* level, text, ... */
} column_text;

#define ACCEPTED                                                                                                                           \
    "accepted", "What quality control says of the scan; statistics leave out the rows with no", NULL,                                      \
    {                                                                                                                                      \
        "yes", "passed", "no", "rejected: at least one measure cannot be right", "by_hand", "rejected, and accepted by a person"           \
    }

static const column_text scan_columns[] = {
    {"participant_id", "The person, as in participants.tsv", NULL, {NULL}},
    {"session_id", "The session; n/a: the data set has none", NULL, {NULL}},
    {"scan", "What tells the scan from all others: its name without suffix; status/SCAN.json is its record", NULL, {NULL}},
    {"filename", "The scan in the data set", NULL, {NULL}},
    {"state",
     "What became of it",
     NULL,
     {"measured", "volumes are there", "failed", "it could not be measured", "damaged",
      "its record or its table of volumes is not whole, or was changed; it is not counted", "not_measured",
      "the data set has it, and there is no record of it"}},
    {ACCEPTED},
    {"used",
     "Whether volumes_wide.tsv takes the scan; of several scans of one session it takes one",
     NULL,
     {"yes", "it does", "no", "it does not"}},
    {"choice",
     "Why. Of several scans of one session: an accepted one before a rejected one, then the best score, then the first by name",
     NULL,
     {NULL}},
    {"reason", "Why it was rejected, or could not be measured", NULL, {NULL}},
    {"score", "Quality score from 0 to 1, the lowest of its marks", NULL, {NULL}},
    {"flags", "Codes of the warnings of quality control, see docs/manual/quality.md", NULL, {NULL}},
    {"outliers", "Rows of this scan in outliers.tsv; n/a: it was not compared with the others", NULL, {NULL}},
};

static const column_text long_columns[] = {
    {"participant_id", "The person, as in participants.tsv", NULL, {NULL}},
    {"session_id", "The session; n/a: the data set has none", NULL, {NULL}},
    {"scan", "The scan, as in scans.tsv", NULL, {NULL}},
    {ACCEPTED},
    {"used",
     "Whether volumes_wide.tsv takes the scan (see scans.tsv); take the rows with yes for one scan per session",
     NULL,
     {"yes", "it does", "no", "it does not"}},
    {"structure",
     "Structure: a whole structure, or one of its parts with the name STRUCTURE_part; icv: everything inside the skull",
     NULL,
     {NULL}},
    {"hemi", "Side", NULL, {"L", "left", "R", "right", "B", "both sides together, or a structure of the middle"}},
    {"volume_mm3",
     "Sum of the network's probabilities inside the structure, times the volume of a voxel: use this for statistics. A measure that is "
     "missing is a missing row",
     "mm3",
     {NULL}},
    {"hard_volume_mm3", "Number of voxels of the label map on the scan's own grid, times the volume of a voxel", "mm3", {NULL}},
    {"mean_posterior", "Mean probability of the structure over the voxels with its label", NULL, {NULL}},
};

static const column_text wide_columns[] = {
    {"participant_id", "The person, as in participants.tsv", NULL, {NULL}},
    {"session_id", "The session; n/a: the data set has none", NULL, {NULL}},
    {"scan", "The scan that was taken of the session, see scans.tsv", NULL, {NULL}},
    {ACCEPTED},
    {"first_session",
     "One row per person: that of the first session with an accepted scan (of the first one with any, where none is accepted), by the "
     "times of "
     "acquisition in scans.tsv or sessions.tsv of the data set where all sessions have one, else by name",
     NULL,
     {"yes", "it is", "no", "it is not"}},
    {"score", "Quality score from 0 to 1, the lowest of its marks", NULL, {NULL}},
};

static const column_text outlier_columns[] = {
    {"participant_id", "The person, as in participants.tsv", NULL, {NULL}},
    {"session_id", "The session; n/a: the data set has none", NULL, {NULL}},
    {"scan", "The scan, as in scans.tsv", NULL, {NULL}},
    {"structure", "The structure; icv: everything inside the skull", NULL, {NULL}},
    {"hemi", "Side", NULL, {"L", "left", "R", "right", "B", "both sides together, or a structure of the middle"}},
    {"measure",
     "What is compared",
     NULL,
     {"volume_mm3", "the volume in mm3, by its logarithm", "asymmetry", "(left - right) / mean of both sides, without unit"}},
    {"value", "Of this scan", NULL, {NULL}},
    {"expected", "Median of the others, for a head of this size if head_size is yes", NULL, {NULL}},
    {"robust_z",
     "(x - median) / (1.4826 MAD); a row is here if it is beyond 3.5 (Iglewicz and Hoaglin 1993) and at least 10 scans have the measure. "
     "n/a: "
     "the volume is 0",
     NULL,
     {NULL}},
    {"head_size",
     "Whether head size was taken out",
     NULL,
     {"yes", "the residual from a robust line through log volume and log intracranial volume is compared", "no", "it was not"}},
    {"n", "Scans that have the measure", NULL, {NULL}},
};

static const column_text change_columns[] = {
    {"participant_id", "The person, as in participants.tsv", NULL, {NULL}},
    {"accepted", "Whether quality control accepted all sessions", NULL, {"yes", "it did", "no", "at least one session was rejected"}},
    {"structure", "Structure: a whole structure, or one of its parts; icv: everything inside the skull", NULL, {NULL}},
    {"hemi", "Side", NULL, {"L", "left", "R", "right", "B", "both sides together, or a structure of the middle"}},
    {"sessions", "Sessions of the person that have the volume", NULL, {NULL}},
    {"mean_mm3",
     "Mean of the volumes of these sessions, measured in one frame; not to be mixed with those of volumes_wide.tsv",
     "mm3",
     {NULL}},
    {"change_percent",
     "Slope of the volume over time by least squares, in percent of the mean volume, per unit of time (column per)",
     NULL,
     {NULL}},
    {"low_percent", "Lower end of the 95 % interval of the change", NULL, {NULL}},
    {"high_percent", "Upper end of it", NULL, {NULL}},
    {"per",
     "Unit of time",
     NULL,
     {"year", "times or ages are known", "session", "they are not known; the sessions are numbered by their names"}},
    {"interval",
     "Where the interval comes from",
     NULL,
     {"slope", "Student's t of the slope, of three and more sessions", "scanner SD",
      "of two sessions, from the SD of repeated measurements of an unchanged head"}},
    {"method",
     "How the sessions are compared",
     NULL,
     {"networks", "the volume of each session is that of the networks on it", "registration",
      "of sessions of one protocol: the volume of their mean, times how much a deformation of the mean to the session enlarges the "
      "structure"}},
};

static void describe(json_t *root, const column_text *column)
{
    json_t *object = json_object();
    json_t *levels = json_object();
    json_object_set_new(object, "Description", json_string(column->description));
    if (column->unit != NULL) {
        json_object_set_new(object, "Units", json_string(column->unit));
    }
    for (size_t i = 0; i + 1 < sizeof column->levels / sizeof *column->levels && column->levels[i] != NULL; i += 2) {
        json_object_set_new(levels, column->levels[i], json_string(column->levels[i + 1]));
    }
    if (json_object_size(levels) > 0) {
        json_object_set(object, "Levels", levels);
    }
    json_decref(levels);
    json_object_set_new(root, column->name, object);
}

/* "Left thalamus", and the sum where it is one of sides. */
static dn_status describe_volume(json_t *root, const char *name)
{
    char *label = NULL, *text = NULL;
    DN_TRY(dn_label_of(name, &label));
    dn_status status = dn_asprintf(&text, "Volume: %s", label);
    if (status == DN_OK) {
        describe(root, &(column_text){.name = name, .description = text, .unit = "mm3"});
    }
    free(text);
    free(label);
    return status;
}

static dn_status write_one(const char *folder, const char *name, const column_text *columns, size_t count, const dn_table *volumes)
{
    char *path = NULL;
    json_t *root = json_object();
    dn_status status = DN_OK;
    for (size_t i = 0; i < count; ++i) {
        describe(root, &columns[i]);
    }
    for (size_t c = 0; volumes != NULL && c < dn_table_columns(volumes) && status == DN_OK; ++c) {
        status = describe_volume(root, dn_table_column_name(volumes, c));
    }
    status = status == DN_OK ? dn_path_join(folder, name, &path) : status;
    if (status != DN_OK) {
        json_decref(root);
        return status;
    }
    status = dn_json_write(root, 17, path);
    free(path);
    return status;
}

#define WRITE(name, columns, volumes) write_one(folder, (name), (columns), sizeof(columns) / sizeof *(columns), (volumes))

dn_status dn_roster_write_dictionaries(const dn_roster *cohort, const char *folder)
{
    DN_TRY(WRITE("scans.json", scan_columns, NULL));
    DN_TRY(WRITE("volumes_long.json", long_columns, NULL));
    DN_TRY(WRITE("volumes_wide.json", wide_columns, cohort->columns));
    return WRITE("outliers.json", outlier_columns, NULL);
}

dn_status dn_roster_describe_changes(const char *folder)
{
    return WRITE("longitudinal.json", change_columns, NULL);
}
