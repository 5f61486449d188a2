/* What was measured, version by version: version 1 is dien's, later ones are label maps that a person corrected. */
#ifndef DN_WEB_RESULTS_H
#define DN_WEB_RESULTS_H

#include "web/routes.h"

/* One version of a job's results. Owned. */
typedef struct dn_result_place {
    json_t *job;      /* row */
    json_t *versions; /* rows of its versions, the first one first */
    int number;
    char *folder;
} dn_result_place;

/* The version that ?version= names, or else the last one. 404, 409. Release with dn_result_place_release, also after a failure. */
DN_CHECKED dn_status dn_result_find(dn_request *request, dn_reply *reply, const char *key, dn_result_place *out);
void dn_result_place_release(dn_result_place *place);
/* FOLDER/STEM + end. *out: owned. */
DN_CHECKED dn_status dn_result_path(const dn_result_place *place, const char *end, char **out);

/* {"job", "version", "versions", "volumes", ...} as the API shows it. *out: owned. */
DN_CHECKED dn_status dn_result_json(dn_web *web, const dn_result_place *place, json_t **out);
/* The JSON file beside a table of volumes. *out: owned; {} where it is not there or damaged. */
DN_CHECKED dn_status dn_description_read(const char *path, json_t **out);
/* Remarks of quality control in it: [{"name", "level", "sentence", "remedy"}]. Owned. */
json_t *dn_flags_json(const json_t *description);
/* Files of a folder that a visitor may have: [{"name", "bytes", "kind"}], by name. Owned. */
json_t *dn_result_files(const char *folder);

#endif
