/* Sums of the growth over the structures' labels in the mean picture. */
#include "cohort/longitudinal/growth_volumes.h"

#include "base/job.h"
#include "base/memory.h"
#include "models/label_table.h"
#include "register/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* SD in mm of what may have been added to a session of one protocol: 0.12 at most was seen; scanners of other kinds had 1.0 and more. */
#define SAME_BLUR 0.5
/* Of a volume in a session to that in the mean. */
#define LEAST_RATIO 0.5
#define MOST_RATIO 2.0
/* Around the structures, in voxels: the smoothing of the deformation reaches so far. */
enum { MARGIN = 20 };

dn_status dn_growth_suits(const dn_blur *added, size_t count, bool *suits)
{
    *suits = true;
    for (size_t n = 0; n < count; ++n) {
        double sd;
        DN_TRY(dn_blur_largest(&added[n], &sd));
        *suits = *suits && sd <= SAME_BLUR;
    }
    return DN_OK;
}

static bool begins_with(const char *text, const char *start)
{
    const size_t length = strlen(start);
    return strncmp(text, start, length) == 0 && (text[length] == '\0' || text[length] == '_');
}

/* Hypothalamus and thalamus with their parts, for which it was tried. */
static bool is_measured(const char *structure)
{
    return begins_with(structure, "hypothalamus") || begins_with(structure, "thalamus");
}

/* Whether the voxels of a label belong to a row: of the structure itself, or of a part of it. */
static bool is_of(const dn_label_entry *label, const dn_volume_row *row)
{
    const bool side = row->hemi == 'B' || label->side == row->hemi;
    return side && (row->whole ? begins_with(label->structure, row->structure) : strcmp(label->structure, row->structure) == 0);
}

/* [row][label number]: whether it counts; owned. */
static dn_status list_labels(const dn_volume_rows *rows, bool **out)
{
    dn_label_entry label;
    DN_TRY(dn_alloc(out, rows->count * 65536, sizeof **out, "the labels of a person"));
    for (size_t r = 0; r < rows->count; ++r) {
        for (size_t n = 0; is_measured(rows->row[r].structure) && dn_label_table_row(n, &label); ++n) {
            (*out)[r * 65536 + (size_t)label.number] |= label.number > 0 && is_of(&label, &rows->row[r]);
        }
    }
    return DN_OK;
}

/* The box around all labels that count, with a margin; false: there are none. */
static bool find_box(const dn_labels *labels, const bool *counts, size_t rows, int64_t first[3], int64_t dim[3])
{
    const dn_grid *grid = &labels->grid;
    int64_t last[3] = {-1, -1, -1};
    bool found = false;
    memcpy(first, grid->dim, 3 * sizeof *first);
    for (int64_t v = 0; v < dn_grid_count(grid); ++v) {
        bool any = false;
        for (size_t r = 0; labels->data[v] != 0 && r < rows && !any; ++r) {
            any = counts[r * 65536 + labels->data[v]];
        }
        const int64_t at[3] = {v % grid->dim[0], v / grid->dim[0] % grid->dim[1], v / (grid->dim[0] * grid->dim[1])};
        found |= any;
        for (int a = 0; any && a < 3; ++a) {
            first[a] = at[a] < first[a] ? at[a] : first[a];
            last[a] = at[a] > last[a] ? at[a] : last[a];
        }
    }
    for (int a = 0; a < 3; ++a) {
        first[a] = first[a] > MARGIN ? first[a] - MARGIN : 0;
        last[a] = last[a] + MARGIN < grid->dim[a] ? last[a] + MARGIN : grid->dim[a] - 1;
        dim[a] = last[a] - first[a] + 1;
    }
    return found;
}

/* Means of the growth over each row's voxels. */
static void sum_up(const dn_volume *growth, const int64_t first[3], const dn_labels *labels, const bool *counts, size_t rows,
                   double *ratios)
{
    const dn_grid *grid = &growth->grid;
    for (size_t r = 0; r < rows; ++r) {
        double sum = 0.0;
        int64_t voxels = 0;
        for (int64_t v = 0; v < dn_grid_count(grid); ++v) {
            const int64_t at = dn_grid_offset(&labels->grid, first[0] + v % grid->dim[0], first[1] + v / grid->dim[0] % grid->dim[1],
                                              first[2] + v / (grid->dim[0] * grid->dim[1]));
            if (counts[r * 65536 + labels->data[at]]) {
                sum += (double)growth->data[v];
                ++voxels;
            }
        }
        ratios[r] = voxels > 0 ? sum / (double)voxels : (double)NAN;
    }
}

/* A structure that has halved or doubled in one session was not followed: its volumes are the networks' in all sessions, as two ways of
 * measuring must not be compared. */
static void drop_doubtful(double *ratios, size_t count, const dn_volume_rows *rows)
{
    for (size_t r = 0; r < rows->count; ++r) {
        bool doubtful = false;
        for (size_t n = 0; n < count; ++n) {
            doubtful = doubtful || ratios[n * rows->count + r] < LEAST_RATIO || ratios[n * rows->count + r] > MOST_RATIO;
        }
        for (size_t n = 0; n < count && doubtful; ++n) {
            ratios[n * rows->count + r] = (double)NAN;
        }
        if (doubtful) {
            dn_log(DN_LOG_WARNING, "%s (%c): the deformation between the sessions is not plausible, so the networks measure each session",
                   rows->row[r].structure, rows->row[r].hemi);
        }
    }
}

dn_status dn_growth_ratios(const dn_volume *mean, dn_volume *const *pictures, size_t count, const dn_segment_result *like, double unit,
                           double **ratios)
{
    const dn_labels *labels = like->native.labels;
    const size_t rows = like->volumes.count;
    bool *counts = NULL;
    int64_t first[3], dim[3];
    dn_status status;
    DN_TRY(dn_alloc(ratios, count * rows, sizeof **ratios, "the volumes of a person"));
    DN_TRY_GOTO(status, list_labels(&like->volumes, &counts), done);
    const bool there = labels != NULL && memcmp(labels->grid.dim, mean->grid.dim, sizeof mean->grid.dim) == 0 &&
                       find_box(labels, counts, rows, first, dim);
    for (size_t n = 0; n < count; ++n) {
        dn_volume *growth = NULL;
        for (size_t r = 0; r < rows; ++r) {
            (*ratios)[n * rows + r] = (double)NAN;
        }
        if (there) {
            DN_TRY_GOTO(status, dn_growth_find(mean, pictures[n], first, dim, unit, &growth), done);
            sum_up(growth, first, labels, counts, rows, *ratios + n * rows);
            dn_volume_destroy(growth);
        }
    }
    drop_doubtful(*ratios, count, &like->volumes);
done:
    free(counts);
    return status;
}

void dn_growth_apply(const dn_volume_rows *like, const double *ratios, dn_volume_rows *session)
{
    for (size_t i = 0; i < session->count; ++i) {
        dn_volume_row *row = &session->row[i];
        for (size_t r = 0; r < like->count; ++r) {
            if (strcmp(like->row[r].structure, row->structure) == 0 && like->row[r].hemi == row->hemi && isfinite(ratios[r])) {
                row->volume_mm3 = like->row[r].volume_mm3 * ratios[r];
            }
        }
    }
}
