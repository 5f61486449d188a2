#define _GNU_SOURCE
#include "segment/stack.h"

#include "base/file.h"
#include "base/memory.h"
#include "image/io.h"
#include "models/store.h"
#include "segment/outputs.h"
#include "segment/postprocess.h"
#include "segment/region.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dn_stack_models {
    dn_model **models;
    size_t count;
    dn_slice_network *network;
    dn_structures structures;
};

/* One name of the list, and where it ends. */
static dn_status open_one(dn_stack_models *models, const char *name, size_t length)
{
    char *text = NULL;
    char *path = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_asprintf(&text, "%.*s", (int)length, name));
    DN_TRY_GOTO(status, dn_model_find(text, &path), done);
    DN_TRY_GOTO(status, dn_realloc(&models->models, models->count + 1, sizeof *models->models, "models"), done);
    DN_TRY_GOTO(status, dn_model_read(path, &models->models[models->count]), done);
    ++models->count;
done:
    free(text);
    free(path);
    return status;
}

dn_status dn_stack_models_open(const char *names, dn_precision precision, dn_stack_models **out)
{
    dn_status status = DN_OK;
    dn_stack_models *models = NULL;
    bool slices;
    const dn_slice_network_options options = {.precision = precision};
    *out = NULL;
    /* A Keras file is imported elsewhere, and sees what it sees. */
    if (strchr(names, ',') == NULL && dn_path_has_extension(names, ".h5")) {
        return DN_OK;
    }
    DN_TRY(dn_alloc(&models, 1, sizeof *models, "models"));
    for (const char *name = names;;) {
        size_t length = strcspn(name, ",");
        DN_TRY_GOTO(status, open_one(models, name, length), fail);
        if (name[length] == '\0') {
            break;
        }
        name += length + 1;
    }
    DN_TRY_GOTO(status, dn_model_sees_slices(models->models[0], &slices), fail);
    if (!slices && models->count == 1) {
        dn_stack_models_destroy(models);
        return DN_OK;
    }
    DN_TRY_GOTO(status, dn_slice_network_create((const dn_model *const *)models->models, models->count, &options, &models->network), fail);
    DN_TRY_GOTO(status, dn_structures_init(models->models[0], &models->structures), fail);
    *out = models;
    return DN_OK;
fail:
    dn_stack_models_destroy(models);
    return status;
}

void dn_stack_models_destroy(dn_stack_models *models)
{
    if (models == NULL) {
        return;
    }
    dn_slice_network_destroy(models->network);
    for (size_t i = 0; i < models->count; ++i) {
        dn_model_destroy(models->models[i]);
    }
    free(models->models);
    free(models);
}

size_t dn_stack_models_count(const dn_stack_models *models)
{
    return models->count;
}

const dn_model *dn_stack_models_at(const dn_stack_models *models, size_t n)
{
    return models->models[n];
}

const dn_structures *dn_stack_models_structures(const dn_stack_models *models)
{
    return &models->structures;
}

dn_slice_network *dn_stack_models_network(const dn_stack_models *models)
{
    return models->network;
}

bool dn_stack_models_know_frame(const dn_stack_models *models)
{
    bool know = true;
    for (size_t i = 0; i < models->count; ++i) {
        dn_region_stack_found region = {.is_stack = false};
        know = know && dn_region_stack(&models->models[i]->input, models->models[i]->name, &region) == DN_OK && region.is_stack;
    }
    dn_error_clear();
    return know;
}

bool dn_stack_is_one(const char *path, dn_trust trust)
{
    enum { HEAD_MM = 60 };
    const dn_scan_read_options reading = {.trust = trust};
    dn_grid grid;
    double spacing[3];
    bool thin = false;
    if (dn_scan_read_grid(path, &reading, &grid, NULL) != DN_OK) {
        dn_error_clear();
        return false;
    }
    dn_grid_spacing(&grid, spacing);
    for (int c = 0; c < 3; ++c) {
        thin = thin || spacing[c] * (double)grid.dim[c] < (double)HEAD_MM;
    }
    return thin;
}

static dn_status put_tables(const dn_stack_models *models, const dn_stack_result *r, const char *folder)
{
    dn_file_writer writer = {0};
    dn_status status = DN_OK;
    char *path = NULL;
    for (int which = 0; which < 2 && status == DN_OK; ++which) {
        DN_TRY(dn_output_path(folder, r->stem, which == 0 ? "_dseg.tsv" : "_volumes.tsv", &path));
        status = dn_file_create(&writer, path);
        free(path);
        DN_TRY(status);
        status =
            dn_file_printf(&writer, which == 0 ? "index\tname\tcolor\n" : "structure\themi\tvolume_mm3\thard_volume_mm3\tmean_posterior\n");
        for (int64_t c = 0; which == 0 && c < models->structures.channels && status == DN_OK; ++c) {
            const dn_model_label *label = models->structures.label_of[c];
            if (label != NULL && label->index > 0) {
                status = dn_file_printf(&writer, "%lld\t%s\t#%02x%02x%02x\n", (long long)label->index, label->name, label->color[0],
                                        label->color[1], label->color[2]);
            }
        }
        for (size_t i = 0; which == 1 && i < r->rows.count && status == DN_OK; ++i) {
            const dn_volume_row *row = &r->rows.row[i];
            char mean[32];
            snprintf(mean, sizeof mean, "%.4f", row->mean_posterior);
            status = dn_file_printf(&writer, "%s\t%c\t%.3f\t%.3f\t%s\n", row->structure, row->hemi, row->volume_mm3, row->hard_volume_mm3,
                                    row->mean_posterior == row->mean_posterior ? mean : "n/a");
        }
        if (status == DN_OK) {
            status = dn_file_commit(&writer);
        } else {
            dn_file_discard(&writer);
        }
    }
    return status;
}

static dn_status put_json(const dn_stack_models *models, const dn_stack_result *r, const char *source, const char *folder)
{
    char *path = NULL;
    json_t *root = json_object();
    json_t *list = json_array();
    for (size_t i = 0; i < models->count; ++i) {
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "Name", models->models[i]->name, "SHA256", models->models[i]->sha256,
                                              "Licence", models->models[i]->licence));
    }
    json_object_set_new(root, "GeneratedBy", json_pack("[{s:s, s:s, s:o}]", "Name", "dien", "Version", DIEN_VERSION, "Models", list));
    json_object_set_new(root, "Sources", json_pack("[s]", dn_path_name(source)));
    json_object_set_new(root, "Slices", json_integer(r->slices));
    if (models->count > 1) {
        json_object_set_new(root, "Disagreement", json_real(r->disagreement));
    }
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(root);
    if (text == NULL) {
        DN_FAIL(DN_ENOMEM, "no memory for the report of %s", source);
    }
    dn_status status = dn_output_path(folder, r->stem, "_volumes.json", &path);
    if (status == DN_OK) {
        status = dn_file_write_all(path, text, strlen(text));
    }
    free(path);
    free(text);
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

dn_status dn_stack_clean(const dn_structures *structures, dn_slice_posteriors *maps, dn_posteriors *box, dn_group_result *groups)
{
    int64_t voxels = dn_grid_count(&maps->maps[0]->grid);
    memset(box, 0, sizeof *box);
    memcpy(box->dim, maps->maps[0]->grid.dim, sizeof box->dim);
    box->channels = maps->channels;
    DN_TRY(dn_alloc(&box->data, (size_t)(voxels * maps->channels), sizeof *box->data, "posteriors"));
    for (int64_t c = 0; c < maps->channels; ++c) {
        memcpy(box->data + c * voxels, maps->maps[c]->data, (size_t)voxels * sizeof *box->data);
    }
    DN_TRY(dn_postprocess(box, structures, groups));
    for (int64_t c = 0; c < maps->channels; ++c) {
        memcpy(maps->maps[c]->data, box->data + c * voxels, (size_t)voxels * sizeof *box->data);
    }
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
    DN_TRY_GOTO(status, dn_slice_network_run_conformed(models->network, conformed, &maps), done);
    DN_TRY_GOTO(status, dn_stack_clean(&models->structures, &maps, &box, groups), done);
    DN_TRY_GOTO(status, dn_native_labels(conformed, &box, &models->structures, &native), done);
    double voxel = dn_grid_voxel_volume(&conformed->volume->grid);
    DN_TRY_GOTO(status, dn_volumes_measure(&box, voxel, &native, &models->structures, groups, &out->rows), done);
    if (out->rows.count == 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "no structure was found in the stack; is it one that `dien prepare` cut?");
    }
    out->slices = maps.slices;
    out->seconds_a_slice = maps.seconds_a_slice;
    out->disagreement = maps.disagreement;
    DN_TRY_GOTO(status, put_images(&maps, &native, out, info, options), done);
    DN_TRY_GOTO(status, put_tables(models, out, options->folder), done);
    DN_TRY_GOTO(status, put_json(models, out, path, options->folder), done);
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
    status = dn_conform(stack, &models->models[0]->input, &conformed);
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
