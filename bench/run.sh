#!/bin/bash
# `make bench`: speed and memory here and in Debian 13, against the peers a user would pick. Writes bench/results.md.
#   bench/run.sh BUILD        DIEN_BENCH_13=0 leaves Debian 13 out.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
"$here/../tools/deps.sh" build bench
mkdir -p "$build/bench"
"$here/rounds.sh" "$build" >"$build/bench/here.jsonl"
systems=("$build/bench/here.jsonl")
if [ "${DIEN_BENCH_13:-1}" != 0 ]; then
    DIEN_TRIXIE_PURPOSES="build bench13" "$here/../tools/debian13.sh" . "bench/rounds.sh build >build/bench/rounds.jsonl"
    cp "${DIEN_TRIXIE:-/var/cache/dien/trixie}/dien/build/bench/rounds.jsonl" "$build/bench/debian13.jsonl"
    systems+=("$build/bench/debian13.jsonl")
fi
/usr/bin/python3 "$here/table.py" "${systems[@]}" | tee "$here/results.md.tmp"
mv "$here/results.md.tmp" "$here/results.md"
