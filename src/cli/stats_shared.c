/* Tables in, results out, for the subcommands of `dien stats` and its sisters. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/stats_command.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_split_list(const char *text, char ***items, size_t *count)
{
    size_t most = 1;
    size_t length = text != NULL ? strlen(text) : 0;
    *items = NULL;
    *count = 0;
    for (const char *p = text; p != NULL && *p != '\0'; ++p) {
        most += *p == ',';
    }
    /* The pointers, and behind them the texts. */
    DN_TRY(dn_alloc(items, 1, most * sizeof(char *) + length + 1, "a list"));
    char *copy = (char *)(*items + most);
    memcpy(copy, text != NULL ? text : "", length + 1);
    for (char *part = copy, *next; part != NULL; part = next) {
        next = strchr(part, ',');
        if (next != NULL) {
            *next++ = '\0';
        }
        part += strspn(part, " ");
        for (size_t n = strlen(part); n > 0 && part[n - 1] == ' '; --n) {
            part[n - 1] = '\0';
        }
        if (*part != '\0') {
            (*items)[(*count)++] = part;
        }
    }
    return DN_OK;
}

/* ---- loading ---- */

typedef struct path_list {
    char **paths;
    size_t count;
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
    DN_TRY(dn_realloc(&list->paths, list->count + 1, sizeof *list->paths, "a list of files"));
    DN_TRY(dn_strdup(path, &list->paths[list->count]));
    list->count++;
    return DN_OK;
}

static bool is_volumes(const char *path)
{
    return dn_path_has_extension(path, "_volumes.tsv") || dn_path_has_extension(path, "_volumes.csv");
}

/* Files below folder, in the order of their names. Depth is bounded: a link may lead in a circle. */
static dn_status find_volumes(const char *folder, int depth, path_list *list)
{
    struct dirent **entries = NULL;
    dn_status status = DN_OK;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0) {
        DN_FAIL(DN_EINPUT, "cannot read the folder %s", folder);
    }
    for (int i = 0; i < count; ++i) {
        char *path = NULL;
        if (status == DN_OK && entries[i]->d_name[0] != '.') {
            status = dn_path_join(folder, entries[i]->d_name, &path);
            if (status == DN_OK && dn_path_is_folder(path)) {
                status = depth > 0 ? find_volumes(path, depth - 1, list) : DN_OK;
            } else if (status == DN_OK && is_volumes(path)) {
                status = path_list_add(list, path);
            }
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
    return status;
}

typedef struct condition {
    size_t column;
    const char *value;
} condition;

static bool row_matches(void *user, const dn_table *table, size_t row)
{
    const condition *wanted = user;
    const char *text = dn_table_text(table, row, wanted->column);
    return text != NULL && strcmp(text, wanted->value) == 0;
}

/* Keeps the rows that where ("column=value") asks for; a table without that column stays as it is. *applied: whether it had one. */
static dn_status apply_where(dn_table **table, const char *where, bool *applied)
{
    char *name = NULL;
    dn_table *kept = NULL;
    if (where == NULL) {
        return DN_OK;
    }
    const char *equals = strchr(where, '=');
    if (equals == NULL || equals == where) {
        DN_FAIL(DN_EUSAGE, "--where %s is not COLUMN=VALUE, for example --where group=ALS", where);
    }
    DN_TRY(dn_asprintf(&name, "%.*s", (int)(equals - where), where));
    condition wanted = {dn_table_find(*table, name), equals + 1};
    free(name);
    if (wanted.column == DN_TABLE_NONE) {
        return DN_OK;
    }
    DN_TRY(dn_table_filter(*table, row_matches, &wanted, &kept));
    if (dn_table_rows(kept) == 0) {
        dn_status status = dn_error_set(DN_EDATA, "no row of %s has %s", dn_table_name(*table), where);
        dn_table_destroy(kept);
        return status;
    }
    dn_table_destroy(*table);
    *table = kept;
    *applied = true;
    return DN_OK;
}

/* Joins next (consumed) to *table, or becomes it. */
static dn_status join_next(dn_table **table, dn_table *next, const char *key)
{
    dn_table *joined = NULL;
    char *unmatched = NULL;
    if (*table == NULL) {
        *table = next;
        return DN_OK;
    }
    dn_status status = dn_table_join(*table, next, key, &joined, &unmatched);
    if (status == DN_OK) {
        if (unmatched != NULL) {
            dn_log(DN_LOG_WARNING, "in only one of %s and %s, left out: %s", dn_table_name(*table), dn_table_name(next), unmatched);
        }
        dn_table_destroy(*table);
        *table = joined;
    }
    free(unmatched);
    dn_table_destroy(next);
    return status;
}

dn_status dn_tables_load(const char *const *paths, size_t count, const char *key, const char *where, dn_table **out)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    dn_table *next = NULL;
    path_list volumes = {0};
    bool applied = false;
    for (size_t i = 0; i < count; ++i) {
        if (dn_path_is_folder(paths[i])) {
            size_t before = volumes.count;
            DN_TRY_GOTO(status, find_volumes(paths[i], 8, &volumes), done);
            if (volumes.count == before) {
                DN_FAIL_GOTO(status, done, DN_EINPUT, "there is no *_volumes.tsv in the folder %s; 'dien segment' writes them", paths[i]);
            }
        } else if (is_volumes(paths[i])) {
            DN_TRY_GOTO(status, path_list_add(&volumes, paths[i]), done);
        } else {
            DN_TRY_GOTO(status, dn_table_read(paths[i], &next), done);
            DN_TRY_GOTO(status, apply_where(&next, where, &applied), done);
            dn_table *given = next;
            next = NULL;
            DN_TRY_GOTO(status, join_next(&table, given, key), done);
        }
    }
    if (volumes.count > 0) {
        DN_TRY_GOTO(status, dn_table_gather_volumes((const char *const *)volumes.paths, volumes.count, &next), done);
        DN_TRY_GOTO(status, apply_where(&next, where, &applied), done);
        dn_table *given = next;
        next = NULL;
        DN_TRY_GOTO(status, join_next(&table, given, key), done);
    }
    if (table == NULL) {
        DN_FAIL_GOTO(status, done, DN_EUSAGE, "no table is given; name a TSV or CSV file, or a folder with *_volumes.tsv files");
    }
    if (where != NULL && !applied) {
        size_t ignored;
        char *name = NULL;
        DN_TRY_GOTO(status, dn_asprintf(&name, "%.*s", (int)strcspn(where, "="), where), done);
        status = dn_table_column(table, name, &ignored);
        free(name);
        if (status != DN_OK) {
            goto done;
        }
    }
    if (dn_table_rows(table) == 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "%s has names of columns but no rows", dn_table_name(table));
    }
    *out = table;
    table = NULL;
done:
    path_list_release(&volumes);
    dn_table_destroy(next);
    dn_table_destroy(table);
    return status;
}

dn_status dn_table_keep_where(dn_table **table, const char *where)
{
    bool applied = false;
    size_t ignored;
    char *name = NULL;
    DN_TRY(apply_where(table, where, &applied));
    if (where == NULL || applied) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&name, "%.*s", (int)strcspn(where, "="), where));
    dn_status status = dn_table_column(*table, name, &ignored);
    free(name);
    return status;
}

static dn_status load(const dn_arguments *arguments, size_t from, const char *where, dn_table **out)
{
    const char **paths = NULL;
    size_t count = dn_arguments_count(arguments) - from;
    DN_TRY(dn_alloc(&paths, count, sizeof *paths, "a list of files"));
    for (size_t i = 0; i < count; ++i) {
        paths[i] = dn_arguments_at(arguments, from + i);
    }
    dn_status status = dn_tables_load(paths, count, dn_arguments_text(arguments, "id"), where, out);
    free(paths);
    return status;
}

dn_status dn_stats_load(const dn_arguments *arguments, size_t from, dn_table **out)
{
    return load(arguments, from, dn_arguments_text(arguments, "where"), out);
}

dn_status dn_stats_load_all(const dn_arguments *arguments, size_t from, dn_table **out)
{
    return load(arguments, from, NULL, out);
}

/* ---- results ---- */

/* Letters, not bytes: continuation bytes of UTF-8 take no room. */
static size_t width_of(const char *text, size_t bytes)
{
    size_t width = 0;
    for (size_t i = 0; i < bytes; ++i) {
        width += ((unsigned char)text[i] & 0xC0) != 0x80;
    }
    return width;
}

static void print_wrapped(FILE *stream, const char *text)
{
    enum { WIDTH = 100 };
    size_t used = 0;
    while (*text != '\0') {
        size_t bytes = strcspn(text, " \n");
        size_t width = width_of(text, bytes);
        if (used > 0 && used + 1 + width > WIDTH) {
            fputc('\n', stream);
            used = 0;
        }
        if (used > 0) {
            fputc(' ', stream);
            used++;
        }
        fwrite(text, 1, bytes, stream);
        used += width;
        text += bytes;
        for (; *text == ' ' || *text == '\n'; ++text) {
            if (*text == '\n') {
                fputc('\n', stream);
                used = 0;
            }
        }
    }
    if (used > 0) {
        fputc('\n', stream);
    }
}

dn_status dn_stats_emit(const char *folder, const char *name, const char *paragraph)
{
    print_wrapped(stdout, paragraph);
    if (folder == NULL) {
        return DN_OK;
    }
    char *path = NULL;
    dn_file_writer writer = {0};
    DN_TRY(dn_path_make_folder(folder));
    DN_TRY(dn_asprintf(&path, "%s/%s.txt", folder, name));
    dn_status status = dn_file_create(&writer, path);
    if (status == DN_OK) {
        print_wrapped(writer.stream, paragraph);
        status = dn_file_commit(&writer);
    }
    free(path);
    return status;
}

dn_status dn_stats_write_table(const char *folder, const char *name, const dn_table *table)
{
    char *path = NULL;
    if (folder == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_path_make_folder(folder));
    DN_TRY(dn_asprintf(&path, "%s/%s.tsv", folder, name));
    dn_status status = dn_table_write(table, path);
    free(path);
    return status;
}

dn_status dn_stats_write_figure(const char *folder, const char *name, const char *note, dn_figure *figure)
{
    char *path = NULL;
    if (note != NULL) {
        DN_TRY(dn_figure_note(figure, note));
    }
    DN_TRY(dn_path_make_folder(folder));
    DN_TRY(dn_path_join(folder, name, &path));
    dn_status status = dn_figure_write(figure, path);
    if (status == DN_EIO && !dn_figure_can_draw()) {
        dn_log(DN_LOG_WARNING, "%s", dn_error_message());
        dn_error_clear();
        status = DN_OK;
    }
    free(path);
    return status;
}
