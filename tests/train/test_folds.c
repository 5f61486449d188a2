/* Folds: every subject once, groups evenly, both scans of a subject together, the same for the same seed. */
#define _GNU_SOURCE
#include "toy_head.h"

#include "train/folds.h"

enum { SUBJECTS = 23, FOLDS = 5 };

/* 23 subjects, sub-00 with two scans; every third is of group CON, the others ALS. */
static void fill(dn_train_config *config, dn_train_pair *pairs, char names[][16])
{
    for (int i = 0; i <= SUBJECTS; ++i) {
        snprintf(names[i], 16, "sub-%02d", i % SUBJECTS);
        pairs[i] = (dn_train_pair){.subject = names[i]};
    }
    config->path = "c.yaml";
    config->training = (dn_train_sources){.pairs = pairs, .pair_count = SUBJECTS - 3};
    config->validation = (dn_train_sources){.pairs = pairs + SUBJECTS - 3, .pair_count = 4};
}

static dn_table *participants(int count)
{
    char text[1024] = "participant_id\tdiagnosis\n";
    dn_table *table = NULL;
    for (int i = 0; i < count; ++i) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%02d\t%s\n", i % 2 ? "sub-" : "", i, i % 3 == 0 ? "CON" : "ALS");
    }
    assert_ok(dn_table_parse(text, strlen(text), "participants.tsv", &table));
    return table;
}

static void even_in_each_group(void **state)
{
    (void)state;
    dn_train_config config = {0};
    dn_train_pair pairs[SUBJECTS + 1];
    char names[SUBJECTS + 1][16];
    dn_folds folds, again, other;
    dn_table *table = participants(SUBJECTS);
    int size[FOLDS] = {0}, controls[FOLDS] = {0};
    bool differs = false;
    fill(&config, pairs, names);
    assert_ok(dn_folds_deal(&config, table, "diagnosis", FOLDS, 7, &folds));
    assert_ok(dn_folds_deal(&config, table, "diagnosis", FOLDS, 7, &again));
    assert_ok(dn_folds_deal(&config, table, "diagnosis", FOLDS, 8, &other));
    assert_int_equal(folds.count, SUBJECTS);
    for (size_t i = 0; i < folds.count; ++i) {
        const dn_fold_subject *s = &folds.subjects[i];
        assert_string_equal(s->name, names[i]);
        assert_string_equal(s->group, i % 3 == 0 ? "CON" : "ALS");
        assert_in_range(s->fold, 0, FOLDS - 1);
        assert_int_equal(s->fold, again.subjects[i].fold);
        differs = differs || s->fold != other.subjects[i].fold;
        ++size[s->fold];
        controls[s->fold] += i % 3 == 0;
    }
    assert_true(differs);
    for (int f = 0; f < FOLDS; ++f) { /* 23 = 4 * 5 + 3, 8 controls = 5 + 3 */
        assert_in_range(size[f], 4, 5);
        assert_in_range(controls[f], 1, 2);
    }
    assert_ptr_equal(dn_folds_find(&folds, "03"), &folds.subjects[3]);
    assert_null(dn_folds_find(&folds, "99"));
    dn_folds_release(&folds);
    dn_folds_release(&again);
    dn_folds_release(&other);
    dn_table_destroy(table);
}

static void refused(void **state)
{
    (void)state;
    dn_train_config config = {0};
    dn_train_pair pairs[SUBJECTS + 1];
    char names[SUBJECTS + 1][16];
    dn_folds folds;
    dn_table *table = participants(SUBJECTS - 1);
    fill(&config, pairs, names);
    assert_int_equal(dn_folds_deal(&config, table, "diagnosis", FOLDS, 1, &folds), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "subject sub-22"));
    assert_int_equal(dn_folds_deal(&config, table, "site", FOLDS, 1, &folds), DN_EDATA);
    assert_int_equal(dn_folds_deal(&config, NULL, NULL, 24, 1, &folds), DN_EDATA);
    assert_non_null(strstr(dn_error_message(), "23 subjects, fewer than the 24 folds"));
    dn_table_destroy(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(even_in_each_group), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
