#!/bin/bash
# `make bench`: speed and memory here and in Debian 13, against the peers a user would pick. Writes bench/results.md (the subunit network
# and whole commands), bench/networks.md (training, slices, the whole head, a scan, threads, the generator) and bench/cohort.md (many scans).
#   bench/run.sh BUILD
#   BENCH='train slices'     only these parts: network (results.md), cohort (cohort.md), page (page.md), train, slices, whole, scan, threads, generator; the table keeps what earlier
#                            runs in this build folder left of the others
#   BENCH_SMALL=1            small inputs, once: do the scripts still work? Nothing is written to networks.md
#   DIEN_BENCH_13=0          leaves Debian 13 out
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
parts=" ${BENCH:-network cohort page train slices whole scan threads generator} "
"$here/../tools/deps.sh" build bench
mkdir -p "$build/bench"
trixie=${DIEN_TRIXIE:-/var/cache/dien/trixie}/dien/build/bench
in_13() { DIEN_TRIXIE_PURPOSES="build bench13" "$here/../tools/debian13.sh" . "$1"; }

if [[ $parts == *" network "* ]]; then
    "$here/rounds.sh" "$build" >"$build/bench/here.jsonl"
    systems=("$build/bench/here.jsonl")
    if [ "${DIEN_BENCH_13:-1}" != 0 ]; then
        in_13 "bench/rounds.sh build >build/bench/rounds.jsonl"
        cp "$trixie/rounds.jsonl" "$build/bench/debian13.jsonl"
        systems+=("$build/bench/debian13.jsonl")
    fi
    /usr/bin/python3 "$here/table.py" "${systems[@]}" | tee "$here/results.md.tmp"
    mv "$here/results.md.tmp" "$here/results.md"
fi

if [[ $parts == *" cohort "* ]]; then
    "$here/cohort.sh" "$build" | tee "$here/cohort.md.tmp"
    if [ "${BENCH_SMALL:-0}" = 1 ]; then rm "$here/cohort.md.tmp"; else mv "$here/cohort.md.tmp" "$here/cohort.md"; fi
fi

if [[ $parts == *" page "* ]]; then "$here/page.sh" "$build"; fi

parts=${parts/ cohort / }
parts=${parts/ page / }
read -r -a others <<<"${parts/ network / }"
[ "${#others[@]}" -gt 0 ] || exit 0
"$here/parts.sh" "$build" "${others[@]}"
folders=("$build/bench")
if [ "${DIEN_BENCH_13:-1}" != 0 ]; then
    in_13 "bench/parts.sh build ${others[*]}"
    mkdir -p "$build/bench/debian13"
    cp "$trixie"/part_*.jsonl "$build/bench/debian13/"
fi
if [ -d "$build/bench/debian13" ]; then folders+=("$build/bench/debian13"); fi
if [ "${BENCH_SMALL:-0}" = 1 ]; then
    /usr/bin/python3 "$here/parts_table.py" "${folders[@]}"
    exit 0
fi
/usr/bin/python3 "$here/parts_table.py" "${folders[@]}" | tee "$here/networks.md.tmp"
mv "$here/networks.md.tmp" "$here/networks.md"
