/* Labels of two sides: cavities, pieces and contact, on made-up maps counted by hand. */
#include "test.h"

#include "infer/label_tidy.h"
#include "infer/native.h"
#include "models/model.h"

#include <string.h>

enum { N = 14, VOXELS = N * N * N, CHANNELS = 5 };

/* Two parts on each side: channels 1, 2 left; 3, 4 right. */
static dn_model_label labels[] = {{0, 0, "background", "background", 'B', {0, 0, 0}},
                                  {1, 801, "left_front", "hypothalamus_front", 'L', {255, 0, 0}},
                                  {2, 802, "left_back", "hypothalamus_back", 'L', {0, 255, 0}},
                                  {3, 806, "right_front", "hypothalamus_front", 'R', {255, 0, 0}},
                                  {4, 807, "right_back", "hypothalamus_back", 'R', {0, 255, 0}}};
static dn_model model = {.name = "made-up", .labels = labels, .label_count = CHANNELS};
static const int64_t dim[3] = {N, N, N};

static uint8_t channel[VOXELS];
static float probability[VOXELS];
static dn_structures structures;

static int64_t at(int64_t i, int64_t j, int64_t k)
{
    return i + N * (j + N * k);
}

static void put(uint8_t c, float p, int64_t i0, int64_t i1, int64_t j0, int64_t j1, int64_t k0, int64_t k1)
{
    for (int64_t k = k0; k < k1; ++k) {
        for (int64_t j = j0; j < j1; ++j) {
            for (int64_t i = i0; i < i1; ++i) {
                channel[at(i, j, k)] = c;
                probability[at(i, j, k)] = p;
            }
        }
    }
}

static int64_t count(uint8_t c)
{
    int64_t n = 0;
    for (int64_t v = 0; v < VOXELS; ++v) {
        n += channel[v] == c;
    }
    return n;
}

static int clear(void **state)
{
    (void)state;
    memset(channel, 0, sizeof channel);
    memset(probability, 0, sizeof probability);
    assert_ok(dn_structures_init(&model, &structures));
    return 0;
}

static void cavity_gets_its_neighbours_part(void **state)
{
    (void)state;
    put(1, 0.9f, 1, 6, 1, 6, 1, 6);
    put(2, 0.9f, 1, 6, 6, 9, 1, 6);
    channel[at(3, 3, 3)] = channel[at(3, 4, 3)] = 0; /* a cavity of two voxels, all of whose walls are channel 1 */
    channel[at(3, 7, 3)] = 0;                        /* one in channel 2 */
    channel[at(1, 3, 3)] = 0;                        /* a notch, open to the outside: it stays */
    assert_ok(dn_label_tidy(channel, probability, dim, &structures, true));
    assert_int_equal(channel[at(3, 3, 3)], 1);
    assert_int_equal(channel[at(3, 4, 3)], 1);
    assert_int_equal(channel[at(3, 7, 3)], 2);
    assert_int_equal(channel[at(1, 3, 3)], 0);
    assert_int_equal(count(1), 124);
    assert_int_equal(count(2), 75);
}

static void largest_piece_stays(void **state)
{
    (void)state;
    put(1, 0.9f, 1, 4, 1, 4, 1, 4);
    put(2, 0.9f, 10, 12, 10, 12, 10, 12); /* of the left side, too, and apart from it */
    put(3, 0.9f, 8, 10, 1, 4, 1, 4);
    assert_ok(dn_label_tidy(channel, probability, dim, &structures, true));
    assert_int_equal(count(1), 27);
    assert_int_equal(count(2), 0);
    assert_int_equal(count(3), 18);
}

/* Two cubes that touch by a face of 9 voxels: the less probable side gives way there, and the mirror image gets the mirror image. */
static void touching_sides_are_kept_apart(void **state)
{
    (void)state;
    put(1, 0.9f, 2, 6, 2, 5, 2, 5);
    put(3, 0.8f, 6, 10, 2, 5, 2, 5);
    probability[at(5, 2, 2)] = 0.6f; /* here it is the left one */
    probability[at(5, 3, 3)] = probability[at(6, 3, 3)] = 0.7f;
    uint8_t as_it_was[VOXELS];
    memcpy(as_it_was, channel, sizeof channel);
    assert_ok(dn_label_tidy(channel, probability, dim, &structures, true));
    assert_int_equal(count(1), 36 - 2);
    assert_int_equal(count(3), 36 - 8);
    assert_int_equal(channel[at(5, 2, 2)], 0);
    assert_int_equal(channel[at(6, 2, 2)], 3);
    assert_int_equal(channel[at(5, 3, 3)], 0); /* equal: both */
    assert_int_equal(channel[at(6, 3, 3)], 0);
    memcpy(channel, as_it_was, sizeof channel);
    assert_ok(dn_label_tidy(channel, probability, dim, &structures, false));
    assert_memory_equal(channel, as_it_was, sizeof channel);
}

/* On a scan's own grid: kept apart in voxels of 1 mm, not in voxels of 2 mm; the posteriors stay. */
static void apart_only_in_fine_voxels(void **state)
{
    (void)state;
    float data[CHANNELS * VOXELS] = {0};
    dn_posteriors p = {{0, 0, 0}, {N, N, N}, CHANNELS, data};
    put(1, 0.9f, 2, 6, 2, 5, 2, 5);
    put(3, 0.8f, 6, 10, 2, 5, 2, 5);
    for (int64_t v = 0; v < VOXELS; ++v) {
        dn_posteriors_of(&p, v)[channel[v]] = channel[v] != 0 ? probability[v] : 1.0f;
        dn_posteriors_of(&p, v)[0] = channel[v] != 0 ? 1.0f - probability[v] : 1.0f;
    }
    for (int wide = 0; wide < 2; ++wide) {
        const double mm = wide ? 2.0 : 1.0;
        dn_conformed c = {.map.scale = {1, 1, 1}};
        dn_grid grid = {{N, N, N}, {{{mm, 0, 0, 0}, {0, mm, 0, 0}, {0, 0, mm, 0}}}};
        dn_native native;
        assert_ok(dn_volume_create(&grid, &c.oriented));
        c.scan_grid = grid;
        assert_ok(dn_native_labels(&c, &p, &structures, &native));
        assert_int_equal(native.count[1], 36);
        assert_int_equal(native.count[3], wide ? 36 : 27);
        assert_close(native.group_sum[1], (double)native.count[3] * 0.8, 1e-4);
        dn_native_release(&native);
        dn_conformed_release(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(cavity_gets_its_neighbours_part, clear),
        cmocka_unit_test_setup(largest_piece_stays, clear),
        cmocka_unit_test_setup(touching_sides_are_kept_apart, clear),
        cmocka_unit_test_setup(apart_only_in_fine_voxels, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
