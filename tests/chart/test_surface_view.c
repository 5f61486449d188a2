/* Shaded surfaces: geometry against a closed form (a sphere is a disc), light from the upper left, refusals. */
#define _GNU_SOURCE
#include "test.h"

#include "chart/surface_view.h"
#include "image/surface_refine.h"

#include <cairo.h>
#include <math.h>
#include <string.h>

enum { RINGS = 60, STEPS = 120, SIZE = 160 };

static double vertices[RINGS * STEPS][3];
static int32_t triangles[(RINGS - 1) * STEPS * 2][3];

static dn_surface_part ellipsoid(double cx, double rx, double ry, double rz)
{
    size_t t = 0;
    const double pi = acos(-1.0);
    for (size_t r = 0; r < RINGS; ++r) {
        for (size_t s = 0; s < STEPS; ++s) {
            double theta = pi * (double)r / (RINGS - 1), phi = 2.0 * pi * (double)s / STEPS;
            double *v = vertices[r * STEPS + s];
            v[0] = (cx + rx * sin(theta) * cos(phi));
            v[1] = (ry * sin(theta) * sin(phi));
            v[2] = (rz * cos(theta));
            if (r + 1 < RINGS) {
                int32_t a = (int32_t)(r * STEPS + s), b = (int32_t)(r * STEPS + (s + 1) % STEPS);
                const int32_t two[] = {a, b, a + STEPS, b, b + STEPS, a + STEPS};
                memcpy(triangles + t, two, sizeof two);
                t += 2;
            }
        }
    }
    return (dn_surface_part){RINGS * STEPS, vertices, (int64_t)t, triangles, {200, 150, 90}, NULL, 1.0};
}

static char path[] = "/tmp/dien-surface-test-XXXXXX.png";

/* Green of a pixel, 255 for the ground. */
static int green(cairo_surface_t *picture, int x, int y)
{
    uint32_t value;
    memcpy(&value, cairo_image_surface_get_data(picture) + y * cairo_image_surface_get_stride(picture) + 4 * x, sizeof value);
    return (int)(value >> 8 & 0xFF);
}

static cairo_surface_t *draw(const dn_surface_part *part, double azimuth, double elevation)
{
    dn_surface_camera camera = {.azimuth = azimuth, .elevation = elevation, .focus = -1};
    assert_ok(dn_surface_view(part, 1, &camera, 1, NULL, 0, SIZE, path));
    cairo_surface_t *picture = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(picture), CAIRO_STATUS_SUCCESS);
    assert_int_equal(cairo_image_surface_get_width(picture), SIZE);
    return picture;
}

/* Rows and columns that the picture's shape reaches over, and its pixels. */
static void measure(cairo_surface_t *picture, int *wide, int *high, int *area)
{
    int left = SIZE, right = -1, top = SIZE, bottom = -1;
    *area = 0;
    for (int y = 0; y < SIZE; ++y) {
        for (int x = 0; x < SIZE; ++x) {
            if (green(picture, x, y) < 250) {
                left = x < left ? x : left;
                right = x > right ? x : right;
                top = y < top ? y : top;
                bottom = y > bottom ? y : bottom;
                ++*area;
            }
        }
    }
    *wide = right - left + 1;
    *high = bottom - top + 1;
}

static void a_sphere_is_a_disc(void **state)
{
    (void)state;
    dn_surface_part part = ellipsoid(0, 10, 10, 10);
    cairo_surface_t *picture = draw(&part, 30, 20);
    int wide, high, area;
    measure(picture, &wide, &high, &area);
    assert_close(wide, 0.92 * SIZE, 2.0);
    assert_close(high, 0.92 * SIZE, 2.0);
    assert_close(area, acos(-1.0) / 4.0 * 0.92 * 0.92 * SIZE * SIZE, 0.02 * SIZE * SIZE);
    /* Lit from the upper left. */
    assert_true(green(picture, SIZE / 3, SIZE / 3) > green(picture, 2 * SIZE / 3, 2 * SIZE / 3) + 20);
    assert_int_equal(green(picture, 1, 1), 255);
    cairo_surface_destroy(picture);
}

static void views_show_the_side_they_name(void **state)
{
    (void)state;
    dn_surface_part part = ellipsoid(0, 5, 10, 20); /* x, y, z */
    const struct {
        double azimuth, elevation, ratio;
    } views[] = {{0, 0, 5.0 / 20.0}, {180, 0, 5.0 / 20.0}, {90, 0, 10.0 / 20.0}, {270, 0, 10.0 / 20.0}, {0, 90, 5.0 / 10.0}};
    for (size_t i = 0; i < 5; ++i) {
        int wide, high, area;
        cairo_surface_t *picture = draw(&part, views[i].azimuth, views[i].elevation);
        measure(picture, &wide, &high, &area);
        assert_close((double)wide / high, views[i].ratio, 0.03);
        cairo_surface_destroy(picture);
    }
}

static void a_shell_shows_what_is_inside(void **state)
{
    (void)state;
    static double inner[RINGS * STEPS][3];
    dn_surface_part small = ellipsoid(0, 4, 4, 4);
    memcpy(inner, vertices, sizeof inner);
    small.vertices = inner;
    small.color[0] = 20;
    small.color[1] = 20;
    small.color[2] = 20;
    dn_surface_part both[2] = {small, ellipsoid(0, 10, 10, 10)};
    both[1].opacity = 0.3;
    dn_surface_camera views[2] = {{.focus = -1}, {.focus = -1, .visible = (const unsigned char[]){0, 1}, .caption = "shell"}};
    assert_ok(dn_surface_view(both, 2, views, 2, NULL, 0, SIZE, path));
    cairo_surface_t *picture = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_image_surface_get_width(picture), 2 * SIZE);
    assert_true(green(picture, SIZE / 2, SIZE / 2) + 40 < green(picture, SIZE + SIZE / 2, SIZE / 2));
    cairo_surface_destroy(picture);
}

static void bad_surfaces_are_refused(void **state)
{
    (void)state;
    dn_surface_camera camera = {.focus = -1};
    dn_surface_part part = ellipsoid(0, 1, 1, 1), empty = {0};
    assert_int_equal(dn_surface_view(&empty, 1, &camera, 1, NULL, 0, SIZE, path), DN_EDATA);
    triangles[1][2] = RINGS * STEPS;
    assert_int_equal(dn_surface_view(&part, 1, &camera, 1, NULL, 0, SIZE, path), DN_EDATA);
    part = ellipsoid(0, 1, 1, 1);
    vertices[2][1] = NAN;
    assert_int_equal(dn_surface_view(&part, 1, &camera, 1, NULL, 0, SIZE, path), DN_EDATA);
    part = ellipsoid(0, 1, 1, 1);
    assert_int_equal(dn_surface_view(&part, 1, &camera, 1, NULL, 0, SIZE, "/nonexistent/x.png"), DN_EIO);
    assert_int_equal(dn_surface_view(&part, 1, &camera, 0, NULL, 0, SIZE, path), DN_EINTERNAL);
}

static void refining_keeps_shape(void **state)
{
    (void)state;
    dn_grid grid = {.dim = {9, 9, 9}, .affine = {{{1, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 1, 0}}}};
    dn_labels *labels = NULL;
    dn_mesh *mesh = NULL;
    assert_ok(dn_labels_create(&grid, &labels));
    for (int64_t n = 0; n < 27; ++n) {
        labels->data[dn_grid_offset(&grid, 3 + n % 3, 3 + n / 3 % 3, 3 + n / 9)] = 7;
    }
    assert_ok(dn_mesh_of_labels(labels, (const uint16_t[]){7}, 1, 0.0, &mesh));
    int64_t corners = mesh->vertices, before = mesh->triangles;
    double area = dn_mesh_area(mesh), volume = dn_mesh_volume(mesh);
    assert_ok(dn_mesh_refine(mesh));
    assert_int_equal(mesh->triangles, 4 * before);
    assert_int_equal(mesh->vertices, corners + 3 * before / 2); /* a closed mesh has 3/2 edges a triangle */
    assert_close(dn_mesh_area(mesh), area, 1e-9);
    assert_close(dn_mesh_volume(mesh), volume, 1e-9);
    assert_int_equal(dn_mesh_euler(mesh), 2);
    dn_mesh_destroy(mesh);
    dn_labels_destroy(labels);
}

static int set_up(void **state)
{
    (void)state;
    int file = mkstemps(path, 4);
    return file < 0 || close(file) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sphere_is_a_disc),           cmocka_unit_test(views_show_the_side_they_name),
        cmocka_unit_test(a_shell_shows_what_is_inside), cmocka_unit_test(bad_surfaces_are_refused),
        cmocka_unit_test(refining_keeps_shape),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
