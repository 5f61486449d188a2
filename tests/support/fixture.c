/* Inputs for scripts that run the whole program without real scans:
 *   fixture scan FILE [SPACING [MM]]   the middle (MM wide, default 96) of the built-in average head, made finer (1.5 mm)
 *   fixture labels FILE                a label map: left subunits 801-805 and thalamus 10 as boxes of 6 x 6 x 6 mm
 *   fixture head FILE                  a round head of nested shells with a thalamus on each side, 32^3 voxels of 4 mm
 *   fixture training FILE TISSUES SETTINGS [NORM]   a config that trains a tiny network on the heads in maps/ beside it: TISSUES is the
 *                                      table, SETTINGS what "training: {}" has, NORM "instance" or another, with more of the network's keys
 *   fixture whole-head FOLDER          a head of 2 mm whose tissues have one intensity each (head.nii.gz, stripped.nii.gz) and the two
 *                                      networks that tell them by it
 *   fixture model FILE [NAME [WHOLE]]  a tiny network with the eleven labels of the subunit network and random weights; it divides what
 *                                      the network WHOLE finds
 *   fixture whole-model FILE NAME      a tiny network of the whole hypothalamus, a label per side, and random weights
 *   fixture dicom FOLDER KIND...       series of DICOM files of one person (dicom_maker.h); 2:KIND: of examination 2
 *   fixture secrets                    what is in these files that no output may hold, one per line
 *   fixture zip FILE NAME=PATH...      a zip archive with these names in it; PATH "" is a link, "0:N" N zero bytes
 *   fixture slices FILE                a network of the AC-PC frame that sees two rods there, whatever the slices show
 * What the network says about the head means nothing; the program's conduct does. */
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "dicom_maker.h"
#include "hemisphere_maker.h"
#include "image/io.h"
#include "image/resample.h"
#include "models/model.h"
#include "register/head_template.h"
#include "slice_maker.h"
#include "whole_head_maker.h"

#include <archive.h>
#include <archive_entry.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dn_status cut_head(double spacing, double extent, dn_volume **out)
{
    dn_status status = DN_OK;
    dn_head_template head;
    dn_volume *coarse = NULL;
    dn_volume *fine = NULL;
    dn_grid grid = {0};
    DN_TRY(dn_head_template_get(&head));
    for (size_t a = 0; a < 3; ++a) {
        grid.dim[a] = head.dim[a];
        grid.affine.m[a][a] = head.spacing;
        grid.affine.m[a][3] = head.origin[a];
    }
    DN_TRY_GOTO(status, dn_volume_create(&grid, &coarse), done);
    for (int64_t i = 0; i < dn_grid_count(&grid); ++i) {
        coarse->data[i] = (float)head.t1w[i];
    }
    /* World 0 of the average head is the hypothalamus. */
    for (size_t a = 0; a < 3; ++a) {
        grid.dim[a] = (int64_t)(extent / spacing);
        grid.affine.m[a][a] = spacing;
        grid.affine.m[a][3] = -0.5 * extent;
    }
    DN_TRY_GOTO(status, dn_resample_volume(coarse, &grid, NULL, &fine), done);
    /* A little noise: a scan without any would be a special case. */
    dn_random random;
    dn_random_seed(&random, 7);
    for (int64_t i = 0; i < dn_grid_count(&grid); ++i) {
        fine->data[i] += (float)dn_random_normal(&random, 0.0, 2.0);
    }
    *out = fine;
done:
    dn_volume_destroy(coarse);
    return status;
}

static dn_status make_scan(const char *path, double spacing, double extent)
{
    dn_volume *head = NULL;
    DN_TRY(cut_head(spacing, extent, &head));
    const dn_status status = dn_volume_write(head, path, NULL);
    dn_volume_destroy(head);
    return status;
}

static dn_status make_dicom(const char *folder, char **kinds, int count)
{
    dn_volume *head = NULL;
    DN_TRY(dn_path_make_folder(folder));
    DN_TRY(cut_head(1.5, 96.0, &head));
    dn_status status = DN_OK;
    for (int i = 0; i < count && status == DN_OK; ++i) {
        const char *colon = strchr(kinds[i], ':');
        dicom_examination = colon != NULL ? atoi(kinds[i]) : 0;
        status = dicom_make(folder, colon != NULL ? colon + 1 : kinds[i], head);
    }
    dn_volume_destroy(head);
    return status;
}

/* spec: "name=path". */
static dn_status add_entry(struct archive *to, const char *spec)
{
    const char *equals = strchr(spec, '=');
    const char *path = equals != NULL ? equals + 1 : "";
    unsigned char *bytes = NULL;
    size_t size = 0;
    char *name = NULL;
    DN_TRY(dn_asprintf(&name, "%.*s", (int)(equals != NULL ? equals - spec : (ptrdiff_t)strlen(spec)), spec));
    if (strncmp(path, "0:", 2) == 0) {
        size = strtoul(path + 2, NULL, 10);
        DN_TRY(dn_alloc(&bytes, size, 1, "zeros"));
    } else if (*path != '\0') {
        DN_TRY(dn_file_read(path, INT64_C(1) << 30, &bytes, &size));
    }
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, *path != '\0' ? AE_IFREG : AE_IFLNK);
    archive_entry_set_perm(entry, 0644);
    if (*path == '\0') {
        archive_entry_set_symlink(entry, "/etc/passwd");
    }
    archive_entry_set_size(entry, (int64_t)size);
    archive_write_header(to, entry);
    archive_write_data(to, bytes, size);
    archive_entry_free(entry);
    free(bytes);
    free(name);
    return DN_OK;
}

static dn_status make_zip(const char *path, char **specs, int count)
{
    struct archive *to = archive_write_new();
    dn_status status = DN_OK;
    archive_write_set_format_zip(to);
    if (archive_write_open_filename(to, path) != ARCHIVE_OK) {
        status = dn_error_set(DN_EIO, "cannot write %s", path);
    }
    for (int i = 0; i < count && status == DN_OK; ++i) {
        status = add_entry(to, specs[i]);
    }
    archive_write_close(to);
    archive_write_free(to);
    return status;
}

static dn_status make_head(const char *path)
{
    enum { N = 32 };
    dn_grid grid = {{N, N, N}, {{{4, 0, 0, -62}, {0, 4, 0, -62}, {0, 0, 4, -62}}}};
    dn_labels *map = NULL;
    DN_TRY(dn_labels_create(&grid, &map));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        double x = 4.0 * (double)(v % N) - 62.0;
        double y = 4.0 * (double)(v / N % N) - 62.0;
        double z = 4.0 * (double)(v / (N * N)) - 62.0;
        double r = sqrt(x * x + y * y + z * z);
        int left = x < 0.0;
        map->data[v] = (uint16_t)(r < 40.0 ? (left ? 2 : 41) : r < 46.0 ? 24 : r < 52.0 ? 515 : r < 58.0 ? 507 : 0);
        if (fabs(fabs(x) - 14.0) < 10.0 && fabs(y) < 14.0 && fabs(z) < 10.0) {
            map->data[v] = left ? 10 : 49;
        }
    }
    dn_status status = dn_labels_write(map, path, NULL);
    dn_labels_destroy(map);
    return status;
}

/* Random weights for what the model's configuration asks for, into its file. */
static dn_status give_weights(dn_model *model, const char *path)
{
    dn_graph *graph = NULL;
    dn_random random;
    dn_random_seed(&random, 3);
    dn_weights_destroy(model->weights);
    model->weights = NULL;
    DN_TRY(dn_model_graph(model, (dn_shape){1, 16, 16, 16, 1}, &graph));
    dn_status status = dn_graph_start_weights(graph, &random, &model->weights);
    if (status == DN_OK) {
        status = dn_model_write(model, DN_STORE_F32, path);
    }
    dn_graph_destroy(graph);
    return status;
}

static dn_status begin_model(const char *name, const char *config, dn_model **model)
{
    DN_TRY(dn_model_create(name, "unet3d", config, model));
    (*model)->input.multiple = 8;
    (*model)->input.normalise = DN_NORMALISE_PERCENTILE;
    (*model)->input.low = 0.5;
    (*model)->input.high = 99.5;
    return dn_model_add_label(*model, 0, 0, "background", "background", 'B', "#000000");
}

static dn_status make_model(const char *path, const char *model_name, const char *whole)
{
    static const char *const parts[] = {"anterior_inferior", "anterior_superior", "posterior", "tubular_inferior", "tubular_superior"};
    dn_status status = DN_OK;
    dn_model *model = NULL;
    DN_TRY_GOTO(status, begin_model(model_name, "{\"classes\": 11, \"features\": [4, 4], \"convs\": 1}", &model), done);
    for (int64_t i = 0; i < 10; ++i) {
        char name[64];
        char structure[64];
        char color[8];
        snprintf(name, sizeof name, "%s_%s", i < 5 ? "left" : "right", parts[i % 5]);
        snprintf(structure, sizeof structure, "hypothalamus_%s", parts[i % 5]);
        snprintf(color, sizeof color, "#%02x80%02x", (unsigned)(25 * i), (unsigned)(250 - 25 * i));
        DN_TRY_GOTO(status, dn_model_add_label(model, i + 1, 801 + i, name, structure, i < 5 ? 'L' : 'R', color), done);
    }
    if (whole != NULL) {
        DN_TRY_GOTO(status, dn_model_set_note(model, DN_MODEL_DIVIDES, whole), done);
    }
    status = give_weights(model, path);
done:
    dn_model_destroy(model);
    return status;
}

static dn_status make_whole_model(const char *path, const char *name)
{
    dn_status status = DN_OK;
    dn_model *model = NULL;
    DN_TRY_GOTO(status, begin_model(name, "{\"classes\": 3, \"features\": [4, 4], \"convs\": 1}", &model), done);
    DN_TRY_GOTO(status, dn_model_add_label(model, 1, 819, "left_hypothalamus", "hypothalamus", 'L', "#ff8000"), done);
    DN_TRY_GOTO(status, dn_model_add_label(model, 2, 820, "right_hypothalamus", "hypothalamus", 'R', "#ff8000"), done);
    status = give_weights(model, path);
done:
    dn_model_destroy(model);
    return status;
}

/* first: label of the first box; the others have the next numbers (step 1), or the same one. */
static dn_status make_labels(const char *path, int64_t first, int64_t step)
{
    dn_status status = DN_OK;
    dn_labels *labels = NULL;
    dn_grid grid = {.dim = {48, 24, 24}, .affine = {{{1, 0, 0, -24}, {0, 1, 0, -12}, {0, 0, 1, -12}}}};
    DN_TRY(dn_labels_create(&grid, &labels));
    for (int64_t i = 0; i < 36; ++i) {
        for (int64_t j = 0; j < 6; ++j) {
            for (int64_t k = 0; k < 6; ++k) {
                labels->data[dn_grid_offset(&grid, i + 6, j + 9, k + 9)] = (uint16_t)(i < 30 ? first + step * (i / 6) : 10);
            }
        }
    }
    status = dn_labels_write(labels, path, NULL);
    dn_labels_destroy(labels);
    return status;
}

static dn_status make_training(const char *path, const char *tissues, const char *settings, const char *norm)
{
    dn_file_writer w = {0};
    DN_TRY(dn_file_create(&w, path));
    return dn_file_end(
        &w,
        dn_file_printf(&w,
                       "name: toy\noutput: run\n"
                       "model: {architecture: unet3d, spacing_mm: 6, patch: [16, 16, 16], config: {features: [4, 8], convs: 1, norm: %s}}\n"
                       "labels:\n"
                       "  - {name: background, from: [0, 515, 507]}\n"
                       "  - {name: left_thalamus, from: [10]}\n"
                       "  - {name: right_thalamus, from: [49]}\n"
                       "  - {name: brain, index: 2, from: [2, 41, 24]}\n"
                       "data: {maps: ['maps/*.nii.gz'], tissues: %s, validation: {maps: ['maps/*.nii.gz'], samples: 2}}\n"
                       "augmentation: {preset: plain}\n"
                       "training: {%s}\n",
                       norm, tissues, settings));
}

static dn_status make_whole_head(const char *folder)
{
    static const char *const names[] = {"head", "stripped"};
    const dn_grid grid = maker_grid(2.0, (const double[3]){-92, -116, -84}, (const double[3]){92, 108, 108});
    DN_TRY(maker_model(folder, "whole-head-coarse", 2.0));
    DN_TRY(maker_model(folder, "whole-head-fine", 2.0));
    for (int n = 0; n < 2; ++n) {
        dn_volume *scan = NULL;
        char path[1024];
        snprintf(path, sizeof path, "%s/%s.nii.gz", folder, names[n]);
        DN_TRY(maker_head(&grid, n == 1, &scan, NULL));
        dn_status status = dn_volume_write(scan, path, NULL);
        dn_volume_destroy(scan);
        DN_TRY(status);
    }
    return DN_OK;
}

/* Scan, drawn labels and truth of a hemisphere; kind: "", "right" or "inverted". */
static dn_status make_hemisphere(const char *head, const char *folder, double spacing, const char *kind)
{
    hemisphere_how how = hemisphere_usual;
    hemisphere made;
    how.spacing = spacing > 0.0 ? spacing : how.spacing;
    how.right = strcmp(kind, "right") == 0;
    how.inverted = strcmp(kind, "inverted") == 0;
    dn_status status = hemisphere_make(head, &how, &made);
    if (status == DN_OK) {
        status = hemisphere_write(&made, folder);
    }
    hemisphere_release(&made);
    return status;
}

int main(int argc, char **argv)
{
    dn_status status = DN_EUSAGE;
    if (argc >= 3 && strcmp(argv[1], "scan") == 0) {
        status = make_scan(argv[2], argc > 3 ? strtod(argv[3], NULL) : 1.5, argc > 4 ? strtod(argv[4], NULL) : 96.0);
    } else if (argc == 3 && strcmp(argv[1], "labels") == 0) {
        status = make_labels(argv[2], 801, 1);
    } else if (argc == 3 && strcmp(argv[1], "whole-labels") == 0) {
        status = make_labels(argv[2], 819, 0);
    } else if (argc == 3 && strcmp(argv[1], "head") == 0) {
        status = make_head(argv[2]);
    } else if (argc >= 5 && strcmp(argv[1], "training") == 0) {
        status = make_training(argv[2], argv[3], argv[4], argc > 5 ? argv[5] : "instance");
    } else if (argc == 3 && strcmp(argv[1], "whole-head") == 0) {
        status = make_whole_head(argv[2]);
    } else if (argc > 3 && strcmp(argv[1], "dicom") == 0) {
        status = make_dicom(argv[2], argv + 3, argc - 3);
    } else if (argc > 3 && strcmp(argv[1], "zip") == 0) {
        status = make_zip(argv[2], argv + 3, argc - 3);
    } else if (argc == 2 && strcmp(argv[1], "secrets") == 0) {
        for (size_t i = 0; i < sizeof dicom_secrets / sizeof *dicom_secrets; ++i) {
            puts(dicom_secrets[i]);
        }
        status = DN_OK;
    } else if (argc == 3 && strcmp(argv[1], "slices") == 0) {
        status = maker_slice_model(argv[2]);
    } else if (argc >= 4 && strcmp(argv[1], "hemisphere") == 0) {
        status = make_hemisphere(argv[2], argv[3], argc > 4 ? strtod(argv[4], NULL) : 0.0, argc > 5 ? argv[5] : "");
    } else if (argc >= 3 && strcmp(argv[1], "model") == 0) {
        status = make_model(argv[2], argc > 3 ? argv[3] : "fixture", argc > 4 ? argv[4] : NULL);
    } else if (argc == 4 && strcmp(argv[1], "whole-model") == 0) {
        status = make_whole_model(argv[2], argv[3]);
    }
    if (status != DN_OK) {
        fprintf(stderr, "fixture: %s\n", dn_error_message());
    }
    return dn_status_exit_code(status);
}
