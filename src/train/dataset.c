/* Makes sample i: the source, the place, the change of shape and intensity, and the target. */
#include "train/dataset.h"

#include "base/memory.h"
#include "base/random.h"
#include "infer/bridge.h"
#include "train/slices.h"
#include "train/sources.h"

#include <stdlib.h>
#include <string.h>

struct dn_dataset {
    const dn_train_config *config; /* borrowed */
    dn_dataset_part part;
    dn_tissues *tissues;
    dn_source_set set;
    dn_slice_set *slices; /* of 2-D networks, in place of set */
    uint8_t mirror[256];  /* class -> class of the other side, for probabilities */
    uint64_t seed;
};

/* Validation draws from another stream than training. */
static const uint64_t validation_seed = UINT64_C(0x76616c6964);

dn_status dn_dataset_create(const dn_train_config *config, dn_dataset_part part, dn_dataset **out)
{
    dn_status status = DN_OK;
    dn_dataset *dataset = NULL;
    const dn_train_sources *sources = part == DN_DATASET_TRAINING ? &config->training : &config->validation;
    if (sources->map_count + sources->pair_count == 0) {
        DN_FAIL(DN_EUSAGE, "%s names no data for %s", config->path, part == DN_DATASET_TRAINING ? "training" : "validation");
    }
    DN_TRY(dn_alloc(&dataset, 1, sizeof *dataset, "a data set"));
    dataset->config = config;
    dataset->part = part;
    dataset->seed = (uint64_t)config->seed ^ (part == DN_DATASET_VALIDATION ? validation_seed : 0);
    if (config->dims == 2) {
        DN_TRY_GOTO(status, dn_slice_set_create(config, sources, &dataset->slices), fail);
        *out = dataset;
        return DN_OK;
    }
    DN_TRY_GOTO(status, dn_tissues_read(config->tissues, &dataset->tissues), fail);
    if (config->synth.shape.mirror_probability > 0.0) {
        DN_TRY_GOTO(status, dn_source_check_sides(config, dataset->tissues), fail);
    }
    DN_TRY_GOTO(status, dn_source_set_read(config, sources, dataset->tissues, &dataset->set), fail);
    if (dn_dataset_is_soft(dataset)) {
        DN_TRY_GOTO(status, dn_train_config_mirror(config, dataset->mirror), fail);
    }
    *out = dataset;
    return DN_OK;
fail:
    dn_dataset_destroy(dataset);
    return status;
}

void dn_dataset_destroy(dn_dataset *dataset)
{
    if (dataset != NULL) {
        dn_tissues_destroy(dataset->tissues);
        dn_source_set_release(&dataset->set);
        dn_slice_set_destroy(dataset->slices);
        free(dataset);
    }
}

bool dn_dataset_is_soft(const dn_dataset *dataset)
{
    for (size_t i = 0; i < dataset->set.count; ++i) {
        if (dataset->set.items[i].soft.values != NULL) {
            return true;
        }
    }
    return false;
}

int64_t dn_dataset_classes(const dn_dataset *dataset)
{
    return dataset->config->class_count;
}

int64_t dn_dataset_voxels(const dn_dataset *dataset)
{
    const int64_t *patch = dataset->config->patch;
    return patch[0] * patch[1] * patch[2];
}

int64_t dn_dataset_inputs(const dn_dataset *dataset)
{
    return dn_dataset_voxels(dataset) * dataset->config->slices.channels;
}

/* Validation takes its sources in turn, training by chance. */
static size_t choose_source(const dn_dataset *dataset, int64_t i, dn_random *random)
{
    const dn_source_set *set = &dataset->set;
    double real = dn_random_unit(random);
    uint64_t draw = dn_random_u64(random);
    if (dataset->part == DN_DATASET_VALIDATION) {
        return (size_t)i % set->count;
    }
    size_t scans = set->count - set->map_count;
    bool take_scan = set->map_count == 0 || (scans > 0 && real < dataset->config->real_share);
    return take_scan ? set->map_count + (size_t)(draw % scans) : (size_t)(draw % set->map_count);
}

/* The place of sample i in its epoch's order: every slice once an epoch, in an order of chance (a shuffle that needs no list: a keyed
 * permutation of the numbers below a power of four, walked until it lands below count). */
static int64_t shuffled(uint64_t seed, int64_t i, int64_t count)
{
    uint64_t epoch = (uint64_t)(i / count);
    uint64_t x = (uint64_t)(i % count);
    int half = 1;
    while ((UINT64_C(1) << (2 * half)) < (uint64_t)count) {
        ++half;
    }
    uint64_t mask = (UINT64_C(1) << half) - 1;
    do {
        for (uint64_t round = 0; round < 6; ++round) {
            dn_random random;
            dn_random_seed_stream(&random, seed + UINT64_C(0x73687566), (epoch * 6 + round) * (mask + 1) + (x & mask));
            x = (x & mask) << half | ((x >> half) ^ (dn_random_u64(&random) & mask));
        }
    } while (x >= (uint64_t)count);
    return (int64_t)x;
}

static int64_t choose_slice(const dn_dataset *dataset, int64_t i)
{
    int64_t count = dn_slice_set_count(dataset->slices);
    return dataset->part == DN_DATASET_VALIDATION ? i % count : shuffled(dataset->seed, i, count);
}

const char *dn_dataset_source(const dn_dataset *dataset, int64_t i)
{
    if (dataset->slices != NULL) {
        int64_t slice;
        return dn_slice_set_name(dataset->slices, choose_slice(dataset, i), &slice);
    }
    dn_random random;
    dn_random_seed_stream(&random, dataset->seed, (uint64_t)i);
    return dataset->set.items[choose_source(dataset, i, &random)].name;
}

/* One of the classes that this head has, by their `centre`; 0, any voxel of the head, where it has none of them. */
static int64_t choose_class(const dn_train_config *config, const dn_source *source, dn_random *random)
{
    double sum = 0.0;
    int64_t last = 0;
    for (int64_t c = 1; c < config->class_count; ++c) {
        sum += source->place_count[c] > 0 ? config->classes[c].centre : 0.0;
    }
    double drawn = dn_random_uniform(random, 0.0, sum);
    for (int64_t c = 1; c < config->class_count; ++c) {
        if (source->place_count[c] > 0 && config->classes[c].centre > 0.0) {
            last = c;
            drawn -= config->classes[c].centre;
            if (drawn < 0.0) {
                break;
            }
        }
    }
    return last;
}

static void choose_centre(const dn_dataset *dataset, const dn_source *source, dn_random *random, double centre[3])
{
    const dn_train_config *config = dataset->config;
    memcpy(centre, source->centre, 3 * sizeof *centre);
    if (config->centre == DN_CENTRE_HEAD) {
        return;
    }
    int64_t class = dn_random_unit(random) < config->balance ? choose_class(config, source, random) : 0;
    uint64_t place = dn_random_below(random, (uint64_t)source->place_count[class]);
    int64_t v = source->places[class * DN_SOURCE_PLACES + (int64_t)place];
    const dn_grid *grid = &source->labels->grid;
    const double ijk[3] = {(double)(v % grid->dim[0]), (double)(v / grid->dim[0] % grid->dim[1]),
                           (double)(v / (grid->dim[0] * grid->dim[1]))};
    dn_affine_apply(&grid->affine, ijk, centre);
}

/* Probabilities under the same change of shape, which treats them linearly; [D, H, W, class] = [i, j, k, class]. */
static dn_status soft_patch(const dn_dataset *dataset, const dn_soft_labels *truth, const dn_deform *deform, const dn_grid *target,
                            float *soft)
{
    float *values = NULL;
    const int64_t others = truth->classes - 1;
    const bool mirrored = dn_deform_mirrors(deform);
    DN_TRY(dn_alloc_dims(&values, DN_DIMS(dn_grid_count(target), others), sizeof *values, "a sample's probabilities"));
    dn_status status = dn_deform_channels(&truth->grid, truth->values, others, deform, values);
    for (int64_t i = 0; i < target->dim[0] && status == DN_OK; ++i) {
        for (int64_t j = 0; j < target->dim[1]; ++j) {
            for (int64_t k = 0; k < target->dim[2]; ++k, soft += truth->classes) {
                const float *from = values + dn_grid_offset(target, i, j, k) * others;
                float sum = 0.0f;
                for (int64_t c = 1; c < truth->classes; ++c) {
                    soft[mirrored ? dataset->mirror[c] : c] = from[c - 1];
                    sum += from[c - 1];
                }
                soft[0] = sum < 1.0f ? 1.0f - sum : 0.0f;
            }
        }
    }
    free(values);
    return status;
}

/* One class has all. */
static void spread_targets(const uint8_t *targets, int64_t voxels, int64_t classes, float *soft)
{
    memset(soft, 0, (size_t)(voxels * classes) * sizeof *soft);
    for (int64_t v = 0; v < voxels; ++v) {
        if (targets[v] != DN_CLASS_IGNORE) {
            soft[v * classes + targets[v]] = 1.0f;
        }
    }
}

/* A patch of a real scan: bent and degraded for training, as it is for validation. */
static dn_status real_patch(const dn_dataset *dataset, const dn_source *source, const dn_grid *target, const double centre[3],
                            const dn_synth_options *synth, dn_random *random, dn_volume **scan, dn_labels **truth, float *soft)
{
    dn_status status = DN_OK;
    dn_deform *deform = NULL;
    bool training = dataset->part == DN_DATASET_TRAINING;
    const dn_deform_options as_it_is = {.control_mm = 50.0};
    DN_TRY(dn_deform_random(target, centre, training ? &synth->shape : &as_it_is, random, &deform));
    DN_TRY_GOTO(status, dn_deform_labels(source->labels, deform, dataset->tissues->swap, truth), done);
    DN_TRY_GOTO(status, dn_deform_volume(source->scan, deform, 0.0f, scan), done);
    if (soft != NULL && source->soft.values != NULL) {
        DN_TRY_GOTO(status, soft_patch(dataset, &source->soft, deform, target, soft), done);
    }
    if (training) {
        DN_TRY_GOTO(status, dn_appearance_degrade(*scan, &synth->appearance, random), done);
    }
done:
    dn_deform_destroy(deform);
    return status;
}

static void stretch(const dn_train_config *config, dn_random *random, dn_volume *scan)
{
    float low = (float)dn_random_uniform(random, 0.0, config->range_low);
    float high = (float)dn_random_uniform(random, config->range_high, 1.0);
    int64_t count = dn_grid_count(&scan->grid);
    for (int64_t v = 0; v < count; ++v) {
        /* Air stays 0, in a whole scan, too. */
        scan->data[v] = scan->data[v] > 0.0f ? low + (high - low) * scan->data[v] : 0.0f;
    }
}

/* [D, H, W] = [i, j, k] */
static void write_targets(const dn_train_config *config, const dn_labels *truth, uint8_t *targets)
{
    const dn_grid *grid = &truth->grid;
    for (int64_t i = 0; i < grid->dim[0]; ++i) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t k = 0; k < grid->dim[2]; ++k) {
                int16_t class = config->class_of[truth->data[dn_grid_offset(grid, i, j, k)]];
                *targets++ = (uint8_t)(class == DN_CLASS_NONE ? DN_CLASS_IGNORE : class);
            }
        }
    }
}

static dn_status slice_sample(const dn_dataset *dataset, int64_t i, float *input, uint8_t *targets)
{
    dn_random random;
    int64_t slice;
    int64_t n = choose_slice(dataset, i);
    bool training = dataset->part == DN_DATASET_TRAINING;
    dn_random_seed_stream(&random, dataset->seed, (uint64_t)i);
    dn_status status = dn_slice_set_sample(dataset->slices, n, training ? &random : NULL, input, targets);
    if (status == DN_OK) {
        return DN_OK;
    }
    const char *name = dn_slice_set_name(dataset->slices, n, &slice);
    return dn_error_context(status, "sample %lld from slice %lld of %s", (long long)i, (long long)slice, name);
}

dn_status dn_dataset_sample(const dn_dataset *dataset, int64_t i, float *input, uint8_t *targets)
{
    return dn_dataset_sample_soft(dataset, i, input, targets, NULL);
}

dn_status dn_dataset_sample_soft(const dn_dataset *dataset, int64_t i, float *input, uint8_t *targets, float *soft)
{
    if (dataset->slices != NULL) {
        DN_TRY(slice_sample(dataset, i, input, targets));
        if (soft != NULL) {
            spread_targets(targets, dn_dataset_voxels(dataset), dataset->config->class_count, soft);
        }
        return DN_OK;
    }
    const dn_train_config *config = dataset->config;
    dn_status status = DN_OK;
    dn_volume *scan = NULL;
    dn_labels *truth = NULL;
    dn_random random;
    double centre[3];
    dn_grid target = {.dim = {config->patch[0], config->patch[1], config->patch[2]}};
    dn_random_seed_stream(&random, dataset->seed, (uint64_t)i);
    const dn_source *source = &dataset->set.items[choose_source(dataset, i, &random)];
    choose_centre(dataset, source, &random, centre);
    dn_synth_options synth = config->synth;
    synth.shape.cleft = source->cleft;
    for (int d = 0; d < 3; ++d) {
        target.affine.m[d][d] = config->spacing[d];
        target.affine.m[d][3] = -0.5 * config->spacing[d] * (double)(config->patch[d] - 1);
    }
    if (source->scan != NULL) {
        DN_TRY_GOTO(status, real_patch(dataset, source, &target, centre, &synth, &random, &scan, &truth, soft), done);
    } else {
        DN_TRY_GOTO(status, dn_synth_sample(source->labels, dataset->tissues, &target, centre, &synth, &random, &scan, &truth), done);
    }
    if (source->scan == NULL || dataset->part == DN_DATASET_TRAINING) {
        stretch(config, &random, scan);
    }
    dn_bridge_to_tensor(scan, (const int64_t[3]){0, 0, 0}, target.dim, 0.0f, input);
    write_targets(config, truth, targets);
    if (soft != NULL && source->soft.values == NULL) {
        spread_targets(targets, dn_dataset_voxels(dataset), config->class_count, soft);
    }
done:
    dn_volume_destroy(scan);
    dn_labels_destroy(truth);
    return status == DN_OK ? DN_OK : dn_error_context(status, "sample %lld from %s", (long long)i, source->name);
}
