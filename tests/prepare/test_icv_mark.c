/* The intracranial volume between two thresholds: a head made of shells whose inside is known, with what makes such markings leak. */
#include "test.h"

#include "base/random.h"
#include "prepare/icv_mark.h"

#include <math.h>
#include <string.h>

enum { N = 96 }; /* of 2 mm */

/* Radii of the inside of the skull along x, y, z, mm. */
static const double inside[3] = {66, 82, 62};
enum { BONE_MM = 7, FLUID_MM = 3 };

static double shell(const double p[3], double more)
{
    double r = 0.0;
    for (int c = 0; c < 3; ++c) {
        r += p[c] * p[c] / ((inside[c] + more) * (inside[c] + more));
    }
    return r;
}

/* Brain 0.7 to 1, fluid 0.25, bone 0.05, scalp 0.9 with a bright layer 1.8 of fat; sulci of fluid; a spinal canal with cord below; bridges
 * of dura 2 mm wide from brain to scalp. */
static float brightness(const double p[3])
{
    const bool canal = p[2] < -50.0 && p[0] * p[0] + (p[1] + 20.0) * (p[1] + 20.0) < 13.0 * 13.0;
    const bool cord = p[2] < -50.0 && p[0] * p[0] + (p[1] + 20.0) * (p[1] + 20.0) < 8.0 * 8.0;
    const bool bridge = fabs(p[0] - 20.0) < 1.1 && fabs(p[2] - 10.0) < 8.0 && p[1] > 0.0 && shell(p, BONE_MM + 3) < 1.0;
    if (cord) {
        return 0.9f;
    }
    if (bridge) {
        return 0.7f;
    }
    if (shell(p, -FLUID_MM) < 1.0) {
        const double sulcus = fabs(remainder(p[1] + 3.0, 18.0));
        const bool fluid = sulcus < 1.5 && shell(p, -25) > 1.0;
        const bool white = shell(p, -14) < 1.0;
        return fluid || (fabs(p[0]) < 8.0 && fabs(p[1]) < 20.0 && fabs(p[2]) < 8.0) ? 0.25f : white ? 1.0f : 0.72f;
    }
    if (shell(p, 0) < 1.0 || (canal && p[2] > -110.0)) {
        return 0.25f;
    }
    return shell(p, BONE_MM) < 1.0 ? 0.05f : shell(p, BONE_MM + 3) < 1.0 ? 0.9f : shell(p, BONE_MM + 7) < 1.0 ? 1.8f : 0.0f;
}

/* left: where the field of view begins, mm. */
static dn_volume *make_scan(double noise, double left)
{
    dn_grid grid = {{N, N, N}, {{{2, 0, 0, left}, {0, 2, 0, -95}, {0, 0, 2, -100}}}};
    dn_volume *scan = NULL;
    dn_random random;
    dn_random_seed(&random, 5);
    assert_ok(dn_volume_create(&grid, &scan));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        double p[3], sum = 0.0;
        for (int s = 0; s < 27; ++s) { /* partial volume */
            const double ijk[3] = {(double)(v % N) + (s % 3 - 1) / 3.0, (double)(v / N % N) + (s / 3 % 3 - 1) / 3.0,
                                   (double)(v / N / N) + (s / 9 - 1) / 3.0};
            dn_affine_apply(&grid.affine, ijk, p);
            sum += (double)brightness(p) / 27.0;
        }
        scan->data[v] = (float)(1000.0 * fabs(sum + dn_random_normal(&random, 0.0, noise)));
    }
    return scan;
}

static const double truth = 4.0 / 3.0 * 3.14159265358979 * 66 * 82 * 62;

static void volume_is_found(void **state)
{
    (void)state;
    static const struct {
        double noise, share;
    } cases[] = {{0.0, 0.02}, {0.03, 0.07}};
    for (size_t n = 0; n < 2; ++n) {
        dn_volume *scan = make_scan(cases[n].noise, -95);
        const dn_icv_mark_options how = {.low = 500, .high = 1400, .fluid = 120, .seed = {0, -10, 15}};
        dn_icv_mark mark;
        assert_ok(dn_icv_mark_make(scan, &how, &mark));
        double wrong = 0.0;
        for (int64_t v = 0; v < dn_grid_count(&scan->grid); ++v) {
            const double ijk[3] = {(double)(v % N), (double)(v / N % N), (double)(v / N / N)};
            double p[3];
            dn_affine_apply(&scan->grid.affine, ijk, p);
            wrong += (mark.mask->data[v] != 0) != (shell(p, 0) < 1.0) ? 8.0 : 0.0;
        }
        printf("noise %g: %.0f of %.0f mm3 (%+.2f %%), voxels wrong %.2f %%, cut at %.0f mm\n", cases[n].noise, mark.volume_mm3, truth,
               100.0 * (mark.volume_mm3 / truth - 1.0), 100.0 * wrong / truth, mark.cut_mm);
        assert_close(mark.volume_mm3 / truth, 1.0, cases[n].share);
        assert_true(wrong / truth < 0.09);
        assert_true(mark.cut_mm < -50.0 && mark.cut_mm > -85.0); /* the canal begins at 65 below the seed */
        assert_false(mark.touches_edge);
        dn_icv_mark_release(&mark);
        dn_volume_destroy(scan);
    }
}

static void what_cannot_be_marked_is_refused(void **state)
{
    (void)state;
    dn_volume *scan = make_scan(0.0, -95);
    dn_icv_mark_options how = {.low = 700, .high = 500, .seed = {0, -10, 15}};
    dn_icv_mark mark;
    assert_int_equal(dn_icv_mark_make(scan, &how, &mark), DN_EUSAGE);
    printf("%s\n", dn_error_message());
    how.low = 5000;
    how.high = 6000;
    assert_int_equal(dn_icv_mark_make(scan, &how, &mark), DN_EDATA);
    printf("%s\n", dn_error_message());
    /* Thresholds that leave nothing between brain and scalp: the marking is far too large. */
    how.low = 20;
    how.high = 3000;
    assert_ok(dn_icv_mark_make(scan, &how, &mark));
    assert_true(mark.volume_mm3 > 1.3 * truth);
    dn_icv_mark_release(&mark);
    dn_volume_destroy(scan);
}

/* A field of view that ends 25 mm inside the left temple, and one that ends in the air beside it. */
static void cut_head_is_told(void **state)
{
    static const struct {
        double left;
        bool cut;
    } cases[] = {{-41, true}, {-89, false}};
    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; ++n) {
        dn_volume *scan = make_scan(0.0, cases[n].left);
        const dn_icv_mark_options how = {.low = 500, .high = 1400, .fluid = 120, .seed = {0, -10, 15}};
        dn_icv_mark mark;
        assert_ok(dn_icv_mark_make(scan, &how, &mark));
        assert_int_equal(mark.touches_edge, cases[n].cut);
        assert_true((mark.volume_mm3 < 0.95 * truth) == cases[n].cut);
        dn_icv_mark_release(&mark);
        dn_volume_destroy(scan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(volume_is_found), cmocka_unit_test(what_cannot_be_marked_is_refused),
                                       cmocka_unit_test(cut_head_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
