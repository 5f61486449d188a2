/* Takes the n-th smallest of values by parting them again and again around a middle one (quickselect). */
#include "base/select.h"

static void swap(float *a, float *b)
{
    const float kept = *a;
    *a = *b;
    *b = kept;
}

static float middle_of(float a, float b, float c)
{
    const float low = a < b ? a : b;
    const float high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

float dn_select(float *values, size_t count, size_t nth)
{
    size_t first = 0, end = count;
    while (end - first > 1) {
        /* Smaller than the pivot, equal, larger: equal values, of which intensities have many, end the search. */
        const float pivot = middle_of(values[first], values[first + (end - first) / 2], values[end - 1]);
        size_t below = first, above = end;
        for (size_t i = first; i < above;) {
            if (values[i] < pivot) {
                swap(&values[i++], &values[below++]);
            } else if (values[i] > pivot) {
                swap(&values[i], &values[--above]);
            } else {
                ++i;
            }
        }
        if (nth < below) {
            end = below;
        } else if (nth >= above) {
            first = above;
        } else {
            return pivot;
        }
    }
    return values[first];
}
