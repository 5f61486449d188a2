/* Runs the model of a fold on the scans that were held out, and compares with their labels. */
#include "train/fold_evaluate.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "infer/posteriors.h"
#include "net/plan/plan.h"
#include "study/evaluate/compare.h"
#include "train/slices.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const dn_train_config *config;
    const dn_folds *folds;
    int64_t fold;
    dn_table *table;
    dn_slice_set *set;
    dn_plan *plan;
    int64_t pixels;        /* of a slice */
    float *input, *output; /* a batch */
    uint8_t *targets;
    /* The scan in the making: slices one after the other. */
    uint16_t *predicted, *truth;
    int64_t slices;
    double seconds;
} work;

static dn_status open_network(work *w, const dn_model *model)
{
    const dn_train_config *config = w->config;
    dn_graph *graph = NULL;
    dn_shape shape = {config->batch, 1, config->patch[1], config->patch[2], config->slices.channels};
    const dn_plan_options options = {.threads = (int)config->threads};
    DN_TRY(dn_model_graph(model, shape, &graph));
    dn_status status = dn_plan_compile(graph, model->weights, &options, &w->plan);
    dn_graph_destroy(graph);
    DN_TRY(status);
    DN_TRY(dn_alloc_aligned_dims(&w->input, DN_DIMS(w->pixels, config->batch, shape.c), sizeof *w->input, "slices"));
    DN_TRY(dn_alloc_aligned_dims(&w->output, DN_DIMS(w->pixels, config->batch, config->class_count), sizeof *w->output, "slices"));
    return dn_alloc_dims(&w->targets, DN_DIMS(w->pixels, config->batch), 1, "slices");
}

/* Up to a batch of slices from first on, predicted and appended to the scan. */
static dn_status add_batch(work *w, int64_t first, int64_t count)
{
    const dn_train_config *config = w->config;
    int64_t channels = config->slices.channels;
    int64_t classes = config->class_count;
    for (int64_t b = 0; b < config->batch; ++b) {
        float *to = w->input + b * w->pixels * channels;
        /* What fills the batch up is looked at and forgotten. */
        DN_TRY(dn_slice_set_sample(w->set, first + (b < count ? b : 0), NULL, to, w->targets + b * w->pixels));
    }
    const float *inputs[] = {w->input};
    float *outputs[] = {w->output};
    double began = dn_clock_now();
    DN_TRY(dn_plan_run(w->plan, inputs, outputs));
    w->seconds += (dn_clock_now() - began) * (double)count / (double)config->batch;
    size_t size = (size_t)((w->slices + count) * w->pixels);
    DN_TRY(dn_realloc(&w->predicted, size, sizeof *w->predicted, "predicted slices"));
    DN_TRY(dn_realloc(&w->truth, size, sizeof *w->truth, "slices"));
    for (int64_t v = 0; v < count * w->pixels; ++v) {
        const int64_t best = dn_most_probable(w->output + v * classes, classes);
        bool counts = w->targets[v] != DN_CLASS_IGNORE;
        w->predicted[w->slices * w->pixels + v] = counts ? (uint16_t)best : 0;
        w->truth[w->slices * w->pixels + v] = counts ? w->targets[v] : 0;
    }
    w->slices += count;
    return DN_OK;
}

static dn_status put_row(work *w, const dn_train_pair *pair, const char *structure, const uint16_t *labels, size_t count)
{
    const dn_train_config *config = w->config;
    dn_table *table = w->table;
    dn_evaluation e;
    size_t row;
    dn_grid grid = {.dim = {config->patch[2], config->patch[1], w->slices}};
    for (int d = 0; d < 3; ++d) {
        grid.affine.m[d][d] = config->spacing[2 - d];
    }
    const dn_labels predicted = {grid, w->predicted};
    const dn_labels truth = {grid, w->truth};
    DN_TRY(dn_evaluate_labels(&predicted, &truth, labels, count, &e));
    if (e.predicted == 0 && e.truth == 0) {
        return DN_OK;
    }
    const dn_fold_subject *subject = dn_folds_find(w->folds, pair->subject);
    const struct {
        const char *name;
        double value;
        int digits;
    } cells[] = {{"dice", e.dice, 4},
                 {"iou", e.iou, 4},
                 {"precision", e.precision, 4},
                 {"recall", e.recall, 4},
                 {"hausdorff_mm", e.hausdorff, 3},
                 {"hd95_mm", e.hausdorff95, 3},
                 {"assd_mm", e.mean, 3},
                 {"volume_mm3", e.volume, 2},
                 {"truth_volume_mm3", e.truth_volume, 2},
                 {"seconds_a_slice", w->seconds / (double)w->slices, 4}};
    DN_TRY(dn_table_add_row(table, &row));
    DN_TRY(dn_table_put_number(table, "fold", (double)w->fold));
    DN_TRY(dn_table_put_text(table, "subject", pair->subject));
    DN_TRY(dn_table_put_text(table, "group", subject != NULL && *subject->group != '\0' ? subject->group : NULL));
    DN_TRY(dn_table_put_text(table, "scan", dn_slice_is_picture(pair->scan) ? NULL : dn_path_name(pair->scan)));
    DN_TRY(dn_table_put_text(table, "structure", structure));
    DN_TRY(dn_table_put_number(table, "slices", (double)w->slices));
    for (size_t i = 0; i < sizeof cells / sizeof *cells; ++i) {
        char text[32];
        snprintf(text, sizeof text, "%.*f", cells[i].digits, cells[i].value);
        DN_TRY(dn_table_put_text(table, cells[i].name, isfinite(cells[i].value) ? text : NULL));
    }
    return DN_OK;
}

static dn_status close_scan(work *w, const dn_train_pair *pair)
{
    const dn_train_config *config = w->config;
    for (int64_t c = 1; c < config->class_count; ++c) {
        const dn_train_class *class = &config->classes[c];
        const uint16_t own = (uint16_t)c;
        DN_TRY(put_row(w, pair, class->name, &own, 1));
        for (int64_t o = 1; o < config->class_count && class->hemi == 'L'; ++o) {
            const uint16_t both[2] = {(uint16_t)c, (uint16_t)o};
            if (config->classes[o].hemi == 'R' && strcmp(config->classes[o].structure, class->structure) == 0) {
                DN_TRY(put_row(w, pair, class->structure, both, 2));
            }
        }
    }
    w->slices = 0;
    w->seconds = 0.0;
    return DN_OK;
}

/* Whether two slices belong into one scan: of one stack, or pictures of one subject. */
static bool together(const dn_train_pair *a, const dn_train_pair *b)
{
    return a == b || (dn_slice_is_picture(a->scan) && dn_slice_is_picture(b->scan) && strcmp(a->subject, b->subject) == 0);
}

dn_status dn_fold_evaluate(const dn_train_config *config, const dn_model *model, int64_t fold, const dn_folds *folds, dn_table *table)
{
    work w = {.config = config, .folds = folds, .fold = fold, .table = table, .pixels = config->patch[1] * config->patch[2]};
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_slice_set_create(config, &config->validation, &w.set), done);
    DN_TRY_GOTO(status, open_network(&w, model), done);
    int64_t total = dn_slice_set_count(w.set);
    for (int64_t n = 0; n < total;) {
        const dn_train_pair *pair = dn_slice_set_pair(w.set, n);
        int64_t count = 1;
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        while (count < config->batch && n + count < total && together(pair, dn_slice_set_pair(w.set, n + count))) {
            ++count;
        }
        DN_TRY_GOTO(status, add_batch(&w, n, count), done);
        n += count;
        if (n == total || !together(pair, dn_slice_set_pair(w.set, n))) {
            DN_TRY_GOTO(status, close_scan(&w, pair), done);
        }
        dn_progress("measuring the fold", n, total);
    }
done:
    dn_plan_destroy(w.plan);
    dn_slice_set_destroy(w.set);
    free(w.input);
    free(w.output);
    free(w.targets);
    free(w.predicted);
    free(w.truth);
    return status;
}
