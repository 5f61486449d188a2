/* Stacks of coronal slices cut perpendicular to the AC-PC line (frame.h), with an affine that leads back to the scan. */
#ifndef DN_PREPARE_STACK_H
#define DN_PREPARE_STACK_H

#include "base/status.h"
#include "image/volume.h"
#include "register/frame.h"

/* A stack of coronal slices in the frame. */
typedef struct dn_stack_geometry {
    int64_t slices;   /* along y */
    int64_t pixels;   /* along x and along z */
    double thickness; /* mm between slices */
    double pixel;     /* mm */
    double centre[3]; /* frame mm: the middle of the stack */
} dn_stack_geometry;

/* Published: 50 slices of 512 x 512, 0.5 mm apart, pixels of 0.125 mm, around the hypothalamus. */
dn_stack_geometry dn_stack_hypothalamus(void);
/* Published: 512 slices of 512 x 512, 0.5 mm along each axis, around the head. */
dn_stack_geometry dn_stack_icv(void);
/* A geometry as people write it, around published's centre: "published"; "quarter" (pixels of twice the size, a quarter as many);
 * "50x256:0.5x0.25" (SLICESxPIXELS:THICKNESSxPIXEL in mm; to 4096, 20 mm). DN_EUSAGE, for a clause in front that says whose it is. */
DN_CHECKED dn_status dn_stack_parse(const char *text, const dn_stack_geometry *published, dn_stack_geometry *out);

/* The grid of a stack in the scan's world, orientation LIP in the frame: i to the patient's left, j downwards, k backwards; so a
 * slice lies in memory as the picture is looked at: rows from top to bottom, the patient's left on the right (radiological). */
void dn_stack_grid(const dn_frame *frame, const dn_stack_geometry *geometry, dn_grid *out);
/* scan sampled on the stack's grid (cubic, smoothed where the stack is coarser, cut to the scan's range; 0 outside), then z-scores over
 * the whole stack when mean and sd are not NULL (they get the values taken out). *out: owned by the caller.
 * DN_EDATA: the stack lies outside the scan or is constant. */
DN_CHECKED dn_status dn_stack_cut(const dn_volume *scan, const dn_frame *frame, const dn_stack_geometry *geometry, double *mean, double *sd,
                                  dn_volume **out);

#endif
