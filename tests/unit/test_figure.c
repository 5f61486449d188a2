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
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
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
    if (!dn_figure_can_draw()) {
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
    assert_false(dn_figure_can_draw());
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
    dn_figure_group groups[] = {{"A", 8, values}, {"B", 0, NULL}};
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
