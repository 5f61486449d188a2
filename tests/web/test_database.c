/* The list of jobs: values in and out, all or nothing, what is there after closing, and files that are no such list. */
#define _GNU_SOURCE
#include "test.h"
#include "web/database.h"

#include "base/file.h"
#include "web/ids.h"

#include <math.h>
#include <string.h>

static char *folder;

static int set_up(void **state)
{
    (void)state;
    folder = strdup("/tmp/dien-database-XXXXXX");
    return folder != NULL && mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dn_folder_remove(folder);
    free(folder);
    return 0;
}

static char *path_of(const char *name)
{
    char *path = NULL;
    assert_ok(dn_path_join(folder, name, &path));
    return path;
}

static dn_status insert(dn_database *database, const char *id, double age)
{
    return dn_database_run(
        database, "INSERT INTO jobs(id, name, stem, kind, state, settings, age, created) VALUES(?, ?, 's', 'scan', 'queued', '{}', ?, 'x')",
        "ttd", id, "M\xc3\xbcller', DROP TABLE jobs; --", age);
}

static size_t count(dn_database *database)
{
    json_t *rows = NULL;
    assert_ok(dn_database_rows(database, &rows, "SELECT id FROM jobs", ""));
    const size_t n = json_array_size(rows);
    json_decref(rows);
    return n;
}

static void test_values(void **state)
{
    (void)state;
    char *path = path_of("a.sqlite");
    dn_database *database = NULL;
    json_t *row = NULL;
    assert_ok(dn_database_open(path, &database));
    assert_ok(insert(database, "a", 42.5));
    assert_ok(insert(database, "b", NAN));
    assert_ok(dn_database_row(database, &row, "SELECT * FROM jobs WHERE id = ?", "t", "a"));
    assert_string_equal(json_string_value(json_object_get(row, "name")), "M\xc3\xbcller', DROP TABLE jobs; --");
    assert_close(json_number_value(json_object_get(row, "age")), 42.5, 0.0);
    assert_true(json_is_null(json_object_get(row, "error")));
    json_decref(row);
    assert_ok(dn_database_row(database, &row, "SELECT age FROM jobs WHERE id = 'b'", ""));
    assert_true(json_is_null(json_object_get(row, "age")));
    json_decref(row);
    assert_ok(dn_database_row(database, &row, "SELECT * FROM jobs WHERE id = 'c'", ""));
    assert_null(row);
    int64_t changed = -1;
    assert_ok(dn_database_change(database, &changed, "UPDATE jobs SET state = 'done' WHERE age IS NULL", ""));
    assert_int_equal(changed, 1);
    assert_int_equal(insert(database, "a", 1.0), DN_EIO); /* the id is there already */
    dn_database_close(database);
    free(path);
}

static void test_all_or_nothing(void **state)
{
    (void)state;
    char *path = path_of("b.sqlite");
    dn_database *database = NULL;
    assert_ok(dn_database_open(path, &database));
    assert_ok(dn_database_begin(database));
    assert_ok(insert(database, "a", 1.0));
    assert_int_equal(dn_database_end(database, DN_EUSAGE), DN_EUSAGE);
    assert_int_equal(count(database), 0);
    assert_ok(dn_database_begin(database));
    assert_ok(insert(database, "a", 1.0));
    assert_ok(dn_database_end(database, DN_OK));
    /* A group goes with its scans, a version with its job. */
    assert_ok(dn_database_run(database, "INSERT INTO versions(job, number, created, by_hand) VALUES('a', 1, 'x', 0)", ""));
    assert_ok(dn_database_run(database, "DELETE FROM jobs WHERE id = 'a'", ""));
    json_t *row = NULL;
    assert_ok(dn_database_row(database, &row, "SELECT * FROM versions", ""));
    assert_null(row);
    assert_ok(insert(database, "b", 1.0));
    dn_database_close(database);
    assert_ok(dn_database_open(path, &database));
    assert_int_equal(count(database), 1);
    dn_database_close(database);
    free(path);
}

static void test_other_files(void **state)
{
    (void)state;
    char *path = path_of("c.sqlite");
    dn_database *database = NULL;
    assert_ok(dn_file_write_all(path,
                                "this is no list of jobs, but it is longer than the head of one would be: 0123456789012345678901234567890",
                                104));
    assert_int_equal(dn_database_open(path, &database), DN_EFORMAT);
    free(path);
    path = path_of("d.sqlite");
    assert_ok(dn_database_open(path, &database));
    assert_ok(dn_database_run(database, "PRAGMA user_version = 99", ""));
    dn_database_close(database);
    assert_int_equal(dn_database_open(path, &database), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "later version"));
    free(path);
    path = path_of("no/folder.sqlite");
    assert_int_equal(dn_database_open(path, &database), DN_EIO);
    free(path);
}

static void test_ids(void **state)
{
    (void)state;
    char a[DN_ID_SIZE], b[DN_ID_SIZE], now[DN_TIME_SIZE], before[DN_TIME_SIZE];
    assert_ok(dn_id_make(a));
    assert_ok(dn_id_make(b));
    assert_int_equal(strspn(a, "0123456789abcdef"), 16);
    assert_string_not_equal(a, b);
    dn_time_text(0.0, now);
    dn_time_text(86400.0, before);
    assert_int_equal(strlen(now), 20);
    assert_true(strcmp(before, now) < 0); /* they are compared as texts */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_all_or_nothing),
                                       cmocka_unit_test(test_other_files), cmocka_unit_test(test_ids)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
