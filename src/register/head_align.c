/* Searches positions, pitch and scales by normalised cross-correlation, coarse to fine, and refines the best ones. */
#include "register/head_align.h"

#include "base/memory.h"
#include "register/head_align_match.h"
#include "register/head_align_samples.h"
#include "register/head_template.h"
#include "stats/distribution.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARAMETERS = 9, /* translation mm, rotation, log scale, each x y z */
    STARTS = 10,    /* candidates of the exhaustive search that are refined at 8 mm */
    FINALISTS = 3   /* of these, refined at 4 mm */
};
#define COARSE_MM 8.0
#define FINE_MM 4.0
#define SEARCH_STEP_MM 16.0
#define SEARCH_EDGE_MM 20.0 /* starts nearer to the scan's edge than this are not tried */
#define RADIAN_MM 70.0      /* a rotation by one radian moves the cortex by about this much: makes steps comparable */

typedef struct candidate {
    double p[PARAMETERS];
    double score;
    int kind;     /* index into sample.value */
    bool starved; /* of memory, while it was refined */
} candidate;

/* Smoothed copies of the scan and the template's points, at 4 mm and at 8 mm. */
typedef struct pictures {
    dn_align_picture fine, coarse;
    dn_align_samples fine_set, coarse_set;
} pictures;

/* Template world to the search's world: scale along the template's axes, rotate about x, y, z in this order, translate. */
static void parameters_matrix(const double p[PARAMETERS], double m[3][4])
{
    double cx = cos(p[3]);
    double sx = sin(p[3]);
    double cy = cos(p[4]);
    double sy = sin(p[4]);
    double cz = cos(p[5]);
    double sz = sin(p[5]);
    double r[3][3] = {
        {cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx},
        {sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx},
        {-sy, cy * sx, cy * cx},
    };
    for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 3; ++b) {
            m[a][b] = r[a][b] * exp(p[6 + b]);
        }
        m[a][3] = p[a];
    }
}

/* Template world to the picture's voxels. */
static void voxel_matrix(const dn_align_picture *pic, const double p[PARAMETERS], float f[3][4])
{
    double m[3][4];
    parameters_matrix(p, m);
    for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 3; ++b) {
            f[a][b] = (float)(m[a][b] / pic->spacing);
        }
        f[a][3] = (float)((m[a][3] - pic->origin[a]) / pic->spacing);
    }
}

/* Correlation over the samples at strides; points outside the scan count as its darkest value, and the score is scaled by
 * the share of points inside, so that the template does not drift off the scan. */
static double correlation(const dn_align_picture *pic, const dn_align_samples *set, size_t stride, int kind, const double p[PARAMETERS])
{
    float f[3][4];
    voxel_matrix(pic, p, f);
    const int64_t nx = pic->dim[0];
    const int64_t nxy = nx * pic->dim[1];
    const float limit[3] = {(float)pic->dim[0] - 1.001f, (float)pic->dim[1] - 1.001f, (float)pic->dim[2] - 1.001f};
    double n = 0;
    double st = 0;
    double ss = 0;
    double stt = 0;
    double sss = 0;
    double sst = 0;
    size_t tried = 0;
    for (size_t i = 0; i < set->count; i += stride, ++tried) {
        const dn_align_sample *s = &set->at[i];
        float x = f[0][0] * s->x + f[0][1] * s->y + f[0][2] * s->z + f[0][3];
        float y = f[1][0] * s->x + f[1][1] * s->y + f[1][2] * s->z + f[1][3];
        float z = f[2][0] * s->x + f[2][1] * s->y + f[2][2] * s->z + f[2][3];
        if (!(x >= 0.0f && y >= 0.0f && z >= 0.0f && x <= limit[0] && y <= limit[1] && z <= limit[2])) {
            continue;
        }
        int64_t a = (int64_t)x;
        int64_t b = (int64_t)y;
        int64_t c = (int64_t)z;
        float u = x - (float)a;
        float v = y - (float)b;
        float w = z - (float)c;
        const float *q = pic->data + a + nx * b + nxy * c;
        float e0 = q[0] + u * (q[1] - q[0]);
        float e1 = q[nx] + u * (q[nx + 1] - q[nx]);
        float e2 = q[nxy] + u * (q[nxy + 1] - q[nxy]);
        float e3 = q[nxy + nx] + u * (q[nxy + nx + 1] - q[nxy + nx]);
        float g0 = e0 + v * (e1 - e0);
        float g1 = e2 + v * (e3 - e2);
        double g = (double)(g0 + w * (g1 - g0));
        double t = (double)s->value[kind];
        n += 1;
        st += t;
        ss += g;
        stt += t * t;
        sss += g * g;
        sst += g * t;
    }
    if (n < 0.3 * (double)tried) {
        return -1.0;
    }
    double vt = stt - st * st / n;
    double vs = sss - ss * ss / n;
    if (!(vt > 0) || !(vs > 1e-12 * n)) {
        return -1.0;
    }
    return (sst - st * ss / n) / sqrt(vt * vs) * sqrt(n / (double)tried);
}

typedef struct alignment {
    const dn_align_picture *pic;
    const dn_align_samples *set;
    size_t stride;
    int kind;
    int free; /* parameters that may move: 7 (one scale) or 9 */
} alignment;

static void unpack(const gsl_vector *x, int free, double p[PARAMETERS])
{
    for (int i = 0; i < PARAMETERS; ++i) {
        double value = gsl_vector_get(x, (size_t)(i < free ? i : free - 1));
        p[i] = i < 3 ? value : value / RADIAN_MM;
    }
}

static double cost(const gsl_vector *x, void *user)
{
    const alignment *a = user;
    double p[PARAMETERS];
    unpack(x, a->free, p);
    /* Heads outside 0.75..1.33 of the template, or lying on the side, are left to the flag that says "not found". */
    double penalty = 0;
    for (int i = 3; i < PARAMETERS; ++i) {
        double excess = fabs(p[i]) - (i < 6 ? 0.9 : 0.29);
        penalty += excess > 0 ? 10 * excess : 0;
    }
    return penalty - correlation(a->pic, a->set, a->stride, a->kind, p);
}

/* Simplex search from c. Where memory runs out, c->starved. */
static void refine(const dn_align_picture *pic, const dn_align_samples *set, size_t stride, int free, double step_mm, int iterations,
                   candidate *c)
{
    alignment problem = {pic, set, stride, c->kind, free};
    size_t n = (size_t)free;
    gsl_multimin_function function = {cost, n, &problem};
    gsl_vector *x = gsl_vector_alloc(n);
    gsl_vector *step = gsl_vector_alloc(n);
    gsl_multimin_fminimizer *search = gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, n);
    if (x != NULL && step != NULL && search != NULL) {
        for (size_t i = 0; i < n; ++i) {
            gsl_vector_set(x, i, i < 3 ? c->p[i] : c->p[i] * RADIAN_MM);
        }
        gsl_vector_set_all(step, step_mm);
        if (gsl_multimin_fminimizer_set(search, &function, x, step) == GSL_SUCCESS) {
            for (int i = 0; i < iterations; ++i) {
                if (gsl_multimin_fminimizer_iterate(search) != GSL_SUCCESS || gsl_multimin_fminimizer_size(search) < 0.02 * step_mm) {
                    break;
                }
            }
            unpack(gsl_multimin_fminimizer_x(search), free, c->p);
            c->score = -gsl_multimin_fminimizer_minimum(search);
        }
    } else {
        c->starved = true;
    }
    if (search != NULL) {
        gsl_multimin_fminimizer_free(search);
    }
    if (step != NULL) {
        gsl_vector_free(step);
    }
    if (x != NULL) {
        gsl_vector_free(x);
    }
}

static int by_score(const void *a, const void *b)
{
    const candidate *p = a;
    const candidate *q = b;
    if (p->score != q->score) {
        return p->score > q->score ? -1 : 1;
    }
    return memcmp(p->p, q->p, sizeof p->p);
}

/* All positions on a 16 mm raster, five pitches, both kinds, at one size (mm of the scan per mm of the template); the best STARTS that
 * differ into best[]. */
static dn_status search_all(const dn_align_picture *pic, const dn_align_samples *set, double size, candidate best[STARTS], size_t *found)
{
    static const double pitches[] = {-0.5, -0.25, 0.0, 0.25, 0.5};
    enum { PITCHES = sizeof pitches / sizeof *pitches };
    int64_t steps[3];
    for (int c = 0; c < 3; ++c) {
        double room = (double)pic->dim[c] * pic->spacing - 2 * SEARCH_EDGE_MM;
        steps[c] = 1 + (int64_t)(room > 0 ? room / SEARCH_STEP_MM : 0);
    }
    int64_t count = steps[0] * steps[1] * steps[2] * PITCHES * 2;
    candidate *all = NULL;
    DN_TRY(dn_alloc(&all, (size_t)count, sizeof *all, "the starts of the alignment"));
#pragma omp parallel for schedule(dynamic, 32)
    for (int64_t n = 0; n < count; ++n) {
        candidate *c = &all[n];
        int64_t rest = n;
        for (int a = 0; a < 3; ++a) {
            c->p[a] = SEARCH_STEP_MM * ((double)(rest % steps[a]) - 0.5 * (double)(steps[a] - 1));
            rest /= steps[a];
        }
        c->p[3] = pitches[rest % PITCHES];
        c->p[6] = c->p[7] = c->p[8] = log(size);
        c->kind = (int)(rest / PITCHES);
        c->score = correlation(pic, set, 5, c->kind, c->p);
    }
    qsort(all, (size_t)count, sizeof *all, by_score);
    *found = 0;
    for (int64_t n = 0; n < count && *found < STARTS; ++n) {
        bool fresh = true;
        for (size_t b = 0; b < *found && fresh; ++b) {
            double distance = 0;
            for (int a = 0; a < 3; ++a) {
                distance += fabs(best[b].p[a] - all[n].p[a]);
            }
            fresh = distance > SEARCH_STEP_MM || fabs(best[b].p[3] - all[n].p[3]) > 0.3 || best[b].kind != all[n].kind;
        }
        if (fresh) {
            best[(*found)++] = all[n];
        }
    }
    free(all);
    return DN_OK;
}

static void report(const dn_volume *volume, const double spacing[3], const dn_align_picture *pic, const dn_align_samples *set,
                   const candidate *c, dn_location *out)
{
    double m[3][4];
    parameters_matrix(c->p, m);
    double inside = 0;
    double all = 0;
    double trace = 0;
    for (size_t i = 0; i < set->count; ++i) {
        const dn_align_sample *s = &set->at[i];
        bool in = true;
        for (int a = 0; a < 3; ++a) {
            double at = m[a][0] * (double)s->x + m[a][1] * (double)s->y + m[a][2] * (double)s->z + m[a][3];
            in = in && fabs(at) <= 0.5 * (double)volume->grid.dim[a] * spacing[a];
        }
        inside += in ? (double)s->brain : 0.0;
        all += (double)s->brain;
    }
    out->found = true;
    out->brain_inside = all > 0 ? inside / all : 0;
    out->correlation = correlation(pic, set, 1, c->kind, c->p);
    out->stripped = c->kind == 1;
    for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 4; ++b) {
            out->to_volume.m[a][b] = m[a][b] / spacing[a];
        }
        out->to_volume.m[a][3] += 0.5 * (double)(volume->grid.dim[a] - 1);
        out->centre[a] = out->to_volume.m[a][3];
        out->rotation[a] = c->p[3 + a] * 57.29577951308232;
        out->scale[a] = exp(c->p[6 + a]);
        trace += m[a][a] / out->scale[a];
    }
    out->turned = acos(fmin(1.0, fmax(-1.0, 0.5 * (trace - 1.0)))) * 57.29577951308232;
}

/* Spacings that differ only in the header's last digits (a permuted or flipped copy of the scan) count as equal. */
static dn_status check_extent(const dn_volume *volume, double spacing[3])
{
    dn_grid_spacing(&volume->grid, spacing);
    for (int c = 0; c < 3; ++c) {
        double extent = spacing[c] * (double)volume->grid.dim[c];
        if (extent < 40.0) {
            DN_FAIL(DN_EDATA,
                    "the scan covers %.0f mm along its %s axis, too little to hold the structures; a scan of the whole head is needed",
                    extent,
                    c == 0   ? "left-right"
                    : c == 1 ? "front-back"
                             : "up-down");
        }
        spacing[c] = round(spacing[c] * 1e5) / 1e5;
    }
    return DN_OK;
}

static void pictures_release(pictures *s)
{
    free(s->coarse_set.at);
    free(s->fine_set.at);
    free(s->coarse.data);
    free(s->fine.data);
}

/* Release on failure, too. */
static dn_status pictures_make(const dn_volume *volume, const double spacing[3], pictures *s)
{
    static const double isotropic[3] = {FINE_MM, FINE_MM, FINE_MM};
    dn_head_template head;
    memset(s, 0, sizeof *s);
    DN_TRY(dn_head_template_get(&head));
    DN_TRY(dn_align_samples_make(&head, 1, &s->fine_set));
    DN_TRY(dn_align_samples_make(&head, 2, &s->coarse_set));
    DN_TRY(dn_align_picture_make(volume->data, volume->grid.dim, spacing, FINE_MM, &s->fine));
    DN_TRY(dn_align_picture_tame(&s->fine));
    return dn_align_picture_make(s->fine.data, s->fine.dim, isotropic, COARSE_MM, &s->coarse);
}

static dn_status check_memory(const candidate *c, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        if (c[i].starved) {
            DN_FAIL(DN_ENOMEM, "not enough memory to find where the head lies");
        }
    }
    return DN_OK;
}

/* Places of a head of one size, refined at 8 mm, by falling correlation. *found is 0 where nothing is like a head. */
static dn_status find_starts(const pictures *s, double size, candidate best[STARTS], size_t *found)
{
    DN_TRY(search_all(&s->coarse, &s->coarse_set, size, best, found));
    if (*found > 0 && best[0].score <= 0.0) {
        *found = 0;
    }
    const int64_t starts = (int64_t)*found;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < starts; ++i) {
        refine(&s->coarse, &s->coarse_set, 1, 7, 8.0, 150, &best[i]);
    }
    qsort(best, *found, sizeof *best, by_score);
    return check_memory(best, *found);
}

/* The first of them, refined at 4 mm, by falling correlation. */
static dn_status finish(const pictures *s, candidate best[STARTS], size_t found, size_t *finalists)
{
    const int64_t last = found < FINALISTS ? (int64_t)found : FINALISTS;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < last; ++i) {
        refine(&s->fine, &s->fine_set, 3, 9, 4.0, 250, &best[i]);
    }
    qsort(best, (size_t)last, sizeof *best, by_score);
    *finalists = (size_t)last;
    return check_memory(best, *finalists);
}

/* The last refinement of c, and how well the brain matches there. */
static dn_status settle(const dn_volume *volume, const double spacing[3], const pictures *s, candidate *c, dn_location *out)
{
    refine(&s->fine, &s->fine_set, 1, 9, 1.5, 120, c);
    DN_TRY(check_memory(c, 1));
    report(volume, spacing, &s->fine, &s->fine_set, c, out);
    return dn_location_match(volume, out, &out->match);
}

/* Puts the starts whose brain matches best first. */
static dn_status order_by_match(const dn_volume *volume, const double spacing[3], const pictures *s, candidate best[STARTS], size_t found)
{
    for (size_t i = 0; i < found; ++i) {
        dn_location at;
        double match;
        report(volume, spacing, &s->coarse, &s->coarse_set, &best[i], &at);
        DN_TRY(dn_location_match_picture(&volume->grid, &s->fine, &at, &match));
        best[i].score = match >= -1.0 ? match : -2.0; /* NaN: last */
    }
    qsort(best, found, sizeof *best, by_score);
    return DN_OK;
}

/* The outline of a small head with its skull is much like that of a large brain without. Where the place that correlates best is not
 * certain and the brain does not match there, the other starts and heads of other sizes are tried, and the best of those whose brain
 * matches is taken, if there is one. */
static dn_status try_others(const dn_volume *volume, const double spacing[3], const pictures *s, candidate first[STARTS], size_t found,
                            dn_location *io)
{
    static const double sizes[] = {1.0, 0.85, 1.18};
    candidate places[STARTS];
    memcpy(places, first, found * sizeof *first);
    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; ++n) {
        dn_location best = {.match = (double)NAN};
        dn_location other;
        size_t finalists;
        if (n > 0) {
            DN_TRY(find_starts(s, sizes[n], places, &found));
        }
        DN_TRY(order_by_match(volume, spacing, s, places, found));
        DN_TRY(finish(s, places, found, &finalists));
        for (size_t i = 0; i < finalists; ++i) {
            memset(&other, 0, sizeof other);
            DN_TRY(settle(volume, spacing, s, &places[i], &other));
            if (other.match >= DN_ALIGN_MATCH && (!best.found || other.correlation > best.correlation)) {
                best = other;
            }
        }
        if (best.found) {
            *io = best;
            return DN_OK;
        }
    }
    return DN_OK;
}

dn_status dn_head_align(const dn_volume *volume, dn_location *out)
{
    double spacing[3];
    candidate best[STARTS];
    candidate starts[STARTS];
    size_t found = 0;
    size_t finalists = 0;
    pictures s;
    dn_status status;
    memset(out, 0, sizeof *out);
    out->match = (double)NAN;
    DN_TRY(check_extent(volume, spacing));
    dn_gsl_quiet();
    DN_TRY_GOTO(status, pictures_make(volume, spacing, &s), done);
    DN_TRY_GOTO(status, find_starts(&s, 1.0, best, &found), done);
    if (found == 0) {
        goto done;
    }
    memcpy(starts, best, found * sizeof *best);
    DN_TRY_GOTO(status, finish(&s, best, found, &finalists), done);
    DN_TRY_GOTO(status, settle(volume, spacing, &s, &best[0], out), done);
    if (!(out->match >= DN_ALIGN_MATCH) && out->correlation < DN_ALIGN_CERTAIN) {
        DN_TRY_GOTO(status, try_others(volume, spacing, &s, starts, found, out), done);
    }
done:
    pictures_release(&s);
    return status;
}

dn_status dn_head_align_from(const dn_volume *volume, dn_location *io)
{
    double spacing[3];
    candidate c = {.kind = io->stripped ? 1 : 0};
    pictures s;
    dn_status status;
    DN_TRY(check_extent(volume, spacing));
    for (int a = 0; a < 3; ++a) {
        c.p[a] = (io->centre[a] - 0.5 * (double)(volume->grid.dim[a] - 1)) * spacing[a];
        c.p[3 + a] = io->rotation[a] / 57.29577951308232;
        c.p[6 + a] = log(io->scale[a]);
    }
    dn_gsl_quiet();
    DN_TRY_GOTO(status, pictures_make(volume, spacing, &s), done);
    refine(&s.fine, &s.fine_set, 3, 9, 4.0, 250, &c);
    status = settle(volume, spacing, &s, &c, io);
done:
    pictures_release(&s);
    return status;
}
