/* Normalisation by head size (equation 1 of Vernikouskaya et al. 2023, residuals, power), and the slope of the ALSFRS-R. */
#include "stats/icv.h"

#include "base/memory.h"
#include "base/words.h"
#include "stats/descriptive.h"
#include "stats/regression.h"

#include <math.h>
#include <stdlib.h>

static const char *const method_words[] = {"none", "ratio", "residual", "power", NULL};

dn_status dn_icv_method_of(const char *text, dn_icv_method *out)
{
    int which = 0;
    DN_TRY(dn_choice_of("the normalisation by ICV", text, method_words + 1, &which));
    *out = (dn_icv_method)(DN_ICV_RATIO + which);
    return DN_OK;
}

const char *dn_icv_method_name(dn_icv_method method)
{
    return method_words[method];
}

/* Slope of volume on ICV (or of their logarithms) through the controls. */
static dn_status control_slope(const double *volume, const double *icv, const unsigned char *control, size_t n, size_t controls,
                               int logarithms, double *slope)
{
    dn_status status = DN_OK;
    double *x = NULL;
    double *y = NULL;
    const char *name = "the ICV of the controls";
    dn_linear_model model = {0};
    size_t at = 0;
    if (controls < 3) {
        DN_FAIL(DN_EDATA, "there %s %zu control%s; the line of volume against ICV needs at least 3", controls == 1 ? "is" : "are", controls,
                controls == 1 ? "" : "s");
    }
    DN_TRY_GOTO(status, dn_alloc(&x, controls, sizeof *x, "the ICV of the controls"), done);
    DN_TRY_GOTO(status, dn_alloc(&y, controls, sizeof *y, "the volumes of the controls"), done);
    for (size_t i = 0; i < n; ++i) {
        if (control[i]) {
            x[at] = logarithms ? log(icv[i]) : icv[i];
            y[at++] = logarithms ? log(volume[i]) : volume[i];
        }
    }
    const double *columns[1] = {x};
    DN_TRY_GOTO(status, dn_linear_fit(y, columns, &name, 1, controls, &model), done);
    *slope = model.coefficients[1];
done:
    dn_linear_model_release(&model);
    free(y);
    free(x);
    return status;
}

dn_status dn_icv_normalise(dn_icv_method method, const double *volume, const double *icv, const unsigned char *control, size_t n,
                           double *out, double *mean_icv, double *slope)
{
    size_t controls = 0;
    double sum = 0.0;
    for (size_t i = 0; i < n; ++i) {
        if (!(volume[i] > 0.0) || !(icv[i] > 0.0) || !isfinite(volume[i]) || !isfinite(icv[i])) {
            DN_FAIL(DN_EDATA, "row %zu has a volume of %g and an ICV of %g; both must be above 0", i + 1, volume[i], icv[i]);
        }
        if (control[i]) {
            ++controls;
            sum += icv[i];
        }
    }
    if (controls == 0) {
        DN_FAIL(DN_EDATA, "there are no controls, so there is no mean ICV");
    }
    *mean_icv = sum / (double)controls;
    *slope = 1.0;
    if (method == DN_ICV_RESIDUAL || method == DN_ICV_POWER) {
        DN_TRY(control_slope(volume, icv, control, n, controls, method == DN_ICV_POWER, slope));
    }
    for (size_t i = 0; i < n; ++i) {
        switch (method) {
        case DN_ICV_NONE:
            out[i] = volume[i];
            break;
        case DN_ICV_RATIO:
            out[i] = volume[i] / icv[i] * *mean_icv;
            break;
        case DN_ICV_RESIDUAL:
            out[i] = volume[i] - *slope * (icv[i] - *mean_icv);
            break;
        case DN_ICV_POWER:
            out[i] = volume[i] * pow(*mean_icv / icv[i], *slope);
            break;
        }
    }
    return DN_OK;
}

dn_status dn_alsfrs_slope(double score, double duration, double *out)
{
    *out = NAN;
    if (isnan(score) || isnan(duration)) {
        return DN_OK;
    }
    if (!(score >= 0.0 && score <= 48.0)) {
        DN_FAIL(DN_EDATA, "an ALS-FRS-R of %g is outside its scale of 0 to 48", score);
    }
    if (!(duration > 0.0) || !isfinite(duration)) {
        DN_FAIL(DN_EDATA, "a disease duration of %g must be above 0", duration);
    }
    *out = (48.0 - score) / duration;
    return DN_OK;
}
