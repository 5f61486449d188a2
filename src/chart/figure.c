/* Building a figure: panels and layers are copied in, checked, and kept until they are written. */
#include "chart/figure_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

dn_colour dn_colour_series(size_t i)
{
    static const dn_colour order[] = {DN_COLOUR_BLUE,   DN_COLOUR_VERMILION, DN_COLOUR_GREEN, DN_COLOUR_ORANGE,
                                      DN_COLOUR_PURPLE, DN_COLOUR_SKY,       DN_COLOUR_BLACK, DN_COLOUR_GREY};
    return order[i % (sizeof order / sizeof *order)];
}

static dn_status copy_text(const char *text, const char **out)
{
    char *copy = NULL;
    if (text != NULL) {
        DN_TRY(dn_strdup(text, &copy));
    }
    *out = copy;
    return DN_OK;
}

static void layer_release(figure_layer *layer)
{
    free((void *)layer->style.label);
    free(layer->text);
    for (int i = 0; i < 4; ++i) {
        free(layer->value[i]);
    }
}

static void panel_release(figure_panel *panel)
{
    free((void *)panel->options.title);
    free((void *)panel->options.x_label);
    free((void *)panel->options.y_label);
    for (size_t i = 0; panel->names != NULL && i < panel->options.n_x_names; ++i) {
        free(panel->names[i]);
    }
    free(panel->names);
    for (size_t i = 0; i < panel->n_layers; ++i) {
        layer_release(&panel->layers[i]);
    }
    free(panel->layers);
}

dn_status dn_figure_create(double width_mm, double height_mm, int rows, int columns, dn_figure **out)
{
    dn_figure *figure = NULL;
    dn_status status = DN_OK;
    if (!(width_mm >= 20.0 && width_mm <= 1000.0 && height_mm >= 20.0 && height_mm <= 1000.0) || rows < 1 || columns < 1 || rows > 20 ||
        columns > 20) {
        DN_FAIL(DN_EINTERNAL, "a figure of %g x %g mm with %d x %d panels cannot be drawn", width_mm, height_mm, rows, columns);
    }
    DN_TRY(dn_alloc(&figure, 1, sizeof *figure, "a figure"));
    figure->width = width_mm;
    figure->height = height_mm;
    figure->rows = rows;
    figure->columns = columns;
    DN_TRY_GOTO(status, dn_alloc(&figure->panels, (size_t)(rows * columns), sizeof *figure->panels, "a figure's panels"), fail);
    *out = figure;
    return DN_OK;
fail:
    free(figure);
    return status;
}

void dn_figure_destroy(dn_figure *figure)
{
    if (figure != NULL) {
        for (size_t i = 0; i < figure->n_panels; ++i) {
            panel_release(&figure->panels[i]);
        }
        free(figure->panels);
        free(figure->note);
        free(figure);
    }
}

dn_status dn_figure_panel(dn_figure *figure, const dn_panel *options)
{
    dn_status status = DN_OK;
    figure_panel new_panel = {.options = *options};
    new_panel.options.title = new_panel.options.x_label = new_panel.options.y_label = NULL;
    new_panel.options.x_names = NULL;
    new_panel.options.n_x_names = 0;
    if (figure->n_panels == (size_t)(figure->rows * figure->columns)) {
        DN_FAIL(DN_EINTERNAL, "a figure of %d x %d panels has no place for another", figure->rows, figure->columns);
    }
    if (!isfinite(options->x_low) || !isfinite(options->x_high) || !isfinite(options->y_low) || !isfinite(options->y_high)) {
        DN_FAIL(DN_EDATA, "the axes of a figure need finite ends");
    }
    DN_TRY_GOTO(status, copy_text(options->title, &new_panel.options.title), fail);
    DN_TRY_GOTO(status, copy_text(options->x_label, &new_panel.options.x_label), fail);
    DN_TRY_GOTO(status, copy_text(options->y_label, &new_panel.options.y_label), fail);
    DN_TRY_GOTO(status, dn_alloc(&new_panel.names, options->n_x_names, sizeof *new_panel.names, "a figure's names"), fail);
    for (size_t i = 0; i < options->n_x_names; ++i) {
        DN_TRY_GOTO(status, dn_strdup(options->x_names[i], &new_panel.names[i]), fail);
        new_panel.options.n_x_names = i + 1;
    }
    figure->panels[figure->n_panels++] = new_panel;
    return DN_OK;
fail:
    panel_release(&new_panel);
    return status;
}

dn_status dn_figure_note(dn_figure *figure, const char *text)
{
    char *copy = NULL;
    DN_TRY(dn_strdup(text, &copy));
    free(figure->note);
    figure->note = copy;
    return DN_OK;
}

/* Appends a layer with copies of the `columns` arrays of n numbers. */
static dn_status add(dn_figure *figure, layer_kind kind, const dn_style *style, size_t n, int columns, const double *const *values,
                     dn_align align, const char *text)
{
    dn_status status = DN_OK;
    figure_layer new_layer = {.kind = kind, .n = n, .align = align};
    if (figure->n_panels == 0) {
        DN_FAIL(DN_EINTERNAL, "a figure got data before its first panel");
    }
    figure_panel *target = &figure->panels[figure->n_panels - 1];
    if (style != NULL) {
        new_layer.style = *style;
        new_layer.style.label = NULL;
        DN_TRY(copy_text(style->label, &new_layer.style.label));
    }
    for (int c = 0; c < columns; ++c) {
        DN_TRY_GOTO(status, dn_alloc(&new_layer.value[c], n, sizeof(double), "a figure's data"), fail);
        for (size_t i = 0; i < n; ++i) {
            if (!isfinite(values[c][i])) {
                DN_FAIL_GOTO(status, fail, DN_EDATA, "point %zu of a figure is not a finite number", i + 1);
            }
            new_layer.value[c][i] = values[c][i];
        }
    }
    if (text != NULL) {
        DN_TRY_GOTO(status, dn_strdup(text, &new_layer.text), fail);
    }
    if (target->n_layers == target->capacity) {
        size_t capacity = target->capacity * 2 + 8;
        DN_TRY_GOTO(status, dn_realloc(&target->layers, capacity, sizeof *target->layers, "a figure's layers"), fail);
        target->capacity = capacity;
    }
    target->layers[target->n_layers++] = new_layer;
    return DN_OK;
fail:
    layer_release(&new_layer);
    return status;
}

dn_status dn_figure_points(dn_figure *figure, const dn_style *style, size_t n, const double *x, const double *y)
{
    return add(figure, LAYER_POINTS, style, n, 2, (const double *const[]){x, y}, DN_ALIGN_LEFT, NULL);
}

dn_status dn_figure_line(dn_figure *figure, const dn_style *style, size_t n, const double *x, const double *y)
{
    return add(figure, LAYER_LINE, style, n, 2, (const double *const[]){x, y}, DN_ALIGN_LEFT, NULL);
}

dn_status dn_figure_band(dn_figure *figure, const dn_style *style, size_t n, const double *x, const double *low, const double *high)
{
    return add(figure, LAYER_BAND, style, n, 3, (const double *const[]){x, low, high}, DN_ALIGN_LEFT, NULL);
}

dn_status dn_figure_errors(dn_figure *figure, const dn_style *style, size_t n, const double *x, const double *low, const double *high)
{
    return add(figure, LAYER_ERRORS, style, n, 3, (const double *const[]){x, low, high}, DN_ALIGN_LEFT, NULL);
}

dn_status dn_figure_segments(dn_figure *figure, const dn_style *style, size_t n, const double *x0, const double *y0, const double *x1,
                             const double *y1)
{
    return add(figure, LAYER_SEGMENTS, style, n, 4, (const double *const[]){x0, y0, x1, y1}, DN_ALIGN_LEFT, NULL);
}

dn_status dn_figure_rectangle(dn_figure *figure, const dn_style *style, double x0, double y0, double x1, double y1)
{
    return add(figure, LAYER_RECTANGLE, style, 1, 4, (const double *const[]){&x0, &y0, &x1, &y1}, DN_ALIGN_LEFT, NULL);
}

dn_status dn_figure_rule(dn_figure *figure, const dn_style *style, double y)
{
    return add(figure, LAYER_RULE, style, 1, 1, (const double *const[]){&y}, DN_ALIGN_LEFT, NULL);
}

dn_status dn_figure_rule_band(dn_figure *figure, const dn_style *style, double low, double high)
{
    return add(figure, LAYER_RULE_BAND, style, 1, 2, (const double *const[]){&low, &high}, DN_ALIGN_LEFT, NULL);
}

dn_status dn_figure_rule_vertical(dn_figure *figure, const dn_style *style, double x)
{
    return add(figure, LAYER_RULE_VERTICAL, style, 1, 1, (const double *const[]){&x}, DN_ALIGN_LEFT, NULL);
}

dn_status dn_figure_text(dn_figure *figure, const dn_style *style, dn_align align, double x, double y, const char *text)
{
    return add(figure, LAYER_TEXT, style, 1, 2, (const double *const[]){&x, &y}, align, text);
}

dn_status dn_figure_text_inside(dn_figure *figure, const dn_style *style, dn_align align, double x, double y, const char *text)
{
    return add(figure, LAYER_TEXT_INSIDE, style, 1, 2, (const double *const[]){&x, &y}, align, text);
}

dn_status dn_figure_text_right(dn_figure *figure, const dn_style *style, double y, const char *text)
{
    return add(figure, LAYER_TEXT_RIGHT, style, 1, 1, (const double *const[]){&y}, DN_ALIGN_LEFT, text);
}

static void widen(double *low, double *high, const double *values, size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        *low = fmin(*low, values[i]);
        *high = fmax(*high, values[i]);
    }
}

/* A margin of 4 % on both sides, so that no point sits on an axis. */
static void pad(double *low, double *high, bool log_scale)
{
    if (!(*low <= *high)) { /* no data */
        *low = log_scale ? 1.0 : 0.0;
        *high = log_scale ? 10.0 : 1.0;
    }
    if (log_scale) {
        double margin = *low == *high ? 2.0 : pow(*high / *low, 0.04);
        *low /= margin;
        *high *= margin;
    } else {
        double margin = *low == *high ? fmax(fabs(*low) * 0.1, 1e-6) : 0.04 * (*high - *low);
        *low -= margin;
        *high += margin;
    }
}

range dn_panel_range(const figure_panel *panel)
{
    range found = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (size_t i = 0; i < panel->n_layers; ++i) {
        const figure_layer *layer = &panel->layers[i];
        switch (layer->kind) {
        case LAYER_POINTS:
        case LAYER_LINE:
        case LAYER_TEXT:
            widen(&found.x_low, &found.x_high, layer->value[0], layer->n);
            widen(&found.y_low, &found.y_high, layer->value[1], layer->n);
            break;
        case LAYER_BAND:
        case LAYER_ERRORS:
            widen(&found.x_low, &found.x_high, layer->value[0], layer->n);
            widen(&found.y_low, &found.y_high, layer->value[1], layer->n);
            widen(&found.y_low, &found.y_high, layer->value[2], layer->n);
            break;
        case LAYER_SEGMENTS:
        case LAYER_RECTANGLE:
            widen(&found.x_low, &found.x_high, layer->value[0], layer->n);
            widen(&found.x_low, &found.x_high, layer->value[2], layer->n);
            widen(&found.y_low, &found.y_high, layer->value[1], layer->n);
            widen(&found.y_low, &found.y_high, layer->value[3], layer->n);
            break;
        case LAYER_RULE_BAND:
            widen(&found.y_low, &found.y_high, layer->value[0], 1);
            widen(&found.y_low, &found.y_high, layer->value[1], 1);
            break;
        case LAYER_RULE:
        case LAYER_TEXT_RIGHT:
            widen(&found.y_low, &found.y_high, layer->value[0], 1);
            break;
        case LAYER_RULE_VERTICAL:
            widen(&found.x_low, &found.x_high, layer->value[0], 1);
            break;
        case LAYER_TEXT_INSIDE:
            break;
        }
    }
    pad(&found.x_low, &found.x_high, panel->options.x_log);
    pad(&found.y_low, &found.y_high, panel->options.y_log);
    if (panel->options.n_x_names > 0) {
        found.x_low = 0.4;
        found.x_high = (double)panel->options.n_x_names + 0.6;
    }
    if (panel->options.x_low < panel->options.x_high) {
        found.x_low = panel->options.x_low;
        found.x_high = panel->options.x_high;
    }
    if (panel->options.y_low < panel->options.y_high) {
        found.y_low = panel->options.y_low;
        found.y_high = panel->options.y_high;
    }
    return found;
}
