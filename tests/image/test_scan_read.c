/* Every form of file that is read, made byte by byte: formats, byte orders, data types, scaling, units, orientation. */
#include "scan_maker.h"

#include "image/io.h"

#include <math.h>

static const struct {
    int code, bits;
    const char *name;
} types[] = {{2, 8, "uint8"},     {256, 8, "int8"},    {4, 16, "int16"},    {512, 16, "uint16"}, {8, 32, "int32"},
             {768, 32, "uint32"}, {16, 32, "float32"}, {64, 64, "float64"}, {1024, 64, "int64"}, {1280, 64, "uint64"}};

static void check_affine(const dn_affine *found, const double expected[3][4])
{
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 4; ++c) {
            assert_close(found->m[r][c], expected[r][c], 1e-5);
        }
    }
}

static void check_ramp(const char *path, const char *type, const char *format)
{
    dn_volume *v = NULL;
    dn_scan_info info;
    assert_ok(dn_scan_read(path, NULL, &v, &info));
    assert_string_equal(info.type_name, type);
    assert_string_equal(info.format_name, format);
    assert_int_equal(v->grid.dim[0], 5);
    assert_int_equal(v->grid.dim[1], 4);
    assert_int_equal(v->grid.dim[2], 3);
    check_affine(&v->grid.affine, MAKER_AFFINE);
    for (int i = 0; i < 60; ++i) {
        assert_close(v->data[i], i, 0.0);
    }
    assert_close(info.minimum, 0.0, 0.0);
    assert_close(info.maximum, 59.0, 0.0);
    if (info.warning_count != 0) {
        fail_msg("%s: unexpected warning: %s", path, info.warning[0]);
    }
    dn_volume_destroy(v);
}

/* 10 types x 2 byte orders x 2 versions x single, gzipped, pair, gzipped pair. */
static void every_type_order_version_and_container(void **state)
{
    static maker m;
    (void)state;
    for (size_t t = 0; t < sizeof types / sizeof types[0]; ++t) {
        for (int form = 0; form < 4; ++form) {
            bool big = form & 1;
            int version = form & 2 ? 2 : 1;
            maker_nifti(&m, version, big, false, types[t].code, types[t].bits);
            maker_voxels(&m, types[t].code);
            check_ramp(maker_save(&m, "a.nii", false), types[t].name, version == 1 ? "NIfTI-1" : "NIfTI-2");
            check_ramp(maker_save(&m, "a.nii.gz", true), types[t].name, version == 1 ? "NIfTI-1" : "NIfTI-2");

            const char *pair = version == 1 ? "NIfTI-1 pair" : "NIfTI-2 pair";
            maker_nifti(&m, version, big, true, types[t].code, types[t].bits);
            size_t header = version == 1 ? 348 : 540;
            size_t start = m.size;
            maker_voxels(&m, types[t].code);
            maker_save_bytes(maker_path("b.hdr"), m.bytes, header);
            maker_save_bytes(maker_path("b.img"), m.bytes + start, m.size - start);
            check_ramp(maker_path("b.hdr"), types[t].name, pair);
            check_ramp(maker_path("b.img"), types[t].name, pair);
            maker_save_gz(maker_path("c.hdr.gz"), m.bytes, header);
            maker_save_gz(maker_path("c.img.gz"), m.bytes + start, m.size - start);
            check_ramp(maker_path("c.hdr.gz"), types[t].name, pair);
            check_ramp(maker_path("c.img.gz"), types[t].name, pair);
        }
    }
}

static void mgh_types(void **state)
{
    static maker m;
    static const struct {
        int mgh, nifti;
        const char *name;
    } mgh[] = {{0, 2, "uint8"}, {1, 8, "int32"}, {3, 16, "float32"}, {4, 4, "int16"}, {10, 512, "uint16"}};
    (void)state;
    for (size_t t = 0; t < sizeof mgh / sizeof mgh[0]; ++t) {
        maker_mgh(&m, mgh[t].mgh);
        maker_voxels(&m, mgh[t].nifti);
        m.size += 20; /* a footer */
        check_ramp(maker_save(&m, "a.mgh", false), mgh[t].name, "MGH");
        check_ramp(maker_save(&m, "a.mgz", true), mgh[t].name, "MGH");
    }
}

/* Without goodRASFlag FreeSurfer takes 1 mm, coronal, centred: x to the left, y down, z to the front. */
static void mgh_without_orientation(void **state)
{
    static maker m;
    static const double expected[3][4] = {{-1, 0, 0, 2.5}, {0, 0, 1, -1.5}, {0, -1, 0, 2}};
    dn_volume *v = NULL;
    dn_scan_info info;
    (void)state;
    maker_mgh(&m, 0);
    maker_put(&m, 28, 0, 2);
    maker_voxels(&m, 2);
    assert_ok(dn_scan_read(maker_save(&m, "n.mgh", false), NULL, &v, &info));
    check_affine(&v->grid.affine, expected);
    assert_int_equal(info.affine_source, DN_AFFINE_MGH_DEFAULT);
    assert_int_equal(info.warning_count, 1);
    dn_volume_destroy(v);
}

static dn_volume *read_maker(const maker *m, const dn_scan_read_options *options, dn_scan_info *info)
{
    dn_volume *v = NULL;
    assert_ok(dn_scan_read(maker_save(m, "x.nii", false), options, &v, info));
    return v;
}

static void scaling(void **state)
{
    static maker m;
    static const struct {
        double slope, intercept, at0, at59;
    } cases[] = {{2.0, 10.0, 10.0, 128.0}, {0.0, 5.0, 0.0, 59.0},    {NAN, NAN, 0.0, 59.0}, {NAN, 3.0, 0.0, 59.0},
                 {-1.0, 0.0, 0.0, -59.0},  {1.0, 0.25, 0.25, 59.25}, {0.0, NAN, 0.0, 59.0}};
    dn_scan_info info;
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; ++c) {
        maker_usual(&m);
        maker_slope(&m, cases[c].slope, cases[c].intercept);
        dn_volume *v = read_maker(&m, NULL, &info);
        assert_close(v->data[0], cases[c].at0, 0.0);
        assert_close(v->data[59], cases[c].at59, 0.0);
        dn_volume_destroy(v);
    }
}

static void units(void **state)
{
    static maker m;
    static const struct {
        int code;
        double factor;
        const char *name;
        int warnings;
    } cases[] = {{1, 1000.0, "m", 0},    {2, 1.0, "mm", 0},      {3, 0.001, "um", 0},
                 {0, 1.0, "unknown", 1}, {5, 1.0, "unknown", 1}, {2 + 8, 1.0, "mm", 0}};
    dn_scan_info info;
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; ++c) {
        double rows[3][4];
        maker_usual(&m);
        for (int r = 0; r < 3; ++r) { /* the same millimetres in the file's unit */
            maker_pixdim(&m, r + 1, (r == 0 ? 1.0 : r == 1 ? 2.0 : 1.5) / cases[c].factor);
            for (int k = 0; k < 4; ++k) {
                rows[r][k] = MAKER_AFFINE[r][k] / cases[c].factor;
            }
        }
        maker_srow(&m, rows);
        maker_units(&m, cases[c].code);
        dn_volume *v = read_maker(&m, NULL, &info);
        check_affine(&v->grid.affine, MAKER_AFFINE);
        assert_string_equal(info.unit_name, cases[c].name);
        assert_int_equal(info.warning_count, cases[c].warnings);
        dn_volume_destroy(v);
    }
}

/* Rodrigues' formula, independent of the quaternion's matrix. */
static void rotation(const double axis[3], double angle, double out[3][3])
{
    double c = cos(angle);
    double s = sin(angle);
    double cross[3][3] = {{0, -axis[2], axis[1]}, {axis[2], 0, -axis[0]}, {-axis[1], axis[0], 0}};
    for (int r = 0; r < 3; ++r) {
        for (int k = 0; k < 3; ++k) {
            out[r][k] = (r == k ? c : 0.0) + s * cross[r][k] + (1.0 - c) * axis[r] * axis[k];
        }
    }
}

static void qform(void **state)
{
    static maker m;
    static const double axis[3] = {2.0 / 7.0, 3.0 / 7.0, 6.0 / 7.0};
    static const double spacing[3] = {1.0, 2.0, 1.5};
    dn_scan_info info;
    (void)state;
    for (int turn = 0; turn < 8; ++turn) {
        for (int q = -1; q <= 1; ++q) { /* qfac 0 counts as 1 */
            double angle = -3.0 + 0.75 * turn;
            double rotated[3][3];
            double expected[3][4];
            double half = sin(angle / 2) * (cos(angle / 2) < 0.0 ? -1.0 : 1.0); /* a = cos >= 0 in the header */
            maker_usual(&m);
            maker_sform_code(&m, 0);
            maker_qform_code(&m, 1);
            maker_pixdim(&m, 0, q);
            maker_quatern(&m, axis[0] * half, axis[1] * half, axis[2] * half, 7.0, -8.0, 9.0);
            rotation(axis, angle, rotated);
            for (int r = 0; r < 3; ++r) {
                for (int c = 0; c < 3; ++c) {
                    expected[r][c] = rotated[r][c] * spacing[c] * (c == 2 && q < 0 ? -1.0 : 1.0);
                }
                expected[r][3] = r == 0 ? 7.0 : r == 1 ? -8.0 : 9.0;
            }
            dn_volume *v = read_maker(&m, NULL, &info);
            check_affine(&v->grid.affine, expected);
            assert_int_equal(info.affine_source, DN_AFFINE_QFORM);
            dn_volume_destroy(v);
        }
    }
}

static void spacing_alone(void **state)
{
    static maker m;
    static const double expected[3][4] = {{1, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 1.5, 0}};
    dn_scan_info info;
    (void)state;
    maker_usual(&m);
    maker_sform_code(&m, 0);
    dn_volume *v = read_maker(&m, NULL, &info);
    check_affine(&v->grid.affine, expected);
    assert_int_equal(info.affine_source, DN_AFFINE_SPACING);
    assert_int_equal(info.warning_count, 1);
    dn_volume_destroy(v);
}

/* sform and qform within 1 % of each other are believed; beyond, --trust decides. */
static void trust(void **state)
{
    static maker m;
    static const double small[3][4] = {{1.005, 0, 0, 1}, {0, 2.01, 0, 2}, {0, 0, 1.5, 3}};
    static const double large[3][4] = {{1, 0, 0, 1}, {0, 2.2, 0, 2}, {0, 0, 1.5, 3}};
    static const double plain[3][4] = {{1, 0, 0, 1}, {0, 2, 0, 2}, {0, 0, 1.5, 3}};
    dn_scan_info info;
    dn_volume *v = NULL;
    dn_scan_read_options options = {DN_TRUST_SFORM};
    (void)state;
    maker_usual(&m);
    maker_qform_code(&m, 1);
    maker_quatern(&m, 0, 0, 0, 1, 2, 3);
    maker_srow(&m, small);
    v = read_maker(&m, NULL, &info);
    check_affine(&v->grid.affine, small);
    dn_volume_destroy(v);
    maker_srow(&m, large);
    assert_int_equal(dn_scan_read(maker_save(&m, "x.nii", false), NULL, &v, &info), DN_EGEOMETRY);
    v = read_maker(&m, &options, &info);
    check_affine(&v->grid.affine, large);
    assert_int_equal(info.affine_source, DN_AFFINE_SFORM);
    dn_volume_destroy(v);
    options.trust = DN_TRUST_QFORM;
    v = read_maker(&m, &options, &info);
    check_affine(&v->grid.affine, plain);
    assert_int_equal(info.affine_source, DN_AFFINE_QFORM);
    dn_volume_destroy(v);
}

static void not_finite_is_counted_and_replaced(void **state)
{
    static maker m;
    dn_scan_info info;
    (void)state;
    maker_nifti(&m, 1, true, false, 16, 32);
    for (int i = 0; i < 60; ++i) {
        maker_voxel(&m, 16, i < 3 ? NAN : i < 5 ? INFINITY : i == 5 ? -INFINITY : (double)i - 10.0);
    }
    dn_volume *v = read_maker(&m, NULL, &info);
    assert_int_equal(info.nan_count, 3);
    assert_int_equal(info.infinity_count, 3);
    assert_int_equal(info.warning_count, 2);
    assert_close(v->data[0], 0.0, 0.0);
    assert_close(v->data[3], 49.0, 0.0);
    assert_close(v->data[5], -4.0, 0.0);
    assert_close(info.minimum, -4.0, 0.0);
    assert_close(info.maximum, 49.0, 0.0);
    dn_volume_destroy(v);
}

static void one_volume_in_4d_is_taken(void **state)
{
    static maker m;
    dn_scan_info info;
    (void)state;
    maker_usual(&m);
    maker_dim(&m, 0, 4);
    dn_volume *v = read_maker(&m, NULL, &info);
    assert_close(v->data[59], 59.0, 0.0);
    dn_volume_destroy(v);
}

static void names_that_lie(void **state)
{
    static maker m;
    static const struct {
        const char *name;
        bool mgh, packed;
        const char *says;
    } cases[] = {{"lie.nii.gz", false, false, "not compressed"}, {"lie.nii", false, true, "compressed (gzip)"},
                 {"lie.mgz", false, true, "says MGH"},           {"lie.nii.gz", true, true, "content is MGH"},
                 {"lie.hdr", false, false, "single file"},       {"lie2.img", false, false, "single file"}};
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; ++c) {
        dn_volume *v = NULL;
        dn_scan_info info;
        if (cases[c].mgh) {
            maker_mgh(&m, 4);
            maker_voxels(&m, 4);
        } else {
            maker_usual(&m);
        }
        assert_ok(dn_scan_read(maker_save(&m, cases[c].name, cases[c].packed), NULL, &v, &info));
        assert_close(v->data[59], 59.0, 0.0);
        assert_int_equal(info.warning_count, 1);
        if (strstr(info.warning[0], cases[c].says) == NULL) {
            fail_msg("%s: expected '%s' in '%s'", cases[c].name, cases[c].says, info.warning[0]);
        }
        dn_volume_destroy(v);
    }
}

/* Several gzip members, rubbish after the last, bytes after the voxels: read, with a word where something is odd. */
static void gzip_oddities(void **state)
{
    static maker m;
    static unsigned char packed[2 * MAKER_ROOM];
    dn_volume *v = NULL;
    dn_scan_info info;
    (void)state;
    maker_usual(&m);
    size_t first = maker_pack(m.bytes, 400, packed, sizeof packed);
    size_t second = maker_pack(m.bytes + 400, m.size - 400, packed + first, sizeof packed - first);
    maker_save_bytes(maker_path("two.nii.gz"), packed, first + second);
    check_ramp(maker_path("two.nii.gz"), "int16", "NIfTI-1");
    memset(packed + first + second, 0, 512); /* as tape blocks leave */
    maker_save_bytes(maker_path("padded.nii.gz"), packed, first + second + 512);
    check_ramp(maker_path("padded.nii.gz"), "int16", "NIfTI-1");
    m.size += 7;
    assert_ok(dn_scan_read(maker_save(&m, "long.nii.gz", true), NULL, &v, &info));
    assert_int_equal(info.warning_count, 1);
    assert_non_null(strstr(info.warning[0], "7 bytes follow"));
    dn_volume_destroy(v);
}

static void from_memory_and_header_only(void **state)
{
    static maker m;
    static unsigned char packed[2 * MAKER_ROOM];
    dn_volume *v = NULL;
    dn_grid grid;
    dn_scan_info info;
    (void)state;
    maker_usual(&m);
    size_t size = maker_pack(m.bytes, m.size, packed, sizeof packed);
    assert_ok(dn_scan_read_bytes(packed, size, "an upload", NULL, &v, &info));
    assert_close(v->data[59], 59.0, 0.0);
    dn_volume_destroy(v);
    assert_ok(dn_scan_read_grid(maker_save(&m, "g.nii", false), NULL, &grid, &info));
    assert_int_equal(grid.dim[0], 5);
    check_affine(&grid.affine, MAKER_AFFINE);
}

static void labels_and_series(void **state)
{
    static maker m;
    dn_labels *l = NULL;
    dn_volume **volumes = NULL;
    size_t count;
    (void)state;
    maker_nifti(&m, 1, false, false, 16, 32); /* float32 labels are common */
    for (int i = 0; i < 60; ++i) {
        maker_voxel(&m, 16, 7.0);
    }
    assert_ok(dn_labels_read(maker_save(&m, "l.nii", false), NULL, &l, NULL)); /* constant is allowed */
    assert_int_equal(l->data[59], 7);
    dn_labels_destroy(l);
    maker_nifti(&m, 1, false, false, 512, 16);
    maker_dim(&m, 0, 4);
    maker_dim(&m, 4, 3);
    for (int v = 0; v < 3; ++v) {
        for (int i = 0; i < 60; ++i) {
            maker_voxel(&m, 512, 100 * v);
        }
    }
    assert_ok(dn_volumes_read_4d(maker_save(&m, "s.nii", false), NULL, &volumes, &count, NULL));
    assert_int_equal(count, 3);
    assert_close(volumes[2]->data[59], 200.0, 0.0);
    dn_volumes_destroy(volumes, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_order_version_and_container),
        cmocka_unit_test(mgh_types),
        cmocka_unit_test(mgh_without_orientation),
        cmocka_unit_test(scaling),
        cmocka_unit_test(units),
        cmocka_unit_test(qform),
        cmocka_unit_test(spacing_alone),
        cmocka_unit_test(trust),
        cmocka_unit_test(not_finite_is_counted_and_replaced),
        cmocka_unit_test(one_volume_in_4d_is_taken),
        cmocka_unit_test(names_that_lie),
        cmocka_unit_test(gzip_oddities),
        cmocka_unit_test(from_memory_and_header_only),
        cmocka_unit_test(labels_and_series),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed == 0) {
        maker_remove_folder();
    }
    return failed;
}
