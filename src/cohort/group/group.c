/* The step of the group: reads the records of all scans, writes tables, outliers and the report. */
#include "cohort/group/group.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "cohort/bids/dataset.h"
#include "cohort/group/changes.h"
#include "cohort/group/choice.h"
#include "cohort/group/comparison.h"
#include "cohort/group/outliers.h"
#include "cohort/group/report.h"
#include "cohort/group/tables.h"
#include "cohort/group/volumes.h"

#include <stdlib.h>

static size_t count_state(const dn_roster *cohort, dn_roster_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < cohort->count; ++i) {
        n += cohort->scan[i].state == state;
    }
    return n;
}

/* Mixtures of networks, versions, options and voxel sizes, and warnings, of all measured scans. */
static dn_status remark_records(dn_roster *cohort)
{
    const dn_scan_record **records = NULL;
    size_t count = 0;
    DN_TRY(dn_alloc(&records, cohort->count, sizeof *records, "the records of the cohort"));
    for (size_t i = 0; i < cohort->count; ++i) {
        if (cohort->scan[i].state == DN_ROSTER_MEASURED) {
            records[count++] = &cohort->scan[i].record;
        }
    }
    dn_status status = dn_scan_records_remark(records, count, &cohort->remarks);
    free(records);
    return status;
}

/* Doubts are for the terminal, too; the report has all. */
static void log_doubts(const dn_roster *cohort)
{
    for (size_t i = 0; i < cohort->remarks.count; ++i) {
        if (cohort->remarks.remark[i].level == DN_REMARK_DOUBT) {
            dn_log(DN_LOG_WARNING, "%s", cohort->remarks.remark[i].text);
        }
    }
    for (size_t i = 0, said = 0; i < cohort->count && said < 10; ++i) {
        if (cohort->scan[i].state == DN_ROSTER_DAMAGED) {
            dn_log(DN_LOG_WARNING, "%s is not counted: %s", cohort->scan[i].key, cohort->scan[i].reason);
            ++said;
        }
    }
}

static dn_status conclude(const dn_roster *cohort, const dn_roster_outliers *outliers, const char *folder)
{
    const size_t measured = count_state(cohort, DN_ROSTER_MEASURED), failed = count_state(cohort, DN_ROSTER_FAILED);
    const size_t damaged = count_state(cohort, DN_ROSTER_DAMAGED), missing = count_state(cohort, DN_ROSTER_MISSING);
    size_t rejected = 0, outlying = 0;
    for (size_t i = 0; i < cohort->count; ++i) {
        rejected += cohort->scan[i].state == DN_ROSTER_MEASURED && cohort->scan[i].record.verdict == DN_SCAN_REJECTED;
        outlying += cohort->scan[i].outliers > 0;
    }
    log_doubts(cohort);
    dn_log(DN_LOG_NOTE, "%zu scans: %zu measured (%zu of them rejected by quality control), %zu failed, %zu not measured yet",
           cohort->count, measured, rejected, failed, missing);
    if (outliers->n >= (size_t)DN_OUTLIERS_LEAST) {
        dn_log(DN_LOG_NOTE, "%zu scan%s outlying volumes", outlying, outlying == 1 ? " has" : "s have");
    }
    dn_log(DN_LOG_NOTE, "report: %s/report.html", folder);
    if (measured == 0) {
        DN_FAIL(DN_EDATA, "none of the %zu scans has volumes; the reasons are in %s/scans.tsv", cohort->count, folder);
    }
    if (damaged > 0) {
        DN_FAIL(DN_EPARTIAL,
                "%zu of %zu scans are not counted, because their results are damaged; they are named above and in %s/scans.tsv", damaged,
                cohort->count, folder);
    }
    return DN_OK;
}

dn_status dn_run_group(const dn_run_group_options *options)
{
    dn_roster cohort = {.dataset = NULL};
    dn_roster_outliers outliers = {.n = 0};
    dn_roster_comparison comparison = {.people = NULL};
    char *folder = NULL;
    size_t changed = 0;
    dn_status status;
    DN_TRY(dn_derivative_check(options->output));
    DN_TRY(dn_derivative_check_source(options->dataset, options->output));
    DN_TRY_GOTO(status, dn_roster_read(options->dataset, options->output, &cohort), done);
    DN_TRY_GOTO(status, dn_roster_comparison_prepare(&cohort, options, &comparison), done);
    DN_TRY_GOTO(status, dn_path_join(options->output, DN_GROUP_FOLDER, &folder), done);
    DN_TRY_GOTO(status, dn_path_make_folder(folder), done);
    dn_folder_sweep(folder, NULL, DN_SWEEP_AFTER_S);
    DN_TRY_GOTO(status, dn_roster_read_volumes(&cohort, folder), done);
    DN_TRY_GOTO(status, remark_records(&cohort), done);
    DN_TRY_GOTO(status, dn_roster_find_outliers(&cohort, options->count_rejected, &outliers), done);
    DN_TRY_GOTO(status, dn_roster_write_tables(&cohort, &outliers, folder), done);
    DN_TRY_GOTO(status, dn_roster_write_changes(&cohort, folder, &changed), done);
    DN_TRY_GOTO(status, dn_roster_compare(&cohort, options, folder, &comparison), done);
    DN_TRY_GOTO(status, dn_roster_write_report(&cohort, &outliers, &comparison, options, folder), done);
    if (changed > 0) {
        dn_log(DN_LOG_NOTE, "persons with a change: %zu; %s/longitudinal.tsv", changed, folder);
    }
    status = conclude(&cohort, &outliers, folder);
done:
    free(folder);
    dn_roster_comparison_release(&comparison);
    dn_roster_outliers_release(&outliers);
    dn_roster_release(&cohort);
    return status;
}
