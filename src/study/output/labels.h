/* The name of a column in figures: the name of the structure if the column is of a known structure, otherwise the name of the column. */
#ifndef DN_STUDY_OUTPUT_LABELS_H
#define DN_STUDY_OUTPUT_LABELS_H

#include "base/status.h"

#include <stdbool.h>

/* "thalamus_L" gives "Left thalamus", "icv" "Intracranial volume", "Dl_thalamus" "Thalamus, Dl"; "manual" stays "manual".
 * *out is owned by the caller. */
DN_CHECKED dn_status dn_label_of(const char *column, char **out);
/* The same for an axis, where nothing else of its kind is ("Thalamus", without the method that measured it), with "ICV-normalised" and the
 * unit in brackets; label, unit: NULL when the user gave none. */
DN_CHECKED dn_status dn_label_axis(const char *column, const char *label, bool normalised, const char *unit, char **out);

#endif
