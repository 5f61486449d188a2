/* The loop over worker processes: who gets which scan when, under a budget of memory. */
#define _GNU_SOURCE
#include "cohort/run/pool.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "image/io.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A pause in which a Ctrl-C may wait. */
enum { POLL_MS = 200 };

int64_t dn_scan_memory(const char *path, dn_precision precision)
{
    /* Above what a worker that measures everything was seen to take, 653, 712 and 929 MB for one head in 8, 23 and 63 million voxels
     * (2026-11-30, f32): the networks, the scan as it came, and the scan in voxels of 1 mm. */
    const double networks = precision == DN_PRECISION_BF16 ? 520e6 : 600e6, per_voxel = 6.0, per_mm3 = 5.0;
    /* Which series will be measured is not known before: 0.7 mm in 256 x 256 x 256 mm is more than most have. */
    const double dicom_voxels = 49e6, dicom_mm3 = 17e6;
    dn_grid grid;
    dn_scan_info info;
    double voxels = 0.0, mm3 = 0.0;
    if (dn_dicom_is_input(path)) {
        voxels = dicom_voxels;
        mm3 = dicom_mm3;
    } else if (dn_scan_read_grid(path, NULL, &grid, &info) == DN_OK) {
        double spacing[3];
        dn_grid_spacing(&grid, spacing);
        voxels = (double)grid.dim[0] * (double)grid.dim[1] * (double)grid.dim[2];
        mm3 = voxels * spacing[0] * spacing[1] * spacing[2];
    }
    dn_error_clear();
    return (int64_t)(networks + per_voxel * voxels + per_mm3 * mm3);
}

typedef struct slot {
    dn_worker worker;
    dn_run_item *item; /* NULL: idle */
} slot;

typedef struct pool {
    const dn_pool_options *options;
    dn_run_item *items;
    size_t count, finished, total;
    slot *slots;
    int slot_count; /* how many may be used: options->jobs, or fewer where no more processes can be had */
    double began;
} pool;

/* ---- files of one scan -------------------------------------------------------------------------------------------- */

static dn_status folder_of(const pool *it, const dn_bids_scan *scan, char **out)
{
    return dn_path_join(it->options->output, scan->folder, out);
}

/* Of a result's name, what follows the stem: one of those that there are. */
static bool is_result(const char *rest, bool whole)
{
    for (size_t i = 0; dn_output_suffix(i) != NULL; ++i) {
        const char *suffix = dn_output_suffix(i);
        if (whole ? strcmp(rest, suffix) == 0 : strncmp(rest, suffix, strlen(suffix)) == 0) {
            return true;
        }
    }
    return false;
}

/* Removes what a run that was killed left half-written, and if `results` also what an earlier one wrote: it is of another scan, or partly
 * overwritten, and the scan that is there now cannot be measured. */
static void clean_folder(const char *folder, const char *stem, bool results)
{
    DIR *open = opendir(folder);
    const struct dirent *entry;
    const size_t length = strlen(stem);
    while (open != NULL && (entry = readdir(open)) != NULL) {
        const char *name = entry->d_name;
        const bool hidden = name[0] == '.';
        const bool temporary = hidden && strncmp(name + 1, stem, length) == 0 && is_result(name + 1 + length, false);
        const bool result = results && !hidden && strncmp(name, stem, length) == 0 && is_result(name + length, true);
        if (temporary || result) {
            unlinkat(dirfd(open), name, 0);
        }
    }
    if (open != NULL) {
        closedir(open);
    }
}

/* The folders of a scan that could not be measured, where nothing is in them. */
static void remove_empty(const char *output, const char *folder)
{
    char *path = NULL;
    if (dn_path_join(output, folder, &path) != DN_OK) {
        dn_error_clear();
        return;
    }
    const size_t shortest = strlen(output) + 1;
    while (strlen(path) > shortest && rmdir(path) == 0) {
        char *slash = strrchr(path, '/');
        *slash = '\0';
    }
    free(path);
}

/* ---- what became of it -------------------------------------------------------------------------------------------- */

static void show_progress(const pool *it)
{
    char text[128] = "", when[32] = "";
    int64_t steps = (int64_t)it->finished * DN_STAGE_COUNT;
    const double elapsed = dn_clock_now() - it->began;
    for (int i = 0; i < it->slot_count; ++i) {
        steps += it->slots[i].item != NULL ? it->slots[i].worker.stage : 0;
    }
    if (it->finished > 0 && it->finished < it->total) {
        const double left = elapsed / (double)it->finished * (double)(it->total - it->finished);
        const time_t end = time(NULL) + (time_t)left;
        struct tm local;
        if (localtime_r(&end, &local) != NULL) {
            strftime(when, sizeof when, left < 20.0 * 3600.0 ? "%H:%M" : "%a %d %b %H:%M", &local);
        }
        if (left < 90.0) {
            snprintf(text, sizeof text, "%zu of %zu, %.0f s left", it->finished, it->total, left);
        } else {
            snprintf(text, sizeof text, "%zu of %zu, until about %s", it->finished, it->total, when);
        }
    } else {
        snprintf(text, sizeof text, "%zu of %zu", it->finished, it->total);
    }
    const int64_t all = (int64_t)it->total * DN_STAGE_COUNT;
    dn_progress_detail("scans", text, it->finished < it->total && steps >= all ? all - 1 : steps, all);
}

static void say_failure(const dn_run_item *item, const dn_worker_answer *answer)
{
    const char *text = answer->text != NULL ? answer->text : dn_status_text(answer->status);
    if (strstr(text, item->scan->dicom != NULL ? item->scan->inside : dn_path_name(item->scan->path)) != NULL) {
        dn_error_set(answer->status, "%s", text);
    } else {
        dn_error_set(answer->status, "%s: %s", item->scan->inside, text);
    }
    dn_error_offer_of(answer->status, answer->remedy, answer->about);
    dn_log(DN_LOG_WARNING, "%s", dn_error_message());
}

/* It no longer runs. *kept: results of an earlier run count again, as this try says nothing about the scan and has not touched them. */
static dn_status put_back(const pool *it, dn_run_item *item, bool *kept)
{
    const dn_status status = dn_scan_status_restore(it->options->output, item->scan, item->earlier, kept);
    free(item->earlier);
    item->earlier = NULL;
    return status;
}

static void done_with(pool *it, dn_run_item *item)
{
    free(item->earlier);
    item->earlier = NULL;
    dn_folder_lock_release(&item->lock);
    ++it->finished;
}

static dn_status record_failure(pool *it, dn_run_item *item, const dn_worker_answer *answer)
{
    char *folder = NULL;
    bool kept = false;
    item->state = DN_ITEM_FAILED;
    item->status = answer->status;
    say_failure(item, answer);
    if (dn_scan_status_may_pass(answer->status)) {
        DN_TRY(put_back(it, item, &kept));
    }
    if (kept) {
        dn_log(DN_LOG_NOTE, "%s: the results of an earlier run stay", item->scan->inside);
        return DN_OK;
    }
    DN_TRY(folder_of(it, item->scan, &folder));
    clean_folder(folder, item->scan->stem, true);
    free(folder);
    remove_empty(it->options->output, item->scan->folder);
    return dn_scan_status_write(it->options->output, item->scan, &item->identity, &item->input, answer);
}

static dn_status settle(pool *it, dn_run_item *item, const dn_worker_answer *answer)
{
    dn_status status;
    if (answer->status == DN_OK) {
        item->state = answer->rejected ? DN_ITEM_REJECTED : DN_ITEM_ACCEPTED;
        status = dn_scan_status_write(it->options->output, item->scan, &item->identity, &item->input, answer);
    } else {
        status = record_failure(it, item, answer);
    }
    done_with(it, item);
    return status;
}

/* Nothing of it was touched. */
static dn_status fail_for_memory(pool *it, dn_run_item *item)
{
    dn_worker_answer answer = {.status = DN_ENOMEM, .score = NAN};
    DN_TRY(dn_asprintf(&answer.text, "measuring it takes about %.1f GB of memory, more than the %.1f GB that this run may use",
                       1e-9 * (double)item->need, 1e-9 * (double)it->options->budget));
    dn_status status = DN_OK;
    if (item->seen != 0) { /* what an earlier run found, or why it failed, still stands */
        item->state = DN_ITEM_FAILED;
        item->status = answer.status;
        say_failure(item, &answer);
        done_with(it, item);
    } else {
        status = settle(it, item, &answer);
    }
    dn_worker_answer_release(&answer);
    return status;
}

/* The lock is ours: has another run finished it since this one made its plan? */
static dn_status look_again(pool *it, dn_run_item *item, bool *finished)
{
    dn_scan_status now;
    bool there;
    DN_TRY(dn_scan_input_look(item->scan->path, &item->input, &there));
    DN_TRY(dn_scan_status_look(it->options->output, item->scan, &item->identity, &now));
    *finished = now.written != item->seen && (now.state == DN_SCAN_DONE || now.state == DN_SCAN_FAILED);
    item->seen = now.written;
    if (*finished) {
        item->state = now.state == DN_SCAN_FAILED ? DN_ITEM_FAILED : now.accepted ? DN_ITEM_ACCEPTED : DN_ITEM_REJECTED;
        item->status = now.status;
        item->measured_before = true;
        if (now.state == DN_SCAN_FAILED) {
            dn_log(DN_LOG_WARNING, "as in another run: %s", now.reason);
        }
        done_with(it, item);
    }
    dn_scan_status_release(&now);
    return DN_OK;
}

static int running(const pool *it)
{
    int n = 0;
    for (int i = 0; i < it->slot_count; ++i) {
        n += it->slots[i].item != NULL;
    }
    return n;
}

static dn_status finish(pool *it, slot *at, dn_worker_answer *answer)
{
    dn_run_item *item = at->item;
    at->item = NULL;
    const bool again = answer->killed && running(it) > 0 && !item->alone;
    if (answer->status == DN_ECANCELLED || again) {
        bool kept;
        const dn_status status = put_back(it, item, &kept);
        item->state = DN_ITEM_WAITS;
        dn_folder_lock_release(&item->lock);
        DN_TRY(status);
    }
    if (answer->status == DN_ECANCELLED) {
        return dn_cancel_check();
    }
    if (again) {
        dn_log(DN_LOG_WARNING, "%s: %s; it is tried again later, with no other scan beside it", item->scan->inside, answer->text);
        item->alone = true;
        return DN_OK;
    }
    return settle(it, item, answer);
}

/* ---- handing out -------------------------------------------------------------------------------------------------- */

static int64_t in_use(const pool *it)
{
    int64_t sum = 0;
    for (int i = 0; i < it->slot_count; ++i) {
        sum += it->slots[i].item != NULL ? it->slots[i].item->need : 0;
    }
    return sum;
}

/* The first that waits and fits beside those that run; NULL: none now. */
static dn_run_item *choose(const pool *it)
{
    const int now = running(it);
    const int64_t left = it->options->budget - in_use(it);
    for (int i = 0; i < it->slot_count; ++i) {
        if (it->slots[i].item != NULL && it->slots[i].item->alone) {
            return NULL;
        }
    }
    for (size_t i = 0; i < it->count; ++i) {
        dn_run_item *item = &it->items[i];
        if (item->state == DN_ITEM_WAITS && (now == 0 || (item->need <= left && !item->alone))) {
            return item;
        }
    }
    return NULL;
}

/* *mine: false: another run has it. */
static dn_status lock_item(const pool *it, dn_run_item *item, bool *mine)
{
    char *path = NULL;
    DN_TRY(dn_asprintf(&path, "%s/" DN_SCAN_STATUS_FOLDER "/.%s.lock", it->options->output, item->scan->key));
    dn_status status = dn_work_lock_take(&item->lock, path, mine);
    free(path);
    return status;
}

static dn_status give(pool *it, slot *at, dn_run_item *item)
{
    char *folder = NULL;
    const dn_pool_options *options = it->options;
    dn_status status = DN_OK;
    if (at->worker.process == 0) {
        DN_TRY(dn_worker_start(&at->worker, options->program, options->settings, options->threads, NULL));
    }
    DN_TRY(folder_of(it, item->scan, &folder));
    DN_TRY_GOTO(status, dn_path_make_folder(folder), done);
    clean_folder(folder, item->scan->stem, false);
    DN_TRY_GOTO(status, dn_scan_status_set_aside(options->output, item->scan, &item->earlier), done);
    const dn_bids_dicom *dicom = item->scan->dicom;
    const dn_dicom_options name = {.name = item->scan->stem, .series = dicom != NULL ? dicom->series : NULL};
    DN_TRY_GOTO(status, dn_worker_give(&at->worker, item->scan->path, folder, item->scan->inside, dicom != NULL ? &name : NULL), done);
    item->state = DN_ITEM_RUNS;
    at->item = item;
done:
    free(folder);
    return status;
}

/* No more processes can be had: those that run come first, and are all that is used from here on. */
static void keep_running(pool *it)
{
    int kept = 0;
    for (int i = 0; i < it->slot_count; ++i) {
        if (it->slots[i].item != NULL) {
            const slot moved = it->slots[i];
            it->slots[i] = it->slots[kept];
            it->slots[kept++] = moved;
        }
    }
    it->slot_count = kept;
}

/* Gives an idle process its next scan. *more: another one may be given now. */
static dn_status hand_out_one(pool *it, slot *at, bool *more)
{
    dn_run_item *item = choose(it);
    bool mine = false, finished = false;
    *more = item != NULL;
    if (item == NULL) {
        return DN_OK;
    }
    DN_TRY(lock_item(it, item, &mine));
    if (!mine) {
        item->state = DN_ITEM_ELSEWHERE;
        ++it->finished;
        return DN_OK;
    }
    dn_status status = look_again(it, item, &finished);
    if (status != DN_OK) {
        dn_folder_lock_release(&item->lock);
        return status;
    }
    if (finished) {
        return DN_OK;
    }
    if (item->need > it->options->budget) {
        return fail_for_memory(it, item);
    }
    status = give(it, at, item);
    if (status == DN_OK) {
        return DN_OK;
    }
    bool kept;
    const dn_status back = put_back(it, item, &kept);
    dn_folder_lock_release(&item->lock);
    if (back != DN_OK) {
        return back;
    }
    if (status == DN_ENOMEM && running(it) > 0) { /* the processes that could be started go on */
        keep_running(it);
        dn_log(DN_LOG_WARNING, "%s; going on with %d at a time", dn_error_message(), it->slot_count);
        *more = false;
        return DN_OK;
    }
    return status;
}

static dn_status hand_out(pool *it)
{
    for (int i = 0; i < it->slot_count; ++i) {
        bool more = true;
        while (more && it->slots[i].item == NULL) {
            const int limit = it->slot_count;
            DN_TRY(hand_out_one(it, &it->slots[i], &more));
            if (it->slot_count < limit) {
                return DN_OK;
            }
        }
    }
    return DN_OK;
}

/* ---- the loop ----------------------------------------------------------------------------------------------------- */

static dn_status listen_once(pool *it, struct pollfd *ends)
{
    int n = 0;
    for (int i = 0; i < it->slot_count; ++i) {
        if (it->slots[i].item != NULL) {
            ends[n++] = (struct pollfd){.fd = it->slots[i].worker.from, .events = POLLIN};
        }
    }
    if (n == 0 || poll(ends, (nfds_t)n, POLL_MS) <= 0) {
        return DN_OK;
    }
    for (int i = 0; i < it->slot_count; ++i) {
        slot *at = &it->slots[i];
        for (int k = 0; k < n && at->item != NULL; ++k) {
            if (ends[k].fd == at->worker.from && ends[k].revents != 0) {
                dn_worker_answer answer = {.status = DN_OK};
                bool done = false;
                dn_status status = dn_worker_listen(&at->worker, &done, &answer);
                if (status == DN_OK && done) {
                    status = finish(it, at, &answer);
                }
                dn_worker_answer_release(&answer);
                DN_TRY(status);
                break;
            }
        }
    }
    return DN_OK;
}

static dn_status loop(pool *it)
{
    struct pollfd *ends = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&ends, (size_t)it->slot_count, sizeof *ends, "the processes"));
    while (status == DN_OK && it->finished < it->total) {
        status = dn_cancel_check();
        if (status == DN_OK) {
            status = hand_out(it);
        }
        if (status == DN_OK) {
            status = listen_once(it, ends);
            show_progress(it);
        }
    }
    free(ends);
    return status;
}

dn_status dn_pool_run(dn_run_item *items, size_t count, const dn_pool_options *options, dn_worker *first)
{
    pool it = {.options = options, .items = items, .count = count, .slot_count = options->jobs, .began = dn_clock_now()};
    for (size_t i = 0; i < count; ++i) {
        it.total += items[i].state == DN_ITEM_WAITS;
    }
    dn_status status = dn_alloc(&it.slots, (size_t)options->jobs, sizeof *it.slots, "the processes");
    if (status != DN_OK) {
        dn_worker_stop(first, true);
        return status;
    }
    it.slots[0].worker = *first;
    *first = (dn_worker){.process = 0};
    status = it.total > 0 ? loop(&it) : DN_OK;
    for (int i = 0; i < options->jobs; ++i) { /* all at once, then each is waited for */
        if (it.slots[i].item != NULL) {
            kill(it.slots[i].worker.process, SIGTERM);
        }
    }
    for (int i = 0; i < options->jobs; ++i) {
        dn_worker_stop(&it.slots[i].worker, false);
        if (it.slots[i].item != NULL) {
            bool kept;
            const dn_status back = put_back(&it, it.slots[i].item, &kept);
            status = status == DN_OK ? back : status;
            dn_folder_lock_release(&it.slots[i].item->lock);
        }
    }
    free(it.slots);
    return status;
}
