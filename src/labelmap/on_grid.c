/* Compares the grids of two files before their voxels are taken together. */
#include "labelmap/on_grid.h"

#include "image/io.h"

/* A tenth of a voxel of 0.3 mm. */
#define SAME_MM 0.03

dn_status dn_on_grid_check(const char *path, const dn_grid *grid, const char *of, const dn_grid *wanted)
{
    const int64_t *a = grid->dim, *b = wanted->dim;
    if (!dn_grid_equal(grid, wanted, SAME_MM)) {
        DN_FAIL(DN_EGEOMETRY,
                "'%s' (%lld x %lld x %lld voxels) lies on another grid than '%s' (%lld x %lld x %lld voxels); labels have to be drawn on "
                "the scan itself, or brought onto its grid first",
                path, (long long)a[0], (long long)a[1], (long long)a[2], of, (long long)b[0], (long long)b[1], (long long)b[2]);
    }
    return DN_OK;
}

dn_status dn_on_grid_read(const char *path, const dn_grid *grid, const char *of, dn_labels **out)
{
    dn_labels *labels = NULL;
    DN_TRY(dn_labels_read(path, NULL, &labels, NULL));
    const dn_status status = dn_on_grid_check(path, &labels->grid, of, grid);
    if (status != DN_OK) {
        dn_labels_destroy(labels);
        return status;
    }
    *out = labels;
    return DN_OK;
}
