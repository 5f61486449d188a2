/* The work of `dien segment`: each scan measured, judged and written, and the lines that a person reads about it. */
#include "cohort/measure.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/install.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/table.h"
#include "cohort/batch.h"
#include "quality/judge.h"
#include "segment/truth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say_stack(const dn_segment_result *r)
{
    dn_log(DN_LOG_NOTE, "%s: %lld slices, %.3f s per slice", r->stem, (long long)r->stack->slices, r->stack->seconds_per_slice);
    if (r->model_count > 1) {
        dn_log(DN_LOG_NOTE, "%s: the %zu models differ by %.3f inside the structures (SD of posteriors)", r->stem, r->model_count,
               r->stack->disagreement);
    }
}

/* For --verbose. */
static void say_details(const dn_segment_result *r)
{
    const dn_hypothalamus *h = r->hypothalamus;
    for (int s = 0; s < (int)DN_STAGE_COUNT; ++s) {
        dn_log(DN_LOG_DEBUG, "%s: %-16s %6.2f s", r->stem, dn_stage_name((dn_stage)s), r->seconds[s]);
    }
    for (int s = 0; s < (int)DN_ACPC_STEPS && r->frame != NULL; ++s) {
        dn_log(DN_LOG_DEBUG, "%s: %-20s %6.2f s of processor time", r->stem, dn_acpc_step_name((dn_acpc_step)s),
               r->frame->found.cpu_seconds[s]);
    }
    if (h != NULL && h->whole_voxels > 0) {
        dn_log(DN_LOG_DEBUG, "%s: the network of the hypothalamus ran on %lld of %lld voxels (%.1f %%)", r->stem,
               (long long)h->network_voxels, (long long)h->whole_voxels, 100.0 * (double)h->network_voxels / (double)h->whole_voxels);
    }
    if (r->head != NULL) {
        const dn_head *head = &r->head->found;
        dn_log(
            DN_LOG_DEBUG,
            "%s: mean signal around the brain is %.2f times the signal inside (skull stripped: %s); %.1f %% of the brain on the wrong side",
            r->stem, head->skull_signal, head->stripped ? "yes" : "no", 100 * head->wrong_side);
    }
    dn_log(DN_LOG_DEBUG, "%s: peak memory of the program %.0f MB", r->stem, (double)dn_memory_peak_rss() / 1e6);
    if (r->location != NULL) {
        const dn_location *at = r->location;
        dn_log(DN_LOG_DEBUG,
               "%s: average head aligned: correlation %.2f, centre at voxel %.0f %.0f %.0f, pitch %.0f, roll %.0f, yaw %.0f degrees",
               r->stem, at->correlation, at->centre[0], at->centre[1], at->centre[2], at->rotation[0], at->rotation[1], at->rotation[2]);
    }
}

static void say(const dn_segment_result *r, const dn_judgement *judgement, const char *folder)
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
        snprintf(text + n, sizeof text - n, "intracranial volume %.3f l; ", 1e-6 * icv->volume_mm3);
    }
    if (r->stack != NULL) { /* it has no report */
        dn_log(DN_LOG_NOTE, "%s: %stables: %s/%s_volumes.tsv", r->stem, text, folder, r->stem);
    } else {
        dn_log(DN_LOG_NOTE, "%s: %sreport: %s/%s_report.html", r->stem, text, folder, r->stem);
    }
    const dn_hypothalamus *h = r->hypothalamus;
    if (h != NULL && h->consensus != NULL) {
        dn_log(DN_LOG_NOTE, "%s: consensus of %d runs; the SD of their volumes is %.1f %% of the mean", r->stem, h->consensus->members,
               100.0 * h->consensus->whole_sd / h->consensus->whole_mean);
    }
    if (r->stack != NULL) {
        say_stack(r);
    }
    if (r->white_matter > 0.0) {
        dn_log(DN_LOG_NOTE, "%s: white-matter peak at %.3f of the clipped range", r->stem, r->white_matter);
    }
    dn_judgement_say(judgement, r->stem);
    say_details(r);
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

/* ---- one scan ----------------------------------------------------------------------------------------------------- */

struct dn_measurer {
    dn_measure_options options;
    dn_segmenter *segmenter;
    dn_table *times;                      /* NULL: not asked for */
    const dn_convert_warnings *converted; /* borrowed; of the scan being measured, if it was made of DICOM files */
    size_t dicom_count, dicom_done;       /* DICOM inputs among the scans */
};

dn_status dn_measurer_create(const dn_measure_options *options, const char *const *scans, size_t count, dn_measurer **out)
{
    dn_measurer *it = NULL;
    dn_segmenter_options segmenter = options->segmenter;
    DN_TRY(dn_alloc(&it, 1, sizeof *it, "the networks"));
    it->options = *options;
    segmenter.scans = scans;
    segmenter.scan_count = count;
    dn_status status = dn_segmenter_create(&segmenter, &it->segmenter);
    if (status == DN_OK && dn_segmenter_takes_stacks(it->segmenter) && options->outputs.report.norm_count > 0) {
        status = dn_error_offer(dn_error_set(DN_EUSAGE, "a stack of slices has no report, so it is not compared with a norm there"),
                                DN_REMEDY_APPLY_NORM);
    }
    if (status != DN_OK) {
        dn_measurer_destroy(it);
        return status;
    }
    *out = it;
    return DN_OK;
}

void dn_measurer_destroy(dn_measurer *measurer)
{
    if (measurer != NULL) {
        dn_segmenter_destroy(measurer->segmenter);
        dn_table_destroy(measurer->times);
        free(measurer);
    }
}

dn_status dn_measurer_models(const dn_measurer *measurer, const dn_model *out[], size_t *count)
{
    return dn_segmenter_models(measurer->segmenter, out, count);
}

static dn_status judge_and_write(const dn_measurer *it, const char *folder, const char *source, dn_segment_result *result,
                                 dn_judgement *judgement)
{
    const double began = dn_clock_now();
    dn_output_options outputs = it->options.outputs;
    outputs.folder = folder;
    outputs.source = source;
    if (it->options.truth != NULL) {
        DN_TRY(compare(result, it->options.truth));
    }
    DN_TRY(dn_result_judge(result, it->options.accept, judgement));
    for (size_t i = 0; it->converted != NULL && i < it->converted->count; ++i) {
        dn_quality_add(&judgement->quality, DN_FLAG_WARNING, "conversion", "%s", it->converted->text[i]);
    }
    DN_TRY(dn_outputs_write(result, judgement, &outputs));
    result->seconds[DN_STAGE_WRITE] = dn_clock_now() - began;
    return DN_OK;
}

static dn_status note_time(dn_table *times, const char *stem, double seconds)
{
    size_t row;
    if (times == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_table_add_row(times, &row));
    DN_TRY(dn_table_put_text(times, "subject", stem));
    return dn_table_put_number(times, "seconds", round(seconds * 1e3) / 1e3);
}

dn_status dn_measurer_measure(dn_measurer *it, const char *path, const char *folder, const char *source, dn_measured *out)
{
    dn_segment_result *result = NULL;
    dn_judgement judgement;
    const double began = dn_clock_now();
    *out = (dn_measured){.score = NAN};
    DN_TRY(dn_outputs_check(path, folder));
    DN_TRY(dn_segment_scan(it->segmenter, path, &result));
    dn_status status = judge_and_write(it, folder, source, result, &judgement);
    if (status == DN_OK) {
        out->seconds = dn_clock_now() - began;
        status = note_time(it->times, result->stem, out->seconds);
    }
    if (status == DN_OK) {
        dn_progress(result->stem, DN_STAGE_COUNT, DN_STAGE_COUNT);
        say(result, &judgement, folder);
        out->rejected = judgement.score.verdict == DN_REJECTED;
        out->score = judgement.score.score;
    }
    dn_segment_result_destroy(result);
    return status;
}

static dn_status measure_opened(dn_measurer *it, const char *path, const char *folder, const dn_dicom_scan *scan, dn_measured *out)
{
    it->converted = &scan->warnings;
    const dn_status status = dn_dicom_error(scan, path, dn_measurer_measure(it, scan->path, folder, scan->source, out));
    it->converted = NULL;
    return status;
}

dn_status dn_measurer_measure_dicom(dn_measurer *it, const char *path, const dn_dicom_options *options, const char *folder,
                                    dn_dicom_scan *scan, dn_measured *out)
{
    const double began = dn_clock_now();
    *out = (dn_measured){.score = NAN};
    DN_TRY(dn_dicom_open(path, options, scan));
    DN_TRY(measure_opened(it, path, folder, scan, out));
    out->seconds = dn_clock_now() - began;
    return DN_OK;
}

/* ---- the loop ----------------------------------------------------------------------------------------------------- */

/* Results of DICOM files have a name of ours: those of another scan may have the same. The scan is known by the hash of its volume. */
static dn_status check_earlier(const dn_measurer *it, const dn_dicom_scan *scan, const char *stem)
{
    char *path = NULL;
    unsigned char *bytes = NULL;
    size_t size = 0;
    const char *folder = it->options.outputs.folder;
    DN_TRY(dn_asprintf(&path, "%s/%s_dseg.json", folder, stem));
    dn_status status = DN_OK;
    if (it->options.dicom.name == NULL && dn_path_exists(path)) {
        status = dn_file_read(path, 1 << 24, &bytes, &size);
        if (status == DN_OK && strstr((const char *)bytes, scan->sha256) == NULL) {
            status = dn_error_offer(dn_error_set(DN_EUSAGE, "%s holds results of another scan under the name '%s', which would be lost",
                                                 folder, stem),
                                    DN_REMEDY_NAME_SCAN);
        }
    }
    free(bytes);
    free(path);
    return status;
}

static dn_status measure_dicom(dn_measurer *it, const char *path, const char *name, dn_measured *measured)
{
    dn_dicom_scan scan = {.path = NULL};
    dn_dicom_options options = it->options.dicom;
    char *stem = NULL;
    dn_status status = DN_OK;
    options.name = name;
    DN_TRY_GOTO(status, dn_dicom_open(path, &options, &scan), done);
    DN_TRY_GOTO(status, dn_path_scan_stem(scan.path, &stem), done);
    DN_TRY_GOTO(status, check_earlier(it, &scan, stem), done);
    status = measure_opened(it, path, it->options.outputs.folder, &scan, measured);
done:
    free(stem);
    dn_dicom_close(&scan);
    return status;
}

/* "scan", or the name that was given; of several "scan-1", "scan-2", ... */
static dn_status name_dicom(const dn_measurer *it, size_t number, char **out)
{
    const char *name = it->options.dicom.name != NULL ? it->options.dicom.name : "scan";
    return it->dicom_count > 1 ? dn_asprintf(out, "%s-%zu", name, number) : dn_strdup(name, out);
}

static dn_status one(void *user, const char *path, bool *doubtful)
{
    dn_measurer *it = user;
    dn_measured measured;
    if (dn_dicom_is_input(path)) {
        char *name = NULL;
        DN_TRY(name_dicom(it, ++it->dicom_done, &name));
        const dn_status status = measure_dicom(it, path, name, &measured);
        free(name);
        DN_TRY(status);
    } else {
        DN_TRY(dn_measurer_measure(it, path, it->options.outputs.folder, NULL, &measured));
    }
    *doubtful = measured.rejected;
    return DN_OK;
}

/* The scans that were done are noted, too, where others failed; so_far: what the loop has to say. */
static dn_status write_times(const dn_table *times, const char *path, dn_status so_far)
{
    if (times == NULL || dn_table_rows(times) == 0) {
        return so_far;
    }
    dn_status status = dn_table_write(times, path);
    return status == DN_OK ? so_far : status;
}

/* Before long work: may the results be written? files: those that are scans as they are. */
static dn_status check_scans(const char *const *paths, size_t count, const dn_measure_options *options, const char **files,
                             size_t *file_count)
{
    for (size_t i = 0; i < count; ++i) {
        if (!dn_dicom_is_input(paths[i])) {
            DN_TRY(dn_outputs_check(paths[i], options->outputs.folder));
            files[(*file_count)++] = paths[i];
        }
    }
    if (options->dicom.series != NULL && *file_count == count) {
        DN_FAIL(DN_EUSAGE, "a series can be chosen of a folder or archive of DICOM files only; '%s' is none", paths[0]);
    }
    if (options->dicom.name != NULL && *file_count == count) {
        DN_FAIL(DN_EUSAGE, "a name is given to a folder or archive of DICOM files only; '%s' is named by its file", paths[0]);
    }
    return options->times != NULL ? dn_file_may_write(options->times) : DN_OK;
}

dn_status dn_measure_scans(const char *const *paths, size_t count, const dn_measure_options *options)
{
    dn_measurer *it = NULL;
    dn_batch batch = {.paths = paths,
                      .count = count,
                      .done = "scans could be measured",
                      .folder = options->outputs.folder,
                      .reasons = "in their reports",
                      .reasons_of_one = "in the report"};
    const char **files = NULL;
    size_t file_count = 0;
    DN_TRY(dn_alloc(&files, count, sizeof *files, "the list of scans"));
    dn_status status = check_scans(paths, count, options, files, &file_count);
    status = status == DN_OK ? dn_measurer_create(options, files, file_count, &it) : status;
    free(files);
    DN_TRY(status);
    it->dicom_count = count - file_count;
    if (dn_segmenter_takes_stacks(it->segmenter)) {
        batch.reasons = batch.reasons_of_one = "in *_dseg.json";
    }
    status = options->times != NULL ? dn_table_create(options->times, &it->times) : DN_OK;
    if (status == DN_OK) {
        status = write_times(it->times, options->times, dn_batch_run(&batch, one, it));
    }
    dn_measurer_destroy(it);
    return status;
}
