/* The mirror plane of a hemisphere that was cut at a known plane, turned and shifted; and the cost against its definition. */
#include "hemisphere_maker.h"
#include "register/mirror_plane.h"
#include "test.h"

static const char head[] = DIEN_SOURCE_FOLDER "/share/template/head.nii.gz";

static void mask_of(const dn_labels *truth, uint8_t **mask)
{
    const int64_t count = dn_grid_count(&truth->grid);
    assert_ok(dn_alloc(mask, (size_t)count, 1, "a mask"));
    for (int64_t v = 0; v < count; ++v) {
        (*mask)[v] = truth->data[v] != 0;
    }
}

/* Degrees between the planes, and mm between them at the middle of the medial face. */
static void compare(const dn_affine *found, const dn_affine *truth, double *degrees, double *mm)
{
    static const double middle[3] = {0.0, -25.0, -10.0}; /* in the mirror's world */
    dn_affine back;
    double p[3], q[3], dot = 0.0;
    assert_ok(dn_affine_invert(truth, &back));
    dn_affine_apply(&back, middle, p);
    dn_affine_apply(found, p, q);
    for (int c = 0; c < 3; ++c) {
        dot += found->m[0][c] * truth->m[0][c];
    }
    *degrees = acos(fmin(dot, 1.0)) * 180.0 / 3.14159265358979;
    *mm = fabs(q[0]);
}

/* A hemisphere cut from the map, turned and moved. */
static void cut_and_find(const char *map, const double pose[3])
{
    static const dn_mirror_options options = {.alpha = 0.0005};
    hemisphere_how how = hemisphere_usual;
    hemisphere it;
    dn_mirror_plane plane;
    uint8_t *mask = NULL;
    double degrees, mm;
    how.spacing = 1.0;
    how.turn_y = pose[0];
    how.turn_z = pose[1];
    how.shift = pose[2];
    assert_ok(hemisphere_make(map, &how, &it));
    mask_of(it.truth, &mask);
    assert_ok(dn_mirror_plane_find(mask, &it.truth->grid, &options, &plane));
    compare(&plane.motion, &it.to_mirror, &degrees, &mm);
    printf("turned by %g and %g degrees, moved by %g mm: plane off by %.3f degrees and %.3f mm; %.3f %% beyond it, by %.2f mm at most "
           "(%d evaluations)\n",
           pose[0], pose[1], pose[2], degrees, mm, 100.0 * plane.beyond, plane.beyond_mm, plane.evaluations);
    assert_true(degrees < 0.5);
    assert_true(mm < 0.5);
    assert_true(plane.beyond_mm < 1.0);
    assert_close(plane.gap_mm, 0.0, 1.0);
    /* At the minimum a share alpha lies beyond, and the cost is the one of its definition. */
    assert_close(plane.beyond, options.alpha, 0.0002);
    assert_close(plane.cost, dn_mirror_cost(mask, &it.truth->grid, &plane.motion, options.alpha), 1e-4);
    free(mask);
    hemisphere_release(&it);
}

static void plane_comes_back(void **state)
{
    static const double poses[3][3] = {{5.0, -4.0, -7.0}, {-8.0, 6.0, 12.0}, {2.0, -1.5, 0.3}};
    (void)state;
    for (int n = 0; n < 3; ++n) {
        cut_and_find(head, poses[n]);
    }
}

/* Real heads, where there are any. */
static void real_heads(void **state)
{
    static const double poses[3][3] = {{4.0, -3.0, -5.0}, {-6.0, 5.0, 9.0}, {7.0, 2.0, 3.0}};
    static const char *const names[3] = {"01", "08", "15"};
    const char *data = test_data_folder();
    (void)state;
    for (int n = 0; n < 3; ++n) {
        char path[1024];
        snprintf(path, sizeof path, "%s/labelmaps/synthseg/training_seg_%s.nii.gz", data != NULL ? data : "", names[n]);
        if (data == NULL || access(path, R_OK) != 0) {
            printf("skipped: there are no label maps of real heads (DIEN_DATA)\n");
            skip();
        }
        cut_and_find(path, poses[n]);
    }
}

/* Rigid: lengths and angles stay. */
static void motion_is_rigid(void **state)
{
    static const dn_mirror_options options = {.alpha = 0.01};
    const dn_grid grid = {{20, 20, 20}, {{{1, 0, 0, -30}, {0, 1, 0, -10}, {0, 0, 1, -10}}}};
    uint8_t mask[8000] = {0};
    dn_mirror_plane plane;
    (void)state;
    for (int v = 0; v < 8000; ++v) { /* a slab that ends at x = -15 + 0.2 y */
        const double x = v % 20 - 30, y = v / 20 % 20 - 10;
        mask[v] = x < -15.0 + 0.2 * y;
    }
    assert_ok(dn_mirror_plane_find(mask, &grid, &options, &plane));
    for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 3; ++b) {
            double sum = 0.0;
            for (int c = 0; c < 3; ++c) {
                sum += plane.motion.m[a][c] * plane.motion.m[b][c];
            }
            assert_close(sum, a == b ? 1.0 : 0.0, 1e-9);
        }
    }
    /* the slab's face: normal (1, -0.2, 0) */
    assert_close(atan2(plane.motion.m[0][1], plane.motion.m[0][0]), -atan(0.2), 0.03);
}

static void refusals(void **state)
{
    const dn_grid grid = {{4, 4, 4}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    static const uint8_t empty[64] = {0};
    dn_mirror_plane plane;
    (void)state;
    assert_int_equal(dn_mirror_plane_find(empty, &grid, &(dn_mirror_options){.alpha = 0.01}, &plane), DN_EDATA);
    assert_int_equal(dn_mirror_plane_find(empty, &grid, &(dn_mirror_options){.alpha = 0.0}, &plane), DN_EUSAGE);
    assert_int_equal(dn_mirror_plane_find(empty, &grid, &(dn_mirror_options){.alpha = 0.7}, &plane), DN_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plane_comes_back), cmocka_unit_test(real_heads), cmocka_unit_test(motion_is_rigid),
                                       cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
