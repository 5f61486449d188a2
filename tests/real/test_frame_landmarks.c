/* AC and PC of two heads whose commissures many raters placed by hand (DIEN_DATA/afids): the whole way from the scan is within 1 mm and
 * 1.5 degrees. The file of Colin27 lies elsewhere in the world than the one that was rated: tools/template_landmarks.py says how much. */
#include "frame_scan.h"

#include "base/memory.h"
#include "base/table.h"
#include "image/io.h"

#include <math.h>
#include <string.h>

#define LIMIT_MM 1.0
#define LIMIT_DEGREES 1.5

static const struct {
    const char *scan, *placed;
    double shift[3]; /* mm */
} heads[] = {
    {"atlas/CIT168toMNI152-2009c_T1w_brain.nii.gz", "afids/MNI152NLin2009cAsym.tsv", {0.0, 0.0, 0.0}},
    {"t1w/colin27_T1w.nii.gz", "afids/Colin27.tsv", {-0.4, 0.1, 1.7}},
};

static bool read_point(const dn_table *table, const char *name, const double shift[3], double out[3])
{
    static const char *const columns[3] = {"x_mm", "y_mm", "z_mm"};
    size_t names, column;
    assert_ok(dn_table_column(table, "name", &names));
    for (size_t row = 0; row < dn_table_rows(table); ++row) {
        if (strcmp(dn_table_text(table, row, names), name) != 0) {
            continue;
        }
        for (int c = 0; c < 3; ++c) {
            assert_ok(dn_table_column(table, columns[c], &column));
            assert_ok(dn_table_number(table, row, column, &out[c]));
            out[c] += shift[c];
        }
        return true;
    }
    return false;
}

static double distance(const double a[3], const double b[3])
{
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));
}

/* Between the lines from PC to AC, degrees. */
static double angle(const dn_frame *found, const double ac[3], const double pc[3])
{
    double along = 0.0;
    for (int c = 0; c < 3; ++c) {
        along += (found->ac[c] - found->pc[c]) * (ac[c] - pc[c]);
    }
    return 180.0 / acos(-1.0) * acos(along / (distance(found->ac, found->pc) * distance(ac, pc)));
}

static void one_head(dn_whole_head *whole, const dn_template *head, const char *folder, size_t n)
{
    char *scan_path = NULL;
    char *placed_path = NULL;
    dn_volume *scan = NULL;
    dn_table *placed = NULL;
    double ac[3], pc[3];
    dn_frame found;
    assert_ok(dn_asprintf(&scan_path, "%s/%s", folder, heads[n].scan));
    assert_ok(dn_asprintf(&placed_path, "%s/%s", folder, heads[n].placed));
    assert_ok(dn_scan_read(scan_path, NULL, &scan, NULL));
    assert_ok(dn_table_read(placed_path, &placed));
    assert_true(read_point(placed, "AC", heads[n].shift, ac) && read_point(placed, "PC", heads[n].shift, pc));
    assert_ok(dn_frame_from_scan(whole, head, scan, NULL, &found));
    const double degrees = angle(&found, ac, pc);
    printf("%s: AC off by %.2f mm, PC by %.2f mm, the line by %.2f degrees; expected error %.2f mm, %.2f degrees\n", heads[n].scan,
           distance(found.ac, ac), distance(found.pc, pc), degrees, found.error_mm, found.error_degrees);
    fflush(stdout);
    assert_close(distance(found.ac, ac), 0.0, LIMIT_MM);
    assert_close(distance(found.pc, pc), 0.0, LIMIT_MM);
    assert_close(degrees, 0.0, LIMIT_DEGREES);
    dn_table_destroy(placed);
    dn_volume_destroy(scan);
    free(placed_path);
    free(scan_path);
}

int main(void)
{
    dn_whole_head *whole;
    dn_template *head;
    const char *folder = frame_scans(&whole, &head);
    if (folder == NULL) {
        return TEST_SKIP;
    }
    for (size_t n = 0; n < sizeof heads / sizeof *heads; ++n) {
        one_head(whole, head, folder, n);
    }
    dn_whole_head_destroy(whole);
    dn_template_destroy(head);
    return 0;
}
