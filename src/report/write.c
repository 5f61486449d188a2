/* Writes the files of a result, each atomically, and refuses to overwrite files of others. */
#include "report/write.h"

#include "base/json.h"
#include "base/memory.h"
#include "prepare/frame_record.h"
#include "report/page.h"
#include "report/picture.h"
#include "report/sidecars.h"
#include "segment/truth.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dn_status write_labels(const dn_segment_result *r, const char *path)
{
    dn_scan_write_options options = dn_scan_write_like(&r->info);
    return dn_labels_write(r->native.labels, path, &options);
}

static dn_status write_label_table(const dn_segment_result *r, const char *path)
{
    dn_file_writer writer = {0};
    DN_TRY(dn_file_create(&writer, path));
    dn_status status = dn_record_label_header(&writer);
    if (status == DN_OK) {
        status = dn_record_labels(&writer, &r->structures);
    }
    for (int64_t c = 0; r->head != NULL && c < r->head->found.structures.channels && status == DN_OK; ++c) {
        if (r->head->wanted[c]) {
            status = dn_record_label(&writer, r->head->found.structures.label_of[c]);
        }
    }
    return dn_file_end(&writer, status);
}

static dn_status write_mask(const dn_segment_result *r, const char *path)
{
    dn_scan_write_options options = dn_scan_write_like(&r->info);
    options.narrow = true;
    return dn_labels_write(r->head->icv, path, &options);
}

static double member_volume(const dn_segment_result *r, const dn_consensus *consensus, int member)
{
    double sum = 0.0;
    for (size_t g = 0; g < r->structures.group_count; ++g) {
        sum += consensus->volume[member][g];
    }
    return r->hypothalamus->voxel_mm3 * sum;
}

/* What was done to the intensities, and the consensus with its doubt, where there was one. */
static void add_intensities(const dn_segment_result *r, json_t *root)
{
    const dn_consensus *consensus = r->hypothalamus != NULL ? r->hypothalamus->consensus : NULL;
    if (r->white_matter > 0.0) {
        dn_record_set(root, "WhiteMatterPeak", json_real(r->white_matter));
    }
    if (consensus != NULL) {
        json_t *object = json_object();
        json_t *volumes = json_array();
        const dn_fluid_fill *fill = r->hypothalamus->fill;
        double voxel = r->hypothalamus->voxel_mm3;
        dn_record_set(object, "Members", json_integer(consensus->members));
        dn_record_set(object, "MeanVolume_mm3", json_real(voxel * consensus->whole_mean));
        dn_record_set(object, "VolumeSD_mm3", json_real(voxel * consensus->whole_sd));
        for (int n = 0; n < consensus->members; ++n) {
            json_array_append_new(volumes, json_real(member_volume(r, consensus, n)));
        }
        dn_record_set(object, "MemberVolumes_mm3", volumes);
        if (fill != NULL) {
            dn_record_set(object, "FilledAroundBrain",
                          json_pack("{s:f, s:f, s:f, s:f}", "FluidWithin_mm", DN_FLUID_FILL_FLUID_MM, "ShellWithin_mm",
                                    DN_FLUID_FILL_SHELL_MM, "VentricleMedian", fill->fluid, "WhiteMatterMedian", fill->white_matter));
        }
        dn_record_set(root, "Consensus", object);
    }
}

/* Which network measured the hypothalamus, and in which frame it looked. */
static void add_hypothalamus(const dn_segment_result *r, json_t *root)
{
    if (dn_segment_result_model(r) != NULL) {
        dn_record_set(root, "HypothalamusModel", json_string(dn_segment_result_model(r)->name));
    }
    if (r->frame != NULL && r->frame->found.has_frame) {
        json_t *frame = dn_frame_json(&r->frame->found.frame);
        json_object_update_new(frame, dn_stack_json(&r->frame->found.geometry));
        dn_record_set(root, "ACPCFrame", frame);
    }
    if (r->frame != NULL && r->frame->refused != NULL) {
        dn_record_set(root, "HypothalamusNotMeasured", json_string(r->frame->refused));
    }
    if (r->hypothalamus != NULL && r->hypothalamus->mirrored != NULL) {
        const dn_consensus *mirrored = r->hypothalamus->mirrored;
        dn_record_set(root, "MirroredRuns",
                      json_pack("{s:f, s:[f,f]}", "Disagreement", mirrored->disagreement, "Volumes_mm3", member_volume(r, mirrored, 0),
                                member_volume(r, mirrored, 1)));
    }
    if (r->frame != NULL && r->frame->found.disagreement > 0.0) {
        dn_record_set(root, "FoldDisagreement", json_real(r->frame->found.disagreement));
    }
    if (r->stack != NULL) {
        dn_record_set(root, "Slices", json_integer(r->stack->slices));
        if (r->model_count > 1) {
            dn_record_set(root, "FoldDisagreement", json_real(r->stack->disagreement));
        }
    }
}

/* Who made this, from what, with what: the same block in every sidecar. */
static json_t *provenance(const dn_segment_result *r, const dn_judgement *judgement, const char *source)
{
    static const char *const found[] = {"template alignment", "template alignment, second box", "whole-head search", "AC-PC frame", NULL};
    const char *found_by = r->hypothalamus != NULL ? found[r->hypothalamus->found_by] : NULL;
    json_t *root = dn_record_json(r->models, r->model_count, r->precision, found_by, source != NULL ? source : dn_path_name(r->path),
                                  &judgement->score);
    if (r->common_frame) {
        dn_record_set(root, "SpatialReference", json_string("common frame of the sessions of a person"));
    }
    dn_record_voxels(root, r->scan_spacing);
    add_hypothalamus(r, root);
    add_intensities(r, root);
    dn_record_flags(root, &judgement->quality);
    return root;
}

static json_t *volumes_sidecar(const dn_segment_result *r, const dn_judgement *judgement, const char *source)
{
    json_t *root = provenance(r, judgement, source);
    dn_record_volume_columns(root, &r->volumes);
    return root;
}

static json_t *probseg_sidecar(const dn_segment_result *r, const dn_judgement *judgement, const char *source)
{
    json_t *root = provenance(r, judgement, source);
    json_t *map = json_array();
    json_t *numbers = json_array();
    for (int64_t c = 1; c < r->structures.channels; ++c) {
        const dn_model_label *label = r->structures.label_of[c];
        json_array_append_new(map, json_string(label != NULL ? label->name : "unnamed"));
        json_array_append_new(numbers, label != NULL ? json_integer(label->index) : json_null());
    }
    dn_record_set(root, "LabelMap", map);
    dn_record_set(root, "LabelIndex", numbers); /* FreeSurfer's numbers, in the same order */
    return root;
}

static json_t *mask_sidecar(const dn_segment_result *r, const dn_judgement *judgement, const char *source)
{
    json_t *root = provenance(r, judgement, source);
    dn_record_set(root, "Type", json_string("Brain"));
    dn_record_set(root, "Description", json_string("Everything inside the skull above the foramen magnum"));
    return root;
}

static dn_status write_posteriors(const dn_segment_result *r, const char *path)
{
    size_t count = (size_t)(r->structures.channels - 1);
    dn_volume **maps = NULL;
    const dn_conformed place = dn_segment_result_output(r);
    DN_TRY(dn_alloc(&maps, count, sizeof *maps, "the posteriors"));
    dn_status status = DN_OK;
    for (size_t i = 0; i < count && status == DN_OK; ++i) {
        status = dn_native_posterior(&place, &r->hypothalamus->posteriors, (int64_t)i + 1, &maps[i]);
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
    VOLUMES,
    VOLUMES_SIDECAR, /* before the labels: it says whose they are, should this be stopped between them */
    LABELS,
    LABEL_TABLE,
    PROBABILITIES,
    PROBABILITIES_SIDECAR,
    MASK,
    MASK_SIDECAR,
    TRUTH,
    PICTURE,
    REPORT,
    LABEL_SIDECAR, /* last: it says how long all took */
    OUTPUTS
} output;

static dn_status write_one(output what, const dn_segment_result *r, const dn_judgement *judgement, const dn_output_options *options,
                           const char *path)
{
    switch (what) {
    case LABELS:
        return write_labels(r, path);
    case LABEL_TABLE:
        return write_label_table(r, path);
    case VOLUMES:
        return dn_record_volumes(&r->volumes, judgement->score.verdict, path);
    case VOLUMES_SIDECAR:
        return dn_json_write(volumes_sidecar(r, judgement, options->source), 17, path);
    case PROBABILITIES:
        return write_posteriors(r, path);
    case PROBABILITIES_SIDECAR:
        return dn_json_write(probseg_sidecar(r, judgement, options->source), 17, path);
    case MASK:
        return write_mask(r, path);
    case MASK_SIDECAR:
        return dn_json_write(mask_sidecar(r, judgement, options->source), 17, path);
    case TRUTH:
        return dn_truth_write(r, path);
    case PICTURE:
        return dn_picture_write(r, judgement, path);
    case REPORT:
        return dn_report_write(r, judgement, &options->report, options->folder, path);
    case LABEL_SIDECAR:
        return dn_json_write(provenance(r, judgement, options->source), 17, path);
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
        return options->posteriors && r->hypothalamus != NULL;
    case MASK:
    case MASK_SIDECAR:
        return r->head != NULL && r->head->icv != NULL;
    case TRUTH:
        return r->true_mm3 != NULL;
    case PICTURE:
    case REPORT:
        return r->stack == NULL; /* the picture shows planes of a head */
    default:
        return true;
    }
}

/* What an earlier run with other options left would contradict the rest. */
static dn_status remove_old(const char *path)
{
    DN_TRY(dn_file_may_write(path));
    if (remove(path) != 0 && errno != ENOENT) {
        DN_FAIL(DN_EIO, "cannot remove '%s', which an earlier run wrote: %s", path, strerror(errno));
    }
    return DN_OK;
}

static const char *const suffix[OUTPUTS] = {"_volumes.tsv",           "_volumes.json", "_dseg.nii.gz",           "_dseg.tsv",
                                            "_probseg.nii.gz",        "_probseg.json", "_label-ICV_mask.nii.gz", "_label-ICV_mask.json",
                                            "_measured_and_true.tsv", "_qc.png",       "_report.html",           "_dseg.json"};

/* Whether the sidecar of that name is there and says that dien made what it describes. */
static dn_status is_ours(const char *folder, const char *stem, const char *sidecar, bool *ours)
{
    char *path = NULL;
    unsigned char *bytes = NULL;
    size_t size;
    DN_TRY(dn_output_path(folder, stem, sidecar, &path));
    if (dn_path_exists(path) && dn_file_read(path, 1 << 24, &bytes, &size) == DN_OK) {
        *ours = *ours || strstr((const char *)bytes, "\"Name\": \"dien\"") != NULL;
    }
    free(bytes);
    free(path);
    return DN_OK;
}

/* Labels that somebody drew, or that `dien synth` painted from, have the same name beside their scan. */
static dn_status check_labels(const char *folder, const char *stem)
{
    char *path = NULL;
    bool ours = false;
    dn_status status = DN_OK;
    DN_TRY(dn_output_path(folder, stem, suffix[LABELS], &path));
    if (dn_path_exists(path)) {
        DN_TRY_GOTO(status, is_ours(folder, stem, suffix[LABEL_SIDECAR], &ours), done);
        DN_TRY_GOTO(status, is_ours(folder, stem, suffix[VOLUMES_SIDECAR], &ours), done);
        if (!ours) {
            DN_FAIL_OFFER_GOTO(status, done, DN_EUSAGE, DN_REMEDY_OTHER_FOLDER,
                               "%s exists and is not a segmentation of dien (there is no %s of dien beside it), and would be overwritten; "
                               "name another folder",
                               path, suffix[LABEL_SIDECAR]);
        }
    }
done:
    free(path);
    return status;
}

const char *dn_output_suffix(size_t i)
{
    return i < OUTPUTS ? suffix[i] : NULL;
}

dn_status dn_outputs_check(const char *scan, const char *folder)
{
    char *stem = NULL;
    DN_TRY(dn_path_scan_stem(scan, &stem));
    dn_status status = check_labels(folder, stem);
    for (int o = 0; o < (int)OUTPUTS && status == DN_OK; ++o) {
        char *path = NULL;
        status = dn_output_path(folder, stem, suffix[o], &path);
        if (status == DN_OK) {
            status = dn_file_may_write(path);
        }
        free(path);
    }
    free(stem);
    return status;
}

dn_status dn_outputs_write(const dn_segment_result *result, const dn_judgement *judgement, const dn_output_options *options)
{
    for (int o = 0; o < (int)OUTPUTS; ++o) {
        char *path = NULL;
        DN_TRY(dn_output_path(options->folder, result->stem, suffix[o], &path));
        dn_status status = is_made((output)o, result, options) ? write_one((output)o, result, judgement, options, path) : remove_old(path);
        free(path);
        DN_TRY(status);
    }
    return DN_OK;
}
