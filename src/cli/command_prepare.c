/* dien prepare: the AC-PC frame of a scan, and coronal stacks cut in it. */
#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/scan_list.h"
#include "image/io.h"
#include "image/resample.h"
#include "image/translate.h"
#include "prepare/frame_picture.h"
#include "prepare/frame_record.h"
#include "register/template.h"
#include "report/sidecars.h"
#include "segment/head/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "output", .letter = 'o', .kind = DN_OPTION_FOLDER, .value = "DIR", .help = "folder for what is written", .required = true},
    {.name = "stacks",
     .kind = DN_OPTION_CHOICE,
     .value = "LIST",
     .preset = "hypothalamus",
     .help = "what to cut: the hypothalamus, the grid of the intracranial volume (half a gigabyte), the whole head at 1 mm",
     .choices = "hypothalamus|icv|head",
     .list = true},
    {.name = "geometry",
     .kind = DN_OPTION_TEXT,
     .value = "GRID",
     .preset = "published",
     .help = "of the hypothalamic stack: published (50x512:0.5x0.125), quarter (50x256:0.5x0.25), or SLICESxPIXELS:THICKNESSxPIXEL in mm"},
    {.name = "intensities",
     .kind = DN_OPTION_CHOICE,
     .value = "HOW",
     .preset = "zscore",
     .help = "zscore: mean 0 and standard deviation 1 over each stack; scan: as they are",
     .choices = "zscore|scan"},
    {.name = "labels",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "a label map of the head with FreeSurfer's numbers (aseg) instead of the network"},
    {.name = "translate", .kind = DN_OPTION_FILE, .value = "FILE", .help = "table that turns the numbers of --labels into FreeSurfer's"},
    {.name = "frame", .kind = DN_OPTION_FILE, .value = "FILE", .help = "the frame from this _frame.json instead of finding it"},
    {.name = "template", .kind = DN_OPTION_FOLDER, .value = "DIR", .help = "another reference head than the one that comes with dien"},
    {.name = "back",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "labels made on a stack of this scan: written on the scan's own grid, and nothing else is done"},
    {.name = "coarse-model", .kind = DN_OPTION_TEXT, .value = "MODEL", .help = "whole-head network, name or file"},
    {.name = "fine-model", .kind = DN_OPTION_TEXT, .value = "MODEL", .help = "network for the deep structures, name or file"},
    {.name = "trust",
     .kind = DN_OPTION_CHOICE,
     .value = "FORM",
     .help = "which orientation to believe where a file contradicts itself",
     .choices = "sform|qform"},
    {0},
};

static dn_status parse_geometry(const char *text, dn_stack_geometry *out)
{
    long long slices, pixels;
    double thickness, pixel;
    char rest;
    *out = dn_stack_hypothalamus();
    if (strcmp(text, "published") == 0) {
        return DN_OK;
    }
    if (strcmp(text, "quarter") == 0) {
        out->pixels = 256;
        out->pixel = 0.25;
        return DN_OK;
    }
    if (sscanf(text, "%lldx%lld:%lfx%lf%c", &slices, &pixels, &thickness, &pixel, &rest) != 4 || slices < 1 || slices > 4096 ||
        pixels < 8 || pixels > 4096 || !(thickness > 0.01 && thickness <= 20.0) || !(pixel > 0.01 && pixel <= 20.0)) {
        DN_FAIL(DN_EUSAGE,
                "--geometry %s: should be 'published', 'quarter' or SLICESxPIXELS:THICKNESSxPIXEL in mm, such as 50x256:0.5x0.25", text);
    }
    out->slices = slices;
    out->pixels = pixels;
    out->thickness = thickness;
    out->pixel = pixel;
    return DN_OK;
}

/* Owned by a run over several scans. */
typedef struct bench {
    dn_template *head;
    dn_whole_head *network; /* NULL: labels or a frame were given */
} bench;

static dn_status find_frame(const dn_arguments *arguments, const bench *it, const dn_volume *scan, dn_frame *frame)
{
    const char *from = dn_arguments_text(arguments, "labels"), *table = dn_arguments_text(arguments, "translate");
    dn_labels *labels = NULL;
    if (dn_arguments_given(arguments, "frame")) {
        return dn_frame_read_json(dn_arguments_text(arguments, "frame"), frame);
    }
    if (from == NULL) {
        return dn_frame_from_scan(it->network, it->head, scan, NULL, frame);
    }
    const dn_scan_read_options reading = {.trust = dn_scan_trust(arguments)};
    DN_TRY(dn_labels_read(from, &reading, &labels, NULL));
    dn_status status = table != NULL ? dn_labels_translate(labels, table) : DN_OK;
    if (status == DN_OK) {
        const dn_frame_reference reference = dn_frame_template(it->head);
        status = dn_frame_from_labels(labels, &reference, NULL, frame);
    }
    dn_labels_destroy(labels);
    return dn_error_in_file(status, from);
}

static dn_status write_stack(const dn_arguments *arguments, const dn_volume *scan, const dn_frame *frame, const char *stem,
                             dn_stack_record *record)
{
    char *path = NULL, *file = NULL;
    dn_volume *stack = NULL;
    dn_status status = DN_OK;
    const bool zscore = strcmp(dn_arguments_text(arguments, "intensities"), "zscore") == 0;
    record->mean = 0.0;
    record->sd = 1.0;
    DN_TRY_GOTO(status, dn_asprintf(&file, "%s_space-ACPC_desc-%s_T1w.nii.gz", stem, record->name), done);
    DN_TRY_GOTO(status, dn_path_join(dn_arguments_text(arguments, "output"), file, &path), done);
    DN_TRY_GOTO(status, dn_stack_cut(scan, frame, &record->geometry, zscore ? &record->mean : NULL, zscore ? &record->sd : NULL, &stack),
                done);
    DN_TRY_GOTO(status, dn_volume_write(stack, path, NULL), done);
    record->file = file; /* the caller frees it */
    file = NULL;
done:
    dn_volume_destroy(stack);
    free(path);
    free(file);
    return status;
}

enum { STACKS = 3 };

static dn_status write_all(const dn_arguments *arguments, const dn_volume *scan, const dn_frame *frame, const char *image, const char *stem)
{
    dn_status status = DN_OK;
    const char *folder = dn_arguments_text(arguments, "output"), *name = dn_path_name(image);
    const char *by = dn_arguments_given(arguments, "frame")    ? dn_path_name(dn_arguments_text(arguments, "frame"))
                     : dn_arguments_given(arguments, "labels") ? dn_path_name(dn_arguments_text(arguments, "labels"))
                                                               : "the whole-head network";
    char *path = NULL;
    const dn_stack_geometry head = {.slices = 256, .pixels = 256, .thickness = 1.0, .pixel = 1.0, .centre = {0.0, -15.0, 5.0}};
    dn_stack_record all[STACKS] = {{.name = "hypothalamus"},
                                   {.name = "icv", .geometry = dn_stack_icv()},
                                   {.name = "head", .geometry = head}};
    dn_stack_record written[STACKS];
    size_t count = 0;
    DN_TRY(parse_geometry(dn_arguments_text(arguments, "geometry"), &all[0].geometry));
    for (size_t s = 0; s < STACKS; ++s) {
        if (dn_arguments_has(arguments, "stacks", all[s].name)) {
            DN_TRY_GOTO(status, dn_cancel_check(), done);
            written[count] = all[s];
            DN_TRY_GOTO(status, write_stack(arguments, scan, frame, stem, &written[count]), done);
            ++count;
        }
    }
    DN_TRY_GOTO(status, dn_output_path(folder, stem, "_frame.png", &path), done);
    DN_TRY_GOTO(status, dn_frame_picture(scan, frame, &all[0].geometry, stem, path), done);
    free(path);
    path = NULL;
    DN_TRY_GOTO(status, dn_output_path(folder, stem, "_frame.tsv", &path), done);
    DN_TRY_GOTO(status, dn_frame_write_tsv(frame, name, path), done);
    free(path);
    path = NULL;
    DN_TRY_GOTO(status, dn_output_path(folder, stem, "_frame.json", &path), done);
    DN_TRY_GOTO(status, dn_frame_write_json(frame, name, by, written, count, path), done);
    printf("%s\n", path);
done:
    for (size_t s = 0; s < count; ++s) {
        free((char *)(uintptr_t)written[s].file);
    }
    free(path);
    return status;
}

/* Labels of a stack on the scan's grid: NAME_space-scan.nii.gz beside the others. */
static dn_status bring_back(const dn_arguments *arguments, const char *image)
{
    dn_status status = DN_OK;
    dn_grid grid;
    dn_scan_info info;
    dn_labels *stack = NULL, *labels = NULL;
    char *stem = NULL, *path = NULL;
    const dn_scan_read_options reading = {.trust = dn_scan_trust(arguments)};
    const char *from = dn_arguments_text(arguments, "back");
    DN_TRY(dn_scan_read_grid(image, &reading, &grid, &info));
    DN_TRY(dn_labels_read(from, NULL, &stack, NULL));
    DN_TRY_GOTO(status, dn_resample_labels(stack, &grid, DN_RESAMPLE_LABELS_VOTE, NULL, &labels), done);
    DN_TRY_GOTO(status, dn_path_scan_stem(from, &stem), done);
    DN_TRY_GOTO(status, dn_output_path(dn_arguments_text(arguments, "output"), stem, "_space-scan.nii.gz", &path), done);
    const dn_scan_write_options writing = dn_scan_write_like(&info);
    DN_TRY_GOTO(status, dn_labels_write(labels, path, &writing), done);
    printf("%s\n", path);
done:
    dn_labels_destroy(stack);
    dn_labels_destroy(labels);
    free(stem);
    free(path);
    return status;
}

static dn_status one(const dn_arguments *arguments, const bench *it, const char *image)
{
    dn_status status = DN_OK;
    dn_volume *scan = NULL;
    dn_frame frame;
    char *stem = NULL;
    const dn_scan_read_options reading = {.trust = dn_scan_trust(arguments)};
    DN_TRY(dn_path_scan_stem(image, &stem));
    DN_TRY_GOTO(status, dn_scan_read(image, &reading, &scan, NULL), done);
    DN_TRY_GOTO(status, find_frame(arguments, it, scan, &frame), done);
    status = write_all(arguments, scan, &frame, image, stem);
done:
    free(stem);
    dn_volume_destroy(scan);
    return dn_error_in_file(status, image);
}

static dn_status check(const dn_arguments *arguments)
{
    static const char *const single[] = {"labels", "frame", "back"};
    size_t given = 0;
    for (size_t i = 0; i < sizeof single / sizeof *single; ++i) {
        given += dn_arguments_given(arguments, single[i]);
        if (dn_arguments_given(arguments, single[i]) && dn_arguments_count(arguments) > 1) {
            DN_FAIL(DN_EUSAGE, "--%s belongs to one scan; give one at a time", single[i]);
        }
    }
    if (given > 1) {
        DN_FAIL(DN_EUSAGE, "give one of --labels, --frame and --back");
    }
    if (dn_arguments_given(arguments, "translate") && !dn_arguments_given(arguments, "labels")) {
        DN_FAIL(DN_EUSAGE, "--translate needs --labels");
    }
    dn_stack_geometry geometry;
    return parse_geometry(dn_arguments_text(arguments, "geometry"), &geometry);
}

static dn_status run(const dn_arguments *arguments)
{
    dn_status status = DN_OK;
    bench it = {.head = NULL};
    const char **paths = NULL;
    size_t count = 0;
    const bool known = dn_arguments_given(arguments, "frame");
    DN_TRY(check(arguments));
    DN_TRY(dn_path_make_folder(dn_arguments_text(arguments, "output")));
    if (dn_arguments_given(arguments, "back")) {
        return bring_back(arguments, dn_arguments_at(arguments, 0));
    }
    DN_TRY_GOTO(status, dn_scan_list(arguments, "_frame.json", &paths, &count), done);
    if (!known) {
        DN_TRY_GOTO(status, dn_template_read(dn_arguments_text(arguments, "template"), &it.head), done);
    }
    if (!known && !dn_arguments_given(arguments, "labels")) {
        const dn_whole_head_options network = {.coarse = dn_arguments_text(arguments, "coarse-model"),
                                               .fine = dn_arguments_text(arguments, "fine-model")};
        DN_TRY_GOTO(status, dn_whole_head_create(&network, &it.network), done);
    }
    for (size_t i = 0; i < count; ++i) {
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        DN_TRY_GOTO(status, one(arguments, &it, paths[i]), done);
    }
done:
    free(paths);
    dn_whole_head_destroy(it.network);
    dn_template_destroy(it.head);
    return status;
}

const dn_command dn_command_prepare = {
    .name = "prepare",
    .summary = "turn scans into the AC-PC frame and cut coronal stacks",
    .positional = "IMAGE...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description =
        "Finds, without an operator, the frame in which the anterior commissure is the origin, the line from the posterior to the anterior "
        "commissure points forwards and the mid-sagittal plane is x = 0: deep structures that the whole-head network labels are laid on "
        "those of a reference head whose commissures are known. Then cuts the scan into coronal slices perpendicular to that line: by "
        "default 50 slices of 512 x 512, 0.5 mm apart, pixels of 0.125 mm, around the hypothalamus.\n\n"
        "For sub-01_T1w.nii.gz, DIR gets sub-01_space-ACPC_desc-hypothalamus_T1w.nii.gz (z-scores; its affine leads back to the scan, so "
        "that what is segmented on it lies on the scan), sub-01_frame.json and .tsv (commissures in scan coordinates, angles, the "
        "transform both ways, expected errors) and sub-01_frame.png, the frame drawn on the scan, to look at.\n\n"
        "The z-score of a stack is over all its voxels. A head that does not fit the reference is refused (exit code 3), with the reason.",
    .examples = "dien prepare sub-01_T1w.nii.gz -o frames\n"
                "dien prepare sub-01_T1w.nii.gz -o frames --labels aseg.mgz --geometry quarter\n"
                "dien prepare sub-01_T1w.nii.gz -o frames --back sub-01_drawn-on-the-stack.nii.gz",
    .run = run,
};
