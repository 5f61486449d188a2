/* What might help against a failure: noted below, said in the program's words by cli/. */
#include "test.h"

#include "cli/remedy.h"

#include <string.h>

static dn_status without(void)
{
    DN_FAIL(DN_EINPUT, "a plain failure");
}

static dn_status with(void)
{
    DN_FAIL_OFFER(DN_ENOMEM, DN_REMEDY_MORE_MEMORY, "the network needs %d MiB", 7);
}

static void a_remedy_belongs_to_its_message(void **state)
{
    (void)state;
    assert_int_equal(with(), DN_ENOMEM);
    assert_int_equal(dn_error_remedy(), DN_REMEDY_MORE_MEMORY);
    assert_string_equal(dn_error_message(), "the network needs 7 MiB");
    assert_int_equal(dn_error_context(DN_ENOMEM, "layer %s", "down"), DN_ENOMEM); /* more is said of the same */
    assert_string_equal(dn_error_message(), "layer down: the network needs 7 MiB");
    assert_string_equal(dn_remedy_clause(), "; raise --memory");
    assert_int_equal(without(), DN_EINPUT);
    assert_string_equal(dn_remedy_clause(), "");
    assert_int_equal(with(), DN_ENOMEM);
    dn_error_clear();
    assert_string_equal(dn_remedy_clause(), "");
}

static void warnings_that_quote_the_failure(void **state)
{
    (void)state;
    assert_int_equal(with(), DN_ENOMEM);
    assert_string_equal(dn_remedy_clause_for("sub-01 is left out: the network needs 7 MiB"), "; raise --memory");
    assert_string_equal(dn_remedy_clause_for("sub-01 has an odd spacing"), "");
    dn_error_clear();
    assert_string_equal(dn_remedy_clause_for("sub-01 has an odd spacing"), "");
}

/* A remedy without words would be lost. */
static void all_have_words(void **state)
{
    (void)state;
    for (int r = DN_REMEDY_NONE + 1; r <= DN_REMEDY_KEEP_ROWS; ++r) {
        assert_int_equal(dn_error_offer(dn_error_set(DN_EINPUT, "x"), (dn_remedy)r), DN_EINPUT);
        const char *clause = dn_remedy_clause();
        if (strstr(clause, " -") == NULL && strstr(clause, "(-o") == NULL && strstr(clause, "'dien ") == NULL) {
            fail_msg("remedy %d: expected an option or a command, found '%s'", r, clause);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_remedy_belongs_to_its_message), cmocka_unit_test(warnings_that_quote_the_failure),
                                       cmocka_unit_test(all_have_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
