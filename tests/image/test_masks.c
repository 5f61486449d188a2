/* Components, distances and morphology against brute force on random masks. */
#include "test.h"

#include "base/random.h"
#include "image/components.h"
#include "image/distance.h"
#include "image/morphology.h"

#include <math.h>
#include <string.h>

enum { A = 13, B = 11, C = 9, N = A * B * C };
static const int64_t dim[3] = {A, B, C};
static const double spacing[3] = {1.0, 2.5, 0.7};

static void random_mask(uint8_t *mask, uint64_t seed, double density)
{
    dn_random random;
    dn_random_seed(&random, seed);
    for (int i = 0; i < N; ++i) {
        mask[i] = dn_random_unit(&random) < density ? (uint8_t)(1 + dn_random_below(&random, 255)) : 0;
    }
}

static void place(int v, int p[3])
{
    p[0] = v % A;
    p[1] = v / A % B;
    p[2] = v / A / B;
}

static bool neighbours(int v, int w, int connectivity)
{
    int p[3];
    int q[3];
    int steps = 0;
    place(v, p);
    place(w, q);
    for (int d = 0; d < 3; ++d) {
        int apart = abs(p[d] - q[d]);
        if (apart > 1) {
            return false;
        }
        steps += apart;
    }
    return steps >= 1 && steps <= (connectivity == 6 ? 1 : connectivity == 18 ? 2 : 3);
}

/* By spreading the smallest number until nothing changes. */
static void brute_components(const uint8_t *mask, int connectivity, int *label)
{
    bool changed = true;
    for (int v = 0; v < N; ++v) {
        label[v] = mask[v] ? v : -1;
    }
    while (changed) {
        changed = false;
        for (int v = 0; v < N; ++v) {
            for (int w = v + 1; mask[v] && w < N && w <= v + A * B + A + 1; ++w) {
                if (mask[w] && label[v] != label[w] && neighbours(v, w, connectivity)) {
                    int low = label[v] < label[w] ? label[v] : label[w];
                    label[v] = label[w] = low;
                    changed = true;
                }
            }
        }
    }
}

static void components(void **state)
{
    static const int kinds[] = {6, 18, 26};
    static const double densities[] = {0.0, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0};
    static uint8_t mask[N];
    static int expected[N];
    (void)state;
    for (size_t c = 0; c < 3; ++c) {
        for (size_t d = 0; d < sizeof densities / sizeof densities[0]; ++d) {
            dn_components found;
            random_mask(mask, 100 + d, densities[d]);
            brute_components(mask, kinds[c], expected);
            assert_ok(dn_components_find(mask, dim, kinds[c], &found));
            /* One to one. */
            static int seen[N];
            memset(seen, -1, sizeof seen);
            int64_t outside = 0;
            for (int v = 0; v < N; ++v) {
                if (!mask[v]) {
                    assert_int_equal(found.label[v], 0);
                    ++outside;
                    continue;
                }
                assert_true(found.label[v] >= 1 && found.label[v] <= found.count);
                if (seen[found.label[v]] < 0) {
                    seen[found.label[v]] = expected[v];
                    assert_int_equal(expected[v], v); /* met first at its first voxel */
                }
                assert_int_equal(seen[found.label[v]], expected[v]);
            }
            assert_int_equal(found.size[0], outside);
            for (int32_t n = 1; n <= found.count; ++n) {
                int64_t size = 0;
                for (int v = 0; v < N; ++v) {
                    size += found.label[v] == n;
                }
                assert_int_equal(found.size[n], size);
                assert_true(n == 1 || found.size[n] <= found.size[n - 1]);
            }
            /* The mask functions agree with the numbers. */
            static uint8_t copy[N];
            int64_t kept;
            int64_t total;
            memcpy(copy, mask, N);
            assert_ok(dn_mask_keep_largest(copy, dim, kinds[c], &kept, &total));
            assert_int_equal(total, N - outside);
            assert_int_equal(kept, found.count > 0 ? found.size[1] : 0);
            assert_int_equal(dn_mask_count(copy, dim), kept);
            for (int v = 0; v < N; ++v) {
                assert_int_equal(copy[v] != 0, found.label[v] == 1);
            }
            dn_components_release(&found);
        }
    }
    dn_components none;
    assert_int_equal(dn_components_find(mask, dim, 8, &none), DN_EUSAGE);
}

static double apart(int v, int w)
{
    int p[3];
    int q[3];
    double sum = 0.0;
    place(v, p);
    place(w, q);
    for (int d = 0; d < 3; ++d) {
        sum += pow((p[d] - q[d]) * spacing[d], 2);
    }
    return sqrt(sum);
}

static double brute_distance(const uint8_t *mask, bool inside, int v)
{
    double best = INFINITY;
    for (int w = 0; w < N; ++w) {
        if ((mask[w] != 0) == inside) {
            best = fmin(best, apart(v, w));
        }
    }
    return best;
}

static void distances(void **state)
{
    static const double densities[] = {0.0, 0.001, 0.01, 0.1, 0.6, 0.99, 1.0};
    static uint8_t mask[N];
    static float found[N];
    static float both[N];
    (void)state;
    for (size_t d = 0; d < sizeof densities / sizeof densities[0]; ++d) {
        random_mask(mask, 200 + d, densities[d]);
        assert_ok(dn_distance_to(mask, dim, spacing, found));
        assert_ok(dn_distance_signed(mask, dim, spacing, both));
        for (int v = 0; v < N; ++v) {
            double expected = brute_distance(mask, true, v);
            double inner = brute_distance(mask, false, v);
            if (isinf(expected)) {
                assert_true(isinf(found[v]) && found[v] > 0 && isinf(both[v]) && both[v] > 0);
                continue;
            }
            assert_close(found[v], expected, 1e-5);
            if (mask[v] && isinf(inner)) {
                assert_true(isinf(both[v]) && both[v] < 0);
            } else {
                assert_close(both[v], mask[v] ? -inner : expected, 1e-5);
            }
        }
    }
    assert_int_equal(dn_distance_to(mask, dim, (double[3]){1, 0, 1}, found), DN_EGEOMETRY);
}

static void steps(void **state)
{
    static const int kinds[] = {6, 18, 26};
    static uint8_t mask[N];
    static uint8_t found[N];
    (void)state;
    for (size_t c = 0; c < 3; ++c) {
        random_mask(mask, 300, 0.05);
        memcpy(found, mask, N);
        assert_ok(dn_mask_dilate(found, dim, kinds[c], 1));
        for (int v = 0; v < N; ++v) {
            bool expected = mask[v] != 0;
            for (int w = 0; w < N; ++w) {
                expected = expected || (neighbours(v, w, kinds[c]) && mask[w]);
            }
            assert_int_equal(found[v], expected);
        }
        /* Two steps are one step twice. */
        static uint8_t twice[N];
        random_mask(mask, 301, 0.02);
        memcpy(found, mask, N);
        memcpy(twice, mask, N);
        assert_ok(dn_mask_dilate(found, dim, kinds[c], 2));
        assert_ok(dn_mask_dilate(twice, dim, kinds[c], 1));
        assert_ok(dn_mask_dilate(twice, dim, kinds[c], 1));
        assert_memory_equal(found, twice, N);
    }
}

/* Membership of a voxel that may lie beyond the image. */
static bool inside_at(const uint8_t *mask, int i, int j, int k)
{
    return i >= 0 && i < A && j >= 0 && j < B && k >= 0 && k < C && mask[i + A * (j + B * k)];
}

static void balls(void **state)
{
    static uint8_t mask[N];
    static uint8_t found[N];
    static uint8_t brute[N];
    const double radius = 2.5;
    (void)state;
    for (int erode = 0; erode < 2; ++erode) {
        random_mask(mask, 400, erode ? 0.99 : 0.02);
        for (int v = 0; v < N; ++v) {
            int p[3];
            place(v, p);
            bool expected = erode;
            for (int k = -4; k <= 4; ++k) {
                for (int j = -4; j <= 4; ++j) {
                    for (int i = -4; i <= 4; ++i) {
                        double d = sqrt(pow(i * spacing[0], 2) + pow(j * spacing[1], 2) + pow(k * spacing[2], 2));
                        if (d <= radius + 1e-9 && inside_at(mask, p[0] + i, p[1] + j, p[2] + k) != (erode == 1)) {
                            expected = !erode;
                        }
                    }
                }
            }
            brute[v] = expected;
        }
        memcpy(found, mask, N);
        assert_ok(erode ? dn_mask_erode_ball(found, dim, spacing, radius) : dn_mask_dilate_ball(found, dim, spacing, radius));
        assert_memory_equal(found, brute, N);
    }
    /* Closing never loses a voxel; a full mask closes to itself, border included. */
    random_mask(mask, 401, 0.3);
    memcpy(found, mask, N);
    assert_ok(dn_mask_close_ball(found, dim, spacing, radius));
    for (int v = 0; v < N; ++v) {
        assert_true(!mask[v] || found[v]);
    }
    memset(found, 1, N);
    assert_ok(dn_mask_close_ball(found, dim, spacing, radius));
    assert_int_equal(dn_mask_count(found, dim), N);
}

static void holes(void **state)
{
    static uint8_t mask[N];
    int64_t start[3];
    int64_t size[3];
    (void)state;
    memset(mask, 0, N);
    assert_false(dn_mask_bounds(mask, dim, start, size));
    for (int k = 2; k <= 6; ++k) {
        for (int j = 2; j <= 8; ++j) {
            for (int i = 3; i <= 9; ++i) {
                bool shell = k == 2 || k == 6 || j == 2 || j == 8 || i == 3 || i == 9;
                mask[i + A * (j + B * k)] = shell;
            }
        }
    }
    assert_true(dn_mask_bounds(mask, dim, start, size));
    assert_int_equal(start[0], 3);
    assert_int_equal(size[0], 7);
    assert_int_equal(start[2], 2);
    assert_int_equal(size[2], 5);
    mask[6 + A * (2 + B * 2)] = 0; /* an opening at an edge of the shell: joined to the outside by an edge only from inside */
    assert_ok(dn_mask_fill_holes(mask, dim));
    assert_int_equal(dn_mask_count(mask, dim), 7 * 7 * 5 - 1);
    mask[6 + A * (5 + B * 2)] = 0; /* a hole in a face */
    mask[6 + A * (5 + B * 3)] = 0;
    assert_ok(dn_mask_fill_holes(mask, dim));
    assert_int_equal(dn_mask_count(mask, dim), 7 * 7 * 5 - 3);
    memset(mask, 1, N);
    mask[0] = 0; /* at the border: no hole */
    assert_ok(dn_mask_fill_holes(mask, dim));
    assert_int_equal(dn_mask_count(mask, dim), N - 1);
}

/* In a corridor, a voxel further with each step; not round the wall, nor through a corner; steps at once are steps one by one. */
static void grown_into(void **state)
{
    (void)state;
    enum { GX = 7, GY = 5, GZ = 2 };
    static const int64_t size[3] = {GX, GY, GZ};
    static const char *const rows[GZ][GY] = {{"s....#.", "#####..", "......#", "#######", "......."},
                                             {"#######", "#######", "#######", "#######", "#######"}};
    uint8_t allowed[GX * GY * GZ], mask[GX * GY * GZ], again[GX * GY * GZ];
    for (int v = 0; v < GX * GY * GZ; ++v) {
        const char c = rows[v / (GX * GY)][v / GX % GY][v % GX];
        allowed[v] = c == '.' ? 5 : 0;
        mask[v] = again[v] = c == 's' ? 7 : 0;
    }
    for (int steps = 0; steps <= 6; ++steps) {
        int64_t count = 0;
        uint8_t grown[GX * GY * GZ];
        memcpy(grown, mask, sizeof grown);
        dn_mask_grow_into(grown, allowed, size, steps);
        for (int v = 0; v < GX * GY * GZ; ++v) {
            assert_true(grown[v] <= 1);
            count += grown[v];
        }
        assert_int_equal(count, 1 + (steps < 4 ? steps : 4));
        if (steps > 0) {
            dn_mask_grow_into(again, allowed, size, 1);
            assert_memory_equal(again, grown, sizeof grown);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(grown_into), cmocka_unit_test(components), cmocka_unit_test(distances),
                                       cmocka_unit_test(steps),      cmocka_unit_test(balls),      cmocka_unit_test(holes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
