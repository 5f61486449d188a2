/* Wraps the text of a result, and writes it with its remarks, tables and figures. */
#define _GNU_SOURCE
#include "study/output/output.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_study_end(dn_status status, dn_remarks *remarks)
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

static void put_wrapped(FILE *stream, const char *text)
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

dn_status dn_study_write_table(const char *folder, const char *name, const dn_table *table)
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
        char words[DN_REMEDY_WORDS];
        dn_log(DN_LOG_WARNING, "there %s %zu doubt%s about the tables, named after the result%s", others == 1 ? "is" : "are", others,
               others == 1 ? "" : "s", dn_remedy_words(DN_REMEDY_STRICT, NULL, words));
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
            status = dn_error_set(DN_EIO, "cannot remove '%s', which an earlier run wrote", path);
        }
        goto done;
    }
    DN_TRY_GOTO(status, dn_table_create("remarks", &table), done);
    DN_TRY_GOTO(status, dn_remarks_tabulate(remarks, table), done);
    status = dn_study_write_table(folder, full, table);
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
        fputs(text, writer.stream);
        status = dn_file_commit(&writer);
    }
    free(path);
    return status;
}

/* The paragraph, an empty line, and the remarks; wrapped. *out is owned by the caller. */
static dn_status compose(const char *paragraph, const dn_remarks *remarks, char **out)
{
    dn_status status = DN_OK;
    char *about = NULL;
    char *both = NULL;
    dn_text text = {0};
    const size_t length = strlen(paragraph);
    if (remarks != NULL) {
        DN_TRY(dn_remarks_paragraph(remarks, &about));
    }
    const char *between = about == NULL ? "" : length > 0 && paragraph[length - 1] == '\n' ? "\n" : "\n\n";
    DN_TRY_GOTO(status, dn_asprintf(&both, "%s%s%s", paragraph, between, about != NULL ? about : ""), done);
    DN_TRY_GOTO(status, dn_text_open(&text), done);
    put_wrapped(text.stream, both);
    status = dn_text_take(&text, out);
done:
    free(both);
    free(about);
    return status;
}

dn_status dn_study_emit(const char *folder, const char *name, const char *paragraph, const dn_remarks *remarks, dn_study_result *result)
{
    DN_TRY(compose(paragraph, remarks, &result->text));
    if (folder != NULL) {
        DN_TRY(write_text(folder, name, result->text));
        DN_TRY(write_remarks(folder, name, remarks));
    }
    if (remarks != NULL) {
        warn(remarks);
    }
    return DN_OK;
}

void dn_study_result_release(dn_study_result *result)
{
    free(result->text);
    *result = (dn_study_result){0};
}

dn_status dn_study_write_figure(const char *folder, const char *name, const char *note, dn_figure *figure)
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
