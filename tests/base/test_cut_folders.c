/* Folders of this machine in texts: which places count, and what stays of them. */
#define _GNU_SOURCE /* mkdtemp */
#include "test.h"

#include "base/cut_folders.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

static const char *const folders[] = {"/srv/my data", "results/", NULL};

static void check(const dn_cut_rule *rule, const char *text, const char *wanted)
{
    char *copy = strdup(text);
    assert_ok(dn_cut_folders(&copy, rule));
    assert_string_equal(copy, wanted);
    free(copy);
}

static void the_path_below_it_stays(void **state)
{
    const dn_cut_rule rule = {.folders = folders};
    (void)state;
    check(&rule, "'/srv/my data/sub-01/anat/x.nii' is empty", "'sub-01/anat/x.nii' is empty");
    check(&rule, "x\t/srv/my data//a.tsv\tresults/b.tsv", "x\ta.tsv\tb.tsv");
    check(&rule, "/srv/my data/a and /srv/my data/b", "a and b");
    /* another folder whose name begins alike, a folder inside another, and the folder itself */
    check(&rule, "/srv/my data2/a", "/srv/my data2/a");
    check(&rule, "/mnt/srv/my data/a", "/mnt/srv/my data/a");
    check(&rule, "my results/a", "my a");
    check(&rule, "old-results/a", "old-results/a");
    check(&rule, "/srv/my data is read-only", "/srv/my data is read-only");
    check(&rule, "'/srv/my data/' is read-only", "'/srv/my data/' is read-only");
    check(&rule, "", "");
}

static void only_the_name_stays(void **state)
{
    const dn_cut_rule rule = {.folders = folders, .names = true};
    (void)state;
    check(&rule, "left out: /srv/my data/jobs/4f/v1/sub-01_volumes.tsv, twice", "left out: sub-01_volumes.tsv, twice");
    check(&rule, "(results/a/b.tsv)", "(b.tsv)");
}

static void the_folder_itself_gets_a_name(void **state)
{
    const dn_cut_rule rule = {.folders = folders, .itself = "the scan"};
    (void)state;
    check(&rule, "'/srv/my data' holds no image", "'the scan' holds no image");
    check(&rule, "/srv/my data: no; results/", "the scan: no; the scan");
    check(&rule, "/srv/my data/a: no", "a: no");
    /* what takes its place is not looked into again */
    const dn_cut_rule again = {.folders = (const char *const[]){"x", NULL}, .itself = "x x"};
    check(&again, "x", "x x");
}

static void a_file_and_the_real_path(void **state)
{
    char folder[] = "/tmp/dien-test-cut-XXXXXX", link[64], path[96], text[256];
    unsigned char *bytes;
    size_t size;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(link, sizeof link, "%s-link", folder);
    assert_int_equal(symlink(folder, link), 0);
    snprintf(path, sizeof path, "%s/table.tsv", folder);
    snprintf(text, sizeof text, "file\n%s/a.nii\n%s/b.nii\n", folder, link);
    assert_ok(dn_file_write_all(path, text, strlen(text)));
    const dn_cut_rule rule = {.folders = (const char *const[]){link, NULL}};
    assert_ok(dn_cut_folders_file(path, &rule));
    assert_ok(dn_file_read(path, 1 << 20, &bytes, &size));
    assert_string_equal((const char *)bytes, "file\na.nii\nb.nii\n");
    free(bytes);
    assert_int_equal(unlink(path), 0);
    assert_ok(dn_cut_folders_file(path, &rule)); /* not there */
    assert_false(dn_path_exists(path));
    assert_int_equal(unlink(link), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_path_below_it_stays), cmocka_unit_test(only_the_name_stays),
                                       cmocka_unit_test(the_folder_itself_gets_a_name), cmocka_unit_test(a_file_and_the_real_path)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
