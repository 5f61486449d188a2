/* A picture of synthetic scans, to be checked by a person: one row per sample, coronal, sagittal and axial through the
 * thalami (else the middle of the brain), without and with the outlines of the labels. Both sides of a structure have one colour. */
#ifndef DN_SYNTH_HEAD_PICTURE_H
#define DN_SYNTH_HEAD_PICTURE_H

#include "image/volume.h"
#include "register/tissues.h"

enum { DN_HEAD_PICTURE_ROWS = 12 };

typedef struct dn_head_picture dn_head_picture;

/* rows: 1..DN_HEAD_PICTURE_ROWS. title: at the top; copied. tissues: borrowed until the picture goes. *out: owned by the caller. */
DN_CHECKED dn_status dn_head_picture_create(int rows, const char *title, const dn_tissues *tissues, dn_head_picture **out);
void dn_head_picture_destroy(dn_head_picture *picture);
/* Draws the next row; one too many is DN_EINTERNAL. scan, truth: on one grid with axes RAS; scan 0..1. */
DN_CHECKED dn_status dn_head_picture_add(dn_head_picture *picture, const dn_volume *scan, const dn_labels *truth, const char *caption);
/* Atomic. DN_EIO. */
DN_CHECKED dn_status dn_head_picture_write(const dn_head_picture *picture, const char *path);

#endif
