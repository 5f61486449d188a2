/* Opens the file of a scan: the right file of a pair, the header with its checks, the way to the first voxel and what may follow the last.
 */
#include "image/scan_open.h"

#include "base/file.h"
#include "base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { SNIFF_SIZE = 1024 };

void dn_reader_release(dn_reader *r)
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
static void warn_name(dn_reader *r)
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
static dn_status read_header(dn_reader *r, const dn_scan_read_options *options)
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
    r->info.volumes = r->layout.volumes;
    return DN_OK;
}

static dn_status reopen(dn_reader *r, const char *path)
{
    dn_source_close(r->source);
    r->source = NULL;
    return dn_source_open(path, &r->source);
}

/* Opens path, goes to the right file of a pair, reads and checks the header; r->source is then the voxels' file. */
dn_status dn_reader_open(dn_reader *r, const char *path, const dn_scan_read_options *options)
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

dn_status dn_reader_open_bytes(dn_reader *r, const unsigned char *bytes, size_t size, const char *name, const dn_scan_read_options *options)
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

dn_status dn_reader_check_single(const dn_reader *r)
{
    if (r->layout.volumes > 1) {
        DN_FAIL(DN_EFORMAT, "'%s' holds %lld volumes: one scan is needed; take one volume out of it first", r->path,
                (long long)r->layout.volumes);
    }
    return DN_OK;
}

/* A few megabytes of gzip can stand for as many gigabytes; neither they nor the time to unpack them are spent. */
static dn_status check_size(const dn_reader *r)
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
dn_status dn_reader_check_length(const dn_reader *r)
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

dn_status dn_reader_skip_to_voxels(dn_reader *r)
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

/* What may follow the voxels: nothing, or (MGH) a footer. Reads gzip data to their end for the checksum. */
dn_status dn_reader_finish(dn_reader *r)
{
    int64_t extra;
    DN_TRY(dn_source_finish(r->source, (int64_t)1 << 28, &extra));
    if (extra > 0 && r->info.format != DN_SCAN_MGH) {
        dn_scan_warn(&r->info, "%lld bytes follow the voxels; they are ignored", (long long)extra);
    }
    return DN_OK;
}
