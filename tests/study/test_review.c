/* A person's review beside a table of volumes: it stands above quality control where tables are gathered, and holds for these volumes only.
 */
#define _GNU_SOURCE
#include "study/tables/gather.h"
#include "study/tables/review.h"
#include "test.h"

#include "base/file.h"

#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/dien-review-XXXXXX";
static char table[64], json[64];

static void write_table(const char *volume, const char *accepted)
{
    char text[256];
    snprintf(text, sizeof text, "structure\themi\tvolume_mm3\taccepted\nthalamus\tB\t%s\t%s\n", volume, accepted);
    assert_ok(dn_file_write_all(table, text, strlen(text)));
}

/* What the gathered table says of it, and why. */
static void expect(const char *accepted, const char *reason)
{
    const char *const paths[] = {table};
    dn_gathered gathered;
    assert_ok(dn_gather_volumes(paths, 1, &gathered));
    const char *found = dn_table_text(gathered.table, 0, dn_table_find(gathered.table, "accepted"));
    const char *why = gathered.scan[0].reason;
    if (strcmp(found, accepted) != 0 || (reason == NULL) != (why == NULL) || (reason != NULL && strcmp(reason, why) != 0)) {
        fail_msg("expected %s (%s), found %s (%s)", accepted, reason != NULL ? reason : "-", found, why != NULL ? why : "-");
    }
    dn_gathered_release(&gathered);
}

static void review(bool accepted)
{
    const dn_review given = {.accepted = accepted, .reason = "moved", .who = "AB", .when = "2026-11-30T07:00:00Z"};
    assert_ok(dn_review_write(table, &given));
}

static void test_review(void **state)
{
    (void)state;
    write_table("15000", "yes");
    expect("yes", NULL);
    review(false);
    expect("no", "rejected by AB: moved");
    review(true);
    expect("yes", NULL);
    write_table("15000", "no");
    expect("no", NULL); /* the review was about another table */
    review(true);
    expect("by_hand", NULL);
    write_table("16000", "no");
    expect("no", NULL);
    assert_ok(dn_file_write_all(json, "{\"Accepted\": tr", 15)); /* a damaged review is none */
    expect("no", NULL);
}

static void test_corrected(void **state)
{
    (void)state;
    char path[64];
    const char *const paths[] = {table};
    dn_gathered gathered;
    static const char text[] =
        "{\"GeneratedBy\": [{\"Version\": \"1\"}], \"Corrected\": {\"Who\": \"AB\", \"Structures\": [\"thalamus_L\"]}}";
    write_table("15000", "yes");
    snprintf(path, sizeof path, "%s/sub-01_volumes.json", folder);
    assert_ok(dn_file_write_all(path, text, strlen(text)));
    assert_ok(dn_gather_volumes(paths, 1, &gathered));
    assert_string_equal(dn_table_text(gathered.table, 0, dn_table_find(gathered.table, "corrected")), "AB: thalamus_L");
    dn_remarks remarks = {0};
    const dn_scan_record *const scans[] = {&gathered.scan[0]};
    assert_ok(dn_scan_records_remark(scans, 1, &remarks));
    assert_true(dn_remarks_have(&remarks, "corrected"));
    dn_remarks_release(&remarks);
    dn_gathered_release(&gathered);
    unlink(path);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(table, sizeof table, "%s/sub-01_volumes.tsv", folder);
    snprintf(json, sizeof json, "%s/sub-01_review.json", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(table);
    unlink(json);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_review), cmocka_unit_test(test_corrected)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
