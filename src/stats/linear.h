/* Systems of linear equations with a symmetric positive definite matrix (normal equations), through GSL's Cholesky decomposition. */
#ifndef DN_STATS_LINEAR_H
#define DN_STATS_LINEAR_H

#include "base/status.h"

#include <stddef.h>

/* Solves matrix * x = right; matrix: [n][n], symmetric, only its lower half is read, overwritten; right: becomes x.
 * DN_EDATA: the matrix is not positive definite. */
DN_CHECKED dn_status dn_linear_solve_spd(double *matrix, double *right, size_t n);

#endif
