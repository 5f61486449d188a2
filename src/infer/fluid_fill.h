/* Fluid and a bright shell around the brain of a scan without skull.
 *
 * The published subunit network was trained on whole heads. In a scan without skull there is black instead of fluid, bone and fat. Then the
 * network outlines the base of the brain too high and too small (volumes 4 to 16 % less than on the whole head), and nothing in the scan
 * shows the error. Therefore the network runs on a copy with three zones:
 *
 *   tissue   labelled by the whole-head networks and not fluid, closed by a ball of 2 mm, where the scan has a value: unchanged
 *   fluid    within FLUID_MM of the tissue: 0.8 times the median of the lateral ventricles (of the third ventricle if they are too
 *            narrow), and smooth noise of a fortieth of the white matter's median
 *   shell    from there to SHELL_MM: 1.1 times the white matter's median
 *
 * and 0 beyond. Only networks run on the copy; pictures, quality control and volumes use the scan itself. */
#ifndef DN_INFER_FLUID_FILL_H
#define DN_INFER_FLUID_FILL_H

#include "base/status.h"
#include "image/volume.h"

#include <stdbool.h>

#define DN_FLUID_FILL_FLUID_MM 10.0
#define DN_FLUID_FILL_SHELL_MM 15.0

typedef struct dn_fluid_fill {
    bool done;
    double fluid, white_matter; /* medians in the scan, in the volume's units */
} dn_fluid_fill;

/* volume: borrowed, left as it is. labels: on its grid, FreeSurfer's numbers (ventricles 4, 43 and 14, white matter 2 and 41,
 * fluid 24).
 * *out: the filled copy, owned by the caller. The same input gives the same voxels, whatever the number of threads.
 * DN_EDATA: white matter or ventricles are not labelled, or there is no contrast between them. */
DN_CHECKED dn_status dn_fluid_fill_around(const dn_volume *volume, const dn_labels *labels, dn_volume **out, dn_fluid_fill *report);

#endif
