/* Ten steps of training two small networks follow PyTorch's from the same start: loss, norm of the gradients, running
 * statistics. tools/reference_training.py made the reference and says what the formulas here are. */
#include "test_net.h"

#include "net/train/optimizer.h"
#include "net/train/schedule.h"
#include "net/train/train_plan.h"

#define STEPS 10
#define CLASSES 4

static dn_graph *g;

static int conv(int x, const char *name, int64_t out, int64_t depth, int64_t kernel, int64_t stride, bool bias)
{
    dn_conv c = {.out = out,
                 .kernel = {depth, kernel, kernel},
                 .stride = {depth > 1 ? stride : 1, stride, stride},
                 .padding = stride > 1 ? DN_PAD_VALID : DN_PAD_SAME,
                 .bias = bias};
    return dn_graph_conv(g, x, name, &c);
}

static int block3d(int x, const char *name, int64_t out)
{
    char part[6][64];
    static const char *const parts[6] = {"conv0", "norm0", "conv1", "norm1", "shortcut", "sum"};
    for (int i = 0; i < 6; ++i) {
        snprintf(part[i], sizeof part[i], "%s.%s", name, parts[i]);
    }
    int y = dn_graph_norm(g, conv(x, part[0], out, 3, 3, 1, false), part[1], DN_NORM_INSTANCE, 1e-5f);
    y = dn_graph_activation(g, y, strcat(part[0], ".act"), DN_ACT_ELU, 1.0f);
    y = dn_graph_norm(g, conv(y, part[2], out, 3, 3, 1, false), part[3], DN_NORM_INSTANCE, 1e-5f);
    y = dn_graph_add(g, y, conv(x, part[4], out, 1, 1, 1, true), part[5]);
    return dn_graph_activation(g, y, strcat(part[5], ".act"), DN_ACT_ELU, 1.0f);
}

static void residual3d(dn_shape shape)
{
    static const int64_t two[3] = {2, 2, 2};
    int skip = block3d(dn_graph_input(g, "scan", shape), "enc0", 6);
    int x = dn_graph_activation(g, conv(skip, "down0", 8, 2, 2, 2, true), "down0.act", DN_ACT_ELU, 1.0f);
    x = dn_graph_upsample(g, block3d(x, "enc1", 8), "up", DN_UP_LINEAR, two);
    int inputs[2] = {skip, x};
    x = block3d(dn_graph_concat(g, inputs, 2, "concat"), "dec0", 6);
    dn_graph_output(g, dn_graph_softmax(g, conv(x, "head", CLASSES, 1, 1, 1, true), "softmax"), "posteriors");
}

static int flat_level(int x, const char *name, int64_t out, dn_activation activation)
{
    char part[3][32];
    static const char *const parts[3] = {"conv", "norm", "act"};
    for (int i = 0; i < 3; ++i) {
        snprintf(part[i], sizeof part[i], "%s%s", parts[i], name);
    }
    x = dn_graph_norm(g, conv(x, part[0], out, 1, 3, 1, true), part[1], DN_NORM_BATCH, 1e-3f);
    return dn_graph_activation(g, x, part[2], activation, 0.1f);
}

static void unet2d(dn_shape shape)
{
    int skip = flat_level(dn_graph_input(g, "scan", shape), "0", 8, DN_ACT_RELU);
    int x = dn_graph_pool(g, skip, "pool", &(dn_pool){.kind = DN_POOL_MAX, .kernel = {1, 2, 2}, .padding = DN_PAD_VALID});
    x = flat_level(x, "1", 12, DN_ACT_SILU);
    x = dn_graph_deconv(g, x, "up", &(dn_conv){.out = 8, .kernel = {1, 2, 2}, .stride = {1, 2, 2}, .padding = DN_PAD_VALID, .bias = true});
    int inputs[2] = {skip, x};
    x = flat_level(dn_graph_concat(g, inputs, 2, "concat"), "2", 8, DN_ACT_LEAKY_RELU);
    dn_graph_output(g, conv(x, "head", CLASSES, 1, 1, 1, true), "logits");
}

static void start_weights(dn_weights *weights)
{
    for (size_t k = 0; k < dn_weights_count(weights); ++k) {
        dn_weight *w = dn_weights_at(weights, k);
        if (strstr(w->name, "running") != NULL) {
            continue;
        }
        long phase = 0;
        for (size_t i = 0; w->name[i] != '\0'; ++i) {
            phase += (long)(i + 1) * w->name[i];
        }
        double fan = 1.0;
        for (size_t i = 1; i < w->rank; ++i) {
            fan *= (double)w->dim[i];
        }
        fan = strcmp(w->name, "up.weight") == 0 ? (double)w->dim[0] : fan;
        bool norm = strstr(w->name, "norm") != NULL && strstr(w->name, ".weight") != NULL;
        for (int64_t i = 0; i < dn_weight_count(w); ++i) {
            double wave = sin((double)(phase % 1000) + 12.9898 * (double)i);
            w->data[i] = (float)(w->rank > 1 ? wave * sqrt(2.0 / fan) : 0.1 * wave + (norm ? 1.0 : 0.0));
        }
    }
}

static void fill_batch(const dn_shape *s, float *scan, uint16_t *targets)
{
    int64_t i = 0;
    for (int64_t n = 0; n < s->n; ++n) {
        for (int64_t d = 0; d < s->d; ++d) {
            for (int64_t h = 0; h < s->h; ++h) {
                for (int64_t w = 0; w < s->w; ++w, ++i) {
                    int64_t blocks = s->d > 1 ? d / 3 + h / 3 * 2 + w / 3 * 3 : h / 3 + w / 3 * 2;
                    targets[i] = (uint16_t)((blocks + n) % CLASSES);
                    scan[i] = (float)(0.5 * (double)targets[i] + sin(7.31 * (double)i));
                }
            }
        }
    }
}

typedef struct curve {
    const char *name;
    void (*network)(dn_shape shape);
    dn_shape shape;
    dn_loss loss;
    dn_optimizer_options optimizer;
    dn_schedule schedule;
    double worst;
} curve;

static const float class_weights[CLASSES] = {0.5f, 1.0f, 2.0f, 1.5f};

/* The next line of the reference: its second column, and two numbers. False when another case begins. */
static bool next_line(FILE *from, const char *name, char key[64], double numbers[2])
{
    char found[64];
    long before = ftell(from);
    if (fscanf(from, "%63s %63s %lf %lf", found, key, &numbers[0], &numbers[1]) != 4 || strcmp(found, name) != 0) {
        assert_int_equal(fseek(from, before, SEEK_SET), 0);
        return false;
    }
    return true;
}

static void follow(curve *c, FILE *from)
{
    dn_weights *weights;
    dn_random r;
    dn_train_plan *plan;
    dn_optimizer *optimizer;
    dn_train_options options = {.norm_momentum = 0.9, .torch_variance = true};
    char key[64];
    double numbers[2];
    int step = 0;
    dn_random_seed(&r, 1);
    assert_ok(dn_graph_create(&g));
    c->network(c->shape);
    assert_ok(dn_graph_finish(g));
    assert_ok(dn_graph_start_weights(g, &r, &weights));
    start_weights(weights);
    int64_t voxels = test_size(&c->shape);
    float *scan = malloc((size_t)voxels * sizeof *scan);
    uint16_t *classes = malloc((size_t)voxels * sizeof *classes);
    fill_batch(&c->shape, scan, classes);
    const float *inputs[1] = {scan};
    dn_targets targets = {.type = DN_TARGET_U16, .data = classes};
    assert_ok(dn_train_plan_compile(g, weights, &c->loss, &options, &plan));
    assert_ok(dn_optimizer_create(dn_train_gradients(plan), &c->optimizer, &optimizer));
    while (next_line(from, c->name, key, numbers)) {
        if (strstr(key, "running") != NULL) {
            const dn_weight *w = dn_weights_find(weights, key);
            assert_non_null(w);
            assert_close(w->data[0], numbers[0], 2e-4);
            assert_close(w->data[dn_weight_count(w) - 1], numbers[1], 2e-4);
            continue;
        }
        dn_loss_result result;
        double norm;
        dn_train_zero_gradients(plan);
        assert_ok(dn_train_forward_backward(plan, inputs, &targets, 1.0, &result, NULL));
        assert_ok(dn_optimizer_step(optimizer, weights, dn_train_gradients(plan), dn_schedule_rate(&c->schedule, NULL, step), &norm));
        double error = fabs(result.loss / numbers[0] - 1.0);
        if (!(error < 2e-5) || !(fabs(norm / numbers[1] - 1.0) < 2e-4)) {
            fail_msg("%s, step %d: loss expected %.9g, found %.9g; norm of the gradients expected %.9g, found %.9g", c->name, step,
                     numbers[0], result.loss, numbers[1], norm);
        }
        c->worst = fmax(c->worst, error);
        ++step;
    }
    assert_int_equal(step, STEPS);
    printf("%s: worst error of a loss %.2g\n", c->name, c->worst);
    dn_optimizer_destroy(optimizer);
    dn_train_plan_destroy(plan);
    dn_weights_destroy(weights);
    dn_graph_destroy(g);
    free(scan);
    free(classes);
}

static dn_optimizer_options torch_options(dn_optimizer_kind kind, double decay)
{
    dn_optimizer_options o = dn_optimizer_defaults(kind);
    o.torch_epsilon = true;
    o.weight_decay = decay;
    o.decay_vectors = true;
    return o;
}

static void test_curves(void **state)
{
    (void)state;
    dn_loss_term entropy = {.kind = DN_LOSS_CROSS_ENTROPY, .weight = 1.0};
    curve curves[4] = {
        {.name = "residual_dice_adam", .network = residual3d, .shape = {1, 8, 12, 8, 1}},
        {.name = "residual_focal_adamw", .network = residual3d, .shape = {2, 8, 8, 8, 1}},
        {.name = "flat_jaccard_sgd", .network = unet2d, .shape = {2, 1, 12, 16, 1}},
        {.name = "flat_weighted_adam_clipped", .network = unet2d, .shape = {2, 1, 12, 16, 1}},
    };
    curves[0].loss = (dn_loss){.terms = {entropy, {.kind = DN_LOSS_DICE, .weight = 1.0}}, .term_count = 2, .ignore = -1};
    curves[0].optimizer = torch_options(DN_OPTIMIZER_ADAM, 0.0);
    curves[0].schedule = dn_schedule_defaults(DN_SCHEDULE_CONSTANT, 3e-3, STEPS);
    curves[1].loss = (dn_loss){.terms = {{.kind = DN_LOSS_FOCAL, .weight = 1.0, .gamma = 2.0}},
                               .term_count = 1,
                               .class_weights = class_weights,
                               .ignore = -1};
    curves[1].optimizer = torch_options(DN_OPTIMIZER_ADAMW, 0.05);
    curves[1].schedule = dn_schedule_defaults(DN_SCHEDULE_ONE_CYCLE, 1e-2, STEPS);
    curves[2].loss = (dn_loss){.terms = {entropy, {.kind = DN_LOSS_JACCARD, .weight = 1.0}}, .term_count = 2, .ignore = -1};
    curves[2].optimizer = torch_options(DN_OPTIMIZER_SGD, 1e-3);
    curves[2].optimizer.momentum = 0.9;
    curves[2].optimizer.nesterov = true;
    curves[2].schedule = dn_schedule_defaults(DN_SCHEDULE_CONSTANT, 0.05, STEPS);
    curves[3].loss = (dn_loss){.terms = {entropy}, .term_count = 1, .class_weights = class_weights, .ignore = 3};
    curves[3].optimizer = torch_options(DN_OPTIMIZER_ADAM, 0.0);
    curves[3].optimizer.clip_norm = 0.2;
    curves[3].schedule = dn_schedule_defaults(DN_SCHEDULE_CONSTANT, 5e-3, STEPS);
    FILE *from = fopen(DIEN_TEST_FOLDER "/reference_training.tsv", "r");
    assert_non_null(from);
    char header[128];
    assert_non_null(fgets(header, sizeof header, from));
    for (int i = 0; i < 4; ++i) {
        follow(&curves[i], from);
    }
    assert_int_equal(fclose(from), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_curves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
