/* Internal to image/: where a file's voxels are and what they mean, as its header says after all checks. */
#ifndef DN_IMAGE_LAYOUT_H
#define DN_IMAGE_LAYOUT_H

#include "base/status.h"
#include "image/io.h"
#include "image/volume.h"

typedef enum {
    DN_VOXEL_UINT8,
    DN_VOXEL_INT8,
    DN_VOXEL_UINT16,
    DN_VOXEL_INT16,
    DN_VOXEL_UINT32,
    DN_VOXEL_INT32,
    DN_VOXEL_UINT64,
    DN_VOXEL_INT64,
    DN_VOXEL_FLOAT32,
    DN_VOXEL_FLOAT64,
} dn_voxel_type;

typedef struct dn_layout {
    dn_grid grid;
    int64_t volumes; /* >= 1 */
    dn_voxel_type type;
    bool swap;      /* the file's byte order is not this machine's */
    int64_t offset; /* of the first voxel, in the file that holds the voxels */
    int64_t bytes;  /* of all volumes' voxels */
    bool scaled;
    double slope;
    double intercept;
} dn_layout;

size_t dn_voxel_size(dn_voxel_type type);
const char *dn_voxel_name(dn_voxel_type type);

/* Adds a sentence to info's warnings; dropped when there are too many. */
void dn_scan_warn(dn_scan_info *info, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fills layout->bytes; DN_EFORMAT when the product overflows. name: the file's, for the message. */
DN_CHECKED dn_status dn_layout_measure(dn_layout *layout, const char *name);

/* Converts count voxels of the layout's type, order and scaling. from: aligned to 8 bytes. */
void dn_voxels_convert(const dn_layout *layout, const void *from, size_t count, float *to);

/* Counts and replaces what is not finite (NaN by 0 held into the finite range, infinities by the ends of the range);
 * finds the range. finite: false when no voxel was. */
typedef struct dn_voxel_range {
    int64_t nan_count, infinity_count;
    float minimum, maximum;
    bool finite;
} dn_voxel_range;
void dn_voxels_clean(float *data, int64_t count, dn_voxel_range *out);

/* The largest scan that is read: voxels of a volume, stored bytes of all, and bytes in front of them. */
#define DN_MOST_VOXELS (INT64_C(1) << 30)
#define DN_MOST_BYTES (INT64_C(16) << 30)
#define DN_MOST_OFFSET (INT64_C(256) << 20)

/* Each looks at the first `size` bytes of the file `name`. *match: it is this format. Fills layout and info (format,
 * type, order, units, codes, source of the affine, warnings). */
DN_CHECKED dn_status dn_nifti_header(const unsigned char *bytes, size_t size, const char *name, const dn_scan_read_options *options,
                                     bool *match, dn_layout *layout, dn_scan_info *info);
DN_CHECKED dn_status dn_mgh_header(const unsigned char *bytes, size_t size, const char *name, bool *match, dn_layout *layout,
                                   dn_scan_info *info);
/* The message for a file that is not a readable scan: what it seems to be, and what to do. Never returns DN_OK. */
dn_status dn_sniff_refuse(const unsigned char *bytes, size_t size, const char *name);

#endif
