/* The date in a PDF that cairo wrote (gnuplot's figures): taken out, so that equal figures have equal bytes.
 *
 * cairo 1.16 (Debian 12) writes it as plain text; cairo 1.18 (Debian 13) into a compressed stream of small objects, whose compressed length
 * depends on the date. That stream and the table of objects after it are then written again, not compressed. */
#ifndef DN_CHART_PDF_DATE_H
#define DN_CHART_PDF_DATE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* *bytes: a whole PDF, with a 0 after its *size bytes; replaced by another block (freed as before) when it has to grow. *changed: false
 * when no date was found, or in a layout that cairo does not write; the file is then as it was. DN_ENOMEM. */
DN_CHECKED dn_status dn_pdf_date_out(unsigned char **bytes, size_t *size, bool *changed);

#endif
