#!/bin/bash
# Coronal stacks in the AC-PC frame, with their truth, on which configs/hypothalamus_2d.yaml learns: of the seven heads that the data's
# README marks `train`, of copies of them without skull, and of synthetic heads made from the template. Truth: the consensus of
# tools/hypothalamus_truth.sh; of the synthetic heads the SPL atlas's drawing, which the template carries.
# Build folder $1, consensus in $2, stacks in $3 (default out/hypothalamus_stacks): train/ and validation/ with heads and their copies without
# skull; second/train/ and second/validation/ with copies cut off at the tissue's edge and synthetic heads, for the second stage. About 70 CPU
# seconds a head, 12 a synthetic one.
#   STACK_GEOMETRY  '54x160:0.5x0.5': wider than what the network sees, so that bending finds tissue around it
#   STACK_HELD_BACK 'studyforrest': the head that validates
#   STACK_SYNTHETIC 28: synthetic heads; the last seventh validates
set -euo pipefail
cd "$(dirname "$0")/.."
dien=${1:-build}/dien
truth=${2:-${DIEN_CONSENSUS:-out/consensus}}
out=${3:-${DIEN_STACKS:-out/hypothalamus_stacks}}
data=${DIEN_DATA:-../shared/data}
geometry=${STACK_GEOMETRY:-54x160:0.5x0.5}
held_back=${STACK_HELD_BACK:-studyforrest}
[ -d "$data/t1w" ] || { echo "stacks need real scans: $data/t1w is not there; set DIEN_DATA" >&2; exit 1; }
copies="/usr/bin/python3 tools/hypothalamus_copies.py"
mkdir -p "$out"/{,second/}{train,validation} "$out/work"

# A stack and its truth; $4: a _frame.json, or nothing. A head and its stripped copy are one subject, sub-HEAD, for `dien crossval`.
cut() {
    local scan=$1 stem=$2 labels=$3 frame=${4:-} folder=$out/train
    case $stem in "sub-$held_back" | "sub-${held_back}_"*) folder=$out/validation ;; esac
    case $stem in *_desc-tight*) folder=$out/second/$(basename "$folder") ;; esac
    [ -e "$folder/${stem}_dseg.nii.gz" ] && return
    "$dien" prepare "$scan" -o "$folder" --geometry "$geometry" --threads "${STACK_THREADS:-0}" -q ${frame:+--frame "$frame"}
    cp "$labels" "$folder/${stem}_dseg.nii.gz"
}

for scan in "$data"/t1w/*_T1w.* "$data"/t1w_stripped/*_T1w.*; do
    stem=$(basename "$scan")
    stem=${stem%.gz}; stem=${stem%.nii}; stem=${stem%.mgz}; stem=${stem%_T1w}
    labels=$truth/${stem}_dseg.nii.gz
    [ -e "$labels" ] || { echo "$stem: no consensus in $truth; run tools/hypothalamus_truth.sh" >&2; exit 1; }
    name=$(basename "$scan")
    linked=$out/work/sub-$stem${name#"$stem"}
    ln -sf "$(realpath "$scan")" "$linked"
    cut "$linked" "sub-$stem" "$labels"
    frame=$out/train/sub-${stem}_frame.json
    [ -e "$frame" ] || frame=$out/validation/sub-${stem}_frame.json
    whole=$out/work/${stem}_dseg.nii.gz
    tools/whole_head_labels.sh "${1:-build}" "$scan" "$out/work" "${STACK_THREADS:-0}"
    # The same head as others hand it over: without skull, and cut off at the tissue's edge with darker and with greyer ventricles.
    for kind in stripped tight20 tight40; do
        [[ $scan = */t1w_stripped/* && $kind = stripped ]] && continue
        copy=$out/work/sub-${stem}_desc-${kind}_T1w.nii.gz
        if [ ! -e "$copy" ]; then
            case $kind in
                stripped) $copies stripped "$scan" "$whole" "$copy" ;;
                *) $copies tight "$scan" "$whole" "$labels" "0.${kind#tight}" "$copy" ;;
            esac
        fi
        cut "$copy" "sub-${stem}_desc-$kind" "$labels" "$frame"
    done
done

# Synthetic heads: the template's labels, bent and painted, each in another contrast. Here the truth was drawn by an anatomist.
synthetic=${STACK_SYNTHETIC:-28}
there=$(find "$out/second" -name 'head_sample-*_dseg.nii.gz' | wc -l)
if [ "$there" -lt "$synthetic" ]; then
    "$dien" synth share/template/head.nii.gz -o "$out/work" --count "$synthetic" --seed 11 --threads "${STACK_THREADS:-0}" -q
    n=0
    for labels in "$out"/work/head_sample-*_dseg.nii.gz; do
        stem=$(basename "$labels" _dseg.nii.gz)
        n=$((n + 1))
        folder=$out/second/train
        [ $n -gt $((synthetic * 6 / 7)) ] && folder=$out/second/validation
        [ -e "$folder/${stem}_dseg.nii.gz" ] && continue
        "$dien" prepare "$out/work/${stem}_T1w.nii.gz" -o "$folder" --labels "$labels" --geometry "$geometry" --threads "${STACK_THREADS:-0}" -q
        $copies truth "$labels" "$folder/${stem}_dseg.nii.gz"
    done
fi
