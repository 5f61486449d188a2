/* Ready-made panels: each fills the figure's next panel with one kind of chart. Numbers come from the caller (stats/).
 * Options that a chart decides itself (x_names, margins) override those of `panel`. */
#ifndef DN_CHART_FIGURE_KINDS_H
#define DN_CHART_FIGURE_KINDS_H

#include "chart/figure.h"

typedef struct dn_figure_group {
    const char *name;
    size_t n; /* 0 leaves the place empty */
    const double *values;
    size_t n_dropped; /* left out of the statistic, but shown: crosses beside the box, and their number under the name */
    const double *dropped;
} dn_figure_group;

/* A line with a text over the groups left and right (0-based): "**", "n.s.", "p = 0.002". A text may have lines of its own ('\n'). */
typedef struct dn_figure_bracket {
    size_t left, right;
    const char *text;
} dn_figure_bracket;

/* Box: quartiles (R's type 7); line: median; whiskers to the furthest value within 1.5 IQR; diamond: mean; every value
 * as a point, spread sideways by local density, the same in every run. n is written under each name. What was dropped is in none of these
 * but a cross of its own. */
DN_CHECKED dn_status dn_figure_box_plot(dn_figure *figure, const dn_panel *panel, const dn_figure_group *groups, size_t n_groups,
                                        const dn_figure_bracket *brackets, size_t n_brackets);

/* A fitted curve and its band on n_fit ascending abscissae; NULL fit_y: points only; NULL fit_low: no band. */
typedef struct dn_figure_fit {
    size_t n;
    const double *x, *y, *low, *high;
} dn_figure_fit;

/* Points, fit and band. text: "r = 0.41, p = 0.003" above the panel, or with a name behind it in the legend; or NULL. Call several times
 * with later_series > 0 to put more groups into the same panel (panel is then ignored); name: in the legend, or NULL. */
DN_CHECKED dn_status dn_figure_scatter(dn_figure *figure, const dn_panel *panel, size_t later_series, const char *name, size_t n,
                                       const double *x, const double *y, const dn_figure_fit *fit, const char *text);

typedef struct dn_figure_limits {
    double bias, bias_low, bias_high; /* mean difference and its confidence interval */
    double lower, lower_low, lower_high;
    double upper, upper_low, upper_high;
    double slope, intercept; /* regression of difference on mean; drawn when draw_slope */
    bool draw_slope;
} dn_figure_limits;

/* Bland-Altman: difference against mean, the bias and limits of agreement as dashed lines with bands. */
DN_CHECKED dn_status dn_figure_bland_altman(dn_figure *figure, const dn_panel *panel, size_t n, const double *mean,
                                            const double *difference, const dn_figure_limits *limits);

typedef struct dn_figure_centile {
    double percent;      /* 2.5, 50, ... */
    const double *value; /* on the ages of the chart */
} dn_figure_centile;

typedef struct dn_figure_person {
    const char *name; /* NULL: no text */
    double age, value;
    double low, high; /* interval of the measurement; low == high: none */
} dn_figure_person;

/* The chart a clinician reads: centiles over age, drawn symmetric shades from the outermost pair inwards, named at the
 * right, and persons on them. cohort_*: grey points behind (n_cohort may be 0). Centiles ascend in percent. */
DN_CHECKED dn_status dn_figure_centiles(dn_figure *figure, const dn_panel *panel, size_t n_ages, const double *ages,
                                        const dn_figure_centile *centiles, size_t n_centiles, size_t n_cohort, const double *cohort_age,
                                        const double *cohort_value, const dn_figure_person *persons, size_t n_persons);

typedef struct dn_figure_series {
    const char *name;
    size_t n;
    const double *x, *y;
} dn_figure_series;

/* Lines over a common abscissa: training curves (loss and Dice per epoch). mark_x: a vertical rule ("best epoch"), with
 * mark_text; NULL mark_text: none. */
DN_CHECKED dn_status dn_figure_curves(dn_figure *figure, const dn_panel *panel, const dn_figure_series *series, size_t n_series,
                                      double mark_x, const char *mark_text);

#endif
