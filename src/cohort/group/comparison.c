/* What participants.tsv adds. */
#define _GNU_SOURCE
#include "cohort/group/comparison.h"

#include "base/cut_folders.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/words.h"
#include "study/groups/groups.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- participants.tsv --------------------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "sub-01" or "01" without what they may differ in. */
static const char *bare(const char *id)
{
    return strncmp(id, "sub-", 4) == 0 ? id + 4 : id;
}

static dn_status sorted_people(const dn_table *people, size_t column, const char ***out, size_t *count)
{
    *count = 0;
    DN_TRY(dn_alloc(out, dn_table_rows(people), sizeof **out, "the names of the participants"));
    for (size_t r = 0; r < dn_table_rows(people); ++r) {
        const char *id = dn_table_text(people, r, column);
        if (id != NULL) {
            (*out)[(*count)++] = bare(id);
        }
    }
    if (*count > 0) {
        qsort(*out, *count, sizeof **out, by_text);
    }
    return DN_OK;
}

/* The cohort's people, each once; sorted by strcmp as the scans are. */
static dn_status cohort_people(const dn_roster *cohort, const char ***out, size_t *count)
{
    *count = 0;
    DN_TRY(dn_alloc(out, cohort->count, sizeof **out, "the names of the people"));
    for (size_t i = 0; i < cohort->count; ++i) {
        const char *id = bare(cohort->scan[i].participant);
        if (*count == 0 || strcmp((*out)[*count - 1], id) != 0) {
            (*out)[(*count)++] = id;
        }
    }
    if (*count > 0) {
        qsort(*out, *count, sizeof **out, by_text);
    }
    return DN_OK;
}

/* Names of a that are not in b. */
static dn_status remark_absent(dn_roster *cohort, const char *const *a, size_t count_a, const char *const *b, size_t count_b,
                               dn_remark_level level, const char *one, const char *several)
{
    dn_list list = {0};
    const char *names;
    dn_status status = DN_OK;
    for (size_t i = 0; i < count_a && status == DN_OK; ++i) {
        if (count_b == 0 || bsearch(&a[i], b, count_b, sizeof *b, by_text) == NULL) {
            char *name = NULL;
            status = dn_asprintf(&name, "sub-%s", a[i]);
            status = status == DN_OK ? dn_list_add(&list, name, NULL) : status;
            free(name);
        }
    }
    if (status == DN_OK && list.count > 0) {
        status = dn_list_close(&list, &names);
        status = status == DN_OK ? dn_remarks_add(&cohort->remarks, level, "participants", "%zu %s: %s.", list.count,
                                                  list.count == 1 ? one : several, names)
                                 : status;
    }
    dn_list_release(&list);
    return status;
}

static dn_status compare_people(dn_roster *cohort, const dn_table *people)
{
    const char **there = NULL, **here = NULL;
    size_t n_there = 0, n_here = 0;
    const size_t column = dn_table_find(people, "participant_id");
    dn_status status = DN_OK;
    if (column == DN_TABLE_NONE) {
        return dn_remarks_add(&cohort->remarks, DN_REMARK_DOUBT, "participants", "participants.tsv has no column participant_id.");
    }
    DN_TRY_GOTO(status, sorted_people(people, column, &there, &n_there), done);
    DN_TRY_GOTO(status, cohort_people(cohort, &here, &n_here), done);
    DN_TRY_GOTO(status,
                remark_absent(cohort, there, n_there, here, n_here, DN_REMARK_NOTE, "person of participants.tsv has no scan here",
                              "people of participants.tsv have no scan here"),
                done);
    status = remark_absent(cohort, here, n_here, there, n_there, DN_REMARK_DOUBT, "person with scans is not in participants.tsv",
                           "people with scans are not in participants.tsv");
done:
    free(there);
    free(here);
    return status;
}

/* ---- groups ------------------------------------------------------------------------------------------------------- */

/* The column of the groups: as asked for, or one of the usual names. */
static dn_status find_column(const dn_table *people, const char *asked, char **out)
{
    static const char *const usual[] = {"group", "diagnosis", "dx"};
    size_t column;
    if (asked != NULL) {
        DN_TRY(dn_table_column(people, asked, &column));
        return dn_strdup(asked, out);
    }
    for (size_t u = 0; u < sizeof usual / sizeof *usual; ++u) {
        for (size_t c = 0; c < dn_table_columns(people); ++c) {
            if (strcasecmp(dn_table_column_name(people, c), usual[u]) == 0) {
                return dn_strdup(dn_table_column_name(people, c), out);
            }
        }
    }
    return DN_OK;
}

/* The reference group: as asked for, or one of the usual names. */
static dn_status find_control(const dn_table *people, const char *column, const char *asked, char **out)
{
    static const char *const usual[] = {"control",          "controls",        "con", "ctrl", "hc", "healthy", "healthy control",
                                        "healthy controls", "healthy_control", "hv",  "nc",   "cn", "normal"};
    const size_t c = dn_table_find(people, column);
    for (size_t r = 0; r < dn_table_rows(people); ++r) {
        const char *text = dn_table_text(people, r, c);
        bool fits = text != NULL && asked != NULL && strcmp(text, asked) == 0;
        for (size_t u = 0; text != NULL && asked == NULL && u < sizeof usual / sizeof *usual; ++u) {
            fits |= strcasecmp(text, usual[u]) == 0;
        }
        if (fits) {
            return dn_strdup(text, out);
        }
    }
    if (asked != NULL) {
        DN_FAIL(DN_EDATA, "nobody in participants.tsv has \"%s\" in the column %s", asked, column);
    }
    return DN_OK;
}

dn_status dn_roster_comparison_prepare(dn_roster *cohort, const dn_run_group_options *options, dn_roster_comparison *out)
{
    char *path = NULL;
    *out = (dn_roster_comparison){.people = NULL};
    DN_TRY(dn_path_join(cohort->dataset, "participants.tsv", &path));
    const bool there = dn_path_exists(path);
    dn_status status = there ? dn_table_read(path, &out->people) : DN_OK;
    free(path);
    DN_TRY(status);
    if (!there && options->group != NULL) {
        DN_FAIL(DN_EDATA, "%s has no participants.tsv in which to find the column %s", cohort->dataset, options->group);
    }
    if (!there) {
        return dn_remarks_add(&cohort->remarks, DN_REMARK_NOTE, "participants", "The data set has no participants.tsv.");
    }
    DN_TRY(compare_people(cohort, out->people));
    DN_TRY(find_column(out->people, options->group, &out->column));
    return out->column != NULL ? find_control(out->people, out->column, options->control, &out->control) : DN_OK;
}

/* ---- the comparison ----------------------------------------------------------------------------------------------- */

/* Removes what an earlier run left: of a comparison that is not made any more nothing may stay. */
static void remove_old(const char *folder)
{
    DIR *open = opendir(folder);
    const struct dirent *entry;
    while (open != NULL && (entry = readdir(open)) != NULL) {
        char *path = NULL;
        if (strncmp(entry->d_name, "groups", 6) == 0 && dn_path_join(folder, entry->d_name, &path) == DN_OK) {
            (void)unlink(path);
        }
        free(path);
    }
    if (open != NULL) {
        closedir(open);
        (void)rmdir(folder); /* stays, if the user keeps something in it */
    }
}

/* Whether enough of the scans that count have it. */
static bool has_values(const dn_roster *cohort, const char *name, bool count_rejected)
{
    enum { LEAST = 4 };
    const size_t column = dn_table_find(cohort->columns, name);
    size_t n = 0;
    for (size_t i = 0; column != DN_TABLE_NONE && i < cohort->count && n < (size_t)LEAST; ++i) {
        const dn_roster_scan *scan = &cohort->scan[i];
        n += dn_roster_counts(scan, count_rejected) && scan->first && !isnan(dn_roster_value(scan, column));
    }
    return n == (size_t)LEAST;
}

static dn_status set_command(dn_roster_comparison *it, const char *values, bool icv)
{
    char *control = NULL;
    dn_status status = it->control != NULL ? dn_asprintf(&control, " --control '%s'", it->control) : dn_strdup("", &control);
    if (status == DN_OK) {
        status = dn_asprintf(&it->command,
                             "dien stats groups OUTPUT/group/volumes_wide.tsv DATASET/participants.tsv --where first_session=yes "
                             "--value %s --group '%s'%s%s --unit mm\xc2\xb3",
                             values, it->column, control,
                             !icv                  ? ""
                             : it->control != NULL ? " --icv icv --normalise residual"
                                                   : " --covariates icv");
    }
    free(control);
    return status;
}

/* Values that can be compared, "a,b"; empty: none. */
static dn_status list_values(const dn_roster *cohort, bool count_rejected, dn_roster_comparison *it, char **out)
{
    static const char *const values[DN_COMPARED_MOST] = {"hypothalamus", "thalamus", "hippocampus", "third_ventricle"};
    DN_TRY(dn_strdup("", out));
    for (size_t i = 0; i < (size_t)DN_COMPARED_MOST; ++i) {
        if (has_values(cohort, values[i], count_rejected)) {
            char *longer = NULL;
            DN_TRY(dn_asprintf(&longer, "%s%s%s", *out, **out != '\0' ? "," : "", values[i]));
            free(*out);
            *out = longer;
            it->value[it->values++] = values[i];
        }
    }
    return DN_OK;
}

/* ---- the table that is compared ----------------------------------------------------------------------------------- */

typedef struct person_row {
    const char *id; /* bare */
    size_t row;
} person_row;

static int by_id(const void *a, const void *b)
{
    return strcmp(((const person_row *)a)->id, ((const person_row *)b)->id);
}

/* Rows of participants.tsv by their names. DN_EDATA: a person twice. */
static dn_status index_people(const dn_table *people, person_row **out, size_t *count)
{
    size_t column;
    *count = 0;
    DN_TRY(dn_table_column(people, "participant_id", &column));
    DN_TRY(dn_table_check_unique(people, &column, 1));
    DN_TRY(dn_alloc(out, dn_table_rows(people), sizeof **out, "the names of the participants"));
    for (size_t r = 0; r < dn_table_rows(people); ++r) {
        (*out)[(*count)++] = (person_row){bare(dn_table_text(people, r, column)), r};
    }
    if (*count > 0) {
        qsort(*out, *count, sizeof **out, by_id);
    }
    return DN_OK;
}

static dn_status put_value(const dn_roster *cohort, const dn_roster_scan *scan, const char *name, dn_table *to)
{
    char text[48];
    const size_t column = dn_table_find(cohort->columns, name);
    const double value = column != DN_TABLE_NONE ? dn_roster_value(scan, column) : (double)NAN;
    snprintf(text, sizeof text, "%.3f", value);
    return dn_table_put_text(to, name, isnan(value) ? NULL : text);
}

static dn_status put_person(const dn_roster *cohort, const dn_roster_comparison *it, const dn_roster_scan *scan, const person_row *index,
                            size_t count, dn_table *to)
{
    size_t row;
    const person_row wanted = {.id = bare(scan->participant)};
    const person_row *found = count > 0 ? bsearch(&wanted, index, count, sizeof *index, by_id) : NULL;
    DN_TRY(dn_table_add_row(to, &row));
    DN_TRY(dn_table_put_text(to, "participant_id", scan->participant));
    DN_TRY(dn_table_put_text(to, "session_id", scan->session));
    DN_TRY(dn_table_put_text(to, "accepted", dn_roster_accepted(scan)));
    DN_TRY(dn_table_put_text(to, it->column,
                             found != NULL ? dn_table_text(it->people, found->row, dn_table_find(it->people, it->column)) : NULL));
    for (size_t v = 0; v < it->values; ++v) {
        DN_TRY(put_value(cohort, scan, it->value[v], to));
    }
    return put_value(cohort, scan, "icv", to);
}

/* One scan per person, with the group and what is compared. */
static dn_status write_data(const dn_roster *cohort, const dn_roster_comparison *it, const char *path)
{
    person_row *index = NULL;
    size_t count = 0;
    dn_table *table = NULL;
    dn_status status;
    DN_TRY_GOTO(status, index_people(it->people, &index, &count), done);
    DN_TRY_GOTO(status, dn_table_create("the table of groups", &table), done);
    for (size_t i = 0; i < cohort->count; ++i) {
        if (cohort->scan[i].first) {
            DN_TRY_GOTO(status, put_person(cohort, it, &cohort->scan[i], index, count, table), done);
        }
    }
    status = dn_table_write(table, path);
done:
    free(index);
    dn_table_destroy(table);
    return status;
}

static dn_status run_study(const dn_roster *cohort, const dn_run_group_options *options, const char *target, const char *values,
                           dn_roster_comparison *it)
{
    const char *const folders[] = {cohort->output, cohort->dataset, NULL};
    char *path = NULL, *remarks = NULL;
    dn_study_result result = {0};
    dn_status status = DN_OK;
    const bool icv = has_values(cohort, "icv", options->count_rejected);
    DN_TRY_GOTO(status, dn_path_make_folder(target), done);
    DN_TRY_GOTO(status, dn_path_join(target, "groups_data.tsv", &path), done);
    DN_TRY_GOTO(status, write_data(cohort, it, path), done);
    const dn_groups_options how = {.tables = {.paths = (const char *const *)&path,
                                              .count = 1,
                                              .id = "participant_id",
                                              .unit = "mm\xc2\xb3",
                                              .count_rejected = options->count_rejected},
                                   .output = {.folder = target},
                                   .values = values,
                                   .group = it->column,
                                   .control = it->control,
                                   .icv = icv && it->control != NULL ? "icv" : NULL,
                                   .normalise = DN_ICV_RESIDUAL,
                                   .covariates = icv && it->control == NULL ? "icv" : NULL,
                                   .adjustment = DN_ADJUST_HOLM,
                                   .level = 0.95,
                                   .alpha = 0.05};
    DN_TRY_GOTO(status, dn_study_groups(&how, &result), done);
    it->text = result.text;
    result.text = NULL;
    DN_TRY_GOTO(status, dn_path_join(target, "groups_remarks.tsv", &remarks), done);
    DN_TRY_GOTO(status, dn_cut_folders_file(remarks, &(const dn_cut_rule){.folders = folders}), done);
    status = set_command(it, values, icv);
done:
    free(remarks);
    dn_study_result_release(&result);
    free(path);
    return status;
}

dn_status dn_roster_compare(const dn_roster *cohort, const dn_run_group_options *options, const char *folder, dn_roster_comparison *it)
{
    char *values = NULL, *target = NULL;
    dn_status status = dn_path_join(folder, DN_ROSTER_COMPARISON_FOLDER, &target);
    DN_TRY(status);
    remove_old(target);
    if (it->column == NULL) {
        goto done;
    }
    DN_TRY_GOTO(status, list_values(cohort, options->count_rejected, it, &values), done);
    if (it->values == 0) {
        DN_TRY_GOTO(status, dn_strdup("fewer than four people have a measured and accepted scan", &it->why_not), done);
        goto done;
    }
    status = run_study(cohort, options, target, values, it);
    if (status == DN_EDATA || status == DN_EUSAGE || status == DN_EFORMAT || status == DN_EINPUT) {
        char *said = NULL;
        it->values = 0;
        remove_old(target);
        status = dn_strdup(dn_error_message(), &said);
        dn_error_clear();
        status = status == DN_OK ? dn_roster_without_folders(cohort, said, NULL, &it->why_not) : status;
        free(said);
    }
done:
    free(target);
    free(values);
    return status;
}

void dn_roster_comparison_release(dn_roster_comparison *comparison)
{
    dn_table_destroy(comparison->people);
    free(comparison->column);
    free(comparison->control);
    free(comparison->text);
    free(comparison->why_not);
    free(comparison->command);
    *comparison = (dn_roster_comparison){.people = NULL};
}
