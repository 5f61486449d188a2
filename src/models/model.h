/* A model file: one safetensors file whose metadata says everything a reader needs.
 *
 * Metadata keys (all text; values that are structures are JSON):
 *   dien.format        "1"
 *   dien.name          "billot2020-hypothalamus-subunits"
 *   dien.architecture  a registry name ("unet3d", ...) or "graph" (dien.config then holds the node list)
 *   dien.config        JSON of the architecture
 *   dien.input         JSON: {"spacing_mm":[1,1,1], "orientation":"RAS", "multiple":8, "channels":1,
 *                      "normalisation":{"kind":"percentile","low":0.5,"high":99.5}, "region":{...} or null}
 *   dien.labels        JSON: [{"channel":1,"index":801,"name":"...","structure":"...","hemi":"L","color":"#rrggbb"}, ...]
 *   dien.trained_on, dien.licence, dien.source   text
 */
#ifndef DN_MODELS_MODEL_H
#define DN_MODELS_MODEL_H

#include "net/graph.h"
#include "net/weights.h"

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
    dn_normalise_kind normalise;
    double low, high; /* percentiles */
} dn_model_input;

typedef struct dn_model {
    char *name;
    char *architecture;
    char *config; /* JSON */
    char *trained_on, *licence, *source;
    dn_model_input input;
    dn_model_label *labels; /* label_count entries, channel order */
    size_t label_count;
    dn_weights *weights;
    char sha256[65]; /* of the file it was read from, "" for one in memory */
} dn_model;

/* Reads a safetensors model (f32, f16 or bf16 tensors become f32). DN_EINPUT, DN_EFORMAT name the file and the key.
 * *out: owned by the caller (dn_model_destroy). */
DN_CHECKED dn_status dn_model_read(const char *path, dn_model **out);
typedef enum { DN_STORE_F32, DN_STORE_F16 } dn_store;
DN_CHECKED dn_status dn_model_write(const dn_model *model, dn_store store, const char *path);
void dn_model_destroy(dn_model *model);

/* Builds the network for an input of this shape ([N,D,H,W,C]); *out owned by the caller (dn_graph_destroy).
 * Tensor axes: D = x (i), H = y (j), W = z (k) of the oriented image, as the Keras networks take them. */
DN_CHECKED dn_status dn_model_graph(const dn_model *model, dn_shape input, dn_graph **out);

#endif
