/* Keeps remarks and the people whom they concern, and writes them as a paragraph and a table. */
#define _GNU_SOURCE
#include "study/tables/remarks.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_status dn_remarks_add(dn_remarks *remarks, dn_remark_level level, const char *code, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    dn_status status = dn_vasprintf(&text, format, args);
    va_end(args);
    DN_TRY(status);
    status = dn_realloc(&remarks->remark, remarks->count + 1, sizeof *remarks->remark, "a remark");
    if (status != DN_OK) {
        free(text);
        return status;
    }
    dn_text_make_line(text); /* names come from files */
    remarks->remark[remarks->count++] = (dn_remark){level, code, text};
    return DN_OK;
}

dn_status dn_remarks_leave_out(dn_remarks *remarks, const char *code, const char *who, const char *where, const char *reason)
{
    DN_TRY(dn_realloc(&remarks->left_out, remarks->left_out_count + 1, sizeof *remarks->left_out, "a remark"));
    dn_left_out *one = &remarks->left_out[remarks->left_out_count++];
    *one = (dn_left_out){.code = code};
    DN_TRY(dn_strdup(who != NULL ? who : "", &one->who));
    DN_TRY(dn_strdup(where != NULL ? where : "", &one->where));
    return dn_strdup(reason != NULL ? reason : "", &one->reason);
}

dn_status dn_remarks_name(dn_remarks *remarks, const char *code, const char *who, const char *where, const char *why)
{
    dn_status status = dn_remarks_leave_out(remarks, code, who, where, why);
    if (status == DN_OK) {
        remarks->left_out[remarks->left_out_count - 1].counted = true;
    }
    return status;
}

void dn_remarks_release(dn_remarks *remarks)
{
    for (size_t i = 0; i < remarks->count; ++i) {
        free(remarks->remark[i].text);
    }
    for (size_t i = 0; i < remarks->left_out_count; ++i) {
        free(remarks->left_out[i].who);
        free(remarks->left_out[i].where);
        free(remarks->left_out[i].reason);
    }
    free(remarks->remark);
    free(remarks->left_out);
    free(remarks->networks);
    *remarks = (dn_remarks){0};
}

bool dn_remarks_have(const dn_remarks *remarks, const char *code)
{
    for (size_t i = 0; i < remarks->count; ++i) {
        if (strcmp(remarks->remark[i].code, code) == 0) {
            return true;
        }
    }
    return false;
}

dn_status dn_remarks_paragraph(const dn_remarks *remarks, char **out)
{
    dn_text text = {0};
    *out = NULL;
    if (remarks->count == 0) {
        return DN_OK;
    }
    DN_TRY(dn_text_open(&text));
    fprintf(text.stream, "About the tables:");
    for (int level = DN_REMARK_DOUBT; level >= DN_REMARK_NOTE; --level) { /* doubts first */
        for (size_t i = 0; i < remarks->count; ++i) {
            if ((int)remarks->remark[i].level == level) {
                fprintf(text.stream, " %s", remarks->remark[i].text);
            }
        }
    }
    fprintf(text.stream, "\n");
    return dn_text_take(&text, out);
}

static dn_status put(dn_table *out, const char *code, const char *level, const char *who, const char *where, const char *text)
{
    size_t row;
    DN_TRY(dn_table_add_row(out, &row));
    DN_TRY(dn_table_put_text(out, "code", code));
    DN_TRY(dn_table_put_text(out, "level", level));
    DN_TRY(dn_table_put_text(out, "who", who));
    DN_TRY(dn_table_put_text(out, "where", where));
    return dn_table_put_text(out, "text", text);
}

dn_status dn_remarks_tabulate(const dn_remarks *remarks, dn_table *out)
{
    for (size_t i = 0; i < remarks->count; ++i) {
        const dn_remark *r = &remarks->remark[i];
        DN_TRY(put(out, r->code, r->level == DN_REMARK_DOUBT ? "doubt" : "note", NULL, NULL, r->text));
    }
    for (size_t i = 0; i < remarks->left_out_count; ++i) {
        const dn_left_out *l = &remarks->left_out[i];
        DN_TRY(put(out, l->code, l->counted ? "counted" : "left out", l->who, l->where, l->reason));
    }
    return DN_OK;
}

dn_status dn_remarks_refuse(const dn_remarks *remarks)
{
    size_t doubts = 0;
    const char *first = NULL;
    for (size_t i = 0; i < remarks->count; ++i) {
        if (remarks->remark[i].level == DN_REMARK_DOUBT) {
            first = doubts++ == 0 ? remarks->remark[i].text : first;
        }
    }
    if (doubts == 0) {
        return DN_OK;
    }
    if (doubts > 1) {
        DN_FAIL_OFFER(DN_EDATA, DN_REMEDY_NOT_STRICT, "tables with doubts are refused: %s (and %zu more)", first, doubts - 1);
    }
    DN_FAIL_OFFER(DN_EDATA, DN_REMEDY_NOT_STRICT, "tables with doubts are refused: %s", first);
}

/* What a failure may come from. */
static bool explains(const dn_remark *r)
{
    static const char *const codes[] = {"join", "rejected", "case", "empty_rows", "thousands"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; ++i) {
        if (strcmp(codes[i], r->code) == 0) {
            return true;
        }
    }
    return false;
}

dn_status dn_remarks_explain(const dn_remarks *remarks, dn_status status)
{
    char *message = NULL;
    if (status != DN_EDATA || dn_error_remedy() == DN_REMEDY_NOT_STRICT) { /* which states a doubt */
        return status;
    }
    for (size_t i = 0; i < remarks->count; ++i) {
        const dn_remark *r = &remarks->remark[i];
        if (explains(r) && strstr(dn_error_message(), r->text) == NULL) {
            const dn_remedy remedy = dn_error_remedy();
            char about[DN_REMEDY_WORDS];
            snprintf(about, sizeof about, "%s", dn_error_remedy_about());
            if (dn_strdup(dn_error_message(), &message) != DN_OK) {
                return DN_ENOMEM;
            }
            const size_t length = strlen(message);
            bool ended = length > 0 && strchr(".?!", message[length - 1]) != NULL;
            status = dn_error_offer_of(dn_error_set(status, "%s%s %s", message, ended ? "" : ".", r->text), remedy, about);
            free(message);
        }
    }
    return status;
}

/* ---- lists ---- */

dn_status dn_list_add(dn_list *list, const char *name, const char *detail)
{
    char *longer = NULL;
    if (list->count++ >= (list->most > 0 ? list->most : 10)) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&longer, "%s%s%s%s%s%s", list->text != NULL ? list->text : "", list->text != NULL ? ", " : "", name,
                       detail != NULL ? " (" : "", detail != NULL ? detail : "", detail != NULL ? ")" : ""));
    free(list->text);
    list->text = longer;
    return DN_OK;
}

dn_status dn_list_close(dn_list *list, const char **out)
{
    const size_t most = list->most > 0 ? list->most : 10;
    char *longer = NULL;
    *out = "";
    if (list->count > most) {
        DN_TRY(dn_asprintf(&longer, "%s and %zu more", list->text, list->count - most));
        free(list->text);
        list->text = longer;
        list->count = most;
    }
    *out = list->text != NULL ? list->text : "";
    return DN_OK;
}

void dn_list_release(dn_list *list)
{
    free(list->text);
    *list = (dn_list){0};
}
