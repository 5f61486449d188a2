/* The part of the report that compares the person with norms (`dien normative fit`). */
#include "report/page_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* mm3 in one of a norm's units of volume; 0: none that is known. */
static double unit_mm3(const char *unit)
{
    static const struct {
        const char *name;
        double mm3;
    } known[] = {{"mm3", 1.0},        {"mm\xc2\xb3", 1.0}, {"mm^3", 1.0}, {"ul", 1.0}, {"ml", 1e3},    {"cm3", 1e3},
                 {"cm\xc2\xb3", 1e3}, {"cm^3", 1e3},       {"cc", 1e3},   {"l", 1e6},  {"litre", 1e6}, {"liter", 1e6}};
    for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
        if (strcasecmp(unit, known[i].name) == 0) {
            return known[i].mm3;
        }
    }
    return 0.0;
}

/* The norm's unit of head size, which its file does not name: heads of people have 0.5 to 3 litres, so their size tells it. */
static double icv_mm3(const dn_norm_model *norm)
{
    for (double mm3 = 1.0; mm3 < 2e6; mm3 *= 1e3) {
        if (norm->icv_low * mm3 > 0.4e6 && norm->icv_high * mm3 < 3.5e6) {
            return mm3;
        }
    }
    return 0.0;
}

/* The row that a norm's structure names: "thalamus", "thalamus_L", "hypothalamus_posterior_R". NULL: it was not measured. */
static const dn_volume_row *row_of(const dn_volume_rows *rows, const char *structure)
{
    char name[64];
    char side = 'B';
    size_t n = strlen(structure);
    snprintf(name, sizeof name, "%s", structure);
    if (n > 2 && n < sizeof name && name[n - 2] == '_' && strchr("LRB", name[n - 1]) != NULL) {
        side = name[n - 1];
        name[n - 2] = 0;
    }
    return dn_volume_rows_find(rows, name, side);
}

typedef struct comparison {
    const dn_norm_model *norm;
    const dn_volume_row *row; /* NULL: not measured */
    const char *reason;       /* why nothing can be said; NULL: it can */
    char text[256];           /* of reason, where it is not static */
    double mm3;               /* in the norm's unit of volume */
    dn_norm_verdict verdict;
} comparison;

static const char *with_words(comparison *it, const char *fact, dn_remedy remedy)
{
    char words[DN_REMEDY_WORDS];
    snprintf(it->text, sizeof it->text, "%s%s", fact, dn_remedy_words(remedy, NULL, words));
    return it->text;
}

static dn_status compare(const dn_report *it, const dn_norm_model *norm, comparison *out)
{
    const dn_volume_row *icv = dn_volume_rows_find(&it->r->volumes, "icv", 'B');
    const double head_mm3 = icv_mm3(norm);
    const char *column = norm->columns[DN_NORM_COLUMN_VALUE];
    *out = (comparison){.norm = norm, .row = row_of(&it->r->volumes, norm->structure), .mm3 = unit_mm3(norm->unit)};
    if (out->row == NULL && column != NULL) { /* the norm has a name for people; its column is that of gathered volumes */
        out->row = row_of(&it->r->volumes, column);
    }
    out->reason = out->row == NULL  ? "it was not measured"
                  : out->mm3 == 0.0 ? with_words(out, "the norm's unit of volume is not known; make the norm again with it", DN_REMEDY_UNIT)
                  : head_mm3 == 0.0 ? "the norm's head sizes have an impossible unit"
                  : icv == NULL     ? "there is no intracranial volume, which the norm needs"
                  : isnan(it->about.age)                              ? with_words(out, "the age is not known", DN_REMEDY_AGE)
                  : norm->with_sex && it->about.sex == DN_SEX_UNKNOWN ? with_words(out, "the sex is not known", DN_REMEDY_SEX)
                                                                      : NULL;
    if (out->reason != NULL) {
        return DN_OK;
    }
    const dn_norm_person person = {.name = it->r->stem,
                                   .value = out->row->volume_mm3 / out->mm3,
                                   .icv = icv->volume_mm3 / head_mm3,
                                   .age = it->about.age,
                                   .sex = it->about.sex};
    const unsigned beyond = dn_norm_beyond(norm, &person);
    out->reason = beyond & DN_NORM_BEYOND_AGE     ? "the age is too far outside the range of the norm"
                  : beyond & DN_NORM_BEYOND_ICV   ? "the head size is too far outside the range of the norm"
                  : beyond & DN_NORM_BEYOND_VALUE ? "the volume is too far outside the range of the norm"
                                                  : NULL;
    if (out->reason != NULL) {
        return DN_OK;
    }
    return dn_norm_apply(norm, &person, NAN, &out->verdict);
}

/* Where the person lies: the normal interval as a bar with the expected volume, the measured one as a dot. */
static dn_status put_scale(const dn_report *it, const comparison *found)
{
    enum { W = 90, H = 14, PAD = 6 };
    const dn_norm_verdict *v = &found->verdict;
    const double half = 0.5 * (v->high - v->low), middle = 0.5 * (v->high + v->low);
    const double value = found->row->volume_mm3 / found->mm3;
    if (!(half > 0.0)) {
        return dn_file_printf(it->w, "<td></td>");
    }
    const double place = fmax(-2.0, fmin(2.0, (value - middle) / half));
    const double expected = fmax(-2.0, fmin(2.0, (v->expected - middle) / half));
    const double unit = (W - 2 * PAD) / 4.0;
    return dn_file_printf(it->w,
                          "<td class=\"less\"><svg width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"the measured volume and the normal "
                          "range\"><rect x=\"%.1f\" y=\"4\" width=\"%.1f\" height=\"6\" fill=\"#9fb4cc\"/><rect x=\"%.1f\" y=\"2\" "
                          "width=\"1.5\" height=\"10\" fill=\"#44566b\"/><circle cx=\"%.1f\" cy=\"7\" r=\"4\" fill=\"%s\"/></svg></td>",
                          (int)W, (int)H, PAD + unit, 2 * unit, PAD + unit * (expected + 2) - 0.75, PAD + unit * (place + 2),
                          fabs(place) > 1.0 ? "#b3261e" : "#1a7f43");
}

/* "below 0.1", "2.3", "above 99.9": never nothing, and never everybody. */
static const char *say_percentile(double percentile, char out[32])
{
    if (percentile < 0.1 || percentile > 99.9) {
        snprintf(out, 32, "%s", percentile < 0.1 ? "below 0.1" : "above 99.9");
    } else {
        snprintf(out, 32, "%.1f", percentile);
    }
    return out;
}

/* The networks of the scan, as norms name them. false: they are not known (a corrected version without its JSON file). */
static bool networks_of(const dn_report *it, char *text, size_t size)
{
    size_t used = 0;
    *text = '\0';
    for (size_t i = 0; i < it->r->model_count && used < size; ++i) {
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s (%.8s)", i > 0 ? ", " : "", it->r->models[i]->name, it->r->models[i]->sha256);
    }
    return it->r->model_count > 0 && used < size;
}

static dn_status put_remark(const dn_report *it, const comparison *found)
{
    const dn_norm_verdict *v = &found->verdict;
    char networks[2048];
    static const struct {
        unsigned flag;
        const char *text;
    } reasons[] = {{DN_NORM_OUTSIDE_AGE, "the age is outside the range of the norm"},
                   {DN_NORM_OUTSIDE_ICV, "the head size is outside the range of the norm"},
                   {DN_NORM_OUTSIDE_COMBINATION, "age and head size together are outside the range of the norm"},
                   {DN_NORM_OUTSIDE_SEX, "the norm has no people of this sex"}};
    DN_TRY(dn_file_printf(it->w, "<td class=\"text\">%s",
                          v->reduced               ? "smaller than normal"
                          : v->enlarged            ? "larger than normal"
                          : v->reduced_one_sample  ? "below the range, but a change of scanner can explain this"
                          : v->enlarged_one_sample ? "above the range, but a change of scanner can explain this"
                                                   : "within the range"));
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; ++i) {
        if (v->outside & reasons[i].flag) {
            DN_TRY(dn_file_printf(it->w, "; <strong>%s</strong>", reasons[i].text));
        }
    }
    if (networks_of(it, networks, sizeof networks) && dn_norm_other_networks(found->norm, networks)) {
        DN_TRY(dn_file_printf(it->w, "; <strong>the norm was made by other networks: do not use this comparison</strong>"));
    }
    return dn_file_printf(it->w, "</td></tr>\n");
}

static dn_status put_comparison(const dn_report *it, const comparison *found)
{
    const dn_norm_verdict *v = &found->verdict;
    const char *tag = dn_report_number_tag(it);
    char name[64], z[32], percentile[32], low[40], high[40], expected[40];
    snprintf(name, sizeof name, "%s", found->norm->structure);
    if (found->row != NULL) {
        dn_volume_row_name(found->row, name);
        const bool first = found->row->hemi == 'B' && name[0] >= 'a' && name[0] <= 'z';
        name[0] = (char)(first ? name[0] - 'a' + 'A' : name[0]);
    }
    DN_TRY(dn_file_printf(it->w, "<tr class=\"whole\"><td>"));
    if (found->row != NULL) {
        DN_TRY(dn_report_put_chip(it, found->row->structure, found->row->hemi == 'B' ? 'L' : found->row->hemi));
    }
    DN_TRY(dn_report_put_escaped(it->w,
                                 found->row == NULL || found->row->hemi == 'B' ? ""
                                 : found->row->hemi == 'L'                     ? "Left "
                                                                               : "Right ",
                                 name, "</td>"));
    if (found->reason != NULL) {
        return dn_report_put_escaped(it->w, "<td class=\"text\" colspan=\"7\">cannot be compared: ", found->reason, "</td></tr>\n");
    }
    const dn_unit unit = dn_unit_of(found->row->structure);
    DN_TRY(dn_report_put_volume(it, found->row->volume_mm3, unit));
    DN_TRY(dn_file_printf(it->w, "<td>%s <small>%s</small></td><td>%s to %s <small>%s</small></td>",
                          dn_unit_number(v->expected * found->mm3, unit, expected), dn_unit_name(unit),
                          dn_unit_number(v->low * found->mm3, unit, low), dn_unit_number(v->high * found->mm3, unit, high),
                          dn_unit_name(unit)));
    DN_TRY(put_scale(it, found));
    DN_TRY(dn_file_printf(it->w, "<td><%s>%s</%s></td><td><%s>%s</%s></td>", tag, dn_report_signed(v->z, 2, z), tag, tag,
                          say_percentile(v->percentile, percentile), tag));
    return put_remark(it, found);
}

/* Whom a norm was made of. */
static dn_status put_source(const dn_report *it, const dn_norm_model *norm)
{
    DN_TRY(dn_report_put_escaped(it->w, "<li>", norm->structure, ""));
    DN_TRY(dn_file_printf(it->w, ": %zu people aged %.4g to %.4g; %.4g %% of people of this age%s and head size are within the range",
                          norm->n, norm->age_low, norm->age_high, 100.0 * norm->level, norm->with_sex ? ", sex" : ""));
    if (*norm->source != 0) {
        DN_TRY(dn_report_put_escaped(it->w, "; ", norm->source, ""));
    }
    return dn_file_printf(it->w, "%s</li>\n", norm->simulated ? "; <strong>simulated people: not for patients</strong>" : "");
}

dn_status dn_report_put_norms(const dn_report *it)
{
    if (it->options->norm_count == 0) {
        return DN_OK;
    }
    DN_TRY(dn_file_printf(
        it->w, "<section class=\"late\">\n<h2>Comparison with the norm</h2>\n<div class=\"wide\"><table><thead><tr><th>Structure</th>"
               "<th>Measured</th><th>Expected</th><th>Range</th><th class=\"less\"></th><th>z</th><th>Percentile</th>"
               "<th style=\"text-align:left\">Remark</th></tr></thead><tbody>\n"));
    for (size_t i = 0; i < it->options->norm_count; ++i) {
        comparison found;
        DN_TRY(compare(it, &it->options->norms[i], &found));
        DN_TRY(put_comparison(it, &found));
    }
    DN_TRY(dn_file_printf(it->w, "</tbody></table></div>\n<ul class=\"how\">\n"));
    for (size_t i = 0; i < it->options->norm_count; ++i) {
        DN_TRY(put_source(it, &it->options->norms[i]));
    }
    return dn_file_printf(
        it->w, "<li>A norm is valid only for the networks and the type of scans from which it was made.</li>\n</ul>\n</section>\n");
}
