/* The readers that take a path: label maps, 4-D series, grids alone, and pairs, whose header and voxels are two files.
 * The input's first byte says how the rest is stored. */
#include "fuzz_scans.h"

#include "image/io.h"

#include <string.h>
#include <unistd.h>
#include <zlib.h>

static char stem[64];

static void save(const char *extension, const uint8_t *bytes, size_t size, char path[96])
{
    snprintf(path, 96, "%s%s", stem, extension);
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) {
        fprintf(stderr, "cannot write %s\n", path);
        abort();
    }
}

static void read_all(const char *path)
{
    dn_volume *volume = NULL;
    dn_labels *labels = NULL;
    dn_volume **volumes = NULL;
    size_t count = 0;
    dn_grid grid;
    dn_scan_info info;
    dn_status status = dn_scan_read(path, NULL, &volume, &info);
    fuzz_check(status);
    if (status == DN_OK) {
        dn_volume_destroy(volume);
    }
    status = dn_labels_read(path, NULL, &labels, &info);
    fuzz_check(status);
    if (status == DN_OK) {
        dn_labels_destroy(labels);
    }
    status = dn_volumes_read_4d(path, NULL, &volumes, &count, &info);
    fuzz_check(status);
    if (status == DN_OK) {
        dn_volumes_destroy(volumes, count);
    }
    fuzz_check(dn_scan_read_grid(path, NULL, &grid, &info));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const single[] = {".nii", ".nii.gz", ".mgz", ".hdr"};
    char header[96];
    char voxels[96];
    if (size < 1) {
        return 0;
    }
    if (stem[0] == '\0') {
        snprintf(stem, sizeof stem, "%s/dien-fuzz-%ld", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid());
    }
    unsigned how = bytes[0] % 7;
    ++bytes;
    --size;
    if (how < 4) {
        save(single[how], bytes, size, header);
        read_all(header);
    } else if (how == 6) { /* packed here, so that checksums are right and the bytes inside can change */
        snprintf(header, sizeof header, "%s.nii.gz", stem);
        gzFile packed = gzopen(header, "wb1");
        if (packed == NULL || gzwrite(packed, bytes, (unsigned)size) != (int)size || gzclose(packed) != Z_OK) {
            abort();
        }
        read_all(header);
    } else {
        size_t length = how == 4 ? 348 : 540;
        length = length < size ? length : size;
        save(".hdr", bytes, length, header);
        save(".img", bytes + length, size - length, voxels);
        read_all(bytes[-1] & 0x80 ? voxels : header);
        unlink(voxels);
    }
    unlink(header);
    return 0;
}

/* NIfTI-1 of uint16, 4 x 3 x 2 voxels, two volumes where asked. */
static size_t nifti(uint8_t *out, int pair, size_t volumes)
{
    const uint64_t dim[8] = {volumes > 1 ? 4 : 3, 4, 3, 2, volumes, 1, 1, 1};
    size_t start = pair ? 348 : 352;
    memset(out, 0, 352);
    fuzz_put(out, 348, 4, 0);
    for (size_t i = 0; i < 8; ++i) {
        fuzz_put(out + 40 + 2 * i, dim[i], 2, 0);
        fuzz_put_float(out + 76 + 4 * i, 1.0f, 0);
    }
    fuzz_put(out + 70, 512, 2, 0);
    fuzz_put(out + 72, 16, 2, 0);
    fuzz_put_float(out + 108, pair ? 0.0f : 352.0f, 0);
    out[123] = 2;
    fuzz_put(out + 252, 1, 2, 0);
    memcpy(out + 344, pair ? "ni1" : "n+1", 4);
    for (size_t i = 0; i < 24 * volumes; ++i) {
        fuzz_put(out + start + 2 * i, i * 31, 2, 0);
    }
    return start + 48 * volumes;
}

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    /* A gzip member with nothing but "abc\n", for libFuzzer to learn the frame from. */
    static const uint8_t packed[] = {1,    0x1f, 0x8b, 0x08, 0,    0,    0,    0,    0, 0, 3, 0x4b, 0x4c,
                                     0x4a, 0xe6, 0x02, 0x00, 0x4e, 0x81, 0x88, 0x47, 4, 0, 0, 0};
    if (capacity < 4096 || index > 4) {
        return 0;
    }
    if (index == 4) {
        memcpy(out, packed, sizeof packed);
        return sizeof packed;
    }
    static const uint8_t how[] = {0, 0, 6, 0x80 + 2 /* 130 % 7 is 4: a pair, asked for by its .img */};
    out[0] = how[index];
    return 1 + nifti(out + 1, index == 3, index == 1 ? 2 : 1);
}
