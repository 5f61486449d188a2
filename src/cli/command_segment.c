/* dien segment: the main job. */
#include "base/clock.h"
#include "base/file.h"
#include "base/install.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/scan_list.h"
#include "cli/segment_norms.h"
#include "cli/segment_stacks.h"
#include "segment/outputs.h"
#include "segment/scan.h"
#include "segment/truth.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "folder for the results; made when absent",
     .required = true},
    {.name = "structures",
     .kind = DN_OPTION_CHOICE,
     .value = "LIST",
     .choices = DN_SELECT_NAMES,
     .list = true,
     .help = "what to measure, separated by commas (default: all that an installed network measures)"},
    {.name = "model",
     .kind = DN_OPTION_FILE,
     .value = "NAME|FILE",
     .help = "network of the hypothalamus: a name from 'dien models list', or a file (default: " DN_SEGMENT_MODEL
             ", dien's own, whatever else is installed); without --structures, only what it labels is measured. Networks that see slices "
             "(" DN_SEGMENT_SLICES ", dien's other one) find the AC-PC frame of a scan themselves, also take stacks of `dien prepare`, and "
             "several of them (FILE,FILE,...: the folds of `dien crossval`) are averaged"},
    {.name = "truth",
     .kind = DN_OPTION_FILE,
     .value = "LABELS",
     .help = "true labels of the one scan (FreeSurfer numbers, as of 'dien synth'): report and STEM_measured_and_true.tsv show measured "
             "beside true volumes"},
    {.name = "age",
     .kind = DN_OPTION_REAL,
     .value = "YEARS",
     .low = 0,
     .high = 120,
     .help = "age of the one person, for report and norms (default: what participants.tsv or the JSON file beside the scan says)"},
    {.name = "sex",
     .kind = DN_OPTION_CHOICE,
     .value = "F|M",
     .choices = "F|M",
     .help = "sex of the one person, female or male (default: as with --age)"},
    {.name = "norm",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "a norm of `dien normative fit`, or several with commas: the report sets the volume against it (z, percentile, range)"},
    {.name = "times",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "write a table of how many seconds each scan took, for `dien evaluate --times`",
     .written = true},
    {.name = "posteriors", .kind = DN_OPTION_FLAG, .help = "also write the probability of each label, STEM_probseg.nii.gz"},
    {.name = "precision",
     .kind = DN_OPTION_CHOICE,
     .value = "TYPE",
     .preset = "f32",
     .choices = "f32|bf16|auto",
     .help = "arithmetic of the network; auto takes bf16 where the processor has it (faster, labels differ in about 1 voxel of 500)"},
    {.name = "memory",
     .kind = DN_OPTION_REAL,
     .value = "GB",
     .preset = "2",
     .low = 0.05,
     .high = 1024,
     .help = "memory for a run of the network"},
    {.name = "whole-head",
     .kind = DN_OPTION_FLAG,
     .help = "search the whole head with the network, instead of where an average head has it"},
    {.name = "accept",
     .kind = DN_OPTION_FLAG,
     .help = "accept scans that quality control rejects (after a look at the picture); the table and the sidecars say so"},
    {.name = "white-matter",
     .kind = DN_OPTION_REAL,
     .value = "PEAK",
     .low = 0.2,
     .high = 1,
     .help = "multiply the intensities so that the white matter's peak lies here, of 0 to 1; makes volumes of scans with other intensity "
             "scales comparable"},
    {.name = "consensus",
     .kind = DN_OPTION_FLAG,
     .help = "mean of 16 runs of the network: white matter at 0.5, 0.6, 0.7 and 0.8, mirrored and not, moved by a voxel and not; says how "
             "much their volumes differ. Around the brain of a scan without skull, fluid and a bright shell are put first"},
    {.name = "grid",
     .kind = DN_OPTION_CHOICE,
     .value = "GRID",
     .preset = "scan",
     .choices = "scan|model",
     .help = "voxels of the results: the scan's own, or the model's (1 mm)"},
    {.name = "trust",
     .kind = DN_OPTION_CHOICE,
     .value = "FORM",
     .choices = "sform|qform",
     .help = "which orientation to believe where a NIfTI header contradicts itself"},
    {.name = NULL},
};

static void say(const dn_segment_result *r, const char *folder)
{
    const dn_volume_row *both = dn_volume_rows_find(&r->volumes, "hypothalamus", 'B');
    const dn_volume_row *left = dn_volume_rows_find(&r->volumes, "hypothalamus", 'L');
    const dn_volume_row *right = dn_volume_rows_find(&r->volumes, "hypothalamus", 'R');
    const dn_volume_row *thalamus = dn_volume_rows_find(&r->volumes, "thalamus", 'B');
    const dn_volume_row *icv = dn_volume_rows_find(&r->volumes, "icv", 'B');
    char text[256] = "";
    size_t n = 0;
    if (both != NULL && left != NULL && right != NULL) {
        n += (size_t)snprintf(text + n, sizeof text - n, "hypothalamus %.0f mm3 (left %.0f, right %.0f); ", both->volume_mm3,
                              left->volume_mm3, right->volume_mm3);
    }
    if (thalamus != NULL) {
        n += (size_t)snprintf(text + n, sizeof text - n, "thalamus %.0f mm3; ", thalamus->volume_mm3);
    }
    if (icv != NULL) {
        snprintf(text + n, sizeof text - n, "inside the skull %.3f l; ", 1e-6 * icv->volume_mm3);
    }
    dn_log(DN_LOG_NOTE, "%s: %sreport: %s/%s_report.html", r->stem, text, folder, r->stem);
    if (r->consensus.members > 0) {
        dn_log(DN_LOG_NOTE, "%s: consensus of %d members, whose volumes differ by %.1f %% (SD of their mean)", r->stem,
               r->consensus.members, 100.0 * r->consensus.whole_sd / r->consensus.whole_mean);
    }
    if (r->white_matter > 0.0) {
        dn_log(DN_LOG_NOTE, "%s: white-matter peak at %.3f of the clipped range", r->stem, r->white_matter);
    }
    dn_flags_say(r->stem, &r->quality);
    for (int s = 0; s < (int)DN_STAGE_COUNT; ++s) {
        dn_log(DN_LOG_DEBUG, "%s: %-16s %6.2f s", r->stem, dn_stage_name((dn_stage)s), r->seconds[s]);
    }
    for (int s = 0; s < (int)DN_ACPC_STEPS && r->found_by == DN_FOUND_BY_FRAME; ++s) {
        dn_log(DN_LOG_DEBUG, "%s: %-20s %6.2f s of processor time", r->stem, dn_acpc_step_name((dn_acpc_step)s), r->acpc.cpu_seconds[s]);
    }
    if (r->whole_voxels > 0) {
        dn_log(DN_LOG_DEBUG, "%s: the network of the hypothalamus ran on %lld of %lld voxels (%.1f %%)", r->stem,
               (long long)r->network_voxels, (long long)r->whole_voxels, 100.0 * (double)r->network_voxels / (double)r->whole_voxels);
    }
    if (r->has_head) {
        dn_log(DN_LOG_DEBUG,
               "%s: around what is inside the skull it is %.2f times as bright as inside (stripped: %s); %.1f %% on the wrong side",
               r->stem, r->head.skull_signal, r->head.stripped ? "yes" : "no", 100 * r->head.wrong_side);
    }
    dn_log(DN_LOG_DEBUG, "%s: peak memory of the program %.0f MB", r->stem, (double)dn_memory_peak_rss() / 1e6);
    if (r->located) {
        dn_log(DN_LOG_DEBUG,
               "%s: average head aligned: correlation %.2f, centre at voxel %.0f %.0f %.0f, pitch %.0f, roll %.0f, yaw %.0f degrees",
               r->stem, r->location.correlation, r->location.centre[0], r->location.centre[1], r->location.centre[2],
               r->location.rotation[0], r->location.rotation[1], r->location.rotation[2]);
    }
}

/* truth: a label map's path. */
static dn_status compare(dn_segment_result *result, const char *truth)
{
    dn_status status = DN_OK;
    char *table = NULL;
    dn_tissues *tissues = NULL;
    dn_labels *labels = NULL;
    DN_TRY_GOTO(status, dn_install_path("synth/tissues.tsv", &table), done);
    DN_TRY_GOTO(status, dn_tissues_read(table, &tissues), done);
    DN_TRY_GOTO(status, dn_labels_read(truth, NULL, &labels, NULL), done);
    status = dn_error_in_file(dn_truth_compare(result, labels, tissues), truth);
done:
    dn_labels_destroy(labels);
    dn_tissues_destroy(tissues);
    free(table);
    return status;
}

/* *failed: done, but not to be trusted. truth: NULL, or the true labels' path. */
static dn_status one(dn_segmenter *segmenter, const char *path, const char *truth, const dn_output_options *outputs, dn_table *times,
                     bool *failed)
{
    dn_segment_result *result = NULL;
    const double began = dn_clock_now();
    DN_TRY(dn_segment_scan(segmenter, path, &result));
    double begin = omp_get_wtime();
    dn_status status = truth == NULL ? DN_OK : compare(result, truth);
    if (status == DN_OK) {
        status = dn_outputs_write(result, outputs);
    }
    result->seconds[DN_STAGE_WRITE] = omp_get_wtime() - begin;
    if (status == DN_OK) {
        status = dn_segment_note_time(times, result->stem, dn_clock_now() - began);
    }
    if (status == DN_OK) {
        dn_progress(result->stem, DN_STAGE_COUNT, DN_STAGE_COUNT);
        say(result, outputs->folder);
        *failed = result->score.verdict == DN_REJECTED;
    }
    dn_segment_result_destroy(result);
    return status;
}

static dn_status run_all(dn_segmenter *segmenter, const char *const *paths, size_t count, const char *truth,
                         const dn_output_options *outputs, dn_table *times)
{
    size_t broken = 0;
    size_t failed = 0;
    dn_status last = DN_OK;
    for (size_t i = 0; i < count; ++i) {
        const char *path = paths[i];
        bool bad = false;
        if (count > 1) {
            dn_log(DN_LOG_NOTE, "[%zu/%zu] %s", i + 1, count, dn_path_name(path));
        }
        dn_status status = one(segmenter, path, truth, outputs, times, &bad);
        if (status == DN_ECANCELLED) {
            return status;
        }
        if (status != DN_OK) {
            last = status;
            ++broken;
            if (count > 1) {
                dn_log(DN_LOG_WARNING, "%s", dn_error_message());
            }
        }
        failed += bad;
    }
    if (broken > 0) {
        return dn_scan_list_broken(last, broken, count, "scans could be measured", outputs->folder);
    }
    if (failed > 0) {
        if (count == 1) {
            DN_FAIL(DN_EQUALITY, "done, but the scan failed quality control; the reasons are above and in the report");
        }
        DN_FAIL(DN_EQUALITY, "done, but %zu of %zu scans failed quality control; the reasons are above and in their reports", failed,
                count);
    }
    return DN_OK;
}

/* The scans that were done are noted, too, where others failed; so_far: what the command has to say. */
static dn_status write_times(const dn_table *times, const char *path, dn_status so_far)
{
    if (times == NULL || dn_table_rows(times) == 0) {
        return so_far;
    }
    dn_status status = dn_table_write(times, path);
    return status == DN_OK ? so_far : status;
}

static dn_status run(const dn_arguments *arguments)
{
    const char *precision = dn_arguments_text(arguments, "precision");
    bool bf16 = strcmp(precision, "bf16") == 0 || (strcmp(precision, "auto") == 0 && dn_plan_bf16_pays());
    const dn_consensus_options consensus = dn_consensus_defaults();
    dn_segmenter_options segmenter_options = {
        .model = dn_arguments_text(arguments, "model"),
        .structures = dn_arguments_text(arguments, "structures"),
        .precision = bf16 ? DN_PRECISION_BF16 : DN_PRECISION_F32,
        .memory_limit = (int64_t)(dn_arguments_real(arguments, "memory") * 1e9),
        .trust = dn_scan_trust(arguments),
        .whole_head = dn_arguments_flag(arguments, "whole-head"),
        .white_matter = dn_arguments_given(arguments, "white-matter") ? dn_arguments_real(arguments, "white-matter") : 0.0,
        .consensus = dn_arguments_flag(arguments, "consensus") ? &consensus : NULL,
        .accept = dn_arguments_flag(arguments, "accept"),
        .model_grid = strcmp(dn_arguments_text(arguments, "grid"), "model") == 0,
    };
    dn_output_options outputs = {.folder = dn_arguments_text(arguments, "output"),
                                 .posteriors = dn_arguments_flag(arguments, "posteriors")};
    const char **paths = NULL;
    size_t count = 0;
    dn_segmenter *segmenter = NULL;
    dn_stack_models *stack_models = NULL;
    dn_table *times = NULL;
    const char *times_path = dn_arguments_text(arguments, "times");
    dn_status status;
    DN_TRY(dn_scan_list(arguments, "_dseg.nii.gz", &paths, &count));
    if (dn_arguments_given(arguments, "truth") && count > 1) {
        DN_FAIL_GOTO(status, done, DN_EUSAGE, "--truth belongs to one scan; 'dien evaluate' compares many label maps with their truths");
    }
    DN_TRY_GOTO(status, dn_segment_norms_read(arguments, count, &outputs.report), done);
    for (size_t i = 0; i < count; ++i) {
        DN_TRY_GOTO(status, dn_outputs_check(paths[i], outputs.folder), done);
    }
    if (times_path != NULL) {
        DN_TRY_GOTO(status, dn_file_may_write(times_path), done);
        DN_TRY_GOTO(status, dn_table_create(times_path, &times), done);
    }
    if (segmenter_options.model != NULL) {
        DN_TRY_GOTO(status, dn_stack_models_open(segmenter_options.model, segmenter_options.precision, &stack_models), done);
    }
    if (stack_models != NULL) {
        bool stacks;
        DN_TRY_GOTO(status, dn_stacks_given(stack_models, paths, count, segmenter_options.trust, &stacks), done);
        if (!stacks) { /* whole scans: the segmenter cuts the stacks */
            dn_stack_models_destroy(stack_models);
            stack_models = NULL;
        }
    }
    if (stack_models != NULL) {
        if (dn_arguments_given(arguments, "truth")) {
            DN_FAIL_GOTO(status, done, DN_EUSAGE, "--truth does not go with networks that see slices; use 'dien evaluate'");
        }
        if (dn_arguments_given(arguments, "norm")) {
            DN_FAIL_GOTO(status, done, DN_EUSAGE, "--norm does not go with stacks, which have no report; use 'dien normative apply'");
        }
        const dn_stack_options how = {segmenter_options.trust, outputs.folder, outputs.posteriors, segmenter_options.accept};
        DN_TRY_GOTO(status, dn_path_make_folder(outputs.folder), done);
        status = dn_segment_stacks(stack_models, paths, count, &how, times);
        goto done;
    }
    DN_TRY_GOTO(status, dn_segmenter_create(&segmenter_options, &segmenter), done);
    DN_TRY_GOTO(status, dn_path_make_folder(outputs.folder), done);
    status = run_all(segmenter, paths, count, dn_arguments_text(arguments, "truth"), &outputs, times);
done:
    status = write_times(times, times_path, status);
    dn_table_destroy(times);
    dn_segmenter_destroy(segmenter);
    dn_stack_models_destroy(stack_models);
    dn_segment_norms_release(&outputs.report);
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
        "Labels the hypothalamus and its subunits, thalamus, deep grey matter, ventricles, brain stem and tissues in T1-weighted scans of "
        "heads, and measures them and the intracranial volume. Scans may be NIfTI (.nii, .nii.gz, "
        ".hdr/.img) or FreeSurfer (.mgh, .mgz), of any orientation, with or without the skull.\n\n"
        "For sub-01_T1w.nii.gz, DIR gets sub-01_dseg.nii.gz (labels on the scan's own grid, FreeSurfer's numbers; the hypothalamus's "
        "subunits are 801-805 left and 806-810 right; with " DN_SEGMENT_SLICES ", the whole is 819 and 820), "
        "sub-01_dseg.tsv (their names and colours), sub-01_volumes.tsv (one row a structure and side), sub-01_label-ICV_mask.nii.gz (what "
        "is inside the skull; not for skull-stripped "
        "scans), sub-01_qc.png (outlines to check), "
        "sub-01_report.html (all of it on one page), and JSON files that say how each was made.\n\n"
        "Exit codes: 0 all done; 2 usage; 3 a scan or the model cannot be read or holds no hypothalamus; 4 done, but a scan failed quality "
        "control (a volume that is not possible, a structure missing or cut by the scan's edge, an unsure or torn result; the rules are in "
        "docs/quality.md); 5 out of memory or disk; 6 some scans of several could not be measured, the others are done.",
    .examples = "dien segment sub-01_T1w.nii.gz -o results\n"
                "dien segment scans/*.nii.gz -o results --structures hypothalamus,thalamus,icv\n"
                "dien segment brain.mgz -o results --model " DN_SEGMENT_SLICES,
    .run = run,
};
