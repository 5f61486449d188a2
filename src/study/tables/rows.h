/* Which rows of a table are kept. For load.c. */
#ifndef DN_STUDY_TABLES_ROWS_H
#define DN_STUDY_TABLES_ROWS_H

#include "base/table.h"

/* "COLUMN=VALUE" for one table. */
typedef struct dn_condition {
    char name[256];
    const char *value; /* borrowed */
    size_t column;     /* DN_TABLE_NONE: the table has no such column, or there is no condition */
} dn_condition;

/* where NULL: no condition. DN_EUSAGE: it is none. */
DN_CHECKED dn_status dn_condition_parse(const char *where, const dn_table *table, dn_condition *out);
bool dn_condition_holds(const dn_condition *condition, const dn_table *table, size_t row);
/* DN_EDATA when no row is left: names the nearest value there is. *table stays as it is then. */
DN_CHECKED dn_status dn_keep_condition(dn_table **table, const dn_condition *condition, const char *where);

/* The column session or session_id; DN_TABLE_NONE: none. */
size_t dn_session_column(const dn_table *table);
/* "1" is "ses-1". DN_EDATA when no row has it: names the sessions that there are. */
DN_CHECKED dn_status dn_keep_session(dn_table **table, size_t column, const char *session);
/* DN_EDATA when a participant is there in two sessions: names the files, and how to choose. */
DN_CHECKED dn_status dn_check_sessions(const dn_table *gathered);
/* Whether a text of the column key is there twice. */
DN_CHECKED dn_status dn_has_repeats(const dn_table *table, const char *key, bool *out);

/* The column accepted, when it holds nothing but yes, no, by_hand; DN_TABLE_NONE: none. */
size_t dn_verdict_column(const dn_table *table);
DN_CHECKED dn_status dn_drop_rejected(dn_table **table, size_t column);

#endif
