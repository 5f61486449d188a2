/* A label map that a test makes in a moment: a round head of nested shells with a thalamus on each side, 32^3 voxels of
 * 4 mm, and a folder to put it in. */
#ifndef DN_TOY_HEAD_H
#define DN_TOY_HEAD_H

#include "base/memory.h"
#include "image/io.h"
#include "test.h"

#include <math.h>
#include <string.h>

/* extra: a label for a lump at the top of the brain, 0: none. wide: half width of the head in mm, 58 or so. */
static inline void toy_head_write(const char *path, double wide, uint16_t extra)
{
    enum { N = 32 };
    dn_grid grid = {{N, N, N}, {{{4, 0, 0, -62}, {0, 4, 0, -62}, {0, 0, 4, -62}}}};
    dn_labels *map = NULL;
    assert_ok(dn_labels_create(&grid, &map));
    for (int64_t k = 0; k < N; ++k) {
        for (int64_t j = 0; j < N; ++j) {
            for (int64_t i = 0; i < N; ++i) {
                double p[3];
                dn_affine_apply(&grid.affine, (const double[3]){(double)i, (double)j, (double)k}, p);
                double r = sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]) * 58.0 / wide;
                uint16_t label = r < 40.0 ? (p[0] < 0.0 ? 2 : 41) : r < 46.0 ? 24 : r < 52.0 ? 515 : r < 58.0 ? 507 : 0;
                if (fabs(fabs(p[0]) - 14.0) < 10.0 && fabs(p[1]) < 14.0 && fabs(p[2]) < 10.0) {
                    label = p[0] < 0.0 ? 10 : 49;
                }
                if (extra != 0 && r < 40.0 && p[2] > 30.0) {
                    label = extra;
                }
                map->data[dn_grid_offset(&grid, i, j, k)] = label;
            }
        }
    }
    assert_ok(dn_labels_write(map, path, NULL));
    dn_labels_destroy(map);
}

/* "FOLDER/NAME"; freed by the caller. */
static inline char *toy_path(const char *folder, const char *name)
{
    char *path = NULL;
    assert_ok(dn_asprintf(&path, "%s/%s", folder, name));
    return path;
}

static inline void toy_text(const char *folder, const char *name, const char *text)
{
    char *path = toy_path(folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(path);
}

/* A fresh folder under $TMPDIR with maps/head1.nii.gz and maps/head2.nii.gz; freed by the caller. */
static inline char *toy_folder(void)
{
    char *folder = NULL;
    const char *base = getenv("TMPDIR");
    char command[1600];
    assert_ok(dn_asprintf(&folder, "%s/dien-train.XXXXXX", base != NULL && *base != '\0' ? base : "/tmp"));
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "mkdir '%.500s/maps' && cp '%.300s/share/synth/tissues.tsv' '%.500s/'", folder, DIEN_SOURCE_FOLDER,
             folder);
    assert_int_equal(system(command), 0);
    for (int i = 0; i < 2; ++i) {
        char *path = toy_path(folder, i == 0 ? "maps/head1.nii.gz" : "maps/head2.nii.gz");
        toy_head_write(path, i == 0 ? 58.0 : 54.0, 0);
        free(path);
    }
    return folder;
}

static inline void toy_remove(char *folder)
{
    if (test_remove_tree(folder) != 0) {
        fprintf(stderr, "cannot remove %s\n", folder);
    }
    free(folder);
}

/* A config in pieces, so that a test can replace one of them. */
#define TOY_MODEL                                                                                                                          \
    "model: {architecture: unet3d, spacing_mm: 6, patch: [16, 16, 16], config: {features: [4, 8], convs: 1, norm: instance}}\n"
#define TOY_LABELS                                                                                                                         \
    "labels:\n"                                                                                                                            \
    "  - {name: background, from: [0, 515, 507]}\n"                                                                                        \
    "  - {name: left_thalamus, from: [10]}\n"                                                                                              \
    "  - {name: right_thalamus, from: [49]}\n"                                                                                             \
    "  - {name: brain, index: 2, from: [2, 41, 24]}\n"
#define TOY_DATA "data: {tissues: tissues.tsv, maps: ['maps/*.nii.gz'], validation: {maps: ['maps/*.nii.gz'], samples: 2}}\n"
#define TOY_TRAINING "training: {steps: 12, data_threads: 1, log_every: 1, validate_every: 4, schedule: {kind: constant, peak: 0.02}}\n"
#define TOY_HEAD "name: toy\noutput: run\n"

#endif
