/* The AC-PC frame of real scans turned by known angles: it turns with them. One scan and one turn here; with
 * DIEN_FRAME_TABLE=FILE all of t1w/ and some of ixi_2mm/, three turns each, one line a turn into FILE (docs/frame.md). */
#define _GNU_SOURCE
#include "test.h"

#include "base/memory.h"
#include "image/filter.h"
#include "image/io.h"
#include "image/resample.h"
#include "segment/head_frame.h"

#include <math.h>
#include <string.h>

#define RADIAN 0.017453292519943295
#define LIMIT_DEGREES 0.5
#define LIMIT_MM 1.0

static const double turns[][3] = {{25, -25, 25}, {-25, 15, -20}, {15, 25, -25}}; /* pitch, roll, yaw */
static const char *const scans[] = {"t1w/chris_T1w.nii.gz",
                                    "ixi_2mm/IXI132-HH-1415_T1w.nii.gz",
                                    "ixi_2mm/IXI252-HH-1693_T1w.nii.gz",
                                    "t1w/sag-anon_T1w.nii.gz",
                                    "t1w/colin27_T1w.nii.gz",
                                    "t1w/ecog_T1w.mgz",
                                    "t1w/studyforrest_T1w.nii.gz"};

/* Turned world to the scan's world, about the middle of the scan. */
static void turn_about(const double angle[3], const double middle[3], dn_affine *out)
{
    const double cp = cos(RADIAN * angle[0]), sp = sin(RADIAN * angle[0]), cr = cos(RADIAN * angle[1]), sr = sin(RADIAN * angle[1]);
    const double cy = cos(RADIAN * angle[2]), sy = sin(RADIAN * angle[2]);
    const double m[3][3] = {{cy * cr, cy * sr * sp - sy * cp, cy * sr * cp + sy * sp},
                            {sy * cr, sy * sr * sp + cy * cp, sy * sr * cp - cy * sp},
                            {-sr, cr * sp, cr * cp}};
    for (int r = 0; r < 3; ++r) {
        out->m[r][3] = middle[r];
        for (int c = 0; c < 3; ++c) {
            out->m[r][c] = m[r][c];
            out->m[r][3] -= m[r][c] * middle[c];
        }
    }
}

/* The scan as a scanner would have it with the head lying otherwise: its own spacing, nothing cut off. */
static dn_volume *turned_scan(const dn_volume *scan, const dn_affine *move)
{
    double spacing[3], middle[3], half[3], reach = 0.0;
    dn_grid grid;
    dn_volume *out = NULL;
    memset(&grid, 0, sizeof grid);
    dn_grid_spacing(&scan->grid, spacing);
    const double step = cbrt(spacing[0] * spacing[1] * spacing[2]);
    for (int c = 0; c < 3; ++c) {
        half[c] = 0.5 * (double)(scan->grid.dim[c] - 1);
        reach = fmax(reach, spacing[c] * (double)scan->grid.dim[c]);
    }
    dn_affine_apply(&scan->grid.affine, half, middle);
    for (int c = 0; c < 3; ++c) {
        grid.dim[c] = (int64_t)(1.15 * reach / step);
        grid.affine.m[c][c] = step;
        grid.affine.m[c][3] = middle[c] - 0.5 * step * (double)(grid.dim[c] - 1);
    }
    const dn_resample_options how = {.method = DN_RESAMPLE_CUBIC, .move = move};
    assert_ok(dn_resample_volume(scan, &grid, &how, &out));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        out->data[v] = fmaxf(out->data[v], 0.0f);
    }
    return out;
}

static void one_turn(dn_whole_head *whole, const dn_template *head, const char *name, const dn_volume *scan, const dn_frame *still,
                     const double angle[3], FILE *table)
{
    double half[3], middle[3], shift = 0.0;
    dn_affine move;
    dn_frame found, back;
    for (int c = 0; c < 3; ++c) {
        half[c] = 0.5 * (double)(scan->grid.dim[c] - 1);
    }
    dn_affine_apply(&scan->grid.affine, half, middle);
    turn_about(angle, middle, &move);
    dn_volume *turned = turned_scan(scan, &move);
    assert_ok(dn_frame_from_scan(whole, head, turned, NULL, &found));
    dn_frame_move(&found, &move, &back);
    const double off = dn_frame_angle(&back, still);
    for (int c = 0; c < 3; ++c) {
        shift += (back.ac[c] - still->ac[c]) * (back.ac[c] - still->ac[c]);
    }
    shift = sqrt(shift);
    printf("%s turned by %g, %g, %g: off by %.2f degrees, AC %.2f mm; expected error %.2f degrees\n", name, angle[0], angle[1], angle[2],
           off, shift, found.error_degrees);
    fflush(stdout);
    dn_volume_destroy(turned);
    if (table != NULL) {
        fprintf(table, "%s\t%g\t%g\t%g\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\n", name, angle[0], angle[1], angle[2], off, shift,
                back.pitch - still->pitch, back.roll - still->roll, back.yaw - still->yaw, found.residual_mm, found.error_degrees);
        fflush(table);
        return;
    }
    assert_close(off, 0, LIMIT_DEGREES);
    assert_close(shift, 0, LIMIT_MM);
}

int main(void)
{
    const char *folder = test_data_folder(), *file = getenv("DIEN_FRAME_TABLE");
    dn_whole_head *whole = NULL;
    dn_template *head = NULL;
    const dn_whole_head_options options = {.coarse = NULL};
    if (folder == NULL) {
        puts("skipped: no real scans (DIEN_DATA)");
        return TEST_SKIP;
    }
    if (dn_whole_head_create(&options, &whole) != DN_OK || dn_template_read(DIEN_SOURCE_FOLDER "/share/template", &head) != DN_OK) {
        printf("skipped: %s\n", dn_error_message());
        dn_whole_head_destroy(whole);
        return TEST_SKIP;
    }
    FILE *table = file != NULL ? fopen(file, "w") : NULL;
    if (table != NULL) {
        fputs("scan\tpitch\troll\tyaw\toff_degrees\tac_mm\toff_pitch\toff_roll\toff_yaw\tresidual_mm\texpected_degrees\n", table);
    }
    for (size_t s = 0; s < (table != NULL ? sizeof scans / sizeof *scans : 1); ++s) {
        char *path = NULL;
        dn_volume *scan = NULL;
        dn_frame still;
        assert_ok(dn_asprintf(&path, "%s/%s", folder, scans[s]));
        assert_ok(dn_scan_read(path, NULL, &scan, NULL));
        assert_ok(dn_frame_from_scan(whole, head, scan, NULL, &still));
        for (size_t t = 0; t < (table != NULL ? sizeof turns / sizeof *turns : 1); ++t) {
            one_turn(whole, head, scans[s], scan, &still, turns[t], table);
        }
        dn_volume_destroy(scan);
        free(path);
    }
    if (table != NULL) {
        fclose(table);
    }
    dn_whole_head_destroy(whole);
    dn_template_destroy(head);
    return 0;
}
