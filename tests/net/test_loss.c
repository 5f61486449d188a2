/* The fused losses against their formulas in double precision, whose gradients are checked by finite differences first. */
#include "loss_reference.h"
#include "test_net.h"

#define ROUNDS 40
#define MAX_CLASSES 12

typedef struct drawn {
    dn_loss loss;
    float weights[MAX_CLASSES];
    int64_t voxels, classes;
    double *logits;
    int *targets;
} drawn;

static void draw(drawn *d, dn_random *r, int64_t most)
{
    *d = (drawn){.voxels = test_pick(r, 1, most), .classes = test_pick(r, 2, MAX_CLASSES)};
    d->loss.ignore = dn_random_below(r, 2) == 0 ? 7 : -1;
    d->loss.term_count = (int)test_pick(r, 1, 3);
    int focal = 0;
    for (int i = 0; i < d->loss.term_count; ++i) {
        dn_loss_kind kind = (dn_loss_kind)dn_random_below(r, 4);
        if (kind == DN_LOSS_FOCAL && focal++ > 0) {
            kind = DN_LOSS_JACCARD;
        }
        d->loss.terms[i] = (dn_loss_term){.kind = kind,
                                          .weight = dn_random_uniform(r, 0.3, 2.0),
                                          .gamma = kind == DN_LOSS_FOCAL ? dn_random_uniform(r, 0.5, 3.0) : 0.0,
                                          .smooth = dn_random_below(r, 2) == 0 ? 0.0 : 1.0,
                                          .skip_background = dn_random_below(r, 3) == 0};
    }
    if (dn_random_below(r, 2) == 0) {
        for (int64_t c = 0; c < d->classes; ++c) {
            d->weights[c] = (float)dn_random_uniform(r, 0.1, 3.0);
        }
        d->loss.class_weights = d->weights;
    }
    d->logits = malloc((size_t)(d->voxels * d->classes) * sizeof *d->logits);
    d->targets = malloc((size_t)d->voxels * sizeof *d->targets);
    for (int64_t i = 0; i < d->voxels * d->classes; ++i) {
        d->logits[i] = (double)(float)dn_random_normal(r, 0.0, 2.0);
    }
    for (int64_t v = 0; v < d->voxels; ++v) {
        int t = (int)dn_random_below(r, (uint64_t)d->classes);
        d->targets[v] = t;
    }
    d->targets[0] = d->loss.ignore == 0 ? 1 : 0; /* one that counts */
}

static void drop(drawn *d)
{
    free(d->logits);
    free(d->targets);
}

static void test_reference(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(50));
    for (int round = 0; round < ROUNDS; ++round) {
        drawn d;
        draw(&d, &r, 30);
        double *gradient = malloc((size_t)(d.voxels * d.classes) * sizeof *gradient);
        loss_of_logits(&d.loss, d.logits, d.voxels, d.classes, d.targets, gradient);
        for (int probe = 0; probe < 10; ++probe) {
            int64_t i = test_pick(&r, 0, d.voxels * d.classes - 1);
            double x = d.logits[i];
            d.logits[i] = x + 1e-5;
            double high = loss_of_logits(&d.loss, d.logits, d.voxels, d.classes, d.targets, NULL);
            d.logits[i] = x - 1e-5;
            double low = loss_of_logits(&d.loss, d.logits, d.voxels, d.classes, d.targets, NULL);
            d.logits[i] = x;
            assert_close(gradient[i], (high - low) / 2e-5, 1e-8);
        }
        free(gradient);
        drop(&d);
    }
}

static void test_fused(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(51));
    for (int round = 0; round < ROUNDS; ++round) {
        drawn d;
        draw(&d, &r, round % 4 == 0 ? 9000 : 300);
        int64_t n = d.voxels * d.classes;
        double *expected = malloc((size_t)n * sizeof *expected);
        float *found = malloc((size_t)n * sizeof *found);
        uint16_t *classes = malloc((size_t)d.voxels * sizeof *classes);
        for (int64_t v = 0; v < d.voxels; ++v) {
            classes[v] = (uint16_t)d.targets[v];
        }
        double value = loss_of_logits(&d.loss, d.logits, d.voxels, d.classes, d.targets, expected);
        dn_targets targets = {.type = DN_TARGET_U16, .data = classes};
        dn_loss_result first = {0};
        for (int threads = 1; threads <= 2; ++threads) {
            dn_loss_result result;
            dn_loss_counts counts[MAX_CLASSES];
            for (int64_t i = 0; i < n; ++i) {
                found[i] = (float)d.logits[i];
            }
            assert_ok(dn_loss_run(&d.loss, found, d.voxels, d.classes, &targets, true, 3.0, threads, NULL, &result, counts));
            assert_close(result.loss, value, 2e-6 * fmax(1.0, value));
            double length = 0.0;
            double distance = 0.0;
            for (int64_t i = 0; i < n; ++i) {
                length += 9.0 * expected[i] * expected[i];
                distance += ((double)found[i] - 3.0 * expected[i]) * ((double)found[i] - 3.0 * expected[i]);
            }
            if (!(sqrt(distance) < 1e-5 * sqrt(length))) {
                fail_msg("round %d: gradient of length %.6g is off by %.3g", round, sqrt(length), sqrt(distance));
            }
            int64_t truth = 0;
            for (int64_t c = 0; c < d.classes; ++c) {
                truth += counts[c].truth;
            }
            assert_int_equal(truth, result.voxels);
            if (threads == 1) {
                first = result;
            } else {
                assert_memory_equal(&first, &result, sizeof result);
            }
        }
        free(expected);
        free(found);
        free(classes);
        drop(&d);
    }
}

/* ---- soft targets ---- */

/* The formulas of loss.h once more, from posteriors in double precision. */
static double soft_value(const dn_loss *loss, const double *p, const float *g, const int *targets, int64_t voxels, int64_t classes)
{
    double total = 0.0;
    for (int k = 0; k < loss->term_count; ++k) {
        const dn_loss_term *t = &loss->terms[k];
        bool overlap = t->kind == DN_LOSS_DICE || t->kind == DN_LOSS_JACCARD;
        double top[MAX_CLASSES] = {0}, sum_p[MAX_CLASSES] = {0}, sum_g[MAX_CLASSES] = {0};
        double points = 0.0, weights = 0.0, class_sum = 0.0, value = 0.0;
        for (int64_t v = 0; v < voxels; ++v) {
            for (int64_t c = 0; c < classes && targets[v] != loss->ignore; ++c) {
                double q = p[v * classes + c], h = (double)g[v * classes + c];
                top[c] += fmin(q, h);
                sum_p[c] += q;
                sum_g[c] += h;
                double gamma = t->kind == DN_LOSS_FOCAL ? t->gamma : 0.0;
                points += h > 0.0 ? loss_weight(loss, c) * h * pow(1.0 - q, gamma) * -log(q) : 0.0;
                weights += loss_weight(loss, c) * h;
            }
        }
        for (int64_t c = t->skip_background ? 1 : 0; c < classes; ++c) {
            double s = t->smooth > 0.0 ? t->smooth : 1e-5;
            double both = t->kind == DN_LOSS_DICE ? 2.0 * top[c] : top[c];
            double all = sum_p[c] + sum_g[c] - (t->kind == DN_LOSS_DICE ? 0.0 : top[c]);
            value += loss_weight(loss, c) * (1.0 - (both + s) / (all + s));
            class_sum += loss_weight(loss, c);
        }
        total += t->weight * (overlap ? value / class_sum : points / weights);
    }
    return total;
}

static double soft_of_logits(const drawn *d, const float *g)
{
    double *p = malloc((size_t)(d->voxels * d->classes) * sizeof *p);
    for (int64_t v = 0; v < d->voxels; ++v) {
        double sum = 0.0;
        for (int64_t c = 0; c < d->classes; ++c) {
            p[v * d->classes + c] = exp(d->logits[v * d->classes + c]);
            sum += p[v * d->classes + c];
        }
        for (int64_t c = 0; c < d->classes; ++c) {
            p[v * d->classes + c] /= sum;
        }
    }
    double value = soft_value(&d->loss, p, g, d->targets, d->voxels, d->classes);
    free(p);
    return value;
}

/* Mostly one class, some shared, as posteriors are. */
static float *draw_soft(const drawn *d, dn_random *r)
{
    float *g = calloc((size_t)(d->voxels * d->classes), sizeof *g);
    for (int64_t v = 0; v < d->voxels; ++v) {
        double share = dn_random_below(r, 3) == 0 ? 1.0 : dn_random_unit(r);
        g[v * d->classes + d->targets[v]] = (float)share;
        g[v * d->classes + (d->targets[v] + 1) % d->classes] += 1.0f - (float)share;
    }
    return g;
}

static void test_soft(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(52));
    for (int round = 0; round < ROUNDS; ++round) {
        drawn d;
        draw(&d, &r, round % 8 == 0 ? 3000 : 60);
        int64_t n = d.voxels * d.classes;
        float *g = draw_soft(&d, &r);
        float *found = malloc((size_t)n * sizeof *found);
        uint16_t *classes = malloc((size_t)d.voxels * sizeof *classes);
        for (int64_t v = 0; v < d.voxels; ++v) {
            classes[v] = (uint16_t)d.targets[v];
        }
        for (int64_t i = 0; i < n; ++i) {
            found[i] = (float)d.logits[i];
        }
        dn_targets targets = {.type = DN_TARGET_U16, .data = classes, .soft = g};
        dn_loss_result result;
        double value = soft_of_logits(&d, g);
        assert_ok(dn_loss_run(&d.loss, found, d.voxels, d.classes, &targets, true, 1.0, 2, NULL, &result, NULL));
        assert_close(result.loss, value, 2e-6 * fmax(1.0, value));
        for (int probe = 0; probe < 20; ++probe) {
            int64_t i = test_pick(&r, 0, n - 1);
            double x = d.logits[i];
            d.logits[i] = x + 1e-5;
            double high = soft_of_logits(&d, g);
            d.logits[i] = x - 1e-5;
            double low = soft_of_logits(&d, g);
            d.logits[i] = x;
            double expected = (high - low) / 2e-5;
            assert_close(found[i], expected, 2e-5 * fmax(0.05, fabs(expected)));
        }
        free(g);
        free(found);
        free(classes);
        drop(&d);
    }
}

/* One class for certain is the hard target; and the best answer to a probability is that probability. */
static void test_soft_ends(void **state)
{
    (void)state;
    enum { VOXELS = 500, CLASSES = 4 };
    dn_random r;
    dn_random_seed(&r, test_seed(53));
    dn_loss loss = {.terms = {{.kind = DN_LOSS_CROSS_ENTROPY, .weight = 1.0},
                              {.kind = DN_LOSS_DICE, .weight = 0.7},
                              {.kind = DN_LOSS_JACCARD, .weight = 0.3}},
                    .term_count = 3,
                    .ignore = 9};
    static float hard[VOXELS * CLASSES], soft[VOXELS * CLASSES], g[VOXELS * CLASSES], logits[VOXELS * CLASSES];
    static uint8_t classes[VOXELS];
    dn_loss_result of_hard, of_soft;
    dn_loss_counts counts[2][CLASSES];
    for (int v = 0; v < VOXELS; ++v) {
        classes[v] = (uint8_t)(dn_random_below(&r, 10) == 0 ? 9 : dn_random_below(&r, CLASSES));
        for (int c = 0; c < CLASSES; ++c) {
            hard[v * CLASSES + c] = soft[v * CLASSES + c] = (float)dn_random_normal(&r, 0.0, 2.0);
            g[v * CLASSES + c] = c == classes[v] ? 1.0f : 0.0f;
        }
    }
    const dn_targets by_class = {.type = DN_TARGET_U8, .data = classes}, by_share = {.type = DN_TARGET_U8, .data = classes, .soft = g};
    assert_ok(dn_loss_run(&loss, hard, VOXELS, CLASSES, &by_class, true, 1.0, 1, NULL, &of_hard, counts[0]));
    assert_ok(dn_loss_run(&loss, soft, VOXELS, CLASSES, &by_share, true, 1.0, 1, NULL, &of_soft, counts[1]));
    assert_close(of_soft.loss, of_hard.loss, 1e-9);
    assert_memory_equal(counts[0], counts[1], sizeof counts[0]);
    for (int i = 0; i < VOXELS * CLASSES; ++i) {
        assert_close(soft[i], hard[i], 1e-8);
    }
    double entropy = 0.0;
    int64_t counted = 0;
    for (int v = 0; v < VOXELS; ++v) {
        double sum = 0.0;
        for (int c = 0; c < CLASSES; ++c) {
            g[v * CLASSES + c] = (float)dn_random_uniform(&r, 0.05, 1.0);
            sum += (double)g[v * CLASSES + c];
        }
        for (int c = 0; c < CLASSES; ++c) {
            g[v * CLASSES + c] = (float)((double)g[v * CLASSES + c] / sum);
            logits[v * CLASSES + c] = (float)log((double)g[v * CLASSES + c]);
            entropy -= classes[v] != 9 ? (double)g[v * CLASSES + c] * log((double)g[v * CLASSES + c]) : 0.0;
        }
        counted += classes[v] != 9;
    }
    assert_ok(dn_loss_run(&loss, logits, VOXELS, CLASSES, &by_share, false, 1.0, 1, NULL, &of_soft, NULL));
    assert_int_equal(of_soft.voxels, counted);
    assert_close(of_soft.terms[0], entropy / (double)counted, 1e-6);
    assert_close(of_soft.terms[1], 0.0, 1e-6);
    assert_close(of_soft.terms[2], 0.0, 1e-6);
}

static void test_counts(void **state)
{
    (void)state;
    /* most probable: 0 1 1 2 2, truth: 0 1 2 2 ignored */
    float logits[15] = {5, 0, 0, 0, 5, 0, 0, 5, 0, 0, 0, 5, 0, 0, 5};
    uint8_t truth[5] = {0, 1, 2, 2, 9};
    dn_loss loss = {.terms = {{.kind = DN_LOSS_CROSS_ENTROPY, .weight = 1.0}}, .term_count = 1, .ignore = 9};
    dn_targets targets = {.type = DN_TARGET_U8, .data = truth};
    dn_loss_result result;
    dn_loss_counts counts[3];
    assert_ok(dn_loss_run(&loss, logits, 5, 3, &targets, false, 1.0, 1, NULL, &result, counts));
    assert_int_equal(result.voxels, 4);
    assert_close(dn_loss_counts_dice(&counts[0]), 1.0, 0.0);
    assert_close(dn_loss_counts_dice(&counts[1]), 2.0 / 3.0, 1e-15);
    assert_close(dn_loss_counts_dice(&counts[2]), 2.0 / 3.0, 1e-15);
    assert_close(logits[0], exp(5.0) / (exp(5.0) + 2.0), 1e-6); /* posteriors, because no gradient was asked for */
}

static void test_refusals(void **state)
{
    (void)state;
    float logits[4] = {0};
    uint8_t truth[2] = {0, 2};
    dn_targets targets = {.type = DN_TARGET_U8, .data = truth};
    dn_loss loss = {.terms = {{.kind = DN_LOSS_DICE, .weight = 1.0}}, .term_count = 1, .ignore = -1};
    dn_loss_result result;
    assert_int_equal(dn_loss_run(&loss, logits, 2, 2, &targets, true, 1.0, 1, NULL, &result, NULL), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "voxel 1"));
    loss.term_count = 0;
    assert_int_equal(dn_loss_check(&loss, 2), DN_EUSAGE);
    loss.term_count = 1;
    loss.terms[0].weight = -1.0;
    assert_int_equal(dn_loss_check(&loss, 2), DN_EUSAGE);
    /* nothing counts: no loss, no gradient, no NaN */
    loss.terms[0].weight = 1.0;
    loss.ignore = 0;
    truth[1] = 0;
    assert_ok(dn_loss_run(&loss, logits, 2, 2, &targets, true, 1.0, 1, NULL, &result, NULL));
    assert_close(result.loss, 0.0, 0.0);
    assert_close(logits[0], 0.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reference), cmocka_unit_test(test_fused),  cmocka_unit_test(test_soft),
                                       cmocka_unit_test(test_soft_ends), cmocka_unit_test(test_counts), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
