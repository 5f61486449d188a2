/* The architectures by name: how a config (JSON) becomes a graph. One row and one file per architecture. */
#ifndef DN_MODELS_REGISTRY_H
#define DN_MODELS_REGISTRY_H

#include "net/graph.h"

#include <jansson.h>

typedef struct dn_architecture {
    const char *name;
    const char *summary; /* one line for people */
    int dims;            /* 2 or 3; 0: the config says ("dims") */
    /* Adds input, nodes and output to graph. config: an object; where: file and key, for messages. Failures of the
     * graph's builder stay in the graph; a bad config is returned. */
    dn_status (*build)(const json_t *config, const char *where, dn_shape input, dn_graph *graph);
} dn_architecture;

/* NULL when there is no such architecture. */
const dn_architecture *dn_architecture_find(const char *name);
/* All, in a fixed order; i < dn_architecture_count(). */
size_t dn_architecture_count(void);
const dn_architecture *dn_architecture_at(size_t i);
/* 2 or 3. */
int dn_architecture_dims(const dn_architecture *architecture, const json_t *config);
/* Parses config and builds a finished graph; *out is owned by the caller. where: "FILE: dien.config" for messages. */
DN_CHECKED dn_status dn_architecture_build(const char *name, const char *config, const char *where, dn_shape input, dn_graph **out);

#endif
