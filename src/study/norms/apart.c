/* Sorts out people who are too far from the people of a norm, and says why. */
#define _GNU_SOURCE
#include "study/norms/apart.h"

#include "base/job.h"
#include "base/memory.h"
#include "study/norms/norm_units.h"
#include "study/output/say.h"
#include "study/tables/units.h"

#include <stdlib.h>

enum { NAMED = 20 };

/* Why somebody cannot be compared; owned by the caller. */
static dn_status why_not(const dn_norm_model *model, const dn_norm_person *person, char **out)
{
    const unsigned beyond = dn_norm_beyond(model, person);
    const double years = person->age / 12.0;
    const double usual = dn_norm_centile(model, model->centre_icv, model->centre_age, DN_SEX_FEMALE, 0.5);
    char *age = NULL;
    char *icv = NULL;
    char *value = NULL;
    dn_status status = DN_OK;
    if (beyond & DN_NORM_BEYOND_AGE) {
        DN_TRY_GOTO(status,
                    dn_asprintf(&age, "the age %g is far outside the range of the norm, %.4g to %.4g years%s", person->age, model->age_low,
                                model->age_high, years >= model->age_low && years <= model->age_high ? "; is it in months?" : ""),
                    done);
    }
    if (beyond & DN_NORM_BEYOND_ICV) {
        DN_TRY_GOTO(status,
                    dn_asprintf(&icv, "%sthe head size %g is not in the unit of the norm, %.5g to %.5g%s", age ? "; " : "", person->icv,
                                model->icv_low, model->icv_high, dn_norm_ratio_hint(person->icv / model->centre_icv)),
                    done);
    }
    if (beyond & DN_NORM_BEYOND_VALUE) {
        DN_TRY_GOTO(status,
                    dn_asprintf(&value, "%sthe volume %g is far outside the range of the norm, where %.4g is usual; is the volume in %s?%s",
                                age || icv ? "; " : "", person->value, usual, *model->unit ? model->unit : "the norm's unit",
                                dn_norm_ratio_hint(person->value / usual)),
                    done);
    }
    status = dn_asprintf(out, "%s%s%s", age ? age : "", icv ? icv : "", value ? value : "");
done:
    free(age);
    free(icv);
    free(value);
    return status;
}

/* Moves people to *out; names of those who are far only are added to far. */
static dn_status part(const dn_norm_model *model, dn_cohort *cohort, dn_apart *out, dn_list *far)
{
    size_t kept = 0;
    DN_TRY(dn_alloc(&out->person, cohort->cases.n, sizeof *out->person, "the people"));
    for (size_t i = 0; i < cohort->cases.n; ++i) {
        const dn_norm_person *person = &cohort->persons[i];
        const unsigned beyond = dn_norm_beyond(model, person);
        if (beyond & ~(unsigned)DN_NORM_FAR_VALUE) {
            out->person[out->count++] = *person;
            continue;
        }
        if (beyond & DN_NORM_FAR_VALUE) {
            DN_TRY(dn_list_add(far, person->name, dn_say(person->value)));
        }
        cohort->persons[kept] = *person;
        cohort->cases.row[kept++] = cohort->cases.row[i];
    }
    cohort->cases.n = kept;
    return DN_OK;
}

dn_status dn_apart_take(const dn_norm_model *model, dn_cohort *cohort, dn_apart *out)
{
    dn_list far = {0};
    const char *names;
    char *why = NULL;
    dn_status status = part(model, cohort, out, &far);
    if (status == DN_OK && far.count > 0) {
        DN_TRY_GOTO(status, dn_list_close(&far, &names), done);
        status = dn_remarks_add(&cohort->remarks, DN_REMARK_DOUBT, "far",
                                "Less than a quarter of the smallest volume of the norm, or more than 4 times the largest: %s. Is it the "
                                "same structure, of both sides, in the same unit?",
                                names);
    }
    if (status == DN_OK && cohort->cases.n == 0) {
        DN_TRY_GOTO(status, why_not(model, &out->person[0], &why), done);
        const bool unit = dn_norm_beyond(model, &out->person[0]) & (DN_NORM_BEYOND_VALUE | DN_NORM_BEYOND_ICV);
        status = dn_error_set(DN_EDATA, "%s cannot be compared with this norm: %s%s%s", out->person[0].name, why,
                              out->count > 1 ? "; the others cannot be compared, either" : "",
                              !unit                            ? ""
                              : dn_unit_mm3(model->unit) > 0.0 ? ". Give the unit of the table's volumes"
                                                               : ". The norm has no unit: make it again with one, or convert the table");
        status = dn_error_offer(status, unit ? DN_REMEDY_UNIT : DN_REMEDY_NONE);
    }
done:
    free(why);
    dn_list_release(&far);
    return status;
}

dn_status dn_apart_tabulate(const dn_norm_model *model, const dn_apart *apart, dn_table *table)
{
    for (size_t i = 0; i < apart->count; ++i) {
        const dn_norm_person *person = &apart->person[i];
        char *why = NULL;
        size_t row;
        DN_TRY(dn_table_add_row(table, &row));
        DN_TRY(dn_table_put_text(table, "participant_id", person->name));
        DN_TRY(dn_table_put_number(table, "age", person->age));
        DN_TRY(dn_table_put_number(table, "icv", person->icv));
        DN_TRY(dn_table_put_number(table, "value", person->value));
        DN_TRY(why_not(model, person, &why));
        dn_status status = dn_table_put_text(table, "not_judged", why);
        free(why);
        DN_TRY(status);
    }
    return DN_OK;
}

dn_status dn_apart_say(const dn_norm_model *model, const dn_apart *apart, FILE *stream)
{
    for (size_t i = 0; i < apart->count && i < NAMED; ++i) {
        char *why = NULL;
        DN_TRY(why_not(model, &apart->person[i], &why));
        fprintf(stream, "%s%s (%s)", i == 0 ? "Not judged: " : ", ", apart->person[i].name, why);
        free(why);
    }
    if (apart->count > NAMED) {
        fprintf(stream, " and %zu more", apart->count - NAMED);
    }
    if (apart->count > 0) {
        fprintf(stream, ". ");
        dn_log(DN_LOG_WARNING, "%zu %s too far outside the norm to be judged: see the column not_judged", apart->count,
               apart->count == 1 ? "person is" : "people are");
    }
    return DN_OK;
}
