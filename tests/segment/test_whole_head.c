/* The whole-head cascade with networks that tell tissues by their intensity: volumes and places are known, so that what the
 * cascade adds (box, tiles, blending, sides, components, the way back to the scan's own grid) can be checked. */
#define _GNU_SOURCE /* mkdtemp */
#include "test.h"

#include "base/job.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "register/head_template.h"
#include "segment/head/whole_head.h"
#include "segment/select.h"
#include "whole_head_maker.h"

#include <math.h>

static char folder[] = "/tmp/dien-head-XXXXXX";
/* Scans are of 2 mm and so are the networks, so that nothing between two tissues looks like a third; one test has 1 mm, where
 * the fine look takes several tiles. */
static dn_whole_head *whole;
static char coarse[600];
static char fine[600];
static char finer[600];

/* The head's middle is not the array's: much more room in front and on the right. */
static const double low[3] = {-92, -124, -84};
static const double high[3] = {140, 160, 120};

static int64_t count_of(const dn_labels *labels, uint16_t index)
{
    int64_t n = 0;
    for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
        n += labels->data[v] == index;
    }
    return n;
}

static double dice(const dn_labels *a, const dn_labels *b, uint16_t index)
{
    int64_t both = 0;
    for (int64_t v = 0; v < dn_grid_count(&a->grid); ++v) {
        both += a->data[v] == index && b->data[v] == index;
    }
    return 2.0 * (double)both / (double)(count_of(a, index) + count_of(b, index));
}

static const dn_head_part *part_of(const dn_head *head, const char *structure, char hemi)
{
    for (size_t g = 0; g < head->structures.group_count; ++g) {
        if (strcmp(head->structures.group[g].structure, structure) == 0 && head->structures.group[g].hemi == hemi) {
            return &head->parts[g];
        }
    }
    fail_msg("the models have no %s %c", structure, hemi);
    return NULL;
}

static void volumes_and_places(const dn_grid *scan_grid, dn_whole_head *with)
{
    const dn_grid grid = *scan_grid;
    double voxel = dn_grid_voxel_volume(&grid);
    dn_volume *scan = NULL;
    dn_labels *truth = NULL;
    dn_labels *labels = NULL;
    dn_head head;
    assert_ok(maker_head(&grid, false, &scan, &truth));
    assert_ok(dn_whole_head_scan(with, scan, &head));
    assert_ok(dn_head_labels(&head, &grid, &labels));
    static const struct {
        const char *structure;
        char hemi;
        uint16_t index;
    } cases[] = {{"thalamus", 'L', 10}, {"thalamus", 'R', 49}, {"third_ventricle", 'B', 14}};
    /* Between 1 and 2 mm the brain's rim looks like the third ventricle. */
    const size_t count = with == whole ? 3 : 2;
    for (size_t i = 0; i < count; ++i) {
        double expected = voxel * (double)count_of(truth, cases[i].index);
        const dn_head_part *part = part_of(&head, cases[i].structure, cases[i].hemi);
        assert_close(part->volume_mm3, expected, 0.05 * expected);
        if (dice(labels, truth, cases[i].index) < 0.95) {
            fail_msg("%s %c: expected a Dice of at least 0.95 on the scan's grid, found %.3f", cases[i].structure, cases[i].hemi,
                     dice(labels, truth, cases[i].index));
        }
    }
    assert_true(part_of(&head, "thalamus", 'L')->centre[0] < -5);
    assert_true(part_of(&head, "thalamus", 'R')->centre[0] > 5);
    double inside = 0;
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        inside += truth->data[v] > 0 ? voxel : 0.0;
    }
    assert_false(head.stripped);
    assert_close(head.icv_mm3, inside, (with == whole ? 0.01 : 0.05) * inside);
    assert_close(head.icv_cut_mm3, 0, 1e-9);
    dn_labels_destroy(labels);
    dn_labels_destroy(truth);
    dn_volume_destroy(scan);
    dn_head_release(&head);
}

static void two_millimetres(void **state)
{
    (void)state;
    const dn_grid grid = maker_grid(2.0, low, high);
    volumes_and_places(&grid, whole);
}

static void one_millimetre_in_tiles(void **state)
{
    (void)state;
    const dn_grid grid = maker_grid(1.0, (const double[3]){-80, -112, -76}, (const double[3]){80, 90, 96});
    dn_whole_head *with = NULL;
    dn_whole_head_options options = {.coarse = coarse, .fine = finer};
    assert_ok(dn_whole_head_create(&options, &with));
    volumes_and_places(&grid, with);
    dn_whole_head_destroy(with);
}

/* Stored with its axes in another order, a scan gives the same bits; and so it does with another number of threads. */
static void orientation_and_threads(void **state)
{
    (void)state;
    static const char *const codes[] = {"LIA", "PSR", "ASL"};
    dn_grid grid = maker_grid(2.0, low, high);
    dn_volume *scan = NULL;
    dn_labels *expected = NULL;
    dn_head first;
    assert_ok(maker_head(&grid, false, &scan, NULL));
    dn_job job;
    dn_job_init(&job, NULL);
    dn_job_set_threads(&job, 1);
    dn_job_enter(&job);
    assert_ok(dn_whole_head_scan(whole, scan, &first));
    assert_ok(dn_head_labels(&first, &grid, &expected));
    dn_job_set_threads(&job, 2);
    for (size_t n = 0; n < sizeof codes / sizeof *codes; ++n) {
        dn_orientation wanted;
        dn_orientation ras = DN_ORIENTATION_RAS;
        dn_volume *turned = NULL;
        dn_labels *labels = NULL;
        dn_labels *back = NULL;
        dn_head head;
        assert_ok(dn_orientation_parse(codes[n], &wanted));
        assert_ok(dn_volume_reorient(scan, &wanted, &turned));
        assert_ok(dn_whole_head_scan(whole, turned, &head));
        assert_ok(dn_head_labels(&head, &turned->grid, &labels));
        assert_ok(dn_labels_reorient(labels, &ras, &back));
        assert_memory_equal(back->data, expected->data, (size_t)dn_grid_count(&grid) * sizeof *back->data);
        assert_close(head.icv_mm3, first.icv_mm3, 1e-9 * first.icv_mm3);
        for (size_t g = 0; g < head.structures.group_count; ++g) {
            assert_close(head.parts[g].volume_mm3, first.parts[g].volume_mm3, 1e-9 * first.parts[g].volume_mm3);
        }
        dn_labels_destroy(labels);
        dn_labels_destroy(back);
        dn_volume_destroy(turned);
        dn_head_release(&head);
    }
    dn_job_leave(NULL);
    dn_job_release(&job);
    dn_labels_destroy(expected);
    dn_volume_destroy(scan);
    dn_head_release(&first);
}

/* On a turned grid of another spacing, labels lie where they lie on the scan's own. */
static void other_grids(void **state)
{
    (void)state;
    dn_grid grid = maker_grid(2.0, low, high);
    dn_volume *scan = NULL;
    dn_labels *own = NULL;
    dn_labels *labels = NULL;
    dn_volume *inside = NULL;
    dn_head head;
    double c = cos(0.3);
    double s = sin(0.3);
    dn_grid turned = {{60, 70, 50}, {{{1.5 * c, -1.5 * s, 0, -40}, {1.5 * s, 1.5 * c, 0, -70}, {0, 0, 1.5, -20}}}};
    assert_ok(maker_head(&grid, false, &scan, NULL));
    assert_ok(dn_whole_head_scan(whole, scan, &head));
    assert_ok(dn_head_labels(&head, &grid, &own));
    assert_ok(dn_head_labels(&head, &turned, &labels));
    assert_ok(dn_head_inside(&head, &turned, &inside));
    int64_t same = 0;
    int64_t all = 0;
    for (int64_t v = 0; v < dn_grid_count(&turned); ++v) {
        const double ijk[3] = {(double)(v % 60), (double)(v / 60 % 70), (double)(v / 60 / 70)};
        double mm[3];
        int64_t at[3];
        dn_affine_apply(&turned.affine, ijk, mm);
        for (int a = 0; a < 3; ++a) {
            at[a] = (int64_t)floor((mm[a] - low[a]) / 2.0);
        }
        uint16_t expected = own->data[dn_grid_offset(&grid, at[0], at[1], at[2])];
        if (expected == 10 || expected == 49) {
            same += labels->data[v] == expected;
            ++all;
        }
        assert_true(inside->data[v] >= 0 && inside->data[v] <= 1.0001f);
    }
    if (all < 1000 || (double)same < 0.9 * (double)all) {
        fail_msg("expected at least 90 %% of the thalamus at the same place, found %lld of %lld voxels", (long long)same, (long long)all);
    }
    dn_labels_destroy(own);
    dn_labels_destroy(labels);
    dn_volume_destroy(inside);
    dn_volume_destroy(scan);
    dn_head_release(&head);
}

static void paint(dn_volume *scan, const double from[3], const double to[3], float value)
{
    for (int64_t v = 0; v < dn_grid_count(&scan->grid); ++v) {
        const int64_t *dim = scan->grid.dim;
        const double ijk[3] = {(double)(v % dim[0]), (double)(v / dim[0] % dim[1]), (double)(v / dim[0] / dim[1])};
        double mm[3];
        dn_affine_apply(&scan->grid.affine, ijk, mm);
        bool in = true;
        for (int c = 0; c < 3; ++c) {
            in = in && mm[c] > from[c] && mm[c] < to[c];
        }
        scan->data[v] = in ? value : scan->data[v];
    }
}

/* A piece that looks like the left thalamus elsewhere on the left is dropped; one far on the right counts as wrong side. */
static void pieces_and_sides(void **state)
{
    (void)state;
    dn_grid grid = maker_grid(2.0, low, high);
    dn_volume *scan = NULL;
    dn_labels *labels = NULL;
    dn_head plain;
    dn_head head;
    assert_ok(maker_head(&grid, false, &scan, NULL));
    assert_ok(dn_whole_head_scan(whole, scan, &plain));
    paint(scan, (const double[3]){-50, 20, 20}, (const double[3]){-40, 30, 30}, 540);
    paint(scan, (const double[3]){24, 10, 20}, (const double[3]){40, 26, 36}, 540);
    assert_ok(dn_whole_head_scan(whole, scan, &head));
    const dn_head_part *before = part_of(&plain, "thalamus", 'L');
    const dn_head_part *after = part_of(&head, "thalamus", 'L');
    assert_close(after->volume_mm3, before->volume_mm3, 0.02 * before->volume_mm3);
    assert_close(part_of(&head, "thalamus", 'R')->volume_mm3, part_of(&plain, "thalamus", 'R')->volume_mm3, 0.02 * before->volume_mm3);
    assert_true(head.wrong_side > plain.wrong_side + 0.002);
    assert_ok(dn_head_labels(&head, &grid, &labels));
    int64_t elsewhere = 0;
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        double y = low[1] + 2.0 * (double)(v / grid.dim[0] % grid.dim[1]) + 1;
        elsewhere += (labels->data[v] == 10 || labels->data[v] == 49) && y > 4;
    }
    assert_int_equal(elsewhere, 0);
    dn_labels_destroy(labels);
    dn_head_release(&plain);
    dn_head_release(&head);
    dn_volume_destroy(scan);
}

static void stripped_heads_have_no_icv(void **state)
{
    (void)state;
    dn_grid grid = maker_grid(2.0, low, high);
    dn_volume *scan = NULL;
    dn_head head;
    assert_ok(maker_head(&grid, true, &scan, NULL));
    assert_ok(dn_whole_head_scan(whole, scan, &head));
    assert_true(head.stripped);
    assert_true(isnan(head.icv_mm3));
    assert_true(part_of(&head, "thalamus", 'R')->volume_mm3 > 4000);
    dn_volume_destroy(scan);
    dn_head_release(&head);
}

/* The top of the head cut off by the field of view. */
static void cut_heads_are_seen(void **state)
{
    (void)state;
    dn_grid grid = maker_grid(2.0, low, (const double[3]){140, 160, 50});
    dn_volume *scan = NULL;
    dn_head head;
    assert_ok(maker_head(&grid, false, &scan, NULL));
    assert_ok(dn_whole_head_scan(whole, scan, &head));
    assert_true(head.icv_cut_mm3 > 0.01 * head.icv_mm3);
    dn_volume_destroy(scan);
    dn_head_release(&head);
}

/* A scan that begins in the thalamus: the structure is cut and not only touched, and one further up is neither. */
static void cut_structures_are_seen(void **state)
{
    (void)state;
    dn_grid grid = maker_grid(2.0, (const double[3]){-92, -124, 10}, high);
    dn_volume *scan = NULL;
    dn_head head;
    assert_ok(maker_head(&grid, false, &scan, NULL));
    assert_ok(dn_whole_head_scan(whole, scan, &head));
    const dn_head_part *part = part_of(&head, "thalamus", 'L');
    assert_true(part->kept_voxels > 0);
    if (!(part->edge_mm3[0] > 0.4 * part->edge_mm3[1] && part->edge_mm3[0] > 0.01 * part->volume_mm3)) {
        fail_msg("expected the thalamus to be cut, found %.0f and %.0f of %.0f mm3", part->edge_mm3[0], part->edge_mm3[1],
                 part->volume_mm3);
    }
    dn_volume_destroy(scan);
    dn_head_release(&head);
    const dn_grid all = maker_grid(2.0, low, high);
    assert_ok(maker_head(&all, false, &scan, NULL));
    assert_ok(dn_whole_head_scan(whole, scan, &head));
    assert_close(part_of(&head, "thalamus", 'L')->edge_mm3[0], 0, 1e-9);
    assert_close(head.size, 1.0, 0); /* as the networks know it */
    dn_volume_destroy(scan);
    dn_head_release(&head);
}

/* The average head at 0.8 of its size is shown at the size that the networks know, and measured in its own mm; as it is, it is left alone.
 */
static void small_heads_are_shown_larger(void **state)
{
    (void)state;
    const double sizes[] = {0.8, 1.0};
    dn_head_template average;
    assert_ok(dn_head_template_get(&average));
    for (int n = 0; n < 2; ++n) {
        const double mm = average.spacing * sizes[n];
        const dn_grid grid = {{average.dim[0], average.dim[1], average.dim[2]}, {{{mm, 0, 0, 0}, {0, mm, 0, 0}, {0, 0, mm, 0}}}};
        dn_volume *scan = NULL;
        dn_head head;
        double spacing[3];
        assert_ok(dn_volume_create(&grid, &scan));
        for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
            scan->data[v] = (float)average.t1w[v];
        }
        assert_ok(dn_whole_head_scan(whole, scan, &head));
        print_message("size %.2f: found at %.3f, match %.2f, shown at %.3f\n", sizes[n],
                      cbrt(head.location.scale[0] * head.location.scale[1] * head.location.scale[2]), head.location.match, head.size);
        assert_close(head.size, n == 0 ? 0.8 / 0.97 : 1.0, 0.02);
        dn_grid_spacing(&head.coarse.grid, spacing);
        for (int c = 0; c < 3; ++c) {
            assert_close(spacing[c], 2.0 * head.size, 1e-4);
        }
        dn_volume_destroy(scan);
        dn_head_release(&head);
    }
}

static void missing_and_unlike_networks(void **state)
{
    (void)state;
    dn_whole_head *out = NULL;
    dn_whole_head_options options = {.coarse = coarse, .fine = "no-such-network"};
    assert_int_equal(dn_whole_head_create(&options, &out), DN_EINPUT);
    assert_non_null(strstr(dn_error_message(), "no-such-network"));
    options.coarse_only = true;
    assert_ok(dn_whole_head_create(&options, &out));
    assert_null(dn_whole_head_fine(out));
    dn_whole_head_destroy(out);
    /* A network whose labels are others cannot look at the same head. */
    char path[600];
    dn_model *model = NULL;
    assert_ok(dn_model_read(fine, &model));
    model->labels[1].index += 1000;
    snprintf(path, sizeof path, "%s/unlike.safetensors", folder);
    assert_ok(dn_model_write(model, DN_STORE_F32, path));
    dn_model_destroy(model);
    options.coarse_only = false;
    options.fine = path;
    out = NULL;
    assert_int_equal(dn_whole_head_create(&options, &out), DN_EFORMAT);
    assert_null(out);
    assert_non_null(strstr(dn_error_message(), "do not have the same labels"));
    (void)remove(path);
}

static void names_of_structures(void **state)
{
    (void)state;
    dn_selection s;
    assert_ok(dn_select_parse(NULL, &s));
    assert_false(s.named);
    assert_true(dn_select_has(&s, "lateral_ventricle") && dn_select_has(&s, "icv") && dn_select_has(&s, "hypothalamus"));
    assert_false(dn_select_has(&s, "background"));
    assert_ok(dn_select_parse("thalamus,icv", &s));
    assert_true(s.named && dn_select_has(&s, "thalamus") && dn_select_has(&s, "icv"));
    assert_false(dn_select_has(&s, "hypothalamus") || dn_select_has(&s, "csf"));
    assert_true(dn_select_needs(&s, DN_FROM_FINE) && dn_select_needs(&s, DN_FROM_COARSE) && !dn_select_needs(&s, DN_FROM_SUBUNITS));
    dn_select_drop(&s, DN_FROM_FINE);
    assert_false(dn_select_has(&s, "thalamus"));
    static const char *const bad[] = {"", "thalamus,", "thala", "thalamus,,icv", "Thalamus", "thalamus icv"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        if (dn_select_parse(bad[i], &s) != DN_EUSAGE) {
            fail_msg("expected '%s' to be refused", bad[i]);
        }
    }
}

int main(void)
{
    if (mkdtemp(folder) == NULL || maker_model(folder, "coarse", 2.0) != DN_OK || maker_model(folder, "fine", 2.0) != DN_OK ||
        maker_model(folder, "finer", 1.0) != DN_OK) {
        fprintf(stderr, "cannot make the networks: %s\n", dn_error_message());
        return 1;
    }
    snprintf(coarse, sizeof coarse, "%s/coarse.safetensors", folder);
    snprintf(fine, sizeof fine, "%s/fine.safetensors", folder);
    snprintf(finer, sizeof finer, "%s/finer.safetensors", folder);
    dn_whole_head_options options = {.coarse = coarse, .fine = fine};
    if (dn_whole_head_create(&options, &whole) != DN_OK) {
        fprintf(stderr, "%s\n", dn_error_message());
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_millimetres),
        cmocka_unit_test(one_millimetre_in_tiles),
        cmocka_unit_test(orientation_and_threads),
        cmocka_unit_test(other_grids),
        cmocka_unit_test(pieces_and_sides),
        cmocka_unit_test(stripped_heads_have_no_icv),
        cmocka_unit_test(cut_structures_are_seen),
        cmocka_unit_test(small_heads_are_shown_larger),
        cmocka_unit_test(cut_heads_are_seen),
        cmocka_unit_test(names_of_structures),
        cmocka_unit_test(missing_and_unlike_networks),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dn_whole_head_destroy(whole);
    (void)remove(coarse);
    (void)remove(fine);
    (void)remove(finer);
    (void)rmdir(folder);
    return failed;
}
