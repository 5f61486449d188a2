/* NIfTI-1 and NIfTI-2 headers: every check that is made before a byte of voxels is read.
 *
 * libnifti2 gives the structs, the byte swap and the quaternion's matrix. Its own reader is not used on files: it repairs
 * headers silently (spacing 0 becomes 1, dims are clipped), which is what these checks are there to refuse. */
#include "image/layout.h"

#include <math.h>
#include <nifti2_io.h>
#include <string.h>

/* How far two descriptions of the geometry may differ: 1 %. */
static const double TOLERANCE = 0.01;

static const struct {
    int code;
    dn_voxel_type type;
} voxel_types[] = {
    {DT_UINT8, DN_VOXEL_UINT8},     {DT_INT8, DN_VOXEL_INT8},       {DT_UINT16, DN_VOXEL_UINT16}, {DT_INT16, DN_VOXEL_INT16},
    {DT_UINT32, DN_VOXEL_UINT32},   {DT_INT32, DN_VOXEL_INT32},     {DT_UINT64, DN_VOXEL_UINT64}, {DT_INT64, DN_VOXEL_INT64},
    {DT_FLOAT32, DN_VOXEL_FLOAT32}, {DT_FLOAT64, DN_VOXEL_FLOAT64},
};

/* NIfTI-1's fields in NIfTI-2's wider ones, so that there is one set of checks. */
static void widen(const nifti_1_header *h, nifti_2_header *w)
{
    memset(w, 0, sizeof *w);
    w->sizeof_hdr = h->sizeof_hdr;
    memcpy(w->magic, h->magic, 4);
    w->datatype = h->datatype;
    w->bitpix = h->bitpix;
    for (int i = 0; i < 8; ++i) {
        w->dim[i] = h->dim[i];
        w->pixdim[i] = (double)h->pixdim[i];
    }
    w->scl_slope = (double)h->scl_slope;
    w->scl_inter = (double)h->scl_inter;
    w->xyzt_units = (int)(unsigned char)h->xyzt_units;
    w->qform_code = h->qform_code;
    w->sform_code = h->sform_code;
    w->quatern_b = (double)h->quatern_b;
    w->quatern_c = (double)h->quatern_c;
    w->quatern_d = (double)h->quatern_d;
    w->qoffset_x = (double)h->qoffset_x;
    w->qoffset_y = (double)h->qoffset_y;
    w->qoffset_z = (double)h->qoffset_z;
    for (int i = 0; i < 4; ++i) {
        w->srow_x[i] = (double)h->srow_x[i];
        w->srow_y[i] = (double)h->srow_y[i];
        w->srow_z[i] = (double)h->srow_z[i];
    }
}

/* A header in this machine's order, and the voxels' offset (a float in NIfTI-1). */
typedef struct header {
    nifti_2_header h;
    double offset;
    int version; /* 1, 2 */
    bool pair;
    bool swap;
} header;

static int32_t first_word(const unsigned char *bytes, bool swap)
{
    int32_t word;
    memcpy(&word, bytes, sizeof word);
    return swap ? (int32_t)__builtin_bswap32((uint32_t)word) : word;
}

/* Recognises the format. *match false: something else. */
static dn_status decode(const unsigned char *bytes, size_t size, const char *name, bool *match, header *out)
{
    *match = false;
    if (size < 4) {
        return DN_OK;
    }
    for (int swap = 0; swap < 2; ++swap) {
        int32_t length = first_word(bytes, swap != 0);
        if (length == (int32_t)sizeof(nifti_1_header) || length == (int32_t)sizeof(nifti_2_header)) {
            *match = true;
            out->swap = swap != 0;
            out->version = length == (int32_t)sizeof(nifti_1_header) ? 1 : 2;
        }
    }
    if (!*match) {
        /* Headers whose length was damaged but whose magic is right. */
        if (size >= sizeof(nifti_1_header) && (memcmp(bytes + 344, "n+1", 4) == 0 || memcmp(bytes + 344, "ni1", 4) == 0)) {
            DN_FAIL(DN_EFORMAT,
                    "'%s' is marked as NIfTI-1, but the length of its header is given as %d instead of 348: the header is damaged", name,
                    (int)first_word(bytes, false));
        }
        return DN_OK;
    }
    size_t needed = out->version == 1 ? sizeof(nifti_1_header) : sizeof(nifti_2_header);
    if (size < needed) {
        DN_FAIL(DN_EFORMAT, "'%s' is cut short: it has %zu bytes, but a NIfTI-%d header alone has %zu; copy or download the file again",
                name, size, out->version, needed);
    }
    if (out->version == 1) {
        nifti_1_header h;
        memcpy(&h, bytes, sizeof h);
        if (memcmp(h.magic, "n+1", 4) != 0 && memcmp(h.magic, "ni1", 4) != 0) {
            DN_FAIL(DN_EFORMAT,
                    "'%s' is an ANALYZE 7.5 file: its header does not say which side is left. Convert the original DICOM files to "
                    "NIfTI (dcm2niix) instead",
                    name);
        }
        if (out->swap) {
            swap_nifti_header(&h, 1);
        }
        widen(&h, &out->h);
        out->pair = h.magic[1] == 'i';
        out->offset = (double)h.vox_offset;
    } else {
        memcpy(&out->h, bytes, sizeof out->h);
        if (memcmp(out->h.magic, "n+2", 4) != 0 && memcmp(out->h.magic, "ni2", 4) != 0) {
            DN_FAIL(DN_EFORMAT, "'%s' has a header of 540 bytes without NIfTI-2's magic: the header is damaged", name);
        }
        if (memcmp(out->h.magic + 4, "\r\n\032\n", 4) != 0) {
            DN_FAIL(DN_EFORMAT, "'%s' was changed by a transfer in text mode: copy it again in binary mode", name);
        }
        if (out->swap) {
            swap_nifti_header(&out->h, 2);
        }
        out->pair = out->h.magic[1] == 'i';
        out->offset = (double)out->h.vox_offset;
    }
    return DN_OK;
}

static dn_status check_shape(const nifti_2_header *h, const char *name, dn_layout *layout, dn_scan_info *info)
{
    if (h->dim[0] < 1 || h->dim[0] > 7) {
        DN_FAIL(DN_EFORMAT, "'%s' says it has %lld dimensions: the header is damaged", name, (long long)h->dim[0]);
    }
    for (int d = 1; d <= h->dim[0]; ++d) {
        if (h->dim[d] < 0 || (h->dim[d] == 0 && d <= 3)) {
            DN_FAIL(DN_EFORMAT, "'%s' says it has %lld voxels along axis %d: the header is damaged", name, (long long)h->dim[d], d);
        }
        if (h->dim[d] == 0) {
            dn_scan_warn(info, "dimension %d has size 0; size 1 is used", d);
        }
    }
    if (h->dim[0] < 3) {
        DN_FAIL(DN_EFORMAT, "'%s' holds a flat picture (%lld dimensions): a volume with three dimensions is needed", name,
                (long long)h->dim[0]);
    }
    for (int d = 5; d <= h->dim[0]; ++d) {
        if (h->dim[d] > 1) {
            DN_FAIL(
                DN_EFORMAT,
                "'%s' holds %lld values per voxel (dimension %d), as a vector or displacement field does; one value per voxel is needed",
                name, (long long)h->dim[d], d);
        }
    }
    for (int d = 0; d < 3; ++d) {
        layout->grid.dim[d] = h->dim[d + 1];
    }
    layout->volumes = h->dim[0] >= 4 && h->dim[4] > 0 ? h->dim[4] : 1;
    return DN_OK;
}

static dn_status check_type(const nifti_2_header *h, const char *name, dn_layout *layout, dn_scan_info *info)
{
    for (size_t i = 0; i < sizeof voxel_types / sizeof voxel_types[0]; ++i) {
        if (voxel_types[i].code == h->datatype) {
            layout->type = voxel_types[i].type;
            info->type_name = dn_voxel_name(layout->type);
            if (h->bitpix != (int)(8 * dn_voxel_size(layout->type))) {
                dn_scan_warn(info, "the header says %d bits per voxel, but %s has %d; the data type is used", h->bitpix, info->type_name,
                             (int)(8 * dn_voxel_size(layout->type)));
            }
            return DN_OK;
        }
    }
    switch (h->datatype) {
    case DT_RGB24:
    case DT_RGBA32:
        DN_FAIL(DN_EFORMAT, "'%s' is a colour image (RGB), but one number per voxel is needed; use the scan from which it was made", name);
    case DT_COMPLEX64:
    case DT_COMPLEX128:
    case DT_COMPLEX256:
        DN_FAIL(DN_EFORMAT, "'%s' holds complex numbers: write their magnitude as a real image first", name);
    case DT_FLOAT128:
        DN_FAIL(DN_EFORMAT, "'%s' holds 128-bit numbers, which differ between machines: write it as float32 first", name);
    case DT_BINARY:
        DN_FAIL(DN_EFORMAT, "'%s' holds one bit per voxel, which is not supported: write it as uint8 first", name);
    default:
        DN_FAIL(DN_EFORMAT, "'%s' has the unknown data type %d: the header is damaged", name, h->datatype);
    }
}

static dn_status check_scaling(const nifti_2_header *h, const char *name, dn_layout *layout)
{
    layout->slope = 1.0;
    layout->intercept = 0.0;
    layout->scaled = false;
    if (!(h->scl_slope == 0.0 || isnan(h->scl_slope))) {
        if (!isfinite(h->scl_slope) || !isfinite(h->scl_inter)) {
            DN_FAIL(DN_EFORMAT,
                    "'%s' says that its values are to be multiplied by %g and that %g is to be added, which is not possible; write the "
                    "scan again without scaling",
                    name, h->scl_slope, h->scl_inter);
        }
        layout->slope = h->scl_slope;
        layout->intercept = h->scl_inter;
        layout->scaled = h->scl_slope != 1.0 || h->scl_inter != 0.0;
    }
    return DN_OK;
}

static dn_status check_offset(const header *file, const char *name, dn_layout *layout, dn_scan_info *info)
{
    int64_t least = file->pair ? 0 : file->version == 1 ? (int64_t)sizeof(nifti_1_header) : (int64_t)sizeof(nifti_2_header);
    double offset = file->offset;
    if (!file->pair && offset == 0.0) { /* some writers leave it out; the standard's place is taken */
        offset = file->version == 1 ? 352.0 : 544.0;
        dn_scan_warn(info, "the header does not say where the voxels start; byte %d is used", (int)offset);
    }
    if (!(offset >= (double)least) || offset > 9e15 || offset != floor(offset)) {
        DN_FAIL(DN_EFORMAT, "'%s' says its voxels start at byte %g, which is not possible: the header is damaged", name, file->offset);
    }
    layout->offset = (int64_t)offset;
    return DN_OK;
}

/* Factor to mm. */
static double unit_factor(const nifti_2_header *h, dn_scan_info *info)
{
    switch (h->xyzt_units & 7) {
    case NIFTI_UNITS_METER:
        info->unit_name = "m";
        return 1000.0;
    case NIFTI_UNITS_MM:
        info->unit_name = "mm";
        return 1.0;
    case NIFTI_UNITS_MICRON:
        info->unit_name = "um";
        return 0.001;
    case NIFTI_UNITS_UNKNOWN:
        dn_scan_warn(info, "the header names no unit of length; mm is used");
        break;
    default:
        dn_scan_warn(info, "the header's unit of length (code %d) is unknown; mm is used", h->xyzt_units & 7);
        break;
    }
    info->unit_name = "unknown";
    return 1.0;
}

static double column_length(const dn_affine *a, int c)
{
    return sqrt(a->m[0][c] * a->m[0][c] + a->m[1][c] * a->m[1][c] + a->m[2][c] * a->m[2][c]);
}

static bool affine_finite(const dn_affine *a)
{
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 4; ++c) {
            if (!isfinite(a->m[r][c])) {
                return false;
            }
        }
    }
    return true;
}

/* What to do about an sform that cannot be used. */
static dn_remedy other_form(const nifti_2_header *h)
{
    return h->qform_code > 0 ? DN_REMEDY_TRUST_QFORM : DN_REMEDY_NONE;
}

static dn_status sform_affine(const nifti_2_header *h, const char *name, double factor, dn_affine *out)
{
    const double *rows[3] = {h->srow_x, h->srow_y, h->srow_z};
    dn_affine unused;
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 4; ++c) {
            out->m[r][c] = rows[r][c] * factor;
        }
    }
    if (!affine_finite(out)) {
        DN_FAIL_OFFER(DN_EGEOMETRY, other_form(h), "'%s' has an sform with entries that are not numbers: its orientation cannot be read",
                      name);
    }
    for (int c = 0; c < 3; ++c) {
        if (!(column_length(out, c) > 0.0)) {
            DN_FAIL_OFFER(DN_EGEOMETRY, other_form(h),
                          "'%s' has a voxel spacing of 0 mm along axis %d in its sform: spacing has to be above 0", name, c + 1);
        }
    }
    if (dn_affine_invert(out, &unused) != DN_OK) {
        DN_FAIL_OFFER(DN_EGEOMETRY, other_form(h), "'%s' has an sform whose axes lie in one plane: its orientation cannot be used", name);
    }
    return DN_OK;
}

static dn_status check_pixdim(const nifti_2_header *h, const char *name)
{
    for (int d = 1; d <= 3; ++d) {
        if (!(h->pixdim[d] > 0.0) || !isfinite(h->pixdim[d])) {
            DN_FAIL_OFFER(DN_EGEOMETRY, h->sform_code > 0 ? DN_REMEDY_TRUST_SFORM : DN_REMEDY_NONE,
                          "'%s' has a voxel spacing of %g along axis %d: spacing has to be above 0", name, h->pixdim[d], d);
        }
    }
    return DN_OK;
}

static dn_status qform_affine(const nifti_2_header *h, const char *name, double factor, dn_affine *out)
{
    double norm = h->quatern_b * h->quatern_b + h->quatern_c * h->quatern_c + h->quatern_d * h->quatern_d;
    if (!(norm <= 1.0 + TOLERANCE)) {
        DN_FAIL_OFFER(DN_EGEOMETRY, h->sform_code > 0 ? DN_REMEDY_TRUST_SFORM : DN_REMEDY_NONE,
                      "'%s' has a qform whose quaternion (%g, %g, %g) is not a rotation: its orientation cannot be read", name,
                      h->quatern_b, h->quatern_c, h->quatern_d);
    }
    /* qfac: any negative value flips the third axis; 0 counts as 1. */
    nifti_dmat44 q = nifti_quatern_to_dmat44(h->quatern_b, h->quatern_c, h->quatern_d, h->qoffset_x, h->qoffset_y, h->qoffset_z,
                                             h->pixdim[1], h->pixdim[2], h->pixdim[3], h->pixdim[0] < 0.0 ? -1.0 : 1.0);
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 4; ++c) {
            out->m[r][c] = q.m[r][c] * factor;
        }
    }
    if (!affine_finite(out)) {
        DN_FAIL(DN_EGEOMETRY, "'%s' has a qform with entries that are not numbers: its orientation cannot be read", name);
    }
    return DN_OK;
}

static dn_status compare_spacing(const nifti_2_header *h, const char *name, double factor, const dn_affine *sform)
{
    for (int c = 0; c < 3; ++c) {
        double s = column_length(sform, c);
        double p = h->pixdim[c + 1] * factor;
        if (!(fabs(s - p) <= TOLERANCE * p)) {
            DN_FAIL_OFFER(DN_EGEOMETRY, h->qform_code > 0 ? DN_REMEDY_TRUST_EITHER : DN_REMEDY_TRUST_SFORM,
                          "'%s' contradicts itself: its sform says the voxels are %.4g x %.4g x %.4g mm, its pixdim %.4g x %.4g x %.4g mm",
                          name, column_length(sform, 0), column_length(sform, 1), column_length(sform, 2), h->pixdim[1] * factor,
                          h->pixdim[2] * factor, h->pixdim[3] * factor);
        }
    }
    return DN_OK;
}

/* "L 0.94, A 0.35" for the largest parts of a direction. */
static void describe_axis(const dn_affine *a, int c, char *text, size_t size)
{
    static const char letters[3][2] = {{'L', 'R'}, {'P', 'A'}, {'I', 'S'}};
    double length = column_length(a, c);
    size_t n = 0;
    text[0] = '\0';
    for (int r = 0; r < 3; ++r) {
        double part = a->m[r][c] / length;
        if (fabs(part) >= 0.1 && n < size) {
            int wrote = snprintf(text + n, size - n, "%s%c %.2f", n > 0 ? ", " : "", letters[r][part > 0.0], fabs(part));
            n += wrote > 0 ? (size_t)wrote : 0;
        }
    }
}

/* Directions within 1 % of the spacing, and the grid's centre within 1 % of its diagonal. */
static dn_status compare_forms(const dn_layout *layout, const char *name, const nifti_2_header *h, const dn_affine *s, const dn_affine *q)
{
    double diagonal = 0.0;
    double apart = 0.0;
    double centre[3];
    double at_s[3];
    double at_q[3];
    for (int c = 0; c < 3; ++c) {
        double difference = 0.0;
        double length = column_length(s, c);
        for (int r = 0; r < 3; ++r) {
            difference += (s->m[r][c] - q->m[r][c]) * (s->m[r][c] - q->m[r][c]);
        }
        if (!(sqrt(difference) <= TOLERANCE * length)) {
            char text_s[64];
            char text_q[64];
            describe_axis(s, c, text_s, sizeof text_s);
            describe_axis(q, c, text_q, sizeof text_q);
            DN_FAIL_OFFER(DN_EGEOMETRY, DN_REMEDY_TRUST_EITHER,
                          "'%s' contradicts itself: along axis %d its sform (code %d) runs towards %s, its qform (code %d) towards %s",
                          name, c + 1, h->sform_code, text_s, h->qform_code, text_q);
        }
        centre[c] = (double)(layout->grid.dim[c] - 1) / 2.0;
        diagonal += length * length * (double)layout->grid.dim[c] * (double)layout->grid.dim[c];
    }
    dn_affine_apply(s, centre, at_s);
    dn_affine_apply(q, centre, at_q);
    for (int r = 0; r < 3; ++r) {
        apart += (at_s[r] - at_q[r]) * (at_s[r] - at_q[r]);
    }
    if (!(apart <= TOLERANCE * TOLERANCE * diagonal)) {
        DN_FAIL_OFFER(
            DN_EGEOMETRY, DN_REMEDY_TRUST_EITHER,
            "'%s' contradicts itself: its sform (code %d) puts the image's centre at %.1f, %.1f, %.1f mm, its qform (code %d) at %.1f, "
            "%.1f, %.1f mm",
            name, h->sform_code, at_s[0], at_s[1], at_s[2], h->qform_code, at_q[0], at_q[1], at_q[2]);
    }
    return DN_OK;
}

static dn_status choose_affine(const nifti_2_header *h, const char *name, dn_trust trust, dn_layout *layout, dn_scan_info *info)
{
    double factor = unit_factor(h, info);
    bool has_s = h->sform_code > 0;
    bool has_q = h->qform_code > 0;
    dn_affine s;
    dn_affine q;
    info->sform_code = has_s ? h->sform_code : 0;
    info->qform_code = has_q ? h->qform_code : 0;
    if (trust == DN_TRUST_SFORM && has_s) {
        DN_TRY(sform_affine(h, name, factor, &s));
        info->affine_source = DN_AFFINE_SFORM;
        layout->grid.affine = s;
        return DN_OK;
    }
    DN_TRY(check_pixdim(h, name));
    if (has_q) {
        DN_TRY(qform_affine(h, name, factor, &q));
    }
    if (has_s && !(trust == DN_TRUST_QFORM && has_q)) {
        DN_TRY(sform_affine(h, name, factor, &s));
        DN_TRY(compare_spacing(h, name, factor, &s));
        if (has_q) {
            DN_TRY(compare_forms(layout, name, h, &s, &q));
        }
        info->affine_source = DN_AFFINE_SFORM;
        layout->grid.affine = s;
    } else if (has_q) {
        info->affine_source = DN_AFFINE_QFORM;
        layout->grid.affine = q;
    } else {
        dn_scan_warn(info,
                     DN_SCAN_NO_ORIENTATION " (sform and qform code 0): it is assumed that the axes run right, front and up; left and "
                                            "right may be exchanged");
        info->affine_source = DN_AFFINE_SPACING;
        memset(&layout->grid.affine, 0, sizeof layout->grid.affine);
        for (int d = 0; d < 3; ++d) {
            layout->grid.affine.m[d][d] = h->pixdim[d + 1] * factor;
        }
    }
    return DN_OK;
}

static void warn_spacing(const dn_grid *grid, dn_scan_info *info)
{
    double spacing[3];
    dn_grid_spacing(grid, spacing);
    for (int d = 0; d < 3; ++d) {
        if (spacing[d] < 0.05 || spacing[d] > 20.0) {
            dn_scan_warn(info, "a voxel spacing of %.4g mm along axis %d is unusual; the header's unit is '%s'", spacing[d], d + 1,
                         info->unit_name);
            return;
        }
    }
}

dn_status dn_nifti_header(const unsigned char *bytes, size_t size, const char *name, const dn_scan_read_options *options, bool *match,
                          dn_layout *layout, dn_scan_info *info)
{
    header file;
    memset(&file, 0, sizeof file);
    DN_TRY(decode(bytes, size, name, match, &file));
    if (!*match) {
        return DN_OK;
    }
    layout->swap = file.swap;
    info->format = file.version == 1 ? (file.pair ? DN_SCAN_NIFTI1_PAIR : DN_SCAN_NIFTI1)
                   : file.pair       ? DN_SCAN_NIFTI2_PAIR
                                     : DN_SCAN_NIFTI2;
    info->format_name = file.version == 1 ? (file.pair ? "NIfTI-1 pair" : "NIfTI-1") : file.pair ? "NIfTI-2 pair" : "NIfTI-2";
    DN_TRY(check_shape(&file.h, name, layout, info));
    DN_TRY(check_type(&file.h, name, layout, info));
    DN_TRY(dn_layout_measure(layout, name));
    DN_TRY(check_offset(&file, name, layout, info));
    DN_TRY(check_scaling(&file.h, name, layout));
    DN_TRY(choose_affine(&file.h, name, options != NULL ? options->trust : DN_TRUST_HEADER, layout, info));
    warn_spacing(&layout->grid, info);
    return DN_OK;
}
