/* Sums posteriors and counts voxels per structure and side. */
#include "segment/volumes.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sums from which a row is made; rows of both sides add them up. */
typedef struct sums {
    double soft, posterior;
    int64_t voxels;
} sums;

static void put(dn_volume_rows *rows, const char *structure, char hemi, bool whole, int64_t index, const sums *s, double soft_voxel,
                double hard_voxel)
{
    dn_volume_row *row = &rows->row[rows->count++];
    snprintf(row->structure, sizeof row->structure, "%s", structure);
    row->hemi = hemi;
    row->whole = whole;
    row->index = index;
    row->volume_mm3 = s->soft * soft_voxel;
    row->hard_volume_mm3 = (double)s->voxels * hard_voxel;
    row->mean_posterior = s->voxels > 0 ? s->posterior / (double)s->voxels : NAN;
}

static sums of_channel(const dn_posteriors *posteriors, const dn_native *native, int64_t c)
{
    sums s = {0, native->posterior_sum[c], native->count[c]};
    int64_t voxels = dn_posteriors_voxels(posteriors);
    for (int64_t v = 0; v < voxels; ++v) {
        s.soft += (double)dn_posteriors_of(posteriors, v)[c];
    }
    return s;
}

static sums of_group(const dn_native *native, const dn_structures *structures, const dn_group_result *groups, size_t g)
{
    sums s = {groups[g].volume, native->group_sum[g], 0};
    for (int64_t c = 1; c < structures->channels; ++c) {
        s.voxels += structures->group_of[c] == (int)g ? native->count[c] : 0;
    }
    return s;
}

dn_status dn_volumes_measure(const dn_posteriors *posteriors, double conformed_voxel, const dn_native *native,
                             const dn_structures *structures, const dn_group_result *groups, dn_volume_rows *out)
{
    memset(out, 0, sizeof *out);
    DN_TRY(dn_alloc(&out->row, 2 * structures->group_count + 2 * (size_t)structures->channels, sizeof *out->row, "the table of volumes"));
    bool seen[DN_GROUP_LIMIT] = {false};
    for (size_t g = 0; g < structures->group_count; ++g) {
        size_t m = dn_structures_mirror(structures, g);
        if (seen[g]) {
            continue;
        }
        seen[g] = true;
        seen[m] = true;
        size_t pair[2] = {g, m};
        size_t sides = m == g ? 1 : 2;
        sums both = {0, 0, 0};
        size_t found = 0;
        for (size_t s = 0; s < sides; ++s) {
            if (groups[pair[s]].core_voxels > 0) {
                sums side = of_group(native, structures, groups, pair[s]);
                both.soft += side.soft;
                both.posterior += side.posterior;
                both.voxels += side.voxels;
                ++found;
                put(out, structures->group[g].structure, structures->group[pair[s]].hemi, true, 0, &side, conformed_voxel,
                    native->voxel_volume);
            }
        }
        if (sides == 2 && found == 2) {
            put(out, structures->group[g].structure, 'B', true, 0, &both, conformed_voxel, native->voxel_volume);
        }
        for (size_t s = 0; s < sides; ++s) {
            for (int64_t c = 1; c < structures->channels && groups[pair[s]].core_voxels > 0; ++c) {
                if (structures->group_of[c] == (int)pair[s] &&
                    strcmp(structures->label_of[c]->structure, structures->group[g].structure) != 0) {
                    sums part = of_channel(posteriors, native, c);
                    put(out, structures->label_of[c]->structure, structures->label_of[c]->hemi, false, structures->label_of[c]->index,
                        &part, conformed_voxel, native->voxel_volume);
                }
            }
        }
    }
    return DN_OK;
}

void dn_volume_rows_release(dn_volume_rows *rows)
{
    free(rows->row);
    memset(rows, 0, sizeof *rows);
}

void dn_volume_row_name(const dn_volume_row *row, char out[64])
{
    const char *part = row->whole ? NULL : strchr(row->structure, '_');
    snprintf(out, 64, "%s",
             part != NULL                         ? part + 1
             : strcmp(row->structure, "icv") == 0 ? "inside the skull (ICV)"
             : strcmp(row->structure, "csf") == 0 ? "cerebrospinal fluid"
                                                  : row->structure);
    for (char *c = out; *c != 0; ++c) {
        *c = *c == '_' ? ' ' : *c;
    }
}

const dn_volume_row *dn_volume_rows_find(const dn_volume_rows *rows, const char *structure, char hemi)
{
    for (size_t i = 0; i < rows->count; ++i) {
        if (rows->row[i].hemi == hemi && strcmp(rows->row[i].structure, structure) == 0) {
            return &rows->row[i];
        }
    }
    return NULL;
}
