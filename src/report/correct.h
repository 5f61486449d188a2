/* A label map that a person corrected, and what follows from it: the table of volumes and the files beside it, as write.h has them.
 *
 * Of a structure whose voxels were changed the volume is that of its voxels, as of any mask drawn by hand; it has no mean_posterior. A
 * whole that is made of parts, and both sides together, are the sums of these. Of all others the volume stays what the networks gave. A
 * structure that lost all voxels has no row (a missing measure is a missing row, never a zero); one that a person added gets one. The ICV
 * and its mask stay. */
#ifndef DN_REPORT_CORRECT_H
#define DN_REPORT_CORRECT_H

#include "image/volume.h"
#include "quality/score.h"
#include "report/page.h"
#include "segment/volumes.h"

/* Texts are borrowed. */
typedef struct dn_correction {
    const char *who, *why, *when; /* when: ISO 8601 */
    int version, base;            /* this one, and the one that was corrected */
} dn_correction;

/* The table of volumes of an earlier run; verdict may be NULL. out: release with dn_volume_rows_release. DN_EINPUT, DN_EFORMAT, DN_EDATA
 * name the file. */
DN_CHECKED dn_status dn_volume_rows_read(const char *path, dn_volume_rows *out, dn_verdict *verdict);

/* The rows of a corrected map. base, labels: on one grid. changed: [65536], whether a number's voxels are others now; may be NULL. *out:
 * release with dn_volume_rows_release. */
DN_CHECKED dn_status dn_corrected_volumes(const dn_labels *base, const dn_volume_rows *base_rows, const dn_labels *labels, bool *changed,
                                          dn_volume_rows *out);

/* labels: in any order of axes, on the voxels of BASE/STEM_dseg.nii.gz. Writes STEM_dseg.nii.gz, .tsv, .json, _volumes.tsv, .json and the
 * mask of the ICV, if there is one, into folder, which exists. DN_EGEOMETRY: on another grid; DN_EDATA: a number that no label has, or
 * nothing was changed; DN_EIO. */
DN_CHECKED dn_status dn_corrected_write(const char *base, const char *stem, const dn_labels *labels, const dn_correction *correction,
                                        const char *folder);

/* STEM_qc.png and STEM_report.html of a corrected map, from the files that dn_corrected_write left in folder and from the scan: the same
 * drawing and the same page as of a measured scan, with who corrected it, when and why. report: age, sex and norms; its `corrected` is set
 * here. DN_EGEOMETRY: the map does not lie on the voxels of the scan; DN_EINPUT, DN_EIO, DN_ENOMEM. */
DN_CHECKED dn_status dn_corrected_draw(const char *scan, const char *stem, const char *folder, const dn_report_options *report);

#endif
