/* The fine pass with a network that tells tissues by their intensity alone (whole_head_maker.h): what it says of a voxel is a closed form
 * of the voxel's intensity, however tiles and mirror images were put together. */
#define _GNU_SOURCE /* mkdtemp */
#include "test.h"

#include "base/random.h"
#include "segment/head/clean.h"
#include "segment/head/fine.h"
#include "whole_head_maker.h"

#include <math.h>
#include <string.h>

enum { LEFT = 4, RIGHT = 3 }; /* thalami, of maker_classes */

static char folder[] = "/tmp/dien-fine-XXXXXX";
static dn_model *model;
static dn_network *network;

static int make(void **state)
{
    (void)state;
    char path[600];
    const dn_network_options options = {DN_PRECISION_F32, 0};
    assert_non_null(mkdtemp(folder));
    assert_ok(maker_model(folder, "fine", 1.0));
    snprintf(path, sizeof path, "%s/fine.safetensors", folder);
    assert_ok(dn_model_read(path, &model));
    assert_ok(dn_network_create(model, &options, &network));
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    dn_network_destroy(network);
    dn_model_destroy(model);
    return test_remove_tree(folder);
}

/* Of maker_weights: -200 times the distance to the class's intensity; outside rises again towards the scalp's. */
static void softmax_of(double x, double p[MAKER_CLASSES])
{
    double most = -INFINITY, sum = 0;
    for (int c = 0; c < MAKER_CLASSES; ++c) {
        p[c] = c == 0 ? -200 * fmax(0, fmin(x, 0.48) - 0.04) + 200 * fmax(0, fmin(x, 0.92) - 0.48)
                      : -200 * fabs(x - (double)maker_classes[c].intensity);
        most = fmax(most, p[c]);
    }
    for (int c = 0; c < MAKER_CLASSES; ++c) {
        p[c] = exp(p[c] - most);
        sum += p[c];
    }
    for (int c = 0; c < MAKER_CLASSES; ++c) {
        p[c] /= sum;
    }
}

static const int64_t scan_dim[3] = {110, 150, 100};

/* A scan of noise of 1 mm, and a coarse pass of 2 mm that shows a thalamus in its voxels low .. high - 1 (channel 0: nowhere). */
static void start(dn_head *head, dn_conformed *scan, int64_t channel, const int64_t low[3], const int64_t high[3])
{
    const dn_grid grid = {{scan_dim[0], scan_dim[1], scan_dim[2]}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    const int64_t coarse_dim[3] = {scan_dim[0] / 2, scan_dim[1] / 2, scan_dim[2] / 2};
    dn_random random;
    dn_random_seed(&random, 3);
    memset(head, 0, sizeof *head);
    memset(scan, 0, sizeof *scan);
    assert_ok(dn_volume_create(&grid, &scan->volume));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        scan->volume->data[v] = (float)dn_random_uniform(&random, 0.05, 0.9);
    }
    assert_ok(dn_structures_init(model, &head->structures));
    assert_ok(dn_posteriors_alloc(&head->coarse.posteriors, coarse_dim, MAKER_CLASSES));
    memcpy(head->coarse.grid.dim, coarse_dim, sizeof coarse_dim);
    for (int c = 0; c < 3; ++c) {
        head->coarse.grid.affine.m[c][c] = 2;
        head->coarse.map.scale[c] = 2;
        head->coarse.map.offset[c] = 0.5;
        scan->map.scale[c] = head->mm[c] = 1;
    }
    for (int64_t v = 0; v < dn_posteriors_voxels(&head->coarse.posteriors); ++v) {
        const int64_t at[3] = {v % coarse_dim[0], v / coarse_dim[0] % coarse_dim[1], v / (coarse_dim[0] * coarse_dim[1])};
        bool in = true;
        for (int c = 0; c < 3; ++c) {
            in = in && at[c] >= low[c] && at[c] < high[c];
        }
        dn_posteriors_of(&head->coarse.posteriors, v)[in ? channel : 0] = 1.0f;
    }
}

static void finish(dn_head *head, dn_conformed *scan)
{
    dn_posteriors_release(&head->coarse.posteriors);
    dn_posteriors_release(&head->fine.posteriors);
    dn_volume_destroy(scan->volume);
}

static void assert_values(const dn_head *head, const dn_conformed *scan, bool mirror)
{
    const dn_posteriors *p = &head->fine.posteriors;
    const dn_grid *grid = &scan->volume->grid;
    int64_t partner[DN_CHANNEL_LIMIT];
    dn_structures_mirror_channels(&head->structures, partner);
    for (int64_t v = 0; v < dn_posteriors_voxels(p); ++v) {
        const int64_t at[3] = {p->start[0] + v % p->dim[0], p->start[1] + v / p->dim[0] % p->dim[1],
                               p->start[2] + v / (p->dim[0] * p->dim[1])};
        double expected[MAKER_CLASSES];
        bool in = true;
        for (int c = 0; c < 3; ++c) {
            in = in && at[c] >= 0 && at[c] < grid->dim[c];
        }
        softmax_of(in ? (double)scan->volume->data[dn_grid_offset(grid, at[0], at[1], at[2])] : 0.0, expected);
        for (int c = 0; c < MAKER_CLASSES; ++c) {
            const double value = mirror ? 0.5 * (expected[c] + expected[partner[c]]) : expected[c];
            assert_close(dn_posteriors_of(p, v)[c], value, 2e-4);
        }
    }
}

/* Small structures: one tile, with at least 3 mm of room, and the same numbers by the box's map. */
static void one_tile(void **state)
{
    (void)state;
    const int64_t low[3] = {20, 25, 20}, high[3] = {30, 40, 30};
    dn_head head;
    dn_conformed scan;
    start(&head, &scan, LEFT, low, high);
    assert_ok(dn_head_look_fine(network, &scan, false, &head));
    const dn_head_look *fine = &head.fine;
    assert_int_equal(fine->posteriors.channels, MAKER_CLASSES);
    static const int64_t tile[3] = {DN_FINE_TILE_X, DN_FINE_TILE_Y, DN_FINE_TILE_Z};
    for (int c = 0; c < 3; ++c) {
        assert_int_equal(fine->posteriors.dim[c], tile[c]);
        assert_int_equal(fine->grid.dim[c], tile[c]);
        assert_true((double)fine->posteriors.start[c] <= 2.0 * (double)low[c] - 3);
        assert_true((double)(fine->posteriors.start[c] + fine->posteriors.dim[c]) >= 2.0 * (double)high[c] + 3);
        assert_close(fine->map.scale[c], 1, 0);
        assert_close(fine->map.offset[c], fine->posteriors.start[c], 0);
        assert_close(fine->grid.affine.m[c][3], fine->posteriors.start[c], 0);
    }
    assert_values(&head, &scan, false);
    finish(&head, &scan);
}

/* Two tiles that overlap, and the mirror image, in which sides are exchanged; a part of the box lies outside the scan. */
static void tiles_and_mirror(void **state)
{
    (void)state;
    const int64_t low[3] = {2, 8, 20}, high[3] = {30, 62, 30};
    dn_head head;
    dn_conformed scan;
    start(&head, &scan, RIGHT, low, high);
    assert_ok(dn_head_look_fine(network, &scan, true, &head));
    assert_true(head.fine.posteriors.dim[1] > DN_FINE_TILE_Y);
    assert_true(head.fine.posteriors.start[0] < 0);
    assert_true((double)head.fine.posteriors.start[1] <= 2.0 * (double)low[1] - 3);
    assert_true((double)(head.fine.posteriors.start[1] + head.fine.posteriors.dim[1]) >= 2.0 * (double)high[1] + 3);
    assert_values(&head, &scan, true);
    finish(&head, &scan);
}

/* No more than two tiles along an axis, however far the ventricles reach. */
static void not_more_than_two(void **state)
{
    (void)state;
    dn_head head;
    dn_conformed scan;
    start(&head, &scan, 2, (const int64_t[3]){20, 0, 0}, (const int64_t[3]){30, 75, 50}); /* the third ventricle */
    assert_ok(dn_head_look_fine(network, &scan, false, &head));
    assert_true(head.fine.posteriors.dim[1] <= 2 * DN_FINE_TILE_Y);
    assert_values(&head, &scan, false);
    finish(&head, &scan);
}

static void nothing_there(void **state)
{
    (void)state;
    dn_head head;
    dn_conformed scan;
    for (int tissue = 0; tissue < 2; ++tissue) {
        start(&head, &scan, tissue ? 1 : 0, (const int64_t[3]){20, 20, 20}, (const int64_t[3]){30, 30, 30});
        assert_ok(dn_head_look_fine(network, &scan, false, &head));
        assert_null(head.fine.posteriors.data);
        finish(&head, &scan);
    }
}

/* The sentence names both numbers. */
static void other_labels(void **state)
{
    (void)state;
    dn_head head;
    dn_conformed scan;
    start(&head, &scan, LEFT, (const int64_t[3]){20, 25, 20}, (const int64_t[3]){30, 40, 30});
    head.structures.channels = MAKER_CLASSES - 1;
    head.coarse.posteriors.channels = MAKER_CLASSES; /* as it was made */
    assert_int_equal(dn_head_look_fine(network, &scan, false, &head), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "7 outputs"));
    assert_null(head.fine.posteriors.data);
    finish(&head, &scan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_tile), cmocka_unit_test(tiles_and_mirror), cmocka_unit_test(not_more_than_two),
                                       cmocka_unit_test(nothing_there), cmocka_unit_test(other_labels)};
    return cmocka_run_group_tests(tests, make, destroy);
}
