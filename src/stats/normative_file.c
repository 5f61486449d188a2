/* The model file of a norm: JSON that a person can read, and that is checked as if anyone could have written it. */
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/words.h"
#include "stats/normative.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "dien normative model"

enum { MOST_QUANTILES = 64, MOST_SCANNERS = 100000 };

static const char *const method_names[] = {"least squares", "huber", "bisquare", "quantile"};
static const char *const column_names[DN_NORM_COLUMNS] = {"value", "icv", "age", "sex", "scanner"};
static const char *const term_names[] = {"icv^2", "age^2", "icv*age", "icv", "age", "1", "male"};

/* ---- writing ------------------------------------------------------------------------------------------------------------------- */

/* NaN is null: JSON has no word for it. Steals into object; -1 on failure. */
static int put_number(json_t *object, const char *key, double value)
{
    return json_object_set_new(object, key, isfinite(value) ? json_real(value) : json_null());
}

/* Nothing where the text is NULL. */
static int put_text(json_t *object, const char *key, const char *text)
{
    return text != NULL ? json_object_set_new(object, key, json_string(text)) : 0;
}

static json_t *numbers(const double *values, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; ++i) {
        json_array_append_new(array, json_real(values[i]));
    }
    return array;
}

static json_t *named_terms(const double *values, size_t n)
{
    json_t *object = json_object();
    for (size_t i = 0; i < n; ++i) {
        json_object_set_new(object, term_names[i], json_real(values[i]));
    }
    return object;
}

static json_t *columns_of(const dn_norm_model *model)
{
    json_t *object = json_object();
    for (int c = 0; c < (int)DN_NORM_COLUMNS; ++c) {
        if (model->columns[c] != NULL) {
            json_object_set_new(object, column_names[c], json_string(model->columns[c]));
        }
    }
    return object;
}

static json_t *to_json(const dn_norm_model *model)
{
    double paper[DN_NORM_TERMS];
    json_t *root = json_object(), *cohort = json_object(), *scanners = json_array(), *surfaces = json_array(), *surface = json_object();
    int failed = root == NULL || cohort == NULL || scanners == NULL || surfaces == NULL || surface == NULL;
    dn_norm_coefficients(model, paper);
    failed |= json_object_set_new(root, "format", json_string(FORMAT));
    failed |= json_object_set_new(root, "version", json_integer(1));
    failed |= json_object_set_new(root, "structure", json_string(model->structure));
    failed |= json_object_set_new(root, "unit", json_string(model->unit));
    failed |= json_object_set_new(root, "source", json_string(model->source));
    failed |= put_text(root, "networks", model->networks);
    failed |= json_object_set_new(root, "simulated", json_boolean(model->simulated));
    failed |= json_object_set_new(root, "method", json_string(method_names[model->method]));
    failed |= json_object_set_new(root, "two_step", json_boolean(model->two_step));
    failed |= json_object_set_new(root, "with_sex", json_boolean(model->with_sex));
    failed |= put_number(root, "level", model->level);
    failed |= put_number(root, "scanner_sd", model->scanner_sd);
    failed |= json_object_set_new(cohort, "n_given", json_integer((json_int_t)model->n_given));
    failed |= json_object_set_new(cohort, "n", json_integer((json_int_t)model->n));
    failed |= json_object_set_new(cohort, "outliers", json_integer((json_int_t)model->n_outliers));
    failed |= json_object_set_new(cohort, "age", numbers((const double[]){model->age_low, model->age_high}, 2));
    failed |= json_object_set_new(cohort, "icv", numbers((const double[]){model->icv_low, model->icv_high}, 2));
    if (isfinite(model->value_low) && isfinite(model->value_high)) {
        failed |= json_object_set_new(cohort, "value", numbers((const double[]){model->value_low, model->value_high}, 2));
    }
    failed |= json_object_set_new(cohort, "females", json_integer((json_int_t)model->females));
    failed |= json_object_set_new(cohort, "males", json_integer((json_int_t)model->males));
    failed |= json_object_set_new(cohort, "sex_unknown", json_integer((json_int_t)model->unknown));
    for (size_t i = 0; i < model->n_scanners; ++i) {
        failed |= json_array_append_new(scanners, json_string(model->scanners[i]));
    }
    failed |= json_object_set_new(cohort, "scanners", scanners);
    failed |= json_object_set_new(root, "cohort", cohort);
    failed |= json_object_set_new(root, "columns", columns_of(model));
    failed |= json_object_set_new(surface, "coefficients", named_terms(paper, model->terms)); /* for the reader; the next four are used */
    failed |= json_object_set_new(surface, "centre", numbers((const double[]){model->centre_icv, model->centre_age}, 2));
    failed |= json_object_set_new(surface, "scale", numbers((const double[]){model->scale_icv, model->scale_age}, 2));
    failed |= json_object_set_new(surface, "scaled_coefficients", numbers(model->beta, model->terms));
    failed |= json_object_set_new(surface, "inverse", numbers(model->inverse, model->terms * model->terms));
    failed |= put_number(surface, "max_leverage", model->max_leverage);
    failed |= put_number(surface, "sd", model->sd);
    failed |= put_number(surface, "residual_standard_error", model->sigma);
    failed |= put_number(surface, "df", model->df);
    failed |= put_number(surface, "r_squared", model->r_squared);
    failed |= json_object_set_new(root, "surface", surface);
    for (size_t q = 0; q < model->n_quantiles; ++q) {
        json_t *item = json_object();
        failed |= put_number(item, "quantile", model->quantile[q]);
        failed |= json_object_set_new(item, "scaled_coefficients", numbers(model->quantile_beta + q * DN_NORM_TERMS, model->terms));
        failed |= json_array_append_new(surfaces, item);
    }
    failed |= json_object_set_new(root, "quantile_surfaces", surfaces);
    if (failed) {
        json_decref(root);
        return NULL;
    }
    return root;
}

dn_status dn_norm_write(const dn_norm_model *model, const char *path)
{
    json_t *root = to_json(model);
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(root);
    dn_status complete = dn_json_complete(path);
    if (text == NULL && complete == DN_OK) {
        complete = dn_error_set(DN_EDATA, "the norm cannot be written to %s: a text in it is not UTF-8", path);
    }
    if (complete != DN_OK) {
        free(text);
        return complete;
    }
    dn_status status = dn_file_write_all(path, text, strlen(text));
    free(text);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------------- */

static dn_status missing(const char *path, const char *key, const char *what)
{
    DN_FAIL_OFFER(DN_EFORMAT, DN_REMEDY_FIT_NORM, "%s is not a norm that dien can use: '%s' %s", path, key, what);
}

static dn_status get_text(const char *path, const json_t *object, const char *key, char **out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) {
        return missing(path, key, "is missing or not a text");
    }
    return dn_strdup(json_string_value(value), out);
}

static dn_status get_flag(const char *path, const json_t *object, const char *key, bool *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_boolean(value)) {
        return missing(path, key, "is missing or neither true nor false");
    }
    *out = json_is_true(value);
    return DN_OK;
}

static dn_status get_count(const char *path, const json_t *object, const char *key, size_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > 1000000000) {
        return missing(path, key, "is missing or not a count");
    }
    *out = (size_t)json_integer_value(value);
    return DN_OK;
}

/* null is NaN when optional. */
static dn_status get_number(const char *path, const json_t *object, const char *key, bool optional, double low, double *out)
{
    const json_t *value = json_object_get(object, key);
    *out = NAN;
    if (optional && json_is_null(value)) {
        return DN_OK;
    }
    if (!json_is_number(value) || !isfinite(json_number_value(value)) || !(json_number_value(value) >= low)) {
        return missing(path, key, "is missing or out of range");
    }
    *out = json_number_value(value);
    return DN_OK;
}

static dn_status get_numbers(const char *path, const json_t *object, const char *key, size_t n, double *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_array(value) || json_array_size(value) != n) {
        return missing(path, key, "is missing or has the wrong length");
    }
    for (size_t i = 0; i < n; ++i) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_number(item) || !isfinite(json_number_value(item))) {
            return missing(path, key, "holds something that is not a number");
        }
        out[i] = json_number_value(item);
    }
    return DN_OK;
}

static dn_status read_scanners(const char *path, const json_t *cohort, dn_norm_model *out)
{
    const json_t *scanners = json_object_get(cohort, "scanners");
    size_t n = json_array_size(scanners);
    if (!json_is_array(scanners) || n > MOST_SCANNERS) {
        return missing(path, "scanners", "is missing or not a list of names");
    }
    DN_TRY(dn_alloc(&out->scanners, n, sizeof *out->scanners, "the norm's scanners"));
    for (size_t i = 0; i < n; ++i) {
        const json_t *item = json_array_get(scanners, i);
        if (!json_is_string(item)) {
            return missing(path, "scanners", "is missing or not a list of names");
        }
        DN_TRY(dn_strdup(json_string_value(item), &out->scanners[i]));
        out->n_scanners = i + 1;
    }
    return DN_OK;
}

/* What files of earlier versions do not have. */
static dn_status read_later(const char *path, const json_t *root, const json_t *cohort, dn_norm_model *out)
{
    const json_t *columns = json_object_get(root, "columns");
    double pair[2] = {NAN, NAN};
    if (json_object_get(cohort, "value") != NULL) {
        DN_TRY(get_numbers(path, cohort, "value", 2, pair));
        if (!(pair[0] <= pair[1])) {
            return missing(path, "value", "is not a range");
        }
    }
    out->value_low = pair[0];
    out->value_high = pair[1];
    for (int c = 0; c < (int)DN_NORM_COLUMNS; ++c) {
        const char *name = json_string_value(json_object_get(columns, column_names[c]));
        if (name != NULL) {
            DN_TRY(dn_strdup(name, &out->columns[c]));
        }
    }
    return DN_OK;
}

static dn_status read_quantiles(const char *path, const json_t *root, dn_norm_model *out)
{
    const json_t *surfaces = json_object_get(root, "quantile_surfaces");
    size_t n = json_array_size(surfaces);
    if (!json_is_array(surfaces) || n > MOST_QUANTILES || (out->method == DN_NORM_QUANTILE) != (n > 0) || n == 1) {
        return missing(path, "quantile_surfaces", "does not fit the method");
    }
    DN_TRY(dn_alloc(&out->quantile, n, sizeof(double), "the centiles"));
    DN_TRY(dn_alloc(&out->quantile_beta, n * DN_NORM_TERMS, sizeof(double), "the centiles"));
    for (size_t q = 0; q < n; ++q) {
        const json_t *item = json_array_get(surfaces, q);
        DN_TRY(get_number(path, item, "quantile", false, 0.0, &out->quantile[q]));
        if (!(out->quantile[q] > (q > 0 ? out->quantile[q - 1] : 0.0) && out->quantile[q] < 1.0)) {
            return missing(path, "quantile", "is not an ascending list between 0 and 1");
        }
        DN_TRY(get_numbers(path, item, "scaled_coefficients", out->terms, out->quantile_beta + q * DN_NORM_TERMS));
        out->n_quantiles = q + 1;
    }
    return DN_OK;
}

static dn_status read_method(const char *path, const json_t *root, dn_norm_model *out)
{
    const char *method = json_string_value(json_object_get(root, "method"));
    for (size_t i = 0; method != NULL && i < sizeof method_names / sizeof *method_names; ++i) {
        if (strcmp(method, method_names[i]) == 0) {
            out->method = (dn_norm_method)i;
            return DN_OK;
        }
    }
    return missing(path, "method", "is not known to this version");
}

static dn_status from_json(const char *path, const json_t *root, dn_norm_model *out)
{
    const json_t *cohort = json_object_get(root, "cohort"), *surface = json_object_get(root, "surface");
    const char *format = json_string_value(json_object_get(root, "format"));
    double pair[2];
    if (format == NULL || strcmp(format, FORMAT) != 0 || json_integer_value(json_object_get(root, "version")) != 1) {
        return dn_error_set(DN_EFORMAT, "%s is not a norm of this version of dien (\"format\": \"" FORMAT "\", \"version\": 1)", path);
    }
    DN_TRY(get_text(path, root, "structure", &out->structure));
    DN_TRY(get_text(path, root, "unit", &out->unit));
    DN_TRY(get_text(path, root, "source", &out->source));
    if (json_object_get(root, "networks") != NULL) {
        DN_TRY(get_text(path, root, "networks", &out->networks));
    }
    DN_TRY(get_flag(path, root, "simulated", &out->simulated));
    DN_TRY(get_flag(path, root, "two_step", &out->two_step));
    DN_TRY(get_flag(path, root, "with_sex", &out->with_sex));
    DN_TRY(read_method(path, root, out));
    out->terms = out->with_sex ? DN_NORM_TERMS : DN_NORM_TERMS - 1;
    DN_TRY(get_number(path, root, "level", false, 0.0, &out->level));
    if (!(out->level > 0.0 && out->level < 1.0)) {
        return missing(path, "level", "is out of range");
    }
    DN_TRY(get_number(path, root, "scanner_sd", true, 0.0, &out->scanner_sd));
    DN_TRY(get_count(path, cohort, "n_given", &out->n_given));
    DN_TRY(get_count(path, cohort, "n", &out->n));
    DN_TRY(get_count(path, cohort, "outliers", &out->n_outliers));
    DN_TRY(get_count(path, cohort, "females", &out->females));
    DN_TRY(get_count(path, cohort, "males", &out->males));
    DN_TRY(get_count(path, cohort, "sex_unknown", &out->unknown));
    DN_TRY(get_numbers(path, cohort, "age", 2, pair));
    out->age_low = pair[0];
    out->age_high = pair[1];
    DN_TRY(get_numbers(path, cohort, "icv", 2, pair));
    out->icv_low = pair[0];
    out->icv_high = pair[1];
    DN_TRY(read_later(path, root, cohort, out));
    DN_TRY(read_scanners(path, cohort, out));
    DN_TRY(get_numbers(path, surface, "centre", 2, pair));
    out->centre_icv = pair[0];
    out->centre_age = pair[1];
    DN_TRY(get_numbers(path, surface, "scale", 2, pair));
    out->scale_icv = pair[0];
    out->scale_age = pair[1];
    if (!(out->scale_icv > 0.0 && out->scale_age > 0.0 && out->age_low < out->age_high && out->icv_low < out->icv_high)) {
        return missing(path, "scale", "or the range of ages or head sizes is empty");
    }
    DN_TRY(get_numbers(path, surface, "scaled_coefficients", out->terms, out->beta));
    DN_TRY(get_numbers(path, surface, "inverse", out->terms * out->terms, out->inverse));
    DN_TRY(get_number(path, surface, "max_leverage", false, 0.0, &out->max_leverage));
    bool squares = out->method == DN_NORM_LEAST_SQUARES, quantile = out->method == DN_NORM_QUANTILE;
    DN_TRY(get_number(path, surface, "sd", quantile, 1e-300, &out->sd));
    DN_TRY(get_number(path, surface, "residual_standard_error", !squares, 1e-300, &out->sigma));
    DN_TRY(get_number(path, surface, "df", !squares, 1.0, &out->df));
    DN_TRY(get_number(path, surface, "r_squared", true, -1e6, &out->r_squared));
    return read_quantiles(path, root, out);
}

dn_status dn_norm_parse(const char *text, size_t size, const char *name, dn_norm_model *out)
{
    json_t *root = NULL;
    *out = (dn_norm_model){0};
    dn_status status = dn_json_parse(text, size, DN_JSON_OBJECT | DN_JSON_UNIQUE, name, &root);
    if (status == DN_EFORMAT) {
        DN_FAIL_OFFER(status, DN_REMEDY_FIT_NORM, "%s, so it is not a norm", dn_error_message());
    }
    DN_TRY(status);
    status = from_json(name, root, out);
    json_decref(root);
    if (status != DN_OK) {
        dn_norm_model_release(out);
    }
    return status;
}

dn_status dn_norm_read(const char *path, dn_norm_model *out)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    *out = (dn_norm_model){0};
    DN_TRY(dn_file_read(path, DN_JSON_LARGEST, &bytes, &size));
    dn_status status = dn_norm_parse((const char *)bytes, size, path, out);
    free(bytes);
    return status;
}

dn_status dn_norm_read_list(const char *list, dn_norm_model **out, size_t *count)
{
    char **paths = NULL;
    size_t n = 0;
    *out = NULL;
    *count = 0;
    DN_TRY(dn_split_list(list, &paths, &n));
    dn_status status = dn_alloc(out, n, sizeof **out, "the norms");
    for (size_t i = 0; i < n && status == DN_OK; ++i) {
        status = dn_norm_read(paths[i], &(*out)[i]);
        *count += status == DN_OK;
    }
    free(paths);
    return status;
}

void dn_norm_list_release(dn_norm_model *norms, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        dn_norm_model_release(&norms[i]);
    }
    free(norms);
}
