/* The AC-PC frame of real scans turned by known angles: it turns with them. One scan and one turn here; with
 * DIEN_FRAME_TABLE=FILE all of t1w/ and some of ixi_2mm/, three turns each, one line a turn into FILE (docs/evidence/frame.md). */
#define _GNU_SOURCE
#include "frame_scan.h"

#include "base/memory.h"
#include "image/io.h"
#include "turned_scan.h"

#include <math.h>
#include <string.h>

#define LIMIT_DEGREES 0.5
#define LIMIT_MM 1.0

static const double turns[][3] = {{25, -25, 25}, {-25, 15, -20}, {15, 25, -25}}; /* pitch, roll, yaw */
static const char *const scans[] = {
    "t1w/sag-anon_T1w.nii.gz", /* the hardest: its nose is down by 11 degrees as it is */
    "t1w/chris_T1w.nii.gz",    "ixi_2mm/IXI132-HH-1415_T1w.nii.gz", "ixi_2mm/IXI252-HH-1693_T1w.nii.gz", "t1w/colin27_T1w.nii.gz",
    "t1w/ecog_T1w.mgz",        "t1w/studyforrest_T1w.nii.gz"};

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
    const dn_status status = dn_frame_from_scan(whole, head, turned, NULL, &found);
    if (status == DN_EDATA && table != NULL) { /* the rest of the table is wanted all the same */
        printf("%s turned by %g, %g, %g: refused: %s\n", name, angle[0], angle[1], angle[2], dn_error_message());
        fprintf(table, "%s\t%g\t%g\t%g\tn/a\tn/a\tn/a\tn/a\tn/a\tn/a\tn/a\n", name, angle[0], angle[1], angle[2]);
        dn_error_clear();
        dn_volume_destroy(turned);
        return;
    }
    assert_ok(status);
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
    dn_whole_head *whole;
    dn_template *head;
    const char *folder = frame_scans(&whole, &head), *file = getenv("DIEN_FRAME_TABLE");
    if (folder == NULL) {
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
