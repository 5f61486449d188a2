#!/bin/bash
# A scan that is not T1-weighted: the hypothalamus, and where such networks are installed the whole head, are measured by networks for any
# contrast, and said; a T1-weighted scan, and the hypothalamus for which a network was named, are measured as before. The networks of the whole
# head are those that come with dien.
source "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
source_folder=${DIEN_SOURCE:?the source tree}
cd "$work" || exit 1
mkdir models && for name in whole-head-coarse whole-head-fine; do ln -s "$source_folder/models/$name.safetensors" models/; done
"$fixture" model models/hypothalamus.safetensors && cp models/hypothalamus.safetensors models/hypothalamus-any-contrast.safetensors || exit 1
export DIEN_MODELS=$work/models
"$dien" synth "$source_folder/share/template/head.nii.gz" -o . --plain --contrast t1 --spacing 2 -q || fail "cannot make a head"
mv head_sample-0001_T1w.nii.gz t1.nii.gz
# The same head with dark white matter and bright fluid, as T2: another table of tissues.
awk -F '\t' -v OFS='\t' 'NR > 1 { $6 = $4 == "air" ? 3 : $4 == "head" ? 40 : 200 - $6; $7 = 1 } { print }' "$source_folder/share/synth/tissues.tsv" >t2.tsv
"$dien" synth "$source_folder/share/template/head.nii.gz" -o . --plain --contrast t1 --tissues t2.tsv --spacing 2 -q || fail "cannot make a head"
mv head_sample-0001_T1w.nii.gz t2.nii.gz

chosen="the scan is not T1-weighted; the hypothalamus is measured by the network 'hypothalamus-any-contrast'"
run() { "$dien" segment "$@" --structures hypothalamus,icv --threads 2 --precision bf16 >stdout 2>stderr; }
run t2.nii.gz -o t2
grep -q "$chosen" stderr || fail "T2: expected '$chosen', found $(cat stderr)"
run t1.nii.gz -o t1
grep -q "$chosen" stderr && fail "T1: measured by the network for any contrast"
grep -q '"Name": "whole-head-coarse"' t2/t2_dseg.json || fail "T2 without networks of the whole head for any contrast: expected whole-head-coarse in the JSON file"
for pass in coarse fine; do ln -s "$source_folder/models/whole-head-$pass-any-contrast.safetensors" models/; done
head="the scan is not T1-weighted; the whole head is measured by the network 'whole-head-coarse-any-contrast'"
run t2.nii.gz -o whole
grep -q "$head" stderr && grep -q "$chosen" stderr || fail "T2: expected '$head' and '$chosen', found $(cat stderr)"
grep -q 'It was measured by networks for scans of any contrast' stderr || fail "T2: expected what the numbers are worth, found $(cat stderr)"
grep -q '"Name": "whole-head-coarse-any-contrast"' whole/t2_dseg.json && ! grep -q '"Name": "whole-head-coarse"' whole/t2_dseg.json ||
    fail "T2: expected the networks for any contrast in the JSON file: $(cat whole/t2_dseg.json)"
cmp -s <(grep '^icv' t2/t2_volumes.tsv) <(grep '^icv' whole/t2_volumes.tsv) && fail "T2: the same intracranial volume by other networks"
cp t1/t1_volumes.tsv before.tsv
run t1.nii.gz -o t1
grep -q "any contrast\|any-contrast" stderr && fail "T1: measured by the networks for any contrast"
cmp -s before.tsv t1/t1_volumes.tsv || fail "T1: other volumes since networks for other contrasts are there"
run t2.nii.gz -o named --model hypothalamus
grep -q "$chosen" stderr && fail "a named network: measured by another one"
grep -q "$head" stderr || fail "a named network of the hypothalamus: expected '$head', found $(cat stderr)"

# Two networks in a row: both are named, and the outline is not that of the second one alone.
"$fixture" whole-model models/whole.safetensors whole && "$fixture" model models/parts.safetensors parts whole || exit 1
both() { "$dien" segment t1.nii.gz --structures hypothalamus -o "$1" --model "$1" --threads 2 --accept >stdout 2>stderr; }
both parts || fail "two networks in a row: $(cat stderr)"
both hypothalamus || fail "one network: $(cat stderr)"
cmp -s parts/t1_volumes.tsv hypothalamus/t1_volumes.tsv && fail "the network of the whole changed nothing"
grep -q '"Name": "whole"' parts/t1_dseg.json && grep -q '"Name": "parts"' parts/t1_dseg.json || fail "expected both networks in the JSON file: $(cat parts/t1_dseg.json)"
rm models/whole.safetensors
both parts && fail "a network without the one whose structures it divides: expected a failure"
grep -q "parts divides what another network finds" stderr || fail "expected what is missing, found $(cat stderr)"
finish
