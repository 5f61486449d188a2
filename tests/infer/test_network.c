/* The search of the whole head runs in tiles: for any network, its labels are those of one run on the whole volume. */
#include "test.h"

#include "base/random.h"
#include "infer/network.h"
#include "models/model.h"

#include <stdlib.h>

/* Longer than the largest tile along x. */
static const int64_t dim[3] = {288, 32, 32};

static dn_model *make_model(const char *config, int64_t multiple)
{
    dn_model *model = NULL;
    dn_graph *graph = NULL;
    dn_random random;
    assert_ok(dn_model_create("tiles", "unet3d", config, &model));
    model->input.multiple = multiple;
    assert_ok(dn_model_graph(model, (dn_shape){1, 32, 32, 32, 1}, &graph));
    dn_random_seed(&random, 29);
    dn_weights_destroy(model->weights);
    assert_ok(dn_graph_start_weights(graph, &random, &model->weights));
    dn_graph_destroy(graph);
    return model;
}

/* Values that differ along x, so that what a tile does not see matters. */
static dn_volume *make_volume(void)
{
    dn_grid grid = {{dim[0], dim[1], dim[2]}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_volume *volume = NULL;
    dn_random random;
    assert_ok(dn_volume_create(&grid, &volume));
    dn_random_seed(&random, 31);
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                volume->data[dn_grid_offset(&grid, i, j, k)] = (float)(0.02 * (double)i + dn_random_normal(&random, 0, 1));
            }
        }
    }
    return volume;
}

static void check(const char *config, int64_t multiple, int64_t limit)
{
    dn_model *model = make_model(config, multiple);
    dn_volume *volume = make_volume();
    dn_network *network = NULL;
    dn_network_options options = {DN_PRECISION_F32, 0};
    dn_posteriors whole = {0};
    uint8_t *labels = NULL;
    const int64_t zero[3] = {0, 0, 0};
    assert_ok(dn_network_create(model, &options, &network));
    assert_ok(dn_network_run(network, volume, zero, dim, &whole));
    dn_network_destroy(network);
    options.memory_limit = limit;
    assert_ok(dn_network_create(model, &options, &network));
    assert_ok(dn_network_run_whole(network, volume, &labels));
    if (limit > 0 && dn_network_work_done(network)->voxels == dim[0] * dim[1] * dim[2]) {
        fail_msg("expected several tiles with a limit of %lld bytes, found one", (long long)limit);
    }
    if (limit > 0 && dn_network_work_done(network)->peak_bytes > limit) {
        fail_msg("expected at most %lld bytes, found %lld", (long long)limit, (long long)dn_network_work_done(network)->peak_bytes);
    }
    int64_t voxels = dim[0] * dim[1] * dim[2];
    int64_t wrong = 0;
    for (int64_t v = 0; v < voxels; ++v) {
        int64_t best = 0;
        for (int64_t c = 1; c < whole.channels; ++c) {
            best = dn_posteriors_of(&whole, v)[c] > dn_posteriors_of(&whole, v)[best] ? c : best;
        }
        /* Equal but for rounding: a tie may fall to either side. */
        wrong += labels[v] != best && dn_posteriors_of(&whole, v)[best] - dn_posteriors_of(&whole, v)[labels[v]] > 1e-5f;
    }
    if (wrong > 0) {
        fail_msg("%s: expected the labels of one run, found %lld of %lld voxels that differ", config, (long long)wrong, (long long)voxels);
    }
    /* A box, too, with its posteriors. */
    dn_posteriors tiled = {0};
    const float *raw = NULL;
    int64_t channels = 0;
    assert_ok(dn_network_run(network, volume, zero, dim, &tiled));
    assert_ok(dn_network_run_tensor(network, volume, zero, dim, &raw, &channels));
    assert_int_equal(channels, whole.channels);
    for (int64_t v = 0; v < voxels * whole.channels; ++v) {
        assert_close(tiled.data[v], whole.data[v], 1e-5);
        int64_t at = v / channels;
        int64_t i = at % dim[0];
        int64_t j = at / dim[0] % dim[1];
        int64_t k = at / dim[0] / dim[1];
        assert_close(raw[((i * dim[1] + j) * dim[2] + k) * channels + v % channels], whole.data[v], 1e-5);
    }
    dn_posteriors_release(&tiled);
    dn_posteriors taken = {0};
    assert_ok(dn_network_run_take(network, volume, zero, dim, &taken));
    assert_ok(dn_network_run(network, volume, zero, dim, &tiled)); /* after a rest, too */
    assert_int_equal(taken.channels, whole.channels);
    for (int64_t v = 0; v < voxels * whole.channels; ++v) {
        assert_close(taken.data[v], whole.data[v], 1e-5);
        assert_close(tiled.data[v], whole.data[v], 1e-5);
    }
    dn_posteriors_release(&taken);
    dn_posteriors_release(&tiled);
    free(labels);
    dn_posteriors_release(&whole);
    dn_network_destroy(network);
    dn_volume_destroy(volume);
    dn_model_destroy(model);
}

static void three_levels(void **state)
{
    (void)state;
    check("{\"classes\": 5, \"features\": [4, 4, 4], \"convs\": 2}", 8, 16000000);
}

/* The limit counts what the network reads and writes, too; small tiles stay within it, or it says that none do. */
static void memory_limit(void **state)
{
    (void)state;
    const char *config = "{\"classes\": 5, \"features\": [4, 4, 4], \"convs\": 2}";
    for (int64_t limit = 12000000; limit > 5000000; limit -= 500000) {
        check(config, 8, limit);
    }
    dn_model *model = make_model(config, 8);
    dn_volume *volume = make_volume();
    dn_network *network = NULL;
    dn_network_options options = {DN_PRECISION_F32, 100000};
    uint8_t *labels = NULL;
    assert_ok(dn_network_create(model, &options, &network));
    assert_int_equal(dn_network_run_whole(network, volume, &labels), DN_ENOMEM);
    dn_network_destroy(network);
    dn_volume_destroy(volume);
    dn_model_destroy(model);
}

/* Looks 44 voxels far, with max pools; the tiles of three levels would be too narrow. */
static void four_levels(void **state)
{
    (void)state;
    check("{\"classes\": 5, \"features\": [4, 4, 4, 4], \"convs\": 2}", 8, 16000000);
}

static void six_levels(void **state)
{
    (void)state;
    check("{\"classes\": 5, \"features\": [4, 4, 4, 4, 4, 4], \"convs\": 2}", 32, 0);
}

/* Instance norm looks at everything: no tiles. */
static void instance_norm(void **state)
{
    (void)state;
    check("{\"classes\": 5, \"features\": [4, 4, 4], \"convs\": 2, \"norm\": \"instance\", \"norm_at\": \"conv\"}", 8, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(three_levels), cmocka_unit_test(memory_limit), cmocka_unit_test(four_levels),
                                       cmocka_unit_test(six_levels), cmocka_unit_test(instance_norm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
