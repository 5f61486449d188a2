#!/bin/bash
# Coronal stacks in the AC-PC frame, with their truth, for the training of configs/hypothalamus_2d.yaml: of every head whose consensus
# tools/hypothalamus_truth.sh made for training (TRUTH_SCANS='train ds002748 ds000011 stripped'), whole and without skull.
# Build folder $1, consensus in $2, stacks in $3 (default out/hypothalamus_stacks): train/ and validation/. About 10 CPU seconds per head.
#   STACK_GEOMETRY  '54x160:0.5x0.5': wider than the input of the network, so that there is tissue around it when the shape is changed
#   STACK_THREADS   0: all cores
# Used only to choose the weights: studyforrest, six of ds002748 (three per group), two of ds000011, as in configs/hypothalamus.yaml.
set -euo pipefail
cd "$(dirname "$0")/.."
dien=${1:-build}/dien
truth=${2:-${DIEN_CONSENSUS:-out/consensus}}
out=${3:-${DIEN_STACKS:-out/hypothalamus_stacks}}
data=${DIEN_DATA:-../shared/data}
geometry=${STACK_GEOMETRY:-54x160:0.5x0.5}
held_back=' studyforrest ds002748s22 ds002748s23 ds002748s24 ds002748s62 ds002748s64 ds002748s66 ds000011s08 ds000011s09 '
[ -d "$data/t1w" ] || { echo "stacks need real scans: $data/t1w is not there; set DIEN_DATA" >&2; exit 1; }
mkdir -p "$out"/{train,validation,work}

# Scan $1 of subject $2 with the consensus's probabilities $3 becomes a stack and its truth; $4: what the copy is called, or nothing;
# $5: the frame of the whole head, or nothing.
cut() {
    local scan=$1 subject=$2 posteriors=$3 copy=${4:-} frame=${5:-} folder=$out/train name
    [ -e "$posteriors" ] || { echo "$subject: no consensus $posteriors; run tools/hypothalamus_truth.sh" >&2; exit 1; }
    [[ $held_back != *" $subject "* ]] || folder=$out/validation
    local stem=sub-$subject${copy:+_desc-$copy}
    [ ! -e "$folder/${stem}_dseg.nii.gz" ] || return 0
    name=$(basename "$scan")
    ln -sf "$(realpath "$scan")" "$out/work/${stem}_T1w.${name#*.}"
    "$dien" prepare "$out/work/${stem}_T1w.${name#*.}" -o "$folder" --geometry "$geometry" --threads "${STACK_THREADS:-0}" -q ${frame:+--frame "$frame"}
    /usr/bin/python3 tools/hypothalamus_copies.py decide "$posteriors" "$folder/${stem}_dseg.nii.gz"
}

for scan in "$data"/t1w/*_T1w.* "$data/t1w_stripped/eun_T1w.nii.gz" "$data/t1w_stripped/seeg_T1w.mgz"; do
    stem=$(basename "$scan")
    stem=${stem%%_T1w*}
    cut "$scan" "$stem" "$truth/${stem}_probseg.nii.gz"
    copy=$truth/stripped/${stem}_T1w.nii.gz
    [ -e "$copy" ] || continue
    frame=$out/train/sub-${stem}_frame.json
    [ -e "$frame" ] || frame=$out/validation/sub-${stem}_frame.json
    cut "$copy" "$stem" "$truth/${stem}_probseg.nii.gz" stripped "$frame"
done
for set in ds002748 ds000011; do
    for scan in "$data/t1w_$set"/sub-*_T1w.nii.gz; do
        number=$(basename "$scan" _T1w.nii.gz)
        cut "$scan" "${set}s${number#sub-}" "$truth/$set/${number}_probseg.nii.gz"
    done
done
