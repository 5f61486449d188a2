/* The JSON file beside a scan that was made of DICOM files. */
#include "cohort/dicom/sidecar.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What may be kept; a new key of a later dcm2niix is not among them. */
static const char *const kept[] = {"Modality",           "MagneticFieldStrength",    "Manufacturer",      "ManufacturersModelName",
                                   "BodyPartExamined",   "MRAcquisitionType",        "SeriesDescription", "ProtocolName",
                                   "ScanningSequence",   "SequenceVariant",          "ScanOptions",       "SequenceName",
                                   "PulseSequenceName",  "PulseSequenceDetails",     "ImageType",         "SeriesNumber",
                                   "SliceThickness",     "SpacingBetweenSlices",     "EchoTime",          "EchoNumber",
                                   "RepetitionTime",     "RepetitionTimeExcitation", "InversionTime",     "FlipAngle",
                                   "ConversionSoftware", "ConversionSoftwareVersion"};

static bool is_clean(const json_t *value, const dn_private_values *hidden)
{
    size_t i;
    const json_t *entry;
    json_array_foreach(value, i, entry)
    {
        if (!is_clean(entry, hidden)) {
            return false;
        }
    }
    return !json_is_object(value) && !(json_is_string(value) && dn_private_in(hidden, json_string_value(value)));
}

/* "19570312" as year, month and day; false: it is no date. */
static bool read_date(const char *text, int out[3])
{
    return strlen(text) >= 8 && sscanf(text, "%4d%2d%2d", &out[0], &out[1], &out[2]) == 3 && out[0] > 1850 && out[0] < 2200 &&
           out[1] >= 1 && out[1] <= 12;
}

/* "034Y", "007M", or whole years between two dates; NaN: not known. */
static double age_of(const dn_dicom_header *header)
{
    const char *text = header->text[DN_DICOM_AGE];
    char *end;
    int born[3], seen[3];
    const double number = dn_number_parse(text, &end);
    if (end != text && number >= 0.0) {
        const double age = number / (*end == 'M' ? 12.0 : *end == 'W' ? 52.18 : *end == 'D' ? 365.25 : 1.0);
        if (age <= 120.0 && (number > 0.0 || *end != 'Y')) { /* 000Y is how "not known" is written */
            return age;
        }
    }
    if (read_date(header->text[DN_DICOM_BIRTH_DATE], born) && read_date(header->text[DN_DICOM_STUDY_DATE], seen)) {
        const int years = seen[0] - born[0] - (seen[1] < born[1] || (seen[1] == born[1] && seen[2] < born[2]));
        return years >= 0 && years <= 120 ? years : (double)NAN;
    }
    return NAN;
}

dn_status dn_dicom_sidecar(const json_t *sidecar, const dn_dicom_header *header, const dn_private_values *hidden, json_t **out)
{
    const char *agent = header->text[DN_DICOM_CONTRAST_AGENT], *sex = header->text[DN_DICOM_SEX];
    const double age = age_of(header);
    json_t *root = json_object();
    if (root == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory for a JSON file");
    }
    for (size_t i = 0; i < sizeof kept / sizeof *kept; ++i) {
        json_t *value = json_object_get(sidecar, kept[i]);
        if (value != NULL && is_clean(value, hidden)) {
            json_object_set(root, kept[i], value);
        }
    }
    if (!isnan(age)) {
        json_object_set_new(root, "PatientAge", json_real(age));
    }
    if (strcmp(sex, "F") == 0 || strcmp(sex, "M") == 0) {
        json_object_set_new(root, "PatientSex", json_string(sex));
    }
    if (*agent != '\0') {
        char shown[96];
        dn_private_show(hidden, agent, shown, sizeof shown);
        json_object_set_new(root, "ContrastBolusAgent", json_string(shown));
    }
    *out = root;
    return DN_OK;
}
