/* What must not reach an output: who was scanned, by whom and where. The values come from the DICOM headers; a text that holds one of them
 * (a series description with the patient's name in it) is not shown. */
#ifndef DN_COHORT_DICOM_PRIVACY_H
#define DN_COHORT_DICOM_PRIVACY_H

#include "cohort/dicom/header.h"

/* Zero-initialise ({0}). */
typedef struct dn_private_values {
    char **values; /* owned */
    size_t count;
    bool foreign; /* a name has letters beyond ASCII, of which too few others are left to look for it in other spellings */
} dn_private_values;

/* The names, numbers and dates (of birth, of the examination) of one header: whole, the parts of a person's name, and a date in the ways
 * people write it. DN_ENOMEM. */
DN_CHECKED dn_status dn_private_add(dn_private_values *list, const dn_dicom_header *header);
void dn_private_release(dn_private_values *list);
/* Whether text holds one of them, as a word or, if it has digits, anywhere. Case does not count. Values of less than three characters are
 * not looked for. A letter beyond ASCII stands for one or two of any kind: headers and texts may be in other character sets, or spell it
 * out
 * ("M\xfcller": "Müller", "Mueller"). Where that would fit everything (a name in Cyrillic letters), any text beyond ASCII holds it. */
bool dn_private_in(const dn_private_values *list, const char *text);
/* Stricter, for names of files and folders, which become labels: whether name holds one of them anywhere, if letters and digits alone are
 * compared ("DoeAnn", "doe_ann-1957"). Values with fewer than four letters and digits count as dn_private_in has it. */
bool dn_private_in_name(const dn_private_values *list, const char *name);
/* Text for people: control characters and what is not UTF-8 become '?'; if it holds a private value, it is "(not shown)"; if it is empty,
 * "(no description)". out: size bytes. */
void dn_private_show(const dn_private_values *list, const char *text, char *out, size_t size);

#endif
