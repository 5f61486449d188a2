/* dien segment: measures the hypothalamus, the thalamus, other deep structures and the intracranial volume of scans. */
#include "cli/command.h"
#include "cli/measure_options.h"
#include "cli/scan_list.h"
#include "cli/segment_norms.h"
#include "cohort/measure.h"

#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "folder for the results; it is made if it does not exist",
     .required = true},
    DN_MEASURE_OPTIONS,
    {.name = "series",
     .kind = DN_OPTION_TEXT,
     .value = "NUMBER|TEXT",
     .help =
         "of a folder of DICOM files: number of the series to measure, or a part of its description (default: the T1-weighted series that "
         "suits best)"},
    {.name = "name",
     .kind = DN_OPTION_TEXT,
     .value = "NAME",
     .help = "of a folder of DICOM files: beginning of the names of the results, for example sub-01 (default: scan)"},
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
    {.name = "times",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "write a table of the seconds per scan, for `dien evaluate --times`",
     .written = true},
    {.name = "accept",
     .kind = DN_OPTION_FLAG,
     .help = "accept scans that quality control rejects (check the picture first); the tables and JSON files say so"},
    {.name = "grid",
     .kind = DN_OPTION_CHOICE,
     .value = "GRID",
     .preset = "scan",
     .choices = "scan|model",
     .help = "voxels of the results: those of the scan, or those of the model (1 mm)"},
    {.name = NULL},
};

static dn_status run(const dn_arguments *arguments)
{
    dn_run_settings settings = dn_measure_settings(arguments);
    const dn_consensus_options consensus = dn_consensus_defaults();
    dn_measure_options how = {
        .segmenter = dn_run_settings_segmenter(&settings, &consensus),
        .outputs = {.folder = dn_arguments_text(arguments, "output"), .posteriors = settings.posteriors},
        .accept = dn_arguments_flag(arguments, "accept"),
        .truth = dn_arguments_text(arguments, "truth"),
        .times = dn_arguments_text(arguments, "times"),
        .dicom = {.series = dn_arguments_text(arguments, "series"), .name = dn_arguments_text(arguments, "name")},
    };
    how.segmenter.model_grid = strcmp(dn_arguments_text(arguments, "grid"), "model") == 0;
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
        ".hdr/.img) or FreeSurfer (.mgh, .mgz), of any orientation, with or without the skull. A folder or a zip archive of DICOM files is "
        "one scan, too: the T1-weighted series is chosen by its header and converted by dcm2niix, and the results are named by --name, not "
        "by the person (docs/manual/dicom.md).\n\n"
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
                "dien segment brain.mgz -o results --model " DN_SEGMENT_SLICES "\n"
                "dien segment dicom/ -o results --name sub-01",
    .run = run,
};
