/* The first pose: centroids of structures laid on each other in closed form (Kabsch, Acta Cryst. A 1976; scale: Umeyama 1991). */
#include "register/frame_fit.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

enum { ROUNDS = 4, FEWEST = 5 };
/* A centroid further off than this after a round counts less in the next, mm: a structure may be mislabelled altogether. */
#define FAR_MM 8.0

typedef struct match {
    double turn[3][3], scale, shift[3];
    double spread[3]; /* singular values */
    double rms;
} match;

static void place(const match *m, const double p[3], double out[3])
{
    for (int r = 0; r < 3; ++r) {
        out[r] = m->shift[r] + m->scale * (m->turn[r][0] * p[0] + m->turn[r][1] * p[1] + m->turn[r][2] * p[2]);
    }
}

/* Weighted. mirror: the best reflection instead of the best rotation. */
static void solve(const dn_fit *fit, const double *weight, bool mirror, match *out)
{
    double a[3] = {0, 0, 0}, b[3] = {0, 0, 0}, total = 0.0, spread = 0.0;
    double h[9] = {0}, v[9], s[3], work[3];
    for (size_t i = 0; i < fit->count; ++i) {
        total += weight[i];
        for (int c = 0; c < 3; ++c) {
            a[c] += weight[i] * fit->at[i].reference_centroid[c];
            b[c] += weight[i] * fit->at[i].centroid[c];
        }
    }
    for (int c = 0; c < 3; ++c) {
        a[c] /= total;
        b[c] /= total;
    }
    for (size_t i = 0; i < fit->count; ++i) {
        for (int r = 0; r < 3; ++r) {
            double p = fit->at[i].reference_centroid[r] - a[r];
            spread += weight[i] * p * p;
            for (int c = 0; c < 3; ++c) {
                h[3 * r + c] += weight[i] * (fit->at[i].centroid[r] - b[r]) * (fit->at[i].reference_centroid[c] - a[c]);
            }
        }
    }
    gsl_matrix_view hm = gsl_matrix_view_array(h, 3, 3); /* becomes U */
    gsl_matrix_view vm = gsl_matrix_view_array(v, 3, 3);
    gsl_vector_view sv = gsl_vector_view_array(s, 3);
    gsl_vector_view wv = gsl_vector_view_array(work, 3);
    (void)gsl_linalg_SV_decomp(&hm.matrix, &vm.matrix, &sv.vector, &wv.vector);
    double det = 1.0;
    for (int m = 0; m < 2; ++m) {
        const double *q = m == 0 ? h : v;
        det *= q[0] * (q[4] * q[8] - q[5] * q[7]) - q[1] * (q[3] * q[8] - q[5] * q[6]) + q[2] * (q[3] * q[7] - q[4] * q[6]);
    }
    double last = (det > 0.0) == mirror ? -1.0 : 1.0; /* sign of the weakest direction */
    double trace = 0.0;
    memcpy(out->spread, s, sizeof s);
    for (int k = 0; k < 3; ++k) {
        trace += s[k] * (k == 2 ? last : 1.0);
    }
    out->scale = trace / spread;
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 3; ++c) {
            out->turn[r][c] = h[3 * r] * v[3 * c] + h[3 * r + 1] * v[3 * c + 1] + last * h[3 * r + 2] * v[3 * c + 2];
        }
        out->shift[r] = b[r];
        for (int c = 0; c < 3; ++c) {
            out->shift[r] -= out->scale * out->turn[r][c] * a[c];
        }
    }
}

static void robust(const dn_fit *fit, bool mirror, match *out)
{
    double weight[DN_FIT_LIMIT];
    for (size_t i = 0; i < fit->count; ++i) {
        weight[i] = fit->at[i].weight;
    }
    for (int round = 0; round < ROUNDS; ++round) {
        double sum = 0.0;
        solve(fit, weight, mirror, out);
        for (size_t i = 0; i < fit->count; ++i) {
            double at[3];
            double d = 0.0;
            place(out, fit->at[i].reference_centroid, at);
            for (int c = 0; c < 3; ++c) {
                d += (at[c] - fit->at[i].centroid[c]) * (at[c] - fit->at[i].centroid[c]);
            }
            weight[i] = fit->at[i].weight / (1.0 + d / (FAR_MM * FAR_MM));
            sum += fmin(d, 900.0);
        }
        out->rms = sqrt(sum / (double)fit->count);
    }
}

dn_status dn_fit_centroids(const dn_fit *fit, dn_fit_pose *pose, bool *mirrored)
{
    match right, wrong;
    if (fit->count < FEWEST) {
        DN_FAIL(DN_EDATA,
                "the label map has only %zu of the structures that are needed for the alignment (thalami, basal ganglia, ventricles, brain "
                "stem, with FreeSurfer's numbers); is it a whole head?",
                fit->count);
    }
    robust(fit, false, &right);
    robust(fit, true, &wrong);
    /* Two directions of spread decide a rotation, one does not. Weights sum to some 10, mm2. */
    if (!(right.spread[1] > 200.0) || !isfinite(right.rms) || !(right.scale > 0.0)) {
        DN_FAIL(DN_EDATA, "the structures of the label map lie in one place or on one line, not as in a head; check it with a viewer");
    }
    *mirrored = right.rms > 8.0 && wrong.rms < 0.6 * right.rms;
    memset(pose, 0, sizeof *pose);
    memcpy(pose->turn, right.turn, sizeof pose->turn);
    memcpy(pose->shift, right.shift, sizeof pose->shift);
    for (int c = 0; c < 3; ++c) {
        pose->scale[c] = right.scale;
    }
    return DN_OK;
}
