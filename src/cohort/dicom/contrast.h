/* How a series is weighted, by its name and by its times, and how well it suits: facts in, words and a number out. */
#ifndef DN_COHORT_DICOM_CONTRAST_H
#define DN_COHORT_DICOM_CONTRAST_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>

/* A volume that dcm2niix can make, as its JSON file describes it. */
typedef struct dn_series_facts {
    const char *description, *protocol; /* as in the header; "" where there is none */
    const json_t *sidecar;              /* borrowed; of dcm2niix; NULL: it made none */
    const char *agent;                  /* the contrast agent that the header names; "": none */
    long long images, slices;           /* all images; places at which they are; 0: not known */
    double spacing;                     /* mm, from slice to slice; 0: not known */
    bool mixed;                         /* other images of the same series lie in other directions */
} dn_series_facts;

typedef struct dn_series_verdict {
    bool taken;     /* it is T1-weighted and not derived from other images */
    double score;   /* the higher, the better it suits; 0 if not taken */
    char text[400]; /* the reasons, a part of a sentence: "T1-weighted by its name and its times (TR 2 s, ...), 3D, ..." */
} dn_series_verdict;

/* Points: 3 if the name says T1, 3 if the times do; 3 for 3D; 2 for at least 100 slices or 1 for 40; 2 for slices up to 1.5 mm apart or 1
 * up to 3 mm; 1 for images that the scanner corrected for the coil (NORM); -5 for a contrast agent. Times: T1w are spoiled or
 * inversion-prepared gradient echoes with a short TE (below 12 ms), and spin echoes with TR below 1.2 s and TE below 35 ms (Bernstein, King
 * and Zhou 2004, chapters 14 and 16). Where name and times contradict each other, it is not taken. */
void dn_series_judge(const dn_series_facts *facts, dn_series_verdict *out);

#endif
