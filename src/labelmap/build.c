/* The steps of a label map in their order, each with its files, its settings and the steps that it reads. */
#include "labelmap/build.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/job.h"
#include "base/lock.h"
#include "base/memory.h"
#include "labelmap/correct.h"
#include "labelmap/merge.h"
#include "labelmap/mirror.h"
#include "labelmap/numbers.h"
#include "labelmap/on_grid.h"
#include "labelmap/place.h"
#include "labelmap/steps.h"
#include "models/sha256.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef DIEN_VERSION
#define DIEN_VERSION "unknown"
#endif

enum { STEPS = 7, MOST_OUTPUTS = 3 * DN_CLASS_MOST, KEY = 65 };

typedef struct building {
    const char *scan;
    const dn_build_options *options;
    char *stem;      /* owned */
    dn_steps *steps; /* owned */
    char key[STEPS][KEY];
    char *output[MOST_OUTPUTS]; /* of the present step; owned */
    size_t outputs;
    double began, weight_run; /* when this run began, and the weights of the steps that it has finished */
} building;

typedef struct step {
    const char *name, *words;
    double weight; /* share of the time, measured on a hemisphere of 0.1 mm (docs/evidence/labelmaps.md) */
    int after[2];  /* the steps whose results it reads; -1: none */
    dn_status (*settings)(building *it, char **out);
    dn_status (*run)(building *it);
} step;

/* ---- files ------------------------------------------------------------------------------------------------------------ */

/* FOLDER/STEM_what, owned by the caller. */
static dn_status name(const building *it, const char *what, char **out)
{
    return dn_asprintf(out, "%s/%s_%s", it->options->folder, it->stem, what);
}

static dn_status name_k(const building *it, int k, const char *what, char **out)
{
    return dn_asprintf(out, "%s/%s_k-%d_%s", it->options->folder, it->stem, k, what);
}

/* Notes an output of the present step; path: consumed. */
static dn_status add_output(building *it, char *path)
{
    if (it->outputs == MOST_OUTPUTS) {
        free(path);
        DN_FAIL(DN_EINTERNAL, "a step writes more than %d files", (int)MOST_OUTPUTS);
    }
    it->output[it->outputs++] = path;
    return DN_OK;
}

static void drop_outputs(building *it)
{
    for (size_t n = 0; n < it->outputs; ++n) {
        free(it->output[n]);
    }
    it->outputs = 0;
}

static dn_status new_output(building *it, const char *what)
{
    char *path = NULL;
    DN_TRY(name(it, what, &path));
    return add_output(it, path);
}

static dn_status new_output_k(building *it, int k, const char *what)
{
    char *path = NULL;
    DN_TRY(name_k(it, k, what, &path));
    return add_output(it, path);
}

/* ---- the steps -------------------------------------------------------------------------------------------------------- */

/* What the table of tissues says; its path may name another one tomorrow. The one of dien is part of the version. */
static dn_status tissues_key(const building *it, char key[KEY])
{
    if (it->options->orient.tissues == NULL) {
        snprintf(key, KEY, "dien");
        return DN_OK;
    }
    return dn_sha256_file(it->options->orient.tissues, key);
}

static dn_status orient_settings(building *it, char **out)
{
    const dn_orient_options *o = &it->options->orient;
    char scan[KEY], manual[KEY] = "none", tissues[KEY];
    DN_TRY(tissues_key(it, tissues));
    DN_TRY(dn_sha256_file(it->scan, scan));
    if (it->options->manual != NULL) {
        DN_TRY(dn_sha256_file(it->options->manual, manual));
    }
    return dn_asprintf(out, "scan %s manual %s right %d axes %s spacing %.17g tissues %s", scan, manual, o->right,
                       o->written != NULL ? o->written : "header", o->spacing, tissues);
}

/* Drawn labels have to lie on the scan itself; seen in the headers, before anything is read. */
static dn_status check_manual(const building *it)
{
    dn_grid scan, manual;
    DN_TRY(dn_scan_read_grid(it->scan, NULL, &scan, NULL));
    DN_TRY(dn_scan_read_grid(it->options->manual, NULL, &manual, NULL));
    return dn_on_grid_check(it->options->manual, &manual, it->scan, &scan);
}

static dn_status run_orient(building *it)
{
    dn_labels *manual = NULL;
    if (it->options->manual != NULL) {
        DN_TRY(check_manual(it));
        DN_TRY(new_output(it, "manual.nii.gz"));
        DN_TRY(dn_labelmap_orient(it->options->manual, true, &it->options->orient, it->output[0]));
        DN_TRY(dn_labels_read(it->output[0], NULL, &manual, NULL));
        dn_status status = dn_merge_check(manual, it->options->manual);
        dn_labels_destroy(manual);
        DN_TRY(status);
    }
    DN_TRY(new_output(it, "scan.nii.gz"));
    return dn_labelmap_orient(it->scan, false, &it->options->orient, it->output[it->outputs - 1]);
}

static dn_status background_settings(building *it, char **out)
{
    const dn_background_options *o = &it->options->background;
    return dn_asprintf(out, "classes %d outside %d any-size %d seed %llu", o->classes, o->outside, o->any_size,
                       (unsigned long long)o->seed);
}

static dn_status run_background(building *it)
{
    char *scan = NULL;
    dn_background found;
    DN_TRY(name(it, "scan.nii.gz", &scan));
    dn_status status = new_output(it, "brain.nii.gz");
    if (status == DN_OK) {
        status = dn_labelmap_background(scan, &it->options->background, it->output[0], &found);
    }
    if (status == DN_OK) {
        dn_log(DN_LOG_NOTE, "brain: %.0f mL, mean intensity %.4g (outside: %.4g; %d classes of intensity are outside)", found.volume_ml,
               found.mean[1], found.mean[0], found.outside);
    }
    free(scan);
    return status;
}

static dn_status bias_settings(building *it, char **out)
{
    return dn_asprintf(out, "wave %.17g seed %llu", it->options->wave_mm, (unsigned long long)it->options->background.seed);
}

static dn_status run_bias(building *it)
{
    const dn_bias_options how = {.wave_mm = it->options->wave_mm, .seed = it->options->background.seed};
    char *scan = NULL, *brain = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, name(it, "scan.nii.gz", &scan), done);
    DN_TRY_GOTO(status, name(it, "brain.nii.gz", &brain), done);
    DN_TRY_GOTO(status, new_output(it, "corrected.nii.gz"), done);
    DN_TRY_GOTO(status, new_output(it, "bias.nii.gz"), done);
    status = dn_labelmap_bias(scan, brain, &how, it->output[0], it->output[1]);
done:
    free(scan);
    free(brain);
    return status;
}

static dn_status classes_settings(building *it, char **out)
{
    const dn_classes_options *o = &it->options->classes;
    return dn_asprintf(out, "k %d to %d seed %llu", o->low, o->high, (unsigned long long)o->seed);
}

static dn_status run_classes(building *it)
{
    const dn_classes_options *o = &it->options->classes;
    char *scan = NULL, *brain = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, name(it, "corrected.nii.gz", &scan), done);
    DN_TRY_GOTO(status, name(it, "brain.nii.gz", &brain), done);
    for (int k = o->low; k <= o->high; ++k) {
        DN_TRY_GOTO(status, new_output_k(it, k, "classes.nii.gz"), done);
    }
    status = dn_labelmap_classes(scan, brain, o, (const char *const *)it->output);
done:
    free(scan);
    free(brain);
    return status;
}

static dn_status merge_settings(building *it, char **out)
{
    return dn_asprintf(out, "manual %d radius %.17g", it->options->manual != NULL, it->options->radius);
}

static dn_status run_merge(building *it)
{
    const dn_classes_options *o = &it->options->classes;
    const dn_merge_options how = {.radius = it->options->radius};
    char *manual = NULL;
    dn_status status = DN_OK;
    if (it->options->manual == NULL) {
        return DN_OK; /* the classes are mirrored as they are */
    }
    DN_TRY(name(it, "manual.nii.gz", &manual));
    for (int k = o->low; k <= o->high && status == DN_OK; ++k) {
        char *classes = NULL;
        status = name_k(it, k, "classes.nii.gz", &classes);
        if (status == DN_OK) {
            status = new_output_k(it, k, "half.nii.gz");
        }
        if (status == DN_OK) {
            status = dn_labelmap_merge(classes, manual, &how, it->output[it->outputs - 1]);
        }
        free(classes);
        dn_progress("merging", k - o->low + 1, o->high - o->low + 1);
    }
    free(manual);
    return status;
}

static dn_status place_settings(building *it, char **out)
{
    char tissues[KEY];
    DN_TRY(tissues_key(it, tissues));
    return dn_asprintf(out, "alpha %.17g any-size %d tissues %s", it->options->alpha, it->options->background.any_size, tissues);
}

static dn_status run_place(building *it)
{
    const dn_place_options how = {.alpha = it->options->alpha,
                                  .tissues = it->options->orient.tissues,
                                  .any_size = it->options->background.any_size};
    char *brain = NULL;
    dn_mirror_plane found;
    DN_TRY(name(it, "brain.nii.gz", &brain));
    dn_status status = new_output(it, "placed.nii.gz");
    if (status == DN_OK) {
        status = new_output(it, "placed.json");
    }
    if (status == DN_OK) {
        status = dn_labelmap_place(brain, &how, it->output[0], &found);
    }
    if (status == DN_OK) {
        dn_log(DN_LOG_NOTE, "placed: turned by %.2f and %.2f degrees (about y and z), moved by %.2f mm; %.2f %% lie beyond the mirror",
               found.turn[0], found.turn[1], found.shift, 100.0 * found.beyond);
    }
    free(brain);
    return status;
}

static dn_status mirror_settings(building *it, char **out)
{
    char tissues[KEY];
    DN_TRY(tissues_key(it, tissues));
    return dn_asprintf(out, "spacing %.17g tissues %s", it->options->orient.spacing, tissues);
}

/* Means and SDs of the classes, from the corrected scan. */
static dn_status class_facts(const dn_volume *scan, const char *classes, dn_class_facts *facts)
{
    dn_labels *map = NULL;
    double sum[DN_CLASS_MOST] = {0.0}, squares[DN_CLASS_MOST] = {0.0};
    DN_TRY(dn_on_grid_read(classes, &scan->grid, "the corrected scan", &map));
    for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
        const int c = map->data[v] - DN_CLASS_LEFT - 1;
        if (c >= 0 && c < DN_CLASS_MOST) {
            sum[c] += (double)scan->data[v];
            squares[c] += (double)scan->data[v] * (double)scan->data[v];
            ++facts[c].voxels;
        }
    }
    for (int c = 0; c < DN_CLASS_MOST; ++c) {
        const double n = fmax((double)facts[c].voxels, 1.0);
        facts[c].mean = sum[c] / n;
        facts[c].sd = sqrt(fmax(squares[c] / n - facts[c].mean * facts[c].mean, 0.0));
    }
    dn_labels_destroy(map);
    return DN_OK;
}

static dn_status mirror_one(building *it, const dn_volume *scan, const char *placed, int k)
{
    const dn_mirror_map_options how = {.spacing = it->options->orient.spacing, .tissues = it->options->orient.tissues, .placed = placed};
    dn_class_facts facts[DN_CLASS_MOST] = {{0}};
    char *half = NULL, *classes = NULL;
    dn_labels *map = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, name_k(it, k, "classes.nii.gz", &classes), done);
    DN_TRY_GOTO(status, name_k(it, k, it->options->manual != NULL ? "half.nii.gz" : "classes.nii.gz", &half), done);
    DN_TRY_GOTO(status, new_output_k(it, k, "dseg.nii.gz"), done);
    DN_TRY_GOTO(status, dn_labelmap_mirror(half, &how, it->output[it->outputs - 1]), done);
    DN_TRY_GOTO(status, dn_labels_read(it->output[it->outputs - 1], NULL, &map, NULL), done);
    DN_TRY_GOTO(status, class_facts(scan, classes, facts), done);
    DN_TRY_GOTO(status, new_output_k(it, k, "tissues.tsv"), done);
    status = dn_numbers_write_tissues(it->options->orient.tissues, map, facts, k, it->output[it->outputs - 1]);
done:
    dn_labels_destroy(map);
    free(half);
    free(classes);
    return status;
}

static dn_status run_mirror(building *it)
{
    const dn_classes_options *o = &it->options->classes;
    char *placed = NULL, *path = NULL;
    dn_volume *scan = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, name(it, "placed.json", &placed), done);
    DN_TRY_GOTO(status, name(it, "corrected.nii.gz", &path), done);
    DN_TRY_GOTO(status, dn_scan_read(path, NULL, &scan, NULL), done);
    for (int k = o->low; k <= o->high; ++k) {
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        DN_TRY_GOTO(status, mirror_one(it, scan, placed, k), done);
        dn_progress("mirroring", k - o->low + 1, o->high - o->low + 1);
    }
done:
    dn_volume_destroy(scan);
    free(placed);
    free(path);
    return status;
}

static const step steps[STEPS] = {
    {"orient", "orientation and resampling", 16, {-1, -1}, orient_settings, run_orient},
    {"background", "background", 16, {0, -1}, background_settings, run_background},
    {"bias", "bias field", 12, {1, -1}, bias_settings, run_bias},
    {"classes", "classes of the tissue", 10, {2, -1}, classes_settings, run_classes},
    {"merge", "merging", 6, {0, 3}, merge_settings, run_merge},
    {"place", "placement", 4, {1, -1}, place_settings, run_place},
    {"mirror", "mirroring", 11, {4, 5}, mirror_settings, run_mirror},
};

/* ---- the run ---------------------------------------------------------------------------------------------------------- */

/* The key of step n, from its settings and those of the steps it reads. */
static dn_status make_key(building *it, int n)
{
    char *settings = NULL, *text = NULL;
    DN_TRY(steps[n].settings(it, &settings));
    dn_status status =
        dn_asprintf(&text, "%s %s %s %s %s", DIEN_VERSION, steps[n].name, settings,
                    steps[n].after[0] >= 0 ? it->key[steps[n].after[0]] : "", steps[n].after[1] >= 0 ? it->key[steps[n].after[1]] : "");
    if (status == DN_OK) {
        dn_sha256((const unsigned char *)text, strlen(text), it->key[n]);
    }
    free(settings);
    free(text);
    return status;
}

/* Says which step begins, and how long the rest will take as far as this run can tell. */
static void announce(const building *it, int n, double weight_left)
{
    const double spent = dn_clock_now() - it->began;
    if (it->weight_run > 0.0) {
        const double seconds = spent / it->weight_run * weight_left;
        dn_log(DN_LOG_NOTE, seconds < 90.0 ? "step %d of %d: %s (about %.0f s left)" : "step %d of %d: %s (about %.0f min left)", n + 1,
               (int)STEPS, steps[n].words, seconds < 90.0 ? seconds : seconds / 60.0);
    } else {
        dn_log(DN_LOG_NOTE, "step %d of %d: %s", n + 1, (int)STEPS, steps[n].words);
    }
}

static dn_status run_step(building *it, int n)
{
    const double began = dn_clock_now();
    double left = 0.0;
    for (int rest = n; rest < STEPS; ++rest) {
        left += steps[rest].weight;
    }
    DN_TRY(dn_cancel_check());
    DN_TRY(make_key(it, n));
    if (dn_steps_done(it->steps, steps[n].name, it->key[n])) {
        dn_log(DN_LOG_NOTE, "step %d of %d: %s: done before", n + 1, (int)STEPS, steps[n].words);
        return DN_OK;
    }
    announce(it, n, left);
    DN_TRY(dn_steps_begin(it->steps, steps[n].name));
    dn_status status = steps[n].run(it);
    if (status == DN_OK) {
        it->weight_run += steps[n].weight;
        status = dn_steps_finish(it->steps, steps[n].name, it->key[n], dn_clock_now() - began, it->output, it->outputs);
    }
    drop_outputs(it);
    return status;
}

dn_status dn_labelmap_build(const char *scan, const dn_build_options *options)
{
    building it = {.scan = scan, .options = options, .began = dn_clock_now()};
    dn_folder_lock lock = {0};
    char *path = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_classes_check(options->classes.low, options->classes.high));
    if (options->manual != NULL) {
        DN_TRY(check_manual(&it));
    }
    DN_TRY(dn_path_make_folder(options->folder));
    DN_TRY_GOTO(status, dn_folder_lock_take(&lock, options->folder, "a label map"), done);
    DN_TRY_GOTO(status, dn_path_scan_stem(scan, &it.stem), done);
    DN_TRY_GOTO(status, name(&it, "steps.json", &path), done);
    DN_TRY_GOTO(status, dn_steps_open(path, &it.steps), done);
    for (int n = 0; n < STEPS; ++n) {
        DN_TRY_GOTO(status, run_step(&it, n), done);
    }
done:
    dn_folder_lock_release(&lock);
    dn_steps_close(it.steps);
    free(it.stem);
    free(path);
    return status;
}
