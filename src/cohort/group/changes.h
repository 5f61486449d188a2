/* The changes of all persons that `longitudinal` has measured (longitudinal/persons.h), in one table. */
#ifndef DN_COHORT_GROUP_CHANGES_H
#define DN_COHORT_GROUP_CHANGES_H

#include "cohort/group/roster.h"

/* FOLDER/longitudinal.tsv with longitudinal.json: one row per person, structure and side, in the order of the roster. Persons whose record
 * or table is damaged are named in a warning, and left out. *persons: how many are in it; 0: nothing is written, and files of before are
 * removed. DN_EIO, DN_ENOMEM, DN_ECANCELLED. */
DN_CHECKED dn_status dn_roster_write_changes(const dn_roster *cohort, const char *folder, size_t *persons);

#endif
