/* dien labelmap: label maps made from label maps. */
#include "base/memory.h"
#include "cli/command.h"
#include "labelmap/average.h"
#include "labelmap/turn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "label map to write (.nii.gz)",
     .required = true,
     .written = true},
    {.name = "spacing", .kind = DN_OPTION_REAL, .value = "MM", .preset = "1", .help = "its voxel size", .low = 0.2, .high = 10},
    {.name = "rounds",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .preset = "4",
     .help = "average: of smooth alignment after the affine one; 0: affine only",
     .low = 0,
     .high = 100},
    {.name = "frame",
     .kind = DN_OPTION_TEXT,
     .value = "ACY,ACZ,PCY,PCZ",
     .help = "frame: AC and PC in the map, mm: AC becomes the origin, PC lies on -y"},
    {.name = "tissues",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "tissue table (TSV); without it the one that comes with dien, for FreeSurfer labels"},
    {0},
};

static dn_status average(const dn_arguments *arguments)
{
    const size_t count = dn_arguments_count(arguments) - 1;
    const dn_average_options how = {.tissues = dn_arguments_text(arguments, "tissues"),
                                    .spacing = dn_arguments_real(arguments, "spacing"),
                                    .rounds = (int)dn_arguments_integer(arguments, "rounds")};
    const char **paths = NULL;
    DN_TRY(dn_alloc(&paths, count, sizeof *paths, "the list of label maps"));
    for (size_t i = 0; i < count; ++i) {
        paths[i] = dn_arguments_at(arguments, i + 1);
    }
    dn_status status = dn_labelmap_average(paths, count, &how, dn_arguments_text(arguments, "output"));
    free(paths);
    return status;
}

static dn_status frame(const dn_arguments *arguments)
{
    const char *text = dn_arguments_text(arguments, "frame");
    dn_turn_options how = {.tissues = dn_arguments_text(arguments, "tissues"), .spacing = dn_arguments_real(arguments, "spacing")};
    char rest;
    if (dn_arguments_count(arguments) != 2) {
        DN_FAIL(DN_EUSAGE, "dien labelmap frame takes one label map");
    }
    if (text == NULL) {
        DN_FAIL(DN_EUSAGE, "dien labelmap frame needs --frame ACY,ACZ,PCY,PCZ: where AC and PC are in the map, mm");
    }
    if (sscanf(text, "%lf,%lf,%lf,%lf%c", &how.ac[0], &how.ac[1], &how.pc[0], &how.pc[1], &rest) != 4) {
        DN_FAIL(DN_EUSAGE, "--frame takes four numbers ACY,ACZ,PCY,PCZ in mm, not \"%s\"", text);
    }
    return dn_labelmap_turn(dn_arguments_at(arguments, 1), &how, dn_arguments_text(arguments, "output"));
}

static dn_status run(const dn_arguments *arguments)
{
    const char *verb = dn_arguments_at(arguments, 0);
    if (strcmp(verb, "average") == 0) {
        return average(arguments);
    }
    if (strcmp(verb, "frame") == 0) {
        return frame(arguments);
    }
    DN_FAIL(DN_EUSAGE, "dien labelmap does not know '%s'; it knows average and frame", verb);
}

const dn_command dn_command_labelmap = {
    .name = "labelmap",
    .summary = "make label maps from label maps",
    .positional = "average|frame MAP...",
    .positional_min = 2,
    .positional_max = -1,
    .options = options,
    .description =
        "average: one label map on which many people agree. The maps (FreeSurfer numbers) are brought to their mean shape, by an affine "
        "each that fits the centroids of their structures and then by a smooth displacement; each voxel takes the label that most of "
        "the maps and their mirror images have there. The result is symmetric about x = 0.\n\n"
        "frame: turns such an average (never any other map: it is made symmetric again) into the AC-PC frame.\n\n"
        "`make template` makes the template that comes with dien in this way.",
    .examples = "dien labelmap average maps/*.nii.gz -o average.nii.gz\n"
                "dien labelmap frame average.nii.gz -o head.nii.gz --frame 17.2,8.0,-11.8,-3.9",
    .run = run,
};
