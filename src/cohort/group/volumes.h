/* The volumes of the cohort's scans, read one session after the other: the long table is written on the way, and only the numbers of the
 * wide one are kept. */
#ifndef DN_COHORT_GROUP_VOLUMES_H
#define DN_COHORT_GROUP_VOLUMES_H

#include "cohort/group/roster.h"

/* Reads the table of volumes, and the JSON file beside it, of each measured scan; a scan whose table is missing, was changed after it was
 * measured, or has anything but numbers in it becomes DAMAGED with a reason. Chooses the scans that are used (choice.h). Writes
 * FOLDER/volumes_long.tsv. DN_EIO, DN_ENOMEM, DN_ECANCELLED. */
DN_CHECKED dn_status dn_roster_read_volumes(dn_roster *cohort, const char *folder);

#endif
