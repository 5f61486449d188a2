/* The table of volumes as people read it: one line for each structure with its sides beside each other, in the order in which a reader
 * looks, and numbers in the unit that reads best. The picture and the report show the same lines. */
#ifndef DN_REPORT_VOLUME_LINES_H
#define DN_REPORT_VOLUME_LINES_H

#include "segment/result.h"

/* In the order of lines: what a reader looks for first; the deep structures that the picture outlines come before tissues, which it does
 * not. */
typedef enum {
    DN_LINE_HYPOTHALAMUS,
    DN_LINE_PART,
    DN_LINE_THALAMUS,
    DN_LINE_ICV,
    DN_LINE_DEEP,
    DN_LINE_TISSUE,
    DN_LINE_KINDS
} dn_line_kind;

typedef enum { DN_UNIT_MM3, DN_UNIT_ML } dn_unit;

typedef struct dn_volume_line {
    dn_line_kind kind;
    const dn_volume_row *left, *right; /* NULL: not found, or a structure of the middle */
    const dn_volume_row *both;         /* both sides, or a structure of the middle; NULL: a side was not found, or a part */
    const char *structure;             /* as in the rows */
    bool paired;                       /* it has sides */
    double both_mm3;                   /* of both sides; NaN where one was not found */
    double asymmetry;                  /* (left - right) / mean of both; NaN where it cannot be said */
    dn_unit unit;
} dn_volume_line;

enum { DN_LINE_LIMIT = 64 };

/* lines borrow from rows. Returns how many; at most DN_LINE_LIMIT. */
size_t dn_volume_lines(const dn_volume_rows *rows, dn_volume_line out[DN_LINE_LIMIT]);
/* "Hypothalamus", "Inside the skull (ICV)"; parts in small letters: "anterior superior". */
void dn_volume_line_name(const dn_volume_line *line, char out[64]);
/* What the label maps and pictures of this result show a structure's side with (label_table.h). number: 0 where it has none (icv).
 * false: no label is this structure's (a whole that is made of parts). */
bool dn_volume_line_label(const dn_segment_result *result, const char *structure, char side, uint8_t color[3], int64_t *number);

/* Millilitres, but cubic millimetres for the hypothalamus with its parts, the accumbens and the optic chiasm, which are small. The unit
 * follows the structure and not the value, so that reports can be compared. */
dn_unit dn_unit_of(const char *structure);
const char *dn_unit_name(dn_unit unit); /* "mm³" */
/* "930", "15.97", "1 532": thousands are set apart by a narrow space that does not break (as the SI has it: a comma would be read as a
 * decimal one by half of the world); mL has three or four digits. NaN: "n/a". Returns out. */
const char *dn_unit_number(double mm3, dn_unit unit, char out[40]);

#endif
