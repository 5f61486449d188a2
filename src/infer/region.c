/* Places the box on which a network runs, and reads from a model file on which slices of a head it works. */
#include "infer/region.h"

#include "base/json.h"

#include <math.h>
#include <string.h>

int64_t dn_region_box(const dn_model_input *input)
{
    enum { LARGEST = 512 };
    json_t *region = dn_json_of_text(input->region);
    int64_t box = json_integer_value(json_object_get(region, "box"));
    int64_t multiple = input->multiple > 1 ? input->multiple : 1;
    json_decref(region);
    return box < 1 || box > LARGEST ? 0 : (box + multiple - 1) / multiple * multiple;
}

static bool read_centre(const json_t *list, double centre[3])
{
    bool good = list == NULL || (json_is_array(list) && json_array_size(list) == 3);
    for (size_t c = 0; list != NULL && c < 3 && good; ++c) {
        const json_t *item = json_array_get(list, c);
        centre[c] = json_number_value(item);
        good = json_is_number(item) && fabs(centre[c]) <= 200.0;
    }
    return good;
}

static bool read_count(const json_t *item, int64_t *count)
{
    *count = item != NULL ? json_integer_value(item) : *count;
    return (item == NULL || json_is_integer(item)) && *count >= 1 && *count <= 4096;
}

/* What the region must be for the stack to be cut as the network wants it. */
static bool read_stack(const json_t *region, const dn_model_input *input, dn_stack_geometry *stack)
{
    const char *frame = json_string_value(json_object_get(region, "frame"));
    bool coronal = input->orientation[0] == 'P' || input->orientation[0] == 'A';
    *stack = dn_stack_hypothalamus();
    double field = stack->pixel * (double)stack->pixels;
    stack->thickness = input->spacing[0];
    stack->pixel = input->spacing[1];
    stack->pixels = (int64_t)floor(field / stack->pixel + 0.5);
    return frame != NULL && strcmp(frame, "acpc") == 0 && coronal && input->spacing[1] == input->spacing[2] &&
           read_count(json_object_get(region, "slices"), &stack->slices) && read_count(json_object_get(region, "pixels"), &stack->pixels) &&
           read_centre(json_object_get(region, "centre_mm"), stack->centre);
}

dn_status dn_region_stack(const dn_model_input *input, const char *name, dn_region_stack_found *out)
{
    json_t *region = dn_json_of_text(input->region);
    if (input->region != NULL && region == NULL) { /* it was read before */
        DN_FAIL(DN_ENOMEM, "not enough memory for the region of model %s", name);
    }
    *out = (dn_region_stack_found){.is_stack = json_object_get(region, "frame") != NULL};
    bool good = !out->is_stack || read_stack(region, input, &out->geometry);
    json_decref(region);
    if (!good) {
        DN_FAIL(DN_EFORMAT,
                "model %s expects a stack that dien cannot cut: region %s, orientation %s; dien cuts {\"frame\":\"acpc\",\"slices\":50} "
                "and coronal slices of square pixels",
                name, input->region, input->orientation);
    }
    return DN_OK;
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
