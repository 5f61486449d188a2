/* The names of the stages, and the release of a result. */
#include "segment/result.h"

#include <stdlib.h>
#include <string.h>

const char *dn_stage_name(dn_stage stage)
{
    static const char *const names[DN_STAGE_COUNT] = {"read", "conform", "find the region", "whole head", "network", "measure", "write"};
    return names[stage];
}

dn_conformed dn_segment_result_place(const dn_segment_result *result)
{
    dn_conformed place = result->conformed;
    if (result->hypothalamus != NULL) {
        place.map = result->hypothalamus->map;
    }
    return place;
}

dn_conformed dn_segment_result_output(const dn_segment_result *result)
{
    dn_conformed place = dn_segment_result_place(result);
    if (result->model_grid) { /* whose axes are those of `oriented` in other voxels */
        const dn_axis_map model = result->conformed.map;
        for (int c = 0; c < 3; ++c) {
            place.map.offset[c] = (place.map.offset[c] - model.offset[c]) / model.scale[c];
            place.map.scale[c] /= model.scale[c];
        }
        place.oriented = result->conformed.volume;
        place.scan_grid = place.oriented->grid;
    }
    return place;
}

const dn_model *dn_segment_result_model(const dn_segment_result *result)
{
    return result->hypothalamus != NULL ? result->structures.model : NULL;
}

void dn_hypothalamus_destroy(dn_hypothalamus *hypothalamus)
{
    if (hypothalamus != NULL) {
        dn_posteriors_release(&hypothalamus->posteriors);
        free(hypothalamus->consensus);
        free(hypothalamus->mirrored);
        free(hypothalamus->fill);
        free(hypothalamus);
    }
}

void dn_head_measured_destroy(dn_head_measured *head)
{
    if (head != NULL) {
        dn_head_release(&head->found);
        dn_labels_destroy(head->icv);
        free(head);
    }
}

void dn_segment_result_destroy(dn_segment_result *result)
{
    if (result == NULL) {
        return;
    }
    dn_volume_rows_release(&result->volumes);
    free(result->true_mm3);
    dn_native_release(&result->native);
    dn_hypothalamus_destroy(result->hypothalamus);
    dn_head_measured_destroy(result->head);
    free(result->stack);
    if (result->frame != NULL) {
        dn_acpc_found_release(&result->frame->found);
        free(result->frame->refused);
        free(result->frame);
    }
    free(result->location);
    dn_conformed_release(&result->conformed);
    free(result->stem);
    free(result->path);
    free(result);
}
