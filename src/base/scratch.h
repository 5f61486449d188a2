/* A private folder for files that nobody keeps: what a program or an archive gives us before it is read. It is in $TMPDIR (or /tmp), only
 * this user can read it, and it goes with everything in it: by dn_scratch_remove, when the program leaves at once (base/file.h,
 * dn_file_remove_temporaries), and, where a run was killed, when the next one makes a folder. */
#ifndef DN_BASE_SCRATCH_H
#define DN_BASE_SCRATCH_H

#include "base/status.h"

typedef struct dn_scratch {
    char *path; /* owned; absolute; NULL: none */
    int lock;   /* file descriptor that tells others that it is in use */
} dn_scratch;

/* Zero-initialise ({0}). DN_EIO: there is no room for it, or $TMPDIR is not a folder. */
DN_CHECKED dn_status dn_scratch_create(dn_scratch *out);
/* Safe on a zeroed or removed one. */
void dn_scratch_remove(dn_scratch *scratch);
/* All that there are; async-signal-safe. */
void dn_scratch_remove_all(void);

#endif
