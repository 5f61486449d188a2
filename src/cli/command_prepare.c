/* dien prepare: the AC-PC frame of a scan, and coronal stacks cut in it. */
#include "cli/command.h"
#include "cli/scan_list.h"
#include "cohort/frame_scans.h"

#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "output", .letter = 'o', .kind = DN_OPTION_FOLDER, .value = "DIR", .help = "folder for the results", .required = true},
    {.name = "stacks",
     .kind = DN_OPTION_CHOICE,
     .value = "LIST",
     .preset = "hypothalamus",
     .help = "what to cut: slices around the hypothalamus, slices of the whole intracranial volume (half a gigabyte), or the whole head at "
             "1 mm",
     .choices = "hypothalamus|icv|head",
     .list = true},
    {.name = "geometry",
     .kind = DN_OPTION_TEXT,
     .value = "GRID",
     .preset = "published",
     .help = "geometry of the stack around the hypothalamus: published (50x512:0.5x0.125), quarter (50x256:0.5x0.25), or "
             "SLICESxPIXELS:THICKNESSxPIXEL in mm"},
    {.name = "intensities",
     .kind = DN_OPTION_CHOICE,
     .value = "HOW",
     .preset = "zscore",
     .help = "zscore: mean 0 and standard deviation 1 over each stack; scan: unchanged",
     .choices = "zscore|scan"},
    {.name = "bias",
     .kind = DN_OPTION_FLAG,
     .help =
         "correct the bias field of the scan first; the corrected scan (desc-biascorrected) and the field (desc-biasfield) are written, "
         "too"},
    {.name = "labels",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "label map of the head with FreeSurfer's numbers (aseg), used instead of the network"},
    {.name = "translate", .kind = DN_OPTION_FILE, .value = "FILE", .help = "table that changes the numbers of --labels into FreeSurfer's"},
    {.name = "frame", .kind = DN_OPTION_FILE, .value = "FILE", .help = "use the frame of this _frame.json instead of finding it"},
    {.name = "template", .kind = DN_OPTION_FOLDER, .value = "DIR", .help = "reference head (default: the head that comes with dien)"},
    {.name = "back",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "bring labels that were drawn on a stack of this scan back onto the scan's own grid; nothing else is done"},
    {.name = "coarse-model", .kind = DN_OPTION_TEXT, .value = "MODEL", .help = "network of the whole head, name or file"},
    {.name = "fine-model", .kind = DN_OPTION_TEXT, .value = "MODEL", .help = "network of the deep structures, name or file"},
    {.name = "trust",
     .kind = DN_OPTION_CHOICE,
     .value = "FORM",
     .help = "which orientation to use if a NIfTI header contradicts itself",
     .choices = "sform|qform"},
    {0},
};

static dn_status check(const dn_arguments *arguments)
{
    static const char *const single[] = {"labels", "frame", "back"};
    size_t given = 0;
    for (size_t i = 0; i < sizeof single / sizeof *single; ++i) {
        given += dn_arguments_given(arguments, single[i]);
        if (dn_arguments_given(arguments, single[i]) && dn_arguments_count(arguments) > 1) {
            DN_FAIL(DN_EUSAGE, "--%s is for one scan; give one scan at a time", single[i]);
        }
    }
    if (given > 1) {
        DN_FAIL(DN_EUSAGE, "--labels, --frame and --back cannot be combined; give only one of them");
    }
    if (dn_arguments_given(arguments, "translate") && !dn_arguments_given(arguments, "labels")) {
        DN_FAIL(DN_EUSAGE, "--translate needs --labels");
    }
    return DN_OK;
}

static dn_status run(const dn_arguments *arguments)
{
    const dn_line_sink results = dn_print_lines();
    const dn_stack_geometry published = dn_stack_hypothalamus();
    dn_frame_scans_options how = {.folder = dn_arguments_text(arguments, "output"),
                                  .bias = dn_arguments_flag(arguments, "bias"),
                                  .zscore = strcmp(dn_arguments_text(arguments, "intensities"), "zscore") == 0,
                                  .labels = dn_arguments_text(arguments, "labels"),
                                  .translate = dn_arguments_text(arguments, "translate"),
                                  .frame = dn_arguments_text(arguments, "frame"),
                                  .reference = dn_arguments_text(arguments, "template"),
                                  .coarse = dn_arguments_text(arguments, "coarse-model"),
                                  .fine = dn_arguments_text(arguments, "fine-model"),
                                  .trust = dn_scan_trust(arguments),
                                  .results = &results};
    const char *back = dn_arguments_text(arguments, "back");
    const char **paths = NULL;
    size_t count = 0;
    DN_TRY(check(arguments));
    DN_TRY(dn_geometry_option(arguments, &published, &how.geometry));
    if (back != NULL) {
        return dn_frame_bring_back(dn_arguments_at(arguments, 0), back, how.trust, how.folder, &results);
    }
    for (int s = 0; s < (int)DN_STACK_COUNT; ++s) {
        how.stack[s] = dn_arguments_has(arguments, "stacks", dn_stack_name((dn_stack_kind)s));
    }
    DN_TRY(dn_scan_list(arguments, "_frame.json", &paths, &count));
    dn_status status = dn_frame_scans(paths, count, &how);
    free(paths);
    return status;
}

const dn_command dn_command_prepare = {
    .name = "prepare",
    .summary = "turn scans into the AC-PC frame and cut coronal stacks",
    .positional = "IMAGE...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description = "Finds the AC-PC frame without an operator. In this frame the anterior commissure is the origin, the line from the "
                   "posterior to the anterior commissure points forwards, and the mid-sagittal plane is x = 0. The network of the whole "
                   "head labels deep structures; these are aligned with the same structures of a reference head whose commissures are "
                   "known. Then the scan is cut into coronal slices perpendicular to the AC-PC line: by default 50 slices of 512 x 512 "
                   "pixels of 0.125 mm, 0.5 mm apart, around the hypothalamus.\n\n"
                   "For sub-01_T1w.nii.gz, DIR gets sub-01_space-ACPC_desc-hypothalamus_T1w.nii.gz (z-scores over all voxels of the stack; "
                   "its affine is in the coordinates of the scan, so labels drawn on it fit the scan), sub-01_frame.json and .tsv "
                   "(commissures in scan coordinates, angles, the transform in both directions, expected errors) and sub-01_frame.png (a "
                   "picture of the frame on the scan, to be checked).\n\nA head that does not fit the reference is refused (exit code 3), "
                   "with the reason.\n\nIf one of several files fails, it is named, the others are done, and the exit code is 6.",
    .examples = "dien prepare sub-01_T1w.nii.gz -o frames\n"
                "dien prepare sub-01_T1w.nii.gz -o frames --labels aseg.mgz --geometry quarter\n"
                "dien prepare sub-01_T1w.nii.gz -o frames --back sub-01_drawn-on-the-stack.nii.gz",
    .run = run,
};
