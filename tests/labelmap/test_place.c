/* What is refused before a hemisphere is placed, and the motion that is read back. The plane itself: register/test_mirror_plane. */
#define _GNU_SOURCE /* mkdtemp */
#include "test.h"

#include "base/file.h"
#include "labelmap/numbers.h"
#include "labelmap/place.h"

#include <string.h>

static char folder[] = "/tmp/dien-test-place-XXXXXX";

static dn_status read_back(const char *rows, dn_affine *motion)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "%s/placed.json", folder);
    snprintf(text, sizeof text, "{\"HemisphereToMirror\": [%s]}", rows);
    assert_ok(dn_file_write_all(path, text, strlen(text)));
    const dn_status status = dn_place_read(path, motion);
    assert_int_equal(unlink(path), 0);
    return status;
}

static void motion_is_rigid(void **state)
{
    dn_affine motion;
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_ok(read_back("[0.8, -0.6, 0, -3], [0.6, 0.8, 0, 2.5], [0, 0, 1, 0]", &motion));
    assert_close(motion.m[0][1], -0.6, 0);
    assert_close(motion.m[1][3], 2.5, 0);
    assert_int_equal(read_back("[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]", &motion), DN_EFORMAT); /* scaled */
    assert_int_equal(read_back("[1, 0, 0, 0], [0, 1, 0, 0], [0, 0.5, 1, 0]", &motion), DN_EFORMAT);
    assert_int_equal(read_back("[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]", &motion), DN_EFORMAT);
    assert_int_equal(read_back("[1, 0, 0, 0], [0, 1, 0, 0]", &motion), DN_EFORMAT);
    assert_int_equal(rmdir(folder), 0);
}

/* A line of voxels of 10 mm with these labels. */
static dn_status check(const uint16_t *labels, int64_t count, bool any_size)
{
    const dn_grid grid = {{count, 1, 1}, {{{10, 0, 0, 0}, {0, 10, 0, 0}, {0, 0, 10, 0}}}};
    const dn_place_options how = {.tissues = DIEN_SOURCE_FOLDER "/share/synth/tissues.tsv", .any_size = any_size};
    dn_labels *map = NULL;
    assert_ok(dn_labels_create(&grid, &map));
    memcpy(map->data, labels, (size_t)count * sizeof *labels);
    const dn_status status = dn_place_check(map, &how, "map.nii");
    dn_labels_destroy(map);
    return status;
}

static void one_side_is_needed(void **state)
{
    (void)state;
    assert_ok(check((const uint16_t[]){0, 2, 3, 30001, 801}, 5, false));
    assert_int_equal(check((const uint16_t[]){0, 0, 0}, 3, false), DN_EDATA);
    assert_int_equal(check((const uint16_t[]){0, 2, 3, 41, 42}, 5, false), DN_EDATA);
    assert_int_equal(check((const uint16_t[]){30001, 30002, 30101}, 3, false), DN_EDATA);
    /* numbers between those of the classes are nothing that is known, and have no side */
    assert_ok(check((const uint16_t[]){2, 30050, 30121}, 3, false));
    assert_true(dn_number_is_class(30020) && dn_number_is_class(30120));
    assert_false(dn_number_is_class(30000) || dn_number_is_class(30021) || dn_number_is_class(30100) || dn_number_is_class(30121));
}

static void size_of_a_hemisphere(void **state)
{
    uint16_t labels[900];
    (void)state;
    for (size_t n = 0; n < 900; ++n) {
        labels[n] = 2;
    }
    assert_ok(check(labels, 850, false)); /* a voxel has 1 mL */
    assert_int_equal(check(labels, 851, false), DN_EDATA);
    assert_ok(check(labels, 900, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(motion_is_rigid), cmocka_unit_test(one_side_is_needed),
                                       cmocka_unit_test(size_of_a_hemisphere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
