/* Files that belong together have to lie on one grid. */
#ifndef DN_LABELMAP_ON_GRID_H
#define DN_LABELMAP_ON_GRID_H

#include "image/volume.h"

/* Whether grid, of the file path, is that of the file `of`. DN_EGEOMETRY, with both files' names and what to do. */
DN_CHECKED dn_status dn_on_grid_check(const char *path, const dn_grid *grid, const char *of, const dn_grid *wanted);
/* A label map that has to lie on grid, the grid of the file `of`. *out: owned by the caller. DN_EGEOMETRY, as above. */
DN_CHECKED dn_status dn_on_grid_read(const char *path, const dn_grid *grid, const char *of, dn_labels **out);

#endif
