#!/bin/bash
# `dien run` on folders of DICOM files: persons and sessions by the names of folders, labels that name nobody, the choice of the series in the
# records, what is done again and why, sessions in one frame, and that nothing in the output says who was scanned.
source "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
model=$work/tiny.safetensors
"$fixture" model "$model" || { echo "cannot make the network"; exit 1; }
export OMP_WAIT_POLICY=passive TMPDIR=$work/tmp
mkdir "$TMPDIR"
run() { # DATASET OUT [OPTION]...: all measured; the random network's answer is implausible, so 4 is as right as 0
    local code
    "$dien" run "$1" "$2" participant --model "$model" "${@:3}" >stdout 2>stderr </dev/null
    code=$?
    [ $code -eq 0 ] || [ $code -eq 4 ] || fail "run $*: exit $code: $(cat stderr)"
}
listed() { # DATASET [OPTION]...
    "$dien" run "$1" nowhere participant --dry-run --model "$model" "${@:2}" >stdout 2>stderr </dev/null || fail "--dry-run $*: $(cat stderr)"
    cut -f 1 stdout | paste -sd' '
}
is() { [ "$1" = "$2" ] || fail "$3: expected '$2', found '$1'"; }

# --- names that are labels already, in three ways; a name that says who it is; sessions by their examinations
"$fixture" dicom set/sub-01/ses-1/SER01 10:t1 && "$fixture" dicom set/sub-01/ses-1/SER02 10:t2
"$fixture" dicom set/sub-01/ses-2/SER01 11:t1
"$fixture" dicom "set/sub-02_ses-9" 20:t1
"$fixture" dicom zips/x 30:localizer 30:t1
entries=()
for file in zips/x/*; do entries+=("Zebrowska/${file##*/}=$work/$file"); done
"$fixture" zip set/sub-03.zip "${entries[@]}"
is "$(listed set)" 'sub-01_ses-1 sub-01_ses-2 sub-02_ses-9 sub-03' "BIDS labels"
is "$(listed set --participant-label 03 01 --session-label 2)" 'sub-01_ses-2' "labels that were asked for"
expect_sentence 2 "has no sub-7" run set nowhere participant --participant-label 7
grep -qF "$(printf 'sub-03\tmeasure\tnot measured yet\tset/sub-03.zip')" <("$dien" run set nowhere participant --dry-run --model "$model" 2>/dev/null) ||
    fail "--dry-run does not name the archive"

mkdir -p free
"$fixture" dicom "free/P 007/2019" 10:t1 && "$fixture" dicom "free/P 007/2020" 11:t1
"$fixture" dicom "free/ZEBROWSKA_WANDA/EXAM ACC7750031/a" 20:t1 20:t2 20:gd
hidden="sub-x$(printf ZEBROWSKA_WANDA | sha256sum | cut -c 1-8)"
is "$(listed free)" "sub-P007_ses-2019 sub-P007_ses-2020 $hidden" "other names"
is "$(listed free --participant-label "$hidden")" "$hidden" "a made label that was asked for"
grep -qF "free/ZEBROWSKA_WANDA" stdout || fail "--dry-run does not say whose label it is"
# one folder too low: a person's, an examination's
expect_sentence 3 "is one examination" run "free/ZEBROWSKA_WANDA/EXAM ACC7750031/a" nowhere participant --model "$model"
"$fixture" dicom one/SER01 10:t1 && "$fixture" dicom one/SER02 10:t2
expect_sentence 3 "two folders in one hold images of one examination" run one nowhere participant --model "$model"
# several examinations that cannot be told apart, one label twice
cp -r free odd && mkdir "odd/P 007/more" && cp -r "odd/P 007/2020" "odd/P 007/more/again"
"$fixture" dicom "odd/P-007/2019" 12:t1
mkdir "odd/P-007/2020" && cp "odd/P 007/2020"/* "odd/P-007/2020/"
cp -r "free/P 007" odd/P.007
expect 6 run odd odd-out participant --model "$model" --participant-label P007 "$hidden"
grep -q 'put those of each into a folder ses-1' stderr || fail "mixed examinations: $(cat stderr)"
[ "$(grep -c 'another scan has the same person, session and run by its name' stderr)" -ge 2 ] || fail "one label twice: $(cat stderr)"
# in a BIDS data set
mkdir -p bids && echo '{"Name": "with sources", "BIDSVersion": "1.10.0"}' >bids/dataset_description.json
cp -r free bids/sourcedata
is "$(listed bids)" "sub-P007_ses-2019 sub-P007_ses-2020 $hidden" "sourcedata"
grep -q 'the DICOM files of its folder sourcedata are taken' stderr || fail "sourcedata: $(cat stderr)"
mkdir empty
expect_sentence 3 "has no folder sub-..., and no folders or archives of DICOM files" run empty nowhere participant

mkdir -p images/sub-01/anat bare && "$fixture" scan images/sub-01/anat/sub-01_T1w.nii.gz
expect_sentence 2 "a series can be chosen of DICOM files only" run images nowhere participant --model "$model" --series 3
PATH=$work/bare "$dien" run free none participant --model "$model" >stdout 2>stderr
is "$?" 3 "no dcm2niix"
tail -n 1 stderr | grep -q "apt-get install dcm2niix" || fail "no dcm2niix: $(cat stderr)"
[ -z "$(find none -name '*.json' -path '*status*' 2>/dev/null)" ] || fail "no dcm2niix: scans count as failed"
command -v dcm2niix >/dev/null || { echo "skipped: dcm2niix is not installed (the rest passed: $failures failed)"; [ "$failures" -eq 0 ] && exit 77; exit 1; }

# --- measured: the record has the choice and the reasons; dcm2niix's warnings are in the results; nobody is named
"$fixture" dicom "free/faulty" 40:gap
run free out --jobs 2
cp stderr said
record=out/status/$hidden.json
grep -q '"State": "done"' "$record" || fail "not measured: $(cat "$record")"
grep -q '"Dicom": null' "$record" || fail "the folder's name is in the record: $(grep Dicom "$record")"
grep -q 'series 3, t1_mprage_sag_p2_iso, is measured; of 2 T1-weighted' "$record" || fail "no reason for the choice: $(grep -A3 Series "$record")"
grep -q 'series 2, AX T2 TSE, is not measured: T2-weighted' "$record" || fail "the other series are not listed: $(grep -A3 Series "$record")"
grep -q "DICOM series 3" "out/$hidden/anat/${hidden}_dseg.json" || fail "no source: $(grep -A2 Sources out/"$hidden"/anat/*_dseg.json)"
grep -q '2 of 64 slices are missing' out/sub-faulty/anat/sub-faulty_dseg.json || fail "missing slices are not in the results"
is "$(head -n 3 out/dicom_sources.tsv)" "$(printf 'participant_id\tsession_id\tsource\nsub-P007\tses-2019\tP 007/2019\nsub-P007\tses-2020\tP 007/2020')" "the table of labels"
grep -qP "^$hidden\tn/a\tn/a$" out/dicom_sources.tsv || fail "the hidden folder: $(cat out/dicom_sources.tsv)"
[ -z "$(find "$TMPDIR" -mindepth 1)" ] || fail "left in TMPDIR: $(find "$TMPDIR" -mindepth 1 | head -n 3)"
expect_no_temporaries out
# again: nothing is done; a copy with other times neither; another file in the folder, another series: this scan
touch mark
run free out
[ -z "$(find out -newer mark -name '*_volumes.tsv')" ] || fail "measured again without a reason: $(cat stderr)"
cp -r free copied && rm -r free && mv copied free
run free out
[ -z "$(find out -newer mark -name '*_volumes.tsv')" ] || fail "a copy is measured again: $(cat stderr)"
"$fixture" dicom "free/P 007/2020" 11:t2
printf 'participant_id\tseries\n%s\tpost\n' "$hidden" >series.tsv
"$dien" run free out participant --dry-run --model "$model" --series series.tsv >stdout 2>stderr
is "$(grep -P '\tmeasure\t' stdout | cut -f 1-3)" "$(printf 'sub-P007_ses-2020\tmeasure\tthe scan has changed\n%s\tmeasure\tseries (post, was as usual)' "$hidden")" "what is left"
run free out --series series.tsv
grep -q 'series 9, t1_mprage_sag_p2_iso_post, is measured, because it was asked for' "$record" || fail "--series: $(grep -A3 Series "$record")"
cat stderr >>said
# a folder without a T1w series, and a damaged archive: a sentence each, and the others are measured
"$fixture" dicom set/sub-04/x 50:t2
head -c 3000 set/sub-03.zip >set/sub-05.zip
expect 6 run set whole participant --model "$model" --jobs 2
grep -q 'sub-04/DICOM holds no T1-weighted series; the series are: 2 AX T2 TSE' stderr || fail "no T1w: $(cat stderr)"
grep -q 'sub-05/DICOM cannot be unpacked' stderr || fail "a damaged archive: $(cat stderr)"
for scan in sub-01_ses-1 sub-01_ses-2 sub-02_ses-9 sub-03; do
    grep -q '"State": "done"' "whole/status/$scan.json" || fail "$scan was not measured: $(cat stderr)"
done
cat stderr >>said
# one process, shards in another order: the same bytes
for shard in 3/3 1/3 2/3; do "$dien" run set parts participant --model "$model" --shard $shard --quiet >/dev/null 2>&1; done
diff -r -x status whole parts >difference || fail "shards give other bytes: $(head -n 3 difference)"

# --- the group's tables, and the sessions of a person in one frame
expect 0 run free out group --count-rejected
grep -q "^$hidden" out/group/scans.tsv || fail "the group's table: $(head -n 3 out/group/scans.tsv)"
expect 0 run free out longitudinal --dry-run --count-rejected
is "$(cut -f 1,2 stdout)" "$(printf 'sub-P007\tmeasure')" "longitudinal --dry-run"

# Pictures within pages are letters in random order, in which a short word may stand.
cp -r out plain && cp -r whole plain/whole && find plain -name '*.html' -exec sed -i 's/data:image[^"]*//g' {} +
"$fixture" secrets >secrets
while IFS= read -r secret; do
    found=$(grep -laiF -r "$secret" plain; find out whole | grep -iF "$secret")
    [ -z "$found" ] || fail "$secret is in $found"
    grep -qiF "$secret" said && fail "$secret was said: $(grep -iF "$secret" said | head -n 2)"
done <secrets
find out whole -name '*.gz' -exec sh -c 'gzip -dc "$1" | grep -qaiF Zebrowska && echo "$1"' sh {} \; | grep . && fail "a name is in an image"
finish
