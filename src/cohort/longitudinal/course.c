/* Straight lines through a person's volumes. */
#include "cohort/longitudinal/course.h"

#include "base/memory.h"
#include "stats/regression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL 0.95
#define NORMAL_QUANTILE 1.959963984540054

static dn_status by_line(const double *times, const double *volumes, size_t count, dn_course *out)
{
    static const char *const name = "time";
    dn_linear_model model;
    dn_status status = dn_linear_fit(volumes, &times, &name, 1, count, &model);
    if (status == DN_OK) {
        const dn_result slope = dn_linear_coefficient(&model, 1, name, LEVEL);
        out->change = 100.0 * slope.estimate / out->mean;
        out->low = 100.0 * slope.low / out->mean;
        out->high = 100.0 * slope.high / out->mean;
    } else if (status == DN_EDATA) { /* all at one time */
        dn_error_clear();
        status = DN_OK;
    }
    dn_linear_model_release(&model);
    return status;
}

static void by_two(const double *times, const double *volumes, double sd, dn_course *out)
{
    const double span = times[1] - times[0];
    if (span == 0) {
        return;
    }
    const double half = NORMAL_QUANTILE * sqrt(2.0) * sd / fabs(span);
    out->change = 100.0 * (volumes[1] - volumes[0]) / out->mean / span;
    out->low = out->change - half;
    out->high = out->change + half;
}

dn_status dn_course_fit(const double *times, const double *volumes, size_t count, double sd, dn_course *out)
{
    double *kept = NULL;
    *out = (dn_course){.mean = NAN, .change = NAN, .low = NAN, .high = NAN};
    DN_TRY(dn_alloc(&kept, 2 * count + 1, sizeof *kept, "a person's volumes"));
    double *at = kept;
    double *volume = kept + count;
    double sum = 0;
    for (size_t n = 0; n < count; ++n) {
        if (isfinite(volumes[n])) {
            at[out->sessions] = times[n];
            volume[out->sessions++] = volumes[n];
            sum += volumes[n];
        }
    }
    dn_status status = DN_OK;
    if (out->sessions > 0) {
        out->mean = sum / (double)out->sessions;
    }
    if (out->sessions == 2) {
        by_two(at, volume, sd, out);
    } else if (out->sessions > 2) {
        status = by_line(at, volume, out->sessions, out);
    }
    free(kept);
    return status;
}

double dn_course_sd(const char *structure, char hemi, bool by_growth)
{
    static const struct {
        const char *structure;
        double both, side, both_alike, side_alike;
    } known[] = {
        {"hypothalamus", 1.3, 1.7, 0.4, 0.7},
        {"thalamus", 0.8, 0.9, 0.05, 0.05},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; ++i) {
        if (strcmp(known[i].structure, structure) == 0) {
            return by_growth ? (hemi == 'B' ? known[i].both_alike : known[i].side_alike) : hemi == 'B' ? known[i].both : known[i].side;
        }
    }
    return NAN;
}
