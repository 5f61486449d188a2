/* The one table of labels, share/labels.tsv, compiled in: numbers (FreeSurfer's), names, structures, sides and the colours that pictures,
 * reports, tables and surfaces use. The column `source` says where a colour comes from: FreeSurfer's own, or ours where FreeSurfer's
 * are too dark for an outline on a scan or two of them too alike (tests/models/test_label_table.c measures how far they are apart). */
#ifndef DN_MODELS_LABEL_TABLE_H
#define DN_MODELS_LABEL_TABLE_H

#include "models/model.h"

#include <stdbool.h>

typedef struct dn_label_entry {
    int64_t number; /* 0: a structure without a number (icv) */
    char name[64];  /* "left_thalamus" */
    char structure[64];
    char side; /* 'L', 'R', 'B' */
    uint8_t color[3];
    char source[32]; /* of the colour: "FreeSurfer", "dien" */
} dn_label_entry;

/* The row'th entry from 0; false: there are no more. */
bool dn_label_table_row(size_t row, dn_label_entry *out);
/* By number, above 0; false: the table does not have it. */
bool dn_label_table_number(int64_t number, dn_label_entry *out);
/* By structure and side; a structure of the middle is found by either side, and 'B' finds the left one of a pair. */
bool dn_label_table_structure(const char *structure, char side, dn_label_entry *out);
/* The colour of a model's label: the table's for its structure and side, or the model's own where the table does not know them. */
void dn_label_color(const dn_model_label *label, uint8_t color[3]);

#endif
