/* Normal equations solved by Cholesky's decomposition (GSL). */
#include "stats/linear.h"

#include "stats/distribution.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>

dn_status dn_linear_solve_spd(double *matrix, double *right, size_t n)
{
    dn_gsl_quiet();
    gsl_matrix_view m = gsl_matrix_view_array(matrix, n, n);
    gsl_vector_view x = gsl_vector_view_array(right, n);
    int code = gsl_linalg_cholesky_decomp1(&m.matrix);
    if (code == GSL_SUCCESS) {
        code = gsl_linalg_cholesky_svx(&m.matrix, &x.vector);
    }
    if (code != GSL_SUCCESS) {
        DN_FAIL(DN_EDATA, "a system of %zu linear equations has no single solution", n);
    }
    return DN_OK;
}
