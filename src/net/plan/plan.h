/* A graph compiled for this machine: norms folded, activations and sums fused, weights packed, buffers placed in one
 * arena by lifetime. Compile once, run many times; a plan belongs to one thread at a time. */
#ifndef DN_NET_PLAN_PLAN_H
#define DN_NET_PLAN_PLAN_H

#include "net/graph.h"
#include "net/weights.h"

typedef enum { DN_PRECISION_F32, DN_PRECISION_BF16 } dn_precision;

typedef struct dn_plan_options {
    dn_precision precision;
    int threads;          /* 0: dn_threads_get() */
    int64_t memory_limit; /* bytes for arena, packed weights and scratchpad; 0: no limit */
    bool guard;           /* red zones around all that lies in memory (net/arena.h): slower, for tests. DN_EINTERNAL: one was written to */
} dn_plan_options;

typedef struct dn_plan dn_plan;

/* graph (finished) and weights: borrowed during the call only. *out: owned by the caller (dn_plan_destroy).
 * DN_ESHAPE / DN_EFORMAT: a weight is missing or has another shape (the message names it); DN_ENOMEM: over memory_limit. */
DN_CHECKED dn_status dn_plan_compile(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, dn_plan **out);
void dn_plan_destroy(dn_plan *plan);
/* What dn_plan_peak_bytes of such a plan would be; its activations are not allocated, and memory_limit does not matter. */
DN_CHECKED dn_status dn_plan_measure(const dn_graph *graph, const dn_weights *weights, const dn_plan_options *options, int64_t *peak_bytes);
/* inputs, outputs: in the order of dn_graph_input / dn_graph_output calls; float32, channels last, of the graph's shapes. */
DN_CHECKED dn_status dn_plan_run(dn_plan *plan, const float *const *inputs, float *const *outputs);
/* Gives back the memory of the activations until the next run, which takes it again; kernels and weights stay. For plans that wait. */
void dn_plan_rest(dn_plan *plan);
/* Bytes the plan holds at its peak, its inputs and outputs not counted. */
int64_t dn_plan_peak_bytes(const dn_plan *plan);
double dn_plan_flops(const dn_plan *plan);
/* Whether this CPU and network library compile bf16 plans at all, and whether they are faster than f32 ones: CPUs with matrix
 * units (AMX) gain, those with bf16 dot products alone do not. */
bool dn_plan_bf16_supported(void);
bool dn_plan_bf16_pays(void);
/* What runs the plans, for records: "oneDNN 3.7.1, isa 0x7ff". */
void dn_plan_engine_version(char text[64]);
/* One line per step: "enc0.conv0 conv 24x3x3x3 jit:avx512_core ..." ; owned by the caller (free). */
DN_CHECKED dn_status dn_plan_describe(const dn_plan *plan, char **out);

#endif
