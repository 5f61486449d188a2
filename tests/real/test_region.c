/* The network on the region found automatically gives the labels of a run on the whole head, in a tenth of the work
 * (issue 2, point 6). Two scans, one with and one without skull; DIEN_REGION_SCANS=all: every scan, as a table
 * (`make regions`); any other text: those whose path contains it. The whole head is run through overlapping tiles; tests/models shows that
 * these equal one piece. */
#include "test.h"

#include "image/components.h"
#include "models/keras/import.h"
#include "segment/scan.h"

#include <string.h>

static const char *const all[] = {
    "t1w/chris_T1w.nii.gz",        "t1w_stripped/eun_T1w.nii.gz", "t1w/colin27_T1w.nii.gz",
    "t1w/sag-anon_T1w.nii.gz",     "t1w/studyforrest_T1w.nii.gz", "t1w/ecog_T1w.mgz",
    "t1w_stripped/seeg_T1w.mgz",   "t1w_stripped/IBSR_01.nii.gz", "t1w_stripped/IBSR_02.nii.gz",
    "t1w_stripped/IBSR_03.nii.gz", "t1w_stripped/IBSR_04.nii.gz", "t1w_stripped/IBSR_05.nii.gz",
    "t1w_stripped/IBSR_06.nii.gz", "t1w_stripped/IBSR_07.nii.gz", "t1w_stripped/IBSR_08.nii.gz",
    "t1w_stripped/IBSR_09.nii.gz", "t1w_stripped/IBSR_10.nii.gz", "t1w_stripped/IBSR_11.nii.gz",
    "t1w_stripped/IBSR_12.nii.gz", "t1w_stripped/IBSR_13.nii.gz", "t1w_stripped/IBSR_14.nii.gz",
    "t1w_stripped/IBSR_15.nii.gz", "t1w_stripped/IBSR_16.nii.gz", "t1w_stripped/IBSR_17.nii.gz",
    "t1w_stripped/IBSR_18.nii.gz",
};
enum { QUICK = 2, FACES = 6 };

typedef struct score {
    double whole[2], part; /* Dice: of each side, of the worst part with at least 20 voxels */
    double sites_apart;    /* voxels between the largest components' centres, the larger of both sides */
    double work;
} score;

/* The whole head's labels with the largest component of each side kept, and the other labels cleared. */
static void keep_largest(uint8_t *labels, const int64_t dim[3], const dn_structures *structures)
{
    size_t n = (size_t)(dim[0] * dim[1] * dim[2]);
    uint8_t *mask = malloc(n);
    uint8_t *kept = calloc(n, 1);
    assert_non_null(mask);
    assert_non_null(kept);
    for (size_t g = 0; g < structures->group_count; ++g) {
        for (size_t v = 0; v < n; ++v) {
            mask[v] = structures->group_of[labels[v]] == (int)g;
        }
        assert_ok(dn_mask_keep_largest(mask, dim, FACES, NULL, NULL));
        for (size_t v = 0; v < n; ++v) {
            kept[v] |= mask[v];
        }
    }
    for (size_t v = 0; v < n; ++v) {
        labels[v] = kept[v] ? labels[v] : 0;
    }
    free(mask);
    free(kept);
}

static double dice(double both, double a, double b)
{
    return a + b > 0 ? 2 * both / (a + b) : 1.0;
}

static score compare(const char *model_path, const dn_model *model, const char *path)
{
    score s = {{0, 0}, 1, 0, 0};
    dn_segmenter_options options = {.model = model_path, .memory_limit = 2000000000};
    dn_segmenter *segmenter = NULL;
    dn_segment_result *region = NULL;
    assert_ok(dn_segmenter_create(&options, &segmenter));
    assert_ok(dn_segment_scan(segmenter, path, &region));
    dn_volume *scan = NULL;
    dn_conformed conformed;
    dn_network *network = NULL;
    uint8_t *whole = NULL;
    dn_network_options network_options = {DN_PRECISION_F32, 2000000000};
    assert_ok(dn_scan_read(path, NULL, &scan, NULL));
    assert_ok(dn_conform(scan, &model->input, &conformed));
    assert_ok(dn_network_create(model, &network_options, &network));
    assert_ok(dn_network_run_whole(network, conformed.volume, &whole));
    const dn_grid *grid = &conformed.volume->grid;
    keep_largest(whole, grid->dim, &region->structures);
    const dn_posteriors *p = &region->hypothalamus->posteriors;
    double count[3][DN_CHANNEL_LIMIT] = {{0}}; /* whole, region, both */
    double side[3][2] = {{0}};
    double centre[2][2][3] = {{{0}}};
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                int64_t w = whole[dn_grid_offset(grid, i, j, k)];
                int64_t at[3] = {i - p->start[0], j - p->start[1], k - p->start[2]};
                int64_t r = 0;
                if (at[0] >= 0 && at[1] >= 0 && at[2] >= 0 && at[0] < p->dim[0] && at[1] < p->dim[1] && at[2] < p->dim[2]) {
                    r = dn_most_probable(dn_posteriors_at(p, at[0], at[1], at[2]), p->channels);
                }
                int gw = region->structures.group_of[w];
                int gr = region->structures.group_of[r];
                double here[3] = {(double)i, (double)j, (double)k};
                if (gw >= 0) {
                    count[0][w] += 1;
                    side[0][gw] += 1;
                    for (int c = 0; c < 3; ++c) {
                        centre[0][gw][c] += here[c];
                    }
                }
                if (gr >= 0) {
                    count[1][r] += 1;
                    side[1][gr] += 1;
                    for (int c = 0; c < 3; ++c) {
                        centre[1][gr][c] += here[c];
                    }
                }
                count[2][w] += w == r;
                side[2][gw >= 0 ? gw : 0] += gw >= 0 && gw == gr;
            }
        }
    }
    for (int g = 0; g < 2; ++g) {
        s.whole[g] = dice(side[2][g], side[0][g], side[1][g]);
        double far = 0;
        for (int c = 0; c < 3; ++c) {
            double d = centre[0][g][c] / side[0][g] - centre[1][g][c] / side[1][g];
            far += d * d;
        }
        s.sites_apart = far > s.sites_apart ? far : s.sites_apart;
    }
    for (int64_t c = 1; c < p->channels; ++c) {
        if (count[0][c] >= 20) {
            double d = dice(count[2][c], count[0][c], count[1][c]);
            s.part = d < s.part ? d : s.part;
        }
    }
    s.work = (double)region->hypothalamus->network_voxels / (double)region->hypothalamus->whole_voxels;
    free(whole);
    dn_network_destroy(network);
    dn_conformed_release(&conformed);
    dn_segment_result_destroy(region);
    dn_segmenter_destroy(segmenter);
    return s;
}

static void test_region_equals_whole_head(void **state)
{
    (void)state;
    const char *data = test_data_folder();
    const char *which = getenv("DIEN_REGION_SCANS");
    char model_path[512];
    snprintf(model_path, sizeof model_path, "%s/teacher/billot2020_hypothalamus.h5", data);
    dn_model *model = NULL;
    assert_ok(dn_import_keras(model_path, NULL, &model));
    int bad = 0;
    printf("%-28s %8s %8s %10s %10s %8s\n", "scan", "left", "right", "worst part", "mm apart", "work");
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
        if (which == NULL ? i >= QUICK : strcmp(which, "all") != 0 && strstr(all[i], which) == NULL) {
            continue;
        }
        char path[512];
        snprintf(path, sizeof path, "%s/%s", data, all[i]);
        score s = compare(model_path, model, path);
        bool fails = s.whole[0] < 0.98 || s.whole[1] < 0.98 || s.work > 0.1;
        bad += fails;
        printf("%-28s %8.4f %8.4f %10.4f %10.1f %7.1f%%%s\n", all[i], s.whole[0], s.whole[1], s.part, s.sites_apart, 100 * s.work,
               fails ? "  <- expected at least 0.98 and at most 10 %" : "");
        fflush(stdout);
    }
    dn_model_destroy(model);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const char *data = test_data_folder();
    if (data == NULL) {
        printf("skipped: no real scans; set DIEN_DATA\n");
        return TEST_SKIP;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_region_equals_whole_head)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
