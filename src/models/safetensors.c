/* Reads and writes safetensors files; every size and offset is checked before it is used. */
#include "models/safetensors.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "models/half.h"
#include "models/sha256.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Largest file that is read (the engine's tensors stay below 2^31 elements) and largest header (as the format's own reader). */
#define FILE_LIMIT ((int64_t)4 << 30)
#define HEADER_LIMIT ((uint64_t)100000000)

typedef enum { TYPE_F32, TYPE_F16, TYPE_BF16 } element_type;

typedef struct tensor_entry {
    const char *name; /* borrowed from the header */
    element_type type;
    size_t rank;
    int64_t dim[DN_WEIGHT_MAX_RANK];
    uint64_t begin, end; /* within the data */
    int64_t count;
} tensor_entry;

static int by_begin(const void *a, const void *b)
{
    const tensor_entry *x = a, *y = b;
    if (x->begin != y->begin) {
        return x->begin < y->begin ? -1 : 1;
    }
    return x->end < y->end ? -1 : x->end > y->end;
}

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

/* PyTorch's counter of batches: a 64-bit number that no forward pass uses. */
static bool is_ignored(const char *name)
{
    return ends_with(name, "num_batches_tracked");
}

static dn_status read_entry(const char *name, const json_t *value, uint64_t data_size, const char *where, tensor_entry *entry)
{
    if (!json_is_object(value)) {
        DN_FAIL(DN_EFORMAT, "%s: the header's entry \"%.100s\" is not an object; the file is damaged", where, name);
    }
    const char *type = json_string_value(json_object_get(value, "dtype"));
    const json_t *shape = json_object_get(value, "shape");
    const json_t *offsets = json_object_get(value, "data_offsets");
    if (type == NULL || !json_is_array(shape) || !json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !json_is_integer(json_array_get(offsets, 0)) || !json_is_integer(json_array_get(offsets, 1))) {
        DN_FAIL(DN_EFORMAT, "%s: tensor \"%.100s\" lacks dtype, shape or data_offsets; the file is damaged", where, name);
    }
    entry->name = name;
    json_int_t begin = json_integer_value(json_array_get(offsets, 0)), end = json_integer_value(json_array_get(offsets, 1));
    if (begin < 0 || end < begin || (uint64_t)end > data_size) {
        DN_FAIL(DN_EFORMAT,
                "%s: tensor \"%.100s\" lies at bytes %lld to %lld, outside the file's %" PRIu64 " bytes of data; is the file complete?",
                where, name, (long long)begin, (long long)end, data_size);
    }
    entry->begin = (uint64_t)begin;
    entry->end = (uint64_t)end;
    if (is_ignored(name)) {
        return DN_OK;
    }
    int64_t size;
    if (strcmp(type, "F32") == 0) {
        entry->type = TYPE_F32;
        size = 4;
    } else if (strcmp(type, "F16") == 0) {
        entry->type = TYPE_F16;
        size = 2;
    } else if (strcmp(type, "BF16") == 0) {
        entry->type = TYPE_BF16;
        size = 2;
    } else {
        DN_FAIL(DN_EFORMAT, "%s: tensor \"%.100s\" has type %.20s; only F32, F16 and BF16 are read", where, name, type);
    }
    entry->rank = json_array_size(shape);
    if (entry->rank < 1 || entry->rank > DN_WEIGHT_MAX_RANK) {
        DN_FAIL(DN_EFORMAT, "%s: tensor \"%.100s\" has %zu axes; 1 to %d are read", where, name, entry->rank, DN_WEIGHT_MAX_RANK);
    }
    for (size_t i = 0; i < entry->rank; ++i) {
        const json_t *dim = json_array_get(shape, i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 1 || json_integer_value(dim) > INT32_MAX) {
            DN_FAIL(DN_EFORMAT, "%s: tensor \"%.100s\" has an unusable shape", where, name);
        }
        entry->dim[i] = json_integer_value(dim);
    }
    if (!dn_mul_dims(entry->dim, entry->rank, &entry->count) || entry->count > INT64_MAX / 4 || entry->count * size != end - begin) {
        DN_FAIL(DN_EFORMAT, "%s: the shape of tensor \"%.100s\" does not fit its %lld bytes", where, name, (long long)(end - begin));
    }
    return DN_OK;
}

static uint16_t little16(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static float little_float(const unsigned char *p)
{
    uint32_t bits = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static dn_status add_weight(dn_weights *weights, const tensor_entry *entry, const unsigned char *data, const char *where)
{
    /* A 2-D layer's [O, I, kH, kW] gets its depth of 1, so that memory holds one layout. */
    int64_t dim[DN_WEIGHT_MAX_RANK];
    size_t rank = entry->rank;
    memcpy(dim, entry->dim, sizeof dim);
    if (rank == 4) {
        rank = 5;
        dim[4] = dim[3];
        dim[3] = dim[2];
        dim[2] = 1;
    }
    dn_weight *weight;
    dn_status status = dn_weights_add(weights, entry->name, rank, dim, NULL, &weight);
    if (status != DN_OK) {
        return dn_error_context(status, "%s", where);
    }
    const unsigned char *p = data + entry->begin;
    for (int64_t i = 0; i < entry->count; ++i) {
        switch (entry->type) {
        case TYPE_F32:
            weight->data[i] = little_float(p + 4 * i);
            break;
        case TYPE_F16:
            weight->data[i] = dn_half_to_float(little16(p + 2 * i));
            break;
        case TYPE_BF16:
            weight->data[i] = dn_bfloat16_to_float(little16(p + 2 * i));
            break;
        }
        if (!isfinite(weight->data[i])) {
            DN_FAIL(DN_EFORMAT, "%s: tensor \"%.100s\" holds a value that is not a finite number", where, entry->name);
        }
    }
    return DN_OK;
}

static dn_status read_metadata(const json_t *header, const char *where, json_t **out)
{
    json_t *metadata = json_object_get(header, "__metadata__");
    if (metadata == NULL) {
        *out = json_object();
    } else {
        const char *key;
        json_t *value;
        if (!json_is_object(metadata)) {
            DN_FAIL(DN_EFORMAT, "%s: __metadata__ is not an object; the file is damaged", where);
        }
        json_object_foreach(metadata, key, value)
        {
            if (!json_is_string(value)) {
                DN_FAIL(DN_EFORMAT, "%s: metadata \"%.100s\" is not a text", where, key);
            }
        }
        *out = json_incref(metadata);
    }
    if (*out == NULL) {
        DN_FAIL(DN_ENOMEM, "%s: no memory for its metadata", where);
    }
    return DN_OK;
}

/* The JSON header; *data and *data_size: what follows it. *out is owned by the caller. */
static dn_status read_header(const unsigned char *bytes, size_t size, const char *where, json_t **out, const unsigned char **data,
                             uint64_t *data_size)
{
    uint64_t length = 0;
    *out = NULL;
    if (size < 8) {
        DN_FAIL(DN_EFORMAT, "%s: %zu bytes are too few for a safetensors file", where, size);
    }
    for (int i = 7; i >= 0; --i) {
        length = length << 8 | bytes[i];
    }
    /* What people give in its place. */
    static const char hdf5[] = "\x89HDF\r\n\x1a\n";
    if (memcmp(bytes, hdf5, 8) == 0) {
        DN_FAIL_OFFER(DN_EFORMAT, DN_REMEDY_IMPORT, "%s: is an HDF5 file (Keras' .h5), not a model file", where);
    }
    if (length > HEADER_LIMIT || length > size - 8) {
        DN_FAIL(DN_EFORMAT, "%s: its header should have %" PRIu64 " bytes, the file has %zu; it is not a safetensors file, or is cut short",
                where, length, size);
    }
    dn_status status = dn_json_parse((const char *)bytes + 8, (size_t)length, DN_JSON_OBJECT | DN_JSON_UNIQUE, "its header", out);
    if (status == DN_EFORMAT) {
        DN_FAIL(status, "%s: %s; it is not a safetensors file, or is damaged", where, dn_error_message());
    }
    DN_TRY(dn_error_in_file(status, where));
    *data = bytes + 8 + length;
    *data_size = size - 8 - length;
    return DN_OK;
}

/* The tensors that the header lists, by place; together they have to cover the data without gaps. *out is owned by the caller, also after a
 * failure. */
static dn_status read_entries(json_t *header, uint64_t data_size, const char *where, tensor_entry **out, size_t *count)
{
    const char *name;
    json_t *value;
    uint64_t end = 0;
    *count = 0;
    DN_TRY(dn_alloc(out, json_object_size(header), sizeof **out, where));
    tensor_entry *entries = *out;
    json_object_foreach(header, name, value)
    {
        if (strcmp(name, "__metadata__") != 0) {
            DN_TRY(read_entry(name, value, data_size, where, &entries[*count]));
            ++*count;
        }
    }
    if (*count > 1) {
        qsort(entries, *count, sizeof *entries, by_begin);
    }
    for (size_t i = 0; i < *count; ++i) {
        if (entries[i].begin != end) {
            DN_FAIL(DN_EFORMAT, "%s: tensor \"%.100s\" %s; the file is damaged", where, entries[i].name,
                    entries[i].begin < end ? "overlaps the one before it" : "leaves a gap before it");
        }
        end = entries[i].end;
    }
    if (end != data_size) {
        DN_FAIL(DN_EFORMAT, "%s: %" PRIu64 " bytes of data belong to no tensor; the file is damaged", where, data_size - end);
    }
    return DN_OK;
}

dn_status dn_safetensors_parse(const unsigned char *bytes, size_t size, const char *where, dn_weights *weights, json_t **metadata)
{
    dn_status status = DN_OK;
    json_t *header = NULL, *found = NULL;
    tensor_entry *entries = NULL;
    const unsigned char *data = NULL;
    uint64_t data_size = 0;
    size_t count = 0;
    *metadata = NULL;
    DN_TRY(read_header(bytes, size, where, &header, &data, &data_size));
    DN_TRY_GOTO(status, read_metadata(header, where, &found), done);
    DN_TRY_GOTO(status, read_entries(header, data_size, where, &entries, &count), done);
    for (size_t i = 0; weights != NULL && i < count; ++i) {
        if (!is_ignored(entries[i].name)) {
            DN_TRY_GOTO(status, add_weight(weights, &entries[i], data, where), done);
        }
    }
    *metadata = found;
    found = NULL;
done:
    free(entries);
    json_decref(found);
    json_decref(header);
    return status;
}

dn_status dn_safetensors_read(const char *path, dn_weights *weights, json_t **metadata, char *sha256)
{
    unsigned char *bytes;
    size_t size;
    DN_TRY(dn_file_read(path, FILE_LIMIT, &bytes, &size));
    dn_status status = dn_safetensors_parse(bytes, size, path, weights, metadata);
    if (status == DN_OK && sha256 != NULL) {
        dn_sha256(bytes, size, sha256);
    }
    free(bytes);
    return status;
}

/* ---- writing ---- */

static dn_status describe(const dn_weight *weight, dn_store store, bool drop_depth, uint64_t begin, uint64_t end, json_t *header)
{
    json_t *shape = json_array();
    for (size_t i = 0; i < weight->rank; ++i) {
        if (!(drop_depth && weight->rank == 5 && i == 2 && weight->dim[2] == 1)) {
            json_array_append_new(shape, json_integer(weight->dim[i]));
        }
    }
    json_t *entry = json_pack("{s:s, s:o, s:[I,I]}", "dtype", store == DN_STORE_F16 ? "F16" : "F32", "shape", shape, "data_offsets",
                              (json_int_t)begin, (json_int_t)end);
    if (entry == NULL || json_object_set_new(header, weight->name, entry) != 0) {
        DN_FAIL(DN_EDATA, "the weight \"%.100s\" cannot be named in a safetensors file (is its name valid UTF-8?)", weight->name);
    }
    return DN_OK;
}

#define CHUNK 4096

static dn_status write_data(dn_file_writer *writer, const dn_weight *weight, dn_store store, const char *path)
{
    unsigned char buffer[4 * CHUNK];
    size_t width = store == DN_STORE_F16 ? 2 : 4;
    int64_t count = dn_weight_count(weight);
    for (int64_t begin = 0; begin < count; begin += CHUNK) {
        size_t n = (size_t)(count - begin < CHUNK ? count - begin : CHUNK);
        for (size_t i = 0; i < n; ++i) {
            float value = weight->data[begin + (int64_t)i];
            uint32_t bits;
            memcpy(&bits, &value, sizeof bits);
            if (store == DN_STORE_F16) {
                bits = dn_float_to_half(value);
            }
            if (!isfinite(value) || (store == DN_STORE_F16 && (bits & 0x7c00u) == 0x7c00u)) {
                DN_FAIL(DN_EDATA, "cannot write %s: the weight \"%.100s\" holds %g, %s", path, weight->name, (double)value,
                        isfinite(value) ? "too large for 16 bits; store it as f32" : "not a finite number");
            }
            for (size_t byte = 0; byte < width; ++byte) {
                buffer[i * width + byte] = (unsigned char)(bits >> (8 * byte) & 255u);
            }
        }
        DN_TRY(dn_file_write(writer, buffer, n * width));
    }
    return DN_OK;
}

dn_status dn_safetensors_write(const char *path, const dn_weights *weights, const json_t *metadata, dn_store store, bool drop_depth)
{
    dn_status status = DN_OK;
    dn_file_writer writer = {0};
    char *text = NULL;
    json_t *header = json_object();
    uint64_t offset = 0;
    if (header == NULL || json_object_set(header, "__metadata__", (json_t *)metadata) != 0) {
        DN_FAIL_GOTO(status, done, DN_ENOMEM, "no memory for the header of %s", path);
    }
    for (size_t i = 0; i < dn_weights_count(weights); ++i) {
        const dn_weight *weight = dn_weights_at(weights, i);
        uint64_t size = (uint64_t)dn_weight_count(weight) * (store == DN_STORE_F16 ? 2 : 4);
        DN_TRY_GOTO(status, describe(weight, store, drop_depth, offset, offset + size, header), done);
        offset += size;
    }
    text = json_dumps(header, JSON_COMPACT | JSON_PRESERVE_ORDER);
    DN_TRY_GOTO(status, dn_json_complete(path), done);
    if (text == NULL) {
        DN_FAIL_GOTO(status, done, DN_ENOMEM, "no memory for the header of %s", path);
    }
    /* Spaces up to a multiple of 8, so that data can be mapped aligned. */
    uint64_t length = strlen(text), padded = (length + 7) / 8 * 8;
    unsigned char prefix[8];
    for (int i = 0; i < 8; ++i) {
        prefix[i] = (unsigned char)(padded >> (8 * i) & 255u);
    }
    DN_TRY_GOTO(status, dn_file_create(&writer, path), done);
    DN_TRY_GOTO(status, dn_file_write(&writer, prefix, sizeof prefix), done);
    DN_TRY_GOTO(status, dn_file_write(&writer, text, (size_t)length), done);
    DN_TRY_GOTO(status, dn_file_write(&writer, "        ", (size_t)(padded - length)), done);
    for (size_t i = 0; i < dn_weights_count(weights); ++i) {
        DN_TRY_GOTO(status, write_data(&writer, dn_weights_at(weights, i), store, path), done);
    }
    status = dn_file_commit(&writer);
done:
    dn_file_discard(&writer);
    free(text);
    json_decref(header);
    return status;
}
