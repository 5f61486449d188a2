/* dien surface: label maps as shaded 3-D pictures and as meshes. */
#include "base/memory.h"
#include "cli/command.h"
#include "cli/scan_list.h"
#include "cohort/draw_surfaces.h"

#include <stdlib.h>

static const dn_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "write picture, meshes and table into this folder",
     .required = true},
    {.name = "mask",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "mask that is drawn as a shell around the structures, such as the intracranial volume"},
    {.name = "mask-labels",
     .kind = DN_OPTION_TEXT,
     .value = "N,N-N,...",
     .help = "the label numbers of --mask that are inside (default: all but 0)"},
    {.name = "labels",
     .kind = DN_OPTION_TEXT,
     .value = "N,N-N,...",
     .help = "draw these label numbers as one structure (default: hypothalamus 801-810, 819 and 820; thalamus 10,49)"},
    {.name = "views",
     .kind = DN_OPTION_CHOICE,
     .value = "VIEWS",
     .preset = "oblique,left,front",
     .choices = DN_SURFACE_VIEWS,
     .list = true,
     .help = "directions of view, in this order: oblique, front, back, left, right, top, bottom"},
    {.name = "smooth",
     .kind = DN_OPTION_REAL,
     .value = "MM",
     .preset = "0.8",
     .low = 0.0,
     .high = 20.0,
     .help = "width of the Gaussian that smooths the corners of voxels"},
    {.name = "size", .kind = DN_OPTION_INTEGER, .value = "PIXELS", .preset = "420", .low = 64, .high = 2000, .help = "of each view"},
    {0},
};

/* The numbers of an option; *out stays as it is without it. */
static dn_status list_of(const dn_arguments *arguments, const char *name, dn_label_list *list, const dn_label_list **out)
{
    if (!dn_arguments_given(arguments, name)) {
        return DN_OK;
    }
    const dn_status status = dn_label_list_parse(dn_arguments_text(arguments, name), ',', 1, list);
    *out = list;
    return status == DN_OK ? status : dn_error_context(status, "--%s", name);
}

static dn_status run(const dn_arguments *arguments)
{
    const dn_line_sink results = dn_print_lines();
    dn_surface_options how = {.folder = dn_arguments_text(arguments, "output"),
                              .mask = dn_arguments_text(arguments, "mask"),
                              .views = dn_arguments_text(arguments, "views"),
                              .smooth_mm = dn_arguments_real(arguments, "smooth"),
                              .size = (int)dn_arguments_integer(arguments, "size")};
    dn_label_list labels = {0}, mask_labels = {0};
    dn_status status = DN_OK;
    const char **paths = NULL;
    char *name = NULL;
    size_t count = 0;
    DN_TRY_GOTO(status, list_of(arguments, "labels", &labels, &how.labels), done);
    DN_TRY_GOTO(status, list_of(arguments, "mask-labels", &mask_labels, &how.mask_labels), done);
    if (how.labels != NULL) {
        DN_TRY_GOTO(status, dn_asprintf(&name, "labels %s", dn_arguments_text(arguments, "labels")), done);
        how.labels_name = name;
    }
    DN_TRY_GOTO(status, dn_scan_list(arguments, "_surface.png", &paths, &count), done);
    status = dn_draw_surfaces(paths, count, &how, &results);
done:
    free(paths);
    free(name);
    dn_label_list_release(&labels);
    dn_label_list_release(&mask_labels);
    return status;
}

const dn_command dn_command_surface = {
    .name = "surface",
    .summary = "draw structures as shaded surfaces, and write their meshes",
    .positional = "LABELS...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description = "Takes label maps, such as the _dseg.nii.gz of 'dien segment', and makes the surface of each structure by marching "
                   "cubes. It writes NAME_surface.png, one NAME_STRUCTURE.ply per structure (NiiVue and MeshLab read them), and "
                   "NAME_surfaces.tsv with areas and volumes. The hypothalamus has the colours of its subunits, if the labels have "
                   "subunits: anterior inferior red, anterior superior pink, tubular inferior blue, "
                   "tubular superior yellow, "
                   "posterior green. For statistics use the volumes of 'dien segment', not those of the smoothed meshes.\n\nIf one of "
                   "several files fails, it is named, the others are done, and the exit code is 6.",
    .examples = "dien surface out/sub-01_dseg.nii.gz --mask out/sub-01_label-ICV_mask.nii.gz -o pictures\n"
                "dien surface aseg.mgz --labels 10,49 --views front,top -o pictures",
    .run = run,
};
