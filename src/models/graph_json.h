/* The architecture "graph": any network as a list of nodes in JSON, for imported networks.
 *
 *   {"dims": 3,
 *    "nodes": [
 *      {"op":"input","name":"scan","channels":1},
 *      {"op":"conv","name":"c0","input":"scan","out":24,"kernel":[3,3,3],"padding":"same","bias":true},
 *      {"op":"activation","name":"c0.act","input":"c0","kind":"elu","alpha":1.0},
 *      ...],
 *    "outputs": ["softmax"]}
 *
 * op        keys besides op, name, input (defaults in brackets)
 * input     channels; there is one input
 * conv      out, kernel, stride [1], dilation [1], groups [1], padding same|valid|explicit [same], pad_begin, pad_end, bias [true]
 * deconv    as conv
 * pool      kind max|average, kernel, stride [kernel], padding [valid], pad_begin, pad_end
 * global_pool  kind max|average
 * norm      kind batch|instance, epsilon
 * activation   kind relu|leaky_relu|elu|silu|sigmoid, alpha
 * softmax   -
 * upsample  kind nearest|linear, factor
 * concat    inputs: list of names (instead of input)
 * add, multiply  inputs: two names
 * pad, crop begin, end
 * dense     out, bias
 * dropout   rate; whole [false]: samples are dropped, not elements
 *
 * Axis triples are [D,H,W]; with "dims": 2 they are [H,W]; a single number stands for all of them. A node's name is the
 * prefix of its weights and stands once; its inputs stand before it. Unknown keys are refused. */
#ifndef DN_MODELS_GRAPH_JSON_H
#define DN_MODELS_GRAPH_JSON_H

#include "net/graph.h"

#include <jansson.h>

/* The build function of the registry. */
DN_CHECKED dn_status dn_graph_json_build(const json_t *config, const char *where, dn_shape input, dn_graph *graph);

#endif
