/* Where a person lies among the people of a norm, and the norm's curves at this head size. */
#include "web/results/norm_points.h"

#include "base/file.h"
#include "stats/normative.h"
#include "study/tables/units.h"
#include "web/server.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CURVE_POINTS = 41 };

/* The row that a name means: "thalamus", "thalamus_L", "hypothalamus_posterior_R". */
static const dn_volume_row *row_named(const dn_volume_rows *rows, const char *name)
{
    char structure[64];
    const size_t n = name != NULL ? strlen(name) : 0;
    if (n == 0 || n >= sizeof structure) {
        return NULL;
    }
    snprintf(structure, sizeof structure, "%s", name);
    if (n > 2 && name[n - 2] == '_' && strchr("LRB", name[n - 1]) != NULL) {
        structure[n - 2] = '\0';
        return dn_volume_rows_find(rows, structure, name[n - 1]);
    }
    return dn_volume_rows_find(rows, structure, 'B');
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *curve_of(const dn_norm_model *norm, double icv, dn_sex sex)
{
    static const struct {
        const char *name;
        double fraction;
    } centiles[] = {{"p5", 0.05}, {"p25", 0.25}, {"p50", 0.5}, {"p75", 0.75}, {"p95", 0.95}};
    json_t *curve = json_array();
    for (int i = 0; i < CURVE_POINTS; ++i) {
        const double age = norm->age_low + (norm->age_high - norm->age_low) * i / (CURVE_POINTS - 1);
        json_t *point = json_pack("{s:f}", "age", age);
        for (size_t c = 0; c < sizeof centiles / sizeof *centiles; ++c) {
            json_object_set_new(point, centiles[c].name, number(dn_norm_centile(norm, icv, age, sex, centiles[c].fraction)));
        }
        json_array_append_new(curve, point);
    }
    return curve;
}

/* Why nothing can be said; NULL: it can. */
static const char *reason_against(const dn_norm_model *norm, const dn_norm_person *person, bool has_row, bool has_icv)
{
    if (!has_row) {
        return "the structure was not measured";
    }
    if (!has_icv) {
        return "there is no intracranial volume, which the norm needs";
    }
    if (isnan(person->value) || isnan(person->icv)) {
        return "the unit of the norm is not known";
    }
    if (isnan(person->age)) {
        return "the age is not known";
    }
    if (norm->with_sex && person->sex == DN_SEX_UNKNOWN) {
        return "the sex is not known";
    }
    const unsigned beyond = dn_norm_beyond(norm, person);
    return beyond & DN_NORM_BEYOND_AGE     ? "the age is too far outside the range of the norm"
           : beyond & DN_NORM_BEYOND_ICV   ? "the head size is too far outside the range of the norm"
           : beyond & DN_NORM_BEYOND_VALUE ? "the volume is too far outside the range of the norm"
                                           : NULL;
}

static const char *remark_of(const dn_norm_verdict *v)
{
    return v->outside & DN_NORM_OUTSIDE_AGE           ? "the age is outside the range of the norm"
           : v->outside & DN_NORM_OUTSIDE_ICV         ? "the head size is outside the range of the norm"
           : v->outside & DN_NORM_OUTSIDE_COMBINATION ? "age and head size together are outside the range of the norm"
           : v->outside & DN_NORM_OUTSIDE_SEX         ? "the norm has no people of this sex"
                                                      : NULL;
}

static dn_status add_verdict(const dn_norm_model *norm, const dn_norm_person *person, json_t *out)
{
    dn_norm_verdict v;
    DN_TRY(dn_norm_apply(norm, person, NAN, &v));
    const char *remark = remark_of(&v);
    json_object_set_new(out, "z", number(v.z));
    json_object_set_new(out, "percentile", number(v.percentile));
    json_object_set_new(out, "expected", number(v.expected));
    json_object_set_new(out, "low", number(v.low));
    json_object_set_new(out, "high", number(v.high));
    json_object_set_new(out, "remark", remark != NULL ? json_string(remark) : json_null());
    return DN_OK;
}

static dn_status compare(const dn_norm_model *norm, const dn_volume_rows *rows, double age, dn_sex sex, json_t *out)
{
    const dn_volume_row *row = row_named(rows, norm->structure), *icv = dn_volume_rows_find(rows, "icv", 'B');
    const double unit = dn_unit_mm3(norm->unit);
    const char *head_unit = dn_unit_of_head(norm->centre_icv);
    if (row == NULL) { /* the norm has a name for people; its column is that of gathered volumes */
        row = row_named(rows, norm->columns[DN_NORM_COLUMN_VALUE]);
    }
    const dn_norm_person person = {.value = row != NULL && unit > 0.0 ? row->volume_mm3 / unit : (double)NAN,
                                   .icv = icv != NULL && head_unit != NULL ? icv->volume_mm3 / dn_unit_mm3(head_unit) : (double)NAN,
                                   .age = age,
                                   .sex = sex};
    const char *reason = reason_against(norm, &person, row != NULL, icv != NULL);
    json_object_set_new(out, "value", number(person.value));
    json_object_set_new(out, "age", number(age));
    json_object_set_new(out, "reason", reason != NULL ? json_string(reason) : json_null());
    json_object_set_new(out, "curve", curve_of(norm, isfinite(person.icv) ? person.icv : norm->centre_icv, sex));
    return reason == NULL ? add_verdict(norm, &person, out) : DN_OK;
}

dn_status dn_norm_points(const dn_web *web, const dn_volume_rows *rows, double age, const char *sex, json_t **out)
{
    const dn_sex known = sex == NULL ? DN_SEX_UNKNOWN : strcmp(sex, "female") == 0 ? DN_SEX_FEMALE : DN_SEX_MALE;
    if (web->norm_count == 0) {
        *out = json_null();
        return DN_OK;
    }
    *out = json_array();
    for (size_t i = 0; i < web->norm_count; ++i) {
        const dn_norm_model *norm = &web->norms[i];
        json_t *point = json_pack("{s:s, s:s, s:s, s:s, s:i, s:b}", "norm", web->norm_names[i], "structure", norm->structure, "unit",
                                  dn_unit_text(norm->unit), "source", norm->source != NULL ? norm->source : "", "people", (int)norm->n,
                                  "simulated", (int)norm->simulated);
        dn_status status = compare(norm, rows, age, known, point);
        json_array_append_new(*out, point);
        if (status != DN_OK) {
            json_decref(*out);
            *out = NULL;
            return status;
        }
    }
    return DN_OK;
}
