/* Models as text: a line each for the list, and all that a file says of one. */
#include "models/describe.h"

#include "base/text.h"
#include "models/model.h"
#include "models/registry.h"
#include "models/store.h"

#include <inttypes.h>
#include <stdlib.h>

/* One bad file does not hide the others. */
static void put_line(FILE *to, const char *path)
{
    char words[DN_REMEDY_WORDS];
    dn_model *model;
    if (dn_model_read_metadata(path, &model) != DN_OK) {
        fprintf(to, "%s\tcannot be read: %s%s\n", path, dn_error_message(),
                dn_remedy_words(dn_error_remedy(), dn_error_remedy_about(), words));
        return;
    }
    dn_text_make_line(model->name);
    fprintf(to, "%s\t%s\t%zu labels\t%s\n", model->name, model->architecture, model->label_count, path);
    dn_model_destroy(model);
}

dn_status dn_store_describe(char **out)
{
    dn_text text = {0};
    char **paths;
    size_t count;
    DN_TRY(dn_store_list(&paths, &count));
    dn_status status = dn_text_open(&text);
    for (size_t i = 0; status == DN_OK && i < count; ++i) {
        put_line(text.stream, paths[i]);
    }
    if (status == DN_OK) {
        status = dn_text_take(&text, out);
    }
    dn_store_list_release(paths, count);
    return status;
}

static int64_t parameters(const dn_weights *weights)
{
    int64_t count = 0;
    for (size_t i = 0; i < dn_weights_count(weights); ++i) {
        count += dn_weight_count(dn_weights_at(weights, i));
    }
    return count;
}

static const char *or_unknown(const char *text)
{
    return *text != '\0' ? text : "not stated";
}

/* Each text of a file on its line, whatever is in it. */
static void make_lines(dn_model *model)
{
    char *const texts[] = {model->name, model->trained_on, model->licence, model->source};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
        dn_text_make_line(texts[i]);
    }
    for (size_t i = 0; i < model->note_count; ++i) {
        dn_text_make_line(model->notes[i].key);
        dn_text_make_line(model->notes[i].value);
    }
    for (size_t i = 0; i < model->label_count; ++i) {
        dn_text_make_line(model->labels[i].name);
    }
}

static void put_input(FILE *to, const dn_model_input *input)
{
    fprintf(to, "input          %g x %g x %g mm, %s, %" PRId64 " channel%s, sizes in multiples of %" PRId64 "\n", input->spacing[0],
            input->spacing[1], input->spacing[2], input->orientation, input->channels, input->channels == 1 ? "" : "s", input->multiple);
    if (input->normalise == DN_NORMALISE_PERCENTILE) {
        fprintf(to, "normalisation  clipped at the %g and %g percentiles, scaled to 0..1\n", input->low, input->high);
    } else {
        fprintf(to, "normalisation  %s\n", input->normalise == DN_NORMALISE_ZSCORE ? "mean 0, standard deviation 1" : "none");
    }
    if (input->mirror) {
        fprintf(to, "mirror         runs on the scan and on its mirror image; the mean is used\n");
    }
}

static void put_labels(FILE *to, const dn_model *model)
{
    fprintf(to, "labels\n");
    for (size_t i = 0; i < model->label_count; ++i) {
        const dn_model_label *label = &model->labels[i];
        fprintf(to, "  %3" PRId64 "  %5" PRId64 "  %c  #%02x%02x%02x  %s\n", label->channel, label->index, label->hemi, label->color[0],
                label->color[1], label->color[2], label->name);
    }
}

static void put_weights(FILE *to, const dn_weights *weights)
{
    fprintf(to, "weights\n");
    for (size_t i = 0; i < dn_weights_count(weights); ++i) {
        const dn_weight *weight = dn_weights_at(weights, i);
        fprintf(to, "  %s [", weight->name);
        for (size_t k = 0; k < weight->rank; ++k) {
            fprintf(to, "%s%" PRId64, k == 0 ? "" : ",", weight->dim[k]);
        }
        fprintf(to, "]\n");
    }
}

static void put_model(FILE *to, dn_model *model, const char *path, const dn_model_parts *parts)
{
    make_lines(model);
    fprintf(to, "name           %s\nfile           %s\nsha256         %s\n", model->name, path, model->sha256);
    fprintf(to, "architecture   %s (%s)\n", model->architecture, dn_architecture_find(model->architecture)->summary);
    fprintf(to, "parameters     %" PRId64 " in %zu arrays\n", parameters(model->weights), dn_weights_count(model->weights));
    put_input(to, &model->input);
    fprintf(to, "trained on     %s\nlicence        %s\nsource         %s\n", or_unknown(model->trained_on), or_unknown(model->licence),
            or_unknown(model->source));
    for (size_t i = 0; i < model->note_count; ++i) {
        fprintf(to, "%-14s %s\n", model->notes[i].key, model->notes[i].value);
    }
    put_labels(to, model);
    if (parts->config) {
        fprintf(to, "config\n%s\n", model->config);
    }
    if (parts->weights) {
        put_weights(to, model->weights);
    }
}

dn_status dn_model_describe(const char *name_or_path, const dn_model_parts *parts, char **out)
{
    dn_text text = {0};
    char *path;
    dn_model *model = NULL;
    dn_status status;
    *out = NULL;
    DN_TRY(dn_model_find(name_or_path, &path));
    DN_TRY_GOTO(status, dn_model_read(path, &model), done);
    DN_TRY_GOTO(status, dn_text_open(&text), done);
    put_model(text.stream, model, path, parts);
    DN_TRY_GOTO(status, dn_text_take(&text, out), done);
    status = dn_model_check(model, path);
done:
    dn_model_destroy(model);
    free(path);
    return status;
}
