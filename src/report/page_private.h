/* What the parts of the report share. Internal to report/page*.c. */
#ifndef DN_REPORT_PAGE_PRIVATE_H
#define DN_REPORT_PAGE_PRIVATE_H

#include "report/page.h"
#include "report/volume_lines.h"

typedef struct dn_report {
    dn_file_writer *w;
    const dn_segment_result *r;
    const dn_judgement *judgement;
    const dn_report_options *options;
    dn_scan_about about;
    dn_volume_line line[DN_LINE_LIMIT];
    size_t lines;
} dn_report;

#define DN_MINUS "\xe2\x88\x92"

/* A swatch for a side's label, if it has one. */
DN_CHECKED dn_status dn_report_put_chip(const dn_report *it, const char *structure, char side);
/* A volume with its unit in a cell of a table, struck through in a rejected scan; NaN: n/a. */
DN_CHECKED dn_status dn_report_put_volume(const dn_report *it, double mm3, dn_unit unit);
/* The tag that strikes numbers of a rejected scan through: "s", or "span" where they stand. */
const char *dn_report_number_tag(const dn_report *it);
/* "+5.5" and "−5.5". Returns out. */
const char *dn_report_signed(double value, int decimals, char out[32]);

/* The parts of the page. */
DN_CHECKED dn_status dn_report_put_facts(const dn_report *it);      /* who, when, how */
DN_CHECKED dn_status dn_report_put_volumes(const dn_report *it);    /* the table */
DN_CHECKED dn_status dn_report_put_norms(const dn_report *it);      /* against norms, when there are any */
DN_CHECKED dn_status dn_report_put_truth(const dn_report *it);      /* measured beside true, when that is known */
DN_CHECKED dn_status dn_report_put_provenance(const dn_report *it); /* how it was made */

#endif
