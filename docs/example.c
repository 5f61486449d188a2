/* Measures one scan with libdien and prints both halves of the hypothalamus.
 *     cc example.c -o example $(pkg-config --cflags --libs dien)
 *     ./example sub-01_T1w.nii.gz out */
#include <dien.h>

#include <stdio.h>

static void show(void *user, const char *what, int64_t done, int64_t total)
{
    (void)user;
    if (done == total) {
        fprintf(stderr, "%s: done\n", what);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: %s SCAN FOLDER [MODEL]\n", argv[0]);
        return DIEN_USAGE;
    }
    dien_options options;
    dien_options_init(&options);
    options.progress = show;
    options.model = argc > 3 ? argv[3] : NULL;

    dien_result *result = NULL;
    dien_status status = dien_segment(argv[1], argv[2], &options, &result);
    if (status != DIEN_OK) {
        fprintf(stderr, "%s\n", dien_last_error());
    }
    for (size_t i = 0; i < dien_result_count(result); ++i) {
        const dien_row *row = dien_result_row(result, i);
        printf("%-40s %-5s %10.1f mm3\n", row->structure, row->hemi, row->volume_mm3);
    }
    double left = dien_result_volume(result, "hypothalamus", "L");
    double right = dien_result_volume(result, "hypothalamus", "R");
    printf("libdien %s: hypothalamus left %.1f mm3, right %.1f mm3\n", dien_version(), left, right);
    dien_result_destroy(result);
    return status;
}
