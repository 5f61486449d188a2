/* The public C API: statistics, norms, evaluation. */
#include "lib/call.h"
#include "study/evaluate/evaluate.h"
#include "study/groups/groups.h"
#include "study/norms/apply.h"
#include "study/norms/fit.h"

#include <math.h>
#include <stdlib.h>

void dien_text_destroy(char *text)
{
    free(text);
}

void dien_tables_init(dien_tables *tables)
{
    if (tables != NULL) {
        *tables = (dien_tables){.size = sizeof *tables, .id = "participant_id", .join = "ask"};
    }
}

void dien_groups_options_init(dien_groups_options *options)
{
    if (options != NULL) {
        *options = (dien_groups_options){.size = sizeof *options,
                                         .normalise = "ratio",
                                         .test = "auto",
                                         .outliers = "none",
                                         .adjust = "holm",
                                         .level = 0.95,
                                         .alpha = 0.05};
    }
}

void dien_norm_options_init(dien_norm_options *options)
{
    if (options != NULL) {
        *options = (dien_norm_options){.size = sizeof *options, .scanner_sd = (double)NAN, .method = "squares", .level = 0.95};
    }
}

void dien_evaluate_options_init(dien_evaluate_options *options)
{
    if (options != NULL) {
        *options = (dien_evaluate_options){.size = sizeof *options, .suffix = "_dseg.nii.gz"};
    }
}

/* Levels that the command line's option tables bound. */
static dn_status check_level(const char *name, double value, double low, double high)
{
    if (!(value >= low && value <= high)) {
        DN_FAIL(DN_EUSAGE, "%s is %g; it is a number from %g to %g", name, value, low, high);
    }
    return DN_OK;
}

/* A word that was set to NULL has no meaning. */
static const char *word(const char *text)
{
    return text != NULL ? text : "";
}

static dn_status tables_from(const dien_tables *given, dn_study_tables *out)
{
    dien_tables tables;
    dien_tables_init(&tables);
    DN_TRY(dn_lib_take(given, &tables, sizeof tables, offsetof(dien_tables, strict) + sizeof tables.strict, "dien_tables"));
    if (tables.count > 0 && tables.paths == NULL) {
        DN_FAIL(DN_EUSAGE, "dien_tables has a count of %zu, but no paths", tables.count);
    }
    for (size_t i = 0; i < tables.count; ++i) {
        if (tables.paths[i] == NULL || *tables.paths[i] == '\0') {
            DN_FAIL(DN_EUSAGE, "path %zu of dien_tables is empty", i);
        }
    }
    *out = (dn_study_tables){.paths = tables.paths,
                             .count = tables.count,
                             .id = tables.id,
                             .where = tables.where,
                             .session = tables.session,
                             .unit = tables.unit,
                             .count_rejected = tables.count_rejected != 0,
                             .strict = tables.strict != 0};
    if (tables.id == NULL || *tables.id == '\0') {
        DN_FAIL(DN_EUSAGE, "id of dien_tables is empty; it must name a column");
    }
    return dn_join_how_of(word(tables.join), &out->join);
}

/* The start of each call: there is no text yet. */
static dn_status begin(const dien_options *calls, dn_lib_call *call, char **text)
{
    if (text != NULL) {
        *text = NULL;
    }
    return dn_lib_begin(calls, call);
}

/* The end of each call: hands the text over. */
static dien_status finish(dn_lib_call *call, dn_status status, dn_study_result *result, char **text)
{
    if (text != NULL) {
        *text = result->text;
        result->text = NULL;
    }
    dn_study_result_release(result);
    dn_lib_end(call);
    return dn_lib_code(status);
}

static dn_status groups(const dien_tables *tables, const dien_groups_options *given, const char *folder, dn_study_result *result)
{
    dien_groups_options options;
    dn_groups_options how = {.output = {.folder = folder}};
    dien_groups_options_init(&options);
    DN_TRY(
        dn_lib_take(given, &options, sizeof options, offsetof(dien_groups_options, alpha) + sizeof options.alpha, "dien_groups_options"));
    DN_TRY(tables_from(tables, &how.tables));
    DN_TRY(dn_icv_method_of(word(options.normalise), &how.normalise));
    DN_TRY(dn_test_choice_of(word(options.test), &how.test));
    DN_TRY(dn_outlier_rule_of(word(options.outliers), &how.outliers));
    DN_TRY(dn_adjustment_of(word(options.adjust), &how.adjustment));
    DN_TRY(check_level("level", options.level, 0.5, 0.9999));
    DN_TRY(check_level("alpha", options.alpha, 1e-9, 0.5));
    how.output.note = options.note;
    how.values = options.values;
    how.group = options.group;
    how.control = options.control;
    how.icv = options.icv;
    how.covariates = options.covariates;
    how.categories = options.categories;
    how.order = options.order;
    how.label = options.label;
    how.paired = options.paired != 0;
    how.equal_variances = options.equal_variances != 0;
    how.level = options.level;
    how.alpha = options.alpha;
    return dn_study_groups(&how, result);
}

dien_status dien_groups(const dien_tables *tables, const dien_groups_options *options, const char *folder, const dien_options *calls,
                        char **text)
{
    dn_lib_call call;
    dn_study_result result = {0};
    dn_status status = begin(calls, &call, text);
    return status == DN_OK ? finish(&call, groups(tables, options, folder, &result), &result, text) : dn_lib_code(status);
}

static dn_status norm_options_from(const dien_norm_options *given, dien_norm_options *out, dn_norm_columns *columns)
{
    dien_norm_options_init(out);
    DN_TRY(dn_lib_take(given, out, sizeof *out, offsetof(dien_norm_options, simulated) + sizeof out->simulated, "dien_norm_options"));
    if (out->scanner_sd < 0.0 || isinf(out->scanner_sd)) {
        DN_FAIL(DN_EUSAGE, "the inter-scanner SD is %g; it is a number of at least 0, or NaN when it is not known", out->scanner_sd);
    }
    columns->name[DN_NORM_COLUMN_VALUE] = out->value;
    columns->name[DN_NORM_COLUMN_ICV] = out->icv;
    columns->name[DN_NORM_COLUMN_AGE] = out->age;
    columns->name[DN_NORM_COLUMN_SEX] = out->sex;
    columns->name[DN_NORM_COLUMN_SCANNER] = out->scanner;
    return DN_OK;
}

static dn_status norm_fit(const dien_tables *tables, const dien_norm_options *given, const char *folder, dn_study_result *result)
{
    dien_norm_options options;
    dn_norm_fit_options how = {.output = {.folder = folder}};
    DN_TRY(norm_options_from(given, &options, &how.columns));
    DN_TRY(tables_from(tables, &how.tables));
    DN_TRY(dn_norm_method_of(word(options.method), &how.method));
    DN_TRY(check_level("level", options.level, 0.5, 0.9999));
    how.one_step = options.one_step != 0;
    how.with_sex = options.with_sex != 0;
    how.level = options.level;
    how.structure = options.structure;
    how.source = options.source;
    how.simulated = options.simulated != 0;
    how.scanner_sd = options.scanner_sd;
    return dn_study_norm_fit(&how, result);
}

dien_status dien_norm_fit(const dien_tables *tables, const dien_norm_options *options, const char *folder, const dien_options *calls,
                          char **text)
{
    dn_lib_call call;
    dn_study_result result = {0};
    dn_status status = begin(calls, &call, text);
    return status == DN_OK ? finish(&call, norm_fit(tables, options, folder, &result), &result, text) : dn_lib_code(status);
}

static dn_status norm_apply(const char *norm, const dien_tables *tables, const dien_norm_options *given, const char *folder,
                            dn_study_result *result)
{
    dien_norm_options options;
    dn_norm_apply_options how = {.norm = norm, .output = {.folder = folder}};
    DN_TRY(norm_options_from(given, &options, &how.columns));
    DN_TRY(tables_from(tables, &how.tables));
    how.scanner_sd = options.scanner_sd;
    how.scanner_sd_column = options.scanner_sd_column;
    how.charts = options.charts;
    return dn_study_norm_apply(&how, result);
}

dien_status dien_norm_apply(const char *norm, const dien_tables *tables, const dien_norm_options *options, const char *folder,
                            const dien_options *calls, char **text)
{
    dn_lib_call call;
    dn_study_result result = {0};
    dn_status status = begin(calls, &call, text);
    return status == DN_OK ? finish(&call, norm_apply(norm, tables, options, folder, &result), &result, text) : dn_lib_code(status);
}

static dn_status evaluate(const char *predicted, const char *truth, const dien_evaluate_options *given, const char *folder,
                          dn_study_result *result)
{
    dien_evaluate_options options;
    dien_evaluate_options_init(&options);
    DN_TRY(dn_lib_take(given, &options, sizeof options, offsetof(dien_evaluate_options, resample) + sizeof options.resample,
                       "dien_evaluate_options"));
    if (predicted == NULL || truth == NULL || options.suffix == NULL) {
        DN_FAIL(DN_EUSAGE, "dien_evaluate needs a prediction, a truth and the suffix of predictions");
    }
    return dn_study_evaluate(&(dn_evaluate_options){.predicted = predicted,
                                                    .truth = truth,
                                                    .output = {.folder = folder},
                                                    .structures = options.structures,
                                                    .translate_truth = options.translate_truth,
                                                    .translate_predicted = options.translate_predicted,
                                                    .suffix = options.suffix,
                                                    .truth_suffix = options.truth_suffix,
                                                    .times = options.times,
                                                    .resample = options.resample != 0},
                             result);
}

dien_status dien_evaluate(const char *predicted, const char *truth, const dien_evaluate_options *options, const char *folder,
                          const dien_options *calls, char **text)
{
    dn_lib_call call;
    dn_study_result result = {0};
    dn_status status = begin(calls, &call, text);
    return status == DN_OK ? finish(&call, evaluate(predicted, truth, options, folder, &result), &result, text) : dn_lib_code(status);
}
