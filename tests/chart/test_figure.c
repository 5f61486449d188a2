/* Figures: five files, nothing in a text reaches gnuplot as a command, failures are sentences and leave old files alone. */
#define _GNU_SOURCE
#include "test.h"

#include "base/file.h"
#include "chart/figure_kinds.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/dien-figure-test-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    return test_remove_tree(folder);
}

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static char *text_of(const char *name)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    assert_ok(dn_file_read(in_folder(name), 1 << 24, &bytes, &size));
    assert_true(size > 0);
    return (char *)bytes;
}

static void needs_gnuplot(void)
{
    bool can = false;
    assert_ok(dn_figure_can_draw(&can));
    if (!can) {
        skip();
    }
}

static dn_figure *small_figure(const char *title)
{
    dn_figure *figure = NULL;
    assert_ok(dn_figure_create(85, 60, 1, 1, &figure));
    assert_ok(dn_figure_panel(figure, &(dn_panel){.title = title, .x_label = "age", .y_label = "mm³"}));
    assert_ok(dn_figure_points(figure, &(dn_style){.label = title}, 3, (double[]){1, 2, 3}, (double[]){4, 5, 6}));
    return figure;
}

static void leaves_five_files_and_no_other(void **state)
{
    (void)state;
    needs_gnuplot();
    dn_figure *figure = small_figure("plain");
    assert_ok(dn_figure_write(figure, in_folder("plain")));
    dn_figure_destroy(figure);
    static const struct {
        const char *name, *start;
    } files[] = {
        {"plain.svg", "<?xml"}, {"plain.pdf", "%PDF"}, {"plain.png", "\x89PNG"}, {"plain.gp", "#"}, {"plain.tsv", "panel\tlayer\t"}};
    for (size_t i = 0; i < 5; ++i) {
        char *text = text_of(files[i].name);
        assert_memory_equal(text, files[i].start, strlen(files[i].start));
        free(text);
    }
    FILE *listing = NULL;
    char command[128], line[256];
    int count = 0;
    snprintf(command, sizeof command, "ls -A %s", folder);
    assert_non_null(listing = popen(command, "r"));
    while (fgets(line, sizeof line, listing) != NULL) {
        ++count;
    }
    pclose(listing);
    assert_int_equal(count, 5);
}

static void script_draws_the_same_again(void **state)
{
    (void)state;
    needs_gnuplot();
    dn_figure *figure = small_figure("again");
    assert_ok(dn_figure_write(figure, in_folder("again")));
    dn_figure_destroy(figure);
    char *before = text_of("again.svg");
    char command[256];
    snprintf(command, sizeof command, "cd %s && rm again.svg && gnuplot again.gp", folder);
    assert_int_equal(system(command), 0);
    char *after = text_of("again.svg");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* Each of these would run a command, end a string or a block, or break UTF-8 if it were not written as data. */
static void texts_are_only_texts(void **state)
{
    (void)state;
    needs_gnuplot();
    static const char *const nasty[] = {
        "'; system('touch PWNED'); '",
        "`touch PWNED`",
        "\"; system(\"touch PWNED\"); \"",
        "}\nsystem('touch PWNED')\ndo for [i=1:2] {",
        "a\\",
        "a\\'",
        "# comment",
        "@macro $5 {/Bold x} ^2 _i ~a",
        "tab\there\rreturn\x01",
        "broken \xC3( \xE2\x82 \xFF utf-8",
        "%s%n%d",
        "",
        "Größe in mm³ µ ≥ − 視床",
        "'.system(\"touch PWNED\").'",
    };
    for (size_t i = 0; i < sizeof nasty / sizeof *nasty; ++i) {
        dn_figure *figure = small_figure(nasty[i]);
        assert_ok(dn_figure_text(figure, NULL, DN_ALIGN_LEFT, 1.5, 4.5, nasty[i]));
        assert_ok(dn_figure_text_right(figure, NULL, 4.5, nasty[i]));
        assert_ok(dn_figure_note(figure, nasty[i]));
        dn_status status = dn_figure_write(figure, in_folder("nasty"));
        if (status != DN_OK) {
            fail_msg("text %zu (%s): %s", i, nasty[i], dn_error_message());
        }
        dn_figure_destroy(figure);
        assert_false(dn_path_exists(in_folder("PWNED")));
        assert_false(dn_path_exists("PWNED"));
    }
    char *svg = text_of("nasty.svg");
    assert_non_null(strstr(svg, "touch PWNED"));
    free(svg);
}

/* gnuplot takes "|command" for an output and "<command" for data. */
static void names_are_only_names(void **state)
{
    (void)state;
    needs_gnuplot();
    static const char *const names[] = {"|touch PWNED", "<touch PWNED", "it's $(touch PWNED)", "a b`touch PWNED`", "-e", "Größe"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        dn_figure *figure = small_figure("x");
        dn_status status = dn_figure_write(figure, in_folder(names[i]));
        if (status != DN_OK) {
            fail_msg("name %s: %s", names[i], dn_error_message());
        }
        dn_figure_destroy(figure);
        char file[64];
        snprintf(file, sizeof file, "%s.svg", names[i]);
        assert_true(dn_path_exists(in_folder(file)));
        assert_false(dn_path_exists(in_folder("PWNED")));
    }
}

static void without_gnuplot_script_and_data_stay(void **state)
{
    (void)state;
    dn_figure *figure = small_figure("x");
    setenv("DIEN_GNUPLOT", "/nonexistent/gnuplot", 1);
    bool can = true;
    assert_ok(dn_figure_can_draw(&can));
    assert_false(can);
    assert_int_equal(dn_figure_write(figure, in_folder("absent")), DN_EIO);
    assert_non_null(strstr(dn_error_message(), "apt-get install gnuplot-nox"));
    unsetenv("DIEN_GNUPLOT");
    assert_true(dn_path_exists(in_folder("absent.gp")));
    assert_true(dn_path_exists(in_folder("absent.tsv")));
    assert_false(dn_path_exists(in_folder("absent.svg")));
    dn_figure_destroy(figure);
}

static void failing_gnuplot_keeps_the_old_figure(void **state)
{
    (void)state;
    needs_gnuplot();
    dn_figure *figure = small_figure("x");
    assert_ok(dn_figure_write(figure, in_folder("old")));
    char *before = text_of("old.png");
    free(before);
    struct stat first, second;
    assert_int_equal(stat(in_folder("old.png"), &first), 0);
    setenv("DIEN_GNUPLOT", "false", 1);
    assert_int_equal(dn_figure_write(figure, in_folder("old")), DN_EIO);
    unsetenv("DIEN_GNUPLOT");
    assert_int_equal(stat(in_folder("old.png"), &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    assert_int_equal(dn_figure_write(figure, "/nonexistent/folder/x"), DN_EIO);
    dn_figure_destroy(figure);
}

static void refuses_what_it_cannot_show(void **state)
{
    (void)state;
    dn_figure *figure = NULL;
    assert_int_equal(dn_figure_create(0, 60, 1, 1, &figure), DN_EINTERNAL);
    assert_ok(dn_figure_create(85, 60, 1, 1, &figure));
    assert_int_equal(dn_figure_points(figure, NULL, 1, (double[]){1}, (double[]){1}), DN_EINTERNAL);
    assert_ok(dn_figure_panel(figure, &(dn_panel){.y_log = true}));
    assert_int_equal(dn_figure_points(figure, NULL, 2, (double[]){1, NAN}, (double[]){1, 2}), DN_EDATA);
    assert_int_equal(dn_figure_points(figure, NULL, 2, (double[]){1, 2}, (double[]){1, INFINITY}), DN_EDATA);
    assert_int_equal(dn_figure_panel(figure, &(dn_panel){0}), DN_EINTERNAL);
    assert_ok(dn_figure_points(figure, NULL, 2, (double[]){1, 2}, (double[]){0, 2}));
    assert_int_equal(dn_figure_write(figure, in_folder("log")), DN_EDATA);
    assert_int_equal(dn_figure_write(figure, in_folder("")), DN_EUSAGE);
    assert_int_equal(dn_figure_write(figure, in_folder("a\nb")), DN_EUSAGE);
    dn_figure_destroy(figure);
    dn_figure_destroy(NULL);
}

/* Every number that is drawn is in the table, and the box of a box plot has R's quartiles. */
static void data_hold_what_is_drawn(void **state)
{
    (void)state;
    needs_gnuplot();
    dn_figure *figure = NULL;
    assert_ok(dn_figure_create(85, 60, 1, 1, &figure));
    const double values[] = {3, 1, 4, 1, 5, 9, 2, 6}; /* R: quantile(): 1.75, 3.5, 5.25; whiskers 1 and 9; mean 3.875 */
    dn_figure_group groups[] = {{.name = "A", .n = 8, .values = values}, {.name = "B"}};
    assert_ok(dn_figure_box_plot(figure, &(dn_panel){0}, groups, 2, &(dn_figure_bracket){0, 1, "n.s."}, 1));
    assert_int_equal(dn_figure_box_plot(figure, &(dn_panel){0}, groups, 2, &(dn_figure_bracket){0, 2, "n.s."}, 1), DN_EINTERNAL);
    assert_ok(dn_figure_write(figure, in_folder("box")));
    dn_figure_destroy(figure);
    char *data = text_of("box.tsv");
    assert_non_null(strstr(data, "\trectangle\t0.7\t1.75\t1.3\t5.25\t"));
    assert_non_null(strstr(data, "\tsegment\t0.7\t3.5\t1.3\t3.5\t"));
    assert_non_null(strstr(data, "\tpoint\t1\t3.875\t"));
    assert_non_null(strstr(data, "n.s."));
    free(data);
}

/* Names of ticks are formats to gnuplot, and a name may be longer than the figure is wide. */
static void percents_and_long_names_are_drawn(void **state)
{
    (void)state;
    needs_gnuplot();
    dn_figure *figure = NULL;
    char longest[401] = "";
    memset(longest, 'x', 400);
    const double values[] = {3, 1, 4, 1, 5};
    dn_figure_group groups[] = {{.name = "50% dose", .n = 5, .values = values},
                                {.name = "100%d %s", .n = 5, .values = values},
                                {.name = longest, .n = 5, .values = values}};
    assert_ok(dn_figure_create(85, 85, 1, 1, &figure));
    const dn_panel panel = {.title = longest, .y_label = "%n of ICV (%)"};
    assert_ok(dn_figure_box_plot(figure, &panel, groups, 3, &(dn_figure_bracket){0, 1, "100 %"}, 1));
    assert_ok(dn_figure_write(figure, in_folder("percent")));
    dn_figure_destroy(figure);
    char *drawn = text_of("percent.svg");
    static const char *const shown[] = {"50% dose", "100%d %s", "%n of ICV (%)", "100 %", "xxx\xE2\x80\xA6"};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; ++i) {
        if (strstr(drawn, shown[i]) == NULL) {
            fail_msg("expected \"%s\" in the figure", shown[i]);
        }
    }
    assert_null(strstr(drawn, "50%%"));
    free(drawn);
    /* A column's name as a file's: whole when short, cut and still its own when long. */
    char *a = NULL, *b = NULL;
    assert_ok(dn_file_name_of(longest, &a));
    longest[399] = 'y';
    assert_ok(dn_file_name_of(longest, &b));
    assert_true(strlen(a) <= 100 && strlen(b) <= 100 && strcmp(a, b) != 0);
    free(a);
    free(b);
}

static void equal_runs_give_equal_bytes(void **state)
{
    (void)state;
    needs_gnuplot();
    static const char *const extensions[] = {"svg", "pdf", "png", "gp", "tsv"};
    dn_figure *figure = small_figure("twice");
    assert_ok(dn_figure_write(figure, in_folder("twice")));
    char command[512];
    snprintf(command, sizeof command, "mkdir %s/first && mv %s/twice.* %s/first && sleep 1.1", folder, folder, folder);
    assert_int_equal(system(command), 0);
    assert_ok(dn_figure_write(figure, in_folder("twice")));
    dn_figure_destroy(figure);
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; ++i) {
        snprintf(command, sizeof command, "cmp %s/first/twice.%s %s/twice.%s", folder, extensions[i], folder, extensions[i]);
        if (system(command) != 0) {
            fail_msg("two equal figures differ in their .%s", extensions[i]);
        }
    }
}

/* gnuplot's exit code says nothing of a full disk: what it left is looked at. */
static void a_part_is_no_figure(void **state)
{
    (void)state;
    needs_gnuplot();
    static const char *const faults[] = {
        "gnuplot \"$@\"; truncate -s -1 part.png",
        "gnuplot \"$@\"; truncate -s -2 part.pdf",
        "gnuplot \"$@\"; truncate -s -9 part.svg",
        "gnuplot \"$@\"; truncate -s 100 part.pdf",
        "gnuplot \"$@\"; rm part.svg",
        "gnuplot \"$@\"; : >part.png",
        "trap '' XFSZ; ulimit -f 4; gnuplot \"$@\"; exit 0", /* as on a full disk */
        "exit 0",
    };
    dn_figure *figure = small_figure("part");
    assert_ok(dn_figure_write(figure, in_folder("part")));
    char *before = text_of("part.svg");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; ++i) {
        char command[512];
        FILE *script = fopen(in_folder("broken"), "w");
        assert_non_null(script);
        fprintf(script, "#!/bin/sh\n%s\n", faults[i]);
        fclose(script);
        assert_int_equal(chmod(in_folder("broken"), 0755), 0);
        setenv("DIEN_GNUPLOT", in_folder("broken"), 1);
        dn_status status = dn_figure_write(figure, in_folder("part"));
        unsetenv("DIEN_GNUPLOT");
        if (status != DN_EIO || strstr(dn_error_message(), "only a part") == NULL) {
            fail_msg("%s: expected a part, found %s: %s", faults[i], dn_status_name(status), dn_error_message());
        }
        char *after = text_of("part.svg");
        assert_string_equal(before, after); /* the old one stays */
        free(after);
        snprintf(command, sizeof command, "test -z \"$(find %s -name '.dien*')\"", folder);
        assert_int_equal(system(command), 0);
    }
    free(before);
    dn_figure_destroy(figure);
}

static void what_was_left_out_is_marked(void **state)
{
    (void)state;
    needs_gnuplot();
    dn_figure *figure = NULL;
    const double values[] = {3, 1, 4, 2, 5}, left_out[] = {11.5, -7.25};
    dn_figure_group groups[] = {{.name = "A", .n = 5, .values = values, .n_dropped = 2, .dropped = left_out},
                                {.name = "B", .n = 5, .values = values}};
    assert_ok(dn_figure_create(85, 85, 1, 1, &figure));
    assert_ok(
        dn_figure_box_plot(figure, &(dn_panel){0}, groups, 2, &(dn_figure_bracket){0, 1, "p = 0.022, all\np = 0.0088, without 2"}, 1));
    assert_ok(dn_figure_write(figure, in_folder("left")));
    dn_figure_destroy(figure);
    char *data = text_of("left.tsv"), *drawn = text_of("left.svg");
    assert_non_null(strstr(data, "\tpoint\t1\t11.5\t"));
    assert_non_null(strstr(data, "\tpoint\t1\t-7.25\t"));
    assert_non_null(strstr(data, "\tpoint\t1\t3\t")); /* the mean is that of the others */
    assert_non_null(strstr(drawn, "(2 left out)"));
    assert_non_null(strstr(drawn, "p = 0.022, all"));
    assert_non_null(strstr(drawn, "p = 0.0088, without 2"));
    free(data);
    free(drawn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(leaves_five_files_and_no_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(script_draws_the_same_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_are_only_texts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_are_only_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_gnuplot_script_and_data_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failing_gnuplot_keeps_the_old_figure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_it_cannot_show, set_up, tear_down),
        cmocka_unit_test_setup_teardown(data_hold_what_is_drawn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(percents_and_long_names_are_drawn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_runs_give_equal_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_part_is_no_figure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_left_out_is_marked, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
