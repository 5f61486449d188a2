/* The renderer of surfaces: triangles into a depth buffer, light and shade, then captions, scale bar and legend by cairo. */
#include "chart/surface_view.h"

#include "base/memory.h"
#include "chart/png.h"

#include <cairo.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINE = 3 }; /* samples a pixel and axis */

typedef struct vec {
    double x, y, z;
} vec;

static vec add(vec a, vec b)
{
    return (vec){a.x + b.x, a.y + b.y, a.z + b.z};
}

static vec scaled(vec a, double s)
{
    return (vec){a.x * s, a.y * s, a.z * s};
}

static double dot(vec a, vec b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static vec cross(vec a, vec b)
{
    return (vec){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

static vec unit(vec a)
{
    double length = sqrt(dot(a, a));
    return length > 0.0 ? scaled(a, 1.0 / length) : (vec){0.0, 0.0, 1.0};
}

static vec vertex_of(const dn_surface_part *part, int64_t i)
{
    return (vec){part->vertices[i][0], part->vertices[i][1], part->vertices[i][2]};
}

/* ---- camera -------------------------------------------------------------------------------------------------------------------- */

/* Axes of the picture in space: right, up, and towards the viewer. */
typedef struct frame {
    vec right, up, towards, centre;
    double scale; /* fine samples a mm */
} frame;

static frame frame_of(const dn_surface_part *parts, size_t n_parts, const dn_surface_camera *camera, int fine)
{
    double azimuth = camera->azimuth * acos(-1.0) / 180.0, elevation = camera->elevation * acos(-1.0) / 180.0;
    frame f = {.towards = {-sin(azimuth) * cos(elevation), cos(azimuth) * cos(elevation), sin(elevation)}};
    f.right = (vec){-cos(azimuth), -sin(azimuth), 0.0};
    f.up = cross(f.towards, f.right);
    double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (size_t p = 0; p < n_parts; ++p) {
        bool counts = camera->focus >= 0 ? (size_t)camera->focus == p : camera->visible == NULL || camera->visible[p];
        for (int64_t i = 0; counts && i < parts[p].n_vertices; ++i) {
            vec v = vertex_of(&parts[p], i);
            double seen[3] = {dot(v, f.right), dot(v, f.up), dot(v, f.towards)};
            for (int a = 0; a < 3; ++a) {
                low[a] = fmin(low[a], seen[a]);
                high[a] = fmax(high[a], seen[a]);
            }
        }
    }
    double span = fmax(high[0] - low[0], high[1] - low[1]), zoom = camera->zoom > 0.0 ? camera->zoom : 1.0;
    f.centre = add(add(scaled(f.right, 0.5 * (low[0] + high[0])), scaled(f.up, 0.5 * (low[1] + high[1]))),
                   scaled(f.towards, 0.5 * (low[2] + high[2])));
    double room = camera->caption != NULL ? 0.84 : 0.92; /* the caption stands below */
    f.scale = room * zoom * (double)fine / fmax(span, 1e-6);
    f.centre = add(f.centre, scaled(f.up, camera->caption != NULL ? -0.04 * (double)fine / f.scale : 0.0));
    return f;
}

/* ---- depth and normals --------------------------------------------------------------------------------------------------------- */

typedef struct layer_buffer {
    float *depth;  /* towards the viewer; -INFINITY: nothing */
    float *normal; /* x 3, in the picture's axes */
    uint8_t *part;
    uint8_t *color; /* x 3 */
} layer_buffer;

static void layer_release(layer_buffer *layer)
{
    free(layer->depth);
    free(layer->normal);
    free(layer->part);
    free(layer->color);
}

static dn_status layer_init(layer_buffer *layer, size_t samples)
{
    DN_TRY(dn_alloc(&layer->depth, samples, sizeof(float), "a picture"));
    DN_TRY(dn_alloc(&layer->normal, 3 * samples, sizeof(float), "a picture"));
    DN_TRY(dn_alloc(&layer->part, samples, 1, "a picture"));
    DN_TRY(dn_alloc(&layer->color, samples, 3, "a picture"));
    for (size_t i = 0; i < samples; ++i) {
        layer->depth[i] = -INFINITY;
    }
    return DN_OK;
}

/* Normals at vertices: those of their triangles, by area. */
static dn_status smooth_normals(const dn_surface_part *part, vec *normals)
{
    memset(normals, 0, (size_t)part->n_vertices * sizeof *normals);
    for (int64_t t = 0; t < part->n_triangles; ++t) {
        const int32_t *corner = part->triangles[t];
        vec a = vertex_of(part, corner[0]);
        vec face = cross(add(vertex_of(part, corner[1]), scaled(a, -1.0)), add(vertex_of(part, corner[2]), scaled(a, -1.0)));
        for (int c = 0; c < 3; ++c) {
            normals[corner[c]] = add(normals[corner[c]], face);
        }
    }
    for (int64_t i = 0; i < part->n_vertices; ++i) {
        normals[i] = unit(normals[i]);
    }
    return DN_OK;
}

static void draw_triangle(const vec seen[3], const vec normal[3], const uint8_t *const color[3], uint8_t part, int fine, layer_buffer *into)
{
    double area = (seen[1].x - seen[0].x) * (seen[2].y - seen[0].y) - (seen[2].x - seen[0].x) * (seen[1].y - seen[0].y);
    if (!(fabs(area) > 1e-12)) {
        return;
    }
    int left = (int)fmax(0.0, floor(fmin(seen[0].x, fmin(seen[1].x, seen[2].x))));
    int right = (int)fmin((double)fine - 1.0, ceil(fmax(seen[0].x, fmax(seen[1].x, seen[2].x))));
    int top = (int)fmax(0.0, floor(fmin(seen[0].y, fmin(seen[1].y, seen[2].y))));
    int bottom = (int)fmin((double)fine - 1.0, ceil(fmax(seen[0].y, fmax(seen[1].y, seen[2].y))));
    for (int y = top; y <= bottom; ++y) {
        for (int x = left; x <= right; ++x) {
            double px = (double)x + 0.5, py = (double)y + 0.5, w[3];
            w[0] = ((seen[1].x - px) * (seen[2].y - py) - (seen[2].x - px) * (seen[1].y - py)) / area;
            w[1] = ((seen[2].x - px) * (seen[0].y - py) - (seen[0].x - px) * (seen[2].y - py)) / area;
            w[2] = 1.0 - w[0] - w[1];
            if (w[0] < 0.0 || w[1] < 0.0 || w[2] < 0.0) {
                continue;
            }
            double depth = w[0] * seen[0].z + w[1] * seen[1].z + w[2] * seen[2].z;
            size_t at = (size_t)y * (size_t)fine + (size_t)x;
            if (depth > (double)into->depth[at]) {
                vec n = unit(add(add(scaled(normal[0], w[0]), scaled(normal[1], w[1])), scaled(normal[2], w[2])));
                n = n.z < 0.0 ? scaled(n, -1.0) : n; /* whichever winding: what is seen faces the viewer */
                into->depth[at] = (float)depth;
                into->normal[3 * at] = (float)n.x;
                into->normal[3 * at + 1] = (float)n.y;
                into->normal[3 * at + 2] = (float)n.z;
                into->part[at] = part;
                for (int c = 0; c < 3; ++c) {
                    into->color[3 * at + (size_t)c] = (uint8_t)lround(w[0] * color[0][c] + w[1] * color[1][c] + w[2] * color[2][c]);
                }
            }
        }
    }
}

/* All visible parts of one kind (solid or shell) into a layer. */
static dn_status draw_parts(const dn_surface_part *parts, size_t n_parts, const dn_surface_camera *camera, const frame *f, bool solid,
                            int fine, layer_buffer *into)
{
    for (size_t p = 0; p < n_parts; ++p) {
        const dn_surface_part *part = &parts[p];
        vec *normals = NULL;
        if ((camera->visible != NULL && !camera->visible[p]) || (part->opacity >= 1.0) != solid) {
            continue;
        }
        DN_TRY(dn_alloc(&normals, (size_t)part->n_vertices, sizeof *normals, "a surface"));
        dn_status status = smooth_normals(part, normals);
        for (int64_t t = 0; t < part->n_triangles; ++t) {
            vec seen[3], normal[3];
            const uint8_t *color[3];
            for (int c = 0; c < 3; ++c) {
                int32_t i = part->triangles[t][c];
                color[c] = part->vertex_color != NULL ? part->vertex_color[i] : part->color;
                vec v = add(vertex_of(part, i), scaled(f->centre, -1.0));
                seen[c] = (vec){0.5 * fine + f->scale * dot(v, f->right), 0.5 * fine - f->scale * dot(v, f->up), dot(v, f->towards)};
                normal[c] = (vec){dot(normals[i], f->right), dot(normals[i], f->up), dot(normals[i], f->towards)};
            }
            draw_triangle(seen, normal, color, (uint8_t)p, fine, into);
        }
        free(normals);
        DN_TRY(status);
    }
    return DN_OK;
}

/* ---- shading ------------------------------------------------------------------------------------------------------------------- */

/* Sums of depth and of samples over [0, x) x [0, y): means of boxes in four look-ups. */
static dn_status depth_sums(const float *depth, int fine, double **out)
{
    size_t row = (size_t)fine + 1;
    DN_TRY(dn_alloc(out, 2 * row * row, sizeof **out, "a picture"));
    double *sum = *out, *count = *out + row * row;
    for (size_t y = 1; y < row; ++y) {
        for (size_t x = 1; x < row; ++x) {
            float d = depth[(y - 1) * (size_t)fine + x - 1];
            bool hit = isfinite(d);
            sum[y * row + x] = (hit ? (double)d : 0.0) + sum[(y - 1) * row + x] + sum[y * row + x - 1] - sum[(y - 1) * row + x - 1];
            count[y * row + x] = (hit ? 1.0 : 0.0) + count[(y - 1) * row + x] + count[y * row + x - 1] - count[(y - 1) * row + x - 1];
        }
    }
    return DN_OK;
}

static double box_mean(const double *sums, int fine, int x, int y, int reach)
{
    size_t row = (size_t)fine + 1;
    size_t x0 = (size_t)(x > reach ? x - reach : 0), y0 = (size_t)(y > reach ? y - reach : 0);
    size_t x1 = (size_t)(x + reach + 1 < fine ? x + reach + 1 : fine), y1 = (size_t)(y + reach + 1 < fine ? y + reach + 1 : fine);
    const double *count = sums + row * row;
    double n = count[y1 * row + x1] - count[y0 * row + x1] - count[y1 * row + x0] + count[y0 * row + x0];
    double s = sums[y1 * row + x1] - sums[y0 * row + x1] - sums[y1 * row + x0] + sums[y0 * row + x0];
    return n > 0.0 ? s / n : 0.0;
}

/* Light that a sample sends, linear, before its colour. hollow: how far it lies behind its surroundings, in units of the picture. */
static void shade(vec n, double hollow, const uint8_t color[3], double out[3])
{
    const vec key = unit((vec){-0.45, 0.65, 0.75}), fill = unit((vec){0.8, -0.1, 0.5});
    vec half = unit(add(key, (vec){0.0, 0.0, 1.0}));
    double diffuse = 0.24 + 0.68 * fmax(0.0, dot(n, key)) + 0.20 * fmax(0.0, dot(n, fill));
    double gloss = 0.16 * pow(fmax(0.0, dot(n, half)), 32.0);
    double edge = 1.0 - 0.55 * pow(1.0 - fmax(0.0, n.z), 3.0);
    double shadow = 1.0 - 0.75 * (1.0 - exp(-fmax(0.0, hollow) * 22.0));
    for (int c = 0; c < 3; ++c) {
        out[c] = pow(color[c] / 255.0, 2.2) * diffuse * edge * shadow + gloss * shadow;
    }
}

static void composite(const dn_surface_part *parts, const layer_buffer *solid, const layer_buffer *shell, const double *sums, double extent,
                      int fine, int x, int y, double pixel[3])
{
    size_t at = (size_t)y * (size_t)fine + (size_t)x;
    pixel[0] = pixel[1] = pixel[2] = 1.0;
    if (isfinite(solid->depth[at])) {
        vec n = {(double)solid->normal[3 * at], (double)solid->normal[3 * at + 1], (double)solid->normal[3 * at + 2]};
        double hollow = (box_mean(sums, fine, x, y, fine / 40) - (double)solid->depth[at]) / extent;
        shade(n, hollow, solid->color + 3 * at, pixel);
    }
    if (isfinite(shell->depth[at]) && shell->depth[at] > solid->depth[at]) {
        vec n = {(double)shell->normal[3 * at], (double)shell->normal[3 * at + 1], (double)shell->normal[3 * at + 2]};
        const dn_surface_part *part = &parts[shell->part[at]];
        double light[3], cover = part->opacity +
                                 (1.0 - part->opacity) * pow(1.0 - fmax(0.0, n.z), 2.0) * 0.8; /* denser where it is seen from the side */
        shade(n, 0.0, shell->color + 3 * at, light);
        for (int c = 0; c < 3; ++c) {
            pixel[c] = cover * light[c] + (1.0 - cover) * pixel[c];
        }
    }
}

/* *pixels_per_mm: the scale of the picture. */
static dn_status render(const dn_surface_part *parts, size_t n_parts, const dn_surface_camera *camera, int size, uint8_t *rgb,
                        double *pixels_per_mm)
{
    dn_status status = DN_OK;
    int fine = size * FINE;
    layer_buffer solid = {.depth = NULL}, shell = {.depth = NULL};
    double *sums = NULL;
    frame f = frame_of(parts, n_parts, camera, fine);
    *pixels_per_mm = f.scale / FINE;
    DN_TRY_GOTO(status, layer_init(&solid, (size_t)fine * (size_t)fine), done);
    DN_TRY_GOTO(status, layer_init(&shell, (size_t)fine * (size_t)fine), done);
    DN_TRY_GOTO(status, draw_parts(parts, n_parts, camera, &f, true, fine, &solid), done);
    DN_TRY_GOTO(status, draw_parts(parts, n_parts, camera, &f, false, fine, &shell), done);
    DN_TRY_GOTO(status, depth_sums(solid.depth, fine, &sums), done);
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
            double mean[3] = {0.0, 0.0, 0.0};
            for (int s = 0; s < FINE * FINE; ++s) {
                double pixel[3];
                composite(parts, &solid, &shell, sums, (double)fine / f.scale, fine, x * FINE + s % FINE, y * FINE + s / FINE, pixel);
                for (int c = 0; c < 3; ++c) {
                    mean[c] += fmin(pixel[c], 1.0) / (FINE * FINE);
                }
            }
            for (int c = 0; c < 3; ++c) {
                rgb[3 * ((size_t)y * (size_t)size + (size_t)x) + (size_t)c] = (uint8_t)lround(255.0 * pow(mean[c], 1.0 / 2.2));
            }
        }
    }
done:
    layer_release(&solid);
    layer_release(&shell);
    free(sums);
    return status;
}

/* ---- picture ------------------------------------------------------------------------------------------------------------------- */

static dn_status check(const dn_surface_part *parts, size_t n_parts)
{
    int64_t triangles = 0;
    if (n_parts > 255) {
        DN_FAIL(DN_EDATA, "a picture of %zu surfaces is not possible; the limit is 255", n_parts);
    }
    for (size_t p = 0; p < n_parts; ++p) {
        triangles += parts[p].n_triangles;
        for (int64_t i = 0; i < parts[p].n_vertices; ++i) {
            const double *v = parts[p].vertices[i];
            if (!isfinite(v[0]) || !isfinite(v[1]) || !isfinite(v[2])) {
                DN_FAIL(DN_EDATA, "vertex %lld of surface %zu is not finite", (long long)i, p + 1);
            }
        }
        for (int64_t t = 0; t < parts[p].n_triangles; ++t) {
            for (int c = 0; c < 3; ++c) {
                int32_t i = parts[p].triangles[t][c];
                if (i < 0 || i >= parts[p].n_vertices) {
                    DN_FAIL(DN_EDATA, "triangle %lld of surface %zu names a vertex that does not exist", (long long)t, p + 1);
                }
            }
        }
    }
    if (triangles == 0) {
        DN_FAIL(DN_EDATA, "there is no surface to draw: the structure is empty");
    }
    return DN_OK;
}

static void put_view(cairo_surface_t *surface, size_t view, int size, const uint8_t *rgb)
{
    cairo_surface_flush(surface);
    unsigned char *bytes = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
            const uint8_t *from = rgb + 3 * ((size_t)y * (size_t)size + (size_t)x);
            uint32_t value = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
            memcpy(bytes + (size_t)y * stride + 4 * (view * (size_t)size + (size_t)x), &value, sizeof value);
        }
    }
    cairo_surface_mark_dirty(surface);
}

/* The longest of 1, 2, 5 times a power of ten (mm) that takes at most a fifth of a view, with its length as text. */
static void put_scale_bar(cairo_t *cairo, double left, int size, double pixels_per_mm)
{
    static const double lengths[] = {200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1};
    char text[32];
    double y = size * 0.972, thick = fmax(2.0, size / 140.0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
        double wide = lengths[i] * pixels_per_mm;
        if (wide <= 0.2 * size) {
            snprintf(text, sizeof text, "%g mm", lengths[i]);
            cairo_rectangle(cairo, left + 0.03 * size, y, wide, thick);
            cairo_fill(cairo);
            cairo_move_to(cairo, left + 0.03 * size, y - 0.6 * thick - 2.0);
            cairo_show_text(cairo, text);
            return;
        }
    }
}

static double text_size(int size)
{
    return fmax(9.0, size / 22.0);
}

static cairo_t *open_cairo(cairo_surface_t *surface, double font)
{
    cairo_t *cairo = cairo_create(surface);
    cairo_select_font_face(cairo, "Arial", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, font);
    cairo_set_source_rgb(cairo, 0.15, 0.15, 0.15);
    return cairo;
}

static void put_captions(cairo_surface_t *surface, const dn_surface_camera *views, const double *pixels_per_mm, size_t n_views, int size)
{
    cairo_t *cairo = open_cairo(surface, text_size(size));
    for (size_t v = 0; v < n_views; ++v) {
        if (views[v].scale_bar) {
            put_scale_bar(cairo, (double)v * size, size, pixels_per_mm[v]);
        }
        cairo_text_extents_t extents;
        if (views[v].caption != NULL) {
            cairo_text_extents(cairo, views[v].caption, &extents);
            cairo_move_to(cairo, ((double)v + 0.5) * size - 0.5 * extents.width, size * 0.985);
            cairo_show_text(cairo, views[v].caption);
        }
    }
    cairo_destroy(cairo);
}

/* Swatches and names in rows below the views, from y on; surface NULL: only how many rows they take. */
static int put_legend(cairo_surface_t *surface, const dn_surface_swatch *legend, size_t n, int width, int size)
{
    double font = 0.9 * text_size(size), x = 0.7 * font, row = 1.7 * font;
    int rows = n > 0 ? 1 : 0;
    cairo_surface_t *scratch = surface == NULL ? cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1) : NULL;
    cairo_t *cairo = open_cairo(surface != NULL ? surface : scratch, font);
    for (size_t i = 0; i < n; ++i) {
        cairo_text_extents_t extents;
        cairo_text_extents(cairo, legend[i].name, &extents);
        double wide = 1.4 * font + extents.x_advance + 1.2 * font;
        if (x + wide - 1.2 * font > width && x > font) {
            x = 0.7 * font;
            ++rows;
        }
        double y = size + row * (rows - 1) + 0.3 * font;
        if (surface != NULL) {
            cairo_set_source_rgb(cairo, legend[i].color[0] / 255.0, legend[i].color[1] / 255.0, legend[i].color[2] / 255.0);
            cairo_rectangle(cairo, x, y, font, font);
            cairo_fill(cairo);
            cairo_set_source_rgb(cairo, 0.15, 0.15, 0.15);
            cairo_move_to(cairo, x + 1.4 * font, y + 0.85 * font);
            cairo_show_text(cairo, legend[i].name);
        }
        x += wide;
    }
    cairo_destroy(cairo);
    if (scratch != NULL) {
        cairo_surface_destroy(scratch);
    }
    return (int)ceil(row * rows + (rows > 0 ? 0.3 * font : 0.0));
}

dn_status dn_surface_view(const dn_surface_part *parts, size_t n_parts, const dn_surface_camera *views, size_t n_views,
                          const dn_surface_swatch *legend, size_t n_legend, int size, const char *path)
{
    enum { MOST_VIEWS = 12 };
    dn_status status = DN_OK;
    uint8_t *rgb = NULL;
    cairo_surface_t *surface = NULL;
    double pixels_per_mm[MOST_VIEWS];
    if (size < 16 || size > 2000 || n_views < 1 || n_views > MOST_VIEWS) {
        DN_FAIL(DN_EINTERNAL, "a picture of %zu views of %d pixels cannot be drawn", n_views, size);
    }
    DN_TRY(check(parts, n_parts));
    DN_TRY_GOTO(status, dn_alloc_dims(&rgb, DN_DIMS(3, size, size), 1, "a picture"), done);
    int width = size * (int)n_views, height = size + put_legend(NULL, legend, n_legend, width, size);
    surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
        DN_FAIL_GOTO(status, done, DN_ENOMEM, "not enough memory for a picture of %d x %d pixels", width, height);
    }
    memset(cairo_image_surface_get_data(surface), 255, (size_t)cairo_image_surface_get_stride(surface) * (size_t)height);
    cairo_surface_mark_dirty(surface);
    for (size_t v = 0; v < n_views; ++v) {
        DN_TRY_GOTO(status, render(parts, n_parts, &views[v], size, rgb, &pixels_per_mm[v]), done);
        put_view(surface, v, size, rgb);
    }
    put_captions(surface, views, pixels_per_mm, n_views, size);
    put_legend(surface, legend, n_legend, width, size);
    cairo_surface_flush(surface);
    status = dn_png_write(path, cairo_image_surface_get_data(surface), width, height, cairo_image_surface_get_stride(surface));
done:
    free(rgb);
    if (surface != NULL) {
        cairo_surface_destroy(surface);
    }
    return status;
}
