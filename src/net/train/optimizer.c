/* Adam, AdamW (Loshchilov and Hutter 2019) and SGD with clipping of gradients, and their state. */
#include "net/train/optimizer.h"

#include "base/memory.h"
#include "net/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Elements a thread takes at a time; sums are made piece by piece, so that they do not depend on the threads. */
#define PIECE 65536
#define STEP_BASE 65536.0 /* a float counts exactly to 2^24 only: the step is kept in two */

struct dn_optimizer {
    dn_optimizer_options options;
    dn_weights *state;
    dn_weight *counter;
    dn_weight **first, **second; /* borrowed from state, in the order of the gradients; second: Adam only */
    size_t count;
    int64_t steps;
};

dn_optimizer_options dn_optimizer_defaults(dn_optimizer_kind kind)
{
    return (dn_optimizer_options){
        .kind = kind, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7, .weight_decay = kind == DN_OPTIMIZER_ADAMW ? 0.004 : 0.0};
}

static dn_status check(const dn_optimizer_options *o)
{
    if (o->kind != DN_OPTIMIZER_SGD &&
        (!(o->beta1 >= 0.0 && o->beta1 < 1.0) || !(o->beta2 >= 0.0 && o->beta2 < 1.0) || !(o->epsilon > 0.0))) {
        DN_FAIL(DN_EUSAGE, "Adam with betas %g and %g and epsilon %g: betas lie in 0..1, below 1, and epsilon above 0", o->beta1, o->beta2,
                o->epsilon);
    }
    if (!(o->momentum >= 0.0 && o->momentum < 1.0) || !(o->weight_decay >= 0.0) || !(o->clip_norm >= 0.0) || !(o->clip_value >= 0.0)) {
        DN_FAIL(DN_EUSAGE, "momentum %g must lie in 0..1, below 1; weight decay %g and clipping %g must not be below 0", o->momentum,
                o->weight_decay, o->clip_norm);
    }
    return DN_OK;
}

static dn_status add_state(dn_optimizer *optimizer, const char *prefix, const dn_weight *like, dn_weight **out)
{
    char *name;
    DN_TRY(dn_asprintf(&name, "optimizer.%s.%s", prefix, like->name));
    dn_status status = dn_weights_add(optimizer->state, name, like->rank, like->dim, NULL, out);
    free(name);
    return status;
}

dn_status dn_optimizer_create(const dn_weights *gradients, const dn_optimizer_options *options, dn_optimizer **out)
{
    DN_TRY(check(options));
    dn_optimizer *optimizer;
    dn_status status;
    const int64_t two = 2;
    DN_TRY(dn_alloc(&optimizer, 1, sizeof *optimizer, "an optimizer"));
    optimizer->options = *options;
    optimizer->count = dn_weights_count(gradients);
    DN_TRY_GOTO(status, dn_weights_create(&optimizer->state), fail);
    DN_TRY_GOTO(status, dn_weights_add(optimizer->state, "optimizer.step", 1, &two, NULL, &optimizer->counter), fail);
    DN_TRY_GOTO(status, dn_alloc(&optimizer->first, optimizer->count, sizeof *optimizer->first, "an optimizer"), fail);
    DN_TRY_GOTO(status, dn_alloc(&optimizer->second, optimizer->count, sizeof *optimizer->second, "an optimizer"), fail);
    for (size_t i = 0; i < optimizer->count; ++i) {
        const dn_weight *g = dn_weights_at(gradients, i);
        DN_TRY_GOTO(status, add_state(optimizer, "first", g, &optimizer->first[i]), fail);
        if (options->kind != DN_OPTIMIZER_SGD) {
            DN_TRY_GOTO(status, add_state(optimizer, "second", g, &optimizer->second[i]), fail);
        }
    }
    *out = optimizer;
    return DN_OK;
fail:
    dn_optimizer_destroy(optimizer);
    return status;
}

void dn_optimizer_destroy(dn_optimizer *optimizer)
{
    if (optimizer == NULL) {
        return;
    }
    dn_weights_destroy(optimizer->state);
    free(optimizer->first);
    free(optimizer->second);
    free(optimizer);
}

static double square_sum(const float *g, int64_t n)
{
    int64_t pieces = (n + PIECE - 1) / PIECE;
    double total = 0.0;
    for (int64_t p = 0; p < pieces; ++p) {
        int64_t end = (p + 1) * PIECE < n ? (p + 1) * PIECE : n;
        double sum = 0.0;
        for (int64_t i = p * PIECE; i < end; ++i) {
            sum += (double)g[i] * (double)g[i];
        }
        total += sum;
    }
    return total;
}

typedef struct factors {
    float clip, limit, decay, shrink, b1, b2, rate, epsilon, momentum;
    bool nesterov;
} factors;

static inline float clipped(float g, const factors *f)
{
    g *= f->clip;
    g = g > f->limit ? f->limit : g;
    return g < -f->limit ? -f->limit : g;
}

DN_SIMD static void adam(float *restrict w, const float *restrict g, float *restrict m, float *restrict v, int64_t n, factors f)
{
    for (int64_t i = 0; i < n; ++i) {
        float x = w[i];
        float d = clipped(g[i], &f) + f.decay * x;
        m[i] = f.b1 * m[i] + (1.0f - f.b1) * d;
        v[i] = f.b2 * v[i] + (1.0f - f.b2) * d * d;
        w[i] = x * f.shrink - f.rate * m[i] / (sqrtf(v[i]) + f.epsilon);
    }
}

DN_SIMD static void sgd(float *restrict w, const float *restrict g, float *restrict u, int64_t n, factors f)
{
    for (int64_t i = 0; i < n; ++i) {
        float x = w[i];
        float d = clipped(g[i], &f) + f.decay * x;
        u[i] = f.momentum * u[i] + d;
        w[i] = x - f.rate * (f.nesterov ? d + f.momentum * u[i] : u[i]);
    }
}

static factors factors_of(const dn_optimizer *optimizer, double rate, double clip)
{
    const dn_optimizer_options *o = &optimizer->options;
    factors f = {.clip = (float)clip,
                 .limit = o->clip_value > 0.0 ? (float)o->clip_value : INFINITY,
                 .shrink = 1.0f,
                 .b1 = (float)o->beta1,
                 .b2 = (float)o->beta2,
                 .rate = (float)rate,
                 .epsilon = (float)o->epsilon,
                 .momentum = (float)o->momentum,
                 .nesterov = o->nesterov};
    if (o->kind != DN_OPTIMIZER_SGD) {
        double t = (double)optimizer->steps + 1.0;
        double second = sqrt(1.0 - pow(o->beta2, t));
        f.rate = (float)(rate * second / (1.0 - pow(o->beta1, t)));
        /* m / (sqrt(v) / s + e) = s m / (sqrt(v) + s e) */
        f.epsilon = (float)(o->torch_epsilon ? o->epsilon * second : o->epsilon);
    }
    return f;
}

static void step_array(const dn_optimizer *optimizer, size_t i, dn_weight *w, const dn_weight *g, double rate, factors f)
{
    const dn_optimizer_options *o = &optimizer->options;
    if (g->rank > 1 || o->decay_vectors) {
        if (o->kind == DN_OPTIMIZER_ADAMW) {
            f.shrink = (float)(1.0 - rate * o->weight_decay);
        } else {
            f.decay = (float)o->weight_decay;
        }
    }
    int64_t n = dn_weight_count(g);
#pragma omp parallel for if (n > PIECE)
    for (int64_t begin = 0; begin < n; begin += PIECE) {
        int64_t length = begin + PIECE < n ? PIECE : n - begin;
        if (o->kind == DN_OPTIMIZER_SGD) {
            sgd(w->data + begin, g->data + begin, optimizer->first[i]->data + begin, length, f);
        } else {
            adam(w->data + begin, g->data + begin, optimizer->first[i]->data + begin, optimizer->second[i]->data + begin, length, f);
        }
    }
}

dn_status dn_optimizer_step(dn_optimizer *optimizer, dn_weights *weights, const dn_weights *gradients, double rate, double *norm)
{
    if (dn_weights_count(gradients) != optimizer->count) {
        DN_FAIL(DN_EINTERNAL, "the optimizer was made for %zu arrays, but got gradients of %zu", optimizer->count,
                dn_weights_count(gradients));
    }
    double total = 0.0;
    for (size_t i = 0; i < optimizer->count; ++i) {
        const dn_weight *g = dn_weights_at(gradients, i);
        const dn_weight *w = dn_weights_find(weights, g->name);
        if (w == NULL || dn_weight_count(w) != dn_weight_count(g)) {
            DN_FAIL(DN_EINTERNAL, "there is a gradient of %s and no such weight", g->name);
        }
        double square = square_sum(g->data, dn_weight_count(g));
        if (!isfinite(square)) {
            DN_FAIL(DN_EDATA, "the gradient of %s is not finite: the training diverges; lower the learning rate or clip the gradients",
                    g->name);
        }
        total += square;
    }
    total = sqrt(total);
    double limit = optimizer->options.clip_norm;
    factors f = factors_of(optimizer, rate, limit > 0.0 && total > limit ? limit / (total + 1e-6) : 1.0);
    for (size_t i = 0; i < optimizer->count; ++i) {
        const dn_weight *g = dn_weights_at(gradients, i);
        step_array(optimizer, i, dn_weights_find(weights, g->name), g, rate, f);
    }
    ++optimizer->steps;
    optimizer->counter->data[0] = (float)floor((double)optimizer->steps / STEP_BASE);
    optimizer->counter->data[1] = (float)fmod((double)optimizer->steps, STEP_BASE);
    if (norm != NULL) {
        *norm = total;
    }
    return DN_OK;
}

const dn_weights *dn_optimizer_state(const dn_optimizer *optimizer)
{
    return optimizer->state;
}

dn_status dn_optimizer_restore(dn_optimizer *optimizer, const dn_weights *saved)
{
    size_t count = dn_weights_count(optimizer->state);
    for (size_t i = 0; i < count; ++i) { /* all are checked before any is changed */
        const dn_weight *own = dn_weights_at(optimizer->state, i);
        const dn_weight *found = dn_weights_find(saved, own->name);
        if (found == NULL || dn_weight_count(found) != dn_weight_count(own)) {
            DN_FAIL(DN_EFORMAT, "the checkpoint has no %s of the right size; it belongs to another network or another optimizer",
                    own->name);
        }
    }
    const dn_weight *counter = dn_weights_find(saved, "optimizer.step");
    double steps = (double)counter->data[0] * STEP_BASE + (double)counter->data[1];
    if (!(steps >= 0.0 && steps < 1e12)) {
        DN_FAIL(DN_EFORMAT, "the checkpoint's number of steps is not valid");
    }
    for (size_t i = 0; i < count; ++i) {
        dn_weight *own = dn_weights_at(optimizer->state, i);
        memcpy(own->data, dn_weights_find(saved, own->name)->data, (size_t)dn_weight_count(own) * sizeof(float));
    }
    optimizer->steps = (int64_t)steps;
    return DN_OK;
}
