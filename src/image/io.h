/* Scans and label maps in and out of files.
 *
 * Read: NIfTI-1 and NIfTI-2, either byte order, .nii, .nii.gz, .hdr/.img (each also gzipped; name either file of the pair),
 * FreeSurfer .mgh and .mgz. The content decides about the format of a file; a name that contradicts it gives a warning.
 * Written: NIfTI-1 (NIfTI-2 where a dimension passes 32767), .nii or .nii.gz.
 *
 * Everything is in RAS+ millimetres once read (see volume.h), whatever units the file uses. Geometry that contradicts
 * itself, data that cannot be a scan and files that are shorter than their header says are refused before voxels are
 * allocated, with one sentence; every refusal has exit code 3 (DN_EINPUT, DN_EFORMAT, DN_EGEOMETRY, DN_EDATA). */
#ifndef DN_IMAGE_IO_H
#define DN_IMAGE_IO_H

#include "base/status.h"
#include "image/volume.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which orientation is used if a NIfTI header's sform, qform and pixdim contradict each other. */
typedef enum {
    DN_TRUST_HEADER, /* neither: a contradiction beyond 1 % is refused (DN_EGEOMETRY) */
    DN_TRUST_SFORM,
    DN_TRUST_QFORM,
} dn_trust;

typedef struct dn_scan_read_options {
    dn_trust trust;
} dn_scan_read_options;

typedef enum { DN_SCAN_NIFTI1, DN_SCAN_NIFTI1_PAIR, DN_SCAN_NIFTI2, DN_SCAN_NIFTI2_PAIR, DN_SCAN_MGH } dn_scan_format;

/* Where the affine came from. */
typedef enum { DN_AFFINE_SFORM, DN_AFFINE_QFORM, DN_AFFINE_SPACING, DN_AFFINE_MGH, DN_AFFINE_MGH_DEFAULT } dn_affine_source;

/* The beginning of the warning that a file has no orientation. */
#define DN_SCAN_NO_ORIENTATION "the header has no orientation"

enum { DN_SCAN_WARNING_LIMIT = 12, DN_SCAN_WARNING_LENGTH = 240 };

/* Facts from the header of a file. Flat: nothing to release. */
typedef struct dn_scan_info {
    dn_scan_format format;
    const char *format_name; /* static: "NIfTI-1", "NIfTI-1 pair", "NIfTI-2", "NIfTI-2 pair", "MGH" */
    bool compressed;
    const char *type_name; /* static: "uint8" ... "float64" */
    const char *unit_name; /* static: "mm", "m", "um", "unknown" */
    dn_affine_source affine_source;
    int sform_code; /* 0 for MGH */
    int qform_code;
    int64_t volumes;        /* in the file; 1 except for dn_volumes_read_4d */
    int64_t nan_count;      /* replaced by 0 */
    int64_t infinity_count; /* replaced by the largest or smallest finite value */
    float minimum;          /* after replacement */
    float maximum;
    int warning_count;
    char warning[DN_SCAN_WARNING_LIMIT][DN_SCAN_WARNING_LENGTH]; /* sentences without the file's name */
} dn_scan_info;

/* Reads one scan as float32, scaled by slope and intercept.
 * options: NULL for the defaults. *out: owned by the caller (dn_volume_destroy). info: may be NULL; filled on success.
 * DN_EINPUT: missing, a folder, unreadable, DICOM or another kind of file (the sentence says what it is and what to do).
 * DN_EFORMAT: truncated, corrupt, an impossible header, a data type that is no real number, several volumes, ANALYZE 7.5.
 * DN_EGEOMETRY: spacing <= 0, singular or contradicting orientation. DN_EDATA: constant or without finite values. */
DN_CHECKED dn_status dn_scan_read(const char *path, const dn_scan_read_options *options, dn_volume **out, dn_scan_info *info);

/* The same from a file's bytes in memory (gzipped or not; single-file formats only). name: for messages. bytes: borrowed. */
DN_CHECKED dn_status dn_scan_read_bytes(const unsigned char *bytes, size_t size, const char *name, const dn_scan_read_options *options,
                                        dn_volume **out, dn_scan_info *info);

/* Header only: grid and info (counts, minimum and maximum are 0); the file's length is checked where that needs no decompression. */
DN_CHECKED dn_status dn_scan_read_grid(const char *path, const dn_scan_read_options *options, dn_grid *out, dn_scan_info *info);

/* Reads a label map. Any real data type whose values are whole numbers 0..65535; DN_EDATA for others. A map of one
 * constant value is allowed. */
DN_CHECKED dn_status dn_labels_read(const char *path, const dn_scan_read_options *options, dn_labels **out, dn_scan_info *info);

/* Reads all volumes of a 4-D file (posteriors, an atlas): an array of *count volumes on one grid; constant volumes are
 * allowed. Release with dn_volumes_destroy. */
DN_CHECKED dn_status dn_volumes_read_4d(const char *path, const dn_scan_read_options *options, dn_volume ***out, size_t *count,
                                        dn_scan_info *info);
void dn_volumes_destroy(dn_volume **volumes, size_t count);

/* A form code that leaves the form out of the header. */
enum { DN_FORM_NONE = -1 };

/* How to write. Zero-initialised or NULL: sform and qform code 1 (scanner), gzip level 1 for labels, 2 for volumes. */
typedef struct dn_scan_write_options {
    int sform_code; /* 0: 1 */
    int qform_code; /* 0: the sform's. The qform is written only when the affine is a rotation with spacing. */
    bool narrow;    /* labels: uint8 when every value is below 256 (masks), else uint16 */
    int gzip_level; /* 1..9; 0: default */
} dn_scan_write_options;

/* Options that keep the scan's own codes, so that viewers treat the scan and what is written on its grid alike. */
dn_scan_write_options dn_scan_write_like(const dn_scan_info *info);

/* Write atomically on the image's own grid, slope 1, intercept 0, little-endian, gzip without name and time: equal
 * images give equal bytes, whatever the number of threads. path ends in .nii or .nii.gz (DN_EUSAGE otherwise).
 * options: NULL for the defaults. DN_EIO. */
DN_CHECKED dn_status dn_volume_write(const dn_volume *volume, const char *path, const dn_scan_write_options *options);
DN_CHECKED dn_status dn_labels_write(const dn_labels *labels, const char *path, const dn_scan_write_options *options);
/* One float32 4-D file. volumes: count >= 1 of them, all on the first one's grid (DN_ESHAPE otherwise). */
DN_CHECKED dn_status dn_volumes_write_4d(const dn_volume *const *volumes, size_t count, const char *path,
                                         const dn_scan_write_options *options);

#endif
