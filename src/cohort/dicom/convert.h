/* The program dcm2niix (Li, Morgan, Ashburner, Smith and Rorden 2016, J Neurosci Methods 264:47), which makes volumes of DICOM files. */
#ifndef DN_COHORT_DICOM_CONVERT_H
#define DN_COHORT_DICOM_CONVERT_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* One volume that it made or would make. */
typedef struct dn_converted {
    char *name;      /* owned; of its files, without extension */
    json_t *sidecar; /* owned */
} dn_converted;

typedef struct dn_conversion {
    dn_converted *volumes; /* owned; in the order of their names */
    size_t count;
    char *said; /* owned; everything that it printed */
} dn_conversion;

typedef enum {
    DN_CONVERT_DESCRIBE, /* only JSON files, no volumes */
    DN_CONVERT_TURN,     /* 3D volumes are turned to the nearest axes of the body */
    DN_CONVERT_KEEP      /* slices stay in the third dimension */
} dn_convert_how;

/* DN_EINPUT, with what to do: it is not installed. */
DN_CHECKED dn_status dn_convert_available(void);
/* Runs it on the files of a folder; out_folder is made. It writes no names (-ba y), ignores the
 * settings of the user (-g i), and names all files by one word, which a suffix follows (_e2, _ph, a).
 * DN_EINPUT: it is not installed. DN_EDATA: it took too long. DN_ECANCELLED. That it makes nothing of the files is no failure. */
DN_CHECKED dn_status dn_convert(const char *folder, const char *out_folder, dn_convert_how how, size_t files, dn_conversion *out);
void dn_conversion_release(dn_conversion *conversion);

/* The volume of that name in out_folder. If dcm2niix also wrote one without the gantry's tilt (_Tilt, of CT) or, unless plain, one with
 * slices at equal distances (_Eq), that one. *out: owned path. DN_EDATA: there is none. */
DN_CHECKED dn_status dn_converted_path(const char *out_folder, const char *name, bool plain, char **out);

enum { DN_CONVERT_WARNINGS = 8 };
typedef struct dn_convert_warnings {
    char text[DN_CONVERT_WARNINGS][200]; /* sentences */
    size_t count;
} dn_convert_warnings;

/* What it said that a user has to know: warnings about the geometry in our words, others in its own. Those that make no difference to a
 * T1w volume are left out. folder: its path is taken out of the words. */
void dn_convert_warn(const char *said, const char *folder, dn_convert_warnings *out);
/* A sentence more, unless it is there or there is no room. */
void dn_convert_add_warning(dn_convert_warnings *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
