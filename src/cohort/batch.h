/* The one loop over scans for all commands: a scan that fails is named and does not stop the others. */
#ifndef DN_COHORT_BATCH_H
#define DN_COHORT_BATCH_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* The receiver of the lines that a command prints on standard output, one line per result, without a newline: nothing below cli/ prints. */
typedef struct dn_line_sink {
    void (*line)(void *user, const char *text); /* NULL: they are dropped */
    void *user;
} dn_line_sink;
/* A line to a sink (NULL: dropped). DN_ENOMEM. */
DN_CHECKED dn_status dn_line_say(const dn_line_sink *sink, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The scans among the files given: a.hdr and a.img (a glob gives both) are one scan. Two scans whose results would have the same names are
 * refused (DN_EUSAGE), because one would overwrite the other; DICOM inputs (dicom/intake.h) are named when they are opened. ending: of a
 * result's name, for the sentence. The caller frees *paths; the strings are borrowed from given. */
DN_CHECKED dn_status dn_batch_list(const char *const *given, size_t given_count, const char *ending, const char ***paths, size_t *count);

typedef struct dn_batch {
    const char *const *paths;
    size_t count;
    const char *done;   /* "scans could be measured": the end of the sentence about them */
    const char *folder; /* folder of the results: it is made, and removed again if nothing was written into it */
    const char *reasons,
        *reasons_of_one; /* where the reasons for doubtful results are: "in their reports", "in the report"; NULL: no result is doubtful */
} dn_batch;

/* One scan. *doubtful (false at first): it was done and written, but failed quality control. */
typedef dn_status (*dn_batch_work)(void *user, const char *path, bool *doubtful);

/* Errors of single scans, which should name the scan (dn_error_in_file), are logged as warnings, and the loop goes on.
 * DN_ECANCELLED: at once. One scan: its own error. Of several: when all failed the last one's code, when some failed DN_EPARTIAL.
 * DN_EQUALITY: all were done, some are doubtful. DN_EIO: the folder cannot be made. */
DN_CHECKED dn_status dn_batch_run(const dn_batch *batch, dn_batch_work work, void *user);

#endif
