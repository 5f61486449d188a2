#!/bin/sh
# The same networks on the instruction sets of older CPUs: the library then picks other implementations, with other limits.
for isa in AVX2 SSE41; do
    ONEDNN_MAX_CPU_ISA=$isa "$DIEN_BUILD/tests/net_test_graphs" || exit 1
done
