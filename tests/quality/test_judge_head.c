/* Rules for the whole head: an optic chiasm that skull stripping took away is a warning; on a whole head, a structure that is missing
 * fails. A head that lies turned too far is named. */
#include "test.h"

#include "quality/judge_head.h"

#include <string.h>

static void missing_chiasm(void **state)
{
    (void)state;
    dn_model *model = NULL;
    assert_ok(dn_model_create("head", "graph", "{}", &model));
    assert_ok(dn_model_add_label(model, 0, 0, "background", "background", 'B', "#000000"));
    assert_ok(dn_model_add_label(model, 1, 85, "optic_chiasm", "optic_chiasm", 'B', "#ff0000"));
    assert_ok(dn_model_add_label(model, 2, 16, "brain_stem", "brain_stem", 'B', "#00ff00"));
    const bool wanted[3] = {false, true, true};
    static const struct {
        bool stripped, chiasm, stem;
        const char *code;
        bool failed;
    } cases[] = {
        {true, true, true, NULL, false},        {true, false, true, "stripped_away", false}, {false, false, true, "not_found", true},
        {true, true, false, "not_found", true}, {true, false, false, "not_found", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        static dn_head head;
        dn_quality quality = {.count = 0};
        dn_volume_rows none = {NULL, 0};
        memset(&head, 0, sizeof head);
        assert_ok(dn_structures_init(model, &head.structures));
        for (size_t g = 0; g < head.structures.group_count; ++g) {
            bool chiasm = strcmp(head.structures.group[g].structure, "optic_chiasm") == 0;
            head.parts[g].kept_voxels = (chiasm ? cases[i].chiasm : cases[i].stem) ? 100 : 0;
        }
        head.stripped = cases[i].stripped;
        const dn_quality_evidence evidence = {.volumes = &none, .head = &head, .head_wanted = wanted};
        dn_quality_judge_head(&evidence, &quality);
        bool found = cases[i].code == NULL;
        for (size_t f = 0; f < quality.count && cases[i].code != NULL; ++f) {
            found = found || strcmp(quality.flag[f].code, cases[i].code) == 0;
        }
        if (!found || quality.failed != cases[i].failed) {
            fail_msg("case %zu: expected %s, failed %d; found %zu flags, the first %s, failed %d", i,
                     cases[i].code != NULL ? cases[i].code : "no flag", cases[i].failed, quality.count,
                     quality.count > 0 ? quality.flag[0].code : "(none)", quality.failed);
        }
    }
    dn_model_destroy(model);
}

/* A head turned beyond what the networks know is named; one that is tilted as people lie, or no head at all, is not. */
static void turned_head(void **state)
{
    (void)state;
    static const struct {
        double turned, correlation;
        bool named, failed;
    } cases[] = {{19, 0.8, false, false}, {31, 0.8, true, false}, {49, 0.8, true, true}, {49, 0.4, false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        static const dn_structures none;
        const dn_volume_rows rows = {NULL, 0};
        const dn_scan_info info = {.warning_count = 0};
        const dn_conformed conformed = {.scan_grid = {{10, 10, 10}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}}};
        const dn_location location = {
            .found = true, .brain_inside = 1, .correlation = cases[i].correlation, .match = 0.6, .turned = cases[i].turned};
        const dn_quality_evidence evidence = {
            .info = &info, .conformed = &conformed, .location = &location, .structures = &none, .volumes = &rows};
        dn_quality quality;
        bool named = false;
        dn_quality_judge(&evidence, &quality);
        for (size_t f = 0; f < quality.count; ++f) {
            named = named || strcmp(quality.flag[f].code, "turned") == 0;
        }
        assert_true(quality.failed == cases[i].failed);
        assert_true(named == cases[i].named);
    }
}

/* A sentence with many structures is a whole sentence: those for which there is no room are counted. */
static void long_lists_are_counted(void **state)
{
    (void)state;
    dn_name_list list = {.more = 0};
    assert_string_equal(dn_name_list_text(&list), "");
    for (int i = 0; i < 40; ++i) {
        dn_name_list_add(&list, "right cerebellum white matter");
    }
    const char *text = dn_name_list_text(&list);
    const size_t named = (strlen(text) - strlen(" and 30 more") + 2) / strlen("right cerebellum white matter, ");
    char end[32];
    snprintf(end, sizeof end, " and %zu more", 40 - named);
    print_message("%zu named, %s\n", named, end);
    assert_true(strlen(text) < sizeof list.text - 1);
    assert_string_equal(text + strlen(text) - strlen(end), end);
    dn_name_list two = {.more = 0};
    dn_name_list_add(&two, "left thalamus");
    dn_name_list_add(&two, "caudate");
    assert_string_equal(dn_name_list_text(&two), "left thalamus, caudate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(long_lists_are_counted), cmocka_unit_test(missing_chiasm),
                                       cmocka_unit_test(turned_head)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
