/* The project's own average head: the structures of a head of mean shape, and its two commissures.
 *
 * It is a label map with FreeSurfer numbers (as share/synth/tissues.tsv; the hypothalamus and what lies around it under
 * the numbers of share/template/README.md) in the AC-PC frame: world millimetres RAS, the anterior commissure at the
 * origin, the mid-sagittal plane x = 0, the posterior commissure on the negative y axis. It is symmetric: a label at x is
 * its partner's at -x.
 *
 * A template is a folder with head.nii.gz and landmarks.tsv (columns name, x_mm, y_mm, z_mm, error_mm, from; rows AC and PC
 * at least). */
#ifndef DN_REGISTER_TEMPLATE_H
#define DN_REGISTER_TEMPLATE_H

#include "base/status.h"
#include "image/volume.h"

typedef struct dn_landmark {
    double at[3];    /* world, mm */
    double error_mm; /* expected distance from the true place */
} dn_landmark;

typedef struct dn_template {
    dn_labels *labels;  /* owned; axes RAS, grid in mm with AC at the origin */
    dn_landmark ac, pc; /* ac.at is 0, 0, 0; pc.at is 0, -y, 0 */
} dn_template;

/* folder: NULL for the template that comes with the program (share/template). *out: owned by the caller (dn_template_destroy).
 * DN_EINPUT, DN_EFORMAT: a file is missing or not what it should be; DN_EGEOMETRY: the landmarks are not in the frame above. */
DN_CHECKED dn_status dn_template_read(const char *folder, dn_template **out);
void dn_template_destroy(dn_template *head);

#endif
