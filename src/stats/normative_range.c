/* Decides whether a person is near enough to the people of a norm to be compared with it. */
#include "stats/normative.h"

#include <math.h>

/* Volumes of the persons in the fit; for a file that does not have them, the outer centiles at the corners of its ages and head sizes. */
static void value_range(const dn_norm_model *model, double *low, double *high)
{
    *low = model->value_low;
    *high = model->value_high;
    if (!isnan(*low) && !isnan(*high)) {
        return;
    }
    *low = INFINITY;
    *high = -INFINITY;
    for (int corner = 0; corner < 4; ++corner) {
        double icv = corner & 1 ? model->icv_high : model->icv_low, age = corner & 2 ? model->age_high : model->age_low;
        *low = fmin(*low, dn_norm_centile(model, icv, age, DN_SEX_FEMALE, 0.005));
        *high = fmax(*high, dn_norm_centile(model, icv, age, DN_SEX_MALE, 0.995));
    }
}

/* How far outside the people of the norm a person may be. Choices, not measurements: a head of half or twice a size that occurs is one of a
 * wrong unit or a wrong measurement; volumes of one structure rarely differ 4 times between people, and units of volume 1000 times, so
 * that 20 times is neither. Ages: the norm's surface is extended at most by the width of its own range. */
static const double widths_of_age = 1.0, times_icv = 2.0, times_value = 20.0, times_far_value = 4.0;

unsigned dn_norm_beyond(const dn_norm_model *model, const dn_norm_person *person)
{
    const double width = widths_of_age * (model->age_high - model->age_low);
    double low, high;
    unsigned beyond = 0;
    value_range(model, &low, &high);
    if (!(person->age >= 0.0 && person->age <= DN_AGE_HIGHEST) || person->age < model->age_low - width ||
        person->age > model->age_high + width) {
        beyond |= DN_NORM_BEYOND_AGE;
    }
    if (!(person->icv >= model->icv_low / times_icv && person->icv <= model->icv_high * times_icv)) {
        beyond |= DN_NORM_BEYOND_ICV;
    }
    if (low > 0.0) {
        beyond |= !(person->value >= low / times_value && person->value <= high * times_value) ? DN_NORM_BEYOND_VALUE : 0u;
        beyond |= !(person->value >= low / times_far_value && person->value <= high * times_far_value) ? DN_NORM_FAR_VALUE : 0u;
    }
    return beyond;
}
