/* The reader of planes and what makes a scan coarser while it is read: the planes have to be those of the whole scan.
 * The input's first byte says whether the file is packed, and how coarse the new voxels are. */
#define _GNU_SOURCE
#include "fuzz_file.h"
#include "fuzz_scans.h"

#include "image/planes.h"
#include "labelmap/stream.h"

#include <zlib.h>

/* Larger grids are refused here: a header of 348 bytes may ask for gigabytes of a plane, which is right, and slow. */
enum { MOST = 1 << 16, CAPACITY = 1 << 20 };

static uint8_t packed[CAPACITY];

/* As one gzip member, with a right checksum; 0: too large. */
static size_t pack(const uint8_t *bytes, size_t size)
{
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)bytes, .avail_in = (uInt)size, .next_out = packed, .avail_out = CAPACITY};
    if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        abort();
    }
    const int end = deflate(&z, Z_FINISH);
    const size_t length = z.total_out;
    deflateEnd(&z);
    return end == Z_STREAM_END ? length : 0;
}

static void same(const float *plane, const dn_volume *whole, int64_t k)
{
    const int64_t size = whole->grid.dim[0] * whole->grid.dim[1];
    if (memcmp(plane, whole->data + k * size, (size_t)size * sizeof *plane) != 0) {
        fprintf(stderr, "plane %lld is not that of the whole scan\n", (long long)k);
        abort();
    }
}

/* Every plane against the whole scan, which is read as well where it can be. */
static void read_planes(const char *path, const dn_volume *whole, bool labels)
{
    dn_planes *planes = NULL;
    dn_status status = dn_planes_open(path, NULL, &planes);
    fuzz_check(status);
    if (status != DN_OK) {
        return;
    }
    const int64_t *dim = dn_planes_grid(planes)->dim;
    if (dim[0] <= MOST && dim[1] <= MOST && dim[0] * dim[1] <= MOST) {
        void *plane = malloc((size_t)(dim[0] * dim[1]) * sizeof(float));
        if (plane == NULL) {
            abort();
        }
        for (int64_t k = 0; k <= dim[2] && status == DN_OK; ++k) { /* one too many is refused */
            status = labels ? dn_planes_read_labels(planes, plane) : dn_planes_read(planes, plane);
            if (status == DN_OK && !labels && whole != NULL) {
                same(plane, whole, k);
            }
            fuzz_check(status);
        }
        free(plane);
    }
    dn_planes_close(planes);
}

static void make_coarser(const char *path, const dn_grid *grid, double factor)
{
    double spacing[3];
    dn_volume *volume = NULL;
    dn_labels *labels = NULL;
    dn_grid_spacing(grid, spacing);
    dn_status status = dn_stream_volume(path, NULL, factor * spacing[0], "reading", &volume);
    fuzz_check(status);
    if (status == DN_OK) {
        dn_volume_destroy(volume);
    }
    status = dn_stream_labels(path, NULL, factor * spacing[0], "reading", &labels);
    fuzz_check(status);
    if (status == DN_OK) {
        dn_labels_destroy(labels);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const double factors[] = {1.0, 1.7, 2.0, 5.5};
    dn_volume *whole = NULL;
    dn_scan_info info;
    if (size < 1) {
        return 0;
    }
    const size_t length = bytes[0] & 1 ? pack(bytes + 1, size - 1) : size - 1;
    const char *path = fuzz_file(bytes[0] & 1 ? packed : bytes + 1, length);
    const dn_status status = dn_scan_read(path, NULL, &whole, &info);
    fuzz_check(status);
    /* What is not finite becomes 0 in planes, and the nearest finite value in a scan whose range is known. */
    const bool finite = status == DN_OK && info.nan_count + info.infinity_count == 0;
    read_planes(path, finite ? whole : NULL, false);
    read_planes(path, NULL, true);
    if (status == DN_OK) {
        if (dn_grid_count(&whole->grid) <= MOST) {
            make_coarser(path, &whole->grid, factors[bytes[0] / 2 % 4]);
        }
        dn_volume_destroy(whole);
    }
    return 0;
}

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    static const uint8_t how[] = {0, 3, 4, 7, 2};
    const size_t size = fuzz_scan(index, out + 1, capacity - 1);
    out[0] = index < sizeof how ? how[index] : 0;
    return size > 0 ? size + 1 : 0;
}
