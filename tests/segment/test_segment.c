/* From posteriors to labels, volumes and flags, on made-up posteriors whose answers are counted by hand. */
#include "test.h"

#include "infer/native.h"
#include "infer/postprocess.h"
#include "infer/region.h"
#include "models/model.h"
#include "quality/judge.h"
#include "register/head_align.h"
#include "report/page.h"
#include "report/volume_lines.h"
#include "segment/volumes.h"

#include <math.h>
#include <string.h>

enum { N = 24, CHANNELS = 5 };

/* Two parts a side: channels 1, 2 left; 3, 4 right. */
static dn_model_label labels[] = {
    {0, 0, "background", "background", 'B', {0, 0, 0}},
    {1, 801, "left_front", "hypothalamus_front", 'L', {255, 0, 0}},
    {2, 802, "left_back", "hypothalamus_back", 'L', {0, 255, 0}},
    {3, 806, "right_front", "hypothalamus_front", 'R', {255, 0, 0}},
    {4, 807, "right_back", "hypothalamus_back", 'R', {0, 255, 0}},
};
static dn_model model = {.name = "made-up", .labels = labels, .label_count = CHANNELS};

static float *at(dn_posteriors *p, int64_t c, int64_t i, int64_t j, int64_t k)
{
    return dn_posteriors_at(p, i, j, k) + c;
}

static dn_posteriors background(void)
{
    dn_posteriors p = {{8, 8, 8}, {N, N, N}, CHANNELS, calloc(CHANNELS * N * N * N, sizeof(float))};
    assert_non_null(p.data);
    for (int64_t v = 0; v < N * N * N; ++v) {
        dn_posteriors_of(&p, v)[0] = 1.0f;
    }
    return p;
}

static void put(dn_posteriors *p, int64_t c, float value, int64_t i0, int64_t i1, int64_t j0, int64_t j1, int64_t k0, int64_t k1)
{
    for (int64_t k = k0; k < k1; ++k) {
        for (int64_t j = j0; j < j1; ++j) {
            for (int64_t i = i0; i < i1; ++i) {
                *at(p, 0, i, j, k) -= value;
                *at(p, c, i, j, k) += value;
            }
        }
    }
}

/* Left: 4x4x4 in front (0.9) and behind (0.7), a rim of 0.2 one voxel thick on the side, a fragment of 8 voxels elsewhere and
 * a leak far away. Right: 4x4x2 in front. */
static dn_posteriors scene(void)
{
    dn_posteriors p = background();
    put(&p, 1, 0.9f, 6, 10, 12, 16, 10, 14);
    put(&p, 2, 0.7f, 6, 10, 8, 12, 10, 14);
    put(&p, 1, 0.2f, 5, 6, 12, 16, 10, 14);
    put(&p, 1, 0.8f, 2, 4, 2, 4, 2, 4);
    put(&p, 2, 0.3f, 20, 23, 20, 23, 20, 23);
    put(&p, 3, 0.6f, 14, 18, 12, 16, 10, 12);
    return p;
}

static void structures_from_labels(void **state)
{
    (void)state;
    dn_structures s;
    assert_ok(dn_structures_init(&model, &s));
    assert_int_equal(s.group_count, 2);
    assert_int_equal(s.channels, CHANNELS);
    assert_string_equal(s.group[0].structure, "hypothalamus");
    assert_int_equal(s.group[0].hemi, 'L');
    assert_int_equal(s.group_of[0], DN_NO_GROUP);
    assert_int_equal(s.group_of[4], 1);
    assert_int_equal(dn_structures_mirror(&s, 0), 1);
    assert_true(dn_structures_has(&s, "hypothalamus"));
    assert_false(dn_structures_has(&s, "thalamus"));
    labels[4].channel = 3;
    assert_int_equal(dn_structures_init(&model, &s), DN_EFORMAT);
    labels[4].channel = 4;
}

static void largest_component_and_its_rim(void **state)
{
    (void)state;
    dn_structures s;
    dn_group_result r[2];
    assert_ok(dn_structures_init(&model, &s));
    dn_posteriors p = scene();
    assert_ok(dn_postprocess(&p, &s, r));
    assert_int_equal(r[0].core_voxels, 128);
    assert_int_equal(r[0].labelled_voxels, 136);
    assert_int_equal(r[0].components, 2);
    assert_close(r[0].volume, 64 * 0.9 + 64 * 0.7 + 16 * 0.2, 1e-4);
    assert_close(r[0].dropped, 8 * 0.8 + 27 * 0.3, 1e-4);
    assert_close(r[0].centre[0], 7.5, 1e-9);
    assert_close(r[0].centre[1], 11.5, 1e-9);
    assert_int_equal(r[0].low[1], 8);
    assert_int_equal(r[0].high[1], 16);
    assert_int_equal(r[1].core_voxels, 32);
    assert_close(r[1].volume, 32 * 0.6, 1e-4);
    assert_close(*at(&p, 1, 3, 3, 3), 0, 0); /* the fragment */
    assert_close(*at(&p, 0, 3, 3, 3), 1, 1e-6);
    assert_close(*at(&p, 2, 21, 21, 21), 0, 0);     /* the leak */
    assert_close(*at(&p, 1, 5, 13, 11), 0.2, 1e-6); /* the rim */
    dn_posteriors_release(&p);
}

/* A soft plate of 0.1 that touches the core: three voxels of it belong to the rim, no more. */
static void rim_ends_after_three_voxels(void **state)
{
    (void)state;
    dn_structures s;
    dn_group_result r[2];
    assert_ok(dn_structures_init(&model, &s));
    dn_posteriors p = background();
    put(&p, 1, 0.9f, 4, 8, 4, 8, 4, 8);
    put(&p, 1, 0.1f, 8, 20, 5, 6, 5, 6);
    assert_ok(dn_postprocess(&p, &s, r));
    assert_close(r[0].volume, 64 * 0.9 + 3 * 0.1, 1e-4);
    assert_close(r[0].dropped, 9 * 0.1, 1e-4);
    assert_int_equal(r[1].core_voxels, 0);
    dn_posteriors_release(&p);
}

/* A scan whose grid is the conformed one (scale 1), or twice as fine along x (scale 2). */
static dn_conformed conformed_of(double spacing_x, double scale_x)
{
    dn_conformed c = {.map = {{scale_x, 1, 1}, {0.5 * (scale_x - 1), 0, 0}}, .low = 0, .high = 100};
    dn_grid grid = {{(int64_t)(40 * scale_x), 40, 40}, {{{spacing_x, 0, 0, -20}, {0, 1, 0, -10}, {0, 0, 1, 5}}}};
    assert_ok(dn_volume_create(&grid, &c.oriented));
    c.scan_grid = grid;
    return c;
}

static void labels_and_volumes(void **state)
{
    (void)state;
    dn_structures s;
    dn_group_result r[2];
    dn_native native;
    dn_volume_rows rows;
    assert_ok(dn_structures_init(&model, &s));
    dn_posteriors p = scene();
    assert_ok(dn_postprocess(&p, &s, r));
    dn_conformed c = conformed_of(1, 1);
    assert_ok(dn_native_labels(&c, &p, &s, &native));
    assert_int_equal(native.labels->data[dn_grid_offset(&native.labels->grid, 8 + 7, 8 + 13, 8 + 11)], 801);
    assert_int_equal(native.labels->data[dn_grid_offset(&native.labels->grid, 8 + 5, 8 + 13, 8 + 11)], 0);
    assert_int_equal(native.count[1], 64);
    assert_int_equal(native.count[2], 64);
    assert_int_equal(native.count[3], 32);
    assert_ok(dn_volumes_measure(&p, 1.0, &native, &s, r, &rows));
    assert_int_equal(rows.count, 3 + 4);
    const dn_volume_row *left = dn_volume_rows_find(&rows, "hypothalamus", 'L');
    const dn_volume_row *both = dn_volume_rows_find(&rows, "hypothalamus", 'B');
    const dn_volume_row *front = dn_volume_rows_find(&rows, "hypothalamus_front", 'L');
    assert_close(left->volume_mm3, 105.6, 1e-3);
    assert_close(left->hard_volume_mm3, 128, 1e-9);
    assert_close(left->mean_posterior, 0.8, 1e-6);
    assert_close(both->volume_mm3, 105.6 + 19.2, 1e-3);
    assert_close(both->hard_volume_mm3, 160, 1e-9);
    assert_close(front->volume_mm3, 64 * 0.9 + 16 * 0.2, 1e-3);
    assert_close(front->mean_posterior, 0.9, 1e-6);
    assert_int_equal(front->index, 801);
    assert_true(isnan(dn_volume_rows_find(&rows, "hypothalamus_back", 'R')->mean_posterior));
    dn_volume_rows_release(&rows);
    dn_native_release(&native);
    dn_conformed_release(&c);
    /* Half the spacing along x: twice the voxels of half the volume. */
    c = conformed_of(0.5, 2);
    assert_ok(dn_native_labels(&c, &p, &s, &native));
    assert_int_equal(native.count[1], 128);
    assert_close(native.voxel_volume, 0.5, 1e-12);
    dn_volume *map = NULL;
    assert_ok(dn_native_posterior(&c, &p, 1, &map));
    double sum = 0;
    for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
        sum += (double)map->data[v];
    }
    assert_close(sum * 0.5, 64 * 0.9 + 16 * 0.2, 1e-3); /* linear interpolation keeps the sum */
    dn_volume_destroy(map);
    dn_native_release(&native);
    dn_conformed_release(&c);
    dn_posteriors_release(&p);
}

static void missing_side_is_a_missing_row(void **state)
{
    (void)state;
    dn_structures s;
    dn_group_result r[2];
    dn_native native;
    dn_volume_rows rows;
    assert_ok(dn_structures_init(&model, &s));
    dn_posteriors p = background();
    put(&p, 1, 0.9f, 4, 10, 4, 10, 4, 10);
    assert_ok(dn_postprocess(&p, &s, r));
    dn_conformed c = conformed_of(1, 1);
    assert_ok(dn_native_labels(&c, &p, &s, &native));
    assert_ok(dn_volumes_measure(&p, 1.0, &native, &s, r, &rows));
    assert_non_null(dn_volume_rows_find(&rows, "hypothalamus", 'L'));
    assert_null(dn_volume_rows_find(&rows, "hypothalamus", 'R'));
    assert_null(dn_volume_rows_find(&rows, "hypothalamus", 'B'));
    dn_scan_info info = {.maximum = 1e9f};
    dn_quality quality;
    dn_quality_evidence evidence = {.info = &info, .conformed = &c, .posteriors = &p, .structures = &s, .groups = r, .volumes = &rows};
    dn_quality_judge(&evidence, &quality);
    assert_true(quality.failed);
    assert_string_equal(quality.flag[0].code, "not_found");
    assert_non_null(strstr(quality.flag[0].text, "right hypothalamus"));
    dn_volume_rows_release(&rows);
    dn_native_release(&native);
    dn_conformed_release(&c);
    dn_posteriors_release(&p);
}

static bool has(const dn_quality *q, const char *code, dn_flag_level level)
{
    for (size_t i = 0; i < q->count; ++i) {
        if (strcmp(q->flag[i].code, code) == 0 && q->flag[i].level == level) {
            return true;
        }
    }
    return false;
}

/* Volumes, asymmetry and certainty around their limits. */
static void quality_rules(void **state)
{
    (void)state;
    dn_structures s;
    assert_ok(dn_structures_init(&model, &s));
    dn_posteriors p = background();
    dn_conformed c = conformed_of(1, 1);
    dn_scan_info info = {.maximum = 1e9f};
    static const struct {
        double left, right, certainty;
        int64_t core, labelled;
        const char *code; /* NULL: no flag */
        dn_flag_level level;
    } cases[] = {
        {420, 430, 0.87, 100, 100, NULL, DN_FLAG_NOTE},
        {290, 290, 0.87, 100, 100, "volume_low", DN_FLAG_WARNING},
        {140, 140, 0.87, 100, 100, "volume_too_low", DN_FLAG_FAILED},
        {600, 600, 0.87, 100, 100, "volume_high", DN_FLAG_WARNING},
        {900, 900, 0.87, 100, 100, "volume_too_high", DN_FLAG_FAILED},
        {500, 400, 0.87, 100, 100, "asymmetry", DN_FLAG_WARNING},
        {600, 300, 0.87, 100, 100, "asymmetry", DN_FLAG_FAILED},
        {420, 430, 0.75, 100, 100, "uncertain", DN_FLAG_WARNING},
        {420, 430, 0.50, 100, 100, "uncertain", DN_FLAG_FAILED},
        {420, 430, 0.87, 85, 100, "fragments", DN_FLAG_WARNING},
        {420, 430, 0.87, 55, 100, "fragments", DN_FLAG_FAILED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_volume_row row[3] = {{"hypothalamus", 'L', true, 0, cases[i].left, cases[i].left, cases[i].certainty},
                                {"hypothalamus", 'R', true, 0, cases[i].right, cases[i].right, 0.87},
                                {"hypothalamus", 'B', true, 0, cases[i].left + cases[i].right, 0, 0.87}};
        dn_volume_rows rows = {row, 3};
        dn_group_result r[2] = {
            {.core_voxels = cases[i].core, .labelled_voxels = cases[i].labelled, .components = 2, .low = {5, 5, 5}, .high = {9, 9, 9}},
            {.core_voxels = 100, .labelled_voxels = 100, .components = 1, .low = {5, 5, 5}, .high = {9, 9, 9}}};
        dn_quality q;
        dn_quality_evidence evidence = {.info = &info, .conformed = &c, .posteriors = &p, .structures = &s, .groups = r, .volumes = &rows};
        dn_quality_judge(&evidence, &q);
        if (cases[i].code == NULL) {
            assert_int_equal(q.count, 0);
            assert_false(q.failed);
        } else if (!has(&q, cases[i].code, cases[i].level) || q.failed != (cases[i].level == DN_FLAG_FAILED)) {
            fail_msg("case %zu: expected %s at level %d; found %zu flags, the first %s at level %d", i, cases[i].code, (int)cases[i].level,
                     q.count, q.count > 0 ? q.flag[0].code : "(none)", q.count > 0 ? (int)q.flag[0].level : 0);
        }
    }
    dn_conformed_release(&c);
    dn_posteriors_release(&p);
}

/* Around the thalami where no hypothalamus is measured: a thalamus in a scan whose white matter was cut off was 15 % too large. */
static void saturated_scans(void **state)
{
    (void)state;
    dn_structures s;
    assert_ok(dn_structures_init(&model, &s));
    dn_posteriors p = background();
    dn_conformed c = conformed_of(1, 1);
    const dn_scan_info info = {.maximum = 100.0f};
    const double middle[3] = {20, 20, 20};
    const dn_volume_rows rows = {NULL, 0};
    dn_group_result none[2] = {{.core_voxels = 0}, {.core_voxels = 0}};
    const int64_t count = dn_grid_count(&c.oriented->grid);
    for (int n = 0; n < 3; ++n) {
        for (int64_t v = 0; v < count; ++v) {
            c.oriented->data[v] = n > 0 && v % (n == 1 ? 10 : 3) == 0 ? 100.0f : 50.0f;
        }
        dn_quality q;
        dn_quality_evidence evidence = {
            .info = &info, .conformed = &c, .posteriors = &p, .structures = &s, .groups = none, .volumes = &rows};
        dn_quality_judge(&evidence, &q);
        assert_false(has(&q, "saturated", DN_FLAG_WARNING) || has(&q, "saturated", DN_FLAG_FAILED)); /* nowhere to look */
        evidence.middle = middle;
        dn_quality_judge(&evidence, &q);
        assert_int_equal(has(&q, "saturated", DN_FLAG_WARNING), n == 1);
        assert_int_equal(has(&q, "saturated", DN_FLAG_FAILED), n == 2);
    }
    dn_conformed_release(&c);
    dn_posteriors_release(&p);
}

/* In larger voxels a network is less sure of the same head: 60 good heads of 2 mm have mean probabilities from 0.70 on, those of 1 mm from
 * 0.77 on. `coarse` says what they have in common; `uncertain` is for what is doubtful among them. */
static void coarse_voxels_are_less_certain(void **state)
{
    (void)state;
    static const struct {
        dn_limits_kind kind;
        double mm, limit;
    } cases[] = {{DN_LIMITS_VOLUMES, 0.7, 0.77}, {DN_LIMITS_VOLUMES, 1.34, 0.77}, {DN_LIMITS_VOLUMES, 1.7, 0.745},
                 {DN_LIMITS_VOLUMES, 2.0, 0.72}, {DN_LIMITS_VOLUMES, 2.9, 0.72},  {DN_LIMITS_SLICES, 2.0, 0.78},
                 {DN_LIMITS_STACKS, 2.0, 0.80}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        assert_close(dn_quality_posterior_limit(dn_quality_limits_of(cases[i].kind), cases[i].mm), cases[i].limit, 1e-9);
    }
}

static void region_lies_on_the_grid_and_inside(void **state)
{
    (void)state;
    static const int64_t padded[3] = {176, 256, 64};
    static const double centres[][3] = {{88, 130, 30}, {3, 250, 60}, {-500, 1e9, 0}, {87.4, 128.6, 31.5}};
    for (size_t i = 0; i < sizeof centres / sizeof *centres; ++i) {
        int64_t start[3];
        int64_t dim[3];
        dn_region_place(padded, centres[i], DN_REGION_SIZE, 8, start, dim);
        for (int c = 0; c < 3; ++c) {
            assert_int_equal(dim[c], padded[c] < 72 ? padded[c] : 72);
            assert_int_equal(start[c] % 8, 0);
            assert_true(start[c] >= 0 && start[c] + dim[c] <= padded[c]);
            double middle = (double)start[c] + 0.5 * (double)(dim[c] - 1);
            bool free = start[c] > 0 && start[c] + dim[c] < padded[c];
            assert_true(!free || fabs(middle - centres[i][c]) <= 4.0);
        }
    }
    const int64_t start[3] = {0, 64, 0};
    const int64_t dim[3] = {72, 72, 64};
    const int64_t low[3] = {2, 30, 1};
    const int64_t high[3] = {40, 50, 60};
    assert_int_equal(dn_region_clearance(padded, start, dim, low, high), 22); /* y, high side; x and z faces are the volume's */
}

static void report_texts_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"sub-01", "sub-01"},
        {"<script>alert(\"x\")</script>", "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"},
        {"a&b's", "a&amp;b&#39;s"},
        {"M\xc3\xbcller \xe8\x84\xb3", "M\xc3\xbcller \xe8\x84\xb3"},
        {"bad\xff\xc3 end\xc3", "bad?? end?"},
        {"\xc0\xaf\xed\xa0\x80", "?????"},
        {"tab\tnew\nline", "tab?new?line"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char *found = NULL;
        assert_ok(dn_report_escape(cases[i].text, &found));
        assert_string_equal(found, cases[i].expected);
        free(found);
    }
}

static void boxes_of_models(void **state)
{
    (void)state;
    dn_model_input input = {.multiple = 8, .region = NULL};
    static const struct {
        const char *text;
        int64_t box;
    } cases[] = {{"{\"box\":40}", 40}, {"{\"box\":42}", 48}, {"{}", 0}, {"{\"box\":\"40\"}", 0}, {"{\"box\":-8}", 0}, {"[", 0}};
    assert_int_equal(dn_region_box(&input), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        input.region = (char *)cases[i].text;
        assert_int_equal(dn_region_box(&input), cases[i].box);
    }
}

static void stacks_of_models(void **state)
{
    (void)state;
    dn_model_input input = {.spacing = {0.5, 0.5, 0.5}, .orientation = "PIL"};
    dn_region_stack_found found;
    static const struct {
        char *text;
        bool is_stack, good;
        int64_t slices, pixels;
        double y;
    } cases[] = {
        {NULL, false, true, 0, 0, 0},
        {"{\"box\":40}", false, true, 0, 0, 0},
        {"{\"frame\":\"acpc\",\"slices\":50}", true, true, 50, 128, -5},
        {"{\"frame\":\"acpc\",\"slices\":40,\"pixels\":96,\"centre_mm\":[0,-6.5,1]}", true, true, 40, 96, -6.5},
        {"{\"frame\":\"acpc\"}", true, true, 50, 128, -5},
        {"{\"frame\":\"talairach\",\"slices\":50}", true, false, 0, 0, 0},
        {"{\"frame\":\"acpc\",\"slices\":0}", true, false, 0, 0, 0},
        {"{\"frame\":\"acpc\",\"pixels\":\"128\"}", true, false, 0, 0, 0},
        {"{\"frame\":\"acpc\",\"pixels\":100000}", true, false, 0, 0, 0},
        {"{\"frame\":\"acpc\",\"centre_mm\":[0,-5]}", true, false, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        input.region = cases[i].text;
        dn_status status = dn_region_stack(&input, "toy", &found);
        assert_int_equal(status, cases[i].good ? DN_OK : DN_EFORMAT);
        assert_int_equal(found.is_stack, cases[i].is_stack);
        if (!cases[i].good) {
            assert_non_null(strstr(dn_error_message(), "model toy expects a stack"));
        } else if (cases[i].is_stack) {
            assert_int_equal(found.geometry.slices, cases[i].slices);
            assert_int_equal(found.geometry.pixels, cases[i].pixels);
            assert_close(found.geometry.pixel, 0.5, 0);
            assert_close(found.geometry.centre[1], cases[i].y, 0);
        }
    }
    input.region = "{\"frame\":\"acpc\"}";
    memcpy(input.orientation, "RAS", 4); /* sagittal */
    assert_int_equal(dn_region_stack(&input, "toy", &found), DN_EFORMAT);
}

/* Lines in the order in which a reader looks, with what can be said of their sides. */
static void lines_of_volumes(void **state)
{
    (void)state;
    dn_volume_row all[] = {
        {"hypothalamus", 'L', true, 0, 354, 1, 1},
        {"hypothalamus", 'R', true, 0, 271, 1, 1},
        {"hypothalamus", 'B', true, 0, 625, 1, 1},
        {"hypothalamus_front", 'L', false, 801, 100, 1, 1},
        {"hypothalamus_front", 'R', false, 806, 80, 1, 1},
        {"hypothalamus_back", 'L', false, 802, 90, 1, 1},
        {"cerebral_cortex", 'L', true, 3, 1, 1, 1},
        {"cerebral_cortex", 'R', true, 42, 1, 1, 1},
        {"cerebral_cortex", 'B', true, 0, 2, 1, 1},
        {"csf", 'B', true, 24, 1, 1, 1},
        {"caudate", 'L', true, 11, 1, 1, 1},
        {"third_ventricle", 'B', true, 14, 1, 1, 1},
        {"thalamus", 'R', true, 49, 1, 1, 1},
        {"icv", 'B', true, 0, 1, 1, 1},
    };
    static const struct {
        const char *name;
        double both, asymmetry; /* NaN: cannot be said */
        bool paired;
    } expected[] = {
        {"Hypothalamus", 625, 0.2656, true},
        {"front", 180, 0.2222, true},
        {"back", NAN, NAN, true},
        {"Thalamus", NAN, NAN, true},
        {"Inside the skull (ICV)", 1, NAN, false},
        {"Caudate", NAN, NAN, true},
        {"Third ventricle", 1, NAN, false},
        {"Cerebral cortex", 2, 0, true},
        {"Cerebrospinal fluid", 1, NAN, false},
    };
    const dn_volume_rows rows = {all, sizeof all / sizeof *all};
    dn_volume_line line[DN_LINE_LIMIT];
    assert_int_equal(dn_volume_lines(&rows, line), sizeof expected / sizeof *expected);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; ++i) {
        char name[64];
        dn_volume_line_name(&line[i], name);
        assert_string_equal(name, expected[i].name);
        assert_int_equal(line[i].paired, expected[i].paired);
        assert_int_equal(isnan(line[i].both_mm3), isnan(expected[i].both));
        assert_int_equal(isnan(line[i].asymmetry), isnan(expected[i].asymmetry));
        if (!isnan(expected[i].both)) {
            assert_close(line[i].both_mm3, expected[i].both, 1e-9);
        }
        if (!isnan(expected[i].asymmetry)) {
            assert_close(line[i].asymmetry, expected[i].asymmetry, 1e-4);
        }
    }
}

static void numbers_and_units(void **state)
{
    (void)state;
    static const struct {
        double mm3;
        dn_unit unit;
        const char *expected;
    } cases[] = {
        {930.4, DN_UNIT_MM3, "930"},
        {1274.08, DN_UNIT_MM3,
         "1\xe2\x80\xaf"
         "274"},
        {1234567.0, DN_UNIT_MM3,
         "1\xe2\x80\xaf"
         "234\xe2\x80\xaf"
         "567"},
        {0.4, DN_UNIT_MM3, "0"},
        {15970.66, DN_UNIT_ML, "15.97"},
        {480148.9, DN_UNIT_ML, "480.1"},
        {99996.0, DN_UNIT_ML, "100.0"},
        {1532032.7, DN_UNIT_ML,
         "1\xe2\x80\xaf"
         "532"},
        {999960.0, DN_UNIT_ML,
         "1\xe2\x80\xaf"
         "000"},
        {-1500.0, DN_UNIT_MM3,
         "-1\xe2\x80\xaf"
         "500"},
        {-150.0, DN_UNIT_MM3, "-150"},
        {NAN, DN_UNIT_ML, "n/a"},
        {INFINITY, DN_UNIT_ML, "n/a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char text[40];
        assert_string_equal(dn_unit_number(cases[i].mm3, cases[i].unit, text), cases[i].expected);
    }
    assert_int_equal(dn_unit_of("hypothalamus_tubular_inferior"), DN_UNIT_MM3);
    assert_int_equal(dn_unit_of("thalamus"), DN_UNIT_ML);
    assert_int_equal(dn_unit_of("icv"), DN_UNIT_ML);
}

/* A sentence names the limit that applied, and a measure that differs from it. */
static void sentences_quote_the_limit_that_applied(void **state)
{
    (void)state;
    static const struct {
        double left, right, certainty;
        int64_t labelled;
        const char *part;
    } cases[] = {
        {354, 271, 0.87, 100, "The left side of the hypothalamus is larger by 27 % of their mean (limit 20 %)"},
        {271, 354, 0.87, 100, "The right side of the hypothalamus is larger by 27 % of their mean (limit 20 %)"},
        {600, 300, 0.87, 100, "larger by 67 % of their mean (limit 60 %)"}, /* failed: not the 20 % of a warning */
        {442, 361, 0.87, 100, "larger by 20.2 % of their mean (limit 20 %)"},
        {420, 430, 0.7662, 100, "mean probability 0.766 (limit 0.77)"},
        {420, 430, 0.76996, 100, "mean probability 0.76996 (limit 0.77)"},
        {420, 430, 0.50, 100, "mean probability 0.50 (limit 0.55)"},
        {420, 430, 0.87, 112, "has 89 % of the voxels (limit 90 %)"},
        {420, 430, 0.87, 200, "has 50 % of the voxels (limit 60 %)"},
        {299.8, 300, 0.87, 100, "measures 599.8 mm3, which is smaller than the 600 to 1150 mm3"},
    };
    dn_structures s;
    assert_ok(dn_structures_init(&model, &s));
    dn_posteriors p = background();
    dn_conformed c = conformed_of(1, 1);
    dn_scan_info info = {.maximum = 1e9f};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_volume_row row[3] = {{"hypothalamus", 'L', true, 0, cases[i].left, cases[i].left, cases[i].certainty},
                                {"hypothalamus", 'R', true, 0, cases[i].right, cases[i].right, 0.87},
                                {"hypothalamus", 'B', true, 0, cases[i].left + cases[i].right, 0, 0.87}};
        dn_volume_rows rows = {row, 3};
        dn_group_result r[2] = {
            {.core_voxels = 100, .labelled_voxels = cases[i].labelled, .components = 2, .low = {5, 5, 5}, .high = {9, 9, 9}},
            {.core_voxels = 100, .labelled_voxels = 100, .components = 1, .low = {5, 5, 5}, .high = {9, 9, 9}}};
        dn_quality q;
        dn_quality_evidence evidence = {.info = &info, .conformed = &c, .posteriors = &p, .structures = &s, .groups = r, .volumes = &rows};
        dn_quality_judge(&evidence, &q);
        bool found = false;
        for (size_t f = 0; f < q.count; ++f) {
            found = found || strstr(q.flag[f].text, cases[i].part) != NULL;
        }
        if (!found) {
            fail_msg("case %zu: expected '%s', found '%s'", i, cases[i].part, q.count > 0 ? q.flag[0].text : "no flag");
        }
    }
    dn_conformed_release(&c);
    dn_posteriors_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_of_models),
        cmocka_unit_test(stacks_of_models),
        cmocka_unit_test(structures_from_labels),
        cmocka_unit_test(largest_component_and_its_rim),
        cmocka_unit_test(rim_ends_after_three_voxels),
        cmocka_unit_test(labels_and_volumes),
        cmocka_unit_test(missing_side_is_a_missing_row),
        cmocka_unit_test(quality_rules),
        cmocka_unit_test(saturated_scans),
        cmocka_unit_test(coarse_voxels_are_less_certain),
        cmocka_unit_test(region_lies_on_the_grid_and_inside),
        cmocka_unit_test(report_texts_are_escaped),
        cmocka_unit_test(lines_of_volumes),
        cmocka_unit_test(numbers_and_units),
        cmocka_unit_test(sentences_quote_the_limit_that_applied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
