/* Reads all tables and folders that were given, selects rows, joins them, and remarks on what was left out. */
#define _GNU_SOURCE
#include "study/tables/load.h"

#include "base/file.h"
#include "base/memory.h"
#include "study/tables/gather.h"
#include "study/tables/rows.h"
#include "study/tables/table_check.h"
#include "study/tables/units.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct path_list {
    char **paths;
    size_t count, capacity;
} path_list;

static void path_list_release(path_list *list)
{
    for (size_t i = 0; i < list->count; ++i) {
        free(list->paths[i]);
    }
    free(list->paths);
}

static dn_status path_list_add(path_list *list, const char *path)
{
    if (list->count == list->capacity) {
        DN_TRY(dn_realloc(&list->paths, 2 * list->capacity + 16, sizeof *list->paths, "a list of files"));
        list->capacity = 2 * list->capacity + 16;
    }
    DN_TRY(dn_strdup(path, &list->paths[list->count]));
    list->count++;
    return DN_OK;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* list: sorted. */
static bool holds(const path_list *list, const char *text)
{
    return list->count > 0 && bsearch(&text, list->paths, list->count, sizeof *list->paths, compare_texts) != NULL;
}

static bool is_volumes_file(const char *path)
{
    return dn_path_has_extension(path, "_volumes.tsv") || dn_path_has_extension(path, "_volumes.csv");
}

/* What `dien longitudinal` writes of a person's course: a row per session, and so no table of one scan's volumes. */
static bool is_course(const char *path)
{
    return dn_path_has_extension(path, "_longitudinal_volumes.tsv");
}

/* Files below folder, in the order of their names. Depth is bounded: a link may lead in a circle. */
static dn_status find_volumes(const char *folder, int depth, path_list *list)
{
    struct dirent **entries = NULL;
    dn_status status = DN_OK;
    int count = scandir(folder, &entries, NULL, dn_path_by_name);
    if (count < 0) {
        DN_FAIL(DN_EINPUT, "cannot read the folder %s", folder);
    }
    for (int i = 0; i < count; ++i) {
        char *path = NULL;
        if (status == DN_OK && entries[i]->d_name[0] != '.') {
            status = dn_path_join(folder, entries[i]->d_name, &path);
            if (status == DN_OK && dn_path_is_folder(path)) {
                status = depth > 0 ? find_volumes(path, depth - 1, list) : DN_OK;
            } else if (status == DN_OK && is_volumes_file(path) && !is_course(path)) {
                status = path_list_add(list, path);
            }
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static bool is_marking(const char *path)
{
    return strstr(dn_path_name(path), "_desc-") != NULL;
}

/* Drops the markings of 'dien icv' behind the first `before` files where there are measurements beside them. *dropped: how many. */
static void drop_markings(path_list *list, size_t before, size_t *dropped)
{
    size_t kept = before;
    size_t measured = 0;
    *dropped = 0;
    for (size_t i = before; i < list->count; ++i) {
        measured += is_marking(list->paths[i]) ? 0 : 1;
    }
    for (size_t i = before; i < list->count && measured > 0; ++i) {
        if (is_marking(list->paths[i])) {
            free(list->paths[i]);
            ++*dropped;
        } else {
            list->paths[kept++] = list->paths[i];
        }
    }
    list->count = measured > 0 ? kept : list->count;
}

dn_status dn_study_find_volumes(const char *folder, char ***paths, size_t *count)
{
    path_list list = {0};
    size_t dropped = 0;
    dn_status status = find_volumes(folder, 8, &list);
    if (status == DN_OK) {
        drop_markings(&list, 0, &dropped);
        if (list.count == 0) {
            status = dn_error_set(DN_EINPUT, "there is no *_volumes.tsv in %s or below it", folder);
        }
    }
    if (status != DN_OK) {
        path_list_release(&list);
        return status;
    }
    *paths = list.paths;
    *count = list.count;
    return DN_OK;
}

void dn_study_volumes_release(char **paths, size_t count)
{
    path_list list = {.paths = paths, .count = count};
    path_list_release(&list);
}

typedef struct loading {
    const dn_study_tables *options;
    bool repeats;
    dn_table *table;      /* what is joined so far */
    dn_gathered gathered; /* its table is moved out */
    path_list volumes;
    path_list set_aside; /* ids that a rule left out: their absence elsewhere is no loss */
    bool where_applied, session_applied;
    dn_remarks *remarks;
} loading;

/* Remembers the id of a row that a rule leaves out, in whatever way another table may write it. */
static dn_status set_aside(loading *it, const dn_table *table, size_t row)
{
    size_t key = dn_table_find(table, it->options->id);
    const char *id = key != DN_TABLE_NONE ? dn_table_text(table, row, key) : NULL;
    char *likeness = NULL;
    if (id == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_id_likeness(id, &likeness));
    dn_status status = path_list_add(&it->set_aside, likeness);
    free(likeness);
    return status;
}

static dn_status is_set_aside(const loading *it, const char *id, bool *out)
{
    char *likeness = NULL;
    DN_TRY(dn_id_likeness(id, &likeness));
    *out = holds(&it->set_aside, likeness);
    free(likeness);
    return DN_OK;
}

static dn_status apply_session(loading *it, dn_table **table)
{
    size_t column = dn_session_column(*table);
    if (it->options->session == NULL || column == DN_TABLE_NONE) {
        return DN_OK;
    }
    it->session_applied = true;
    return dn_keep_session(table, column, it->options->session);
}

static dn_status apply_where(loading *it, dn_table **table)
{
    dn_condition wanted = {0};
    dn_status status = DN_OK;
    DN_TRY(dn_condition_parse(it->options->where, *table, &wanted));
    if (wanted.column == DN_TABLE_NONE) {
        return DN_OK;
    }
    bool session = wanted.column == dn_session_column(*table);
    for (size_t r = 0; !session && r < dn_table_rows(*table) && status == DN_OK; ++r) {
        status = dn_condition_holds(&wanted, *table, r) ? DN_OK : set_aside(it, *table, r);
    }
    if (status == DN_OK) {
        it->where_applied = true;
        status = dn_keep_condition(table, &wanted, it->options->where);
    }
    return status;
}

/* "sub-16, ses-2" as far as the row has them. */
static dn_status name_of(const loading *it, const dn_table *table, size_t row, char **out)
{
    size_t key = dn_table_find(table, it->options->id);
    size_t session = dn_session_column(table);
    const char *id = key != DN_TABLE_NONE ? dn_table_text(table, row, key) : NULL;
    const char *when = session != DN_TABLE_NONE ? dn_table_text(table, row, session) : NULL;
    if (id == NULL) {
        return dn_asprintf(out, "line %zu", dn_table_line(table, row));
    }
    return dn_asprintf(out, "%s%s%s", id, when != NULL ? " " : "", when != NULL ? when : "");
}

/* The rows of rejected scans: named, and dropped unless they are asked for. */
static dn_status apply_verdict(loading *it, dn_table **table)
{
    const dn_table *t = *table;
    const bool asked = it->options->count_rejected || (it->options->where != NULL && strncmp(it->options->where, "accepted=", 9) == 0);
    size_t column = dn_verdict_column(t);
    dn_status status = DN_OK;
    dn_list list = {0};
    const char *names;
    char words[DN_REMEDY_WORDS];
    size_t unsaid = 0;
    for (size_t r = 0; column != DN_TABLE_NONE && r < dn_table_rows(t) && status == DN_OK; ++r) {
        const char *text = dn_table_text(t, r, column);
        char *name = NULL;
        if (text == NULL || strcmp(text, "no") != 0) {
            continue;
        }
        const dn_scan_record *scan = dn_gathered_scan(&it->gathered, dn_table_source(t, r));
        const char *reason = scan != NULL ? scan->reason : NULL;
        unsaid += reason == NULL;
        DN_TRY_GOTO(status, name_of(it, t, r, &name), done);
        status = dn_list_add(&list, name, reason);
        if (status == DN_OK) {
            const char *where = dn_table_source(t, r) != NULL ? dn_table_source(t, r) : dn_table_name(t);
            const char *why = reason != NULL ? reason : "quality control rejects the scan";
            status = asked ? dn_remarks_name(it->remarks, "rejected", name, where, why)
                           : dn_remarks_leave_out(it->remarks, "rejected", name, where, why);
        }
        free(name);
        if (status == DN_OK && !asked) {
            status = set_aside(it, t, r);
        }
    }
    const size_t found = list.count;
    if (status != DN_OK || found == 0) {
        goto done;
    }
    DN_TRY_GOTO(status, dn_list_close(&list, &names), done);
    DN_TRY_GOTO(status,
                dn_remarks_add(it->remarks, DN_REMARK_NOTE, "rejected", "%zu scan%s that quality control rejects %s %s%s: %s%s.%s", found,
                               found == 1 ? "" : "s", found == 1 ? "is" : "are", asked ? "counted" : "left out",
                               asked ? dn_remedy_words(DN_REMEDY_COUNTED, NULL, words) : "", names,
                               unsaid == found && it->gathered.count > 0 ? " (no JSON file beside the volumes says why)" : "",
                               asked ? "" : dn_remedy_words(DN_REMEDY_COUNT_REJECTED, NULL, words)),
                done);
    status = asked ? DN_OK : dn_drop_rejected(table, column);
done:
    dn_list_release(&list);
    return status;
}

/* What is lost beyond what was set aside: how many, the first of them; each is named. */
static dn_status losses(const loading *it, char *const *ids, size_t count, const char *here, const char *there, size_t *lost,
                        const char **first)
{
    char *reason = NULL;
    *lost = 0;
    *first = NULL;
    DN_TRY(dn_asprintf(&reason, "not in %s", there));
    dn_status status = DN_OK;
    for (size_t i = 0; i < count && status == DN_OK; ++i) {
        bool aside = false;
        status = is_set_aside(it, ids[i], &aside);
        if (status == DN_OK && !aside) {
            *first = (*lost)++ == 0 ? ids[i] : *first;
            status = dn_remarks_leave_out(it->remarks, "join", ids[i], here, reason);
        }
    }
    free(reason);
    return status;
}

static dn_status remark_join(const loading *it, const dn_join_loss *loss, const char *left, const char *right)
{
    const char *left_one, *right_one;
    char alike[512] = "", words[DN_REMEDY_WORDS];
    size_t left_lost, right_lost;
    DN_TRY(losses(it, loss->left, loss->left_count, left, right, &left_lost, &left_one));
    DN_TRY(losses(it, loss->right, loss->right_count, right, left, &right_lost, &right_one));
    if (loss->alike > 0 && it->options->join == DN_JOIN_ALIKE) {
        DN_TRY(dn_remarks_add(it->remarks, DN_REMARK_NOTE, "alike",
                              "%zu id%s joined although written differently (for example \"%s\" in %s, \"%s\" in %s).", loss->alike,
                              loss->alike == 1 ? " was" : "s were", loss->alike_left, left, loss->alike_right, right));
    } else if (loss->alike > 0) {
        snprintf(alike, sizeof alike, " %zu of them are probably the same people, written differently (\"%.60s\" and \"%.60s\")%s.",
                 loss->alike, loss->alike_left, loss->alike_right, dn_remedy_words(DN_REMEDY_JOIN_ALIKE, NULL, words));
    }
    if (left_lost + right_lost == 0) {
        return DN_OK;
    }
    char left_text[512] = "", right_text[512] = "";
    if (left_lost > 0) {
        snprintf(left_text, sizeof left_text, "%zu of %zu rows of %.180s that are not in %.180s (for example \"%.60s\")", left_lost,
                 loss->left_rows, left, right, left_one);
    }
    if (right_lost > 0) {
        snprintf(right_text, sizeof right_text, "%zu of %zu rows of %.180s that are not in %.180s (for example \"%.60s\")", right_lost,
                 loss->right_rows, right, left, right_one);
    }
    return dn_remarks_add(it->remarks, DN_REMARK_DOUBT, "join", "In only one of two tables, left out: %s%s%s.%s", left_text,
                          left_lost > 0 && right_lost > 0 ? ", and " : "", right_text, alike);
}

/* Joins next (consumed) to what is there, or becomes it. */
static dn_status join_next(loading *it, dn_table *next)
{
    dn_table *joined = NULL;
    dn_join_loss loss = {0};
    if (it->table == NULL) {
        it->table = next;
        return DN_OK;
    }
    /* Repeats on the right: the other way round, so that each finds its person. */
    bool repeats = false;
    dn_status status = dn_has_repeats(next, it->options->id, &repeats);
    const bool turned = it->repeats && repeats;
    const dn_table *left = turned ? next : it->table;
    const dn_table *right = turned ? it->table : next;
    if (status == DN_OK) {
        status = dn_join(left, right, it->options->id, it->options->join, &joined, &loss);
    }
    if (status == DN_OK) {
        if (it->set_aside.count > 0) {
            qsort(it->set_aside.paths, it->set_aside.count, sizeof *it->set_aside.paths, compare_texts);
        }
        status = remark_join(it, &loss, dn_table_name(left), dn_table_name(right));
    }
    dn_table_destroy(next);
    if (status == DN_OK) {
        dn_table_destroy(it->table);
        it->table = joined;
    } else {
        dn_table_destroy(joined);
    }
    dn_join_loss_release(&loss);
    return status;
}

/* Selects from a table that was read (consumed), and joins it. */
static dn_status add_table(loading *it, dn_table *table, bool gathered)
{
    dn_status status = apply_session(it, &table);
    if (status == DN_OK) {
        status = apply_where(it, &table);
    }
    if (status == DN_OK) {
        status = apply_verdict(it, &table);
    }
    if (status == DN_OK && dn_table_rows(table) == 0) {
        status = dn_remarks_have(it->remarks, "rejected")
                     ? dn_error_set(DN_EDATA, "nobody of %s is left", dn_table_name(table))
                     : dn_error_set(DN_EDATA, "%s has names of columns but no rows", dn_table_name(table));
    }
    if (status == DN_OK && gathered) {
        status = dn_gathered_check(table);
    }
    if (status == DN_OK && gathered && !it->repeats) {
        status = dn_check_sessions(table);
    }
    if (status != DN_OK) {
        dn_table_destroy(table);
        return status;
    }
    return join_next(it, table);
}

static dn_status add_path(loading *it, const char *path)
{
    dn_table *table = NULL;
    if (dn_path_is_folder(path)) {
        size_t before = it->volumes.count;
        DN_TRY(find_volumes(path, 8, &it->volumes));
        if (it->volumes.count == before) {
            DN_FAIL_OFFER(DN_EINPUT, DN_REMEDY_SEGMENT, "there is no *_volumes.tsv in the folder %s", path);
        }
        size_t dropped;
        drop_markings(&it->volumes, before, &dropped);
        return dropped == 0
                   ? DN_OK
                   : dn_remarks_add(
                         it->remarks, DN_REMARK_NOTE, "markings",
                         "%zu file%s of markings (desc-) in %s %s not used, because there are measurements; name the files to use them.",
                         dropped, dropped == 1 ? "" : "s", path, dropped == 1 ? "is" : "are");
    }
    if (is_volumes_file(path)) {
        return path_list_add(&it->volumes, path);
    }
    DN_TRY(dn_table_read(path, &table));
    dn_status status = dn_table_check_facts(table, it->remarks);
    if (status != DN_OK) {
        dn_table_destroy(table);
        return status;
    }
    return add_table(it, table, false);
}

/* What the JSON files say of the scans that are counted. */
static dn_status remark_scans(const loading *it)
{
    const dn_scan_record **scans = NULL;
    size_t count = 0;
    DN_TRY(dn_alloc(&scans, dn_table_rows(it->table), sizeof *scans, "a list of scans"));
    for (size_t r = 0; r < dn_table_rows(it->table); ++r) {
        const dn_scan_record *scan = dn_gathered_scan(&it->gathered, dn_table_source(it->table, r));
        if (scan != NULL) {
            scans[count++] = scan;
        }
    }
    dn_status status = dn_scan_records_remark(scans, count, it->remarks);
    free(scans);
    return status;
}

/* The column that an option names is nowhere. */
static dn_status check_applied(const loading *it)
{
    dn_condition wanted = {0};
    size_t ignored;
    if (it->options->session != NULL && !it->session_applied) {
        return dn_error_offer_of(dn_error_set(DN_EDATA, "%s has no column session", dn_table_name(it->table)), DN_REMEDY_SESSION,
                                 it->options->session);
    }
    if (it->options->where == NULL || it->where_applied) {
        return DN_OK;
    }
    DN_TRY(dn_condition_parse(it->options->where, it->table, &wanted));
    return dn_table_column(it->table, wanted.name, &ignored);
}

dn_status dn_study_load(const dn_study_tables *tables, bool repeats, dn_table **out, dn_remarks *remarks)
{
    dn_status status = DN_OK;
    loading it = {.options = tables, .repeats = repeats, .remarks = remarks};
    for (size_t i = 0; i < tables->count; ++i) {
        DN_TRY_GOTO(status, add_path(&it, tables->paths[i]), done);
    }
    if (it.volumes.count > 0) {
        DN_TRY_GOTO(status, dn_gather_volumes((const char *const *)it.volumes.paths, it.volumes.count, &it.gathered), done);
        dn_table *table = it.gathered.table;
        it.gathered.table = NULL;
        DN_TRY_GOTO(status, add_table(&it, table, true), done);
    }
    if (it.table == NULL) {
        DN_FAIL_GOTO(status, done, DN_EUSAGE, "no table is given; name a TSV or CSV file, or a folder with *_volumes.tsv files");
    }
    DN_TRY_GOTO(status, check_applied(&it), done);
    DN_TRY_GOTO(status, remark_scans(&it), done);
    if (tables->unit != NULL) {
        DN_TRY_GOTO(status, dn_table_convert_units(it.table, tables->unit), done);
    }
    *out = it.table;
    it.table = NULL;
done:
    path_list_release(&it.volumes);
    path_list_release(&it.set_aside);
    dn_gathered_release(&it.gathered);
    dn_table_destroy(it.table);
    return status;
}

dn_status dn_study_check(const dn_study_tables *tables, const dn_table *table, const dn_table_roles *roles, dn_remarks *remarks)
{
    DN_TRY(dn_table_check(table, roles, remarks));
    return tables->strict ? dn_remarks_refuse(remarks) : DN_OK;
}

const char *dn_study_unit(const dn_study_tables *tables, const dn_table *table, const char *column)
{
    size_t c = column != NULL ? dn_table_find(table, column) : DN_TABLE_NONE;
    return tables->unit != NULL ? tables->unit : c != DN_TABLE_NONE ? dn_unit_text(dn_table_unit(table, c)) : NULL;
}
