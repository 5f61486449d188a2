/* Formats a result as a sentence and as a row of a table. */
#include "stats/result.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

dn_result dn_result_empty(void)
{
    return (dn_result){.statistic = NAN,
                       .df1 = NAN,
                       .df2 = NAN,
                       .p = NAN,
                       .p_adjusted = NAN,
                       .estimate = NAN,
                       .low = NAN,
                       .high = NAN,
                       .effect = NAN,
                       .effect_low = NAN,
                       .effect_high = NAN,
                       .level = 0.95};
}

/* A typographic minus (U+2212), as papers print it. */
static void print_decimals(double value, int decimals, char *text, size_t size)
{
    char plain[48];
    snprintf(plain, sizeof plain, "%.*f", decimals, fabs(value));
    snprintf(text, size, "%s%s", value < 0.0 && strspn(plain, "0.") != strlen(plain) ? "\xE2\x88\x92" : "", plain);
}

char *dn_result_format_number(double value, char *text, size_t size)
{
    double size_of = fabs(value);
    if (isnan(value)) {
        snprintf(text, size, "n/a");
    } else if (value == 0.0) {
        snprintf(text, size, "0");
    } else if (size_of >= 1000.0 && size_of < 1e9) {
        print_decimals(value, 0, text, size);
    } else {
        snprintf(text, size, "%s%.4g", value < 0.0 ? "\xE2\x88\x92" : "", size_of);
    }
    return text;
}

char *dn_result_format_effect(double value, char *text, size_t size)
{
    if (fabs(value) < 0.001) { /* not NaN */
        print_decimals(value, 3, text, size);
        return text;
    }
    return dn_result_format_number(value, text, size);
}

char *dn_result_format_spread(double value, double spread, char *text, size_t size)
{
    int decimals = 0;
    if (!(spread > 0.0) || spread < 1e-6 || fabs(value) > 1e15) {
        return dn_result_format_number(value, text, size);
    }
    for (double s = spread; s < 100.0 && decimals < 8; s *= 10.0) {
        ++decimals;
    }
    print_decimals(value, decimals, text, size);
    return text;
}

char *dn_result_format_p(double p, char *text, size_t size)
{
    if (isnan(p)) {
        snprintf(text, size, "p not available");
    } else if (p < 0.0001) {
        snprintf(text, size, "p < 0.0001");
    } else if (p < 0.01) {
        snprintf(text, size, "p = %.4f", p);
    } else {
        snprintf(text, size, "p = %.3f", p);
    }
    return text;
}

static void add(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void add(char *text, size_t size, const char *format, ...)
{
    va_list args;
    size_t used = strlen(text);
    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

static void add_interval(char *text, size_t size, double low, double high, double level, char *(*format)(double, char *, size_t))
{
    char a[32];
    char b[32];
    if (!isnan(low) && !isnan(high)) {
        add(text, size, " (%.4g %% CI %s to %s)", 100.0 * level, format(low, a, sizeof a), format(high, b, sizeof b));
    }
}

char *dn_result_sentence(const dn_result *result, char *text, size_t size)
{
    char number[32];
    text[0] = '\0';
    if (!isnan(result->statistic)) {
        add(text, size, "%s", result->statistic_name);
        if (!isnan(result->df1)) {
            add(text, size, "(%s", dn_result_format_number(result->df1, number, sizeof number));
            if (!isnan(result->df2)) {
                add(text, size, ", %s", dn_result_format_number(result->df2, number, sizeof number));
            }
            add(text, size, ")");
        }
        add(text, size, " = %s", dn_result_format_number(result->statistic, number, sizeof number));
    }
    if (!isnan(result->p)) {
        add(text, size, "%s%s", text[0] ? ", " : "", dn_result_format_p(result->p, number, sizeof number));
    }
    if (!isnan(result->p_adjusted)) {
        char adjusted[32];
        dn_result_format_p(result->p_adjusted, adjusted, sizeof adjusted);
        add(text, size, " (%s %s)", result->adjustment ? result->adjustment : "adjusted", adjusted);
    }
    if (result->estimate_name != NULL && !isnan(result->estimate)) {
        add(text, size, "%s%s %s", text[0] ? ", " : "", result->estimate_name,
            dn_result_format_number(result->estimate, number, sizeof number));
        add_interval(text, size, result->low, result->high, result->level, dn_result_format_number);
    }
    if (result->effect_name != NULL && !isnan(result->effect)) {
        add(text, size, "%s%s = %s", text[0] ? ", " : "", result->effect_name,
            dn_result_format_effect(result->effect, number, sizeof number));
        add_interval(text, size, result->effect_low, result->effect_high, result->level, dn_result_format_effect);
    }
    if (result->n > 0) {
        add(text, size, "%sn = %zu", text[0] ? ", " : "", result->n);
    }
    return text;
}

dn_status dn_result_append(dn_table *table, const char *analysis, const dn_result *result)
{
    size_t row;
    const struct {
        const char *column;
        double value;
    } numbers[] = {
        {"statistic", result->statistic},
        {"df1", result->df1},
        {"df2", result->df2},
        {"p", result->p},
        {"p_adjusted", result->p_adjusted},
        {"estimate", result->estimate},
        {"estimate_low", result->low},
        {"estimate_high", result->high},
        {"effect", result->effect},
        {"effect_low", result->effect_low},
        {"effect_high", result->effect_high},
        {"level", result->level},
        {"n", result->n > 0 ? (double)result->n : NAN},
        {"groups", result->groups > 0 ? (double)result->groups : NAN},
    };
    const struct {
        const char *column;
        const char *text;
    } texts[] = {
        {"analysis", analysis},
        {"method", result->method},
        {"statistic_name", result->statistic_name},
        {"adjustment", result->adjustment},
        {"estimate_name", result->estimate_name},
        {"effect_name", result->effect_name},
        {"note", result->note},
    };
    static const char *const order[] = {
        "analysis",      "method",      "n",          "groups",     "statistic_name", "statistic", "df1",
        "df2",           "p",           "p_adjusted", "adjustment", "estimate_name",  "estimate",  "estimate_low",
        "estimate_high", "effect_name", "effect",     "effect_low", "effect_high",    "level",     "note"};
    for (size_t i = 0; i < sizeof order / sizeof *order; ++i) {
        if (dn_table_find(table, order[i]) == DN_TABLE_NONE) {
            size_t ignored;
            DN_TRY(dn_table_add_column(table, order[i], &ignored));
        }
    }
    DN_TRY(dn_table_add_row(table, &row));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
        DN_TRY(dn_table_put_text(table, texts[i].column, texts[i].text));
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
        DN_TRY(dn_table_put_number(table, numbers[i].column, numbers[i].value));
    }
    return DN_OK;
}
