/* A network that sees slices of the AC-PC frame, on real scans: two rods that stand in the frame come to lie in the same place of the head
 * however it lay in the scanner, with a known volume; and the shipped network, where it is there: a plausible hypothalamus in a head that
 * it did not learn from, which does not follow the scan's intensity scale. */
#define _GNU_SOURCE /* mkdtemp */
#include "turned_scan.h"

#include "image/io.h"
#include "quality/verdict.h"
#include "segment/scan.h"
#include "slice_maker.h"

#include <math.h>

static char folder[] = "/tmp/dien-slices-XXXXXX";
static char rods[64], copy[64];

static dn_segmenter *segmenter_of(const char *model)
{
    dn_segmenter *segmenter = NULL;
    const dn_segmenter_options options = {.model = model};
    assert_ok(dn_segmenter_create(&options, &segmenter));
    return segmenter;
}

static dn_volume *scan_of(const char *name)
{
    char path[512];
    dn_volume *scan = NULL;
    snprintf(path, sizeof path, "%s/%s", test_data_folder(), name);
    assert_ok(dn_scan_read(path, NULL, &scan, NULL));
    return scan;
}

static dn_segment_result *measure(dn_segmenter *segmenter, const dn_volume *scan)
{
    dn_segment_result *result = NULL;
    assert_ok(dn_volume_write(scan, copy, NULL));
    assert_ok(dn_segment_scan(segmenter, copy, &result));
    assert_int_equal(remove(copy), 0);
    assert_true(result->hypothalamus != NULL);
    return result;
}

/* Middle of a label's voxels, mm of the scan's world. */
static void middle_of(const dn_labels *labels, uint16_t index, double out[3])
{
    double ijk[3] = {0, 0, 0}, count = 0;
    const int64_t *dim = labels->grid.dim;
    for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
        if (labels->data[v] == index) {
            ijk[0] += (double)(v % dim[0]);
            ijk[1] += (double)(v / dim[0] % dim[1]);
            ijk[2] += (double)(v / (dim[0] * dim[1]));
            ++count;
        }
    }
    assert_true(count > 0);
    for (int c = 0; c < 3; ++c) {
        ijk[c] /= count;
    }
    dn_affine_apply(&labels->grid.affine, ijk, out);
}

static void head_turned(void **state)
{
    (void)state;
    static const double angle[3] = {18, -14, 20};
    static const uint16_t index[2] = {819, 820};
    dn_segmenter *segmenter = segmenter_of(rods);
    dn_volume *scan = scan_of("t1w/chris_T1w.nii.gz");
    double half[3], middle[3];
    dn_affine move;
    for (int c = 0; c < 3; ++c) {
        half[c] = 0.5 * (double)(scan->grid.dim[c] - 1);
    }
    dn_affine_apply(&scan->grid.affine, half, middle);
    turn_about(angle, middle, &move);
    dn_volume *turned = turned_scan(scan, &move);
    dn_segment_result *still = measure(segmenter, scan), *moved = measure(segmenter, turned);
    for (int side = 0; side < 2; ++side) {
        const char hemi = side == 0 ? 'L' : 'R';
        double first[3], second[3], back[3], off = 0;
        assert_close(dn_volume_rows_find(&still->volumes, "hypothalamus", hemi)->volume_mm3, 453.96, 0.5);
        assert_close(dn_volume_rows_find(&moved->volumes, "hypothalamus", hemi)->volume_mm3, 453.96, 0.5);
        assert_close(dn_volume_rows_find(&moved->volumes, "hypothalamus", hemi)->hard_volume_mm3, 450,
                     30); /* voxels cut a diamond's corners */
        middle_of(still->native.labels, index[side], first);
        middle_of(moved->native.labels, index[side], second);
        dn_affine_apply(&move, second, back);
        for (int c = 0; c < 3; ++c) {
            off += (back[c] - first[c]) * (back[c] - first[c]);
        }
        print_message("%c: off by %.2f mm\n", hemi, sqrt(off));
        assert_close(sqrt(off), 0, 0.8);
        /* In the frame: where the rods stand (the stack's middle is 5 mm behind AC). */
        double place[3];
        dn_affine_apply(&moved->frame->found.frame.from_scan, second, place);
        assert_close(place[0], side == 0 ? -MAKER_ROD_X : MAKER_ROD_X, 0.15);
        assert_close(place[1], -5, 0.15);
        assert_close(place[2], MAKER_ROD_Z, 0.15);
    }
    dn_segment_result_destroy(still);
    dn_segment_result_destroy(moved);
    dn_volume_destroy(scan);
    dn_volume_destroy(turned);
    dn_segmenter_destroy(segmenter);
}

/* studyforrest: the consensus of the published network (984 mm3) is its truth; seeg: no skull. */
static void shipped_network(void **state)
{
    (void)state;
    const char *model = DIEN_SOURCE_FOLDER "/models/hypothalamus-2d.safetensors";
    if (access(model, R_OK) != 0) {
        print_message("no shipped network of the hypothalamus\n");
        return;
    }
    dn_segmenter *segmenter = segmenter_of(model);
    dn_volume *scan = scan_of("t1w/studyforrest_T1w.nii.gz");
    dn_segment_result *first = measure(segmenter, scan);
    const double volume = dn_volume_rows_find(&first->volumes, "hypothalamus", 'B')->volume_mm3;
    print_message("studyforrest: %.0f mm3\n", volume);
    assert_close(volume, 984, 0.15 * 984);
    dn_judgement judgement;
    assert_ok(dn_result_judge(first, false, &judgement));
    assert_false(judgement.quality.failed);
    for (int64_t v = 0; v < dn_grid_count(&scan->grid); ++v) {
        scan->data[v] *= 0.5f;
    }
    dn_segment_result *darker = measure(segmenter, scan);
    assert_close(dn_volume_rows_find(&darker->volumes, "hypothalamus", 'B')->volume_mm3, volume, 0.002 * volume);
    dn_volume_destroy(scan);
    scan = scan_of("t1w_stripped/seeg_T1w.mgz");
    dn_segment_result *stripped = measure(segmenter, scan);
    assert_close(dn_volume_rows_find(&stripped->volumes, "hypothalamus", 'B')->volume_mm3, 821, 0.2 * 821);
    dn_volume_destroy(scan);
    dn_segment_result_destroy(first);
    dn_segment_result_destroy(darker);
    dn_segment_result_destroy(stripped);
    dn_segmenter_destroy(segmenter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(head_turned), cmocka_unit_test(shipped_network)};
    if (test_data_folder() == NULL) {
        puts("skipped: no real scans (DIEN_DATA)");
        return TEST_SKIP;
    }
    if (access(DIEN_SOURCE_FOLDER "/models/whole-head-fine.safetensors", R_OK) != 0) {
        puts("skipped: no whole-head networks in models/");
        return TEST_SKIP;
    }
    setenv("DIEN_MODELS", DIEN_SOURCE_FOLDER "/models", 1);
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    snprintf(rods, sizeof rods, "%s/hypothalamus-2d.safetensors", folder);
    snprintf(copy, sizeof copy, "%s/scan.nii", folder);
    if (maker_slice_model(rods) != DN_OK) {
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(rods);
    rmdir(folder);
    return failed;
}
