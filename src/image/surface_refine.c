/* Divides each triangle into four at the middles of its edges. */
#include "image/surface_refine.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* An edge of a triangle; both triangles at it find the same middle. */
typedef struct edge {
    int32_t low, high;
    int64_t corner; /* 3 triangle + side: from corner side to the next */
} edge;

static int by_ends(const void *a, const void *b)
{
    const edge *x = a, *y = b;
    if (x->low != y->low) {
        return x->low < y->low ? -1 : 1;
    }
    if (x->high != y->high) {
        return x->high < y->high ? -1 : 1;
    }
    return x->corner < y->corner ? -1 : x->corner > y->corner;
}

/* middle[3 t + s]: number of the new vertex on that side. Returns how many there are. */
static int64_t number_middles(const dn_mesh *mesh, edge *edges, int32_t *middle)
{
    int64_t count = 0, sides = 3 * mesh->triangles;
    for (int64_t c = 0; c < sides; ++c) {
        int32_t a = mesh->triangle[c / 3][c % 3], b = mesh->triangle[c / 3][(c + 1) % 3];
        edges[c] = (edge){a < b ? a : b, a < b ? b : a, c};
    }
    qsort(edges, (size_t)sides, sizeof *edges, by_ends);
    for (int64_t e = 0; e < sides; ++e) {
        if (e == 0 || edges[e].low != edges[e - 1].low || edges[e].high != edges[e - 1].high) {
            ++count;
        }
        middle[edges[e].corner] = (int32_t)(mesh->vertices + count - 1);
    }
    return count;
}

dn_status dn_mesh_refine(dn_mesh *mesh)
{
    dn_status status = DN_OK;
    edge *edges = NULL;
    int32_t *middle = NULL;
    double(*vertex)[3] = NULL;
    int32_t(*triangle)[3] = NULL;
    if (mesh->vertices + 3 * mesh->triangles > INT32_MAX) {
        DN_FAIL(DN_ESHAPE, "a surface of %lld triangles is too large to be refined", (long long)mesh->triangles);
    }
    DN_TRY_GOTO(status, dn_alloc(&edges, 3 * (size_t)mesh->triangles, sizeof *edges, "a surface"), done);
    DN_TRY_GOTO(status, dn_alloc(&middle, 3 * (size_t)mesh->triangles, sizeof *middle, "a surface"), done);
    int64_t added = number_middles(mesh, edges, middle);
    DN_TRY_GOTO(status, dn_alloc(&vertex, (size_t)(mesh->vertices + added), sizeof *vertex, "a surface"), done);
    DN_TRY_GOTO(status, dn_alloc(&triangle, 4 * (size_t)mesh->triangles, sizeof *triangle, "a surface"), done);
    memcpy(vertex, mesh->vertex, (size_t)mesh->vertices * sizeof *vertex);
    for (int64_t t = 0; t < mesh->triangles; ++t) {
        const int32_t *corner = mesh->triangle[t], *half = middle + 3 * t;
        for (int s = 0; s < 3; ++s) {
            for (int a = 0; a < 3; ++a) {
                vertex[half[s]][a] = 0.5 * (mesh->vertex[corner[s]][a] + mesh->vertex[corner[(s + 1) % 3]][a]);
            }
        }
        const int32_t four[4][3] = {{corner[0], half[0], half[2]},
                                    {half[0], corner[1], half[1]},
                                    {half[2], half[1], corner[2]},
                                    {half[0], half[1], half[2]}};
        memcpy(triangle[4 * t], four, sizeof four);
    }
    free(mesh->vertex);
    free(mesh->triangle);
    mesh->vertex = vertex;
    mesh->triangle = triangle;
    mesh->vertices += added;
    mesh->triangles *= 4;
    vertex = NULL;
    triangle = NULL;
done:
    free(edges);
    free(middle);
    free(vertex);
    free(triangle);
    return status;
}
