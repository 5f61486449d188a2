/* Rows of the option tables of the steps of `dien labelmap`, each without the comma after it. */
#ifndef DN_CLI_LABELMAP_OPTIONS_H
#define DN_CLI_LABELMAP_OPTIONS_H

#include "cli/command.h"

#define DN_OPTION_MAP_OUTPUT                                                                                                               \
    {                                                                                                                                      \
        .name = "output", .letter = 'o', .kind = DN_OPTION_FILE, .value = "FILE", .required = true, .written = true,                       \
        .help = "file to write (.nii.gz); a picture of the step is written beside it (.png)"                                               \
    }
#define DN_OPTION_TISSUES                                                                                                                  \
    {                                                                                                                                      \
        .name = "tissues", .kind = DN_OPTION_FILE, .value = "FILE",                                                                        \
        .help = "tissue table (TSV; default: the table that comes with dien, for FreeSurfer labels)"                                       \
    }
#define DN_OPTION_SEED                                                                                                                     \
    {                                                                                                                                      \
        .name = "seed", .kind = DN_OPTION_INTEGER, .value = "N", .preset = "1", .low = 0, .high = 4e9,                                     \
        .help = "seed of the random numbers; the same seed gives the same files"                                                           \
    }
#define DN_OPTION_SIDE                                                                                                                     \
    {                                                                                                                                      \
        .name = "side", .kind = DN_OPTION_CHOICE, .value = "SIDE", .preset = "left", .choices = "left|right",                              \
        .help = "hemisphere in the scan; a right one is mirrored to the left, and its labels get the numbers of the left side"             \
    }
#define DN_OPTION_AXES                                                                                                                     \
    {                                                                                                                                      \
        .name = "axes", .kind = DN_OPTION_TEXT, .value = "CODE",                                                                           \
        .help = "directions of the voxel axes (for example LIA), if the header of the scan does not tell the truth"                        \
    }
#define DN_OPTION_ALPHA                                                                                                                    \
    {                                                                                                                                      \
        .name = "alpha", .kind = DN_OPTION_REAL, .value = "SHARE", .preset = "0.0005", .low = 0.00001, .high = 0.4,                        \
        .help = "weight of the second term of the cost: this share of the hemisphere may lie beyond the mirror"                            \
    }
#define DN_OPTION_ANY_SIZE                                                                                                                 \
    {                                                                                                                                      \
        .name = "any-size", .kind = DN_OPTION_FLAG, .help = "accept volumes that no human hemisphere has (200 to 850 mL)"                  \
    }
#define DN_OPTION_RADIUS                                                                                                                   \
    {                                                                                                                                      \
        .name = "radius", .kind = DN_OPTION_REAL, .value = "MM", .preset = "1.2", .low = 0, .high = 10,                                    \
        .help = "radius of the ball of the closing; 0: no cleaning"                                                                        \
    }
#define DN_OPTION_OUTSIDE                                                                                                                  \
    {                                                                                                                                      \
        .name = "outside", .kind = DN_OPTION_INTEGER, .value = "N", .preset = "0", .low = 0, .high = 11,                                   \
        .help = "how many classes of intensity, from the edge of the scan inwards, are background and packing; 0: found by the volume"     \
    }
#define DN_OPTION_WAVE                                                                                                                     \
    {                                                                                                                                      \
        .name = "wave", .kind = DN_OPTION_REAL, .value = "MM", .preset = "60", .low = 20, .high = 500,                                     \
        .help = "shortest half wave of the bias field"                                                                                     \
    }

extern const dn_command dn_labelmap_orient_command, dn_labelmap_resample_command, dn_labelmap_background_command, dn_labelmap_bias_command,
    dn_labelmap_classes_command, dn_labelmap_merge_command, dn_labelmap_place_command, dn_labelmap_mirror_command,
    dn_labelmap_subdivide_command, dn_labelmap_build_command;

#endif
