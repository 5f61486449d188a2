/* The files of a corrected label map. */
#include "report/correct.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "image/io.h"
#include "image/orientation.h"
#include "models/label_table.h"
#include "report/sidecars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 65536, LARGEST = 1 << 30 };

/* What the writers share. */
typedef struct correcting {
    const char *base, *stem, *folder;
    const dn_correction *about;
    dn_labels *before, *after; /* owned; on one grid, in the same order */
    dn_scan_info info;         /* of before */
    bool *changed;             /* owned; [NUMBERS] */
    dn_volume_rows rows;
    dn_verdict verdict;
} correcting;

/* ---- checks ------------------------------------------------------------------------------------------------------- */

/* The same voxels, perhaps counted along other axes or from the other end: what viewers write. */
static dn_status bring_to_grid(const dn_labels *labels, const dn_labels *like, dn_labels **out)
{
    double spacing[3];
    const dn_orientation wanted = dn_orientation_of(&like->grid.affine);
    DN_TRY(dn_labels_reorient(labels, &wanted, out));
    dn_grid_spacing(&like->grid, spacing);
    const double finest =
        spacing[0] < spacing[1] ? (spacing[0] < spacing[2] ? spacing[0] : spacing[2]) : (spacing[1] < spacing[2] ? spacing[1] : spacing[2]);
    const double tolerance = 0.1; /* of a voxel: headers have single precision */
    if (!dn_grid_equal(&(*out)->grid, &like->grid, tolerance * finest)) {
        const int64_t *a = labels->grid.dim, *b = like->grid.dim;
        DN_FAIL(DN_EGEOMETRY,
                "the label map lies on another grid (%lld x %lld x %lld voxels) than the scan's (%lld x %lld x %lld), or in another place; "
                "save "
                "it on the scan's own grid",
                (long long)a[0], (long long)a[1], (long long)a[2], (long long)b[0], (long long)b[1], (long long)b[2]);
    }
    return DN_OK;
}

static dn_status check_numbers(const correcting *it)
{
    const int64_t count = dn_grid_count(&it->before->grid);
    bool *known = NULL, any = false;
    dn_label_entry entry;
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&known, NUMBERS, sizeof *known, "the labels"));
    for (int64_t v = 0; v < count; ++v) {
        known[it->before->data[v]] = true; /* what a network of one's own gave stays allowed */
    }
    known[0] = true;
    for (int64_t v = 0; v < count && status == DN_OK; ++v) {
        const uint16_t now = it->after->data[v];
        any = any || now != it->before->data[v];
        if (!known[now]) {
            known[now] = dn_label_table_number(now, &entry);
            status = known[now] ? DN_OK : dn_error_set(DN_EDATA, "the label map has the number %d, which no structure has", (int)now);
        }
    }
    free(known);
    if (status == DN_OK && !any) {
        DN_FAIL(DN_EDATA, "the label map is the same as before: nothing was corrected");
    }
    return status;
}

static dn_status load(correcting *it, const dn_labels *labels)
{
    char *path = NULL;
    dn_volume_rows base_rows = {.row = NULL};
    dn_status status;
    DN_TRY_GOTO(status, dn_output_path(it->base, it->stem, "_dseg.nii.gz", &path), done);
    DN_TRY_GOTO(status, dn_labels_read(path, NULL, &it->before, &it->info), done);
    DN_TRY_GOTO(status, bring_to_grid(labels, it->before, &it->after), done);
    it->after->grid = it->before->grid;
    DN_TRY_GOTO(status, check_numbers(it), done);
    DN_TRY_GOTO(status, dn_alloc(&it->changed, NUMBERS, sizeof *it->changed, "the labels"), done);
    free(path);
    path = NULL;
    DN_TRY_GOTO(status, dn_output_path(it->base, it->stem, "_volumes.tsv", &path), done);
    DN_TRY_GOTO(status, dn_volume_rows_read(path, &base_rows, &it->verdict), done);
    status = dn_corrected_volumes(it->before, &base_rows, it->after, it->changed, &it->rows);
done:
    dn_volume_rows_release(&base_rows);
    free(path);
    return status;
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

/* Names of what was changed, "thalamus_L". */
static json_t *changed_names(const correcting *it)
{
    json_t *list = json_array();
    dn_label_entry entry;
    for (int64_t n = 1; n < NUMBERS; ++n) {
        if (it->changed[n] && dn_label_table_number(n, &entry)) {
            char name[72];
            const char side[3] = {'_', entry.side, '\0'};
            snprintf(name, sizeof name, "%s%s", entry.structure, entry.side != 'B' ? side : "");
            json_array_append_new(list, json_string(name));
        }
    }
    return list;
}

/* The paths of a file of the map that was corrected, and of the new one; owned, also after an error. */
static dn_status paths_of(const correcting *it, const char *suffix, char **from, char **to)
{
    *from = *to = NULL;
    DN_TRY(dn_output_path(it->base, it->stem, suffix, from));
    return dn_output_path(it->folder, it->stem, suffix, to);
}

/* What earlier corrections changed is changed still: their structures are added, and they themselves are kept ("Earlier"). */
static void keep_earlier(json_t *now, json_t *before)
{
    json_t *earlier = json_incref(json_object_get(before, "Earlier")), *structures = json_object_get(now, "Structures");
    const json_t *one;
    size_t i, k;
    earlier = json_is_array(earlier) ? earlier : json_array();
    json_array_foreach(json_object_get(before, "Structures"), i, one)
    {
        bool there = false;
        for (k = 0; k < json_array_size(structures); ++k) {
            there = there || json_equal(json_array_get(structures, k), one);
        }
        if (!there) {
            json_array_append(structures, json_array_get(json_object_get(before, "Structures"), i));
        }
    }
    json_object_del(before, "Earlier");
    json_array_append(earlier, before);
    json_object_set_new(now, "Earlier", earlier);
}

/* The JSON file of the map that was corrected, with who changed it. */
static dn_status write_json(const correcting *it, const char *suffix)
{
    char *from, *to;
    json_t *root = NULL;
    dn_status status;
    DN_TRY_GOTO(status, paths_of(it, suffix, &from, &to), done);
    DN_TRY_GOTO(status, dn_json_read_if_there(from, DN_JSON_OBJECT, &root), done);
    root = root != NULL ? root : json_object();
    json_t *now = json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "Who", it->about->who, "Why", it->about->why, "When", it->about->when,
                            "Version", it->about->version, "Base", it->about->base, "Structures", changed_names(it));
    json_t *before = json_incref(json_object_get(root, "Corrected"));
    if (json_is_object(before)) {
        keep_earlier(now, before);
    }
    json_decref(before);
    json_object_set_new(root, "Corrected", now);
    status = dn_json_write(root, 17, to);
done:
    free(from);
    free(to);
    return status;
}

static dn_status copy(const correcting *it, const char *suffix)
{
    char *from, *to;
    unsigned char *bytes = NULL;
    size_t size = 0;
    dn_status status = paths_of(it, suffix, &from, &to);
    status = status == DN_OK ? dn_file_read_if_there(from, LARGEST, &bytes, &size) : status;
    if (status == DN_OK && bytes != NULL) {
        status = dn_file_write_all(to, bytes, size);
    }
    free(bytes);
    free(from);
    free(to);
    return status;
}

/* Labels that the table of before does not have: "\n803\t" is not in it. */
static dn_status add_labels(const correcting *it, const char *table, dn_file_writer *writer)
{
    bool *there = NULL;
    dn_status status = dn_alloc(&there, NUMBERS, sizeof *there, "the labels");
    const int64_t count = dn_grid_count(&it->after->grid);
    for (int64_t v = 0; status == DN_OK && v < count; ++v) {
        there[it->after->data[v]] = true;
    }
    for (int64_t n = 1; status == DN_OK && n < NUMBERS; ++n) {
        char start[16];
        dn_label_entry entry;
        snprintf(start, sizeof start, "\n%lld\t", (long long)n);
        if (there[n] && strstr(table, start) == NULL && dn_label_table_number(n, &entry)) {
            status = dn_file_printf(writer, "%lld\t%s\t#%02x%02x%02x\n", (long long)n, entry.name, entry.color[0], entry.color[1],
                                    entry.color[2]);
        }
    }
    free(there);
    return status;
}

static dn_status write_label_table(const correcting *it)
{
    char *from = NULL, *to = NULL;
    unsigned char *bytes = NULL;
    size_t size = 0;
    dn_file_writer writer = {0};
    dn_status status;
    DN_TRY_GOTO(status, dn_output_path(it->base, it->stem, "_dseg.tsv", &from), done);
    DN_TRY_GOTO(status, dn_output_path(it->folder, it->stem, "_dseg.tsv", &to), done);
    DN_TRY_GOTO(status, dn_file_read(from, LARGEST, &bytes, &size), done);
    DN_TRY_GOTO(status, dn_file_create(&writer, to), done);
    DN_TRY_GOTO(status, dn_file_write(&writer, bytes, size), done);
    DN_TRY_GOTO(status, add_labels(it, (const char *)bytes, &writer), done);
    status = dn_file_commit(&writer);
done:
    dn_file_discard(&writer);
    free(bytes);
    free(from);
    free(to);
    return status;
}

static dn_status write_map_and_volumes(const correcting *it)
{
    char *map = NULL, *table = NULL;
    const dn_scan_write_options how = dn_scan_write_like(&it->info);
    dn_status status;
    DN_TRY_GOTO(status, dn_output_path(it->folder, it->stem, "_dseg.nii.gz", &map), done);
    DN_TRY_GOTO(status, dn_output_path(it->folder, it->stem, "_volumes.tsv", &table), done);
    DN_TRY_GOTO(status, dn_labels_write(it->after, map, &how), done);
    status = dn_record_volumes(&it->rows, it->verdict, table);
done:
    free(map);
    free(table);
    return status;
}

static dn_status write_all(const correcting *it)
{
    DN_TRY(write_map_and_volumes(it));
    DN_TRY(write_label_table(it));
    DN_TRY(write_json(it, "_dseg.json"));
    DN_TRY(write_json(it, "_volumes.json"));
    DN_TRY(copy(it, "_label-ICV_mask.nii.gz"));
    return copy(it, "_label-ICV_mask.json");
}

dn_status dn_corrected_write(const char *base, const char *stem, const dn_labels *labels, const dn_correction *correction,
                             const char *folder)
{
    correcting it = {.base = base, .stem = stem, .folder = folder, .about = correction};
    dn_status status = load(&it, labels);
    if (status == DN_OK) {
        status = write_all(&it);
    }
    dn_labels_destroy(it.before);
    dn_labels_destroy(it.after);
    free(it.changed);
    dn_volume_rows_release(&it.rows);
    return status;
}
