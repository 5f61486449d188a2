/* A run on disk: every number comes back bit for bit, the optimizer goes on as if it had not been stopped, and what belongs to another run
 * is refused with a sentence. */
#define _GNU_SOURCE
#include "toy_config.h"

#include "base/file.h"
#include "train/checkpoint.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#define TEXT(training) TOY_HEAD TOY_MODEL TOY_LABELS TOY_DATA training

static char *path;
static dn_train_config *config;

static int make(void **state)
{
    toy_make(state);
    path = toy_path(folder, "checkpoint.safetensors");
    config = toy_config(TEXT(TOY_TRAINING));
    return 0;
}

static int destroy(void **state)
{
    dn_train_config_destroy(config);
    free(path);
    return toy_destroy(state);
}

/* Two arrays; of another network the second has another shape, or is missing. */
static dn_weights *arrays(float first, int64_t columns)
{
    dn_weights *out = NULL;
    dn_weight *w = NULL;
    assert_ok(dn_weights_create(&out));
    for (int n = 0; n < (columns > 0 ? 2 : 1); ++n) {
        assert_ok(
            dn_weights_add(out, n == 0 ? "a.bias" : "a.weight", n == 0 ? 1 : 2, (const int64_t[2]){3, n == 0 ? 1 : columns}, NULL, &w));
        for (int64_t i = 0; i < dn_weight_count(w); ++i) {
            w->data[i] = first + 0.1f * (float)i + (float)n;
        }
    }
    return out;
}

static dn_optimizer *optimizer_of(const dn_weights *gradients)
{
    const dn_optimizer_options options = dn_optimizer_defaults(DN_OPTIMIZER_ADAM);
    dn_optimizer *out = NULL;
    assert_ok(dn_optimizer_create(gradients, &options, &out));
    return out;
}

static void assert_same(const dn_weights *a, const dn_weights *b)
{
    assert_int_equal(dn_weights_count(a), dn_weights_count(b));
    for (size_t i = 0; i < dn_weights_count(a); ++i) {
        const dn_weight *w = dn_weights_at(a, i), *v = dn_weights_find(b, w->name);
        assert_non_null(v);
        assert_memory_equal(w->data, v->data, (size_t)dn_weight_count(w) * sizeof *w->data);
    }
}

/* Numbers that no decimal form of a few digits keeps. validated: there are best weights. */
static dn_train_state odd_state(bool validated)
{
    dn_train_state s = {.step = 7,
                        .memory = {.best = 1.0 / 3.0, .scale = 0.1, .waited = 2, .reports = 5},
                        .best_loss = nextafter(0.7, 1.0),
                        .best_step = validated ? 4 : 0,
                        .waited = 3,
                        .loss = 1e-300,
                        .norm = INFINITY,
                        .batches = 6};
    for (int64_t c = 0; c < config->class_count; ++c) {
        s.counts[c] = (dn_loss_counts){c, ((int64_t)1 << 53) + 1 + c, 3 * c};
    }
    assert_ok(dn_strdup("step\tloss\n1\t0.5\n", &s.log));
    assert_ok(dn_strdup("", &s.validation));
    return s;
}

static void write_one(const dn_weights *best)
{
    dn_weights *weights = arrays(0.25f, 4);
    dn_optimizer *optimizer = optimizer_of(weights);
    dn_train_state state = odd_state(best != NULL);
    assert_ok(dn_checkpoint_write(path, config, &state, weights, best, optimizer));
    dn_train_state_release(&state);
    dn_optimizer_destroy(optimizer);
    dn_weights_destroy(weights);
}

/* Reads into fresh arrays whose second one has `columns`. */
static dn_status read_one(const dn_train_config *as, int64_t columns)
{
    dn_weights *weights = arrays(9, columns), *best = arrays(9, columns);
    dn_optimizer *optimizer = optimizer_of(weights);
    dn_train_state state = {.step = 0};
    bool has_best;
    dn_status status = dn_checkpoint_read(path, as, &state, weights, best, &has_best, optimizer);
    dn_train_state_release(&state);
    dn_optimizer_destroy(optimizer);
    dn_weights_destroy(weights);
    dn_weights_destroy(best);
    return status;
}

static void bit_for_bit(void **state)
{
    (void)state;
    for (int with_best = 0; with_best < 2; ++with_best) {
        dn_weights *best = with_best ? arrays(-1.0f / 3.0f, 4) : NULL;
        dn_weights *weights = arrays(9, 4), *back = arrays(8, 4), *expected = arrays(0.25f, 4), *untouched = arrays(8, 4);
        dn_optimizer *optimizer = optimizer_of(weights);
        dn_train_state found = {.step = 0}, wanted = odd_state(with_best == 1);
        bool has_best = !with_best;
        write_one(best);
        assert_ok(dn_checkpoint_read(path, config, &found, weights, back, &has_best, optimizer));
        assert_int_equal(has_best, with_best);
        assert_same(weights, expected);
        assert_same(back, with_best ? best : untouched);
        assert_int_equal(found.step, wanted.step);
        assert_memory_equal(&found.memory, &wanted.memory, sizeof found.memory);
        assert_memory_equal(&found.best_loss, &wanted.best_loss, sizeof(double));
        assert_int_equal(found.best_step, wanted.best_step);
        assert_int_equal(found.waited, wanted.waited);
        assert_int_equal(found.stopped, wanted.stopped);
        assert_memory_equal(&found.loss, &wanted.loss, sizeof(double));
        assert_memory_equal(&found.norm, &wanted.norm, sizeof(double));
        assert_int_equal(found.batches, wanted.batches);
        assert_memory_equal(found.counts, wanted.counts, (size_t)config->class_count * sizeof *found.counts);
        assert_string_equal(found.log, wanted.log);
        assert_string_equal(found.validation, wanted.validation);
        dn_train_state_release(&found);
        assert_null(found.log);
        assert_int_equal(found.step, 0);
        dn_train_state_release(&wanted);
        dn_optimizer_destroy(optimizer);
        dn_weights_destroy(weights);
        dn_weights_destroy(back);
        dn_weights_destroy(expected);
        dn_weights_destroy(untouched);
        dn_weights_destroy(best);
    }
}

/* Two steps, saved, a third: the third of a run that was not saved. A fresh optimizer would make another one. */
static void optimizer_goes_on(void **state)
{
    (void)state;
    dn_weights *weights = arrays(0.25f, 4), *gradients = arrays(0.01f, 4), *back = arrays(9, 4), *best = arrays(9, 4);
    dn_optimizer *one = optimizer_of(gradients), *other = optimizer_of(gradients), *fresh = optimizer_of(gradients);
    dn_train_state s = odd_state(false), found = {.step = 0};
    bool has_best;
    for (int step = 0; step < 2; ++step) {
        assert_ok(dn_optimizer_step(one, weights, gradients, 0.01, NULL));
        dn_weights_at(gradients, 0)->data[1] *= -3.0f;
    }
    assert_ok(dn_checkpoint_write(path, config, &s, weights, NULL, one));
    assert_ok(dn_checkpoint_read(path, config, &found, back, best, &has_best, other));
    dn_weights *third = arrays(0, 4);
    assert_ok(dn_weights_take(third, weights, "", "memory"));
    assert_ok(dn_optimizer_step(one, weights, gradients, 0.01, NULL));
    assert_ok(dn_optimizer_step(other, back, gradients, 0.01, NULL));
    assert_ok(dn_optimizer_step(fresh, third, gradients, 0.01, NULL));
    assert_same(back, weights);
    assert_true(dn_weights_at(third, 0)->data[1] != dn_weights_at(weights, 0)->data[1]);
    dn_train_state_release(&s);
    dn_train_state_release(&found);
    dn_weights *all[] = {weights, gradients, back, best, third};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
        dn_weights_destroy(all[i]);
    }
    dn_optimizer_destroy(one);
    dn_optimizer_destroy(other);
    dn_optimizer_destroy(fresh);
}

#define LENGTH(steps)                                                                                                                      \
    "training: {steps: " steps ", data_threads: 1, log_every: 1, validate_every: 4, schedule: {kind: constant, peak: 0.02}}\n"

/* Longer is the same run; another rate is not, and the sentence says what differs; nor is a length that is over already. */
static void other_configs(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
        dn_status status;
    } cases[] = {
        {TEXT(LENGTH("40")), NULL, DN_OK},
        {TEXT(LENGTH("5")), "already at step 7", DN_EFORMAT},
        {TEXT("training: {steps: 12, log_every: 1, validate_every: 4, schedule: {kind: constant, peak: 0.03}}\n"), "peak", DN_EFORMAT},
    };
    write_one(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_train_config *other = toy_config(cases[i].text);
        assert_int_equal(read_one(other, 4), cases[i].status);
        if (cases[i].part != NULL && strstr(dn_error_message(), cases[i].part) == NULL) {
            fail_msg("expected \"%s\" in the sentence, found \"%s\"", cases[i].part, dn_error_message());
        }
        dn_train_config_destroy(other);
    }
}

static void other_networks(void **state)
{
    (void)state;
    dn_weights *few = arrays(0, 0), *all = arrays(0, 4);
    write_one(NULL);
    assert_int_equal(read_one(config, 5), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "another shape"));
    assert_int_equal(dn_weights_take(all, few, "", "here"), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "here is of another network: the weight a.weight is missing"));
    assert_ok(dn_weights_take(few, all, "", "here")); /* more arrays than asked for do not matter */
    dn_weights_destroy(few);
    dn_weights_destroy(all);
}

static void not_a_checkpoint(void **state)
{
    (void)state;
    dn_model *model = NULL;
    toy_text(folder, "checkpoint.safetensors", "hello\n");
    assert_int_equal(read_one(config, 4), DN_EFORMAT);
    assert_ok(dn_train_config_model(config, &model));
    dn_weights_destroy(model->weights);
    model->weights = arrays(0, 4);
    assert_ok(dn_model_write(model, DN_STORE_F32, path));
    assert_int_equal(read_one(config, 4), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "is not a checkpoint"));
    dn_model_destroy(model);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(read_one(config, 4), DN_EINPUT);
}

/* No room for the new file: the one before is still there, and nothing beside it. */
static void full_disk(void **state)
{
    (void)state;
    size_t size[2];
    unsigned char *bytes[2] = {NULL, NULL};
    struct rlimit before, small;
    dn_weights *weights = arrays(0.5f, 4096);
    dn_optimizer *optimizer = optimizer_of(weights);
    dn_train_state s = odd_state(false);
    char command[800];
    write_one(NULL);
    assert_ok(dn_file_read(path, 1 << 20, &bytes[0], &size[0]));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 16384;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    dn_status status = dn_checkpoint_write(path, config, &s, weights, NULL, optimizer);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, DN_EIO);
    assert_ok(dn_file_read(path, 1 << 20, &bytes[1], &size[1]));
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    snprintf(command, sizeof command, "[ \"$(ls -A '%.600s' | grep -c checkpoint)\" = 1 ]", folder);
    assert_int_equal(system(command), 0);
    free(bytes[0]);
    free(bytes[1]);
    dn_train_state_release(&s);
    dn_optimizer_destroy(optimizer);
    dn_weights_destroy(weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bit_for_bit),      cmocka_unit_test(optimizer_goes_on),
                                       cmocka_unit_test(other_configs),    cmocka_unit_test(other_networks),
                                       cmocka_unit_test(not_a_checkpoint), cmocka_unit_test(full_disk)};
    return cmocka_run_group_tests(tests, make, destroy);
}
