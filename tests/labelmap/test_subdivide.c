/* Subunits by landmarks, on a block whose division can be counted by hand. */
#include "labelmap/subdivide.h"
#include "test.h"

#include <string.h>

enum { NX = 40, NY = 40, NZ = 20 };
/* 0.5 mm; x from -9.75, y from -9.75, z from -4.75 */
static const dn_grid grid = {{NX, NY, NZ}, {{{0.5, 0, 0, -9.75}, {0, 0.5, 0, -9.75}, {0, 0, 0.5, -4.75}}}};
static dn_labels *map;

/* Two blocks, x = 1..5 mm on each side, y = -8..8, z = -4..4. */
static int make(void **state)
{
    (void)state;
    assert_ok(dn_labels_create(&grid, &map));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const double x = (double)(v % NX) * 0.5 - 9.75, y = (double)(v / NX % NY) * 0.5 - 9.75, z = (double)(v / NX / NY) * 0.5 - 4.75;
        const double side = x < 0.0 ? -x : x;
        map->data[v] = side > 1.0 && side < 5.0 && y > -8.0 && y < 8.0 && z > -4.0 && z < 4.0 ? 1 : 0;
    }
    return 0;
}

static int clear(void **state)
{
    (void)state;
    dn_labels_destroy(map);
    return 0;
}

static dn_subdivide_options usual(void)
{
    return (dn_subdivide_options){.at = {.ac = {0, 3.0, 2.0}, .mb = {{-2, -6.5, -3}, {2, -6.5, -3}}}, .body_mm = 2.5};
}

static void counted_by_hand(void **state)
{
    const dn_subdivide_options options = usual();
    int64_t count[11] = {0};
    (void)state;
    assert_ok(dn_subdivide(map, &options));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const double x = (double)(v % NX) * 0.5 - 9.75, y = (double)(v / NX % NY) * 0.5 - 9.75, z = (double)(v / NX / NY) * 0.5 - 4.75;
        if (map->data[v] == 0) {
            continue;
        }
        /* anterior: from AC's slice (y = 3.25 or 2.75 .. ) on; posterior: behind y = -6.5 + 2.5 */
        const bool right = x > 0.0, anterior = y > 2.74, posterior = y<-4.0, high = z> 0.0;
        const uint16_t wanted = (uint16_t)((posterior ? 803 : anterior ? (high ? 802 : 801) : high ? 805 : 804) + (right ? 5 : 0));
        assert_int_equal(map->data[v], wanted);
        ++count[map->data[v] - 801];
    }
    printf("voxels left: %lld %lld %lld %lld %lld\n", (long long)count[0], (long long)count[1], (long long)count[2], (long long)count[3],
           (long long)count[4]);
    for (int n = 0; n < 5; ++n) {
        assert_int_equal(count[n], count[n + 5]);
    }
    assert_int_equal(count[2], 8 * 8 * 16);
}

/* With AC-PC tilted by 45 degrees and everything turned with it, nothing changes but the grid it is counted on. */
static void slices_follow_pc(void **state)
{
    dn_subdivide_options options = usual();
    int64_t posterior = 0;
    (void)state;
    options.at.pc[1] = -17.0;
    options.at.pc[2] = -18.0; /* the line falls backwards by 45 degrees */
    options.at.has_pc = true;
    assert_ok(dn_subdivide(map, &options));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const double y = (double)(v / NX % NY) * 0.5 - 9.75, z = (double)(v / NX / NY) * 0.5 - 4.75;
        if (map->data[v] != 0) {
            const double forward = (y + z) * 0.70710678, front = (-6.5 - 3.0) * 0.70710678 + 2.5;
            const bool is = map->data[v] == 803 || map->data[v] == 808;
            assert_int_equal(is, forward <= front);
            posterior += is;
        }
    }
    assert_true(posterior > 0);
}

static void refusals(void **state)
{
    dn_subdivide_options options = usual();
    (void)state;
    options.at.ac[1] = -8.0;
    assert_int_equal(dn_subdivide(map, &options), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "AC does not lie in front of the mammillary bodies"));
    options = usual();
    options.at.ac[1] += 60.0;
    options.at.mb[0][1] += 60.0;
    options.at.mb[1][1] += 60.0;
    assert_int_equal(dn_subdivide(map, &options), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "belong to another scan"));
    options = usual();
    memset(map->data, 0, (size_t)dn_grid_count(&grid) * sizeof *map->data);
    assert_int_equal(dn_subdivide(map, &options), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "no hypothalamus"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(counted_by_hand, make, clear),
                                       cmocka_unit_test_setup_teardown(slices_follow_pc, make, clear),
                                       cmocka_unit_test_setup_teardown(refusals, make, clear)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
