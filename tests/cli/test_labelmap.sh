#!/bin/bash
# dien labelmap and dien synth --preview: what they refuse, and a small picture from the shipped template.
. "$(dirname "$0")/lib.sh"
head=$DIEN_SOURCE/share/template/head.nii.gz

expect_sentence 2 "there is no 'dien labelmap mean'; type build, orient, resample" labelmap mean "$head" -o "$work/a.nii.gz"
expect_sentence 2 "at least two label maps" labelmap average "$head" -o "$work/a.nii.gz"
expect_sentence 2 "needs --frame" labelmap frame "$head" -o "$work/a.nii.gz"
expect_sentence 2 "four numbers" labelmap frame "$head" -o "$work/a.nii.gz" --frame 1,2,3
expect_sentence 2 "in people the distance is 20 to 35 mm" labelmap frame "$head" -o "$work/a.nii.gz" --frame 0,0,-1,0
expect_sentence 3 "missing.nii.gz" labelmap average "$head" "$work/missing.nii.gz" -o "$work/a.nii.gz"
expect_empty "$work/a.nii.gz"

expect 0 synth "$head" -o "$work/samples" -n 2 --spacing 6 --preview --seed 5
for name in head_preview.png head_sample-0001_T1w.nii.gz head_sample-0002_dseg.nii.gz; do
    [ -s "$work/samples/$name" ] || fail "expected $name, found: $(ls "$work/samples")"
done
[ "$(head -c 8 "$work/samples/head_preview.png" | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] || fail "the preview is no PNG"
expect 0 synth "$head" -o "$work/again" -n 2 --spacing 6 --preview --seed 5
cmp "$work/samples/head_preview.png" "$work/again/head_preview.png" || fail "equal seeds, other pictures"
# one step: when it began is not known, so no seconds are claimed
expect 0 synth "$head" -o "$work/one" --spacing 6 --plain
grep -qx 'head: done' "$work/stderr" || fail "one sample: expected 'head: done', found $(cat "$work/stderr")"
# two whose results would have the same names: one would overwrite the other
mkdir "$work/other" && cp "$head" "$work/other/"
for what in "synth $head $work/other/head.nii.gz" "synth --from-scan $head $work/other/head.nii.gz" "surface $head $work/other/head.nii.gz" \
    "prepare $head $work/other/head.nii.gz" "icv $head $work/other/head.nii.gz"; do
    # shellcheck disable=SC2086 # words on purpose
    expect_sentence 2 "would both be written as head_" $what -o "$work/both"
done
expect_empty "$work/both"
# a map of nothing: the header, and zeros
gzip -dc "$head" >"$work/full.nii"
{ head -c 352 "$work/full.nii"; head -c $(($(stat -c %s "$work/full.nii") - 352)) /dev/zero; } >"$work/nothing.nii"
expect_sentence 3 "has no labels" synth "$work/nothing.nii" -o "$work/none"
# a file is named once
: >"$work/empty.nii"
expect_sentence 3 "dien: '$work/empty.nii' is empty" synth "$work/empty.nii" -o "$work/none"
expect_no_temporaries "$work"
finish
