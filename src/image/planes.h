/* A scan read plane by plane (all voxels of one k), for files that do not fit into memory as a whole: one pass forwards, gzipped or not. */
#ifndef DN_IMAGE_PLANES_H
#define DN_IMAGE_PLANES_H

#include "image/io.h"

typedef struct dn_planes dn_planes;

/* The largest file that is read in this way, voxels of a volume: 1,900 x 800 x 1,500 three times over. */
#define DN_PLANES_MOST (INT64_C(1) << 33)

/* Header and checks as dn_scan_read, but for the size of the volume and, where it would have to be unpacked for that, the length of the
 * file; a file that is too short is found when its end is reached. options: NULL for the defaults. *out: owned by the caller
 * (dn_planes_close); path has to outlive it. */
DN_CHECKED dn_status dn_planes_open(const char *path, const dn_scan_read_options *options, dn_planes **out);
void dn_planes_close(dn_planes *planes);
const dn_grid *dn_planes_grid(const dn_planes *planes);

/* The next plane, dim[0] * dim[1] values as float32, scaled as the header says; what is not finite becomes 0. After the last one the
 * file's checksum is verified. DN_EFORMAT: cut short or damaged; DN_EUSAGE: there is no further plane. */
DN_CHECKED dn_status dn_planes_read(dn_planes *planes, float *to);
/* The same as labels. DN_EDATA: a value that is no whole number from 0 to 65535. */
DN_CHECKED dn_status dn_planes_read_labels(dn_planes *planes, uint16_t *to);

#endif
