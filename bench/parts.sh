#!/bin/bash
# The parts of `make bench` beyond the subunit network (rounds.sh): each writes build/bench/part_NAME.jsonl, a few minutes each.
#   bench/parts.sh BUILD PART...
#     train      a training step of the whole-head networks, the published one, the subunit network, and the 2-D one, beside PyTorch's
#     slices     slices of 512 x 512 through the EfficientNetB0 U-Net, beside PyTorch and ONNX Runtime; share of the processor's peak
#     whole      the whole head: the networks alone, and `dien segment` on a scan
#     scan       `dien segment` with everything on a scan of 1 mm and the same at 0.7 mm, on one core and on two (a minute)
#     threads    one thread against two: training steps and inference
#     generator  training samples per second
# BENCH_REPEATS (3) times each, after a warm-up; BENCH_THREADS (all). BENCH_SMALL=1: once and with small inputs, to see that the scripts
# and the peers still work; such numbers mean nothing, and bench/run.sh leaves networks.md alone then.
# PyTorch 1.13 is slow at 1 x 1 convolutions on one thread: peers are compared on two.
# shellcheck disable=SC2046,SC2086 # a shape is three words, an empty option is none
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
shift
small=${BENCH_SMALL:-0}
repeats=${BENCH_REPEATS:-3}
threads=${BENCH_THREADS:-$(nproc)}
data=${DIEN_DATA:-$here/../../shared/data}
python=/usr/bin/python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$build/bench"

whole='"features":[16,32,64,64],"convs":2,"norm":"instance","activation":"relu","residual":true,"down":"max","up":"nearest"'
whole="{\"classes\":32,$whole}"
published='{"classes":5,"features":[16,32,64,128,256],"convs":2,"norm":"instance","activation":"leaky_relu","residual":true,"down":"stride","up":"deconv"}'
subunit='{"classes":11,"features":[24,48,96],"activation":"elu","norm_at":"level","skip":"before_norm"}'
efficientnet='{"encoder":"efficientnetb0","classes":2}'
# D H W, or a size that every network takes
shape() { if [ "$small" = 1 ]; then echo "32 32 32"; else echo "$*"; fi; }
edge=512
batch=4
if [ "$small" = 1 ]; then
    edge=128
    batch=2
    repeats=1
fi
types=(f32)
if [ "$("$build/bench/bench_network" --bf16)" = yes ]; then types+=(bf16); fi

named() { sed "s/\"what\": \"[^\"]*\"/\"what\": \"$1\"/"; }
# What fails or is not installed is named, and the rest goes on.
try() {
    "$@" 2>"$work/error" || echo "left out: ${*:1:3} ($(tail -n 1 "$work/error"))" >&2
}
modern_torch() { "$python" -c 'import torch, sys; sys.exit(int(torch.__version__.split(".")[0]) < 2)' 2>/dev/null; }
step() { # NAME ARCHITECTURE CONFIG N D H W C THREADS REPEATS
    for type in "${types[@]}"; do try "$build/bench/bench_train_step" "${@:2}" "$type" | named "$1"; done
}
step_peer() { # NAME CONFIG D H W REPEATS
    try "$python" "$here/peers/torch_unet3d.py" --config "$2" --shape "${@:3:3}" --steps "$6" --threads "$threads" --what "$1"
}

part_train() {
    local few=$((repeats > 2 ? 2 : repeats)) name
    name="training step: whole-head-coarse, 88 x 104 x 88"
    step "$name" unet3d "$whole" 1 $(shape 88 104 88) 1 "$threads" "$repeats"
    step_peer "$name" "$whole" $(shape 88 104 88) "$few"
    name="training step: whole-head-fine, 80 x 80 x 72"
    step "$name" unet3d "$whole" 1 $(shape 80 80 72) 1 "$threads" "$repeats"
    step_peer "$name" "$whole" $(shape 80 80 72) "$few"
    name="training step: subunit network, 96 x 96 x 96"
    step "$name" unet3d "$subunit" 1 $(shape 96 96 96) 1 "$threads" "$few"
    step_peer "$name" "$subunit" $(shape 96 96 96) "$few"
    name="training step: EfficientNetB0 U-Net, 4 x 512 x 512"
    step "$name" unet2d "$efficientnet" "$batch" 1 "$edge" "$edge" 3 "$threads" "$few"
    try "$python" "$here/peers/torch_unet2d.py" --batch "$batch" --size "$edge" --steps "$few" --threads "$threads" --what "$name"
    name="training step: published 4-class network, 160 x 160 x 160"
    step "$name" unet3d "$published" 1 $(shape 160 160 160) 1 "$threads" 1
    step_peer "$name" "$published" $(shape 160 160 160) 1
}

part_slices() {
    local name="forward: EfficientNetB0 U-Net, a slice of 512 x 512" many=$((repeats * 5))
    if [ -x "$build/bench/bench_peak" ]; then "$build/bench/bench_peak"; fi # for x86-64 only
    for type in "${types[@]}"; do
        try "$build/bench/bench_forward" unet2d "$efficientnet" 1 1 "$edge" "$edge" 3 "$threads" "$many" "$type" | named "$name"
    done
    for layout in "" --channels-last; do
        try "$python" "$here/peers/torch_unet2d.py" --forward --batch 1 --size "$edge" --steps "$many" --threads "$threads" --what "$name" $layout
    done
    if modern_torch; then
        try "$python" "$here/peers/torch_unet2d.py" --forward --batch 1 --size "$edge" --steps "$many" --threads "$threads" --what "$name" --channels-last --dtype bf16
    fi
    if "$python" -c 'import onnxruntime' 2>/dev/null; then
        try "$python" "$here/peers/torch_unet2d.py" --forward --batch 1 --size "$edge" --steps "$many" --threads "$threads" --what "$name" --onnx
    fi
}

part_whole() {
    local name="forward: whole-head-coarse, 88 x 104 x 88"
    for type in "${types[@]}"; do
        try "$build/bench/bench_forward" unet3d "$whole" 1 $(shape 88 104 88) 1 "$threads" "$repeats" "$type" | named "$name"
    done
    try "$python" "$here/peers/torch_unet3d.py" --forward --config "$whole" --shape $(shape 88 104 88) --steps "$repeats" --threads "$threads" --what "$name"
    if ! "$build/dien" models show whole-head-fine >/dev/null 2>&1; then
        echo "left out: dien segment (the whole-head networks are not in models/)" >&2
        return 0
    fi
    for scan in t1w/chris_T1w.nii.gz ixi_2mm/IXI577-HH-2661_T1w.nii.gz; do
        for type in "${types[@]}"; do
            [ ! -e "$data/$scan" ] ||
                try "$python" "$here/measure.py" "dien segment --structures thalamus,icv --precision $type $scan" "$repeats" \
                    "$build/dien" segment "$data/$scan" -o "$work/out" --structures thalamus,icv --precision "$type" --threads "$threads"
        done
    done
}

part_scan() {
    local scan=$data/t1w/chris_T1w.nii.gz mm count type
    [ -e "$scan" ] || { echo "left out: scan ($scan is not there)" >&2; return 0; }
    "$build/bench/bench_finer" "$scan" "$work/chris_0.7mm.nii.gz" 0.7
    cp "$scan" "$work/chris_1mm.nii.gz"
    for mm in 1 0.7; do
        for type in "${types[@]}"; do
            for count in 1 2; do
                [ "$count" -le "$threads" ] || continue
                try "$python" "$here/measure.py" "$mm mm, $type, $count" "$repeats" \
                    "$build/dien" segment "$work/chris_${mm}mm.nii.gz" -o "$work/out" --precision "$type" --threads "$count" --quiet
            done
        done
    done
}

part_threads() {
    local few=$((repeats > 2 ? 2 : repeats)) count type
    [ "$threads" -ge 2 ] || { echo "left out: threads (one core)" >&2; return 0; }
    for count in 1 2; do
        step "threads: training step of whole-head-fine" unet3d "$whole" 1 $(shape 80 80 72) 1 "$count" "$few"
        for type in "${types[@]}"; do
            try "$build/bench/bench_forward" unet3d "$whole" 1 $(shape 88 104 88) 1 "$count" "$few" "$type" | named "threads: forward of whole-head-coarse"
            try "$build/bench/bench_forward" unet2d "$efficientnet" 1 1 "$edge" "$edge" 3 "$count" "$((few * 3))" "$type" |
                named "threads: forward of a slice, EfficientNetB0 U-Net"
        done
    done
}

part_generator() {
    local map=$data/labelmaps/synthseg/training_seg_01.nii.gz
    [ -e "$map" ] || { echo "left out: generator ($map is not there)" >&2; return 0; }
    "$build/bench/bench_generator" "$map" "$here/../share/synth/tissues.tsv" 2 $(shape 88 104 88) "$((repeats * 4))" | named "generator: 88 x 104 x 88 at 2 mm"
    "$build/bench/bench_generator" "$map" "$here/../share/synth/tissues.tsv" 1 $(shape 80 80 72) "$((repeats * 4))" | named "generator: 80 x 80 x 72 at 1 mm"
}

for part in "$@"; do
    case $part in train | slices | whole | scan | threads | generator) ;; *) echo "bench/parts.sh: there is no part $part" >&2; exit 2 ;; esac
    echo "bench: $part" >&2
    "part_$part" >"$work/part.jsonl"
    mv "$work/part.jsonl" "$build/bench/part_$part.jsonl"
done
