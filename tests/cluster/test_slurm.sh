#!/bin/bash
# `dien run --slurm` on a real Slurm of one machine: an array job and a group job that give what one run gives, also when a task is told
# that its time is over and when its node fails.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/../support/slurm.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
model=$work/tiny.safetensors
"$fixture" model "$model" && "$fixture" scan good.nii.gz || { echo "cannot make the inputs"; exit 1; }
export OMP_WAIT_POLICY=passive
with=(--model "$model")

mkdir -p "a set" && echo '{"Name": "set", "BIDSVersion": "1.8.0"}' >"a set/dataset_description.json"
for i in 01 02 03 04 05 06 07 08; do
    mkdir -p "a set/sub-$i/anat" && cp good.nii.gz "a set/sub-$i/anat/sub-${i}_T1w.nii.gz"
done
records() { find "$1/status" -name '*.json' 2>/dev/null | wc -l; }
has_records() { [ "$(records "$1")" -ge "$2" ]; }
same_results() {
    diff -r -x status -x slurm -x group "$1" "$2" >difference 2>&1 || fail "$1 and $2 differ: $(head -n 5 difference)"
}

# --- without Slurm: scripts that bash accepts, and a sentence
expect 0 run "a set" out participant --slurm --dry-run --tasks 3 --partition long --account lab --time 1:00:00 --task-memory 3G "${with[@]}"
for line in '#SBATCH --array=1-3' '#SBATCH --partition=long' '#SBATCH --account=lab' '#SBATCH --time=1:00:00' '#SBATCH --mem=3G'; do
    grep -qxF -- "$line" stdout || fail "--dry-run: expected '$line', found $(cat stdout)"
done
bash -n stdout || fail "--dry-run: bash does not accept the scripts"
[ -e out ] && fail "--dry-run made a folder"
mkdir -p no-slurm && ln -sf /bin/* /usr/bin/[a-r]* no-slurm/ 2>/dev/null
rm -f no-slurm/sbatch
PATH=$work/no-slurm expect_sentence 3 "there is no sbatch here" run "a set" out participant --slurm "${with[@]}"
rm -rf out
expect_sentence 2 "--slurm cannot go with --again or --shard" run "a set" out participant --slurm --shard 1/2 "${with[@]}"

slurm_start
trap 'slurm_stop; rm -rf "$work"' EXIT
expect 4 run "a set" alone participant --jobs 2 --quiet "${with[@]}"

# --- the whole way
expect 0 run "a set" out participant --slurm --tasks 3 "${with[@]}"
grep -qE $'^[0-9]+\tparticipant$' stdout && grep -qE $'^[0-9]+\tgroup$' stdout || fail "expected two job numbers, found $(cat stdout)"
slurm_wait 240 slurm_is_empty || fail "the jobs do not end: $(squeue)"
same_results alone out
[ "$(records out)" -eq 8 ] || fail "expected 8 records, found $(ls out/status)"
[ -e out/slurm/group.log ] || fail "the group's job did not run: $(ls out/slurm)"
expect_sentence 3 "nothing is left to do" run "a set" out participant --slurm "${with[@]}"

# --- a task whose time is over stops, keeps what it did, and is put back into the queue
expect 0 run "a set" late participant --slurm --tasks 1 "${with[@]}"
job=$(sed -n 's/\tparticipant//p' stdout)
slurm_wait 120 has_records late 2 || fail "the task does not start: $(squeue) $(cat late/slurm/*.log)"
scancel --batch --signal=TERM "${job}_1"
sleep 1
before=$(records late)
slurm_wait 240 slurm_is_empty || fail "the task was not taken up again: $(squeue) $(cat late/slurm/*.log)"
same_results alone late
[ "$before" -lt 8 ] || fail "the task was over before it was told to stop"
grep -q 'interrupted' late/slurm/task-1.log || fail "the task did not stop: $(cat late/slurm/task-1.log)"

# --- the node fails: what ran there is lost, what was done is not, and the task runs again when the node is back
expect 0 run "a set" lost participant --slurm --tasks 1 "${with[@]}"
slurm_wait 120 has_records lost 2 || fail "the task does not start: $(squeue)"
scontrol update nodename="$host" state=down reason=test
kill -9 "$(cat "$slurm/node.pid")"
pkill -9 -f 'slurmstepd: ' # and all that ran there
pkill -9 -f "run a set lost participant"
rm -f "$slurm/node.pid"
before=$(records lost)
sleep 1
slurm_start_node
scontrol update nodename="$host" state=resume
slurm_wait 240 slurm_is_empty || fail "the task was not taken up after the node came back: $(squeue) $(sinfo)"
same_results alone lost
[ "$before" -lt 8 ] || fail "the task was over before its node failed"
expect_no_temporaries lost
finish
