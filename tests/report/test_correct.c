/* Volumes of corrected label maps, by hand: what changed is counted in voxels, sums add up, what is gone has no row; and maps on other
 * grids. */
#define _GNU_SOURCE
#include "report/correct.h"
#include "test.h"

#include "base/file.h"
#include "image/io.h"
#include "image/orientation.h"
#include "infer/conform.h"

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

/* The network that works on slices labels the hypothalamus as a whole (819 and 820): VentralDC includes that, too. */
static void test_whole_hypothalamus(void **state)
{
    (void)state;
    static const int whole[] = {819, 28, 0}, many[] = {8, 4, 10};
    dn_volume_rows base = {.row = calloc(4, sizeof *base.row)}, rows;
    dn_labels *before = map_of(whole, many, 3), *after = map_of(whole, many, 3);
    add(&base, "hypothalamus", 'L', true, 25.0, 24.0);
    add(&base, "ventral_diencephalon", 'L', true, 38.0, 12.0);
    after->data[8] = 0; /* a voxel of 28 less */
    assert_ok(dn_corrected_volumes(before, &base, after, NULL, &rows));
    assert_close(row_of(&rows, "ventral_diencephalon", 'L')->volume_mm3, (3 + 8) * 3.0, 1e-12);
    assert_close(row_of(&rows, "hypothalamus", 'L')->volume_mm3, 25.0, 0.0);
    dn_volume_rows_release(&rows);
    dn_volume_rows_release(&base);
    dn_labels_destroy(before);
    dn_labels_destroy(after);
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

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
    /* A second correction, on top of that one, names what the first changed, too, and keeps its record. */
    const dn_correction second = {.who = "CD", .why = "too large", .when = "2026-11-30T08:00:00Z", .version = 3, .base = 2};
    unsigned char *record = NULL;
    size_t record_size = 0;
    char again[] = "/tmp/dien-correct-XXXXXX";
    assert_non_null(mkdtemp(again));
    dn_labels *more = map_of(numbers, counts, 7);
    memcpy(more->data, after->data, (size_t)dn_grid_count(&grid) * sizeof *more->data);
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        more->data[v] = more->data[v] == 28 ? 0 : more->data[v];
    }
    assert_ok(dn_corrected_write(out, "a", more, &second, again));
    snprintf(path, sizeof path, "%s/a_volumes.json", again);
    assert_ok(dn_file_read(path, 1 << 20, &record, &record_size));
    record[record_size > 0 ? record_size - 1 : 0] = '\0';
    for (size_t i = 0; i < 4; ++i) {
        static const char *const parts[] = {"thalamus_L", "ventral_diencephalon_L", "\"AB\"", "\"CD\""};
        if (strstr((const char *)record, parts[i]) == NULL) {
            fail_msg("the second correction's record does not have %s: %s", parts[i], (const char *)record);
        }
    }
    free(record);
    dn_labels_destroy(more);
    assert_int_equal(test_remove_tree(again), 0);
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
    assert_int_equal(test_remove_tree(base), 0);
    assert_int_equal(test_remove_tree(out), 0);
}

/* ---- the picture and the report ----------------------------------------------------------------------------------- */

static const dn_grid cube = {.dim = {26, 24, 22}, .affine = {{{2, 0, 0, -26}, {0, 2, 0, -24}, {0, 0, 2, -22}}}};

static void write_turned(const char *folder, int orientation, dn_labels *map)
{
    char path[256];
    dn_volume *scan = NULL, *turned_scan = NULL;
    dn_labels *turned = NULL;
    const dn_orientation wanted = dn_orientation_at(orientation);
    assert_ok(dn_volume_create(&cube, &scan));
    for (int64_t v = 0; v < dn_grid_count(&cube); ++v) {
        scan->data[v] = (float)(map->data[v] > 0 ? 300 + v % 7 : 100 + v % 11);
    }
    assert_ok(dn_volume_reorient(scan, &wanted, &turned_scan));
    assert_ok(dn_labels_reorient(map, &wanted, &turned));
    snprintf(path, sizeof path, "%s/a.nii.gz", folder);
    assert_ok(dn_volume_write(turned_scan, path, NULL));
    snprintf(path, sizeof path, "%s/a_dseg.nii.gz", folder);
    assert_ok(dn_labels_write(turned, path, NULL));
    dn_volume_destroy(scan);
    dn_volume_destroy(turned_scan);
    dn_labels_destroy(turned);
}

static dn_status draw(const char *folder, unsigned char **picture, size_t *size)
{
    char path[256];
    const dn_report_options report = {.age = 54.0, .sex = DN_SEX_FEMALE};
    snprintf(path, sizeof path, "%s/a.nii.gz", folder);
    dn_status status = dn_corrected_draw(path, "a", folder, &report);
    snprintf(path, sizeof path, "%s/a_qc.png", folder);
    return status == DN_OK ? dn_file_read(path, 1 << 24, picture, size) : status;
}

/* The same head in other orders of axes gives the same picture; another label gives another one; the report says who, when and why. */
static void test_drawing(void **state)
{
    (void)state;
    static const int orientations[] = {0, 30};
    char folder[] = "/tmp/dien-correct-XXXXXX", path[256];
    unsigned char *first = NULL, *other = NULL, *page = NULL;
    size_t first_size = 0, size = 0;
    assert_non_null(mkdtemp(folder));
    dn_labels *map = NULL;
    assert_ok(dn_labels_create(&cube, &map));
    for (int64_t k = 8; k < 14; ++k) {
        for (int64_t j = 8; j < 15; ++j) {
            for (int64_t i = 6; i < 20; ++i) {
                map->data[dn_grid_offset(&cube, i, j, k)] = (uint16_t)(i < 13 ? 10 : 49);
            }
        }
    }
    write_text(folder, "a_volumes.tsv",
               "structure\themi\tvolume_mm3\thard_volume_mm3\tmean_posterior\taccepted\nthalamus\tL\t2352.000\t2352.000\tn/a\tyes\n");
    write_text(
        folder, "a_volumes.json",
        "{\"GeneratedBy\": [{\"Name\": \"dien\", \"Models\": [{\"Name\": \"net\", \"SHA256\": \"abc\"}]}], \"Flags\": [{\"Level\": "
        "\"warning\", \"Code\": \"noisy\", \"Text\": \"It is noisy.\"}], \"Corrected\": {\"Who\": \"A. <B>\", \"Why\": \"too small\", "
        "\"When\": \"2026-11-30T07:00:00Z\", \"Version\": 2, \"Structures\": [\"thalamus_L\"]}}");
    for (size_t i = 0; i < sizeof orientations / sizeof *orientations; ++i) {
        write_turned(folder, orientations[i], map);
        assert_ok(draw(folder, i == 0 ? &first : &other, i == 0 ? &first_size : &size));
        if (i > 0) {
            assert_int_equal(size, first_size);
            assert_memory_equal(other, first, size);
            free(other);
        }
    }
    snprintf(path, sizeof path, "%s/a_report.html", folder);
    assert_ok(dn_file_read(path, 1 << 24, &page, &size));
    static const char *const words[] = {
        "Version 2: corrected by A. &lt;B&gt; on 30 November 2026 because: too small. Changed: left thalamus.",
        "2.35",
        "Remarks on the labels before the correction",
        "It is noisy.",
        "54 years",
        "net"};
    for (size_t i = 0; i < sizeof words / sizeof *words; ++i) {
        if (strstr((const char *)page, words[i]) == NULL) {
            fail_msg("the report does not say \"%s\"", words[i]);
        }
    }
    map->data[dn_grid_offset(&cube, 10, 11, 14)] = 10;
    write_turned(folder, 0, map);
    assert_ok(draw(folder, &other, &size));
    assert_true(size != first_size || memcmp(first, other, size) != 0);
    free(other);
    /* A sheared scan was measured on square axes, and its map is on these. */
    dn_volume *sheared = NULL, *square = NULL;
    dn_labels *on_square = NULL;
    double skew;
    snprintf(path, sizeof path, "%s/a.nii.gz", folder);
    assert_ok(dn_scan_read(path, NULL, &sheared, &(dn_scan_info){.volumes = 0}));
    sheared->grid.affine.m[0][2] += 0.8;
    assert_ok(dn_volume_write(sheared, path, NULL));
    square = sheared;
    assert_ok(dn_conform_square(&square, &skew));
    assert_true(skew > 10.0);
    assert_ok(dn_labels_create(&square->grid, &on_square));
    for (int64_t k = 8; k < 14; ++k) {
        for (int64_t i = 8; i < 16; ++i) {
            on_square->data[dn_grid_offset(&square->grid, i, 10, k)] = (uint16_t)(i < 12 ? 10 : 49);
        }
    }
    snprintf(path, sizeof path, "%s/a_dseg.nii.gz", folder);
    assert_ok(dn_labels_write(on_square, path, NULL));
    assert_ok(draw(folder, &other, &size));
    free(other);
    dn_volume_destroy(square);
    dn_labels_destroy(on_square);
    write_turned(folder, 0, map);
    snprintf(path, sizeof path, "%s/a_dseg.nii.gz", folder); /* a map of another scan */
    map->grid.dim[2] = 21;
    assert_ok(dn_labels_write(map, path, NULL));
    assert_int_equal(draw(folder, &other, &size), DN_EGEOMETRY);
    dn_labels_destroy(map);
    free(first);
    free(page);
    assert_int_equal(test_remove_tree(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_volumes), cmocka_unit_test(test_whole_hypothalamus),
                                       cmocka_unit_test(test_files), cmocka_unit_test(test_drawing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
