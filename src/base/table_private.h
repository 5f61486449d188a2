/* Inside of dn_table, for base/table*.c only. */
#ifndef DN_BASE_TABLE_PRIVATE_H
#define DN_BASE_TABLE_PRIVATE_H

#include "base/table.h"

typedef struct dn_table_one_column {
    char *name;
    char **cells; /* capacity pointers, rows of them in use; NULL: missing */
} dn_table_one_column;

struct dn_table {
    char *name;
    dn_table_one_column *column;
    size_t columns;
    size_t *lines; /* line of the file that each row came from */
    size_t rows, capacity;
    bool mixed_commas; /* a semicolon-separated file with decimal commas and decimal points */
};

typedef enum { DN_FORM_NUMBER, DN_FORM_TEXT, DN_FORM_COMMA, DN_FORM_THOUSANDS, DN_FORM_INFINITE } dn_number_form;

/* What a cell's text is; *value is set for DN_FORM_NUMBER only. */
dn_number_form dn_number_form_of(const char *text, double *value);

#endif
