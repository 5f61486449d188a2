/* FreeSurfer's MGH header: 284 bytes, big-endian; the voxels follow (https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat). */
#include "image/layout.h"

#include <math.h>
#include <string.h>

enum { MGH_HEADER = 284 };

static int32_t get32(const unsigned char *p)
{
    return (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3]);
}

static double get_float(const unsigned char *p)
{
    int32_t bits = get32(p);
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static dn_status voxel_type(int32_t code, const char *name, dn_voxel_type *type)
{
    switch (code) {
    case 0:
        *type = DN_VOXEL_UINT8;
        return DN_OK;
    case 1:
        *type = DN_VOXEL_INT32;
        return DN_OK;
    case 3:
        *type = DN_VOXEL_FLOAT32;
        return DN_OK;
    case 4:
        *type = DN_VOXEL_INT16;
        return DN_OK;
    case 10:
        *type = DN_VOXEL_UINT16;
        return DN_OK;
    default:
        DN_FAIL(DN_EFORMAT, "'%s' has MGH voxel type %d; dien reads uint8, int16, uint16, int32 and float32. Convert it with mri_convert",
                name, (int)code);
    }
}

/* Columns of unit length at right angles, within what float32 and rounding tools leave. */
static dn_status check_directions(const double cosines[3][3], const char *name)
{
    for (int a = 0; a < 3; ++a) {
        for (int b = a; b < 3; ++b) {
            double dot = 0.0;
            for (int r = 0; r < 3; ++r) {
                dot += cosines[r][a] * cosines[r][b];
            }
            if (!(fabs(dot - (a == b ? 1.0 : 0.0)) < 0.02)) {
                DN_FAIL(DN_EGEOMETRY,
                        "'%s' has direction cosines that are not a rotation, so its orientation cannot be trusted; export it again", name);
            }
        }
    }
    return DN_OK;
}

static dn_status read_geometry(const unsigned char *bytes, const char *name, dn_layout *layout, dn_scan_info *info)
{
    /* FreeSurfer's default when the header has no orientation: 1 mm, coronal slices (columns x, y, z to R, A, S). */
    double spacing[3] = {1.0, 1.0, 1.0};
    double cosines[3][3] = {{-1.0, 0.0, 0.0}, {0.0, 0.0, 1.0}, {0.0, -1.0, 0.0}};
    double centre[3] = {0.0, 0.0, 0.0};
    if ((bytes[28] << 8 | bytes[29]) > 0) {
        info->affine_source = DN_AFFINE_MGH;
        for (int d = 0; d < 3; ++d) {
            spacing[d] = get_float(bytes + 30 + 4 * d);
            centre[d] = get_float(bytes + 78 + 4 * d);
            if (!(spacing[d] > 0.0) || !isfinite(spacing[d])) {
                DN_FAIL(DN_EGEOMETRY, "'%s' has a voxel spacing of %g mm along axis %d: spacing has to be above 0", name, spacing[d],
                        d + 1);
            }
            if (!isfinite(centre[d])) {
                DN_FAIL(DN_EGEOMETRY, "'%s' has a centre that is not a number: its orientation cannot be read", name);
            }
            for (int r = 0; r < 3; ++r) {
                cosines[r][d] = get_float(bytes + 42 + 12 * d + 4 * r);
            }
        }
        DN_TRY(check_directions(cosines, name));
    } else {
        info->affine_source = DN_AFFINE_MGH_DEFAULT;
        dn_scan_warn(info, DN_SCAN_NO_ORIENTATION " (goodRASFlag 0): FreeSurfer's default (1 mm, coronal) is used; check left and right");
    }
    for (int r = 0; r < 3; ++r) {
        double at = centre[r];
        for (int c = 0; c < 3; ++c) {
            double step = cosines[r][c] * spacing[c];
            layout->grid.affine.m[r][c] = step;
            at -= step * (double)layout->grid.dim[c] / 2.0;
        }
        layout->grid.affine.m[r][3] = at;
    }
    return DN_OK;
}

dn_status dn_mgh_header(const unsigned char *bytes, size_t size, const char *name, bool *match, dn_layout *layout, dn_scan_info *info)
{
    *match = false;
    /* No magic number: version 1, and a type and a flag that can be. */
    if (size < 24 || get32(bytes) != 1 || get32(bytes + 20) < 0 || get32(bytes + 20) > 64) {
        return DN_OK;
    }
    *match = true;
    if (size < MGH_HEADER) {
        DN_FAIL(DN_EFORMAT, "'%s' is cut short: it has %zu bytes, but an MGH header alone has %d; copy or download the file again", name,
                size, MGH_HEADER);
    }
    for (int d = 0; d < 3; ++d) {
        layout->grid.dim[d] = get32(bytes + 4 + 4 * d);
        if (layout->grid.dim[d] < 1) {
            DN_FAIL(DN_EFORMAT, "'%s' says it has %lld voxels along axis %d: the header is damaged", name, (long long)layout->grid.dim[d],
                    d + 1);
        }
    }
    layout->volumes = get32(bytes + 16);
    if (layout->volumes < 1) {
        DN_FAIL(DN_EFORMAT, "'%s' says it has %lld frames: the header is damaged", name, (long long)layout->volumes);
    }
    DN_TRY(voxel_type(get32(bytes + 20), name, &layout->type));
    layout->swap = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    layout->offset = MGH_HEADER;
    layout->scaled = false;
    layout->slope = 1.0;
    layout->intercept = 0.0;
    info->format = DN_SCAN_MGH;
    info->format_name = "MGH";
    info->unit_name = "mm";
    DN_TRY(read_geometry(bytes, name, layout, info));
    return dn_layout_measure(layout, name);
}
