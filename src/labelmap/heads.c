/* Reads label maps with their table of tissues, checks them, and crops and writes a result. */
#include "labelmap/heads.h"

#include "base/job.h"
#include "base/memory.h"
#include "image/components.h"
#include "image/io.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "labelmap/numbers.h"
#include "register/labels_average.h"

#include <stdlib.h>

/* Labels the table does not name would all count as background, unseen. */
static dn_status check_labels(const dn_labels *map, const dn_tissues *tissues)
{
    int64_t voxels = dn_grid_count(&map->grid);
    for (int64_t v = 0; v < voxels; ++v) {
        if (tissues->tissue[map->data[v]] < 0) {
            DN_FAIL_OFFER(DN_EDATA, DN_REMEDY_TISSUES, "label %u is not in the tissue table; add it there, or use another table",
                          (unsigned)map->data[v]);
        }
    }
    return DN_OK;
}

dn_status dn_heads_read(const char *const *paths, size_t count, const char *tissues, dn_heads *it)
{
    DN_TRY(dn_numbers_tissues(tissues, &it->tissues));
    DN_TRY(dn_alloc(&it->maps, count, sizeof *it->maps, "label maps"));
    DN_TRY(dn_alloc(&it->alignments, count, sizeof *it->alignments, "alignments"));
    it->count = count;
    for (size_t m = 0; m < count; ++m) {
        dn_labels *raw = NULL;
        DN_TRY(dn_labels_read(paths[m], NULL, &raw, NULL));
        dn_status status = dn_labels_reorient(raw, &DN_ORIENTATION_RAS, &it->maps[m]);
        dn_labels_destroy(raw);
        DN_TRY(status);
        DN_TRY(dn_error_in_file(check_labels(it->maps[m], it->tissues), paths[m]));
        dn_progress("read", (int64_t)m + 1, (int64_t)count);
    }
    return DN_OK;
}

void dn_heads_release(dn_heads *it)
{
    for (size_t m = 0; m < it->count; ++m) {
        if (it->maps != NULL) {
            dn_labels_destroy(it->maps[m]);
        }
        if (it->alignments != NULL) {
            dn_alignment_release(&it->alignments[m]);
        }
    }
    free(it->maps);
    free(it->alignments);
    dn_tissues_destroy(it->tissues);
}

/* Cuts away the background around the head, as much on the left as on the right. */
static dn_status crop(dn_labels **labels)
{
    enum { MARGIN = 2 }; /* voxels */
    dn_labels *whole = *labels;
    const int64_t *dim = whole->grid.dim;
    int64_t voxels = dn_grid_count(&whole->grid);
    int64_t start[3];
    int64_t size[3];
    uint8_t *mask = NULL;
    DN_TRY(dn_alloc(&mask, (size_t)voxels, 1, "a mask"));
    for (int64_t v = 0; v < voxels; ++v) {
        mask[v] = whole->data[v] != 0;
    }
    bool any = dn_mask_bounds(mask, dim, start, size);
    free(mask);
    if (!any) {
        DN_FAIL(DN_EDATA, "the average is empty: the label maps do not agree anywhere");
    }
    for (int c = 0; c < 3; ++c) {
        int64_t end = start[c] + size[c] + MARGIN;
        start[c] = start[c] < MARGIN ? 0 : start[c] - MARGIN;
        end = end > dim[c] ? dim[c] : end;
        if (c == 0) {
            start[c] = start[c] < dim[c] - end ? start[c] : dim[c] - end;
            end = dim[c] - start[c];
        }
        size[c] = end - start[c];
    }
    DN_TRY(dn_labels_crop(whole, start, size, labels));
    dn_labels_destroy(whole);
    return DN_OK;
}

dn_status dn_heads_finish(dn_labels **labels, const dn_tissues *tissues, const char *path)
{
    const dn_scan_write_options how = {.gzip_level = 9};
    DN_TRY(dn_labels_drop_crumbs(*labels, tissues));
    DN_TRY(dn_labels_mirror(*labels, tissues));
    DN_TRY(crop(labels));
    return dn_labels_write(*labels, path, &how);
}
