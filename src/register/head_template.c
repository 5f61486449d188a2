/* Reads the average head that is compiled into the program. */
#include "register/head_template.h"

#include <math.h>
#include <string.h>

/* The file's bytes, placed among the constants by the assembler. */
__asm__(".pushsection .rodata\n"
        ".balign 64\n"
        "dn_head_template_bytes:\n"
        ".incbin \"" DIEN_SHARE_SOURCE "/template/head_4mm.nii\"\n"
        "dn_head_template_end:\n"
        ".byte 0\n"
        ".popsection\n");
extern const uint8_t dn_head_template_bytes[] __attribute__((visibility("hidden")));
extern const uint8_t dn_head_template_end[] __attribute__((visibility("hidden")));

enum { HEADER = 352, DIM = 40, TYPE = 70, OFFSET = 108, SROW = 280, UINT8 = 2 };

static int16_t field16(size_t at)
{
    int16_t value;
    memcpy(&value, dn_head_template_bytes + at, sizeof value);
    return value;
}

static float field_float(size_t at)
{
    float value;
    memcpy(&value, dn_head_template_bytes + at, sizeof value);
    return value;
}

dn_status dn_head_template_get(dn_head_template *out)
{
    memset(out, 0, sizeof *out);
    int64_t count = 1;
    for (size_t c = 0; c < 3; ++c) {
        out->dim[c] = field16(DIM + 2 * (c + 1));
        count *= out->dim[c];
        out->origin[c] = (double)field_float(SROW + 16 * c + 12);
    }
    out->spacing = (double)field_float(SROW);
    if (count <= 0 || dn_head_template_end - dn_head_template_bytes != HEADER + 2 * count || field16(TYPE) != UINT8 ||
        field_float(OFFSET) != (float)HEADER || !(out->spacing > 0.0)) {
        DN_FAIL(DN_EINTERNAL, "the built-in head template is damaged; build the program again from a fresh checkout");
    }
    out->t1w = dn_head_template_bytes + HEADER;
    out->brain = out->t1w + count;
    return DN_OK;
}
