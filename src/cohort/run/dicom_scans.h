/* What a run over DICOM files needs beyond one over images: which series of which scan was asked for, and a table of the labels. */
#ifndef DN_COHORT_RUN_DICOM_SCANS_H
#define DN_COHORT_RUN_DICOM_SCANS_H

#include "cohort/bids/layout.h"

#include <jansson.h>

/* In the folder of results: participant_id, session_id and source (folder or archive of the DICOM files below the data set; n/a where its
 * name says who the person is). */
#define DN_DICOM_SOURCES "dicom_sources.tsv"

/* series: number or part of a description, for all scans in DICOM files; or a table (.tsv, .csv) with the columns participant_id, series
 * and, where there are sessions, session_id: rows of scans that are not in the layout are passed over, as a run may be for a part of them.
 * DN_EUSAGE: no scan is in DICOM files. DN_EINPUT, DN_EFORMAT, DN_EDATA: the table. */
DN_CHECKED dn_status dn_dicom_scans_set_series(dn_bids_layout *layout, const char *series);
/* The settings of a scan: those of the run, and the series that was asked for. *out: owned (json_decref). */
DN_CHECKED dn_status dn_dicom_scan_settings(const dn_bids_scan *scan, json_t *settings, json_t **out);
/* Writes or completes the table of the labels. DN_EIO. */
DN_CHECKED dn_status dn_dicom_scans_write_sources(const dn_bids_layout *layout, const char *output);

#endif
