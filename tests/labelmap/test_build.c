/* All steps on a made hemisphere whose labels are known: the merged map against the original, the whole head, what a second run repeats,
 * and a right hemisphere. */
#define _GNU_SOURCE /* mkdtemp */
#include "hemisphere_maker.h"
#include "labelmap/build.h"
#include "labelmap/merge.h"
#include "labelmap/numbers.h"
#include "labelmap/place.h"
#include "test.h"

#include "base/file.h"
#include "base/job.h"

#include <string.h>
#include <sys/stat.h>

static const char head[] = DIEN_SOURCE_FOLDER "/share/template/head.nii.gz";
static char folder[] = "/tmp/dien-test-build-XXXXXX";
static char lines[4096];

static void note(void *user, dn_log_level level, const char *text)
{
    (void)user;
    (void)level;
    strncat(lines, text, sizeof lines - strlen(lines) - 2);
    strcat(lines, "\n");
}

static const char *file(const char *name)
{
    static char path[4][256];
    static int n;
    n = (n + 1) % 4;
    snprintf(path[n], sizeof path[n], "%s/%s", folder, name);
    return path[n];
}

static int make(void **state)
{
    hemisphere_how how = hemisphere_usual;
    hemisphere it;
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    how.spacing = 2.0;
    for (int right = 0; right < 2; ++right) {
        how.right = right != 0;
        assert_ok(hemisphere_make(head, &how, &it));
        assert_ok(dn_path_make_folder(file(right ? "right" : "left")));
        assert_ok(hemisphere_write(&it, file(right ? "right" : "left")));
        hemisphere_release(&it);
    }
    return 0;
}

static int clear(void **state)
{
    (void)state;
    return test_remove_tree(folder);
}

static dn_status build(const char *side, double alpha)
{
    static char manual[256], output[256];
    dn_job job;
    const dn_job_sink sink = {.message = note};
    snprintf(manual, sizeof manual, "%s/%s/manual.nii.gz", folder, side);
    snprintf(output, sizeof output, "%s/%s/out", folder, side);
    const dn_build_options options = {.folder = output,
                                      .manual = manual,
                                      .orient = {.right = strcmp(side, "right") == 0, .spacing = 2.0},
                                      .background = {.seed = 1},
                                      .classes = {.low = 5, .high = 5, .seed = 1},
                                      .wave_mm = 60.0,
                                      .radius = 1.2,
                                      .alpha = alpha};
    char scan[256];
    snprintf(scan, sizeof scan, "%s/%s/scan.nii.gz", folder, side);
    lines[0] = '\0';
    dn_job_init(&job, &sink);
    dn_job *before = dn_job_enter(&job);
    const dn_status status = dn_labelmap_build(scan, &options);
    dn_job_leave(before);
    dn_job_release(&job);
    return status;
}

/* The class of the truth's tissue or of fluid inside the brain, or its own number where it was drawn. */
static uint16_t expected(uint16_t truth, uint16_t drawn, bool brain)
{
    const double level = hemisphere_level(truth);
    const int class = level == 0.0 ? 1 : level < 100.0 ? 2 : level < 130.0 ? 3 : level < 150.0 ? 4 : 5;
    return drawn != 0 ? drawn : truth == 0 && !brain ? 0 : (uint16_t)(DN_CLASS_LEFT + class);
}

static void merged_map_is_the_original(void **state)
{
    enum { GROUPS = 10 };
    static const uint16_t number[GROUPS] = {801, 802, 803, 804, 805, 30001, 30002, 30003, 30004, 30005};
    dn_labels *half = NULL, *truth = NULL, *manual = NULL, *brain = NULL;
    double both[GROUPS] = {0}, sum[GROUPS] = {0}, mean = 0.0;
    (void)state;
    assert_ok(build("left", 0.0005));
    assert_ok(dn_labels_read(file("left/out/scan_k-5_half.nii.gz"), NULL, &half, NULL));
    assert_ok(dn_labels_read(file("left/truth.nii.gz"), NULL, &truth, NULL));
    assert_ok(dn_labels_read(file("left/manual.nii.gz"), NULL, &manual, NULL));
    assert_ok(dn_labels_read(file("left/out/scan_brain.nii.gz"), NULL, &brain, NULL));
    assert_true(dn_grid_equal(&half->grid, &truth->grid, 1e-3));
    for (int64_t v = 0; v < dn_grid_count(&half->grid); ++v) {
        const uint16_t wanted = expected(truth->data[v], manual->data[v], brain->data[v] != 0);
        for (int n = 0; n < GROUPS; ++n) {
            both[n] += wanted == number[n] && half->data[v] == number[n];
            sum[n] += (wanted == number[n]) + (half->data[v] == number[n]);
        }
    }
    for (int n = 0; n < GROUPS; ++n) {
        printf("%5u Dice %.4f\n", (unsigned)number[n], 2.0 * both[n] / sum[n]);
        mean += 2.0 * both[n] / sum[n] / GROUPS;
        assert_true(2.0 * both[n] / sum[n] >= 0.97);
    }
    printf("mean Dice of the merged map: %.4f\n", mean);
    dn_labels_destroy(half);
    dn_labels_destroy(truth);
    dn_labels_destroy(manual);
    dn_labels_destroy(brain);
}

/* The label of the truth at a point of the mirror's world, 2 mm voxels; 0 outside. */
static uint16_t truth_at(const dn_labels *truth, const dn_affine *to_truth, const double p[3])
{
    double q[3];
    dn_affine_apply(to_truth, p, q);
    const int64_t t[3] = {(int64_t)floor(q[0] + 0.5), (int64_t)floor(q[1] + 0.5), (int64_t)floor(q[2] + 0.5)};
    const int64_t *dim = truth->grid.dim;
    const bool inside = t[0] >= 0 && t[1] >= 0 && t[2] >= 0 && t[0] < dim[0] && t[1] < dim[1] && t[2] < dim[2];
    return inside ? truth->data[dn_grid_offset(&truth->grid, t[0], t[1], t[2])] : 0;
}

/* Whether the cut goes on by a voxel in all directions: at its edge the row of voxels under a point may lie beside the structure, whatever
 * the gap is. */
static bool is_inner(const dn_labels *truth, const dn_affine *to_truth, int y, int z)
{
    for (int n = 0; n < 9; ++n) {
        if (truth_at(truth, to_truth, (const double[3]){-1.0, y + 2 * (n % 3 - 1), z + 2 * (n / 3 - 1)}) == 0) {
            return false;
        }
    }
    return true;
}

/* Empty voxels between the sides in the row of a point of the mirror's world. */
static int gap_at(const dn_labels *whole, const dn_affine *to_whole, const double p[3])
{
    const int64_t half = whole->grid.dim[0] / 2;
    double q[3];
    dn_affine_apply(to_whole, p, q);
    const uint16_t *line = whole->data + dn_grid_offset(&whole->grid, 0, (int64_t)floor(q[1] + 0.5), (int64_t)floor(q[2] + 0.5));
    int64_t last = half - 1;
    while (last >= 0 && line[last] == 0) {
        --last;
    }
    return (int)(2 * (half - 1 - last));
}

/* The gap between the sides where the original hemisphere was cut at the midline: the share of the cut's inner points without one. The
 * optic chiasm is left out: a strand of 2 mm in fluid, of which the mask of the brain has only half. */
static double closed_at_the_cut(const dn_labels *whole)
{
    enum { CHIASM = 821 };
    dn_labels *truth = NULL;
    dn_affine to_scan, found, to_voxel, to_truth, to_whole;
    int count[2][3] = {{0}}, sum[2] = {0};
    hemisphere_motion(&hemisphere_usual, &to_scan);
    assert_ok(dn_labels_read(file("left/truth.nii.gz"), NULL, &truth, NULL));
    assert_ok(dn_place_read(file("left/out/scan_placed.json"), &found));
    assert_ok(dn_affine_invert(&whole->grid.affine, &to_voxel));
    assert_ok(dn_affine_invert(&truth->grid.affine, &to_truth));
    dn_affine_compose(&to_truth, &to_scan, &to_truth);
    dn_affine_compose(&found, &to_scan, &to_whole);
    dn_affine_compose(&to_voxel, &to_whole, &to_whole);
    for (int y = -110; y < 90; ++y) {
        for (int z = -80; z < 90; ++z) {
            const double p[3] = {-1.0, y, z};
            const uint16_t label = truth_at(truth, &to_truth, p);
            if (label != 0 && label != CHIASM) {
                const int inner = is_inner(truth, &to_truth, y, z), gap = gap_at(whole, &to_whole, p);
                ++count[inner][gap == 0 ? 0 : gap == 2 ? 1 : 2];
                ++sum[inner];
            }
        }
    }
    dn_labels_destroy(truth);
    for (int inner = 0; inner < 2; ++inner) {
        printf("%d points %s the cut: no gap at %.1f %%, two voxels at %.1f %%, more at %.1f %%\n", sum[inner],
               inner ? "inside" : "at the edge of", 100.0 * count[inner][0] / sum[inner], 100.0 * count[inner][1] / sum[inner],
               100.0 * count[inner][2] / sum[inner]);
    }
    return (double)count[1][0] / sum[1];
}

/* Symmetric, with the numbers of both sides; the sides neither overlap nor lie more than a voxel apart where the cut was. */
static void whole_head_is_symmetric(void **state)
{
    dn_labels *whole = NULL;
    (void)state;
    assert_ok(dn_labels_read(file("left/out/scan_k-5_dseg.nii.gz"), NULL, &whole, NULL));
    const int64_t *dim = whole->grid.dim;
    assert_int_equal(dim[0] % 2, 0);
    assert_close(whole->grid.affine.m[0][3], -0.5 * (double)(dim[0] - 1) * 2.0, 1e-4);
    for (int64_t row = 0; row < dim[1] * dim[2]; ++row) {
        const uint16_t *line = whole->data + row * dim[0];
        for (int64_t i = 0; i < dim[0] / 2; ++i) {
            const uint16_t l = line[i], r = line[dim[0] - 1 - i];
            assert_int_equal(r, l == 0 ? 0 : l >= 801 && l <= 805 ? l + 5 : l + DN_CLASS_RIGHT - DN_CLASS_LEFT);
        }
    }
    assert_true(closed_at_the_cut(whole) >= 0.996); /* 0.993 where background wins over several classes */
    dn_labels_destroy(whole);
}

/* A second run repeats nothing; another alpha repeats placement and mirroring; a lost file its own step. */
static void resumes_between_steps(void **state)
{
    (void)state;
    assert_ok(build("left", 0.0005));
    for (int n = 1; n <= 7; ++n) {
        char text[32];
        snprintf(text, sizeof text, "step %d of 7", n);
        assert_non_null(strstr(strstr(lines, text), "done before"));
    }
    assert_ok(build("left", 0.001));
    assert_non_null(strstr(lines, "classes of the tissue: done before"));
    assert_null(strstr(lines, "placement: done before"));
    assert_null(strstr(lines, "mirroring: done before"));
    assert_int_equal(unlink(file("left/out/scan_brain.nii.gz")), 0);
    assert_ok(build("left", 0.001));
    assert_non_null(strstr(lines, "orientation and resampling: done before"));
    assert_null(strstr(lines, "background: done before"));
}

static void right_gives_what_left_gives(void **state)
{
    dn_labels *a = NULL, *b = NULL;
    int64_t differ = 0;
    (void)state;
    assert_ok(build("right", 0.001));
    assert_ok(dn_labels_read(file("left/out/scan_k-5_dseg.nii.gz"), NULL, &a, NULL));
    assert_ok(dn_labels_read(file("right/out/scan_k-5_dseg.nii.gz"), NULL, &b, NULL));
    assert_true(dn_grid_equal(&a->grid, &b->grid, 1e-3));
    for (int64_t v = 0; v < dn_grid_count(&a->grid); ++v) {
        differ += a->data[v] != b->data[v];
    }
    printf("voxels that differ between the left hemisphere and its mirror image: %lld\n", (long long)differ);
    assert_int_equal(differ, 0);
    dn_labels_destroy(a);
    dn_labels_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(merged_map_is_the_original), cmocka_unit_test(whole_head_is_symmetric),
                                       cmocka_unit_test(resumes_between_steps), cmocka_unit_test(right_gives_what_left_gives)};
    return cmocka_run_group_tests(tests, make, clear);
}
