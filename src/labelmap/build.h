/* `dien labelmap build`: all steps from the scan of one hemisphere to whole-head label maps, one per number of classes. */
#ifndef DN_LABELMAP_BUILD_H
#define DN_LABELMAP_BUILD_H

#include "labelmap/background.h"
#include "labelmap/classes.h"
#include "labelmap/orient.h"

typedef struct dn_build_options {
    const char *folder;
    const char *manual; /* path of drawn labels on the scan's grid; NULL: none */
    dn_orient_options orient;
    dn_background_options background;
    dn_classes_options classes;
    double wave_mm; /* of the bias field; 0: 60 */
    double radius;  /* of the closing, mm */
    double alpha;   /* of the placement */
} dn_build_options;

/* For a/NAME.nii.gz the folder gets, each with a picture (.png):
 *
 *     NAME_scan, NAME_manual      RAS, left, resampled      NAME_k-4_classes ...  classes of the tissue
 *     NAME_brain                  mask                      NAME_k-4_half ...     with the drawn labels
 *     NAME_corrected, NAME_bias   without field; the field  NAME_placed (.json)   mask against the mirror
 *     NAME_k-4_dseg ... and NAME_k-4_tissues.tsv            the whole-head maps, and what `dien synth` needs to know of them
 *     NAME_steps.json             which steps are finished (labelmap/steps.h)
 *
 * Steps that are finished with the same inputs and settings are not repeated. Errors of the steps; what was finished before stays. */
DN_CHECKED dn_status dn_labelmap_build(const char *scan, const dn_build_options *options);

#endif
