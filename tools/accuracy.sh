#!/bin/bash
# `make accuracy`: accuracy of the shipped networks on real scans that were not used for training. Build folder $1.
# Every scan under DIEN_DATA is segmented, compared with the labels that come with it, and a few heads are also measured in copies of simulated
# scanners. The table goes to stdout and, after a complete run, to docs/evidence/accuracy.md. Scans that were measured with the same model
# files are not measured again; results are in $1/accuracy/<hash of the models>.
#   ACCURACY_SCANS      patterns of scan names, as 'IXI1* ecog' (all); a run of a part prints its table and does not change docs/
#   ACCURACY_PARTS      'scans stability' (both)
#   ACCURACY_HEADS      names of the heads of the stability part ('chris sag-anon studyforrest IXI577-HH-2661')
#   ACCURACY_SCANNERS   simulated scanners a head (20); seeds 1, 2, ... one a head
#   ACCURACY_THREADS    of each run (0: all cores); ACCURACY_FRESH=1 forgets earlier results
#   ACCURACY_HYPOTHALAMUS=1  with the hypothalamus, too, where a network for it is there (slow; tools/accuracy_hypothalamus.sh compares it)
#   DIEN_MODELS         folder with the networks (models/ of this tree)
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
dien=$build/dien
data=${DIEN_DATA:-../shared/data}
patterns=${ACCURACY_SCANS:-*}
parts=${ACCURACY_PARTS:-scans stability}
scanners=${ACCURACY_SCANNERS:-20}
threads=${ACCURACY_THREADS:-0}
heads=${ACCURACY_HEADS:-chris sag-anon studyforrest IXI577-HH-2661}
python=/usr/bin/python3
[ -d "$data/ixi_2mm" ] || { echo "make accuracy needs real scans: $data/ixi_2mm is not there; set DIEN_DATA" >&2; exit 1; }
"$python" -c 'import nibabel, numpy' 2>/dev/null || tools/deps.sh accuracy

# The networks that dien finds, and one hash of them all. Only these are seen by what follows.
kinds='whole-head'
if [ "${ACCURACY_HYPOTHALAMUS:-0}" = 1 ]; then kinds="$kinds|hypothalamus"; fi
rm -rf "$build/accuracy_models"
mkdir -p "$build/accuracy_models"
"$dien" models list | awk -F'\t' '{print $NF}' | while read -r file; do
    if [[ $(basename "$file") =~ ^($kinds) ]]; then
        ln -sf "$(realpath "$file")" "$build/accuracy_models/"
        printf '%s\t%s\n' "$(basename "$file" .safetensors)" "$(sha256sum "$file" | cut -c1-64)"
    fi
done >"$build/accuracy_models.tsv"
grep -q '^whole-head' "$build/accuracy_models.tsv" || { echo "the whole-head networks are not in models/ (nor in DIEN_MODELS); 'make weights' makes them" >&2; exit 1; }
DIEN_MODELS=$(realpath "$build/accuracy_models")
export DIEN_MODELS
hash=$(sha256sum <"$build/accuracy_models.tsv" | cut -c1-12)
out=$build/accuracy/$hash
if [ "${ACCURACY_FRESH:-0}" = 1 ]; then rm -rf "$out"; fi
mkdir -p "$out/seg" "$out/stability"
mv "$build/accuracy_models.tsv" "$out/models.tsv"
echo "results: $out" >&2

structures=thalamus,icv # of the stability part; scans get everything
if grep -qE '^hypothalamus' "$out/models.tsv"; then structures=hypothalamus,$structures; fi

wanted() { # is the scan's name among the patterns?
    set -f
    for pattern in $patterns; do
        # shellcheck disable=SC2254 # a pattern is meant
        case $1 in $pattern) set +f; return 0 ;; esac
    done
    set +f
    return 1
}
name_of() { # sub-01_T1w.nii.gz -> sub-01
    local name
    name=$(basename "$1")
    name=${name%.gz}
    name=${name%.nii}
    name=${name%.mgz}
    echo "${name%_T1w}"
}
segment() { # SCAN FOLDER NAME OPTIONS...: exit code and CPU seconds beside the results, once
    local code=0 cpu scan=$1
    [ -e "$2/$3.exit" ] && return 0
    TIMEFORMAT='%U %S'
    cpu=$({ time "$dien" segment "$scan" -o "$2" "${@:4}" --threads "$threads" --quiet >/dev/null 2>"$2/$3.log"; } 2>&1) || code=$?
    [ "$code" != 130 ] || exit 130
    printf '%s\t%s\n' "$code" "$(awk '{print $1 + $2}' <<<"$cpu")" >"$2/$3.exit"
    echo "$3: exit code $code, CPU s: $cpu" >&2
}
find_scan() {
    for file in "$data"/*/"$1"_T1w.nii.gz "$data"/*/"$1"_T1w.mgz; do
        [ -e "$file" ] && { echo "$file"; return 0; }
    done
    return 1
}

if [[ " $parts " == *" scans "* ]]; then
    for scan in "$data"/t1w/*_T1w.* "$data"/t1w_stripped/*_T1w.* "$data"/t1w_stripped/IBSR_*.nii.gz "$data"/ixi_2mm/*_T1w.nii.gz; do
        name=$(name_of "$scan")
        if wanted "$name"; then segment "$scan" "$out/seg" "$name"; fi
    done
fi

if [[ " $parts " == *" stability "* ]]; then
    seed=0
    for head in $heads; do
        seed=$((seed + 1))
        wanted "$head" || continue
        scan=$(find_scan "$head") || { echo "no scan is named $head" >&2; exit 1; }
        folder=$out/stability/$head
        mkdir -p "$folder"
        if [ "$(find "$folder" -name '*_scanner-*.exit' | wc -l)" -ge "$scanners" ]; then continue; fi
        "$dien" synth "$scan" --from-scan -n "$scanners" --seed "$seed" -o "$folder/scans" --quiet
        cp "$folder/scans/scanners.tsv" "$folder/"
        for shown in "$folder"/scans/*_scanner-*_T1w.nii.gz; do
            segment "$shown" "$folder" "$(name_of "$shown")" --structures "$structures"
        done
        rm -r "$folder/scans"
    done
fi

# Comparisons, by the program itself.
compare() { # NAME TRUTH_FOLDER TRUTH_SUFFIX OPTIONS...: folder $out/NAME holds links to the predictions with such a truth
    local folder=$out/$1 truths=$2 suffix=$3 truth name
    shift 3
    rm -rf "$folder"
    mkdir -p "$folder/predictions" "$folder/truths"
    for truth in "$truths"/*"$suffix"; do
        name=$(basename "$truth" "$suffix")
        if [[ $name == IXI0* || $name == IXI638* ]] || ! wanted "$name" || [ ! -e "$out/seg/${name}_dseg.nii.gz" ]; then continue; fi
        ln -sf "$(realpath "$out/seg/${name}_dseg.nii.gz")" "$folder/predictions/"
        ln -sf "$(realpath "$truth")" "$folder/truths/"
    done
    [ -n "$(ls "$folder/truths")" ] || return 0
    "$dien" evaluate "$folder/predictions" "$folder/truths" --truth-suffix "$suffix" --resample -o "$folder" --quiet "$@" >/dev/null
}
named="left_thalamus=10,right_thalamus=49,thalamus=10+49"
while read -r name left right; do named="$named,left_$name=$left,right_$name=$right,$name=$left+$right"; done <<'END'
caudate 11 50
putamen 12 51
pallidum 13 52
hippocampus 17 53
amygdala 18 54
accumbens 26 58
ventral_diencephalon 28 60
lateral_ventricle 4+5 43+44
END
named="$named,third_ventricle=14,fourth_ventricle=15,brain_stem=16"
compare dlmuse "$data/ixi_2mm" _dlmuse.nii.gz --translate share/synth/dlmuse_to_freesurfer.tsv --structures "$named"
compare aseg_whole "$data/t1w" _aseg.mgz --structures "$named"
compare aseg_stripped "$data/t1w_stripped" _aseg.mgz --structures "$named"

"$python" tools/accuracy_table.py "$out" "$data" "$dien" >"$out/accuracy.md"
cat "$out/accuracy.md"
if [ "$patterns" = '*' ] && [[ $parts == *scans* && $parts == *stability* ]]; then
    cp "$out/accuracy.md" docs/evidence/accuracy.md.tmp
    mv docs/evidence/accuracy.md.tmp docs/evidence/accuracy.md
    "$python" tools/model_cards.py "$out" "$dien" models/*.md
fi
