/* The demo head made and measured, in a temporary folder, with everything that measuring a scan writes. */
#include "base/clock.h"
#include "base/file.h"
#include "base/install.h"
#include "base/scratch.h"
#include "cohort/make_scans.h"
#include "cohort/run/settings.h"
#include "cohort/selftest/measured.h"
#include "models/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCAN "head_sample-0001_T1w.nii.gz"

/* The same head each time: `make demo` has it, too. */
static dn_status make_head(const char *folder)
{
    const dn_samples_options how = {.folder = folder, .count = 1, .seed = 1, .spacing = 1.0, .how = dn_synth_plain()};
    char *map = NULL;
    DN_TRY(dn_install_path("template/head.nii.gz", &map));
    dn_status status = dn_make_samples((const char *const[]){map}, 1, NULL, &how);
    free(map);
    return status;
}

static void add_file(dn_selftest_measured *out, bool must, const char *kind, const char *name, const char *sha256)
{
    if (out->file_count < DN_SELFTEST_FILES) {
        dn_selftest_file *file = &out->file[out->file_count++];
        snprintf(file->name, sizeof file->name, "%s%.64s", kind, name);
        snprintf(file->sha256, sizeof file->sha256, "%s", sha256);
        file->must = must;
    }
}

static dn_status take_rows(const dn_volume_rows *rows, dn_selftest_measured *out)
{
    if (rows->count > DN_SELFTEST_ROWS) {
        DN_FAIL(DN_EINTERNAL, "the self-test has room for %d volumes, not for %zu", DN_SELFTEST_ROWS, rows->count);
    }
    for (size_t i = 0; i < rows->count; ++i) {
        dn_selftest_row *row = &out->row[out->count++];
        memcpy(row->structure, rows->row[i].structure, sizeof row->structure);
        row->hemi = rows->row[i].hemi;
        row->volume_mm3 = rows->row[i].volume_mm3;
    }
    return DN_OK;
}

static dn_status hash_head(const char *scan, dn_selftest_measured *out)
{
    char sha256[65];
    dn_volume *volume = NULL;
    DN_TRY(dn_scan_read(scan, NULL, &volume, NULL));
    dn_sha256((const unsigned char *)volume->data, (size_t)dn_grid_count(&volume->grid) * sizeof *volume->data, sha256);
    add_file(out, false, "demo head", "", sha256);
    dn_volume_destroy(volume);
    return DN_OK;
}

static dn_status describe(const dn_segment_result *result, dn_selftest_measured *out)
{
    char sha256[65];
    const dn_labels *labels = result->native.labels;
    for (size_t i = 0; i < result->model_count; ++i) {
        add_file(out, true, "network ", result->models[i]->name, result->models[i]->sha256);
    }
    dn_sha256((const unsigned char *)labels->data, (size_t)dn_grid_count(&labels->grid) * sizeof *labels->data, sha256);
    add_file(out, false, "label map", "", sha256);
    return take_rows(&result->volumes, out);
}

/* As `dien segment` without options. */
static dn_status measure_head(const char *folder, const char *scan, dn_selftest_measured *out)
{
    const dn_run_settings settings = {.precision = DN_PRECISION_F32, .memory_gb = 2.0};
    const dn_segmenter_options options = dn_run_settings_segmenter(&settings, NULL);
    const dn_output_options outputs = {.folder = folder};
    const double began = dn_clock_now();
    dn_segmenter *segmenter = NULL;
    dn_segment_result *result = NULL;
    dn_judgement judgement;
    dn_status status;
    DN_TRY_GOTO(status, dn_segmenter_create(&options, &segmenter), done);
    DN_TRY_GOTO(status, dn_segment_scan(segmenter, scan, &result), done);
    DN_TRY_GOTO(status, dn_result_judge(result, false, &judgement), done);
    DN_TRY_GOTO(status, dn_outputs_write(result, &judgement, &outputs), done);
    out->seconds = dn_clock_now() - began;
    status = describe(result, out);
done:
    dn_segment_result_destroy(result);
    dn_segmenter_destroy(segmenter);
    return status;
}

dn_status dn_selftest_measure(dn_selftest_measured *out)
{
    dn_scratch folder = {0};
    char *scan = NULL;
    dn_status status;
    *out = (dn_selftest_measured){0};
    DN_TRY(dn_scratch_create(&folder));
    DN_TRY_GOTO(status, dn_path_join(folder.path, SCAN, &scan), done);
    DN_TRY_GOTO(status, make_head(folder.path), done);
    DN_TRY_GOTO(status, hash_head(scan, out), done);
    status = measure_head(folder.path, scan, out);
done:
    dn_scratch_remove(&folder);
    free(scan);
    return status;
}
