/* The config of `dien train`: one YAML file, documented key by key in docs/manual/training.md, examples in configs/.
 *
 * Reading checks everything that can be known before the first scan is opened: keys, types, limits, files, the network's
 * shape, and whether the classes are consistent. Paths in a config are relative to its folder; ${NAME} and ${NAME:-default} in
 * them stand for environment variables. */
#ifndef DN_TRAIN_CONFIG_H
#define DN_TRAIN_CONFIG_H

#include "models/model.h"
#include "net/plan/plan.h"
#include "net/train/loss.h"
#include "net/train/optimizer.h"
#include "net/train/schedule.h"
#include "synth/generator.h"

#include <jansson.h>

enum {
    DN_CLASS_NONE = -1,    /* of a label that the config does not name */
    DN_CLASS_IGNORE = 255, /* a voxel that does not count */
    DN_CLASS_LIMIT = 254
};

typedef struct dn_train_class {
    char *name, *structure;
    char *color; /* "#rrggbb" */
    int64_t index;
    char hemi; /* 'L', 'R', 'B' */
    double weight;
    double centre; /* how often a balanced patch lies around this class, relative to the others */
} dn_train_class;

/* A scan with its truth; translate: a TSV with the columns label and to, for truths numbered in another way, or NULL. */
typedef struct dn_train_pair {
    char *scan, *labels, *translate;
    char *subject; /* whose scan it is: sub-XX in its name, else what `*` stood for, else the name; of slice folders the folder's name */
} dn_train_pair;

typedef struct dn_train_sources {
    char **maps; /* label maps, sorted by name */
    size_t map_count;
    dn_train_pair *pairs;
    size_t pair_count;
} dn_train_sources;

typedef enum { DN_CENTRE_HEAD, DN_CENTRE_BALANCED } dn_patch_centre;

/* The input of a 2-D network: scans slice by slice. The tensor is [slices, 1, rows, columns, channels]. */
typedef struct dn_train_slices {
    char orientation[4]; /* which way slices follow, rows run down and columns run right: "PIL" is coronal, as a radiologist looks */
    int64_t channels;
    int64_t step; /* slices from one channel to the next, the middle one in the middle; 0: all channels hold the same slice */
    dn_normalise_kind normalise; /* of a whole stack, or of a picture */
    bool acpc;                   /* stacks lie in the AC-PC frame, as `dien prepare` cuts them; `segment` then cuts them itself */
    int64_t count;               /* acpc: slices of a stack; rows and columns are the patch's */
    double *contrast;            /* factors that a sample's intensities may be multiplied by, then cut at the brightest */
    size_t contrast_count;
    double contrast_probability;
    double jitter; /* sd by which mean and log sd of the z-scores are off */
} dn_train_slices;

typedef struct dn_train_split dn_train_split;

typedef struct dn_train_config {
    char *path;
    char *name;   /* of the model */
    char *output; /* folder */
    char *trained_on, *licence, *source;

    /* model */
    char *architecture, *architecture_config; /* config: JSON with "classes" filled in */
    char *divides;                            /* name of the network whose structures this one divides (infer/divide.h), or NULL */
    char *start;                              /* model file whose weights are the start, or NULL */
    double spacing[3];
    int64_t patch[3]; /* voxels along R, A, S; 2-D: 1, rows, columns (and spacing between slices, rows, columns) */
    int dims;         /* of the network, 2 or 3 */
    dn_train_slices slices;
    dn_patch_centre centre;
    double balance; /* balanced: share of patches around a class drawn by its `centre`; the others around any voxel of the head */
    bool store_f16;
    bool mirror; /* `segment` runs it on the scan and on its mirror image */
    int64_t box; /* voxels along each axis of the box on which `segment` runs the network; 0: it may run anywhere */

    /* labels */
    dn_train_class *classes;
    int64_t class_count;
    int16_t *class_of; /* [65536] label -> class, DN_CLASS_IGNORE or DN_CLASS_NONE */

    /* data */
    char *tissues;
    dn_train_sources training, validation;
    double real_share; /* of training samples */
    int64_t validation_samples;

    dn_synth_options synth;
    /* A patch's darkest and brightest voxel are moved to values drawn from 0..range_low and range_high..1: in a whole scan,
     * fat and vessels outside the patch decide what 1 is. */
    double range_low, range_high;

    /* training */
    int64_t epochs;        /* 0: steps were given */
    int64_t epoch_samples; /* an epoch: each slice once; 3-D: as many samples as there are maps and scans */
    int64_t steps, batch, accumulate, seed, threads, data_threads, queue, validate_every, log_every, patience;
    bool keep_last; /* the model file gets the weights of the last step, not those of the lowest validation loss */
    double checkpoint_minutes, norm_momentum;
    dn_precision precision;
    dn_optimizer_options optimizer;
    dn_schedule schedule;
    dn_loss loss; /* class_weights: of the config */
    float *class_weights;

    const dn_train_split *split; /* only while the config is read */
    json_t *canonical;           /* what decides the curve, for checkpoints: everything but paths of output, threads and intervals */
} dn_train_config;

/* steps > 0 replaces training.steps. *out: owned by the caller (dn_train_config_destroy). DN_EINPUT, DN_EFORMAT,
 * DN_EUSAGE: "FILE:LINE: sentence". */
DN_CHECKED dn_status dn_train_config_read(const char *path, int64_t steps, dn_train_config **out);
/* Which subjects are held out: their scans (of data and of data.validation alike) become the validation, the others the training. */
struct dn_train_split {
    bool (*held_out)(const void *user, const char *subject);
    const void *user;
};
/* The same for one fold of a cross-validation. split: borrowed during the call; with held_out NULL the folds are still to be dealt, and
 * what only holds once they are (a validation for patience and plateau) is not asked for. */
DN_CHECKED dn_status dn_train_config_read_fold(const char *path, int64_t steps, const dn_train_split *split, dn_train_config **out);
void dn_train_config_destroy(dn_train_config *config);

/* The contract and labels of the model that this config trains, without weights. *out: owned by the caller. */
DN_CHECKED dn_status dn_train_config_model(const dn_train_config *config, dn_model **out);
/* The class of the same structure on the other side, for each class; DN_CLASS_IGNORE stays what it is. DN_EFORMAT: samples are mirrored and
 * a class of one side has no such partner. */
DN_CHECKED dn_status dn_train_config_mirror(const dn_train_config *config, uint8_t mirror[256]);
/* SHA-256 of the canonical form, in hex. */
DN_CHECKED dn_status dn_train_config_hash(const dn_train_config *config, char hex[65]);
/* Where two canonical forms differ first, as "training.steps (100 there, 200 here)", into text; false: nowhere. */
bool dn_train_config_difference(const json_t *there, const json_t *here, char *text, size_t size);

#endif
