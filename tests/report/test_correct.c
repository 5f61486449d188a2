/* Volumes of corrected label maps, by hand: what changed is counted in voxels, sums add up, what is gone has no row; and maps on other
 * grids. */
#define _GNU_SOURCE
#include "report/correct.h"
#include "test.h"

#include "base/file.h"
#include "image/io.h"
#include "image/orientation.h"

#include <ftw.h>
#include <math.h>
#include <string.h>

static const dn_grid grid = {.dim = {6, 5, 4}, .affine = {{{-2, 0, 0, 10}, {0, 1, 0, -20}, {0, 0, 1.5, 30}}}}; /* LAS, voxels of 3 mm3 */

static dn_labels *map_of(const int *numbers, const int *counts, size_t n)
{
    dn_labels *map = NULL;
    int64_t at = 0;
    assert_ok(dn_labels_create(&grid, &map));
    for (size_t i = 0; i < n; ++i) {
        for (int k = 0; k < counts[i]; ++k) {
            map->data[at++] = (uint16_t)numbers[i];
        }
    }
    return map;
}

static void add(dn_volume_rows *rows, const char *structure, char hemi, bool whole, double soft, double hard)
{
    dn_volume_row *row = &rows->row[rows->count++];
    *row = (dn_volume_row){.hemi = hemi, .whole = whole, .volume_mm3 = soft, .hard_volume_mm3 = hard, .mean_posterior = 0.9};
    snprintf(row->structure, sizeof row->structure, "%s", structure);
}

/* As dien measures: 10 and 49 thalamus, 803 and 808 posterior parts, 801 an anterior one, 28 ventral diencephalon, which includes the
 * hypothalamus. */
static dn_volume_rows measured(void)
{
    dn_volume_rows rows = {.row = calloc(16, sizeof *rows.row)};
    add(&rows, "hypothalamus", 'L', true, 25.0, 24.0);
    add(&rows, "hypothalamus", 'R', true, 13.0, 12.0);
    add(&rows, "hypothalamus", 'B', true, 38.0, 36.0);
    add(&rows, "hypothalamus_anterior_inferior", 'L', false, 10.0, 9.0);
    add(&rows, "hypothalamus_posterior", 'L', false, 15.0, 15.0);
    add(&rows, "hypothalamus_posterior", 'R', false, 13.0, 12.0);
    add(&rows, "thalamus", 'L', true, 61.0, 60.0);
    add(&rows, "thalamus", 'R', true, 59.0, 60.0);
    add(&rows, "thalamus", 'B', true, 120.0, 120.0);
    add(&rows, "ventral_diencephalon", 'L', true, 50.0, 12.0);
    add(&rows, "icv", 'B', true, 1000.0, 999.0);
    return rows;
}

static const int numbers[] = {801, 803, 808, 10, 49, 28, 0};
static const int counts[] = {3, 5, 4, 20, 20, 4, 10};

static const dn_volume_row *row_of(const dn_volume_rows *rows, const char *structure, char hemi)
{
    const dn_volume_row *row = dn_volume_rows_find(rows, structure, hemi);
    if (row == NULL) {
        fail_msg("there is no row %s %c", structure, hemi);
    }
    return row;
}

static void test_volumes(void **state)
{
    (void)state;
    dn_volume_rows base = measured(), rows;
    dn_labels *before = map_of(numbers, counts, 7), *after = map_of(numbers, counts, 7);
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) { /* two voxels of the left thalamus less, the whole anterior part gone */
        after->data[v] = before->data[v] == 801 || (before->data[v] == 10 && v < 14) ? 0 : before->data[v];
    }
    assert_ok(dn_corrected_volumes(before, &base, after, NULL, &rows));
    assert_close(row_of(&rows, "thalamus", 'L')->volume_mm3, 18 * 3.0, 1e-12);
    assert_true(isnan(row_of(&rows, "thalamus", 'L')->mean_posterior));
    assert_close(row_of(&rows, "thalamus", 'R')->volume_mm3, 59.0, 0.0); /* untouched: what the network gave */
    assert_close(row_of(&rows, "thalamus", 'R')->mean_posterior, 0.9, 0.0);
    assert_close(row_of(&rows, "thalamus", 'B')->volume_mm3, 54.0 + 59.0, 1e-12);
    assert_null(dn_volume_rows_find(&rows, "hypothalamus_anterior_inferior", 'L')); /* a missing measure is a missing row */
    assert_close(row_of(&rows, "hypothalamus_posterior", 'L')->volume_mm3, 15.0, 0.0);
    assert_close(row_of(&rows, "hypothalamus", 'L')->volume_mm3, 15.0, 1e-12); /* the sum of its parts */
    assert_close(row_of(&rows, "hypothalamus", 'B')->volume_mm3, 15.0 + 13.0, 1e-12);
    assert_close(row_of(&rows, "ventral_diencephalon", 'L')->volume_mm3, (4 + 5) * 3.0, 1e-12); /* includes the hypothalamus */
    assert_close(row_of(&rows, "icv", 'B')->volume_mm3, 1000.0, 0.0);
    dn_volume_rows_release(&rows);
    /* A side that is gone: nothing to say of both. A structure that was not there: a row. */
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        after->data[v] = before->data[v] == 49 ? 50 : before->data[v];
    }
    assert_ok(dn_corrected_volumes(before, &base, after, NULL, &rows));
    assert_null(dn_volume_rows_find(&rows, "thalamus", 'R'));
    assert_null(dn_volume_rows_find(&rows, "thalamus", 'B'));
    assert_close(row_of(&rows, "caudate", 'R')->volume_mm3, 60.0, 1e-12);
    dn_volume_rows_release(&rows);
    dn_volume_rows_release(&base);
    dn_labels_destroy(before);
    dn_labels_destroy(after);
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

static void write_text(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(dn_file_write_all(path, text, strlen(text)));
}

static void write_base(const char *folder, const dn_labels *map)
{
    char path[256], table[4096] = "structure\themi\tvolume_mm3\thard_volume_mm3\tmean_posterior\taccepted\n";
    const dn_volume_rows rows = measured();
    snprintf(path, sizeof path, "%s/a_dseg.nii.gz", folder);
    assert_ok(dn_labels_write(map, path, NULL));
    for (size_t i = 0; i < rows.count; ++i) {
        const size_t used = strlen(table);
        snprintf(table + used, sizeof table - used, "%s\t%c\t%.3f\t%.3f\t0.9\tno\n", rows.row[i].structure, rows.row[i].hemi,
                 rows.row[i].volume_mm3, rows.row[i].hard_volume_mm3);
    }
    free(rows.row);
    write_text(folder, "a_volumes.tsv", table);
    write_text(folder, "a_volumes.json", "{\"GeneratedBy\": [{\"Name\": \"dien\"}]}");
    write_text(folder, "a_dseg.json", "{}");
    write_text(folder, "a_dseg.tsv", "index\tname\tcolor\n10\tleft_thalamus\t#00760e\n");
}

/* The same voxels in every order of axes that a viewer may write: the same file comes out. Maps elsewhere are refused. */
static void test_files(void **state)
{
    (void)state;
    char base[] = "/tmp/dien-correct-XXXXXX", out[] = "/tmp/dien-correct-XXXXXX", path[256];
    assert_non_null(mkdtemp(base));
    assert_non_null(mkdtemp(out));
    dn_labels *before = map_of(numbers, counts, 7), *after = map_of(numbers, counts, 7);
    after->data[dn_grid_offset(&grid, 1, 2, 3)] = 10;
    write_base(base, before);
    const dn_correction about = {.who = "AB", .why = "too small", .when = "2026-11-30T07:00:00Z", .version = 2, .base = 1};
    for (int i = 0; i < (int)DN_ORIENTATION_COUNT; ++i) {
        const dn_orientation wanted = dn_orientation_at(i);
        dn_labels *turned = NULL, *back = NULL;
        assert_ok(dn_labels_reorient(after, &wanted, &turned));
        assert_ok(dn_corrected_write(base, "a", turned, &about, out));
        snprintf(path, sizeof path, "%s/a_dseg.nii.gz", out);
        assert_ok(dn_labels_read(path, NULL, &back, NULL));
        assert_true(dn_grid_equal(&back->grid, &grid, 1e-3));
        assert_memory_equal(back->data, after->data, (size_t)dn_grid_count(&grid) * sizeof *back->data);
        dn_labels_destroy(back);
        dn_labels_destroy(turned);
    }
    dn_volume_rows rows;
    dn_verdict verdict;
    snprintf(path, sizeof path, "%s/a_volumes.tsv", out);
    assert_ok(dn_volume_rows_read(path, &rows, &verdict));
    assert_int_equal(verdict, DN_REJECTED);
    assert_close(row_of(&rows, "thalamus", 'L')->volume_mm3, 63.0, 1e-9);
    assert_false(row_of(&rows, "hypothalamus_posterior", 'L')->whole);
    dn_volume_rows_release(&rows);
    assert_int_equal(dn_corrected_write(base, "a", before, &about, out), DN_EDATA); /* nothing was changed */
    after->data[0] = 7777;
    assert_int_equal(dn_corrected_write(base, "a", after, &about, out), DN_EDATA); /* no such structure */
    assert_non_null(strstr(dn_error_message(), "7777"));
    after->data[0] = 10;
    after->grid.affine.m[0][3] += 2.0;
    assert_int_equal(dn_corrected_write(base, "a", after, &about, out), DN_EGEOMETRY); /* a voxel aside */
    after->grid = grid;
    after->grid.affine.m[0][0] = 2.0; /* mirrored: the header says the other side */
    assert_int_equal(dn_corrected_write(base, "a", after, &about, out), DN_EGEOMETRY);
    dn_labels_destroy(before);
    dn_labels_destroy(after);
    nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    nftw(out, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_volumes), cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
