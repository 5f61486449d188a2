/* A model file: one safetensors file whose metadata has everything that a reader needs.
 *
 * Metadata keys (all text; values that are structures are JSON):
 *   dien.format        "1"
 *   dien.name          "billot2020-hypothalamus-subunits"
 *   dien.architecture  a registry name ("unet3d", ...) or "graph" (dien.config then holds the node list)
 *   dien.config        JSON of the architecture
 *   dien.input         JSON: {"spacing_mm":[1,1,1], "orientation":"RAS", "multiple":8, "channels":1, "slice_step":0,
 *                      "normalisation":{"kind":"percentile","low":0.5,"high":99.5}, "region":{...} or null,
 *                      "mirror":true (left out: false)}
 *                      kinds: "none"; "percentile" (clip at the percentiles of the whole scan, scale to 0..1);
 *                      "zscore" (whole scan, mean 0 and standard deviation 1)
 *   dien.labels        JSON: [{"channel":1,"index":801,"name":"...","structure":"...","hemi":"L","color":"#rrggbb"}, ...]
 *   dien.trained_on, dien.licence, dien.source   text
 *   dien.note.KEY      free text, kept as it is (accuracy, recipe, ...); of KEY "divides": name of the network whose structures this one
 *                      divides (infer/divide.h)
 */
#ifndef DN_MODELS_MODEL_H
#define DN_MODELS_MODEL_H

#include "net/graph.h"
#include "net/weights.h"

#define DN_MODEL_DIVIDES "divides"

typedef enum { DN_NORMALISE_NONE, DN_NORMALISE_PERCENTILE, DN_NORMALISE_ZSCORE } dn_normalise_kind;

typedef struct dn_model_label {
    int64_t channel; /* of the network's output */
    int64_t index;   /* FreeSurfer number; 0 background */
    char *name;      /* "left_anterior_inferior" */
    char *structure; /* "hypothalamus_anterior_inferior" */
    char hemi;       /* 'L', 'R', or 'B' for both or neither */
    uint8_t color[3];
} dn_model_label;

typedef struct dn_model_input {
    double spacing[3];   /* mm, along the axes of `orientation` */
    char orientation[4]; /* "RAS" */
    int64_t multiple;    /* sizes must be multiples of this */
    int64_t channels;
    int64_t slice_step; /* 2-D: slices from one channel to the next, the middle one in the middle; 0: each channel holds the same slice */
    dn_normalise_kind normalise;
    double low, high; /* percentiles, 0..100 */
    bool mirror;      /* 3-D: runs on the scan and on its mirror image; the results are averaged */
    char *region;     /* JSON object whose meaning belongs to segment/, or NULL */
} dn_model_input;

typedef struct dn_model_note {
    char *key, *value;
} dn_model_note;

typedef struct dn_model {
    char *name;
    char *architecture;
    char *config;                        /* JSON */
    char *trained_on, *licence, *source; /* "" when not known */
    dn_model_input input;
    dn_model_label *labels; /* label_count entries, channel order; each channel of the output once */
    size_t label_count;
    dn_model_note *notes;
    size_t note_count;
    dn_weights *weights; /* owned */
    char sha256[65];     /* of the file it was read from, "" for one in memory */
} dn_model;

/* A model in memory without labels or weights (an empty dn_weights): 1 mm RAS, one channel, multiple 1, no
 * normalisation. config is checked against the architecture. *out: owned by the caller (dn_model_destroy). */
DN_CHECKED dn_status dn_model_create(const char *name, const char *architecture, const char *config, dn_model **out);
/* Appends a label; texts are copied. color: "#rrggbb". */
DN_CHECKED dn_status dn_model_add_label(dn_model *model, int64_t channel, int64_t index, const char *name, const char *structure, char hemi,
                                        const char *color);
/* Sets or replaces a note. */
DN_CHECKED dn_status dn_model_set_note(dn_model *model, const char *key, const char *value);
/* NULL when absent. Borrowed. */
const char *dn_model_note_find(const dn_model *model, const char *key);

/* Reads a safetensors model (f32, f16 or bf16 tensors become f32). DN_EINPUT, DN_EFORMAT name the file and the key.
 * *out: owned by the caller (dn_model_destroy). */
DN_CHECKED dn_status dn_model_read(const char *path, dn_model **out);
/* The same without the weights (model->weights stays empty) and without the hash: for lists. */
DN_CHECKED dn_status dn_model_read_metadata(const char *path, dn_model **out);
typedef enum { DN_STORE_F32, DN_STORE_F16 } dn_store;
/* Equal models give equal bytes. Written atomically. DN_EIO; DN_EDATA when a weight is not finite or too large for f16. */
DN_CHECKED dn_status dn_model_write(const dn_model *model, dn_store store, const char *path);
void dn_model_destroy(dn_model *model);

/* Builds the network for an input of this shape ([N,D,H,W,C]); *out owned by the caller (dn_graph_destroy).
 * Tensor axes: D = x (i), H = y (j), W = z (k) of the oriented image, as the Keras networks take them; a 2-D network
 * takes D = 1. DN_ESHAPE when the sizes do not fit (the message says which multiple is asked for). */
DN_CHECKED dn_status dn_model_graph(const dn_model *model, dn_shape input, dn_graph **out);

/* Builds the network once and compares its weights and output channels with the model's (a model without labels: weights
 * alone). DN_EFORMAT names path and the weight. */
DN_CHECKED dn_status dn_model_check(const dn_model *model, const char *path);

#endif
