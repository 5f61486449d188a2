/* The public C API: options, and the measurement of one scan. */
#include "base/file.h"
#include "base/memory.h"
#include "base/table.h"
#include "cohort/measure.h"
#include "lib/call.h"
#include "report/sidecars.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct dien_result {
    dn_table *table; /* owns the texts */
    dien_row *rows;
    size_t count;
};

const char *dien_version(void)
{
    return DIEN_VERSION;
}

const char *dien_last_error(void)
{
    return dn_error_message();
}

void dien_cancel(void)
{
    dn_cancel_request();
}

void dien_options_init(dien_options *options)
{
    if (options != NULL) {
        *options = (dien_options){.size = sizeof *options};
    }
}

static dn_status result_from(const char *path, dien_result **out)
{
    static const char *const columns[] = {"structure", "hemi", "volume_mm3", "hard_volume_mm3", "mean_posterior"};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    dn_status status = DN_OK;
    size_t at[COLUMNS];
    dien_result *result = NULL;
    DN_TRY(dn_alloc(&result, 1, sizeof *result, "a result"));
    DN_TRY_GOTO(status, dn_table_read(path, &result->table), fail);
    for (size_t i = 0; i < COLUMNS; ++i) {
        DN_TRY_GOTO(status, dn_table_column(result->table, columns[i], &at[i]), fail);
    }
    result->count = dn_table_rows(result->table);
    DN_TRY_GOTO(status, dn_alloc(&result->rows, result->count, sizeof *result->rows, path), fail);
    for (size_t i = 0; i < result->count; ++i) {
        dien_row *row = &result->rows[i];
        const char *structure = dn_table_text(result->table, i, at[0]);
        const char *hemi = dn_table_text(result->table, i, at[1]);
        row->structure = structure != NULL ? structure : "";
        row->hemi = hemi != NULL ? hemi : "n/a";
        DN_TRY_GOTO(status, dn_table_number(result->table, i, at[2], &row->volume_mm3), fail);
        DN_TRY_GOTO(status, dn_table_number(result->table, i, at[3], &row->hard_volume_mm3), fail);
        DN_TRY_GOTO(status, dn_table_number(result->table, i, at[4], &row->mean_posterior), fail);
    }
    *out = result;
    return DN_OK;
fail:
    dien_result_destroy(result);
    return status;
}

dien_status dien_result_read(const char *path, dien_result **result)
{
    if (path == NULL || result == NULL) {
        return dn_lib_code(dn_error_set(DN_EUSAGE, "dien_result_read needs a path and a place for the result"));
    }
    *result = NULL;
    return dn_lib_code(result_from(path, result));
}

size_t dien_result_count(const dien_result *result)
{
    return result != NULL ? result->count : 0;
}

const dien_row *dien_result_row(const dien_result *result, size_t i)
{
    return i < dien_result_count(result) ? &result->rows[i] : NULL;
}

double dien_result_volume(const dien_result *result, const char *structure, const char *hemi)
{
    for (size_t i = 0; structure != NULL && hemi != NULL && i < dien_result_count(result); ++i) {
        if (strcmp(result->rows[i].structure, structure) == 0 && strcmp(result->rows[i].hemi, hemi) == 0) {
            return result->rows[i].volume_mm3;
        }
    }
    return (double)NAN;
}

void dien_result_destroy(dien_result *result)
{
    if (result != NULL) {
        dn_table_destroy(result->table);
        free(result->rows);
        free(result);
    }
}

/* *failed: done and written, but it failed quality control. */
static dn_status segment(const char *scan, const char *folder, const dien_options *options, dien_result **out, bool *failed)
{
    char *stem = NULL;
    char *table = NULL;
    const dn_measure_options how = {
        .segmenter = {.model = options->model, .structures = options->structures, .memory_limit = options->memory},
        .outputs = {.folder = folder, .posteriors = options->posteriors != 0},
    };
    dn_status status = dn_measure_scans(&scan, 1, &how);
    *failed = status == DN_EQUALITY;
    if ((status != DN_OK && !*failed) || out == NULL) {
        return status;
    }
    DN_TRY(dn_path_scan_stem(scan, &stem));
    DN_TRY_GOTO(status, dn_output_path(folder, stem, "_volumes.tsv", &table), done);
    status = result_from(table, out);
done:
    free(table);
    free(stem);
    return status;
}

dien_status dien_segment(const char *scan, const char *folder, const dien_options *options, dien_result **result)
{
    dn_lib_call call;
    bool failed = false;
    if (result != NULL) {
        *result = NULL;
    }
    if (scan == NULL || folder == NULL || *scan == '\0' || *folder == '\0') {
        return dn_lib_code(dn_error_set(DN_EUSAGE, "dien_segment needs a scan and a folder"));
    }
    dn_status status = dn_lib_begin(options, &call);
    if (status != DN_OK) {
        return dn_lib_code(status);
    }
    status = segment(scan, folder, &call.options, result, &failed);
    dn_lib_end(&call);
    if ((status == DN_OK || status == DN_EQUALITY) && failed) {
        status = dn_error_set(DN_EQUALITY, "%s was measured, but failed quality control; the report in %s says why", scan, folder);
    }
    return dn_lib_code(status);
}
