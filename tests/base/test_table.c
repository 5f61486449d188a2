/* Tables: what is read, what is refused and with which sentence, joins, gathering, writing. */
#define _GNU_SOURCE
#include "test.h"

#include "base/file.h"
#include "base/job.h"
#include "base/table.h"
#include "study/tables/gather.h"
#include "study/tables/join.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

static dn_table *parse(const char *text, const char *name)
{
    dn_table *table = NULL;
    assert_ok(dn_table_parse(text, strlen(text), name, &table));
    return table;
}

/* The sentence must hold all of `parts` (separated by |). */
static void assert_message(const char *parts)
{
    char copy[512];
    snprintf(copy, sizeof copy, "%s", parts);
    for (char *part = strtok(copy, "|"); part != NULL; part = strtok(NULL, "|")) {
        if (strstr(dn_error_message(), part) == NULL) {
            fail_msg("expected \"%s\" in: %s", part, dn_error_message());
        }
    }
}

static void refused(const char *text, const char *name, dn_status expected, const char *parts)
{
    dn_table *table = NULL;
    dn_status status = dn_table_parse(text, strlen(text), name, &table);
    if (status != expected) {
        fail_msg("%s: expected %s, found %s: %s", name, dn_status_name(expected), dn_status_name(status), dn_error_message());
    }
    assert_null(table);
    assert_message(parts);
}

static void number_refused(const char *text, const char *name, size_t row, size_t column, const char *parts)
{
    double value = -1.0;
    double *values = NULL;
    dn_table *table = parse(text, name);
    assert_int_equal(dn_table_number(table, row, column, &value), DN_EDATA);
    assert_message(parts);
    assert_int_equal(dn_table_numbers(table, column, &values), DN_EDATA);
    assert_null(values);
    dn_table_destroy(table);
}

static double number(const dn_table *table, size_t row, const char *column)
{
    size_t c;
    double value;
    assert_ok(dn_table_column(table, column, &c));
    assert_ok(dn_table_number(table, row, c, &value));
    return value;
}

static void separators_quotes_and_line_ends(void **state)
{
    (void)state;
    static const char *const same[] = {"id\tname\tv\n1\ta,b\t2.5\n2\tc \"d\"\t-3e2\n", "id\tname\tv\r\n1\ta,b\t2.5\r\n2\tc \"d\"\t-3e2\r\n",
                                       "\xEF\xBB\xBFid,name,v\n1,\"a,b\",2.5\n2,\"c \"\"d\"\"\",-3e2",
                                       "id;name;v\r1;a,b;2.5\r2;c \"d\";-3e2\r",
                                       "\n\nid , name , v\n1, \"a,b\" ,2.5\n\n2,c \"d\", -3e2\n\n"};
    for (size_t i = 0; i < sizeof same / sizeof *same; ++i) {
        dn_table *table = parse(same[i], i == 0 || i == 1 ? "a.tsv" : "a.csv");
        assert_int_equal(dn_table_rows(table), 2);
        assert_int_equal(dn_table_columns(table), 3);
        assert_string_equal(dn_table_text(table, 0, 1), "a,b");
        assert_string_equal(dn_table_text(table, 1, 1), "c \"d\"");
        assert_true(number(table, 0, "v") == 2.5);
        assert_true(number(table, 1, "v") == -300.0);
        dn_table_destroy(table);
    }
    dn_table *lines = parse("a,b\n\"x\ny\",1\n3,4\n", "l.csv");
    assert_string_equal(dn_table_text(lines, 0, 0), "x\ny");
    assert_int_equal(dn_table_line(lines, 1), 4);
    dn_table_destroy(lines);
    dn_table *one = parse("volume\n812.5\n", "one.txt");
    assert_int_equal(dn_table_columns(one), 1);
    dn_table_destroy(one);
}

static void every_word_for_missing(void **state)
{
    (void)state;
    dn_table *table = parse("a\tb\nn/a\t1\nNA\t1\n\t1\nNaN\t1\nnan\t1\nN/A\t1\nnull\t1\n.\t1\n\"\"\t1\n0\t1\n", "m.tsv");
    size_t rows = dn_table_rows(table);
    assert_int_equal(rows, 10);
    for (size_t r = 0; r + 1 < rows; ++r) {
        assert_null(dn_table_text(table, r, 0));
        assert_true(isnan(number(table, r, "a")));
    }
    assert_true(number(table, rows - 1, "a") == 0.0);
    assert_true(dn_table_is_numeric(table, 0));
    dn_table_destroy(table);
}

static void files_that_are_no_tables(void **state)
{
    (void)state;
    refused("", "e.tsv", DN_EFORMAT, "e.tsv is empty|first line");
    refused("\n\n\r\n", "e.tsv", DN_EFORMAT, "e.tsv is empty");
    refused("a\tb\n1\t2\t3\n", "w.tsv", DN_EFORMAT, "w.tsv, line 2|3 fields|2 columns");
    refused("a,b\n1,2\n3\n", "w.csv", DN_EFORMAT, "w.csv, line 3|1 field|2 columns");
    refused("a\tb\ta\n1\t2\t3\n", "d.tsv", DN_EFORMAT, "two columns named \"a\"");
    refused("a,b\n\"1,2\n3,4\n", "q.csv", DN_EFORMAT, "q.csv, line 2|never closed");
    refused("a,b\n\"1\"x,2\n", "q.csv", DN_EFORMAT, "line 2|after a closing quote");
    refused("name\nM\xFCller\n", "latin.tsv", DN_EFORMAT, "latin.tsv, line 2|not UTF-8");
    refused("\xFF\xFE"
            "a\t",
            "utf16.tsv", DN_EFORMAT, "UTF-16|save it as UTF-8");
    refused("PK\003\004xx", "book.xlsx", DN_EFORMAT, "spreadsheet|export it");
    dn_table *table = NULL;
    assert_int_equal(dn_table_parse("a\0b\n", 4, "z.tsv", &table), DN_EFORMAT);
    assert_message("zero byte");
    assert_int_equal(dn_table_read("/nonexistent/x.tsv", &table), DN_EINPUT);
    assert_message("/nonexistent/x.tsv");
}

static void texts_that_are_no_numbers(void **state)
{
    (void)state;
    number_refused("id\tvolume\n1\t812.5\n2\tabc\n", "v.tsv", 1, 1, "v.tsv, line 3, column volume|\"abc\" is not a number|n/a");
    number_refused("id\tvolume\n1\t812 mm3\n", "v.tsv", 0, 1, "\"812 mm3\" is not a number");
    number_refused("id\tvolume\n1\t812,5\n", "v.tsv", 0, 1, "v.tsv, line 2, column volume|comma|812.5");
    number_refused("id\tvolume\n1\t1,234,567\n", "v.tsv", 0, 1, "thousands");
    number_refused("id\tvolume\n1\t1,234.5\n", "v.tsv", 0, 1, "thousands");
    number_refused("id\tvolume\n1\tinf\n", "v.tsv", 0, 1, "infinite");
    number_refused("id\tvolume\n1\t-Infinity\n", "v.tsv", 0, 1, "infinite");
    number_refused("id\tvolume\n1\t1e999\n", "v.tsv", 0, 1, "infinite or too large");
    number_refused("id\tvolume\n1\t0x1A\n", "v.tsv", 0, 1, "not a number");
    number_refused("id\tvolume\n1\t1e\n", "v.tsv", 0, 1, "not a number");
    number_refused("id\tvolume\n1\t--5\n", "v.tsv", 0, 1, "not a number");
    number_refused("id\tvolume\n1\tnan(7)\n", "v.tsv", 0, 1, "not a number");
    number_refused("id;volume\n1;812,5\n2;813.5\n", "v.csv", 0, 1, "v.csv, line 2, column volume|decimal comma|have a point");
}

static void decimal_commas_of_a_whole_file(void **state)
{
    (void)state;
    dn_table *table = parse("id;volume;note\n1;812,5;a, b\n2;-0,25;x\n3;814;y\n4;1,5e3;z\n", "de.csv");
    assert_true(number(table, 0, "volume") == 812.5);
    assert_true(number(table, 1, "volume") == -0.25);
    assert_true(number(table, 2, "volume") == 814.0);
    assert_true(number(table, 3, "volume") == 1500.0);
    assert_string_equal(dn_table_text(table, 0, 2), "a, b");
    dn_table_destroy(table);
}

static void a_missing_column_and_its_nearest_name(void **state)
{
    (void)state;
    size_t column;
    dn_table *table = parse("participant_id\tHypothalamus\ticv\n1\t2\t3\n", "n.tsv");
    assert_int_equal(dn_table_column(table, "hypothalmus", &column), DN_EDATA);
    assert_message("n.tsv has no column \"hypothalmus\"|did you mean \"Hypothalamus\"|participant_id, Hypothalamus, icv");
    assert_int_equal(dn_table_column(table, "completely_else", &column), DN_EDATA);
    assert_message("no column \"completely_else\"|its columns are: participant_id");
    assert_null(strstr(dn_error_message(), "did you mean"));
    dn_table_destroy(table);
}

static void people_twice(void **state)
{
    (void)state;
    const size_t both[2] = {0, 1};
    dn_table *table = parse("id\tses\tv\nsub-01\t1\t5\nsub-02\t1\t6\nsub-01\t2\t7\n", "t.tsv");
    assert_int_equal(dn_table_check_unique(table, both, 1), DN_EDATA);
    assert_message("t.tsv: id sub-01 occurs twice, on lines 2 and 4");
    assert_ok(dn_table_check_unique(table, both, 2));
    dn_table_destroy(table);
    table = parse("id\tses\tv\nsub-01\t1\t5\nn/a\t1\t6\n", "t.tsv");
    assert_int_equal(dn_table_check_unique(table, both, 1), DN_EDATA);
    assert_message("t.tsv, line 3: there is no id");
    dn_table_destroy(table);
}

static void join_people_and_volumes(void **state)
{
    (void)state;
    dn_table *joined = NULL;
    dn_join_loss loss;
    dn_table *people = parse("participant_id\tage\tsex\nsub-01\t50\tM\nsub-02\t60\tF\nsub-03\tn/a\tF\n", "people.tsv");
    dn_table *volumes = parse("participant_id\tv\tage\n03\t812.5\t33\nsub-01\t790\t50.0\nsub-09\t1\t1\n", "volumes.tsv");
    assert_ok(dn_join(people, volumes, "participant_id", DN_JOIN_ASK, &joined, &loss));
    assert_int_equal(dn_table_rows(joined), 2);
    assert_string_equal(dn_table_text(joined, 0, 0), "sub-01");
    assert_true(number(joined, 0, "v") == 790.0);
    assert_string_equal(dn_table_text(joined, 1, 0), "sub-03");
    assert_true(number(joined, 1, "v") == 812.5);
    assert_true(number(joined, 1, "age") == 33.0);
    assert_int_equal(dn_table_line(joined, 1), 4);
    assert_int_equal(loss.left_count, 1);
    assert_string_equal(loss.left[0], "sub-02");
    assert_int_equal(loss.right_count, 1);
    assert_string_equal(loss.right[0], "sub-09");
    assert_int_equal(loss.alike, 0);
    dn_join_loss_release(&loss);
    dn_table_destroy(joined);
    joined = NULL;
    dn_table_destroy(volumes);

    volumes = parse("participant_id\tv\tage\nsub-01\t790\t51\n", "volumes.tsv");
    assert_int_equal(dn_join(people, volumes, "participant_id", DN_JOIN_ASK, &joined, &loss), DN_EDATA);
    assert_message("age of sub-01 is 50 in people.tsv but 51 in volumes.tsv (line 2)");
    dn_table_destroy(volumes);
    volumes = parse("participant_id\tv\nsub-01\t790\n01\t791\n", "volumes.tsv");
    assert_int_equal(dn_join(people, volumes, "participant_id", DN_JOIN_ASK, &joined, &loss), DN_EDATA);
    assert_message("volumes.tsv|01 occurs twice, on lines 2 and 3");
    dn_table_destroy(volumes);
    volumes = parse("participant_id\tv\nsub-77\t790\n", "volumes.tsv");
    assert_int_equal(dn_join(people, volumes, "participant_id", DN_JOIN_ASK, &joined, &loss), DN_EDATA);
    assert_message("no participant_id in common|\"sub-01\"|\"sub-77\"");
    dn_table_destroy(volumes);
    dn_table_destroy(people);
    assert_null(joined);
}

static void assert_likeness(const char *one, const char *other, bool expected)
{
    char *a, *b;
    assert_ok(dn_id_likeness(one, &a));
    assert_ok(dn_id_likeness(other, &b));
    if ((strcmp(a, b) == 0) != expected) {
        fail_msg("\"%s\" and \"%s\": expected them to be %s, found \"%s\" and \"%s\"", one, other, expected ? "alike" : "different", a, b);
    }
    free(a);
    free(b);
}

static void ids_are_alike(void **state)
{
    (void)state;
    static const char *const same[][2] = {{"sub-01", "1"},     {"SUB-01", "sub-1"}, {" 01 ", "1"},   {"01\xC2\xA0", "1"}, {"P 007", "p7"},
                                          {"s001a02", "S1A2"}, {"12.0", "12"},      {"sub_03", "3"}, {"0", "00"}};
    static const char *const different[][2] = {{"10", "1"}, {"1001", "101"}, {"a1", "1"}, {"1.5", "15"}, {"1-1", "11"}, {"0", "1"}};
    for (size_t i = 0; i < sizeof same / sizeof *same; ++i) {
        assert_likeness(same[i][0], same[i][1], true);
    }
    for (size_t i = 0; i < sizeof different / sizeof *different; ++i) {
        assert_likeness(different[i][0], different[i][1], false);
    }
}

/* The case of participants 1..9 for sub-01.., of which two agree as they are written. */
static void ids_that_look_alike_are_asked_about(void **state)
{
    (void)state;
    dn_table *joined = NULL;
    dn_join_loss loss;
    dn_table *people = parse("participant_id\tage\n1\t50\n2\t60\n10\t61\n11\t62\n99\t63\n", "people.tsv");
    dn_table *volumes = parse("participant_id\tv\nsub-01\t1\nsub-02\t2\nsub-10\t3\nsub-11\t4\nsub-77\t5\n", "volumes.tsv");
    assert_int_equal(dn_join(people, volumes, "participant_id", DN_JOIN_ASK, &joined, &loss), DN_EDATA);
    assert_message("people.tsv and volumes.tsv: 2 of the ids|\"1\" and \"sub-01\"|Join them, or leave them out");
    assert_int_equal(dn_error_remedy(), DN_REMEDY_JOIN_HOW);
    assert_ok(dn_join(people, volumes, "participant_id", DN_JOIN_EXACT, &joined, &loss));
    assert_int_equal(dn_table_rows(joined), 2);
    assert_int_equal(loss.left_count, 3);
    assert_int_equal(loss.right_count, 3);
    assert_int_equal(loss.alike, 2);
    dn_join_loss_release(&loss);
    dn_table_destroy(joined);
    assert_ok(dn_join(people, volumes, "participant_id", DN_JOIN_ALIKE, &joined, &loss));
    assert_int_equal(dn_table_rows(joined), 4);
    assert_true(number(joined, 1, "v") == 2.0);
    assert_int_equal(loss.left_count, 1);
    assert_string_equal(loss.left[0], "99");
    assert_string_equal(loss.right[0], "sub-77");
    dn_join_loss_release(&loss);
    dn_table_destroy(joined);
    dn_table_destroy(people);

    /* Two that are alike are nobody's: 1 and 01 are two people of this table. */
    people = parse("participant_id\tage\nx1\t50\nx01\t60\nx3\t61\n", "people.tsv");
    dn_table_destroy(volumes);
    volumes = parse("participant_id\tv\nx001\t1\nx3\t2\n", "volumes.tsv");
    assert_ok(dn_join(people, volumes, "participant_id", DN_JOIN_ALIKE, &joined, &loss));
    assert_int_equal(dn_table_rows(joined), 1);
    assert_int_equal(loss.alike, 0);
    dn_join_loss_release(&loss);
    dn_table_destroy(joined);
    dn_table_destroy(people);
    dn_table_destroy(volumes);
}

/* What a spreadsheet leaves behind. */
static void leftovers_of_spreadsheets(void **state)
{
    (void)state;
    dn_table *table = parse("id,v,,\r\n1,5,,\r\n2,6,,\r\n,,,\r\n,,,\r\n", "t.csv");
    assert_int_equal(dn_table_rows(table), 2);
    assert_int_equal(dn_table_columns(table), 2);
    assert_int_equal(dn_table_facts_of(table)->empty_rows, 2);
    assert_int_equal(dn_table_facts_of(table)->empty_line, 4);
    assert_int_equal(dn_table_facts_of(table)->line_after_empty, 0);
    dn_table_destroy(table);
    static const char *const told[] = {"sep=;\nid;v\n1;5\n",     "\xEF\xBB\xBFSEP=;\r\nid;v\r\n1;5\r\n",
                                       "\"sep=;\"\nid;v\n1;5\n", "sep=,\nid,v\n1,5\n",
                                       "sep=;;;\nid;v\n1;5\n",   "sep=\t\nid\tv\n1\t5\n"};
    for (size_t i = 0; i < sizeof told / sizeof *told; ++i) {
        table = parse(told[i], "t.csv");
        assert_int_equal(dn_table_columns(table), 2);
        assert_true(number(table, 0, "v") == 5.0);
        dn_table_destroy(table);
    }
    table = parse("id,v\n1,5\n,\n\"\",\"\"\nMean,5\n", "t.csv");
    assert_int_equal(dn_table_rows(table), 2);
    assert_int_equal(dn_table_facts_of(table)->line_after_empty, 5);
    dn_table_destroy(table);
    /* No leftovers: quotes that hold a line's end, a column of its own, a name without cells. */
    table = parse("a,b\n,\"\nx\"\n\"\"\"\",\n", "t.csv");
    assert_int_equal(dn_table_rows(table), 2);
    assert_string_equal(dn_table_text(table, 0, 1), "\nx");
    assert_string_equal(dn_table_text(table, 1, 0), "\"");
    dn_table_destroy(table);
    table = parse("v\n\"\"\n5\n", "t.csv");
    assert_int_equal(dn_table_rows(table), 2);
    dn_table_destroy(table);
    table = parse("a,b\n1,\n2,\n", "t.csv");
    assert_int_equal(dn_table_columns(table), 2);
    dn_table_destroy(table);
}

static void thousands_or_decimals(void **state)
{
    (void)state;
    number_refused("id;age;v\n1;76,3;7.411\n2;39,6;6.837\n", "t.csv", 0, 2,
                   "\"7.411\" separate thousands (7411) or decimals|76,3 (line 2, column age)");
    number_refused("id,age,v\n1,76.3,\"7,411\"\n", "t.csv", 0, 2,
                   "\"7,411\" separate thousands (7411) or decimals (7.411)|it probably separates thousands");
    number_refused("id\tv\n1\t1.428.059\n", "t.tsv", 0, 1, "thousands");
    number_refused("id\tv\n1\t1.428.059,5\n", "t.tsv", 0, 1, "thousands");
    number_refused("id\tv\n1\t1'428'059\n", "t.tsv", 0, 1, "thousands");
    /* No doubt: another value of the column has two decimals; or no commas in the file; or the commas are a list. */
    dn_table *table = parse("id;age;v\n1;76,3;7.411\n2;39,6;6.83\n", "t.csv");
    assert_true(number(table, 0, "v") == 7.411);
    dn_table_destroy(table);
    table = parse("id;age;v\n1;76.3;7.411\n2;39.6;6.837\n", "t.csv");
    assert_true(number(table, 0, "v") == 7.411);
    dn_table_destroy(table);
    table = parse("id\tnote\tv\n1\ta, b\t7.411\n2\t1,5\t6.837\n", "t.tsv");
    assert_true(number(table, 0, "v") == 7.411);
    dn_table_destroy(table);
    table = parse("id;v\n1;7,411\n2;6,837\n", "t.csv");
    assert_true(number(table, 0, "v") == 7.411);
    assert_non_null(strstr(dn_table_facts_of(table)->comma_of_three, "column v, \"7,411\" on line 2"));
    dn_table_destroy(table);
}

/* A hundred thousand columns: seconds, not minutes, and the sentence about a name that is not there stays in its buffer. */
static void many_columns(void **state)
{
    (void)state;
    enum { COLUMNS = 100000 };
    size_t size = 0;
    char *text = malloc((size_t)COLUMNS * 20);
    assert_non_null(text);
    for (int i = 0; i < COLUMNS; ++i) {
        size += (size_t)sprintf(text + size, "%sc%d", i > 0 ? "\t" : "", i);
    }
    size += (size_t)sprintf(text + size, "\n");
    for (int i = 0; i < COLUMNS; ++i) {
        size += (size_t)sprintf(text + size, "%s%d", i > 0 ? "\t" : "", i);
    }
    dn_table *table = NULL;
    size_t column;
    assert_ok(dn_table_parse(text, size, "wide.tsv", &table));
    free(text);
    assert_int_equal(dn_table_columns(table), COLUMNS);
    assert_true(number(table, 0, "c99999") == 99999.0);
    assert_int_equal(dn_table_column(table, "nothing like it", &column), DN_EDATA);
    assert_message("c1, c2|, ...");
    assert_int_equal(dn_table_add_column(table, "c5", &column), DN_EFORMAT);
    dn_table_destroy(table);

    char *name = malloc(2000);
    assert_non_null(name);
    memset(name, 'x', 1999);
    name[1999] = '\0';
    assert_ok(dn_table_create("long.tsv", &table));
    assert_ok(dn_table_add_column(table, name, &column));
    assert_int_equal(dn_table_column(table, "y", &column), DN_EDATA);
    assert_message("its columns are: ...");
    dn_table_destroy(table);
    free(name);
}

static void a_reader_can_be_stopped(void **state)
{
    (void)state;
    dn_table *table = NULL;
    const char *text = "a\tb\n1\t2\n";
    dn_job job;
    dn_job_init(&job, NULL);
    dn_job_enter(&job);
    dn_job_cancel(&job);
    assert_int_equal(dn_table_parse(text, strlen(text), "c.tsv", &table), DN_ECANCELLED);
    dn_job_leave(NULL);
    dn_job_release(&job);
    assert_null(table);
    assert_ok(dn_table_parse(text, strlen(text), "c.tsv", &table));
    dn_table_destroy(table);
}

static void write_text(const char *folder, const char *name, const char *text, char *path)
{
    snprintf(path, 512, "%s/%s", folder, name);
    assert_ok(dn_file_write_all(path, text, strlen(text)));
}

static void volumes_of_many_scans(void **state)
{
    (void)state;
    char folder[] = "/tmp/dien_table_XXXXXX";
    char path[3][512];
    assert_non_null(mkdtemp(folder));
    write_text(
        folder, "sub-01_ses-a_volumes.tsv",
        "structure\themi\tvolume_mm3\thard_volume_mm3\tmean_posterior\nhypothalamus\tB\t800.5\t801\t0.9\nhypothalamus\tL\t400\t400\t0.9\n"
        "hypothalamus\tR\t400.5\t401\t0.9\nhypothalamus_posterior\tL\t100.25\t1\t1\nhypothalamus_posterior\tR\t110.5\t1\t1\nICV\tn/"
        "a\t1500000\t1500000\tn/a\n",
        path[0]);
    write_text(folder, "sub-02_volumes.tsv", "structure\themi\tvolume_mm3\nhypothalamus\tB\t700\nICV\tn/a\tn/a\n", path[1]);
    const char *both[2] = {path[0], path[1]};
    dn_gathered gathered;
    assert_ok(dn_gather_volumes(both, 2, &gathered));
    const dn_table *wide = gathered.table;
    assert_string_equal(dn_table_unit(wide, dn_table_find(wide, "hypothalamus")), "mm3");
    assert_string_equal(dn_table_unit(wide, dn_table_find(wide, "hypothalamus_posterior")), "mm3");
    assert_string_equal(dn_table_source(wide, 1), path[1]);
    assert_int_equal(dn_table_find(wide, "accepted"), DN_TABLE_NONE);
    assert_ok(dn_gathered_check(wide));
    assert_int_equal(dn_table_rows(wide), 2);
    assert_true(number(wide, 0, "hypothalamus") == 800.5);
    assert_true(number(wide, 0, "hypothalamus_R") == 400.5);
    assert_true(number(wide, 0, "hypothalamus_posterior") == 210.75);
    assert_true(isnan(number(wide, 1, "hypothalamus_posterior")));
    assert_true(number(wide, 1, "hypothalamus") == 700.0);
    assert_true(isnan(number(wide, 1, "ICV")));
    assert_true(isnan(number(wide, 1, "hypothalamus_L")));
    assert_string_equal(dn_table_text(wide, 0, dn_table_find(wide, "session")), "ses-a");
    assert_string_equal(dn_table_text(wide, 1, dn_table_find(wide, "participant_id")), "sub-02");
    dn_gathered_release(&gathered);

    write_text(folder, "sub-02_run-1_volumes.tsv", "structure\tvolume_mm3\nhypothalamus\t700\n", path[2]);
    const char *twice[2] = {path[1], path[2]};
    assert_ok(dn_gather_volumes(twice, 2, &gathered));
    assert_string_equal(dn_table_text(gathered.table, 1, dn_table_find(gathered.table, "run")), "1");
    assert_int_equal(dn_gathered_check(gathered.table), DN_EDATA);
    dn_gathered_release(&gathered);
    assert_message("sub-02_volumes.tsv|sub-02_run-1_volumes.tsv|two scans of sub-02, sub-02_run-1 and sub-02");
    write_text(folder, "sub-02_run-1_volumes.tsv", "structure\tvolume\nhypothalamus\t700\n", path[2]);
    assert_int_equal(dn_gather_volumes(twice, 2, &gathered), DN_EDATA);
    assert_message("no column \"volume_mm3\"|did you mean \"volume\"");
    write_text(folder, "sub-02_run-1_volumes.tsv", "structure\tvolume_mm3\nhypothalamus\tbig\n", path[2]);
    assert_int_equal(dn_gather_volumes(twice, 2, &gathered), DN_EDATA);
    assert_message("sub-02_run-1_volumes.tsv, line 2, column volume_mm3|\"big\"");
    assert_null(gathered.table);
    for (int i = 0; i < 3; ++i) {
        unlink(path[i]);
    }
    rmdir(folder);
}

static void written_tables_read_back(void **state)
{
    (void)state;
    char folder[] = "/tmp/dien_table_XXXXXX";
    assert_non_null(mkdtemp(folder));
    static const double numbers[] = {0.1, 1.0 / 3.0, -0.0, 5e-324, 1.7976931348623157e308, 812.5, 1e22, NAN};
    static const char *const texts[] = {"plain", "tab\tin", "comma, in", "say \"x\"", " blank ", "two\nlines", "ü µ", NULL};
    for (int form = 0; form < 2; ++form) {
        char path[512];
        dn_table *table = NULL;
        dn_table *back = NULL;
        snprintf(path, sizeof path, "%s/t.%s", folder, form ? "csv" : "tsv");
        assert_ok(dn_table_create("made", &table));
        for (size_t i = 0; i < 8; ++i) {
            size_t row;
            assert_ok(dn_table_add_row(table, &row));
            assert_ok(dn_table_put_text(table, "a, \"text\"", texts[i]));
            assert_ok(dn_table_put_number(table, "number", numbers[i]));
        }
        assert_int_equal(dn_table_put_number(table, "number", INFINITY), DN_EINTERNAL);
        assert_ok(dn_table_write(table, path));
        assert_ok(dn_table_read(path, &back));
        assert_int_equal(dn_table_rows(back), 8);
        assert_string_equal(dn_table_column_name(back, 0), "a, \"text\"");
        for (size_t i = 0; i < 8; ++i) {
            double value = number(back, i, "number");
            assert_true(isnan(numbers[i]) ? isnan(value) : value == numbers[i]);
            const char *text = dn_table_text(back, i, 0);
            assert_true(texts[i] == NULL ? text == NULL : text != NULL && strcmp(text, texts[i]) == 0);
        }
        dn_table_destroy(back);
        dn_table_destroy(table);
        unlink(path);
    }
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators_quotes_and_line_ends),
        cmocka_unit_test(every_word_for_missing),
        cmocka_unit_test(files_that_are_no_tables),
        cmocka_unit_test(texts_that_are_no_numbers),
        cmocka_unit_test(decimal_commas_of_a_whole_file),
        cmocka_unit_test(a_missing_column_and_its_nearest_name),
        cmocka_unit_test(people_twice),
        cmocka_unit_test(join_people_and_volumes),
        cmocka_unit_test(ids_are_alike),
        cmocka_unit_test(ids_that_look_alike_are_asked_about),
        cmocka_unit_test(leftovers_of_spreadsheets),
        cmocka_unit_test(thousands_or_decimals),
        cmocka_unit_test(many_columns),
        cmocka_unit_test(a_reader_can_be_stopped),
        cmocka_unit_test(volumes_of_many_scans),
        cmocka_unit_test(written_tables_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
