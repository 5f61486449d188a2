#!/bin/bash
# `dien run` on a hundred different heads: one process, four processes, shards in random order, and four processes that were killed in the
# middle give the same bytes. Some minutes, so only with DIEN_HUNDRED=1 (make test-hundred).
source "$(dirname "$0")/lib.sh"
[ -n "${DIEN_HUNDRED:-}" ] || { echo "skipped: takes some minutes; 'make test-hundred' runs it"; exit 77; }
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
export OMP_WAIT_POLICY=passive
count=100 shards=7
model=$work/tiny.safetensors
"$fixture" model "$model" && "$fixture" scan head.nii.gz || { echo "cannot make the inputs"; exit 1; }
expect 0 synth head.nii.gz --from-scan -n $count -o heads --threads 1 --quiet
mkdir set && echo '{"Name": "a hundred", "BIDSVersion": "1.10.0"}' >set/dataset_description.json
for head in heads/*_T1w.nii.gz; do
    number=${head%_T1w.nii.gz}
    number=${number##*-}
    mkdir -p "set/sub-$number/anat" && mv "$head" "set/sub-$number/anat/sub-${number}_T1w.nii.gz"
done
[ "$(find set -name '*_T1w.nii.gz' | wc -l)" -eq $count ] || fail "expected $count scans, found $(find set -name '*.nii.gz' | wc -l)"
[ "$(find set -name '*_T1w.nii.gz' -exec sha256sum {} + | cut -d ' ' -f 1 | sort -u | wc -l)" -eq $count ] || fail "some of the heads are the same"

# The random network's answer is implausible: quality control (4) is as right as 0.
run() { # OUT [OPTION]...
    local out=$1 code
    shift
    "$dien" run set "$out" participant --model "$model" --quiet "$@" >stdout 2>stderr </dev/null
    code=$?
    [ $code -eq 0 ] || [ $code -eq 4 ] || fail "$out $*: exit $code: $(head -n 3 stderr)"
}
# All but the records, which tell the time.
hashes() { (cd "$1" && find . -path ./status -prune -o -type f -print0 | sort -z | xargs -0 sha256sum) >"$1.sha256"; }
records() { find "$1/status" -name '*.json' 2>/dev/null | wc -l; }
same() { # OUT WHAT
    [ "$(records "$1")" -eq $count ] || fail "$2: expected $count records, found $(records "$1")"
    expect_no_temporaries "$1"
    hashes "$1"
    cmp -s one.sha256 "$1.sha256" || fail "$2: other bytes than with one process: $(diff one.sha256 "$1.sha256" | head -n 5)"
    echo "$2: $(wc -l <"$1.sha256") files, the same bytes"
}

began=$SECONDS
run one --jobs 1
hashes one
[ "$(find one -name '*_volumes.tsv' -exec sha256sum {} + | cut -d ' ' -f 1 | sort -u | wc -l)" -eq $count ] || fail "some scans have the same volumes"
echo "1 process: $((SECONDS - began)) s, $(wc -l <one.sha256) files"

began=$SECONDS
run four --jobs 4
same four "4 processes ($((SECONDS - began)) s)"

seed=$RANDOM
order=$(seq $shards | shuf --random-source=<(yes $seed) | paste -sd' ')
for shard in $order; do run shards --shard "$shard/$shards" --jobs 2; done
same shards "$shards shards in the order $order (seed $seed)"

set -m
"$dien" run set killed participant --model "$model" --jobs 4 --quiet >/dev/null 2>&1 </dev/null &
pid=$!
set +m
for _ in $(seq 6000); do [ "$(records killed)" -ge $((count / 2)) ] && break; sleep 0.05; done
kill -9 -- -$pid # the workers, too, as when the power fails
wait $pid 2>/dev/null
before=$(records killed)
[ "$before" -lt $count ] || fail "the run was over before it was killed"
find killed/status -name '*.json' -printf '%p %T@\n' | sort >before.txt
run killed --jobs 4
find killed/status -name '*.json' -printf '%p %T@\n' | sort >after.txt
[ "$(comm -12 before.txt after.txt | wc -l)" -eq "$before" ] || fail "scans that were done before kill -9 were measured again"
same killed "killed (kill -9) after $before scans, and taken up again"
finish
