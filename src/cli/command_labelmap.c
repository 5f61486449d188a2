/* dien labelmap: label maps made from label maps. */
#include "base/file.h"
#include "base/install.h"
#include "base/job.h"
#include "base/memory.h"
#include "cli/command.h"
#include "image/components.h"
#include "image/io.h"
#include "image/orientation.h"
#include "image/resample.h"
#include "register/labels_align_space.h"
#include "register/labels_average.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct heads {
    dn_labels **maps;
    dn_alignment *alignments;
    size_t count;
    dn_tissues *tissues;
} heads;

static void heads_release(heads *it)
{
    for (size_t m = 0; m < it->count; ++m) {
        if (it->maps != NULL) {
            dn_labels_destroy(it->maps[m]);
        }
        if (it->alignments != NULL) {
            dn_alignment_release(&it->alignments[m]);
        }
    }
    free(it->maps);
    free(it->alignments);
    dn_tissues_destroy(it->tissues);
}

/* Labels the table does not name would all count as background, unseen. */
static dn_status check_labels(const dn_labels *map, const dn_tissues *tissues)
{
    int64_t voxels = dn_grid_count(&map->grid);
    for (int64_t v = 0; v < voxels; ++v) {
        if (tissues->tissue[map->data[v]] < 0) {
            DN_FAIL(DN_EDATA, "label %u is not in the tissue table; add it there, or give another with --tissues", (unsigned)map->data[v]);
        }
    }
    return DN_OK;
}

static dn_status read_heads(const dn_arguments *arguments, heads *it)
{
    char *found = NULL;
    const char *table = dn_arguments_text(arguments, "tissues");
    if (table == NULL) {
        DN_TRY(dn_install_path("synth/tissues.tsv", &found));
    }
    dn_status status = dn_tissues_read(table == NULL ? found : table, &it->tissues);
    free(found);
    DN_TRY(status);
    size_t count = dn_arguments_count(arguments);
    DN_TRY(dn_alloc(&it->maps, count, sizeof *it->maps, "label maps"));
    DN_TRY(dn_alloc(&it->alignments, count, sizeof *it->alignments, "alignments"));
    it->count = count;
    for (size_t m = 0; m < count; ++m) {
        const char *path = dn_arguments_at(arguments, m);
        dn_labels *raw = NULL;
        DN_TRY(dn_labels_read(path, NULL, &raw, NULL));
        status = dn_labels_reorient(raw, &DN_ORIENTATION_RAS, &it->maps[m]);
        dn_labels_destroy(raw);
        DN_TRY(status);
        DN_TRY(dn_error_in_file(check_labels(it->maps[m], it->tissues), path));
        dn_progress("read", (int64_t)m + 1, (int64_t)count);
    }
    return DN_OK;
}

/* From the AC-PC frame to the map's own world. */
static dn_status parse_frame(const char *text, dn_affine *out)
{
    double ay;
    double az;
    double py;
    double pz;
    char rest;
    if (sscanf(text, "%lf,%lf,%lf,%lf%c", &ay, &az, &py, &pz, &rest) != 4) {
        DN_FAIL(DN_EUSAGE, "--frame takes four numbers ACY,ACZ,PCY,PCZ in mm, not \"%s\"", text);
    }
    double length = hypot(ay - py, az - pz);
    if (!(length > 5.0 && length < 60.0)) {
        DN_FAIL(DN_EUSAGE, "--frame: AC and PC are %.3g mm apart; people have 20 to 35", length);
    }
    double y[2] = {(ay - py) / length, (az - pz) / length}; /* the new y axis in the old frame */
    *out = (dn_affine){.m[0][0] = 1.0};
    out->m[1][1] = y[0];
    out->m[1][2] = -y[1];
    out->m[1][3] = ay;
    out->m[2][1] = y[1];
    out->m[2][2] = y[0];
    out->m[2][3] = az;
    return DN_OK;
}

/* The grid around everything inside the skulls and MARGIN of the rest; voxels lie half a spacing to either side of x = 0. */
static dn_status plan_grid(const heads *it, double spacing, dn_grid *out)
{
    const double margin = 45.0;
    double low[3];
    double high[3];
    DN_TRY(dn_align_extent((const dn_labels *const *)it->maps, it->alignments, it->count, it->tissues, 3, low, high));
    high[0] = fmax(high[0], -low[0]);
    low[0] = -high[0];
    *out = (dn_grid){0};
    for (int c = 0; c < 3; ++c) {
        int64_t before = (int64_t)ceil((margin - low[c]) / spacing);
        int64_t after = c == 0 ? before : (int64_t)ceil((margin + high[c]) / spacing);
        out->dim[c] = before + after;
        out->affine.m[c][c] = spacing;
        out->affine.m[c][3] = spacing * (0.5 - (double)before);
    }
    return DN_OK;
}

/* Cuts away the background around the head, as much on the left as on the right. */
static dn_status crop(dn_labels **labels)
{
    dn_labels *whole = *labels;
    const int64_t *dim = whole->grid.dim;
    int64_t voxels = dn_grid_count(&whole->grid);
    int64_t start[3];
    int64_t size[3];
    uint8_t *mask = NULL;
    DN_TRY(dn_alloc(&mask, (size_t)voxels, 1, "a mask"));
    for (int64_t v = 0; v < voxels; ++v) {
        mask[v] = whole->data[v] != 0;
    }
    bool any = dn_mask_bounds(mask, dim, start, size);
    free(mask);
    if (!any) {
        DN_FAIL(DN_EDATA, "the average is empty: the label maps do not agree anywhere");
    }
    for (int c = 0; c < 3; ++c) {
        int64_t end = start[c] + size[c] + 2;
        start[c] = start[c] < 2 ? 0 : start[c] - 2;
        end = end > dim[c] ? dim[c] : end;
        if (c == 0) {
            start[c] = start[c] < dim[c] - end ? start[c] : dim[c] - end;
            end = dim[c] - start[c];
        }
        size[c] = end - start[c];
    }
    DN_TRY(dn_labels_crop(whole, start, size, labels));
    dn_labels_destroy(whole);
    return DN_OK;
}

static dn_status average(const dn_arguments *arguments)
{
    dn_status status = DN_OK;
    heads it = {0};
    dn_labels *labels = NULL;
    dn_grid grid;
    int rounds = (int)dn_arguments_integer(arguments, "rounds");
    int coarse = rounds > 1 ? rounds / 2 : rounds;
    DN_TRY_GOTO(status, read_heads(arguments, &it), done);
    const dn_labels *const *maps = (const dn_labels *const *)it.maps;
    DN_TRY_GOTO(status, dn_align_affine(maps, it.count, it.tissues, it.alignments), done);
    if (rounds > 0) {
        DN_TRY_GOTO(status, dn_align_demons(maps, it.count, it.tissues, 4.0, coarse, 5, it.alignments), done);
        DN_TRY_GOTO(status, dn_align_demons(maps, it.count, it.tissues, 2.5, rounds - coarse, 4, it.alignments), done);
    }
    DN_TRY_GOTO(status, plan_grid(&it, dn_arguments_real(arguments, "spacing"), &grid), done);
    DN_TRY_GOTO(status, dn_labels_average(maps, it.alignments, it.count, it.tissues, &grid, &labels), done);
    DN_TRY_GOTO(status, dn_labels_drop_crumbs(labels, it.tissues), done);
    DN_TRY_GOTO(status, dn_labels_mirror(labels, it.tissues), done);
    DN_TRY_GOTO(status, crop(&labels), done);
    dn_scan_write_options how = {.gzip_level = 9};
    DN_TRY_GOTO(status, dn_labels_write(labels, dn_arguments_text(arguments, "output"), &how), done);
done:
    dn_labels_destroy(labels);
    heads_release(&it);
    return status;
}

/* The map's corners in the frame give the new grid. */
static dn_status frame(const dn_arguments *arguments)
{
    dn_status status = DN_OK;
    heads it = {0};
    dn_labels *labels = NULL;
    dn_affine move;
    dn_affine back;
    double spacing = dn_arguments_real(arguments, "spacing");
    DN_TRY(parse_frame(dn_arguments_text(arguments, "frame"), &move));
    DN_TRY(dn_affine_invert(&move, &back));
    DN_TRY_GOTO(status, read_heads(arguments, &it), done);
    const dn_grid *from = &it.maps[0]->grid;
    dn_grid grid = {0};
    dn_affine to_frame;
    dn_affine_compose(&back, &from->affine, &to_frame);
    for (int c = 0; c < 3; ++c) {
        double low = INFINITY;
        double high = -INFINITY;
        for (int corner = 0; corner < 8; ++corner) {
            double p[3];
            dn_affine_apply(&to_frame,
                            (const double[3]){corner & 1 ? (double)(from->dim[0] - 1) : 0.0, corner & 2 ? (double)(from->dim[1] - 1) : 0.0,
                                              corner & 4 ? (double)(from->dim[2] - 1) : 0.0},
                            p);
            low = fmin(low, p[c]);
            high = fmax(high, p[c]);
        }
        int64_t before = (int64_t)ceil(fmax(-low, c == 0 ? high : -INFINITY) / spacing + 0.5);
        int64_t after = c == 0 ? before : (int64_t)ceil(high / spacing + 0.5);
        grid.dim[c] = before + after;
        grid.affine.m[c][c] = spacing;
        grid.affine.m[c][3] = spacing * (0.5 - (double)before);
    }
    DN_TRY_GOTO(status, dn_resample_labels(it.maps[0], &grid, DN_RESAMPLE_LABELS_VOTE, &move, &labels), done);
    DN_TRY_GOTO(status, dn_labels_drop_crumbs(labels, it.tissues), done);
    DN_TRY_GOTO(status, dn_labels_mirror(labels, it.tissues), done);
    DN_TRY_GOTO(status, crop(&labels), done);
    DN_TRY_GOTO(status, dn_labels_write(labels, dn_arguments_text(arguments, "output"), &(dn_scan_write_options){.gzip_level = 9}), done);
done:
    dn_labels_destroy(labels);
    heads_release(&it);
    return status;
}

static const dn_option average_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "label map to write (.nii.gz)",
     .required = true,
     .written = true},
    {.name = "spacing", .kind = DN_OPTION_REAL, .value = "MM", .preset = "1", .help = "its voxel size", .low = 0.2, .high = 10},
    {.name = "rounds",
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .preset = "4",
     .help = "rounds of smooth alignment after the affine one; 0: affine only",
     .low = 0,
     .high = 100},
    {.name = "tissues",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "tissue table (TSV); without it the one that comes with dien, for FreeSurfer labels"},
    {0},
};

static const dn_command average_command = {
    .name = "labelmap average",
    .summary = "make one label map on which many people agree",
    .positional = "MAP...",
    .positional_min = 1,
    .positional_max = -1,
    .options = average_options,
    .description =
        "The maps (FreeSurfer numbers) are brought to their mean shape, by an affine "
        "each that fits the centroids of their structures and then by a smooth displacement; each voxel takes the label that most of "
        "the maps and their mirror images have there. The result is symmetric about x = 0.",
    .examples = "dien labelmap average maps/*.nii.gz -o average.nii.gz",
    .run = average,
};

static const dn_option frame_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "label map to write (.nii.gz)",
     .required = true,
     .written = true},
    {.name = "spacing", .kind = DN_OPTION_REAL, .value = "MM", .preset = "1", .help = "its voxel size", .low = 0.2, .high = 10},
    {.name = "frame",
     .kind = DN_OPTION_TEXT,
     .value = "ACY,ACZ,PCY,PCZ",
     .help = "AC and PC in the map, mm: AC becomes the origin, PC lies on -y",
     .required = true},
    {.name = "tissues",
     .kind = DN_OPTION_FILE,
     .value = "FILE",
     .help = "tissue table (TSV); without it the one that comes with dien, for FreeSurfer labels"},
    {0},
};

static const dn_command frame_command = {
    .name = "labelmap frame",
    .summary = "turn such an average into the AC-PC frame",
    .positional = "MAP",
    .positional_min = 1,
    .positional_max = 1,
    .options = frame_options,
    .description = "Turns an average of 'dien labelmap average' (never any other map: it is made symmetric again) into the AC-PC frame.",
    .examples = "dien labelmap frame average.nii.gz -o head.nii.gz --frame 17.2,8.0,-11.8,-3.9",
    .run = frame,
};

static const dn_command *const subcommands[] = {&average_command, &frame_command, NULL};

const dn_command dn_command_labelmap = {
    .name = "labelmap",
    .summary = "make label maps from label maps",
    .description = "`make template` makes the template that comes with dien in this way.",
    .examples = "dien labelmap average maps/*.nii.gz -o average.nii.gz\n"
                "dien labelmap frame average.nii.gz -o head.nii.gz --frame 17.2,8.0,-11.8,-3.9",
    .subcommands = subcommands,
};
