/* The one layout of posteriors: voxels as in a volume, a voxel's channels side by side; maps of a channel go out and come back. */
#include "test.h"

#include "image/volume.h"
#include "infer/posteriors.h"

#include <string.h>

enum { I = 3, J = 4, K = 5, CHANNELS = 6 };
static const int64_t dim[3] = {I, J, K};

static void layout(void **state)
{
    (void)state;
    dn_posteriors p = {.start = {7, -8, 9}};
    const dn_grid grid = {.dim = {I, J, K}};
    float n = 0;
    assert_ok(dn_posteriors_alloc(&p, dim, CHANNELS));
    assert_int_equal(p.start[1], -8);
    assert_int_equal(dn_posteriors_voxels(&p), I * J * K);
    for (int64_t v = 0; v < I * J * K * CHANNELS; ++v) {
        assert_close(p.data[v], 0, 0);
    }
    for (int64_t k = 0; k < K; ++k) {
        for (int64_t j = 0; j < J; ++j) {
            for (int64_t i = 0; i < I; ++i) {
                assert_int_equal(dn_posteriors_voxel(&p, i, j, k), dn_grid_offset(&grid, i, j, k));
                for (int64_t c = 0; c < CHANNELS; ++c) {
                    dn_posteriors_at(&p, i, j, k)[c] = n++;
                }
            }
        }
    }
    for (int64_t v = 0; v < I * J * K * CHANNELS; ++v) { /* all different, so every number has one place, in this order */
        assert_close(p.data[v], v, 0);
    }
    dn_posteriors_release(&p);
    assert_null(p.data);
}

static void maps(void **state)
{
    (void)state;
    dn_posteriors p = {.start = {0, 0, 0}};
    float map[I * J * K], back[I * J * K];
    assert_ok(dn_posteriors_alloc(&p, dim, CHANNELS));
    for (int v = 0; v < I * J * K; ++v) {
        map[v] = (float)(v + 1);
    }
    dn_posteriors_set_map(&p, 2, map);
    for (int64_t c = 0; c < CHANNELS; ++c) {
        dn_posteriors_get_map(&p, c, back);
        for (int v = 0; v < I * J * K; ++v) {
            assert_close(back[v], c == 2 ? v + 1 : 0, 0);
        }
    }
    assert_close(dn_posteriors_at(&p, 1, 2, 3)[2], 1 + 1 + I * (2 + J * 3), 0);
    dn_posteriors_release(&p);
}

static void most_probable(void **state)
{
    (void)state;
    assert_int_equal(dn_most_probable((const float[]){0.2f, 0.5f, 0.3f}, 3), 1);
    assert_int_equal(dn_most_probable((const float[]){0.4f, 0.2f, 0.4f}, 3), 0); /* the first of equal ones */
    assert_int_equal(dn_most_probable((const float[]){-3.0f, -2.0f}, 2), 1);
    assert_int_equal(dn_most_probable((const float[]){1.0f}, 1), 0);
}

static void too_large(void **state)
{
    (void)state;
    dn_posteriors p = {.start = {0, 0, 0}};
    assert_int_equal(dn_posteriors_alloc(&p, (const int64_t[3]){INT64_MAX / 2, 2, 2}, 4), DN_ENOMEM);
    assert_null(p.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(layout), cmocka_unit_test(maps), cmocka_unit_test(most_probable),
                                       cmocka_unit_test(too_large)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
