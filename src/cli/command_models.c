/* dien models: lists and shows the models that are installed, and imports published ones. */
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/remedy.h"
#include "models/keras/import.h"
#include "models/model.h"
#include "models/registry.h"
#include "models/store.h"
#include "segment/head/whole_head.h"
#include "segment/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXTENSION ".safetensors"

/* ---- list ---- */

static dn_status list(const dn_arguments *arguments)
{
    (void)arguments;
    char **paths;
    size_t count;
    DN_TRY(dn_store_list(&paths, &count));
    for (size_t i = 0; i < count; ++i) {
        dn_model *model;
        if (dn_model_read_metadata(paths[i], &model) != DN_OK) { /* one bad file should not hide the others */
            printf("%s\tcannot be read: %s%s\n", paths[i], dn_error_message(), dn_remedy_clause());
            continue;
        }
        dn_text_make_line(model->name);
        printf("%s\t%s\t%zu labels\t%s\n", model->name, model->architecture, model->label_count, paths[i]);
        dn_model_destroy(model);
    }
    if (count == 0) {
        printf("no models found; add one with: dien models import FILE.h5\n");
    }
    dn_store_list_release(paths, count);
    return DN_OK;
}

/* ---- show ---- */

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

static void show_input(const dn_model_input *input)
{
    printf("input          %g x %g x %g mm, %s, %" PRId64 " channel%s, sizes in multiples of %" PRId64 "\n", input->spacing[0],
           input->spacing[1], input->spacing[2], input->orientation, input->channels, input->channels == 1 ? "" : "s", input->multiple);
    if (input->normalise == DN_NORMALISE_PERCENTILE) {
        printf("normalisation  clipped at the %g and %g percentiles, scaled to 0..1\n", input->low, input->high);
    } else {
        printf("normalisation  %s\n", input->normalise == DN_NORMALISE_ZSCORE ? "mean 0, standard deviation 1" : "none");
    }
    if (input->mirror) {
        printf("mirror         runs on the scan and on its mirror image; the mean is used\n");
    }
}

static dn_status show(const dn_arguments *arguments)
{
    char *path;
    dn_model *model;
    DN_TRY(dn_model_find(dn_arguments_at(arguments, 0), &path));
    dn_status status = dn_model_read(path, &model);
    if (status != DN_OK) {
        free(path);
        return status;
    }
    status = dn_model_check(model, path); /* told after the rest, which may show why */
    const dn_architecture *architecture = dn_architecture_find(model->architecture);
    make_lines(model);
    printf("name           %s\nfile           %s\nsha256         %s\n", model->name, path, model->sha256);
    printf("architecture   %s (%s)\n", model->architecture, architecture->summary);
    printf("parameters     %" PRId64 " in %zu arrays\n", parameters(model->weights), dn_weights_count(model->weights));
    show_input(&model->input);
    printf("trained on     %s\nlicence        %s\nsource         %s\n", or_unknown(model->trained_on), or_unknown(model->licence),
           or_unknown(model->source));
    for (size_t i = 0; i < model->note_count; ++i) {
        printf("%-14s %s\n", model->notes[i].key, model->notes[i].value);
    }
    printf("labels\n");
    for (size_t i = 0; i < model->label_count; ++i) {
        const dn_model_label *label = &model->labels[i];
        printf("  %3" PRId64 "  %5" PRId64 "  %c  #%02x%02x%02x  %s\n", label->channel, label->index, label->hemi, label->color[0],
               label->color[1], label->color[2], label->name);
    }
    if (dn_arguments_flag(arguments, "config")) {
        printf("config\n%s\n", model->config);
    }
    if (dn_arguments_flag(arguments, "weights")) {
        printf("weights\n");
        for (size_t i = 0; i < dn_weights_count(model->weights); ++i) {
            const dn_weight *weight = dn_weights_at(model->weights, i);
            printf("  %s [", weight->name);
            for (size_t k = 0; k < weight->rank; ++k) {
                printf("%s%" PRId64, k == 0 ? "" : ",", weight->dim[k]);
            }
            printf("]\n");
        }
    }
    dn_model_destroy(model);
    free(path);
    return status;
}

/* ---- import ---- */

/* -o names a file when it ends in .safetensors, else a folder; there, what is imported never takes the place of one of our own.
 * source: the file that the model came from. */
static dn_status target_path(const char *output, const char *source, const dn_model *model, char **out)
{
    static const char *const own[] = {DN_SEGMENT_MODEL, DN_SEGMENT_ANY_CONTRAST, DN_SEGMENT_SLICES, DN_WHOLE_HEAD_COARSE,
                                      DN_WHOLE_HEAD_FINE};
    char *folder, *name;
    if (output != NULL && dn_path_has_extension(output, EXTENSION)) {
        return dn_strdup(output, out);
    }
    for (size_t i = 0; i < sizeof own / sizeof *own; ++i) {
        if (strcmp(model->name, own[i]) == 0) {
            DN_FAIL(DN_EUSAGE,
                    "\"%s\" is the name of one of dien's own networks, which could then not be found; give your network another name with "
                    "--name",
                    model->name);
        }
    }
    if (output != NULL) {
        DN_TRY(dn_path_make_folder(output));
        DN_TRY(dn_strdup(output, &folder));
    } else {
        DN_TRY(dn_store_user_folder(&folder));
    }
    dn_status status = dn_path_check_name(model->name, source);
    if (status == DN_OK) {
        status = dn_asprintf(&name, "%s%s", model->name, EXTENSION);
    }
    if (status == DN_OK) {
        status = dn_path_join(folder, name, out);
        free(name);
    }
    free(folder);
    return status;
}

static dn_status import(const dn_arguments *arguments)
{
    char *path = NULL;
    dn_model *model;
    dn_import_options options = {.name = dn_arguments_text(arguments, "name"), .metadata = dn_arguments_text(arguments, "metadata")};
    if (options.name != NULL && (*options.name == '\0' || strchr(options.name, '/') != NULL)) {
        DN_FAIL(DN_EUSAGE, "--name is \"%s\"; a name must not be empty or contain a slash (-o names the folder)", options.name);
    }
    DN_TRY(dn_import_keras(dn_arguments_at(arguments, 0), &options, &model));
    dn_status status;
    DN_TRY_GOTO(status, target_path(dn_arguments_text(arguments, "output"), dn_arguments_at(arguments, 0), model, &path), done);
    DN_TRY_GOTO(status, dn_model_write(model, dn_arguments_flag(arguments, "f16") ? DN_STORE_F16 : DN_STORE_F32, path), done);
    printf("%s\n", path);
done:
    free(path);
    dn_model_destroy(model);
    return status;
}

/* ---- the commands ---- */

static const dn_command list_command = {
    .name = "models list",
    .summary = "list the networks that are installed",
    .description = "Prints one line per network: its name, architecture, number of labels, and file.\n\nModels are searched in "
                   "$DIEN_MODELS, the folder models/ beside the program, the installed folder and "
                   "~/.local/share/dien/models. A model is one .safetensors file.",
    .examples = "dien models list",
    .run = list,
};

static const dn_option show_options[] = {
    {.name = "config", .kind = DN_OPTION_FLAG, .help = "also print the network's configuration"},
    {.name = "weights", .kind = DN_OPTION_FLAG, .help = "also print the names and shapes of the weights"},
    {0},
};

static const dn_command show_command = {
    .name = "models show",
    .summary = "show what a network expects and labels",
    .positional = "NAME|FILE",
    .positional_min = 1,
    .positional_max = 1,
    .options = show_options,
    .description = "Prints what a model expects of a scan, its labels, the data on which it was trained, its licence and its source.",
    .examples = "dien models show billot2020-hypothalamus-subunits",
    .run = show,
};

static const dn_option import_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FILE,
     .value = "PATH",
     .help = "file (.safetensors) or folder to write (default: the folder of the user's models)",
     .written = true},
    {.name = "name", .kind = DN_OPTION_TEXT, .value = "NAME", .help = "name of the model"},
    {.name = "metadata",
     .kind = DN_OPTION_FILE,
     .value = "JSON",
     .help = "JSON file with input, labels, licence and source of the network"},
    {.name = "f16", .kind = DN_OPTION_FLAG, .help = "store the weights in 16 bits, which halves the size"},
    {0},
};

static const dn_command import_command = {
    .name = "models import",
    .summary = "turn a published Keras network into a model file",
    .positional = "FILE.h5",
    .positional_min = 1,
    .positional_max = 1,
    .options = import_options,
    .description =
        "Turns a published Keras network (HDF5) into a model file. It understands files of model.save() and the weights of the "
        "published hypothalamus-subunit network; docs/manual/models.md lists layers and versions, and what a metadata file holds.",
    .examples = "dien models import billot2020_hypothalamus.h5\n"
                "dien models import efficientnetb0.h5 --metadata labels.json -o models/",
    .run = import,
};

static const dn_command *const subcommands[] = {&list_command, &show_command, &import_command, NULL};

const dn_command dn_command_models = {
    .name = "models",
    .summary = "list networks, show one, or import a published one",
    .description = "Models are searched in $DIEN_MODELS, the folder models/ beside the program, the installed folder and "
                   "~/.local/share/dien/models. A model is one .safetensors file.",
    .examples = "dien models list\ndien models show billot2020-hypothalamus-subunits\ndien models import billot2020_hypothalamus.h5",
    .subcommands = subcommands,
};
