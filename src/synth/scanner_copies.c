/* Writes copies of a scan by simulated scanners, and the table of these scanners. */
#include "synth/scanner_copies.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/table.h"
#include "image/io.h"
#include "synth/scanner.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_scanner_table_write(const char *folder, uint64_t seed, int64_t count)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    char *path = NULL;
    DN_TRY_GOTO(status, dn_table_create("scanners", &table), done);
    for (int64_t n = 0; n < count; ++n) {
        dn_scanner s = dn_scanner_draw(seed, (uint64_t)n);
        size_t row = 0;
        DN_TRY_GOTO(status, dn_table_add_row(table, &row), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "scanner", (double)(n + 1)), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "seed", (double)seed), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "blur_mm", s.blur_mm), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "bias_sd", s.bias_sd), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "thickness_mm", s.thickness_mm), done);
        DN_TRY_GOTO(status, dn_table_put_text(table, "axis", (const char *const[]){"i", "j", "k"}[s.axis]), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "power", s.power), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "noise_sd", s.noise_sd), done);
        DN_TRY_GOTO(status, dn_table_put_text(table, "noise", s.rician ? "rician" : "gaussian"), done);
    }
    DN_TRY_GOTO(status, dn_path_join(folder, "scanners.tsv", &path), done);
    DN_TRY_GOTO(status, dn_table_write(table, path), done);
done:
    free(path);
    dn_table_destroy(table);
    return status;
}

static dn_status write_scan(const dn_volume *scan, const char *folder, const char *stem, int64_t number)
{
    dn_status status = DN_OK;
    char *name = NULL;
    char *path = NULL;
    DN_TRY(dn_asprintf(&name, "%s_scanner-%02" PRId64 "_T1w.nii.gz", stem, number));
    status = dn_path_join(folder, name, &path);
    status = status == DN_OK ? dn_volume_write(scan, path, NULL) : status;
    free(path);
    free(name);
    return status;
}

dn_status dn_scanner_copies_write(const char *path, uint64_t scan, uint64_t seed, int64_t count, const char *folder)
{
    dn_status status = DN_OK;
    dn_volume *head = NULL;
    dn_volume *copy = NULL;
    char *stem = NULL;
    DN_TRY_GOTO(status, dn_scan_read(path, NULL, &head, NULL), done);
    DN_TRY_GOTO(status, dn_path_scan_stem(path, &stem), done);
    for (int64_t n = 0; n < count; ++n) {
        dn_scanner scanner = dn_scanner_draw(seed, (uint64_t)n);
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        DN_TRY_GOTO(status, dn_volume_create(&head->grid, &copy), done);
        memcpy(copy->data, head->data, (size_t)dn_grid_count(&head->grid) * sizeof *head->data);
        DN_TRY_GOTO(status, dn_scanner_apply(&scanner, scan, copy), done);
        DN_TRY_GOTO(status, write_scan(copy, folder, stem, n + 1), done);
        dn_volume_destroy(copy);
        copy = NULL;
        dn_progress(stem, n + 1, count);
    }
done:
    status = dn_error_in_file(status, path);
    free(stem);
    dn_volume_destroy(copy);
    dn_volume_destroy(head);
    return status;
}
