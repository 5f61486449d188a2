/* dien labelmap merge, place, mirror, subdivide: the steps from classes to the map of a whole head. */
#include "base/words.h"
#include "cli/labelmap_options.h"
#include "labelmap/merge.h"
#include "labelmap/mirror.h"
#include "labelmap/place.h"
#include "labelmap/subdivide.h"

#include <stdlib.h>
#include <string.h>

static dn_status merge(const dn_arguments *arguments)
{
    const dn_merge_options how = {.radius = dn_arguments_real(arguments, "radius")};
    return dn_labelmap_merge(dn_arguments_at(arguments, 0), dn_arguments_at(arguments, 1), &how, dn_arguments_text(arguments, "output"));
}

static dn_status place(const dn_arguments *arguments)
{
    const dn_place_options how = {.alpha = dn_arguments_real(arguments, "alpha"),
                                  .tissues = dn_arguments_text(arguments, "tissues"),
                                  .any_size = dn_arguments_flag(arguments, "any-size")};
    dn_mirror_plane found;
    return dn_labelmap_place(dn_arguments_at(arguments, 0), &how, dn_arguments_text(arguments, "output"), &found);
}

static dn_status mirror(const dn_arguments *arguments)
{
    const dn_mirror_map_options how = {.spacing = dn_arguments_real(arguments, "spacing"),
                                       .tissues = dn_arguments_text(arguments, "tissues"),
                                       .placed = dn_arguments_text(arguments, "placed")};
    return dn_labelmap_mirror(dn_arguments_at(arguments, 0), &how, dn_arguments_text(arguments, "output"));
}

/* "--ac 0,1,2". */
static dn_status point(const dn_arguments *arguments, const char *option, double at[3], bool *given)
{
    const char *text = dn_arguments_text(arguments, option);
    double *numbers = NULL;
    size_t count = 0;
    *given = text != NULL;
    if (text == NULL) {
        return DN_OK;
    }
    dn_status status = dn_split_numbers("a coordinate:", text, &numbers, &count);
    if (status == DN_OK && count != 3) {
        status = dn_error_set(DN_EUSAGE, "--%s takes three numbers X,Y,Z in mm (RAS), not \"%s\"", option, text);
    }
    if (status == DN_OK) {
        memcpy(at, numbers, 3 * sizeof *at);
    }
    free(numbers);
    return status;
}

static dn_status subdivide(const dn_arguments *arguments)
{
    dn_subdivide_options how = {.body_mm = dn_arguments_real(arguments, "mb-front"),
                                .compare = dn_arguments_text(arguments, "compare"),
                                .table = dn_arguments_text(arguments, "table")};
    bool ac, left, right, pc;
    if (dn_arguments_given(arguments, "landmarks")) {
        DN_TRY(dn_subdivide_read_landmarks(dn_arguments_text(arguments, "landmarks"), &how.at));
    }
    DN_TRY(point(arguments, "ac", how.at.ac, &ac));
    DN_TRY(point(arguments, "mb-left", how.at.mb[0], &left));
    DN_TRY(point(arguments, "mb-right", how.at.mb[1], &right));
    DN_TRY(point(arguments, "pc", how.at.pc, &pc));
    how.at.has_pc = how.at.has_pc || pc;
    if (!dn_arguments_given(arguments, "landmarks") && !(ac && left && right)) {
        DN_FAIL(DN_EUSAGE, "the landmarks are missing: give --landmarks FILE, or --ac, --mb-left and --mb-right");
    }
    if (how.table != NULL && how.compare == NULL) {
        DN_FAIL(DN_EUSAGE, "--table needs --compare");
    }
    return dn_labelmap_subdivide(dn_arguments_at(arguments, 0), &how, dn_arguments_text(arguments, "output"));
}

static const dn_option merge_options[] = {DN_OPTION_MAP_OUTPUT, DN_OPTION_RADIUS, {0}};

const dn_command dn_labelmap_merge_command = {
    .name = "labelmap merge",
    .summary = "put drawn labels onto classes of tissue, and clean the seam",
    .positional = "CLASSES MANUAL",
    .positional_min = 2,
    .positional_max = 2,
    .options = merge_options,
    .description = "Drawn labels replace the classes and are never changed themselves. The drawn labels together are closed with a ball: "
                   "specks of tissue that this adds join the nearest drawn label, and a larger piece (the fornix) becomes one class. The "
                   "background near them is closed, too: specks of tissue in the third ventricle are removed.",
    .examples = "dien labelmap merge classes.nii.gz manual_resampled.nii.gz -o half.nii.gz",
    .run = merge,
};

static const dn_option place_options[] = {DN_OPTION_MAP_OUTPUT, DN_OPTION_ALPHA, DN_OPTION_ANY_SIZE, DN_OPTION_TISSUES, {0}};

const dn_command dn_labelmap_place_command = {
    .name = "labelmap place",
    .summary = "place a left hemisphere against the mirror x = 0",
    .positional = "MAP",
    .positional_min = 1,
    .positional_max = 1,
    .options = place_options,
    .description = "Finds the rigid motion that brings the hemisphere (every voxel that is not 0) as near to the plane x = 0 as possible "
                   "without crossing it (the cost of Rodrigues et al. 2024). The result is the same map with another affine. The motion is "
                   "written beside it (.json).",
    .examples = "dien labelmap place brain.nii.gz -o placed.nii.gz",
    .run = place,
};

static const dn_option mirror_options[] = {
    DN_OPTION_MAP_OUTPUT,
    {.name = "spacing",
     .kind = DN_OPTION_REAL,
     .value = "MM",
     .preset = "0",
     .low = 0,
     .high = 10,
     .help = "voxel size of the result; 0: as the map"},
    {.name = "placed", .kind = DN_OPTION_FILE, .value = "FILE", .help = "motion of 'dien labelmap place' (.json), applied first"},
    DN_OPTION_TISSUES,
    {0},
};

const dn_command dn_labelmap_mirror_command = {
    .name = "labelmap mirror",
    .summary = "make a whole head of a hemisphere and its mirror image",
    .positional = "MAP",
    .positional_min = 1,
    .positional_max = 1,
    .options = mirror_options,
    .description = "Resamples the hemisphere once and mirrors it about x = 0. A voxel is background where more than half of it is; else it "
                   "gets the label with the largest share. Labels of the right side get "
                   "the right side's numbers; classes become 30101, 30102, ... What lies beyond the mirror is left out.",
    .examples = "dien labelmap mirror half.nii.gz -o head.nii.gz --placed placed.json",
    .run = mirror,
};

static const dn_option subdivide_options[] = {
    DN_OPTION_MAP_OUTPUT,
    {.name = "landmarks",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "table (TSV) with name, x_mm, y_mm, z_mm and the rows AC, L MB and R MB, and perhaps PC"},
    {.name = "ac", .kind = DN_OPTION_TEXT, .value = "X,Y,Z", .help = "anterior commissure, mm (RAS)"},
    {.name = "mb-left", .kind = DN_OPTION_TEXT, .value = "X,Y,Z", .help = "middle of the left mammillary body, mm"},
    {.name = "mb-right", .kind = DN_OPTION_TEXT, .value = "X,Y,Z", .help = "middle of the right mammillary body, mm"},
    {.name = "pc",
     .kind = DN_OPTION_TEXT,
     .value = "X,Y,Z",
     .help = "posterior commissure: coronal slices are then perpendicular to the line from PC to AC, and not to the y axis"},
    {.name = "mb-front",
     .kind = DN_OPTION_REAL,
     .value = "MM",
     .preset = "2.5",
     .low = 0,
     .high = 10,
     .help = "how far in front of its middle a mammillary body begins"},
    {.name = "compare",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "label map with subunits (801-810), of 'dien segment' for example"},
    {.name = "table", .kind = DN_OPTION_FILE, .value = "FILE", .written = true, .help = "write the comparison as a table (TSV)"},
    {0},
};

const dn_command dn_labelmap_subdivide_command = {
    .name = "labelmap subdivide",
    .summary = "divide a whole hypothalamus into subunits by landmarks",
    .positional = "MAP",
    .positional_min = 1,
    .positional_max = 1,
    .options = subdivide_options,
    .description =
        "The rule of Rodrigues et al. 2024 (Table 1): anterior in front of the anterior commissure, posterior from the front of the "
        "mammillary bodies on, tuberal between them; superior and inferior by the line from the most medial to the most lateral "
        "point of each coronal slice. Numbers are FreeSurfer's (801-805 left, 806-810 right). With --compare it says how much "
        "each subunit differs from that of another map.",
    .examples = "dien labelmap subdivide sub-01_dseg.nii.gz -o rule.nii.gz --landmarks afids.tsv --compare sub-01_dseg.nii.gz",
    .run = subdivide,
};
