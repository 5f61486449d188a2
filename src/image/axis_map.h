/* Two grids with parallel axes: their voxels differ in size and place alone. */
#ifndef DN_IMAGE_AXIS_MAP_H
#define DN_IMAGE_AXIS_MAP_H

/* Axis by axis, voxel c of the one lies at scale * c + offset in voxels of the other; halves are between voxels. */
typedef struct dn_axis_map {
    double scale[3], offset[3];
} dn_axis_map;

/* Where coordinate c of an axis comes to lie. */
static inline double dn_axis_map_to(const dn_axis_map *map, int axis, double c)
{
    return map->scale[axis] * c + map->offset[axis];
}

/* The other way. */
static inline double dn_axis_map_from(const dn_axis_map *map, int axis, double at)
{
    return (at - map->offset[axis]) / map->scale[axis];
}

#endif
