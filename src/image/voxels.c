/* Converts the voxels of a file, of any type, to float32. */
#include "image/layout.h"

#include "base/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [DN_VOXEL_UINT8] = {"uint8", 1},     [DN_VOXEL_INT8] = {"int8", 1},     [DN_VOXEL_UINT16] = {"uint16", 2},
    [DN_VOXEL_INT16] = {"int16", 2},     [DN_VOXEL_UINT32] = {"uint32", 4}, [DN_VOXEL_INT32] = {"int32", 4},
    [DN_VOXEL_UINT64] = {"uint64", 8},   [DN_VOXEL_INT64] = {"int64", 8},   [DN_VOXEL_FLOAT32] = {"float32", 4},
    [DN_VOXEL_FLOAT64] = {"float64", 8},
};

size_t dn_voxel_size(dn_voxel_type type)
{
    return types[type].size;
}

const char *dn_voxel_name(dn_voxel_type type)
{
    return types[type].name;
}

void dn_scan_warn(dn_scan_info *info, const char *format, ...)
{
    if (info->warning_count >= DN_SCAN_WARNING_LIMIT) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(info->warning[info->warning_count], DN_SCAN_WARNING_LENGTH, format, arguments);
    va_end(arguments);
    ++info->warning_count;
}

dn_status dn_layout_measure(dn_layout *layout, const char *name)
{
    int64_t factors[5] = {layout->grid.dim[0], layout->grid.dim[1], layout->grid.dim[2], layout->volumes,
                          (int64_t)types[layout->type].size};
    /* A quarter of the range, so that sums with offsets and float32 copies cannot overflow either. */
    if (!dn_mul_dims(factors, 5, &layout->bytes) || layout->bytes > INT64_MAX / 8) {
        DN_FAIL(DN_EFORMAT, "'%s' says it has %lld x %lld x %lld x %lld voxels, more than any machine can hold: the header is damaged",
                name, (long long)layout->grid.dim[0], (long long)layout->grid.dim[1], (long long)layout->grid.dim[2],
                (long long)layout->volumes);
    }
    return DN_OK;
}

static inline uint8_t same8(uint8_t v)
{
    return v;
}

/* One loop per type: take the bits, swap them if asked, read them as the type, scale. */
#define CONVERT(function, type, bits, reverse)                                                                                             \
    static void function(const dn_layout *layout, const void *from, size_t count, float *to)                                               \
    {                                                                                                                                      \
        const unsigned char *bytes = from;                                                                                                 \
        double slope = layout->slope;                                                                                                      \
        double intercept = layout->intercept;                                                                                              \
        bool swapped = layout->swap;                                                                                                       \
        if (layout->scaled) {                                                                                                              \
            for (size_t i = 0; i < count; ++i) {                                                                                           \
                bits raw;                                                                                                                  \
                type value;                                                                                                                \
                memcpy(&raw, bytes + i * sizeof raw, sizeof raw);                                                                          \
                raw = swapped ? (bits)reverse(raw) : raw;                                                                                  \
                memcpy(&value, &raw, sizeof value);                                                                                        \
                to[i] = (float)((double)value * slope + intercept);                                                                        \
            }                                                                                                                              \
        } else {                                                                                                                           \
            for (size_t i = 0; i < count; ++i) {                                                                                           \
                bits raw;                                                                                                                  \
                type value;                                                                                                                \
                memcpy(&raw, bytes + i * sizeof raw, sizeof raw);                                                                          \
                raw = swapped ? (bits)reverse(raw) : raw;                                                                                  \
                memcpy(&value, &raw, sizeof value);                                                                                        \
                to[i] = (float)value;                                                                                                      \
            }                                                                                                                              \
        }                                                                                                                                  \
    }

CONVERT(convert_uint8, uint8_t, uint8_t, same8)
CONVERT(convert_int8, int8_t, uint8_t, same8)
CONVERT(convert_uint16, uint16_t, uint16_t, __builtin_bswap16)
CONVERT(convert_int16, int16_t, uint16_t, __builtin_bswap16)
CONVERT(convert_uint32, uint32_t, uint32_t, __builtin_bswap32)
CONVERT(convert_int32, int32_t, uint32_t, __builtin_bswap32)
CONVERT(convert_uint64, uint64_t, uint64_t, __builtin_bswap64)
CONVERT(convert_int64, int64_t, uint64_t, __builtin_bswap64)
CONVERT(convert_float32, float, uint32_t, __builtin_bswap32)
CONVERT(convert_float64, double, uint64_t, __builtin_bswap64)

void dn_voxels_convert(const dn_layout *layout, const void *from, size_t count, float *to)
{
    static void (*const functions[])(const dn_layout *, const void *, size_t, float *) = {
        [DN_VOXEL_UINT8] = convert_uint8,     [DN_VOXEL_INT8] = convert_int8,     [DN_VOXEL_UINT16] = convert_uint16,
        [DN_VOXEL_INT16] = convert_int16,     [DN_VOXEL_UINT32] = convert_uint32, [DN_VOXEL_INT32] = convert_int32,
        [DN_VOXEL_UINT64] = convert_uint64,   [DN_VOXEL_INT64] = convert_int64,   [DN_VOXEL_FLOAT32] = convert_float32,
        [DN_VOXEL_FLOAT64] = convert_float64,
    };
    functions[layout->type](layout, from, count, to);
}

void dn_voxels_clean(float *data, int64_t count, dn_voxel_range *out)
{
    int64_t nans = 0;
    int64_t infinities = 0;
    float low = INFINITY;
    float high = -INFINITY;
    /* Comparisons with NaN are false, so it never enters the range; infinities are kept out by the finite bounds. */
#pragma omp parallel for reduction(+ : nans, infinities) reduction(min : low) reduction(max : high)
    for (int64_t i = 0; i < count; ++i) {
        float v = data[i];
        int nan = v != v;
        int infinity = fabsf(v) > 3.402823466e38f;
        nans += nan;
        infinities += infinity;
        float l = nan | infinity ? INFINITY : v;
        float h = nan | infinity ? -INFINITY : v;
        low = l < low ? l : low;
        high = h > high ? h : high;
    }
    *out = (dn_voxel_range){nans, infinities, low, high, low <= high};
    if (!out->finite || nans + infinities == 0) {
        return;
    }
    float zero = low > 0.0f ? low : high < 0.0f ? high : 0.0f;
#pragma omp parallel for
    for (int64_t i = 0; i < count; ++i) {
        float v = data[i];
        data[i] = v != v ? zero : v < low ? low : v > high ? high : v;
    }
}
