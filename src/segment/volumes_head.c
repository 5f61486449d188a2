/* The rows of the table of volumes for the structures of the whole head. */
#include "base/memory.h"
#include "segment/volumes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static dn_status append(dn_volume_rows *rows, const char *structure, char hemi, int64_t index, double soft, double hard, double posterior)
{
    DN_TRY(dn_realloc(&rows->row, rows->count + 1, sizeof *rows->row, "the table of volumes"));
    dn_volume_row *row = &rows->row[rows->count++];
    memset(row, 0, sizeof *row);
    snprintf(row->structure, sizeof row->structure, "%s", structure);
    row->hemi = hemi;
    row->whole = true;
    row->index = index;
    row->volume_mm3 = soft;
    row->hard_volume_mm3 = hard;
    row->mean_posterior = posterior;
    return DN_OK;
}

/* One side's numbers; false: not found. */
static bool side(const dn_head *head, const dn_head_tally *tally, size_t g, double voxel, double out[3], int64_t *index)
{
    int64_t count = 0;
    double sum = 0;
    for (int64_t c = 1; c < head->structures.channels; ++c) {
        if (head->structures.group_of[c] == (int)g) {
            count += tally->count[c];
            sum += tally->posterior_sum[c];
            *index = head->structures.label_of[c]->index;
        }
    }
    if (head->parts[g].kept_voxels == 0 || !(head->parts[g].volume_mm3 > 0)) {
        return false;
    }
    out[0] = head->parts[g].volume_mm3;
    out[1] = (double)count * voxel;
    out[2] = sum * voxel; /* posterior times volume, so that sides can be added */
    return true;
}

dn_status dn_volumes_add_head(dn_volume_rows *rows, const dn_head *head, const bool wanted[DN_CHANNEL_LIMIT], const dn_head_tally *tally,
                              double voxel_mm3)
{
    const dn_structures *s = &head->structures;
    bool done[DN_GROUP_LIMIT] = {false};
    for (size_t g = 0; g < s->group_count; ++g) {
        bool asked = false;
        for (int64_t c = 1; c < s->channels; ++c) {
            asked = asked || (s->group_of[c] == (int)g && wanted[c]);
        }
        size_t m = dn_structures_mirror(s, g);
        if (!asked || done[g]) {
            continue;
        }
        done[g] = done[m] = true;
        const size_t pair[2] = {g, m};
        double both[3] = {0, 0, 0};
        int found = 0;
        int sides = m == g ? 1 : 2;
        for (int n = 0; n < sides; ++n) {
            double one[3];
            int64_t index = 0;
            if (side(head, tally, pair[n], voxel_mm3, one, &index)) {
                ++found;
                DN_TRY(append(rows, s->group[g].structure, s->group[pair[n]].hemi, index, one[0], one[1],
                              one[1] > 0 ? one[2] / one[1] : (double)NAN));
                for (int i = 0; i < 3; ++i) {
                    both[i] += one[i];
                }
            }
        }
        if (sides == 2 && found == 2) {
            DN_TRY(append(rows, s->group[g].structure, 'B', 0, both[0], both[1], both[1] > 0 ? both[2] / both[1] : (double)NAN));
        }
    }
    return DN_OK;
}

dn_status dn_volumes_add_icv(dn_volume_rows *rows, double volume_mm3, double hard_volume_mm3, double mean_posterior)
{
    return append(rows, "icv", 'B', 0, volume_mm3, hard_volume_mm3, mean_posterior);
}
