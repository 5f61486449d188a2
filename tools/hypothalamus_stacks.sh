#!/bin/bash
# Coronal stacks in the AC-PC frame, with their truth, on which configs/hypothalamus_2d.yaml learns: of the seven heads that the data's
# README marks `train` and of copies of the five whole ones without skull. Truth: the consensus of tools/hypothalamus_truth.sh.
# Build folder $1, consensus in $2, stacks in $3 (train/ and validation/; default out/hypothalamus_stacks). About 15 CPU seconds a head.
#   STACK_GEOMETRY  '54x160:0.5x0.5': wider than what the network sees, so that bending finds tissue around it
#   STACK_HELD_BACK 'studyforrest': the head that validates
set -euo pipefail
cd "$(dirname "$0")/.."
dien=${1:-build}/dien
truth=${2:-${DIEN_CONSENSUS:-out/consensus}}
out=${3:-${DIEN_STACKS:-out/hypothalamus_stacks}}
data=${DIEN_DATA:-../shared/data}
geometry=${STACK_GEOMETRY:-54x160:0.5x0.5}
held_back=${STACK_HELD_BACK:-studyforrest}
[ -d "$data/t1w" ] || { echo "stacks need real scans: $data/t1w is not there; set DIEN_DATA" >&2; exit 1; }
tissues=cerebrum,cerebellum,csf,brain_stem,ventricles,ventral_diencephalon,thalamus,caudate,putamen,pallidum,hippocampus,amygdala,accumbens,optic_chiasm
mkdir -p "$out/train" "$out/validation" "$out/work"

# A stack and its truth; $4: a _frame.json, or nothing. A head and its stripped copy are one subject, sub-HEAD, for `dien crossval`.
cut() {
    local scan=$1 stem=$2 labels=$3 frame=${4:-} folder=$out/train
    case $stem in "sub-$held_back" | "sub-${held_back}_"*) folder=$out/validation ;; esac
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
    [[ $scan = */t1w_stripped/* ]] && continue
    # The same head without skull: what the coarse network calls tissue or fluid, and 2 mm around it.
    stripped=$out/work/sub-${stem}_desc-stripped_T1w.nii.gz
    if [ ! -e "$stripped" ]; then
        "$dien" segment "$scan" -o "$out/work" --structures "$tissues" --threads "${STACK_THREADS:-0}" -q || [ $? = 4 ]
        /usr/bin/python3 - "$scan" "$out/work/${stem}_dseg.nii.gz" "$stripped" <<'P'
import sys
import nibabel, numpy
from scipy import ndimage
scan, labels = nibabel.load(sys.argv[1]), nibabel.load(sys.argv[2])
mm = nibabel.affines.voxel_sizes(scan.affine)
inside = numpy.asarray(labels.dataobj) > 0
inside = ndimage.binary_fill_holes(ndimage.distance_transform_edt(~inside, sampling=mm) <= 2.0)
values = numpy.asarray(scan.dataobj, numpy.float32) * inside.reshape(scan.shape)
nibabel.save(nibabel.Nifti1Image(values, scan.affine), sys.argv[3])
P
    fi
    frame=$out/train/sub-${stem}_frame.json
    [ -e "$frame" ] || frame=$out/validation/sub-${stem}_frame.json
    cut "$stripped" "sub-${stem}_desc-stripped" "$labels" "$frame"
done
