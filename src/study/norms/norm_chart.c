/* The panel of centiles over age, and the note below it. */
#define _GNU_SOURCE
#include "study/norms/norm_chart.h"

#include "base/memory.h"
#include "study/output/labels.h"

#include <math.h>
#include <stdlib.h>

const char *dn_norm_method_text(const dn_norm_model *model)
{
    switch (model->method) {
    case DN_NORM_LEAST_SQUARES:
        return model->two_step ? "least squares in two steps, outliers left out of the second" : "least squares";
    case DN_NORM_HUBER:
        return "Huber's robust fit";
    case DN_NORM_BISQUARE:
        return "Tukey's bisquare robust fit";
    case DN_NORM_QUANTILE:
        return "quantile regression";
    }
    return "";
}

dn_status dn_norm_chart(dn_figure *figure, const dn_norm_model *model, const char *title, double icv, dn_sex sex, size_t n_cohort,
                        const double *cohort_age, const double *cohort_value, const dn_figure_person *persons, size_t n_persons)
{
    enum { POINTS = 81, CURVES = 7 };
    static const double percents[CURVES] = {2.5, 10, 25, 50, 75, 90, 97.5};
    double ages[POINTS], values[CURVES][POINTS];
    dn_figure_centile centiles[CURVES];
    dn_status status = DN_OK;
    char *label = NULL;
    double oldest = model->age_high, youngest = model->age_low;
    for (size_t i = 0; i < n_persons; ++i) { /* a person outside stays visible; the centiles end where the norm ends */
        oldest = fmax(oldest, persons[i].age);
        youngest = fmin(youngest, persons[i].age);
    }
    for (size_t a = 0; a < POINTS; ++a) {
        ages[a] = model->age_low + (model->age_high - model->age_low) * (double)a / (POINTS - 1);
        for (size_t c = 0; c < CURVES; ++c) {
            values[c][a] = dn_norm_centile(model, icv, ages[a], sex, percents[c] / 100.0);
        }
    }
    for (size_t c = 0; c < CURVES; ++c) {
        centiles[c] = (dn_figure_centile){percents[c], values[c]};
    }
    const char *name = *model->structure ? model->structure : "volume";
    DN_TRY(dn_label_axis(name, NULL, false, *model->unit ? model->unit : NULL, &label));
    double margin = 0.01 * (oldest - youngest);
    dn_panel panel = {.title = title, .x_label = "Age (years)", .y_label = label, .x_low = youngest - margin, .x_high = oldest + margin};
    status = dn_figure_centiles(figure, &panel, POINTS, ages, centiles, CURVES, n_cohort, cohort_age, cohort_value, persons, n_persons);
    free(label);
    return status;
}

dn_status dn_norm_figure_note(dn_figure *figure, const dn_norm_model *model, const char *own)
{
    char *text = NULL;
    DN_TRY(dn_asprintf(&text, "%s%sNorm of %zu people aged %.0f to %.0f%s%s.%s%s", model->simulated ? "SIMULATED, NOT FOR PATIENTS. " : "",
                       own != NULL ? own : "", model->n, model->age_low, model->age_high, *model->source ? ", " : "", model->source,
                       own != NULL ? "" : "", ""));
    dn_status status = dn_figure_note(figure, text);
    free(text);
    return status;
}
