#include "segment/region.h"

#include <jansson.h>
#include <math.h>

int64_t dn_region_box(const dn_model_input *input)
{
    enum { LARGEST = 512 };
    json_t *region = input->region != NULL ? json_loads(input->region, 0, NULL) : NULL;
    int64_t box = json_integer_value(json_object_get(region, "box"));
    int64_t multiple = input->multiple > 1 ? input->multiple : 1;
    json_decref(region);
    return box < 1 || box > LARGEST ? 0 : (box + multiple - 1) / multiple * multiple;
}

void dn_region_place(const int64_t padded[3], const double centre[3], int64_t size, int64_t multiple, int64_t start[3], int64_t dim[3])
{
    for (int c = 0; c < 3; ++c) {
        int64_t wanted = (size + multiple - 1) / multiple * multiple;
        dim[c] = wanted < padded[c] ? wanted : padded[c];
        double first = (centre[c] + 0.5 - 0.5 * (double)dim[c]) / (double)multiple;
        int64_t last = padded[c] - dim[c];
        /* A centre far outside must not overflow the conversion. */
        first = first < 0.0 ? 0.0 : first > (double)(last / multiple) ? (double)(last / multiple) : first;
        start[c] = (int64_t)floor(first + 0.5) * multiple;
        start[c] = start[c] > last ? last : start[c];
    }
}

int64_t dn_region_clearance(const int64_t padded[3], const int64_t start[3], const int64_t dim[3], const int64_t low[3],
                            const int64_t high[3])
{
    int64_t least = INT64_MAX;
    for (int c = 0; c < 3; ++c) {
        if (start[c] > 0 && low[c] < least) {
            least = low[c];
        }
        if (start[c] + dim[c] < padded[c] && dim[c] - high[c] < least) {
            least = dim[c] - high[c];
        }
    }
    return least;
}
