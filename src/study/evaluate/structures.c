/* Parses which structures are compared, and takes their names from the tables of labels and tissues. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/install.h"
#include "base/memory.h"
#include "base/words.h"
#include "image/label_list.h"
#include "models/label_table.h"
#include "study/evaluate/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dn_status add_structure(evaluation_job *job, const char *name, structure **out)
{
    if (job->structure_count == STRUCTURES) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_STRUCTURES, "there are more than %d structures; choose some", STRUCTURES);
    }
    for (size_t s = 0; s < job->structure_count; ++s) {
        if (strncmp(job->structures[s].name, name, sizeof job->structures[s].name - 1) == 0) {
            DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_STRUCTURES, "two structures are called %s; give them names", name);
        }
    }
    *out = &job->structures[job->structure_count++];
    snprintf((*out)->name, sizeof(*out)->name, "%s", name);
    return DN_OK;
}

static dn_status add_range(structure *to, long low, long high)
{
    DN_TRY(dn_realloc(&to->labels, to->count + (size_t)(high - low) + 1, sizeof *to->labels, "labels"));
    for (long label = low; label <= high; ++label) {
        to->labels[to->count++] = (uint16_t)label;
    }
    return DN_OK;
}

/* "thalamus=10+49" or "10" */
static dn_status parse_structure(evaluation_job *job, const char *item)
{
    const char *equals = strchr(item, '=');
    char name[64];
    structure *made = NULL;
    snprintf(name, sizeof name, "%.*s", equals != NULL ? (int)(equals - item) : 63, item);
    DN_TRY(add_structure(job, name, &made));
    for (const char *p = equals != NULL ? equals + 1 : item;;) {
        uint16_t low, high;
        const char *end = dn_label_range(p + strspn(p, " "), 1, &low, &high);
        if (end == NULL || (*end != '\0' && *end != '+')) {
            DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_STRUCTURES, "the structure \"%s\" is not like thalamus=10+49, hypothalamus=801-810 or 17",
                          item);
        }
        DN_TRY(add_range(made, low, high));
        if (*end == '\0') {
            return DN_OK;
        }
        p = end + 1;
    }
}

/* FreeSurfer's names, from the table of labels and, for tissues that are not measured, from that of tissues. */
static void name_of(const dn_table *names, long label, char out[64])
{
    dn_label_entry entry;
    if (label >= 801 && label <= 810 && dn_label_table_number(label, &entry)) {
        snprintf(out, 64, "%s", entry.name);
        return;
    }
    if (label == 819 || label == 820) {
        /* Not the name of the row for both numberings together. */
        snprintf(out, 64, "%s_whole_hypothalamus", label == 819 ? "left" : "right");
        return;
    }
    snprintf(out, 64, "%ld", label);
    for (size_t row = 0; names != NULL && row < dn_table_rows(names); ++row) {
        const char *number = dn_table_text(names, row, 0);
        const char *name = dn_table_text(names, row, 1);
        if (number != NULL && name != NULL && strtol(number, NULL, 10) == label) {
            snprintf(out, 64, "%.63s", name);
        }
    }
}

/* Every label that is anywhere, then both sides together. */
dn_status dn_evaluation_choose_all(evaluation_job *job, const bool *present)
{
    static const struct {
        const char *name;
        long low[2], high[2]; /* the second range may be empty: 0 */
    } together[] = {{"thalamus", {10, 49}, {10, 49}},
                    {"hypothalamus", {801, 819}, {810, 820}},
                    {"left_hypothalamus", {801, 819}, {805, 819}},
                    {"right_hypothalamus", {806, 820}, {810, 820}}};
    dn_status status = DN_OK;
    dn_table *names = NULL;
    char *path = NULL;
    structure *made = NULL;
    if (dn_install_path("synth/tissues.tsv", &path) == DN_OK && dn_path_exists(path)) {
        DN_TRY_GOTO(status, dn_table_read(path, &names), done);
    }
    for (long label = 1; label < 65536; ++label) {
        char name[64];
        if (present[label]) {
            name_of(names, label, name);
            DN_TRY_GOTO(status, add_structure(job, name, &made), done);
            DN_TRY_GOTO(status, add_range(made, label, label), done);
        }
    }
    for (size_t i = 0; i < sizeof together / sizeof *together; ++i) {
        bool any = false;
        for (int r = 0; r < 2; ++r) {
            for (long label = together[i].low[r]; label > 0 && label <= together[i].high[r]; ++label) {
                any = any || present[label];
            }
        }
        if (any) {
            DN_TRY_GOTO(status, add_structure(job, together[i].name, &made), done);
            for (int r = 0; r < 2 && together[i].low[r] > 0; ++r) {
                DN_TRY_GOTO(status, add_range(made, together[i].low[r], together[i].high[r]), done);
            }
        }
    }
done:
    dn_table_destroy(names);
    free(path);
    return status;
}

dn_status dn_evaluation_choose(evaluation_job *job, const char *structures)
{
    dn_status status = DN_OK;
    char **items = NULL;
    size_t count = 0;
    DN_TRY(dn_split_list(structures, &items, &count));
    for (size_t i = 0; i < count && status == DN_OK; ++i) {
        status = parse_structure(job, items[i]);
    }
    free(items);
    return status;
}
