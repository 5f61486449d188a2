#define _GNU_SOURCE
#include "segment/hypothalamus/stack.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "segment/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_stack_is_one(const char *path, dn_trust trust, bool *out)
{
    enum { HEAD_MM = 60 };
    const dn_scan_read_options reading = {.trust = trust};
    dn_grid grid;
    double spacing[3];
    bool thin = false;
    *out = false;
    dn_status status = dn_scan_read_grid(path, &reading, &grid, NULL);
    if (status == DN_ENOMEM || status == DN_ECANCELLED) {
        return status;
    }
    if (status != DN_OK) { /* whoever measures it will say so */
        dn_error_clear();
        return DN_OK;
    }
    dn_grid_spacing(&grid, spacing);
    for (int c = 0; c < 3; ++c) {
        thin = thin || spacing[c] * (double)grid.dim[c] < (double)HEAD_MM;
    }
    *out = thin;
    return DN_OK;
}

static dn_status put_label_table(const dn_stack_models *models, const char *path)
{
    dn_file_writer writer = {0};
    DN_TRY(dn_file_create(&writer, path));
    dn_status status = dn_record_label_header(&writer);
    if (status == DN_OK) {
        status = dn_record_labels(&writer, dn_stack_models_structures(models));
    }
    if (status != DN_OK) {
        dn_file_discard(&writer);
        return status;
    }
    return dn_file_commit(&writer);
}

static json_t *sidecar(const dn_stack_models *models, const dn_stack_result *r, const char *source)
{
    const size_t count = dn_stack_models_count(models);
    json_t *root = dn_record_json(dn_stack_models_list(models), count, dn_stack_models_precision(models), NULL, source, &r->score);
    dn_record_set(root, "Slices", json_integer(r->slices));
    dn_record_voxels(root, r->spacing);
    if (count > 1) {
        dn_record_set(root, "FoldDisagreement", json_real(r->disagreement));
    }
    dn_record_flags(root, &r->quality);
    return root;
}

typedef enum { LABEL_TABLE, VOLUMES, VOLUMES_SIDECAR, LABEL_SIDECAR, RECORDS } record;

static dn_status put_records(const dn_stack_models *models, const dn_stack_result *r, const char *source, const char *folder)
{
    static const char *const suffix[RECORDS] = {"_dseg.tsv", "_volumes.tsv", "_volumes.json", "_dseg.json"};
    dn_status status = DN_OK;
    for (int n = 0; n < (int)RECORDS && status == DN_OK; ++n) {
        char *path = NULL;
        DN_TRY(dn_output_path(folder, r->stem, suffix[n], &path));
        if (n == LABEL_TABLE) {
            status = put_label_table(models, path);
        } else if (n == VOLUMES) {
            status = dn_record_volumes(&r->rows, r->score.verdict, path);
        } else {
            json_t *root = sidecar(models, r, source);
            if (n == VOLUMES_SIDECAR) {
                dn_record_volume_columns(root, &r->rows);
            }
            status = dn_json_write(root, 17, path);
        }
        free(path);
    }
    return status;
}

static dn_status put_images(const dn_slice_posteriors *maps, const dn_native *native, const dn_stack_result *r, const dn_scan_info *info,
                            const dn_stack_options *options)
{
    char *path = NULL;
    dn_scan_write_options how = dn_scan_write_like(info);
    DN_TRY(dn_output_path(options->folder, r->stem, "_dseg.nii.gz", &path));
    dn_status status = dn_labels_write(native->labels, path, &how);
    free(path);
    DN_TRY(status);
    if (!options->posteriors) {
        return DN_OK;
    }
    DN_TRY(dn_output_path(options->folder, r->stem, "_probseg.nii.gz", &path));
    status = dn_volumes_write_4d((const dn_volume *const *)maps->maps, (size_t)maps->channels, path, &how);
    free(path);
    return status;
}

static dn_status judge(const dn_stack_models *models, const dn_conformed *conformed, const dn_scan_info *info, const dn_posteriors *box,
                       const dn_group_result *groups, bool accept, dn_stack_result *out)
{
    dn_quality_evidence evidence = {
        .info = info,
        .conformed = conformed,
        .posteriors = box,
        .structures = dn_stack_models_structures(models),
        .groups = groups,
        .volumes = &out->rows,
        .limits = DN_LIMITS_STACKS,
        .is_stack = true,
        .disagreement = out->disagreement,
    };
    DN_TRY(dn_image_quality_around(conformed, box, evidence.structures, groups, &evidence.image));
    dn_quality_judge(&evidence, &out->quality);
    dn_score_judge(&evidence, true, NULL, accept, &out->quality, &out->score);
    return DN_OK;
}

static dn_status work(dn_stack_models *models, dn_conformed *conformed, const dn_scan_info *info, const char *path,
                      const dn_stack_options *options, dn_stack_result *out)
{
    dn_status status = DN_OK;
    dn_slice_posteriors maps = {0};
    dn_posteriors box = {0};
    dn_native native = {0};
    dn_group_result groups[DN_GROUP_LIMIT];
    const dn_structures *structures = dn_stack_models_structures(models);
    DN_TRY_GOTO(status, dn_slice_network_run_conformed(dn_stack_models_network(models), conformed, &maps), done);
    DN_TRY_GOTO(status, dn_stack_clean(structures, &maps, &box, groups), done);
    DN_TRY_GOTO(status, dn_native_labels(conformed, &box, structures, &native), done);
    double voxel = dn_grid_voxel_volume(&conformed->volume->grid);
    DN_TRY_GOTO(status, dn_volumes_measure(&box, voxel, &native, structures, groups, &out->rows), done);
    if (out->rows.count == 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "no structure was found in the stack; is it one that `dien prepare` cut?");
    }
    out->slices = maps.slices;
    out->seconds_a_slice = maps.seconds_a_slice;
    out->disagreement = maps.disagreement;
    dn_grid_spacing(&conformed->scan_grid, out->spacing);
    DN_TRY_GOTO(status, judge(models, conformed, info, &box, groups, options->accept, out), done);
    DN_TRY_GOTO(status, put_images(&maps, &native, out, info, options), done);
    DN_TRY_GOTO(status, put_records(models, out, path, options->folder), done);
done:
    dn_slice_posteriors_release(&maps);
    dn_posteriors_release(&box);
    dn_native_release(&native);
    return status;
}

dn_status dn_segment_stack(dn_stack_models *models, const char *path, const dn_stack_options *options, dn_stack_result *out)
{
    dn_status status = DN_OK;
    dn_volume *stack = NULL;
    dn_scan_info info;
    dn_conformed conformed = {0};
    char *stem = NULL;
    const dn_scan_read_options reading = {.trust = options->trust};
    memset(out, 0, sizeof *out);
    DN_TRY(dn_path_scan_stem(path, &stem));
    snprintf(out->stem, sizeof out->stem, "%s", stem);
    free(stem);
    DN_TRY(dn_scan_read(path, &reading, &stack, &info));
    status = dn_conform(stack, &dn_stack_models_at(models, 0)->input, &conformed);
    if (status == DN_OK) {
        status = work(models, &conformed, &info, path, options, out);
    }
    dn_conformed_release(&conformed);
    if (status != DN_OK) {
        dn_stack_result_release(out);
        return dn_error_context(status, "%s", path);
    }
    return DN_OK;
}

void dn_stack_result_release(dn_stack_result *result)
{
    dn_volume_rows_release(&result->rows);
}
