/* Fills cavities, removes separate pieces, and separates left from right in a label map. */
#include "infer/label_tidy.h"

#include "base/memory.h"
#include "image/components.h"
#include "image/morphology.h"

#include <stdlib.h>
#include <string.h>

enum { FACES = 6 };

typedef struct map {
    uint8_t *channel;
    const int64_t *dim;
    const dn_structures *structures;
} map;

static int64_t voxels_of(const map *m)
{
    return m->dim[0] * m->dim[1] * m->dim[2];
}

/* The neighbours of voxel v across its six faces; fewer at the border. */
static int neighbours(const int64_t dim[3], int64_t v, int64_t out[FACES])
{
    const int64_t step[3] = {1, dim[0], dim[0] * dim[1]};
    const int64_t at[3] = {v % dim[0], v / dim[0] % dim[1], v / step[2]};
    int count = 0;
    for (int c = 0; c < 3; ++c) {
        if (at[c] > 0) {
            out[count++] = v - step[c];
        }
        if (at[c] + 1 < dim[c]) {
            out[count++] = v + step[c];
        }
    }
    return count;
}

/* The group's channel that most neighbours of v have, the lowest of equals; 0: none of them is the group's. */
static uint8_t most_common(const map *m, int group, int64_t v)
{
    int64_t next[FACES];
    int votes[DN_CHANNEL_LIMIT] = {0};
    uint8_t best = 0;
    const int count = neighbours(m->dim, v, next);
    for (int n = 0; n < count; ++n) {
        const uint8_t c = m->channel[next[n]];
        if (m->structures->group_of[c] == group) {
            ++votes[c];
            best = best == 0 || votes[c] > votes[best] || (votes[c] == votes[best] && c < best) ? c : best;
        }
    }
    return best;
}

/* filled: 1 where the group is to be, cavities included. From the walls inwards. */
static void take_cavities(const map *m, int group, const uint8_t *filled)
{
    const int64_t voxels = voxels_of(m);
    for (bool more = true; more;) {
        more = false;
        for (int64_t v = 0; v < voxels; ++v) {
            if (filled[v] != 0 && m->channel[v] == 0) {
                const uint8_t c = most_common(m, group, v);
                m->channel[v] = c;
                more = more || c != 0;
            }
        }
    }
}

static dn_status tidy_group(const map *m, int group, uint8_t *mask)
{
    const int64_t voxels = voxels_of(m);
    for (int64_t v = 0; v < voxels; ++v) {
        mask[v] = m->structures->group_of[m->channel[v]] == group;
    }
    DN_TRY(dn_mask_keep_largest(mask, m->dim, FACES, NULL, NULL));
    for (int64_t v = 0; v < voxels; ++v) {
        if (mask[v] == 0 && m->structures->group_of[m->channel[v]] == group) {
            m->channel[v] = 0;
        }
    }
    DN_TRY(dn_mask_fill_holes(mask, m->dim));
    take_cavities(m, group, mask);
    return DN_OK;
}

/* mask: scratch. */
static void separate_sides(const map *m, const float *probability, uint8_t *mask)
{
    const int64_t voxels = voxels_of(m);
    memset(mask, 0, (size_t)voxels);
    for (int64_t v = 0; v < voxels; ++v) {
        const int group = m->structures->group_of[m->channel[v]];
        int64_t next[FACES];
        if (group == DN_NO_GROUP) {
            continue;
        }
        const size_t other = dn_structures_mirror(m->structures, (size_t)group);
        const int count = other != (size_t)group ? neighbours(m->dim, v, next) : 0;
        for (int n = 0; n < count; ++n) {
            if (m->structures->group_of[m->channel[next[n]]] == (int)other && probability[v] <= probability[next[n]]) {
                mask[v] = 1;
            }
        }
    }
    for (int64_t v = 0; v < voxels; ++v) {
        m->channel[v] = mask[v] != 0 ? 0 : m->channel[v];
    }
}

dn_status dn_label_tidy(uint8_t *channel, const float *probability, const int64_t dim[3], const dn_structures *structures, bool separate)
{
    const map m = {channel, dim, structures};
    uint8_t *mask = NULL;
    DN_TRY(dn_alloc_dims(&mask, dim, 3, 1, "the labels"));
    if (separate) {
        separate_sides(&m, probability, mask);
    }
    dn_status status = DN_OK;
    for (size_t g = 0; g < structures->group_count && status == DN_OK; ++g) {
        status = tidy_group(&m, (int)g, mask);
    }
    free(mask);
    return status;
}
