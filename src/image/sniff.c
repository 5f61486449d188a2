/* Says in one sentence what a file that is not a scan seems to be, and what to do. */
#include "image/layout.h"

#include "base/file.h"

#include <ctype.h>
#include <string.h>

typedef struct kind {
    size_t at;
    const char *magic;
    size_t length;
    const char *what; /* "'name' is ..." */
} kind;

static const char dicom[] = "a DICOM file, one slice or series as the scanner wrote it: convert the series to NIfTI first (dcm2niix)";
#define PACKED "compressed by another program than gzip: decompress it first"

static const kind kinds[] = {
    {128, "DICM", 4, dicom},
    {0, "\x08\x00\x05\x00", 4, dicom}, /* no preamble: group 0008, little-endian */
    {0, "\x08\x00\x00\x00\x04\x00\x00\x00", 8, dicom},
    {0, "NRRD000", 7, "an NRRD file: export it as NIfTI (.nii.gz), for example from 3D Slicer"},
    {0, "\x89HDF\r\n\x1a\n", 8, "an HDF5 file (MINC 2, or network weights), not a NIfTI or MGH scan: convert it (mnc2nii)"},
    {0, "CDF\x01", 4, "a NetCDF file (MINC 1), not a NIfTI or MGH scan: convert it (mnc2nii)"},
    {0, "CDF\x02", 4, "a NetCDF file (MINC 1), not a NIfTI or MGH scan: convert it (mnc2nii)"},
    {0, "\x89PNG", 4, "a PNG picture, not a scan: a NIfTI or MGH volume is needed"},
    {0, "\xff\xd8\xff", 3, "a JPEG picture, not a scan: a NIfTI or MGH volume is needed"},
    {0, "II*\0", 4, "a TIFF picture, not a scan: a NIfTI or MGH volume is needed"},
    {0, "MM\0*", 4, "a TIFF picture, not a scan: a NIfTI or MGH volume is needed"},
    {0, "%PDF", 4, "a PDF document, not a scan"},
    {0, "PK\x03\x04", 4, "a zip archive: unpack it and name the scan inside"},
    {0, "BZh", 3, PACKED},
    {0,
     "\xfd"
     "7zXZ",
     5, PACKED},
    {0, "\x28\xb5\x2f\xfd", 4, PACKED},
    {0, "7z\xbc\xaf", 4, PACKED},
    {0, "\x1f\x8b", 2, "compressed twice by gzip: decompress it once (gunzip)"},
    {257, "ustar", 5, "a tar archive: unpack it and name the scan inside"},
    {0, "\x93NUMPY", 6, "a NumPy array without orientation: save it as NIfTI with its affine"},
    {0, "version https://git-lfs", 23, "a Git LFS pointer, not the scan itself: fetch it (git lfs pull)"},
    {0, "/annex/objects/", 15, "a git-annex pointer, not the scan itself: fetch it (datalad get)"},
    {0, "../../.git/annex/", 17, "a git-annex pointer, not the scan itself: fetch it (datalad get)"},
    {0, "# NIfTI Dataset", 15, "a text file, not a scan"},
    {0, "ObjectType = Image", 18, "a MetaImage header: export it as NIfTI (.nii.gz)"},
};

static bool looks_like_text(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        if (!(isprint(bytes[i]) || bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t' || bytes[i] >= 0x80)) {
            return false;
        }
    }
    return true;
}

static bool looks_like_page(const unsigned char *bytes, size_t size)
{
    char start[65];
    size_t n = 0;
    size_t i = 0;
    while (i < size && isspace(bytes[i])) {
        ++i;
    }
    for (; i < size && n + 1 < sizeof start; ++i) {
        start[n++] = (char)tolower(bytes[i]);
    }
    start[n] = '\0';
    return strncmp(start, "<!doctype", 9) == 0 || strncmp(start, "<html", 5) == 0 || strncmp(start, "<?xml", 5) == 0;
}

dn_status dn_sniff_refuse(const unsigned char *bytes, size_t size, const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; ++i) {
        if (size >= kinds[i].at + kinds[i].length && memcmp(bytes + kinds[i].at, kinds[i].magic, kinds[i].length) == 0) {
            DN_FAIL_OFFER(DN_EINPUT, kinds[i].what == dicom ? DN_REMEDY_DICOM : DN_REMEDY_NONE, "'%s' is %s", name, kinds[i].what);
        }
    }
    if (looks_like_page(bytes, size)) {
        DN_FAIL(DN_EINPUT, "'%s' is a web page, not a scan: the download went wrong, fetch it again", name);
    }
    if (looks_like_text(bytes, size)) {
        DN_FAIL(DN_EINPUT, "'%s' is a text file, not a scan: a NIfTI (.nii, .nii.gz, .hdr/.img) or MGH (.mgh, .mgz) file is needed", name);
    }
    DN_FAIL(DN_EINPUT,
            "'%s' is neither a NIfTI (.nii, .nii.gz, .hdr/.img) nor an MGH (.mgh, .mgz) file: its first bytes fit neither format", name);
}
