#!/bin/bash
# The page's server (`dien serve`): requests per second, memory, weight of the page, and the time from a dropped file to the number beside `dien segment`. A
# part of `make bench` (BENCH=page); writes bench/page.md. BENCH_SMALL=1: once and short, nothing is written. BENCH_PAGE_JOBS: how many jobs one
# server gets one after another (1000, about ten minutes; 0: none).
#   bench/page.sh BUILD
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
dien=$build/dien
small=${BENCH_SMALL:-0}
seconds=5 repeats=5 jobs=${BENCH_PAGE_JOBS:-1000}
if [ "$small" = 1 ]; then seconds=1 repeats=1 jobs=${BENCH_PAGE_JOBS:-3}; fi
work=$(mktemp -d)
server=0
trap 'if [ $server -ne 0 ]; then kill $server 2>/dev/null || true; fi; rm -rf "$work"' EXIT
command -v wrk >/dev/null || { echo "left out: the page (wrk is not installed)" >&2; exit 0; }

start() { # OPTIONS
    rm -f "$work/address"
    "$dien" serve --port 0 --folder "$work/state" "$@" >"$work/address" 2>/dev/null &
    server=$!
    while [ ! -s "$work/address" ]; do sleep 0.05; done
    url=$(head -n 1 "$work/address")
    sleep 0.5
}
stop() { kill $server && wait $server || true; server=0; }
memory() { awk '/^VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$server/status"; } # MB
rate() { # PATH CONNECTIONS
    wrk -t 1 -c "$2" -d "${seconds}s" "$url$1" | awk '/^Requests\/sec/ {printf "%.0f", $2}'
}
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

start
idle=$(memory)
about=$(rate api/about 16)
page=$(rate "" 16)
empty=$(rate api/jobs 16)
first=$(for _ in 1 2 3 4 5; do curl -s -o /dev/null -w '%{time_total}\n' "$url"; done | median)
busy=$(memory)
# In a browser: Debian's chromium, driven by the packages of tools/web_npm.sh.
packages=$build/web-npm view=
if command -v node >/dev/null && command -v chromium >/dev/null && [ -d "$packages/node_modules/playwright-core" ]; then
    view=$(node "$here/page_view.mjs" "$url" "$packages" "$(command -v chromium)" 7)
fi
stop
/usr/bin/python3 - "$work/state/dien.sqlite" <<'PY'
import sqlite3, sys
d = sqlite3.connect(sys.argv[1])
for i in range(1000):
    j = "%016x" % i
    d.execute("INSERT INTO jobs(id, name, stem, kind, state, settings, created, started, finished, accepted, warnings, seconds, scan) VALUES(?, ?, 'a', 'scan', 'done', '{}',"
              " '2026-11-30T00:00:00Z', '2026-11-30T00:00:00Z', '2026-11-30T00:00:09Z', 1, '[\"The scan is blurred.\"]', 9, 'scan/a.nii.gz')", (j, "sub-%04d" % i))
    d.execute("INSERT INTO versions(job, number, created, by_hand) VALUES(?, 1, '2026-11-30T00:00:09Z', 0)", (j,))
d.commit()
PY
start
thousand_idle=$(memory)
thousand=$(rate api/jobs 4)
one=$(rate api/jobs/00000000000003e7 16)
size=$(curl -s "${url}api/jobs" | wc -c)
thousand_busy=$(memory)
stop

# The page's files, as they are sent.
weight=$({ find "$here/../src/web/assets" -type f ! -name '*.md' -printf '%s\n' 2>/dev/null || true; } | awk '{n += $1} END {printf "%.0f", n / 1024}')

# From the file to the number: upload, queue, process, result, against the command on the same scan.
"$dien" synth "$here/../share/template/head.nii.gz" -o "$work/head" --plain -q
scan=$work/head/head_sample-0001_T1w.nii.gz
rm -rf "$work/state"
start --threads 1
api() { curl -s -H 'X-Dien: 1' "$@"; }
id() { grep -o '"id":"[0-9a-f]*"' | awk 'NR == 1' | cut -d '"' -f 4; }
now() { date +%s.%N; }
# Processor time, too: other work on the machine makes the time by the clock longer, and not this.
spent() { awk -v tick="$(getconf CLK_TCK)" '{sub(/.*\) /, ""); print ($12 + $13 + $14 + $15) / tick}' "/proc/$server/stat"; }
by_page() {
    local begin before upload job
    begin=$(now) before=$(spent)
    upload=$(api -d "{\"files\": [{\"name\": \"a.nii.gz\", \"size\": $(stat -c %s "$scan")}]}" "${url}api/uploads" | id)
    api -o /dev/null -T "$scan" "${url}api/uploads/$upload/0?offset=0"
    job=$(api -d "{\"upload\": \"$upload\"}" "${url}api/jobs" | id)
    curl -sN -o /dev/null "${url}api/jobs/$job/events?until=end"
    curl -s "${url}api/jobs/$job/result" | grep -q both_mm3
    echo "$begin $(now)" | awk '{print $2 - $1}' >>"$work/by_page"
    sleep 0.5 # its process ends
    echo "$before $(spent)" | awk '{print $2 - $1}' >>"$work/cpu_page"
}
by_command() {
    local begin
    begin=$(now)
    (TIMEFORMAT='%U %S' && time "$dien" segment "$scan" -o "$work/out" --threads 1 -q >/dev/null 2>&1) 2>"$work/time" || true
    echo "$begin $(now)" | awk '{print $2 - $1}' >>"$work/by_command"
    awk '{print $1 + $2}' "$work/time" >>"$work/cpu_command"
}
# In pairs, one first and then the other: what else the machine does meets both alike.
for n in $(seq "$repeats"); do
    if [ $((n % 2)) = 1 ]; then by_page && by_command; else by_command && by_page; fi
done
ratio() { paste "$1" "$2" | awk '{print $1 / $2}' | median; }
times=$(ratio "$work/by_page" "$work/by_command") cpus=$(ratio "$work/cpu_page" "$work/cpu_command")
median_page=$(median <"$work/by_page") median_command=$(median <"$work/by_command")
median_cpu_page=$(median <"$work/cpu_page") median_cpu_command=$(median <"$work/cpu_command")
stop

# Many scans through one server, each with a process of its own: scans that are cut off, so that it does not take days. To the server a job that fails is like
# one that does not, but for the results, which the process writes.
head -c 5000 "$scan" >"$work/cut_T1w.nii.gz"
rm -rf "$work/state"
start --threads 1 --jobs 1
many_idle=$(memory)
for _ in $(seq "$jobs"); do
    upload=$(api -d "{\"files\": [{\"name\": \"a.nii.gz\", \"size\": 5000}]}" "${url}api/uploads" | id)
    api -o /dev/null -T "$work/cut_T1w.nii.gz" "${url}api/uploads/$upload/0?offset=0"
    job=$(api -d "{\"upload\": \"$upload\", \"structures\": [\"hypothalamus\"]}" "${url}api/jobs" | id)
    curl -sN -o /dev/null "${url}api/jobs/$job/events?until=end"
done
many_after=$(memory) many_done=$(curl -s "${url}api/jobs" | { grep -o '"state":"failed"' || true; } | wc -l)
many_list=$(memory)
stop

# A finished run of 500 scans: the same results under 500 names.
for i in $(seq 500); do
    folder=$work/run/sub-$(printf '%03d' "$i")/anat
    mkdir -p "$folder"
    for end in volumes.tsv volumes.json qc.png; do
        ln "$work/out/head_sample-0001_$end" "$folder/sub-$(printf '%03d' "$i")_$end"
    done
done
rm -rf "$work/state"
start --results "$work/run"
took() { curl -s -o "$work/answer" -w '%{time_total}\n' "$url$1"; } # PATH
group=api/groups/$(curl -s "${url}api/groups" | id)
group_first=$(took "$group")
group_again=$(for _ in 1 2 3 4 5; do took "$group"; done | median)
small_picture=$(grep -o '/api/[^"]*/thumbnail' "$work/answer" | awk 'NR == 1')
thumb_first=$(took "${small_picture#/}")
thumb_again=$(for _ in 1 2 3 4 5; do took "${small_picture#/}"; done | median)
thumb_size=$(stat -c %s "$work/answer")
group_memory=$(memory)
stop

table() {
    echo '# The page, measured by `make bench`'
    echo
    echo "$(date +%F), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, commit $(git -C "$here" rev-parse --short HEAD), load $(cut -d ' ' -f 1 /proc/loadavg). wrk, $seconds s each, one thread."
    echo
    echo '| what | measured |'
    echo '|---|---|'
    echo "| memory of the idle server, after its start | $idle MB |"
    echo "| memory after the requests below | $busy MB |"
    echo "| memory with 1000 scans in the list, after its start | $thousand_idle MB |"
    echo "| memory after the list of 1000 scans was asked for again and again | $thousand_busy MB |"
    echo "| requests per second, /api/about (16 connections) | $about |"
    echo "| requests per second, the page (16 connections) | $page |"
    echo "| requests per second, /api/jobs without a scan (16 connections) | $empty |"
    echo "| requests per second, one scan of 1000 (16 connections) | $one |"
    echo "| requests per second, the list of 1000 scans, $((size / 1024)) KB (4 connections) | $thousand |"
    echo "| weight of the page with the viewer, not compressed | $weight KB |"
    if [ -n "$view" ]; then
        read -r view_median view_most view_kb view_files <<<"$view"
        echo "| first view in Chromium, nothing kept: median and longest of 7 visits (limit 1 s) | $view_median ms, $view_most ms |"
        echo "| what it loads, without the viewer | $view_kb kB in $view_files files |"
    fi
    echo "| the page's first file, on loopback | $(awk "BEGIN {printf \"%.1f\", 1000 * $first}") ms |"
    echo "| a group of 500 scans: first request, later ones (median of 5) | $group_first s, $group_again s |"
    echo "| a small picture of it, $((thumb_size / 1024)) KB: when it is made, later | $thumb_first s, $thumb_again s |"
    echo "| memory after these | $group_memory MB |"
    echo "| from the file to the number, by the page (median of $repeats, one thread) | $median_page s, $median_cpu_page s of processor time |"
    echo "| \`dien segment\` on the same scan (median of $repeats, in pairs with it, one thread) | $median_command s, $median_cpu_command s of processor time |"
    echo "| the page's time by the command's, median over the pairs (limit 1.10) | $times, processor time $cpus |"
    if [ "$jobs" -gt 0 ]; then
        echo "| memory of a server before and after $many_done jobs, a process each (scans that are cut off), and after their list was sent | $many_idle MB, $many_after MB, $many_list MB |"
    fi
}
if [ "$small" = 1 ]; then table; else table | tee "$here/page.md.tmp"; mv "$here/page.md.tmp" "$here/page.md"; fi
