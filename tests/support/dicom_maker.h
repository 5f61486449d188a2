/* Small DICOM files, written by hand (PS3.5, PS3.10): a person who does not exist, with every field that names one, and series of kinds
 * that hospitals send. Explicit VR little-endian, or implicit. */
#ifndef DN_TEST_DICOM_MAKER_H
#define DN_TEST_DICOM_MAKER_H

#include "base/file.h"
#include "image/volume.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What no output may hold; each is in every file, some also in names of files and folders. */
static const char *const dicom_secrets[] = {"Zebrowska", "Wanda",    "4471902", "19570312", "7750031", "Fictive", "Inventee",
                                            "Kowalsky",  "Opperson", "Lectrix", "STATXQ9",  "88123",   "5550199", "Maidenish"};

/* Which examination the files are of: 0 the usual one; others have their own StudyInstanceUID, are a year later each, and from 10 on of
 * another person. */
static int dicom_examination;

typedef struct dicom_series {
    int number;
    const char *description, *type, *sequence, *kind; /* ImageType, ScanningSequence, MRAcquisitionType */
    double repetition, echo, inversion, flip;         /* ms, degrees; 0: not there */
    const char *agent;
    const char *person; /* number of another person; NULL: the usual one */
    bool implicit;
    double thickness;
} dicom_series;

typedef struct dicom_bytes {
    unsigned char *data;
    size_t size, room;
    bool implicit;
} dicom_bytes;

static inline void dicom_raw(dicom_bytes *out, const void *data, size_t size)
{
    if (out->size + size > out->room) {
        out->room = 2 * (out->size + size);
        out->data = realloc(out->data, out->room);
    }
    memcpy(out->data + out->size, data, size);
    out->size += size;
}

static inline void dicom_u16(dicom_bytes *out, unsigned value)
{
    dicom_raw(out, (const unsigned char[]){(unsigned char)value, (unsigned char)(value >> 8)}, 2);
}

static inline void dicom_u32(dicom_bytes *out, size_t value)
{
    dicom_u16(out, (unsigned)(value & 0xffff));
    dicom_u16(out, (unsigned)(value >> 16));
}

static inline void dicom_element(dicom_bytes *out, unsigned group, unsigned element, const char *vr, const void *data, size_t size)
{
    const bool is_long = strcmp(vr, "OW") == 0 || strcmp(vr, "OB") == 0 || strcmp(vr, "SQ") == 0;
    const bool implicit = out->implicit && group != 2;
    const char pad = strcmp(vr, "UI") == 0 || is_long ? '\0' : ' ';
    const size_t padded = size + size % 2;
    dicom_u16(out, group);
    dicom_u16(out, element);
    if (!implicit) {
        dicom_raw(out, vr, 2);
    }
    if (!implicit && is_long) {
        dicom_u16(out, 0);
    }
    if (implicit || is_long) {
        dicom_u32(out, padded);
    } else {
        dicom_u16(out, (unsigned)padded);
    }
    dicom_raw(out, data, size);
    if (padded > size) {
        dicom_raw(out, &pad, 1);
    }
}

static inline void dicom_text(dicom_bytes *out, unsigned group, unsigned element, const char *vr, const char *text)
{
    dicom_element(out, group, element, vr, text, strlen(text));
}

static inline void dicom_number(dicom_bytes *out, unsigned group, unsigned element, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.10g", value);
    dicom_text(out, group, element, "DS", text);
}

static inline void dicom_short(dicom_bytes *out, unsigned group, unsigned element, unsigned value)
{
    dicom_element(out, group, element, "US", (const unsigned char[]){(unsigned char)value, (unsigned char)(value >> 8)}, 2);
}

static inline void dicom_uid(dicom_bytes *out, unsigned group, unsigned element, const dicom_series *s, int instance)
{
    char text[64];
    if (instance > 0) {
        snprintf(text, sizeof text, "1.2.826.0.1.3680043.9.9999.%d.%d", s->number, instance);
    } else {
        snprintf(text, sizeof text, "1.2.826.0.1.3680043.9.9999.%d", s->number);
    }
    dicom_text(out, group, element, "UI", text);
}

static inline void dicom_person(dicom_bytes *out, const dicom_series *s)
{
    dicom_text(out, 0x0010, 0x0010, "PN", "Zebrowska^Wanda^Q");
    char number[32] = "ZW-4471902";
    if (dicom_examination >= 10) {
        snprintf(number, sizeof number, "ZW-4471902-%d", dicom_examination / 10);
    }
    dicom_text(out, 0x0010, 0x0020, "LO", s->person != NULL ? s->person : number);
    dicom_text(out, 0x0010, 0x0030, "DA", "19570312");
    dicom_text(out, 0x0010, 0x0040, "CS", "F");
    dicom_text(out, 0x0010, 0x1000, "LO", "OLD-88123");
    dicom_text(out, 0x0010, 0x1005, "PN", "Maidenish^Wanda");
    dicom_text(out, 0x0010, 0x1010, "AS", "062Y");
    dicom_text(out, 0x0010, 0x1040, "LO", "12 Rue Inventee");
    dicom_text(out, 0x0010, 0x2154, "SH", "+33-5550199");
    dicom_text(out, 0x0010, 0x4000, "LT", "Wanda Zebrowska was restless");
}

static inline void dicom_general(dicom_bytes *out, const dicom_series *s, int instance)
{
    dicom_text(out, 0x0008, 0x0005, "CS", "ISO_IR 100");
    dicom_text(out, 0x0008, 0x0008, "CS", s->type);
    dicom_text(out, 0x0008, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.4");
    dicom_uid(out, 0x0008, 0x0018, s, instance);
    char day[16];
    snprintf(day, sizeof day, "%04d0402", 2019 + dicom_examination % 10);
    dicom_text(out, 0x0008, 0x0020, "DA", day);
    dicom_text(out, 0x0008, 0x0021, "DA", "20190402");
    dicom_text(out, 0x0008, 0x0022, "DA", "20190402");
    dicom_text(out, 0x0008, 0x0030, "TM", "101500");
    dicom_text(out, 0x0008, 0x0032, "TM", "101500");
    dicom_text(out, 0x0008, 0x0050, "SH", "ACC7750031");
    dicom_text(out, 0x0008, 0x0060, "CS", "MR");
    dicom_text(out, 0x0008, 0x0070, "LO", "Acme Medical");
    dicom_text(out, 0x0008, 0x0080, "LO", "Hopital Fictive");
    dicom_text(out, 0x0008, 0x0081, "ST", "12 Rue Inventee");
    dicom_text(out, 0x0008, 0x0090, "PN", "Kowalsky^Ref");
    dicom_text(out, 0x0008, 0x1010, "SH", "STATXQ9");
    dicom_text(out, 0x0008, 0x1030, "LO", "Brain of Zebrowska");
    dicom_text(out, 0x0008, 0x103e, "LO", s->description);
    dicom_text(out, 0x0008, 0x1050, "PN", "Lectrix^Dora");
    dicom_text(out, 0x0008, 0x1070, "PN", "Opperson^A");
    dicom_text(out, 0x0008, 0x1090, "LO", "Magnet One");
    dicom_element(out, 0x0008, 0x1140, "SQ", "", 0); /* to be passed over */
    dicom_person(out, s);
    if (s->agent != NULL) {
        dicom_text(out, 0x0018, 0x0010, "LO", s->agent);
    }
}

static inline void dicom_acquisition(dicom_bytes *out, const dicom_series *s)
{
    dicom_text(out, 0x0018, 0x0020, "CS", s->sequence);
    dicom_text(out, 0x0018, 0x0023, "CS", s->kind);
    dicom_number(out, 0x0018, 0x0050, s->thickness);
    dicom_number(out, 0x0018, 0x0080, s->repetition);
    dicom_number(out, 0x0018, 0x0081, s->echo);
    if (s->inversion > 0) {
        dicom_number(out, 0x0018, 0x0082, s->inversion);
    }
    dicom_number(out, 0x0018, 0x0087, 3.0);
    dicom_text(out, 0x0018, 0x1000, "LO", "SER88123");
    dicom_text(out, 0x0018, 0x1030, "LO", s->description);
    dicom_number(out, 0x0018, 0x1314, s->flip);
    dicom_text(out, 0x0018, 0x5100, "CS", "HFS");
}

/* One slice. pixels: [rows][columns]; position and orientation in DICOM's axes. */
static inline dn_status dicom_write(const char *path, const dicom_series *s, int instance, const uint16_t *pixels, unsigned rows,
                                    unsigned columns, double spacing, const double position[3], const double orientation[6])
{
    dicom_bytes out = {.implicit = s->implicit};
    char text[160];
    const unsigned char zeros[128] = {0};
    dicom_raw(&out, zeros, sizeof zeros);
    dicom_raw(&out, "DICM", 4);
    dicom_element(&out, 0x0002, 0x0000, "UL", zeros, 4); /* the length of the group, filled in below */
    const size_t length_at = out.size - 4;
    dicom_element(&out, 0x0002, 0x0001, "OB", "\0\1", 2);
    dicom_text(&out, 0x0002, 0x0002, "UI", "1.2.840.10008.5.1.4.1.1.4");
    dicom_uid(&out, 0x0002, 0x0003, s, instance);
    dicom_text(&out, 0x0002, 0x0010, "UI", s->implicit ? "1.2.840.10008.1.2" : "1.2.840.10008.1.2.1");
    out.data[length_at] = (unsigned char)(out.size - length_at - 4);
    dicom_general(&out, s, instance);
    dicom_acquisition(&out, s);
    char study[64] = "1.2.826.0.1.3680043.9.9999";
    if (dicom_examination > 0) {
        snprintf(study, sizeof study, "1.2.826.0.1.3680043.9.9998.%d", dicom_examination);
    }
    dicom_text(&out, 0x0020, 0x000d, "UI", study);
    dicom_uid(&out, 0x0020, 0x000e, s, 0);
    dicom_text(&out, 0x0020, 0x0010, "SH", "ST88123");
    snprintf(text, sizeof text, "%d", s->number);
    dicom_text(&out, 0x0020, 0x0011, "IS", text);
    snprintf(text, sizeof text, "%d", instance);
    dicom_text(&out, 0x0020, 0x0013, "IS", text);
    snprintf(text, sizeof text, "%.6f\\%.6f\\%.6f", position[0], position[1], position[2]);
    dicom_text(&out, 0x0020, 0x0032, "DS", text);
    snprintf(text, sizeof text, "%g\\%g\\%g\\%g\\%g\\%g", orientation[0], orientation[1], orientation[2], orientation[3], orientation[4],
             orientation[5]);
    dicom_text(&out, 0x0020, 0x0037, "DS", text);
    dicom_text(&out, 0x0020, 0x4000, "LT", "Zebrowska moved");
    dicom_short(&out, 0x0028, 0x0002, 1);
    dicom_text(&out, 0x0028, 0x0004, "CS", "MONOCHROME2");
    dicom_short(&out, 0x0028, 0x0010, rows);
    dicom_short(&out, 0x0028, 0x0011, columns);
    snprintf(text, sizeof text, "%g\\%g", spacing, spacing);
    dicom_text(&out, 0x0028, 0x0030, "DS", text);
    dicom_short(&out, 0x0028, 0x0100, 16);
    dicom_short(&out, 0x0028, 0x0101, 16);
    dicom_short(&out, 0x0028, 0x0102, 15);
    dicom_short(&out, 0x0028, 0x0103, 0);
    dicom_element(&out, 0x7fe0, 0x0010, "OW", pixels, (size_t)rows * columns * 2);
    const dn_status status = dn_file_write_all(path, out.data, out.size);
    free(out.data);
    return status;
}

/* How a stack differs from an orderly one. */
typedef struct dicom_fault {
    int missing_from, missing_count; /* slices */
    double uneven, lean;             /* mm by which every third slice is moved; mm per slice, across */
} dicom_fault;

/* The axial slices of a head as a series, files "Zebrowska-NUMBER-SLICE" in folder. */
static inline dn_status dicom_write_head(const char *folder, const dicom_series *series, const dn_volume *head, const dicom_fault *fault)
{
    static const double axial[6] = {-1, 0, 0, 0, -1, 0};
    const dn_grid *g = &head->grid;
    const int64_t nx = g->dim[0], ny = g->dim[1], nz = g->dim[2];
    dicom_series s = *series;
    dn_status status = DN_OK;
    uint16_t *pixels = malloc((size_t)(nx * ny) * sizeof *pixels);
    s.thickness = g->affine.m[2][2];
    for (int64_t k = 0; k < nz && status == DN_OK; ++k) {
        char path[1200];
        const double z = g->affine.m[2][3] + s.thickness * (double)k + (k % 3 == 1 ? fault->uneven : 0.0);
        const double position[3] = {-g->affine.m[0][3], -g->affine.m[1][3] + fault->lean * (double)k, z};
        if (k >= fault->missing_from && k < fault->missing_from + fault->missing_count) {
            continue;
        }
        for (int64_t v = 0; v < nx * ny; ++v) {
            pixels[v] = (uint16_t)fmax(0.0, fmin(4095.0, 8.0 * (double)head->data[k * nx * ny + v]));
        }
        snprintf(path, sizeof path, "%s/Zebrowska-%d-%03d", folder, s.number, (int)k + 1);
        status = dicom_write(path, &s, (int)k + 1, pixels, (unsigned)ny, (unsigned)nx, g->affine.m[0][0], position, axial);
    }
    free(pixels);
    return status;
}

/* A stack of small slices without anatomy; turn: 0 axial, 1 coronal, 2 sagittal. first: number of its first image. */
static inline dn_status dicom_write_blank(const char *folder, const dicom_series *series, int count, int turn, int first)
{
    enum { N = 32 };
    static const double turns[3][6] = {{1, 0, 0, 0, 1, 0}, {1, 0, 0, 0, 0, -1}, {0, 1, 0, 0, 0, -1}};
    static const int along[3] = {2, 1, 0};
    uint16_t pixels[N * N];
    dn_status status = DN_OK;
    for (int k = 0; k < count && status == DN_OK; ++k) {
        char path[1200];
        double position[3] = {-60, -60, 60};
        position[along[turn]] = -0.5 * count * series->thickness + series->thickness * k;
        for (int v = 0; v < N * N; ++v) {
            pixels[v] = (uint16_t)(100 + (v * 7 + k * 13) % 400);
        }
        snprintf(path, sizeof path, "%s/Zebrowska-%d-%03d", folder, series->number, first + k);
        status = dicom_write(path, series, first + k, pixels, N, N, 4.0, position, turns[turn]);
    }
    return status;
}

/* One of the series of the study; head: for those that are to be measured. DN_EUSAGE: there is no such kind. */
static inline dn_status dicom_make(const char *folder, const char *kind, const dn_volume *head)
{
    static const dicom_series t1 = {
        3, "t1_mprage_sag_p2_iso", "ORIGINAL\\PRIMARY\\M\\ND", "GR\\IR", "3D", 2300, 2.98, 900, 9, NULL, NULL, false, 1};
    dicom_series s = t1;
    dicom_fault fault = {0};
    if (strcmp(kind, "localizer") == 0) {
        s = (dicom_series){1, "localizer", "ORIGINAL\\PRIMARY\\M\\ND", "GR", "2D", 8.6, 4, 0, 20, NULL, NULL, false, 7};
        for (int turn = 0; turn < 3; ++turn) {
            DN_TRY(dicom_write_blank(folder, &s, 3, turn, 1 + 3 * turn));
        }
        return DN_OK;
    }
    if (strcmp(kind, "t2") == 0) {
        s = (dicom_series){2, "AX T2 TSE", "ORIGINAL\\PRIMARY\\M\\ND", "SE", "2D", 5200, 96, 0, 150, NULL, NULL, false, 5};
        return dicom_write_blank(folder, &s, 24, 0, 1);
    }
    if (strcmp(kind, "swi") == 0) {
        s = (dicom_series){5, "Ax SWAN", "ORIGINAL\\PRIMARY\\M", "GR", "3D", 28, 20, 0, 15, NULL, NULL, false, 2};
        return dicom_write_blank(folder, &s, 60, 0, 1);
    }
    if (strcmp(kind, "mpr") == 0) {
        s.number = 4;
        s.description = "t1_mprage_MPR_cor";
        s.type = "DERIVED\\SECONDARY\\MPR\\CSA MPR";
        return dicom_write_blank(folder, &s, 40, 1, 1);
    }
    if (strcmp(kind, "gd") == 0) {
        s.number = 9;
        s.description = "t1_mprage_sag_p2_iso_post";
        s.type = "ORIGINAL\\PRIMARY\\M\\ND\\NORM";
        s.agent = "Gadovist";
    } else if (strcmp(kind, "again") == 0) {
        s.number = 7;
    } else if (strcmp(kind, "named") == 0) {
        s.description = "t1_mprage_ZEBROWSKA";
    } else if (strcmp(kind, "implicit") == 0) {
        s.implicit = true;
    } else if (strcmp(kind, "person") == 0) {
        s.number = 8;
        s.person = "OTHER-1";
    } else if (strcmp(kind, "gap") == 0) {
        fault.missing_from = 20;
        fault.missing_count = 2;
    } else if (strcmp(kind, "uneven") == 0) {
        fault.uneven = 0.4;
    } else if (strcmp(kind, "lean") == 0) {
        fault.lean = 0.3;
    } else if (strcmp(kind, "mixed") == 0) {
        DN_TRY(dicom_write_blank(folder, &s, 15, 2, 501));
    } else if (strcmp(kind, "t1") != 0) {
        DN_FAIL(DN_EUSAGE, "no series of kind %s", kind);
    }
    return dicom_write_head(folder, &s, head, &fault);
}

#endif
