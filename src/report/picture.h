/* STEM_qc.png: the whole head with the place of the structure, then coronal, sagittal and axial slices through it with the
 * labels' outlines, volumes and flags. What is drawn is chart/mosaic; here is which slices and which texts. */
#ifndef DN_REPORT_PICTURE_H
#define DN_REPORT_PICTURE_H

#include "base/status.h"
#include "quality/verdict.h"
#include "segment/result.h"

DN_CHECKED dn_status dn_picture_write(const dn_segment_result *result, const dn_judgement *judgement, const char *path);

/* A label map in the place of the networks' posteriors: one that a person corrected. Both maps lie on the grid of
 * result->conformed.oriented. */
typedef struct dn_picture_hand {
    const dn_labels *labels; /* channels of result->structures, 0: none */
    const dn_labels *inside; /* not 0: inside the skull; NULL: not known */
    const char *note;        /* who corrected it and why, beside the verdict */
} dn_picture_hand;
/* The same picture of such a result, whose stages are NULL. */
DN_CHECKED dn_status dn_picture_write_hand(const dn_segment_result *result, const dn_judgement *judgement, const dn_picture_hand *hand,
                                           const char *path);

/* The whole head in three planes, which is the upper left part of such a picture, as a small one (DN_THUMBNAIL_WIDTH pixels wide). Of
 * another picture: all of it. DN_EINPUT, DN_EFORMAT, DN_EIO. */
enum { DN_THUMBNAIL_WIDTH = 216 };
DN_CHECKED dn_status dn_picture_thumbnail(const char *picture, const char *path);

#endif
