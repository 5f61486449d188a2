/* Depthwise convolutions backwards, our own loops, against plain sums in double precision; and what a training plan keeps. */
#include "test_net.h"

#include "net/ops/gradient_loops.h"
#include "net/rows.h"
#include "net/train/train_plan.h"

#define ROUNDS 40

typedef struct subject {
    dn_conv conv;
    dn_shape in, out;
    float *x, *g, *taps; /* taps: [kernel, channels] */
} subject;

static float *random_floats(dn_random *r, int64_t n)
{
    float *p = calloc((size_t)n, sizeof *p);
    assert_non_null(p);
    for (int64_t i = 0; i < n; ++i) {
        p[i] = (float)dn_random_normal(r, 0.0, 1.0);
        uint16_t half;
        dn_row_store(&half, DN_TYPE_BF16, &p[i], 1); /* values that bf16 has, too */
        dn_row_load(&p[i], &half, DN_TYPE_BF16, 1);
    }
    return p;
}

static uint16_t *rounded(const float *x, int64_t n)
{
    uint16_t *half = calloc((size_t)n, sizeof *half);
    assert_non_null(half);
    dn_row_store(half, DN_TYPE_BF16, x, n);
    return half;
}

static int64_t taps_of(const dn_conv *c)
{
    return c->kernel[0] * c->kernel[1] * c->kernel[2];
}

static subject random_subject(dn_random *r)
{
    subject s = {.conv = {.bias = false}};
    bool flat = dn_random_below(r, 2) == 0;
    int64_t size[3];
    int64_t out[3];
    for (int a = 0; a < 3; ++a) {
        bool one = flat && a == 0;
        s.conv.kernel[a] = one ? 1 : test_pick(r, 1, 5);
        s.conv.stride[a] = one ? 1 : test_pick(r, 1, 3);
        s.conv.dilation[a] = one ? 1 : test_pick(r, 1, 2);
        int64_t reach = (s.conv.kernel[a] - 1) * s.conv.dilation[a];
        s.conv.pad_begin[a] = test_pick(r, 0, reach);
        s.conv.pad_end[a] = test_pick(r, 0, reach);
        int64_t least = reach + 1 - s.conv.pad_begin[a] - s.conv.pad_end[a];
        size[a] = one ? 1 : test_pick(r, least > 1 ? least : 1, 11);
        out[a] = (size[a] + s.conv.pad_begin[a] + s.conv.pad_end[a] - reach - 1) / s.conv.stride[a] + 1;
    }
    int64_t channels = test_pick(r, 1, 70);
    int64_t samples = test_pick(r, 1, 5);
    s.conv.out = s.conv.groups = channels;
    s.in = (dn_shape){samples, size[0], size[1], size[2], channels};
    s.out = (dn_shape){samples, out[0], out[1], out[2], channels};
    s.x = random_floats(r, test_size(&s.in));
    s.g = random_floats(r, test_size(&s.out));
    s.taps = random_floats(r, taps_of(&s.conv) * channels);
    return s;
}

/* Plain sums: weight [channels, kernel], in as s->in. */
static void plainly(const subject *s, double *weight, double *in)
{
    const dn_conv *c = &s->conv;
    const dn_shape *i = &s->in;
    const dn_shape *o = &s->out;
    int64_t taps = taps_of(c);
    for (int64_t at = 0; at < test_size(o); ++at) {
        int64_t ch = at % o->c;
        int64_t place[3] = {at / (o->c * o->w * o->h) % o->d, at / (o->c * o->w) % o->h, at / o->c % o->w};
        int64_t n = at / (o->c * o->w * o->h * o->d);
        for (int64_t t = 0; t < taps; ++t) {
            const int64_t tap[3] = {t / (c->kernel[1] * c->kernel[2]), t / c->kernel[2] % c->kernel[1], t % c->kernel[2]};
            int64_t from[3];
            for (int a = 0; a < 3; ++a) {
                from[a] = place[a] * c->stride[a] + tap[a] * c->dilation[a] - c->pad_begin[a];
            }
            if (from[0] < 0 || from[0] >= i->d || from[1] < 0 || from[1] >= i->h || from[2] < 0 || from[2] >= i->w) {
                continue;
            }
            int64_t read = (((n * i->d + from[0]) * i->h + from[1]) * i->w + from[2]) * i->c + ch;
            weight[ch * taps + t] += (double)s->x[read] * (double)s->g[at];
            in[read] += (double)s->taps[t * i->c + ch] * (double)s->g[at];
        }
    }
}

static void compare(const float *found, const double *expected, int64_t n, const char *what, int round)
{
    for (int64_t i = 0; i < n; ++i) {
        if (!(fabs((double)found[i] - expected[i]) <= 1e-4)) {
            fail_msg("round %d, %s %lld: expected %.9g, found %.9g", round, what, (long long)i, expected[i], (double)found[i]);
        }
    }
}

static void depthwise(void **state)
{
    (void)state;
    dn_random r;
    dn_random_seed(&r, test_seed(51));
    for (int round = 0; round < ROUNDS; ++round) {
        subject s = random_subject(&r);
        int64_t weights = taps_of(&s.conv) * s.in.c;
        double *weight = calloc((size_t)weights, sizeof *weight);
        double *in = calloc((size_t)test_size(&s.in), sizeof *in);
        float *found[2];
        float *dx = calloc((size_t)test_size(&s.in), sizeof *dx);
        void *scratch = malloc((size_t)dn_gradient_depthwise_scratch(&s.conv, &s.in, &s.out, DN_TYPE_BF16));
        assert_true(weight != NULL && in != NULL && dx != NULL && scratch != NULL);
        plainly(&s, weight, in);
        dn_gradient_operand operand = {.shape = s.in, .g = dx};
        assert_ok(dn_gradient_depthwise(&s.conv, &operand, &s.out, DN_TYPE_F32, s.g, s.taps, 2));
        compare(dx, in, test_size(&s.in), "input", round);
        for (int k = 0; k < 2; ++k) { /* the number of threads does not show */
            found[k] = calloc((size_t)weights, sizeof **found);
            dn_gradient_depthwise_weights(&s.conv, &s.in, s.x, &s.out, s.g, DN_TYPE_F32, found[k], scratch, k + 1);
            compare(found[k], weight, weights, "weight", round);
        }
        assert_memory_equal(found[0], found[1], (size_t)weights * sizeof **found);
        uint16_t *half[2] = {rounded(s.x, test_size(&s.in)), rounded(s.g, test_size(&s.out))};
        dn_gradient_depthwise_weights(&s.conv, &s.in, half[0], &s.out, half[1], DN_TYPE_BF16, found[1], scratch, 2);
        assert_memory_equal(found[0], found[1], (size_t)weights * sizeof **found); /* the values are bf16's own */
        free(half[0]);
        free(half[1]);
        free(found[0]);
        free(found[1]);
        free(weight);
        free(in);
        free(dx);
        free(scratch);
        free(s.x);
        free(s.g);
        free(s.taps);
    }
}

/* Convolution, norm, activation, again and again: one tensor a triple is kept, and a few live beside them. */
static void kept(void **state)
{
    (void)state;
    enum { TRIPLES = 12, EDGE = 24, CHANNELS = 8 };
    dn_graph *g;
    dn_weights *weights;
    dn_train_plan *plan;
    dn_random r;
    char *text;
    dn_loss loss = {.terms = {{.kind = DN_LOSS_CROSS_ENTROPY, .weight = 1.0}}, .term_count = 1, .ignore = -1};
    dn_train_options options = {.threads = 1};
    dn_random_seed(&r, test_seed(52));
    assert_ok(dn_graph_create(&g));
    int x = dn_graph_input(g, "x", (dn_shape){1, EDGE, EDGE, EDGE, 1});
    for (int i = 0; i < TRIPLES; ++i) {
        char name[3][16];
        snprintf(name[0], sizeof name[0], "conv%d", i);
        snprintf(name[1], sizeof name[1], "norm%d", i);
        snprintf(name[2], sizeof name[2], "act%d", i);
        x = dn_graph_conv(g, x, name[0], &(dn_conv){.out = CHANNELS, .kernel = {3, 3, 3}, .padding = DN_PAD_SAME});
        x = dn_graph_norm(g, x, name[1], DN_NORM_INSTANCE, 1e-3f);
        x = dn_graph_activation(g, x, name[2], i % 2 == 0 ? DN_ACT_SILU : DN_ACT_RELU, 0.0f);
    }
    dn_graph_output(g, x, "y");
    assert_ok(dn_graph_finish(g));
    assert_ok(dn_graph_start_weights(g, &r, &weights));
    assert_ok(dn_train_plan_compile(g, weights, &loss, &options, &plan));
    assert_ok(dn_train_describe(plan, &text));
    double kept = 0.0;
    double again = 0.0;
    double gradients = 0.0;
    const char *line = strstr(text, "most at");
    assert_non_null(line);
    line = strchr(line, ':');
    assert_non_null(line);
    assert_int_equal(sscanf(line, ": %lf MiB kept, %lf made again, %lf of gradients", &kept, &again, &gradients), 3);
    double tensor = (double)EDGE * EDGE * EDGE * CHANNELS * sizeof(float) / 1048576.0;
    if (kept > (TRIPLES + 1) * tensor + 0.1 || again > 2 * tensor + 0.1 || gradients > 2 * tensor + 0.1) {
        fail_msg("of tensors of %.2f MiB at most %d, 2 and 2 expected, found: %s", tensor, TRIPLES + 1, line);
    }
    free(text);
    dn_train_plan_destroy(plan);
    dn_weights_destroy(weights);
    dn_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(depthwise), cmocka_unit_test(kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
