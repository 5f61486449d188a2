/* The AC-PC frame on heads made from the template as dien synth makes them: turned, stretched, bent by a known deform, so that the true
 * commissures and the true mid-sagittal plane are known. Within 1 mm and 1 degree. */
#include "test.h"

#include "base/random.h"
#include "register/frame.h"
#include "register/template.h"
#include "synth/deform.h"

#include <math.h>
#include <string.h>

enum { HEADS = 4 };

/* The place in the made head (world of target) of a point of the template: the nearest voxel, then one step along the local derivative. */
static void find(const dn_deform *deform, const dn_grid *target, const double wanted[3], double out[3])
{
    int64_t best[3] = {0, 0, 0};
    double nearest = INFINITY, here[3], voxel[3];
    dn_affine local, inverse;
    for (int64_t step = 8; step >= 1; step /= 2) {
        int64_t low[3], high[3];
        for (int c = 0; c < 3; ++c) {
            low[c] = step == 8 || best[c] < 2 * step ? 0 : best[c] - 2 * step;
            high[c] = step == 8 || best[c] + 2 * step >= target->dim[c] ? target->dim[c] - 1 : best[c] + 2 * step;
        }
        for (int64_t k = low[2]; k <= high[2]; k += step) {
            for (int64_t j = low[1]; j <= high[1]; j += step) {
                for (int64_t i = low[0]; i <= high[0]; i += step) {
                    const int64_t ijk[3] = {i, j, k};
                    double p[3], d = 0.0;
                    dn_deform_point(deform, ijk, p);
                    for (int c = 0; c < 3; ++c) {
                        d += (p[c] - wanted[c]) * (p[c] - wanted[c]);
                    }
                    if (d < nearest) {
                        nearest = d;
                        memcpy(best, ijk, sizeof best);
                    }
                }
            }
        }
    }
    assert_true(nearest < 4.0);
    dn_deform_point(deform, best, here);
    for (int c = 0; c < 3; ++c) {
        int64_t after[3], before[3];
        double p[3], q[3];
        memcpy(after, best, sizeof after);
        memcpy(before, best, sizeof before);
        ++after[c];
        --before[c];
        dn_deform_point(deform, after, p);
        dn_deform_point(deform, before, q);
        for (int r = 0; r < 3; ++r) {
            local.m[r][c] = 0.5 * (p[r] - q[r]);
            local.m[r][3] = here[r];
        }
    }
    assert_ok(dn_affine_invert(&local, &inverse));
    dn_affine_apply(&inverse, wanted, voxel);
    for (int c = 0; c < 3; ++c) {
        voxel[c] += (double)best[c];
    }
    dn_affine_apply(&target->affine, voxel, out);
}

/* The normal of the plane nearest to where points of the mid-sagittal plane around the commissures came to lie. */
static void plane(const dn_deform *deform, const dn_grid *target, double normal[3])
{
    enum { POINTS = 20 };
    double at[POINTS][3], mean[3] = {0, 0, 0}, spread[3][3] = {{0}}, trace = 0.0;
    for (int n = 0; n < POINTS; ++n) {
        const double p[3] = {0, -14.0 + 12.0 * (n % 5 - 2), 10.0 * (n / 5 - 1)};
        find(deform, target, p, at[n]);
        for (int c = 0; c < 3; ++c) {
            mean[c] += at[n][c] / POINTS;
        }
    }
    for (int n = 0; n < POINTS; ++n) {
        for (int r = 0; r < 3; ++r) {
            for (int c = 0; c < 3; ++c) {
                spread[r][c] += (at[n][r] - mean[r]) * (at[n][c] - mean[c]);
            }
        }
    }
    trace = spread[0][0] + spread[1][1] + spread[2][2];
    normal[0] = 1;
    normal[1] = normal[2] = 0.01;
    for (int round = 0; round < 2000; ++round) { /* power iteration on what the spread leaves: its weakest direction */
        double next[3], length = 0.0;
        for (int r = 0; r < 3; ++r) {
            next[r] = trace * normal[r] - spread[r][0] * normal[0] - spread[r][1] * normal[1] - spread[r][2] * normal[2];
            length += next[r] * next[r];
        }
        for (int r = 0; r < 3; ++r) {
            normal[r] = next[r] / sqrt(length);
        }
    }
}

static void true_frame(const dn_deform *deform, const dn_grid *target, const dn_template *head, dn_frame *out)
{
    double ac[3], pc[3], x[3], y[3], length = 0.0, along = 0.0;
    find(deform, target, head->ac.at, ac);
    find(deform, target, head->pc.at, pc);
    plane(deform, target, x);
    for (int c = 0; c < 3; ++c) {
        y[c] = ac[c] - pc[c];
        length += y[c] * y[c];
    }
    for (int c = 0; c < 3; ++c) {
        y[c] /= sqrt(length);
        along += x[c] * y[c];
    }
    length = 0.0;
    for (int c = 0; c < 3; ++c) {
        x[c] -= along * y[c];
        length += x[c] * x[c];
    }
    for (int c = 0; c < 3; ++c) {
        x[c] /= sqrt(length) * (x[0] < 0.0 ? -1.0 : 1.0);
    }
    const double rotation[3][3] = {{x[0], y[0], x[1] * y[2] - x[2] * y[1]},
                                   {x[1], y[1], x[2] * y[0] - x[0] * y[2]},
                                   {x[2], y[2], x[0] * y[1] - x[1] * y[0]}};
    memset(out, 0, sizeof *out);
    dn_frame_set(out, rotation, ac, pc);
}

static double distance(const double a[3], const double b[3])
{
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));
}

static void made_heads(void **state)
{
    (void)state;
    dn_template *head = NULL;
    dn_grid target = {.dim = {180, 210, 180}};
    const double centre[3] = {0, -14, 0};
    /* Of the size by which people differ from the template once it is stretched. */
    const dn_deform_options shape = {
        .rotation_degrees = 25, .scaling = 0.12, .translation_mm = 8, .displacement_mm = 1.5, .control_mm = 24};
    assert_ok(dn_template_read(DIEN_SOURCE_FOLDER "/share/template", &head));
    const dn_frame_reference reference = {.labels = head->labels,
                                          .pc = {head->pc.at[0], head->pc.at[1], head->pc.at[2]},
                                          .right = {1, 0, 0}};
    for (int c = 0; c < 3; ++c) {
        target.affine.m[c][c] = 1.0;
        target.affine.m[c][3] = -0.5 * (double)(target.dim[c] - 1);
    }
    for (uint64_t n = 0; n < HEADS; ++n) {
        dn_random random;
        dn_deform *deform = NULL;
        dn_labels *labels = NULL;
        dn_frame truth, found;
        dn_random_seed_stream(&random, 7, n);
        assert_ok(dn_deform_random(&target, centre, &shape, &random, &deform));
        assert_ok(dn_deform_labels(head->labels, deform, NULL, &labels));
        true_frame(deform, &target, head, &truth);
        assert_ok(dn_frame_from_labels(labels, &reference, NULL, &found));
        printf("head %d (seed 7), pitch %.0f roll %.0f yaw %.0f: off by %.2f degrees, AC %.2f mm, PC %.2f mm\n", (int)n, truth.pitch,
               truth.roll, truth.yaw, dn_frame_angle(&found, &truth), distance(found.ac, truth.ac), distance(found.pc, truth.pc));
        assert_close(dn_frame_angle(&found, &truth), 0, 1.0);
        assert_close(distance(found.ac, truth.ac), 0, 1.0);
        assert_close(distance(found.pc, truth.pc), 0, 1.0);
        dn_deform_destroy(deform);
        dn_labels_destroy(labels);
    }
    dn_template_destroy(head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(made_heads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
