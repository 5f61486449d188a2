/* Finer triangles, for pictures: each into four, at the middles of its edges. Area and volume stay as they are. */
#ifndef DN_IMAGE_SURFACE_REFINE_H
#define DN_IMAGE_SURFACE_REFINE_H

#include "image/surface.h"

/* In place. DN_ESHAPE when the mesh would have more than 2^31 - 1 vertices; DN_ENOMEM. The mesh stays as it was on failure. */
DN_CHECKED dn_status dn_mesh_refine(dn_mesh *mesh);

#endif
