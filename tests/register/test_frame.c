#define _POSIX_C_SOURCE 200809L /* mkstemp */
/* The AC-PC frame: heads of known frame are found again however they lie, what is no head is refused, and the stacks lie where the frame
 * says. */
#include "egg_head.h"

#include "base/file.h"
#include "image/filter.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "prepare/frame_record.h"
#include "prepare/stack.h"
#include "register/frame.h"

#define RADIAN 0.017453292519943295

static dn_labels *reference_labels;
static dn_frame_reference reference;

static int make_reference(void **state)
{
    (void)state;
    const double one[3] = {1, 1, 1}, where[3] = {0, -15, 5};
    const dn_affine same = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
    const dn_grid grid = egg_grid(one, where);
    reference_labels = egg_head(&grid, &same, one);
    reference = (dn_frame_reference){.labels = reference_labels, .pc = {0, -EGG_AC_PC, 0}, .right = {1, 0, 0}};
    return 0;
}

static int drop_reference(void **state)
{
    (void)state;
    dn_labels_destroy(reference_labels);
    return 0;
}

/* The frame of a head turned by pitch, roll, yaw, with AC at `ac` of the world. */
static dn_frame turned(double pitch, double roll, double yaw, const double ac[3], double stretch)
{
    const double cp = cos(RADIAN * pitch), sp = sin(RADIAN * pitch), cr = cos(RADIAN * roll), sr = sin(RADIAN * roll);
    const double cy = cos(RADIAN * yaw), sy = sin(RADIAN * yaw);
    const double rotation[3][3] = {{cy * cr, cy * sr * sp - sy * cp, cy * sr * cp + sy * sp},
                                   {sy * cr, sy * sr * sp + cy * cp, sy * sr * cp - cy * sp},
                                   {-sr, cr * sp, cr * cp}};
    double pc[3];
    dn_frame frame = {.structures = 0};
    for (int r = 0; r < 3; ++r) {
        pc[r] = ac[r] - rotation[r][1] * EGG_AC_PC * stretch;
    }
    dn_frame_set(&frame, rotation, ac, pc);
    return frame;
}

static double distance(const double a[3], const double b[3])
{
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));
}

static void heads_are_found(void **state)
{
    (void)state;
    static const struct {
        double pitch, roll, yaw, ac[3], stretch[3], spacing[3];
        const char *orientation;
        double degrees, mm;
    } cases[] = {
        {0, 0, 0, {0, 0, 0}, {1, 1, 1}, {1, 1, 1}, "RAS", 0.05, 0.05},
        {25, -25, 25, {7, -4, 11}, {1, 1, 1}, {1, 1, 1}, "LIP", 0.3, 0.3},
        {-20, 10, -15, {3, 9, -6}, {0.9, 1.08, 0.95}, {1, 1.2, 1}, "PSR", 0.3, 0.3},
        {12, 20, 160, {0, 5, 0}, {1.1, 1.0, 1.05}, {2, 2, 2}, "RAS", 0.7, 0.7}, /* lies backwards, coarse */
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; ++n) {
        const dn_frame truth = turned(cases[n].pitch, cases[n].roll, cases[n].yaw, cases[n].ac, cases[n].stretch[1]);
        double middle[3];
        dn_affine_apply(&truth.to_scan, (const double[3]){0, -15, 5}, middle);
        const dn_grid grid = egg_grid(cases[n].spacing, middle);
        dn_labels *ras = egg_head(&grid, &truth.from_scan, cases[n].stretch), *labels = NULL;
        dn_orientation orientation;
        dn_frame found;
        assert_ok(dn_orientation_parse(cases[n].orientation, &orientation));
        assert_ok(dn_labels_reorient(ras, &orientation, &labels));
        assert_ok(dn_frame_from_labels(labels, &reference, NULL, &found));
        printf("pitch %g roll %g yaw %g: off by %.3f degrees, AC %.3f mm, PC %.3f mm; expected %.3f degrees, %.3f mm\n", cases[n].pitch,
               cases[n].roll, cases[n].yaw, dn_frame_angle(&found, &truth), distance(found.ac, truth.ac), distance(found.pc, truth.pc),
               found.error_degrees, found.error_mm);
        assert_close(dn_frame_angle(&found, &truth), 0, cases[n].degrees);
        assert_close(distance(found.ac, truth.ac), 0, cases[n].mm);
        assert_close(distance(found.pc, truth.pc), 0, cases[n].mm);
        assert_close(found.pitch, cases[n].pitch, 1.0);
        assert_close(found.roll, cases[n].roll, 1.0);
        assert_close(found.yaw, cases[n].yaw, 1.0);
        for (int c = 0; c < 3; ++c) {
            assert_close(found.scale[c], cases[n].stretch[c], 0.02);
        }
        dn_labels_destroy(ras);
        dn_labels_destroy(labels);
    }
}

/* A label put in a wrong place does not pull the frame along. */
static void one_wrong_structure_is_borne(void **state)
{
    (void)state;
    const double ac[3] = {0, 0, 0}, one[3] = {1, 1, 1}, where[3] = {0, -15, 5};
    const dn_frame truth = turned(8, -5, 6, ac, 1);
    const dn_grid grid = egg_grid(one, where);
    dn_labels *labels = egg_head(&grid, &truth.from_scan, one);
    dn_frame found;
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const int64_t j = v / grid.dim[0] % grid.dim[1];
        labels->data[v] = labels->data[v] == 53 ? 41 : labels->data[v]; /* the right hippocampus is far in front */
        labels->data[v] = labels->data[v] == 41 && j > 170 ? 53 : labels->data[v];
    }
    assert_ok(dn_frame_from_labels(labels, &reference, NULL, &found));
    printf("one structure wrong: off by %.3f degrees and %.3f mm\n", dn_frame_angle(&found, &truth), distance(found.ac, truth.ac));
    assert_close(dn_frame_angle(&found, &truth), 0, 1.0);
    assert_close(distance(found.ac, truth.ac), 0, 1.0);
    dn_labels_destroy(labels);
}

static void what_is_no_head_is_refused(void **state)
{
    (void)state;
    const double ac[3] = {0, 0, 0}, one[3] = {1, 1, 1}, where[3] = {0, -15, 5}, large[3] = {1.6, 1.6, 1.6}, two[3] = {2, 2, 2};
    const dn_frame upright = turned(0, 0, 0, ac, 1);
    const dn_grid grid = egg_grid(one, where);
    dn_frame frame;
    dn_labels *labels = egg_head(&grid, &upright.from_scan, one);
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        static const uint16_t swap[][2] = {{10, 49}, {11, 50}, {12, 51}, {13, 52}, {28, 60}, {17, 53}, {18, 54}, {26, 58}, {4, 43}};
        for (size_t s = 0; s < sizeof swap / sizeof *swap; ++s) {
            const uint16_t was = labels->data[v];
            if (was == swap[s][0] || was == swap[s][1]) {
                labels->data[v] = swap[s][was == swap[s][0]];
                break;
            }
        }
    }
    assert_int_equal(dn_frame_from_labels(labels, &reference, NULL, &frame), DN_EDATA);
    printf("%s\n", dn_error_message());
    assert_non_null(strstr(dn_error_message(), "left and right are exchanged"));

    memset(labels->data, 0, (size_t)dn_grid_count(&grid) * sizeof *labels->data);
    for (int64_t v = 0; v < 4000; ++v) {
        labels->data[v + dn_grid_count(&grid) / 2] = v < 2000 ? 10 : 49;
    }
    assert_int_equal(dn_frame_from_labels(labels, &reference, NULL, &frame), DN_EDATA);
    printf("%s\n", dn_error_message());
    assert_non_null(strstr(dn_error_message(), "only 2 of the structures"));

    /* Every structure is there, none where it should be. */
    memset(labels->data, 0, (size_t)dn_grid_count(&grid) * sizeof *labels->data);
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        static const uint16_t all[] = {10, 16, 50, 4, 52, 17, 60, 13, 49, 28, 11, 53, 14, 12, 51, 43};
        const int64_t cell[3] = {v % grid.dim[0] / 48, v / grid.dim[0] % grid.dim[1] / 56, v / grid.dim[0] / grid.dim[1] / 190};
        const int64_t in[3] = {v % grid.dim[0] % 48, v / grid.dim[0] % grid.dim[1] % 56, v / grid.dim[0] / grid.dim[1]};
        if (in[0] > 10 && in[0] < 30 && in[1] > 10 && in[1] < 30 && in[2] > 80 && in[2] < 100) {
            labels->data[v] = all[(size_t)(cell[0] + 4 * cell[1]) % 16];
        }
    }
    assert_int_equal(dn_frame_from_labels(labels, &reference, NULL, &frame), DN_EDATA);
    printf("%s\n", dn_error_message());
    dn_labels_destroy(labels);

    const dn_grid wide = egg_grid(two, where);
    labels = egg_head(&wide, &upright.from_scan, large);
    assert_int_equal(dn_frame_from_labels(labels, &reference, NULL, &frame), DN_EDATA);
    printf("%s\n", dn_error_message());
    assert_non_null(strstr(dn_error_message(), "1.6"));
    dn_labels_destroy(labels);
}

/* A scan whose value is its place in the frame: x + 1000 y, so that every voxel of a stack tells where it was taken. */
static void stacks_lie_in_the_frame(void **state)
{
    (void)state;
    const double ac[3] = {4, -3, 8}, spacing[3] = {1, 1.2, 0.9};
    const dn_frame frame = turned(15, -7, 11, ac, 1);
    const dn_grid grid = egg_grid(spacing, ac);
    dn_volume *scan = NULL, *stack = NULL;
    dn_affine all;
    assert_ok(dn_volume_create(&grid, &scan));
    dn_affine_compose(&frame.from_scan, &grid.affine, &all);
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const double ijk[3] = {(double)(v % grid.dim[0]), (double)(v / grid.dim[0] % grid.dim[1]), (double)(v / grid.dim[0] / grid.dim[1])};
        double p[3];
        dn_affine_apply(&all, ijk, p);
        scan->data[v] = (float)(1e4 + p[0] + 100.0 * p[1] - 10.0 * p[2]);
    }
    dn_stack_geometry geometry = dn_stack_hypothalamus();
    assert_int_equal(geometry.slices, 50);
    assert_int_equal(geometry.pixels, 512);
    assert_close(geometry.thickness, 0.5, 0);
    assert_close(geometry.pixel, 0.125, 0);
    geometry.pixels = 64; /* the same field */
    geometry.pixel = 1.0;
    assert_ok(dn_stack_cut(scan, &frame, &geometry, NULL, NULL, &stack));
    assert_int_equal(stack->grid.dim[0], 64);
    assert_int_equal(stack->grid.dim[2], 50);
    for (int64_t k = 0; k < 50; k += 7) {
        /* Column i runs to the left, row j downwards, slice k backwards. */
        for (int64_t j = 0; j < 64; j += 9) {
            const int64_t i = (3 * j + k) % 64;
            const double x = 31.5 - (double)i, z = 31.5 - (double)j, y = -5.0 + 0.5 * (24.5 - (double)k);
            assert_close(stack->data[dn_grid_offset(&stack->grid, i, j, k)], 1e4 + x + 100.0 * y - 10.0 * z, 0.05);
            double at[3], expected[3];
            dn_affine_apply(&stack->grid.affine, (const double[3]){(double)i, (double)j, (double)k}, at);
            dn_affine_apply(&frame.to_scan, (const double[3]){x, y, z}, expected);
            assert_close(distance(at, expected), 0, 1e-9);
        }
    }
    dn_volume_destroy(stack);
    double mean, sd;
    dn_volume_summary summary;
    assert_ok(dn_stack_cut(scan, &frame, &geometry, &mean, &sd, &stack));
    assert_ok(dn_volume_summarise(stack, NULL, &summary));
    assert_close(summary.mean, 0, 1e-4);
    assert_close(summary.sd, 1, 1e-4);
    /* Middles of the stack: x and z are 0 on average, y is -5; SD of the three independent steps. */
    assert_close(mean, 1e4 - 500.0, 0.05);
    assert_close(sd, sqrt((1.0 + 100.0) * (64.0 * 64.0 - 1) / 12.0 + 1e4 * 0.25 * (50.0 * 50.0 - 1) / 12.0), 0.5);

    /* What is drawn on the stack lies in the same place on the scan: a ball of 6 mm. */
    dn_labels *drawn = NULL, *back = NULL;
    assert_ok(dn_labels_create(&stack->grid, &drawn));
    for (int64_t v = 0; v < dn_grid_count(&stack->grid); ++v) {
        const double x = (double)(v % 64) - 31.5, z = (double)(v / 64 % 64) - 31.5, y = 0.5 * ((double)(v / 64 / 64) - 24.5);
        drawn->data[v] = x * x + y * y + z * z < 36.0 ? 805 : 0;
    }
    assert_ok(dn_resample_labels(drawn, &grid, NULL, &back));
    double sum[3] = {0, 0, 0}, count = 0, centre[3];
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const double ijk[3] = {(double)(v % grid.dim[0]), (double)(v / grid.dim[0] % grid.dim[1]), (double)(v / grid.dim[0] / grid.dim[1])};
        double p[3];
        dn_affine_apply(&grid.affine, ijk, p);
        for (int c = 0; c < 3 && back->data[v] == 805; ++c) {
            sum[c] += p[c];
            count += c == 0;
        }
    }
    dn_affine_apply(&frame.to_scan, (const double[3]){0, -5, 0}, centre);
    for (int c = 0; c < 3; ++c) {
        assert_close(sum[c] / count, centre[c], 0.1);
    }
    assert_close(count * dn_grid_voxel_volume(&grid), 4.0 / 3.0 * 3.14159265 * 216.0, 25.0);
    /* Far outside there is nothing to cut. */
    geometry.centre[1] = 1000.0;
    dn_volume *nothing = NULL;
    assert_int_equal(dn_stack_cut(scan, &frame, &geometry, &mean, &sd, &nothing), DN_EDATA);
    dn_labels_destroy(drawn);
    dn_labels_destroy(back);
    dn_volume_destroy(stack);
    dn_volume_destroy(scan);
}

static void a_frame_is_written_and_read(void **state)
{
    (void)state;
    const double ac[3] = {4.25, -3.5, 8};
    dn_frame frame = turned(15, -7, 11, ac, 1), found;
    frame.residual_mm = 0.75;
    frame.error_mm = 0.5;
    frame.error_degrees = 0.25;
    frame.structures = 21;
    char path[] = "/tmp/dien-frame.XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    const dn_stack_record stack = {.name = "hypothalamus", .file = "a.nii.gz", .geometry = dn_stack_hypothalamus(), .mean = 1, .sd = 2};
    assert_ok(dn_frame_write_json(&frame, "sub-01_T1w.nii.gz", "aseg.mgz", &stack, 1, path));
    assert_ok(dn_frame_read_json(path, &found));
    assert_close(dn_frame_angle(&frame, &found), 0, 1e-6);
    assert_close(distance(frame.ac, found.ac), 0, 1e-9);
    assert_close(distance(frame.pc, found.pc), 0, 1e-9);
    assert_close(found.pitch, 15, 1e-6);
    assert_close(found.error_degrees, 0.25, 0);
    assert_int_equal(found.structures, 21);
    assert_ok(dn_file_write_all(path, "{\"AC_mm\": [0, 0, 0]}", 20));
    assert_int_equal(dn_frame_read_json(path, &found), DN_EFORMAT);
    unlink(path);
}

static void moving_a_scan_moves_its_frame(void **state)
{
    (void)state;
    const double ac[3] = {4, -3, 8}, zero[3] = {0, 0, 0};
    const dn_frame frame = turned(15, -7, 11, ac, 1), by = turned(0, 0, 30, zero, 1);
    dn_frame moved;
    dn_frame_move(&frame, &by.to_scan, &moved);
    assert_close(dn_frame_angle(&moved, &frame), 30, 1e-9);
    assert_close(moved.yaw, 41, 1e-9);
    assert_close(moved.pitch, 15, 1e-9);
    assert_close(moved.ac_pc_mm, EGG_AC_PC, 1e-9);
    assert_close(moved.ac[0], 4 * cos(30 * RADIAN) + 3 * sin(30 * RADIAN), 1e-9);
}

/* Geometries as people write them. */
static void test_geometry_texts(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t slices, pixels; /* 0: refused */
        double thickness, pixel;
    } cases[] = {{"published", 50, 512, 0.5, 0.125}, {"quarter", 50, 256, 0.5, 0.25},
                 {"10x64:2x1", 10, 64, 2.0, 1.0},    {"50x512", 0, 0, 0, 0},
                 {"0x64:1x1", 0, 0, 0, 0},           {"10x4:1x1", 0, 0, 0, 0},
                 {"5000x64:1x1", 0, 0, 0, 0},        {"10x64:0x1", 0, 0, 0, 0},
                 {"10x64:1x21", 0, 0, 0, 0},         {"10x64:nanx1", 0, 0, 0, 0},
                 {"10x64:1x1 ", 0, 0, 0, 0},         {"", 0, 0, 0, 0}};
    const dn_stack_geometry published = dn_stack_hypothalamus();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_stack_geometry found;
        const dn_status status = dn_stack_parse(cases[i].text, &published, &found);
        assert_int_equal(status, cases[i].slices > 0 ? DN_OK : DN_EUSAGE);
        if (status == DN_OK) {
            assert_int_equal(found.slices, cases[i].slices);
            assert_int_equal(found.pixels, cases[i].pixels);
            assert_close(found.thickness, cases[i].thickness, 0);
            assert_close(found.pixel, cases[i].pixel, 0);
            assert_close(found.centre[1], published.centre[1], 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_found),
        cmocka_unit_test(one_wrong_structure_is_borne),
        cmocka_unit_test(what_is_no_head_is_refused),
        cmocka_unit_test(stacks_lie_in_the_frame),
        cmocka_unit_test(a_frame_is_written_and_read),
        cmocka_unit_test(moving_a_scan_moves_its_frame),
        cmocka_unit_test(test_geometry_texts),
    };
    return cmocka_run_group_tests(tests, make_reference, drop_reference);
}
