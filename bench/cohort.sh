#!/bin/bash
# Part `cohort` of `make bench`: scans per hour and core of `dien run` with 1, 2 and 4 processes and of one `dien segment` over the same list; and
# how long a finished run of 1,000 scans takes when it is given again. Markdown to stdout.
#   bench/cohort.sh BUILD
# DIEN_BENCH_SCANS (6) real scans; DIEN_BENCH_ROUNDS (2), in which all programs run in turn, so that a busy minute hits all of them.
# BENCH_SMALL=1: two scans, one round, 50 records.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
data=${DIEN_DATA:-$here/../../shared/data}
scans=${DIEN_BENCH_SCANS:-6} rounds=${DIEN_BENCH_ROUNDS:-2} records=1000
if [ "${BENCH_SMALL:-0}" = 1 ]; then scans=2 rounds=1 records=50; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_WAIT_POLICY=passive
cores=$(nproc)

described() { mkdir -p "$1" && echo '{"Name": "bench", "BIDSVersion": "1.8.0"}' >"$1/dataset_description.json"; }

# --- measuring
mapfile -t files < <(find "$data/t1w_ds000011" -name '*_T1w.nii.gz' 2>/dev/null | sort | head -n "$scans")
[ "${#files[@]}" -eq "$scans" ] || { echo "make bench: cohort needs $scans scans in $data/t1w_ds000011; set DIEN_DATA" >&2; exit 1; }
described "$work/set"
list=()
for i in "${!files[@]}"; do
    subject=$(printf 'sub-%02d' "$((i + 1))")
    mkdir -p "$work/set/$subject/anat"
    ln -s "$(realpath "${files[i]}")" "$work/set/$subject/anat/${subject}_T1w.nii.gz"
    list+=("$work/set/$subject/anat/${subject}_T1w.nii.gz")
done
# timed NAME COMMAND...: a line "NAME wall processor" into times; quality control may reject (exit 4)
timed() {
    local name=$1 code=0
    shift
    local TIMEFORMAT='%R %U %S'
    { time "$@" >"$work/log" 2>&1 || echo $? >"$work/code"; } 2>"$work/time"
    [ ! -e "$work/code" ] || code=$(cat "$work/code")
    rm -f "$work/code"
    [ "$code" -eq 0 ] || [ "$code" -eq 4 ] || { echo "$*: exit $code: $(tail -n 3 "$work/log")" >&2; exit 1; }
    awk -v name="$name" '{print name "\t" $1 "\t" $2 + $3}' "$work/time" >>"$work/times"
}
for ((round = 0; round < rounds; ++round)); do
    echo "cohort: round $((round + 1)) of $rounds" >&2
    timed "1:dien segment LIST --threads 1" "$build/dien" segment "${list[@]}" -o "$work/one" --threads 1
    timed "$cores:dien segment LIST --threads $cores" "$build/dien" segment "${list[@]}" -o "$work/all" --threads "$cores"
    for jobs in 1 2 4; do
        timed "$((jobs < cores ? jobs : cores)):dien run --jobs $jobs" "$build/dien" run "$work/set" "$work/jobs$jobs" participant --jobs "$jobs"
    done
    rm -rf "$build/bench/cohort_status" && mkdir -p "$build/bench" && cp -r "$work/jobs1/status" "$build/bench/cohort_status" # for tools/scaling.sh
    rm -rf "$work/one" "$work/all" "$work"/jobs?
done

# --- a finished run: one tiny scan is measured, its record and results are copied under other names, as a run would have left them
"$build/tests/fixture" model "$work/tiny.safetensors" && "$build/tests/fixture" scan "$work/good.nii.gz"
described "$work/many"
mkdir -p "$work/many/sub-0001/anat" && cp "$work/good.nii.gz" "$work/many/sub-0001/anat/sub-0001_T1w.nii.gz"
run=("$build/dien" run "$work/many" "$work/done" participant --model "$work/tiny.safetensors")
"${run[@]}" >"$work/log" 2>&1 || [ $? -eq 4 ] || { tail -n 3 "$work/log" >&2; exit 1; }
for ((i = 2; i <= records; ++i)); do
    to=$(printf 'sub-%04d' "$i")
    mkdir -p "$work/many/$to/anat" "$work/done/$to/anat"
    cp -p "$work/many/sub-0001/anat/sub-0001_T1w.nii.gz" "$work/many/$to/anat/${to}_T1w.nii.gz"
    for file in "$work"/done/sub-0001/anat/*; do
        name=${file##*/}
        cp "$file" "$work/done/$to/anat/${name/sub-0001/$to}"
    done
    sed "s/sub-0001/$to/g" "$work/done/status/sub-0001.json" >"$work/done/status/$to.json"
done
# Reports name the scan in their text, but a record counts bytes, and all names are equally long.
touch "$work/mark"
for round in 1 2 3; do timed "finished" "${run[@]}"; done
[ -z "$(find "$work/done" -name '*_volumes.tsv' -newer "$work/mark")" ] || { echo "the finished run measured again: $(tail -n 3 "$work/log")" >&2; exit 1; }

# --- the table
version=$(git -C "$here" describe --always --dirty 2>/dev/null || echo "no commit")
echo "# Many scans, measured by \`make bench\`"
echo
echo "$(date +%F), $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $cores cores, commit $version. $scans whole heads (ds000011, 1 x 1.33 x 1.33 mm), everything measured;"
echo "medians of $rounds rounds. Other programs on the machine slow all rows; processor time depends on them less."
echo
awk -F '\t' -v scans="$scans" -v records="$records" '
    function median(text, v, n, i, j, t) {
        n = split(text, v, " ")
        for (i = 2; i <= n; ++i) { t = v[i] + 0; for (j = i - 1; j >= 1 && v[j] + 0 > t; --j) v[j + 1] = v[j]; v[j + 1] = t }
        return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2 }
    { if (!($1 in wall)) order[++count] = $1; wall[$1] = wall[$1] " " $2; spent[$1] = spent[$1] " " $3 }
    END {
        print "| command | elapsed per scan | processor time per scan | scans per hour | scans per hour and core |\n|---|---|---|---|---|"
        for (i = 1; i <= count; ++i) {
            name = order[i]
            if (name == "finished") continue
            cores = name; sub(/:.*/, "", cores); what = name; sub(/^[0-9]+:/, "", what)
            w = median(wall[name]); c = median(spent[name])
            printf "| `%s` | %.2f s | %.2f s | %.0f | %.0f |\n", what, w / scans, c / scans, 3600 * scans / w, 3600 * scans / w / cores }
        printf "\nA finished run of %d scans (made records), given again: %.2f s (%.2f s of processor time); wanted: 2 s at most.\n", records, median(wall["finished"]), median(spent["finished"])
        exit records >= 1000 && median(wall["finished"]) > 2 }' "$work/times" || { echo "a finished run takes more than 2 s" >&2; exit 1; }
