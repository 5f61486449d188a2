#!/bin/bash
# dien synth from outside: contrasts, slices and planes come out as asked for, equal seeds give equal files, and what does not go together is refused.
source "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
"${DIEN_FIXTURE:?the program tests/fixture}" head map.nii.gz || { echo "cannot make a head"; exit 1; }

# voxel_mm FILE: the voxel's edges, from the header (pixdim: bytes 80 to 91).
voxel_mm() { gzip -dc "$1" | head -c 92 | tail -c 12 | od -An -tf4 | awk '{ printf "%g %g %g\n", $1, $2, $3 }'; }

expect 0 synth map.nii.gz -o one --spacing 4 --seed 3 -q
expect 0 synth map.nii.gz -o two --spacing 4 --seed 3 -q
diff -r one two >difference || fail "one seed, two results: $(cat difference)"
[ "$(voxel_mm one/map_sample-0001_T1w.nii.gz)" = "4 4 4" ] || fail "--spacing 4: found $(voxel_mm one/map_sample-0001_T1w.nii.gz)"

for plane in sagittal:"8 4 4" coronal:"4 8 4" axial:"4 4 8"; do
    expect 0 synth map.nii.gz -o "${plane%%:*}" --spacing 4 --slices 8 --plane "${plane%%:*}" --contrast any --variation 0.2 --seed 3 -q
    for what in MR dseg; do
        file=${plane%%:*}/map_sample-0001_$what.nii.gz
        [ "$(voxel_mm "$file")" = "${plane#*:}" ] || fail "$file: expected ${plane#*:}, found $(voxel_mm "$file")"
    done
done
expect 0 synth map.nii.gz -o t1 --spacing 4 --contrast t1 --plain --seed 3 -q
expect 0 synth map.nii.gz -o any --spacing 4 --contrast any --plain --seed 3 -q
cmp -s t1/map_sample-0001_T1w.nii.gz any/map_sample-0001_MR.nii.gz && fail "--contrast any gave the picture of --contrast t1"
expect 0 synth map.nii.gz -o varied --spacing 4 --contrast t1 --plain --variation 0.3 --seed 3 -q
cmp -s t1/map_sample-0001_T1w.nii.gz varied/map_sample-0001_T1w.nii.gz && fail "--variation changed nothing"
cmp -s t1/map_sample-0001_dseg.nii.gz varied/map_sample-0001_dseg.nii.gz || fail "--variation changed the truth"

expect_sentence 2 "--slices is for label maps" synth map.nii.gz --from-scan --slices 5 -o x
expect_sentence 2 "--contrast takes mixed, t1 or any" synth map.nii.gz --contrast T2 -o x
finish
