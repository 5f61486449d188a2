/* Intensities of several scans of one head made alike: a smooth bias field and one rising intensity map per scan, onto what is common to
 * all of them. Other scanners, coils and contrasts then no longer move the boundaries that a network finds.
 *
 * All scans are treated alike; the common scale is their mean. The field (log) is a normalised convolution of the ratio to that mean inside
 * the brain (20 mm); the map matches quantiles of the smoothed brains (2 mm), so that noise and resolution count little. */
#ifndef DN_REGISTER_ALIKE_H
#define DN_REGISTER_ALIKE_H

#include "base/status.h"
#include "image/volume.h"

#include <stddef.h>
#include <stdint.h>

enum { DN_ALIKE_KNOTS = 49 };

typedef struct dn_alike {
    dn_volume *bias;             /* owned; log of the field, on the lattice */
    double from[DN_ALIKE_KNOTS]; /* a scan's values without its field, rising ... */
    double onto[DN_ALIKE_KNOTS]; /* ... and the common values that they become */
    double at_low, at_high;      /* slopes of the map below and above the knots */
} dn_alike;

/* scans: count of them on one lattice; mask: where the brain is, at least 1000 voxels. rounds: of field and map in turn. out: count,
 * released with dn_alike_release each, also after a failure. The common scale has a median of about 0.5 in the brain, and air near 0.
 * DN_EDATA: a scan has one value in the brain; DN_ENOMEM. */
DN_CHECKED dn_status dn_alike_fit(const dn_volume *const *scans, size_t count, const uint8_t *mask, int rounds, dn_alike *out,
                                  size_t *failed);
void dn_alike_release(dn_alike *alike);
/* In place; scan: on any grid of the lattice's world. */
void dn_alike_apply(const dn_alike *alike, dn_volume *scan);

#endif
