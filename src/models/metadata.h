/* The metadata of a model file: struct <-> JSON texts (keys: see model.h). Used by model.c and the importers. */
#ifndef DN_MODELS_METADATA_H
#define DN_MODELS_METADATA_H

#include "models/model.h"

#include <jansson.h>

/* metadata: the text values of a safetensors header. Fills model (fresh from model.c). where: the file. */
DN_CHECKED dn_status dn_metadata_read(const json_t *metadata, const char *where, dn_model *model);
/* *out: owned by the caller. Keys in a fixed order. */
DN_CHECKED dn_status dn_metadata_write(const dn_model *model, json_t **out);
/* Replaces input / labels by those of the JSON values (objects as in model.h). */
DN_CHECKED dn_status dn_metadata_read_input(const json_t *input, const char *where, dn_model *model);
DN_CHECKED dn_status dn_metadata_read_labels(const json_t *labels, const char *where, dn_model *model);
/* Known architecture, config that parses, sane input and labels. */
DN_CHECKED dn_status dn_metadata_check(const dn_model *model, const char *where);
/* 2 or 3. */
DN_CHECKED dn_status dn_metadata_dims(const dn_model *model, const char *where, int *dims);
/* "#rrggbb" */
bool dn_metadata_color(const char *text, uint8_t color[3]);

#endif
