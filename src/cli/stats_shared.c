/* Tables in, results out, for the subcommands of `dien stats` and its sisters. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/stats_command.h"
#include "study/load.h"
#include "study/units.h"

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

static dn_join_how join_how(const dn_arguments *arguments)
{
    const char *how = dn_arguments_text(arguments, "join");
    return strcmp(how, "exact") == 0 ? DN_JOIN_EXACT : strcmp(how, "alike") == 0 ? DN_JOIN_ALIKE : DN_JOIN_ASK;
}

dn_status dn_tables_load(const dn_arguments *arguments, size_t from, const char *where, const char *unit, bool repeats, dn_table **out,
                         dn_remarks *remarks)
{
    const char **paths = NULL;
    size_t count = dn_arguments_count(arguments) - from;
    const dn_study_options options = {.key = dn_arguments_text(arguments, "id"),
                                      .where = where,
                                      .session = dn_arguments_text(arguments, "session"),
                                      .unit = unit,
                                      .count_rejected = dn_arguments_flag(arguments, "count-rejected"),
                                      .repeats = repeats,
                                      .join = join_how(arguments)};
    DN_TRY(dn_alloc(&paths, count, sizeof *paths, "a list of files"));
    for (size_t i = 0; i < count; ++i) {
        paths[i] = dn_arguments_at(arguments, from + i);
    }
    dn_status status = dn_study_load(paths, count, &options, out, remarks);
    free(paths);
    return status;
}

dn_status dn_stats_load(const dn_arguments *arguments, size_t from, dn_table **out, dn_remarks *remarks)
{
    return dn_tables_load(arguments, from, dn_arguments_text(arguments, "where"), dn_arguments_text(arguments, "unit"),
                          dn_arguments_flag(arguments, "paired"), out, remarks);
}

dn_status dn_stats_load_all(const dn_arguments *arguments, size_t from, dn_table **out, dn_remarks *remarks)
{
    return dn_tables_load(arguments, from, NULL, dn_arguments_text(arguments, "unit"), false, out, remarks);
}

dn_status dn_stats_check(const dn_arguments *arguments, const dn_table *table, const dn_table_roles *roles, dn_remarks *remarks)
{
    DN_TRY(dn_table_check(table, roles, remarks));
    return dn_arguments_flag(arguments, "strict") ? dn_remarks_refuse(remarks) : DN_OK;
}

const char *dn_stats_unit(const dn_arguments *arguments, const dn_table *table, const char *column)
{
    size_t c = column != NULL ? dn_table_find(table, column) : DN_TABLE_NONE;
    const char *given = dn_arguments_text(arguments, "unit");
    return given != NULL ? given : c != DN_TABLE_NONE ? dn_unit_text(dn_table_unit(table, c)) : NULL;
}

dn_status dn_stats_end(dn_status status, dn_remarks *remarks)
{
    status = dn_remarks_explain(remarks, status);
    dn_remarks_release(remarks);
    return status;
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

/* What was left out stands on stderr, too: who reads only that must know. */
static void warn(const dn_remarks *remarks)
{
    size_t others = 0;
    for (size_t i = 0; i < remarks->count; ++i) {
        const dn_remark *r = &remarks->remark[i];
        if (strcmp(r->code, "join") == 0 || strcmp(r->code, "rejected") == 0) {
            dn_log(DN_LOG_WARNING, "%s", r->text);
        } else {
            others += r->level == DN_REMARK_DOUBT;
        }
    }
    if (others > 0) {
        dn_log(DN_LOG_WARNING, "there %s %zu doubt%s about the tables, told behind the result; --strict refuses such tables",
               others == 1 ? "is" : "are", others, others == 1 ? "" : "s");
    }
}

/* DIR/NAME_remarks.tsv; one of an earlier run goes. */
static dn_status write_remarks(const char *folder, const char *name, const dn_remarks *remarks)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    char *full = NULL;
    char *path = NULL;
    DN_TRY(dn_asprintf(&full, "%s_remarks", name));
    if (remarks == NULL || remarks->count == 0) {
        status = dn_asprintf(&path, "%s/%s.tsv", folder, full);
        if (status == DN_OK && dn_path_exists(path) && remove(path) != 0) {
            status = dn_error_set(DN_EIO, "cannot remove '%s', which an earlier run has left", path);
        }
        goto done;
    }
    DN_TRY_GOTO(status, dn_table_create("remarks", &table), done);
    DN_TRY_GOTO(status, dn_remarks_tabulate(remarks, table), done);
    status = dn_stats_write_table(folder, full, table);
done:
    dn_table_destroy(table);
    free(path);
    free(full);
    return status;
}

static dn_status write_text(const char *folder, const char *name, const char *text)
{
    char *path = NULL;
    dn_file_writer writer = {0};
    DN_TRY(dn_path_make_folder(folder));
    DN_TRY(dn_asprintf(&path, "%s/%s.txt", folder, name));
    dn_status status = dn_file_create(&writer, path);
    if (status == DN_OK) {
        print_wrapped(writer.stream, text);
        status = dn_file_commit(&writer);
    }
    free(path);
    return status;
}

dn_status dn_stats_emit(const char *folder, const char *name, const char *paragraph, const dn_remarks *remarks)
{
    dn_status status = DN_OK;
    char *about = NULL;
    char *both = NULL;
    if (remarks != NULL) {
        DN_TRY(dn_remarks_paragraph(remarks, &about));
    }
    const size_t length = strlen(paragraph);
    DN_TRY_GOTO(status,
                dn_asprintf(&both, "%s%s%s", paragraph,
                            about == NULL                                 ? ""
                            : length > 0 && paragraph[length - 1] == '\n' ? "\n"
                                                                          : "\n\n",
                            about != NULL ? about : ""),
                done);
    print_wrapped(stdout, both);
    if (folder != NULL) {
        DN_TRY_GOTO(status, write_text(folder, name, both), done);
        DN_TRY_GOTO(status, write_remarks(folder, name, remarks), done);
    }
    if (remarks != NULL) {
        warn(remarks);
    }
done:
    free(both);
    free(about);
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
    if (status == DN_EIO) {
        bool can = true;
        char *message = NULL;
        DN_TRY_GOTO(status, dn_strdup(dn_error_message(), &message), done);
        status = dn_figure_can_draw(&can);
        if (status == DN_OK && !can) {
            dn_log(DN_LOG_WARNING, "%s", message);
            dn_error_clear();
        } else if (status == DN_OK) {
            status = dn_error_set(DN_EIO, "%s", message);
        }
        free(message);
    }
done:
    free(path);
    return status;
}
