#!/bin/bash
# Accuracy of a hypothalamus network, and of the published network, compared with the consensus of the published network, on scans that
# were not used for training. Build folder $1; consensus in $2 (made by tools/hypothalamus_truth.sh if it does not exist).
#   HYPOTHALAMUS_MODEL    name or file (hypothalamus-2d)
#   HYPOTHALAMUS_SCANS    names (studyforrest, which validated the training, IBSR and the IXI heads that have a consensus)
#   HYPOTHALAMUS_COPIES   names of the scans that are also measured in changed copies ('studyforrest IBSR_03 IBSR_11 IXI132-HH-1415'; 'none')
#   HYPOTHALAMUS_SCALES   the scan's intensities times this, nothing cut off ('0.5 2'; 'none')
#   HYPOTHALAMUS_CLIPPED  the scale of a network's input times this: saturated above 1, held by a bright marker below ('0.7 1.5'; 'none')
#   HYPOTHALAMUS_DEGRADED kinds of degraded copies ('contrast noise bias slices'; 'none')
#   HYPOTHALAMUS_COARSE   heads that the consensus and the network also see in larger voxels, and as IBSR's heads are ('chris colin27 ecog sag-anon studyforrest'; 'none')
#   HYPOTHALAMUS_THREADS  of each run (1)
#   HYPOTHALAMUS_WRITE=1  the table replaces docs/evidence/accuracy_hypothalamus.md, too
# The table goes to stdout. What was done with the same model files is not done again; results lie in $1/accuracy_hypothalamus/<hash>.
# A network that sees slices takes about 30 CPU seconds a scan (the frame is most of it), the published one 5.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
dien=$build/dien
truth=${2:-${DIEN_CONSENSUS:-out/consensus}}
data=${DIEN_DATA:-../shared/data}
none() { [ "$1" = none ] || echo "$1"; }
model=${HYPOTHALAMUS_MODEL:-hypothalamus-2d}
copied=$(none "${HYPOTHALAMUS_COPIES:-studyforrest IBSR_03 IBSR_11 IXI132-HH-1415}")
scales=$(none "${HYPOTHALAMUS_SCALES:-0.5 2}")
clipped=$(none "${HYPOTHALAMUS_CLIPPED:-0.7 1.5}")
degraded=$(none "${HYPOTHALAMUS_DEGRADED:-contrast noise bias slices}")
coarse=$(none "${HYPOTHALAMUS_COARSE:-chris colin27 ecog sag-anon studyforrest}")
sizes='tight 2x2x2 0.94x1.5x0.94 1.5x1.5x1.5' # as IBSR's heads are; IXI's voxels, IBSR's, and between them
threads=${HYPOTHALAMUS_THREADS:-1}
python=/usr/bin/python3
[ -d "$data/t1w" ] || { echo "this needs real scans: $data/t1w is not there; set DIEN_DATA" >&2; exit 1; }
[ -e "$truth/IBSR_01_volumes.tsv" ] || TRUTH_SCANS='validate ixi' tools/hypothalamus_truth.sh "$build" "$truth"
scans=${HYPOTHALAMUS_SCANS:-$(cd "$truth" && find . \( -name 'studyforrest_volumes.tsv' -o -name 'IBSR_*_volumes.tsv' -o -name 'IXI*_volumes.tsv' \) |
    sed 's,^\./,,; s/_volumes\.tsv$//' | sort | tr '\n' ' ')}
teacher=$truth/billot2020-hypothalamus-subunits.safetensors

file_of() { # NAME or FILE -> file
    if [ -e "$1" ]; then echo "$1"; else "$dien" models list | awk -F'\t' -v name="$1" '$1 == name { print $NF; exit }'; fi
}
scan_of() {
    local file
    for file in "$data"/t1w/"$1"_T1w.* "$data"/t1w_stripped/"$1"_T1w.* "$data/t1w_stripped/$1.nii.gz" "$data/ixi_2mm/$1"_T1w.nii.gz; do
        [ -e "$file" ] && { echo "$file"; return 0; }
    done
    echo "no scan is named $1" >&2
    return 1
}
# Everything that decides about a result: the networks and, for one that sees slices, those that find its frame.
hash_of() { # FILE -> 12 digits
    { sha256sum "$1"; for name in whole-head-coarse whole-head-fine; do sha256sum "$(file_of $name)"; done; } 2>/dev/null | cut -c1-64 | sha256sum | cut -c1-12
}
segment() { # NETWORK FOLDER SCAN STEM OPTIONS...
    local code=0
    [ -e "$2/$4.exit" ] && return 0
    "$dien" segment "$3" -o "$2" --model "$1" --structures hypothalamus "${@:5}" --threads "$threads" --quiet >/dev/null 2>"$2/$4.log" || code=$?
    [ "$code" != 130 ] || exit 130
    # A copy is named after its scan, so the results carry its name.
    echo "$code" >"$2/$4.exit" # 4: rejected, and counted; 3 and 6: not found, likewise
    rm -f "$2/$4"_{qc.png,report.html}
    echo "$(basename "$2") $4: exit code $code" >&2
}

coarse_copy() { # NAME SIZE COPY
    local scan cut=$out/copies/$1.uncut.nii.gz
    scan=$(scan_of "$1")
    if [ "$2" != tight ]; then
        "$python" tools/accuracy_hypothalamus.py coarsen "$scan" "$2" "$3"
        return
    fi
    tools/whole_head_labels.sh "$build" "$scan" "$out/whole" "$threads"
    "$python" tools/hypothalamus_copies.py tight "$scan" "$out/whole/$1_dseg.nii.gz" "$truth/$1_dseg.nii.gz" 0.4 "$cut"
    "$python" tools/accuracy_hypothalamus.py coarsen "$cut" 0.94x1.5x0.94 "$3"
    rm "$cut"
}

out=$build/accuracy_hypothalamus
mkdir -p "$out/copies"
folders=()
for network in "$model" "$teacher"; do
    file=$(file_of "$network")
    [ -e "$file" ] || { echo "no model is called $network" >&2; exit 1; }
    folder=$out/$(basename "$file" .safetensors).$(hash_of "$file")
    mkdir -p "$folder"
    folders+=("$folder")
    for name in $scans; do segment "$file" "$folder" "$(scan_of "$name")" "$name"; done
    for name in $copied; do
        # shellcheck disable=SC2086 # lists are meant
        for kind in $(printf ' x%s' $scales) $(printf ' clip%s' $clipped) $degraded; do
            case $kind in x | clip) continue ;; esac
            copy=$out/copies/$name.${kind}_T1w.nii.gz
            [ -e "$folder/$name.$kind.exit" ] && continue
            [ -e "$copy" ] || "$python" tools/accuracy_hypothalamus.py copy "$(scan_of "$name")" "$kind" "$copy"
            segment "$file" "$folder" "$copy" "$name.$kind"
        done
    done
done
"$python" tools/accuracy_hypothalamus.py table "$truth" "$scans" "$copied" "${folders[@]}" >"$out/table.md"
if [ -n "$coarse" ]; then
    file=$(file_of "$model")
    folder=$out/coarse.$(hash_of "$file")
    mkdir -p "$folder/consensus" "$folder/network"
    for size in $sizes; do
        for name in $coarse; do
            # The consensus of the head as it is; TRUTH_SCANS of another kind may have made the folder.
            [ -e "$truth/${name}_volumes.tsv" ] || TRUTH_SCANS=train tools/hypothalamus_truth.sh "$build" "$truth"
            copy=$out/copies/$name.${size}_T1w.nii.gz
            [ -e "$copy" ] || coarse_copy "$name" "$size" "$copy"
            segment "$teacher" "$folder/consensus" "$copy" "$name.$size" --consensus
            segment "$file" "$folder/network" "$copy" "$name.$size"
        done
    done
    "$python" tools/accuracy_hypothalamus.py coarse "$truth" "$folder" "$coarse" "$sizes" >>"$out/table.md"
fi
cat "$out/table.md"
if [ "${HYPOTHALAMUS_WRITE:-0}" = 1 ]; then
    cp "$out/table.md" docs/evidence/accuracy_hypothalamus.md.tmp
    mv docs/evidence/accuracy_hypothalamus.md.tmp docs/evidence/accuracy_hypothalamus.md
fi
