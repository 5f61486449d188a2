/* dien surface: label maps as shaded 3-D pictures and as meshes. */
#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "chart/surface_view.h"
#include "cli/command.h"
#include "cli/scan_list.h"
#include "image/io.h"
#include "image/surface.h"
#include "image/surface_refine.h"
#include "models/label_table.h"
#include "study/output/output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dn_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "write picture, meshes and table into this folder",
     .required = true},
    {.name = "mask",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "a mask to show as a shell around the structures: the intracranial volume"},
    {.name = "mask-labels",
     .kind = DN_OPTION_TEXT,
     .value = "N,N-N,...",
     .help = "the numbers of --mask that are inside (default: all but 0)"},
    {.name = "labels",
     .kind = DN_OPTION_TEXT,
     .value = "N,N-N,...",
     .help = "draw these numbers as one structure instead of the known ones (hypothalamus 801-810, 819 and 820, thalamus 10,49)"},
    {.name = "views",
     .kind = DN_OPTION_CHOICE,
     .value = "VIEWS",
     .preset = "oblique,left,front",
     .choices = "oblique|front|back|left|right|top|bottom",
     .list = true,
     .help = "from where, in this order: oblique, front, back, left, right, top, bottom"},
    {.name = "smooth",
     .kind = DN_OPTION_REAL,
     .value = "MM",
     .preset = "0.8",
     .low = 0.0,
     .high = 20.0,
     .help = "width of the Gaussian that rounds the voxels' corners"},
    {.name = "size", .kind = DN_OPTION_INTEGER, .value = "PIXELS", .preset = "420", .low = 64, .high = 2000, .help = "of each view"},
    {0},
};

enum { PARTS = 8, LABELS = 4096, VIEWS = 9 };

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

/* "801-805,810" of --option */
static dn_status parse_labels(const char *option, const char *text, uint16_t *list, size_t *count)
{
    *count = 0;
    for (const char *p = text; *p != 0;) {
        char *end = NULL;
        long low = strtol(p, &end, 10), high = low;
        if (end != p && *end == '-') {
            p = end + 1;
            high = strtol(p, &end, 10);
        }
        if (end == p || (*end != 0 && *end != ',') || low < 1 || high < low || high > 65535) {
            DN_FAIL(DN_EUSAGE, "--%s %s: write numbers from 1 to 65535, such as 10,49 or 801-810", option, text);
        }
        for (long n = low; n <= high; ++n) {
            if (*count == LABELS) {
                DN_FAIL(DN_EUSAGE, "--%s names more than %d numbers", option, LABELS);
            }
            list[(*count)++] = (uint16_t)n;
        }
        p = *end == ',' ? end + 1 : end;
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
    dn_status status = mesh->triangles > 0 && sigma > 0.0 ? dn_mesh_smooth(mesh, 10) : DN_OK;
    /* Small structures have few triangles: finer ones, rounded, look like what they are. */
    for (int round = 0; round < 2 && status == DN_OK && mesh->triangles > 0 && mesh->triangles < 40000; ++round) {
        status = dn_mesh_refine(mesh);
        if (status == DN_OK && sigma > 0.0) {
            status = dn_mesh_smooth(mesh, 4);
        }
    }
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

/* Each vertex of the first mesh gets the colour of the subunit that weighs most around it (Gaussian of 0.8 voxels): smooth borders. */
static dn_status paint_subunits(scene *it, const dn_labels *labels)
{
    enum { REACH = 3, SIDE = 2 * REACH + 1 };
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
        double at[3], weight[SUBUNITS] = {0.0};
        int most = 0;
        dn_affine_apply(&back, mesh->vertex[v], at);
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
        memcpy(it->paint[v], subunit[most].color, sizeof it->paint[v]);
    }
    it->part[0].vertex_color = (const uint8_t(*)[3])it->paint;
    return DN_OK;
}

/* 1 where the mask has one of the labels that text names (NULL: any but 0), else 0. list: LABELS places to work in. */
static dn_status reduce_mask(dn_labels *mask, const char *text, uint16_t *list)
{
    size_t count = 0;
    unsigned char *inside = NULL;
    if (text != NULL) {
        DN_TRY(parse_labels("mask-labels", text, list, &count));
    }
    DN_TRY(dn_alloc(&inside, 65536, 1, "a list of labels"));
    memset(inside, text == NULL, 65536);
    inside[0] = 0;
    for (size_t i = 0; i < count; ++i) {
        inside[list[i]] = 1;
    }
    for (int64_t i = 0; i < dn_grid_count(&mask->grid); ++i) {
        mask->data[i] = inside[mask->data[i]];
    }
    free(inside);
    return DN_OK;
}

static dn_status build(const dn_arguments *arguments, const char *path, scene *it)
{
    dn_status status = DN_OK;
    dn_labels *labels = NULL, *mask = NULL;
    uint16_t *list = NULL;
    size_t count = 0;
    double sigma = dn_arguments_real(arguments, "smooth");
    const char *own = dn_arguments_text(arguments, "labels"), *shell = dn_arguments_text(arguments, "mask");
    DN_TRY_GOTO(status, dn_table_create("surfaces", &it->table), done);
    DN_TRY_GOTO(status, dn_labels_read(path, NULL, &labels, NULL), done);
    DN_TRY_GOTO(status, dn_alloc(&list, LABELS, sizeof *list, "a list of labels"), done);
    if (own != NULL) {
        DN_TRY_GOTO(status, parse_labels("labels", own, list, &count), done);
        DN_TRY_GOTO(status, scene_add(it, labels, list, count, sigma, "structure", (const uint8_t[]){214, 160, 84}, 1.0), done);
    }
    if (own == NULL) {
        /* Its subunits, or its sides as a whole. */
        static const uint16_t hypothalamus[] = {801, 802, 803, 804, 805, 806, 807, 808, 809, 810, 819, 820};
        DN_TRY_GOTO(status,
                    scene_add(it, labels, hypothalamus, sizeof hypothalamus / sizeof *hypothalamus, sigma, "hypothalamus",
                              (const uint8_t[]){214, 160, 84}, 1.0),
                    done);
        if (it->count > 0 && has_subunits(labels)) {
            DN_TRY_GOTO(status, paint_subunits(it, labels), done);
        }
        DN_TRY_GOTO(status, scene_add(it, labels, (const uint16_t[]){10, 49}, 2, sigma, "thalamus", (const uint8_t[]){168, 172, 182}, 1.0),
                    done);
    }
    if (it->count == 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "%s has none of the structures to draw; name its numbers with --labels", path);
    }
    if (shell != NULL) {
        DN_TRY_GOTO(status, dn_labels_read(shell, NULL, &mask, NULL), done);
        DN_TRY_GOTO(status, reduce_mask(mask, dn_arguments_text(arguments, "mask-labels"), list), done);
        list[0] = 1;
        DN_TRY_GOTO(status, scene_add(it, mask, list, 1, fmax(sigma, 1.5), "intracranial", (const uint8_t[]){206, 196, 182}, 0.22), done);
    }
done:
    free(list);
    dn_labels_destroy(labels);
    dn_labels_destroy(mask);
    return status;
}

/* Views as named; with a shell the first one shows it, and the others the structures alone. */
static size_t cameras(const dn_arguments *arguments, const scene *it, unsigned char *inside, dn_surface_camera *out)
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
    const char *text = dn_arguments_text(arguments, "views");
    while (*text != 0 && count < VIEWS) {
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

/* A swatch for every colour that is there (own: what to call the labels that the user named): subunits instead of the hypothalamus that
 * they paint. */
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

static dn_status one(const dn_arguments *arguments, const char *path)
{
    dn_status status = DN_OK;
    scene it = {.count = 0};
    dn_surface_camera views[VIEWS + 1];
    dn_surface_swatch legend[PARTS + SUBUNITS + 1];
    unsigned char inside[PARTS];
    char *stem = NULL, *target = NULL, *name = NULL, *own = NULL;
    const char *folder = dn_arguments_text(arguments, "output");
    DN_TRY_GOTO(status, dn_path_scan_stem(path, &stem), done);
    DN_TRY_GOTO(status, build(arguments, path, &it), done);
    size_t n_views = cameras(arguments, &it, inside, views);
    DN_TRY_GOTO(status, dn_path_make_folder(folder), done);
    for (size_t i = 0; i < it.count; ++i) {
        free(target);
        target = NULL;
        DN_TRY_GOTO(status, dn_asprintf(&target, "%s/%s_%s.ply", folder, stem, it.name[i]), done);
        DN_TRY_GOTO(status, dn_mesh_write(it.mesh[i], target), done);
    }
    DN_TRY_GOTO(status, dn_asprintf(&name, "%s_surfaces", stem), done);
    DN_TRY_GOTO(status, dn_study_write_table(folder, name, it.table), done);
    free(target);
    target = NULL;
    DN_TRY_GOTO(status, dn_asprintf(&target, "%s/%s_surface.png", folder, stem), done);
    if (dn_arguments_text(arguments, "labels") != NULL) {
        DN_TRY_GOTO(status, dn_asprintf(&own, "labels %s", dn_arguments_text(arguments, "labels")), done);
    }
    size_t swatches = fill_legend(&it, own, legend);
    DN_TRY_GOTO(status,
                dn_surface_view(it.part, it.count, views, n_views, legend, swatches, (int)dn_arguments_integer(arguments, "size"), target),
                done);
    printf("%s\n", target);
done:
    scene_release(&it);
    free(stem);
    free(target);
    free(name);
    free(own);
    return status;
}

static dn_status run(const dn_arguments *arguments)
{
    const char **paths = NULL;
    size_t count = 0;
    DN_TRY(dn_scan_list(arguments, "_surface.png", &paths, &count));
    dn_status status = DN_OK;
    for (size_t i = 0; status == DN_OK && i < count; ++i) {
        status = dn_cancel_check();
        if (status == DN_OK) {
            status = one(arguments, paths[i]);
        }
    }
    free(paths);
    return status;
}

const dn_command dn_command_surface = {
    .name = "surface",
    .summary = "draw structures as shaded surfaces, and write their meshes",
    .positional = "LABELS...",
    .positional_min = 1,
    .positional_max = -1,
    .options = options,
    .description =
        "Takes label maps, such as the _dseg.nii.gz of 'dien segment', makes the surface of each structure by marching cubes, and writes "
        "NAME_surface.png, NAME_STRUCTURE.ply for each (NiiVue and MeshLab read them) and NAME_surfaces.tsv with areas and volumes. The "
        "hypothalamus "
        "is painted by its subunits, where the labels have them: anterior inferior red, anterior superior pink, tubular inferior blue, "
        "tubular superior yellow, "
        "posterior green. Volumes for statistics are those of 'dien segment', not those of the rounded meshes.",
    .examples = "dien surface out/sub-01_dseg.nii.gz --mask out/sub-01_label-ICV_mask.nii.gz -o pictures\n"
                "dien surface aseg.mgz --labels 10,49 --views front,top -o pictures",
    .run = run,
};
