/* The safetensors file: what is read, what is refused and how, what is written. */
#define _GNU_SOURCE
#include "test.h"

#include "base/file.h"
#include "models/half.h"
#include "models/safetensors.h"

#include <math.h>
#include <string.h>

/* A file from header text and data bytes. */
static size_t make(const char *header, size_t data_size, unsigned char *out)
{
    size_t length = strlen(header);
    for (int i = 0; i < 8; ++i) {
        out[i] = (unsigned char)(length >> (8 * i) & 255u);
    }
    memcpy(out + 8, header, length);
    for (size_t i = 0; i < data_size; ++i) {
        out[8 + length + i] = (unsigned char)(i % 61);
    }
    return 8 + length + data_size;
}

static void expect_refusal(const char *header, size_t data_size, const char *part)
{
    unsigned char bytes[4096];
    dn_weights *weights;
    json_t *metadata = NULL;
    size_t size = make(header, data_size, bytes);
    assert_ok(dn_weights_create(&weights));
    dn_status status = dn_safetensors_parse(bytes, size, "some.safetensors", weights, &metadata);
    if (status != DN_EFORMAT || strstr(dn_error_message(), part) == NULL || strstr(dn_error_message(), "some.safetensors") == NULL) {
        fail_msg("%s\nexpected DN_EFORMAT with \"%s\" and the file's name, found %s: %s", header, part, dn_status_name(status),
                 dn_error_message());
    }
    json_decref(metadata);
    dn_weights_destroy(weights);
}

static void faults_are_refused(void **state)
{
    (void)state;
    expect_refusal("[]", 0, "its header is not a JSON object");
    expect_refusal("{\"a\":", 0, "not valid JSON");
    expect_refusal("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4, "outside the file's 4 bytes");
    expect_refusal("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 12, "belong to no tensor");
    expect_refusal("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "does not fit its 8 bytes");
    expect_refusal("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "outside");
    expect_refusal("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", 8, "outside");
    expect_refusal("{\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, "only F32, F16 and BF16");
    expect_refusal("{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, "0 axes");
    expect_refusal("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, "6 axes");
    expect_refusal("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "unusable shape");
    expect_refusal("{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,4]}}", 4, "does not fit");
    expect_refusal(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
        8, "duplicate");
    expect_refusal(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[2,4]}}",
        4, "overlaps");
    expect_refusal("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "gap");
    expect_refusal("{\"__metadata__\":{\"x\":1}}", 0, "is not a text");
    expect_refusal("{\"__metadata__\":[]}", 0, "__metadata__ is not an object");
    expect_refusal("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 0, "lacks dtype, shape or data_offsets");
}

static void short_and_foreign_files(void **state)
{
    (void)state;
    json_t *metadata;
    unsigned char bytes[16] = {0};
    assert_int_equal(dn_safetensors_parse(bytes, 7, "x", NULL, &metadata), DN_EFORMAT);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(dn_safetensors_parse(bytes, 16, "x", NULL, &metadata), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "cut short"));
    bytes[0] = 9;
    memset(bytes + 1, 0, 7);
    assert_int_equal(dn_safetensors_parse(bytes, 16, "x", NULL, &metadata), DN_EFORMAT);
}

static void types_and_axes(void **state)
{
    (void)state;
    unsigned char bytes[1024];
    dn_weights *weights;
    json_t *metadata;
    size_t size = make("{\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[4,8]},\"b\":{\"dtype\":\"BF16\",\"shape\":[1,2,1,1],"
                       "\"data_offsets\":[0,4]},\"x.num_batches_tracked\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[8,16]}}",
                       16, bytes);
    static const unsigned char values[8] = {0x80, 0x3f, 0x40, 0xc0, 0x00, 0x3c, 0x01, 0x80}; /* 1, -3; 1, -2^-24 */
    memcpy(bytes + size - 16, values, sizeof values);
    assert_ok(dn_weights_create(&weights));
    assert_ok(dn_safetensors_parse(bytes, size, "x", weights, &metadata));
    assert_int_equal(dn_weights_count(weights), 2); /* PyTorch's counter is left out */
    const dn_weight *b = dn_weights_at(weights, 0), *h = dn_weights_find(weights, "h");
    assert_string_equal(b->name, "b"); /* in the order of the data */
    assert_int_equal(b->rank, 5);      /* a 2-D layer gets its depth */
    assert_int_equal(b->dim[1], 2);
    assert_int_equal(b->dim[2], 1);
    assert_close(b->data[0], 1, 0);
    assert_close(b->data[1], -3, 0);
    assert_close(h->data[0], 1, 0);
    assert_close(h->data[1], -5.9604644775390625e-8, 0);
    json_decref(metadata);
    dn_weights_destroy(weights);
}

/* Every half, there and back; and rounding against the definition. */
static void halves(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 65536; ++i) {
        float value = dn_half_to_float((uint16_t)i);
        if (!isnan(value) && dn_float_to_half(value) != i) {
            fail_msg("half %04x is %g and comes back as %04x", i, (double)value, dn_float_to_half(value));
        }
        if (isnan(value) && !isnan(dn_half_to_float(dn_float_to_half(value)))) {
            fail_msg("half %04x", i);
        }
    }
    for (uint32_t i = 0; i < 0x7bff; ++i) { /* between neighbours: nearest, ties to the even one */
        double a = (double)dn_half_to_float((uint16_t)i), b = (double)dn_half_to_float((uint16_t)(i + 1)), middle = (a + b) / 2;
        assert_int_equal(dn_float_to_half((float)middle), i % 2 == 0 ? i : i + 1);
        assert_int_equal(dn_float_to_half(nextafterf((float)middle, 0.0f)), i);
        assert_int_equal(dn_float_to_half(nextafterf((float)middle, 1e9f)), i + 1);
    }
    assert_int_equal(dn_float_to_half(65519.0f), 0x7bff);
    assert_int_equal(dn_float_to_half(65520.0f), 0x7c00);
    assert_int_equal(dn_float_to_half(1e30f), 0x7c00);
    assert_int_equal(dn_float_to_half(-0.0f), 0x8000);
}

static char *temporary(char path[64])
{
    strcpy(path, "/tmp/dien_test_st_XXXXXX");
    int handle = mkstemp(path);
    assert_true(handle >= 0);
    close(handle);
    return path;
}

static void written_files_come_back_and_are_equal(void **state)
{
    (void)state;
    char path[64], again[64], hash[65], hash_again[65];
    dn_weights *weights, *read;
    json_t *metadata = json_pack("{s:s, s:s}", "dien.format", "1", "word",
                                 "gr\xc3\xb6\xc3\x9f"
                                 "e"),
           *found;
    const int64_t kernel[5] = {3, 2, 1, 2, 2}, vector[1] = {5000};
    dn_weight *w;
    assert_ok(dn_weights_create(&weights));
    assert_ok(dn_weights_add(weights, "conv.weight", 5, kernel, NULL, &w));
    for (int i = 0; i < 24; ++i) {
        w->data[i] = (float)(i - 12) / 8;
    }
    assert_ok(dn_weights_add(weights, "bias", 1, vector, NULL, &w));
    w->data[4999] = 0.1f;
    assert_ok(dn_safetensors_write(temporary(path), weights, metadata, DN_STORE_F32, true));
    assert_ok(dn_safetensors_write(temporary(again), weights, metadata, DN_STORE_F32, true));
    assert_ok(dn_weights_create(&read));
    assert_ok(dn_safetensors_read(path, read, &found, hash));
    json_decref(found);
    assert_ok(dn_safetensors_read(again, NULL, &found, hash_again));
    assert_string_equal(hash, hash_again);
    assert_string_equal(json_string_value(json_object_get(found, "word")), "gr\xc3\xb6\xc3\x9f"
                                                                           "e");
    json_decref(found);
    assert_int_equal(dn_weights_count(read), 2);
    assert_memory_equal(dn_weights_at(read, 0)->data, dn_weights_at(weights, 0)->data, 24 * sizeof(float));
    assert_memory_equal(dn_weights_at(read, 0)->dim, kernel, sizeof kernel);
    assert_close(dn_weights_at(read, 1)->data[4999], 0.1f, 0);

    /* On disk a 2-D kernel has four axes, and the data begin at a multiple of 8. */
    unsigned char *bytes;
    size_t size;
    assert_ok(dn_file_read(path, 1 << 20, &bytes, &size));
    assert_non_null(memmem(bytes, size, "\"shape\":[3,2,2,2]", 17));
    assert_int_equal(bytes[0] % 8, 0);
    free(bytes);

    /* What cannot be stored is refused, and nothing is left in place of the old file. */
    w->data[7] = 70000.0f;
    assert_int_equal(dn_safetensors_write(path, weights, metadata, DN_STORE_F16, true), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "bias"));
    w->data[7] = NAN;
    assert_int_equal(dn_safetensors_write(path, weights, metadata, DN_STORE_F32, true), DN_EDATA);
    assert_ok(dn_safetensors_read(path, NULL, &found, hash_again));
    assert_string_equal(hash, hash_again);
    json_decref(found);
    assert_int_equal(dn_safetensors_write("/nowhere/x.safetensors", read, metadata, DN_STORE_F32, true), DN_EIO);

    unlink(path);
    unlink(again);
    json_decref(metadata);
    dn_weights_destroy(weights);
    dn_weights_destroy(read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_refused),
        cmocka_unit_test(short_and_foreign_files),
        cmocka_unit_test(types_and_axes),
        cmocka_unit_test(halves),
        cmocka_unit_test(written_files_come_back_and_are_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
