/* Subunits of the hypothalamus by landmarks, and how far they agree with another division. */
#include "labelmap/subdivide.h"

#include "base/job.h"
#include "base/memory.h"
#include "base/table.h"
#include "image/io.h"
#include "labelmap/commissures.h"
#include "labelmap/on_grid.h"
#include "labelmap/picture.h"
#include "models/label_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 801, LAST = FIRST + 2 * DN_SUBUNIT_COUNT - 1 };
/* Landmarks farther than this from the hypothalamus belong to another scan or space. */
#define NEAR_MM 25.0

/* ---- landmarks -------------------------------------------------------------------------------------------------------- */

/* The row with one of two names; *found: false: there is none. */
static dn_status landmark(const dn_table *table, const char *a, const char *b, double at[3], bool *found)
{
    static const char *const axes[3] = {"x_mm", "y_mm", "z_mm"};
    size_t name;
    DN_TRY(dn_table_column(table, "name", &name));
    *found = false;
    for (size_t row = 0; row < dn_table_rows(table) && !*found; ++row) {
        const char *text = dn_table_text(table, row, name);
        if (text == NULL || (strcmp(text, a) != 0 && strcmp(text, b) != 0)) {
            continue;
        }
        *found = true;
        for (int c = 0; c < 3; ++c) {
            size_t column;
            DN_TRY(dn_table_column(table, axes[c], &column));
            DN_TRY(dn_table_number(table, row, column, &at[c]));
            *found = *found && isfinite(at[c]);
        }
    }
    return DN_OK;
}

dn_status dn_subdivide_read_landmarks(const char *path, dn_subdivide_landmarks *out)
{
    dn_table *table = NULL;
    dn_status status = DN_OK;
    bool ac, left, right;
    *out = (dn_subdivide_landmarks){0};
    DN_TRY(dn_table_read(path, &table));
    DN_TRY_GOTO(status, landmark(table, "AC", "AC", out->ac, &ac), done);
    DN_TRY_GOTO(status, landmark(table, "PC", "PC", out->pc, &out->has_pc), done);
    DN_TRY_GOTO(status, landmark(table, "L MB", "left_mammillary_body", out->mb[0], &left), done);
    DN_TRY_GOTO(status, landmark(table, "R MB", "right_mammillary_body", out->mb[1], &right), done);
    if (!ac || !left || !right) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "'%s' has no row '%s' in its column name: AC and both mammillary bodies are needed", path,
                     !ac     ? "AC"
                     : !left ? "L MB' or 'left_mammillary_body"
                             : "R MB' or 'right_mammillary_body");
    }
done:
    dn_table_destroy(table);
    return status;
}

/* ---- the division ----------------------------------------------------------------------------------------------------- */

/* Directions, and the two places that divide them. */
typedef struct rule {
    double forward[3], up[3]; /* unit vectors; sideways is x */
    double middle;            /* x of the plane between the sides */
    double ac, body;          /* along forward: of AC, and of the front of the mammillary bodies */
    double step;              /* thickness of a slice, mm */
} rule;

/* What is known of one slice and side. */
typedef struct line {
    double r[2], up[2]; /* distance from the middle and height: of the most medial point, of the most lateral one */
    double count[2];
} line;

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static dn_status rule_of(const dn_labels *map, const dn_subdivide_options *options, rule *out)
{
    const dn_subdivide_landmarks *at = &options->at;
    double spacing[3];
    dn_grid_spacing(&map->grid, spacing);
    *out = (rule){.forward = {0.0, 1.0, 0.0}, .up = {0.0, 0.0, 1.0}};
    if (at->has_pc) {
        const double y = at->ac[1] - at->pc[1], z = at->ac[2] - at->pc[2], length = hypot(y, z);
        if (!dn_commissures_possible(length) || y <= 0.0) {
            DN_FAIL(DN_EDATA, "AC and PC are %.3g mm apart; in people the distance is 20 to 35 mm, and AC lies in front", length);
        }
        out->forward[1] = y / length;
        out->forward[2] = z / length;
        out->up[1] = -z / length;
        out->up[2] = y / length;
    }
    out->middle = 0.5 * at->ac[0] + 0.25 * (at->mb[0][0] + at->mb[1][0]);
    out->ac = dot(out->forward, at->ac);
    out->body = 0.5 * (dot(out->forward, at->mb[0]) + dot(out->forward, at->mb[1])) + options->body_mm;
    out->step = fmin(spacing[0], fmin(spacing[1], spacing[2]));
    if (!(out->ac > out->body)) {
        DN_FAIL(DN_EDATA, "AC does not lie in front of the mammillary bodies: is it the space of this map, and are left and right, front "
                          "and back as in RAS?");
    }
    return DN_OK;
}

/* Along forward, from the middle, and up. */
static void coordinates(const rule *it, const dn_grid *grid, int64_t v, double *forward, double *aside, double *up)
{
    const double ijk[3] = {(double)(v % grid->dim[0]), (double)(v / grid->dim[0] % grid->dim[1]),
                           (double)(v / grid->dim[0] / grid->dim[1])};
    double p[3];
    dn_affine_apply(&grid->affine, ijk, p);
    *forward = dot(it->forward, p);
    *aside = p[0] - it->middle;
    *up = dot(it->up, p);
}

/* First slice and number of slices of the map. */
static dn_status extent(const rule *it, const dn_labels *map, const dn_subdivide_landmarks *at, int64_t *first, int64_t *slices)
{
    double low = INFINITY, high = -INFINITY, near[2] = {INFINITY, INFINITY};
    for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
        double f, aside, up;
        if (map->data[v] == 0) {
            continue;
        }
        coordinates(it, &map->grid, v, &f, &aside, &up);
        low = fmin(low, f);
        high = fmax(high, f);
        near[0] = fmin(near[0], fabs(f - it->ac) + fabs(up - dot(it->up, at->ac)));
        near[1] = fmin(near[1], fabs(f - it->body) + fabs(up - dot(it->up, at->mb[0])));
    }
    if (!(low <= high)) {
        DN_FAIL(DN_EDATA, "the map has no hypothalamus to be divided: every voxel is 0");
    }
    if (near[0] > NEAR_MM || near[1] > NEAR_MM) {
        DN_FAIL(DN_EDATA, "the landmarks lie %.0f mm from the hypothalamus: they belong to another scan or another space",
                fmax(near[0], near[1]));
    }
    *first = (int64_t)floor(low / it->step);
    *slices = (int64_t)floor(high / it->step) - *first + 1;
    return DN_OK;
}

/* Most medial and most lateral points per slice and side; where several voxels are, their mean height. Two passes. */
static void find_lines(const rule *it, const dn_labels *map, int64_t first, line (*lines)[2])
{
    for (int pass = 0; pass < 2; ++pass) {
        for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
            double f, aside, up;
            if (map->data[v] == 0) {
                continue;
            }
            coordinates(it, &map->grid, v, &f, &aside, &up);
            line *l = &lines[(int64_t)floor(f / it->step) - first][aside > 0.0];
            const double r = fabs(aside);
            for (int end = 0; end < 2; ++end) {
                if (pass == 0) {
                    const bool better = l->count[end] == 0.0 || (end == 0 ? r < l->r[0] : r > l->r[1]);
                    l->r[end] = better ? r : l->r[end];
                    l->count[end] = 1.0;
                } else if (fabs(r - l->r[end]) < 0.51 * it->step) {
                    l->up[end] += up;
                    l->count[end] += 1.0;
                }
            }
        }
    }
}

static bool above(const line *l, double r, double up)
{
    const double low = l->up[0] / (l->count[0] - 1.0), high = l->up[1] / (l->count[1] - 1.0);
    const double wide = l->r[1] - l->r[0];
    return up > (wide > 0.0 ? low + (high - low) * (r - l->r[0]) / wide : 0.5 * (low + high));
}

dn_status dn_subdivide(dn_labels *map, const dn_subdivide_options *options)
{
    rule it;
    line(*lines)[2] = NULL;
    int64_t first = 0, slices = 0;
    DN_TRY(rule_of(map, options, &it));
    DN_TRY(extent(&it, map, &options->at, &first, &slices));
    DN_TRY(dn_alloc(&lines, (size_t)slices, sizeof *lines, "slices of a hypothalamus"));
    find_lines(&it, map, first, lines);
    for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
        double f, aside, up;
        if (map->data[v] == 0) {
            continue;
        }
        coordinates(&it, &map->grid, v, &f, &aside, &up);
        const bool right = aside > 0.0, high = above(&lines[(int64_t)floor(f / it.step) - first][right], fabs(aside), up);
        const int part = f >= it.ac - 0.5 * it.step ? (high ? DN_SUBUNIT_ANTERIOR_SUPERIOR : DN_SUBUNIT_ANTERIOR_INFERIOR)
                         : f <= it.body             ? DN_SUBUNIT_POSTERIOR
                         : high                     ? DN_SUBUNIT_TUBERAL_SUPERIOR
                                                    : DN_SUBUNIT_TUBERAL_INFERIOR;
        map->data[v] = (uint16_t)(FIRST + part + (right ? DN_SUBUNIT_COUNT : 0));
    }
    free(lines);
    return DN_OK;
}

/* ---- comparison ------------------------------------------------------------------------------------------------------- */

static dn_status compare(const dn_labels *map, const dn_labels *other, const char *path)
{
    int64_t count[LAST - FIRST + 1][3] = {{0}};
    const double voxel = dn_grid_voxel_volume(&map->grid);
    dn_table *table = NULL;
    dn_status status = DN_OK;
    for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
        const int a = map->data[v] - FIRST, b = other->data[v] - FIRST;
        if (a >= 0 && a <= LAST - FIRST) {
            ++count[a][0];
            count[a][2] += a == b;
        }
        if (b >= 0 && b <= LAST - FIRST) {
            ++count[b][1];
        }
    }
    DN_TRY(dn_table_create(path != NULL ? path : "subunits", &table));
    for (int n = 0; n <= LAST - FIRST; ++n) {
        const double rule_mm3 = (double)count[n][0] * voxel, other_mm3 = (double)count[n][1] * voxel;
        const double both = (double)(count[n][0] + count[n][1]);
        const double dice = both > 0.0 ? 2.0 * (double)count[n][2] / both : NAN;
        const double percent = other_mm3 > 0.0 ? 100.0 * (rule_mm3 / other_mm3 - 1.0) : NAN;
        dn_label_entry entry;
        size_t row;
        if (!dn_label_table_number(FIRST + n, &entry)) {
            snprintf(entry.name, sizeof entry.name, "%d", FIRST + n);
        }
        DN_TRY_GOTO(status, dn_table_add_row(table, &row), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "index", FIRST + n), done);
        DN_TRY_GOTO(status, dn_table_put_text(table, "name", entry.name), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "rule_mm3", round(rule_mm3 * 10.0) / 10.0), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "other_mm3", round(other_mm3 * 10.0) / 10.0), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "difference_percent", round(percent * 10.0) / 10.0), done);
        DN_TRY_GOTO(status, dn_table_put_number(table, "dice", round(dice * 1000.0) / 1000.0), done);
        dn_log(DN_LOG_NOTE, "%-34s rule %7.1f mm3, other %7.1f mm3, %+.0f %%, Dice %.3f", entry.name, rule_mm3, other_mm3, percent, dice);
    }
    if (path != NULL) {
        status = dn_table_write(table, path);
    }
done:
    dn_table_destroy(table);
    return status;
}

/* The hypothalamus of a map: 801-810, 819 and 820 (undivided) and the mammillary bodies where it has any; else every label. */
static void keep_hypothalamus(dn_labels *map)
{
    bool any = false;
    for (int pass = 0; pass < 2; ++pass) {
        for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
            const uint16_t label = map->data[v];
            const bool is = (label >= FIRST && label <= LAST) || label == 819 || label == 820 || label == 843 || label == 844;
            any = any || is;
            map->data[v] = pass == 1 && any && !is ? 0 : label;
        }
    }
}

dn_status dn_labelmap_subdivide(const char *path, const dn_subdivide_options *options, const char *output)
{
    dn_labels *map = NULL, *other = NULL;
    dn_scan_info info;
    dn_status status = DN_OK;
    DN_TRY(dn_labelmap_may_write(output));
    DN_TRY(dn_labels_read(path, NULL, &map, &info));
    const dn_scan_write_options writing = dn_scan_write_like(&info);
    if (options->compare != NULL) {
        DN_TRY_GOTO(status, dn_on_grid_read(options->compare, &map->grid, path, &other), done);
    }
    keep_hypothalamus(map);
    DN_TRY_GOTO(status, dn_error_in_file(dn_subdivide(map, options), path), done);
    if (other != NULL) {
        DN_TRY_GOTO(status, compare(map, other, options->table), done);
    }
    DN_TRY_GOTO(status, dn_labels_write(map, output, &writing), done);
    status = dn_labelmap_picture(NULL, map, "Subunits by landmarks", output);
done:
    dn_labels_destroy(map);
    dn_labels_destroy(other);
    return status;
}
