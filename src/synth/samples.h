/* `dien synth` on one label map: samples of it and their truth as files. */
#ifndef DN_SYNTH_SAMPLES_H
#define DN_SYNTH_SAMPLES_H

#include "register/tissues.h"
#include "synth/generator.h"

typedef struct dn_samples_options {
    const char *folder;
    int64_t count;
    uint64_t seed;   /* the same seed gives the same files */
    double spacing;  /* mm, of the scans */
    double slice_mm; /* thickness of slices, along slice_axis (world: 0 x, 1 y, 2 z; -1: drawn for each sample); 0: none */
    int slice_axis;
    const char *kind; /* how files of scans end; NULL: "T1w" */
    double size;      /* edge of a cube around the middle of the map, mm; 0: the whole map */
    bool preview;     /* also STEM_preview.png: the first samples with and without their labels */
    dn_synth_options how;
} dn_samples_options;

/* Writes STEM_sample-0001_KIND.nii.gz, its truth STEM_sample-0001_dseg.nii.gz, and so on, into the folder, which is there. Errors name the
 * map's file; DN_EDATA: every voxel is 0; DN_ECANCELLED. */
DN_CHECKED dn_status dn_samples_write(const char *map_path, const dn_tissues *tissues, const dn_samples_options *options);

#endif
