/* The JSON file beside a scan that was made of DICOM files: how it was acquired, age and sex of the person, and nothing else about people.
 */
#ifndef DN_COHORT_DICOM_SIDECAR_H
#define DN_COHORT_DICOM_SIDECAR_H

#include "cohort/dicom/header.h"
#include "cohort/dicom/privacy.h"

#include <jansson.h>

/* sidecar: of dcm2niix; of it only keys that describe the acquisition are kept, and no text that holds a private value. header: of an image
 * of the series, for PatientAge (years; from the dates of birth and study where it is absent, whole years), PatientSex and
 * ContrastBolusAgent. *out: owned. DN_ENOMEM. */
DN_CHECKED dn_status dn_dicom_sidecar(const json_t *sidecar, const dn_dicom_header *header, const dn_private_values *hidden, json_t **out);

#endif
