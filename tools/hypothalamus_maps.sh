#!/bin/bash
# Label maps for the networks of the hypothalamus for any contrast (tools/hypothalamus_maps.py), of the 47 heads of configs/hypothalamus.yaml: their consensus
# (tools/hypothalamus_truth.sh) and dien's own labels of the whole head. Build folder $1, results in $2 (default out/maps). About 10 CPU seconds per head; what is there is
# not made again. DIEN_DATA, DIEN_CONSENSUS as in tools/weights.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
dien=${1:-build}/dien
out=${2:-${DIEN_MAPS:-out/maps}}
data=${DIEN_DATA:-../shared/data}
consensus=${DIEN_CONSENSUS:-out/consensus}
[ -e "$out/tissues.tsv" ] && exit 0
mkdir -p "$out/labels"
structures=thalamus,caudate,putamen,pallidum,hippocampus,amygdala,accumbens,ventral_diencephalon,ventricles,brain_stem,optic_chiasm,cerebrum,cerebellum,csf
: >"$out/heads.tsv"
add() { # name, scan, probabilities, whole or stripped
    [ -e "$3" ] || { echo "$3 is not there: run tools/hypothalamus_truth.sh first" >&2; exit 1; }
    if [ ! -e "$out/labels/$1/done" ]; then
        code=0
        "$dien" segment "$2" -o "$out/labels/$1" --structures "$structures" --precision auto --accept --quiet || code=$?
        [ "$code" -eq 0 ] || [ "$code" -eq 4 ] || exit "$code"
        touch "$out/labels/$1/done"
    fi
    printf '%s\t%s\t%s\t%s\t%s\ttrain\n' "$1" "$2" "$3" "$(echo "$out/labels/$1/"*_dseg.nii.gz)" "$4" >>"$out/heads.tsv"
}
for name in chris colin27 ecog sag-anon; do add "$name" "$(echo "$data/t1w/${name}_T1w."*)" "$consensus/${name}_probseg.nii.gz" whole; done
for name in eun seeg; do add "$name" "$(echo "$data/t1w_stripped/${name}_T1w."*)" "$consensus/${name}_probseg.nii.gz" stripped; done
for n in 01 02 03 04 05 06 07; do add "ds11-sub-$n" "$data/t1w_ds000011/sub-${n}_T1w.nii.gz" "$consensus/ds000011/sub-${n}_probseg.nii.gz" whole; done
for scan in "$data"/t1w_ds002748/sub-*_T1w.nii.gz; do
    name=$(basename "$scan" _T1w.nii.gz)
    case $name in sub-22 | sub-23 | sub-24 | sub-62 | sub-64 | sub-66) continue ;; esac # they validate
    add "ds27-$name" "$scan" "$consensus/ds002748/${name}_probseg.nii.gz" stripped
done
/usr/bin/python3 tools/hypothalamus_maps.py "$out/heads.tsv" "$out" share/synth/tissues.tsv
