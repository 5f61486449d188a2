/* The AC-PC frame of a head, found without an operator: x to the right with the mid-sagittal plane at x = 0, y forwards along the
 * line from the posterior to the anterior commissure, z up, origin at the anterior commissure. Coronal slices of this frame stand
 * perpendicular to the AC-PC line.
 *
 * The frame comes from a label map of the head (FreeSurfer numbers; from the whole-head network, or brought along) and a reference
 * head whose commissures are known. Surfaces of deep structures of both are laid on each other: first by the centroids (closed form,
 * any orientation), then by least squares over distance maps with robust weights, rotation, translation and a scale along each axis.
 * Left-right symmetry of the reference makes the mid-sagittal plane. Heads differ in more than size, so the commissures are then
 * moved by what the surfaces around them still lack (a local affine, held back by a prior). */
#ifndef DN_REGISTER_FRAME_H
#define DN_REGISTER_FRAME_H

#include "base/status.h"
#include "image/volume.h"

#include <stdbool.h>

/* A head with known commissures. Borrowed. */
typedef struct dn_frame_reference {
    const dn_labels *labels; /* FreeSurfer numbers */
    double ac[3], pc[3];     /* world of labels, mm: centres of the commissures in the mid-sagittal plane */
    double right[3];         /* unit normal of the mid-sagittal plane (to the right) */
} dn_frame_reference;

typedef struct dn_frame_options {
    bool rigid_only;       /* no local correction: the commissures are where the global fit puts them */
    double residual_limit; /* mm; a robust mean surface distance above this is refused; 0: 3 mm */
} dn_frame_options;

typedef struct dn_frame {
    dn_affine to_scan;       /* frame mm -> the label map's (the scan's) world, rigid: rotation and translation only */
    dn_affine from_scan;     /* its inverse */
    double ac[3], pc[3];     /* scan world, mm */
    double ac_pc_mm;         /* their distance */
    double pitch, roll, yaw; /* degrees the head is turned in the scan's world: about x (nose up > 0), about y (right ear down > 0),
                                about z (nose to the left > 0); to_scan = Rz(yaw) Ry(roll) Rx(pitch) */
    double scale[3];         /* of this head to the reference along x, y, z */
    int structures;          /* that took part */
    double residual_mm;      /* robust mean distance between surfaces after the fit */
    double error_mm;         /* standard error of AC and PC (the larger), leaving out one structure at a time */
    double error_degrees;    /* of the rotation, likewise */
} dn_frame;

/* labels: any grid, any orientation; the numbers of FreeSurfer's aseg. options: NULL for the defaults.
 * DN_EDATA when the labels do not make a head that fits: too few structures, left and right exchanged, a residual above the limit
 * or a head outside 0.7 to 1.4 of the reference's size; the sentence says which. DN_ENOMEM. */
DN_CHECKED dn_status dn_frame_from_labels(const dn_labels *labels, const dn_frame_reference *reference, const dn_frame_options *options,
                                          dn_frame *out);
/* The same from a rotation (columns: directions of x, y, z in the scan's world) and the commissures; fills the angles. */
void dn_frame_set(dn_frame *frame, const double rotation[3][3], const double ac[3], const double pc[3]);
/* Such a rotation from the commissures and a direction to the right, which is made perpendicular to their line. false: commissures in one
 * point, or right along their line. */
bool dn_frame_axes(const double ac[3], const double pc[3], const double right[3], double rotation[3][3]);
/* frame of a scan that was moved: move maps the old world to the new one (rigid). */
void dn_frame_move(const dn_frame *frame, const dn_affine *move, dn_frame *out);
/* Angle between two frames' axes, degrees: of the rotation that takes one to the other. */
double dn_frame_angle(const dn_frame *a, const dn_frame *b);

#endif
