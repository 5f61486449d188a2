/* Triangle meshes by marching cubes (Lorensen and Cline 1987), smoothing (Taubin 1995), area, volume, and PLY files. */
#include "image/surface.h"

#include "base/file.h"
#include "base/memory.h"
#include "image/filter.h"
#include "image/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A cube's corner c lies at bit 0, 1, 2 of c along i, j, k. Its edge 4 a + n runs along axis a; n are the other two bits. */
enum { CORNERS = 8, EDGES = 12, FACES = 6, CASES = 256, CASE_TRIANGLES = 12 };

/* For each set of inside corners: how many triangles, and the edges their vertices lie on. */
typedef struct cases {
    int8_t count[CASES];
    int8_t edge[CASES][CASE_TRIANGLES][3];
} cases;

static int edge_between(int a, int b)
{
    int difference = a ^ b;
    int axis = difference == 1 ? 0 : difference == 2 ? 1 : 2;
    int low = a & b;
    int others = axis == 0 ? low >> 1 : axis == 1 ? (low & 1) | (low >> 1 & 2) : low & 3;
    return 4 * axis + others;
}

/* Corners of a face, counter-clockwise seen from outside the cube. */
static void face_corners(int face, int corners[4])
{
    int axis = face / 2;
    int side = face % 2;
    int u = 1 << (axis + 1) % 3;
    int v = 1 << (axis + 2) % 3;
    int base = side << axis;
    corners[0] = base;
    corners[1] = base | (side ? u : v);
    corners[2] = base | u | v;
    corners[3] = base | (side ? v : u);
}

/* For one case: next[e] is the edge that a face's segment leads to from edge e, -1 where the surface does not cross e. A
 * segment runs from the edge where a walk around the face leaves the inside back to where it came in: around a run of
 * inside corners. Each crossed edge lies in two faces, walked in opposite senses, so segments chain into loops. */
static void link_edges(int inside, int next[EDGES])
{
    for (int e = 0; e < EDGES; ++e) {
        next[e] = -1;
    }
    for (int f = 0; f < FACES; ++f) {
        int c[4];
        face_corners(f, c);
        for (int n = 0; n < 4; ++n) {
            bool leaves = (inside >> c[n] & 1) && !(inside >> c[(n + 1) % 4] & 1);
            if (!leaves) {
                continue;
            }
            int first = n; /* back to the first corner of this inside run */
            while (inside >> c[(first + 3) % 4] & 1) {
                first = (first + 3) % 4;
            }
            next[edge_between(c[n], c[(n + 1) % 4])] = edge_between(c[(first + 3) % 4], c[first]);
        }
    }
}

static void derive_cases(cases *out)
{
    memset(out, 0, sizeof *out);
    for (int inside = 0; inside < CASES; ++inside) {
        int next[EDGES];
        link_edges(inside, next);
        for (int e = 0; e < EDGES; ++e) {
            int loop[EDGES];
            int length = 0;
            for (int at = e; next[at] >= 0;) {
                int to = next[at];
                next[at] = -1;
                loop[length++] = at;
                at = to;
            }
            for (int t = 1; t + 1 < length; ++t) { /* a fan */
                int8_t *triangle = out->edge[inside][out->count[inside]++];
                triangle[0] = (int8_t)loop[0];
                triangle[1] = (int8_t)loop[t + 1]; /* loops run clockwise seen from outside */
                triangle[2] = (int8_t)loop[t];
            }
        }
    }
}

/* A mesh that grows. */
typedef struct builder {
    dn_mesh *mesh;
    size_t vertex_room;
    size_t triangle_room;
} builder;

static dn_status add_vertex(builder *b, const double p[3], int32_t *index)
{
    dn_mesh *m = b->mesh;
    if ((size_t)m->vertices == b->vertex_room) {
        size_t room = b->vertex_room > 0 ? 2 * b->vertex_room : 1024;
        if (room > INT32_MAX) {
            DN_FAIL(DN_ENOMEM, "a surface of more than %lld vertices cannot be made", (long long)m->vertices);
        }
        DN_TRY(dn_realloc(&m->vertex, room, sizeof *m->vertex, "a surface"));
        b->vertex_room = room;
    }
    memcpy(m->vertex[m->vertices], p, sizeof *m->vertex);
    *index = (int32_t)m->vertices++;
    return DN_OK;
}

static dn_status add_triangle(builder *b, int32_t a, int32_t c, int32_t d)
{
    dn_mesh *m = b->mesh;
    if ((size_t)m->triangles == b->triangle_room) {
        size_t room = b->triangle_room > 0 ? 2 * b->triangle_room : 2048;
        DN_TRY(dn_realloc(&m->triangle, room, sizeof *m->triangle, "a surface"));
        b->triangle_room = room;
    }
    m->triangle[m->triangles][0] = a;
    m->triangle[m->triangles][1] = c;
    m->triangle[m->triangles][2] = d;
    ++m->triangles;
    return DN_OK;
}

/* The state of a march: cubes start at voxel -1, so that the surface closes beyond the image. */
typedef struct march {
    const dn_volume *field;
    float level;
    float outside;
    bool mirrored; /* the affine turns the sense of triangles round */
    cases table;
    int64_t wide[2]; /* corners along i and j: dim + 2 */
    /* Vertex on the edge that starts at a corner, -1: none yet. [layer 0, 1][axis][corner]; axis 2 of layer 0 only. */
    int32_t *seen[2][3];
} march;

static inline float value_at(const march *m, int64_t i, int64_t j, int64_t k)
{
    const dn_grid *g = &m->field->grid;
    bool in = i >= 0 && i < g->dim[0] && j >= 0 && j < g->dim[1] && k >= 0 && k < g->dim[2];
    return in ? m->field->data[dn_grid_offset(g, i, j, k)] : m->outside;
}

/* The vertex on edge e of the cube at (i,j,k), made where it is new. */
static dn_status vertex_on(march *m, builder *b, int64_t i, int64_t j, int64_t k, int e, const float corner[CORNERS], int32_t *index)
{
    int axis = e / 4;
    int others = e % 4;
    int from = axis == 0 ? others << 1 : axis == 1 ? (others & 1) | (others & 2) << 1 : others;
    int layer = from >> 2 & 1;
    int64_t at = (i + 1 + (from & 1)) + m->wide[0] * (j + 1 + (from >> 1 & 1));
    int32_t *known = &m->seen[layer][axis][at];
    if (*known < 0) {
        double low = (double)corner[from];
        double high = (double)corner[from | 1 << axis];
        double t = ((double)m->level - low) / (high - low);
        double p[3] = {(double)(i + (from & 1)), (double)(j + (from >> 1 & 1)), (double)(k + layer)};
        double world[3];
        /* Just off the corners: a field that equals level there would give triangles without area. */
        p[axis] += t < 1e-6 ? 1e-6 : t > 1.0 - 1e-6 ? 1.0 - 1e-6 : t;
        dn_affine_apply(&m->field->grid.affine, p, world);
        DN_TRY(add_vertex(b, world, known));
    }
    *index = *known;
    return DN_OK;
}

static dn_status march_cube(march *m, builder *b, int64_t i, int64_t j, int64_t k)
{
    float corner[CORNERS];
    int inside = 0;
    for (int c = 0; c < CORNERS; ++c) {
        corner[c] = value_at(m, i + (c & 1), j + (c >> 1 & 1), k + (c >> 2));
        inside |= (corner[c] >= m->level) << c;
    }
    for (int t = 0; t < m->table.count[inside]; ++t) {
        int32_t v[3];
        for (int n = 0; n < 3; ++n) {
            DN_TRY(vertex_on(m, b, i, j, k, m->table.edge[inside][t][n], corner, &v[n]));
        }
        DN_TRY(add_triangle(b, v[0], v[m->mirrored ? 2 : 1], v[m->mirrored ? 1 : 2]));
    }
    return DN_OK;
}

/* The layer k + 1 becomes layer k. */
static void next_layer(march *m)
{
    size_t size = (size_t)(m->wide[0] * m->wide[1]) * sizeof(int32_t);
    for (int axis = 0; axis < 2; ++axis) {
        int32_t *old = m->seen[0][axis];
        m->seen[0][axis] = m->seen[1][axis];
        m->seen[1][axis] = old;
        memset(old, 0xff, size); /* -1 */
    }
    memset(m->seen[0][2], 0xff, size);
}

static dn_status march_all(march *m, builder *b)
{
    const int64_t *dim = m->field->grid.dim;
    for (int64_t k = -1; k < dim[2]; ++k) {
        next_layer(m);
        for (int64_t j = -1; j < dim[1]; ++j) {
            for (int64_t i = -1; i < dim[0]; ++i) {
                DN_TRY(march_cube(m, b, i, j, k));
            }
        }
    }
    return DN_OK;
}

static bool is_mirrored(const dn_affine *a)
{
    double determinant = a->m[0][0] * (a->m[1][1] * a->m[2][2] - a->m[1][2] * a->m[2][1]) -
                         a->m[0][1] * (a->m[1][0] * a->m[2][2] - a->m[1][2] * a->m[2][0]) +
                         a->m[0][2] * (a->m[1][0] * a->m[2][1] - a->m[1][1] * a->m[2][0]);
    return determinant < 0.0;
}

dn_status dn_mesh_extract(const dn_volume *field, float level, float outside, dn_mesh **out)
{
    march *m = NULL;
    builder b = {0};
    dn_status status = DN_OK;
    if (!(outside < level)) {
        DN_FAIL(DN_EUSAGE, "the surface at %g cannot be closed: the image has the value %g at its edge", (double)level, (double)outside);
    }
    DN_TRY(dn_alloc(&m, 1, sizeof *m, "a surface"));
    DN_TRY_GOTO(status, dn_alloc(&b.mesh, 1, sizeof *b.mesh, "a surface"), done);
    m->field = field;
    m->level = level;
    m->outside = outside;
    m->mirrored = is_mirrored(&field->grid.affine);
    m->wide[0] = field->grid.dim[0] + 2;
    m->wide[1] = field->grid.dim[1] + 2;
    derive_cases(&m->table);
    for (int layer = 0; layer < 2; ++layer) {
        for (int axis = 0; axis < 3 - layer; ++axis) {
            DN_TRY_GOTO(status, dn_alloc_dims(&m->seen[layer][axis], m->wide, 2, sizeof(int32_t), "a surface"), done);
            memset(m->seen[layer][axis], 0xff, (size_t)(m->wide[0] * m->wide[1]) * sizeof(int32_t));
        }
    }
    DN_TRY_GOTO(status, march_all(m, &b), done);
    *out = b.mesh;
    b.mesh = NULL;
done:
    dn_mesh_destroy(b.mesh);
    for (int layer = 0; layer < 2; ++layer) {
        for (int axis = 0; axis < 3; ++axis) {
            free(m->seen[layer][axis]);
        }
    }
    free(m);
    return status;
}

static bool is_listed(uint16_t label, const uint16_t *list, size_t count)
{
    for (size_t n = 0; n < count; ++n) {
        if (list[n] == label) {
            return true;
        }
    }
    return false;
}

dn_status dn_mesh_of_labels(const dn_labels *labels, const uint16_t *list, size_t count, double sigma, dn_mesh **out)
{
    /* Only the part around the structure, with room for the smoothing. */
    const dn_grid *grid = &labels->grid;
    int64_t low[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
    int64_t high[3] = {-1, -1, -1};
    double spacing[3];
    dn_grid part;
    dn_volume *mask = NULL;
    for (int64_t k = 0; k < grid->dim[2]; ++k) {
        for (int64_t j = 0; j < grid->dim[1]; ++j) {
            for (int64_t i = 0; i < grid->dim[0]; ++i) {
                if (is_listed(labels->data[dn_grid_offset(grid, i, j, k)], list, count)) {
                    int64_t at[3] = {i, j, k};
                    for (int d = 0; d < 3; ++d) {
                        low[d] = at[d] < low[d] ? at[d] : low[d];
                        high[d] = at[d] > high[d] ? at[d] : high[d];
                    }
                }
            }
        }
    }
    if (high[0] < 0) {
        return dn_alloc(out, 1, sizeof **out, "a surface");
    }
    dn_grid_spacing(grid, spacing);
    int64_t dim[3];
    for (int d = 0; d < 3; ++d) {
        int64_t margin = 1 + (int64_t)ceil(4.0 * (sigma > 0.0 ? sigma : 0.0) / spacing[d]);
        low[d] -= margin;
        dim[d] = high[d] + margin - low[d] + 1;
    }
    DN_TRY(dn_grid_crop(grid, low, dim, &part));
    DN_TRY(dn_volume_create(&part, &mask));
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                int64_t at[3] = {i + low[0], j + low[1], k + low[2]};
                bool in = at[0] >= 0 && at[0] < grid->dim[0] && at[1] >= 0 && at[1] < grid->dim[1] && at[2] >= 0 && at[2] < grid->dim[2];
                mask->data[dn_grid_offset(&part, i, j, k)] =
                    in && is_listed(labels->data[dn_grid_offset(grid, at[0], at[1], at[2])], list, count) ? 1.0f : 0.0f;
            }
        }
    }
    dn_status status = dn_filter_gaussian(mask, (double[3]){sigma, sigma, sigma});
    if (status == DN_OK) {
        status = dn_mesh_extract(mask, 0.5f, 0.0f, out);
    }
    dn_volume_destroy(mask);
    return status;
}

void dn_mesh_destroy(dn_mesh *mesh)
{
    if (mesh != NULL) {
        free(mesh->vertex);
        free(mesh->triangle);
        free(mesh);
    }
}

dn_status dn_mesh_smooth(dn_mesh *mesh, int iterations)
{
    double(*sum)[3] = NULL;
    int32_t *neighbours = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_alloc(&sum, (size_t)mesh->vertices, sizeof *sum, "a surface"), done);
    DN_TRY_GOTO(status, dn_alloc(&neighbours, (size_t)mesh->vertices, sizeof *neighbours, "a surface"), done);
    for (int step = 0; step < 2 * iterations; ++step) {
        double by = step % 2 == 0 ? 0.5 : -0.53;
        memset(sum, 0, (size_t)mesh->vertices * sizeof *sum);
        memset(neighbours, 0, (size_t)mesh->vertices * sizeof *neighbours);
        for (int64_t t = 0; t < mesh->triangles; ++t) { /* in a closed mesh each neighbour is met twice */
            for (int n = 0; n < 3; ++n) {
                int32_t a = mesh->triangle[t][n];
                for (int other = 1; other < 3; ++other) {
                    int32_t b = mesh->triangle[t][(n + other) % 3];
                    ++neighbours[a];
                    for (int d = 0; d < 3; ++d) {
                        sum[a][d] += mesh->vertex[b][d];
                    }
                }
            }
        }
        for (int64_t v = 0; v < mesh->vertices; ++v) {
            for (int d = 0; d < 3 && neighbours[v] > 0; ++d) {
                mesh->vertex[v][d] += by * (sum[v][d] / neighbours[v] - mesh->vertex[v][d]);
            }
        }
    }
done:
    free(neighbours);
    free(sum);
    return status;
}

/* Twice the triangle's area times its normal. */
static void normal_of(const dn_mesh *mesh, int64_t t, double n[3])
{
    const double *a = mesh->vertex[mesh->triangle[t][0]];
    const double *b = mesh->vertex[mesh->triangle[t][1]];
    const double *c = mesh->vertex[mesh->triangle[t][2]];
    for (int d = 0; d < 3; ++d) {
        int e = (d + 1) % 3;
        int f = (d + 2) % 3;
        n[d] = (b[e] - a[e]) * (c[f] - a[f]) - (b[f] - a[f]) * (c[e] - a[e]);
    }
}

double dn_mesh_area(const dn_mesh *mesh)
{
    double sum = 0.0;
    for (int64_t t = 0; t < mesh->triangles; ++t) {
        double n[3];
        normal_of(mesh, t, n);
        sum += 0.5 * sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    }
    return sum;
}

double dn_mesh_volume(const dn_mesh *mesh)
{
    double sum = 0.0;
    if (mesh->vertices == 0) {
        return 0.0;
    }
    const double *origin = mesh->vertex[0]; /* near the mesh, for accuracy */
    for (int64_t t = 0; t < mesh->triangles; ++t) {
        const double *a = mesh->vertex[mesh->triangle[t][0]];
        double n[3];
        normal_of(mesh, t, n);
        sum += ((a[0] - origin[0]) * n[0] + (a[1] - origin[1]) * n[1] + (a[2] - origin[2]) * n[2]) / 6.0;
    }
    return sum;
}

int64_t dn_mesh_euler(const dn_mesh *mesh)
{
    return mesh->vertices - mesh->triangles * 3 / 2 + mesh->triangles; /* closed: every edge has two triangles */
}

static dn_status write_ply(dn_file_writer *writer, const dn_mesh *mesh)
{
    DN_TRY(dn_file_printf(writer,
                          "ply\nformat binary_little_endian 1.0\ncomment dien, RAS mm\nelement vertex %lld\nproperty float x\n"
                          "property float y\nproperty float z\nelement face %lld\nproperty list uchar int vertex_indices\nend_header\n",
                          (long long)mesh->vertices, (long long)mesh->triangles));
    for (int64_t v = 0; v < mesh->vertices; ++v) {
        float p[3] = {(float)mesh->vertex[v][0], (float)mesh->vertex[v][1], (float)mesh->vertex[v][2]};
        DN_TRY(dn_file_write(writer, p, sizeof p));
    }
    for (int64_t t = 0; t < mesh->triangles; ++t) {
        unsigned char bytes[13] = {3};
        memcpy(bytes + 1, mesh->triangle[t], 12);
        DN_TRY(dn_file_write(writer, bytes, sizeof bytes));
    }
    return DN_OK;
}

dn_status dn_mesh_write(const dn_mesh *mesh, const char *path)
{
    dn_file_writer writer = {0};
    if (!dn_path_has_extension(path, ".ply")) {
        DN_FAIL(DN_EUSAGE, "cannot write '%s': surfaces are written as .ply", path);
    }
    DN_TRY(dn_file_create(&writer, path));
    dn_status status = write_ply(&writer, mesh);
    return dn_file_end(&writer, status);
}
