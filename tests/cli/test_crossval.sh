# dien crossval from outside: folds, tables, what goes on after a stop, and what does not go together.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/../support/toy.sh"

for n in 1 2 3 4; do
    # The label map is its own scan: numbers are intensities.
    "$DIEN_FIXTURE" head "$work/sub-0${n}_stack.nii.gz" || fail "cannot make a head"
    cp "$work/sub-0${n}_stack.nii.gz" "$work/sub-0${n}_dseg.nii.gz"
done
printf 'participant_id\tgroup\nsub-01\ta\nsub-02\ta\n03\tb\nsub-04\tb\n' >"$work/participants.tsv"
{
    toy_network toy run 3 8
    cat <<YAML
data: {scans: [{scan: '*_stack.nii.gz', labels: '*_dseg.nii.gz'}]}
training: {epochs: 3, batch: 8, schedule: {kind: constant, peak: 0.02}}
YAML
} >"$work/toy.yaml"

run=(crossval "$work/toy.yaml" --folds 2 --participants "$work/participants.tsv" --group group --no-figure)
expect 0 "${run[@]}"
for name in folds.tsv evaluation.tsv crossval.tsv fold-1/toy-fold-1.safetensors fold-2/toy-fold-2.safetensors fold-2/validation.tsv; do
    [ -s "$work/run/$name" ] || fail "expected $name, found $(ls "$work/run" "$work/run"/fold-*)"
done
# Each group has a subject in each fold, and each subject is measured once, in its own fold.
[ "$(tail -n +2 "$work/run/folds.tsv" | cut -f 2,3 | sort | uniq -c | awk '$1 == 1' | wc -l)" -eq 4 ] || fail "folds: $(cat "$work/run/folds.tsv")"
cut -f 1,3 "$work/run/folds.tsv" | tail -n +2 | sort >"$work/expected"
awk -F'\t' 'NR > 1 && $5 == "shell" { print $2 "\t" $1 }' "$work/run/evaluation.tsv" | sort >"$work/found"
cmp -s "$work/expected" "$work/found" || fail "evaluation: expected $(cat "$work/expected"), found $(cat "$work/found")"
# A fold and all, for each side and both.
[ "$(wc -l <"$work/run/crossval.tsv")" -eq 10 ] || fail "crossval.tsv: expected 10 lines, found $(cat "$work/run/crossval.tsv")"
grep -q '^all	shell	4	' "$work/run/crossval.tsv" || fail "crossval.tsv: expected all 4 scans, found $(cat "$work/run/crossval.tsv")"
expect_no_temporaries "$work/run"

# Patience watches each fold's own held-out scans; the config needs no validation of its own.
sed 's/peak: 0.02}/peak: 1.0e-12}, optimizer: {kind: sgd}, patience: 1/; s/epochs: 3/epochs: 9/' "$work/toy.yaml" >"$work/patient.yaml"
expect 0 crossval "$work/patient.yaml" --folds 2 -o "$work/patient" --no-figure
grep -q 'no better for 1 validations: stopping' "$work/stderr" || fail "patience: expected to stop early, found $(cat "$work/stderr")"
[ -s "$work/patient/crossval.tsv" ] || fail "patience: expected crossval.tsv, found $(ls "$work/patient")"
expect_sentence 3 "training.patience needs the validation loss" train "$work/patient.yaml" --check

expect_sentence 2 "already holds a cross-validation" "${run[@]}"
expect_sentence 2 "give both or neither" crossval "$work/toy.yaml" --group group
expect_sentence 2 "there is no fold 3 of 2" crossval "$work/toy.yaml" --folds 2 --fold 3
expect_sentence 3 "fewer than the 5 folds" crossval "$work/toy.yaml" -o "$work/five"
sed 's/^training: {/training: {seed: 5, /' "$work/toy.yaml" >"$work/seed.yaml"
expect_sentence 3 "has other folds than" crossval "$work/seed.yaml" --folds 4 --resume --no-figure

# What is there is left alone; what is missing is made again, the same.
cp "$work/run/crossval.tsv" "$work/before"
cp "$work/run/fold-2/toy-fold-2.safetensors" "$work/model"
touch -d '2001-01-01' "$work/run/fold-1/toy-fold-1.safetensors"
rm -r "$work/run/fold-2"
expect 0 "${run[@]}" --resume
[ "$(date -r "$work/run/fold-1/toy-fold-1.safetensors" +%Y)" = 2001 ] || fail "--resume trained a fold that was there"
cmp -s "$work/model" "$work/run/fold-2/toy-fold-2.safetensors" || fail "--resume: the model of fold 2 is another one"
# But for the seconds a slice.
for table in "$work/before" "$work/run/crossval.tsv"; do cut -f 1-21 "$table" >"$table.cut"; done
cmp -s "$work/before.cut" "$work/run/crossval.tsv.cut" || fail "--resume: crossval.tsv was $(cat "$work/before"), is $(cat "$work/run/crossval.tsv")"
expect 0 crossval "$work/toy.yaml" --folds 2 --fold 2 -o "$work/one" --no-figure
[ ! -e "$work/one/fold-1" ] && [ ! -e "$work/one/crossval.tsv" ] || fail "--fold 2 made $(ls "$work/one")"

# The folds together on a stack: files, how far they differ; so small networks are unsure, and the stack is rejected unless it is accepted
# by hand; one that sees volumes does not go with them.
models="$work/run/fold-1/toy-fold-1.safetensors,$work/run/fold-2/toy-fold-2.safetensors"
expect 4 segment "$work/sub-01_stack.nii.gz" --model "$models" -o "$work/out" --posteriors
grep -q 'done, but the scan failed quality control; the reasons are above and in \*_dseg.json' "$work/stderr" || fail "a bad stack: expected a sentence, found $(cat "$work/stderr")"
grep -q '^shell	B	.*	no$' "$work/out/sub-01_stack_volumes.tsv" || fail "a bad stack: volumes: $(cat "$work/out/sub-01_stack_volumes.tsv")"
expect 0 segment "$work/sub-01_stack.nii.gz" --model "$models" -o "$work/out" --posteriors --accept
grep -q '^shell	B	.*	by_hand$' "$work/out/sub-01_stack_volumes.tsv" || fail "--accept: $(cat "$work/out/sub-01_stack_volumes.tsv")"
for name in dseg volumes; do
    for text in '"QualityControl": "failed, accepted by hand' '"FoldDisagreement": [0-9]' '"folds": 1.0' '"Code": "uncertain"'; do
        grep -q "$text" "$work/out/sub-01_stack_$name.json" || fail "$name.json: expected $text, found $(cat "$work/out/sub-01_stack_$name.json")"
    done
done
for name in dseg.nii.gz dseg.tsv dseg.json volumes.tsv volumes.json probseg.nii.gz; do
    [ -s "$work/out/sub-01_stack_$name" ] || fail "expected sub-01_stack_$name, found $(ls "$work/out")"
done
grep -q 'the 2 models differ by' "$work/stderr" || fail "expected how far the folds differ, found $(cat "$work/stderr")"
grep -q '^shell	[LRB]	' "$work/out/sub-01_stack_volumes.tsv" || fail "volumes: $(cat "$work/out/sub-01_stack_volumes.tsv")"
"$DIEN_FIXTURE" model "$work/volumes.safetensors" || fail "cannot make a model"
expect_sentence 3 "works on volumes, not on slices" segment "$work/sub-01_stack.nii.gz" --model "$models,$work/volumes.safetensors" -o "$work/out"
finish
