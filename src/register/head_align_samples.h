/* What the alignment of the average head compares: small copies of the scan, and points of the template. Internal to locate. */
#ifndef DN_REGISTER_HEAD_ALIGN_SAMPLES_H
#define DN_REGISTER_HEAD_ALIGN_SAMPLES_H

#include "register/head_template.h"

#include <stddef.h>
#include <stdint.h>

/* An isotropic copy of the scan. World of the search: mm from the scan's middle, axes as the voxel axes. */
typedef struct dn_align_picture {
    int64_t dim[3];
    double spacing;
    double origin[3]; /* of voxel 0, 0, 0 */
    float *data;
} dn_align_picture;

/* A point of the template with its two intensities. */
typedef struct dn_align_sample {
    float x, y, z;
    float value[2]; /* with skull, without */
    float brain;
} dn_align_sample;

typedef struct dn_align_samples {
    dn_align_sample *at;
    size_t count;
} dn_align_samples;

/* A copy of the scan (dim, spacing in mm) with isotropic voxels of `wanted` mm. out->data: the caller's to free. */
DN_CHECKED dn_status dn_align_picture_make(const float *data, const int64_t dim[3], const double spacing[3], double wanted,
                                           dn_align_picture *out);
/* Limits what is much brighter than the rest, in place. */
DN_CHECKED dn_status dn_align_picture_tame(dn_align_picture *picture);
/* Template points whose neighbourhood of about a centimetre touches the brain, averaged over `factor` voxels per axis. out->at: the
 * caller's to free. */
DN_CHECKED dn_status dn_align_samples_make(const dn_head_template *head, int64_t factor, dn_align_samples *out);

#endif
