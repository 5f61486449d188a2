/* Shaded pictures of closed surfaces (hypothalamus, intracranial volume), drawn by a small z-buffer renderer into a PNG.
 *
 * Parallel projection; smooth normals; a key light over the viewer's left shoulder, a fill light, a rim of light, and darker hollows
 * (the depth buffer minus its own blur), so that shape reads in print. Equal calls give equal bytes. This file knows nothing of volumes:
 * triangles come from image/surface.h or from anywhere. */
#ifndef DN_CHART_SURFACE_VIEW_H
#define DN_CHART_SURFACE_VIEW_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Borrowed. Vertices in mm, x to the right, y to the front, z up (RAS). Either winding will do. */
typedef struct dn_surface_part {
    int64_t n_vertices;
    const double (*vertices)[3];
    int64_t n_triangles;
    const int32_t (*triangles)[3];
    uint8_t color[3];
    const uint8_t (*vertex_color)[3]; /* n_vertices, instead of color; NULL: color */
    double opacity;                   /* 1: solid; below: a shell through which the solid parts are seen */
} dn_surface_part;

/* One view in a row of views. azimuth, elevation in degrees: (0, 0) looks from the front (the person's right is on the left), (90, 0) from
 * the person's left, (180, 0) from behind, (0, 90) from above. caption: under the view, or NULL. zoom: 1 fits all parts; with focus, that
 * part (by index) is centred and fitted instead of all (-1: all). */
typedef struct dn_surface_camera {
    double azimuth, elevation, zoom;
    int focus;
    const char *caption;
    const unsigned char *visible; /* one flag per part; NULL: all */
    int scale_bar;                /* a bar of so many mm below, as its text says: the projection is parallel, so it holds everywhere */
} dn_surface_camera;

typedef struct dn_surface_swatch {
    const char *name; /* borrowed */
    uint8_t color[3];
} dn_surface_swatch;

/* n_views pictures of size x size pixels beside each other, white ground; below them the legend (n_legend may be 0). Atomic. DN_EDATA: no
 * triangles, a triangle that names a vertex beyond the last, a vertex that is not finite. DN_EIO, DN_ENOMEM. */
DN_CHECKED dn_status dn_surface_view(const dn_surface_part *parts, size_t n_parts, const dn_surface_camera *views, size_t n_views,
                                     const dn_surface_swatch *legend, size_t n_legend, int size, const char *path);

#endif
