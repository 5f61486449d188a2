/* Scans and label maps made coarser while they are read, plane by plane: what lies in a new voxel is averaged, or counted label by label,
 * so that a file of any size needs the memory of its result and of a few of its planes. */
#ifndef DN_LABELMAP_STREAM_H
#define DN_LABELMAP_STREAM_H

#include "image/io.h"

/* The file at path on a grid of `spacing` mm per axis with the same directions and centre (dn_grid_with_spacing). Along an axis on which
 * the file is finer, a new voxel is the mean of what it covers, weighted by the covered length; a file that is coarser along an axis is
 * read as a whole and interpolated (linear). doing: what progress is called. *out: owned by the caller. Errors of dn_planes_read. */
DN_CHECKED dn_status dn_stream_volume(const char *path, const dn_scan_read_options *options, double spacing, const char *doing,
                                      dn_volume **out);
/* The same for labels, by their own rule: the label with the largest share of the new voxel; among equal shares the one that lies nearer to
 * its middle, then the smaller number. */
DN_CHECKED dn_status dn_stream_labels(const char *path, const dn_scan_read_options *options, double spacing, const char *doing,
                                      dn_labels **out);

#endif
