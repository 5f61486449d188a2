/* dien models: lists and shows the models that are installed, and imports published ones. */
#include "cli/command.h"
#include "models/describe.h"
#include "models/keras/import.h"
#include "models/place.h"
#include "segment/networks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dn_status list(const dn_arguments *arguments)
{
    char *text;
    (void)arguments;
    DN_TRY(dn_store_describe(&text));
    fputs(*text != '\0' ? text : "no models found; add one with: dien models import FILE.h5\n", stdout);
    free(text);
    return DN_OK;
}

static dn_status show(const dn_arguments *arguments)
{
    char *text;
    const dn_model_parts parts = {.config = dn_arguments_flag(arguments, "config"), .weights = dn_arguments_flag(arguments, "weights")};
    const dn_status status = dn_model_describe(dn_arguments_at(arguments, 0), &parts, &text);
    if (text != NULL) {
        fputs(text, stdout);
    }
    free(text);
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
    DN_TRY_GOTO(status,
                dn_model_place(model, dn_arguments_text(arguments, "output"), dn_arguments_at(arguments, 0), dn_own_networks, &path), done);
    DN_TRY_GOTO(status, dn_model_write(model, dn_arguments_flag(arguments, "f16") ? DN_STORE_F16 : DN_STORE_F32, path), done);
    printf("%s\n", path);
done:
    free(path);
    dn_model_destroy(model);
    return status;
}

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
