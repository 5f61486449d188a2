/* Internal to image/: a scan's file that was opened and understood, before and while its voxels are read. */
#ifndef DN_IMAGE_SCAN_OPEN_H
#define DN_IMAGE_SCAN_OPEN_H

#include "image/io.h"
#include "image/layout.h"
#include "image/source.h"

/* Position: anywhere before the voxels until dn_reader_skip_to_voxels. */
typedef struct dn_reader {
    const char *path;  /* as the caller named it, for messages; borrowed */
    char *header_path; /* owned; NULL when path itself is read */
    char *voxel_path;  /* owned; NULL when the voxels follow the header */
    dn_source *source; /* owned; of the voxels once opened */
    dn_layout layout;
    dn_scan_info info;
} dn_reader;

/* Opens path, goes to the right file of a pair, reads and checks the header; source is then the voxels' file. Release it after a failure,
 * too. Errors of dn_scan_read. */
DN_CHECKED dn_status dn_reader_open(dn_reader *r, const char *path, const dn_scan_read_options *options);
DN_CHECKED dn_status dn_reader_open_bytes(dn_reader *r, const unsigned char *bytes, size_t size, const char *name,
                                          const dn_scan_read_options *options);
void dn_reader_release(dn_reader *r);
/* DN_EFORMAT: several volumes. */
DN_CHECKED dn_status dn_reader_check_single(const dn_reader *r);
/* The file's length against the header's promise, and the largest scan that fits into memory as a whole. DN_EFORMAT. */
DN_CHECKED dn_status dn_reader_check_length(const dn_reader *r);
/* Also from the middle of the voxels: begins again. */
DN_CHECKED dn_status dn_reader_skip_to_voxels(dn_reader *r);
/* After the last voxel: what may follow (nothing, or MGH's footer), and gzip's checksum. */
DN_CHECKED dn_status dn_reader_finish(dn_reader *r);

#endif
