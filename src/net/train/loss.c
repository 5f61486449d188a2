/* The losses and their gradients: cross entropy, focal (Lin et al. 2017), soft Dice and Jaccard, also with soft targets (Wang et al.
 * 2023). */
#include "net/train/loss.h"

#include "base/memory.h"
#include "net/rows.h"
#include "net/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Voxels that are summed together; sums of pieces are added in order, so that they do not depend on the threads. */
#define PIECE 2048

/* Sums over voxels of one class. */
typedef struct class_sums {
    double both;  /* sum p g */
    double guess; /* sum p */
    double truth; /* sum g */
} class_sums;

typedef struct run {
    const dn_loss *loss;
    const dn_targets *targets;
    float *logits;
    int64_t voxels, classes, pieces;
    double *sums;           /* per piece: 3 per class, then entropy, focal, weight */
    dn_loss_counts *counts; /* a piece: one per class */
    int64_t *used;          /* a piece */
    int64_t *bad;           /* a piece: first voxel whose target is no class, or -1 */
    double gamma;
} run;

double dn_loss_counts_dice(const dn_loss_counts *c)
{
    return c->predicted + c->truth == 0 ? NAN : 2.0 * (double)c->both / (double)(c->predicted + c->truth);
}

dn_status dn_loss_check(const dn_loss *loss, int64_t classes)
{
    int focal = 0;
    if (loss->term_count < 1 || loss->term_count > DN_LOSS_MAX_TERMS) {
        DN_FAIL(DN_EUSAGE, "a loss of %d terms; there may be 1 to %d", loss->term_count, DN_LOSS_MAX_TERMS);
    }
    for (int i = 0; i < loss->term_count; ++i) {
        const dn_loss_term *t = &loss->terms[i];
        if (t->kind > DN_LOSS_JACCARD || !(t->weight >= 0.0) || !(t->gamma >= 0.0) || !(t->smooth >= 0.0)) {
            DN_FAIL(DN_EUSAGE, "term %d of the loss: weight %g, gamma %g and smoothing %g must not be below 0", i + 1, t->weight, t->gamma,
                    t->smooth);
        }
        if (t->skip_background && classes < 2) {
            DN_FAIL(DN_EUSAGE, "term %d of the loss leaves out the background, and there is no other class", i + 1);
        }
        focal += t->kind == DN_LOSS_FOCAL;
    }
    if (focal > 1) {
        DN_FAIL(DN_EUSAGE, "the loss has %d focal terms; there may be one", focal);
    }
    double sum = 0.0;
    for (int64_t c = 0; loss->class_weights != NULL && c < classes; ++c) {
        if (!(loss->class_weights[c] >= 0.0f) || isinf(loss->class_weights[c])) {
            DN_FAIL(DN_EUSAGE, "the weight of class %lld is %g; it must not be below 0", (long long)c, (double)loss->class_weights[c]);
        }
        sum += (double)loss->class_weights[c];
    }
    if (loss->class_weights != NULL && !(sum > 0.0)) {
        DN_FAIL(DN_EUSAGE, "all classes have a weight of 0");
    }
    return DN_OK;
}

static inline int64_t target_of(const dn_targets *targets, int64_t voxel)
{
    return targets->type == DN_TARGET_U8 ? ((const uint8_t *)targets->data)[voxel] : ((const uint16_t *)targets->data)[voxel];
}

static inline double weight_of(const dn_loss *loss, int64_t c)
{
    return loss->class_weights == NULL ? 1.0 : (double)loss->class_weights[c];
}

static inline double at_least(float p)
{
    return p < 1e-30f ? 1e-30 : (double)p;
}

/* The sums of one voxel whose target is a probability for each class. */
static void sum_soft(const run *r, const float *p, const float *g, double *sums, dn_loss_counts *counts)
{
    int64_t classes = r->classes;
    int64_t top = 0;
    int64_t truth = 0;
    for (int64_t c = 0; c < classes; ++c) {
        top = p[c] > p[top] ? c : top;
        truth = g[c] > g[truth] ? c : truth;
        sums[3 * c] += (double)(p[c] < g[c] ? p[c] : g[c]);
        sums[3 * c + 1] += (double)p[c];
        sums[3 * c + 2] += (double)g[c];
        if (g[c] > 0.0f) {
            double weight = weight_of(r->loss, c) * (double)g[c];
            double likely = at_least(p[c]);
            sums[3 * classes] -= weight * log(likely);
            if (r->gamma > 0.0) {
                sums[3 * classes + 1] -= weight * pow(1.0 - likely, r->gamma) * log(likely);
            }
            sums[3 * classes + 2] += weight;
        }
    }
    ++counts[top].predicted;
    ++counts[truth].truth;
    counts[truth].both += top == truth;
}

/* Softmax in place, and the sums of one piece. */
DN_SIMD static void sum_piece(const run *r, int64_t piece)
{
    int64_t classes = r->classes;
    int64_t begin = piece * PIECE;
    int64_t end = begin + PIECE < r->voxels ? begin + PIECE : r->voxels;
    double *sums = r->sums + piece * (3 * classes + 3);
    dn_loss_counts *counts = r->counts + piece * classes;
    r->bad[piece] = -1;
    dn_row_softmax(r->logits + begin * classes, end - begin, classes);
    for (int64_t v = begin; v < end; ++v) {
        int64_t t = target_of(r->targets, v);
        const float *p = r->logits + v * classes;
        if (t == r->loss->ignore) {
            continue;
        }
        if (t >= classes) {
            r->bad[piece] = r->bad[piece] < 0 ? v : r->bad[piece];
            continue;
        }
        if (r->targets->soft != NULL) {
            sum_soft(r, p, r->targets->soft + v * classes, sums, counts);
            ++r->used[piece];
            continue;
        }
        int64_t top = 0;
        for (int64_t c = 0; c < classes; ++c) {
            sums[3 * c + 1] += (double)p[c];
            top = p[c] > p[top] ? c : top;
        }
        sums[3 * t] += (double)p[t];
        sums[3 * t + 2] += 1.0;
        ++counts[top].predicted;
        ++counts[t].truth;
        counts[t].both += top == t;
        double weight = weight_of(r->loss, t);
        double likely = p[t] < 1e-30f ? 1e-30 : (double)p[t];
        double entropy = -log(likely);
        sums[3 * classes] += weight * entropy;
        if (r->gamma > 0.0) {
            sums[3 * classes + 1] += weight * pow(1.0 - likely, r->gamma) * entropy;
        }
        sums[3 * classes + 2] += weight;
        ++r->used[piece];
    }
}

/* What the second pass needs: dL/dp = a[c] + b[c] g, and the factors of the terms that look at p_t alone. */
typedef struct slopes {
    float *a, *b;
    double entropy, focal;
    bool overlaps;
} slopes;

/* dL/dp_t of the focal term, times -p_t, over weight: what multiplies (g - p) in its gradient. */
static double focal_slope(double p, double gamma)
{
    double rest = 1.0 - p;
    return rest <= 0.0 ? 0.0 : pow(rest, gamma) - gamma * p * pow(rest, gamma - 1.0) * log(p);
}

/* p becomes the gradient. Each class has a slope q = w g (1 + focal's) of the pointwise terms, and a + b (p < g) of the overlaps. */
static void gradient_soft(const run *r, const slopes *s, float *p, const float *g)
{
    int64_t classes = r->classes;
    double pull = 0.0; /* sum of q */
    double mean = 0.0; /* of the overlaps' slopes, by p */
    for (int64_t c = 0; c < classes; ++c) {
        double q = weight_of(r->loss, c) * (double)g[c];
        pull += q * s->entropy + (s->focal > 0.0 ? q * s->focal * focal_slope(at_least(p[c]), r->gamma) : 0.0);
        mean += s->overlaps ? (double)p[c] * (double)(s->a[c] + (p[c] < g[c] ? s->b[c] : 0.0f)) : 0.0;
    }
    for (int64_t c = 0; c < classes; ++c) {
        double q = weight_of(r->loss, c) * (double)g[c];
        double own = q * s->entropy + (s->focal > 0.0 ? q * s->focal * focal_slope(at_least(p[c]), r->gamma) : 0.0);
        double overlap = s->overlaps ? (double)(s->a[c] + (p[c] < g[c] ? s->b[c] : 0.0f)) - mean : 0.0;
        p[c] = (float)((double)p[c] * (pull + overlap) - own);
    }
}

static void gradient_piece(const run *r, const slopes *s, int64_t piece)
{
    int64_t classes = r->classes;
    int64_t begin = piece * PIECE;
    int64_t end = begin + PIECE < r->voxels ? begin + PIECE : r->voxels;
    for (int64_t v = begin; v < end; ++v) {
        int64_t t = target_of(r->targets, v);
        float *p = r->logits + v * classes;
        if (t == r->loss->ignore) {
            memset(p, 0, (size_t)classes * sizeof *p);
            continue;
        }
        if (r->targets->soft != NULL) {
            gradient_soft(r, s, p, r->targets->soft + v * classes);
            continue;
        }
        double weight = weight_of(r->loss, t);
        double pointwise = s->entropy * weight;
        if (s->focal > 0.0) {
            pointwise += s->focal * weight * focal_slope(p[t] < 1e-30f ? 1e-30 : (double)p[t], r->gamma);
        }
        float factor = (float)pointwise;
        float mean = 0.0f;
        float at = factor;
        if (s->overlaps) {
            for (int64_t c = 0; c < classes; ++c) {
                mean += p[c] * s->a[c];
            }
            mean += p[t] * s->b[t];
            at -= p[t] * s->b[t];
            for (int64_t c = 0; c < classes; ++c) {
                p[c] *= factor + s->a[c] - mean;
            }
        } else {
            for (int64_t c = 0; c < classes; ++c) {
                p[c] *= factor;
            }
        }
        p[t] -= at;
    }
}

static double overlap_term(const dn_loss_term *term, const run *r, const class_sums *sums, slopes *s, double scale)
{
    double smooth = term->smooth > 0.0 ? term->smooth : 1e-5;
    int64_t first = term->skip_background ? 1 : 0;
    double total = 0.0;
    double score = 0.0;
    for (int64_t c = first; c < r->classes; ++c) {
        total += weight_of(r->loss, c);
    }
    if (!(total > 0.0)) {
        return 0.0;
    }
    for (int64_t c = first; c < r->classes; ++c) {
        double w = weight_of(r->loss, c) / total;
        const class_sums *k = &sums[c];
        double top;
        double bottom;
        double d_top;    /* of top by p where g is 1 */
        double d_bottom; /* of bottom by p where g is 1; by p where g is 0 it is 1 */
        if (term->kind == DN_LOSS_DICE) {
            top = 2.0 * k->both + smooth;
            bottom = k->guess + k->truth + smooth;
            d_top = 2.0;
            d_bottom = 1.0;
        } else {
            top = k->both + smooth;
            bottom = k->guess + k->truth - k->both + smooth;
            d_top = 1.0;
            d_bottom = 0.0;
        }
        score += w * top / bottom;
        double outside = top / (bottom * bottom);
        double inside = -d_top / bottom + d_bottom * outside;
        s->a[c] += (float)(scale * term->weight * w * outside);
        s->b[c] += (float)(scale * term->weight * w * (inside - outside));
    }
    return 1.0 - score;
}

/* Adds the pieces up in order. */
static void collect(const run *r, class_sums *sums, double last[3], dn_loss_result *result, dn_loss_counts *counts)
{
    for (int64_t piece = 0; piece < r->pieces; ++piece) {
        const double *from = r->sums + piece * (3 * r->classes + 3);
        for (int64_t c = 0; c < r->classes; ++c) {
            sums[c].both += from[3 * c];
            sums[c].guess += from[3 * c + 1];
            sums[c].truth += from[3 * c + 2];
            counts[c].both += r->counts[piece * r->classes + c].both;
            counts[c].predicted += r->counts[piece * r->classes + c].predicted;
            counts[c].truth += r->counts[piece * r->classes + c].truth;
        }
        for (int i = 0; i < 3; ++i) {
            last[i] += from[3 * r->classes + i];
        }
        result->voxels += r->used[piece];
    }
}

/* The sums of the whole batch, of which this process has a part: a row per class, then the last ones. */
static dn_status add_peers(const dn_peers *peers, int64_t classes, class_sums *sums, double last[3], dn_loss_result *result,
                           dn_loss_counts *counts)
{
    double *all = NULL;
    DN_TRY(dn_alloc_dims(&all, DN_DIMS(classes + 1, 6), sizeof *all, "a loss"));
    for (int64_t c = 0; c < classes; ++c) {
        double *row = all + 6 * c;
        row[0] = sums[c].both;
        row[1] = sums[c].guess;
        row[2] = sums[c].truth;
        row[3] = (double)counts[c].both;
        row[4] = (double)counts[c].predicted;
        row[5] = (double)counts[c].truth;
    }
    double *end = all + 6 * classes;
    memcpy(end, last, 3 * sizeof *last);
    end[3] = (double)result->voxels;
    dn_status status = peers->sum(peers->user, all, 6 * (classes + 1));
    for (int64_t c = 0; c < classes; ++c) {
        const double *row = all + 6 * c;
        sums[c] = (class_sums){row[0], row[1], row[2]};
        counts[c] = (dn_loss_counts){(int64_t)row[3], (int64_t)row[4], (int64_t)row[5]};
    }
    memcpy(last, end, 3 * sizeof *last);
    result->voxels = (int64_t)end[3];
    free(all);
    return status;
}

static void evaluate_terms(const run *r, const class_sums *sums, const double last[3], double scale, slopes *s, dn_loss_result *result)
{
    double weight = last[2] > 0.0 ? last[2] : 1.0;
    for (int i = 0; i < r->loss->term_count; ++i) {
        const dn_loss_term *term = &r->loss->terms[i];
        bool focal = term->kind == DN_LOSS_FOCAL && term->gamma > 0.0;
        switch (term->kind) {
        case DN_LOSS_CROSS_ENTROPY:
        case DN_LOSS_FOCAL:
            result->terms[i] = last[focal ? 1 : 0] / weight;
            *(focal ? &s->focal : &s->entropy) += scale * term->weight / weight;
            break;
        case DN_LOSS_DICE:
        case DN_LOSS_JACCARD:
            result->terms[i] = result->voxels == 0 ? 0.0 : overlap_term(term, r, sums, s, scale);
            s->overlaps = true;
            break;
        }
        result->loss += term->weight * result->terms[i];
    }
}

static dn_status check_targets(const run *r)
{
    for (int64_t piece = 0; piece < r->pieces; ++piece) {
        if (r->bad[piece] >= 0) {
            DN_FAIL(DN_EDATA, "voxel %lld of the targets has class %lld, but the network has %lld classes", (long long)r->bad[piece],
                    (long long)target_of(r->targets, r->bad[piece]), (long long)r->classes);
        }
    }
    return DN_OK;
}

dn_status dn_loss_run(const dn_loss *loss, float *logits, int64_t voxels, int64_t classes, const dn_targets *targets, bool gradient,
                      double scale, int threads, const dn_peers *peers, dn_loss_result *result, dn_loss_counts *counts)
{
    DN_TRY(dn_loss_check(loss, classes));
    run r = {
        .loss = loss, .targets = targets, .logits = logits, .voxels = voxels, .classes = classes, .pieces = (voxels + PIECE - 1) / PIECE};
    slopes s = {0};
    class_sums *sums = NULL;
    dn_loss_counts *counted = NULL;
    double last[3] = {0.0, 0.0, 0.0};
    dn_status status;
    for (int i = 0; i < loss->term_count; ++i) {
        r.gamma = loss->terms[i].kind == DN_LOSS_FOCAL ? loss->terms[i].gamma : r.gamma;
    }
    memset(result, 0, sizeof *result);
    DN_TRY_GOTO(status, dn_alloc_dims(&r.sums, DN_DIMS(r.pieces, 3 * classes + 3), sizeof *r.sums, "a loss"), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&r.counts, DN_DIMS(r.pieces, classes), sizeof *r.counts, "a loss"), done);
    DN_TRY_GOTO(status, dn_alloc(&r.used, (size_t)r.pieces, sizeof *r.used, "a loss"), done);
    DN_TRY_GOTO(status, dn_alloc(&r.bad, (size_t)r.pieces, sizeof *r.bad, "a loss"), done);
    DN_TRY_GOTO(status, dn_alloc(&sums, (size_t)classes, sizeof *sums, "a loss"), done);
    DN_TRY_GOTO(status, dn_alloc(&counted, (size_t)classes, sizeof *counted, "a loss"), done);
    DN_TRY_GOTO(status, dn_alloc(&s.a, (size_t)classes, sizeof *s.a, "a loss"), done);
    DN_TRY_GOTO(status, dn_alloc(&s.b, (size_t)classes, sizeof *s.b, "a loss"), done);
#pragma omp parallel for schedule(dynamic, 4) num_threads(threads)
    for (int64_t piece = 0; piece < r.pieces; ++piece) {
        sum_piece(&r, piece);
    }
    DN_TRY_GOTO(status, check_targets(&r), done);
    collect(&r, sums, last, result, counted);
    if (peers != NULL) {
        DN_TRY_GOTO(status, add_peers(peers, classes, sums, last, result, counted), done);
    }
    if (counts != NULL) {
        memcpy(counts, counted, (size_t)classes * sizeof *counts);
    }
    evaluate_terms(&r, sums, last, scale, &s, result);
    if (gradient) {
#pragma omp parallel for schedule(dynamic, 4) num_threads(threads)
        for (int64_t piece = 0; piece < r.pieces; ++piece) {
            gradient_piece(&r, &s, piece);
        }
    }
done:
    free(r.sums);
    free(r.counts);
    free(r.used);
    free(r.bad);
    free(sums);
    free(counted);
    free(s.a);
    free(s.b);
    return status;
}
