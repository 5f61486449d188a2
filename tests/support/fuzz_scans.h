/* Small scans of every format to begin fuzzing from: 4 x 4 x 4 voxels. */
#ifndef DN_FUZZ_SCANS_H
#define DN_FUZZ_SCANS_H

#include "fuzz.h"

enum { FUZZ_SIDE = 4, FUZZ_VOXELS = FUZZ_SIDE * FUZZ_SIDE * FUZZ_SIDE };

static inline void fuzz_put(uint8_t *at, uint64_t value, size_t width, int big)
{
    for (size_t i = 0; i < width; ++i) {
        at[big ? width - 1 - i : i] = (uint8_t)(value >> (8 * i));
    }
}

static inline void fuzz_put_float(uint8_t *at, float value, int big)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    fuzz_put(at, bits, 4, big);
}

/* NIfTI-1 of int16; the fields' offsets are those of nifti1.h. */
static inline size_t fuzz_nifti1(uint8_t *out, int big, int sform)
{
    memset(out, 0, 352 + 2 * FUZZ_VOXELS);
    fuzz_put(out, 348, 4, big);
    static const uint64_t dim[] = {3, FUZZ_SIDE, FUZZ_SIDE, FUZZ_SIDE, 1, 1, 1, 1};
    for (size_t i = 0; i < 8; ++i) {
        fuzz_put(out + 40 + 2 * i, dim[i], 2, big);
        fuzz_put_float(out + 76 + 4 * i, 1.0f, big);
    }
    fuzz_put(out + 70, 4, 2, big); /* int16 */
    fuzz_put(out + 72, 16, 2, big);
    fuzz_put_float(out + 108, 352.0f, big);
    fuzz_put_float(out + 112, 1.0f, big);
    out[123] = 2; /* mm */
    fuzz_put(out + (sform ? 254 : 252), 1, 2, big);
    for (size_t i = 0; i < 3; ++i) {
        fuzz_put_float(out + 280 + 20 * i, 1.0f, big);
    }
    memcpy(out + 344, "n+1", 4);
    for (size_t i = 0; i < FUZZ_VOXELS; ++i) {
        fuzz_put(out + 352 + 2 * i, i * 7, 2, big);
    }
    return 352 + 2 * FUZZ_VOXELS;
}

/* NIfTI-2 of float32. */
static inline size_t fuzz_nifti2(uint8_t *out)
{
    memset(out, 0, 544 + 4 * FUZZ_VOXELS);
    fuzz_put(out, 540, 4, 0);
    memcpy(out + 4, "n+2\0\r\n\032\n", 8);
    fuzz_put(out + 12, 16, 2, 0);
    fuzz_put(out + 14, 32, 2, 0);
    static const uint64_t dim[] = {3, FUZZ_SIDE, FUZZ_SIDE, FUZZ_SIDE, 1, 1, 1, 1};
    double one = 1.0;
    uint64_t bits;
    memcpy(&bits, &one, sizeof bits);
    for (size_t i = 0; i < 8; ++i) {
        fuzz_put(out + 16 + 8 * i, dim[i], 8, 0);
        fuzz_put(out + 104 + 8 * i, bits, 8, 0);
    }
    fuzz_put(out + 168, 544, 8, 0);
    fuzz_put(out + 176, bits, 8, 0);
    fuzz_put(out + 348, 1, 4, 0); /* sform code */
    for (size_t i = 0; i < 3; ++i) {
        fuzz_put(out + 400 + 40 * i, bits, 8, 0);
    }
    fuzz_put(out + 500, 2, 4, 0);
    for (size_t i = 0; i < FUZZ_VOXELS; ++i) {
        fuzz_put_float(out + 544 + 4 * i, (float)i, 0);
    }
    return 544 + 4 * FUZZ_VOXELS;
}

/* MGH: big-endian, 284 bytes of header. */
static inline size_t fuzz_mgh(uint8_t *out)
{
    memset(out, 0, 284 + 4 * FUZZ_VOXELS);
    static const uint64_t head[] = {1, FUZZ_SIDE, FUZZ_SIDE, FUZZ_SIDE, 1, 3 /* float */, 0};
    for (size_t i = 0; i < 7; ++i) {
        fuzz_put(out + 4 * i, head[i], 4, 1);
    }
    fuzz_put(out + 28, 1, 2, 1);
    static const float geometry[] = {1, 1, 1, -1, 0, 0, 0, 0, -1, 0, 1, 0, 2, 3, 4};
    for (size_t i = 0; i < 15; ++i) {
        fuzz_put_float(out + 30 + 4 * i, geometry[i], 1);
    }
    for (size_t i = 0; i < FUZZ_VOXELS; ++i) {
        fuzz_put_float(out + 284 + 4 * i, (float)i, 1);
    }
    return 284 + 4 * FUZZ_VOXELS;
}

/* Seed index; its size, 0: there is none. */
static inline size_t fuzz_scan(unsigned index, uint8_t *out, size_t capacity)
{
    if (capacity < 4096) {
        return 0;
    }
    switch (index) {
    case 0:
        return fuzz_nifti1(out, 0, 1);
    case 1:
        return fuzz_nifti1(out, 1, 1);
    case 2:
        return fuzz_nifti1(out, 0, 0);
    case 3:
        return fuzz_nifti2(out);
    case 4:
        return fuzz_mgh(out);
    default:
        return 0;
    }
}

#endif
