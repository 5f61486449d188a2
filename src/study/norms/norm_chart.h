/* What the figures and texts of a norm have in common. */
#ifndef DN_STUDY_NORMS_NORM_CHART_H
#define DN_STUDY_NORMS_NORM_CHART_H

#include "chart/figure_kinds.h"
#include "stats/normative.h"

/* "least squares in two steps", ...; static. */
const char *dn_norm_method_text(const dn_norm_model *model);
/* The centile chart at one head size: fills the figure's next panel. cohort_*: grey points, n_cohort may be 0. */
DN_CHECKED dn_status dn_norm_chart(dn_figure *figure, const dn_norm_model *model, const char *title, double icv, dn_sex sex,
                                   size_t n_cohort, const double *cohort_age, const double *cohort_value, const dn_figure_person *persons,
                                   size_t n_persons);
/* The line under every figure of a norm: who is in it, and whether it is simulated. */
DN_CHECKED dn_status dn_norm_figure_note(dn_figure *figure, const dn_norm_model *model, const char *own);

#endif
