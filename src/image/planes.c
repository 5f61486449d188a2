/* Reads a scan plane by plane, so that a file of any size needs the memory of one plane. */
#include "image/planes.h"

#include "base/memory.h"
#include "image/scan_open.h"

#include <math.h>
#include <stdlib.h>

struct dn_planes {
    dn_reader reader;
    int64_t next;          /* the plane that is read next */
    unsigned char *stored; /* one plane as the file has it; owned */
    float *values;         /* one plane; owned; NULL until labels are read */
};

static dn_status open_reader(dn_reader *r, const char *path, const dn_scan_read_options *options)
{
    DN_TRY(dn_reader_open(r, path, options));
    DN_TRY(dn_reader_check_single(r));
    const dn_grid *grid = &r->layout.grid;
    if (dn_grid_count(grid) > DN_PLANES_MOST || r->layout.offset > DN_MOST_OFFSET) {
        DN_FAIL(DN_EFORMAT, "'%s' says it has %lld x %lld x %lld voxels; at most %lld million are read: is its header right?", path,
                (long long)grid->dim[0], (long long)grid->dim[1], (long long)grid->dim[2], (long long)(DN_PLANES_MOST / 1000000));
    }
    if (!dn_source_can_hold(r->source, r->layout.offset + r->layout.bytes)) {
        return dn_reader_check_length(r); /* says how much is missing */
    }
    return dn_reader_skip_to_voxels(r);
}

dn_status dn_planes_open(const char *path, const dn_scan_read_options *options, dn_planes **out)
{
    dn_planes *planes = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&planes, 1, sizeof *planes, "a scan"));
    DN_TRY_GOTO(status, open_reader(&planes->reader, path, options), fail);
    const dn_layout *layout = &planes->reader.layout;
    DN_TRY_GOTO(status,
                dn_alloc_aligned_dims(&planes->stored, DN_DIMS(layout->grid.dim[0], layout->grid.dim[1]), dn_voxel_size(layout->type),
                                      "a plane of a scan"),
                fail);
    *out = planes;
    return DN_OK;
fail:
    dn_planes_close(planes);
    return status;
}

void dn_planes_close(dn_planes *planes)
{
    if (planes != NULL) {
        dn_reader_release(&planes->reader);
        free(planes->stored);
        free(planes->values);
        free(planes);
    }
}

const dn_grid *dn_planes_grid(const dn_planes *planes)
{
    return &planes->reader.layout.grid;
}

dn_status dn_planes_read(dn_planes *planes, float *to)
{
    const dn_layout *layout = &planes->reader.layout;
    const int64_t count = layout->grid.dim[0] * layout->grid.dim[1];
    const size_t wanted = (size_t)count * dn_voxel_size(layout->type);
    size_t got;
    if (planes->next >= layout->grid.dim[2]) {
        DN_FAIL(DN_EUSAGE, "'%s' has no more than %lld planes", planes->reader.path, (long long)layout->grid.dim[2]);
    }
    DN_TRY(dn_source_read(planes->reader.source, planes->stored, wanted, &got));
    if (got < wanted) {
        DN_FAIL(DN_EFORMAT, "'%s' is cut short: it has only %lld of its %lld planes; copy or download it again", planes->reader.path,
                (long long)planes->next, (long long)layout->grid.dim[2]);
    }
    dn_voxels_convert(layout, planes->stored, (size_t)count, to);
    for (int64_t v = 0; v < count; ++v) {
        to[v] = isfinite(to[v]) ? to[v] : 0.0f;
    }
    return ++planes->next == layout->grid.dim[2] ? dn_reader_finish(&planes->reader) : DN_OK;
}

dn_status dn_planes_read_labels(dn_planes *planes, uint16_t *to)
{
    const dn_grid *grid = dn_planes_grid(planes);
    const int64_t count = grid->dim[0] * grid->dim[1];
    if (planes->values == NULL) {
        DN_TRY(dn_alloc_aligned_dims(&planes->values, DN_DIMS(grid->dim[0], grid->dim[1]), sizeof *planes->values, "a plane of labels"));
    }
    DN_TRY(dn_planes_read(planes, planes->values));
    for (int64_t v = 0; v < count; ++v) {
        const float value = planes->values[v], whole = rintf(value);
        if (!(whole >= 0.0f && whole <= 65535.0f && fabsf(value - whole) <= 1e-3f)) {
            DN_FAIL(DN_EDATA, "'%s' has the value %g, which is not a label: a label map holds whole numbers from 0 to 65535",
                    planes->reader.path, (double)value);
        }
        to[v] = (uint16_t)whole;
    }
    return DN_OK;
}
