/* What every function of study/ returns and writes: a text for people, tables, figures.
 *
 * Each of them is dn_status dn_study_WHAT(const options *, dn_study_result *result): numbers and tables in, a text out, and with a folder
 * NAME.tsv (numbers), NAME.txt (the text), NAME_remarks.tsv (what is to be known about the tables) and figures in it. Nothing is printed.
 */
#ifndef DN_STUDY_OUTPUT_OUTPUT_H
#define DN_STUDY_OUTPUT_OUTPUT_H

#include "chart/figure.h"
#include "study/tables/remarks.h"

/* Where results go. Texts are borrowed. */
typedef struct dn_study_output {
    const char *folder; /* made at need; NULL: nothing is written */
    const char *note;   /* a line under the figures; NULL: none */
} dn_study_output;

/* What a run gives back. Zero before it; release it also after a failure: text is there when the numbers were reached, even if a figure
 * then failed. */
typedef struct dn_study_result {
    char *text; /* owned; NULL: there is none. Paragraphs wrapped at 100 columns, as in NAME.txt; of an evaluation a table */
} dn_study_result;
void dn_study_result_release(dn_study_result *result);

/* Makes result->text of the paragraph and behind it the remarks, and writes it to DIR/NAME.txt when folder is not NULL (made at need), the
 * remarks to DIR/NAME_remarks.tsv, too. Warnings say again what was left out. remarks: may be NULL. */
DN_CHECKED dn_status dn_study_emit(const char *folder, const char *name, const char *paragraph, const dn_remarks *remarks,
                                   dn_study_result *result);
/* DIR/NAME.tsv; nothing when folder is NULL. */
DN_CHECKED dn_status dn_study_write_table(const char *folder, const char *name, const dn_table *table);
/* DIR/NAME.svg, .pdf, .png, .gp and .tsv. Without gnuplot a warning: the numbers are written all the same. */
DN_CHECKED dn_status dn_study_write_figure(const char *folder, const char *name, const char *note, dn_figure *figure);

/* The figures of a run, drawn when tables and text are written: {.folder = folder}, then for each one dn_study_draw_next and
 * dn_study_drawn, then dn_study_figures_end. A figure that fails does not keep the others; the end says what the first one said. */
typedef struct dn_study_figures {
    const char *folder; /* NULL: none are drawn */
    dn_status status;   /* of the first that failed */
    char message[1024];
} dn_study_figures;
bool dn_study_draw_next(const dn_study_figures *figures);
void dn_study_drawn(dn_study_figures *figures, dn_status status);
DN_CHECKED dn_status dn_study_figures_end(const dn_study_figures *figures);

/* The end of a run that loaded tables: a failure says what was lost before. Releases remarks; gives status back. */
DN_CHECKED dn_status dn_study_end(dn_status status, dn_remarks *remarks);

#endif
