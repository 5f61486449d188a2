/* The few fields of a DICOM file that we need ourselves: which series it belongs to, where the slice lies, and what dcm2niix leaves out
 * when it writes no names (age, sex, contrast agent). Voxels are never read here; that is dcm2niix's work.
 *
 * DICOM PS3.5 (encoding) and PS3.10 (files). Explicit and implicit VR, little-endian; a file in the retired big-endian syntax, or one that
 * is deflated, is recognised and has no fields. */
#ifndef DN_COHORT_DICOM_HEADER_H
#define DN_COHORT_DICOM_HEADER_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, group, element, kind): what a text tells about people. PERSON: a name (its parts count, too); PRIVATE: the whole value; PLAIN:
 * nothing. */
#define DN_DICOM_FIELD_LIST(X)                                                                                                             \
    X(SYNTAX, 0x0002, 0x0010, PLAIN)                                                                                                       \
    X(SOP_CLASS, 0x0008, 0x0016, PLAIN)                                                                                                    \
    X(STUDY_DATE, 0x0008, 0x0020, PLAIN)                                                                                                   \
    X(ACCESSION_NUMBER, 0x0008, 0x0050, PRIVATE)                                                                                           \
    X(MODALITY, 0x0008, 0x0060, PLAIN)                                                                                                     \
    X(INSTITUTION, 0x0008, 0x0080, PRIVATE)                                                                                                \
    X(INSTITUTION_ADDRESS, 0x0008, 0x0081, PRIVATE)                                                                                        \
    X(REFERRING_PHYSICIAN, 0x0008, 0x0090, PERSON)                                                                                         \
    X(STATION, 0x0008, 0x1010, PRIVATE)                                                                                                    \
    X(SERIES_DESCRIPTION, 0x0008, 0x103E, PLAIN)                                                                                           \
    X(DEPARTMENT, 0x0008, 0x1040, PRIVATE)                                                                                                 \
    X(PERFORMING_PHYSICIAN, 0x0008, 0x1050, PERSON)                                                                                        \
    X(READING_PHYSICIAN, 0x0008, 0x1060, PERSON)                                                                                           \
    X(OPERATOR, 0x0008, 0x1070, PERSON)                                                                                                    \
    X(PATIENT_NAME, 0x0010, 0x0010, PERSON)                                                                                                \
    X(PATIENT_ID, 0x0010, 0x0020, PRIVATE)                                                                                                 \
    X(BIRTH_DATE, 0x0010, 0x0030, PRIVATE)                                                                                                 \
    X(SEX, 0x0010, 0x0040, PLAIN)                                                                                                          \
    X(OTHER_IDS, 0x0010, 0x1000, PRIVATE)                                                                                                  \
    X(OTHER_NAMES, 0x0010, 0x1001, PERSON)                                                                                                 \
    X(BIRTH_NAME, 0x0010, 0x1005, PERSON)                                                                                                  \
    X(AGE, 0x0010, 0x1010, PLAIN)                                                                                                          \
    X(ADDRESS, 0x0010, 0x1040, PRIVATE)                                                                                                    \
    X(MOTHERS_NAME, 0x0010, 0x1060, PERSON)                                                                                                \
    X(TELEPHONE, 0x0010, 0x2154, PRIVATE)                                                                                                  \
    X(CONTRAST_AGENT, 0x0018, 0x0010, PLAIN)                                                                                               \
    X(DEVICE_NUMBER, 0x0018, 0x1000, PRIVATE)                                                                                              \
    X(STUDY_UID, 0x0020, 0x000D, PRIVATE)                                                                                                  \
    X(SERIES_UID, 0x0020, 0x000E, PRIVATE)                                                                                                 \
    X(STUDY_ID, 0x0020, 0x0010, PRIVATE)                                                                                                   \
    X(SERIES_NUMBER, 0x0020, 0x0011, PLAIN)                                                                                                \
    X(INSTANCE_NUMBER, 0x0020, 0x0013, PLAIN)                                                                                              \
    X(POSITION, 0x0020, 0x0032, PLAIN)                                                                                                     \
    X(ORIENTATION, 0x0020, 0x0037, PLAIN)                                                                                                  \
    X(FRAMES, 0x0028, 0x0008, PLAIN)

typedef enum {
#define DN_X(name, group, element, kind) DN_DICOM_##name,
    DN_DICOM_FIELD_LIST(DN_X)
#undef DN_X
        DN_DICOM_COUNT
} dn_dicom_field;

typedef enum { DN_DICOM_PLAIN, DN_DICOM_PERSON, DN_DICOM_PRIVATE } dn_dicom_kind;
dn_dicom_kind dn_dicom_kind_of(dn_dicom_field field);

/* Flat: nothing to release. */
typedef struct dn_dicom_header {
    char text[DN_DICOM_COUNT][128]; /* without blanks at the ends; "": not there; longer ones are cut */
    int64_t rows, columns;          /* 0: it is no image */
    bool agent_in_sequence;         /* ContrastBolusAgentSequence is not empty, as newer files name the agent */
    bool has_place;                 /* position and orientation were read */
    double position[3];             /* mm, DICOM's axes (left, posterior, superior) */
    double orientation[6];          /* directions of a row and of a column */
} dn_dicom_header;

/* The day of the examination (StudyDate), "2019-04-02"; "": it is none. */
void dn_dicom_day(const dn_dicom_header *header, char out[11]);

/* Whether bytes begin as a DICOM file does. */
bool dn_dicom_begins(const unsigned char *bytes, size_t size);
/* Reads the fields of a file's first bytes. Returns whether it has all that there are; false: more bytes may hold more. Bytes that make no
 * sense end the reading. */
bool dn_dicom_parse(const unsigned char *bytes, size_t size, dn_dicom_header *out);
/* *is_one: it is a DICOM file, whose fields out now has. A file that cannot be opened is none. DN_ENOMEM. */
DN_CHECKED dn_status dn_dicom_read(const char *path, dn_dicom_header *out, bool *is_one);

#endif
