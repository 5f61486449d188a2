/* `dien selftest`: the average head, painted as a scan, is measured like any scan, and its volumes are compared with what the release
 * measured (share/selftest). So that a site can show that its installation computes right. */
#ifndef DN_COHORT_SELFTEST_SELFTEST_H
#define DN_COHORT_SELFTEST_SELFTEST_H

#include "cohort/batch.h"

typedef struct dn_selftest_options {
    const char *expected;      /* folder of volumes.tsv and files.tsv; NULL: that which comes with dien */
    const char *write;         /* folder into which these two are written instead, from what was measured; NULL: compare */
    const dn_line_sink *lines; /* the record: machine, libraries, networks, a line per volume, the conclusion */
} dn_selftest_options;

/* DN_EQUALITY: a volume is outside its bound, or a network is not the release's; the sentence names them. DN_EIO: no room for temporary
 * files (below TMPDIR, which are removed). Errors of reading and measuring as for any scan. */
DN_CHECKED dn_status dn_selftest(const dn_selftest_options *options);

#endif
