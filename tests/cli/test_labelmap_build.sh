#!/bin/bash
# dien labelmap: each step alone and all in one, on a made hemisphere; what they refuse; a full disk half way.
. "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
head=$DIEN_SOURCE/share/template/head.nii.gz
cd "$work" || exit 1
"$fixture" hemisphere "$head" . 3 || fail "cannot make a hemisphere"

# ---- each step alone; a picture beside each result -----------------------------------------------------------------------------------------
expect 0 labelmap orient scan.nii.gz -o oriented.nii.gz
expect 0 labelmap resample scan.nii.gz -o resampled.nii.gz --spacing 4
expect 0 labelmap resample manual.nii.gz -o manual_resampled.nii.gz --spacing 4 --labels
expect 0 labelmap background resampled.nii.gz -o brain.nii.gz
expect 0 labelmap bias resampled.nii.gz -o corrected.nii.gz --mask brain.nii.gz --field bias.nii.gz
expect 0 labelmap classes corrected.nii.gz -o classes.nii.gz --mask brain.nii.gz -k 4
expect 0 labelmap merge classes.nii.gz manual_resampled.nii.gz -o half.nii.gz
expect 0 labelmap place brain.nii.gz -o placed.nii.gz
expect 0 labelmap mirror half.nii.gz -o whole.nii.gz --placed placed.json
for name in oriented resampled manual_resampled brain corrected classes half placed whole; do
    [ -s $name.nii.gz ] || fail "$name.nii.gz is missing"
    [ "$(head -c 8 $name.png | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] || fail "$name.png is no picture"
done
[ -s bias.nii.gz ] || fail "the field is missing"
expect 0 labelmap subdivide whole.nii.gz -o rule.nii.gz --ac 0,3,2 --mb-left -3,-8,-10 --mb-right 3,-8,-10 --compare whole.nii.gz --table rule.tsv
[ "$(wc -l <rule.tsv)" -eq 11 ] || fail "the comparison has $(wc -l <rule.tsv) lines and not 11"

# ---- all of them, and scans from the map -----------------------------------------------------------------------------------------------------
expect 0 labelmap build scan.nii.gz -o maps --manual manual.nii.gz --spacing 3 -k 4
for end in dseg.nii.gz dseg.png classes.nii.gz half.nii.gz tissues.tsv; do [ -s maps/scan_k-4_$end ] || fail "scan_k-4_$end is missing"; done
expect 0 labelmap build scan.nii.gz -o maps --manual manual.nii.gz --spacing 3 -k 4
[ "$(grep -c 'done before' stderr)" -eq 7 ] || fail "a finished map was made again: $(cat stderr)"
expect 0 synth maps/scan_k-4_dseg.nii.gz -o made --tissues maps/scan_k-4_tissues.tsv --spacing 4
[ -s made/scan_k-4_dseg_sample-0001_T1w.nii.gz ] || fail "no scan was made of the map: $(ls made)"

# ---- stopped half way: the finished steps stay, and the run goes on --------------------------------------------------------------------------
mkdir half_way && cp maps/scan_{scan,manual,brain}.* maps/scan_steps.json half_way
blocks=$(($(stat -c %s maps/scan_bias.nii.gz) / 2048)) # half of the field
(
    trap '' XFSZ # as on a full disk: the write fails
    ulimit -f $blocks
    "$dien" labelmap build scan.nii.gz -o half_way --manual manual.nii.gz --spacing 3 -k 4 >stdout 2>stderr
)
code=$?
[ $code -eq 5 ] || fail "full disk: expected exit 5, found $code: $(tail -n 3 stderr)"
grep -q '^dien: cannot write' stderr || fail "full disk: expected a sentence, found $(tail -n 1 stderr)"
[ -s half_way/scan_brain.nii.gz ] || fail "full disk: the finished steps are gone: $(ls half_way)"
expect_no_temporaries half_way
expect 0 labelmap build scan.nii.gz -o half_way --manual manual.nii.gz --spacing 3 -k 4
grep -q 'background: done before' stderr || fail "what was finished before the disk was full was done again: $(cat stderr)"
cmp half_way/scan_k-4_dseg.nii.gz maps/scan_k-4_dseg.nii.gz || fail "a resumed run gives another map"

# ---- refused, a sentence each ------------------------------------------------------------------------------------------------------------------
expect_sentence 2 "images are written as .nii.gz or .nii" labelmap place brain.nii.gz -o x.png
expect_sentence 2 "k = 1 is not possible" labelmap classes corrected.nii.gz -o x.nii.gz -k 1
expect_sentence 2 "k = 40 is not possible" labelmap classes corrected.nii.gz -o x.nii.gz -k 40
expect_sentence 2 "k = 40 is not possible" labelmap build scan.nii.gz -o x --classes 4-40
expect_sentence 2 "takes a number or a range" labelmap build scan.nii.gz -o x --classes some
expect_sentence 3 "is a whole head" labelmap place "$head" -o x.nii.gz
expect_sentence 3 "lies on another grid" labelmap build scan.nii.gz -o x --manual manual_resampled.nii.gz
expect_sentence 3 "lies on another grid" labelmap merge classes.nii.gz manual.nii.gz -o x.nii.gz
expect_sentence 3 "lies on another grid" labelmap bias scan.nii.gz -o x.nii.gz --mask brain.nii.gz
expect_sentence 3 "is it a whole head" labelmap background "$DIEN_SOURCE/share/template/head.nii.gz" -o x.nii.gz --outside 1
gzip -dc manual.nii.gz >full.nii
{ head -c 352 full.nii; head -c $(($(stat -c %s full.nii) - 352)) /dev/zero; } >empty.nii
expect_sentence 3 "has no labels: every voxel is 0" labelmap build scan.nii.gz -o x --manual empty.nii --spacing 3
{ head -c 352 full.nii; printf '\41\3'; tail -c +355 full.nii; } >edge.nii
expect_sentence 3 "touches the edge of the scan" labelmap build scan.nii.gz -o x --manual edge.nii --spacing 3
expect_sentence 2 "the landmarks are missing" labelmap subdivide whole.nii.gz -o x.nii.gz --ac 0,1,2
expect_sentence 2 "takes three numbers" labelmap subdivide whole.nii.gz -o x.nii.gz --ac 0,1
expect_sentence 3 "AC does not lie in front" labelmap subdivide whole.nii.gz -o x.nii.gz --ac 0,-30,2 --mb-left -3,-8,-10 --mb-right 3,-8,-10
printf 'name\tx_mm\ty_mm\tz_mm\nAC\t0\t1\t2\n' >few.tsv
expect_sentence 3 "has no row 'L MB'" labelmap subdivide whole.nii.gz -o x.nii.gz --landmarks few.tsv
[ ! -e x.nii.gz ] || fail "a refused step left a file"
expect_no_temporaries "$work"
finish
