/* Surfaces of the structures of two label maps laid on each other: the inside of frame.c. */
#ifndef DN_REGISTER_FRAME_FIT_H
#define DN_REGISTER_FRAME_FIT_H

#include "base/status.h"
#include "image/volume.h"

#include <stdbool.h>
#include <stddef.h>

enum { DN_FIT_LIMIT = 32 };

/* One structure of both heads. */
typedef struct dn_fit_structure {
    const char *name; /* static */
    uint16_t label;
    double weight;
    /* the scan: a signed distance map (mm, negative inside, slightly smoothed) on a box of the label map's grid */
    float *distance; /* owned */
    int64_t dim[3];
    dn_affine to_voxel; /* scan world -> voxel of the box */
    double centroid[3]; /* scan world */
    /* the reference: points near the surface and their own signed distances */
    float (*point)[4]; /* owned; world x, y, z, distance */
    size_t points;
    double reference_centroid[3];
} dn_fit_structure;

typedef struct dn_fit {
    dn_fit_structure at[DN_FIT_LIMIT];
    size_t count;
} dn_fit;

/* Reference head to scan: x = turn (I + bend) diag(scale) p + shift, p in the reference's AC-PC frame. */
typedef struct dn_fit_pose {
    double turn[3][3];
    double scale[3];
    double bend[3][3]; /* the local correction, 0 in the global fit */
    double shift[3];
} dn_fit_pose;

/* Structures that both maps have (at least 100 mm3). to_frame: the reference's world -> its AC-PC frame. out: release. */
DN_CHECKED dn_status dn_fit_gather(const dn_labels *scan, const dn_labels *reference, const dn_affine *to_frame, dn_fit *out);
void dn_fit_release(dn_fit *fit);

/* By centroids (Kabsch's closed form, one scale). *mirrored: a reflection would fit far better. DN_EDATA: fewer than five structures, or
 * all in one line. */
DN_CHECKED dn_status dn_fit_centroids(const dn_fit *fit, dn_fit_pose *pose, bool *mirrored);
/* The fits below may run in several threads, each with a pose of its own; GSL's error handler has to be off (it is one for all).
 * Least squares over the surfaces from pose on, robust, without structure `without` (-1: all): rotation, shift, scales. */
void dn_fit_global(const dn_fit *fit, int without, int iterations, dn_fit_pose *pose);
/* Then bend and shift for the neighbourhood of centre (frame mm of the reference, unscaled), Gaussian weights of sigma reach mm. */
void dn_fit_local(const dn_fit *fit, int without, int iterations, const double centre[3], double reach, dn_fit_pose *pose);
/* Weighted mean over structures of the median distance between surfaces, mm. */
DN_CHECKED dn_status dn_fit_residual(const dn_fit *fit, const dn_fit_pose *pose, double *out);
void dn_fit_matrix(const dn_fit_pose *pose, dn_affine *out);

#endif
