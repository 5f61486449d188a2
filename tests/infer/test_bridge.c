/* Between voxels and tensors: every number in a tensor says where it lies, so that each place can be told from it. */
#include "test.h"

#include "infer/bridge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { X = 4, Y = 3, Z = 5, CHANNELS = 3 };
static const int64_t dim[3] = {X, Y, Z};

/* 1000 i + 100 j + 10 k + c. */
static float code(int64_t i, int64_t j, int64_t k, int64_t c)
{
    return (float)(1000 * i + 100 * j + 10 * k + c);
}

static void fill(float *tensor)
{
    for (int64_t i = 0; i < X; ++i) {
        for (int64_t j = 0; j < Y; ++j) {
            for (int64_t k = 0; k < Z; ++k) {
                for (int64_t c = 0; c < CHANNELS; ++c) {
                    *tensor++ = code(i, j, k, c);
                }
            }
        }
    }
}

static bool within(const int64_t at[3], const int64_t from[3], const int64_t size[3])
{
    bool in = true;
    for (int c = 0; c < 3; ++c) {
        in = in && at[c] >= from[c] && at[c] < from[c] + size[c];
    }
    return in;
}

static void part_into_posteriors(void **state)
{
    (void)state;
    float tensor[X * Y * Z * CHANNELS];
    dn_posteriors box = {.start = {0, 0, 0}};
    const int64_t from[3] = {1, 0, 2}, part[3] = {2, 3, 3}, to[3] = {3, 1, 0};
    fill(tensor);
    assert_ok(dn_posteriors_alloc(&box, (const int64_t[3]){6, 5, 4}, CHANNELS));
    dn_bridge_from_tensor(tensor, dim, from, part, &box, to);
    for (int64_t v = 0; v < dn_posteriors_voxels(&box); ++v) {
        const int64_t at[3] = {v % 6, v / 6 % 5, v / 30};
        for (int64_t c = 0; c < CHANNELS; ++c) {
            const float expected =
                within(at, to, part) ? code(at[0] - to[0] + from[0], at[1] - to[1] + from[1], at[2] - to[2] + from[2], c) : 0.0f;
            assert_close(dn_posteriors_of(&box, v)[c], expected, 0);
        }
    }
    dn_posteriors_release(&box);
}

static void part_into_tensor(void **state)
{
    (void)state;
    float tensor[X * Y * Z * CHANNELS], out[6 * 5 * 4 * CHANNELS] = {0};
    const int64_t from[3] = {1, 0, 2}, part[3] = {2, 3, 3}, to_dim[3] = {6, 5, 4}, to[3] = {3, 1, 0};
    fill(tensor);
    dn_bridge_copy(tensor, dim, CHANNELS, from, part, out, to_dim, to);
    for (int64_t v = 0; v < 6 * 5 * 4; ++v) {
        const int64_t at[3] = {v / 20, v / 4 % 5, v % 4}; /* k fastest */
        for (int64_t c = 0; c < CHANNELS; ++c) {
            const float expected =
                within(at, to, part) ? code(at[0] - to[0] + from[0], at[1] - to[1] + from[1], at[2] - to[2] + from[2], c) : 0.0f;
            assert_close(out[v * CHANNELS + c], expected, 0);
        }
    }
}

/* Twice the same tensor at two places, once seen in a mirror: the weighted mean by hand. */
static void blend(void **state)
{
    (void)state;
    float tensor[X * Y * Z * CHANNELS], weights[6 * 3 * 5] = {0};
    const float wx[X] = {0.5f, 1, 1, 0.25f}, wy[Y] = {1, 2, 1}, wz[Z] = {1, 1, 4, 1, 1};
    const float *const weight[3] = {wx, wy, wz};
    const int64_t mirror[CHANNELS] = {0, 2, 1};
    const int64_t first[3] = {0, 0, 0}, second[3] = {2, 0, 0};
    dn_posteriors box = {.start = {0, 0, 0}};
    fill(tensor);
    assert_ok(dn_posteriors_alloc(&box, (const int64_t[3]){6, 3, 5}, CHANNELS));
    for (int64_t v = 0; v < dn_posteriors_voxels(&box) * CHANNELS; ++v) {
        box.data[v] = NAN; /* what a voxel holds before its first tensor does not count */
    }
    dn_bridge_blend(tensor, dim, weight, NULL, &box, first, weights);
    dn_bridge_blend(tensor, dim, weight, mirror, &box, second, weights);
    for (int64_t v = 0; v < dn_posteriors_voxels(&box); ++v) {
        const int64_t i = v % 6, j = v / 6 % 3, k = v / 18;
        const double yz = (double)(wy[j] * wz[k]);
        const double w1 = i < X ? (double)wx[i] * yz : 0.0, w2 = i >= 2 ? (double)wx[i - 2] * yz : 0.0;
        assert_close(weights[v], w1 + w2, 0);
        for (int64_t c = 0; c < CHANNELS; ++c) {
            const double expected = w1 * (double)code(i, j, k, c) + w2 * (double)code(X - 1 - (i - 2), j, k, mirror[c]);
            assert_close(dn_posteriors_of(&box, v)[c], expected, 1e-2);
        }
    }
    dn_posteriors_release(&box);
}

/* A tensor handed over: turned in its own memory where it can be, copied otherwise. */
static void take(void **state)
{
    (void)state;
    const int64_t dims[3][3] = {{19, 3, 19}, {8, 2, 8}, {11, 3, 18}};
    for (int n = 0; n < 3; ++n) {
        const int64_t *d = dims[n];
        float *tensor = malloc((size_t)(d[0] * d[1] * d[2] * CHANNELS) * sizeof *tensor);
        dn_posteriors box = {.start = {4, 5, 6}};
        assert_non_null(tensor);
        for (int64_t v = 0; v < d[0] * d[1] * d[2] * CHANNELS; ++v) {
            tensor[v] = code(v / CHANNELS / d[2] / d[1], v / CHANNELS / d[2] % d[1], v / CHANNELS % d[2], v % CHANNELS);
        }
        assert_ok(dn_bridge_take(tensor, d, CHANNELS, &box));
        assert_int_equal(box.data == tensor, d[0] == d[2]);
        assert_memory_equal(box.dim, d, sizeof box.dim);
        assert_int_equal(box.start[2], 6);
        for (int64_t v = 0; v < dn_posteriors_voxels(&box) * CHANNELS; ++v) {
            const int64_t at = v / CHANNELS;
            assert_close(box.data[v], code(at % d[0], at / d[0] % d[1], at / d[0] / d[1], v % CHANNELS), 0);
        }
        dn_posteriors_release(&box);
    }
}

/* Into a volume that the tensor reaches past. */
static void labels(void **state)
{
    (void)state;
    float tensor[X * Y * Z * CHANNELS] = {0};
    uint8_t out[3 * 3 * 4];
    const dn_grid grid = {.dim = {3, 3, 4}};
    const int64_t from[3] = {0, 0, 0}, to[3] = {1, 0, 1};
    memset(out, 9, sizeof out);
    for (int64_t v = 0; v < X * Y * Z; ++v) {
        const int64_t i = v / (Y * Z), j = v / Z % Y, k = v % Z;
        tensor[v * CHANNELS + (i + j + k) % CHANNELS] = 1.0f;
    }
    dn_bridge_labels(tensor, dim, CHANNELS, from, dim, &grid, to, out);
    for (int64_t v = 0; v < 3 * 3 * 4; ++v) {
        const int64_t at[3] = {v % 3, v / 3 % 3, v / 9};
        const bool in = within(at, to, dim);
        assert_int_equal(out[v], in ? (at[0] - 1 + at[1] + at[2] - 1) % CHANNELS : 9);
    }
}

/* Neighbouring slices in the channels; past both ends the fill, past the volume the last slice again. */
static void slices(void **state)
{
    (void)state;
    enum { N = 4, R = 3, C = 2, ROWS = 4, COLUMNS = 3, BATCH = 3 };
    const dn_grid grid = {{N, R, C}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_volume *volume = NULL;
    float tensor[BATCH * ROWS * COLUMNS * CHANNELS];
    const dn_slice_batch batch = {.first = 2, .batch = BATCH, .rows = ROWS, .columns = COLUMNS, .channels = CHANNELS};
    assert_ok(dn_volume_create(&grid, &volume));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        volume->data[v] = code(v % N, v / N % R, v / (N * R), 0);
    }
    dn_bridge_slices(volume, &batch, 2, -1.0f, tensor);
    const float *p = tensor;
    for (int64_t b = 0; b < BATCH; ++b) {
        const int64_t slice = 2 + b < N ? 2 + b : N - 1;
        for (int64_t r = 0; r < ROWS; ++r) {
            for (int64_t c = 0; c < COLUMNS; ++c) {
                for (int64_t k = 0; k < CHANNELS; ++k, ++p) {
                    const int64_t seen = slice + 2 * (k - 1);
                    assert_close(*p, seen >= 0 && seen < N && r < R && c < C ? code(seen, r, c, 0) : -1.0f, 0);
                }
            }
        }
    }
    dn_volume_destroy(volume);
}

/* A mean of two answers and of their squares. */
static void slices_back(void **state)
{
    (void)state;
    enum { N = 3, R = 2, C = 2 };
    const dn_grid grid = {{N, R, C}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_volume *maps[2] = {NULL};
    float tensor[2 * R * C * 2], squares[2 * N * R * C] = {0};
    const dn_slice_batch batch = {.first = 2, .batch = 2, .rows = R, .columns = C, .channels = 2}; /* the second is past the end */
    for (int c = 0; c < 2; ++c) {
        assert_ok(dn_volume_create(&grid, &maps[c]));
    }
    for (int answer = 1; answer <= 2; ++answer) {
        for (int n = 0; n < 2 * R * C * 2; ++n) {
            tensor[n] = (float)(answer * (n + 1));
        }
        dn_bridge_slices_add(tensor, &batch, 0.5f, maps, squares);
    }
    for (int64_t r = 0; r < R; ++r) {
        for (int64_t w = 0; w < C; ++w) {
            for (int64_t c = 0; c < 2; ++c) {
                const double n = (double)((r * C + w) * 2 + c + 1);
                const int64_t at = dn_grid_offset(&grid, 2, r, w);
                assert_close(maps[c]->data[at], 1.5 * n, 1e-6);
                assert_close(squares[c * N * R * C + at], 2.5 * n * n, 1e-5);
                assert_close(maps[c]->data[dn_grid_offset(&grid, 1, r, w)], 0, 0);
            }
        }
    }
    dn_volume_destroy(maps[0]);
    dn_volume_destroy(maps[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(part_into_posteriors),
                                       cmocka_unit_test(part_into_tensor),
                                       cmocka_unit_test(blend),
                                       cmocka_unit_test(take),
                                       cmocka_unit_test(labels),
                                       cmocka_unit_test(slices),
                                       cmocka_unit_test(slices_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
