/* The few fields of a DICOM file that we need ourselves. */
#include "cohort/dicom/header.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Pixels follow in group 7FE0; what we need ends in 0028. */
enum { PREAMBLE = 128, LAST_GROUP = 0x0028, LAST_ELEMENT = 0x0011, FIRST_PIECE = 1 << 14, LAST_PIECE = 1 << 23, DEEPEST = 16 };
#define UNDEFINED 0xffffffffu
#define EXPLICIT_BIG "1.2.840.10008.1.2.2"
#define DEFLATED "1.2.840.10008.1.2.1.99"

static const struct {
    uint16_t group, element;
    dn_dicom_kind kind;
} fields[DN_DICOM_COUNT] = {
#define DN_X(name, g, e, k) [DN_DICOM_##name] = {g, e, DN_DICOM_##k},
    DN_DICOM_FIELD_LIST(DN_X)
#undef DN_X
};

dn_dicom_kind dn_dicom_kind_of(dn_dicom_field field)
{
    return fields[field].kind;
}

static uint16_t u16(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t u32(const unsigned char *p)
{
    return (uint32_t)u16(p) | (uint32_t)u16(p + 2) << 16;
}

/* Bytes being read. */
typedef struct cursor {
    const unsigned char *bytes;
    size_t size, at;
    bool implicit;
} cursor;

typedef struct element {
    uint16_t group, number;
    uint32_t length; /* UNDEFINED: until a delimiter */
    bool unknown;    /* its VR is UN */
} element;

/* The head of an element; false: the bytes end, or make no sense. */
static bool next(cursor *it, element *out)
{
    if (it->size - it->at < 8) {
        return false;
    }
    const unsigned char *p = it->bytes + it->at;
    out->group = u16(p);
    out->number = u16(p + 2);
    out->unknown = false;
    const bool has_vr = out->group != 0xfffe && (out->group == 0x0002 || !it->implicit);
    if (!has_vr) {
        out->length = u32(p + 4);
        it->at += 8;
        return true;
    }
    if (p[4] < 'A' || p[4] > 'Z' || p[5] < 'A' || p[5] > 'Z') {
        return false;
    }
    out->unknown = p[4] == 'U' && p[5] == 'N';
    static const char long_ones[][3] = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"};
    bool is_long = false;
    for (size_t i = 0; i < sizeof long_ones / sizeof *long_ones; ++i) {
        is_long = is_long || (p[4] == (unsigned char)long_ones[i][0] && p[5] == (unsigned char)long_ones[i][1]);
    }
    if (is_long && it->size - it->at < 12) {
        return false;
    }
    out->length = is_long ? u32(p + 8) : u16(p + 6);
    it->at += is_long ? 12 : 8;
    return true;
}

static bool skip(cursor *it, const element *of, int depth);

/* Past the items of a sequence of undefined length. */
static bool skip_items(cursor *it, int depth)
{
    element inner;
    while (depth < DEEPEST && next(it, &inner)) {
        if (inner.group == 0xfffe && (inner.number == 0xe0dd || inner.number == 0xe00d)) { /* end of the sequence, of the item */
            return true;
        }
        if (!skip(it, &inner, depth + 1)) {
            return false;
        }
    }
    return false;
}

/* Past what belongs to an element; false as above. */
static bool skip(cursor *it, const element *of, int depth)
{
    if (of->length != UNDEFINED) {
        if (of->length > it->size - it->at) {
            return false;
        }
        it->at += of->length;
        return true;
    }
    const bool implicit = it->implicit;
    it->implicit = implicit || of->unknown; /* what is in it has no VRs, whatever the file has (PS3.5, 6.2.2) */
    const bool good = skip_items(it, depth);
    it->implicit = implicit;
    return good;
}

static void take_text(const unsigned char *bytes, uint32_t length, char out[128])
{
    while (length > 0 && (bytes[length - 1] == ' ' || bytes[length - 1] == '\0')) {
        --length;
    }
    while (length > 0 && *bytes == ' ') {
        ++bytes;
        --length;
    }
    const size_t n = length < 127 ? length : 127;
    memcpy(out, bytes, n);
    out[n] = '\0';
    for (size_t i = 0; i < n; ++i) {
        if (out[i] == '\0') {
            out[i] = ' ';
        }
    }
}

static void take(const element *e, const unsigned char *bytes, dn_dicom_header *out)
{
    if (e->group == 0x0028 && (e->number == 0x0010 || e->number == 0x0011) && e->length >= 2) {
        *(e->number == 0x0010 ? &out->rows : &out->columns) = u16(bytes);
        return;
    }
    for (size_t f = 0; f < DN_DICOM_COUNT; ++f) {
        if (fields[f].group == e->group && fields[f].element == e->number) {
            take_text(bytes, e->length, out->text[f]);
        }
    }
}

/* "1.5\-2\0.25" */
static bool read_numbers(const char *text, double *out, int count)
{
    for (int i = 0; i < count; ++i) {
        char *end;
        out[i] = dn_number_parse(text, &end);
        if (end == text || (i + 1 < count && *end != '\\') || !(out[i] > -1e6 && out[i] < 1e6)) {
            return false;
        }
        text = end + 1;
    }
    return true;
}

/* Whether a file without preamble begins with an element of group 0002 or 0008. */
static bool begins_bare(const unsigned char *bytes, size_t size)
{
    if (size < 16 || (u16(bytes) != 0x0008 && u16(bytes) != 0x0002) || u16(bytes + 2) > 0x0100) {
        return false;
    }
    const bool has_vr = bytes[4] >= 'A' && bytes[4] <= 'Z' && bytes[5] >= 'A' && bytes[5] <= 'Z';
    return has_vr || u32(bytes + 4) <= 256;
}

bool dn_dicom_begins(const unsigned char *bytes, size_t size)
{
    return (size >= PREAMBLE + 4 && memcmp(bytes + PREAMBLE, "DICM", 4) == 0) || begins_bare(bytes, size);
}

bool dn_dicom_parse(const unsigned char *bytes, size_t size, dn_dicom_header *out)
{
    cursor it = {.bytes = bytes, .size = size};
    element e = {0};
    bool body = false; /* past group 0002 */
    memset(out, 0, sizeof *out);
    if (size >= PREAMBLE + 4 && memcmp(bytes + PREAMBLE, "DICM", 4) == 0) {
        it.at = PREAMBLE + 4;
    } else if (!begins_bare(bytes, size)) {
        return true;
    }
    while (size - it.at >= 8) {
        if (!body && u16(bytes + it.at) != 0x0002) {
            const char *syntax = out->text[DN_DICOM_SYNTAX];
            body = true;
            if (strcmp(syntax, EXPLICIT_BIG) == 0 || strcmp(syntax, DEFLATED) == 0) {
                return true;
            }
            /* Some files lie about it: the first element shows it. */
            it.implicit = bytes[it.at + 4] < 'A' || bytes[it.at + 4] > 'Z' || bytes[it.at + 5] < 'A' || bytes[it.at + 5] > 'Z';
        }
        if (!next(&it, &e)) {
            return false;
        }
        if (e.group > LAST_GROUP || (e.group == LAST_GROUP && e.number > LAST_ELEMENT)) {
            break;
        }
        const size_t from = it.at;
        if (!skip(&it, &e, 0)) {
            return false;
        }
        /* 8: nothing but the end of the sequence */
        out->agent_in_sequence |= e.group == 0x0018 && e.number == 0x0012 && it.at - from > (e.length == UNDEFINED ? 8u : 0u);
        if (e.length != UNDEFINED) {
            take(&e, bytes + from, out);
        }
    }
    out->has_place =
        read_numbers(out->text[DN_DICOM_POSITION], out->position, 3) && read_numbers(out->text[DN_DICOM_ORIENTATION], out->orientation, 6);
    return e.group > LAST_GROUP || (e.group == LAST_GROUP && e.number > LAST_ELEMENT);
}

static dn_status read_pieces(FILE *file, int64_t length, dn_dicom_header *out, bool *is_one)
{
    unsigned char *bytes = NULL;
    size_t have = 0;
    dn_status status = DN_OK;
    for (size_t piece = FIRST_PIECE;; piece *= 8) {
        const size_t wanted = length < (int64_t)piece ? (size_t)length : piece;
        DN_TRY_GOTO(status, dn_realloc(&bytes, wanted + 1, 1, "the header of a DICOM file"), done);
        have += fread(bytes + have, 1, wanted - have, file);
        if (!dn_dicom_begins(bytes, have)) {
            break;
        }
        *is_one = true;
        if (dn_dicom_parse(bytes, have, out) || have < wanted || (int64_t)have >= length || piece >= LAST_PIECE) {
            break;
        }
    }
done:
    free(bytes);
    return status;
}

dn_status dn_dicom_read(const char *path, dn_dicom_header *out, bool *is_one)
{
    struct stat info;
    *is_one = false;
    memset(out, 0, sizeof *out);
    /* Not a pipe, which would block. */
    FILE *file = stat(path, &info) == 0 && S_ISREG(info.st_mode) ? fopen(path, "rbe") : NULL;
    if (file == NULL) {
        return DN_OK;
    }
    dn_status status = read_pieces(file, (int64_t)info.st_size, out, is_one);
    fclose(file);
    return status;
}

void dn_dicom_day(const dn_dicom_header *header, char out[11])
{
    const char *date = header->text[DN_DICOM_STUDY_DATE];
    *out = '\0';
    if (strlen(date) == 8 && strspn(date, "0123456789") == 8) {
        snprintf(out, 11, "%.4s-%.2s-%.2s", date, date + 4, date + 6);
    }
}
