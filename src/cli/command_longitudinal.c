/* dien longitudinal: several sessions of one person measured in one frame, and the change of the volumes. */
#include "base/words.h"
#include "cli/command.h"
#include "cli/measure_options.h"
#include "cli/scan_list.h"
#include "cohort/longitudinal/dicom_sessions.h"

#include <stdlib.h>

static const dn_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "folder for the results; it is made if it does not exist",
     .required = true},
    {.name = "times",
     .kind = DN_OPTION_TEXT,
     .value = "YEARS",
     .help =
         "when each scan was made, in years from any start, in the order of the scans, with commas: 0,1.1,2.9 (default: days of "
         "acquisition or ages from the files beside the scans, or days of examination in DICOM headers; else the sessions are numbered by "
         "their names)"},
    {.name = "name",
     .kind = DN_OPTION_TEXT,
     .value = "NAME",
     .help = "name of the person, for the files (default: sub-... of the scans' names, else person)"},
    {.name = "series",
     .kind = DN_OPTION_TEXT,
     .value = "NUMBER|TEXT",
     .help = "of folders of DICOM files: number of the series to measure, or a part of its description, the same for all (default: the "
             "T1-weighted series that suits best)"},
    DN_OPTION_STRUCTURES,
    DN_OPTION_PRECISION,
    DN_OPTION_MEMORY,
    {.name = "accept",
     .kind = DN_OPTION_FLAG,
     .help = "accept sessions that quality control rejects (check the pictures first); the tables and JSON files say so"},
    {.name = NULL},
};

/* *out: owned, NULL without text. */
static dn_status read_times(const char *text, size_t scans, double **out)
{
    size_t count = 0;
    DN_TRY(dn_split_numbers("--times:", text, out, &count));
    if (text != NULL && count != scans) {
        free(*out);
        *out = NULL;
        DN_FAIL(DN_EUSAGE, "--times %s: one number of years per scan is needed (%zu scans), with commas: 0,1.1,2.9", text, scans);
    }
    return DN_OK;
}

static dn_status run(const dn_arguments *arguments)
{
    const dn_run_settings settings = {
        .structures = dn_arguments_text(arguments, "structures"),
        .memory_gb = dn_arguments_real(arguments, "memory"),
        .precision = dn_measure_precision(arguments),
    };
    const dn_consensus_options consensus = dn_consensus_defaults();
    dn_longitudinal_options how = {
        .segmenter = dn_run_settings_segmenter(&settings, &consensus),
        .outputs = {.folder = dn_arguments_text(arguments, "output")},
        .accept = dn_arguments_flag(arguments, "accept"),
        .name = dn_arguments_text(arguments, "name"),
    };
    const char **paths = NULL;
    size_t count = 0;
    double *times = NULL;
    DN_TRY(dn_scan_list(arguments, "_desc-longitudinal_dseg.nii.gz", &paths, &count));
    dn_status status = read_times(dn_arguments_text(arguments, "times"), count, &times);
    how.times = times;
    status = status == DN_OK ? dn_longitudinal_inputs(paths, count, dn_arguments_text(arguments, "series"), &how) : status;
    free(times);
    free(paths);
    return status;
}

const dn_command dn_command_longitudinal = {
    .name = "longitudinal",
    .summary = "measure the change between scans of one person",
    .positional = "IMAGE...",
    .positional_min = 2,
    .positional_max = -1,
    .options = options,
    .description =
        "Measures several T1-weighted scans of one person in one frame. The frame lies in the middle of all scans, so that none of them is "
        "the reference, and their order does not matter. Each scan is interpolated once and made alike with the others in bias field, "
        "contrast and resolution; then the networks of 'dien segment' run on each, on the same boxes. What differs between two volumes is "
        "then what differs between the heads, and less what differs between the scanners.\n\n"
        "DIR gets NAME_longitudinal.tsv (one row per structure and side: mean volume, change in percent of it per year, 95 % interval), "
        "NAME_longitudinal_volumes.tsv (the volumes of each scan), NAME_longitudinal.json (times, motions, networks), the mean of all "
        "scans "
        "(NAME_desc-longitudinal_T1w.nii.gz), and for each scan what 'dien segment' writes, in the common frame, with desc-longitudinal in "
        "the names.\n\nA folder or an archive of DICOM files is a scan, too, as for 'dien segment'. The results of such scans are named "
        "NAME_ses-1, NAME_ses-2, ... in the order of the examinations; no date reaches them, only the time from one to the other.\n\n"
        "Exit codes: as 'dien segment'.",
    .examples = "dien longitudinal sub-01_ses-1_T1w.nii.gz sub-01_ses-2_T1w.nii.gz -o results\n"
                "dien longitudinal sub-01_ses-1_T1w.nii.gz sub-01_ses-2_T1w.nii.gz sub-01_ses-3_T1w.nii.gz --times 0,1.1,2.9 -o results\n"
                "dien longitudinal dicom study.zip --name sub-01 -o results",
    .run = run,
};
