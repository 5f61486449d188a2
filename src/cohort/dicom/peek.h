/* One image of a folder or an archive, for what its header says about all: whose it is, of which examination, and when. */
#ifndef DN_COHORT_DICOM_PEEK_H
#define DN_COHORT_DICOM_PEEK_H

#include "cohort/dicom/header.h"

/* The header of the first DICOM image, by the order of names, in a folder (and the folders in it) or an archive. *found: there is one; a
 * file that is neither has none. An archive or a folder that cannot be read has none, either: whoever measures it says why.
 * DN_ENOMEM, DN_ECANCELLED, DN_EIO: there is no room for a file of the archive. */
DN_CHECKED dn_status dn_dicom_peek(const char *path, dn_dicom_header *out, bool *found);

#endif
