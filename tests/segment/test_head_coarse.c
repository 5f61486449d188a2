/* Posteriors looked up in two looks against a plain computation in double, and the tables of positions against the place by place way. */
#include "test.h"

#include "base/random.h"
#include "infer/posteriors.h"
#include "segment/head/coarse.h"

#include <math.h>
#include <string.h>

enum { CHANNELS = 33 };

static void make_look(dn_head_look *look, const int64_t dim[3], double scale, double offset, dn_random *random)
{
    const int64_t voxels = dim[0] * dim[1] * dim[2];
    memset(look, 0, sizeof *look);
    memcpy(look->grid.dim, dim, sizeof look->grid.dim);
    assert_ok(dn_posteriors_alloc(&look->posteriors, dim, CHANNELS));
    for (int64_t v = 0; v < voxels; ++v) {
        float *p = dn_posteriors_of(&look->posteriors, v);
        float sum = 0.0f;
        const bool outside = dn_random_uniform(random, 0.0, 1.0) < 0.3;
        const int64_t block = v / (dim[0] * 4) % 2 == 0 ? 0 : 1 + v / (dim[0] * dim[1] * 4); /* voxels of a block mostly agree */
        for (int c = 0; c < CHANNELS; ++c) {
            p[c] = outside ? (c == 0 ? 1.0f : 0.0f) : (float)dn_random_uniform(random, 0.0, 1.0);
            p[c] = block > 0 && !(dn_random_uniform(random, 0.0, 1.0) < 0.002) ? (c == block ? 2.0f : 0.5f * p[c]) : p[c];
            sum += p[c];
        }
        for (int c = 0; c < CHANNELS; ++c) {
            p[c] /= sum;
        }
    }
    for (int c = 0; c < 3; ++c) {
        look->map.scale[c] = scale;
        look->map.offset[c] = offset + 0.25 * c;
    }
}

/* false: outside. */
static bool plain(const dn_head_look *look, const double at[3], double values[CHANNELS])
{
    int64_t first[3];
    double share[3];
    for (int c = 0; c < 3; ++c) {
        const double last = (double)(look->grid.dim[c] - 1);
        double p = (at[c] - look->map.offset[c]) / look->map.scale[c];
        if (p < -0.5 || p >= last + 0.5) {
            return false;
        }
        p = fmin(fmax(p, 0.0), last);
        first[c] = (int64_t)floor(p);
        share[c] = p - (double)first[c];
    }
    for (int c = 0; c < CHANNELS; ++c) {
        values[c] = 0.0;
        for (int n = 0; n < 8; ++n) {
            int64_t v[3];
            double weight = 1.0;
            for (int a = 0; a < 3; ++a) {
                v[a] = first[a] + (n >> a & 1);
                v[a] = v[a] < look->grid.dim[a] ? v[a] : look->grid.dim[a] - 1;
                weight *= n >> a & 1 ? share[a] : 1.0 - share[a];
            }
            values[c] += weight * (double)dn_posteriors_at(&look->posteriors, v[0], v[1], v[2])[c];
        }
    }
    return true;
}

static void check(const dn_head *head, const dn_head_rows *rows, const int64_t ijk[3])
{
    const double at[3] = {(double)ijk[0], (double)ijk[1], (double)ijk[2]};
    float values[DN_CHANNEL_LIMIT], again[DN_CHANNEL_LIMIT];
    double coarse[CHANNELS], fine[CHANNELS];
    bool outside, outside_again;
    const double share = (double)dn_head_fine_share(head, at);
    const bool in_coarse = plain(&head->coarse, at, coarse), in_fine = share > 0.0 && plain(&head->fine, at, fine);
    const bool found = dn_head_at(head, at, values, &outside);
    assert_int_equal(dn_head_rows_at(head, rows, ijk[0], ijk[1], ijk[2], again, &outside_again), found);
    assert_int_equal(outside, outside_again);
    assert_int_equal(found, in_coarse || in_fine);
    for (int c = 0; found && !outside && c < CHANNELS; ++c) {
        const double expected = !in_fine ? coarse[c] : !in_coarse ? fine[c] : (1.0 - share) * coarse[c] + share * fine[c];
        assert_close((double)values[c], expected, 1e-6);
        assert_memory_equal(&values[c], &again[c], sizeof *values);
    }
    if (outside) {
        assert_true(coarse[0] > 0.999);
    }
    int64_t best = -1;
    float value = -1.0f;
    const bool labelled = dn_head_rows_label(head, rows, ijk[0], ijk[1], ijk[2], &best, &value);
    int64_t best_again = -1;
    float value_again = -1.0f;
    assert_int_equal(dn_head_label(head, &rows->digests, at, &best_again, &value_again), labelled);
    assert_int_equal(best, best_again);
    assert_memory_equal(&value, &value_again, sizeof value);
    if (found && !outside) {
        assert_true(labelled);
        assert_int_equal(best, dn_most_probable(values, CHANNELS));
        assert_memory_equal(&value, &values[best], sizeof value);
    } else {
        assert_true(!labelled || best == 0);
    }
    assert_int_equal(dn_head_background_at(head, at, &values[0]), in_coarse);
    assert_int_equal(dn_head_rows_background_at(head, rows, ijk[0], ijk[1], ijk[2], &again[0]), in_coarse);
    if (in_coarse) {
        assert_close((double)values[0], coarse[0], 1e-6);
        assert_memory_equal(&values[0], &again[0], sizeof *values);
    }
}

static void looked_up(void **state)
{
    (void)state;
    static const int64_t scan[3] = {40, 36, 38};
    dn_random random;
    dn_random_seed(&random, 5);
    for (int with_fine = 0; with_fine < 2; ++with_fine) {
        dn_head head;
        dn_head_rows rows;
        memset(&head, 0, sizeof head);
        head.structures.channels = CHANNELS;
        make_look(&head.coarse, (const int64_t[3]){16, 15, 16}, 2.1, 2.0, &random);
        if (with_fine == 1) {
            make_look(&head.fine, (const int64_t[3]){18, 17, 19}, 1.0, 9.5, &random);
        }
        head.mm[0] = head.mm[1] = head.mm[2] = 1.0;
        assert_ok(dn_head_rows_make(&head, scan, true, &rows));
        for (int64_t k = 0; k < scan[2]; ++k) {
            for (int64_t j = 0; j < scan[1]; ++j) {
                for (int64_t i = 0; i < scan[0]; ++i) {
                    check(&head, &rows, (const int64_t[3]){i, j, k});
                }
            }
        }
        dn_head_rows_release(&rows);
        dn_posteriors_release(&head.coarse.posteriors);
        dn_posteriors_release(&head.fine.posteriors);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(looked_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
