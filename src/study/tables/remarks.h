/* What the user should know about the tables before using a number: remarks in one block, and a list of the people who were left out.
 *
 * A note says what was done (scans that quality control rejected are left out); a doubt says that a number may be wrong (an age of 999).
 * dn_remarks_refuse turns doubts into an error (--strict). */
#ifndef DN_STUDY_TABLES_REMARKS_H
#define DN_STUDY_TABLES_REMARKS_H

#include "base/table.h"

typedef enum { DN_REMARK_NOTE, DN_REMARK_DOUBT } dn_remark_level;

typedef struct dn_remark {
    dn_remark_level level;
    const char *code; /* static: "rejected", "join", "age", ... */
    char *text;       /* one or more sentences; owned */
} dn_remark;

/* A person whom a remark concerns: left out, or counted anyway. */
typedef struct dn_left_out {
    bool counted;
    const char *code;           /* that of the remark */
    char *who, *where, *reason; /* id; file or table; owned */
} dn_left_out;

/* Zero-initialise ({0}). */
typedef struct dn_remarks {
    dn_remark *remark;
    size_t count;
    dn_left_out *left_out;
    size_t left_out_count;
    char *networks; /* owned; "hypothalamus (38e28b23), ...": those that measured all scans; NULL: not said, or not the same for all */
} dn_remarks;

DN_CHECKED dn_status dn_remarks_add(dn_remarks *remarks, dn_remark_level level, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
DN_CHECKED dn_status dn_remarks_leave_out(dn_remarks *remarks, const char *code, const char *who, const char *where, const char *reason);
void dn_remarks_release(dn_remarks *remarks);

/* Whether one of the remarks has this code. */
bool dn_remarks_have(const dn_remarks *remarks, const char *code);
/* "About the tables: ..." on one line, with its end; *out is NULL when there is nothing to say, else owned by the caller. */
DN_CHECKED dn_status dn_remarks_paragraph(const dn_remarks *remarks, char **out);
/* The same for one who is counted: the sentence names the first few, the table all. */
DN_CHECKED dn_status dn_remarks_name(dn_remarks *remarks, const char *code, const char *who, const char *where, const char *why);
/* Rows of code, level, who, where, text: first the remarks, then the people whom they concern ("left out", "counted"). */
DN_CHECKED dn_status dn_remarks_tabulate(const dn_remarks *remarks, dn_table *out);
/* DN_EDATA with the first doubt, and how many more there are; DN_OK when there is none. */
DN_CHECKED dn_status dn_remarks_refuse(const dn_remarks *remarks);
/* A failure may be caused by doubtful or left-out data: its message then says so. Returns status. */
DN_CHECKED dn_status dn_remarks_explain(const dn_remarks *remarks, dn_status status);

/* Names for a sentence: "a, b and 12 more". Zero-initialise; at most `most` are kept (0: 10), all are counted. */
typedef struct dn_list {
    char *text; /* owned; NULL while empty */
    size_t count, most;
} dn_list;
/* detail: NULL, or what stands in parentheses behind the name. */
DN_CHECKED dn_status dn_list_add(dn_list *list, const char *name, const char *detail);
/* Adds "and 12 more" at need; the text stays with the list. "" for an empty list. */
DN_CHECKED dn_status dn_list_close(dn_list *list, const char **out);
void dn_list_release(dn_list *list);

#endif
