/* Every way to give an option, and a sentence for every way to give it wrongly. */
#include "test.h"

#include "cli/arguments/options.h"

#include <string.h>

static dn_status nothing(const dn_arguments *arguments)
{
    (void)arguments;
    return DN_OK;
}

static const dn_option table[] = {
    {.name = "output", .letter = 'o', .kind = DN_OPTION_FOLDER, .value = "DIR", .help = "folder of the results", .required = true},
    {.name = "epochs", .letter = 'e', .kind = DN_OPTION_INTEGER, .value = "N", .preset = "5", .help = "rounds", .low = 1, .high = 100},
    {.name = "shift", .kind = DN_OPTION_REAL, .value = "MM", .help = "millimetres"},
    {.name = "trust", .kind = DN_OPTION_CHOICE, .value = "FORM", .help = "which", .choices = "sform|qform"},
    {.name = "structures",
     .kind = DN_OPTION_CHOICE,
     .value = "LIST",
     .preset = "icv",
     .help = "which",
     .choices = "hypothalamus|thalamus|icv",
     .list = true},
    {.name = "posteriors", .letter = 'p', .kind = DN_OPTION_FLAG, .help = "write them, too"},
    {0},
};
static const dn_command command = {.name = "probe",
                                   .summary = "try",
                                   .positional = "IMAGE...",
                                   .positional_min = 1,
                                   .positional_max = -1,
                                   .options = table,
                                   .description = "Tries.",
                                   .run = nothing};
static const dn_command pair = {.name = "pair",
                                .summary = "try",
                                .positional = "PRED TRUTH",
                                .positional_min = 2,
                                .positional_max = 2,
                                .description = "Tries.",
                                .run = nothing};

enum { WORDS = 12 };

static dn_status parse(const dn_command *which, dn_arguments **out, const char *const *words)
{
    static char *copy[WORDS];
    int n = 0;
    while (words[n] != NULL) {
        copy[n] = (char *)(uintptr_t)words[n];
        ++n;
    }
    return dn_arguments_parse(which, n, copy, out);
}
#define PARSE(which, out, ...) parse((which), (out), (const char *const[]){__VA_ARGS__, NULL})

static void values_arrive_in_every_spelling(void **state)
{
    (void)state;
    static const char *const spellings[][WORDS] = {
        {"a.nii", "--output", "out", "--epochs", "7", "--posteriors", "b.nii"},
        {"--output=out", "--epochs=7", "-p", "a.nii", "b.nii"},
        {"-o", "out", "-e", "7", "-p", "a.nii", "b.nii"},
        {"-oout", "-e7", "a.nii", "b.nii", "-p"},
        {"-pe7", "-po", "out", "--", "a.nii", "b.nii"},
        {"-o=out", "-e=7", "-p", "a.nii", "--", "b.nii"},
        {"-e", "3", "-o", "other", "-o", "out", "--epochs=7", "a.nii", "b.nii", "-p"},
    };
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; ++i) {
        dn_arguments *arguments = NULL;
        assert_ok(parse(&command, &arguments, spellings[i]));
        assert_string_equal(dn_arguments_text(arguments, "output"), "out");
        assert_int_equal(dn_arguments_integer(arguments, "epochs"), 7);
        assert_true(dn_arguments_flag(arguments, "posteriors"));
        assert_int_equal(dn_arguments_count(arguments), 2);
        assert_string_equal(dn_arguments_at(arguments, 0), "a.nii");
        assert_string_equal(dn_arguments_at(arguments, 1), "b.nii");
        assert_null(dn_arguments_at(arguments, 2));
        dn_arguments_destroy(arguments);
    }
}

static void presets_and_absence(void **state)
{
    (void)state;
    dn_arguments *arguments = NULL;
    assert_ok(PARSE(&command, &arguments, "-o", "out", "a.nii"));
    assert_int_equal(dn_arguments_integer(arguments, "epochs"), 5);
    assert_false(dn_arguments_given(arguments, "epochs"));
    assert_null(dn_arguments_text(arguments, "trust"));
    assert_close(dn_arguments_real(arguments, "shift"), 0.0, 0.0);
    assert_false(dn_arguments_flag(arguments, "posteriors"));
    assert_true(dn_arguments_has(arguments, "structures", "icv"));
    assert_false(dn_arguments_has(arguments, "structures", "thalamus"));
    assert_int_equal(dn_arguments_integer(arguments, "threads"), 0);
    dn_arguments_destroy(arguments);
}

static void dashes_that_are_not_options(void **state)
{
    (void)state;
    dn_arguments *arguments = NULL;
    assert_ok(PARSE(&command, &arguments, "-o", "out", "--shift", "-3.5", "-", "--", "--epochs", "-p"));
    assert_close(dn_arguments_real(arguments, "shift"), -3.5, 0.0);
    assert_int_equal(dn_arguments_count(arguments), 3);
    assert_string_equal(dn_arguments_at(arguments, 0), "-");
    assert_string_equal(dn_arguments_at(arguments, 1), "--epochs");
    assert_false(dn_arguments_given(arguments, "epochs"));
    dn_arguments_destroy(arguments);
}

static void lists(void **state)
{
    (void)state;
    dn_arguments *arguments = NULL;
    assert_ok(PARSE(&command, &arguments, "-o", "out", "a", "--structures", "thalamus,hypothalamus"));
    assert_true(dn_arguments_has(arguments, "structures", "hypothalamus"));
    assert_true(dn_arguments_has(arguments, "structures", "thalamus"));
    assert_false(dn_arguments_has(arguments, "structures", "icv"));
    assert_false(dn_arguments_has(arguments, "structures", "thal"));
    dn_arguments_destroy(arguments);
}

static void wrong_use_gets_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const dn_command *command;
        const char *words[WORDS];
        const char *part; /* of the sentence */
    } cases[] = {
        {&command, {"a.nii"}, "probe needs -o or --output DIR: folder of the results"},
        {&command, {"-o", "out"}, "probe needs IMAGE..."},
        {&command, {"-o"}, "--output needs a value: --output DIR"},
        {&command, {"a", "-o", "--posteriors"}, "--output needs a value"},
        {&command, {"a", "-o", "-p"}, "--output needs a value"},
        {&command, {"a", "-o", "--"}, "--output needs a value"},
        {&command, {"a", "-o", ""}, "empty"},
        {&command, {"", "-o", "out"}, "argument 1 of probe is empty"},
        {&command, {"a", "--outptu", "out"}, "did you mean --output?"},
        {&command, {"a", "--out", "out"}, "did you mean --output?"},
        {&command, {"a", "--thread", "2"}, "did you mean --threads?"},
        {&command, {"a", "--zzz"}, "probe has no option --zzz; 'dien probe --help'"},
        {&command, {"a", "-z"}, "probe has no option -z"},
        {&command, {"-3", "-o", "out"}, "write 'dien probe -- -3'"},
        {&command, {"a", "-o", "out", "--epochs", "0"}, "--epochs takes a whole number from 1 to 100, not '0'"},
        {&command, {"a", "-o", "out", "--epochs", "101"}, "not '101'"},
        {&command, {"a", "-o", "out", "--epochs", "2.5"}, "not '2.5'"},
        {&command, {"a", "-o", "out", "--epochs", "7x"}, "not '7x'"},
        {&command, {"a", "-o", "out", "--epochs", " 7"}, "not ' 7'"},
        {&command, {"a", "-o", "out", "--epochs="}, "not ''"},
        {&command, {"a", "-o", "out", "--epochs", "99999999999999999999"}, "not '999"},
        {&command, {"a", "-o", "out", "--shift", "nan"}, "--shift takes a number, not 'nan'"},
        {&command, {"a", "-o", "out", "--shift", "1e999"}, "--shift takes a number"},
        {&command, {"a", "-o", "out", "--trust", "header"}, "--trust takes sform or qform, not 'header'"},
        {&command, {"a", "-o", "out", "--trust", "sform|qform"}, "--trust takes sform or qform"},
        {&command, {"a", "-o", "out", "--trust", ""}, "not ''"},
        {&command, {"a", "-o", "out", "--structures", "icv,amygdala"}, "list of hypothalamus, thalamus and icv, not 'amygdala'"},
        {&command, {"a", "-o", "out", "--structures", "icv,"}, "not ''"},
        {&command, {"a", "-o", "out", "--posteriors=yes"}, "--posteriors takes no value"},
        {&command, {"a", "-o", "out", "--threads", "-1"}, "--threads takes a whole number from 0"},
        {&pair, {"one"}, "pair needs all of PRED TRUTH"},
        {&pair, {"one", "two", "three"}, "leave out 'three'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_arguments *arguments = NULL;
        dn_error_clear();
        dn_status status = parse(cases[i].command, &arguments, cases[i].words);
        if (status != DN_EUSAGE || strstr(dn_error_message(), cases[i].part) == NULL || arguments != NULL) {
            fail_msg("case %zu: expected DN_EUSAGE with \"%s\", found %s with \"%s\"", i, cases[i].part, dn_status_name(status),
                     dn_error_message());
        }
    }
}

static void nearest_names(void **state)
{
    (void)state;
    static const char *const names[] = {"segment", "prepare", "evaluate", "stats", NULL};
    assert_string_equal(dn_nearest_name("segmnet", names), "segment");
    assert_string_equal(dn_nearest_name("eval", names), "evaluate");
    assert_string_equal(dn_nearest_name("sttas", names), "stats");
    assert_null(dn_nearest_name("x", names));
    assert_null(dn_nearest_name("normative", names));
    assert_null(dn_nearest_name("a-very-long-word-of-more-than-sixty-four-letters-that-fits-nowhere-at-all", names));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_arrive_in_every_spelling), cmocka_unit_test(presets_and_absence),
        cmocka_unit_test(dashes_that_are_not_options),     cmocka_unit_test(lists),
        cmocka_unit_test(wrong_use_gets_a_sentence),       cmocka_unit_test(nearest_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
