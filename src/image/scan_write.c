/* Writing NIfTI: header through libnifti2's structs and quaternion, voxels as they lie, atomically. */
#include "image/io.h"

#include "base/file.h"
#include "base/memory.h"
#include "image/gzip.h"

#include <math.h>
#include <nifti2_io.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "voxels are written in the machine's order, which has to be little-endian");

#ifndef DIEN_VERSION
#define DIEN_VERSION "unknown"
#endif

dn_scan_write_options dn_scan_write_like(const dn_scan_info *info)
{
    dn_scan_write_options options = {0};
    if (info->affine_source == DN_AFFINE_SPACING) {
        options.sform_code = DN_FORM_NONE;
        options.qform_code = DN_FORM_NONE;
    } else {
        options.sform_code = info->sform_code > 0 ? info->sform_code : info->qform_code;
        options.qform_code = info->qform_code > 0 ? info->qform_code : info->sform_code;
    }
    return options;
}

/* Columns at right angles, so that a quaternion and three spacings say the same. */
static bool is_rotation(const dn_grid *grid, const double spacing[3])
{
    for (int a = 0; a < 3; ++a) {
        int b = (a + 1) % 3;
        double dot = 0.0;
        for (int r = 0; r < 3; ++r) {
            dot += grid->affine.m[r][a] * grid->affine.m[r][b];
        }
        if (!(fabs(dot) <= 1e-4 * spacing[a] * spacing[b])) {
            return false;
        }
    }
    return true;
}

/* What a reader makes of a header without forms. */
static bool is_spacing_alone(const dn_grid *grid)
{
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 4; ++c) {
            if (r == c ? !(grid->affine.m[r][c] > 0.0) : grid->affine.m[r][c] != 0.0) {
                return false;
            }
        }
    }
    return true;
}

static int form_code(int asked)
{
    return asked == DN_FORM_NONE ? 0 : asked > 0 ? asked : NIFTI_XFORM_SCANNER_ANAT;
}

/* NIfTI-2's header; NIfTI-1's is its narrow copy. */
static void fill_header(const dn_grid *grid, size_t volumes, int datatype, int bits, const dn_scan_write_options *options,
                        nifti_2_header *h)
{
    double spacing[3];
    double *rows[3];
    dn_grid_spacing(grid, spacing);
    memset(h, 0, sizeof *h);
    h->sizeof_hdr = (int)sizeof *h;
    memcpy(h->magic, "n+2\0\r\n\032\n", 8);
    h->datatype = (int16_t)datatype;
    h->bitpix = (int16_t)bits;
    h->dim[0] = volumes > 1 ? 4 : 3;
    for (int d = 1; d < 8; ++d) {
        h->dim[d] = d <= 3 ? grid->dim[d - 1] : d == 4 ? (int64_t)volumes : 1;
        h->pixdim[d] = d <= 3 ? spacing[d - 1] : d == 4 && volumes > 1 ? 1.0 : 0.0;
    }
    h->pixdim[0] = 1.0;
    h->vox_offset = 544;
    h->scl_slope = 1.0;
    h->scl_inter = 0.0;
    h->xyzt_units = NIFTI_UNITS_MM;
    snprintf(h->descrip, sizeof h->descrip, "dien %s", DIEN_VERSION);
    h->sform_code = form_code(options->sform_code);
    if (!is_spacing_alone(grid) && options->sform_code == DN_FORM_NONE) {
        h->sform_code = NIFTI_XFORM_SCANNER_ANAT; /* the affine has to be somewhere */
    }
    h->qform_code = is_rotation(grid, spacing) ? form_code(options->qform_code != 0 ? options->qform_code : options->sform_code) : 0;
    rows[0] = h->srow_x;
    rows[1] = h->srow_y;
    rows[2] = h->srow_z;
    nifti_dmat44 affine = {{{0}}};
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 4; ++c) {
            affine.m[r][c] = grid->affine.m[r][c];
            if (h->sform_code > 0) {
                rows[r][c] = grid->affine.m[r][c];
            }
        }
    }
    affine.m[3][3] = 1.0;
    if (h->qform_code > 0) {
        double dx;
        double dy;
        double dz;
        nifti_dmat44_to_quatern(affine, &h->quatern_b, &h->quatern_c, &h->quatern_d, &h->qoffset_x, &h->qoffset_y, &h->qoffset_z, &dx, &dy,
                                &dz, &h->pixdim[0]);
    }
}

static void narrow(const nifti_2_header *w, nifti_1_header *h)
{
    memset(h, 0, sizeof *h);
    h->sizeof_hdr = (int)sizeof *h;
    h->regular = 'r'; /* some readers of ANALYZE ancestry look for it */
    memcpy(h->magic, "n+1", 4);
    h->datatype = w->datatype;
    h->bitpix = w->bitpix;
    for (int i = 0; i < 8; ++i) {
        h->dim[i] = (int16_t)w->dim[i];
        h->pixdim[i] = (float)w->pixdim[i];
    }
    h->vox_offset = 352.0f;
    h->scl_slope = 1.0f;
    h->xyzt_units = (char)w->xyzt_units;
    memcpy(h->descrip, w->descrip, sizeof h->descrip);
    h->qform_code = (int16_t)w->qform_code;
    h->sform_code = (int16_t)w->sform_code;
    h->quatern_b = (float)w->quatern_b;
    h->quatern_c = (float)w->quatern_c;
    h->quatern_d = (float)w->quatern_d;
    h->qoffset_x = (float)w->qoffset_x;
    h->qoffset_y = (float)w->qoffset_y;
    h->qoffset_z = (float)w->qoffset_z;
    for (int i = 0; i < 4; ++i) {
        h->srow_x[i] = (float)w->srow_x[i];
        h->srow_y[i] = (float)w->srow_y[i];
        h->srow_z[i] = (float)w->srow_z[i];
    }
}

/* Header, then pieces[1..volumes] (pieces[0] is filled here). */
static dn_status write_image(const char *path, const dn_grid *grid, dn_piece *pieces, size_t volumes, int datatype, int bits,
                             const dn_scan_write_options *options, int default_level)
{
    static const dn_scan_write_options defaults = {0};
    unsigned char bytes[544] = {0}; /* header and four zero bytes: no extension */
    nifti_2_header wide;
    bool packed = dn_path_has_extension(path, ".nii.gz");
    options = options != NULL ? options : &defaults;
    if (!packed && !dn_path_has_extension(path, ".nii")) {
        DN_FAIL(DN_EUSAGE, "cannot write '%s': images are written as .nii.gz or .nii", path);
    }
    fill_header(grid, volumes, datatype, bits, options, &wide);
    if (grid->dim[0] > INT16_MAX || grid->dim[1] > INT16_MAX || grid->dim[2] > INT16_MAX || volumes > INT16_MAX) {
        memcpy(bytes, &wide, sizeof wide);
        pieces[0] = (dn_piece){bytes, 544};
    } else {
        nifti_1_header h;
        narrow(&wide, &h);
        memcpy(bytes, &h, sizeof h);
        pieces[0] = (dn_piece){bytes, 352};
    }
    int level = !packed ? 0 : options->gzip_level > 0 ? (options->gzip_level < 9 ? options->gzip_level : 9) : default_level;
    dn_file_writer writer = {0};
    DN_TRY(dn_file_create(&writer, path));
    dn_status status = dn_pieces_write(&writer, pieces, volumes + 1, level);
    return dn_file_end(&writer, status);
}

dn_status dn_volumes_write_4d(const dn_volume *const *volumes, size_t count, const char *path, const dn_scan_write_options *options)
{
    dn_piece *pieces = NULL;
    if (count < 1) {
        DN_FAIL(DN_ESHAPE, "cannot write '%s': there is no volume to write", path);
    }
    for (size_t v = 1; v < count; ++v) {
        if (!dn_grid_equal(&volumes[0]->grid, &volumes[v]->grid, 1e-3)) {
            DN_FAIL(DN_ESHAPE, "cannot write '%s': volume %zu lies on another grid than the first", path, v + 1);
        }
    }
    DN_TRY(dn_alloc(&pieces, count + 1, sizeof *pieces, "a series of volumes"));
    for (size_t v = 0; v < count; ++v) {
        pieces[v + 1] = (dn_piece){volumes[v]->data, (size_t)dn_grid_count(&volumes[v]->grid) * sizeof(float)};
    }
    dn_status status = write_image(path, &volumes[0]->grid, pieces, count, DT_FLOAT32, 32, options, 2);
    free(pieces);
    return status;
}

dn_status dn_volume_write(const dn_volume *volume, const char *path, const dn_scan_write_options *options)
{
    return dn_volumes_write_4d(&volume, 1, path, options);
}

dn_status dn_labels_write(const dn_labels *labels, const char *path, const dn_scan_write_options *options)
{
    int64_t count = dn_grid_count(&labels->grid);
    dn_piece pieces[2];
    if (options != NULL && options->narrow) {
        uint16_t largest = 0;
#pragma omp parallel for reduction(max : largest)
        for (int64_t i = 0; i < count; ++i) {
            largest = labels->data[i] > largest ? labels->data[i] : largest;
        }
        if (largest < 256) {
            uint8_t *bytes = NULL;
            DN_TRY(dn_alloc(&bytes, (size_t)count, 1, "a label map"));
            for (int64_t i = 0; i < count; ++i) {
                bytes[i] = (uint8_t)labels->data[i];
            }
            pieces[1] = (dn_piece){bytes, (size_t)count};
            dn_status status = write_image(path, &labels->grid, pieces, 1, DT_UINT8, 8, options, 1);
            free(bytes);
            return status;
        }
    }
    pieces[1] = (dn_piece){labels->data, (size_t)count * sizeof *labels->data};
    return write_image(path, &labels->grid, pieces, 1, DT_UINT16, 16, options, 1);
}
