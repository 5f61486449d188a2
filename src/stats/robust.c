/* M-estimation by reweighting (Huber, Tukey), and quantile regression by the simplex method (Barrodale and Roberts 1974; Koenker and
 * d'Orey 1987). */
#include "stats/robust.h"

#include "base/memory.h"
#include "base/random.h"
#include "stats/descriptive.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- least squares ------------------------------------------------------------------------------------------------------------- */

/* Householder QR in place: x (n x p) holds R in its upper triangle, y becomes Q'y. False when a column depends on those before it. */
static int householder(double *x, double *y, size_t n, size_t p)
{
    double largest = 0.0;
    for (size_t j = 0; j < p; ++j) {
        double norm = 0.0;
        for (size_t i = j; i < n; ++i) {
            norm = hypot(norm, x[i * p + j]);
        }
        largest = fmax(largest, norm);
        if (!(norm > 1e-11 * largest)) {
            return 0;
        }
        double alpha = x[j * p + j] > 0.0 ? -norm : norm, head = x[j * p + j] - alpha, square = 0.0;
        x[j * p + j] = head;
        for (size_t i = j; i < n; ++i) {
            square += x[i * p + j] * x[i * p + j];
        }
        for (size_t c = j + 1; c <= p; ++c) { /* the last "column" is y */
            double dot = 0.0;
            for (size_t i = j; i < n; ++i) {
                dot += x[i * p + j] * (c < p ? x[i * p + c] : y[i]);
            }
            dot *= 2.0 / square;
            for (size_t i = j; i < n; ++i) {
                double change = dot * x[i * p + j];
                if (c < p) {
                    x[i * p + c] -= change;
                } else {
                    y[i] -= change;
                }
            }
        }
        x[j * p + j] = alpha; /* what is below stays the reflection; nobody reads it again */
    }
    return 1;
}

dn_status dn_least_squares(const double *x, const double *y, const double *weights, size_t n, size_t p, double *beta, double *inverse)
{
    dn_status status = DN_OK;
    double *work = NULL, *right = NULL, upper[DN_ROBUST_TERMS * DN_ROBUST_TERMS] = {0.0};
    if (p < 1 || p > DN_ROBUST_TERMS || n < p) {
        DN_FAIL(DN_EDATA, "a fit with %zu terms needs at least as many cases; there are %zu", p, n);
    }
    DN_TRY_GOTO(status, dn_alloc(&work, n * p, sizeof *work, "a fit"), done);
    DN_TRY_GOTO(status, dn_alloc(&right, n, sizeof *right, "a fit"), done);
    for (size_t i = 0; i < n; ++i) {
        double root = weights != NULL ? sqrt(weights[i]) : 1.0;
        right[i] = root * y[i];
        for (size_t j = 0; j < p; ++j) {
            work[i * p + j] = root * x[i * p + j];
        }
    }
    if (!householder(work, right, n, p)) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "the predictors of a fit depend on each other: %zu cases are not enough to separate %zu terms",
                     n, p);
    }
    for (size_t j = p; j-- > 0;) {
        double sum = right[j];
        for (size_t c = j + 1; c < p; ++c) {
            sum -= work[j * p + c] * beta[c];
        }
        beta[j] = sum / work[j * p + j];
    }
    if (inverse != NULL) {
        /* R^-1 column by column, then R^-1 R^-T. */
        for (size_t c = 0; c < p; ++c) {
            for (size_t j = c + 1; j-- > 0;) {
                double sum = j == c ? 1.0 : 0.0;
                for (size_t m = j + 1; m <= c; ++m) {
                    sum -= work[j * p + m] * upper[m * p + c];
                }
                upper[j * p + c] = sum / work[j * p + j];
            }
        }
        for (size_t a = 0; a < p; ++a) {
            for (size_t b = 0; b < p; ++b) {
                double sum = 0.0;
                for (size_t m = a > b ? a : b; m < p; ++m) {
                    sum += upper[a * p + m] * upper[b * p + m];
                }
                inverse[a * p + b] = sum;
            }
        }
    }
done:
    free(work);
    free(right);
    return status;
}

static double predict(const double *row, const double *beta, size_t p)
{
    double sum = 0.0;
    for (size_t j = 0; j < p; ++j) {
        sum += row[j] * beta[j];
    }
    return sum;
}

/* ---- M-estimation -------------------------------------------------------------------------------------------------------------- */

static double weight_of(dn_psi psi, double tuning, double u)
{
    double part = fabs(u) / tuning;
    if (psi == DN_PSI_HUBER) {
        return part <= 1.0 ? 1.0 : 1.0 / part;
    }
    return part < 1.0 ? (1.0 - part * part) * (1.0 - part * part) : 0.0;
}

dn_status dn_robust_fit(const double *x, const double *y, size_t n, size_t p, dn_psi psi, double tuning, double *beta, double *scale,
                        double *weights)
{
    enum { ROUNDS = 2000 };
    dn_status status = DN_OK;
    double *residual = NULL, *work = NULL, *weight = NULL;
    bool settled = false;
    tuning = tuning > 0.0 ? tuning : psi == DN_PSI_HUBER ? 1.345 : 4.685;
    DN_TRY(dn_least_squares(x, y, NULL, n, p, beta, NULL));
    DN_TRY_GOTO(status, dn_alloc(&residual, n, sizeof *residual, "a robust fit"), done);
    DN_TRY_GOTO(status, dn_alloc(&work, n, sizeof *work, "a robust fit"), done);
    DN_TRY_GOTO(status, dn_alloc(&weight, n, sizeof *weight, "a robust fit"), done);
    for (size_t i = 0; i < n; ++i) {
        residual[i] = y[i] - predict(x + i * p, beta, p);
    }
    for (int round = 0; round < ROUNDS && !settled; ++round) {
        for (size_t i = 0; i < n; ++i) {
            work[i] = fabs(residual[i]);
        }
        dn_sort(work, n);
        *scale = dn_quantile_sorted(work, n, 0.5) / 0.6745;
        if (!(*scale > 0.0)) {
            DN_FAIL_GOTO(status, done, DN_EDATA,
                         "half of the cases lie exactly on the surface, so the robust fit has no scale by which to judge the others");
        }
        for (size_t i = 0; i < n; ++i) {
            weight[i] = weight_of(psi, tuning, residual[i] / *scale);
        }
        DN_TRY_GOTO(status, dn_least_squares(x, y, weight, n, p, beta, NULL), done);
        double moved = 0.0, length = 0.0;
        for (size_t i = 0; i < n; ++i) {
            double now = y[i] - predict(x + i * p, beta, p);
            moved += (now - residual[i]) * (now - residual[i]);
            length += residual[i] * residual[i];
            residual[i] = now;
        }
        settled = sqrt(moved / fmax(length, 1e-300)) <= 1e-13;
    }
    if (!settled) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "the robust fit did not converge in %d rounds; use least squares or quantiles for these data",
                     (int)ROUNDS);
    }
    if (weights != NULL) {
        memcpy(weights, weight, n * sizeof *weights);
    }
done:
    free(residual);
    free(work);
    free(weight);
    return status;
}

/* ---- quantile regression ------------------------------------------------------------------------------------------------------- */

/* A vertex: p rows that the surface passes through, and the inverse of their p x p matrix. */
typedef struct vertex {
    const double *x;
    double *y; /* held apart */
    size_t n, p;
    double tau;
    size_t basis[DN_ROBUST_TERMS];
    unsigned char *in_basis;
    double inverse[DN_ROBUST_TERMS * DN_ROBUST_TERMS]; /* columns are edges */
    double beta[DN_ROBUST_TERMS];
    double *residual;
} vertex;

typedef struct breakpoint {
    double at, slope;
    size_t row;
} breakpoint;

static int by_place(const void *a, const void *b)
{
    const breakpoint *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at ? 1 : x->row < y->row ? -1 : x->row > y->row;
}

/* Gauss-Jordan with row pivoting; 0 when singular. */
static int invert(const double *matrix, size_t p, double *inverse)
{
    double work[DN_ROBUST_TERMS * DN_ROBUST_TERMS];
    memcpy(work, matrix, p * p * sizeof *work);
    for (size_t i = 0; i < p * p; ++i) {
        inverse[i] = i / p == i % p ? 1.0 : 0.0;
    }
    for (size_t c = 0; c < p; ++c) {
        size_t pivot = c;
        for (size_t r = c + 1; r < p; ++r) {
            pivot = fabs(work[r * p + c]) > fabs(work[pivot * p + c]) ? r : pivot;
        }
        double head = work[pivot * p + c];
        if (fabs(head) < 1e-13) {
            return 0;
        }
        for (size_t j = 0; j < p; ++j) {
            double a = work[c * p + j], b = inverse[c * p + j];
            work[c * p + j] = work[pivot * p + j];
            inverse[c * p + j] = inverse[pivot * p + j];
            work[pivot * p + j] = a;
            inverse[pivot * p + j] = b;
        }
        for (size_t j = 0; j < p; ++j) {
            work[c * p + j] /= head;
            inverse[c * p + j] /= head;
        }
        for (size_t r = 0; r < p; ++r) {
            double factor = work[r * p + c];
            for (size_t j = 0; r != c && j < p; ++j) {
                work[r * p + j] -= factor * work[c * p + j];
                inverse[r * p + j] -= factor * inverse[c * p + j];
            }
        }
    }
    return 1;
}

static int stand_on(vertex *v)
{
    double matrix[DN_ROBUST_TERMS * DN_ROBUST_TERMS];
    for (size_t j = 0; j < v->p; ++j) {
        memcpy(matrix + j * v->p, v->x + v->basis[j] * v->p, v->p * sizeof *matrix);
    }
    if (!invert(matrix, v->p, v->inverse)) {
        return 0;
    }
    for (size_t r = 0; r < v->p; ++r) {
        v->beta[r] = 0.0;
        for (size_t j = 0; j < v->p; ++j) {
            v->beta[r] += v->inverse[r * v->p + j] * v->y[v->basis[j]];
        }
    }
    for (size_t i = 0; i < v->n; ++i) {
        v->residual[i] = v->in_basis[i] ? 0.0 : v->y[i] - predict(v->x + i * v->p, v->beta, v->p);
    }
    return 1;
}

/* p rows near the least-squares surface that are linearly independent (Gram-Schmidt). order: n places. */
static int first_basis(vertex *v, const double *start, breakpoint *order)
{
    double orthogonal[DN_ROBUST_TERMS * DN_ROBUST_TERMS];
    size_t found = 0;
    for (size_t i = 0; i < v->n; ++i) {
        order[i] = (breakpoint){.at = fabs(v->y[i] - predict(v->x + i * v->p, start, v->p)), .row = i};
    }
    qsort(order, v->n, sizeof *order, by_place);
    for (double least = 0.1; found < v->p && least > 1e-9; least *= 0.1) {
        for (size_t o = 0; o < v->n && found < v->p; ++o) {
            size_t i = order[o].row;
            double *row = orthogonal + found * v->p, before = 0.0, after = 0.0;
            if (v->in_basis[i]) {
                continue;
            }
            memcpy(row, v->x + i * v->p, v->p * sizeof *row);
            before = predict(row, row, v->p);
            for (size_t k = 0; k < found; ++k) {
                double part = predict(row, orthogonal + k * v->p, v->p);
                for (size_t j = 0; j < v->p; ++j) {
                    row[j] -= part * orthogonal[k * v->p + j];
                }
            }
            after = predict(row, row, v->p);
            if (after > least * least * before && before > 0.0) {
                for (size_t j = 0; j < v->p; ++j) {
                    row[j] /= sqrt(after);
                }
                v->in_basis[i] = 1;
                v->basis[found++] = i;
            }
        }
    }
    return found == v->p;
}

/* The edge along which the sum falls fastest: its number, *sign and *slope (< 0); p when none falls. */
static size_t steepest_edge(const vertex *v, double *sign, double *slope)
{
    double pull[DN_ROBUST_TERMS] = {0.0};
    size_t best = v->p;
    for (size_t i = 0; i < v->n; ++i) {
        if (!v->in_basis[i]) {
            double psi = v->residual[i] > 0.0 ? v->tau : v->tau - 1.0;
            for (size_t j = 0; j < v->p; ++j) {
                pull[j] += psi * v->x[i * v->p + j];
            }
        }
    }
    *slope = -1e-10;
    for (size_t j = 0; j < v->p; ++j) {
        double w = 0.0;
        for (size_t r = 0; r < v->p; ++r) {
            w += v->inverse[r * v->p + j] * pull[r];
        }
        if (1.0 - v->tau - w < *slope) {
            *slope = 1.0 - v->tau - w;
            *sign = 1.0;
            best = j;
        }
        if (v->tau + w < *slope) {
            *slope = v->tau + w;
            *sign = -1.0;
            best = j;
        }
    }
    return best;
}

/* The row at which the sum stops falling along the edge; n when it never does. places: n. */
static size_t stop_of(const vertex *v, size_t edge, double sign, double slope, breakpoint *places)
{
    double direction[DN_ROBUST_TERMS];
    size_t count = 0;
    for (size_t r = 0; r < v->p; ++r) {
        direction[r] = sign * v->inverse[r * v->p + edge];
    }
    for (size_t i = 0; i < v->n; ++i) {
        double along = v->in_basis[i] ? 0.0 : predict(v->x + i * v->p, direction, v->p);
        if (fabs(along) > 1e-12 && v->residual[i] / along > 0.0) {
            places[count++] = (breakpoint){v->residual[i] / along, fabs(along), i};
        }
    }
    qsort(places, count, sizeof *places, by_place);
    for (size_t k = 0; k < count; ++k) {
        slope += places[k].slope;
        if (slope >= 0.0) {
            return places[k].row;
        }
    }
    return v->n;
}

dn_status dn_quantile_fit(const double *x, const double *y, size_t n, size_t p, double tau, double *beta, double *objective)
{
    dn_status status = DN_OK;
    vertex v = {.x = x, .n = n, .p = p, .tau = tau};
    breakpoint *places = NULL;
    double low = INFINITY, high = -INFINITY, start[DN_ROBUST_TERMS];
    dn_random random;
    if (!(tau > 0.0 && tau < 1.0)) {
        DN_FAIL(DN_EUSAGE, "a quantile must be between 0 and 1; %g is not", tau);
    }
    DN_TRY(dn_least_squares(x, y, NULL, n, p, start, NULL));
    DN_TRY_GOTO(status, dn_alloc(&v.y, n, sizeof *v.y, "a quantile fit"), done);
    DN_TRY_GOTO(status, dn_alloc(&v.residual, n, sizeof *v.residual, "a quantile fit"), done);
    DN_TRY_GOTO(status, dn_alloc(&v.in_basis, n, 1, "a quantile fit"), done);
    DN_TRY_GOTO(status, dn_alloc(&places, n, sizeof *places, "a quantile fit"), done);
    for (size_t i = 0; i < n; ++i) {
        low = fmin(low, y[i]);
        high = fmax(high, y[i]);
    }
    dn_random_seed(&random, 1);
    for (size_t i = 0; i < n; ++i) {
        v.y[i] = y[i] + 1e-10 * (high - low) * (dn_random_unit(&random) - 0.5);
    }
    if (!first_basis(&v, start, places) || !stand_on(&v)) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "the predictors of a quantile fit depend on each other");
    }
    size_t limit = 200 * p + 20 * n, moves = 0;
    for (; moves < limit; ++moves) {
        double sign = 1.0, slope = 0.0;
        size_t edge = steepest_edge(&v, &sign, &slope);
        size_t row = edge < p ? stop_of(&v, edge, sign, slope, places) : n;
        if (row == n) {
            break;
        }
        v.in_basis[v.basis[edge]] = 0;
        v.in_basis[row] = 1;
        v.basis[edge] = row;
        if (!stand_on(&v)) {
            DN_FAIL_GOTO(status, done, DN_EDATA, "the quantile fit is not stable: the predictors nearly depend on each other");
        }
    }
    if (moves == limit) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "the quantile fit did not end in %zu steps", limit);
    }
    memcpy(v.y, y, n * sizeof *v.y);
    stand_on(&v);
    memcpy(beta, v.beta, p * sizeof *beta);
    if (objective != NULL) {
        *objective = 0.0;
        for (size_t i = 0; i < n; ++i) {
            *objective += v.residual[i] * (v.residual[i] < 0.0 ? tau - 1.0 : tau);
        }
    }
done:
    free(v.y);
    free(v.residual);
    free(v.in_basis);
    free(places);
    return status;
}
