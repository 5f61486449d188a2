/* What the scan itself shows, against made evidence: contrast, cut structures, sides, air, leaks, size, ventricles, the file. */
#include "test.h"

#include "base/random.h"
#include "quality/judge_picture.h"
#include "quality/part_evidence.h"
#include "segment/head/contrast.h"

#include <math.h>
#include <string.h>

/* A head of which everything is as usual. */
static dn_model *model;
static dn_head head;
static const bool wanted[DN_CHANNEL_LIMIT] = {false, true, true, true, true, true};

static dn_head_part *part(const char *structure, char hemi)
{
    for (size_t g = 0; g < head.structures.group_count; ++g) {
        if (strcmp(head.structures.group[g].structure, structure) == 0 && head.structures.group[g].hemi == hemi) {
            return &head.parts[g];
        }
    }
    fail_msg("no %s", structure);
    return NULL;
}

static void make_usual(void)
{
    memset(&head, 0, sizeof head);
    assert_ok(dn_structures_init(model, &head.structures));
    for (size_t g = 0; g < head.structures.group_count; ++g) {
        head.parts[g] = (dn_head_part){.kept_voxels = 1000, .volume_mm3 = 7000, .median = 170};
    }
    *part("cerebral_cortex", 'B') = (dn_head_part){.kept_voxels = 1000, .volume_mm3 = 1e6, .median = 130};
    *part("lateral_ventricle", 'B') = (dn_head_part){.kept_voxels = 1000, .volume_mm3 = 2e4, .median = 70};
    head.size = 1.0;
    head.location = (dn_location){.found = true, .match = 0.65, .correlation = 0.8, .brain_inside = 1};
    head.picture = (dn_head_picture){.fluid = 70, .grey = 130, .white = 200, .air = 2, .stray_mm3 = 900, .missing = 0.001};
}

/* The level of a flag among those of the head in its present state; -1: it is not raised. */
static int level_of(const char *code, bool with_head)
{
    const dn_scan_info info = {.affine_source = DN_AFFINE_SFORM};
    const dn_conformed conformed = {.skew = 0};
    const dn_quality_evidence e = {.info = &info,
                                   .conformed = &conformed,
                                   .head = with_head ? &head : NULL,
                                   .contrast = dn_contrast_see(with_head ? &head : NULL, &head.location, with_head),
                                   .location = &head.location,
                                   .head_wanted = wanted,
                                   .icv_wanted = true};
    dn_quality quality = {.count = 0};
    dn_quality_judge_contrast(&e, &quality);
    if (with_head) {
        dn_quality_judge_head_picture(&e, &quality);
    }
    for (size_t f = 0; f < quality.count; ++f) {
        if (code == NULL) {
            fail_msg("expected no flag, found '%s': %s", quality.flag[f].code, quality.flag[f].text);
        }
        if (strcmp(quality.flag[f].code, code) == 0) {
            return (int)quality.flag[f].level;
        }
    }
    return -1;
}

static void usual_heads_raise_nothing(void **state)
{
    (void)state;
    make_usual();
    assert_int_equal(level_of(NULL, true), -1);
    /* A brain that was stripped and cropped to its bounds only touches the edge. */
    part("cerebral_cortex", 'B')->edge_mm3[0] = 1720;
    part("cerebral_cortex", 'B')->edge_mm3[1] = 7793;
    assert_int_equal(level_of(NULL, true), -1);
}

static void other_contrasts(void **state)
{
    (void)state;
    static const struct {
        double fluid, grey, white, match;
        int level;
    } cases[] = {
        {70, 130, 200, 0.65, -1},               /* T1 */
        {87, 114, 185, 0.61, -1},               /* T1, stripped */
        {200, 130, 90, -0.1, DN_FLAG_FAILED},   /* T2 */
        {40, 150, 110, 0.0, DN_FLAG_FAILED},    /* FLAIR */
        {5, 37, 28, 0.1, DN_FLAG_FAILED},       /* CT */
        {150, 170, 130, -0.2, DN_FLAG_FAILED},  /* PD */
        {158, 171, 187, -0.01, DN_FLAG_FAILED}, /* PD, whose labels follow the contrast: the place in the head tells */
        {41, 133, 148, -0.19, DN_FLAG_FAILED},
        {70, 130, 200, 0.25, DN_FLAG_WARNING},
        {63, 64.7, 108.4, 0.6, -1}, /* a T1w scan of ds002748 with an uneven coil: like the average head, so only "contrast" */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        make_usual();
        head.picture.fluid = cases[i].fluid;
        head.picture.grey = cases[i].grey;
        head.picture.white = cases[i].white;
        head.location.match = cases[i].match;
        if (level_of("not_t1", true) != cases[i].level) {
            fail_msg("case %zu: expected level %d, found %d", i, cases[i].level, level_of("not_t1", true));
        }
    }
    assert_int_equal(level_of("contrast", true), DN_FLAG_WARNING);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) { /* and the network of the hypothalamus is chosen by the same rule */
        make_usual();
        head.picture.fluid = cases[i].fluid;
        head.picture.grey = cases[i].grey;
        head.picture.white = cases[i].white;
        head.location.match = cases[i].match;
        if (dn_contrast_is_other(dn_contrast_see(&head, &head.location, true).contrast) != (cases[i].level == DN_FLAG_FAILED)) {
            fail_msg("case %zu: expected %s contrast", i, cases[i].level == DN_FLAG_FAILED ? "another" : "T1");
        }
    }
    /* Without the whole head's labels: where the average head is aligned well, its word alone. */
    make_usual();
    head.location.match = 0.1;
    assert_int_equal(level_of("not_t1", false), DN_FLAG_FAILED);
    head.location.correlation = 0.66;
    assert_int_equal(level_of("not_t1", false), DN_FLAG_WARNING);
}

static void cut_and_odd_structures(void **state)
{
    (void)state;
    make_usual();
    part("thalamus", 'L')->edge_mm3[0] = 865;
    part("thalamus", 'L')->edge_mm3[1] = 1012;
    assert_int_equal(level_of("cut", true), DN_FLAG_FAILED);
    make_usual(); /* colin27, whose scan ends in the medulla, was rejected */
    part("brain_stem", 'B')->edge_mm3[0] = 865;
    part("brain_stem", 'B')->edge_mm3[1] = 1012;
    assert_int_equal(level_of("cut", true), -1);
    assert_int_equal(level_of("stem_cut", true), DN_FLAG_WARNING);
    make_usual();
    part("thalamus", 'R')->median = 145; /* 0.19 of the contrast less */
    assert_int_equal(level_of("unlike_other_side", true), DN_FLAG_WARNING);
    part("thalamus", 'R')->median = 110;
    assert_int_equal(level_of("unlike_other_side", true), DN_FLAG_FAILED);
    make_usual();
    part("thalamus", 'L')->odd = 0.15;
    assert_int_equal(level_of("unlike_other_side", true), DN_FLAG_WARNING);
    /* The rim of a thalamus in voxels of 2 mm, on both sides (IXI201; was a false alarm), and a sphere of 10 mm in one (was not seen). */
    make_usual();
    part("thalamus", 'L')->odd = 0.084;
    part("thalamus", 'R')->odd = 0.070;
    assert_int_equal(level_of("unlike_other_side", true), -1);
    part("thalamus", 'L')->odd = 0.067;
    part("thalamus", 'R')->odd = 0.020;
    assert_int_equal(level_of("unlike_other_side", true), DN_FLAG_WARNING);
    make_usual();
    part("lateral_ventricle", 'B')->volume_mm3 = 1.5e5;
    assert_int_equal(level_of("ventricles_large", true), DN_FLAG_WARNING);
}

static void around_the_brain(void **state)
{
    (void)state;
    make_usual();
    head.picture.air = 108;
    assert_int_equal(level_of("icv_air", true), DN_FLAG_WARNING);
    make_usual();
    head.picture.stray_mm3 = 30000;
    assert_int_equal(level_of("icv_leak", true), DN_FLAG_WARNING);
    make_usual();
    head.picture.bare = 0.08;
    assert_int_equal(level_of("icv_bare", true), DN_FLAG_WARNING);
    make_usual();
    head.picture.missing = 0.08;
    assert_int_equal(level_of("brain_missing", true), DN_FLAG_WARNING);
    make_usual();
    for (int n = 0; n < 2; ++n) {
        make_usual();
        for (int c = 0; c < 3; ++c) {
            head.location.scale[c] = n == 0 ? 0.8 : 0.6;
        }
        head.size = head.location.scale[0] / 0.97;
        assert_int_equal(level_of("size", true), n == 0 ? -1 : DN_FLAG_FAILED);
    }
}

static void what_the_file_says(void **state)
{
    (void)state;
    static const struct {
        dn_affine_source source;
        dn_conformed conformed;
        const char *code;
    } cases[] = {
        {DN_AFFINE_SPACING, {.skew = 0}, "sides_unknown"},
        {DN_AFFINE_MGH_DEFAULT, {.skew = 0}, "sides_unknown"},
        {DN_AFFINE_SFORM, {.skew = 12}, "sheared"},
        {DN_AFFINE_QFORM, {.outliers = {.low_share = 0.1, .low_value = -1024}}, "padding"},
        {DN_AFFINE_QFORM, {.outliers = {.wrapped_share = 0.01, .low_value = -30000}}, "wrapped"},
        {DN_AFFINE_MGH, {.outliers = {.high_share = 0.01, .high_value = 9000}}, "outliers"},
        {DN_AFFINE_MGH, {.skew = 0}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const dn_scan_info info = {.affine_source = cases[i].source};
        const dn_quality_evidence e = {.info = &info, .conformed = &cases[i].conformed};
        dn_quality quality = {.count = 0};
        dn_quality_judge_file(&e, &quality);
        assert_int_equal(quality.count, cases[i].code != NULL);
        if (cases[i].code != NULL) {
            assert_string_equal(quality.flag[0].code, cases[i].code);
        }
    }
}

/* Two sides of grey matter between fluid and white matter; a sphere of another brightness in the left one is found, however sure the
 * network is of it, and a scan without one is not blamed. */
static void lesions_in_the_hypothalamus(void **state)
{
    (void)state;
    enum { N = 64 };
    dn_model *parts = NULL;
    dn_structures structures;
    const dn_grid grid = {{N, N, N}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    assert_ok(dn_model_create("hypothalamus", "graph", "{}", &parts));
    assert_ok(dn_model_add_label(parts, 0, 0, "background", "background", 'B', "#000000"));
    assert_ok(dn_model_add_label(parts, 1, 819, "left", "hypothalamus", 'L', "#ff0000"));
    assert_ok(dn_model_add_label(parts, 2, 820, "right", "hypothalamus", 'R', "#00ff00"));
    assert_ok(dn_structures_init(parts, &structures));
    for (int n = 0; n < 3; ++n) {
        const double radius = n == 0 ? 0 : n == 1 ? 3 : 5; /* of the lesion: none, a fifth of the side, nearly all */
        dn_posteriors box = {.start = {16, 16, 16}, .dim = {32, 32, 32}, .channels = 3};
        const int64_t voxels = dn_posteriors_voxels(&box);
        dn_volume *scan = NULL;
        dn_random random;
        dn_random_seed(&random, 7);
        box.data = calloc((size_t)(3 * voxels), sizeof(float));
        assert_non_null(box.data);
        assert_ok(dn_volume_create(&grid, &scan));
        for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
            const double at[3] = {(double)(v % N), (double)(v / N % N), (double)(v / N / N)};
            const bool deep = fabs(at[1] - 32) < 6 && fabs(at[2] - 32) < 6;
            const bool left = deep && at[0] > 24 && at[0] < 31;
            const bool right = deep && at[0] > 32 && at[0] < 39;
            const double r = sqrt((at[0] - 28) * (at[0] - 28) + (at[1] - 32) * (at[1] - 32) + (at[2] - 32) * (at[2] - 32));
            const double tissue = left || right ? 68 : at[2] < 26 ? 20 : 100;
            scan->data[v] = (float)((r < radius ? 20 : tissue) + dn_random_normal(&random, 0, 3));
            const int64_t b = (int64_t)at[0] - 16 + 32 * ((int64_t)at[1] - 16 + 32 * ((int64_t)at[2] - 16));
            if (left || right) {
                dn_posteriors_of(&box, b)[left ? 1 : 2] = 0.95f;
            }
        }
        dn_group_result groups[DN_GROUP_LIMIT];
        dn_part_picture seen[DN_GROUP_LIMIT];
        const dn_conformed conformed = {.oriented = scan, .map.scale = {1, 1, 1}};
        assert_ok(dn_postprocess(&box, &structures, groups));
        assert_ok(dn_parts_see(&conformed, &box, &structures, groups, seen));
        const dn_quality_evidence e = {.structures = &structures, .parts = seen};
        dn_quality quality = {.count = 0};
        dn_quality_judge_parts(&e, &quality);
        if ((quality.count > 0) != (n > 0)) {
            fail_msg("radius %g: %zu flags; medians %.2f and %.2f, odd %.2f and %.2f", radius, quality.count, seen[0].median,
                     seen[1].median, seen[0].odd, seen[1].odd);
        }
        assert_true(n == 0 || strstr(quality.flag[quality.count - 1].text, "left") != NULL);
        dn_posteriors_release(&box);
        dn_volume_destroy(scan);
    }
    dn_model_destroy(parts);
}

int main(void)
{
    if (dn_model_create("head", "graph", "{}", &model) != DN_OK ||
        dn_model_add_label(model, 0, 0, "background", "background", 'B', "#000000") != DN_OK ||
        dn_model_add_label(model, 1, 10, "left_thalamus", "thalamus", 'L', "#ff0000") != DN_OK ||
        dn_model_add_label(model, 2, 49, "right_thalamus", "thalamus", 'R', "#00ff00") != DN_OK ||
        dn_model_add_label(model, 3, 3, "cortex", "cerebral_cortex", 'B', "#00ffff") != DN_OK ||
        dn_model_add_label(model, 4, 4, "ventricle", "lateral_ventricle", 'B', "#0000ff") != DN_OK ||
        dn_model_add_label(model, 5, 16, "brain_stem", "brain_stem", 'B', "#000fff") != DN_OK) {
        fprintf(stderr, "%s\n", dn_error_message());
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_heads_raise_nothing), cmocka_unit_test(other_contrasts),    cmocka_unit_test(cut_and_odd_structures),
        cmocka_unit_test(around_the_brain),          cmocka_unit_test(what_the_file_says), cmocka_unit_test(lesions_in_the_hypothalamus),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dn_model_destroy(model);
    return failed;
}
