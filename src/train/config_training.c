/* Reads the part `training:` of a config. */
#include "train/config_private.h"

#include "base/memory.h"

static dn_status read_optimizer(dn_yaml *yaml, const yaml_node_t *node, dn_train_config *config, json_t *training)
{
    int kind = 0;
    json_t *canonical = json_object();
    json_object_set_new(training, "optimizer", canonical);
    dn_optimizer_options *o = &config->optimizer;
    const dn_yaml_field fields[] = {
        {.key = "kind", .kind = DN_YAML_CHOICE, .to = &kind, .choices = "adam|adamw|sgd"},
        {.key = "beta1", .kind = DN_YAML_REAL, .to = &o->beta1, .high = 0.999999},
        {.key = "beta2", .kind = DN_YAML_REAL, .to = &o->beta2, .high = 0.999999},
        {.key = "epsilon", .kind = DN_YAML_REAL, .to = &o->epsilon, .low = 1e-12, .high = 1},
        {.key = "torch_epsilon", .kind = DN_YAML_BOOLEAN, .to = &o->torch_epsilon},
        {.key = "weight_decay", .kind = DN_YAML_REAL, .to = &o->weight_decay, .high = 10},
        {.key = "decay_vectors", .kind = DN_YAML_BOOLEAN, .to = &o->decay_vectors},
        {.key = "momentum", .kind = DN_YAML_REAL, .to = &o->momentum, .high = 0.999999},
        {.key = "nesterov", .kind = DN_YAML_BOOLEAN, .to = &o->nesterov},
        {.key = "clip_norm", .kind = DN_YAML_REAL, .to = &o->clip_norm, .high = 1e9},
        {.key = "clip_value", .kind = DN_YAML_REAL, .to = &o->clip_value, .high = 1e9},
        {0},
    };
    *o = dn_optimizer_defaults(DN_OPTIMIZER_ADAM);
    if (node == NULL) {
        return DN_OK;
    }
    /* Twice: the kind decides the defaults of the others. */
    DN_TRY(dn_yaml_fields(yaml, node, "training.optimizer", fields, NULL));
    *o = dn_optimizer_defaults((dn_optimizer_kind)kind);
    return dn_yaml_fields(yaml, node, "training.optimizer", fields, canonical);
}

static dn_status read_schedule(dn_yaml *yaml, const yaml_node_t *node, dn_train_config *config, json_t *training)
{
    int kind = DN_SCHEDULE_ONE_CYCLE;
    json_t *canonical = json_object();
    json_object_set_new(training, "schedule", canonical);
    dn_schedule *s = &config->schedule;
    const dn_yaml_field fields[] = {
        {.key = "kind", .kind = DN_YAML_CHOICE, .to = &kind, .choices = "constant|one_cycle|cosine|plateau"},
        {.key = "peak", .kind = DN_YAML_REAL, .to = &s->peak, .low = 1e-12, .high = 100},
        {.key = "warmup", .kind = DN_YAML_REAL, .to = &s->warmup, .high = 1},
        {.key = "start_factor", .kind = DN_YAML_REAL, .to = &s->start_factor, .low = 1, .high = 1e9},
        {.key = "end_factor", .kind = DN_YAML_REAL, .to = &s->end_factor, .high = 1e12},
        {.key = "factor", .kind = DN_YAML_REAL, .to = &s->factor, .low = 1e-6, .high = 1},
        {.key = "threshold", .kind = DN_YAML_REAL, .to = &s->threshold, .high = 1},
        {.key = "floor", .kind = DN_YAML_REAL, .to = &s->floor, .high = 100},
        {.key = "patience", .kind = DN_YAML_INTEGER, .to = &s->patience, .high = 1e6},
        {0},
    };
    *s = dn_schedule_defaults(DN_SCHEDULE_ONE_CYCLE, 2e-3, config->steps);
    if (node == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_yaml_fields(yaml, node, "training.schedule", fields, NULL));
    *s = dn_schedule_defaults((dn_schedule_kind)kind, s->peak, config->steps);
    DN_TRY(dn_yaml_fields(yaml, node, "training.schedule", fields, canonical));
    dn_status status = dn_schedule_check(s);
    return status == DN_OK ? DN_OK : dn_error_context(status, "%s:%zu", yaml->path, dn_yaml_line(node));
}

static dn_status read_loss(dn_yaml *yaml, const yaml_node_t *list, dn_train_config *config, json_t *training)
{
    json_t *canonical = json_array();
    json_object_set_new(training, "loss", canonical);
    dn_loss *loss = &config->loss;
    loss->ignore = DN_CLASS_IGNORE;
    loss->term_count = 2;
    loss->terms[0] = (dn_loss_term){.kind = DN_LOSS_CROSS_ENTROPY, .weight = 1.0};
    loss->terms[1] = (dn_loss_term){.kind = DN_LOSS_DICE, .weight = 1.0};
    if (list == NULL) {
        return DN_OK;
    }
    const yaml_node_t *item;
    loss->term_count = 0;
    for (size_t i = 0; (item = dn_yaml_item(yaml, list, i)) != NULL; ++i) {
        if (i >= DN_LOSS_MAX_TERMS || item->type != YAML_MAPPING_NODE) {
            return dn_yaml_fail(yaml, item, "training.loss takes up to %d items like {kind: dice, weight: 1}", DN_LOSS_MAX_TERMS);
        }
        dn_loss_term *term = &loss->terms[i];
        int kind = 0;
        json_t *one = json_object();
        json_array_append_new(canonical, one);
        *term = (dn_loss_term){.weight = 1.0, .gamma = 2.0, .smooth = 1e-5};
        const dn_yaml_field fields[] = {
            {.key = "kind", .kind = DN_YAML_CHOICE, .to = &kind, .choices = "cross_entropy|focal|dice|jaccard", .required = true},
            {.key = "weight", .kind = DN_YAML_REAL, .to = &term->weight, .high = 1e6},
            {.key = "gamma", .kind = DN_YAML_REAL, .to = &term->gamma, .high = 20},
            {.key = "smooth", .kind = DN_YAML_REAL, .to = &term->smooth, .low = 1e-12, .high = 1e6},
            {.key = "skip_background", .kind = DN_YAML_BOOLEAN, .to = &term->skip_background},
            {0},
        };
        DN_TRY(dn_yaml_fields(yaml, item, "training.loss", fields, one));
        term->kind = (dn_loss_kind)kind;
        loss->term_count = (int)i + 1;
    }
    dn_status status = dn_loss_check(loss, config->class_count);
    return status == DN_OK ? DN_OK : dn_error_context(status, "%s:%zu", yaml->path, dn_yaml_line(list));
}

/* Epochs into steps: what does not fill a batch waits for the next epoch's shuffle, as in Keras. */
static dn_status count_steps(dn_yaml *yaml, const yaml_node_t *node, dn_train_config *config, json_t *canonical)
{
    if ((config->steps > 0) == (config->epochs > 0)) {
        return dn_yaml_fail(yaml, node, "training takes steps or epochs, not both");
    }
    if (config->epochs == 0) {
        json_object_del(canonical, "epochs");
        config->validate_every = config->validate_every > 0 ? config->validate_every : 100;
        json_object_set_new(canonical, "validate_every", json_integer(config->validate_every));
        return DN_OK;
    }
    int64_t each = config->epoch_samples / (config->batch * config->accumulate);
    if (each < 1) {
        return dn_yaml_fail(yaml, node, "an epoch has %lld samples, fewer than a batch of %lld; give steps instead of epochs",
                            (long long)config->epoch_samples, (long long)(config->batch * config->accumulate));
    }
    config->steps = config->epochs * each;
    config->validate_every = config->validate_every > 0 ? config->validate_every : each;
    json_object_set_new(canonical, "steps", json_integer(config->steps));
    json_object_set_new(canonical, "validate_every", json_integer(config->validate_every));
    return DN_OK;
}

static dn_status set_weights(dn_train_config *config)
{
    DN_TRY(dn_alloc(&config->class_weights, (size_t)config->class_count, sizeof *config->class_weights, "class weights"));
    for (int64_t c = 0; c < config->class_count; ++c) {
        config->class_weights[c] = (float)config->classes[c].weight;
    }
    config->loss.class_weights = config->class_weights;
    return DN_OK;
}

dn_status dn_config_training(dn_yaml *yaml, const yaml_node_t *node, int64_t steps, dn_train_config *config)
{
    yaml_node_t *optimizer = NULL, *schedule = NULL, *loss = NULL;
    int precision = 0;
    int keep = 0;
    json_t *canonical = json_object();
    json_object_set_new(config->canonical, "training", canonical);
    config->batch = 1;
    config->accumulate = 1;
    config->seed = 1;
    config->data_threads = 1;
    config->queue = 4;
    config->log_every = 10;
    config->checkpoint_minutes = 5.0;
    config->norm_momentum = 0.99;
    const dn_yaml_field curve[] = {
        {.key = "steps", .kind = DN_YAML_INTEGER, .to = &config->steps, .low = 1, .high = 1e9},
        {.key = "epochs", .kind = DN_YAML_INTEGER, .to = &config->epochs, .low = 1, .high = 1e6},
        {.key = "batch", .kind = DN_YAML_INTEGER, .to = &config->batch, .low = 1, .high = 4096},
        {.key = "accumulate", .kind = DN_YAML_INTEGER, .to = &config->accumulate, .low = 1, .high = 4096},
        {.key = "seed", .kind = DN_YAML_INTEGER, .to = &config->seed, .high = 4e9},
        {.key = "precision", .kind = DN_YAML_CHOICE, .to = &precision, .choices = "f32|bf16"},
        {.key = "validate_every", .kind = DN_YAML_INTEGER, .to = &config->validate_every, .low = 1, .high = 1e9},
        {.key = "log_every", .kind = DN_YAML_INTEGER, .to = &config->log_every, .low = 1, .high = 1e9},
        {.key = "patience", .kind = DN_YAML_INTEGER, .to = &config->patience, .high = 1e9},
        {.key = "norm_momentum", .kind = DN_YAML_REAL, .to = &config->norm_momentum, .high = 1},
        {.key = "threads", .kind = DN_YAML_INTEGER, .to = &config->threads, .high = 1024},
        {.key = "data_threads", .kind = DN_YAML_INTEGER, .to = &config->data_threads, .high = 256},
        {.key = "queue", .kind = DN_YAML_INTEGER, .to = &config->queue, .low = 1, .high = 4096},
        {.key = "keep", .kind = DN_YAML_CHOICE, .to = &keep, .choices = "best|last"},
        {.key = "checkpoint_minutes", .kind = DN_YAML_REAL, .to = &config->checkpoint_minutes, .high = 1e6},
        {.key = "optimizer", .kind = DN_YAML_MAPPING, .to = &optimizer},
        {.key = "schedule", .kind = DN_YAML_MAPPING, .to = &schedule},
        {.key = "loss", .kind = DN_YAML_SEQUENCE, .to = &loss},
        {0},
    };
    DN_TRY(dn_yaml_fields(yaml, node, "training", curve, canonical));
    DN_TRY(count_steps(yaml, node, config, canonical));
    if (steps > 0) {
        config->steps = steps;
        json_object_set_new(canonical, "steps", json_integer(steps));
    }
    static const char *const not_the_curve[] = {"threads", "data_threads", "queue", "checkpoint_minutes", "keep"};
    for (size_t i = 0; i < sizeof not_the_curve / sizeof *not_the_curve; ++i) {
        json_object_del(canonical, not_the_curve[i]);
    }
    config->keep_last = keep == 1;
    config->precision = precision == 1 ? DN_PRECISION_BF16 : DN_PRECISION_F32;
    DN_TRY(read_optimizer(yaml, optimizer, config, canonical));
    DN_TRY(read_schedule(yaml, schedule, config, canonical));
    DN_TRY(read_loss(yaml, loss, config, canonical));
    if (config->precision == DN_PRECISION_BF16 && !dn_plan_bf16_supported()) {
        return dn_yaml_fail(yaml, node, "training.precision is bf16, which this processor cannot do; use f32");
    }
    return set_weights(config);
}
