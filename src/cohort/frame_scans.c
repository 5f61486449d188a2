/* The work of `dien prepare`: the frame of each scan found or read, stacks cut in it and written; and labels of a stack brought back to
 * the scan. */
#include "cohort/frame_scans.h"

#include "base/bids_name.h"
#include "base/file.h"
#include "base/job.h"
#include "image/resample.h"
#include "image/translate.h"
#include "prepare/bias_field.h"
#include "prepare/frame_picture.h"
#include "prepare/frame_record.h"
#include "register/template.h"
#include "report/sidecars.h"
#include "segment/head/frame.h"

#include <stdint.h>
#include <stdlib.h>

const char *dn_stack_name(dn_stack_kind kind)
{
    static const char *const names[DN_STACK_COUNT] = {"hypothalamus", "icv", "head"};
    return names[kind];
}

typedef struct framing {
    const dn_frame_scans_options *options;
    dn_template *head;      /* owned; NULL: the frame was given */
    dn_whole_head *network; /* owned; NULL: labels or a frame were given */
} framing;

static dn_status find_frame(const framing *it, const dn_volume *scan, dn_frame *frame)
{
    const dn_frame_scans_options *options = it->options;
    const dn_scan_read_options reading = {.trust = options->trust};
    dn_labels *labels = NULL;
    if (options->frame != NULL) {
        return dn_frame_read_json(options->frame, frame);
    }
    if (options->labels == NULL) {
        return dn_frame_from_scan(it->network, it->head, scan, NULL, frame);
    }
    DN_TRY(dn_labels_read(options->labels, &reading, &labels, NULL));
    dn_status status = options->translate != NULL ? dn_labels_translate(labels, options->translate) : DN_OK;
    if (status == DN_OK) {
        const dn_frame_reference reference = dn_frame_template(it->head);
        status = dn_frame_from_labels(labels, &reference, NULL, frame);
    }
    dn_labels_destroy(labels);
    return dn_error_in_file(status, options->labels);
}

/* ---- results ------------------------------------------------------------------------------------------------------ */

static dn_stack_geometry geometry_of(const dn_frame_scans_options *options, dn_stack_kind kind)
{
    const dn_stack_geometry head = {.slices = 256, .pixels = 256, .thickness = 1.0, .pixel = 1.0, .centre = {0.0, -15.0, 5.0}};
    return kind == DN_STACK_HYPOTHALAMUS ? options->geometry : kind == DN_STACK_ICV ? dn_stack_icv() : head;
}

/* *file: the stack's name without folder, owned by the caller. */
static dn_status write_stack(const framing *it, const dn_volume *scan, const dn_frame *frame, const char *image, dn_stack_kind kind,
                             char **file, dn_stack_record *record)
{
    const dn_bids_added added[] = {{DN_BIDS_SPACE, "ACPC"}, {DN_BIDS_DESC, dn_stack_name(kind)}};
    char *path = NULL;
    dn_volume *stack = NULL;
    dn_status status = DN_OK;
    const bool zscore = it->options->zscore;
    *record = (dn_stack_record){.name = dn_stack_name(kind), .geometry = geometry_of(it->options, kind), .mean = 0.0, .sd = 1.0};
    DN_TRY(dn_bids_derive(image, added, 2, "T1w", ".nii.gz", file));
    record->file = *file;
    DN_TRY_GOTO(status, dn_path_join(it->options->folder, *file, &path), done);
    DN_TRY_GOTO(status, dn_stack_cut(scan, frame, &record->geometry, zscore ? &record->mean : NULL, zscore ? &record->sd : NULL, &stack),
                done);
    status = dn_volume_write(stack, path, NULL);
done:
    dn_volume_destroy(stack);
    free(path);
    return status;
}

/* Divides the scan by its bias field; writes the corrected scan and the field. */
static dn_status correct_bias(const framing *it, dn_volume *scan, const char *image)
{
    static const dn_bias_options usual = {.seed = 1};
    static const char *const names[2] = {"biascorrected", "biasfield"};
    dn_status status = DN_OK;
    dn_bias_field found;
    dn_volume *field = NULL;
    DN_TRY(dn_bias_find(scan, NULL, &usual, &found));
    DN_TRY(dn_bias_field_draw(&found, &scan->grid, &field));
    DN_TRY_GOTO(status, dn_bias_field_remove(&found, scan), done);
    for (int n = 0; n < 2 && status == DN_OK; ++n) {
        const dn_bids_added added[] = {{DN_BIDS_DESC, names[n]}};
        char *file = NULL, *path = NULL;
        status = dn_bids_derive(image, added, 1, "T1w", ".nii.gz", &file);
        if (status == DN_OK) {
            status = dn_path_join(it->options->folder, file, &path);
        }
        if (status == DN_OK) {
            status = dn_volume_write(n == 0 ? scan : field, path, NULL);
        }
        free(file);
        free(path);
    }
done:
    dn_volume_destroy(field);
    return status;
}

/* Picture, table and record; the record last, so that it stands beside whole stacks only. */
static dn_status write_frame(const framing *it, const dn_volume *scan, const dn_frame *frame, const char *image, const char *stem,
                             const dn_stack_record *stacks, size_t count)
{
    const dn_frame_scans_options *options = it->options;
    dn_status status = DN_OK;
    char *path = NULL;
    const char *by = options->frame != NULL    ? dn_path_name(options->frame)
                     : options->labels != NULL ? dn_path_name(options->labels)
                                               : "the whole-head network";
    DN_TRY_GOTO(status, dn_output_path(options->folder, stem, "_frame.png", &path), done);
    DN_TRY_GOTO(status, dn_frame_picture(scan, frame, &options->geometry, stem, path), done);
    free(path);
    path = NULL;
    DN_TRY_GOTO(status, dn_output_path(options->folder, stem, "_frame.tsv", &path), done);
    DN_TRY_GOTO(status, dn_frame_write_tsv(frame, dn_path_name(image), path), done);
    free(path);
    path = NULL;
    DN_TRY_GOTO(status, dn_output_path(options->folder, stem, "_frame.json", &path), done);
    DN_TRY_GOTO(status, dn_frame_write_json(frame, dn_path_name(image), by, stacks, count, path), done);
    status = dn_line_say(options->results, "%s", path);
done:
    free(path);
    return status;
}

static dn_status write_all(const framing *it, const dn_volume *scan, const dn_frame *frame, const char *image, const char *stem)
{
    dn_status status = DN_OK;
    dn_stack_record written[DN_STACK_COUNT];
    char *file[DN_STACK_COUNT] = {NULL};
    size_t count = 0;
    for (int s = 0; s < (int)DN_STACK_COUNT; ++s) {
        if (it->options->stack[s]) {
            DN_TRY_GOTO(status, dn_cancel_check(), done);
            DN_TRY_GOTO(status, write_stack(it, scan, frame, image, (dn_stack_kind)s, &file[s], &written[count]), done);
            ++count;
        }
    }
    status = write_frame(it, scan, frame, image, stem, written, count);
done:
    for (int s = 0; s < (int)DN_STACK_COUNT; ++s) {
        free(file[s]);
    }
    return status;
}

/* ---- the loop ----------------------------------------------------------------------------------------------------- */

static dn_status one(void *user, const char *path, bool *doubtful)
{
    const framing *it = user;
    const dn_scan_read_options reading = {.trust = it->options->trust};
    dn_status status = DN_OK;
    dn_volume *scan = NULL;
    dn_frame frame;
    char *stem = NULL;
    (void)doubtful;
    DN_TRY(dn_path_scan_stem(path, &stem));
    DN_TRY_GOTO(status, dn_scan_read(path, &reading, &scan, NULL), done);
    if (it->options->bias) {
        DN_TRY_GOTO(status, correct_bias(it, scan, path), done);
    }
    DN_TRY_GOTO(status, find_frame(it, scan, &frame), done);
    status = write_all(it, scan, &frame, path, stem);
done:
    free(stem);
    dn_volume_destroy(scan);
    return dn_error_in_file(status, path);
}

static dn_status check(size_t count, const dn_frame_scans_options *options)
{
    if (options->labels != NULL && options->frame != NULL) {
        DN_FAIL(DN_EUSAGE, "labels and a frame are both given; give only one of them");
    }
    if ((options->labels != NULL || options->frame != NULL) && count > 1) {
        DN_FAIL(DN_EUSAGE, "%s is for one scan, but there are %zu scans", options->labels != NULL ? "labels" : "a frame", count);
    }
    if (options->translate != NULL && options->labels == NULL) {
        DN_FAIL(DN_EUSAGE, "a translation of labels is given, but no labels");
    }
    return DN_OK;
}

dn_status dn_frame_scans(const char *const *paths, size_t count, const dn_frame_scans_options *options)
{
    framing it = {.options = options};
    const dn_batch batch = {.paths = paths, .count = count, .done = "scans could be brought into their frame", .folder = options->folder};
    dn_status status = DN_OK;
    DN_TRY(check(count, options));
    if (options->frame == NULL) {
        DN_TRY_GOTO(status, dn_template_read(options->reference, &it.head), done);
    }
    if (options->frame == NULL && options->labels == NULL) {
        const dn_whole_head_options network = {.coarse = options->coarse, .fine = options->fine};
        DN_TRY_GOTO(status, dn_whole_head_create(&network, &it.network), done);
    }
    status = dn_batch_run(&batch, one, &it);
done:
    dn_whole_head_destroy(it.network);
    dn_template_destroy(it.head);
    return status;
}

dn_status dn_frame_bring_back(const char *scan, const char *labels, dn_trust trust, const char *folder, const dn_line_sink *results)
{
    dn_status status = DN_OK;
    dn_grid grid;
    dn_scan_info info;
    dn_labels *stack = NULL, *back = NULL;
    char *stem = NULL, *path = NULL;
    const dn_scan_read_options reading = {.trust = trust};
    DN_TRY(dn_path_make_folder(folder));
    DN_TRY(dn_scan_read_grid(scan, &reading, &grid, &info));
    DN_TRY(dn_labels_read(labels, NULL, &stack, NULL));
    DN_TRY_GOTO(status, dn_resample_labels(stack, &grid, NULL, &back), done);
    DN_TRY_GOTO(status, dn_path_scan_stem(labels, &stem), done);
    DN_TRY_GOTO(status, dn_output_path(folder, stem, "_space-scan.nii.gz", &path), done);
    const dn_scan_write_options writing = dn_scan_write_like(&info);
    DN_TRY_GOTO(status, dn_labels_write(back, path, &writing), done);
    status = dn_line_say(results, "%s", path);
done:
    dn_labels_destroy(stack);
    dn_labels_destroy(back);
    free(stem);
    free(path);
    return status;
}
