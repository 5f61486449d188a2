/* The ready-made charts, made of the layers of figure.h. */
#include "chart/figure_kinds.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double p)
{
    double h = (double)(n - 1) * p;
    size_t i = (size_t)h;
    return i + 1 < n ? sorted[i] + (h - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

/* A number in [-1, 1) that spreads evenly over any run of i (van der Corput's sequence). */
static double even_spread(size_t i)
{
    double value = 0.0, part = 0.5;
    for (size_t bits = i + 1; bits > 0; bits >>= 1) {
        value += (double)(bits & 1) * part;
        part *= 0.5;
    }
    return 2.0 * value - 1.0;
}

/* x positions of sorted values: the wider, the more neighbours there are (Gaussian kernel, Silverman's width). */
static void spread(const double *sorted, size_t n, double centre, double reach, double *x)
{
    double sum = 0.0, squares = 0.0, densest = 0.0;
    for (size_t i = 0; i < n; ++i) {
        sum += sorted[i];
    }
    for (size_t i = 0; i < n; ++i) {
        squares += (sorted[i] - sum / (double)n) * (sorted[i] - sum / (double)n);
    }
    double sd = n > 1 ? sqrt(squares / (double)(n - 1)) : 0.0;
    double width =
        fmax(0.9 * fmin(sd, fmax((quantile(sorted, n, 0.75) - quantile(sorted, n, 0.25)) / 1.34, 0.2 * sd)) * pow((double)n, -0.2),
             1e-150); /* its square is above 0 */
    for (size_t i = 0; i < n; ++i) {
        double density = 0.0;
        for (size_t j = i; j < n && sorted[j] - sorted[i] < 4.0 * width; ++j) {
            density += exp(-0.5 * (sorted[j] - sorted[i]) * (sorted[j] - sorted[i]) / (width * width));
        }
        for (size_t j = i; j-- > 0 && sorted[i] - sorted[j] < 4.0 * width;) {
            density += exp(-0.5 * (sorted[j] - sorted[i]) * (sorted[j] - sorted[i]) / (width * width));
        }
        x[i] = density;
        densest = fmax(densest, density);
    }
    double fullness = fmin(1.0, sqrt((double)n / 40.0)); /* few points need little room */
    for (size_t i = 0; i < n; ++i) {
        x[i] = centre + reach * fullness * x[i] / densest * even_spread(i);
    }
}

static dn_status check_finite(const dn_figure_group *group, const double *values, size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        if (!isfinite(values[i])) {
            DN_FAIL(DN_EDATA, "value %zu of group %s is not a finite number and cannot be drawn", i + 1, group->name);
        }
    }
    return DN_OK;
}

/* Crosses at the group's middle: they are few. */
static dn_status add_dropped(dn_figure *figure, const dn_figure_group *group, double centre)
{
    DN_TRY(check_finite(group, group->dropped, group->n_dropped));
    for (size_t i = 0; i < group->n_dropped; ++i) {
        DN_TRY(dn_figure_points(figure, &(dn_style){.colour = DN_COLOUR_BLACK, .shape = DN_SHAPE_CROSS, .size = 1.3, .opacity = 1.0}, 1,
                                &centre, &group->dropped[i]));
    }
    return DN_OK;
}

/* One box with its points. scratch: 2 n numbers. */
static dn_status add_box(dn_figure *figure, const dn_figure_group *group, double centre, dn_colour colour, double *scratch)
{
    double *sorted = scratch, *x = scratch + group->n;
    size_t n = group->n;
    double sum = 0.0;
    if (n == 0) {
        return DN_OK;
    }
    DN_TRY(check_finite(group, group->values, n));
    memcpy(sorted, group->values, n * sizeof *sorted);
    for (size_t i = 0; i < n; ++i) {
        sum += sorted[i];
    }
    qsort(sorted, n, sizeof *sorted, ascending);
    double q1 = quantile(sorted, n, 0.25), q2 = quantile(sorted, n, 0.5), q3 = quantile(sorted, n, 0.75);
    double low = q1, high = q3;
    for (size_t i = 0; i < n; ++i) {
        if (sorted[i] >= q1 - 1.5 * (q3 - q1)) {
            low = fmin(low, sorted[i]);
        }
        if (sorted[i] <= q3 + 1.5 * (q3 - q1)) {
            high = fmax(high, sorted[i]);
        }
    }
    double half = 0.3, cap = 0.1, mean = sum / (double)n;
    dn_style dots = {.colour = colour, .size = n > 200 ? 0.7 : n > 60 ? 0.85 : 1.0, .opacity = n > 200 ? 0.5 : n > 60 ? 0.6 : 0.75};
    dn_style dark = {.colour = DN_COLOUR_BLACK, .width = 0.8};
    dn_style middle = {.colour = DN_COLOUR_BLACK, .width = 1.8};
    spread(sorted, n, centre, 0.26, x);
    DN_TRY(dn_figure_points(figure, &dots, n, x, sorted));
    DN_TRY(dn_figure_rectangle(figure, &(dn_style){.colour = DN_COLOUR_BLACK, .width = 0.8, .opacity = 0.04}, centre - half, q1,
                               centre + half, q3));
    DN_TRY(dn_figure_segments(figure, &dark, 4, (double[]){centre, centre, centre - cap, centre - cap}, (double[]){q1, q3, low, high},
                              (double[]){centre, centre, centre + cap, centre + cap}, (double[]){low, high, low, high}));
    DN_TRY(dn_figure_segments(figure, &middle, 1, (double[]){centre - half}, (double[]){q2}, (double[]){centre + half}, (double[]){q2}));
    return dn_figure_points(figure, &(dn_style){.colour = DN_COLOUR_BLACK, .shape = DN_SHAPE_DIAMOND, .opacity = 1.0}, 1, &centre, &mean);
}

/* Brackets stack upwards from the highest value, narrow ones first as they are given. */
static dn_status add_brackets(dn_figure *figure, const dn_figure_bracket *brackets, size_t n, double top, double span)
{
    dn_style thin = {.colour = DN_COLOUR_BLACK, .width = 0.7};
    double y = top;
    for (size_t i = 0; i < n; ++i) {
        double lines = 1.0;
        for (const char *p = brackets[i].text; *p != 0; ++p) {
            lines += *p == '\n';
        }
        y += (i == 0 ? 0.06 : 0.09) * span;
        double foot = y - 0.018 * span, above = (0.036 + 0.05 * (lines - 1.0)) * span;
        double left = (double)brackets[i].left + 1.0, right = (double)brackets[i].right + 1.0;
        DN_TRY(dn_figure_segments(figure, &thin, 3, (double[]){left, left, right}, (double[]){y, y, y}, (double[]){right, left, right},
                                  (double[]){y, foot, foot}));
        DN_TRY(dn_figure_text(figure, &(dn_style){.colour = DN_COLOUR_BLACK}, DN_ALIGN_CENTRE, 0.5 * (left + right), y + above,
                              brackets[i].text));
        y += 0.062 * (lines - 1.0) * span;
    }

    return DN_OK;
}

dn_status dn_figure_box_plot(dn_figure *figure, const dn_panel *panel, const dn_figure_group *groups, size_t n_groups,
                             const dn_figure_bracket *brackets, size_t n_brackets)
{
    dn_status status = DN_OK;
    dn_panel options = *panel;
    const char **names = NULL;
    char **made = NULL;
    double *scratch = NULL, top = -INFINITY, bottom = INFINITY;
    size_t most = 0;
    DN_TRY_GOTO(status, dn_alloc(&names, n_groups, sizeof *names, "a box plot"), done);
    DN_TRY_GOTO(status, dn_alloc(&made, n_groups, sizeof *made, "a box plot"), done);
    for (size_t g = 0; g < n_groups; ++g) {
        const dn_figure_group *group = &groups[g];
        char dropped[48] = "";
        if (group->n_dropped > 0) {
            snprintf(dropped, sizeof dropped, "\n(%zu left out)", group->n_dropped);
        }
        DN_TRY_GOTO(status, dn_asprintf(&made[g], "%s\nn = %zu%s", group->name, group->n, dropped), done);
        names[g] = made[g];
        most = groups[g].n > most ? groups[g].n : most;
        for (size_t i = 0; i < groups[g].n; ++i) {
            top = fmax(top, groups[g].values[i]);
            bottom = fmin(bottom, groups[g].values[i]);
        }
        for (size_t i = 0; i < group->n_dropped; ++i) {
            top = fmax(top, group->dropped[i]);
            bottom = fmin(bottom, group->dropped[i]);
        }
    }
    for (size_t i = 0; i < n_brackets; ++i) {
        if (brackets[i].left >= n_groups || brackets[i].right >= n_groups) {
            DN_FAIL_GOTO(status, done, DN_EINTERNAL, "a bracket joins a group that the box plot does not have");
        }
    }
    DN_TRY_GOTO(status, dn_alloc(&scratch, 2 * most, sizeof *scratch, "a box plot"), done);
    options.x_names = names;
    options.n_x_names = n_groups;
    DN_TRY_GOTO(status, dn_figure_panel(figure, &options), done);
    for (size_t g = 0; g < n_groups; ++g) {
        DN_TRY_GOTO(status, add_box(figure, &groups[g], (double)g + 1.0, dn_colour_series(g), scratch), done);
        DN_TRY_GOTO(status, add_dropped(figure, &groups[g], (double)g + 1.0), done);
    }
    if (most > 0) {
        double span = top > bottom ? top - bottom : fmax(fabs(top), 1.0) * 0.2;
        DN_TRY_GOTO(status, add_brackets(figure, brackets, n_brackets, top, span), done);
    }
done:
    for (size_t g = 0; made != NULL && g < n_groups; ++g) {
        free(made[g]);
    }
    free(made);
    free(names);
    free(scratch);
    return status;
}

dn_status dn_figure_scatter(dn_figure *figure, const dn_panel *panel, size_t later_series, const char *name, size_t n, const double *x,
                            const double *y, const dn_figure_fit *fit, const char *text)
{
    dn_colour colour = dn_colour_series(later_series);
    char label[256];
    if (later_series == 0) {
        DN_TRY(dn_figure_panel(figure, panel));
    }
    if (name != NULL && text != NULL) { /* several series: each tells its own numbers in the legend */
        snprintf(label, sizeof label, "%s: %s", name, text);
        name = label;
        text = NULL;
    }
    if (fit != NULL && fit->low != NULL) {
        DN_TRY(dn_figure_band(figure, &(dn_style){.colour = colour}, fit->n, fit->x, fit->low, fit->high));
    }
    DN_TRY(dn_figure_points(figure,
                            &(dn_style){.colour = colour, .label = name, .size = n > 200 ? 0.75 : 1.0, .opacity = n > 200 ? 0.5 : 0.0}, n,
                            x, y));
    if (fit != NULL && fit->y != NULL) {
        DN_TRY(dn_figure_line(figure, &(dn_style){.colour = colour, .width = 1.4}, fit->n, fit->x, fit->y));
    }
    if (text != NULL) {
        DN_TRY(dn_figure_text_inside(figure, &(dn_style){.colour = DN_COLOUR_BLACK}, DN_ALIGN_RIGHT, 1.0, 1.04, text));
    }
    return DN_OK;
}

/* largest: of the limits, for decimals that are theirs together. */
static dn_status add_limit(dn_figure *figure, dn_colour colour, double value, double low, double high, double largest, const char *name)
{
    char text[96];
    if (low < high) {
        DN_TRY(dn_figure_rule_band(figure, &(dn_style){.colour = colour, .opacity = 0.14}, low, high));
    }
    DN_TRY(dn_figure_rule(figure, &(dn_style){.colour = colour, .dash = DN_DASH_LONG, .width = 1.1}, value));
    int decimals = largest >= 100.0 ? 0 : largest >= 10.0 ? 1 : largest >= 1.0 ? 2 : largest >= 0.1 ? 3 : 4;
    bool negative = value < -0.5 * pow(10.0, -decimals);
    snprintf(text, sizeof text, "%s: %s%.*f", name, negative ? "\xE2\x88\x92" : "", decimals, fabs(value));
    return dn_figure_text_right(figure, &(dn_style){.colour = colour}, value, text);
}

dn_status dn_figure_bland_altman(dn_figure *figure, const dn_panel *panel, size_t n, const double *mean, const double *difference,
                                 const dn_figure_limits *limits)
{
    double largest = fmax(fabs(limits->lower), fabs(limits->upper));
    DN_TRY(dn_figure_panel(figure, panel));
    DN_TRY(add_limit(figure, DN_COLOUR_VERMILION, limits->lower, limits->lower_low, limits->lower_high, largest,
                     "\xE2\x88\x92"
                     "1.96 SD"));
    DN_TRY(add_limit(figure, DN_COLOUR_VERMILION, limits->upper, limits->upper_low, limits->upper_high, largest, "+1.96 SD"));
    DN_TRY(add_limit(figure, DN_COLOUR_BLUE, limits->bias, limits->bias_low, limits->bias_high, largest, "Mean"));
    DN_TRY(dn_figure_rule(figure, &(dn_style){.colour = DN_COLOUR_GREY, .width = 0.7}, 0.0));
    if (limits->draw_slope && n > 0) {
        double ends[2] = {mean[0], mean[0]}, fitted[2];
        for (size_t i = 0; i < n; ++i) {
            ends[0] = fmin(ends[0], mean[i]);
            ends[1] = fmax(ends[1], mean[i]);
        }
        fitted[0] = limits->intercept + limits->slope * ends[0];
        fitted[1] = limits->intercept + limits->slope * ends[1];
        DN_TRY(dn_figure_line(figure, &(dn_style){.colour = DN_COLOUR_GREEN, .width = 1.1}, 2, ends, fitted));
        DN_TRY(dn_figure_text_inside(figure, &(dn_style){.colour = DN_COLOUR_GREEN}, DN_ALIGN_LEFT, 0.02, 0.96, "Regression on the mean"));
    }
    return dn_figure_points(figure, &(dn_style){.colour = DN_COLOUR_BLACK, .size = n > 200 ? 0.7 : 1.0}, n, mean, difference);
}

dn_status dn_figure_centiles(dn_figure *figure, const dn_panel *panel, size_t n_ages, const double *ages, const dn_figure_centile *centiles,
                             size_t n_centiles, size_t n_cohort, const double *cohort_age, const double *cohort_value,
                             const dn_figure_person *persons, size_t n_persons)
{
    DN_TRY(dn_figure_panel(figure, panel));
    for (size_t i = 0; i < n_centiles / 2; ++i) {
        DN_TRY(dn_figure_band(figure, &(dn_style){.colour = DN_COLOUR_BLUE, .opacity = 0.13}, n_ages, ages, centiles[i].value,
                              centiles[n_centiles - 1 - i].value));
    }
    if (n_cohort > 0) {
        DN_TRY(dn_figure_points(
            figure, &(dn_style){.colour = DN_COLOUR_GREY, .size = n_cohort > 400 ? 0.45 : 0.65, .opacity = n_cohort > 400 ? 0.35 : 0.5},
            n_cohort, cohort_age, cohort_value));
    }
    for (size_t i = 0; i < n_centiles; ++i) {
        bool median = fabs(centiles[i].percent - 50.0) < 1e-9;
        char text[48];
        DN_TRY(dn_figure_line(
            figure, &(dn_style){.colour = DN_COLOUR_BLUE, .width = median ? 1.6 : 0.8, .dash = median ? DN_DASH_SOLID : DN_DASH_LONG},
            n_ages, ages, centiles[i].value));
        snprintf(text, sizeof text, "%g %%", centiles[i].percent);
        if (n_ages > 0) {
            DN_TRY(dn_figure_text_right(figure, &(dn_style){.colour = DN_COLOUR_BLUE}, centiles[i].value[n_ages - 1], text));
        }
    }
    for (size_t i = 0; i < n_persons; ++i) {
        const dn_figure_person *person = &persons[i];
        if (person->low < person->high) {
            DN_TRY(dn_figure_errors(figure, &(dn_style){.colour = DN_COLOUR_VERMILION, .width = 1.3}, 1, &person->age, &person->low,
                                    &person->high));
        }
        DN_TRY(dn_figure_points(
            figure, &(dn_style){.colour = DN_COLOUR_VERMILION, .size = n_persons > 20 ? 0.9 : 1.7, .opacity = n_persons > 20 ? 0.8 : 1.0},
            1, &person->age, &person->value));
        if (person->name != NULL) {
            char text[200];
            snprintf(text, sizeof text, "  %s", person->name);
            DN_TRY(dn_figure_text(figure, &(dn_style){.colour = DN_COLOUR_VERMILION}, DN_ALIGN_LEFT, person->age, person->value, text));
        }
    }
    return DN_OK;
}

dn_status dn_figure_curves(dn_figure *figure, const dn_panel *panel, const dn_figure_series *series, size_t n_series, double mark_x,
                           const char *mark_text)
{
    DN_TRY(dn_figure_panel(figure, panel));
    if (mark_text != NULL) {
        DN_TRY(dn_figure_rule_vertical(figure,
                                       &(dn_style){.colour = DN_COLOUR_GREY, .dash = DN_DASH_LONG, .width = 0.8, .label = mark_text},
                                       mark_x));
    }
    for (size_t i = 0; i < n_series; ++i) {
        dn_style style = {.colour = dn_colour_series(i), .label = series[i].name, .width = 1.4};
        if (series[i].n == 1) {
            DN_TRY(dn_figure_points(figure, &style, 1, series[i].x, series[i].y));
        } else {
            DN_TRY(dn_figure_line(figure, &style, series[i].n, series[i].x, series[i].y));
        }
    }
    return DN_OK;
}
