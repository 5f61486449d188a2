/* Surfaces of structures: triangle meshes in world millimetres, their area and volume. */
#ifndef DN_IMAGE_SURFACE_H
#define DN_IMAGE_SURFACE_H

#include "base/status.h"
#include "image/volume.h"

#include <stddef.h>
#include <stdint.h>

typedef struct dn_mesh {
    double (*vertex)[3];    /* owned; RAS mm */
    int32_t (*triangle)[3]; /* owned; counter-clockwise seen from outside */
    int64_t vertices;
    int64_t triangles;
} dn_mesh;

/* The surface where field passes level (inside: field >= level), by marching cubes with linear interpolation along voxel
 * edges (Lorensen and Cline 1987). The cases are derived, not tabulated by hand: on a face with two inside corners across,
 * these are kept apart, in both cubes that share the face, so the mesh is closed. Beyond the image the field is `outside`,
 * which has to be below level (DN_EUSAGE): the surface closes there. *out: owned by the caller (dn_mesh_destroy); without
 * triangles when nothing is inside. */
DN_CHECKED dn_status dn_mesh_extract(const dn_volume *field, float level, float outside, dn_mesh **out);

/* The surface of the voxels that have one of the count labels: their mask is smoothed with a Gaussian of sigma mm (0: not
 * at all, voxel corners cut) and cut at a half. */
DN_CHECKED dn_status dn_mesh_of_labels(const dn_labels *labels, const uint16_t *list, size_t count, double sigma, dn_mesh **out);
void dn_mesh_destroy(dn_mesh *mesh);

/* Smooths in place without shrinking: steps of +0.5 and -0.53 towards the mean of a vertex's neighbours (Taubin 1995). */
DN_CHECKED dn_status dn_mesh_smooth(dn_mesh *mesh, int iterations);

/* mm2. */
double dn_mesh_area(const dn_mesh *mesh);
/* mm3 inside a closed mesh (divergence theorem), positive for meshes made here. */
double dn_mesh_volume(const dn_mesh *mesh);
/* V - E + F of a closed mesh: 2 for each piece without holes or handles. */
int64_t dn_mesh_euler(const dn_mesh *mesh);

/* Binary PLY (.ply), which NiiVue and MeshLab read. Atomic; DN_EUSAGE for another extension, DN_EIO. */
DN_CHECKED dn_status dn_mesh_write(const dn_mesh *mesh, const char *path);

#endif
