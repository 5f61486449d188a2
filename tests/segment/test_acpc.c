/* Posteriors of a stack that stands askew in the scan, back along the scan's axes: against closed forms. */
#define _GNU_SOURCE /* mkstemps */
#include "test.h"

#include "base/memory.h"
#include "infer/native.h"
#include "segment/hypothalamus/acpc.h"
#include "slice_maker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { I = 30, J = 36, K = 34, CHANNELS = 3 };

static dn_model_label labels[] = {
    {0, 0, "background", "background", 'B', {0, 0, 0}},
    {1, 819, "left_hypothalamus", "hypothalamus", 'L', {255, 0, 0}},
    {2, 820, "right_hypothalamus", "hypothalamus", 'R', {0, 0, 255}},
};
static dn_model model = {.name = "made-up", .labels = labels, .label_count = CHANNELS};

/* A head turned by 20 degrees about x and -12 about z, commissures far from the world's origin; the stack's axes are PIL. */
static void set_frame(dn_acpc_found *found)
{
    const double a = 20.0 / 57.29577951308232, b = -12.0 / 57.29577951308232, mm = 0.5;
    const double turn[3][3] = {{cos(b), -sin(b) * cos(a), sin(b) * sin(a)},
                               {sin(b), cos(b) * cos(a), -cos(b) * sin(a)},
                               {0, sin(a), cos(a)}};
    const double direction[3][3] = {{0, -1, 0}, {0, 0, -1}, {-1, 0, 0}}; /* of axes i, j, k in the frame */
    const int64_t dim[3] = {I, J, K};
    dn_affine own = {{{0}}};
    dn_frame_set(&found->frame, turn, (const double[3]){11, -7, 5}, (const double[3]){11, -30, -3});
    for (int c = 0; c < 3; ++c) {
        found->grid.dim[c] = dim[c];
        found->stack.dim[c] = dim[c];
        for (int r = 0; r < 3; ++r) {
            own.m[r][c] = mm * direction[c][r];
            own.m[r][3] -= 0.5 * mm * (double)(dim[c] - 1) * direction[c][r];
        }
    }
    dn_affine_compose(&found->frame.to_scan, &own, &found->grid.affine);
    found->stack.channels = CHANNELS;
    found->has_frame = true;
}

/* Left: a ball whose rim is 1.5 mm wide, around a place of the stack; right: the same elsewhere. */
static double ball(const double at[3], int side)
{
    const double middle[2][3] = {{14, 18, 23.5}, {15, 17, 9}};
    double r2 = 0;
    for (int c = 0; c < 3; ++c) {
        r2 += 0.25 * (at[c] - middle[side][c]) * (at[c] - middle[side][c]);
    }
    return fmin(1.0, fmax(0.0, (3.5 - sqrt(r2)) / 1.5));
}

/* Linear in place, so that linear interpolation makes no error. */
static double ramp(const double at[3], int side)
{
    return side == 0 ? 0.30 + 0.010 * at[2] - 0.004 * at[0] : 0.55 - 0.008 * at[2] + 0.003 * at[1];
}

static void fill(dn_acpc_found *found, double (*left_and_right)(const double at[3], int side), dn_structures *structures)
{
    memset(found, 0, sizeof *found);
    set_frame(found);
    const int64_t voxels = dn_posteriors_voxels(&found->stack);
    assert_ok(dn_alloc(&found->stack.data, (size_t)(voxels * CHANNELS), sizeof(float), "a stack"));
    for (int64_t v = 0; v < voxels; ++v) {
        const double at[3] = {(double)(v % I), (double)(v / I % J), (double)(v / (I * J))};
        for (int side = 0; side < 2; ++side) {
            dn_posteriors_of(&found->stack, v)[side + 1] = (float)left_and_right(at, side);
        }
        float *p = dn_posteriors_of(&found->stack, v);
        p[0] = 1.0f - p[1] - p[2];
    }
    assert_ok(dn_structures_init(&model, structures));
    assert_ok(dn_postprocess(&found->stack, structures, found->groups));
}

static dn_grid scan_grid(void)
{
    dn_grid grid = {{60, 60, 30}, {{{1, 0, 0, -20}, {0, 0.9, 0, -35}, {0, 0, 2, -30}}}};
    return grid;
}

static void linear_is_exact(void **state)
{
    (void)state;
    dn_acpc_found found;
    dn_structures structures;
    dn_posteriors box;
    dn_group_result groups[DN_GROUP_LIMIT];
    double scale[3];
    dn_affine back;
    int64_t inside = 0;
    const dn_grid grid = scan_grid();
    memset(&found, 0, sizeof found);
    fill(&found, ramp, &structures);
    /* As it was before the cleaning, which cuts rims off. */
    const int64_t stack_voxels = dn_posteriors_voxels(&found.stack);
    for (int64_t v = 0; v < stack_voxels; ++v) {
        const double at[3] = {(double)(v % I), (double)(v / I % J), (double)(v / (I * J))};
        for (int side = 0; side < 2; ++side) {
            dn_posteriors_of(&found.stack, v)[side + 1] = (float)ramp(at, side);
        }
    }
    assert_ok(dn_acpc_lattice(&found, &structures, &grid, &box, scale, groups));
    assert_close(scale[0], 1.0 / 2, 0);
    assert_close(scale[1], 1.0 / 2, 0);
    assert_close(scale[2], 1.0 / 4, 0);
    assert_ok(dn_affine_invert(&found.grid.affine, &back));
    const int64_t voxels = dn_posteriors_voxels(&box);
    for (int64_t v = 0; v < voxels; ++v) {
        const int64_t node[3] = {v % box.dim[0], v / box.dim[0] % box.dim[1], v / (box.dim[0] * box.dim[1])};
        double ijk[3], world[3], at[3];
        bool in = true;
        for (int c = 0; c < 3; ++c) {
            ijk[c] = scale[c] * (double)(node[c] + box.start[c]);
        }
        dn_affine_apply(&grid.affine, ijk, world);
        dn_affine_apply(&back, world, at);
        for (int c = 0; c < 3; ++c) {
            in = in && at[c] >= 0 && at[c] <= (double)(found.stack.dim[c] - 1);
        }
        for (int side = 0; side < 2 && in; ++side) {
            assert_close(dn_posteriors_of(&box, v)[side + 1], ramp(at, side), 2e-6);
        }
        inside += in;
    }
    assert_true(inside > 20000); /* half of the box's nodes or so */
    dn_posteriors_release(&box);
    dn_acpc_found_release(&found);
}

/* Volumes are the stack's; the lattice holds as much, in the same place; and labels of the scan's voxels are where the ball is. */
static void balls_come_back(void **state)
{
    (void)state;
    dn_acpc_found found;
    dn_structures structures;
    dn_posteriors box;
    dn_group_result groups[DN_GROUP_LIMIT];
    double scale[3];
    const dn_grid grid = scan_grid();
    dn_volume oriented = {.grid = grid};
    fill(&found, ball, &structures);
    assert_ok(dn_acpc_lattice(&found, &structures, &grid, &box, scale, groups));
    const double node = dn_grid_voxel_volume(&grid) * scale[0] * scale[1] * scale[2];
    const int64_t voxels = dn_posteriors_voxels(&box);
    dn_conformed place = {.oriented = &oriented, .scan_grid = grid};
    memcpy(place.map.scale, scale, sizeof scale);
    dn_native native;
    assert_ok(dn_native_labels(&place, &box, &structures, &native));
    for (int side = 0; side < 2; ++side) {
        double sum = 0, middle[3] = {0, 0, 0}, stack_middle[3], world[3], expected[3];
        const double centre[2][3] = {{14, 18, 23.5}, {15, 17, 9}};
        for (int64_t v = 0; v < voxels; ++v) {
            double p = (double)dn_posteriors_of(&box, v)[side + 1];
            const int64_t at[3] = {v % box.dim[0], v / box.dim[0] % box.dim[1], v / (box.dim[0] * box.dim[1])};
            sum += p;
            for (int c = 0; c < 3; ++c) {
                middle[c] += p * scale[c] * (double)(at[c] + box.start[c]);
            }
        }
        for (int c = 0; c < 3; ++c) {
            middle[c] /= sum;
            stack_middle[c] = centre[side][c];
        }
        dn_affine_apply(&grid.affine, middle, world);
        dn_affine_apply(&found.grid.affine, stack_middle, expected);
        /* 4 pi times the integral of p r^2: 1 up to 2 mm, falling to 0 at 3.5 mm: pi / 3 (3.5^4 - 2^4) / 1.5 */
        const double volume = 3.14159265358979 / 3.0 * (pow(3.5, 4) - pow(2.0, 4)) / 1.5;
        print_message("side %d: %.2f mm3 (lattice %.2f, expected %.2f)\n", side, groups[side].volume * node, sum * node, volume);
        assert_close(groups[side].volume * node, volume, 0.01 * volume);
        assert_close(sum * node, volume, 0.015 * volume);
        for (int c = 0; c < 3; ++c) {
            assert_close(world[c], expected[c], 0.03);
            assert_close(scale[c] * (groups[side].centre[c] + (double)box.start[c]), middle[c], 0.1);
        }
    }
    dn_affine back;
    assert_ok(dn_affine_invert(&found.grid.affine, &back));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const double ijk[3] = {(double)(v % 60), (double)(v / 60 % 60), (double)(v / 3600)};
        double world[3], at[3];
        dn_affine_apply(&grid.affine, ijk, world);
        dn_affine_apply(&back, world, at);
        int expected = ball(at, 0) > 0.55 ? 819 : ball(at, 1) > 0.55 ? 820 : ball(at, 0) < 0.45 && ball(at, 1) < 0.45 ? 0 : -1;
        if (expected >= 0 && native.labels->data[v] != expected) {
            fail_msg("voxel %g %g %g: expected %d, found %d", ijk[0], ijk[1], ijk[2], expected, native.labels->data[v]);
        }
    }
    dn_native_release(&native);
    dn_posteriors_release(&box);
    dn_acpc_found_release(&found);
}

/* The network that tests of the program use sees its rods where it says. */
static void rods(void **state)
{
    (void)state;
    char path[] = "/tmp/dien-rods-XXXXXX.safetensors";
    int file = mkstemps(path, 12);
    assert_true(file >= 0);
    close(file);
    assert_ok(maker_slice_model(path));
    dn_stack_models *models = NULL;
    dn_slice_posteriors maps;
    dn_volume *stack = NULL;
    const dn_frame frame = {.to_scan = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    const dn_stack_geometry geometry = {.slices = 3, .pixels = MAKER_PIXELS, .thickness = 0.5, .pixel = 0.5, .centre = {0, -5, 0}};
    dn_grid grid;
    assert_ok(dn_stack_models_open(path, DN_PRECISION_F32, &models));
    bool know = false;
    assert_ok(dn_stack_models_know_frame(models, &know));
    assert_true(know);
    dn_stack_grid(&frame, &geometry, &grid);
    assert_ok(dn_volume_create(&grid, &stack));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        stack->data[v] = (float)(v % 13);
    }
    assert_ok(dn_slice_network_run(dn_stack_models_network(models), stack, &maps));
    for (int64_t v = 0; v < dn_grid_count(&maps.maps[0]->grid); ++v) {
        const int64_t *dim = maps.maps[0]->grid.dim;
        const double ijk[3] = {(double)(v % dim[0]), (double)(v / dim[0] % dim[1]), (double)(v / (dim[0] * dim[1]))};
        double mm[3], p[3];
        dn_affine_apply(&maps.maps[0]->grid.affine, ijk, mm);
        maker_rods(mm[0], mm[2], p);
        for (int c = 0; c < 3; ++c) {
            assert_close(maps.maps[c]->data[v], p[c], 1e-4);
        }
    }
    dn_slice_posteriors_release(&maps);
    dn_stack_models_destroy(models);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(linear_is_exact), cmocka_unit_test(balls_come_back), cmocka_unit_test(rods)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
