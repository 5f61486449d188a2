#!/bin/bash
# What many scans cost on a cluster, simulated from the records of a run (OUT/status): each scan of the simulation takes the time of a measured
# one, drawn in turn from a shuffled list; tasks are shards as `dien run --slurm` makes them, and go to the first core that is free.
#   tools/scaling.sh STATUS [-n SCANS] [-c CORES] [-m GB] [-t TASKS] [-s SECONDS] [-r RATE] [-f FACTOR] [-g SECONDS] NODES...
#   -n 50000   scans                      -c 16    cores per node that may be used      -m 64   GB of memory per node
#   -t 0       tasks; 0: as --slurm does (900 s each by the slowest scan, at most 1000)
#   -s 3       seconds that a task takes before its first scan (program, networks, list of the data set)
#   -r 10      tasks that the queue starts per second                                   -f 1    a node with all cores busy takes so many times as long
#   -g 40      seconds of the group step
# Output: a table with a row per number of nodes, tab-separated. tests/cohort/test_scaling.sh checks it against formulas.
set -euo pipefail
die() { echo "scaling.sh: $*" >&2; exit 2; }
status=${1:-}
[ -d "$status" ] || die "the first argument is the folder status/ of a run"
shift
scans=50000 cores=16 memory=64 tasks=0 start=3 rate=10 factor=1 group=40
while getopts n:c:m:t:s:r:f:g: option; do
    [[ $OPTARG =~ ^[0-9]+(\.[0-9]+)?$ ]] || die "-$option takes a number, not '$OPTARG'"
    case $option in
        n) scans=$OPTARG ;; c) cores=$OPTARG ;; m) memory=$OPTARG ;; t) tasks=$OPTARG ;;
        s) start=$OPTARG ;; r) rate=$OPTARG ;; f) factor=$OPTARG ;; g) group=$OPTARG ;;
        *) die "see the head of this script" ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- 1 100 1000

# A line per record that was measured: seconds, MB of memory, bytes of results, bytes of the scan, bytes of the record.
records() {
    find "$status" -maxdepth 1 -name '*.json' -print0 | sort -z | xargs -0 -r awk '
        function flush() { if (state == "done") print seconds, peak, bytes, input, size; state = ""; bytes = input = size = seconds = peak = 0 }
        FNR == 1 { flush() }
        { size += length($0) + 1 }
        match($0, /"State": "[a-z]+"/) { state = substr($0, RSTART + 10, RLENGTH - 11) }
        match($0, /"Seconds": [0-9.e+-]+/) { seconds = substr($0, RSTART + 11, RLENGTH - 11) }
        match($0, /"PeakMemory_MB": [0-9.e+-]+/) { peak = substr($0, RSTART + 17, RLENGTH - 17) }
        match($0, /"bytes": [0-9]+/) { bytes += substr($0, RSTART + 9, RLENGTH - 9) }
        match($0, /"Bytes": [0-9]+/) { input = substr($0, RSTART + 9, RLENGTH - 9) }
        END { flush() }'
}

records | awk -v nodes_list="$*" -v scans="$scans" -v cores="$cores" -v memory="$memory" -v wanted="$tasks" -v start="$start" -v rate="$rate" \
    -v factor="$factor" -v group="$group" '
    function ceil(x) { return x == int(x) ? x : int(x) + 1 }
    { seconds[count++] = $1; sum += $1; most = $1 > most ? $1 : most; peak = $2 > peak ? $2 : peak; results += $3 + $5; inputs += $4 }

    # The heap of the moments at which cores become free.
    function push(x,    i, p) {
        i = ++used
        while (i > 1 && heap[p = int(i / 2)] > x) { heap[i] = heap[p]; i = p }
        heap[i] = x }
    function pop(    top, x, i, c) {
        top = heap[1]; x = heap[used--]; i = 1
        while ((c = 2 * i) <= used) {
            if (c < used && heap[c + 1] < heap[c]) c++
            if (heap[c] >= x) break
            heap[i] = heap[c]; i = c }
        if (used > 0) heap[i] = x
        return top }

    # Times of all scans: the measured ones again and again, each round in another order (a fixed generator, so that equal inputs give equal tables).
    function chance(limit) { seed = (seed * 16807) % 2147483647; return seed % limit }
    function deal(    i, j, t, at) {
        seed = 1
        for (i = 0; i < scans; ++i) {
            at = i % count
            if (at == 0) for (j = count - 1; j > 0; --j) { t = chance(j + 1); x = seconds[j]; seconds[j] = seconds[t]; seconds[t] = x }
            shard[i % tasks] += seconds[at] * factor
            work += seconds[at] * factor } }

    function simulate(nodes,    slots, k, begin, first, end, last, waited) {
        slots = nodes * per_node; used = 0
        if (slots > tasks) slots = tasks
        for (k = 0; k < slots; ++k) push(0)
        for (k = 0; k < tasks; ++k) {
            first = (k + 1) / rate
            begin = pop()
            if (first > begin) { waited += first - begin; begin = first }
            end = begin + start + shard[k]
            last = end > last ? end : last
            push(end) }
        last += group
        printf "%d\t%d\t%d\t%.2f\t%.1f\t%.2f\t%.1f\t%.1f\t%.1f\n", nodes, slots, tasks, last / 3600, (work + tasks * start + group) / 3600,
            100 * tasks * start / (work + tasks * start), 100 * waited / (waited + work + tasks * start), 100 * (work + tasks * start) / (last * slots),
            per_node * peak / 1000 }

    END {
        if (count == 0) { print "scaling.sh: no record of a measured scan there" > "/dev/stderr"; exit 3 }
        per_node = int(memory * 1000 / peak); if (per_node > cores) per_node = cores
        if (per_node < 1) { printf "scaling.sh: a scan takes %.0f MB, more than a node has\n", peak > "/dev/stderr"; exit 3 }
        tasks = wanted > 0 ? wanted : ceil(scans * most / 900); if (wanted == 0 && tasks > 1000) tasks = 1000
        if (tasks > scans) tasks = scans
        deal()
        printf "# %d measured scans: %.2f s in the mean, %.2f s at most; %.0f MB of memory at most; results %.2f MB, scan %.2f MB per scan\n", count, sum / count,
            most, peak, results / count / 1e6, inputs / count / 1e6
        printf "# %d scans: results %.1f GB, scans read %.1f GB; %d processes per node\n", scans, scans * results / count / 1e9, scans * inputs / count / 1e9, per_node
        print "nodes\tcores_used\ttasks\thours\tcore_hours\tstart_percent\tqueue_percent\tbusy_percent\tmemory_per_node_gb"
        n = split(nodes_list, list, " ")
        for (i = 1; i <= n; ++i) simulate(list[i]) }'
