#!/bin/bash
# What a hypothalamus network reaches against the consensus of the published one, on scans that it was not taught on, beside the
# published network itself. Build folder $1; consensus in $2 (made by tools/hypothalamus_truth.sh where it is absent).
#   HYPOTHALAMUS_MODEL    name or file (hypothalamus-3d)
#   HYPOTHALAMUS_SCANS    names ('studyforrest IBSR_01 ... IBSR_18')
#   HYPOTHALAMUS_SCALES   the scan's intensities times this, saturated as a clip would ('0.5 0.7 1.5 2')
#   HYPOTHALAMUS_DEGRADED kinds of degraded copies ('contrast noise bias slices'; 'none')
# The table goes to stdout: a row a scan, then means, correlation, what scaling does, accepted shares and the SD over degraded copies.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
truth=${2:-${DIEN_CONSENSUS:-out/consensus}}
model=${HYPOTHALAMUS_MODEL:-hypothalamus-3d}
data=${DIEN_DATA:-../shared/data}
scans=${HYPOTHALAMUS_SCANS:-studyforrest $(seq -f 'IBSR_%02g' 1 18 | tr '\n' ' ')}
scales=${HYPOTHALAMUS_SCALES:-0.5 0.7 1.5 2}
degraded=${HYPOTHALAMUS_DEGRADED:-contrast noise bias slices}
out=$build/accuracy_hypothalamus
python=/usr/bin/python3
[ -d "$data/t1w" ] || { echo "this needs real scans: $data/t1w is not there; set DIEN_DATA" >&2; exit 1; }
[ -e "$truth/studyforrest_dseg.nii.gz" ] || TRUTH_SCANS='train validate' tools/hypothalamus_truth.sh "$build" "$truth"
teacher=$truth/billot2020-hypothalamus-subunits.safetensors
[ -e "$teacher" ] || teacher=billot2020-hypothalamus-subunits
mkdir -p "$out/copies"
files=()
for name in $scans; do
    for file in "$data"/t1w/"$name"_T1w.* "$data"/t1w_stripped/"$name"_T1w.* "$data/t1w_stripped/$name.nii.gz"; do
        [ -e "$file" ] && files+=("$file")
    done
done
"$python" tools/accuracy_hypothalamus.py copies "$out/copies" "$scales" "$degraded" "${files[@]}"
for network in "$model" "$teacher"; do
    folder=$out/$(basename "$network" .safetensors)
    for file in "${files[@]}" "$out"/copies/*.nii.gz; do
        [ -e "$file" ] || continue
        stem=$(basename "$file")
        stem=${stem%.gz}; stem=${stem%.nii}; stem=${stem%.mgz}; stem=${stem%_T1w}
        [ -e "$folder/${stem}_volumes.tsv" ] && continue
        "$build/dien" segment "$file" -o "$folder" --model "$network" --structures hypothalamus --threads "${HYPOTHALAMUS_THREADS:-0}" --quiet \
            2>>"$out/messages.txt" || true # a rejected scan is counted, and so is a missing table
    done
done
"$python" tools/accuracy_hypothalamus.py table "$truth" "$out" "$(basename "$model" .safetensors)" "$(basename "$teacher" .safetensors)" "$scans"
