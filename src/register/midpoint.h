/* The midpoint of several scans of one head: a frame in which no scan is the reference, and the rigid motion from it to each scan.
 *
 * The average head is aligned with each scan, which makes the axes (right, front, up from the hypothalamus). Then, from coarse to fine, all
 * scans are brought to the frame and made alike (register/alike.h), and each moves towards the mean of all by Gauss-Newton steps on the
 * brain's intensities with robust weights, with the gradients of both (so that two scans move towards each other by the same way). After
 * each round the frame is put where the mean of the motions' logarithms is that of the aligned heads (as Reuter et al. 2012 ask of an
 * unbiased template, by other means).
 *
 * The order of the scans has an influence on rounding only: give them in an order that belongs to them (sorted by content), and the result
 * is the same to the bit. It does not depend on the number of threads. */
#ifndef DN_REGISTER_MIDPOINT_H
#define DN_REGISTER_MIDPOINT_H

#include "image/volume.h"
#include "register/alike.h"

typedef struct dn_midpoint {
    size_t count;
    dn_affine *to_scan;  /* owned; [count], midpoint mm -> world of the scan: rotation and translation */
    dn_alike *alike;     /* owned; [count] */
    double *correlation; /* owned; [count], of the scan with the mean of the others inside the brain, once they are alike */
    double size;         /* of the head to the average head */
    double last_step_mm; /* by which a scan moved in the last round, 5 cm from the middle: what is left of the error of the search */
    size_t failed;       /* the scan that an error is about; count: none of them alone */
} dn_midpoint;

/* scans: 2 or more, borrowed. out: release with dn_midpoint_release, also after a failure. DN_EDATA: out->failed shows nothing like a head,
 * or has no contrast. DN_ECANCELLED, DN_ENOMEM. */
DN_CHECKED dn_status dn_midpoint_find(const dn_volume *const *scans, size_t count, dn_midpoint *out);
void dn_midpoint_release(dn_midpoint *midpoint);

/* A lattice of 1 mm along the midpoint's axes that holds the head as far as the scans show it. */
void dn_midpoint_grid(const dn_midpoint *midpoint, const dn_volume *const *scans, dn_grid *out);
/* Scan n on grid, interpolated once (cubic B-splines) and made alike; 0 where it does not reach. */
DN_CHECKED dn_status dn_midpoint_scan(const dn_midpoint *midpoint, const dn_volume *scan, size_t n, const dn_grid *grid, dn_volume **out);

#endif
