/* Where the slices of a series lie, from their positions alone. */
#include "cohort/dicom/slices.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAME_PLACE 0.01     /* mm */
#define SAME_DIRECTION 0.01 /* of a unit vector's component: half a degree */
#define UNEVEN 0.05

bool dn_slices_alike(const double a[6], const double b[6])
{
    for (int i = 0; i < 6; ++i) {
        if (fabs(a[i] - b[i]) > SAME_DIRECTION) {
            return false;
        }
    }
    return true;
}

static int by_first(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Replaces each position by its distance along the normal and its offsets along row and column. */
static void project(double (*position)[3], size_t count, const double o[6])
{
    const double normal[3] = {o[1] * o[5] - o[2] * o[4], o[2] * o[3] - o[0] * o[5], o[0] * o[4] - o[1] * o[3]};
    for (size_t i = 0; i < count; ++i) {
        double p[3];
        memcpy(p, position[i], sizeof p);
        position[i][0] = p[0] * normal[0] + p[1] * normal[1] + p[2] * normal[2];
        position[i][1] = p[0] * o[0] + p[1] * o[1] + p[2] * o[2];
        position[i][2] = p[0] * o[3] + p[1] * o[4] + p[2] * o[5];
    }
}

/* Gaps between neighbours, compared with the usual one. gap: in order. */
static void judge(dn_slices *out, const double *gap, size_t gaps)
{
    out->spacing = gap[gaps / 2];
    out->low = gap[0];
    out->high = 0.0;
    for (size_t i = 0; i < gaps; ++i) {
        const double steps = floor(gap[i] / out->spacing + 0.5);
        if (steps >= 2.0) {
            out->missing += (size_t)fmin(steps - 1.0, 1e6);
        } else {
            out->high = fmax(out->high, gap[i]);
        }
    }
    out->uneven = out->high - out->low > UNEVEN * out->spacing;
}

void dn_slices_sort(double (*position)[3], size_t count, const double orientation[6])
{
    project(position, count, orientation);
    qsort(position, count, sizeof *position, by_first);
}

dn_status dn_slices_measure(const double (*place)[3], size_t count, dn_slices *out)
{
    double *gap = NULL;
    size_t gaps = 0;
    *out = (dn_slices){.places = count > 0};
    DN_TRY(dn_alloc(&gap, count, sizeof *gap, "the distances of slices"));
    for (size_t i = 1; i < count; ++i) {
        const double distance = place[i][0] - place[i - 1][0];
        if (distance > SAME_PLACE) {
            gap[gaps++] = distance;
        }
    }
    if (gaps > 0) {
        const double *first = place[0], *last = place[count - 1];
        const double along = last[0] - first[0], across = hypot(last[1] - first[1], last[2] - first[2]);
        out->places = gaps + 1;
        out->lean = atan2(across, along) * 57.29577951308232;
        qsort(gap, gaps, sizeof *gap, by_first);
        judge(out, gap, gaps);
    }
    free(gap);
    return DN_OK;
}
