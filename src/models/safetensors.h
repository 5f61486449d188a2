/* The safetensors file: 8 bytes little-endian header length, a JSON header {name: {dtype, shape, data_offsets}},
 * then the data. https://github.com/huggingface/safetensors (format description). */
#ifndef DN_MODELS_SAFETENSORS_H
#define DN_MODELS_SAFETENSORS_H

#include "models/model.h"

#include <jansson.h>

/* weights may be NULL (metadata only). Tensors of F32, F16 and BF16 become float32; other types, overlapping or
 * out-of-range data, a header longer than the file, duplicate names, more than 5 axes: DN_EFORMAT with the file and the
 * tensor's name. *metadata: the "__metadata__" object (text values), {} when absent; owned by the caller (json_decref).
 * Tensors are added in the order of their data. sha256 (may be NULL): 65 bytes, hex of the whole file. */
DN_CHECKED dn_status dn_safetensors_read(const char *path, dn_weights *weights, json_t **metadata, char *sha256);
/* The same from bytes; where: what messages call them. */
DN_CHECKED dn_status dn_safetensors_parse(const unsigned char *bytes, size_t size, const char *where, dn_weights *weights,
                                          json_t **metadata);
/* Writes atomically; equal input gives equal bytes. metadata: object of text values, borrowed. drop_depth: a rank-5
 * weight with kD = 1 is written with four axes, as PyTorch's 2-D layers have it. */
DN_CHECKED dn_status dn_safetensors_write(const char *path, const dn_weights *weights, const json_t *metadata, dn_store store,
                                          bool drop_depth);

#endif
