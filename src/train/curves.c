/* Draws loss and Dice over steps. */
#include "train/curves.h"

#include "base/memory.h"
#include "base/table.h"
#include "chart/figure_kinds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SERIES = 8 };

typedef struct {
    dn_figure_series series[MOST_SERIES];
    double *owned[2 * MOST_SERIES];
    size_t count, owned_count;
} series_list;

static void release(series_list *list)
{
    for (size_t i = 0; i < list->owned_count; ++i) {
        free(list->owned[i]);
    }
}

/* Rows without a value (a class that no sample had) are left out. */
static dn_status add(series_list *list, const dn_table *table, const char *column, const char *name)
{
    double *x, *y;
    size_t c[2];
    if (list->count == MOST_SERIES || dn_table_rows(table) == 0) {
        return DN_OK;
    }
    DN_TRY(dn_table_column(table, "step", &c[0]));
    DN_TRY(dn_table_column(table, column, &c[1]));
    DN_TRY(dn_table_numbers(table, c[0], &x));
    list->owned[list->owned_count++] = x;
    DN_TRY(dn_table_numbers(table, c[1], &y));
    list->owned[list->owned_count++] = y;
    size_t n = 0;
    for (size_t row = 0; row < dn_table_rows(table); ++row) {
        if (isfinite(y[row])) {
            x[n] = x[row];
            y[n++] = y[row];
        }
    }
    if (n > 1) {
        list->series[list->count++] = (dn_figure_series){.name = name, .n = n, .x = x, .y = y};
    }
    return DN_OK;
}

static dn_status draw(const dn_table *log, const dn_table *validation, const char *name, int64_t best_step, const char *path)
{
    dn_status status = DN_OK;
    dn_figure *figure = NULL;
    series_list loss = {.count = 0};
    series_list dice = {.count = 0};
    DN_TRY_GOTO(status, add(&loss, log, "loss", "training"), done);
    DN_TRY_GOTO(status, add(&dice, log, "dice", "training, mean"), done);
    if (validation != NULL) {
        DN_TRY_GOTO(status, add(&loss, validation, "loss", "validation"), done);
        DN_TRY_GOTO(status, add(&dice, validation, "dice", "validation, mean"), done);
    }
    if (loss.count == 0 || dice.count == 0) {
        goto done;
    }
    dn_panel panel = {.title = name, .x_label = "Step", .y_label = "Loss", .legend = DN_LEGEND_TOP_RIGHT};
    const char *mark = best_step > 0 ? "best" : NULL;
    DN_TRY_GOTO(status, dn_figure_create(174, 75, 1, 2, &figure), done);
    DN_TRY_GOTO(status, dn_figure_curves(figure, &panel, loss.series, loss.count, (double)best_step, mark), done);
    panel.y_label = "Dice";
    panel.title = NULL;
    panel.legend = DN_LEGEND_BOTTOM_RIGHT;
    DN_TRY_GOTO(status, dn_figure_curves(figure, &panel, dice.series, dice.count, (double)best_step, mark), done);
    DN_TRY_GOTO(status, dn_figure_write(figure, path), done);
done:
    dn_figure_destroy(figure);
    release(&loss);
    release(&dice);
    return status;
}

dn_status dn_train_curves(const char *log, const char *validation, const char *name, int64_t best_step, const char *path)
{
    dn_status status = DN_OK;
    dn_table *tables[2] = {NULL, NULL};
    DN_TRY_GOTO(status, dn_table_parse(log, strlen(log), "log.tsv", &tables[0]), done);
    if (strchr(validation, '\n') != NULL) {
        DN_TRY_GOTO(status, dn_table_parse(validation, strlen(validation), "validation.tsv", &tables[1]), done);
    }
    DN_TRY_GOTO(status, draw(tables[0], tables[1], name, best_step, path), done);
done:
    dn_table_destroy(tables[0]);
    dn_table_destroy(tables[1]);
    return status;
}
