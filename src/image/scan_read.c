/* Reading: recognise, check, only then allocate, stream the voxels in. */
#include "image/io.h"

#include "base/file.h"
#include "base/memory.h"
#include "image/layout.h"
#include "image/source.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_SIZE = 1 << 20, SNIFF_SIZE = 1024 };

/* A file that was opened and understood; position: anywhere before the voxels. */
typedef struct reader {
    const char *path;  /* as the caller named it, for messages */
    char *header_path; /* owned; NULL when path itself is read */
    char *voxel_path;  /* owned; NULL when the voxels follow the header */
    dn_source *source; /* owned; of the voxels once opened */
    dn_layout layout;
    dn_scan_info info;
} reader;

static void reader_release(reader *r)
{
    dn_source_close(r->source);
    free(r->voxel_path);
    free(r->header_path);
}

/* path with its extension `from` (and .gz) replaced by `to`, in the case of the original, plain or gzipped, whichever exists. */
static dn_status sibling(const char *path, const char *from, const char *to, char **out)
{
    size_t stem = strlen(path);
    if (dn_path_has_extension(path, ".gz")) {
        stem -= 3;
    }
    stem -= strlen(from);
    bool upper = isupper((unsigned char)path[stem + 1]) != 0;
    static const char *const tails[2][2] = {{"", ".gz"}, {"", ".GZ"}};
    *out = NULL;
    for (int t = 0; t < 2 && *out == NULL; ++t) {
        char name[8];
        size_t n = strlen(to);
        for (size_t i = 0; i <= n; ++i) {
            name[i] = (char)(upper ? toupper((unsigned char)to[i]) : to[i]);
        }
        DN_TRY(dn_asprintf(out, "%.*s%s%s", (int)stem, path, name, tails[upper][t]));
        if (!dn_path_exists(*out)) {
            free(*out);
            *out = NULL;
        }
    }
    return DN_OK;
}

static bool named(const char *path, const char *extension)
{
    char packed[16];
    snprintf(packed, sizeof packed, "%s.gz", extension);
    return dn_path_has_extension(path, extension) || dn_path_has_extension(path, packed);
}

/* Says so where the name promises another format than the content has. */
static void warn_name(reader *r)
{
    const char *path = r->path;
    bool mgh = r->info.format == DN_SCAN_MGH;
    bool pair = r->info.format == DN_SCAN_NIFTI1_PAIR || r->info.format == DN_SCAN_NIFTI2_PAIR;
    const char *is = r->info.format_name;
    if ((dn_path_has_extension(path, ".mgz") || dn_path_has_extension(path, ".mgh")) && !mgh) {
        dn_scan_warn(&r->info, "the name says MGH, but the content is %s; the content counts", is);
    } else if ((named(path, ".nii") || named(path, ".hdr") || named(path, ".img")) && mgh) {
        dn_scan_warn(&r->info, "the name says NIfTI, but the content is MGH; it is read as MGH");
    } else if ((named(path, ".hdr") || named(path, ".img")) && !pair) {
        dn_scan_warn(&r->info, "the name says header/image pair, but the content is a single file; it is read as a single file");
    }
    bool packed_name = dn_path_has_extension(path, ".gz") || dn_path_has_extension(path, ".mgz");
    bool plain_name = dn_path_has_extension(path, ".nii") || dn_path_has_extension(path, ".mgh");
    if (packed_name && !r->info.compressed && r->header_path == NULL) {
        dn_scan_warn(&r->info, "the name says gzip, but the file is not compressed");
    } else if (plain_name && r->info.compressed) {
        dn_scan_warn(&r->info, "the file is compressed (gzip), but its name does not say so");
    }
}

/* Reads the header from r->source. */
static dn_status read_header(reader *r, const dn_scan_read_options *options)
{
    unsigned char bytes[SNIFF_SIZE];
    size_t got;
    bool match;
    const char *name = dn_source_name(r->source);
    DN_TRY(dn_source_read(r->source, bytes, sizeof bytes, &got));
    r->info.compressed = dn_source_compressed(r->source);
    r->info.volumes = 1;
    DN_TRY(dn_nifti_header(bytes, got, name, options, &match, &r->layout, &r->info));
    if (!match) {
        DN_TRY(dn_mgh_header(bytes, got, name, &match, &r->layout, &r->info));
    }
    if (!match) {
        return dn_sniff_refuse(bytes, got, name);
    }
    r->info.type_name = dn_voxel_name(r->layout.type);
    r->info.slope = r->layout.slope;
    r->info.intercept = r->layout.intercept;
    r->info.volumes = r->layout.volumes;
    return DN_OK;
}

static dn_status reopen(reader *r, const char *path)
{
    dn_source_close(r->source);
    r->source = NULL;
    return dn_source_open(path, &r->source);
}

/* Opens path, goes to the right file of a pair, reads and checks the header; r->source is then the voxels' file. */
static dn_status reader_open(reader *r, const char *path, const dn_scan_read_options *options)
{
    memset(r, 0, sizeof *r);
    r->path = path;
    if (named(path, ".img")) {
        DN_TRY(sibling(path, ".img", ".hdr", &r->header_path));
    }
    DN_TRY(dn_source_open(r->header_path != NULL ? r->header_path : path, &r->source));
    dn_status status = read_header(r, options);
    if (status != DN_OK) {
        if (named(path, ".img") && r->header_path == NULL && status == DN_EINPUT) {
            DN_FAIL(DN_EINPUT, "the header that belongs to '%s' is missing: put its .hdr file beside it", path);
        }
        return status;
    }
    if (r->info.format == DN_SCAN_NIFTI1_PAIR || r->info.format == DN_SCAN_NIFTI2_PAIR) {
        const char *header = r->header_path != NULL ? r->header_path : path;
        if (!named(header, ".hdr")) {
            DN_FAIL(DN_EFORMAT, "'%s' is the header of a pair (.hdr/.img): name it .hdr and put its .img file beside it", path);
        }
        if (named(path, ".img")) {
            DN_TRY(dn_strdup(path, &r->voxel_path));
        } else {
            DN_TRY(sibling(header, ".hdr", ".img", &r->voxel_path));
        }
        if (r->voxel_path == NULL) {
            DN_FAIL(DN_EINPUT, "the voxels that belong to '%s' are missing: put its .img file beside it", path);
        }
        DN_TRY(reopen(r, r->voxel_path));
        r->info.compressed = dn_source_compressed(r->source);
    } else if (r->header_path != NULL) {
        /* x.hdr is a whole scan; x.img was asked for. Its own content decides. */
        free(r->header_path);
        r->header_path = NULL;
        memset(&r->info, 0, sizeof r->info);
        memset(&r->layout, 0, sizeof r->layout);
        DN_TRY(reopen(r, path));
        DN_TRY(read_header(r, options));
        if (r->info.format == DN_SCAN_NIFTI1_PAIR || r->info.format == DN_SCAN_NIFTI2_PAIR) {
            DN_FAIL(DN_EFORMAT, "'%s' is the header of a pair (.hdr/.img): name it .hdr and put its .img file beside it", path);
        }
    }
    warn_name(r);
    return DN_OK;
}

static dn_status reader_open_bytes(reader *r, const unsigned char *bytes, size_t size, const char *name,
                                   const dn_scan_read_options *options)
{
    memset(r, 0, sizeof *r);
    r->path = name;
    DN_TRY(dn_source_open_bytes(bytes, size, name, &r->source));
    DN_TRY(read_header(r, options));
    if (r->info.format == DN_SCAN_NIFTI1_PAIR || r->info.format == DN_SCAN_NIFTI2_PAIR) {
        DN_FAIL(DN_EFORMAT, "'%s' is the header of a pair (.hdr/.img): the voxels are in another file; give one .nii or .nii.gz file",
                name);
    }
    warn_name(r);
    return DN_OK;
}

static dn_status check_single(const reader *r)
{
    if (r->layout.volumes > 1) {
        DN_FAIL(DN_EFORMAT, "'%s' holds %lld volumes: one scan is needed; take one volume out of it first", r->path,
                (long long)r->layout.volumes);
    }
    return DN_OK;
}

/* A few megabytes of gzip can stand for as many gigabytes; neither they nor the time to unpack them are spent. */
static dn_status check_size(const reader *r)
{
    const dn_layout *layout = &r->layout;
    if (dn_grid_count(&layout->grid) > DN_MOST_VOXELS || layout->bytes > DN_MOST_BYTES || layout->offset > DN_MOST_OFFSET) {
        DN_FAIL(DN_EFORMAT,
                "'%s' says it has %lld x %lld x %lld x %lld voxels from byte %lld on; at most %lld million per volume (a head of 200 mm at "
                "0.2 mm), %lld GiB in all and %lld MiB before the voxels are read: is it a scan of a head, and is its header right?",
                r->path, (long long)layout->grid.dim[0], (long long)layout->grid.dim[1], (long long)layout->grid.dim[2],
                (long long)layout->volumes, (long long)layout->offset, (long long)(DN_MOST_VOXELS / 1000000),
                (long long)(DN_MOST_BYTES >> 30), (long long)(DN_MOST_OFFSET >> 20));
    }
    return DN_OK;
}

/* The file's length against the header's promise. */
static dn_status check_length(const reader *r)
{
    bool enough;
    int64_t has;
    int64_t needed = r->layout.offset + r->layout.bytes;
    if (dn_source_can_hold(r->source, needed)) {
        DN_TRY(check_size(r)); /* before anything is unpacked */
    }
    DN_TRY(dn_source_check_length(r->source, needed, &enough, &has));
    if (!enough) {
        DN_FAIL(DN_EFORMAT,
                "'%s' is shorter than its header says: %lld x %lld x %lld voxels of %s need %lld bytes, but the file has %s%lld; copy or "
                "download it again",
                dn_source_name(r->source), (long long)r->layout.grid.dim[0], (long long)r->layout.grid.dim[1],
                (long long)r->layout.grid.dim[2], dn_voxel_name(r->layout.type), (long long)needed,
                dn_source_compressed(r->source) ? "at most " : "", (long long)has);
    }
    return DN_OK;
}

/* float32 copies are what we allocate: refuse with a sentence instead of being killed. */
static dn_status check_memory(const reader *r)
{
    int64_t needed = dn_grid_count(&r->layout.grid) * r->layout.volumes * (int64_t)sizeof(float);
    int64_t available = dn_memory_available();
    if (available > 0 && needed > available) {
        DN_FAIL(DN_ENOMEM, "'%s' needs %lld MB of memory, but the machine has only %lld MB left", r->path, (long long)(needed >> 20),
                (long long)(available >> 20));
    }
    return DN_OK;
}

static dn_status skip_to_voxels(reader *r)
{
    int64_t got;
    int64_t ahead = r->layout.offset - dn_source_position(r->source);
    if (ahead < 0) {
        DN_TRY(dn_source_rewind(r->source));
        ahead = r->layout.offset;
    }
    DN_TRY(dn_source_skip(r->source, ahead, &got));
    if (got < ahead) {
        DN_FAIL(DN_EFORMAT, "'%s' ends before its voxels start; copy or download it again", dn_source_name(r->source));
    }
    return DN_OK;
}

/* One volume's voxels from the stream. */
static dn_status read_voxels(reader *r, unsigned char *buffer, float *data)
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

/* What may follow the voxels: nothing, or (MGH) a footer. Reads gzip data to their end for the checksum. */
static dn_status finish(reader *r)
{
    int64_t extra;
    DN_TRY(dn_source_finish(r->source, (int64_t)1 << 28, &extra));
    if (extra > 0 && r->info.format != DN_SCAN_MGH) {
        dn_scan_warn(&r->info, "%lld bytes follow the voxels; they are ignored", (long long)extra);
    }
    return DN_OK;
}

/* Reads all volumes; out: layout.volumes pointers, zeroed. On failure the caller destroys what is there. */
static dn_status read_volumes(reader *r, dn_volume **out)
{
    unsigned char *buffer = NULL;
    dn_status status = DN_OK;
    DN_TRY_GOTO(status, check_length(r), done);
    DN_TRY_GOTO(status, check_memory(r), done);
    DN_TRY_GOTO(status, skip_to_voxels(r), done);
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
    DN_TRY_GOTO(status, finish(r), done);
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
static dn_status read_scan(reader *r, dn_volume **out, dn_scan_info *info)
{
    dn_volume *volume = NULL;
    DN_TRY(check_single(r));
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
    reader r;
    dn_status status = reader_open(&r, path, options);
    if (status == DN_OK) {
        status = read_scan(&r, out, info);
    }
    reader_release(&r);
    return status;
}

dn_status dn_scan_read_bytes(const unsigned char *bytes, size_t size, const char *name, const dn_scan_read_options *options,
                             dn_volume **out, dn_scan_info *info)
{
    reader r;
    dn_status status = reader_open_bytes(&r, bytes, size, name, options);
    if (status == DN_OK) {
        status = read_scan(&r, out, info);
    }
    reader_release(&r);
    return status;
}

dn_status dn_scan_read_grid(const char *path, const dn_scan_read_options *options, dn_grid *out, dn_scan_info *info)
{
    reader r;
    dn_status status = reader_open(&r, path, options);
    if (status == DN_OK && !dn_source_compressed(r.source)) {
        status = check_length(&r);
    }
    if (status == DN_OK) {
        *out = r.layout.grid;
        if (info != NULL) {
            *info = r.info;
        }
    }
    reader_release(&r);
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
    reader r;
    dn_volume *volume = NULL;
    dn_status status = reader_open(&r, path, options);
    if (status == DN_OK) {
        status = check_single(&r);
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
    reader_release(&r);
    return status;
}

dn_status dn_volumes_read_4d(const char *path, const dn_scan_read_options *options, dn_volume ***out, size_t *count, dn_scan_info *info)
{
    reader r;
    dn_volume **volumes = NULL;
    size_t n = 0;
    dn_status status = reader_open(&r, path, options);
    if (status == DN_OK) {
        status = check_length(&r); /* before the array, whose length the header claims */
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
    reader_release(&r);
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
