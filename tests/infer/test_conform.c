/* Conforming: the 48 orientations give the same voxels, geometry against a closed form, intensities against sorted values;
 * and the bridge to tensors against plain loops. */
#include "test.h"

#include "base/random.h"
#include "image/orientation.h"
#include "infer/bridge.h"
#include "infer/conform.h"
#include "infer/straighten.h"

#include <math.h>
#include <string.h>

static const dn_model_input contract = {.spacing = {1, 1, 1},
                                        .orientation = "RAS",
                                        .multiple = 8,
                                        .channels = 1,
                                        .normalise = DN_NORMALISE_PERCENTILE,
                                        .low = 0.5,
                                        .high = 99.5};

/* An oblique grid; smooth values with noise. */
static dn_volume *make_scan(const int64_t dim[3], const double spacing[3], uint64_t seed)
{
    dn_grid grid = {{dim[0], dim[1], dim[2]}, {{{0}}}};
    const double c = cos(0.2);
    const double s = sin(0.2);
    const double r[3][3] = {{c, -s, 0}, {s, c, 0}, {0, 0, 1}};
    for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 3; ++b) {
            grid.affine.m[a][b] = r[a][b] * spacing[b];
        }
        grid.affine.m[a][3] = -31.7 + 11.3 * a;
    }
    dn_volume *v = NULL;
    assert_ok(dn_volume_create(&grid, &v));
    dn_random random;
    dn_random_seed(&random, seed);
    for (int64_t i = 0; i < dn_grid_count(&grid); ++i) {
        v->data[i] = (float)(100.0 + 40.0 * sin(0.01 * (double)i) + dn_random_normal(&random, 0, 10));
    }
    return v;
}

static void check_orientations(const double spacing[3], bool resampled)
{
    const int64_t dim[3] = {21, 26, 17};
    dn_conformed expected;
    assert_ok(dn_conform(make_scan(dim, spacing, 5), &contract, &expected));
    assert_int_equal(expected.resampled, resampled);
    size_t bytes = (size_t)dn_grid_count(&expected.volume->grid) * sizeof(float);
    for (int o = 0; o < DN_ORIENTATION_COUNT; ++o) {
        dn_orientation wanted = dn_orientation_at(o);
        dn_volume *scan = make_scan(dim, spacing, 5);
        dn_volume *turned = NULL;
        dn_conformed found;
        assert_ok(dn_volume_reorient(scan, &wanted, &turned));
        dn_volume_destroy(scan);
        assert_ok(dn_conform(turned, &contract, &found));
        assert_memory_equal(found.volume->grid.dim, expected.volume->grid.dim, sizeof expected.volume->grid.dim);
        assert_memory_equal(found.volume->data, expected.volume->data, bytes);
        assert_memory_equal(found.map.scale, expected.map.scale, sizeof expected.map.scale);
        assert_memory_equal(found.map.offset, expected.map.offset, sizeof expected.map.offset);
        assert_true(dn_grid_equal(&found.volume->grid, &expected.volume->grid, 1e-9));
        dn_conformed_release(&found);
    }
    dn_conformed_release(&expected);
}

static void orientations_without_resampling(void **state)
{
    (void)state;
    check_orientations((const double[]){1.0, 0.97, 1.04}, false);
}

static void orientations_with_resampling(void **state)
{
    (void)state;
    check_orientations((const double[]){0.7, 1.5, 0.9375}, true);
}

/* A linear ramp along world x stays one: every conformed voxel holds its own world position, in the units of the scaling. */
static void resampling_keeps_world_positions(void **state)
{
    (void)state;
    const int64_t dim[3] = {40, 30, 25};
    const double spacing[3] = {0.7, 1.5, 0.8};
    dn_volume *scan = make_scan(dim, spacing, 1);
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                double xyz[3];
                dn_affine_apply(&scan->grid.affine, (const double[]){(double)i, (double)j, (double)k}, xyz);
                scan->data[dn_grid_offset(&scan->grid, i, j, k)] = (float)(xyz[0] + 2 * xyz[1] - xyz[2]);
            }
        }
    }
    dn_model_input input = contract;
    input.normalise = DN_NORMALISE_NONE;
    dn_conformed found;
    assert_ok(dn_conform(scan, &input, &found));
    const dn_grid *grid = &found.volume->grid;
    assert_int_equal(grid->dim[0], 28);
    assert_int_equal(grid->dim[1], 45);
    assert_int_equal(grid->dim[2], 20);
    for (int64_t k = 3; k < grid->dim[2] - 3; ++k) {
        for (int64_t j = 3; j < grid->dim[1] - 3; ++j) {
            for (int64_t i = 3; i < grid->dim[0] - 3; ++i) {
                double xyz[3];
                dn_affine_apply(&grid->affine, (const double[]){(double)i, (double)j, (double)k}, xyz);
                assert_close(found.volume->data[dn_grid_offset(grid, i, j, k)], xyz[0] + 2 * xyz[1] - xyz[2], 2e-3);
            }
        }
    }
    /* Both grids begin at the same outer corner. */
    double a[3];
    double b[3];
    dn_affine_apply(&found.oriented->grid.affine, (const double[]){-0.5, -0.5, -0.5}, a);
    dn_affine_apply(&grid->affine, (const double[]){-0.5, -0.5, -0.5}, b);
    for (int c = 0; c < 3; ++c) {
        assert_close(b[c], a[c], 1e-6);
    }
    dn_conformed_release(&found);
}

static void intensities(void **state)
{
    (void)state;
    const int64_t dim[3] = {10, 10, 10};
    dn_volume *scan = make_scan(dim, (const double[]){1, 1, 1}, 1);
    for (int i = 0; i < 1000; ++i) {
        scan->data[i] = (float)((i * 7919) % 1000); /* 0..999, shuffled */
    }
    dn_conformed found;
    assert_ok(dn_conform(scan, &contract, &found));
    assert_close(found.low, 4.995, 1e-9); /* 0.005 of 999 */
    assert_close(found.high, 994.005, 1e-9);
    for (int i = 0; i < 1000; ++i) {
        double v = fmin(fmax((i * 7919) % 1000, found.low), found.high);
        assert_close(found.volume->data[i], (v - found.low) / (found.high - found.low), 1e-6);
    }
    dn_conformed_release(&found);
    dn_volume *flat = make_scan(dim, (const double[]){1, 1, 1}, 1);
    for (int i = 0; i < 1000; ++i) {
        flat->data[i] = i == 500 ? 9.0f : 3.0f; /* not constant, but both percentiles are 3 */
    }
    assert_int_equal(dn_conform(flat, &contract, &found), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "contrast"));
}

static void bridge(void **state)
{
    (void)state;
    const int64_t dim[3] = {5, 4, 3};
    dn_volume *v = make_scan(dim, (const double[]){1, 1, 1}, 3);
    const int64_t start[3] = {-1, 2, 1};
    const int64_t box[3] = {4, 3, 4};
    float tensor[4 * 3 * 4];
    dn_bridge_to_tensor(v, start, box, -7.0f, tensor);
    for (int64_t i = 0; i < 4; ++i) {
        for (int64_t j = 0; j < 3; ++j) {
            for (int64_t k = 0; k < 4; ++k) {
                int64_t x = i - 1;
                int64_t y = j + 2;
                int64_t z = k + 1;
                bool in = x >= 0 && y < 4 && z < 3;
                float expected = in ? v->data[x + 5 * (y + 4 * z)] : -7.0f;
                assert_close(tensor[(i * 3 + j) * 4 + k], expected, 0);
            }
        }
    }
    dn_volume_destroy(v);
}

/* 100 mm voxels: a unit is wrong, and resampling would ask for a terabyte. */
static void wider_than_any_head(void **state)
{
    (void)state;
    const int64_t dim[3] = {64, 64, 64};
    const double spacing[3] = {100, 100, 100};
    dn_conformed found;
    assert_int_equal(dn_conform(make_scan(dim, spacing, 5), &contract, &found), DN_EGEOMETRY);
    if (strstr(dn_error_message(), "covers 6400 mm") == NULL) {
        fail_msg("expected 'covers 6400 mm', found '%s'", dn_error_message());
    }
}

/* 0.002 mm: a unit is wrong, and resampling would leave one voxel. */
static void smaller_than_any_head(void **state)
{
    (void)state;
    const int64_t dim[3] = {80, 90, 85};
    const double spacing[3] = {0.002, 0.002, 0.002};
    dn_conformed found;
    assert_int_equal(dn_conform(make_scan(dim, spacing, 5), &contract, &found), DN_EGEOMETRY);
    if (strstr(dn_error_message(), "0.002 x 0.002 x 0.002 mm") == NULL) {
        fail_msg("expected the voxels to be named, found '%s'", dn_error_message());
    }
}

/* A picture that is known at every place of the world, seen on a sheared grid: after the resampling every voxel holds what the
 * picture has at its place, on square axes. */
static double picture_at(const double p[3])
{
    return 100 + 30 * sin(0.11 * p[0]) + 25 * cos(0.09 * p[1]) + 20 * sin(0.10 * p[2] + 0.05 * p[0]);
}

static void sheared_axes_are_made_square(void **state)
{
    (void)state;
    const int64_t dim[3] = {40, 44, 36};
    for (int n = 0; n < 3; ++n) {
        const double degrees = n == 0 ? 1.5 : n == 1 ? 12.0 : 30.0;
        dn_volume *scan = make_scan(dim, (const double[]){1.2, 1.0, 1.1}, 1);
        const double k = tan(degrees / 57.29577951308232);
        for (int c = 0; c < 4; ++c) { /* world x moves with world z */
            scan->grid.affine.m[0][c] += k * scan->grid.affine.m[2][c];
        }
        for (int64_t v = 0; v < dn_grid_count(&scan->grid); ++v) {
            const double at[3] = {(double)(v % dim[0]), (double)(v / dim[0] % dim[1]), (double)(v / dim[0] / dim[1])};
            double p[3];
            dn_affine_apply(&scan->grid.affine, at, p);
            scan->data[v] = (float)picture_at(p);
        }
        dn_affine back;
        assert_ok(dn_affine_invert(&scan->grid.affine, &back));
        assert_close(dn_grid_skew(&scan->grid), degrees, 1.0); /* spacings differ */
        dn_conformed found;
        assert_ok(dn_conform(scan, &contract, &found));
        if (n == 0) {
            assert_close(found.skew, 0, 0);
            dn_conformed_release(&found);
            continue;
        }
        assert_close(found.skew, degrees, 1.0);
        assert_true(dn_grid_skew(&found.oriented->grid) < 1e-6 && dn_grid_skew(&found.scan_grid) < 1e-6);
        const dn_grid *grid = &found.oriented->grid;
        int64_t checked = 0;
        for (int64_t v = 0; v < dn_grid_count(grid); ++v) {
            const double at[3] = {(double)(v % grid->dim[0]), (double)(v / grid->dim[0] % grid->dim[1]),
                                  (double)(v / grid->dim[0] / grid->dim[1])};
            double p[3], q[3];
            bool inside = true;
            dn_affine_apply(&grid->affine, at, p);
            dn_affine_apply(&back, p, q);
            for (int c = 0; c < 3; ++c) {
                inside = inside && q[c] > 2 && q[c] < (double)dim[c] - 3;
            }
            if (inside) {
                assert_close(found.oriented->data[v], picture_at(p), 0.05);
                ++checked;
            }
        }
        assert_true((double)checked > 0.5 * (double)(dim[0] * dim[1] * dim[2])); /* all of the scan is there */
        dn_conformed_release(&found);
    }
}

/* A head that a registration or a gantry sheared stands upright in the world; the square axes are the world's then, or the networks see it
 * turned (a head sheared by 30 degrees: thalamus -3 %). Slices laid along an oblique head stay oblique. */
static void square_axes_keep_the_head_upright(void **state)
{
    (void)state;
    static const struct {
        double oblique, shear;
        bool upright;
    } cases[] = {{0, 30, true}, {0, 5, true}, {25, 3, false}, {40, 20, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const double a = cases[i].oblique / 57.29577951308232, k = tan(cases[i].shear / 57.29577951308232);
        dn_volume *scan = NULL, *straight = NULL;
        /* world = a turn about x of (x, y + k z, z), voxels of 1 x 1.2 x 1.4 mm */
        const dn_grid grid = {
            {20, 22, 24},
            {{{1, 0, 0, -9}, {0, 1.2 * cos(a), 1.4 * (k * cos(a) - sin(a)), 3}, {0, 1.2 * sin(a), 1.4 * (k * sin(a) + cos(a)), 5}}}};
        assert_ok(dn_volume_create(&grid, &scan));
        assert_ok(dn_volume_straighten(scan, &straight));
        assert_true(dn_grid_skew(&straight->grid) < 1e-6);
        const double(*m)[4] = straight->grid.affine.m;
        const double turned = fabs(atan2(m[2][1], m[1][1])) * 57.29577951308232;
        if (cases[i].upright) {
            assert_close(turned, 0, 1e-6);
        } else {
            assert_true(fabs(turned - cases[i].oblique) <= 0.5 * cases[i].shear + 0.1);
        }
        /* No voxel is larger than the planes of the lattice lie apart. */
        assert_close(m[0][0], 1.0, 1e-9);
        assert_true(hypot(m[1][2], m[2][2]) < 1.4 + 1e-9);
        dn_volume_destroy(straight);
        dn_volume_destroy(scan);
    }
}

/* Air (60 %), a head of 30..230 and a little fat; the same with something at one end that is not of it. */
static dn_volume *make_head(const int64_t dim[3], uint64_t seed)
{
    dn_volume *v = make_scan(dim, (const double[]){1, 1, 1}, seed);
    dn_random random;
    dn_random_seed(&random, seed);
    for (int64_t i = 0; i < dn_grid_count(&v->grid); ++i) {
        const double u = dn_random_uniform(&random, 0, 1);
        v->data[i] = (float)(u < 0.6    ? fabs(dn_random_normal(&random, 0, 4))
                             : u < 0.98 ? 30 + 200 * (u - 0.6) / 0.38
                                        : 240 + 500 * (u - 0.98));
    }
    return v;
}

static void values_that_are_not_of_the_head(void **state)
{
    (void)state;
    const int64_t dim[3] = {40, 40, 40};
    dn_conformed plain;
    assert_ok(dn_conform(make_head(dim, 3), &contract, &plain));
    assert_close(plain.outliers.low_share + plain.outliers.high_share + plain.outliers.wrapped_share, 0, 0);
    for (int n = 0; n < 3; ++n) {
        dn_volume *scan = make_head(dim, 3);
        dn_conformed found;
        double share = 0;
        for (int64_t i = 0; i < dn_grid_count(&scan->grid); ++i) {
            float *x = &scan->data[i];
            if (n == 0 && i % 40 < 3) { /* padding outside the field of view */
                *x = -1024.0f;
                share += 1;
            } else if (n == 1) { /* signed 16 bits for what needs unsigned ones */
                *x = roundf(*x * 32767.0f / 225.0f);
                share += *x > 32767.0f;
                *x = *x > 32767.0f ? *x - 65536.0f : *x;
            } else if (n == 2 && i % 125 == 7) { /* metal */
                *x = 9000.0f;
                share += 1;
            }
        }
        share /= (double)dn_grid_count(&scan->grid);
        assert_ok(dn_conform(scan, &contract, &found));
        const dn_outliers *o = &found.outliers;
        assert_close(n == 0 ? o->low_share : n == 1 ? o->wrapped_share : o->high_share, share, 1e-9);
        assert_close(o->low_share + o->high_share + o->wrapped_share, share, 1e-9);
        const double factor = n == 1 ? 32767.0 / 225.0 : 1.0;
        assert_close(found.low, factor * plain.low, 0.02 * factor * plain.high);
        assert_close(found.high, factor * plain.high, 0.03 * factor * plain.high);
        dn_conformed_release(&found);
    }
    dn_conformed_release(&plain);
}

/* What must stay as it is: a stripped brain on black, one with a negative background (z-scores), a few bright voxels, and a
 * picture of few values, as simulated heads are. */
static void ordinary_values_stay(void **state)
{
    (void)state;
    const int64_t dim[3] = {40, 40, 40};
    for (int n = 0; n < 4; ++n) {
        dn_volume *scan = make_head(dim, 9);
        const int64_t count = dn_grid_count(&scan->grid);
        for (int64_t i = 0; i < count; ++i) {
            const bool air = scan->data[i] < 25;
            scan->data[i] = n == 0 ? (air ? 0.0f : scan->data[i] + 40) : n == 1 ? (air ? -3.0f : scan->data[i] / 40 - 1.5f) : scan->data[i];
        }
        for (int64_t i = 0; i < count && n == 3; ++i) {
            static const float few[8] = {0, 200, 280, 460, 540, 630, 720, 1000};
            scan->data[i] = few[scan->data[i] < 25 ? 0 : i % 8];
        }
        if (n == 2) {
            scan->data[77] = scan->data[7777] = 1e6f;
        }
        float *before = test_malloc((size_t)count * sizeof *before);
        memcpy(before, scan->data, (size_t)count * sizeof *before);
        dn_outliers found;
        assert_ok(dn_outliers_mend(scan, &found));
        assert_memory_equal(scan->data, before, (size_t)count * sizeof *before);
        assert_close(found.low_share + found.high_share + found.wrapped_share, 0, 0);
        test_free(before);
        dn_volume_destroy(scan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wider_than_any_head),
        cmocka_unit_test(smaller_than_any_head),
        cmocka_unit_test(sheared_axes_are_made_square),
        cmocka_unit_test(square_axes_keep_the_head_upright),
        cmocka_unit_test(values_that_are_not_of_the_head),
        cmocka_unit_test(ordinary_values_stay),
        cmocka_unit_test(orientations_without_resampling),
        cmocka_unit_test(orientations_with_resampling),
        cmocka_unit_test(resampling_keeps_world_positions),
        cmocka_unit_test(intensities),
        cmocka_unit_test(bridge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
