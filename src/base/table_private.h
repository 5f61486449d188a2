/* Inside of dn_table, for base/table*.c only. */
#ifndef DN_BASE_TABLE_PRIVATE_H
#define DN_BASE_TABLE_PRIVATE_H

#include "base/table.h"

typedef struct dn_table_one_column {
    char *name;
    char *unit;           /* NULL: not known */
    char **cells;         /* capacity pointers, rows of them in use; NULL: missing */
    bool doubtful_points; /* every point may separate thousands ("7.411"), in a file that has decimal commas */
} dn_table_one_column;

struct dn_table {
    char *name;
    dn_table_one_column *column;
    size_t columns, column_capacity;
    size_t *slots; /* open addressing by name, column + 1; 0: free */
    size_t slot_count;
    size_t *lines;  /* line of the file that each row came from */
    char **sources; /* file that each row came from, NULL: the table's own; the array is NULL until one is set */
    size_t rows, capacity;
    bool mixed_commas; /* decimal commas beside decimal points */
    char *comma;       /* one of the decimal commas, "76,3 (line 2, column age)"; NULL: none */
    dn_table_facts facts;
};

typedef enum { DN_FORM_NUMBER, DN_FORM_TEXT, DN_FORM_COMMA, DN_FORM_THOUSANDS, DN_FORM_INFINITE } dn_number_form;

/* What a cell's text is; *value is set for DN_FORM_NUMBER only. */
dn_number_form dn_number_form_of(const char *text, double *value);
/* "7,411" or "7.411": one to three digits that do not begin with 0, the separator, three digits. */
bool dn_number_of_three(const char *text, char separator);
/* Drops the columns behind the first count ones. */
void dn_table_keep_columns(dn_table *table, size_t count);

#endif
