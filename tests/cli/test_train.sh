# dien train from outside: a config that is wrong, a run, a signal, a full disk, and the model at the end.
source "$(dirname "$0")/lib.sh"

mkdir -p "$work/maps"
"$DIEN_FIXTURE" head "$work/maps/head1.nii.gz" || fail "cannot make a label map"
write_config() { # STEPS EXTRA
    "$DIEN_FIXTURE" training "$work/toy.yaml" "$DIEN_SOURCE/share/synth/tissues.tsv" "steps: $1, log_every: 1, validate_every: 3 ${2:-}" ||
        fail "cannot write a config"
}

write_config 6
sed 's/spacing_mm/spacing/' "$work/toy.yaml" >"$work/bad.yaml"
expect_sentence 3 "bad.yaml:3: model has no key \"spacing\"" train "$work/bad.yaml"
sed 's/, 507\]/]/' "$work/toy.yaml" >"$work/bad.yaml"
expect_sentence 3 "the label 507 of" train "$work/bad.yaml" -o "$work/bad"
expect_sentence 3 "cannot read" train "$work/none.yaml"
expect_sentence 2 "give only one of them" train "$work/toy.yaml" --resume --restart
sed 's/training: {steps: 6,/training: {steps: 6, epochs: 2,/' "$work/toy.yaml" >"$work/bad.yaml"
expect_sentence 3 "training takes steps or epochs, not both" train "$work/bad.yaml"
sed 's/architecture: unet3d,/architecture: unet3d, slices: {channels: 3},/' "$work/toy.yaml" >"$work/bad.yaml"
expect_sentence 3 "model.slices is for networks that work on slices" train "$work/bad.yaml"
expect 0 train "$work/toy.yaml" --preview "$work/samples.png"
[ "$(head -c 4 "$work/samples.png" | tail -c 3)" = PNG ] || fail "--preview: expected a PNG, found $(head -c 60 "$work/samples.png" | tr -d '\0')"
expect 0 train "$work/toy.yaml" --check
grep -q '^classes	4$' "$work/stdout" || fail "--check: expected four classes, found $(cat "$work/stdout")"
expect_empty "$work/run"

expect 0 train "$work/toy.yaml" --threads 2 --no-figure
for name in checkpoint.safetensors log.tsv validation.tsv toy.safetensors; do
    [ -s "$work/run/$name" ] || fail "expected $name in the run's folder, found $(ls "$work/run")"
done
[ "$(wc -l <"$work/run/log.tsv")" -eq 7 ] || fail "log.tsv: expected 7 lines, found $(cat "$work/run/log.tsv")"
expect_no_temporaries "$work/run"
expect 0 models show "$work/run/toy.safetensors"
grep -q thalamus "$work/stdout" || fail "models show: expected the thalamus, found $(cat "$work/stdout")"
expect_sentence 2 "already holds a run" train "$work/toy.yaml"
# A run that has ended can be prolonged, and not shortened; --check says what training would.
expect_sentence 2 "already holds a run" train "$work/toy.yaml" --check
expect_sentence 3 "is already at step 6" train "$work/toy.yaml" --resume --steps 5 --check
expect 0 train "$work/toy.yaml" --resume --steps 8 --no-figure
[ "$(wc -l <"$work/run/log.tsv")" -eq 9 ] || fail "prolonged: log.tsv: expected 9 lines, found $(cat "$work/run/log.tsv")"
grep -q 'the run now has 8 steps, not 6' "$work/stderr" || fail "prolonged: expected to be told, found $(cat "$work/stderr")"
sed 's/training: {/training: {seed: 3, /' "$work/toy.yaml" >"$work/seed.yaml"
expect_sentence 3 "training.seed (1 there, 3 here)" train "$work/seed.yaml" --resume --steps 8
# A finished run whose model is what the config starts from, would write over it.
sed 's/spacing_mm/start: run\/toy.safetensors, spacing_mm/' "$work/toy.yaml" >"$work/again.yaml"
expect_sentence 2 "would be overwritten" train "$work/again.yaml" --restart --check
# Aliases of aliases: a few hundred bytes that stand for gigabytes.
{
    head -n 2 "$work/toy.yaml"
    printf 'model: {architecture: unet3d, spacing_mm: 6, patch: [16, 16, 16], config: {features: [4, 8], convs: 1, a0: &a0 [1,1,1,1,1,1,1,1,1,1]'
    for n in 1 2 3 4 5 6 7 8 9; do
        a="*a$((n - 1))"
        printf ', a%d: &a%d [%s,%s,%s,%s,%s,%s,%s,%s,%s,%s]' "$n" "$n" "$a" "$a" "$a" "$a" "$a" "$a" "$a" "$a" "$a" "$a"
    done
    printf '}}\n'
    tail -n +4 "$work/toy.yaml"
} >"$work/bomb.yaml"
(
    limit_addresses 2000000
    expect_sentence 3 "bomb.yaml:3: with its aliases (*name) expanded" train "$work/bomb.yaml" --check
    exit "$failures"
) || fail "the aliases were expanded: $(cat "$work/stderr")"

# A signal in the middle: saved, exit 130, and --resume goes on.
write_config 100000 ", checkpoint_minutes: 0"
"$dien" train "$work/toy.yaml" -o "$work/long" --no-figure >/dev/null 2>"$work/long.log" &
run=$!
for _ in $(seq 600); do
    [ -s "$work/long/checkpoint.safetensors" ] && break
    sleep 0.1
done
# Meanwhile the folder is that run's alone.
expect_sentence 2 "a training run is in progress in" train "$work/toy.yaml" -o "$work/long" --resume --no-figure
expect_sentence 2 "a training run is in progress in" train "$work/toy.yaml" -o "$work/long" --restart --check
kill -TERM "$run"
wait "$run"
code=$?
[ "$code" -eq 130 ] || fail "SIGTERM: expected exit 130, found $code: $(cat "$work/long.log")"
grep -q 'saved; the same command with --resume continues it' "$work/long.log" || fail "SIGTERM: expected how to go on, found $(cat "$work/long.log")"
expect_no_temporaries "$work/long"
[ ! -e "$work/long/.lock" ] || fail "SIGTERM: the folder is still locked"
# The curves of a run that was stopped are drawn.
if command -v gnuplot >/dev/null; then
    "$dien" train "$work/toy.yaml" -o "$work/drawn" >/dev/null 2>"$work/stderr" &
    run=$!
    for _ in $(seq 600); do
        [ -s "$work/drawn/log.tsv" ] && [ "$(wc -l <"$work/drawn/log.tsv")" -gt 3 ] && break
        sleep 0.1
    done
    kill -TERM "$run"
    wait "$run"
    code=$?
    [ "$code" -eq 130 ] || fail "SIGTERM: expected exit 130, found $code: $(cat "$work/stderr")"
    for kind in svg pdf png; do
        [ -s "$work/drawn/curves.$kind" ] || fail "SIGTERM: expected curves.$kind, found $(ls -A "$work/drawn"): $(cat "$work/stderr")"
    done
fi
expect 0 train "$work/toy.yaml" -o "$work/long" --resume --stop-after 2 --no-figure
# The model of a run in progress, and none where there is no run.
expect 0 train "$work/toy.yaml" -o "$work/long" --write-model
[ -s "$work/long/toy.safetensors" ] || fail "--write-model: expected toy.safetensors, found $(ls "$work/long")"
sed 's/checkpoint_minutes: 0/checkpoint_minutes: 0, keep: last/' "$work/toy.yaml" >"$work/last.yaml"
expect 0 train "$work/last.yaml" -o "$work/long" --write-model
expect 0 models show "$work/long/toy.safetensors"
grep -qE ' ([0-9]+) steps, weights of step \1([^0-9]|$)' "$work/stdout" || fail "keep: last: expected the weights of the last step, found $(cat "$work/stdout")"
expect_sentence 3 "there is no checkpoint" train "$work/toy.yaml" -o "$work/nothing" --write-model
expect_sentence 2 "give only one of them" train "$work/toy.yaml" --resume --write-model

# A disk that fills while a checkpoint is written: exit 5, and the last good one is still there and still good.
cp "$work/long/checkpoint.safetensors" "$work/good"
(
    ulimit -f 8
    "$dien" train "$work/toy.yaml" -o "$work/long" --resume --stop-after 1 --no-figure >/dev/null 2>"$work/stderr"
)
code=$?
[ "$code" -eq 5 ] || fail "full disk: expected exit 5, found $code: $(cat "$work/stderr")"
cmp -s "$work/good" "$work/long/checkpoint.safetensors" || fail "full disk: the last good checkpoint has changed"
expect_no_temporaries "$work/long"
expect 0 train "$work/toy.yaml" -o "$work/long" --resume --stop-after 1 --no-figure
finish
