/* STEM_report.html: one page for a reader who knows brains, not programs. The page loads no other files: the picture
 * FOLDER/STEM_qc.png, which must exist, is embedded. On paper it is one page A4 of numbers and
 * one of pictures (more where a scan has many remarks or norms). */
#ifndef DN_REPORT_PAGE_H
#define DN_REPORT_PAGE_H

#include "base/file.h"
#include "quality/verdict.h"
#include "report/scan_about.h"
#include "segment/result.h"
#include "stats/normative.h"

typedef struct dn_report_options {
    double age; /* years; not above 0: what files beside the scan say (scan_about.h) */
    dn_sex sex;
    const dn_norm_model *norms; /* borrowed: each compares one structure with the people that it was fitted to */
    size_t norm_count;
    const char *corrected; /* who corrected the labels by hand, when and why; NULL: nobody did */
} dn_report_options;

/* options: NULL: none. DN_EINPUT, DN_EIO. */
DN_CHECKED dn_status dn_report_write(const dn_segment_result *result, const dn_judgement *judgement, const dn_report_options *options,
                                     const char *folder, const char *path);
/* "<b>" as "&lt;b&gt;": text for HTML, also inside quotes; control characters and bytes that are not UTF-8 become '?'.
 * *out is owned by the caller. */
DN_CHECKED dn_status dn_report_escape(const char *text, char **out);

/* Parts that other pages share (cohort/group). The style: an element <style> for the head of a page. */
extern const char dn_report_style[];
/* before, text with its characters escaped, after. */
DN_CHECKED dn_status dn_report_put_escaped(dn_file_writer *w, const char *before, const char *text, const char *after);
/* Bytes as base64, for a picture in the page. */
DN_CHECKED dn_status dn_report_put_base64(dn_file_writer *w, const unsigned char *bytes, size_t size);

#endif
