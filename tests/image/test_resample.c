/* Resampling against closed forms: linear images stay linear, a known rotation, label shares, crops. */
#include "test.h"

#include "base/random.h"
#include "image/orientation.h"
#include "image/resample.h"

#include <math.h>
#include <string.h>

static const dn_grid coarse = {{21, 24, 27}, {{{2, 0, 0, -20}, {0, 1.5, 0, -15}, {0, 0, 1, -13}}}};

/* Value of a linear image at a world position. */
static double plane(const double p[3])
{
    return 3.0 + 0.5 * p[0] - 0.25 * p[1] + 2.0 * p[2];
}

static double cubic(const double p[3])
{
    return 0.01 * p[0] * p[0] - 0.02 * p[1] * p[1] + 0.03 * p[2] * p[2] + 0.01 * p[0] * p[1];
}

static dn_volume *fill(const dn_grid *grid, double (*value)(const double[3]))
{
    dn_volume *v = NULL;
    assert_ok(dn_volume_create(grid, &v));
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                double p[3];
                dn_affine_apply(&grid->affine, (double[3]){(double)i, (double)j, (double)k}, p);
                v->data[dn_grid_offset(grid, i, j, k)] = (float)value(p);
            }
        }
    }
    return v;
}

/* Largest difference of v from value(move(p)) over voxels whose source position is `margin` mm inside coarse. */
static double worst_inside(const dn_volume *v, double (*value)(const double[3]), const dn_affine *move, double margin)
{
    double worst = 0.0;
    int64_t tested = 0;
    dn_affine inverse;
    assert_ok(dn_affine_invert(&coarse.affine, &inverse));
    for (int64_t k = 0; k < v->grid.dim[2]; ++k) {
        for (int64_t j = 0; j < v->grid.dim[1]; ++j) {
            for (int64_t i = 0; i < v->grid.dim[0]; ++i) {
                double p[3];
                double s[3];
                bool inside = true;
                dn_affine_apply(&v->grid.affine, (double[3]){(double)i, (double)j, (double)k}, p);
                if (move != NULL) {
                    dn_affine_apply(move, p, p);
                }
                dn_affine_apply(&inverse, p, s);
                for (int d = 0; d < 3; ++d) {
                    inside = inside && s[d] >= margin && s[d] <= (double)(coarse.dim[d] - 1) - margin;
                }
                if (inside) {
                    ++tested;
                    worst = fmax(worst, fabs((double)v->data[dn_grid_offset(&v->grid, i, j, k)] - value(p)));
                }
            }
        }
    }
    assert_true(tested > 1000);
    return worst;
}

static const dn_grid oblique = {{30, 31, 32}, {{{0.9, -0.15, 0.30, -14}, {0.18, 0.98, -0.11, -14}, {-0.31, 0.13, 1.1, -12}}}};

static void linear_reproduces_planes(void **state)
{
    dn_volume *v = fill(&coarse, plane);
    dn_volume *w = NULL;
    dn_affine move = {{{0.8, 0.6, 0, 1.5}, {-0.6, 0.8, 0, -2}, {0, 0, 1.1, 0.5}}};
    dn_resample_options options = {.move = &move};
    (void)state;
    assert_ok(dn_resample_volume(v, &oblique, NULL, &w));
    assert_close(worst_inside(w, plane, NULL, 0.0), 0.0, 2e-5);
    dn_volume_destroy(w);
    assert_ok(dn_resample_volume(v, &oblique, &options, &w));
    assert_close(worst_inside(w, plane, &move, 0.0), 0.0, 2e-5);
    dn_volume_destroy(w);
    dn_volume_destroy(v);
}

/* Catmull-Rom reproduces quadratics away from the edge; linear does not. */
static void cubic_reproduces_quadratics(void **state)
{
    dn_volume *v = fill(&coarse, cubic);
    dn_volume *w = NULL;
    dn_resample_options options = {.method = DN_RESAMPLE_CUBIC};
    (void)state;
    assert_ok(dn_resample_volume(v, &oblique, &options, &w));
    assert_close(worst_inside(w, cubic, NULL, 1.0), 0.0, 2e-5);
    dn_volume_destroy(w);
    assert_ok(dn_resample_volume(v, &oblique, NULL, &w));
    assert_true(worst_inside(w, cubic, NULL, 1.0) > 1e-3);
    dn_volume_destroy(w);
    dn_volume_destroy(v);
}

static void outside_and_edges(void **state)
{
    dn_grid small = {{2, 1, 1}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_grid line = {{9, 1, 1}, {{{0.25, 0, 0, -0.75}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    /* Centres at 0 and 1; half a voxel beyond each still belongs to the image. Positions -0.75, -0.5, ... 1.25. */
    static const float expected[9] = {-7, 10, 10, 10, 12.5f, 15, 17.5f, 20, 20};
    dn_resample_options options = {.fill = -7.0f};
    dn_volume *v = NULL;
    dn_volume *w = NULL;
    (void)state;
    assert_ok(dn_volume_create(&small, &v));
    v->data[0] = 10;
    v->data[1] = 20;
    assert_ok(dn_resample_volume(v, &line, &options, &w));
    for (int i = 0; i < 9; ++i) {
        assert_close(w->data[i], expected[i], 1e-6);
    }
    dn_volume_destroy(w);
    dn_volume_destroy(v);
}

static dn_volume *noise(const dn_grid *grid)
{
    dn_volume *v = NULL;
    dn_random random;
    dn_random_seed(&random, 3);
    assert_ok(dn_volume_create(grid, &v));
    for (int64_t i = 0; i < dn_grid_count(grid); ++i) {
        v->data[i] = (float)dn_random_unit(&random);
    }
    return v;
}

/* Onto its own grid, and onto its own grid re-oriented: a copy, to the bit, by every method. */
static void own_grid_is_a_copy(void **state)
{
    dn_volume *v = noise(&oblique);
    (void)state;
    for (int method = 0; method < 3; ++method) {
        dn_resample_options options = {.method = (dn_resample_method)method, .antialias = true};
        for (int n = 0; n < DN_ORIENTATION_COUNT; n += 7) {
            dn_orientation wanted = dn_orientation_at(n);
            dn_volume *turned = NULL;
            dn_volume *w = NULL;
            assert_ok(dn_volume_reorient(v, &wanted, &turned));
            assert_ok(dn_resample_volume(v, &turned->grid, &options, &w));
            assert_memory_equal(w->data, turned->data, (size_t)dn_grid_count(&w->grid) * sizeof(float));
            dn_volume_destroy(w);
            dn_volume_destroy(turned);
        }
    }
    dn_volume_destroy(v);
}

/* Coarser by 3: white noise keeps its mean; its variance falls to what the Gaussian leaves, sum of w^2. */
static void antialias_reduces_noise(void **state)
{
    dn_grid fine = {{96, 96, 96}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_grid grid;
    dn_volume *v = noise(&fine);
    dn_volume *w = NULL;
    dn_resample_options options = {.antialias = true};
    double sigma2 = (9.0 - 1.0) / (8.0 * log(2.0));
    double kept = 0.0;
    double total = 0.0;
    (void)state;
    assert_ok(dn_grid_with_spacing(&fine, (double[3]){3, 3, 3}, &grid));
    assert_int_equal(grid.dim[0], 32);
    assert_close(grid.affine.m[0][3], 1.0, 1e-12);
    assert_ok(dn_resample_volume(v, &grid, &options, &w));
    for (int i = -20; i <= 20; ++i) {
        double g = exp(-0.5 * i * i / sigma2);
        kept += g * g;
        total += g;
    }
    kept /= total * total;
    double mean = 0.0;
    double variance = 0.0;
    int64_t n = 0;
    for (int64_t k = 3; k < 29; ++k) {
        for (int64_t j = 3; j < 29; ++j) {
            for (int64_t i = 3; i < 29; ++i, ++n) {
                double x = (double)w->data[dn_grid_offset(&grid, i, j, k)] - 0.5;
                mean += x;
                variance += x * x;
            }
        }
    }
    mean /= (double)n;
    variance = variance / (double)n - mean * mean;
    assert_close(mean, 0.0, 2e-3);
    assert_close(variance, kept * kept * kept / 12.0, 0.1 * kept * kept * kept / 12.0);
    dn_volume_destroy(w);
    dn_volume_destroy(v);
}

static void labels_vote(void **state)
{
    dn_grid fine = {{4, 1, 1}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_grid line = {{7, 1, 1}, {{{0.5, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    static const uint16_t from[4] = {5, 5, 3, 900};
    /* At whole positions the label itself; half-way: ties go to the nearest voxel, which rounds up. */
    static const uint16_t expected[7] = {5, 5, 5, 3, 3, 900, 900};
    dn_labels *l = NULL;
    dn_labels *m = NULL;
    (void)state;
    assert_ok(dn_labels_create(&fine, &l));
    memcpy(l->data, from, sizeof from);
    assert_ok(dn_resample_labels(l, &line, NULL, &m));
    for (int i = 0; i < 7; ++i) {
        if (m->data[i] != expected[i]) {
            fail_msg("voxel %d: expected %d, found %d", i, expected[i], m->data[i]);
        }
    }
    dn_labels_destroy(m);
    dn_labels_destroy(l);
}

/* A coarse voxel has the label of most of it, not of its middle; beyond the source counts as background. */
static void labels_vote_over_the_whole_voxel(void **state)
{
    dn_grid fine = {{10, 1, 1}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_grid line = {{3, 1, 1}, {{{5, 0, 0, 2}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    static const uint16_t from[10] = {7, 7, 9, 7, 7, 3, 3, 4, 4, 4};
    static const uint16_t expected[3] = {7, 4, 0};
    dn_labels *l = NULL;
    dn_labels *m = NULL;
    (void)state;
    assert_ok(dn_labels_create(&fine, &l));
    memcpy(l->data, from, sizeof from);
    assert_ok(dn_resample_labels(l, &line, NULL, &m));
    for (int i = 0; i < 3; ++i) {
        assert_int_equal(m->data[i], expected[i]);
    }
    dn_labels_destroy(m);
    dn_labels_destroy(l);
}

/* Where two labels meet at the surface, background has more than each of them and less than both. */
static void tissue_is_decided_first(void **state)
{
    dn_grid fine = {{5, 2, 1}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_grid coarser = {{1, 1, 1}, {{{5, 0, 0, 2}, {0, 2, 0, 0.5}, {0, 0, 1, 0}}}};
    static const uint16_t from[3][10] = {{0, 0, 3, 3, 4, 0, 0, 3, 4, 4}, {0, 0, 3, 4, 5, 0, 0, 3, 4, 0}, {0, 0, 0, 3, 3, 0, 0, 0, 4, 3}};
    static const uint16_t votes[3] = {0, 0, 0}, tissue[3] = {3, 3, 0};
    (void)state;
    for (int n = 0; n < 3; ++n) {
        dn_labels *l = NULL, *m = NULL;
        assert_ok(dn_labels_create(&fine, &l));
        memcpy(l->data, from[n], sizeof from[n]);
        assert_ok(dn_resample_labels(l, &coarser, NULL, &m));
        assert_int_equal(m->data[0], votes[n]);
        dn_labels_destroy(m);
        assert_ok(dn_resample_tissue(l, &coarser, NULL, &m));
        assert_int_equal(m->data[0], tissue[n]);
        dn_labels_destroy(m);
        dn_labels_destroy(l);
    }
}

/* A ball of labels through a 30-degree turn onto another spacing keeps its volume; half-size voxels give the closed
 * form; a coarser grid takes the majority. */
static void ball_keeps_its_volume(void **state)
{
    dn_grid fine = {{64, 64, 64}, {{{1, 0, 0, -31.5}, {0, 1, 0, -31.5}, {0, 0, 1, -31.5}}}};
    dn_affine move = {{{0.86602540378443865, -0.5, 0, 0.3}, {0.5, 0.86602540378443865, 0, -0.2}, {0, 0, 1, 0.1}}};
    static const double spacings[] = {0.5, 0.7, 1.0, 2.0, 3.0};
    double radius = 20.0;
    double exact = 4.0 / 3.0 * 3.14159265358979 * radius * radius * radius;
    dn_labels *l = NULL;
    (void)state;
    assert_ok(dn_labels_create(&fine, &l));
    for (int64_t k = 0; k < 64; ++k) {
        for (int64_t j = 0; j < 64; ++j) {
            for (int64_t i = 0; i < 64; ++i) {
                double p[3];
                dn_affine_apply(&fine.affine, (double[3]){(double)i, (double)j, (double)k}, p);
                if (p[0] * p[0] + p[1] * p[1] + p[2] * p[2] <= radius * radius) {
                    l->data[dn_grid_offset(&fine, i, j, k)] = p[0] < 0 ? 801 : 806;
                }
            }
        }
    }
    for (size_t s = 0; s < sizeof spacings / sizeof spacings[0]; ++s) {
        dn_grid grid;
        dn_labels *m = NULL;
        int64_t count = 0;
        assert_ok(dn_grid_with_spacing(&fine, (double[3]){spacings[s], spacings[s], spacings[s]}, &grid));
        assert_ok(dn_resample_labels(l, &grid, &move, &m));
        for (int64_t i = 0; i < dn_grid_count(&grid); ++i) {
            count += m->data[i] == 801 || m->data[i] == 806;
        }
        assert_close((double)count * dn_grid_voxel_volume(&grid), exact, 0.01 * exact);
        dn_labels_destroy(m);
    }
    dn_labels_destroy(l);
}

static void crops(void **state)
{
    dn_volume *v = noise(&oblique);
    dn_volume *w = NULL;
    static const int64_t start[3] = {-3, 5, 20};
    static const int64_t dim[3] = {20, 10, 25};
    (void)state;
    assert_ok(dn_volume_crop(v, start, dim, -1.0f, &w));
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                int64_t o[3] = {i + start[0], j + start[1], k + start[2]};
                bool inside = o[0] >= 0 && o[0] < 30 && o[1] < 31 && o[2] < 32;
                float expected = inside ? v->data[dn_grid_offset(&v->grid, o[0], o[1], o[2])] : -1.0f;
                assert_close(w->data[dn_grid_offset(&w->grid, i, j, k)], expected, 0.0);
            }
        }
    }
    double a[3];
    double b[3];
    dn_affine_apply(&w->grid.affine, (double[3]){3, 0, 0}, a);
    dn_affine_apply(&v->grid.affine, (double[3]){0, 5, 20}, b);
    for (int d = 0; d < 3; ++d) {
        assert_close(a[d], b[d], 1e-12);
    }
    dn_volume_destroy(w);
    assert_ok(dn_volume_crop(v, (const int64_t[3]){100, 0, 0}, dim, 2.0f, &w)); /* beside it altogether */
    assert_close(w->data[17], 2.0, 0.0);
    dn_volume_destroy(w);
    dn_volume_destroy(v);
}

static void refusals(void **state)
{
    dn_volume *v = noise(&oblique);
    dn_volume *w = NULL;
    dn_grid flat = oblique;
    dn_grid grid;
    (void)state;
    for (int r = 0; r < 3; ++r) {
        flat.affine.m[r][1] = flat.affine.m[r][0];
    }
    assert_int_equal(dn_resample_volume(v, &flat, NULL, &w), DN_EGEOMETRY);
    assert_int_equal(dn_grid_with_spacing(&oblique, (double[3]){1, 0, 1}, &grid), DN_EGEOMETRY);
    assert_int_equal(dn_grid_crop(&oblique, (int64_t[3]){0, 0, 0}, (int64_t[3]){1, 0, 1}, &grid), DN_EGEOMETRY);
    dn_volume_destroy(v);
}

static void at_one_place(void **state)
{
    dn_volume *v = fill(&coarse, plane);
    (void)state;
    for (int n = 0; n < 200; ++n) {
        double at[3], held[3], world[3];
        for (int c = 0; c < 3; ++c) { /* some places lie outside */
            at[c] = (double)(coarse.dim[c] + 8) * fmod(0.37 + 0.618034 * (n + 1) * (c + 1), 1.0) - 4.0;
            held[c] = fmin(fmax(at[c], 0.0), (double)(coarse.dim[c] - 1));
        }
        dn_affine_apply(&coarse.affine, held, world);
        assert_close(dn_linear_at(v->data, coarse.dim, at), plane(world), 1e-4);
    }
    dn_volume_destroy(v);
}

/* Every voxel of a box lies in its bounds, and a little less would not hold it. */
static void bounds(void **state)
{
    const dn_affine turn = {{{0.8, -0.6, 0.1, 5}, {0.6, 0.8, -0.2, -7}, {0.0, 0.3, -1.5, 2}}};
    const double box_low[3] = {-2, 1, 3}, box_high[3] = {4, 6, 5};
    double low[3], high[3], least[3] = {INFINITY, INFINITY, INFINITY}, most[3] = {-INFINITY, -INFINITY, -INFINITY};
    (void)state;
    for (double x = -2; x <= 4; ++x) {
        for (double y = 1; y <= 6; ++y) {
            for (double z = 3; z <= 5; ++z) {
                double at[3];
                dn_affine_apply(&turn, (const double[3]){x, y, z}, at);
                for (int c = 0; c < 3; ++c) {
                    least[c] = fmin(least[c], at[c]);
                    most[c] = fmax(most[c], at[c]);
                }
            }
        }
    }
    dn_affine_bounds(&turn, box_low, box_high, low, high);
    for (int c = 0; c < 3; ++c) {
        assert_close(low[c], least[c], 1e-12);
        assert_close(high[c], most[c], 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_reproduces_planes),
        cmocka_unit_test(cubic_reproduces_quadratics),
        cmocka_unit_test(outside_and_edges),
        cmocka_unit_test(own_grid_is_a_copy),
        cmocka_unit_test(antialias_reduces_noise),
        cmocka_unit_test(labels_vote),
        cmocka_unit_test(labels_vote_over_the_whole_voxel),
        cmocka_unit_test(tissue_is_decided_first),
        cmocka_unit_test(ball_keeps_its_volume),
        cmocka_unit_test(crops),
        cmocka_unit_test(at_one_place),
        cmocka_unit_test(bounds),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
