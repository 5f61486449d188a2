/* The shipped template is what its header promises, and broken ones are refused. */
#define _GNU_SOURCE
#include "test.h"

#include "base/file.h"
#include "image/io.h"
#include "register/template.h"
#include "register/tissues.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER DIEN_SOURCE_FOLDER "/share/template"

static void frame_and_size(void **state)
{
    (void)state;
    dn_template *head = NULL;
    assert_ok(dn_template_read(FOLDER, &head));
    for (int c = 0; c < 3; ++c) {
        assert_close(head->ac.at[c], 0.0, 1e-9);
    }
    assert_close(head->pc.at[0], 0.0, 1e-9);
    assert_close(head->pc.at[2], 0.0, 1e-9);
    assert_close(head->pc.at[1], -27.0, 3.0); /* adults: 24 to 30 mm */
    assert_true(head->ac.error_mm > 0.0 && head->pc.error_mm > 0.0);
    struct stat file;
    assert_int_equal(stat(FOLDER "/head.nii.gz", &file), 0);
    assert_true(file.st_size < 600000);
    dn_template_destroy(head);
}

static void symmetric_and_known(void **state)
{
    (void)state;
    dn_template *head = NULL;
    dn_tissues *tissues = NULL;
    assert_ok(dn_template_read(FOLDER, &head));
    assert_ok(dn_tissues_read(DIEN_SOURCE_FOLDER "/share/synth/tissues.tsv", &tissues));
    const dn_labels *map = head->labels;
    const dn_grid *grid = &map->grid;
    assert_close(grid->affine.m[0][3] + 0.5 * (double)(grid->dim[0] - 1) * grid->affine.m[0][0], 0.0, 1e-6);
    int64_t wrong = 0;
    int64_t unknown = 0;
    for (int64_t r = 0; r < grid->dim[1] * grid->dim[2]; ++r) {
        for (int64_t i = 0; i < grid->dim[0]; ++i) {
            uint16_t here = map->data[r * grid->dim[0] + i];
            uint16_t there = map->data[r * grid->dim[0] + grid->dim[0] - 1 - i];
            wrong += tissues->swap[here] != there;
            unknown += tissues->tissue[here] < 0;
        }
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(unknown, 0);
    dn_tissues_destroy(tissues);
    dn_template_destroy(head);
}

/* Volumes and middles that anatomy books would not object to; left is x < 0. */
static void anatomy(void **state)
{
    (void)state;
    static const struct {
        uint16_t label;
        double least, most; /* ml */
        double low[3], high[3];
    } expected[] = {
        {10, 5.5, 9.5, {-16, -26, -2}, {-8, -14, 12}}, /* thalamus: between and above the commissures */
        {49, 5.5, 9.5, {8, -26, -2}, {16, -14, 12}},     {12, 3.5, 7.0, {-32, -8, -6}, {-20, 8, 8}}, /* putamen: beside AC */
        {14, 0.5, 3.0, {-1, -20, -8}, {1, -8, 4}},       /* third ventricle: between AC and PC */
        {16, 15.0, 30.0, {-1, -40, -45}, {1, -18, -20}}, /* brain stem: below PC */
        {17, 2.5, 5.5, {-34, -35, -22}, {-20, -15, -2}}, /* hippocampus */
        {85, 0.03, 0.5, {-1, -2, -20}, {1, 10, -8}},     /* chiasm: below AC */
    };
    dn_template *head = NULL;
    assert_ok(dn_template_read(FOLDER, &head));
    const dn_grid *grid = &head->labels->grid;
    for (size_t e = 0; e < sizeof expected / sizeof *expected; ++e) {
        double sum[3] = {0.0, 0.0, 0.0};
        double count = 0.0;
        for (int64_t k = 0, v = 0; k < grid->dim[2]; ++k) {
            for (int64_t j = 0; j < grid->dim[1]; ++j) {
                for (int64_t i = 0; i < grid->dim[0]; ++i, ++v) {
                    if (head->labels->data[v] == expected[e].label) {
                        double p[3];
                        dn_affine_apply(&grid->affine, (const double[3]){(double)i, (double)j, (double)k}, p);
                        for (int c = 0; c < 3; ++c) {
                            sum[c] += p[c];
                        }
                        count += 1.0;
                    }
                }
            }
        }
        double ml = 1e-3 * count * dn_grid_voxel_volume(grid);
        if (ml < expected[e].least || ml > expected[e].most) {
            fail_msg("label %u: expected %g to %g ml, found %.2f", (unsigned)expected[e].label, expected[e].least, expected[e].most, ml);
        }
        for (int c = 0; c < 3; ++c) {
            double at = sum[c] / count;
            if (at < expected[e].low[c] || at > expected[e].high[c]) {
                fail_msg("label %u, %c: expected %g to %g mm, found %.1f", (unsigned)expected[e].label, "xyz"[c], expected[e].low[c],
                         expected[e].high[c], at);
            }
        }
    }
    dn_template_destroy(head);
}

static void refusals(void **state)
{
    (void)state;
    char folder[] = "/tmp/dien-template-XXXXXX";
    char path[128];
    assert_non_null(mkdtemp(folder));
    dn_template *head = NULL;
    assert_int_equal(dn_template_read(folder, &head), DN_EINPUT);
    snprintf(path, sizeof path, "%s/landmarks.tsv", folder);
    static const struct {
        const char *text;
        dn_status status;
    } cases[] = {
        {"name\tx_mm\ty_mm\tz_mm\terror_mm\nAC\t0\t0\t0\t1\n", DN_EFORMAT},                     /* no PC */
        {"name\tx_mm\ty_mm\tz_mm\terror_mm\nAC\t0\t0\t0\t1\nPC\t0\t\t0\t1\n", DN_EFORMAT},      /* a number is missing */
        {"name\tx_mm\ty_mm\tz_mm\terror_mm\nAC\t0\t1\t0\t1\nPC\t0\t-27\t0\t1\n", DN_EGEOMETRY}, /* AC is not the origin */
        {"name\tx_mm\ty_mm\tz_mm\terror_mm\nAC\t0\t0\t0\t1\nPC\t0\t27\t0\t1\n", DN_EGEOMETRY},  /* PC in front */
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; ++c) {
        assert_ok(dn_file_write_all(path, cases[c].text, strlen(cases[c].text)));
        assert_int_equal(dn_template_read(folder, &head), cases[c].status);
        assert_null(head);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(frame_and_size), cmocka_unit_test(symmetric_and_known), cmocka_unit_test(anatomy),
                                       cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
