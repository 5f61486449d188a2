# tools/scaling.sh against formulas: constant times have a closed form, and for other times the elapsed time lies between two bounds.
source "$(dirname "$0")/../cli/lib.sh"
tool=${DIEN_SOURCE:?the sources}/tools/scaling.sh
cd "$work" || exit 1

record() { # FILE SECONDS MB BYTES: as cohort/run/scan_status.c writes it
    cat >"$1" <<JSON
{
  "Scan": "sub-01/anat/sub-01_T1w.nii.gz",
  "State": "done",
  "Input": {
    "Bytes": 2000000
  },
  "Outputs": [
    {
      "name": "a",
      "bytes": $4
    },
    {
      "name": "b",
      "bytes": 1000000
    }
  ],
  "Seconds": $2,
  "PeakMemory_MB": $3
}
JSON
}
column() { # ROW COLUMN of the table
    grep -v '^#' table | awk -F '\t' -v row="$1" -v name="$2" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) c = i } NR == row + 1 { print $c }'
}
near() { # WHAT EXPECTED FOUND LIMIT
    awk -v a="$2" -v b="$3" -v l="$4" 'BEGIN { d = a - b; exit !(b != "" && d <= l && -d <= l) }' || fail "$1: expected $2, found $3"
}

# --- constant times: 10 s per scan
mkdir same
record same/a.json 10 500 2000000
record same/b.json 10 500 2000000
sed 's/"done"/"failed"/; s/"Seconds": 10/"Seconds": 99/' same/a.json >same/c.json # does not count
"$tool" same -n 10000 -c 4 -m 64 -t 100 -s 5 -r 2 -g 60 1 10 1000 >table || fail "exit $?"
# One node, 4 cores: 100 tasks of 1,005 s in 25 waves; the queue starts one task in 0.5 s, so the first four begin at 0.5, 1, 1.5 and 2 s, and the fourth
# core ends last.
near "1 node, hours" "$(awk 'BEGIN { print (2 + 25 * 1005 + 60) / 3600 }')" "$(column 1 hours)" 0.006
# More cores than tasks: the last task begins after 50 s.
near "1000 nodes, hours" "$(awk 'BEGIN { print (50 + 1005 + 60) / 3600 }')" "$(column 3 hours)" 0.006
[ "$(column 3 cores_used)" = 100 ] || fail "1000 nodes: expected 100 cores in use, found $(column 3 cores_used)"
for row in 1 2 3; do
    near "core hours" "$(awk 'BEGIN { print (10000 * 10 + 100 * 5 + 60) / 3600 }')" "$(column $row core_hours)" 0.06
    near "start" "$(awk 'BEGIN { print 100 * 500 / 100500 }')" "$(column $row start_percent)" 0.006
done
near "memory of a node" 2.0 "$(column 1 memory_per_node_gb)" 0.06
grep -q '10000 scans: results 30.0 GB, scans read 20.0 GB; 4 processes' table || fail "storage: expected 30.0 and 20.0 GB, found $(grep scans: table)"
# Memory for three processes only, and a node that is slower by a quarter with all cores busy.
"$tool" same -n 10000 -c 4 -m 1.6 -t 300 -s 0 -r 1000 -g 0 -f 1.25 1 >table
near "3 processes, hours" "$(awk 'BEGIN { print 10000 * 12.5 / 3 / 3600 }')" "$(column 1 hours)" 0.2
[ "$(column 1 cores_used)" = 3 ] || fail "memory: expected 3 processes, found $(column 1 cores_used)"
# As --slurm makes them: 900 s each by the slowest scan.
"$tool" same -n 10000 1 >table
[ "$(column 1 tasks)" = 112 ] || fail "expected 112 tasks, found $(column 1 tasks)"

# --- other times: not faster than all cores at work all the time, nor than the longest task; not slower than both together (Graham 1969)
mkdir varied
sum=0
for i in $(seq 17); do
    seconds=$((5 + i * i % 13))
    sum=$((sum + seconds))
    record "varied/$i.json" "$seconds" 700 100
done
"$tool" varied -n 17000 -c 8 -m 64 -t 500 -s 0 -r 1000000 -g 0 2 20 >table
near "core hours" "$(awk -v s="$sum" 'BEGIN { print s * 1000 / 3600 }')" "$(column 1 core_hours)" 0.06
for row in 1 2; do
    awk -v s="$sum" -v slots="$(column $row cores_used)" -v hours="$(column $row hours)" 'BEGIN {
        least = s * 1000 / slots / 3600; longest = 34 * 17 / 3600; exit !(hours >= least - 0.006 && hours <= least + longest + 0.006) }' ||
        fail "row $row: $(column $row hours) hours are outside the bounds"
done
"$tool" varied -n 17000 -c 8 -m 64 -t 500 -s 0 -r 1000000 -g 0 2 20 >again
cmp -s table again || fail "equal inputs give other tables"

# --- what cannot be
mkdir none
"$tool" none >table 2>stderr && fail "no records: expected a failure"
"$tool" same -m 0.1 1 >table 2>stderr && fail "too little memory: expected a failure"
"$tool" same -n many >table 2>stderr && fail "-n many: expected a failure"
finish
