/* The tables of share/selftest. */
#include "base/file.h"
#include "base/table.h"
#include "cohort/selftest/measured.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How far a volume may be from the release's: this part of it, and a little for the smallest. docs/evidence/reproducibility.md has what
 * processors, versions of oneDNN and Debian releases differ by. */
#define BOUND_PART 1e-4
#define BOUND_LEAST_MM3 0.01

static const char *text_of(const dn_table *table, size_t row, size_t column)
{
    const char *text = dn_table_text(table, row, column);
    return text != NULL ? text : "";
}

static dn_status read_volumes(const dn_table *table, dn_selftest_measured *out)
{
    size_t structure, hemi, volume, bound;
    DN_TRY(dn_table_column(table, "structure", &structure));
    DN_TRY(dn_table_column(table, "hemi", &hemi));
    DN_TRY(dn_table_column(table, "volume_mm3", &volume));
    DN_TRY(dn_table_column(table, "bound_mm3", &bound));
    if (dn_table_rows(table) > DN_SELFTEST_ROWS || dn_table_rows(table) == 0) {
        DN_FAIL(DN_EFORMAT, "%s has %zu rows; it needs one per volume, at most %d", dn_table_name(table), dn_table_rows(table),
                DN_SELFTEST_ROWS);
    }
    for (size_t i = 0; i < dn_table_rows(table); ++i) {
        dn_selftest_row *row = &out->row[out->count++];
        DN_TRY(dn_table_number(table, i, volume, &row->volume_mm3));
        DN_TRY(dn_table_number(table, i, bound, &row->bound_mm3));
        if (isnan(row->volume_mm3) || isnan(row->bound_mm3)) {
            DN_FAIL(DN_EFORMAT, "%s: line %zu has no volume, or no bound", dn_table_name(table), dn_table_line(table, i));
        }
        snprintf(row->structure, sizeof row->structure, "%s", text_of(table, i, structure));
        row->hemi = text_of(table, i, hemi)[0];
    }
    return DN_OK;
}

static dn_status read_files(const dn_table *table, dn_selftest_measured *out)
{
    size_t name, sha256;
    DN_TRY(dn_table_column(table, "name", &name));
    DN_TRY(dn_table_column(table, "sha256", &sha256));
    for (size_t i = 0; i < dn_table_rows(table) && i < DN_SELFTEST_FILES; ++i) {
        dn_selftest_file *file = &out->file[out->file_count++];
        snprintf(file->name, sizeof file->name, "%s", text_of(table, i, name));
        snprintf(file->sha256, sizeof file->sha256, "%s", text_of(table, i, sha256));
        file->must = strncmp(file->name, "network ", 8) == 0;
    }
    return DN_OK;
}

static dn_status read_table(const char *folder, const char *name, dn_status (*take)(const dn_table *, dn_selftest_measured *),
                            dn_selftest_measured *out)
{
    char *path = NULL;
    dn_table *table = NULL;
    DN_TRY(dn_path_join(folder, name, &path));
    dn_status status = dn_table_read(path, &table);
    if (status == DN_OK) {
        status = take(table, out);
    }
    dn_table_destroy(table);
    free(path);
    return status;
}

dn_status dn_selftest_read(const char *folder, dn_selftest_measured *out)
{
    *out = (dn_selftest_measured){0};
    DN_TRY(read_table(folder, "volumes.tsv", read_volumes, out));
    return read_table(folder, "files.tsv", read_files, out);
}

static dn_status write_volumes(dn_file_writer *writer, const dn_selftest_measured *measured)
{
    DN_TRY(dn_file_printf(writer, "structure\themi\tvolume_mm3\tbound_mm3\n"));
    for (size_t i = 0; i < measured->count; ++i) {
        const dn_selftest_row *row = &measured->row[i];
        DN_TRY(dn_file_printf(writer, "%s\t%c\t%.3f\t%.3f\n", row->structure, row->hemi, row->volume_mm3,
                              fmax(BOUND_LEAST_MM3, BOUND_PART * row->volume_mm3)));
    }
    return DN_OK;
}

static dn_status write_files(dn_file_writer *writer, const dn_selftest_measured *measured)
{
    DN_TRY(dn_file_printf(writer, "name\tsha256\n"));
    for (size_t i = 0; i < measured->file_count; ++i) {
        DN_TRY(dn_file_printf(writer, "%s\t%s\n", measured->file[i].name, measured->file[i].sha256));
    }
    return DN_OK;
}

static dn_status write_table(const char *folder, const char *name, dn_status (*put)(dn_file_writer *, const dn_selftest_measured *),
                             const dn_selftest_measured *measured)
{
    char *path = NULL;
    dn_file_writer writer = {0};
    DN_TRY(dn_path_join(folder, name, &path));
    dn_status status = dn_file_create(&writer, path);
    free(path);
    DN_TRY(status);
    status = put(&writer, measured);
    return dn_file_end(&writer, status);
}

dn_status dn_selftest_write(const char *folder, const dn_selftest_measured *measured)
{
    DN_TRY(dn_path_make_folder(folder));
    DN_TRY(write_table(folder, "volumes.tsv", write_volumes, measured));
    return write_table(folder, "files.tsv", write_files, measured);
}
