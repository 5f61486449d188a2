/* What figures call a column, how numbers stand in texts, and which failures may be excused. */
#include "test.h"

#include "stats/result.h"
#include "study/output/labels.h"

#include <math.h>
#include <string.h>

static void columns_become_names(void **state)
{
    (void)state;
    static const struct {
        const char *column, *among, *alone; /* beside others of its kind; on an axis of its own */
    } cases[] = {
        {"hypothalamus", "Hypothalamus", "Hypothalamus"},
        {"thalamus_L", "Left thalamus", "Left thalamus"},
        {"right_thalamus", "Right thalamus", "Right thalamus"},
        {"icv", "Intracranial volume", "Intracranial volume"},
        {"Dl_thalamus", "Thalamus, Dl", "Thalamus"},
        {"hypothalamus_anterior_inferior_R", "Right hypothalamus anterior inferior", "Right hypothalamus anterior inferior"},
        {"third_ventricle", "Third ventricle", "Third ventricle"},
        {"ventral_dc_L", "Left ventral diencephalon", "Left ventral diencephalon"},
        {"thalamus_normalised", "Thalamus, normalised", "Thalamus, normalised"},
        {"manual", "manual", "manual"},
        {"EfficientNetB0", "EfficientNetB0", "EfficientNetB0"},
        {"", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char *among = NULL, *alone = NULL;
        assert_ok(dn_label_of(cases[i].column, &among));
        assert_ok(dn_label_axis(cases[i].column, NULL, false, NULL, &alone));
        assert_string_equal(among, cases[i].among);
        assert_string_equal(alone, cases[i].alone);
        free(among);
        free(alone);
    }
    char *axis = NULL;
    assert_ok(dn_label_axis("thalamus", NULL, true, "mL", &axis));
    assert_string_equal(axis, "Thalamus, ICV-normalised (mL)");
    free(axis);
    assert_ok(dn_label_axis("age", NULL, false, NULL, &axis));
    assert_string_equal(axis, "Age (years)");
    free(axis);
}

static void small_effects_have_no_exponent(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(dn_result_format_effect(1.389e-05, text, sizeof text), "0.000");
    assert_string_equal(dn_result_format_effect(-1.389e-05, text, sizeof text), "0.000");
    assert_string_equal(dn_result_format_effect(0.4512, text, sizeof text), "0.4512");
    assert_string_equal(dn_result_format_effect(NAN, text, sizeof text), "n/a");
}

static void only_the_named_failure_is_excused(void **state)
{
    (void)state;
    bool possible;
    assert_ok(dn_error_excuse(DN_OK, DN_EDATA, &possible));
    assert_true(possible);
    assert_ok(dn_error_excuse(dn_error_set(DN_EDATA, "all equal"), DN_EDATA, &possible));
    assert_false(possible);
    assert_string_equal(dn_error_message(), "");
    static const dn_status others[] = {DN_ENOMEM, DN_EIO, DN_ECANCELLED, DN_EINTERNAL, DN_EINPUT};
    for (size_t i = 0; i < sizeof others / sizeof *others; ++i) {
        assert_int_equal(dn_error_excuse(dn_error_set(others[i], "why"), DN_EDATA, &possible), others[i]);
        assert_false(possible);
        assert_string_equal(dn_error_message(), "why");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_become_names),
        cmocka_unit_test(small_effects_have_no_exponent),
        cmocka_unit_test(only_the_named_failure_is_excused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
