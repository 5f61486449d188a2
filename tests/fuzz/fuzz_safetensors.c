/* Any bytes as a safetensors file, weights and metadata; what can be read is checked as a model. */
#define _GNU_SOURCE
#include "fuzz.h"

#include "models/metadata.h"
#include "models/safetensors.h"

#include <string.h>

static const char *const headers[] = {
    "{\"__metadata__\":{\"dien.format\":\"1\",\"dien.name\":\"x\",\"dien.architecture\":\"unet3d\",\"dien.config\":\"{}\",\"dien.input\":"
    "\"{\\\"spacing_mm\\\":[1,1,1],\\\"orientation\\\":\\\"RAS\\\",\\\"multiple\\\":8,\\\"channels\\\":1,\\\"normalisation\\\":{"
    "\\\"kind\\\":"
    "\\\"percentile\\\",\\\"low\\\":0.5,\\\"high\\\":99.5},\\\"region\\\":{\\\"a\\\":1}}\",\"dien.labels\":\"[{\\\"channel\\\":0,"
    "\\\"index\\\":801,"
    "\\\"name\\\":\\\"n\\\",\\\"structure\\\":\\\"s\\\",\\\"hemi\\\":\\\"L\\\",\\\"color\\\":\\\"#102030\\\"}]\",\"dien.note.k\":\"v\"},"
    "\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,1,1,1],\"data_offsets\":[0,8]},\"a.bias\":{\"dtype\":\"F16\",\"shape\":[2],"
    "\"data_offsets\":[8,12]},\"b\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[12,14]}}",
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}",
    /* Escape sequences in texts, a name that leaves the folder, voxels of nothing. */
    "{\"__metadata__\":{\"dien.format\":\"1\",\"dien.name\":\"../../x\",\"dien.architecture\":\"unet3d\",\"dien.config\":\"{}\","
    "\"dien.licence\":\"\\u001b]0;pwned\\u0007\\u009b2J\",\"dien.input\":\"{\\\"spacing_mm\\\":[1e-300,1e-300,1e-300],"
    "\\\"orientation\\\":\\\"RAS\\\",\\\"multiple\\\":8,\\\"channels\\\":1,\\\"region\\\":null}\",\"dien.labels\":\"[]\"},"
    "\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}",
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    dn_weights *weights;
    json_t *metadata = NULL;
    if (dn_weights_create(&weights) != DN_OK) {
        return 0;
    }
    fuzz_check(dn_safetensors_parse(bytes, size, "fuzz", weights, &metadata));
    dn_weights_destroy(weights);
    dn_model *model = calloc(1, sizeof *model);
    if (metadata != NULL && model != NULL) {
        dn_status status = dn_metadata_read(metadata, "fuzz", model);
        if (status == DN_OK) { /* what was read can be written */
            json_t *again;
            status = dn_metadata_write(model, &again);
            if (status == DN_OK) {
                json_decref(again);
            }
        }
        fuzz_check(status);
    }
    dn_model_destroy(model);
    json_decref(metadata);
    return 0;
}

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    if (index >= sizeof headers / sizeof *headers) {
        return 0;
    }
    size_t length = strlen(headers[index]), size = 8 + length + (index == 0 ? 14 : 12);
    if (size > capacity) {
        return 0;
    }
    memset(out, 0, size);
    for (int i = 0; i < 8; ++i) {
        out[i] = (uint8_t)(length >> (8 * i));
    }
    memcpy(out + 8, headers[index], length);
    return size;
}
