/* Writes the JSON files and the tables that lie beside the results. */
#include "report/sidecars.h"

#include "base/job.h"
#include "base/memory.h"
#include "models/label_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_output_path(const char *folder, const char *stem, const char *suffix, char **out)
{
    size_t n = strlen(folder);
    return dn_asprintf(out, "%s%s%s%s", folder, n > 0 && folder[n - 1] == '/' ? "" : "/", stem, suffix);
}

/* ---- tables ------------------------------------------------------------------------------------------------------- */

dn_status dn_record_label_header(dn_file_writer *writer)
{
    return dn_file_printf(writer, "index\tname\tcolor\n");
}

dn_status dn_record_label(dn_file_writer *writer, const dn_model_label *label)
{
    uint8_t color[3];
    dn_label_color(label, color);
    return dn_file_printf(writer, "%lld\t%s\t#%02x%02x%02x\n", (long long)label->index, label->name, color[0], color[1], color[2]);
}

dn_status dn_record_labels(dn_file_writer *writer, const dn_structures *structures)
{
    for (int64_t c = 0; c < structures->channels; ++c) {
        const dn_model_label *label = structures->label_of[c];
        if (label != NULL && label->index > 0) {
            DN_TRY(dn_record_label(writer, label));
        }
    }
    return DN_OK;
}

dn_status dn_record_volumes(const dn_volume_rows *rows, dn_verdict verdict, const char *path)
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
    return dn_file_end(&writer, status);
}

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

void dn_record_set(json_t *object, const char *key, json_t *value)
{
    /* A failure (no memory, or a name that is not UTF-8) leaves the key out; the text is checked when it is dumped. */
    json_object_set_new(object, key, value != NULL ? value : json_null());
}

/* The score and what it is made of; what was not measured is left out. */
static json_t *quality_score(const dn_score *score)
{
    json_t *object = json_object();
    json_t *marks = json_object();
    json_t *measures = json_object();
    dn_record_set(object, "Score", isnan(score->score) ? NULL : json_real(score->score));
    for (int m = 0; m < (int)DN_MARK_COUNT; ++m) {
        if (!isnan(score->mark[m])) {
            dn_record_set(marks, dn_mark_name((dn_mark)m), json_real(score->mark[m]));
            dn_record_set(measures, dn_mark_name((dn_mark)m), json_real(score->measure[m]));
        }
    }
    dn_record_set(object, "Marks", marks);
    dn_record_set(object, "Measures", measures);
    return object;
}

json_t *dn_record_program(const dn_model *const *models, size_t count, dn_precision precision, const char *found_by)
{
    json_t *by = json_object();
    json_t *networks = json_array();
    dn_record_set(by, "Name", json_string("dien"));
    dn_record_set(by, "Version", json_string(DIEN_VERSION));
    dn_record_set(by, "Threads", json_integer(dn_threads_get()));
    dn_record_set(by, "Precision", json_string(precision == DN_PRECISION_BF16 ? "bf16" : "f32"));
    for (size_t i = 0; i < count; ++i) {
        json_t *network = json_object();
        dn_record_set(network, "Name", json_string(models[i]->name));
        dn_record_set(network, "SHA256", json_string(models[i]->sha256));
        dn_record_set(network, "Licence", json_string(models[i]->licence));
        dn_record_set(network, "Source", json_string(models[i]->source));
        json_array_append_new(networks, network);
    }
    dn_record_set(by, "Models", networks);
    if (found_by != NULL) {
        dn_record_set(by, "RegionFoundBy", json_string(found_by));
    }
    json_t *list = json_array();
    json_array_append_new(list, by);
    return list;
}

json_t *dn_record_json(const dn_model *const *models, size_t count, dn_precision precision, const char *found_by, const char *source,
                       const dn_score *score)
{
    json_t *root = json_object();
    dn_record_set(root, "GeneratedBy", dn_record_program(models, count, precision, found_by));
    json_t *sources = json_array();
    json_t *name = json_string(source);
    json_array_append_new(sources, name != NULL ? name : json_string("(a file name that is not UTF-8)"));
    dn_record_set(root, "Sources", sources);
    dn_record_set(root, "SpatialReference", json_string("orig"));
    dn_record_set(root, "QualityControl",
                  json_string(score->verdict == DN_ACCEPTED           ? "passed"
                              : score->verdict == DN_ACCEPTED_BY_HAND ? "failed, accepted by hand"
                                                                      : "failed"));
    dn_record_set(root, "Quality", quality_score(score));
    return root;
}

void dn_record_voxels(json_t *root, const double spacing[3])
{
    json_t *size = json_array();
    for (int a = 0; a < 3; ++a) {
        json_array_append_new(size, json_real(round(spacing[a] * 1e4) / 1e4));
    }
    dn_record_set(root, "VoxelSize_mm", size);
}

const char *dn_record_level(dn_flag_level level)
{
    static const char *const levels[] = {[DN_FLAG_NOTE] = "note", [DN_FLAG_WARNING] = "warning", [DN_FLAG_FAILED] = "failed"};
    return levels[level];
}

void dn_record_flags(json_t *root, const dn_quality *quality)
{
    json_t *flags = json_array();
    for (size_t i = 0; i < quality->count; ++i) {
        json_t *flag = json_object();
        dn_record_set(flag, "Level", json_string(dn_record_level(quality->flag[i].level)));
        dn_record_set(flag, "Code", json_string(quality->flag[i].code));
        dn_record_set(flag, "Text", json_string(quality->flag[i].text));
        json_array_append_new(flags, flag);
    }
    dn_record_set(root, "Flags", flags);
}

static void column(json_t *root, const char *name, const char *text, const char *units)
{
    json_t *object = json_object();
    dn_record_set(object, "Description", json_string(text));
    if (units != NULL) {
        dn_record_set(object, "Units", json_string(units));
    }
    dn_record_set(root, name, object);
}

/* What a structure is here, where another tool draws it otherwise: volumes of the two must not be mixed. docs/evidence/accuracy.md has the
 * comparisons, with DLMUSE on some fifty heads and with FreeSurfer's aseg on two. */
static const struct {
    const char *structure, *text;
} protocols[] = {
    {"hypothalamus", "Whole hypothalamus with the mammillary bodies, without fornix and third ventricle"},
    {"thalamus", "As in FreeSurfer's aseg; in real scans a part of the pulvinar, which is bright, is missing"},
    {"caudate", "As in FreeSurfer's aseg. DLMUSE outlines it smaller: ours was larger by about 20 % in 52 scans of 2 mm"},
    {"putamen", "As in FreeSurfer's aseg. DLMUSE outlines it smaller: ours was larger by about 25 % in 52 scans of 2 mm, and in one of two "
                "heads larger than aseg's by 50 %"},
    {"amygdala", "As in FreeSurfer's aseg. DLMUSE outlines it much smaller: ours was larger by about 75 % in 52 scans of 2 mm"},
    {"lateral_ventricle", "With the inferior horn and the choroid plexus, which FreeSurfer counts separately"},
    {"third_ventricle", "As in FreeSurfer's aseg. DLMUSE outlines it smaller"},
    {"ventral_diencephalon", "As in FreeSurfer's VentralDC: its volume includes the hypothalamus and the mammillary bodies"},
    {"brain_stem", "Tools cut its lower end at different heights; here it ends as in the FreeSurfer labels on which the network was "
                   "trained, or at the edge of the scan"},
    {"icv", "Everything inside the skull above the foramen magnum"},
};

/* BIDS: the values that a column takes, those that need a word. */
static json_t *levels_of(const dn_volume_rows *rows)
{
    json_t *levels = json_object();
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; ++i) {
        bool there = false;
        for (size_t k = 0; k < rows->count; ++k) {
            there = there || strcmp(rows->row[k].structure, protocols[i].structure) == 0;
        }
        if (there) {
            dn_record_set(levels, protocols[i].structure, json_string(protocols[i].text));
        }
    }
    return levels;
}

void dn_record_volume_columns(json_t *root, const dn_volume_rows *rows)
{
    column(root, "structure",
           "Structure: a whole structure, or one of its parts with the name STRUCTURE_part; icv: everything inside the skull. Other tools "
           "use other protocols, see Levels: use only one tool and one network within a study",
           NULL);
    dn_record_set(json_object_get(root, "structure"), "Levels", levels_of(rows));
    column(root, "hemi", "L: left, R: right, B: both sides together", NULL);
    column(root, "volume_mm3",
           "Sum of the network's probabilities inside the structure's largest component and its rim, times the volume of a voxel: use this "
           "for statistics",
           "mm3");
    column(root, "hard_volume_mm3", "Number of voxels of the label map on the scan's own grid, times the volume of a voxel", "mm3");
    column(root, "accepted", "yes; no: quality control rejected the scan; by_hand: quality control rejected it, and a person accepted it",
           NULL);
    column(root, "mean_posterior", "Mean probability of the row's structure over the voxels with its label", NULL);
}
