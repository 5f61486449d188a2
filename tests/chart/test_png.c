/* A written picture read again: the same pixels, and the same bytes on any number of threads. */
#include "test.h"

#include "base/file.h"
#include "base/job.h"
#include "base/random.h"
#include "chart/png.h"

#include <cairo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 131, HEIGHT = 203, STRIDE = 4 * (WIDTH + 3) };

static void pixels_come_back(void **state)
{
    (void)state;
    static unsigned char pixels[HEIGHT * STRIDE];
    unsigned char *bytes[2];
    size_t size[2];
    dn_random random;
    dn_random_seed(&random, 8);
    for (int y = 0; y < HEIGHT; ++y) {
        for (int x = 0; x < WIDTH; ++x) { /* flat, smooth and noisy parts */
            const uint32_t noise = x > 90 ? (uint32_t)dn_random_below(&random, 1u << 24) : 0;
            const uint32_t p = x < 40 ? 0x123456u : ((uint32_t)(x + y) & 0xff) << 16 | ((uint32_t)x & 0xff) << 8 | ((uint32_t)y & 0xff);
            memcpy(pixels + y * STRIDE + 4 * x, &(const uint32_t){p ^ noise}, sizeof p);
        }
    }
    for (int n = 0; n < 2; ++n) {
        char path[64];
        dn_job job;
        dn_job_init(&job, NULL);
        dn_job_set_threads(&job, n + 1);
        dn_job *before = dn_job_enter(&job);
        snprintf(path, sizeof path, "/tmp/dien-png-test-%d-%ld.png", n, (long)getpid());
        assert_ok(dn_png_write(path, pixels, WIDTH, HEIGHT, STRIDE));
        assert_ok(dn_file_read(path, 1 << 20, &bytes[n], &size[n]));
        dn_job_leave(before);
        dn_job_release(&job);
        cairo_surface_t *read = cairo_image_surface_create_from_png(path);
        assert_int_equal(cairo_surface_status(read), CAIRO_STATUS_SUCCESS);
        assert_int_equal(cairo_image_surface_get_width(read), WIDTH);
        assert_int_equal(cairo_image_surface_get_height(read), HEIGHT);
        for (int y = 0; y < HEIGHT; ++y) {
            for (int x = 0; x < WIDTH; ++x) {
                const unsigned char *there = cairo_image_surface_get_data(read) + y * cairo_image_surface_get_stride(read) + 4 * x;
                assert_memory_equal(there, pixels + y * STRIDE + 4 * x, 3);
            }
        }
        cairo_surface_destroy(read);
        unlink(path);
    }
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    free(bytes[0]);
    free(bytes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pixels_come_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
