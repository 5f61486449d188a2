/* What might help against a failure: noted below, said in the program's words by cli/. */
#include "test.h"

#include "cli/terminal/remedy.h"

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
    for (int r = DN_REMEDY_NONE + 1; r < DN_REMEDY_COUNT; ++r) {
        assert_int_equal(dn_error_offer(dn_error_set(DN_EINPUT, "x"), (dn_remedy)r), DN_EINPUT);
        const char *clause = dn_remedy_clause();
        if (strstr(clause, " -") == NULL && strstr(clause, "(-") == NULL && strstr(clause, "dien ") == NULL) {
            fail_msg("remedy %d: expected an option or a command, found '%s'", r, clause);
        }
    }
}

/* A remedy that names a session or a column, and the same where none is named. */
static void what_a_remedy_is_about(void **state)
{
    (void)state;
    assert_int_equal(dn_error_offer_of(dn_error_set(DN_EDATA, "choose one"), DN_REMEDY_SESSION, "ses-2"), DN_EDATA);
    assert_string_equal(dn_remedy_clause(), " (--session ses-2)");
    assert_int_equal(dn_error_offer(dn_error_set(DN_EDATA, "choose one"), DN_REMEDY_SESSION), DN_EDATA);
    assert_string_equal(dn_remedy_clause(), " (--session NAME)");
}

/* Texts that are kept ask their job; one of the library has no words, so that they state the fact only. */
static void words_belong_to_the_job(void **state)
{
    (void)state;
    char words[DN_REMEDY_WORDS];
    assert_string_equal(dn_remedy_words(DN_REMEDY_AGE, NULL, words), "");
    dn_job program, library;
    dn_job_init(&program, &(dn_job_sink){.remedy = dn_remedy_write});
    dn_job_init(&library, &(dn_job_sink){0});
    dn_job *before = dn_job_enter(&program);
    assert_string_equal(dn_remedy_words(DN_REMEDY_AGE, NULL, words), ": give --age");
    assert_string_equal(dn_remedy_words(DN_REMEDY_CATEGORIES, "site", words), " (--categories site)");
    dn_job_leave(before);
    before = dn_job_enter(&library);
    assert_string_equal(dn_remedy_words(DN_REMEDY_AGE, NULL, words), "");
    dn_job_leave(before);
    dn_job_release(&library);
    dn_job_release(&program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_remedy_belongs_to_its_message), cmocka_unit_test(warnings_that_quote_the_failure),
                                       cmocka_unit_test(all_have_words), cmocka_unit_test(what_a_remedy_is_about),
                                       cmocka_unit_test(words_belong_to_the_job)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
