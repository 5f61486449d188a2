#include "cli/segment_stacks.h"

#include "base/clock.h"
#include "base/log.h"
#include "cli/scan_list.h"

#include <math.h>
#include <stdio.h>

void dn_flags_say(const char *stem, const dn_quality *quality)
{
    for (size_t i = 0; i < quality->count; ++i) {
        const dn_flag *flag = &quality->flag[i];
        dn_log(flag->level == DN_FLAG_NOTE ? DN_LOG_NOTE : DN_LOG_WARNING, "%s: %s", stem, flag->text);
    }
}

dn_status dn_segment_note_time(dn_table *times, const char *stem, double seconds)
{
    if (times == NULL) {
        return DN_OK;
    }
    size_t row;
    DN_TRY(dn_table_add_row(times, &row));
    DN_TRY(dn_table_put_text(times, "subject", stem));
    return dn_table_put_number(times, "seconds", round(seconds * 1e3) / 1e3);
}

static void say(const dn_stack_models *models, const dn_stack_result *r)
{
    for (size_t i = 0; i < r->rows.count; ++i) {
        const dn_volume_row *row = &r->rows.row[i];
        if (row->whole) {
            dn_log(DN_LOG_NOTE, "%s: %s %c %.0f mm3", r->stem, row->structure, row->hemi, row->volume_mm3);
        }
    }
    dn_log(DN_LOG_NOTE, "%s: %lld slices, %.3f s each", r->stem, (long long)r->slices, r->seconds_a_slice);
    if (dn_stack_models_count(models) > 1) {
        dn_log(DN_LOG_NOTE, "%s: the %zu models differ by %.3f where they see a structure (SD of posteriors)", r->stem,
               dn_stack_models_count(models), r->disagreement);
    }
    dn_flags_say(r->stem, &r->quality);
}

dn_status dn_stacks_given(const dn_stack_models *models, const char *const *paths, size_t count, dn_trust trust, bool *out)
{
    size_t stacks = 0;
    bool know;
    DN_TRY(dn_stack_models_know_frame(models, &know));
    *out = !know;
    for (size_t i = 0; i < count && !*out; ++i) {
        bool is_one;
        DN_TRY(dn_stack_is_one(paths[i], trust, &is_one));
        stacks += is_one;
    }
    if (stacks > 0 && stacks < count) {
        DN_FAIL(DN_EUSAGE, "%zu of the %zu files are stacks of slices, the others whole heads; give one kind at a time", stacks, count);
    }
    *out = *out || stacks > 0;
    return DN_OK;
}

dn_status dn_segment_stacks(dn_stack_models *models, const char *const *paths, size_t count, const dn_stack_options *options,
                            dn_table *times)
{
    size_t broken = 0;
    size_t failed = 0;
    dn_status last = DN_OK;
    for (size_t i = 0; i < count; ++i) {
        dn_stack_result result;
        const double began = dn_clock_now();
        dn_status status = dn_segment_stack(models, paths[i], options, &result);
        if (status == DN_ECANCELLED || (status != DN_OK && count == 1)) {
            return status;
        }
        if (status != DN_OK) {
            dn_log(DN_LOG_WARNING, "%s", dn_error_message());
            last = status;
            ++broken;
            continue;
        }
        say(models, &result);
        failed += result.score.verdict == DN_REJECTED;
        status = dn_segment_note_time(times, result.stem, dn_clock_now() - began);
        dn_stack_result_release(&result);
        DN_TRY(status);
    }
    if (broken > 0) {
        return dn_scan_list_broken(last, broken, count, "stacks could be labelled", options->folder);
    }
    if (failed > 0) {
        DN_FAIL(DN_EQUALITY,
                "done, but %zu of %zu stacks failed quality control; the reasons are above and in %s/*_dseg.json (--accept accepts them)",
                failed, count, options->folder);
    }
    return DN_OK;
}
