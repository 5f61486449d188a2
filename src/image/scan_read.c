/* Reading: recognise, check, only then allocate, stream the voxels in. */
#include "image/io.h"

#include "base/memory.h"
#include "image/scan_open.h"

#include <math.h>
#include <stdlib.h>

enum { STREAM_SIZE = 1 << 20 };

/* float32 copies are what we allocate: refuse with a sentence instead of being killed. */
static dn_status check_memory(const dn_reader *r)
{
    int64_t needed = dn_grid_count(&r->layout.grid) * r->layout.volumes * (int64_t)sizeof(float);
    int64_t available = dn_memory_available();
    if (available > 0 && needed > available) {
        DN_FAIL(DN_ENOMEM, "'%s' needs %lld MB of memory, but the machine has only %lld MB left", r->path, (long long)(needed >> 20),
                (long long)(available >> 20));
    }
    return DN_OK;
}

/* One volume's voxels from the stream. */
static dn_status read_voxels(dn_reader *r, unsigned char *buffer, float *data)
{
    size_t each = dn_voxel_size(r->layout.type);
    int64_t count = dn_grid_count(&r->layout.grid);
    for (int64_t done = 0; done < count;) {
        int64_t left = count - done;
        size_t n = left < (int64_t)(STREAM_SIZE / each) ? (size_t)left : STREAM_SIZE / each;
        size_t got;
        DN_TRY(dn_source_read(r->source, buffer, n * each, &got));
        if (got < n * each) {
            DN_FAIL(DN_EFORMAT, "'%s' is cut short: it has only %lld of its %lld voxels; copy or download it again",
                    dn_source_name(r->source), (long long)(done + (int64_t)(got / each)), (long long)count);
        }
        dn_voxels_convert(&r->layout, buffer, n, data + done);
        done += (int64_t)n;
    }
    return DN_OK;
}

/* Reads all volumes; out: layout.volumes pointers, zeroed. On failure the caller destroys what is there. */
static dn_status read_volumes(dn_reader *r, dn_volume **out)
{
    unsigned char *buffer = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, dn_reader_check_length(r), done);
    DN_TRY_GOTO(status, check_memory(r), done);
    DN_TRY_GOTO(status, dn_reader_skip_to_voxels(r), done);
    DN_TRY_GOTO(status, dn_alloc_aligned(&buffer, STREAM_SIZE, 1, "a read buffer"), done);
    r->info.minimum = INFINITY;
    r->info.maximum = -INFINITY;
    for (int64_t v = 0; v < r->layout.volumes; ++v) {
        dn_voxel_range range;
        DN_TRY_GOTO(status, dn_volume_create(&r->layout.grid, &out[v]), done);
        DN_TRY_GOTO(status, read_voxels(r, buffer, out[v]->data), done);
        dn_voxels_clean(out[v]->data, dn_grid_count(&r->layout.grid), &range);
        if (!range.finite) {
            DN_FAIL_GOTO(status, done, DN_EDATA, "'%s' has no voxel with a finite value, so it is not a scan; export it again", r->path);
        }
        r->info.nan_count += range.nan_count;
        r->info.infinity_count += range.infinity_count;
        r->info.minimum = range.minimum < r->info.minimum ? range.minimum : r->info.minimum;
        r->info.maximum = range.maximum > r->info.maximum ? range.maximum : r->info.maximum;
    }
    DN_TRY_GOTO(status, dn_reader_finish(r), done);
    if (r->info.nan_count > 0) {
        dn_scan_warn(&r->info, "%lld voxels were not numbers (NaN); they were set to 0", (long long)r->info.nan_count);
    }
    if (r->info.infinity_count > 0) {
        dn_scan_warn(&r->info, "%lld voxels were infinite; they were set to the largest or smallest finite value",
                     (long long)r->info.infinity_count);
    }
done:
    free(buffer);
    return status;
}

/* The common end of dn_scan_read and dn_scan_read_bytes. */
static dn_status read_scan(dn_reader *r, dn_volume **out, dn_scan_info *info)
{
    dn_volume *volume = NULL;
    DN_TRY(dn_reader_check_single(r));
    dn_status status = read_volumes(r, &volume);
    if (status == DN_OK && !(r->info.minimum < r->info.maximum)) {
        status = dn_error_set(DN_EDATA, "'%s' has the same value (%g) in every voxel, so it is not a scan; export it again", r->path,
                              (double)r->info.minimum);
    }
    if (status != DN_OK) {
        dn_volume_destroy(volume);
        return status;
    }
    if (info != NULL) {
        *info = r->info;
    }
    *out = volume;
    return DN_OK;
}

dn_status dn_scan_read(const char *path, const dn_scan_read_options *options, dn_volume **out, dn_scan_info *info)
{
    dn_reader r;
    dn_status status = dn_reader_open(&r, path, options);
    if (status == DN_OK) {
        status = read_scan(&r, out, info);
    }
    dn_reader_release(&r);
    return status;
}

dn_status dn_scan_read_bytes(const unsigned char *bytes, size_t size, const char *name, const dn_scan_read_options *options,
                             dn_volume **out, dn_scan_info *info)
{
    dn_reader r;
    dn_status status = dn_reader_open_bytes(&r, bytes, size, name, options);
    if (status == DN_OK) {
        status = read_scan(&r, out, info);
    }
    dn_reader_release(&r);
    return status;
}

dn_status dn_scan_read_grid(const char *path, const dn_scan_read_options *options, dn_grid *out, dn_scan_info *info)
{
    dn_reader r;
    dn_status status = dn_reader_open(&r, path, options);
    if (status == DN_OK && !dn_source_compressed(r.source)) {
        status = dn_reader_check_length(&r);
    }
    if (status == DN_OK) {
        *out = r.layout.grid;
        if (info != NULL) {
            *info = r.info;
        }
    }
    dn_reader_release(&r);
    return status;
}

/* Whole numbers 0..65535 to labels. */
static dn_status to_labels(const char *path, const dn_volume *volume, dn_labels **out)
{
    dn_labels *labels = NULL;
    DN_TRY(dn_labels_create(&volume->grid, &labels));
    int64_t count = dn_grid_count(&volume->grid);
    int64_t first_bad = count;
#pragma omp parallel for reduction(min : first_bad)
    for (int64_t i = 0; i < count; ++i) {
        float v = volume->data[i];
        float whole = rintf(v);
        /* float32 label maps written through a scale factor come back a little off. */
        if (!(whole >= 0.0f && whole <= 65535.0f && fabsf(v - whole) <= 1e-3f)) {
            first_bad = i < first_bad ? i : first_bad;
            continue;
        }
        labels->data[i] = (uint16_t)whole;
    }
    if (first_bad < count) {
        dn_labels_destroy(labels);
        DN_FAIL(DN_EDATA, "'%s' has the value %g, which is not a label: a label map holds whole numbers from 0 to 65535", path,
                (double)volume->data[first_bad]);
    }
    *out = labels;
    return DN_OK;
}

dn_status dn_labels_read(const char *path, const dn_scan_read_options *options, dn_labels **out, dn_scan_info *info)
{
    dn_reader r;
    dn_volume *volume = NULL;
    dn_status status = dn_reader_open(&r, path, options);
    if (status == DN_OK) {
        status = dn_reader_check_single(&r);
    }
    if (status == DN_OK) {
        status = read_volumes(&r, &volume);
    }
    if (status == DN_OK && r.info.nan_count + r.info.infinity_count > 0) {
        status = dn_error_set(DN_EDATA, "'%s' has %lld voxels that are not finite numbers: a label map holds whole numbers from 0 to 65535",
                              path, (long long)(r.info.nan_count + r.info.infinity_count));
    }
    if (status == DN_OK) {
        status = to_labels(path, volume, out);
    }
    if (status == DN_OK && info != NULL) {
        *info = r.info;
    }
    dn_volume_destroy(volume);
    dn_reader_release(&r);
    return status;
}

dn_status dn_volumes_read_4d(const char *path, const dn_scan_read_options *options, dn_volume ***out, size_t *count, dn_scan_info *info)
{
    dn_reader r;
    dn_volume **volumes = NULL;
    size_t n = 0;
    dn_status status = dn_reader_open(&r, path, options);
    if (status == DN_OK) {
        status = dn_reader_check_length(&r); /* before the array, whose length the header claims */
    }
    if (status == DN_OK) {
        n = (size_t)r.layout.volumes;
        status = dn_alloc(&volumes, n, sizeof(dn_volume *), "a series of volumes");
    }
    if (status == DN_OK) {
        status = read_volumes(&r, volumes);
    }
    if (status == DN_OK) {
        if (info != NULL) {
            *info = r.info;
        }
        *out = volumes;
        *count = n;
    } else {
        dn_volumes_destroy(volumes, n);
    }
    dn_reader_release(&r);
    return status;
}

void dn_volumes_destroy(dn_volume **volumes, size_t count)
{
    if (volumes != NULL) {
        for (size_t i = 0; i < count; ++i) {
            dn_volume_destroy(volumes[i]);
        }
        free(volumes);
    }
}
