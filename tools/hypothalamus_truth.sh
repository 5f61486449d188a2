#!/bin/bash
# The truth for training and measuring the hypothalamus network: the consensus of the published subunit network over intensity scale,
# mirror and shift (`dien segment --consensus`) on the scans that the data's README marks `train`, and for measuring on scans that were
# not used for training. Build folder $1, results in $2 (default out/consensus), probabilities (STEM_probseg.nii.gz) among them. About 15 CPU seconds per
# scan; existing files are not made again.
#   TRUTH_SCANS   'train validate ixi': seven heads; IBSR; 20 heads of ixi_2mm (every second one after the seven that validate the
#                 whole-head training). Also: ds002748, ds000011: scans of t1w_ds002748 and t1w_ds000011, each in a folder of that name;
#                 stripped: copies of the whole heads of `train` without skull, with the truth of the whole head, in stripped/
#   DIEN_MODELS   folder with billot2020-hypothalamus-subunits.safetensors; absent: imported from DIEN_DATA/teacher
set -euo pipefail
cd "$(dirname "$0")/.."
dien=${1:-build}/dien
out=${2:-${DIEN_CONSENSUS:-out/consensus}}
data=${DIEN_DATA:-../shared/data}
parts=${TRUTH_SCANS:-train validate ixi}
[ -d "$data/t1w" ] || { echo "the truth needs real scans: $data/t1w is not there; set DIEN_DATA" >&2; exit 1; }
mkdir -p "$out"
model=$out/billot2020-hypothalamus-subunits.safetensors
[ -e "$model" ] || "$dien" models import "$data/teacher/billot2020_hypothalamus.h5" -o "$model" >/dev/null

scans=()
strip=0
for part in $parts; do
    case $part in
        train) scans+=("$data"/t1w/*_T1w.* "$data/t1w_stripped/eun_T1w.nii.gz" "$data/t1w_stripped/seeg_T1w.mgz") ;;
        validate) scans+=("$data"/t1w_stripped/IBSR_*.nii.gz) ;;
        ixi) mapfile -t -O "${#scans[@]}" scans < <(find "$data/ixi_2mm" -name 'IXI*_T1w.nii.gz' | sort | awk 'NR > 7 && NR % 2 == 0' | head -n 20) ;;
        ds002748 | ds000011) scans+=("$data/t1w_$part"/*_T1w.nii.gz) ;;
        stripped) strip=1 ;;
        *) echo "TRUTH_SCANS holds $part; it takes train, validate, ixi, ds002748, ds000011 and stripped" >&2; exit 2 ;;
    esac
done
for scan in "${scans[@]}"; do
    name=$(basename "$scan")
    name=${name%.gz}; name=${name%.nii}; name=${name%.mgz}; name=${name%_T1w}
    folder=$out
    case $scan in */t1w_ds*) folder=$out/$(basename "$(dirname "$scan")") folder=${folder/t1w_/} ;; esac
    [ -e "$folder/${name}_probseg.nii.gz" ] && continue
    # 4: rejected by quality control. Such a scan is no truth; the table of volumes says so, and the measuring leaves it out.
    code=0
    "$dien" segment "$scan" -o "$folder" --model "$model" --structures hypothalamus --consensus --posteriors --threads "${TRUTH_THREADS:-0}" || code=$?
    [ "$code" = 0 ] || [ "$code" = 4 ] || echo "$name: no consensus (exit code $code)" >&2
done
[ "$strip" = 1 ] || exit 0
# The same heads as others hand them over, with what is known of the whole head.
mkdir -p "$out/stripped/work"
for scan in "$data"/t1w/*_T1w.*; do
    name=$(basename "$scan")
    name=${name%.gz}; name=${name%.nii}; name=${name%.mgz}; name=${name%_T1w}
    [ -e "$out/stripped/${name}_T1w.nii.gz" ] && continue
    tools/whole_head_labels.sh "${1:-build}" "$scan" "$out/stripped/work" "${TRUTH_THREADS:-0}"
    for file in probseg.nii.gz probseg.json; do cp "$out/${name}_$file" "$out/stripped/${name}_$file"; done
    /usr/bin/python3 tools/hypothalamus_copies.py stripped "$scan" "$out/stripped/work/${name}_dseg.nii.gz" "$out/stripped/${name}_T1w.nii.gz"
done
