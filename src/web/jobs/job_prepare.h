/* From what was uploaded to the scan that is measured. */
#ifndef DN_WEB_JOB_PREPARE_H
#define DN_WEB_JOB_PREPARE_H

#include "web/web.h"

#include <jansson.h>

/* row: of the job; folder: its own. A DICOM folder or archive becomes a volume with a JSON file beside it, and is removed, with everything
 * in it that says who was scanned; the demo head is made. What is known of the person is written beside the scan. *scan: path of the scan;
 * *series: which of the series it is, NULL: it was no DICOM. Both owned. Errors of dn_dicom_open; DN_ECANCELLED. */
DN_CHECKED dn_status dn_job_prepare(dn_web *web, const json_t *row, const char *folder, char **scan, char **series);

#endif
