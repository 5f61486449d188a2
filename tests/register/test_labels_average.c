/* Alignment and average of label maps on heads of ellipsoids, whose transforms are known. */
#include "test.h"

#include "image/volume.h"
#include "register/labels_average.h"

#include <math.h>
#include <string.h>

enum { MAPS = 4, SIZE = 56 };

typedef struct blob {
    uint16_t label;
    double at[3], radius[3];
} blob;

/* Symmetric about x = 0; the last ones win. */
static const blob blobs[] = {
    {24, {0, 0, 0}, {44, 50, 42}},    {2, {-18, 0, 4}, {20, 42, 32}}, {41, {18, 0, 4}, {20, 42, 32}}, {16, {0, -16, -24}, {9, 9, 14}},
    {14, {0, -4, 0}, {4, 12, 10}},    {10, {-11, -8, 4}, {6, 11, 9}}, {49, {11, -8, 4}, {6, 11, 9}},  {11, {-12, 16, 12}, {6, 12, 7}},
    {50, {12, 16, 12}, {6, 12, 7}},   {12, {-26, 8, 0}, {6, 12, 9}},  {51, {26, 8, 0}, {6, 12, 9}},   {17, {-26, -16, -12}, {6, 12, 6}},
    {53, {26, -16, -12}, {6, 12, 6}},
};

static uint16_t head_at(const double p[3])
{
    uint16_t label = 0;
    for (size_t b = 0; b < sizeof blobs / sizeof *blobs; ++b) {
        double r = 0.0;
        for (int c = 0; c < 3; ++c) {
            double d = (p[c] - blobs[b].at[c]) / blobs[b].radius[c];
            r += d * d;
        }
        label = r < 1.0 ? blobs[b].label : label;
    }
    return label;
}

/* to_head: from the map's world to the head's. bend: mm of a smooth sway in y with z. */
static dn_labels *make_map(const dn_affine *to_head, double bend)
{
    dn_grid grid = {{SIZE, SIZE, SIZE}, {{{2, 0, 0, -SIZE + 1}, {0, 2, 0, -SIZE + 1}, {0, 0, 2, -SIZE + 1}}}};
    dn_labels *map = NULL;
    assert_ok(dn_labels_create(&grid, &map));
    for (int64_t k = 0, v = 0; k < SIZE; ++k) {
        for (int64_t j = 0; j < SIZE; ++j) {
            for (int64_t i = 0; i < SIZE; ++i, ++v) {
                double p[3];
                dn_affine_apply(&grid.affine, (const double[3]){(double)i, (double)j, (double)k}, p);
                dn_affine_apply(to_head, p, p);
                p[1] += bend * sin(p[2] / 12.0);
                map->data[v] = head_at(p);
            }
        }
    }
    return map;
}

/* Turned about x and z, scaled, moved. */
static dn_affine transform(double about_x, double about_z, double scale, double shift)
{
    double cx = cos(about_x);
    double sx = sin(about_x);
    double cz = cos(about_z);
    double sz = sin(about_z);
    return (dn_affine){{{scale * cz, -scale * sz * cx, scale * sz * sx, shift},
                        {scale * sz, scale * cz * cx, -scale * cz * sx, -shift},
                        {0, scale * sx, scale * cx, 0.5 * shift}}};
}

static void make_maps(dn_labels *maps[MAPS], dn_affine to_head[MAPS], double bend)
{
    to_head[0] = transform(0.10, 0.03, 1.00, 1.0);
    to_head[1] = transform(-0.05, -0.05, 0.95, -3.0);
    to_head[2] = transform(0.02, 0.06, 1.06, 2.0);
    to_head[3] = transform(-0.07, -0.04, 1.02, 0.0);
    for (int m = 0; m < MAPS; ++m) {
        maps[m] = make_map(&to_head[m], m % 2 ? bend : -bend);
    }
}

static dn_tissues *shipped_tissues(void)
{
    dn_tissues *tissues = NULL;
    assert_ok(dn_tissues_read(DIEN_SOURCE_FOLDER "/share/synth/tissues.tsv", &tissues));
    return tissues;
}

/* A point of mean space is the same point of the head in all maps. */
static void affines_are_found(void **state)
{
    (void)state;
    dn_labels *maps[MAPS];
    dn_affine to_head[MAPS];
    dn_alignment alignments[MAPS];
    dn_tissues *tissues = shipped_tissues();
    make_maps(maps, to_head, 0.0);
    assert_ok(dn_align_affine((const dn_labels *const *)maps, MAPS, tissues, alignments));
    const double points[3][3] = {{0, 0, 0}, {-25, 20, 10}, {15, -30, -20}};
    for (int n = 0; n < 3; ++n) {
        double first[3];
        for (int m = 0; m < MAPS; ++m) {
            double p[3];
            dn_alignment_point(&alignments[m], points[n], p);
            dn_affine_apply(&to_head[m], p, p);
            for (int c = 0; c < 3; ++c) {
                first[c] = m == 0 ? p[c] : first[c];
                assert_close(p[c], first[c], 0.5);
            }
            if (points[n][0] == 0.0) {
                assert_close(p[0], 0.0, 0.3); /* the midline lies on the midline */
            }
        }
    }
    for (int m = 0; m < MAPS; ++m) {
        dn_alignment_release(&alignments[m]);
        dn_labels_destroy(maps[m]);
    }
    dn_tissues_destroy(tissues);
}

/* Share of voxels inside the skull on which a map and the average agree. */
static double agreement(const dn_labels *average, const dn_labels *map, const dn_alignment *alignment)
{
    dn_affine to_voxel;
    double same = 0.0;
    double all = 0.0;
    assert_ok(dn_affine_invert(&map->grid.affine, &to_voxel));
    for (int64_t k = 0, v = 0; k < average->grid.dim[2]; ++k) {
        for (int64_t j = 0; j < average->grid.dim[1]; ++j) {
            for (int64_t i = 0; i < average->grid.dim[0]; ++i, ++v) {
                double p[3];
                dn_affine_apply(&average->grid.affine, (const double[3]){(double)i, (double)j, (double)k}, p);
                dn_alignment_point(alignment, p, p);
                dn_affine_apply(&to_voxel, p, p);
                int64_t at[3];
                for (int c = 0; c < 3; ++c) {
                    at[c] = (int64_t)fmin(fmax(floor(p[c] + 0.5), 0.0), SIZE - 1);
                }
                if (average->data[v] != 0) {
                    all += 1.0;
                    same += map->data[dn_grid_offset(&map->grid, at[0], at[1], at[2])] == average->data[v];
                }
            }
        }
    }
    return same / all;
}

/* Bent heads agree better with their average after the demons; the average is symmetric. */
static void demons_bring_nearer(void **state)
{
    (void)state;
    dn_labels *maps[MAPS];
    dn_affine to_head[MAPS];
    dn_alignment alignments[MAPS];
    dn_tissues *tissues = shipped_tissues();
    const dn_grid grid = {{SIZE, SIZE, SIZE}, {{{2, 0, 0, -SIZE + 1}, {0, 2, 0, -SIZE + 1}, {0, 0, 2, -SIZE + 1}}}};
    double mean[2] = {0.0, 0.0};
    make_maps(maps, to_head, 3.0);
    const dn_labels *const *heads = (const dn_labels *const *)maps;
    assert_ok(dn_align_affine(heads, MAPS, tissues, alignments));
    for (int after = 0; after < 2; ++after) {
        dn_labels *average = NULL;
        if (after) {
            assert_ok(dn_align_demons(heads, MAPS, tissues, 4.0, 3, 6, alignments));
        }
        assert_ok(dn_labels_average(heads, alignments, MAPS, tissues, &grid, &average));
        for (int m = 0; m < MAPS; ++m) {
            mean[after] += agreement(average, maps[m], &alignments[m]) / MAPS;
        }
        dn_labels *half = NULL;
        assert_ok(dn_labels_create(&grid, &half));
        memcpy(half->data, average->data, (size_t)dn_grid_count(&grid) * sizeof *half->data);
        assert_ok(dn_labels_mirror(half, tissues));
        int64_t differ = 0;
        for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
            differ += half->data[v] != average->data[v];
        }
        assert_true(differ < dn_grid_count(&grid) / 1000); /* ties only */
        dn_labels_destroy(half);
        dn_labels_destroy(average);
    }
    printf("agreement: affine %.4f, with demons %.4f\n", mean[0], mean[1]);
    if (!(mean[1] > mean[0] + 0.3 * (1.0 - mean[0]))) {
        fail_msg("expected the demons to take away a third of the disagreement, found %.4f after %.4f", mean[1], mean[0]);
    }
    for (int m = 0; m < MAPS; ++m) {
        dn_alignment_release(&alignments[m]);
        dn_labels_destroy(maps[m]);
    }
    dn_tissues_destroy(tissues);
}

static void crumbs_go(void **state)
{
    (void)state;
    dn_grid grid = {{12, 12, 12}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_labels *map = NULL;
    dn_tissues *tissues = shipped_tissues();
    assert_ok(dn_labels_create(&grid, &map));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        map->data[v] = v % 12 < 6 ? 2 : 10;
    }
    map->data[dn_grid_offset(&grid, 2, 5, 5)] = 10; /* thalamus in the white matter */
    map->data[dn_grid_offset(&grid, 3, 5, 5)] = 10;
    map->data[dn_grid_offset(&grid, 9, 5, 5)] = 507; /* skin in the thalamus: not ours to judge */
    assert_ok(dn_labels_drop_crumbs(map, tissues));
    assert_int_equal(map->data[dn_grid_offset(&grid, 2, 5, 5)], 2);
    assert_int_equal(map->data[dn_grid_offset(&grid, 3, 5, 5)], 2);
    assert_int_equal(map->data[dn_grid_offset(&grid, 9, 5, 5)], 507);
    assert_int_equal(map->data[dn_grid_offset(&grid, 8, 5, 5)], 10);
    assert_int_equal(dn_labels_mirror(map, tissues), DN_EGEOMETRY); /* not symmetric about x = 0 */
    dn_labels_destroy(map);
    dn_tissues_destroy(tissues);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(affines_are_found), cmocka_unit_test(demons_bring_nearer),
                                       cmocka_unit_test(crumbs_go)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
