#!/bin/bash
# The main job on a real scan, with the published network; build folder $1. Everything lands in $1/demo.
# With --check instead: only says whether the inputs are there.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
data=${DIEN_DATA:-../shared/data}
demo=$build/demo
network=$data/teacher/billot2020_hypothalamus.h5
scan=$data/t1w/chris_T1w.nii.gz
if [ ! -r "$network" ] || [ ! -r "$scan" ]; then
    echo "make demo needs a scan and the published network, which are not part of this tree." >&2
    echo "Set DIEN_DATA to a folder that has teacher/billot2020_hypothalamus.h5 and t1w/chris_T1w.nii.gz" >&2
    echo "(looked in $data)." >&2
    exit 1
fi
[ "$build" = --check ] && exit 0
mkdir -p "$demo"
model=$demo/billot2020-hypothalamus-subunits.safetensors
[ -e "$model" ] || "$build/dien" models import "$network" -o "$model"
"$build/dien" segment "$scan" -o "$demo" --model "$model"
echo
column -t -s "$(printf '\t')" "$demo/chris_volumes.tsv" 2>/dev/null || cat "$demo/chris_volumes.tsv"
echo
echo "picture: $demo/chris_qc.png"
echo "report:  $demo/chris_report.html (open it in a browser)"
echo "table:   $demo/chris_volumes.tsv"
