/* The self-test's record: the machine, the networks, and each volume beside what the release measured. */
#include "cohort/selftest/selftest.h"

#include "base/install.h"
#include "base/job.h"
#include "base/machine.h"
#include "base/memory.h"
#include "cohort/selftest/measured.h"
#include "net/plan/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct conclusion {
    size_t compared, outside;
    char names[256]; /* of those outside; "" for none */
    double largest;  /* difference, % of what is expected */
    char where[72];  /* where that is */
} conclusion;

static dn_status say_machine(const dn_line_sink *lines)
{
    static const char *const programs[] = {"gnuplot", "dcm2niix", "sbatch"};
    dn_machine machine;
    char engine[64], path[512];
    dn_machine_describe(&machine);
    dn_plan_engine_version(engine);
    DN_TRY(dn_line_say(lines, "program      dien %s", DIEN_VERSION));
    DN_TRY(dn_line_say(lines, "system       %s", machine.system));
    DN_TRY(dn_line_say(lines, "processor    %s; threads used: %d", machine.processor, dn_threads_get()));
    DN_TRY(dn_line_say(lines, "instructions %s", machine.features));
    DN_TRY(dn_line_say(lines, "networks by  %s", engine));
    DN_TRY(dn_line_say(lines, "libraries    %s", machine.libraries));
    for (size_t i = 0; i < sizeof programs / sizeof *programs; ++i) {
        dn_machine_program(programs[i], path, sizeof path);
        DN_TRY(dn_line_say(lines, "%-12s %s", programs[i], path[0] != '\0' ? path : "not installed"));
    }
    return DN_OK;
}

static const dn_selftest_file *file_of(const dn_selftest_measured *all, const char *name)
{
    for (size_t i = 0; i < all->file_count; ++i) {
        if (strcmp(all->file[i].name, name) == 0) {
            return &all->file[i];
        }
    }
    return NULL;
}

static void note_outside(conclusion *end, const char *name)
{
    const size_t used = strlen(end->names);
    ++end->outside;
    if (used + strlen(name) + 8 < sizeof end->names) {
        snprintf(end->names + used, sizeof end->names - used, "%s%s", used > 0 ? ", " : "", name);
    } else if (strstr(end->names, ", ...") == NULL) {
        snprintf(end->names + used, sizeof end->names - used, ", ...");
    }
}

static dn_status compare_files(const dn_line_sink *lines, const dn_selftest_measured *expected, const dn_selftest_measured *found,
                               conclusion *end)
{
    for (size_t i = 0; i < found->file_count; ++i) {
        const dn_selftest_file *here = &found->file[i], *there = file_of(expected, here->name);
        const bool same = there != NULL && strcmp(here->sha256, there->sha256) == 0;
        DN_TRY(dn_line_say(lines, "%-28s sha256 %.16s  %s", here->name, here->sha256,
                           same         ? "as in the release"
                           : here->must ? "NOT as in the release"
                                        : "other bits than in the release; the volumes decide"));
        if (here->must && !same) {
            note_outside(end, here->name);
        }
    }
    for (size_t i = 0; i < expected->file_count; ++i) {
        if (expected->file[i].must && file_of(found, expected->file[i].name) == NULL) {
            DN_TRY(dn_line_say(lines, "%-28s MISSING", expected->file[i].name));
            note_outside(end, expected->file[i].name);
        }
    }
    return DN_OK;
}

static const dn_selftest_row *row_of(const dn_selftest_measured *all, const dn_selftest_row *like)
{
    for (size_t i = 0; i < all->count; ++i) {
        if (strcmp(all->row[i].structure, like->structure) == 0 && all->row[i].hemi == like->hemi) {
            return &all->row[i];
        }
    }
    return NULL;
}

static void name_row(const dn_selftest_row *row, char out[72])
{
    snprintf(out, 72, "%s %c", row->structure, row->hemi);
}

static dn_status compare_row(const dn_line_sink *lines, const dn_selftest_row *there, const dn_selftest_row *here, conclusion *end)
{
    char name[72];
    name_row(there, name);
    ++end->compared;
    if (here == NULL) {
        note_outside(end, name);
        return dn_line_say(lines, "%-36s %c %13.3f %13s %11s %10.3f  MISSING", there->structure, there->hemi, there->volume_mm3, "-", "-",
                           there->bound_mm3);
    }
    /* As the table has them, with three digits: equal ones differ by nothing. */
    const double difference = 1e-3 * (round(1e3 * here->volume_mm3) - round(1e3 * there->volume_mm3));
    const double percent = there->volume_mm3 > 0.0 ? 100.0 * fabs(difference) / there->volume_mm3 : 0.0;
    const bool within = fabs(difference) <= there->bound_mm3 + 1e-9;
    if (percent > end->largest) {
        end->largest = percent;
        memcpy(end->where, name, sizeof name);
    }
    if (!within) {
        note_outside(end, name);
    }
    return dn_line_say(lines, "%-36s %c %13.3f %13.3f %+11.3f %10.3f  %s", there->structure, there->hemi, there->volume_mm3,
                       here->volume_mm3, difference, there->bound_mm3, within ? "ok" : "OUTSIDE");
}

static dn_status compare_rows(const dn_line_sink *lines, const dn_selftest_measured *expected, const dn_selftest_measured *found,
                              conclusion *end)
{
    DN_TRY(
        dn_line_say(lines, "%-36s %s %13s %13s %11s %10s", "structure (volumes in mm3)", " ", "expected", "found", "difference", "bound"));
    for (size_t i = 0; i < expected->count; ++i) {
        DN_TRY(compare_row(lines, &expected->row[i], row_of(found, &expected->row[i]), end));
    }
    for (size_t i = 0; i < found->count; ++i) {
        if (row_of(expected, &found->row[i]) == NULL) {
            char name[72];
            name_row(&found->row[i], name);
            note_outside(end, name);
            DN_TRY(dn_line_say(lines, "%-36s %c %13s %13.3f %11s %10s  NOT EXPECTED", found->row[i].structure, found->row[i].hemi, "-",
                               found->row[i].volume_mm3, "-", "-"));
        }
    }
    return DN_OK;
}

static dn_status conclude(const dn_line_sink *lines, const dn_selftest_measured *found, const conclusion *end)
{
    DN_TRY(dn_line_say(lines, "measured in %.1f s", found->seconds));
    if (end->outside > 0) {
        DN_TRY(dn_line_say(lines, "FAILED: %s", end->names));
        DN_FAIL(DN_EQUALITY, "the self-test failed: this installation does not measure what the release did (%s)", end->names);
    }
    if (end->largest > 0.0) {
        return dn_line_say(lines, "PASSED: all %zu volumes are within their bounds; the largest difference is %.5f %% (%s)", end->compared,
                           end->largest, end->where);
    }
    return dn_line_say(lines, "PASSED: all %zu volumes are as in the release", end->compared);
}

static dn_status compare(const dn_selftest_options *options, const dn_selftest_measured *expected, dn_selftest_measured *found)
{
    conclusion end = {.largest = 0.0};
    DN_TRY(say_machine(options->lines));
    DN_TRY(dn_selftest_measure(found));
    DN_TRY(compare_files(options->lines, expected, found, &end));
    DN_TRY(compare_rows(options->lines, expected, found, &end));
    return conclude(options->lines, found, &end);
}

dn_status dn_selftest(const dn_selftest_options *options)
{
    char *folder = NULL;
    dn_selftest_measured *both = NULL; /* expected, found */
    dn_status status;
    DN_TRY(dn_alloc(&both, 2, sizeof *both, "the self-test"));
    if (options->write != NULL) {
        DN_TRY_GOTO(status, dn_selftest_measure(&both[1]), done);
        status = dn_selftest_write(options->write, &both[1]);
        goto done;
    }
    if (options->expected == NULL) {
        DN_TRY_GOTO(status, dn_install_path("selftest", &folder), done);
    }
    DN_TRY_GOTO(status, dn_selftest_read(options->expected != NULL ? options->expected : folder, &both[0]), done);
    status = compare(options, &both[0], &both[1]);
done:
    free(folder);
    free(both);
    return status;
}
