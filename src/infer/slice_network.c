/* Runs 2-D networks over the slices of a stack, averages their posteriors, and measures how far the networks disagree. */
#include "infer/slice_network.h"

#include "base/clock.h"
#include "base/job.h"
#include "base/memory.h"
#include "image/resample.h"
#include "infer/bridge.h"
#include "infer/conform.h"
#include "models/fields.h"
#include "models/registry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dn_slice_network {
    const dn_model *const *models; /* borrowed */
    const dn_model **list;         /* owned copy of the pointers */
    size_t count;
    dn_slice_network_options options;
    dn_plan **plans; /* of rows and columns below */
    int64_t rows, columns, channels;
    float *input, *output;
    bool quiet;
};

dn_status dn_model_sees_slices(const dn_model *model, bool *out)
{
    json_t *config = NULL;
    const dn_architecture *architecture = dn_architecture_find(model->architecture);
    *out = false;
    if (architecture == NULL) {
        DN_FAIL(DN_EFORMAT, "model %s: there is no architecture \"%s\"", model->name, model->architecture);
    }
    DN_TRY(dn_fields_parse(model->config, JSON_OBJECT, model->name, &config));
    *out = dn_architecture_dims(architecture, config) == 2;
    json_decref(config);
    return DN_OK;
}

static bool same_labels(const dn_model *a, const dn_model *b)
{
    bool same = a->label_count == b->label_count;
    for (size_t i = 0; same && i < a->label_count; ++i) {
        same = a->labels[i].index == b->labels[i].index;
    }
    return same;
}

static dn_status check(const dn_model *const *models, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        bool slices;
        DN_TRY(dn_model_sees_slices(models[i], &slices));
        if (!slices) {
            DN_FAIL(DN_EFORMAT, "model %s works on volumes, not on slices", models[i]->name);
        }
        if (!same_labels(models[i], models[0])) {
            DN_FAIL(DN_EFORMAT, "models %s and %s have different labels and cannot be averaged", models[0]->name, models[i]->name);
        }
        if (!dn_conform_same(&models[i]->input, &models[0]->input) || models[i]->input.channels != models[0]->input.channels ||
            models[i]->input.slice_step != models[0]->input.slice_step) {
            DN_FAIL(DN_EFORMAT, "models %s and %s expect different spacing, orientation, intensities or channels and cannot be averaged",
                    models[0]->name, models[i]->name);
        }
    }
    return DN_OK;
}

dn_status dn_slice_network_create(const dn_model *const *models, size_t count, const dn_slice_network_options *options,
                                  dn_slice_network **out)
{
    dn_status status = DN_OK;
    dn_slice_network *network = NULL;
    DN_TRY(check(models, count));
    DN_TRY(dn_alloc(&network, 1, sizeof *network, "a network"));
    network->count = count;
    network->options = options != NULL ? *options : (dn_slice_network_options){0};
    network->options.batch = network->options.batch > 0 ? network->options.batch : 2;
    DN_TRY_GOTO(status, dn_alloc(&network->list, count, sizeof(dn_model *), "a network"), fail);
    DN_TRY_GOTO(status, dn_alloc(&network->plans, count, sizeof *network->plans, "a network"), fail);
    memcpy(network->list, models, count * sizeof *models);
    network->models = (const dn_model *const *)network->list;
    *out = network;
    return DN_OK;
fail:
    dn_slice_network_destroy(network);
    return status;
}

static void forget(dn_slice_network *network)
{
    for (size_t i = 0; network->plans != NULL && i < network->count; ++i) {
        dn_plan_destroy(network->plans[i]);
        network->plans[i] = NULL;
    }
    free(network->input);
    free(network->output);
    network->input = NULL;
    network->output = NULL;
    network->rows = 0;
}

void dn_slice_network_destroy(dn_slice_network *network)
{
    if (network != NULL) {
        forget(network);
        free(network->plans);
        free(network->list);
        free(network);
    }
}

void dn_slice_network_quiet(dn_slice_network *network)
{
    network->quiet = true;
}

/* Plans for slices of this size. */
static dn_status prepare(dn_slice_network *network, int64_t rows, int64_t columns)
{
    dn_status status = DN_OK;
    const dn_model_input *input = &network->models[0]->input;
    if (network->rows == rows && network->columns == columns) {
        return DN_OK;
    }
    forget(network);
    dn_shape shape = {network->options.batch, 1, rows, columns, input->channels};
    for (size_t i = 0; i < network->count; ++i) {
        const dn_plan_options options = {.precision = network->options.precision};
        dn_graph *graph = NULL;
        DN_TRY_GOTO(status, dn_model_graph(network->models[i], shape, &graph), fail);
        dn_shape out = dn_graph_output_shape(graph, 0);
        status = out.h == rows && out.w == columns
                     ? dn_plan_compile(graph, network->models[i]->weights, &options, &network->plans[i])
                     : dn_error_set(DN_ESHAPE, "model %s gives an output of another size than its input", network->models[i]->name);
        dn_graph_destroy(graph);
        if (status != DN_OK) {
            goto fail;
        }
        network->channels = out.c;
    }
    DN_TRY_GOTO(status,
                dn_alloc_aligned_dims(&network->input, DN_DIMS(shape.n, rows, columns, input->channels), sizeof *network->input, "slices"),
                fail);
    DN_TRY_GOTO(status,
                dn_alloc_aligned_dims(&network->output, DN_DIMS(shape.n, rows, columns, network->channels), sizeof *network->output,
                                      "posteriors of slices"),
                fail);
    network->rows = rows;
    network->columns = columns;
    return DN_OK;
fail:
    forget(network);
    return status;
}

static double disagreement(const dn_slice_posteriors *p, const float *squares)
{
    double sum = 0.0;
    int64_t voxels = 0;
    int64_t count = dn_grid_count(&p->maps[0]->grid);
    for (int64_t v = 0; v < count; ++v) {
        int64_t best = 0;
        for (int64_t c = 1; c < p->channels; ++c) {
            best = p->maps[c]->data[v] > p->maps[best]->data[v] ? c : best;
        }
        /* Voxels that are background beyond doubt say nothing. */
        if (p->maps[0]->data[v] < 0.95f) {
            double mean = (double)p->maps[best]->data[v];
            sum += sqrt(fmax(0.0, (double)squares[best * count + v] - mean * mean));
            ++voxels;
        }
    }
    return voxels > 0 ? sum / (double)voxels : 0.0;
}

static dn_status run(dn_slice_network *network, const dn_volume *volume, dn_slice_posteriors *out, float *squares)
{
    float darkest = INFINITY;
    for (int64_t v = 0; v < dn_grid_count(&volume->grid); ++v) {
        darkest = volume->data[v] < darkest ? volume->data[v] : darkest;
    }
    for (int64_t first = 0; first < out->slices; first += network->options.batch) {
        DN_TRY(dn_cancel_check());
        const dn_model_input *asked = &network->models[0]->input;
        const dn_slice_batch seen = {first, network->options.batch, network->rows, network->columns, asked->channels};
        const dn_slice_batch said = {first, network->options.batch, network->rows, network->columns, network->channels};
        dn_bridge_slices(volume, &seen, asked->slice_step, darkest, network->input);
        for (size_t i = 0; i < network->count; ++i) {
            const float *inputs[] = {network->input};
            float *outputs[] = {network->output};
            DN_TRY(dn_plan_run(network->plans[i], inputs, outputs));
            dn_bridge_slices_add(network->output, &said, 1.0f / (float)network->count, out->maps, squares);
        }
        if (!network->quiet) {
            dn_progress("running on slices", first + network->options.batch < out->slices ? first + network->options.batch : out->slices,
                        out->slices);
        }
    }
    return DN_OK;
}

dn_status dn_slice_network_run_conformed(dn_slice_network *network, const dn_conformed *conformed, dn_slice_posteriors *out)
{
    dn_status status = DN_OK;
    float *squares = NULL;
    *out = (dn_slice_posteriors){0};
    const dn_grid *grid = &conformed->volume->grid;
    int64_t m = network->models[0]->input.multiple > 1 ? network->models[0]->input.multiple : 1;
    DN_TRY_GOTO(status, prepare(network, (grid->dim[1] + m - 1) / m * m, (grid->dim[2] + m - 1) / m * m), done);
    DN_TRY_GOTO(status, dn_alloc(&out->maps, (size_t)network->channels, sizeof *out->maps, "posteriors"), done);
    for (; out->channels < network->channels; ++out->channels) {
        DN_TRY_GOTO(status, dn_volume_create(grid, &out->maps[out->channels]), done);
    }
    if (network->count > 1) {
        DN_TRY_GOTO(status,
                    dn_alloc_dims(&squares, DN_DIMS(dn_grid_count(grid), network->channels), sizeof *squares,
                                  "differences between the folds"),
                    done);
    }
    out->slices = grid->dim[0];
    double began = dn_clock_now();
    DN_TRY_GOTO(status, run(network, conformed->volume, out, squares), done);
    out->seconds_a_slice = (dn_clock_now() - began) / (double)out->slices;
    out->disagreement = squares != NULL ? disagreement(out, squares) : 0.0;
done:
    free(squares);
    if (status != DN_OK) {
        dn_slice_posteriors_release(out);
    }
    return status;
}

dn_status dn_slice_network_run(dn_slice_network *network, dn_volume *stack, dn_slice_posteriors *out)
{
    dn_conformed conformed = {0};
    *out = (dn_slice_posteriors){0};
    DN_TRY(dn_conform(stack, &network->models[0]->input, &conformed));
    dn_status status = dn_slice_network_run_conformed(network, &conformed, out);
    dn_conformed_release(&conformed);
    return status;
}

void dn_slice_posteriors_release(dn_slice_posteriors *posteriors)
{
    for (int64_t c = 0; c < posteriors->channels; ++c) {
        dn_volume_destroy(posteriors->maps[c]);
    }
    free(posteriors->maps);
    *posteriors = (dn_slice_posteriors){0};
}

dn_status dn_slice_posteriors_labels(const dn_slice_posteriors *posteriors, const dn_model *model, const dn_grid *grid, dn_labels **out)
{
    dn_status status = DN_OK;
    dn_labels *labels = NULL;
    float *best = NULL;
    int64_t count = dn_grid_count(grid);
    DN_TRY(dn_labels_create(grid, &labels));
    DN_TRY_GOTO(status, dn_alloc(&best, (size_t)count, sizeof *best, "posteriors"), fail);
    for (int64_t c = 0; c < posteriors->channels; ++c) {
        dn_volume *fine = NULL;
        /* Outside the stack is background. */
        const dn_resample_options how = {.method = DN_RESAMPLE_LINEAR, .fill = model->labels[c].index == 0 ? 1.0f : 0.0f};
        DN_TRY_GOTO(status, dn_resample_volume(posteriors->maps[c], grid, &how, &fine), fail);
        for (int64_t v = 0; v < count; ++v) {
            if (c == 0 || fine->data[v] > best[v]) {
                best[v] = fine->data[v];
                labels->data[v] = (uint16_t)model->labels[c].index;
            }
        }
        dn_volume_destroy(fine);
    }
    free(best);
    *out = labels;
    return DN_OK;
fail:
    free(best);
    dn_labels_destroy(labels);
    return status;
}
