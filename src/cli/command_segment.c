/* dien segment: measures the hypothalamus, the thalamus, other deep structures and the intracranial volume of scans. */
#include "cli/command.h"
#include "cli/scan_list.h"
#include "cli/segment_norms.h"
#include "cohort/measure.h"
#include "net/plan/plan.h"

#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "folder for the results; it is made if it does not exist",
     .required = true},
    {.name = "structures",
     .kind = DN_OPTION_CHOICE,
     .value = "LIST",
     .choices = DN_SELECT_NAMES,
     .list = true,
     .help = "what to measure, separated by commas (default: everything that the installed networks measure)"},
    {.name = "model",
     .kind = DN_OPTION_FILE,
     .value = "NAME|FILE",
     .help = "network of the hypothalamus: a name from 'dien models list', or a file (default: " DN_SEGMENT_MODEL
             "). With --model and without --structures, only the labels of this network are measured. Networks that work on slices "
             "(" DN_SEGMENT_SLICES ") find the AC-PC frame of a scan themselves; they also accept stacks of `dien prepare`. Several of "
             "them (FILE,FILE,...: the folds of `dien crossval`) are averaged"},
    {.name = "truth",
     .kind = DN_OPTION_FILE,
     .value = "LABELS",
     .help = "true labels of the scan (FreeSurfer numbers, as 'dien synth' writes them): the report and STEM_measured_and_true.tsv then "
             "show measured and true volumes"},
    {.name = "age",
     .kind = DN_OPTION_REAL,
     .value = "YEARS",
     .low = 0,
     .high = 120,
     .help = "age of the person, for report and norms (default: from participants.tsv or the JSON file beside the scan)"},
    {.name = "sex",
     .kind = DN_OPTION_CHOICE,
     .value = "F|M",
     .choices = "F|M",
     .help = "sex of the person, female or male (default: as for --age)"},
    {.name = "norm",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "norm of `dien normative fit`, or several separated by commas: the report compares the volume with it (z, percentile, range)"},
    {.name = "times",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "write a table of the seconds per scan, for `dien evaluate --times`",
     .written = true},
    {.name = "posteriors", .kind = DN_OPTION_FLAG, .help = "also write the probabilities of all labels, STEM_probseg.nii.gz"},
    {.name = "precision",
     .kind = DN_OPTION_CHOICE,
     .value = "TYPE",
     .preset = "f32",
     .choices = "f32|bf16|auto",
     .help = "arithmetic of the network; auto uses bf16 if the processor has it (faster; labels differ in about 1 of 500 voxels)"},
    {.name = "memory",
     .kind = DN_OPTION_REAL,
     .value = "GB",
     .preset = "2",
     .low = 0.05,
     .high = 1024,
     .help = "largest memory for a run of the network"},
    {.name = "whole-head", .kind = DN_OPTION_FLAG, .help = "search the whole head for the hypothalamus, instead of its usual place only"},
    {.name = "accept",
     .kind = DN_OPTION_FLAG,
     .help = "accept scans that quality control rejects (check the picture first); the tables and JSON files say so"},
    {.name = "white-matter",
     .kind = DN_OPTION_REAL,
     .value = "PEAK",
     .low = 0.2,
     .high = 1,
     .help = "multiply the intensities so that the peak of white matter lies at this value (0 to 1); makes volumes from scans with "
             "different intensity scales comparable"},
    {.name = "consensus",
     .kind = DN_OPTION_FLAG,
     .help =
         "mean of 16 runs of the network: white matter at 0.5, 0.6, 0.7 and 0.8, mirrored and not, moved by a voxel and not; it also says "
         "how much the volumes of these runs differ. If the scan has no skull, fluid and a bright shell are first added around the brain"},
    {.name = "grid",
     .kind = DN_OPTION_CHOICE,
     .value = "GRID",
     .preset = "scan",
     .choices = "scan|model",
     .help = "voxels of the results: those of the scan, or those of the model (1 mm)"},
    {.name = "trust",
     .kind = DN_OPTION_CHOICE,
     .value = "FORM",
     .choices = "sform|qform",
     .help = "which orientation to use if a NIfTI header contradicts itself"},
    {.name = NULL},
};

static dn_status run(const dn_arguments *arguments)
{
    const char *precision = dn_arguments_text(arguments, "precision");
    const bool bf16 = strcmp(precision, "bf16") == 0 || (strcmp(precision, "auto") == 0 && dn_plan_bf16_pays());
    const dn_consensus_options consensus = dn_consensus_defaults();
    dn_measure_options how = {
        .segmenter = {.model = dn_arguments_text(arguments, "model"),
                      .structures = dn_arguments_text(arguments, "structures"),
                      .precision = bf16 ? DN_PRECISION_BF16 : DN_PRECISION_F32,
                      .memory_limit = (int64_t)(dn_arguments_real(arguments, "memory") * 1e9),
                      .trust = dn_scan_trust(arguments),
                      .whole_head = dn_arguments_flag(arguments, "whole-head"),
                      .white_matter = dn_arguments_given(arguments, "white-matter") ? dn_arguments_real(arguments, "white-matter") : 0.0,
                      .consensus = dn_arguments_flag(arguments, "consensus") ? &consensus : NULL,
                      .model_grid = strcmp(dn_arguments_text(arguments, "grid"), "model") == 0},
        .outputs = {.folder = dn_arguments_text(arguments, "output"), .posteriors = dn_arguments_flag(arguments, "posteriors")},
        .accept = dn_arguments_flag(arguments, "accept"),
        .truth = dn_arguments_text(arguments, "truth"),
        .times = dn_arguments_text(arguments, "times"),
    };
    const char **paths = NULL;
    size_t count = 0;
    dn_status status;
    DN_TRY(dn_scan_list(arguments, "_dseg.nii.gz", &paths, &count));
    if (how.truth != NULL && count > 1) {
        DN_FAIL_GOTO(status, done, DN_EUSAGE, "--truth is for one scan; 'dien evaluate' compares many label maps with their truths");
    }
    DN_TRY_GOTO(status, dn_segment_norms_read(arguments, count, &how.outputs.report), done);
    status = dn_measure_scans(paths, count, &how);
done:
    dn_segment_norms_release(&how.outputs.report);
    free(paths);
    return status;
}

const dn_command dn_command_segment = {
    .name = "segment",
    .summary = "label and measure scans",
    .positional = "IMAGE...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description =
        "Labels the hypothalamus and its subunits, the thalamus, deep grey matter, ventricles, brain stem and tissues in T1-weighted scans "
        "of heads. Measures their volumes and the intracranial volume. Scans may be NIfTI (.nii, .nii.gz, "
        ".hdr/.img) or FreeSurfer (.mgh, .mgz), of any orientation, with or without the skull.\n\n"
        "For sub-01_T1w.nii.gz, DIR gets sub-01_dseg.nii.gz (labels on the scan's own grid, with FreeSurfer's numbers; the subunits of the "
        "hypothalamus are 801-805 left and 806-810 right; with " DN_SEGMENT_SLICES ", the whole is 819 and 820), "
        "sub-01_dseg.tsv (their names and colours), sub-01_volumes.tsv (one row per structure and side), sub-01_label-ICV_mask.nii.gz (the "
        "inside of the skull; not for skull-stripped scans), sub-01_qc.png (outlines to check), sub-01_report.html (everything on one "
        "page), and JSON files that say how each file was made.\n\nExit codes: 0 all done; 2 wrong use; 3 a scan or the model cannot be "
        "read, or no hypothalamus was found; 4 done, but a scan failed quality control (an impossible volume, a structure that is missing "
        "or cut by the edge of the scan, an uncertain or fragmented result; docs/manual/quality.md has the rules); 5 not enough memory or "
        "disk; 6 some of several scans could not be measured, the others are done.",
    .examples = "dien segment sub-01_T1w.nii.gz -o results\n"
                "dien segment scans/*.nii.gz -o results --structures hypothalamus,thalamus,icv\n"
                "dien segment brain.mgz -o results --model " DN_SEGMENT_SLICES,
    .run = run,
};
