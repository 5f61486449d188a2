/* The generator: fields that do not fold, mirrors that swap sides, samples that repeat, pictures on the scale they promise. */
#include "test.h"

#include "base/file.h"
#include "image/io.h"
#include "image/volume.h"
#include "quality/image_quality.h"
#include "synth/generator.h"
#include "synth/scanner.h"

#include <math.h>
#include <string.h>

static dn_grid cube(int64_t n, double spacing)
{
    double half = 0.5 * (double)(n - 1) * spacing;
    return (dn_grid){{n, n, n}, {{{spacing, 0, 0, -half}, {0, spacing, 0, -half}, {0, 0, spacing, -half}}}};
}

static dn_tissues *shipped_tissues(void)
{
    dn_tissues *tissues = NULL;
    assert_ok(dn_tissues_read(DIEN_SOURCE_FOLDER "/share/synth/tissues.tsv", &tissues));
    return tissues;
}

/* Concentric head: scalp 507, bone 515, csf 24, white matter 2 | 41, thalamus 10 | 49 beside the midline. x < 0 is left. */
static dn_labels *toy_head(void)
{
    dn_grid grid = cube(64, 2.0);
    dn_labels *map = NULL;
    assert_ok(dn_labels_create(&grid, &map));
    for (int64_t k = 0; k < 64; ++k) {
        for (int64_t j = 0; j < 64; ++j) {
            for (int64_t i = 0; i < 64; ++i) {
                double p[3];
                dn_affine_apply(&grid.affine, (const double[3]){(double)i, (double)j, (double)k}, p);
                double r = sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
                uint16_t label = r < 40.0 ? (p[0] < 0.0 ? 2 : 41) : r < 46.0 ? 24 : r < 52.0 ? 515 : r < 58.0 ? 507 : 0;
                if (fabs(fabs(p[0]) - 14.0) < 8.0 && fabs(p[1]) < 10.0 && fabs(p[2]) < 8.0) {
                    label = p[0] < 0.0 ? 10 : 49;
                }
                map->data[dn_grid_offset(&grid, i, j, k)] = label;
            }
        }
    }
    return map;
}

static void identity_without_options(void **state)
{
    (void)state;
    dn_labels *map = toy_head();
    dn_random random;
    dn_random_seed(&random, 1);
    dn_deform *deform = NULL;
    dn_deform_options none = {.control_mm = 30.0};
    assert_ok(dn_deform_random(&map->grid, (const double[3]){0, 0, 0}, &none, &random, &deform));
    dn_labels *same = NULL;
    assert_ok(dn_deform_labels(map, deform, NULL, &same));
    assert_memory_equal(same->data, map->data, (size_t)dn_grid_count(&map->grid) * sizeof *map->data);
    dn_labels_destroy(same);
    dn_deform_destroy(deform);
    dn_labels_destroy(map);
}

/* The Jacobian's determinant by finite differences stays positive at the largest displacement that the options allow. */
static void fields_do_not_fold(void **state)
{
    (void)state;
    dn_grid grid = cube(40, 2.0);
    for (uint64_t seed = 1; seed <= 12; ++seed) {
        dn_random random;
        dn_random_seed(&random, seed);
        dn_deform *deform = NULL;
        dn_deform_options wild = {.control_mm = 16.0, .displacement_mm = 200.0};
        assert_ok(dn_deform_random(&grid, (const double[3]){0, 0, 0}, &wild, &random, &deform));
        double least = INFINITY;
        for (int64_t k = 0; k < 39; ++k) {
            for (int64_t j = 0; j < 39; ++j) {
                for (int64_t i = 0; i < 39; ++i) {
                    double p[4][3];
                    dn_deform_point(deform, (const int64_t[3]){i, j, k}, p[3]);
                    dn_deform_point(deform, (const int64_t[3]){i + 1, j, k}, p[0]);
                    dn_deform_point(deform, (const int64_t[3]){i, j + 1, k}, p[1]);
                    dn_deform_point(deform, (const int64_t[3]){i, j, k + 1}, p[2]);
                    double m[3][3];
                    for (int c = 0; c < 3; ++c) {
                        for (int r = 0; r < 3; ++r) {
                            m[r][c] = (p[c][r] - p[3][r]) / 2.0;
                        }
                    }
                    double det = m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
                                 m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
                    least = fmin(least, det);
                }
            }
        }
        if (!(least > 0.0)) {
            fail_msg("seed %llu: expected a determinant > 0 everywhere, found %g", (unsigned long long)seed, least);
        }
        dn_deform_destroy(deform);
    }
}

static void mirror_swaps_sides(void **state)
{
    (void)state;
    dn_tissues *tissues = shipped_tissues();
    dn_labels *map = toy_head();
    dn_random random;
    dn_random_seed(&random, 1);
    dn_deform *deform = NULL;
    dn_deform_options mirror = {.control_mm = 30.0, .mirror_probability = 1.0};
    assert_ok(dn_deform_random(&map->grid, (const double[3]){0, 0, 0}, &mirror, &random, &deform));
    assert_true(dn_deform_mirrors(deform));
    dn_labels *mirrored = NULL;
    assert_ok(dn_deform_labels(map, deform, tissues->swap, &mirrored));
    /* The toy head is symmetric: mirroring and swapping gives it back, with left still at x < 0. */
    assert_memory_equal(mirrored->data, map->data, (size_t)dn_grid_count(&map->grid) * sizeof *map->data);
    dn_labels_destroy(mirrored);
    dn_deform_destroy(deform);
    dn_labels_destroy(map);
    dn_tissues_destroy(tissues);
}

static void samples_repeat_and_stay_on_scale(void **state)
{
    (void)state;
    dn_tissues *tissues = shipped_tissues();
    dn_labels *map = toy_head();
    dn_grid target = cube(48, 2.0);
    dn_synth_options options = dn_synth_defaults();
    for (uint64_t seed = 1; seed <= 6; ++seed) {
        dn_volume *scan[3] = {NULL};
        dn_labels *truth[3] = {NULL};
        for (int run = 0; run < 3; ++run) {
            dn_random random;
            dn_random_seed_stream(&random, 7, run < 2 ? seed : seed + 100);
            assert_ok(dn_synth_sample(map, tissues, &target, (const double[3]){0, 0, 0}, &options, &random, &scan[run], &truth[run]));
        }
        size_t bytes = (size_t)dn_grid_count(&target) * sizeof(float);
        assert_memory_equal(scan[0]->data, scan[1]->data, bytes);
        assert_memory_equal(truth[0]->data, truth[1]->data, bytes / 2);
        assert_int_not_equal(memcmp(scan[0]->data, scan[2]->data, bytes), 0);
        float low = INFINITY;
        float high = -INFINITY;
        int64_t left = 0;
        for (int64_t v = 0; v < dn_grid_count(&target); ++v) {
            low = fminf(low, scan[0]->data[v]);
            high = fmaxf(high, scan[0]->data[v]);
            left += truth[0]->data[v] == 10;
        }
        assert_close(low, 0.0, 0.0);
        assert_close(high, 1.0, 0.0);
        assert_true(left > 100);
        for (int run = 0; run < 3; ++run) {
            dn_volume_destroy(scan[run]);
            dn_labels_destroy(truth[run]);
        }
    }
    dn_labels_destroy(map);
    dn_tissues_destroy(tissues);
}

static void a_label_without_tissue_is_named(void **state)
{
    (void)state;
    dn_tissues *tissues = shipped_tissues();
    dn_labels *map = toy_head();
    map->data[dn_grid_offset(&map->grid, 32, 32, 32)] = 4711;
    dn_random random;
    dn_random_seed(&random, 1);
    dn_synth_options options = dn_synth_defaults();
    dn_volume *scan = NULL;
    assert_int_equal(dn_appearance_paint(map, tissues, &options.appearance, &random, &scan), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "label 4711"));
    assert_null(scan);
    dn_labels_destroy(map);
    dn_tissues_destroy(tissues);
}

/* One scanner shows two scans of a head alike but for the noise; another one shows it otherwise. */
static void scanners_are_the_same_for_every_scan(void **state)
{
    (void)state;
    dn_tissues *tissues = shipped_tissues();
    dn_labels *map = toy_head();
    dn_synth_options plain = dn_synth_plain();
    dn_random random;
    dn_random_seed(&random, 1);
    dn_volume *head[4] = {NULL};
    static const struct {
        uint64_t scanner, scan;
    } shown[4] = {{2, 0}, {2, 0}, {2, 1}, {3, 0}};
    dn_volume *painted = NULL;
    assert_ok(dn_appearance_paint(map, tissues, &plain.appearance, &random, &painted));
    int64_t count = dn_grid_count(&map->grid);
    for (int s = 0; s < 4; ++s) {
        dn_scanner scanner = dn_scanner_draw(5, shown[s].scanner);
        assert_true(scanner.noise_sd >= 0.005 && scanner.noise_sd <= 0.04 && scanner.power >= 0.75 && scanner.power <= 4.0 / 3.0);
        assert_ok(dn_volume_create(&map->grid, &head[s]));
        memcpy(head[s]->data, painted->data, (size_t)count * sizeof(float));
        assert_ok(dn_scanner_apply(&scanner, shown[s].scan, head[s]));
    }
    assert_memory_equal(head[0]->data, head[1]->data, (size_t)count * sizeof(float));
    double difference[2] = {0.0, 0.0};
    for (int64_t v = 0; v < count; ++v) {
        difference[0] += fabs((double)head[2]->data[v] - (double)head[0]->data[v]) / (double)count;
        difference[1] += fabs((double)head[3]->data[v] - (double)head[0]->data[v]) / (double)count;
    }
    double noise = dn_scanner_draw(5, 2).noise_sd;
    if (!(difference[0] > 0.05 * noise && difference[0] < 3.0 * noise && difference[1] > difference[0])) {
        fail_msg("noise %g; expected a smaller difference between scans than scanners, found %g and %g", noise, difference[0],
                 difference[1]);
    }
    for (int s = 0; s < 4; ++s) {
        dn_volume_destroy(head[s]);
    }
    dn_volume_destroy(painted);
    dn_labels_destroy(map);
    dn_tissues_destroy(tissues);
}

/* Noise of a sample of the template around the middle of the head, of the contrast there (as quality control measures it). */
static double noise_of(const dn_synth_options *options)
{
    dn_tissues *tissues = shipped_tissues();
    dn_labels *map = NULL, *truth = NULL;
    dn_volume *scan = NULL;
    dn_image_quality seen;
    dn_random random;
    dn_random_seed(&random, 1);
    assert_ok(dn_labels_read(DIEN_SOURCE_FOLDER "/share/template/head.nii.gz", NULL, &map, NULL));
    const dn_grid grid = cube(80, 1.0); /* around AC */
    assert_ok(dn_synth_sample(map, tissues, &grid, (const double[3]){0, 0, 0}, options, &random, &scan, &truth));
    assert_ok(dn_image_quality_measure(scan, (const double[3]){39, 39, 39}, &seen));
    dn_volume_destroy(scan);
    dn_labels_destroy(truth);
    dn_labels_destroy(map);
    dn_tissues_destroy(tissues);
    return seen.noise;
}

/* A plain head has the noise of a good scan (real ones: 0.01 to 0.08 of the contrast); the demo's was flagged as noisy. */
static void a_plain_head_has_little_noise(void **state)
{
    (void)state;
    dn_synth_options options = dn_synth_plain();
    const double plain = noise_of(&options);
    options.appearance.less_spread = 0.0;
    const double all = noise_of(&options);
    if (!(plain > 0.01 && plain < 0.08 && all > 0.10)) {
        fail_msg("noise of a plain head: expected 0.01 to 0.08, found %.3f; with all of the tissues' spread above 0.10, found %.3f", plain,
                 all);
    }
}

static void tables_with_faults_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *rows;
        const char *sentence;
    } faults[] = {
        {"2\tleft\t41\tbrain\twm\t160\t20\t15\t6\n", "does not have it as a partner"},
        {"2\tleft\t2\tmoon\twm\t160\t20\t15\t6\n", "should be air, head, csf or brain"},
        {"2.5\tleft\t2\tbrain\twm\t160\t20\t15\t6\n", "whole number"},
        {"2\tleft\t2\tbrain\twm\t160\t20\t15\t6\n3\tx\t3\tbrain\twm\t161\t20\t15\t6\n", "other numbers here"},
        {"2\tleft\t2\tbrain\twm\t160\t20\t15\t6\n2\tx\t2\tbrain\twm\t160\t20\t15\t6\n", "occurs twice in the table"},
        {"2\tleft\t2\tbrain\twm\t-1\t20\t15\t6\n", ">= 0"},
    };
    for (size_t f = 0; f < sizeof faults / sizeof *faults; ++f) {
        char text[512];
        int n = snprintf(text, sizeof text, "label\tname\tswap\tregion\ttissue\tmean\tmean_sd\tsd\tsd_sd\n%s", faults[f].rows);
        assert_ok(dn_file_write_all("synth_fault.tsv", text, (size_t)n));
        dn_tissues *tissues = NULL;
        assert_int_equal(dn_status_exit_code(dn_tissues_read("synth_fault.tsv", &tissues)), 3);
        if (strstr(dn_error_message(), faults[f].sentence) == NULL) {
            fail_msg("expected \"%s\" in the message, found: %s", faults[f].sentence, dn_error_message());
        }
    }
    unlink("synth_fault.tsv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_without_options),
        cmocka_unit_test(fields_do_not_fold),
        cmocka_unit_test(mirror_swaps_sides),
        cmocka_unit_test(samples_repeat_and_stay_on_scale),
        cmocka_unit_test(a_plain_head_has_little_noise),
        cmocka_unit_test(scanners_are_the_same_for_every_scan),
        cmocka_unit_test(a_label_without_tissue_is_named),
        cmocka_unit_test(tables_with_faults_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
