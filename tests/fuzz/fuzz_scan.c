/* Scans: headers that lie, files that end early, every format and byte order. */
#include "fuzz.h"

#include "image/io.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const dn_scan_read_options believe = {.trust = DN_TRUST_SFORM};
    dn_volume *volume = NULL;
    dn_scan_info info;
    dn_status status = dn_scan_read_bytes(bytes, size, "input", NULL, &volume, &info);
    fuzz_check(status);
    if (status == DN_EGEOMETRY) {
        status = dn_scan_read_bytes(bytes, size, "input", &believe, &volume, &info);
        fuzz_check(status);
    }
    if (status == DN_OK) {
        dn_volume_destroy(volume);
    }
    return 0;
}

enum { SIDE = 4, VOXELS = SIDE * SIDE * SIDE };

static void put(uint8_t *at, uint64_t value, size_t width, int big)
{
    for (size_t i = 0; i < width; ++i) {
        at[big ? width - 1 - i : i] = (uint8_t)(value >> (8 * i));
    }
}

static void put_float(uint8_t *at, float value, int big)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(at, bits, 4, big);
}

/* NIfTI-1 of int16; the fields' offsets are those of nifti1.h. */
static size_t nifti1(uint8_t *out, int big, int sform)
{
    memset(out, 0, 352 + 2 * VOXELS);
    put(out, 348, 4, big);
    static const uint64_t dim[] = {3, SIDE, SIDE, SIDE, 1, 1, 1, 1};
    for (size_t i = 0; i < 8; ++i) {
        put(out + 40 + 2 * i, dim[i], 2, big);
        put_float(out + 76 + 4 * i, 1.0f, big);
    }
    put(out + 70, 4, 2, big); /* int16 */
    put(out + 72, 16, 2, big);
    put_float(out + 108, 352.0f, big);
    put_float(out + 112, 1.0f, big);
    out[123] = 2; /* mm */
    put(out + (sform ? 254 : 252), 1, 2, big);
    for (size_t i = 0; i < 3; ++i) {
        put_float(out + 280 + 20 * i, 1.0f, big);
    }
    memcpy(out + 344, "n+1", 4);
    for (size_t i = 0; i < VOXELS; ++i) {
        put(out + 352 + 2 * i, i * 7, 2, big);
    }
    return 352 + 2 * VOXELS;
}

/* NIfTI-2 of float32. */
static size_t nifti2(uint8_t *out)
{
    memset(out, 0, 544 + 4 * VOXELS);
    put(out, 540, 4, 0);
    memcpy(out + 4, "n+2\0\r\n\032\n", 8);
    put(out + 12, 16, 2, 0);
    put(out + 14, 32, 2, 0);
    static const uint64_t dim[] = {3, SIDE, SIDE, SIDE, 1, 1, 1, 1};
    double one = 1.0;
    uint64_t bits;
    memcpy(&bits, &one, sizeof bits);
    for (size_t i = 0; i < 8; ++i) {
        put(out + 16 + 8 * i, dim[i], 8, 0);
        put(out + 104 + 8 * i, bits, 8, 0);
    }
    put(out + 168, 544, 8, 0);
    put(out + 176, bits, 8, 0);
    put(out + 348, 1, 4, 0); /* sform code */
    for (size_t i = 0; i < 3; ++i) {
        put(out + 400 + 40 * i, bits, 8, 0);
    }
    put(out + 500, 2, 4, 0);
    for (size_t i = 0; i < VOXELS; ++i) {
        put_float(out + 544 + 4 * i, (float)i, 0);
    }
    return 544 + 4 * VOXELS;
}

/* MGH: big-endian, 284 bytes of header. */
static size_t mgh(uint8_t *out)
{
    memset(out, 0, 284 + 4 * VOXELS);
    static const uint64_t head[] = {1, SIDE, SIDE, SIDE, 1, 3 /* float */, 0};
    for (size_t i = 0; i < 7; ++i) {
        put(out + 4 * i, head[i], 4, 1);
    }
    put(out + 28, 1, 2, 1);
    static const float geometry[] = {1, 1, 1, -1, 0, 0, 0, 0, -1, 0, 1, 0, 2, 3, 4};
    for (size_t i = 0; i < 15; ++i) {
        put_float(out + 30 + 4 * i, geometry[i], 1);
    }
    for (size_t i = 0; i < VOXELS; ++i) {
        put_float(out + 284 + 4 * i, (float)i, 1);
    }
    return 284 + 4 * VOXELS;
}

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    if (capacity < 4096) {
        return 0;
    }
    switch (index) {
    case 0:
        return nifti1(out, 0, 1);
    case 1:
        return nifti1(out, 1, 1);
    case 2:
        return nifti1(out, 0, 0);
    case 3:
        return nifti2(out);
    case 4:
        return mgh(out);
    default:
        return 0;
    }
}
