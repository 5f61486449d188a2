/* Texts of the mosaic: how many lines a paragraph takes, and that nothing passes the width it is given. */
#include "test.h"

#include "chart/mosaic.h"

#include <string.h>

static void paragraphs_have_the_lines_that_are_counted(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "one", "one two three four five six seven eight nine ten",
                                        "Averylongwordthatdoesnotfitintoanylineatallandisshownasitis and more"};
    dn_mosaic *m;
    assert_ok(dn_mosaic_create(400, 200, &m));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
        for (double width = 60; width <= 360; width += 50) {
            const int lines = dn_mosaic_paragraph_lines(m, width, 15, texts[i]);
            const double end = dn_mosaic_paragraph(m, 5, 20, width, 1000, 15, DN_INK_GREY, texts[i]);
            assert_close(end, 20 + lines * 15 * 1.35, 1e-9);
        }
    }
    assert_int_equal(dn_mosaic_paragraph_lines(m, 1e6, 15, texts[2]), 1);
    assert_true(dn_mosaic_paragraph_lines(m, 120, 15, texts[2]) > 2);
    dn_mosaic_destroy(m);
}

static void a_line_stays_within_its_width(void **state)
{
    (void)state;
    char name[600];
    dn_mosaic *m;
    assert_ok(dn_mosaic_create(400, 200, &m));
    for (size_t i = 0; i + 2 < sizeof name; i += 2) {
        memcpy(name + i, "\xc3\xbc", 3); /* u umlaut: two bytes, which are not to be torn apart (cairo would stop for good) */
    }
    for (double width = 20; width <= 300; width += 7) {
        assert_true(dn_mosaic_text_within(m, 5, 20, width, 16, true, DN_INK_WHITE, name) <= width);
    }
    const double whole = dn_mosaic_text(m, 5, 40, 16, false, DN_INK_WHITE, DN_TEXT_LEFT, "Third ventricle");
    assert_close(dn_mosaic_text_within(m, 5, 40, 1000, 16, false, DN_INK_WHITE, "Third ventricle"), whole, 1e-9);
    dn_mosaic_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paragraphs_have_the_lines_that_are_counted),
        cmocka_unit_test(a_line_stays_within_its_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
