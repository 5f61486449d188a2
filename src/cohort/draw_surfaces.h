/* `dien surface`: shaded pictures and meshes of label maps, one after the other. */
#ifndef DN_COHORT_DRAW_SURFACES_H
#define DN_COHORT_DRAW_SURFACES_H

#include "cohort/batch.h"
#include "report/surface_scene.h"

/* results: gets each picture's path. Files as report/surface_scene.h has them, errors as dn_batch_run. */
DN_CHECKED dn_status dn_draw_surfaces(const char *const *paths, size_t count, const dn_surface_options *options,
                                      const dn_line_sink *results);

#endif
