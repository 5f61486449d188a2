#include "segment/outputs.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/threads.h"
#include "prepare/frame_record.h"
#include "segment/label_color.h"
#include "segment/picture.h"
#include "segment/report.h"
#include "segment/truth.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_output_path(const char *folder, const char *stem, const char *suffix, char **out)
{
    size_t n = strlen(folder);
    return dn_asprintf(out, "%s%s%s%s", folder, n > 0 && folder[n - 1] == '/' ? "" : "/", stem, suffix);
}

static dn_status write_labels(const dn_segment_result *r, const char *path)
{
    dn_scan_write_options options = dn_scan_write_like(&r->info);
    return dn_labels_write(r->native.labels, path, &options);
}

static dn_status put_label(dn_file_writer *writer, const dn_model_label *label, const uint8_t color[3])
{
    return dn_file_printf(writer, "%lld\t%s\t#%02x%02x%02x\n", (long long)label->index, label->name, color[0], color[1], color[2]);
}

static dn_status write_label_table(const dn_segment_result *r, const char *path)
{
    dn_file_writer writer = {0};
    DN_TRY(dn_file_create(&writer, path));
    dn_status status = dn_file_printf(&writer, "index\tname\tcolor\n");
    for (int64_t c = 0; c < r->structures.channels && status == DN_OK; ++c) {
        const dn_model_label *label = r->structures.label_of[c];
        if (label != NULL && label->index > 0) {
            status = put_label(&writer, label, label->color);
        }
    }
    for (int64_t c = 0; r->has_head && c < r->head.structures.channels && status == DN_OK; ++c) {
        if (r->head_wanted[c]) {
            status = put_label(&writer, r->head.structures.label_of[c], dn_label_color(r->head.structures.label_of[c]));
        }
    }
    if (status != DN_OK) {
        dn_file_discard(&writer);
        return status;
    }
    return dn_file_commit(&writer);
}

static dn_status write_mask(const dn_segment_result *r, const char *path)
{
    dn_scan_write_options options = dn_scan_write_like(&r->info);
    options.narrow = true;
    return dn_labels_write(r->icv, path, &options);
}

static dn_status write_volumes(const dn_volume_rows *rows, dn_verdict verdict, const char *path)
{
    dn_file_writer writer = {0};
    DN_TRY(dn_file_create(&writer, path));
    dn_status status = dn_file_printf(&writer, "structure\themi\tvolume_mm3\thard_volume_mm3\tmean_posterior\taccepted\n");
    for (size_t i = 0; i < rows->count && status == DN_OK; ++i) {
        const dn_volume_row *row = &rows->row[i];
        status = dn_file_printf(&writer, "%s\t%c\t%.3f\t%.3f\t", row->structure, row->hemi, row->volume_mm3, row->hard_volume_mm3);
        if (status == DN_OK) {
            status = isnan(row->mean_posterior) ? dn_file_printf(&writer, "n/a") : dn_file_printf(&writer, "%.4f", row->mean_posterior);
        }
        if (status == DN_OK) {
            status = dn_file_printf(&writer, "\t%s\n", dn_verdict_name(verdict));
        }
    }
    if (status != DN_OK) {
        dn_file_discard(&writer);
        return status;
    }
    return dn_file_commit(&writer);
}

static void set(json_t *object, const char *key, json_t *value)
{
    /* A failure (no memory, or a name that is not UTF-8) leaves the key out; the text is checked when it is dumped. */
    json_object_set_new(object, key, value != NULL ? value : json_null());
}

/* The score and what it is made of; what was not measured is left out. */
static json_t *quality_score(const dn_segment_result *r)
{
    json_t *object = json_object();
    json_t *marks = json_object();
    json_t *measures = json_object();
    set(object, "Score", json_real(isnan(r->score.score) ? 0.0 : r->score.score));
    for (int m = 0; m < (int)DN_MARK_COUNT; ++m) {
        if (!isnan(r->score.mark[m])) {
            set(marks, dn_mark_name((dn_mark)m), json_real(r->score.mark[m]));
            set(measures, dn_mark_name((dn_mark)m), json_real(r->score.measure[m]));
        }
    }
    set(object, "Marks", marks);
    set(object, "Measures", measures);
    return object;
}

/* What was done to the intensities, and the consensus with its doubt, where there was one. */
static void add_intensities(const dn_segment_result *r, json_t *root)
{
    if (r->white_matter > 0.0) {
        set(root, "WhiteMatterPeak", json_real(r->white_matter));
    }
    if (r->consensus.members > 0) {
        json_t *object = json_object();
        json_t *volumes = json_array();
        double voxel = r->conformed_voxel;
        set(object, "Members", json_integer(r->consensus.members));
        set(object, "MeanVolume_mm3", json_real(voxel * r->consensus.whole_mean));
        set(object, "VolumeSD_mm3", json_real(voxel * r->consensus.whole_sd));
        for (int n = 0; n < r->consensus.members; ++n) {
            double sum = 0.0;
            for (size_t g = 0; g < r->structures.group_count; ++g) {
                sum += r->consensus.volume[n][g];
            }
            json_array_append_new(volumes, json_real(voxel * sum));
        }
        set(object, "MemberVolumes_mm3", volumes);
        set(root, "Consensus", object);
    }
}

/* Which network measured the hypothalamus, and in which frame it looked. */
static void add_hypothalamus(const dn_segment_result *r, json_t *root)
{
    if (dn_segment_result_model(r) != NULL) {
        set(root, "HypothalamusModel", json_string(dn_segment_result_model(r)->name));
    }
    if (r->acpc.has_frame) {
        json_t *frame = dn_frame_json(&r->acpc.frame);
        json_object_update_new(frame, dn_stack_json(&r->acpc.geometry));
        set(root, "ACPCFrame", frame);
    }
    if (r->acpc_refused != NULL) {
        set(root, "HypothalamusNotMeasured", json_string(r->acpc_refused));
    }
    if (r->acpc.disagreement > 0.0) {
        set(root, "FoldDisagreement", json_real(r->acpc.disagreement));
    }
}

/* Who made this, from what, with what: the same block in every sidecar. */
static json_t *provenance(const dn_segment_result *r)
{
    static const char *const found[] = {"template alignment", "template alignment, second box", "whole-head search", "AC-PC frame"};
    json_t *root = json_object();
    json_t *by = json_object();
    json_t *networks = json_array();
    set(by, "Name", json_string("dien"));
    set(by, "Version", json_string(DIEN_VERSION));
    set(by, "Threads", json_integer(dn_threads_get()));
    set(by, "Precision", json_string(r->precision == DN_PRECISION_BF16 ? "bf16" : "f32"));
    for (size_t i = 0; i < r->model_count; ++i) {
        const dn_model *model = r->models[i];
        json_t *network = json_object();
        set(network, "Name", json_string(model->name));
        set(network, "SHA256", json_string(model->sha256));
        set(network, "Licence", json_string(model->licence));
        set(network, "Source", json_string(model->source));
        json_array_append_new(networks, network);
    }
    set(by, "Models", networks);
    if (r->has_parts) {
        set(by, "RegionFoundBy", json_string(found[r->found_by]));
    }
    json_t *list = json_array();
    json_array_append_new(list, by);
    set(root, "GeneratedBy", list);
    json_t *sources = json_array();
    json_t *name = json_string(dn_path_name(r->path));
    json_array_append_new(sources, name != NULL ? name : json_string("(a file name that is not UTF-8)"));
    set(root, "Sources", sources);
    set(root, "SpatialReference", json_string("orig"));
    set(root, "QualityControl",
        json_string(r->score.verdict == DN_ACCEPTED           ? "passed"
                    : r->score.verdict == DN_ACCEPTED_BY_HAND ? "failed, accepted by hand (--accept)"
                                                              : "failed"));
    set(root, "Quality", quality_score(r));
    add_hypothalamus(r, root);
    add_intensities(r, root);
    json_t *flags = json_array();
    for (size_t i = 0; i < r->quality.count; ++i) {
        static const char *const levels[] = {"note", "warning", "failed"};
        json_t *flag = json_object();
        set(flag, "Level", json_string(levels[r->quality.flag[i].level]));
        set(flag, "Code", json_string(r->quality.flag[i].code));
        set(flag, "Text", json_string(r->quality.flag[i].text));
        json_array_append_new(flags, flag);
    }
    set(root, "Flags", flags);
    return root;
}

static dn_status write_json(json_t *root, const char *path)
{
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    if (text == NULL) {
        DN_FAIL(DN_ENOMEM, "not enough memory to write %s", path);
    }
    dn_file_writer writer = {0};
    dn_status status = dn_file_create(&writer, path);
    if (status == DN_OK) {
        status = dn_file_printf(&writer, "%s\n", text);
        if (status == DN_OK) {
            status = dn_file_commit(&writer);
        } else {
            dn_file_discard(&writer);
        }
    }
    free(text);
    return status;
}

static void column(json_t *root, const char *name, const char *text, const char *units)
{
    json_t *object = json_object();
    set(object, "Description", json_string(text));
    if (units != NULL) {
        set(object, "Units", json_string(units));
    }
    set(root, name, object);
}

static json_t *volumes_sidecar(const dn_segment_result *r)
{
    json_t *root = provenance(r);
    column(root, "structure", "Structure; a whole structure, or one of its parts named STRUCTURE_PART; icv: everything inside the skull",
           NULL);
    column(root, "hemi", "L: left, R: right, B: both sides together", NULL);
    column(root, "volume_mm3",
           "Sum of the network's probabilities inside the structure's largest component and its rim: use this for statistics", "mm3");
    column(root, "hard_volume_mm3", "Voxels of the label map on the scan's own grid times their volume", "mm3");
    column(root, "accepted", "yes; no: quality control rejects the scan; by_hand: it does, and was overruled (--accept)", NULL);
    column(root, "mean_posterior", "Mean probability of the row's structure over the voxels with its label", NULL);
    return root;
}

static json_t *probseg_sidecar(const dn_segment_result *r)
{
    json_t *root = provenance(r);
    json_t *map = json_array();
    for (int64_t c = 1; c < r->structures.channels; ++c) {
        json_array_append_new(map, json_string(r->structures.label_of[c] != NULL ? r->structures.label_of[c]->name : "unnamed"));
    }
    set(root, "LabelMap", map);
    return root;
}

static json_t *mask_sidecar(const dn_segment_result *r)
{
    json_t *root = provenance(r);
    set(root, "Type", json_string("Brain"));
    set(root, "Description", json_string("Everything inside the skull above the foramen magnum"));
    return root;
}

static dn_status write_posteriors(const dn_segment_result *r, const char *path)
{
    size_t count = (size_t)(r->structures.channels - 1);
    dn_volume **maps = NULL;
    const dn_conformed place = dn_segment_result_place(r);
    DN_TRY(dn_alloc(&maps, count, sizeof *maps, "the posteriors"));
    dn_status status = DN_OK;
    for (size_t i = 0; i < count && status == DN_OK; ++i) {
        status = dn_native_posterior(&place, &r->posteriors, (int64_t)i + 1, &maps[i]);
    }
    if (status == DN_OK) {
        dn_scan_write_options options = dn_scan_write_like(&r->info);
        status = dn_volumes_write_4d((const dn_volume *const *)maps, count, path, &options);
    }
    for (size_t i = 0; i < count; ++i) {
        dn_volume_destroy(maps[i]);
    }
    free(maps);
    return status;
}

typedef enum {
    LABELS,
    LABEL_TABLE,
    LABEL_SIDECAR,
    VOLUMES,
    VOLUMES_SIDECAR,
    PROBABILITIES,
    PROBABILITIES_SIDECAR,
    MASK,
    MASK_SIDECAR,
    TRUTH,
    PICTURE,
    REPORT,
    OUTPUTS
} output;

static dn_status write_one(output what, const dn_segment_result *r, const char *folder, const char *path)
{
    switch (what) {
    case LABELS:
        return write_labels(r, path);
    case LABEL_TABLE:
        return write_label_table(r, path);
    case LABEL_SIDECAR:
        return write_json(provenance(r), path);
    case VOLUMES:
        return write_volumes(&r->volumes, r->score.verdict, path);
    case VOLUMES_SIDECAR:
        return write_json(volumes_sidecar(r), path);
    case PROBABILITIES:
        return write_posteriors(r, path);
    case PROBABILITIES_SIDECAR:
        return write_json(probseg_sidecar(r), path);
    case MASK:
        return write_mask(r, path);
    case MASK_SIDECAR:
        return write_json(mask_sidecar(r), path);
    case TRUTH:
        return dn_truth_write(r, path);
    case PICTURE:
        return dn_picture_write(r, path);
    case REPORT:
        return dn_report_write(r, folder, path);
    case OUTPUTS:
        break;
    }
    return DN_OK;
}

static bool is_made(output what, const dn_segment_result *r, const dn_output_options *options)
{
    switch (what) {
    case PROBABILITIES:
    case PROBABILITIES_SIDECAR:
        return options->posteriors && r->has_parts;
    case MASK:
    case MASK_SIDECAR:
        return r->icv != NULL;
    case TRUTH:
        return r->true_mm3 != NULL;
    default:
        return true;
    }
}

/* What an earlier run with other options left would contradict the rest. */
static dn_status remove_old(const char *path)
{
    if (remove(path) != 0 && errno != ENOENT) {
        DN_FAIL(DN_EIO, "cannot remove '%s', which an earlier run has left: %s", path, strerror(errno));
    }
    return DN_OK;
}

dn_status dn_outputs_write(const dn_segment_result *result, const dn_output_options *options)
{
    static const char *const suffix[OUTPUTS] = {"_dseg.nii.gz",
                                                "_dseg.tsv",
                                                "_dseg.json",
                                                "_volumes.tsv",
                                                "_volumes.json",
                                                "_probseg.nii.gz",
                                                "_probseg.json",
                                                "_label-ICV_mask.nii.gz",
                                                "_label-ICV_mask.json",
                                                "_measured_and_true.tsv",
                                                "_qc.png",
                                                "_report.html"};
    for (int o = 0; o < (int)OUTPUTS; ++o) {
        char *path = NULL;
        DN_TRY(dn_output_path(options->folder, result->stem, suffix[o], &path));
        dn_status status = is_made((output)o, result, options) ? write_one((output)o, result, options->folder, path) : remove_old(path);
        free(path);
        DN_TRY(status);
    }
    return DN_OK;
}
