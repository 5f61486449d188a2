/* Labels of the quality picture from a label map that a person corrected, where there are no posteriors. */
#include "report/picture_view.h"

#include "segment/head/clean.h"

#include <math.h>
#include <string.h>

bool dn_view_has_parts(const view *v)
{
    bool any = false;
    for (int c = 1; v->hand != NULL && c < DN_CHANNEL_LIMIT; ++c) {
        any = any || v->shows[OUTLINE_PARTS][c];
    }
    return v->hand != NULL ? any : v->r->hypothalamus != NULL;
}

bool dn_view_has_head(const view *v)
{
    bool any = false;
    for (int c = 1; v->hand != NULL && c < DN_CHANNEL_LIMIT; ++c) {
        any = any || v->shows[OUTLINE_DEEP][c];
    }
    return v->hand != NULL ? any || v->hand->inside != NULL : v->r->head != NULL;
}

void dn_view_set_hand(view *v, const dn_picture_hand *hand)
{
    v->hand = hand;
    for (int64_t c = 1; hand != NULL && c < v->r->structures.channels; ++c) {
        const char *structure = v->r->structures.label_of[c]->structure;
        v->shows[OUTLINE_PARTS][c] = strncmp(structure, "hypothalamus", strlen("hypothalamus")) == 0;
        v->shows[OUTLINE_DEEP][c] = dn_clean_deep(structure);
        v->shows[OUTLINE_HEAD][c] = strcmp(structure, "thalamus") == 0;
    }
}

bool dn_view_hand_bounds(const view *v, outline what, double low[3], double high[3])
{
    const dn_labels *map = v->hand->labels;
    const int64_t *dim = map->grid.dim;
    bool found = false;
    for (int c = 0; c < 3; ++c) {
        low[c] = INFINITY;
        high[c] = -INFINITY;
    }
    for (int64_t k = 0, n = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i, ++n) {
                if (!v->shows[what][map->data[n]]) {
                    continue;
                }
                const double mm[3] = {(double)i * v->mm[0], (double)j * v->mm[1], (double)k * v->mm[2]};
                for (int c = 0; c < 3; ++c) {
                    low[c] = fmin(low[c], mm[c]);
                    high[c] = fmax(high[c], mm[c]);
                }
                found = true;
            }
        }
    }
    return found;
}

/* One voxel's channel, as far as the outline shows it. */
static uint8_t shown_at(const view *v, outline what, int64_t voxel)
{
    const uint16_t channel = v->hand->labels->data[voxel];
    if (v->shows[what][channel]) {
        return (uint8_t)channel;
    }
    const bool inside = what == OUTLINE_HEAD && v->hand->inside != NULL && v->hand->inside->data[voxel] != 0;
    return inside ? DN_CHANNEL_LIMIT - 1 : 0;
}

uint8_t dn_view_hand_label(const view *v, outline what, const double at[3])
{
    const dn_grid *grid = &v->hand->labels->grid;
    int64_t first[3];
    double share[3], weight[8];
    uint8_t seen[8];
    int count = 0, best = 0;
    for (int c = 0; c < 3; ++c) {
        if (!(at[c] >= 0 && at[c] < (double)(grid->dim[c] - 1))) {
            return 0;
        }
        first[c] = (int64_t)at[c];
        share[c] = at[c] - (double)first[c];
    }
    for (int n = 0; n < 8; ++n) { /* each of the eight neighbours has as many votes as it is near */
        const double votes = (n & 1 ? share[0] : 1 - share[0]) * (n & 2 ? share[1] : 1 - share[1]) * (n & 4 ? share[2] : 1 - share[2]);
        const uint8_t one = shown_at(v, what, dn_grid_offset(grid, first[0] + (n & 1), first[1] + (n >> 1 & 1), first[2] + (n >> 2 & 1)));
        int i = 0;
        while (i < count && seen[i] != one) {
            ++i;
        }
        if (i == count) {
            seen[count] = one;
            weight[count++] = 0.0;
        }
        weight[i] += votes;
    }
    for (int i = 1; i < count; ++i) {
        best = weight[i] > weight[best] ? i : best;
    }
    return seen[best];
}
