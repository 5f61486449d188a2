/* A run over a data set: which scans, what is known of each, what is left to do, and what to say at the end. */
#define _GNU_SOURCE
#include "cohort/run/run.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/threads.h"
#include "cohort/bids/dataset.h"
#include "cohort/dicom/convert.h"
#include "cohort/run/dicom_scans.h"
#include "cohort/run/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of what can be had, this much is used: the rest is for the file cache and for others. */
static const double budget_share = 0.9;

typedef struct run {
    const dn_run_options *options;
    dn_bids_layout layout;
    dn_run_item *items;
    size_t count;
    json_t *settings, *models;
    double *seconds; /* owned; of the scans that were measured before */
    size_t second_count;
    dn_worker worker; /* the first process: says which networks there are, and then works */
} run;

/* ---- what is there ------------------------------------------------------------------------------------------------ */

static bool in_shard(const dn_run_options *options, size_t i)
{
    return options->shards <= 1 || (int)(i % (size_t)options->shards) == options->shard - 1;
}

static dn_status list_items(run *it)
{
    const dn_run_options *options = it->options;
    DN_TRY(dn_bids_find_scans(options->dataset, &options->wanted, &it->layout));
    DN_TRY(dn_dicom_scans_set_series(&it->layout, options->series));
    DN_TRY(dn_alloc(&it->items, it->layout.count, sizeof *it->items, "the list of scans"));
    DN_TRY(dn_alloc(&it->seconds, it->layout.count, sizeof *it->seconds, "the times of scans"));
    for (size_t i = 0; i < it->layout.count; ++i) {
        if (in_shard(options, i)) {
            it->items[it->count++] = (dn_run_item){.scan = &it->layout.scan[i]};
        }
    }
    for (size_t i = 0; i < it->layout.remark_count; ++i) {
        dn_log(DN_LOG_NOTE, "%s", it->layout.remark[i]);
    }
    return DN_OK;
}

static dn_status say_plan(const run *it, const dn_run_item *item, const char *what, const char *reason)
{
    const dn_bids_scan *scan = item->scan;
    reason = reason != NULL ? reason : "";
    if (!it->options->dry) {
        return DN_OK;
    }
    /* Where else could one see whose label it is, if the folder's name must not be in the results? */
    return scan->dicom != NULL ? dn_line_say(it->options->results, "%s\t%s\t%s\t%s", scan->key, what, reason, scan->path)
                               : dn_line_say(it->options->results, "%s\t%s\t%s", scan->key, what, reason);
}

static void sort_out(const run *it, const dn_scan_status *then, dn_run_item *item)
{
    const bool again = it->options->again || (it->options->retry && then->state == DN_SCAN_FAILED);
    if (then->state == DN_SCAN_DONE && !again) {
        item->state = then->accepted ? DN_ITEM_ACCEPTED : DN_ITEM_REJECTED;
        item->measured_before = true;
    } else if (then->state == DN_SCAN_FAILED && !again) {
        item->state = DN_ITEM_FAILED;
        item->status = then->status;
        item->measured_before = true;
    }
}

/* One scan: is it to be measured, and why. */
static dn_status plan_item(run *it, dn_run_item *item)
{
    dn_scan_status then;
    DN_TRY(dn_dicom_scan_settings(item->scan, it->settings, &item->settings));
    item->identity = (dn_run_identity){.version = DIEN_VERSION, .models = it->models, .settings = item->settings};
    if (item->scan->unusable != NULL) { /* no record: it is seen at once whether it is still so */
        item->state = DN_ITEM_FAILED;
        item->status = DN_EINPUT;
        if (!it->options->dry) {
            dn_log(DN_LOG_WARNING, "%s", item->scan->unusable);
        }
        return say_plan(it, item, "failed", item->scan->unusable);
    }
    DN_TRY(dn_scan_status_look(it->options->output, item->scan, &item->identity, &then));
    item->seen = then.written;
    sort_out(it, &then, item);
    dn_status status = DN_OK;
    if (then.seconds > 0.0) {
        it->seconds[it->second_count++] = then.seconds;
    }
    if (item->state != DN_ITEM_WAITS && item->state != DN_ITEM_FAILED) {
        status = say_plan(it, item, "done", item->state == DN_ITEM_REJECTED ? "rejected by quality control" : NULL);
    } else if (item->state == DN_ITEM_FAILED) {
        if (!it->options->dry) {
            dn_log(DN_LOG_WARNING, "as in an earlier run: %s", then.reason);
        }
        status = say_plan(it, item, "failed", then.reason);
    } else {
        const char *reason = then.state == DN_SCAN_NEW ? "not measured yet" : then.state == DN_SCAN_DONE ? "asked for" : then.reason;
        if (then.state == DN_SCAN_STALE && !it->options->dry) {
            dn_log(DN_LOG_NOTE, "%s: measured again: %s", item->scan->key, reason);
        }
        item->need = dn_scan_memory(item->scan->path, it->options->settings.precision);
        status = say_plan(it, item, "measure", reason);
    }
    dn_scan_status_release(&then);
    return status;
}

static dn_status plan(run *it)
{
    bool dicom = false;
    for (size_t i = 0; i < it->count; ++i) {
        DN_TRY(dn_cancel_check());
        DN_TRY(plan_item(it, &it->items[i]));
        dicom = dicom || (it->items[i].scan->dicom != NULL && it->items[i].state == DN_ITEM_WAITS);
    }
    /* One sentence, and no scan that counts as one that cannot be measured. */
    return dicom && !it->options->dry ? dn_convert_available() : DN_OK;
}

/* ---- how many at a time ------------------------------------------------------------------------------------------- */

static void set_pool(const run *it, dn_pool_options *pool)
{
    const dn_run_options *options = it->options;
    int64_t largest = 1;
    int waiting = 0;
    for (size_t i = 0; i < it->count; ++i) {
        if (it->items[i].state == DN_ITEM_WAITS) {
            largest = it->items[i].need > largest ? it->items[i].need : largest;
            ++waiting;
        }
    }
    *pool = (dn_pool_options){.output = options->output,
                              .program = options->program,
                              .settings = it->settings,
                              .threads = options->threads > 0 ? options->threads : 1,
                              .budget = options->budget_gb > 0.0 ? (int64_t)(options->budget_gb * 1e9)
                                                                 : (int64_t)(budget_share * (double)dn_memory_available())};
    int jobs = options->jobs;
    if (jobs == 0) {
        const int64_t fit = pool->budget / largest;
        jobs = dn_threads_available() / pool->threads;
        jobs = (int64_t)jobs > fit ? (int)fit : jobs;
    }
    jobs = jobs > waiting ? waiting : jobs;
    pool->jobs = jobs > 1 ? jobs : 1;
}

static dn_status measure(run *it)
{
    dn_pool_options pool;
    char *folder = NULL;
    set_pool(it, &pool);
    DN_TRY(dn_path_join(it->options->output, DN_SCAN_STATUS_FOLDER, &folder));
    dn_status status = dn_path_make_folder(folder);
    dn_folder_sweep(folder, NULL, DN_SWEEP_AFTER_S);
    dn_folder_sweep(it->options->output, NULL, DN_SWEEP_AFTER_S);
    free(folder);
    DN_TRY(status);
    DN_TRY(dn_dicom_scans_write_sources(&it->layout, it->options->output));
    if (pool.jobs > 1) {
        dn_log(DN_LOG_NOTE, "%d scans at a time, %d thread%s each, at most %.1f GB of memory together", pool.jobs, pool.threads,
               pool.threads == 1 ? "" : "s", 1e-9 * (double)pool.budget);
    }
    return dn_pool_run(it->items, it->count, &pool, &it->worker);
}

/* ---- what to say -------------------------------------------------------------------------------------------------- */

typedef struct tally {
    size_t accepted, rejected, failed, recorded, elsewhere, before;
    dn_status last; /* of those that failed */
} tally;

static tally count_up(const run *it)
{
    tally sum = {.last = DN_OK};
    for (size_t i = 0; i < it->count; ++i) {
        const dn_run_item *item = &it->items[i];
        sum.accepted += item->state == DN_ITEM_ACCEPTED;
        sum.rejected += item->state == DN_ITEM_REJECTED;
        sum.elsewhere += item->state == DN_ITEM_ELSEWHERE;
        sum.before += item->measured_before && item->state != DN_ITEM_FAILED;
        if (item->state == DN_ITEM_FAILED) {
            sum.failed += 1;
            sum.recorded += item->scan->unusable == NULL;
            sum.last = item->status;
        }
    }
    return sum;
}

static dn_status conclude(const run *it)
{
    const tally sum = count_up(it);
    /* Scans that are unusable by their names have no record. */
    const char *and_in = sum.recorded > 0 ? ", and in " : "", *where = sum.recorded > 0 ? it->options->output : "",
               *folder = sum.recorded > 0 ? "/" DN_SCAN_STATUS_FOLDER : "";
    const size_t measured = sum.accepted + sum.rejected;
    const char *output = it->options->output;
    dn_log(DN_LOG_NOTE, "%zu of %zu scans measured%s; results: %s", measured, it->count,
           sum.before == 0          ? ""
           : sum.before == measured ? ", all of them in earlier runs"
                                    : ", some of them in earlier runs",
           output);
    if (sum.before > 0 && sum.before < measured) {
        dn_log(DN_LOG_DEBUG, "%zu were measured in earlier runs", sum.before);
    }
    if (sum.failed == it->count && it->count > 0) {
        DN_FAIL(sum.last, "none of the %zu scans could be measured; the reasons are above%s%s%s", it->count, and_in, where, folder);
    }
    if (sum.failed > 0) {
        DN_FAIL(DN_EPARTIAL, "%zu of %zu scans could not be measured; the reasons are above%s%s%s", sum.failed, it->count, and_in, where,
                folder);
    }
    if (sum.elsewhere > 0) {
        DN_FAIL(DN_EPARTIAL, "another run in %s is measuring %zu of the %zu scans; this one left that to it", output, sum.elsewhere,
                it->count);
    }
    if (sum.rejected > 0) {
        DN_FAIL(DN_EQUALITY, "done, but %zu of %zu scans failed quality control; the reasons are in their reports", sum.rejected,
                it->count);
    }
    return DN_OK;
}

/* ---- the run ------------------------------------------------------------------------------------------------------ */

/* A dry run makes no folder; one that is there is looked at all the same. */
static dn_status open_output(const run *it)
{
    const dn_run_options *options = it->options;
    if (it->layout.dicom < it->layout.count) {
        DN_TRY(dn_bids_remind(options->dataset));
    }
    if (options->dry) {
        return dn_derivative_may_open(options->dataset, options->output, DIEN_VERSION, options->mix);
    }
    return dn_derivative_open(options->dataset, options->output, DIEN_VERSION, options->mix);
}

static dn_status begin(run *it)
{
    const dn_run_options *options = it->options;
    DN_TRY(list_items(it));
    DN_TRY(dn_run_settings_write(&options->settings, &it->settings));
    DN_TRY(open_output(it));
    DN_TRY(dn_worker_start(&it->worker, options->program, it->settings, options->threads > 0 ? options->threads : 1, &it->models));
    return plan(it);
}

static void end(run *it)
{
    dn_worker_stop(&it->worker, true);
    json_decref(it->settings);
    json_decref(it->models);
    for (size_t i = 0; it->items != NULL && i < it->count; ++i) {
        json_decref(it->items[i].settings);
    }
    free(it->items);
    free(it->seconds);
    dn_bids_layout_release(&it->layout);
}

dn_status dn_run_participants(const dn_run_options *options)
{
    run it = {.options = options};
    dn_status status = begin(&it);
    if (status == DN_OK && !options->dry) {
        status = measure(&it);
        status = status == DN_OK ? conclude(&it) : status;
    }
    end(&it);
    return status;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

dn_status dn_run_look(const dn_run_options *options, dn_run_survey *out)
{
    run it = {.options = options};
    *out = (dn_run_survey){.scans = 0};
    dn_status status = begin(&it);
    if (status == DN_OK) {
        out->scans = it.count;
        for (size_t i = 0; i < it.count; ++i) {
            const bool waits = it.items[i].state == DN_ITEM_WAITS;
            out->waiting += waits;
            out->memory = waits && it.items[i].need > out->memory ? it.items[i].need : out->memory;
        }
        out->measured = it.second_count;
        if (it.second_count > 0) {
            qsort(it.seconds, it.second_count, sizeof *it.seconds, by_size);
            out->seconds = it.seconds[it.second_count / 2];
            out->seconds_most = it.seconds[it.second_count - 1];
        }
    }
    end(&it);
    return status;
}
