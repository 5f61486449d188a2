/* Fits of y = X beta that few outliers cannot pull: M-estimation and quantile regression. Also the plain least squares they start from.
 * X: n rows of p numbers, row-major, of full rank; p is small (at most DN_ROBUST_TERMS). A column of ones is the caller's business. */
#ifndef DN_STATS_ROBUST_H
#define DN_STATS_ROBUST_H

#include "base/status.h"

#include <stddef.h>

enum { DN_ROBUST_TERMS = 16 };

/* beta: p numbers. inverse: p x p, (X'WX)^-1, or NULL. weights: n numbers >= 0, NULL: all 1. DN_EDATA: columns of X depend on each other.
 */
DN_CHECKED dn_status dn_least_squares(const double *x, const double *y, const double *weights, size_t n, size_t p, double *beta,
                                      double *inverse);

typedef enum { DN_PSI_HUBER, DN_PSI_BISQUARE } dn_psi;

/* Iteratively reweighted from least squares; scale: MAD of the residuals about 0 over 0.6745, anew each time, as MASS::rlm. tuning: 1.345
 * and 4.685 when 0. Stops when residuals move by less than 1e-13 of their length. weights: n, or NULL. DN_EDATA: no convergence in 2000
 * rounds, or more than half of the residuals are 0 (scale 0). */
DN_CHECKED dn_status dn_robust_fit(const double *x, const double *y, size_t n, size_t p, dn_psi psi, double tuning, double *beta,
                                   double *scale, double *weights);

/* Minimises sum rho_tau(y - X beta), rho_tau(r) = r (tau - [r < 0]), exactly: from vertex to vertex of the linear programme along its
 * steepest edge (Barrodale and Roberts 1974; Koenker and d'Orey 1987), y held apart by 1e-10 of its range against ties. 0 < tau < 1.
 * *objective (may be NULL): the minimum. */
DN_CHECKED dn_status dn_quantile_fit(const double *x, const double *y, size_t n, size_t p, double tau, double *beta, double *objective);

#endif
