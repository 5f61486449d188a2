/* Measures one scan with libdien and prints both halves of the hypothalamus.
 *     cc example.c -o example $(pkg-config --cflags --libs dien)
 *     ./example sub-01_T1w.nii.gz out
 * Ctrl-C stops it at the next step, and nothing is left half-written. */
#include <dien.h>

#include <signal.h>
#include <stdio.h>

/* What belongs to one call. A program that measures several scans at once has one of these for each. */
typedef struct work {
    const char *scan;
    volatile sig_atomic_t stop;
} work;

static work mine;

static void on_interrupt(int number)
{
    (void)number;
    mine.stop = 1;
}

static int shall_stop(void *user)
{
    const work *w = user;
    return w->stop;
}

static void show_progress(void *user, const char *what, int64_t done, int64_t total)
{
    const work *w = user;
    if (done == total) {
        fprintf(stderr, "%s: %s: done\n", w->scan, what);
    }
}

static void show_message(void *user, int warning, const char *text)
{
    const work *w = user;
    fprintf(stderr, "%s: %s%s\n", w->scan, warning ? "warning: " : "", text);
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: %s SCAN FOLDER [MODEL]\n", argv[0]);
        return DIEN_USAGE;
    }
    mine.scan = argv[1];
    signal(SIGINT, on_interrupt);

    dien_options options;
    dien_options_init(&options);
    options.model = argc > 3 ? argv[3] : NULL;
    options.progress = show_progress;
    options.message = show_message;
    options.cancel = shall_stop;
    options.user = &mine;

    dien_result *result = NULL;
    dien_status status = dien_segment(argv[1], argv[2], &options, &result);
    if (status != DIEN_OK) {
        fprintf(stderr, "%s\n", dien_last_error());
    }
    for (size_t i = 0; i < dien_result_count(result); ++i) {
        const dien_row *row = dien_result_row(result, i);
        printf("%-40s %-5s %10.1f mm3\n", row->structure, row->hemi, row->volume_mm3);
    }
    if (result != NULL) {
        double left = dien_result_volume(result, "hypothalamus", "L");
        double right = dien_result_volume(result, "hypothalamus", "R");
        printf("libdien %s: hypothalamus left %.1f mm3, right %.1f mm3\n", dien_version(), left, right);
    }
    dien_result_destroy(result);
    return status;
}
