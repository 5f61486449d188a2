/* Divides subjects among folds, each group evenly. */
#define _GNU_SOURCE /* strverscmp */
#include "train/folds.h"

#include "base/bids_name.h"
#include "base/memory.h"
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

const dn_fold_subject *dn_folds_find(const dn_folds *folds, const char *name)
{
    for (size_t i = 0; i < folds->count; ++i) {
        if (dn_bids_same(DN_BIDS_SUB, folds->subjects[i].name, name)) {
            return &folds->subjects[i];
        }
    }
    return NULL;
}

static dn_status collect(const dn_train_sources *sources, dn_folds *out)
{
    for (size_t p = 0; p < sources->pair_count; ++p) {
        if (dn_folds_find(out, sources->pairs[p].subject) == NULL) {
            DN_TRY(dn_realloc(&out->subjects, out->count + 1, sizeof *out->subjects, "subjects"));
            out->subjects[out->count] = (dn_fold_subject){0};
            DN_TRY(dn_strdup(sources->pairs[p].subject, &out->subjects[out->count++].name));
        }
    }
    return DN_OK;
}

static int by_name(const void *a, const void *b)
{
    return strverscmp(((const dn_fold_subject *)a)->name, ((const dn_fold_subject *)b)->name);
}

static dn_status find_groups(const dn_table *participants, const char *group, dn_folds *out)
{
    size_t id = 0, column = 0;
    if (participants != NULL) {
        DN_TRY(dn_table_column(participants, "participant_id", &id));
        DN_TRY(dn_table_column(participants, group, &column));
    }
    for (size_t i = 0; i < out->count; ++i) {
        const char *found = participants == NULL ? "" : NULL;
        for (size_t row = 0; participants != NULL && row < dn_table_rows(participants); ++row) {
            const char *name = dn_table_text(participants, row, id);
            if (name != NULL && dn_bids_same(DN_BIDS_SUB, name, out->subjects[i].name)) {
                found = dn_table_text(participants, row, column);
            }
        }
        if (found == NULL) {
            DN_FAIL(DN_EDATA, "%s has no row, or no %s, for the subject %s", dn_table_name(participants), group, out->subjects[i].name);
        }
        DN_TRY(dn_strdup(found, &out->subjects[i].group));
    }
    return DN_OK;
}

/* Group after group by the order of their first subjects; within a group in an order of chance. */
static dn_status deal(dn_folds *folds, uint64_t seed)
{
    size_t *order = NULL;
    int64_t next = 0;
    dn_random random;
    DN_TRY(dn_alloc(&order, folds->count, sizeof *order, "folds"));
    for (size_t i = 0; i < folds->count; ++i) {
        folds->subjects[i].fold = -1;
    }
    dn_random_seed_stream(&random, seed, UINT64_C(0x666f6c6473));
    for (size_t first = 0; first < folds->count; ++first) {
        size_t n = 0;
        if (folds->subjects[first].fold >= 0) {
            continue;
        }
        for (size_t i = first; i < folds->count; ++i) {
            if (strcmp(folds->subjects[i].group, folds->subjects[first].group) == 0) {
                order[n++] = i;
            }
        }
        for (size_t i = n; i > 1; --i) {
            size_t other = (size_t)dn_random_below(&random, i);
            size_t swap = order[i - 1];
            order[i - 1] = order[other];
            order[other] = swap;
        }
        for (size_t i = 0; i < n; ++i) {
            folds->subjects[order[i]].fold = next++ % folds->folds;
        }
    }
    free(order);
    return DN_OK;
}

dn_status dn_folds_deal(const dn_train_config *config, const dn_table *participants, const char *group, int64_t folds, uint64_t seed,
                        dn_folds *out)
{
    dn_status status = DN_OK;
    *out = (dn_folds){.folds = folds};
    DN_TRY_GOTO(status, collect(&config->training, out), fail);
    DN_TRY_GOTO(status, collect(&config->validation, out), fail);
    if ((int64_t)out->count < folds) {
        DN_FAIL_GOTO(status, fail, DN_EDATA, "%s has scans of %zu subjects, fewer than the %lld folds", config->path, out->count,
                     (long long)folds);
    }
    qsort(out->subjects, out->count, sizeof *out->subjects, by_name);
    DN_TRY_GOTO(status, find_groups(participants, group, out), fail);
    DN_TRY_GOTO(status, deal(out, seed), fail);
    return DN_OK;
fail:
    dn_folds_release(out);
    return status;
}

void dn_folds_release(dn_folds *folds)
{
    for (size_t i = 0; i < folds->count; ++i) {
        free(folds->subjects[i].name);
        free(folds->subjects[i].group);
    }
    free(folds->subjects);
    *folds = (dn_folds){0};
}

dn_status dn_folds_table(const dn_folds *folds, dn_table **out)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    size_t row;
    DN_TRY(dn_table_create("folds", &table));
    for (size_t i = 0; i < folds->count; ++i) {
        const dn_fold_subject *s = &folds->subjects[i];
        DN_TRY_GOTO(status, dn_table_add_row(table, &row), fail);
        DN_TRY_GOTO(status, dn_table_put_text(table, "subject", s->name), fail);
        DN_TRY_GOTO(status, dn_table_put_text(table, "group", *s->group != '\0' ? s->group : NULL), fail);
        DN_TRY_GOTO(status, dn_table_put_number(table, "fold", (double)(s->fold + 1)), fail);
    }
    *out = table;
    return DN_OK;
fail:
    dn_table_destroy(table);
    return status;
}
