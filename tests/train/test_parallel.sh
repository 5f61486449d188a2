# mpirun -n 2 dien train: the curve of one process with the whole batch, one writer, faults that every process must survive, and the end of
# one process.
source "$(dirname "$0")/../cli/lib.sh"

if ! ldd "$dien" | grep -q libmpi; then
    (
        export OMPI_COMM_WORLD_SIZE=2
        expect_sentence 2 "built without MPI" train "$work/none.yaml"
        exit "$failures"
    ) || exit 1
fi
if ! command -v mpirun >/dev/null || ! ldd "$dien" | grep -q libmpi; then
    echo "skipped: no mpirun here, or a build without MPI"
    exit 77
fi
export OMP_NUM_THREADS=1 OMPI_MCA_btl_base_warn_component_unused=0
root=()
[ "$(id -u)" -ne 0 ] || root=(--allow-run-as-root)
# With a limit, so that processes that wait for each other in vain fail the test.
several() { # PROCESSES ARGUMENTS...: output in $work/stdout and $work/stderr, exit code in $code
    local count=$1
    shift
    timeout 60 mpirun "${root[@]}" --oversubscribe --bind-to none -n "$count" "$dien" "$@" >"$work/stdout" 2>"$work/stderr" </dev/null
    code=$?
}

mkdir -p "$work/maps"
"$DIEN_FIXTURE" head "$work/maps/head1.nii.gz" || fail "cannot make a label map"
write_config() { # NORM TRAINING
    "$DIEN_FIXTURE" training "$work/toy.yaml" "$DIEN_SOURCE/share/synth/tissues.tsv" "log_every: 1, validate_every: 3, $2" "$1, dropout: 0.1" &&
        sed -i 's/from: \[10\]/from: [10], weight: 2/; s/samples: 2/samples: 4/' "$work/toy.yaml" || fail "cannot write a config"
}

# Numbers of two tables agree to a share of LIMIT; the gradient's norm falls to near 0 and may differ by as much of its first value.
same_table() { # ONE OTHER LIMIT
    awk -F '\t' -v limit="$3" '
        NR == FNR { for (i = 1; i <= NF; ++i) one[FNR, i] = $i; rows = FNR; next }
        { for (i = 1; i <= NF; ++i) {
              a = one[FNR, i]; d = a - $i; if (d < 0) d = -d; m = a < 0 ? -a : a; if (m < 1e-3) m = 1e-3
              if (FNR == 1 ? a != $i : d > limit * m) { print "row " FNR ", column " i ": expected " a ", found " $i; bad = 1 } } }
        END { if (FNR != rows || rows < 3) { print "expected " rows " rows, found " FNR; bad = 1 } exit bad }' "$1" "$2" >"$work/differences"
}

# One process with four samples is two with two each: by the log and by the validation. Rounding alone differs, and a batch norm adds to it.
for norm in instance batch; do
    write_config "$norm" "steps: 6, batch: 4, accumulate: 2"
    expect 0 train "$work/toy.yaml" -o "$work/$norm-1" --no-figure --threads 1
    several 2 train "$work/toy.yaml" -o "$work/$norm-2" --no-figure --threads 1
    [ "$code" -eq 0 ] || fail "$norm: two processes: expected exit 0, found $code: $(head -c 600 "$work/stderr")"
    for table in log validation; do
        same_table "$work/$norm-1/$table.tsv" "$work/$norm-2/$table.tsv" 2e-5 ||
            fail "$norm: $table.tsv of one and of two processes differ: $(head -n 5 "$work/differences")"
    done
    [ "$(grep -c 'seed 1' "$work/stderr")" -eq 1 ] || fail "expected one voice, found $(head -c 600 "$work/stderr")"
    [ -s "$work/$norm-2/toy.safetensors" ] || fail "expected a model, found $(ls "$work/$norm-2")"
    expect_no_temporaries "$work/$norm-2"
done
# A part in two processes, the rest in one: a checkpoint does not know how many wrote it.
several 2 train "$work/toy.yaml" -o "$work/parts" --no-figure --threads 1 --stop-after 2
expect 0 train "$work/toy.yaml" -o "$work/parts" --no-figure --threads 1 --resume
same_table "$work/batch-1/log.tsv" "$work/parts/log.tsv" 2e-5 || fail "a run in parts differs: $(head -n 5 "$work/differences")"

# Faults are said once, and all end.
several 2 train "$work/none.yaml"
[ "$code" -eq 3 ] || fail "no config: expected exit 3, found $code"
[ "$(grep -c '^dien: .*cannot read' "$work/stderr")" -eq 1 ] || fail "no config: expected one sentence, found $(head -c 600 "$work/stderr")"
several 2 train "$work/toy.yaml" -o "$work/parts" --no-figure
[ "$(grep -c '^dien: .*already holds a run' "$work/stderr")" -eq 1 ] || fail "expected one sentence, found $(head -c 600 "$work/stderr")"
several 3 train "$work/toy.yaml" -o "$work/odd" --no-figure
[ "$(grep -c '^dien: .*multiple of the number of processes' "$work/stderr")" -eq 1 ] ||
    fail "a batch of 4 for 3: expected one sentence, found $(head -c 600 "$work/stderr")"

# One process is killed: the run ends with a message, and what was saved goes on, without a step done twice.
write_config batch "steps: 100000, batch: 4, checkpoint_minutes: 0"
timeout 60 mpirun "${root[@]}" --oversubscribe --bind-to none -n 2 "$dien" train "$work/toy.yaml" -o "$work/killed" --no-figure --threads 1 \
    >"$work/stdout" 2>"$work/stderr" </dev/null &
run=$!
for _ in $(seq 200); do
    [ -s "$work/killed/checkpoint.safetensors" ] && break
    sleep 0.1
done
victim=
for process in /proc/[0-9]*; do
    grep -qzx 'OMPI_COMM_WORLD_RANK=1' "$process/environ" 2>/dev/null && grep -qaF "$work/killed" "$process/cmdline" && victim=${process#/proc/}
done
[ -n "$victim" ] || fail "the second process was not found"
kill -KILL "$victim"
wait "$run"
code=$?
[ "$code" -ne 0 ] || fail "one was killed: expected a failure, found exit 0"
grep -qE 'stopped after step [0-9]+ of 100000 and saved|mpirun noticed' "$work/stderr" || fail "one was killed: expected a message, found $(tail -c 600 "$work/stderr")"
rows=$(($(wc -l <"$work/killed/log.tsv") - 1))
expect 0 train "$work/toy.yaml" -o "$work/killed" --resume --no-figure --threads 1 --stop-after 2
[ "$(tail -n 1 "$work/killed/log.tsv" | cut -f 1)" -ge $((rows + 2)) ] || fail "one was killed: expected to go on after step $rows, found $(tail -n 1 "$work/killed/log.tsv")"

# Ctrl-C on mpirun: both processes stop, and the last step is saved although no checkpoint was due. mpirun kills what has not ended within a second
# unless it is told to wait.
write_config batch "steps: 100000, batch: 4, checkpoint_minutes: 1000"
timeout 60 mpirun "${root[@]}" --mca odls_base_sigkill_timeout 20 --oversubscribe --bind-to none -n 2 "$dien" train "$work/toy.yaml" -o "$work/stopped" --no-figure --threads 1 \
    >"$work/stdout" 2>"$work/stderr" </dev/null &
run=$!
for _ in $(seq 200); do
    grep -q 'step 6: validation' "$work/stderr" && break
    sleep 0.1
done
kill -INT "$(pgrep -P "$run")"
wait "$run"
[ -s "$work/stopped/checkpoint.safetensors" ] || fail "Ctrl-C: nothing was saved: $(tail -c 600 "$work/stderr")"
finish
