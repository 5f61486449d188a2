/* The network computed plainly in double precision, one operation after the other: slow, and what every fast path is
 * compared with. */
#ifndef DN_NET_OPS_REFERENCE_H
#define DN_NET_OPS_REFERENCE_H

#include "net/graph.h"
#include "net/weights.h"

/* graph: finished. inputs, outputs: in the order of dn_graph_input / dn_graph_output calls, channels last, of the graph's
 * shapes; borrowed. Errors as dn_plan_compile's. */
DN_CHECKED dn_status dn_reference_run(const dn_graph *graph, const dn_weights *weights, const double *const *inputs,
                                      double *const *outputs);

#endif
