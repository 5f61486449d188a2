/* STEM_report.html: one self-contained page for a reader who knows brains, not programs. Nothing is loaded from elsewhere:
 * the picture FOLDER/STEM_qc.png, which must exist, is embedded. */
#ifndef DN_SEGMENT_REPORT_H
#define DN_SEGMENT_REPORT_H

#include "base/status.h"
#include "segment/scan.h"

DN_CHECKED dn_status dn_report_write(const dn_segment_result *result, const char *folder, const char *path);
/* "<b>" as "&lt;b&gt;": text for HTML, also inside quotes; control characters and bytes that are not UTF-8 become '?'.
 * *out is owned by the caller. */
DN_CHECKED dn_status dn_report_escape(const char *text, char **out);

#endif
