/* A picture of synthetic scans that a person can judge at a glance: a row a sample, coronal, sagittal and axial through the
 * thalami (else the middle of the brain), without and with the outlines of the labels. Both sides of a structure have one colour. */
#ifndef DN_SYNTH_PREVIEW_H
#define DN_SYNTH_PREVIEW_H

#include "image/volume.h"
#include "synth/tissues.h"

enum { DN_PREVIEW_ROWS = 12 };

typedef struct dn_preview dn_preview;

/* rows: 1..DN_PREVIEW_ROWS. title: at the top; copied. tissues: borrowed until the preview goes. *out: owned by the caller. */
DN_CHECKED dn_status dn_preview_create(int rows, const char *title, const dn_tissues *tissues, dn_preview **out);
void dn_preview_destroy(dn_preview *preview);
/* Draws the next row; one too many is DN_EINTERNAL. scan, truth: on one grid with axes RAS; scan 0..1. */
DN_CHECKED dn_status dn_preview_add(dn_preview *preview, const dn_volume *scan, const dn_labels *truth, const char *caption);
/* Atomic. DN_EIO. */
DN_CHECKED dn_status dn_preview_write(const dn_preview *preview, const char *path);

#endif
