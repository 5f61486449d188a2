/* Finds the inputs of the marking of the intracranial volume (prepare/icv_mark.h) in a scan: the thresholds and a point in the brain. The
 * average head is aligned with the scan; the brightness of what it says is brain sets the thresholds. */
#ifndef DN_PREPARE_ICV_THRESHOLDS_H
#define DN_PREPARE_ICV_THRESHOLDS_H

#include "base/status.h"
#include "prepare/icv_mark.h"
#include "register/head_align.h"

/* Shares of the white matter's brightness: between fluid and grey matter, between white matter and fat, and between bone and fluid. */
#define DN_ICV_LOW_SHARE 0.50
#define DN_ICV_HIGH_SHARE 1.40
#define DN_ICV_FLUID_SHARE 0.15

/* Fills low, high, fluid, seed and up of *options. scan: any orientation. DN_EDATA: no head is found. */
DN_CHECKED dn_status dn_icv_thresholds(const dn_volume *scan, dn_icv_mark_options *options);

#endif
