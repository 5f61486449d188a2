/* Norms against R: lm and predict, MASS::rlm, quantreg::rq, binom.test (tools/reference_agreement.R). */
#define _GNU_SOURCE
#include "reference_cases.h"

#include "base/file.h"
#include "base/random.h"
#include "stats/normative.h"
#include "stats/robust.h"

#define CLOSE 1e-8
#define P_CLOSE 1e-6

static dn_norm_person *persons_of(const reference_case *it, size_t *n)
{
    const double *value = reference_data(it, "value", n), *icv = reference_data(it, "icv", NULL), *age = reference_data(it, "age", NULL);
    const double *male = reference_data(it, "male", NULL);
    dn_norm_person *persons = calloc(*n, sizeof *persons);
    assert_non_null(persons);
    for (size_t i = 0; i < *n; ++i) {
        persons[i] = (dn_norm_person){.value = value[i], .icv = icv[i], .age = age[i]};
        persons[i].sex = male == NULL ? DN_SEX_UNKNOWN : male[i] != 0.0 ? DN_SEX_MALE : DN_SEX_FEMALE;
    }
    return persons;
}

static dn_norm_person asked_person(const reference_case *it, const dn_norm_person *persons, size_t i)
{
    const double *row = reference_data(it, "persons", NULL) + 3 * i;
    dn_norm_person person = {.value = row[0], .icv = row[1], .age = row[2], .sex = DN_SEX_UNKNOWN};
    if (reference_data(it, "male", NULL) != NULL) {
        person.sex = i == 0 ? DN_SEX_FEMALE : i == 1 ? DN_SEX_MALE : persons[0].sex;
    }
    return person;
}

static void check(reference_case *it, const char *label, const char *what, double found, double relative, double absolute)
{
    char name[48];
    snprintf(name, sizeof name, "%s_%s", label, what);
    reference_check(it, name, found, relative, absolute);
}

static void check_person(reference_case *it, const char *label, size_t i, const dn_norm_model *model, const dn_norm_person *person)
{
    dn_norm_verdict found;
    char what[32];
    assert_ok(dn_norm_apply(model, person, NAN, &found));
    double scale = isnan(model->sd) ? 0.0 : model->sd;
    const struct {
        const char *stem;
        double value, relative, absolute;
    } rows[] = {{"expected", found.expected, CLOSE, 1e-9 * scale},
                {"t", found.t, CLOSE, 1e-8},
                {"p", found.p, P_CLOSE, 0.0},
                {"percentile", found.percentile, P_CLOSE, 0.0},
                {"z", found.z, CLOSE, 1e-8},
                {"c10_", dn_norm_centile(model, person->icv, person->age, person->sex, 0.1), CLOSE, 0.0}};
    for (size_t r = 0; r < 6; ++r) {
        snprintf(what, sizeof what, "%s%zu", rows[r].stem, i);
        check(it, label, what, rows[r].value, rows[r].relative, rows[r].absolute);
    }
}

static void squares(reference_case *it, const dn_norm_person *persons, size_t n, bool two_step)
{
    const char *label = two_step ? "two" : "one";
    dn_norm_model model;
    bool with_sex = reference_data(it, "male", NULL) != NULL;
    unsigned char *outlier = calloc(n, 1);
    assert_ok(
        dn_norm_fit(persons, n, &(dn_norm_options){.two_step = two_step, .with_sex = with_sex, .scanner_sd = NAN}, &model, outlier, NULL));
    check(it, label, "sd", model.sd, CLOSE, 0.0);
    check(it, label, "sigma", model.sigma, CLOSE, 0.0);
    check(it, label, "r2", model.r_squared, CLOSE, 1e-10);
    check(it, label, "leverage", model.max_leverage, CLOSE, 0.0);
    for (size_t i = 0; i < 3; ++i) {
        dn_norm_person person = asked_person(it, persons, i);
        check_person(it, label, i, &model, &person);
    }
    if (two_step) {
        size_t flags = 0;
        for (size_t i = 0; i < n; ++i) {
            flags += outlier[i];
        }
        reference_check(it, "outliers", (double)model.n_outliers, 0.0, 0.0);
        assert_int_equal(flags, model.n_outliers);
        assert_int_equal(model.n + model.n_outliers, n);
    } else {
        double raw[DN_NORM_TERMS];
        dn_norm_coefficients(&model, raw);
        for (size_t j = 0; j < DN_NORM_TERMS; ++j) {
            char name[16];
            snprintf(name, sizeof name, "raw%zu", j);
            reference_check(it, name, raw[j], 1e-6, 0.0); /* R's fit to raw powers loses digits itself */
        }
    }
    dn_norm_model_release(&model);
    free(outlier);
}

static void robust(reference_case *it, const dn_norm_person *persons, size_t n, dn_norm_method method)
{
    const char *label = method == DN_NORM_HUBER ? "huber" : "bisquare";
    dn_norm_model model;
    char scale[32];
    snprintf(scale, sizeof scale, "%s_scale", label);
    if (!reference_has(it, scale)) {
        return; /* R's did not converge either */
    }
    bool with_sex = reference_data(it, "male", NULL) != NULL;
    assert_ok(dn_norm_fit(persons, n, &(dn_norm_options){.method = method, .with_sex = with_sex, .scanner_sd = NAN}, &model, NULL, NULL));
    reference_check(it, scale, model.sd, CLOSE, 0.0);
    for (size_t i = 0; i < 3; ++i) {
        dn_norm_person person = asked_person(it, persons, i);
        dn_norm_verdict found;
        char what[32];
        assert_ok(dn_norm_apply(&model, &person, NAN, &found));
        snprintf(what, sizeof what, "expected%zu", i);
        check(it, label, what, found.expected, CLOSE, 0.0);
    }
    dn_norm_model_release(&model);
}

static void quantiles(reference_case *it, const dn_norm_person *persons, size_t n)
{
    bool with_sex = reference_data(it, "male", NULL) != NULL;
    size_t p = with_sex ? 7 : 6;
    dn_norm_model model;
    assert_ok(dn_norm_fit(persons, n, &(dn_norm_options){.with_sex = with_sex, .scanner_sd = NAN}, &model, NULL, NULL));
    double *x = calloc(n * p, sizeof *x), *y = calloc(n, sizeof *y), beta[8], objective;
    for (size_t i = 0; i < n; ++i) {
        double u = (persons[i].icv - model.centre_icv) / model.scale_icv, v = (persons[i].age - model.centre_age) / model.scale_age;
        const double row[] = {u * u, v * v, u * v, u, v, 1.0, persons[i].sex == DN_SEX_MALE ? 1.0 : 0.0};
        memcpy(x + i * p, row, p * sizeof *row);
        y[i] = persons[i].value;
    }
    const double taus[] = {0.025, 0.05, 0.25, 0.5, 0.9};
    for (size_t t = 0; t < 5; ++t) {
        char name[16];
        snprintf(name, sizeof name, "rq%g", taus[t]);
        assert_ok(dn_quantile_fit(x, y, n, p, taus[t], beta, &objective));
        reference_check(it, name, objective, CLOSE, 0.0);
    }
    free(x);
    free(y);
    dn_norm_model_release(&model);
}

static void norms_are_r(void **state)
{
    (void)state;
    FILE *file = reference_open("reference_agreement.txt");
    reference_case it = {0};
    int cases = 0;
    while (reference_next(file, "norm", &it)) {
        size_t n = 0;
        dn_norm_person *persons = persons_of(&it, &n);
        squares(&it, persons, n, false);
        squares(&it, persons, n, true);
        robust(&it, persons, n, DN_NORM_HUBER);
        robust(&it, persons, n, DN_NORM_BISQUARE);
        quantiles(&it, persons, n);
        reference_finish(&it);
        free(persons);
        ++cases;
    }
    fclose(file);
    assert_true(cases >= 20);
}

static void shares_are_r(void **state)
{
    (void)state;
    FILE *file = reference_open("reference_agreement.txt");
    reference_case it = {0};
    int cases = 0;
    while (reference_next(file, "share", &it)) {
        const double *k = reference_data(&it, "k", NULL);
        dn_estimate share;
        assert_ok(dn_share((size_t)k[0], (size_t)k[1], 0.95, &share));
        reference_check(&it, "low", share.low, CLOSE, 0.0);
        reference_check(&it, "high", share.high, CLOSE, 0.0);
        reference_finish(&it);
        ++cases;
    }
    fclose(file);
    assert_true(cases >= 20);
}

/* ---- what needs no R ------------------------------------------------------------------------------------------------------------ */

enum { COHORT = 400 };

static void make_cohort(dn_norm_person persons[COHORT], double sd)
{
    dn_random random;
    dn_random_seed(&random, 5);
    for (size_t i = 0; i < COHORT; ++i) {
        double age = dn_random_uniform(&random, 20, 80), icv = dn_random_normal(&random, 1500, 130);
        double mean = 15.0 + 0.006 * (icv - 1500.0) - 0.0004 * (age - 20.0) * (age - 20.0);
        persons[i] = (dn_norm_person){.icv = icv, .age = age, .value = mean + dn_random_normal(&random, 0, sd)};
        persons[i].sex = i % 2 ? DN_SEX_FEMALE : DN_SEX_MALE;
        persons[i].scanner = i % 3 == 0 ? "Siemens" : "Philips";
    }
}

static void norms_know_their_networks(void **state)
{
    (void)state;
    char structure[] = "hypothalamus_L", other[] = "thalamus",
         networks[] = "hypothalamus (11111111), whole-head-coarse (22222222), whole-head-fine (33333333)";
    dn_norm_model model = {.structure = structure, .networks = networks};
    assert_false(dn_norm_other_networks(&model, NULL));
    assert_false(dn_norm_other_networks(&model, networks));
    assert_false(dn_norm_other_networks(&model, "hypothalamus (11111111), whole-head-fine (44444444)"));
    assert_true(dn_norm_other_networks(&model, "hypothalamus (55555555), whole-head-fine (33333333)"));
    assert_true(dn_norm_other_networks(&model, "hypothalamus-2d (11111111), whole-head-fine (33333333)"));
    model.structure = other;
    assert_false(dn_norm_other_networks(&model, "hypothalamus-2d (11111111), whole-head-coarse (22222222), whole-head-fine (33333333)"));
    assert_true(dn_norm_other_networks(&model, "whole-head-coarse (22222222), whole-head-fine (44444444)"));
    model.networks = NULL;
    assert_false(dn_norm_other_networks(&model, "hypothalamus (11111111)"));
}

static void the_rule_is_the_seeds(void **state)
{
    (void)state;
    static dn_norm_person persons[COHORT];
    dn_norm_model model;
    make_cohort(persons, 0.88);
    dn_norm_options options = {
        .two_step = true, .structure = "thalamus", .unit = "mL", .source = "simulated", .scanner_sd = 0.28, .simulated = true};
    assert_ok(dn_norm_fit(persons, COHORT, &options, &model, NULL, NULL));
    assert_close(model.sd, 0.88, 0.08);
    dn_norm_person person = {.icv = 1500, .age = 50};
    dn_norm_verdict verdict;
    assert_ok(dn_norm_apply(&model, &person, NAN, &verdict));
    double limit = verdict.low, own = 1.959963984540054 * 0.28;
    /* Below the limit by less than the scanner's own interval: one-sample reduced, two-sample not. */
    person.value = limit - 0.5 * own;
    assert_ok(dn_norm_apply(&model, &person, NAN, &verdict));
    assert_true(verdict.reduced_one_sample && !verdict.reduced && !verdict.enlarged);
    person.value = limit - 1.01 * own;
    assert_ok(dn_norm_apply(&model, &person, NAN, &verdict));
    assert_true(verdict.reduced);
    assert_close(verdict.measured_high - verdict.measured_low, 2.0 * own, 1e-12);
    /* A better scanner decides what the model's could not. */
    person.value = limit - 0.5 * own;
    assert_ok(dn_norm_apply(&model, &person, 0.08, &verdict));
    assert_true(verdict.reduced);
    person.value = verdict.high + 0.5 * own; /* the same above */
    assert_ok(dn_norm_apply(&model, &person, NAN, &verdict));
    assert_true(verdict.enlarged_one_sample && !verdict.enlarged && !verdict.reduced_one_sample);
    person.value = verdict.high + 1.01 * own;
    assert_ok(dn_norm_apply(&model, &person, NAN, &verdict));
    assert_true(verdict.enlarged && verdict.percentile > 97.5);
    assert_int_equal(verdict.outside, 0);
    dn_norm_model_release(&model);
}

static void who_is_outside_is_told(void **state)
{
    (void)state;
    static dn_norm_person persons[COHORT];
    dn_norm_model model;
    dn_norm_verdict verdict;
    make_cohort(persons, 0.88);
    assert_ok(dn_norm_fit(persons, COHORT, &(dn_norm_options){.scanner_sd = NAN}, &model, NULL, NULL));
    dn_norm_person person = {.icv = 1500, .age = 85, .value = 14, .scanner = "Siemens"};
    assert_ok(dn_norm_apply(&model, &person, NAN, &verdict));
    assert_true(verdict.outside & DN_NORM_OUTSIDE_AGE);
    assert_false(verdict.outside & (DN_NORM_OUTSIDE_ICV | DN_NORM_OUTSIDE_SCANNER));
    person = (dn_norm_person){.icv = 2500, .age = 50, .value = 14, .scanner = "unheard of"};
    assert_ok(dn_norm_apply(&model, &person, NAN, &verdict));
    assert_true((verdict.outside & DN_NORM_OUTSIDE_ICV) && (verdict.outside & DN_NORM_OUTSIDE_SCANNER));
    /* Inside both ranges, but nobody is like this: a corner. */
    person = (dn_norm_person){.icv = model.icv_high, .age = model.age_high, .value = 14};
    assert_ok(dn_norm_apply(&model, &person, NAN, &verdict));
    assert_int_equal(verdict.outside, DN_NORM_OUTSIDE_COMBINATION);
    dn_norm_model_release(&model);
}

static void another_unit_gets_no_z(void **state)
{
    (void)state;
    static dn_norm_person persons[COHORT];
    dn_norm_model model;
    make_cohort(persons, 0.88);
    assert_ok(dn_norm_fit(persons, COHORT, &(dn_norm_options){.scanner_sd = NAN}, &model, NULL, NULL));
    const struct {
        dn_norm_person person;
        unsigned expected;
    } cases[] = {{{.icv = 1500, .age = 50, .value = 14}, 0},
                 {{.icv = 1500, .age = 50, .value = 9.5}, 0}, /* a patient */
                 {{.icv = 1500, .age = 99, .value = 14}, 0},  /* outside, but near */
                 {{.icv = 1500, .age = 600, .value = 14}, DN_NORM_BEYOND_AGE},
                 {{.icv = 1500, .age = -1, .value = 14}, DN_NORM_BEYOND_AGE},
                 {{.icv = 1.5e6, .age = 50, .value = 14}, DN_NORM_BEYOND_ICV},
                 {{.icv = 1.5, .age = 50, .value = 14}, DN_NORM_BEYOND_ICV},
                 {{.icv = 1500, .age = 50, .value = 14000}, DN_NORM_BEYOND_VALUE | DN_NORM_FAR_VALUE},
                 {{.icv = 1500, .age = 50, .value = 0.014}, DN_NORM_BEYOND_VALUE | DN_NORM_FAR_VALUE},
                 {{.icv = 1500, .age = 50, .value = -9}, DN_NORM_BEYOND_VALUE | DN_NORM_FAR_VALUE},
                 {{.icv = 1500, .age = 50, .value = 2}, DN_NORM_FAR_VALUE},
                 {{.icv = 1.5e6, .age = 600, .value = 14000},
                  DN_NORM_BEYOND_AGE | DN_NORM_BEYOND_ICV | DN_NORM_BEYOND_VALUE | DN_NORM_FAR_VALUE}};
    for (int old = 0; old < 2; ++old) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
            unsigned found = dn_norm_beyond(&model, &cases[i].person);
            if (found != cases[i].expected) {
                fail_msg("case %zu (%s): expected %u, found %u", i, old ? "no volumes in the file" : "new", cases[i].expected, found);
            }
        }
        model.value_low = model.value_high = NAN; /* as read from a file of an earlier version */
    }
    dn_norm_model_release(&model);
}

static void centiles_hold_the_share_they_name(void **state)
{
    (void)state;
    static dn_norm_person persons[COHORT];
    make_cohort(persons, 0.88);
    for (dn_norm_method method = DN_NORM_LEAST_SQUARES; method <= DN_NORM_QUANTILE; ++method) {
        dn_norm_model model;
        assert_ok(dn_norm_fit(persons, COHORT, &(dn_norm_options){.method = method, .scanner_sd = NAN}, &model, NULL, NULL));
        const double fractions[] = {0.05, 0.25, 0.5, 0.75, 0.95};
        for (size_t f = 0; f < 5; ++f) {
            size_t below = 0;
            for (size_t i = 0; i < COHORT; ++i) {
                below += persons[i].value < dn_norm_centile(&model, persons[i].icv, persons[i].age, persons[i].sex, fractions[f]);
            }
            assert_close((double)below / COHORT, fractions[f], method == DN_NORM_QUANTILE ? 0.02 : 0.05);
        }
        /* Ordered everywhere, crossing surfaces or not. */
        for (double age = 10; age < 100; age += 5) {
            double last = -INFINITY;
            for (double fraction = 0.01; fraction < 1.0; fraction += 0.07) {
                double now = dn_norm_centile(&model, 1500, age, DN_SEX_UNKNOWN, fraction);
                assert_true(now >= last);
                last = now;
            }
        }
        dn_norm_model_release(&model);
    }
}

static void model_file_keeps_everything(void **state)
{
    (void)state;
    static dn_norm_person persons[COHORT];
    char folder[] = "/tmp/dien-norm-test-XXXXXX", path[64];
    make_cohort(persons, 0.88);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/model.json", folder);
    for (dn_norm_method method = DN_NORM_LEAST_SQUARES; method <= DN_NORM_QUANTILE; ++method) {
        dn_norm_model written, read;
        dn_norm_options options = {.method = method,
                                   .two_step = true,
                                   .with_sex = method == DN_NORM_HUBER,
                                   .structure = "hypo \"thalamus\"",
                                   .unit = "mm³",
                                   .source = "simulated",
                                   .scanner_sd = method == DN_NORM_BISQUARE ? NAN : 0.3,
                                   .simulated = true,
                                   .columns = {"Th", "head", "years", NULL, "site"}};
        assert_ok(dn_norm_fit(persons, COHORT, &options, &written, NULL, NULL));
        assert_ok(dn_norm_write(&written, path));
        assert_ok(dn_norm_read(path, &read));
        assert_string_equal(read.structure, written.structure);
        assert_string_equal(read.unit, "mm³");
        assert_int_equal(read.n_scanners, 2);
        assert_string_equal(read.columns[DN_NORM_COLUMN_ICV], "head");
        assert_null(read.columns[DN_NORM_COLUMN_SEX]);
        assert_close(read.value_low, written.value_low, 0.0);
        assert_close(read.value_high, written.value_high, 0.0);
        assert_true(read.simulated);
        for (size_t i = 0; i < 20; ++i) {
            dn_norm_verdict before, after;
            assert_ok(dn_norm_apply(&written, &persons[i], NAN, &before));
            assert_ok(dn_norm_apply(&read, &persons[i], NAN, &after));
            assert_close(after.z, before.z, 0.0);
            assert_close(after.percentile, before.percentile, 0.0);
            assert_close(after.measured_low, before.measured_low, 0.0);
            assert_int_equal(after.outside, before.outside);
        }
        dn_norm_model_release(&written);
        dn_norm_model_release(&read);
    }
    /* Any byte of a model file may be wrong: an error, never a crash or a silent other norm. */
    dn_norm_model model, broken;
    assert_ok(dn_norm_fit(persons, 40, &(dn_norm_options){.method = DN_NORM_QUANTILE, .scanner_sd = NAN}, &model, NULL, NULL));
    assert_ok(dn_norm_write(&model, path));
    dn_norm_model_release(&model);
    unsigned char *bytes = NULL;
    size_t size = 0;
    assert_ok(dn_file_read(path, 1 << 20, &bytes, &size));
    for (size_t cut = 0; cut < size; cut += 97) {
        assert_ok(dn_file_write_all(path, bytes, cut));
        assert_int_equal(dn_norm_read(path, &broken), DN_EFORMAT);
    }
    static const char *const others[] = {"[]", "{}", "{\"format\": \"dien normative model\", \"version\": 2}",
                                         "{\"format\": \"dien normative model\", \"version\": 1}"};
    for (size_t i = 0; i < 4; ++i) {
        assert_ok(dn_file_write_all(path, others[i], strlen(others[i])));
        assert_int_equal(dn_norm_read(path, &broken), DN_EFORMAT);
    }
    /* A number, flag or null turned into a text, one after another; all but the coefficients, which are for people, are read. */
    int turned = 0;
    for (const char *p = (const char *)bytes; (p = strstr(p, "\": ")) != NULL; ++p) {
        const char *end = p + 3 + strcspn(p + 3, ",\n");
        const char *key = p;
        if (strchr("{[\"", p[3]) != NULL) {
            continue;
        }
        while (key[-1] != '"') {
            --key;
        }
        if (strspn(key, "icvage^2*1") == (size_t)(p - key)) {
            continue;
        }
        char *changed = calloc(size + 16, 1);
        snprintf(changed, size + 16, "%.*s\"x\"%s", (int)(p + 3 - (const char *)bytes), (const char *)bytes, end);
        assert_ok(dn_file_write_all(path, changed, strlen(changed)));
        dn_status status = dn_norm_read(path, &broken);
        if (status != DN_EFORMAT) {
            fail_msg("a text instead of %.*s was read: %s", (int)(p - key), key, dn_status_name(status));
        }
        free(changed);
        ++turned;
    }
    assert_true(turned >= 18);
    free(bytes);
    assert_int_equal(dn_norm_read("/nonexistent.json", &broken), DN_EINPUT);
    unlink(path);
    rmdir(folder);
}

static void bad_norms_are_refused(void **state)
{
    (void)state;
    static dn_norm_person persons[COHORT];
    dn_norm_model model;
    dn_norm_verdict verdict;
    dn_estimate share;
    dn_norm_options plain = {.scanner_sd = NAN};
    make_cohort(persons, 0.88);
    assert_int_equal(dn_norm_fit(persons, 11, &plain, &model, NULL, NULL), DN_EDATA);
    dn_norm_model_release(&model);
    dn_norm_person kept = persons[3];
    static const double bad[] = {NAN, INFINITY};
    for (size_t i = 0; i < 2; ++i) {
        persons[3].age = bad[i];
        assert_int_equal(dn_norm_fit(persons, COHORT, &plain, &model, NULL, NULL), DN_EDATA);
        dn_norm_model_release(&model);
        persons[3] = kept;
    }
    persons[3].icv = 0.0;
    assert_int_equal(dn_norm_fit(persons, COHORT, &plain, &model, NULL, NULL), DN_EDATA);
    dn_norm_model_release(&model);
    persons[3] = kept;
    persons[3].sex = DN_SEX_UNKNOWN;
    assert_int_equal(dn_norm_fit(persons, COHORT, &(dn_norm_options){.with_sex = true, .scanner_sd = NAN}, &model, NULL, NULL), DN_EDATA);
    dn_norm_model_release(&model);
    persons[3] = kept;
    for (int which = 0; which < 3; ++which) { /* one age; two ages (no quadratic); a volume made from age */
        static dn_norm_person changed[COHORT];
        for (size_t i = 0; i < COHORT; ++i) {
            changed[i] = persons[i];
            changed[i].age = which == 0 ? 50 : which == 1 ? 50 + (double)(i % 2) : changed[i].age;
            changed[i].value = which == 2 ? 15 - 0.01 * changed[i].age : changed[i].value;
        }
        assert_int_equal(dn_norm_fit(changed, COHORT, &plain, &model, NULL, NULL), DN_EDATA);
        dn_norm_model_release(&model);
    }
    assert_ok(dn_norm_fit(persons, COHORT, &(dn_norm_options){.with_sex = true, .scanner_sd = NAN}, &model, NULL, NULL));
    dn_norm_person person = {.icv = 1500, .age = 50, .value = NAN, .sex = DN_SEX_MALE};
    assert_int_equal(dn_norm_apply(&model, &person, NAN, &verdict), DN_EDATA);
    person.value = 14;
    person.sex = DN_SEX_UNKNOWN;
    assert_int_equal(dn_norm_apply(&model, &person, NAN, &verdict), DN_EDATA);
    dn_norm_model_release(&model);
    assert_int_equal(dn_share(0, 0, 0.95, &share), DN_EDATA);
    assert_int_equal(dn_share(3, 2, 0.95, &share), DN_EDATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norms_are_r),
        cmocka_unit_test(shares_are_r),
        cmocka_unit_test(norms_know_their_networks),
        cmocka_unit_test(the_rule_is_the_seeds),
        cmocka_unit_test(who_is_outside_is_told),
        cmocka_unit_test(another_unit_gets_no_z),
        cmocka_unit_test(centiles_hold_the_share_they_name),
        cmocka_unit_test(model_file_keeps_everything),
        cmocka_unit_test(bad_norms_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
