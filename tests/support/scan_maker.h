/* Scan files made byte by byte, without our code or a library's: what the readers are tested against. */
#ifndef DN_SCAN_MAKER_H
#define DN_SCAN_MAKER_H

#include "test.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { MAKER_ROOM = 1 << 16 };

/* A file in the making. */
typedef struct maker {
    unsigned char bytes[MAKER_ROOM];
    size_t size;
    bool big; /* big-endian */
    int version;
} maker;

static inline void maker_put(maker *m, size_t at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        m->bytes[at + (m->big ? size - 1 - i : i)] = (unsigned char)(value >> (8 * i) & 0xff);
    }
}

static inline void maker_put_float(maker *m, size_t at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    maker_put(m, at, bits, 4);
}

static inline void maker_put_double(maker *m, size_t at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    maker_put(m, at, bits, 8);
}

/* Field offsets of both versions of NIfTI (nifti1.h, nifti2.h); a real field is float in version 1, double in 2. */
static inline void maker_dim(maker *m, int index, int64_t value)
{
    if (m->version == 1) {
        maker_put(m, 40 + 2 * (size_t)index, (uint64_t)value, 2);
    } else {
        maker_put(m, 16 + 8 * (size_t)index, (uint64_t)value, 8);
    }
}

static inline void maker_real(maker *m, size_t at1, size_t at2, double value)
{
    if (m->version == 1) {
        maker_put_float(m, at1, (float)value);
    } else {
        maker_put_double(m, at2, value);
    }
}

static inline void maker_pixdim(maker *m, int index, double value)
{
    maker_real(m, 76 + 4 * (size_t)index, 104 + 8 * (size_t)index, value);
}

static inline void maker_code(maker *m, size_t at1, size_t at2, int value)
{
    maker_put(m, m->version == 1 ? at1 : at2, (uint64_t)(int64_t)value, m->version == 1 ? 2 : 4);
}

static inline void maker_qform_code(maker *m, int value)
{
    maker_code(m, 252, 344, value);
}

static inline void maker_sform_code(maker *m, int value)
{
    maker_code(m, 254, 348, value);
}

static inline void maker_quatern(maker *m, double b, double c, double d, double x, double y, double z)
{
    double values[6] = {b, c, d, x, y, z};
    for (size_t i = 0; i < 6; ++i) {
        maker_real(m, 256 + 4 * i, 352 + 8 * i, values[i]);
    }
}

static inline void maker_srow(maker *m, const double rows[3][4])
{
    for (size_t r = 0; r < 3; ++r) {
        for (size_t c = 0; c < 4; ++c) {
            maker_real(m, 280 + 16 * r + 4 * c, 400 + 32 * r + 8 * c, rows[r][c]);
        }
    }
}

static inline void maker_slope(maker *m, double slope, double intercept)
{
    maker_real(m, 112, 176, slope);
    maker_real(m, 116, 184, intercept);
}

static inline void maker_units(maker *m, int value)
{
    if (m->version == 1) {
        m->bytes[123] = (unsigned char)value;
    } else {
        maker_put(m, 500, (uint64_t)value, 4);
    }
}

static inline void maker_type(maker *m, int datatype, int bits)
{
    maker_put(m, m->version == 1 ? 70 : 12, (uint64_t)datatype, 2);
    maker_put(m, m->version == 1 ? 72 : 14, (uint64_t)bits, 2);
}

static inline void maker_offset(maker *m, double value)
{
    if (m->version == 1) {
        maker_put_float(m, 108, (float)value);
    } else {
        maker_put(m, 168, (uint64_t)(int64_t)value, 8);
    }
}

static const double MAKER_AFFINE[3][4] = {{-1.0, 0.0, 0.0, 40.0}, {0.0, 0.0, 1.5, -30.0}, {0.0, 2.0, 0.0, -20.0}};

/* A header of 5 x 4 x 3 voxels of 1 x 2 x 1.5 mm with an sform (code 1) alone; size is the voxels' offset. */
static inline void maker_nifti(maker *m, int version, bool big, bool pair, int datatype, int bits)
{
    memset(m, 0, sizeof *m);
    m->version = version;
    m->big = big;
    maker_put(m, 0, version == 1 ? 348 : 540, 4);
    if (version == 1) {
        memcpy(m->bytes + 344, pair ? "ni1" : "n+1", 4);
    } else {
        memcpy(m->bytes + 4, pair ? "ni2\0\r\n\032\n" : "n+2\0\r\n\032\n", 8);
    }
    for (int d = 0; d < 8; ++d) {
        maker_dim(m, d, d == 0 ? 3 : d <= 3 ? 6 - d : 1);
    }
    maker_pixdim(m, 0, 1.0);
    maker_pixdim(m, 1, 1.0);
    maker_pixdim(m, 2, 2.0);
    maker_pixdim(m, 3, 1.5);
    maker_type(m, datatype, bits);
    maker_units(m, 2);
    maker_sform_code(m, 1);
    maker_srow(m, MAKER_AFFINE);
    m->size = version == 1 ? 352 : 544;
    maker_offset(m, pair ? 0.0 : (double)m->size);
}

/* MGH: 5 x 4 x 3 voxels of 1 x 2 x 1.5 mm, directions as in MAKER_AFFINE. */
static inline void maker_mgh(maker *m, int type)
{
    memset(m, 0, sizeof *m);
    m->big = true;
    maker_put(m, 0, 1, 4);
    maker_put(m, 4, 5, 4);
    maker_put(m, 8, 4, 4);
    maker_put(m, 12, 3, 4);
    maker_put(m, 16, 1, 4);
    maker_put(m, 20, (uint64_t)type, 4);
    maker_put(m, 28, 1, 2);
    const float reals[15] = {1.0f,
                             2.0f,
                             1.5f,
                             /* x */ -1.0f,
                             0.0f,
                             0.0f,
                             /* y */ 0.0f,
                             0.0f,
                             1.0f,
                             /* z */ 0.0f,
                             1.0f,
                             0.0f,
                             /* centre */ 37.5f,
                             -27.75f,
                             -16.0f};
    for (size_t i = 0; i < 15; ++i) {
        maker_put_float(m, 30 + 4 * i, reals[i]);
    }
    m->size = 284;
}

/* Appends one voxel of a NIfTI data type. */
static inline void maker_voxel(maker *m, int datatype, double value)
{
    size_t at = m->size;
    switch (datatype) {
    case 2:   /* uint8 */
    case 256: /* int8 */
        maker_put(m, at, (uint64_t)(int64_t)value, 1);
        m->size += 1;
        break;
    case 4:   /* int16 */
    case 512: /* uint16 */
        maker_put(m, at, (uint64_t)(int64_t)value, 2);
        m->size += 2;
        break;
    case 8:   /* int32 */
    case 768: /* uint32 */
        maker_put(m, at, (uint64_t)(int64_t)value, 4);
        m->size += 4;
        break;
    case 1024: /* int64 */
    case 1280: /* uint64 */
        maker_put(m, at, (uint64_t)(int64_t)value, 8);
        m->size += 8;
        break;
    case 16: /* float32 */
        maker_put_float(m, at, (float)value);
        m->size += 4;
        break;
    default: /* float64 */
        maker_put_double(m, at, value);
        m->size += 8;
        break;
    }
}

/* 60 voxels 0..59. */
static inline void maker_voxels(maker *m, int datatype)
{
    for (int i = 0; i < 60; ++i) {
        maker_voxel(m, datatype, i);
    }
}

/* The usual file: NIfTI-1, little-endian, int16. */
static inline void maker_usual(maker *m)
{
    maker_nifti(m, 1, false, false, 4, 16);
    maker_voxels(m, 4);
}

/* A folder of this test run's own, removed by nobody on failure so that the files can be looked at. */
static inline const char *maker_folder(void)
{
    static char folder[64];
    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "/tmp/dien-test-%ld", (long)getpid());
        assert_true(mkdir(folder, 0700) == 0 || access(folder, W_OK) == 0); /* left by a failed run of this number */
    }
    return folder;
}

static inline const char *maker_path(const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", maker_folder(), name);
    return path;
}

static inline void maker_save_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

/* gzip in memory; returns the packed size. */
static inline size_t maker_pack(const void *bytes, size_t size, unsigned char *out, size_t room)
{
    z_stream z;
    memset(&z, 0, sizeof z);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)bytes;
    z.avail_in = (uInt)size;
    z.next_out = out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t packed = room - z.avail_out;
    deflateEnd(&z);
    return packed;
}

static inline void maker_save_gz(const char *path, const void *bytes, size_t size)
{
    static unsigned char out[2 * MAKER_ROOM];
    size_t packed = maker_pack(bytes, size, out, sizeof out);
    maker_save_bytes(path, out, packed);
}

/* Saves m under name in this run's folder; gzipped when asked. */
static inline const char *maker_save(const maker *m, const char *name, bool packed)
{
    const char *path = maker_path(name);
    if (packed) {
        maker_save_gz(path, m->bytes, m->size);
    } else {
        maker_save_bytes(path, m->bytes, m->size);
    }
    return path;
}

static inline void maker_remove_folder(void)
{
    if (test_remove_tree(maker_folder()) != 0) {
        fprintf(stderr, "cannot remove %s\n", maker_folder());
    }
}

#endif
