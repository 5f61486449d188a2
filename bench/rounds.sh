#!/bin/bash
# Measures dien and the peers of this system in turn, round after round, so that a busy minute hits all of them. One JSON
# line a measurement to stdout.
#   bench/rounds.sh BUILD
# DIEN_BENCH_ROUNDS (3), DIEN_BENCH_REPEATS (2 a round), DIEN_BENCH_SHAPE ("160 192 160"), DIEN_BENCH_THREADS (all).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
data=${DIEN_DATA:-$here/../../shared/data}
weights=$data/teacher/billot2020_hypothalamus.h5
rounds=${DIEN_BENCH_ROUNDS:-3}
repeats=${DIEN_BENCH_REPEATS:-2}
threads=${DIEN_BENCH_THREADS:-$(nproc)}
read -r -a shape <<<"${DIEN_BENCH_SHAPE:-160 192 160}"
python=/usr/bin/python3
model=$build/bench/billot2020-hypothalamus-subunits.safetensors
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -r "$weights" ] || { echo "make bench needs the published network: $weights is not there; set DIEN_DATA" >&2; exit 1; }
"$build/dien" models import "$weights" -o "$model" >/dev/null
export DIEN_MODELS=$build/bench

size=${DIEN_BENCH_TRAIN_SIZE:-96}
subunit='{"classes":11,"features":[24,48,96],"activation":"elu","norm_at":"level","skip":"before_norm"}'
common=("$weights" --shape "${shape[@]}" --threads "$threads" --repeats "$repeats")
dien() { "$build/bench/bench_network" "$model" "${shape[@]}" "$threads" "$repeats" "$1"; }
peer() { # a peer that is not installed here is left out; one that fails is named
    if ! "$python" "$here/peers/$1" "${common[@]}" "${@:2}" 2>"$work/error"; then
        echo "left out: $* ($(tail -n 1 "$work/error"))" >&2
    fi
}
train() { "$build/bench/bench_train_step" unet3d "$subunit" 1 "$size" "$size" "$size" 1 "$threads" "$repeats" "$1"; }
train_peer() {
    "$python" "$here/peers/torch_train_step.py" --size "$size" --threads "$threads" --steps "$repeats" "$@" 2>"$work/error" ||
        echo "left out: torch_train_step.py $* ($(tail -n 1 "$work/error"))" >&2
}
has() { "$python" -c "import $1" 2>/dev/null; }

for ((round = 0; round < rounds; ++round)); do
    echo "round $((round + 1)) of $rounds" >&2
    dien f32
    if [ "$("$build/bench/bench_network" --bf16)" = yes ]; then dien bf16; fi
    peer torch_subunit.py
    peer torch_subunit.py --channels-last
    if "$python" -c 'import torch, sys; sys.exit(int(torch.__version__.split(".")[0]) < 2)' 2>/dev/null; then
        peer torch_subunit.py --channels-last --dtype bf16
    fi
    train f32
    if [ "$("$build/bench/bench_network" --bf16)" = yes ]; then train bf16; fi
    train_peer
    train_peer --channels-last
    if has onnxruntime; then
        peer onnx_subunit.py
        peer onnx_subunit.py --provider DnnlExecutionProvider
    fi
done
"$python" "$here/measure.py" "dien --version" 30 "$build/dien" --version
for scan in t1w/chris_T1w.nii.gz t1w/studyforrest_T1w.nii.gz t1w/ecog_T1w.mgz; do
    "$python" "$here/measure.py" "dien segment $scan" 5 "$build/dien" segment "$data/$scan" -o "$work/out" --threads "$threads"
done
