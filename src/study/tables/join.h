/* Two tables by the ids that both have. */
#ifndef DN_STUDY_TABLES_JOIN_H
#define DN_STUDY_TABLES_JOIN_H

#include "base/table.h"

/* Ids as they are compared. Both kinds drop a leading "sub-"; a likeness also drops "sub_", blanks (no-break ones, too), zeros in front of
 * a number, ".0" behind a whole number, and case. *out is owned by the caller. */
DN_CHECKED dn_status dn_id_likeness(const char *id, char **out);

typedef enum {
    DN_JOIN_ASK,   /* ids as written; DN_EDATA when ids that found no partner are alike */
    DN_JOIN_EXACT, /* ids as written */
    DN_JOIN_ALIKE  /* and those that found none by likeness */
} dn_join_how;

/* Of "ask", "exact", "alike". DN_EUSAGE: none of these. */
DN_CHECKED dn_status dn_join_how_of(const char *text, dn_join_how *out);

/* Rows that a join dropped. Release with dn_join_loss_release. */
typedef struct dn_join_loss {
    char **left, **right; /* ids without a partner; owned */
    size_t left_count, right_count, left_rows, right_rows;
    size_t alike;                   /* pairs that are alike and were not joined (DN_JOIN_EXACT) or were (DN_JOIN_ALIKE) */
    char *alike_left, *alike_right; /* the first of them; owned */
} dn_join_loss;

/* Joins on the column key, which both have and which is unique in right; left keeps its order, lines and sources (right's where left has
 * none). Rows without a partner are dropped and told in *loss. A column that both have besides key comes from left and must agree where
 * both have a value, else DN_EDATA. DN_EDATA when no row matches, with an id of each side. */
DN_CHECKED dn_status dn_join(const dn_table *left, const dn_table *right, const char *key, dn_join_how how, dn_table **out,
                             dn_join_loss *loss);
void dn_join_loss_release(dn_join_loss *loss);

#endif
