/* Every refusal of a scan: a file made for it, the status, the exit code 3 and the sentence. */
#define _GNU_SOURCE /* symlink */
#include "scan_maker.h"

#include "image/io.h"

/* A file is made into m and saved by the row's function, which returns its path. */
typedef struct refusal {
    const char *what;
    const char *(*make)(maker *m);
    dn_status status;
    const char *says; /* part of the sentence */
} refusal;

static const char *save(maker *m)
{
    return maker_save(m, "bad.nii", false);
}

/* One row a function: the usual file with one thing wrong. */
#define BROKEN(name, change)                                                                                                               \
    static const char *name(maker *m)                                                                                                      \
    {                                                                                                                                      \
        maker_usual(m);                                                                                                                    \
        change;                                                                                                                            \
        return save(m);                                                                                                                    \
    }

BROKEN(rgb, maker_type(m, 128, 24))
BROKEN(rgba, maker_type(m, 2304, 32))
BROKEN(complex64, maker_type(m, 32, 64))
BROKEN(complex128, maker_type(m, 1792, 128))
BROKEN(float128, maker_type(m, 1536, 128))
BROKEN(binary, maker_type(m, 1, 1))
BROKEN(type_zero, maker_type(m, 0, 0))
BROKEN(type_unknown, maker_type(m, 77, 16))
BROKEN(dim_zero, maker_dim(m, 2, 0))
BROKEN(dim_negative, maker_dim(m, 3, -3))
BROKEN(dims_none, maker_dim(m, 0, 0))
BROKEN(dims_eight, maker_dim(m, 0, 8))
BROKEN(flat, maker_dim(m, 0, 2))
BROKEN(series, (maker_dim(m, 0, 4), maker_dim(m, 4, 40)))
BROKEN(series_negative, (maker_dim(m, 0, 4), maker_dim(m, 4, -1)))
BROKEN(vector, (maker_dim(m, 0, 5), maker_dim(m, 5, 3)))
BROKEN(promise, maker_dim(m, 3, 4))
BROKEN(promise_large, (maker_dim(m, 1, 32767), maker_dim(m, 2, 32767), maker_dim(m, 3, 32767)))
BROKEN(offset_small, maker_offset(m, 100.0))
BROKEN(offset_negative, maker_offset(m, -352.0))
BROKEN(offset_fraction, maker_offset(m, 352.5))
BROKEN(offset_nan, maker_offset(m, NAN))
BROKEN(offset_far, maker_offset(m, 1e9))
BROKEN(slope_infinite, maker_slope(m, INFINITY, 0.0))
BROKEN(intercept_nan, maker_slope(m, 2.0, NAN))
BROKEN(intercept_infinite, maker_slope(m, 1.0, INFINITY))
BROKEN(sform_zero, maker_srow(m, ((const double[3][4]){{0, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 1.5, 0}})))
BROKEN(sform_flat, maker_srow(m, ((const double[3][4]){{1, 2, 0, 0}, {0, 0, 0, 0}, {0, 0, 1.5, 0}})))
BROKEN(sform_zero_qform, (maker_srow(m, ((const double[3][4]){{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}})), maker_qform_code(m, 1)))
BROKEN(sform_flat_qform, (maker_srow(m, ((const double[3][4]){{1, 2, 0, 0}, {0, 0, 0, 0}, {0, 0, 1.5, 0}})), maker_qform_code(m, 1)))
BROKEN(sform_nan, maker_srow(m, ((const double[3][4]){{1, 0, 0, NAN}, {0, 2, 0, 0}, {0, 0, 1.5, 0}})))
BROKEN(spacing_zero, maker_pixdim(m, 2, 0.0))
BROKEN(spacing_negative, maker_pixdim(m, 2, -2.0))
BROKEN(spacing_nan, maker_pixdim(m, 2, NAN))
BROKEN(spacing_other, maker_pixdim(m, 2, 2.1))
BROKEN(quaternion_long, (maker_qform_code(m, 1), maker_quatern(m, 1.0, 1.0, 0.0, 0, 0, 0)))
BROKEN(quaternion_nan, (maker_qform_code(m, 1), maker_quatern(m, NAN, 0.0, 0.0, 0, 0, 0)))
/* The sform runs left (MAKER_AFFINE), the qform right. */
BROKEN(forms_flipped, (maker_qform_code(m, 2), maker_quatern(m, 0.0, 0.0, 0.0, 40, -30, -20)))
BROKEN(forms_apart, (maker_srow(m, ((const double[3][4]){{1, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 1.5, 0}})), maker_qform_code(m, 1),
                     maker_quatern(m, 0, 0, 0, 0, 5, 0)))
BROKEN(header_length, maker_put(m, 0, 349, 4))
BROKEN(analyze, memset(m->bytes + 344, 0, 4))
BROKEN(short_header, m->size = 300)
BROKEN(header_only, m->size = 352)
BROKEN(one_byte_short, m->size -= 1)
BROKEN(constant, memset(m->bytes + 352, 0, m->size - 352))
BROKEN(lone_pair, memcpy(m->bytes + 344, "ni1", 4))

static const char *analyze_big(maker *m)
{
    maker_nifti(m, 1, true, false, 4, 16);
    maker_voxels(m, 4);
    memset(m->bytes + 344, 0, 4);
    return maker_save(m, "old.hdr", false);
}

static const char *nifti2_text_mode(maker *m)
{
    maker_nifti(m, 2, false, false, 4, 16);
    maker_voxels(m, 4);
    m->bytes[8] = '\n';
    return save(m);
}

static const char *nifti2_overflow(maker *m)
{
    maker_nifti(m, 2, false, false, 4, 16);
    maker_voxels(m, 4);
    for (int d = 1; d <= 3; ++d) {
        maker_dim(m, d, INT64_C(1) << 40);
    }
    return save(m);
}

static const char *nifti2_negative_offset(maker *m)
{
    maker_nifti(m, 2, true, false, 4, 16);
    maker_voxels(m, 4);
    maker_offset(m, -1.0);
    return save(m);
}

static const char *nifti2_no_magic(maker *m)
{
    maker_nifti(m, 2, false, false, 4, 16);
    maker_voxels(m, 4);
    m->bytes[4] = 'x';
    return save(m);
}

static const char *all_nan(maker *m)
{
    maker_nifti(m, 1, false, false, 16, 32);
    for (int i = 0; i < 60; ++i) {
        maker_voxel(m, 16, NAN);
    }
    return save(m);
}

static const char *header_without_image(maker *m)
{
    maker_nifti(m, 1, false, true, 4, 16);
    m->size = 348;
    return maker_save(m, "lonely.hdr", false);
}

static const char *image_without_header(maker *m)
{
    memset(m->bytes, 1, 120);
    m->size = 120;
    return maker_save(m, "orphan.img", false);
}

static const char *image_short(maker *m)
{
    maker_nifti(m, 1, false, true, 4, 16);
    maker_save_bytes(maker_path("pair.hdr"), m->bytes, 348);
    maker_save_bytes(maker_path("pair.img"), m->bytes, 100);
    return maker_path("pair.img"); /* the file that is short is named, whichever of the two was asked for */
}

static const char *gz_truncated(maker *m)
{
    static unsigned char packed[2 * MAKER_ROOM];
    maker_usual(m);
    size_t size = maker_pack(m->bytes, m->size, packed, sizeof packed);
    maker_save_bytes(maker_path("cut.nii.gz"), packed, size - 30);
    return maker_path("cut.nii.gz");
}

/* Larger than what is read to recognise a file, so that the checksum is met after the last voxel. */
static const char *gz_damaged(maker *m)
{
    static unsigned char packed[2 * MAKER_ROOM];
    maker_nifti(m, 1, false, false, 4, 16);
    for (int d = 1; d <= 3; ++d) {
        maker_dim(m, d, 30);
    }
    for (int i = 0; i < 27000; ++i) {
        maker_voxel(m, 4, i % 1000);
    }
    size_t size = maker_pack(m->bytes, m->size, packed, sizeof packed);
    packed[size - 6] ^= 0x55; /* the checksum */
    maker_save_bytes(maker_path("sum.nii.gz"), packed, size);
    return maker_path("sum.nii.gz");
}

static const char *gz_rubbish(maker *m)
{
    memset(m->bytes, 0xee, 200);
    m->bytes[0] = 0x1f;
    m->bytes[1] = 0x8b;
    m->size = 200;
    return maker_save(m, "rubbish.nii.gz", false);
}

static const char *gz_promise(maker *m)
{
    maker_usual(m);
    maker_dim(m, 3, 4);
    return maker_save(m, "promise.nii.gz", true);
}

static const char *gz_promise_large(maker *m)
{
    maker_usual(m);
    maker_dim(m, 1, 30000);
    maker_dim(m, 2, 30000);
    maker_dim(m, 3, 30000);
    return maker_save(m, "promise.nii.gz", true);
}

/* A file that could be what it promises, a head of 1.1 thousand million voxels: it is not unpacked to see. */
static const char *gz_bomb(maker *m)
{
    static unsigned char packed[(1 << 21) + 100000];
    maker_usual(m);
    maker_dim(m, 1, 1025);
    maker_dim(m, 2, 1025);
    maker_dim(m, 3, 1025);
    (void)maker_pack(m->bytes, m->size, packed, sizeof packed);
    maker_save_bytes(maker_path("bomb.nii.gz"), packed, sizeof packed);
    return maker_path("bomb.nii.gz");
}

/* The length at the end is believed before allocating; the data themselves are not. */
static const char *gz_length_lies(maker *m)
{
    static unsigned char packed[2 * MAKER_ROOM];
    maker_usual(m);
    maker_dim(m, 3, 4);
    size_t size = maker_pack(m->bytes, m->size, packed, sizeof packed);
    packed[size - 3] = 0x10;
    maker_save_bytes(maker_path("length.nii.gz"), packed, size);
    return maker_path("length.nii.gz");
}

static const char *gz_twice(maker *m)
{
    static unsigned char packed[2 * MAKER_ROOM];
    maker_usual(m);
    size_t size = maker_pack(m->bytes, m->size, packed, sizeof packed);
    maker_save_gz(maker_path("twice.nii.gz"), packed, size);
    return maker_path("twice.nii.gz");
}

#define MGH_BROKEN(name, change)                                                                                                           \
    static const char *name(maker *m)                                                                                                      \
    {                                                                                                                                      \
        maker_mgh(m, 4);                                                                                                                   \
        maker_voxels(m, 4);                                                                                                                \
        change;                                                                                                                            \
        return maker_save(m, "bad.mgh", false);                                                                                            \
    }

MGH_BROKEN(mgh_dim, maker_put(m, 8, 0, 4))
MGH_BROKEN(mgh_dim_negative, maker_put(m, 8, (uint64_t)-4, 4))
MGH_BROKEN(mgh_frames, maker_put(m, 16, 2, 4))
MGH_BROKEN(mgh_no_frames, maker_put(m, 16, 0, 4))
MGH_BROKEN(mgh_type, maker_put(m, 20, 2, 4))
MGH_BROKEN(mgh_spacing, maker_put_float(m, 34, -1.0f))
MGH_BROKEN(mgh_directions, maker_put_float(m, 42, 0.5f))
MGH_BROKEN(mgh_directions_nan, maker_put_float(m, 42, NAN))
MGH_BROKEN(mgh_centre, maker_put_float(m, 78, INFINITY))
MGH_BROKEN(mgh_short, m->size -= 2)
MGH_BROKEN(mgh_short_header, m->size = 200)
MGH_BROKEN(mgh_huge, (maker_put(m, 4, 0x7fffffff, 4), maker_put(m, 8, 0x7fffffff, 4), maker_put(m, 12, 0x7fffffff, 4)))
MGH_BROKEN(mgh_constant, memset(m->bytes + 284, 0, 120))

/* Other kinds of file. */
static const char *kind(maker *m, const void *bytes, size_t size, size_t at, const char *name)
{
    memset(m->bytes, 0, 1024);
    memset(m->bytes, 0x90, at);
    memcpy(m->bytes + at, bytes, size);
    m->size = 1024;
    return maker_save(m, name, false);
}

#define TEXT(name, text, file)                                                                                                             \
    static const char *name(maker *m)                                                                                                      \
    {                                                                                                                                      \
        (void)m;                                                                                                                           \
        maker_save_bytes(maker_path(file), text, sizeof text - 1);                                                                         \
        return maker_path(file);                                                                                                           \
    }

TEXT(text, "subject,age\n01,30\n", "table.nii")
TEXT(page, "<!DOCTYPE html><html><head><title>404</title></head></html>", "page.nii.gz")
TEXT(lfs, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n", "lfs.nii.gz")
TEXT(annex, "/annex/objects/MD5E-s123--0.nii.gz\n", "annex.nii.gz")
TEXT(empty, "", "empty.nii")

static const char *dicom(maker *m)
{
    return kind(m, "DICM", 4, 128, "slice.dcm");
}

static const char *dicom_bare(maker *m)
{
    return kind(m, "\x08\0\x05\0\x0a\0\0\0", 8, 0, "slice");
}

static const char *nrrd(maker *m)
{
    return kind(m, "NRRD0004\n", 9, 0, "scan.nrrd");
}

static const char *zip(maker *m)
{
    return kind(m, "PK\x03\x04", 4, 0, "scan.zip");
}

static const char *noise(maker *m)
{
    return kind(m, "\x7f\x01\x02\x03", 4, 0, "noise.nii");
}

/* A DataLad data set whose content was not fetched, and a link that leads nowhere else. */
static const char *dead_link(const char *target)
{
    static char path[600];
    snprintf(path, sizeof path, "%s/dead.nii.gz", maker_folder());
    (void)remove(path);
    return symlink(target, path) == 0 ? path : "cannot make a link";
}

static const char *dead_annex(maker *m)
{
    (void)m;
    return dead_link("../../.git/annex/objects/x1/Zq/MD5E-s1--d41d8.nii.gz/MD5E-s1--d41d8.nii.gz");
}

static const char *dead_elsewhere(maker *m)
{
    (void)m;
    return dead_link("/no/such/disk/scan.nii.gz");
}

static const char *missing(maker *m)
{
    (void)m;
    return maker_path("absent.nii.gz");
}

static const char *folder(maker *m)
{
    (void)m;
    return maker_folder();
}

static const char *device(maker *m)
{
    (void)m;
    return "/dev/null";
}

static const refusal refusals[] = {
    {"RGB", rgb, DN_EFORMAT, "colour image"},
    {"RGBA", rgba, DN_EFORMAT, "colour image"},
    {"complex64", complex64, DN_EFORMAT, "complex numbers"},
    {"complex128", complex128, DN_EFORMAT, "complex numbers"},
    {"float128", float128, DN_EFORMAT, "128-bit"},
    {"one bit per voxel", binary, DN_EFORMAT, "one bit per voxel"},
    {"data type 0", type_zero, DN_EFORMAT, "unknown data type 0"},
    {"data type 77", type_unknown, DN_EFORMAT, "unknown data type 77"},
    {"a dimension of 0", dim_zero, DN_EFORMAT, "0 voxels along axis 2"},
    {"a negative dimension", dim_negative, DN_EFORMAT, "-3 voxels along axis 3"},
    {"no dimensions", dims_none, DN_EFORMAT, "0 dimensions"},
    {"eight dimensions", dims_eight, DN_EFORMAT, "8 dimensions"},
    {"a flat picture", flat, DN_EFORMAT, "flat picture"},
    {"forty volumes", series, DN_EFORMAT, "40 volumes"},
    {"-1 volumes", series_negative, DN_EFORMAT, "-1 voxels along axis 4"},
    {"three values per voxel", vector, DN_EFORMAT, "3 values per voxel"},
    {"more promised than there", promise, DN_EFORMAT, "shorter than its header says"},
    {"much more promised", promise_large, DN_EFORMAT, "shorter than its header says"},
    {"voxels inside the header", offset_small, DN_EFORMAT, "start at byte 100"},
    {"a negative offset", offset_negative, DN_EFORMAT, "start at byte -352"},
    {"half an offset", offset_fraction, DN_EFORMAT, "start at byte 352.5"},
    {"an offset of NaN", offset_nan, DN_EFORMAT, "start at byte"},
    {"an offset beyond the file", offset_far, DN_EFORMAT, "shorter than its header says"},
    {"an infinite slope", slope_infinite, DN_EFORMAT, "are to be multiplied by inf"},
    {"a slope with intercept NaN", intercept_nan, DN_EFORMAT, "are to be multiplied by 2"},
    {"a slope with an infinite intercept", intercept_infinite, DN_EFORMAT, "that inf is to be added"},
    {"an sform column of 0", sform_zero, DN_EGEOMETRY, "0 mm along axis 1"},
    {"an sform of zeros beside a qform", sform_zero_qform, DN_EGEOMETRY, "0 mm along axis 1"},
    {"an sform in a plane beside a qform", sform_flat_qform, DN_EGEOMETRY, "one plane"},
    {"sform axes in a plane", sform_flat, DN_EGEOMETRY, "one plane"},
    {"an sform with NaN", sform_nan, DN_EGEOMETRY, "not numbers"},
    {"spacing 0", spacing_zero, DN_EGEOMETRY, "spacing of 0 along axis 2"},
    {"negative spacing", spacing_negative, DN_EGEOMETRY, "spacing of -2 along axis 2"},
    {"spacing NaN", spacing_nan, DN_EGEOMETRY, "spacing of"},
    {"pixdim against sform", spacing_other, DN_EGEOMETRY, "sform says the voxels are 1 x 2 x 1.5 mm, its pixdim 1 x 2.1 x 1.5 mm"},
    {"a quaternion longer than 1", quaternion_long, DN_EGEOMETRY, "not a rotation"},
    {"a quaternion of NaN", quaternion_nan, DN_EGEOMETRY, "not a rotation"},
    {"sform left, qform right", forms_flipped, DN_EGEOMETRY, "runs towards L 1.00, its qform (code 2) towards R 1.00"},
    {"forms apart", forms_apart, DN_EGEOMETRY, "puts the image's centre at"},
    {"a header length of 349", header_length, DN_EFORMAT, "349 instead of 348"},
    {"ANALYZE 7.5", analyze, DN_EFORMAT, "ANALYZE 7.5"},
    {"ANALYZE 7.5, big-endian", analyze_big, DN_EFORMAT, "which side is left"},
    {"half a header", short_header, DN_EFORMAT, "header alone has 348"},
    {"a header alone", header_only, DN_EFORMAT, "shorter than its header says"},
    {"a byte short", one_byte_short, DN_EFORMAT, "need 472 bytes, but the file has 471"},
    {"a constant image", constant, DN_EDATA, "same value (0) in every voxel"},
    {"only NaN", all_nan, DN_EDATA, "no voxel with a finite value"},
    {"a pair's header in a .nii", lone_pair, DN_EFORMAT, "header of a pair"},
    {"NIfTI-2 through text mode", nifti2_text_mode, DN_EFORMAT, "text mode"},
    {"NIfTI-2 dims that overflow", nifti2_overflow, DN_EFORMAT, "more than any machine can hold"},
    {"NIfTI-2 negative offset", nifti2_negative_offset, DN_EFORMAT, "start at byte -1"},
    {"NIfTI-2 without magic", nifti2_no_magic, DN_EFORMAT, "without NIfTI-2's magic"},
    {"a .hdr without .img", header_without_image, DN_EINPUT, "put its .img file beside it"},
    {"a .img without .hdr", image_without_header, DN_EINPUT, "put its .hdr file beside it"},
    {"a short .img", image_short, DN_EFORMAT, "shorter than its header says"},
    {"gzip cut short", gz_truncated, DN_EFORMAT, "is cut short"},
    {"gzip with a wrong checksum", gz_damaged, DN_EFORMAT, "is damaged"},
    {"rubbish that starts as gzip", gz_rubbish, DN_EFORMAT, "is damaged"},
    {"gzip that promises more", gz_promise, DN_EFORMAT, "shorter than its header says"},
    {"gzip that promises much more", gz_promise_large, DN_EFORMAT, "shorter than its header says"},
    {"gzip that stands for gigabytes", gz_bomb, DN_EFORMAT, "at most 1073 million"},
    {"gzip whose length lies", gz_length_lies, DN_EFORMAT, "is damaged"},
    {"gzip in gzip", gz_twice, DN_EINPUT, "compressed twice by gzip"},
    {"MGH dimension 0", mgh_dim, DN_EFORMAT, "0 voxels along axis 2"},
    {"MGH negative dimension", mgh_dim_negative, DN_EFORMAT, "-4 voxels along axis 2"},
    {"MGH two frames", mgh_frames, DN_EFORMAT, "2 volumes"},
    {"MGH no frames", mgh_no_frames, DN_EFORMAT, "0 frames"},
    {"MGH type", mgh_type, DN_EFORMAT, "MGH voxel type 2"},
    {"MGH spacing", mgh_spacing, DN_EGEOMETRY, "spacing of -1 mm along axis 2"},
    {"MGH directions", mgh_directions, DN_EGEOMETRY, "not a rotation"},
    {"MGH directions NaN", mgh_directions_nan, DN_EGEOMETRY, "not a rotation"},
    {"MGH centre", mgh_centre, DN_EGEOMETRY, "not a number"},
    {"MGH short", mgh_short, DN_EFORMAT, "shorter than its header says"},
    {"MGH short header", mgh_short_header, DN_EFORMAT, "header alone has 284"},
    {"MGH huge", mgh_huge, DN_EFORMAT, "more than any machine can hold"},
    {"MGH constant", mgh_constant, DN_EDATA, "same value"},
    {"text", text, DN_EINPUT, "a text file, not a scan"},
    {"a web page", page, DN_EINPUT, "a web page"},
    {"a Git LFS pointer", lfs, DN_EINPUT, "Git LFS pointer"},
    {"a git-annex pointer", annex, DN_EINPUT, "git-annex pointer"},
    {"an empty file", empty, DN_EINPUT, "is empty"},
    {"DICOM", dicom, DN_EINPUT, "a DICOM file"},
    {"DICOM without preamble", dicom_bare, DN_EINPUT, "a DICOM file"},
    {"NRRD", nrrd, DN_EINPUT, "an NRRD file"},
    {"zip", zip, DN_EINPUT, "a zip archive"},
    {"noise", noise, DN_EINPUT, "fit neither format"},
    {"a DataLad link without content", dead_annex, DN_EINPUT, "datalad get"},
    {"a link to nothing", dead_elsewhere, DN_EINPUT, "/no/such/disk/scan.nii.gz"},
    {"no file", missing, DN_EINPUT, "there is no file"},
    {"a folder", folder, DN_EINPUT, "is a folder"},
    {"a device", device, DN_EINPUT, "a device or pipe"},
};

static void every_refusal(void **state)
{
    static maker m;
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; ++i) {
        dn_volume *v = NULL;
        const char *path = refusals[i].make(&m);
        dn_status status = dn_scan_read(path, NULL, &v, NULL);
        const char *says = status == DN_OK ? "" : dn_error_message();
        if (status != refusals[i].status || dn_status_exit_code(status) != 3 || strstr(says, refusals[i].says) == NULL ||
            strstr(says, path) == NULL || v != NULL) {
            fprintf(stderr, "%s: expected %s with '%s' and the path, found %s: %s\n", refusals[i].what, dn_status_name(refusals[i].status),
                    refusals[i].says, dn_status_name(status), says);
            ++wrong;
        }
    }
    assert_int_equal(wrong, 0);
}

/* The message says what is wrong; what might help is noted beside it, for whoever knows how to ask for it. */
static void what_might_help(void **state)
{
    static maker m;
    static const struct {
        const char *(*make)(maker *);
        dn_remedy remedy;
    } cases[] = {
        {sform_zero, DN_REMEDY_NONE},
        {sform_zero_qform, DN_REMEDY_TRUST_QFORM},
        {sform_flat_qform, DN_REMEDY_TRUST_QFORM},
        {forms_flipped, DN_REMEDY_TRUST_EITHER},
        {forms_apart, DN_REMEDY_TRUST_EITHER},
        {spacing_other, DN_REMEDY_TRUST_SFORM},
        {rgb, DN_REMEDY_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_volume *v = NULL;
        assert_int_not_equal(dn_scan_read(cases[i].make(&m), NULL, &v, NULL), DN_OK);
        if (dn_error_remedy() != cases[i].remedy || strstr(dn_error_message(), "--") != NULL) {
            fail_msg("expected remedy %d and no option, found %d: %s", (int)cases[i].remedy, (int)dn_error_remedy(), dn_error_message());
        }
    }
}

static void refuse_labels(maker *m, const char *says)
{
    dn_labels *l = NULL;
    assert_int_equal(dn_labels_read(save(m), NULL, &l, NULL), DN_EDATA);
    if (strstr(dn_error_message(), says) == NULL) {
        fail_msg("expected '%s' in '%s'", says, dn_error_message());
    }
}

static void values_that_are_no_labels(void **state)
{
    static maker m;
    (void)state;
    maker_nifti(&m, 1, false, false, 16, 32);
    for (int i = 0; i < 60; ++i) {
        maker_voxel(&m, 16, i == 30 ? 0.5 : (double)i);
    }
    refuse_labels(&m, "has the value 0.5, which is not a label");
    maker_nifti(&m, 1, false, false, 4, 16);
    for (int i = 0; i < 60; ++i) {
        maker_voxel(&m, 4, i - 7);
    }
    refuse_labels(&m, "has the value -7");
    maker_nifti(&m, 1, false, false, 8, 32);
    for (int i = 0; i < 60; ++i) {
        maker_voxel(&m, 8, 65500 + i);
    }
    refuse_labels(&m, "has the value 65536");
    maker_nifti(&m, 1, false, false, 16, 32);
    for (int i = 0; i < 60; ++i) {
        maker_voxel(&m, 16, i == 3 ? NAN : (float)i);
    }
    refuse_labels(&m, "1 voxels that are not finite");
}

/* A pair in memory has its voxels elsewhere. */
static void a_pair_in_memory(void **state)
{
    static maker m;
    dn_volume *v = NULL;
    (void)state;
    maker_nifti(&m, 1, false, true, 4, 16);
    assert_int_equal(dn_scan_read_bytes(m.bytes, m.size, "an upload", NULL, &v, NULL), DN_EFORMAT);
    assert_non_null(strstr(dn_error_message(), "header of a pair"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal),
        cmocka_unit_test(what_might_help),
        cmocka_unit_test(values_that_are_no_labels),
        cmocka_unit_test(a_pair_in_memory),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed == 0) {
        maker_remove_folder();
    }
    return failed;
}
