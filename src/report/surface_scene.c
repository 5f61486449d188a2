/* Chooses structures, colours and cameras, makes the surfaces, and writes pictures and meshes. */
#include "report/surface_scene.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/table.h"
#include "chart/surface_view.h"
#include "image/io.h"
#include "image/surface.h"
#include "image/surface_refine.h"
#include "models/label_table.h"
#include "report/sidecars.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 8, VIEWS = 9 };

/* Numbers of the subunits in this program's label maps, left and right; their colours are those of every picture (share/labels.tsv). */
static const uint16_t subunits[][2] = {{801, 806}, {802, 807}, {803, 808}, {804, 809}, {805, 810}};
static const char *const subunit_names[] = {"anterior-inferior", "anterior-superior", "posterior", "tubular-inferior", "tubular-superior"};
enum { SUBUNITS = sizeof subunits / sizeof *subunits };

typedef struct scene {
    dn_mesh *mesh[PARTS];
    uint8_t (*paint)[3]; /* of the hypothalamus' vertices */
    dn_surface_part part[PARTS];
    const char *name[PARTS];
    size_t count;
    dn_table *table;
} scene;

static void scene_release(scene *it)
{
    for (size_t i = 0; i < it->count; ++i) {
        dn_mesh_destroy(it->mesh[i]);
    }
    free(it->paint);
    dn_table_destroy(it->table);
}

/* ---- structures --------------------------------------------------------------------------------------------------- */

/* Small structures have few triangles: finer ones, rounded, look like what they are. */
static dn_status round_off(dn_mesh *mesh, double sigma)
{
    enum { ENOUGH = 40000, ROUNDS = 2, FIRST = 10, LATER = 4 }; /* triangles; of refinement; steps of smoothing */
    if (sigma > 0.0) {
        DN_TRY(dn_mesh_smooth(mesh, FIRST));
    }
    for (int round = 0; round < ROUNDS && mesh->triangles < ENOUGH; ++round) {
        DN_TRY(dn_mesh_refine(mesh));
        if (sigma > 0.0) {
            DN_TRY(dn_mesh_smooth(mesh, LATER));
        }
    }
    return DN_OK;
}

/* Takes the mesh over, unless it is empty. */
static dn_status scene_add(scene *it, const dn_labels *labels, const uint16_t *list, size_t n, double sigma, const char *name,
                           const uint8_t color[3], double opacity)
{
    dn_mesh *mesh = NULL;
    size_t row = 0;
    DN_TRY(dn_mesh_of_labels(labels, list, n, sigma, &mesh));
    dn_status status = mesh->triangles > 0 ? round_off(mesh, sigma) : DN_OK;
    if (status != DN_OK || mesh->triangles == 0) {
        dn_mesh_destroy(mesh);
        return status;
    }
    it->part[it->count] = (dn_surface_part){.n_vertices = mesh->vertices,
                                            .vertices = (const double(*)[3])mesh->vertex,
                                            .n_triangles = mesh->triangles,
                                            .triangles = (const int32_t(*)[3])mesh->triangle,
                                            .color = {color[0], color[1], color[2]},
                                            .opacity = opacity};
    it->name[it->count] = name;
    it->mesh[it->count++] = mesh;
    DN_TRY(dn_table_add_row(it->table, &row));
    DN_TRY(dn_table_put_text(it->table, "structure", name));
    DN_TRY(dn_table_put_number(it->table, "area_mm2", dn_mesh_area(mesh)));
    DN_TRY(dn_table_put_number(it->table, "mesh_volume_mm3", dn_mesh_volume(mesh)));
    return dn_table_put_number(it->table, "euler", (double)dn_mesh_euler(mesh));
}

static int subunit_of(uint16_t label)
{
    for (int s = 0; s < SUBUNITS; ++s) {
        if (subunits[s][0] == label || subunits[s][1] == label) {
            return s;
        }
    }
    return -1;
}

static bool has_subunits(const dn_labels *labels)
{
    for (int64_t v = 0; v < dn_grid_count(&labels->grid); ++v) {
        if (subunit_of(labels->data[v]) >= 0) {
            return true;
        }
    }
    return false;
}

/* The subunit that weighs most around a point of the map's voxel space (Gaussian of 0.8 voxels). */
static int subunit_at(const dn_labels *labels, const double at[3])
{
    enum { REACH = 3, SIDE = 2 * REACH + 1 };
    double weight[SUBUNITS] = {0.0};
    int most = 0;
    for (int n = 0; n < SIDE * SIDE * SIDE; ++n) {
        int64_t ijk[3] = {llround(at[0]) + n % SIDE - REACH, llround(at[1]) + n / SIDE % SIDE - REACH,
                          llround(at[2]) + n / (SIDE * SIDE) - REACH};
        double distance = 0.0;
        bool inside = true;
        for (int a = 0; a < 3; ++a) {
            inside = inside && ijk[a] >= 0 && ijk[a] < labels->grid.dim[a];
            distance += ((double)ijk[a] - at[a]) * ((double)ijk[a] - at[a]);
        }
        int found = inside ? subunit_of(labels->data[dn_grid_offset(&labels->grid, ijk[0], ijk[1], ijk[2])]) : -1;
        if (found >= 0) {
            weight[found] += exp(-distance / (2.0 * 0.8 * 0.8));
        }
    }
    for (int s = 1; s < SUBUNITS; ++s) {
        most = weight[s] > weight[most] ? s : most;
    }
    return most;
}

/* Each vertex of the first mesh gets the colour of its subunit: smooth borders. */
static dn_status paint_subunits(scene *it, const dn_labels *labels)
{
    dn_mesh *mesh = it->mesh[0];
    dn_label_entry subunit[SUBUNITS];
    dn_affine back;
    for (int s = 0; s < SUBUNITS; ++s) {
        if (!dn_label_table_number(subunits[s][0], &subunit[s])) {
            DN_FAIL(DN_EINTERNAL, "the table of labels has no number %d", subunits[s][0]);
        }
    }
    DN_TRY(dn_affine_invert(&labels->grid.affine, &back));
    DN_TRY(dn_alloc(&it->paint, (size_t)mesh->vertices, sizeof *it->paint, "a surface"));
    for (int64_t v = 0; v < mesh->vertices; ++v) {
        double at[3];
        dn_affine_apply(&back, mesh->vertex[v], at);
        memcpy(it->paint[v], subunit[subunit_at(labels, at)].color, sizeof it->paint[v]);
    }
    it->part[0].vertex_color = (const uint8_t(*)[3])it->paint;
    return DN_OK;
}

static const uint8_t structure_color[3] = {214, 160, 84}, thalamus_color[3] = {168, 172, 182}, shell_color[3] = {206, 196, 182};

static dn_status add_known_structures(scene *it, const dn_labels *labels, double sigma)
{
    /* Its subunits, or its sides as a whole. */
    static const uint16_t hypothalamus[] = {801, 802, 803, 804, 805, 806, 807, 808, 809, 810, 819, 820}, thalamus[] = {10, 49};
    DN_TRY(scene_add(it, labels, hypothalamus, sizeof hypothalamus / sizeof *hypothalamus, sigma, "hypothalamus", structure_color, 1.0));
    if (it->count > 0 && has_subunits(labels)) {
        DN_TRY(paint_subunits(it, labels));
    }
    return scene_add(it, labels, thalamus, 2, sigma, "thalamus", thalamus_color, 1.0);
}

/* 1 where the mask has one of the labels in inside (NULL: any but 0), else 0. */
static dn_status reduce_mask(dn_labels *mask, const dn_label_list *inside)
{
    enum { LABELS = 65536 };
    unsigned char *is_inside = NULL;
    DN_TRY(dn_alloc(&is_inside, LABELS, 1, "a list of labels"));
    memset(is_inside, inside == NULL, LABELS);
    is_inside[0] = 0;
    for (size_t i = 0; inside != NULL && i < inside->count; ++i) {
        is_inside[inside->label[i]] = 1;
    }
    for (int64_t i = 0; i < dn_grid_count(&mask->grid); ++i) {
        mask->data[i] = is_inside[mask->data[i]];
    }
    free(is_inside);
    return DN_OK;
}

static dn_status add_shell(scene *it, const dn_surface_options *options)
{
    const uint16_t one[1] = {1};
    const double least_mm = 1.5, opacity = 0.22; /* a head's surface is smooth, and what is in it is to be seen */
    dn_labels *mask = NULL;
    DN_TRY(dn_labels_read(options->mask, NULL, &mask, NULL));
    dn_status status = reduce_mask(mask, options->mask_labels);
    if (status == DN_OK) {
        status = scene_add(it, mask, one, 1, fmax(options->smooth_mm, least_mm), "intracranial", shell_color, opacity);
    }
    dn_labels_destroy(mask);
    return status;
}

static dn_status scene_build(scene *it, const char *path, const dn_surface_options *options)
{
    dn_labels *labels = NULL;
    DN_TRY(dn_table_create("surfaces", &it->table));
    DN_TRY(dn_labels_read(path, NULL, &labels, NULL));
    const dn_label_list *own = options->labels;
    dn_status status = own != NULL ? scene_add(it, labels, own->label, own->count, options->smooth_mm, "structure", structure_color, 1.0)
                                   : add_known_structures(it, labels, options->smooth_mm);
    dn_labels_destroy(labels);
    DN_TRY(status);
    if (it->count == 0) {
        DN_FAIL_OFFER(DN_EDATA, DN_REMEDY_NAME_LABELS, "%s has none of the structures to draw", path);
    }
    return options->mask != NULL ? add_shell(it, options) : DN_OK;
}

/* ---- picture ------------------------------------------------------------------------------------------------------ */

/* Views as named; with a shell the first one shows it, and the others the structures alone. */
static size_t cameras(const char *views, const scene *it, unsigned char *inside, dn_surface_camera *out)
{
    static const struct {
        const char *name;
        double azimuth, elevation;
    } named[] = {{"oblique", 40, 22}, {"front", 0, 0},  {"back", 180, 0},    {"left", 90, 0},
                 {"right", -90, 0},   {"top", 0, 89.9}, {"bottom", 0, -89.9}};
    size_t count = 0;
    bool shell = it->part[it->count - 1].opacity < 1.0;
    for (size_t i = 0; i < it->count; ++i) {
        inside[i] = it->part[i].opacity >= 1.0;
    }
    if (shell) {
        out[count++] =
            (dn_surface_camera){.azimuth = 40, .elevation = 12, .focus = -1, .caption = "in the intracranial volume", .scale_bar = 1};
    }
    for (const char *text = views; *text != 0 && count < VIEWS;) {
        size_t length = strcspn(text, ",");
        for (size_t i = 0; i < sizeof named / sizeof *named; ++i) {
            if (strlen(named[i].name) == length && strncmp(text, named[i].name, length) == 0) {
                out[count++] = (dn_surface_camera){.azimuth = named[i].azimuth,
                                                   .elevation = named[i].elevation,
                                                   .focus = -1,
                                                   .caption = named[i].name,
                                                   .visible = inside,
                                                   .scale_bar = 1};
            }
        }
        text += length + (text[length] == ',');
    }
    return count;
}

/* A swatch for every colour that is there (own: what to call the labels that were named, NULL: none were): subunits instead of the
 * hypothalamus that they paint. */
static size_t fill_legend(const scene *it, const char *own, dn_surface_swatch out[PARTS + SUBUNITS + 1])
{
    size_t count = 0;
    for (size_t i = 0; i < it->count; ++i) {
        const dn_surface_part *drawn = &it->part[i];
        if (drawn->vertex_color != NULL) { /* a heading: its swatch is as white as the ground */
            out[count++] = (dn_surface_swatch){"hypothalamus:", {255, 255, 255}};
        }
        for (size_t s = 0; s < SUBUNITS && drawn->vertex_color != NULL; ++s) {
            bool seen = false;
            dn_label_entry subunit;
            for (int64_t v = 0; dn_label_table_number(subunits[s][0], &subunit) && v < drawn->n_vertices && !seen; ++v) {
                seen = memcmp(drawn->vertex_color[v], subunit.color, 3) == 0;
            }
            if (seen) {
                out[count] = (dn_surface_swatch){.name = subunit_names[s]};
                memcpy(out[count++].color, subunit.color, 3);
            }
        }
        if (drawn->vertex_color == NULL) {
            out[count] = (dn_surface_swatch){.name = drawn->opacity < 1.0 ? "intracranial volume" : own != NULL ? own : it->name[i]};
            memcpy(out[count++].color, drawn->color, 3);
        }
    }
    return count;
}

static dn_status draw(const scene *it, const dn_surface_options *options, const char *path)
{
    dn_surface_camera views[VIEWS + 1];
    dn_surface_swatch swatches[PARTS + SUBUNITS + 1];
    unsigned char inside[PARTS];
    const size_t view_count = cameras(options->views, it, inside, views);
    const size_t swatch_count = fill_legend(it, options->labels_name, swatches);
    return dn_surface_view(it->part, it->count, views, view_count, swatches, swatch_count, options->size, path);
}

/* ---- all of it ---------------------------------------------------------------------------------------------------- */

static dn_status write_meshes(const scene *it, const char *folder, const char *stem)
{
    for (size_t i = 0; i < it->count; ++i) {
        char *suffix = NULL, *path = NULL;
        dn_status status = dn_asprintf(&suffix, "_%s.ply", it->name[i]);
        status = status == DN_OK ? dn_output_path(folder, stem, suffix, &path) : status;
        status = status == DN_OK ? dn_mesh_write(it->mesh[i], path) : status;
        free(path);
        free(suffix);
        DN_TRY(status);
    }
    return DN_OK;
}

dn_status dn_surface_scene_write(const char *path, const dn_surface_options *options, char **picture)
{
    dn_status status = DN_OK;
    scene it = {.count = 0};
    char *stem = NULL, *target = NULL;
    *picture = NULL;
    DN_TRY_GOTO(status, dn_path_scan_stem(path, &stem), done);
    DN_TRY_GOTO(status, scene_build(&it, path, options), done);
    DN_TRY_GOTO(status, write_meshes(&it, options->folder, stem), done);
    DN_TRY_GOTO(status, dn_output_path(options->folder, stem, "_surfaces.tsv", &target), done);
    DN_TRY_GOTO(status, dn_table_write(it.table, target), done);
    free(target);
    target = NULL;
    DN_TRY_GOTO(status, dn_output_path(options->folder, stem, "_surface.png", &target), done);
    DN_TRY_GOTO(status, draw(&it, options, target), done);
    *picture = target;
    target = NULL;
done:
    scene_release(&it);
    free(stem);
    free(target);
    return dn_error_in_file(status, path);
}
