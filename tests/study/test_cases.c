/* Complete rows: which are taken, and how those left out are named. */
#define _GNU_SOURCE
#include "test.h"

#include "base/file.h"
#include "base/table.h"
#include "study/tables/cases.h"

#include <stdlib.h>
#include <string.h>

static char path[] = "/tmp/dien-cases-XXXXXX";
static const char *const columns[] = {"age", "icv"};

static dn_table *table_of(const char *text)
{
    dn_table *table = NULL;
    assert_ok(dn_file_write_all(path, text, strlen(text)));
    assert_ok(dn_table_read(path, &table));
    return table;
}

static void complete_rows_are_taken(void **state)
{
    (void)state;
    dn_table *table = table_of("id\ticv\tage\nsub-1\t1500\t40\nsub-2\tn/a\t50\nsub-3\t1400\t60\nsub-4\t1300\t\n");
    dn_cases cases;
    char text[256] = "";
    assert_ok(dn_cases_take(table, columns, 2, "id", 0, &cases));
    assert_int_equal(cases.n, 2);
    assert_int_equal(cases.k, 2);
    static const double expected[] = {40, 1500, 60, 1400};
    for (int i = 0; i < 4; ++i) {
        assert_close(cases.values[i], expected[i], 0);
    }
    assert_int_equal(cases.row[0], 0);
    assert_int_equal(cases.row[1], 2);
    assert_int_equal(cases.omitted, 2);
    assert_string_equal(cases.omitted_text, "sub-2 (no icv), sub-4 (no age)");
    FILE *stream = fmemopen(text, sizeof text, "w");
    dn_cases_say_omitted(stream, &cases);
    fclose(stream);
    assert_non_null(strstr(text, "sub-2 (no icv), sub-4 (no age)"));
    dn_cases_release(&cases);
    dn_table_destroy(table);
}

static void faults_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int repeats;
        const char *part; /* NULL: it is taken */
    } cases[] = {
        {"id\tage\nsub-1\t40\n", 0, "icv"},                               /* no such column */
        {"id\ticv\tage\nsub-1\t1500\told\n", 0, "old"},                   /* a text */
        {"id\ticv\tage\nsub-1\t1500\t40\nsub-1\t1400\t41\n", 0, "sub-1"}, /* one person twice */
        {"id\ticv\tage\nsub-1\t1500\t40\nsub-1\t1400\t41\n", 1, NULL},    /* ... where that is meant */
        {"id\ticv\tage\nsub-1\tn/a\t40\nsub-2\t1400\tn/a\n", 0, "age"},   /* nobody is left */
        {"icv\tage\n1500\t40\n", 0, NULL},                                /* no id: lines have no names */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_table *table = table_of(cases[i].text);
        dn_cases found;
        const dn_status status = dn_cases_take(table, columns, 2, "id", cases[i].repeats, &found);
        if (status != (cases[i].part == NULL ? DN_OK : DN_EDATA) ||
            (cases[i].part != NULL && strstr(dn_error_message(), cases[i].part) == NULL)) {
            fail_msg("case %zu: expected '%s', found status %d: %s", i, cases[i].part != NULL ? cases[i].part : "it is taken", (int)status,
                     dn_error_message());
        }
        dn_cases_release(&found);
        dn_table_destroy(table);
    }
}

static void lines_without_a_name(void **state)
{
    (void)state;
    dn_table *table = table_of("id\ticv\tage\nsub-1\t1500\t40\n\t1400\t41\n");
    char text[32];
    assert_string_equal(dn_case_name(table, 0, "id", text), "sub-1");
    assert_string_equal(dn_case_name(table, 1, "id", text), "line 3");
    assert_string_equal(dn_case_name(table, 1, NULL, text), "line 3");
    dn_table_destroy(table);
}

int main(void)
{
    const int file = mkstemp(path);
    const struct CMUnitTest tests[] = {cmocka_unit_test(complete_rows_are_taken), cmocka_unit_test(faults_are_refused),
                                       cmocka_unit_test(lines_without_a_name)};
    int failed = file < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
    (void)remove(path);
    return failed;
}
