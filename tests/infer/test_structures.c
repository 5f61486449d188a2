/* Which labels belong together, which are each other's mirror image, and labels that make no sense. */
#include "test.h"

#include "infer/structures.h"

#include <string.h>

typedef struct label {
    int64_t channel;
    int index;
    const char *name, *structure;
    char hemi;
} label;

static dn_model *model_of(const label *labels, size_t count)
{
    dn_model *model = NULL;
    assert_ok(dn_model_create("made-up", "graph", "{}", &model));
    for (size_t i = 0; i < count; ++i) {
        assert_ok(
            dn_model_add_label(model, labels[i].channel, labels[i].index, labels[i].name, labels[i].structure, labels[i].hemi, "#102030"));
    }
    return model;
}

static void groups_and_mirror(void **state)
{
    (void)state;
    static const label labels[] = {
        {0, 0, "background", "background", 'B'},
        {1, 801, "left_front", "hypothalamus_front", 'L'},
        {2, 802, "left_back", "hypothalamus_back", 'L'},
        {3, 807, "right_back", "hypothalamus_back", 'R'},
        {4, 806, "right_front", "hypothalamus_front", 'R'},
        {5, 14, "third_ventricle", "third_ventricle", 'B'},
        {6, 10, "left_thalamus", "thalamus", 'L'},
        {7, 49, "right_thalamus", "thalamus", 'R'},
        {8, 85, "left_only", "odd", 'L'},
    };
    static const int64_t partner[] = {0, 4, 3, 2, 1, 5, 7, 6, 8};
    dn_model *model = model_of(labels, 9);
    dn_structures s;
    int64_t mirror[DN_CHANNEL_LIMIT];
    assert_ok(dn_structures_init(model, &s));
    assert_int_equal(s.channels, 9);
    assert_int_equal(s.group_of[0], DN_NO_GROUP);
    assert_int_equal(s.group_of[1], s.group_of[2]); /* parts of one structure on one side */
    assert_int_equal(s.group_of[3], s.group_of[4]);
    assert_true(s.group_of[1] != s.group_of[3] && s.group_of[5] != s.group_of[6]);
    assert_string_equal(s.group[s.group_of[2]].structure, "hypothalamus");
    assert_int_equal(s.group[s.group_of[2]].hemi, 'L');
    dn_structures_mirror_channels(&s, mirror);
    for (int c = 0; c < 9; ++c) {
        assert_int_equal(mirror[c], partner[c]);
        assert_int_equal(mirror[mirror[c]], c);
    }
    for (size_t g = 0; g < s.group_count; ++g) {
        const size_t m = dn_structures_mirror(&s, g);
        assert_int_equal(dn_structures_mirror(&s, m), g);
        assert_string_equal(s.group[m].structure, s.group[g].structure);
    }
    assert_int_equal(dn_structures_mirror(&s, (size_t)s.group_of[1]), s.group_of[3]);
    assert_int_equal(dn_structures_mirror(&s, (size_t)s.group_of[8]), s.group_of[8]);
    assert_true(dn_structures_has(&s, "thalamus") && dn_structures_has(&s, "hypothalamus"));
    assert_false(dn_structures_has(&s, "caudate"));
    assert_ok(dn_structures_check_channels(&s, 9));
    assert_int_equal(dn_structures_check_channels(&s, 8), DN_EFORMAT);
    assert_true(dn_structures_sees_mirror(model));
    assert_ok(dn_model_set_note(model, "mirror", "no"));
    assert_false(dn_structures_sees_mirror(model));
    dn_model_destroy(model);
}

static void no_sense(void **state)
{
    (void)state;
    static const label twice[] = {{0, 0, "background", "background", 'B'}, {1, 10, "a", "thalamus", 'L'}, {1, 49, "b", "thalamus", 'R'}};
    static const label out[] = {{0, 0, "background", "background", 'B'}, {DN_CHANNEL_LIMIT, 10, "a", "thalamus", 'L'}};
    static const label negative[] = {{0, 0, "background", "background", 'B'}, {-1, 10, "a", "thalamus", 'L'}};
    static const struct {
        const label *labels;
        size_t count;
    } cases[] = {{twice, 3}, {out, 2}, {negative, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_model *model = model_of(cases[i].labels, cases[i].count);
        dn_structures s;
        assert_int_equal(dn_structures_init(model, &s), DN_EFORMAT);
        assert_non_null(strstr(dn_error_message(), "made-up"));
        dn_model_destroy(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(groups_and_mirror), cmocka_unit_test(no_sense)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
