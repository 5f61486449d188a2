/* The table of labels: whole, in agreement with the networks that are shipped, and with colours that can be told apart. */
#include "test.h"

#include "models/label_table.h"
#include "segment/head/clean.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void every_row_is_whole(void **state)
{
    (void)state;
    dn_label_entry entry, found;
    size_t rows = 0;
    for (; dn_label_table_row(rows, &entry); ++rows) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", entry.side == 'L' ? "left_" : entry.side == 'R' ? "right_" : "", entry.structure);
        const bool part = strncmp(entry.structure, "hypothalamus_", 13) == 0; /* "left_posterior", as the published network has it */
        if (!part && entry.number > 0) {
            assert_string_equal(entry.name, name);
        }
        assert_non_null(strchr("LRB", entry.side));
        assert_true(strcmp(entry.source, "FreeSurfer") == 0 || strcmp(entry.source, "dien") == 0);
        assert_true(dn_label_table_structure(entry.structure, entry.side, &found));
        assert_int_equal(found.number, entry.number);
        if (entry.number > 0) {
            assert_true(dn_label_table_number(entry.number, &found));
            assert_string_equal(found.structure, entry.structure); /* a number twice would find the first */
            assert_int_equal(found.side, entry.side);
        }
    }
    FILE *file = fopen(DIEN_SOURCE_FOLDER "/share/labels.tsv", "r");
    size_t lines = 0;
    assert_non_null(file);
    for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
        lines += c == '\n';
    }
    fclose(file);
    assert_int_equal(rows, lines - 1); /* each line but the first was understood */
    assert_false(dn_label_table_number(0, &found));
    assert_false(dn_label_table_number(999, &found));
    assert_false(dn_label_table_structure("spleen", 'L', &found));
}

static void agrees_with_the_networks(void **state)
{
    (void)state;
    static const char *const names[] = {
        "hypothalamus",      "hypothalamus-any-contrast", "hypothalamus-any-contrast-whole", "hypothalamus-2d",
        "whole-head-coarse", "whole-head-fine",           "whole-head-coarse-any-contrast",  "whole-head-fine-any-contrast"};
    size_t read = 0;
    for (size_t n = 0; n < sizeof names / sizeof *names; ++n) {
        char path[512];
        dn_model *model;
        snprintf(path, sizeof path, "%s/models/%s.safetensors", DIEN_SOURCE_FOLDER, names[n]);
        if (access(path, R_OK) != 0) {
            continue;
        }
        assert_ok(dn_model_read_metadata(path, &model));
        ++read;
        for (size_t i = 0; i < model->label_count; ++i) {
            const dn_model_label *label = &model->labels[i];
            dn_label_entry entry;
            if (label->index > 0) {
                assert_true(dn_label_table_number(label->index, &entry));
                assert_string_equal(entry.structure, label->structure);
                assert_int_equal(entry.side, label->hemi);
            }
        }
        dn_model_destroy(model);
    }
    assert_true(read >= 2);
}

/* A network's label keeps its own colour only where the table does not know its structure. */
static void colours_of_labels(void **state)
{
    (void)state;
    uint8_t color[3];
    dn_label_color(&(dn_model_label){1, 10, "left_thalamus", "thalamus", 'L', {1, 2, 3}}, color);
    assert_int_equal(color[1], 170);
    dn_label_color(&(dn_model_label){1, 7001, "left_pulvinar", "thalamus_pulvinar", 'L', {1, 2, 3}}, color);
    assert_int_equal(color[1], 2);
}

/* CIE L*a*b* of sRGB, D65. */
static void lab_of(const uint8_t rgb[3], double lab[3])
{
    double linear[3], f[3];
    for (int c = 0; c < 3; ++c) {
        double u = rgb[c] / 255.0;
        linear[c] = u > 0.04045 ? pow((u + 0.055) / 1.055, 2.4) : u / 12.92;
    }
    const double xyz[3] = {(0.4124 * linear[0] + 0.3576 * linear[1] + 0.1805 * linear[2]) / 0.95047,
                           0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2],
                           (0.0193 * linear[0] + 0.1192 * linear[1] + 0.9505 * linear[2]) / 1.08883};
    for (int c = 0; c < 3; ++c) {
        f[c] = xyz[c] > 0.008856 ? cbrt(xyz[c]) : 7.787 * xyz[c] + 16.0 / 116.0;
    }
    lab[0] = 116 * f[1] - 16;
    lab[1] = 500 * (f[0] - f[1]);
    lab[2] = 200 * (f[1] - f[2]);
}

static bool is_drawn(const dn_label_entry *entry)
{
    return strncmp(entry->structure, "hypothalamus", 12) == 0 || strcmp(entry->structure, "icv") == 0 || dn_clean_deep(entry->structure);
}

/* What the pictures outline: bright and coloured enough for a grey scan, and no two structures alike. (FreeSurfer's own colours have
 * accumbens and the posterior subunit 3 apart.) */
static void outlines_can_be_told_apart(void **state)
{
    (void)state;
    dn_label_entry a, b;
    double nearest = INFINITY;
    for (size_t i = 0; dn_label_table_row(i, &a); ++i) {
        double lab[3], other[3];
        if (!is_drawn(&a)) {
            continue;
        }
        lab_of(a.color, lab);
        if (lab[0] < 45 || hypot(lab[1], lab[2]) < 35) {
            fail_msg("%s: lightness %.0f and chroma %.0f, expected at least 45 and 35", a.name, lab[0], hypot(lab[1], lab[2]));
        }
        for (size_t k = 0; k < i; ++k) {
            assert_true(dn_label_table_row(k, &b));
            const bool sides = strcmp(a.structure, b.structure) == 0 && strcmp(a.structure, "hypothalamus") != 0;
            if (!is_drawn(&b) || sides) {
                continue;
            }
            lab_of(b.color, other);
            double distance = sqrt(pow(lab[0] - other[0], 2) + pow(lab[1] - other[1], 2) + pow(lab[2] - other[2], 2));
            nearest = fmin(nearest, distance);
            if (distance < 18) {
                fail_msg("%s and %s: colours %.1f apart, expected at least 18", a.name, b.name, distance);
            }
        }
    }
    assert_true(nearest < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(agrees_with_the_networks),
        cmocka_unit_test(colours_of_labels),
        cmocka_unit_test(outlines_can_be_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
