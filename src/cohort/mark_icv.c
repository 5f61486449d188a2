/* The work of `dien icv`: the volume of each scan marked by thresholds or by a network (Vernikouskaya et al. 2025), and written. */
#include "cohort/mark_icv.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/table.h"
#include "image/io.h"
#include "models/store.h"
#include "prepare/frame_record.h"
#include "prepare/icv_thresholds.h"
#include "prepare/mask_picture.h"
#include "quality/limits.h"
#include "report/sidecars.h"
#include "segment/head/icv_slices.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct marking {
    const dn_mark_icv_options *options;
    dn_model *model; /* owned; NULL: by thresholds */
    dn_frame frame;  /* for model */
} marking;

typedef struct scan_in_hand {
    dn_volume *scan;
    dn_scan_info info;
    char *stem;
} scan_in_hand;

/* ---- results ------------------------------------------------------------------------------------------------------ */

static dn_status write_volume(double volume, const char *path)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    size_t row;
    DN_TRY(dn_table_create("volumes", &table));
    DN_TRY_GOTO(status, dn_table_add_row(table, &row), done);
    DN_TRY_GOTO(status, dn_table_put_text(table, "structure", "icv"), done);
    DN_TRY_GOTO(status, dn_table_put_text(table, "hemi", "B"), done);
    DN_TRY_GOTO(status, dn_table_put_number(table, "volume_mm3", round(volume * 10.0) / 10.0), done);
    status = dn_table_write(table, path);
done:
    dn_table_destroy(table);
    return status;
}

/* FOLDER/STEM_desc-HOW + what, instead of *path; STEM_volumes.tsv and the like are of 'dien segment'. */
static dn_status next_path(const marking *it, const scan_in_hand *of, const char *how, const char *what, char **path)
{
    char *suffix = NULL;
    free(*path);
    *path = NULL;
    DN_TRY(dn_asprintf(&suffix, "_desc-%s_%s", how, what));
    dn_status status = dn_output_path(it->options->folder, of->stem, suffix, path);
    free(suffix);
    return status;
}

static dn_status write_results(const marking *it, const scan_in_hand *of, const char *how, const dn_labels *mask, double volume,
                               const char *text)
{
    dn_status status = DN_OK;
    char *path = NULL;
    dn_scan_write_options writing = dn_scan_write_like(&of->info);
    writing.narrow = true;
    DN_TRY_GOTO(status, next_path(it, of, how, "label-ICV_mask.nii.gz", &path), done);
    DN_TRY_GOTO(status, dn_labels_write(mask, path, &writing), done);
    DN_TRY_GOTO(status, next_path(it, of, how, "volumes.tsv", &path), done);
    DN_TRY_GOTO(status, write_volume(volume, path), done);
    DN_TRY_GOTO(status, next_path(it, of, how, "icv.png", &path), done);
    DN_TRY_GOTO(status, dn_mask_picture(of->scan, mask, of->stem, text, path), done);
    status = dn_line_say(it->options->results, "%s\t%.0f mm3", of->stem, volume);
done:
    free(path);
    return status;
}

/* ---- the two ways ------------------------------------------------------------------------------------------------- */

static dn_status by_thresholds(const marking *it, const scan_in_hand *of)
{
    const dn_mark_icv_options *options = it->options;
    const dn_head_limits *possible = dn_head_limits_get(); /* outside a marking has surely leaked or is not whole */
    dn_icv_mark_options how = {.low = 0.0};
    dn_icv_mark mark;
    char text[320];
    DN_TRY(dn_icv_thresholds(of->scan, &how));
    how.low = isnan(options->low) ? how.low : options->low;
    how.high = isnan(options->high) ? how.high : options->high;
    how.fluid = isnan(options->fluid) ? how.fluid : options->fluid;
    how.bridge_mm = options->bridge_mm;
    how.close_mm = options->close_mm;
    DN_TRY(dn_icv_mark_make(of->scan, &how, &mark));
    snprintf(text, sizeof text,
             "marked from %.4g to %.4g, fluid from %.4g: %.0f mL. This is a marking to check and correct, not a measurement.", how.low,
             how.high, how.fluid, mark.volume_mm3 / 1000.0);
    if (mark.touches_edge || mark.volume_mm3 > possible->icv_high[1] || mark.volume_mm3 < possible->icv_low[1]) {
        dn_log(DN_LOG_WARNING,
               "%s: %.0f mL%s: the marking has leaked or is not complete; look at %s_desc-thresholds_icv.png, and set the low and high "
               "threshold or the width of bridges by hand",
               of->stem, mark.volume_mm3 / 1000.0, mark.touches_edge ? ", up to the edge of the scan" : "", of->stem);
    }
    dn_status status = write_results(it, of, "thresholds", mark.mask, mark.volume_mm3, text);
    dn_icv_mark_release(&mark);
    return status;
}

static dn_status by_network(const marking *it, const scan_in_hand *of)
{
    dn_icv_slices found = {.labels = NULL};
    char text[320];
    DN_TRY(dn_icv_by_slices(it->model, of->scan, &it->frame, &it->options->geometry, &found));
    snprintf(text, sizeof text, "marked by %s on %lld slices in the AC-PC frame: %.0f mL", it->model->name,
             (long long)it->options->geometry.slices, found.volume_mm3 / 1000.0);
    dn_status status = write_results(it, of, "slices", found.labels, found.volume_mm3, text);
    dn_icv_slices_release(&found);
    return status;
}

/* ---- the loop ----------------------------------------------------------------------------------------------------- */

static dn_status one(void *user, const char *path, bool *doubtful)
{
    const marking *it = user;
    scan_in_hand of = {.stem = NULL};
    dn_status status = DN_OK;
    (void)doubtful;
    DN_TRY(dn_path_scan_stem(path, &of.stem));
    DN_TRY_GOTO(status, dn_scan_read(path, NULL, &of.scan, &of.info), done);
    status = it->model != NULL ? by_network(it, &of) : by_thresholds(it, &of);
done:
    dn_volume_destroy(of.scan);
    free(of.stem);
    return dn_error_in_file(status, path);
}

static dn_status open_model(marking *it)
{
    DN_TRY(dn_frame_read_json(it->options->frame, &it->frame));
    return dn_model_open(it->options->model, &it->model);
}

dn_status dn_mark_icv(const char *const *paths, size_t count, const dn_mark_icv_options *options)
{
    marking it = {.options = options};
    const dn_batch batch = {.paths = paths, .count = count, .done = "scans could be marked", .folder = options->folder};
    if ((options->model != NULL) != (options->frame != NULL) || (options->model != NULL && count > 1)) {
        DN_FAIL(DN_EUSAGE, "a network needs the frame of the scan and a frame needs a network, for one scan");
    }
    dn_status status = options->model != NULL ? open_model(&it) : DN_OK;
    if (status == DN_OK) {
        status = dn_batch_run(&batch, one, &it);
    }
    dn_model_destroy(it.model);
    return status;
}
