/* The files that every measuring run writes beside its labels: the tables of labels and volumes, and JSON files with the program, the
 * inputs and the results of quality control. Internal to report/, but for dn_output_path. */
#ifndef DN_REPORT_SIDECARS_H
#define DN_REPORT_SIDECARS_H

#include "base/file.h"
#include "quality/score.h"

#include <jansson.h>

/* FOLDER/STEM + suffix ("_qc.png"). *out is owned by the caller. */
DN_CHECKED dn_status dn_output_path(const char *folder, const char *stem, const char *suffix, char **out);

/* The label table: its header, the rows of a network's own labels, one more row. */
DN_CHECKED dn_status dn_record_label_header(dn_file_writer *writer);
DN_CHECKED dn_status dn_record_labels(dn_file_writer *writer, const dn_structures *structures);
DN_CHECKED dn_status dn_record_label(dn_file_writer *writer, const dn_model_label *label);
/* STEM_volumes.tsv. DN_EIO. */
DN_CHECKED dn_status dn_record_volumes(const dn_volume_rows *rows, dn_verdict verdict, const char *path);

/* Sets a key; value: consumed, NULL becomes null. */
void dn_record_set(json_t *object, const char *key, json_t *value);
/* What GeneratedBy holds: the program, its threads and precision, and the networks. */
json_t *dn_record_program(const dn_model *const *models, size_t count, dn_precision precision, const char *found_by);
/* An object with GeneratedBy, Sources (source alone) and QualityControl with the score's marks. found_by: NULL: not said. */
json_t *dn_record_json(const dn_model *const *models, size_t count, dn_precision precision, const char *found_by, const char *source,
                       const dn_score *score);
/* VoxelSize_mm: of the scan as it came; tables of many scans say when they are of different sizes. */
void dn_record_voxels(json_t *root, const double spacing[3]);
/* Flags, each with its level as this word. */
void dn_record_flags(json_t *root, const dn_quality *quality);
const char *dn_record_level(dn_flag_level level);
/* What the columns of the table of volumes mean, and where a structure's protocol is not that of other tools. */
void dn_record_volume_columns(json_t *root, const dn_volume_rows *rows);

#endif
