/* Normalisation of volumes by head size, and the ALS progression rate. */
#ifndef DN_STATS_ICV_H
#define DN_STATS_ICV_H

#include "base/status.h"

#include <stddef.h>

typedef enum { DN_ICV_NONE, DN_ICV_RATIO, DN_ICV_RESIDUAL, DN_ICV_POWER } dn_icv_method;

/* Of "ratio", "residual", "power". DN_EUSAGE: none of these. */
DN_CHECKED dn_status dn_icv_method_of(const char *text, dn_icv_method *out);
/* The same word; static. */
const char *dn_icv_method_name(dn_icv_method method);

/* volume[i], icv[i] of n people; control[i] != 0 marks those from whom the mean ICV, the slope and the exponent are taken.
 * ratio:    V / ICV * mean ICV of the controls (equation 1 of Vernikouskaya et al. 2023)
 * residual: V - b (ICV - mean ICV of the controls), b from a line through the controls
 * power:    V * (mean ICV of the controls / ICV)^b, b from a line through the controls' logarithms
 * *slope gets b (1 for the ratio). Values must be > 0. DN_EDATA: no controls (residual and power: fewer than 3), an ICV of 0, equal ICVs.
 */
DN_CHECKED dn_status dn_icv_normalise(dn_icv_method method, const double *volume, const double *icv, const unsigned char *control, size_t n,
                                      double *out, double *mean_icv, double *slope);

/* (48 - score) / duration in months (or years), the slope of Vernikouskaya et al. 2023; NaN when a value is missing. DN_EDATA: score
 * outside 0..48, duration not > 0. */
DN_CHECKED dn_status dn_alsfrs_slope(double score, double duration, double *out);

#endif
