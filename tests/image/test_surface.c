/* Surfaces against closed forms: spheres and ellipsoids, closedness on random fields, smoothing. */
#include "test.h"

#include "base/file.h"
#include "base/random.h"
#include "image/resample.h"
#include "image/surface.h"

#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
static const dn_affine left_handed = {{{-0.7, 0.2, 0.1, 20}, {0.15, 0.9, -0.2, -24}, {0.1, 0.15, 1.1, -30}}};

/* Field radius - |p| (p scaled by axes for an ellipsoid) on a grid around the origin. */
static dn_volume *ball(const dn_grid *grid, const double axes[3])
{
    dn_volume *v = NULL;
    assert_ok(dn_volume_create(grid, &v));
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                double p[3];
                dn_affine_apply(&grid->affine, (double[3]){(double)i, (double)j, (double)k}, p);
                double r = sqrt(pow(p[0] / axes[0], 2) + pow(p[1] / axes[1], 2) + pow(p[2] / axes[2], 2));
                v->data[dn_grid_offset(grid, i, j, k)] = (float)(10.0 * (1.0 - r));
            }
        }
    }
    return v;
}

static int by_edge(const void *a, const void *b)
{
    return memcmp(a, b, 8);
}

/* Every directed edge has its opposite as often. */
static void check_closed(const dn_mesh *mesh)
{
    size_t n = (size_t)mesh->triangles * 3;
    int32_t(*forth)[2] = malloc(n * sizeof *forth);
    int32_t(*back)[2] = malloc(n * sizeof *back);
    assert_non_null(forth);
    assert_non_null(back);
    for (size_t e = 0; e < n; ++e) {
        int32_t a = mesh->triangle[e / 3][e % 3];
        int32_t b = mesh->triangle[e / 3][(e + 1) % 3];
        assert_true(a != b && a >= 0 && a < mesh->vertices);
        forth[e][0] = back[e][1] = a;
        forth[e][1] = back[e][0] = b;
    }
    qsort(forth, n, sizeof *forth, by_edge);
    qsort(back, n, sizeof *back, by_edge);
    assert_memory_equal(forth, back, n * sizeof *forth);
    free(forth);
    free(back);
}

static void spheres(void **state)
{
    static const double spacings[] = {2.0, 1.0, 0.5};
    static const double axes[3] = {20.25, 20.25, 20.25};
    double area = 4.0 * PI * axes[0] * axes[0];
    double volume = area * axes[0] / 3.0;
    double errors[3];
    (void)state;
    for (int s = 0; s < 3; ++s) {
        double h = spacings[s];
        int64_t n = (int64_t)(48.0 / h);
        double start = -h * (double)(n - 1) / 2.0 + 0.11;
        dn_grid grid = {{n, n, n}, {{{h, 0, 0, start}, {0, h, 0, start}, {0, 0, h, start}}}};
        dn_volume *v = ball(&grid, axes);
        dn_mesh *mesh = NULL;
        assert_ok(dn_mesh_extract(v, 0.0f, -100.0f, &mesh));
        check_closed(mesh);
        assert_int_equal(dn_mesh_euler(mesh), 2);
        errors[s] = fabs(dn_mesh_area(mesh) / area - 1.0) + fabs(dn_mesh_volume(mesh) / volume - 1.0);
        assert_close(dn_mesh_area(mesh), area, 0.002 * h * h * area);
        assert_close(dn_mesh_volume(mesh), volume, 0.002 * h * h * volume);
        dn_mesh_destroy(mesh);
        dn_volume_destroy(v);
    }
    /* The error goes with the square of the spacing. */
    assert_true(errors[1] < 0.35 * errors[0] && errors[2] < 0.35 * errors[1]);
}

/* A prolate spheroid on a sheared left-handed grid: area 2 pi a^2 (1 + c / (a e) asin e). */
static void spheroid_on_an_oblique_grid(void **state)
{
    static const double axes[3] = {8.0, 8.0, 14.0};
    dn_grid grid = {{60, 58, 56}, left_handed};
    dn_volume *v = ball(&grid, axes);
    dn_mesh *mesh = NULL;
    double e = sqrt(1.0 - axes[0] * axes[0] / (axes[2] * axes[2]));
    double area = 2.0 * PI * axes[0] * axes[0] * (1.0 + axes[2] / (axes[0] * e) * asin(e));
    double volume = 4.0 / 3.0 * PI * axes[0] * axes[1] * axes[2];
    (void)state;
    assert_ok(dn_mesh_extract(v, 0.0f, -100.0f, &mesh));
    check_closed(mesh);
    assert_int_equal(dn_mesh_euler(mesh), 2);
    assert_close(dn_mesh_area(mesh), area, 0.005 * area);
    assert_close(dn_mesh_volume(mesh), volume, 0.008 * volume); /* positive: triangles look outwards on a mirrored grid too */
    dn_mesh_destroy(mesh);
    dn_volume_destroy(v);
}

/* Every case of the table, ambiguous faces included, and a surface cut off by the image's border. */
static void random_fields_close(void **state)
{
    dn_grid grid = {{17, 18, 19}, left_handed};
    dn_random random;
    (void)state;
    for (uint64_t seed = 0; seed < 8; ++seed) {
        dn_volume *v = NULL;
        dn_mesh *mesh = NULL;
        double inside = 0.0;
        dn_random_seed(&random, seed);
        assert_ok(dn_volume_create(&grid, &v));
        for (int64_t i = 0; i < dn_grid_count(&grid); ++i) {
            v->data[i] = dn_random_unit(&random) < 0.1 * (double)(seed + 1) ? 1.0f : 0.0f; /* values equal to 0 and 1 */
            inside += (double)v->data[i];
        }
        assert_ok(dn_mesh_extract(v, 0.5f, 0.0f, &mesh));
        check_closed(mesh);
        /* A lone voxel is an octahedron of a sixth of its volume, a lone gap leaves one: the truth lies between. */
        double volume = dn_mesh_volume(mesh);
        assert_true(volume >= inside * dn_grid_voxel_volume(&grid) / 6.0 - 1e-6);
        double outside = 18.0 * 19.0 * 20.0 - inside;
        assert_true(volume <= (18.0 * 19.0 * 20.0 - outside / 6.0) * dn_grid_voxel_volume(&grid));
        dn_mesh_destroy(mesh);
        dn_volume_destroy(v);
    }
}

static void labels_and_smoothing(void **state)
{
    dn_grid grid = {{50, 50, 50}, {{{1, 0, 0, -24.5}, {0, 1, 0, -24.5}, {0, 0, 1, -24.5}}}};
    static const uint16_t list[2] = {801, 802};
    double area = 4.0 * PI * 15.0 * 15.0;
    double volume = area * 5.0;
    dn_labels *l = NULL;
    dn_mesh *mesh = NULL;
    (void)state;
    assert_ok(dn_labels_create(&grid, &l));
    for (int64_t k = 0; k < 50; ++k) {
        for (int64_t j = 0; j < 50; ++j) {
            for (int64_t i = 0; i < 50; ++i) {
                double r = sqrt(pow((double)i - 24.5, 2) + pow((double)j - 24.5, 2) + pow((double)k - 24.5, 2));
                l->data[dn_grid_offset(&grid, i, j, k)] = r <= 15.0 ? (i < 25 ? 801 : 802) : 17;
            }
        }
    }
    /* Stairs have too much area; smoothing the mask or the mesh takes most of that away and leaves the volume. */
    assert_ok(dn_mesh_of_labels(l, list, 2, 0.0, &mesh));
    check_closed(mesh);
    double stairs = dn_mesh_area(mesh);
    assert_true(stairs > 1.04 * area);
    assert_close(dn_mesh_volume(mesh), volume, 0.02 * volume);
    assert_ok(dn_mesh_smooth(mesh, 20));
    assert_close(dn_mesh_area(mesh), area, 0.025 * area);
    assert_close(dn_mesh_volume(mesh), volume, 0.02 * volume);
    dn_mesh_destroy(mesh);
    assert_ok(dn_mesh_of_labels(l, list, 2, 1.0, &mesh));
    assert_close(dn_mesh_area(mesh), area, 0.02 * area);
    assert_close(dn_mesh_volume(mesh), volume, 0.02 * volume);
    dn_mesh_destroy(mesh);
    assert_ok(dn_mesh_of_labels(l, (const uint16_t[1]){5}, 1, 1.0, &mesh)); /* absent */
    assert_int_equal(mesh->triangles, 0);
    assert_close(dn_mesh_volume(mesh), 0.0, 0.0);
    dn_mesh_destroy(mesh);
    dn_labels_destroy(l);
}

static void written_as_ply(void **state)
{
    dn_grid grid = {{1, 1, 1}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_volume *v = NULL;
    dn_mesh *mesh = NULL;
    char path[64];
    unsigned char *bytes = NULL;
    size_t size;
    (void)state;
    snprintf(path, sizeof path, "/tmp/dien-mesh-%ld.ply", (long)getpid());
    assert_ok(dn_volume_create(&grid, &v));
    v->data[0] = 1.0f;
    assert_ok(dn_mesh_extract(v, 0.5f, 0.0f, &mesh));
    assert_int_equal(mesh->vertices, 6); /* an octahedron */
    assert_int_equal(mesh->triangles, 8);
    assert_close(dn_mesh_volume(mesh), 1.0 / 6.0, 1e-12);
    assert_close(dn_mesh_area(mesh), sqrt(3.0), 1e-12);
    assert_ok(dn_mesh_write(mesh, path));
    assert_ok(dn_file_read(path, 1 << 20, &bytes, &size));
    const char *end = strstr((const char *)bytes, "end_header\n");
    assert_non_null(end);
    assert_int_equal(size, (size_t)(end + 11 - (const char *)bytes) + 6 * 12 + 8 * 13);
    assert_int_equal(dn_mesh_write(mesh, "/tmp/mesh.obj"), DN_EUSAGE);
    assert_int_equal(dn_mesh_extract(v, 0.5f, 0.5f, &mesh), DN_EUSAGE);
    unlink(path);
    free(bytes);
    dn_mesh_destroy(mesh);
    dn_volume_destroy(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(spheres), cmocka_unit_test(spheroid_on_an_oblique_grid),
                                       cmocka_unit_test(random_fields_close), cmocka_unit_test(labels_and_smoothing),
                                       cmocka_unit_test(written_as_ply)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
