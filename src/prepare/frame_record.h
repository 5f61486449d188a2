/* Writes a frame (JSON for programs, one row of a table for people) and reads it again. */
#ifndef DN_PREPARE_FRAME_RECORD_H
#define DN_PREPARE_FRAME_RECORD_H

#include "base/status.h"
#include "prepare/stack.h"
#include "register/frame.h"

#include <jansson.h>

/* A stack that was written. */
typedef struct dn_stack_record {
    const char *name; /* "hypothalamus" */
    const char *file; /* its name without folder */
    dn_stack_geometry geometry;
    double mean, sd; /* intensities of the scan that became 0 and 1 */
} dn_stack_record;

/* The keys that every record of a frame or a stack has: commissures in scan coordinates (RAS mm), angles, residual and errors; slices and
 * pixels. NULL: no memory. */
json_t *dn_frame_json(const dn_frame *frame);
json_t *dn_stack_json(const dn_stack_geometry *geometry);
/* STEM_frame.json: angles, commissures in scan coordinates (RAS mm), the rigid transform both ways, size, residual and errors, stacks.
 * scan: the file's name; by: what labelled the head. Atomic. DN_EIO. */
DN_CHECKED dn_status dn_frame_write_json(const dn_frame *frame, const char *scan, const char *by, const dn_stack_record *stacks,
                                         size_t count, const char *path);
/* One row: scan, AC and PC, angles, AC-PC distance, scales, residual, errors. */
DN_CHECKED dn_status dn_frame_write_tsv(const dn_frame *frame, const char *scan, const char *path);
/* The frame of such a JSON file (transform and commissures; measures as far as they are there). DN_EINPUT, DN_EFORMAT. */
DN_CHECKED dn_status dn_frame_read_json(const char *path, dn_frame *out);

#endif
