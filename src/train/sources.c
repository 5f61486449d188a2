/* Loads the label maps and scans of a config. */
#include "train/sources.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/random.h"
#include "image/io.h"
#include "image/resample.h"
#include "train/pair_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "77, 80, 81 and 3 more" */
static void list_labels(const bool *wanted, char *text, size_t size)
{
    size_t used = 0;
    int listed = 0;
    int more = 0;
    text[0] = '\0';
    for (int label = 0; label < 65536; ++label) {
        if (wanted[label] && (listed >= 20 || used + 16 > size)) {
            ++more;
        } else if (wanted[label]) {
            used += (size_t)snprintf(text + used, size - used, "%s%d", listed++ > 0 ? ", " : "", label);
        }
    }
    if (more > 0) {
        snprintf(text + used, size - used, " and %d more", more);
    }
}

static dn_status check_labels(const dn_train_config *config, const dn_tissues *tissues, const dn_labels *labels, const char *path,
                              bool painted)
{
    dn_status status = DN_OK;
    bool *present = NULL;
    char text[256];
    DN_TRY(dn_alloc(&present, 65536, 2 * sizeof *present, "the labels of a map"));
    bool *bad = present + 65536;
    for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
        present[labels->data[v]] = true;
    }
    present[0] = true; /* beyond the edges of every map */
    int missing = 0;
    int unpainted = 0;
    for (int label = 0; label < 65536; ++label) {
        bad[label] = present[label] && config->class_of[label] == DN_CLASS_NONE;
        missing += bad[label];
    }
    if (missing > 0) {
        list_labels(bad, text, sizeof text);
        DN_FAIL_GOTO(status, done, DN_EDATA,
                     "%s: the label%s %s of %s belong%s to no class; add %s to `from` of a class or to `ignore_labels`", config->path,
                     missing > 1 ? "s" : "", text, path, missing > 1 ? "" : "s", missing > 1 ? "them" : "it");
    }
    for (int label = 0; painted && label < 65536; ++label) {
        bad[label] = present[label] && tissues->tissue[label] < 0;
        unpainted += bad[label];
    }
    if (unpainted > 0) {
        list_labels(bad, text, sizeof text);
        DN_FAIL_GOTO(status, done, DN_EDATA, "%s: the tissue table %s has no row for the label%s %s; add one", path, config->tissues,
                     unpainted > 1 ? "s" : "", text);
    }
done:
    free(present);
    return status;
}

dn_status dn_source_check_sides(const dn_train_config *config, const dn_tissues *tissues)
{
    for (int64_t c = 0; c < config->class_count; ++c) {
        int other = DN_CLASS_NONE;
        int first = 0;
        for (int label = 0; label < 65536; ++label) {
            /* Labels without a row in the table cannot be in a label map that is painted. */
            if (config->class_of[label] != c || tissues->tissue[label] < 0) {
                continue;
            }
            int mirrored = config->class_of[tissues->swap[label]];
            if (other == DN_CLASS_NONE) {
                other = mirrored;
                first = label;
            }
            if (mirrored != other || mirrored == DN_CLASS_NONE) {
                DN_FAIL(DN_EFORMAT,
                        "%s: in the mirror image, label %d of class %s becomes label %d, which is in %s, but label %d becomes a label of "
                        "another class; group the labels of both sides in the same way, or set augmentation.mirror_probability to 0",
                        config->path, label, config->classes[c].name, (int)tissues->swap[label],
                        mirrored == DN_CLASS_NONE     ? "no class"
                        : mirrored == DN_CLASS_IGNORE ? "ignore_labels"
                                                      : config->classes[mirrored].name,
                        first);
            }
        }
        if (config->classes[c].hemi != 'B' && other == c) {
            DN_FAIL(DN_EFORMAT,
                    "%s: class %s has a side, but its labels are of both sides or of no side (%d); set its hemi to B, or "
                    "augmentation.mirror_probability to 0",
                    config->path, config->classes[c].name, first);
        }
    }
    return DN_OK;
}

/* Cuts away the slices of zeros around the head: a third of a map's memory. */
static dn_status trim(dn_labels **labels)
{
    const dn_grid *grid = &(*labels)->grid;
    int64_t low[3] = {grid->dim[0], grid->dim[1], grid->dim[2]};
    int64_t high[3] = {-1, -1, -1};
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                if ((*labels)->data[dn_grid_offset(grid, i, j, k)] != 0) {
                    const int64_t at[3] = {i, j, k};
                    for (int d = 0; d < 3; ++d) {
                        low[d] = at[d] < low[d] ? at[d] : low[d];
                        high[d] = at[d] > high[d] ? at[d] : high[d];
                    }
                }
            }
        }
    }
    if (high[0] < 0) {
        DN_FAIL(DN_EDATA, "the label map is empty");
    }
    int64_t dim[3];
    dn_labels *cut = NULL;
    for (int d = 0; d < 3; ++d) {
        dim[d] = high[d] - low[d] + 1;
    }
    DN_TRY(dn_labels_crop(*labels, low, dim, &cut));
    dn_labels_destroy(*labels);
    *labels = cut;
    return DN_OK;
}

/* The scan as the network will get it, and its labels on the same grid. */
static dn_status read_pair(const dn_train_config *config, const dn_train_pair *pair, dn_source *out)
{
    bool soft;
    dn_labels *labels = NULL;
    dn_conformed conformed = {0};
    const dn_model_input input = {.spacing = {config->spacing[0], config->spacing[1], config->spacing[2]},
                                  .orientation = "RAS",
                                  .multiple = 1,
                                  .channels = 1,
                                  .normalise = DN_NORMALISE_PERCENTILE,
                                  .low = 0.5,
                                  .high = 99.5};
    DN_TRY(dn_soft_labels_given(pair->labels, &soft));
    if (soft && pair->translate != NULL) {
        DN_FAIL(DN_EUSAGE, "%s: translate cannot be used with the probabilities of %s; rename them in their JSON file", config->path,
                pair->labels);
    }
    if (soft) {
        DN_TRY(dn_soft_labels_read(config, pair->labels, &labels, &out->soft));
    }
    dn_status status = soft ? dn_train_scan_read(pair, &input, &conformed) : dn_train_pair_read(pair, &input, &conformed, &labels);
    if (status == DN_OK) {
        status = dn_resample_labels(labels, &conformed.volume->grid, NULL, &out->labels);
    }
    if (status == DN_OK) {
        out->scan = conformed.volume;
        conformed.volume = NULL;
    }
    dn_conformed_release(&conformed);
    dn_labels_destroy(labels);
    return status;
}

/* Reservoir sampling in the order of the voxels: the same places in every run. */
static dn_status find_places(const dn_train_config *config, dn_source *source)
{
    dn_status status = DN_OK;
    int64_t *seen = NULL;
    dn_random random;
    size_t classes = (size_t)config->class_count;
    const dn_grid *grid = &source->labels->grid;
    int64_t count = dn_grid_count(grid);
    if (count > INT32_MAX) {
        DN_FAIL(DN_EDATA, "the label map is too large");
    }
    DN_TRY(dn_alloc_dims(&source->places, DN_DIMS((int64_t)classes, DN_SOURCE_PLACES), sizeof *source->places, "places for patches"));
    DN_TRY(dn_alloc(&source->place_count, classes, sizeof *source->place_count, "places for patches"));
    DN_TRY_GOTO(status, dn_alloc(&seen, classes, sizeof *seen, "places for patches"), done);
    dn_random_seed(&random, 1);
    int64_t sum[3] = {0, 0, 0};
    int64_t summed = 0;
    for (int64_t v = 0; v < count; ++v) {
        uint16_t label = source->labels->data[v];
        int class = config->class_of[label];
        if (label == 0 || class < 0) {
            continue;
        }
        if (class > 0 && class != DN_CLASS_IGNORE) {
            sum[0] += v % grid->dim[0];
            sum[1] += v / grid->dim[0] % grid->dim[1];
            sum[2] += v / (grid->dim[0] * grid->dim[1]);
            ++summed;
        }
        for (int turn = 0; turn < 2; ++turn) {
            size_t c = turn == 0 ? 0 : (size_t) class;
            if (turn == 1 && (class == 0 || class == DN_CLASS_IGNORE)) {
                continue;
            }
            int64_t n = seen[c]++;
            int64_t at = n < DN_SOURCE_PLACES ? n : (int64_t)dn_random_below(&random, (uint64_t)n + 1);
            if (at < DN_SOURCE_PLACES) {
                source->places[c * DN_SOURCE_PLACES + (size_t)at] = (int32_t)v;
            }
        }
    }
    for (size_t c = 0; c < classes; ++c) {
        source->place_count[c] = (int32_t)(seen[c] < DN_SOURCE_PLACES ? seen[c] : DN_SOURCE_PLACES);
    }
    if (summed == 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "all of its voxels belong to the background");
    }
    double middle[3];
    for (int d = 0; d < 3; ++d) {
        middle[d] = (double)sum[d] / (double)summed;
    }
    dn_affine_apply(&grid->affine, middle, source->centre);
done:
    free(seen);
    return status;
}

enum { CLEFT_BINS = 1000 };
#define CLEFT_BIN_MM 0.1

static double percentile(const int64_t *histogram, double share)
{
    int64_t count = 0;
    int64_t below = 0;
    int bin = 0;
    for (int b = 0; b < CLEFT_BINS; ++b) {
        count += histogram[b];
    }
    while (bin < CLEFT_BINS - 1 && (double)(below + histogram[bin]) < share * (double)count) {
        below += histogram[bin++];
    }
    return CLEFT_BIN_MM * ((double)bin + 0.5);
}

/* Voxels of the hypothalamus one after the other: the world point of the first at or after *v, and its side; false: there is none. */
static bool next_of_hypothalamus(const dn_train_config *config, const dn_labels *labels, int64_t *v, double xyz[3], char *hemi)
{
    static const char structure[] = "hypothalamus";
    const dn_grid *grid = &labels->grid;
    for (; *v < dn_grid_count(grid); ++*v) {
        int class = config->class_of[labels->data[*v]];
        if (class > 0 && class != DN_CLASS_IGNORE && config->classes[class].hemi != 'B' &&
            strncmp(config->classes[class].structure, structure, sizeof structure - 1) == 0) {
            const double ijk[3] = {(double)(*v % grid->dim[0]), (double)(*v / grid->dim[0] % grid->dim[1]),
                                   (double)(*v / (grid->dim[0] * grid->dim[1]))};
            dn_affine_apply(&grid->affine, ijk, xyz);
            *hemi = config->classes[class].hemi;
            return true;
        }
    }
    return false;
}

/* Middle plane between the two sides, and how far they lie from it: the inner 5 % stand for the ventricle's wall. */
static dn_status find_cleft(const dn_train_config *config, dn_source *source)
{
    double sum[2][3] = {{0}};
    int64_t count[2] = {0, 0};
    int64_t across[CLEFT_BINS] = {0};
    int64_t along[CLEFT_BINS] = {0};
    double xyz[3];
    double length = 0.0;
    char hemi = 'B';
    dn_cleft *cleft = &source->cleft;
    for (int64_t v = 0; next_of_hypothalamus(config, source->labels, &v, xyz, &hemi); ++v) {
        int side = hemi == 'R';
        ++count[side];
        for (int c = 0; c < 3; ++c) {
            sum[side][c] += xyz[c];
        }
    }
    if (count[0] == 0 || count[1] == 0) {
        DN_FAIL(DN_EDATA, "augmentation.ventricle_mm widens the third ventricle between the two sides of the hypothalamus, but it does not "
                          "have both sides");
    }
    for (int c = 0; c < 3; ++c) {
        double left = sum[0][c] / (double)count[0];
        double right = sum[1][c] / (double)count[1];
        cleft->centre[c] = 0.5 * (left + right);
        cleft->across[c] = right - left;
        length += cleft->across[c] * cleft->across[c];
    }
    for (int c = 0; c < 3; ++c) {
        cleft->across[c] /= sqrt(length);
    }
    for (int64_t v = 0; next_of_hypothalamus(config, source->labels, &v, xyz, &hemi); ++v) {
        double u = 0.0;
        double square = 0.0;
        for (int c = 0; c < 3; ++c) {
            double from = xyz[c] - cleft->centre[c];
            u += from * cleft->across[c];
            square += from * from;
        }
        double w = sqrt(fmax(0.0, square - u * u));
        ++across[(int)fmin(fabs(u) / CLEFT_BIN_MM, CLEFT_BINS - 1)];
        ++along[(int)fmin(w / CLEFT_BIN_MM, CLEFT_BINS - 1)];
    }
    double half_voxel = 0.5 * config->spacing[0];
    /* A voxel further in than the first centres: where the wall's partial volume ends, so that it is moved and not stretched. */
    cleft->half = fmax(0.7, percentile(across, 0.05) - 2.0 * half_voxel);
    cleft->reach = fmax(cleft->half, percentile(across, 0.98) + half_voxel);
    cleft->radius = percentile(along, 0.98) + half_voxel;
    return DN_OK;
}

static dn_status read_source(const dn_train_config *config, const dn_train_pair *pair, const char *map, const dn_tissues *tissues,
                             dn_source *out)
{
    const char *path = pair != NULL ? pair->labels : map;
    DN_TRY(dn_strdup(dn_path_name(path), &out->name));
    if (pair != NULL) {
        DN_TRY(read_pair(config, pair, out));
    } else {
        DN_TRY(dn_labels_read(path, NULL, &out->labels, NULL));
    }
    DN_TRY(check_labels(config, tissues, out->labels, path, pair == NULL));
    if (pair == NULL) {
        DN_TRY(dn_error_in_file(trim(&out->labels), path));
    }
    DN_TRY(dn_error_in_file(find_places(config, out), path));
    return config->synth.shape.cleft_mm > 0.0 || config->synth.shape.sides_change > 0.0 ? dn_error_in_file(find_cleft(config, out), path)
                                                                                        : DN_OK;
}

dn_status dn_source_set_read(const dn_train_config *config, const dn_train_sources *sources, const dn_tissues *tissues, dn_source_set *out)
{
    size_t count = sources->map_count + sources->pair_count;
    *out = (dn_source_set){0};
    DN_TRY(dn_alloc(&out->items, count > 0 ? count : 1, sizeof *out->items, "the label maps"));
    for (size_t i = 0; i < count; ++i) {
        bool is_map = i < sources->map_count;
        DN_TRY(dn_cancel_check());
        out->count = i + 1; /* what is read so far is released in any case */
        DN_TRY(read_source(config, is_map ? NULL : &sources->pairs[i - sources->map_count], is_map ? sources->maps[i] : NULL, tissues,
                           &out->items[i]));
        dn_progress("reading label maps", (int64_t)i + 1, (int64_t)count);
    }
    out->map_count = sources->map_count;
    return DN_OK;
}

void dn_source_set_release(dn_source_set *set)
{
    for (size_t i = 0; i < set->count; ++i) {
        free(set->items[i].name);
        dn_labels_destroy(set->items[i].labels);
        dn_volume_destroy(set->items[i].scan);
        dn_soft_labels_release(&set->items[i].soft);
        free(set->items[i].places);
        free(set->items[i].place_count);
    }
    free(set->items);
    *set = (dn_source_set){0};
}
