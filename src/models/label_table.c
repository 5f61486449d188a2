/* Searches in the compiled table of labels by number, name and side. */
#include "models/label_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The file's bytes, placed among the constants by the assembler. */
__asm__(".pushsection .rodata\n"
        "dn_label_table_text:\n"
        ".incbin \"" DIEN_SHARE_SOURCE "/labels.tsv\"\n"
        ".byte 0\n"
        ".popsection\n");
extern const char dn_label_table_text[] __attribute__((visibility("hidden")));

/* A line of the table; false: it is none. */
static bool parse(const char *line, dn_label_entry *out)
{
    char number[16];
    unsigned color[3];
    memset(out, 0, sizeof *out);
    if (sscanf(line, "%15[^\t]\t%63[^\t]\t%63[^\t]\t%c\t#%2x%2x%2x\t%31[^\t\n]", number, out->name, out->structure, &out->side, &color[0],
               &color[1], &color[2], out->source) != 8) {
        return false;
    }
    out->number = strtoll(number, NULL, 10); /* n/a: 0 */
    for (int c = 0; c < 3; ++c) {
        out->color[c] = (uint8_t)color[c];
    }
    return true;
}

/* The line after this one; NULL: none. */
static const char *next(const char *line)
{
    const char *end = strchr(line, '\n');
    return end != NULL && end[1] != 0 ? end + 1 : NULL;
}

bool dn_label_table_row(size_t row, dn_label_entry *out)
{
    const char *line = next(dn_label_table_text);
    for (size_t i = 0; i < row && line != NULL; ++i) {
        line = next(line);
    }
    return line != NULL && parse(line, out);
}

bool dn_label_table_number(int64_t number, dn_label_entry *out)
{
    for (const char *line = next(dn_label_table_text); number > 0 && line != NULL; line = next(line)) {
        if (strtoll(line, NULL, 10) == number) {
            return parse(line, out);
        }
    }
    return false;
}

bool dn_label_table_structure(const char *structure, char side, dn_label_entry *out)
{
    for (const char *line = next(dn_label_table_text); line != NULL; line = next(line)) {
        if (parse(line, out) && strcmp(out->structure, structure) == 0 && (side == 'B' || out->side == side || out->side == 'B')) {
            return true;
        }
    }
    return false;
}

void dn_label_color(const dn_model_label *label, uint8_t color[3])
{
    dn_label_entry entry;
    const bool known = label->index > 0 && dn_label_table_structure(label->structure, label->hemi, &entry);
    memcpy(color, known ? entry.color : label->color, 3);
}
