/* The main job on real scans: volumes that must not move unnoticed, re-oriented copies that give the same (issue 2,
 * point 2), and a second run that writes the same bytes. */
#define _GNU_SOURCE /* mkdtemp */
#include "test.h"

#include "base/file.h"
#include "image/filter.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "report/sidecars.h"
#include "report/write.h"
#include "segment/scan.h"

#include <math.h>
#include <string.h>

static char folder[] = "/tmp/dien-segment-XXXXXX";
static dn_segmenter *segmenter;

static void make_segmenter(void)
{
    char path[512];
    snprintf(path, sizeof path, "%s/teacher/billot2020_hypothalamus.h5", test_data_folder());
    dn_segmenter_options options = {.model = path};
    assert_ok(dn_segmenter_create(&options, &segmenter));
}

static dn_segment_result *segment(const char *path)
{
    dn_segment_result *r = NULL;
    assert_ok(dn_segment_scan(segmenter, path, &r));
    return r;
}

/* chris: the published network's own numbers are 888 mm3, found in PyTorch, too (reference posteriors). */
static void chris_volumes(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s/t1w/chris_T1w.nii.gz", test_data_folder());
    dn_segment_result *r = segment(path);
    assert_int_equal(r->hypothalamus->found_by, DN_FOUND_BY_TEMPLATE);
    dn_judgement judgement;
    assert_ok(dn_result_judge(r, false, &judgement));
    assert_false(judgement.quality.failed);
    /* 439 and 418 voxels, less those where the two sides touch. */
    assert_close(dn_volume_rows_find(&r->volumes, "hypothalamus", 'L')->hard_volume_mm3, 430, 1);
    assert_close(dn_volume_rows_find(&r->volumes, "hypothalamus", 'R')->hard_volume_mm3, 414, 1);
    assert_close(dn_volume_rows_find(&r->volumes, "hypothalamus", 'B')->volume_mm3, 888.3, 1);
    assert_close(dn_volume_rows_find(&r->volumes, "hypothalamus_posterior", 'L')->volume_mm3, 123.5, 0.5);
    assert_close(dn_volume_rows_find(&r->volumes, "hypothalamus", 'B')->mean_posterior, 0.8736, 0.002);
    /* The same bytes twice, whatever was there before. */
    static const char *const suffix[] = {"_dseg.nii.gz",  "_dseg.tsv", "_dseg.json",  "_volumes.tsv",
                                         "_volumes.json", "_qc.png",   "_report.html"};
    enum { FILES = sizeof suffix / sizeof *suffix };
    unsigned char *bytes[FILES];
    size_t size[FILES];
    dn_output_options outputs = {.folder = folder};
    for (int round = 0; round < 2; ++round) {
        assert_ok(dn_outputs_write(r, &judgement, &outputs));
        for (int f = 0; f < FILES; ++f) {
            char *out = NULL;
            unsigned char *now = NULL;
            size_t now_size = 0;
            assert_ok(dn_output_path(folder, "chris", suffix[f], &out));
            assert_ok(dn_file_read(out, 1 << 26, &now, &now_size));
            if (round == 0) {
                bytes[f] = now;
                size[f] = now_size;
            } else {
                assert_int_equal(now_size, size[f]);
                assert_memory_equal(now, bytes[f], now_size);
                free(now);
                free(bytes[f]);
                assert_int_equal(remove(out), 0);
            }
            free(out);
        }
        dn_segment_result_destroy(r);
        r = round == 0 ? segment(path) : NULL;
    }
}

/* A part of a scan stored in other orientations: equal volumes, bit for bit, and labels at the same places. (All 48 are
 * tested up to the network's input in tests/infer/test_conform.c; here the whole way through, on a few.) */
static void orientations(void **state)
{
    (void)state;
    static const char *const codes[] = {"LIA", "PSR", "ILP", "ASL"};
    char path[512];
    dn_volume *scan = NULL;
    dn_volume *part = NULL;
    snprintf(path, sizeof path, "%s/t1w/sag-anon_T1w.nii.gz", test_data_folder()); /* 0.9 x 0.86 x 0.86 mm: resampled */
    assert_ok(dn_scan_read(path, NULL, &scan, NULL));
    const int64_t start[3] = {6, 30, 90};
    const int64_t dim[3] = {180, 220, 160};
    assert_ok(dn_volume_crop(scan, start, dim, 0, &part));
    dn_volume_destroy(scan);
    snprintf(path, sizeof path, "%s/ras.nii", folder);
    assert_ok(dn_volume_write(part, path, NULL));
    dn_segment_result *expected = segment(path);
    assert_int_equal(remove(path), 0);
    for (size_t n = 0; n < sizeof codes / sizeof *codes; ++n) {
        dn_orientation wanted;
        dn_volume *turned = NULL;
        dn_labels *back = NULL;
        assert_ok(dn_orientation_parse(codes[n], &wanted));
        assert_ok(dn_volume_reorient(part, &wanted, &turned));
        snprintf(path, sizeof path, "%s/%s.nii", folder, codes[n]);
        assert_ok(dn_volume_write(turned, path, NULL));
        dn_segment_result *found = segment(path);
        assert_int_equal(remove(path), 0);
        assert_int_equal(found->volumes.count, expected->volumes.count);
        for (size_t i = 0; i < found->volumes.count; ++i) {
            const dn_volume_row *a = &expected->volumes.row[i];
            const dn_volume_row *b = &found->volumes.row[i];
            assert_string_equal(b->structure, a->structure);
            assert_int_equal(b->hemi, a->hemi);
            assert_close(b->volume_mm3, a->volume_mm3, 1e-9 * a->volume_mm3);
            assert_close(b->hard_volume_mm3, a->hard_volume_mm3, 1e-9 * a->hard_volume_mm3);
            assert_true(b->mean_posterior == a->mean_posterior || (isnan(a->mean_posterior) && isnan(b->mean_posterior)));
        }
        assert_true(dn_grid_equal(&found->native.labels->grid, &turned->grid, 1e-3));
        dn_orientation ras = DN_ORIENTATION_RAS;
        assert_ok(dn_labels_reorient(found->native.labels, &ras, &back));
        assert_true(dn_grid_equal(&back->grid, &expected->native.labels->grid, 1e-3));
        assert_memory_equal(back->data, expected->native.labels->data, (size_t)dn_grid_count(&back->grid) * sizeof *back->data);
        dn_labels_destroy(back);
        dn_volume_destroy(turned);
        dn_segment_result_destroy(found);
    }
    dn_segment_result_destroy(expected);
    dn_volume_destroy(part);
}

/* chris with the air behind one corner brightened, by values that follow on those of the head (what a gap parts from them is not taken for
 * the head: infer/test_conform): the clip's upper end rises. By how much, times: returned. */
static double write_bright_corner(const char *path)
{
    char from[512];
    dn_volume *scan = NULL;
    snprintf(from, sizeof from, "%s/t1w/chris_T1w.nii.gz", test_data_folder());
    assert_ok(dn_scan_read(from, NULL, &scan, NULL));
    const double percent = 99.5;
    double top = 0;
    double risen = 0;
    assert_ok(dn_volume_percentiles(scan, NULL, &percent, 1, &top));
    const int64_t *dim = scan->grid.dim;
    for (int64_t k = dim[2] * 39 / 50; k < dim[2]; ++k) {
        for (int64_t j = dim[1] * 39 / 50; j < dim[1]; ++j) {
            for (int64_t i = dim[0] * 39 / 50; i < dim[0]; ++i) {
                scan->data[dn_grid_offset(&scan->grid, i, j, k)] = (float)(top * (1.0 + 1.6 * (double)((7 * i + 3 * j + k) % 64) / 63.0));
            }
        }
    }
    assert_ok(dn_volume_percentiles(scan, NULL, &percent, 1, &risen));
    assert_ok(dn_volume_write(scan, path, NULL));
    dn_volume_destroy(scan);
    return risen / top;
}

/* The published network follows the intensity scale; with the white matter in one place it does not, and the consensus says what it
 * says over four places. Values as found on 2026-11-21. */
static void intensity_scale(void **state)
{
    (void)state;
    char model[512];
    char plain[512];
    char corner[512];
    snprintf(model, sizeof model, "%s/teacher/billot2020_hypothalamus.h5", test_data_folder());
    snprintf(plain, sizeof plain, "%s/t1w/chris_T1w.nii.gz", test_data_folder());
    snprintf(corner, sizeof corner, "%s/corner.nii", folder);
    const double risen = write_bright_corner(corner);
    assert_true(risen > 1.5);
    const dn_consensus_options members = dn_consensus_defaults();
    const dn_segmenter_options options[] = {
        {.model = model, .structures = "hypothalamus"},
        {.model = model, .structures = "hypothalamus", .white_matter = 0.6},
        {.model = model, .structures = "hypothalamus", .consensus = &members},
    };
    double volume[3][2] = {{0}};
    for (int o = 0; o < 3; ++o) {
        dn_segmenter *other = NULL;
        assert_ok(dn_segmenter_create(&options[o], &other));
        for (int s = 0; s < (o == 2 ? 1 : 2); ++s) {
            dn_segment_result *r = NULL;
            assert_ok(dn_segment_scan(other, s == 0 ? plain : corner, &r));
            volume[o][s] = dn_volume_rows_find(&r->volumes, "hypothalamus", 'B')->volume_mm3;
            if (o > 0) {
                assert_close(r->white_matter, s == 0 ? 0.844 : 0.844 / risen, 0.01);
            }
            if (o == 2) {
                assert_int_equal(r->hypothalamus->consensus->members, 16);
                assert_close(r->hypothalamus->consensus->whole_sd / r->hypothalamus->consensus->whole_mean, 0.025, 0.005);
                dn_judgement judgement;
                assert_ok(dn_result_judge(r, false, &judgement));
                assert_int_equal(judgement.score.verdict, DN_ACCEPTED);
            }
            dn_segment_result_destroy(r);
        }
        dn_segmenter_destroy(other);
    }
    assert_int_equal(remove(corner), 0);
    assert_true(volume[0][1] / volume[0][0] > 1.04);
    assert_close(volume[1][1] / volume[1][0], 1.0, 0.01);
    assert_close(volume[1][0], 932, 5);
    assert_close(volume[2][0], 945, 5);
}

int main(void)
{
    if (test_data_folder() == NULL) {
        printf("skipped: no real scans; set DIEN_DATA\n");
        return TEST_SKIP;
    }
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    make_segmenter();
    const struct CMUnitTest tests[] = {cmocka_unit_test(chris_volumes), cmocka_unit_test(orientations), cmocka_unit_test(intensity_scale)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dn_segmenter_destroy(segmenter);
    rmdir(folder);
    return failed;
}
