#!/bin/bash
# `dien segment` with a network that sees slices of the AC-PC frame: in one line on the demo head, by the shipped whole-head networks and
# a network that sees two rods in the frame whatever the slices show (tests/support/slice_maker.h); and what happens without a frame.
source "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
tree=$(cd "$(dirname "$0")/../.." && pwd)
cd "$work" || exit 1
export OMP_WAIT_POLICY=passive XDG_DATA_HOME=$work/none
# The program is copied, away from networks that somebody has imported into the tree.
mkdir -p bin nets heads && cp "$dien" bin/dien && ln -s "$tree/share" share
"$fixture" slices nets/hypothalamus-2d.safetensors && "$fixture" whole-head heads || { echo "cannot make the inputs"; exit 1; }
cp nets/hypothalamus-2d.safetensors heads/
number() { # KEY FILE: the n-th number ($3, default 1) behind the key
    tr -d ' \n' <"$2" | grep -oE "\"$1\":\[?[-0-9.e,]+" | head -n 1 | sed 's/.*[:[]//' | cut -d , -f "${3:-1}"
}

# --- one line: and nothing is said to be missing
for name in whole-head-coarse whole-head-fine; do
    [ -e "$tree/models/$name.safetensors" ] || { echo "no $name in the tree"; exit 77; }
    ln -s "$tree/models/$name.safetensors" nets/
done
"$dien" synth "$tree/share/template/head.nii.gz" -o . --plain -q >stdout 2>stderr || fail "synth: $(cat stderr)"
mv head_sample-0001_T1w.nii.gz demo_T1w.nii.gz
DIEN_MODELS=$work/nets bin/dien segment demo_T1w.nii.gz -o out --model hypothalamus-2d --structures hypothalamus,icv --posteriors >stdout 2>stderr
code=$?
[ "$code" -eq 0 ] || fail "one line: expected 0, found $code: $(cat stderr)"
grep -q 'not installed' stderr && fail "one line: expected no network to be missing, found $(cat stderr)"
found=$(cut -f 1,2 out/demo_volumes.tsv | tr '\t\n' ' ,')
[ "$found" = "structure hemi,hypothalamus L,hypothalamus R,hypothalamus B,icv B," ] || fail "one line: rows are $found"
# 50 slices of 0.5 mm x the rods' 18.16 mm2 (18 mm2 of a sharp diamond)
awk -F '\t' '$1 == "hypothalamus" && $2 != "B" { n++; if ($3 < 452 || $3 > 456 || $4 < 435 || $4 > 465) bad = 1 } END { exit bad || n != 2 }' \
    out/demo_volumes.tsv || fail "one line: expected rods of 454 and about 450 mm3, found $(cat out/demo_volumes.tsv)"
for file in dseg.nii.gz dseg.tsv dseg.json probseg.nii.gz qc.png report.html label-ICV_mask.nii.gz; do
    [ -s "out/demo_$file" ] || fail "one line: no demo_$file in $(ls out)"
done
grep -q '"HypothalamusModel": "hypothalamus-2d"' out/demo_volumes.json || fail "one line: the network is not named in $(cat out/demo_volumes.json)"
grep -q $'^819\t' out/demo_dseg.tsv && grep -q $'^820\t' out/demo_dseg.tsv || fail "one line: labels are $(cat out/demo_dseg.tsv)"
grep -q 'AC-PC frame' out/demo_report.html || fail "one line: no frame in the report"
# the template's world is the frame
for key in AC_mm PC_mm; do
    for n in 1 2 3; do
        expected=0
        [ "$key$n" = PC_mm2 ] && expected=$(awk -F '\t' '$1 == "PC" { print $3 }' "$tree/share/template/landmarks.tsv")
        awk -v found="$(number "$key" out/demo_volumes.json $n)" -v expected="$expected" \
            'BEGIN { d = found - expected; exit !(found != "" && d < 1 && d > -1) }' ||
            fail "$key, number $n: expected $expected, found $(number "$key" out/demo_volumes.json $n)"
    done
done

# --- a stack takes the other road, with a score of its own: rods of 48 mm are no hypothalamus; and both kinds at once are refused
"$fixture" scan thin.nii.gz 1 48 || fail "cannot make a stack"
for accept in '' --accept; do
    DIEN_MODELS=$work/nets bin/dien segment thin.nii.gz -o stacks --model hypothalamus-2d $accept >stdout 2>stderr
    code=$?
    [ "$code" -eq "$([ -z "$accept" ] && echo 4 || echo 0)" ] || fail "a stack, $accept: found $code: $(cat stderr)"
    [ -s stacks/thin_volumes.tsv ] && [ ! -e stacks/thin_report.html ] || fail "a stack: found $(ls stacks)"
    grep -q "^hypothalamus	B	.*	$([ -z "$accept" ] && echo no || echo by_hand)$" stacks/thin_volumes.tsv || fail "a stack: $(cat stacks/thin_volumes.tsv)"
    for text in '"Score": 0.0' '"volume": 0.0' '"symmetry": 1.0' '"certainty": ' '"Code": "volume_too_high"' '"Code": "stack_edge"'; do
        grep -q "$text" stacks/thin_dseg.json || fail "a stack: expected $text, found $(cat stacks/thin_dseg.json)"
    done
    grep -qE '"(folds|brain|agreement)"|"Code": "cut"' stacks/thin_dseg.json && fail "a stack: found a mark it cannot have: $(cat stacks/thin_dseg.json)"
done
export DIEN_MODELS=$work/nets
expect_sentence 2 "give only stacks or only whole heads" segment thin.nii.gz demo_T1w.nii.gz -o both --model hypothalamus-2d
expect_empty both
expect_sentence 2 "consensus is for networks that work on volumes" segment demo_T1w.nii.gz -o both --model hypothalamus-2d --consensus
expect_empty both

# --- share/ is not whole: an error that names the file
mkdir -p broken/bin broken/share/template && cp bin/dien broken/bin/
ln -s "$tree/share/synth" broken/share/ && ln -s "$tree/share/template/head.nii.gz" broken/share/template/
for what in '' '--structures hypothalamus,thalamus'; do
    # shellcheck disable=SC2086 # words are meant
    DIEN_MODELS=$work/heads broken/bin/dien segment heads/head.nii.gz -o none --model hypothalamus-2d $what >stdout 2>stderr
    code=$?
    [ "$code" -eq 3 ] && grep -q 'landmarks.tsv' stderr || fail "share/ is not whole, $what: expected 3 and the file, found $code: $(cat stderr)"
    expect_empty none
done

# --- no frame: a head of three structures. The rest is measured; alone, it is an error.
export DIEN_MODELS=$work/heads
bin/dien segment heads/head.nii.gz -o less --model hypothalamus-2d --structures hypothalamus,thalamus >stdout 2>stderr
code=$?
[ "$code" -eq 4 ] || fail "no frame: expected 4, found $code: $(cat stderr)"
grep -q 'hypothalamus was not measured: the AC-PC frame was not found' stderr || fail "no frame: expected a sentence, found $(cat stderr)"
grep -q '^thalamus	B' less/head_volumes.tsv && ! grep -q '^hypothalamus' less/head_volumes.tsv || fail "no frame: found $(cat less/head_volumes.tsv)"
expect_sentence 3 "AC-PC frame was not found" segment heads/head.nii.gz -o none --model hypothalamus-2d
expect_empty none
# without the networks that find it
mkdir alone && cp nets/hypothalamus-2d.safetensors alone/
DIEN_MODELS=$work/alone bin/dien segment heads/head.nii.gz -o none --model hypothalamus-2d >stdout 2>stderr
code=$?
[ "$code" -eq 3 ] && grep -q 'whole-head-coarse' stderr || fail "no whole-head networks: expected 3 and their name, found $code: $(cat stderr)"
expect_empty none
finish
