#!/bin/bash
# `dien run` with made-up heads and a tiny network: which scans are taken, that one and four processes give the same bytes, that a run goes
# on where it was killed, and that folders which are not its own are refused.
source "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
model=$work/tiny.safetensors
"$fixture" model "$model" && "$fixture" scan good.nii.gz || { echo "cannot make the inputs"; exit 1; }
export OMP_WAIT_POLICY=passive
with=(--model "$model" --quiet)

put() { # FILE: a scan of a data set
    mkdir -p "$(dirname "$1")" && cp good.nii.gz "$1"
}
described() { # FOLDER NAME
    mkdir -p "$1" && echo "{\"Name\": \"$2\", \"BIDSVersion\": \"1.8.0\"}" >"$1/dataset_description.json"
}
state() { sed -n 's/.*"State": "\([a-z]*\)".*/\1/p' "$1/status/$2.json" 2>/dev/null; }
# same_results A B: all but the records, which tell the time, and README
records() { find "$1/status" -name '*.json' 2>/dev/null | wc -l; }
same_results() {
    diff -r -x status "$1" "$2" >difference 2>&1 || fail "$1 and $2 differ: $(head -n 5 difference)"
}

# --- a data set with what real ones have
described "set ü" 'A set'
put "set ü/sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz"
put "set ü/sub-01/ses-b/anat/sub-01_ses-b_acq-mprage_run-1_T1w.nii.gz"
put "set ü/sub-01/ses-b/anat/sub-01_ses-b_acq-mprage_run-2_T1w.nii.gz"
put "set ü/sub-02/anat/sub-02_rec-norm_T1w.nii.gz"
put "set ü/sub-03/anat/sub-03_T2w.nii.gz"
put "set ü/sub-04/anat/sub-05_T1w.nii.gz"
mkdir -p "set ü/sub-06/anat" && : >"set ü/sub-06/anat/sub-06_T1w.nii.gz"
mkdir -p "set ü/sub-07/anat" && ln -s ../../.git/annex/objects/aa/bb/key "set ü/sub-07/anat/sub-07_T1w.nii.gz"
mkdir -p elsewhere && put elsewhere/sub-08/anat/sub-08_T1w.nii.gz && ln -s ../elsewhere/sub-08 "set ü/sub-08"

expect 0 run "set ü" nowhere participant --dry-run "${with[@]}"
[ "$(wc -l <stdout)" -eq 8 ] || fail "--dry-run: expected 8 scans, found $(cat stdout)"
grep -q $'^sub-01_ses-b_acq-mprage_run-2\tmeasure\tnot measured yet$' stdout || fail "--dry-run: expected run-2 of ses-b, found $(cat stdout)"
[ -e nowhere ] && fail "--dry-run made a folder"
expect 0 run "set ü" nowhere participant --dry-run --model "$model"
grep -q '^sub-03: no T1w image (there is T2w)$' stderr || fail "expected a sentence on sub-03, found $(cat stderr)"

expect 6 run "set ü" "out 1" participant --jobs 1 "${with[@]}"
grep -q "sub-04/anat/sub-05_T1w.nii.gz: its name says sub-05, its folder sub-04" stderr || fail "expected the wrong name, found $(cat stderr)"
grep -q "sub-06_T1w.nii.gz' is empty" stderr || fail "expected the empty file, found $(cat stderr)"
grep -q "is a DataLad (git-annex) link" stderr || fail "expected the dead link, found $(cat stderr)"
for scan in sub-01_ses-a sub-01_ses-b_acq-mprage_run-1 sub-01_ses-b_acq-mprage_run-2 sub-02_rec-norm sub-08; do
    [ "$(state "out 1" $scan)" = "done" ] || fail "$scan: expected done, found '$(state "out 1" $scan)'"
done
[ -e "out 1/status/sub-05.json" ] && fail "sub-04: a record for a scan that is only named wrongly"
for scan in sub-06 sub-07; do
    [ "$(state "out 1" $scan)" = failed ] || fail "$scan: expected failed, found '$(state "out 1" $scan)'"
done
[ -s "out 1/sub-01/ses-b/anat/sub-01_ses-b_acq-mprage_run-2_volumes.tsv" ] || fail "no volumes of run-2: $(find "out 1" | head -n 40)"
[ -e "out 1/sub-06" ] && fail "an empty folder for a scan that cannot be measured"
grep -q '"sub-02/anat/sub-02_rec-norm_T1w.nii.gz"' "out 1/sub-02/anat/sub-02_rec-norm_dseg.json" || fail "Sources is not the path in the data set"
expect_no_temporaries "out 1"

# --- one process or four: the same bytes
expect 6 run "set ü" out4 participant --jobs 4 "${with[@]}"
same_results "out 1" out4

# --- again: nothing is done twice, and what failed is said again
touch mark
expect 6 run "set ü" "out 1" participant "${with[@]}"
[ -z "$(find "out 1" -newer mark -name '*_volumes.tsv')" ] || fail "measured again without a reason: $(find "out 1" -newer mark)"
grep -q "as in an earlier run: .*sub-06_T1w.nii.gz' is empty" stderr || fail "expected the old reason, found $(cat stderr)"

# --- a changed scan, a changed option, a lost result: these and no others, with the reason
touch "set ü/sub-02/anat/sub-02_rec-norm_T1w.nii.gz" # another time, the same bytes
expect 0 run "set ü" "out 1" participant --dry-run "${with[@]}"
grep -q measure stdout && fail "a scan that was only touched: $(grep measure stdout)"
gzip -dc good.nii.gz | gzip -9n >"set ü/sub-02/anat/sub-02_rec-norm_T1w.nii.gz"
rm "out 1/sub-08/anat/sub-08_qc.png"
expect 0 run "set ü" "out 1" participant --dry-run "${with[@]}"
[ "$(grep measure stdout)" = $'sub-02_rec-norm\tmeasure\tthe scan has changed\nsub-08\tmeasure\tsub-08_qc.png is missing or was changed' ] ||
    fail "expected sub-02 and sub-08, found $(cat stdout)"
expect 0 run "set ü" "out 1" participant --dry-run "${with[@]}" --posteriors
[ "$(grep -c 'measure.posteriors (yes, was as usual)' stdout)" -eq 7 ] || fail "another option: expected all 7 that can be measured, found $(cat stdout)"
grep -q $'^sub-05\tfailed\t.*its name says sub-05' stdout || fail "another option: expected the wrong name, found $(cat stdout)"
expect 6 run "set ü" "out 1" participant "${with[@]}"
[ -s "out 1/sub-08/anat/sub-08_qc.png" ] || fail "the lost picture was not made again"

# --- a scan that can no longer be measured leaves no old numbers
cp good.nii.gz saved.nii.gz && : >"set ü/sub-02/anat/sub-02_rec-norm_T1w.nii.gz"
expect 6 run "set ü" "out 1" participant "${with[@]}"
[ -e "out 1/sub-02" ] && fail "old results of a scan that is now empty: $(find "out 1/sub-02")"
cp saved.nii.gz "set ü/sub-02/anat/sub-02_rec-norm_T1w.nii.gz"

# --- a wrong name is seen at once whether it is still wrong; its file never touches the results of the scan whose name it bears
mv "set ü/sub-04/anat/sub-05_T1w.nii.gz" "set ü/sub-04/anat/sub-04_T1w.nii.gz"
expect 6 run "set ü" "out 1" participant "${with[@]}"
[ "$(state "out 1" sub-04)" = "done" ] || fail "renamed as was asked for: expected done, found '$(state "out 1" sub-04)': $(cat stderr)"
cp good.nii.gz "set ü/sub-04/anat/sub-08_T1w.nii.gz"
touch mark
for _ in 1 2; do
    expect 6 run "set ü" "out 1" participant "${with[@]}"
    grep -q "sub-04/anat/sub-08_T1w.nii.gz: its name says sub-08, its folder sub-04" stderr || fail "a misplaced copy: found $(cat stderr)"
    [ "$(state "out 1" sub-08)" = "done" ] && [ -s "out 1/sub-08/anat/sub-08_volumes.tsv" ] ||
        fail "a misplaced copy took the results of sub-08: $(cat stderr)"
done
[ -z "$(find "out 1" -newer mark -name '*_volumes.tsv')" ] || fail "a misplaced copy: measured again $(find "out 1" -newer mark)"
rm "set ü/sub-04/anat/sub-08_T1w.nii.gz"

# --- a name that is not UTF-8, a folder that cannot be read, a scan beside sessions, a dead link: a sentence each, and the others are measured
described odd 'An odd set'
put odd/sub-1/anat/sub-1_T1w.nii.gz && put "odd/sub-M$(printf '\374')/anat/sub-M$(printf '\374')_T1w.nii.gz"
put odd/sub-5/ses-1/anat/sub-5_ses-1_T1w.nii.gz && put odd/sub-5/anat/sub-5_T1w.nii.gz && ln -s nowhere odd/sub-6
if [ "$(id -u)" -ne 0 ]; then mkdir odd/sub-7 && chmod 0 odd/sub-7; fi
expect 6 run odd odd-out participant --model "$model"
[ "$(state odd-out sub-1)$(state odd-out sub-5_ses-1)" = donedone ] || fail "odd names: expected two done, found $(ls odd-out/status): $(cat stderr)"
for sentence in "is not a valid BIDS name" "sub-5/anat: not taken" "sub-6: a link to a folder that is not there"; do
    grep -q "$sentence" stderr || fail "odd names: expected '$sentence', found $(cat stderr)"
done
[ "$(id -u)" -eq 0 ] || grep -q "cannot read the folder .*sub-7" stderr || fail "a folder without permission: found $(cat stderr)"
[ "$(id -u)" -eq 0 ] || chmod 700 odd/sub-7

# --- a try that says nothing about the scan leaves the results that there are
cp -r odd-out odd-before
expect 3 run odd odd-out participant --again --memory-budget 0.1 --model "$model"
grep -q "measuring it takes about" stderr || fail "--again without memory: found $(cat stderr)"
diff -r odd-before odd-out || fail "--again without memory: results were lost"
"$dien" run odd odd-out participant --again --jobs 1 "${with[@]}" >/dev/null 2>killed.err &
run=$!
for _ in $(seq 600); do pkill -KILL -P $run && break; sleep 0.01; done # its first worker, in the middle
wait $run
diff -r -x status odd-before odd-out >difference || fail "--again with a killed process: $(head -n 5 difference)"
[ "$(state odd-out sub-1)" = "done" ] || fail "--again with a killed process: sub-1 is '$(state odd-out sub-1)': $(cat killed.err)"

# --- the data set gets a description, or another author in it: it is the same data set
rm odd/dataset_description.json
expect 6 run odd nameless participant "${with[@]}"
described odd 'An odd set'
expect 6 run odd nameless participant "${with[@]}"
echo '{"Name": "An odd set", "BIDSVersion": "1.8.0", "Authors": ["A"]}' >odd/dataset_description.json
touch mark
expect 6 run odd nameless participant "${with[@]}"
[ -z "$(find nameless -newer mark -name '*_volumes.tsv')" ] || fail "another author: measured again"
expect 6 run odd odd-out participant "${with[@]}"
mkdir untouched && expect 0 run odd untouched participant --dry-run "${with[@]}"
[ -z "$(ls -A untouched)" ] || fail "--dry-run wrote $(ls -A untouched)"

# --- killed in the middle: what is done stays, nothing half-written counts, the rest is done
described many many
for i in 01 02 03 04 05 06 07 08 09 10; do put "many/sub-$i/anat/sub-${i}_T1w.nii.gz"; done
expect 4 run many whole participant --jobs 2 "${with[@]}" ||:
"$dien" run many broken participant --jobs 2 "${with[@]}" >/dev/null 2>&1 &
run=$!
for _ in $(seq 600); do [ "$(records broken)" -ge 3 ] && break; sleep 0.05; done
kill -9 $run
wait $run 2>/dev/null
sleep 0.5
done_before=$(records broken)
[ "$done_before" -lt 10 ] || fail "the run was over before it was killed"
for scan in sub-03 sub-10; do # killed while a record was written
    [ -e broken/status/$scan.json ] || : >"broken/status/.$scan.json.12-3.tmp"
done
touch mark
expect 4 run many broken participant --jobs 2 "${with[@]}"
[ "$(find broken -name '*_volumes.tsv' -newer mark | wc -l)" -le $((10 - done_before)) ] || fail "scans were measured twice after kill -9"
same_results whole broken
expect_no_temporaries broken

# --- Ctrl-C: ends soon, cleans up, goes on later
rm -rf broken
set -m
"$dien" run many broken participant --jobs 2 --model "$model" >stdout 2>stderr &
run=$!
set +m
for _ in $(seq 600); do [ "$(records broken)" -ge 2 ] && break; sleep 0.05; done
kill -INT $run
wait $run
[ $? -eq 130 ] || fail "Ctrl-C: expected exit 130, found $?: $(cat stderr)"
expect_no_temporaries broken
pgrep -f "dien worker" >/dev/null && pgrep -P $run >/dev/null && fail "a process was left behind"
expect 4 run many broken participant --jobs 2 "${with[@]}"
same_results whole broken

# --- two runs at once in one folder: every scan once, none lost
rm -rf both
"$dien" run many both participant --jobs 1 --verbose --model "$model" >/dev/null 2>first.err &
first=$!
"$dien" run many both participant --jobs 1 --verbose --model "$model" >/dev/null 2>second.err
second=$?
wait $first
first=$?
own() { # how many scans a run measured itself, by what it said
    local all before
    all=$(grep -o '[0-9]* of 10 scans measured' "$1" | cut -d ' ' -f 1)
    before=$(grep -o '[0-9]* were measured in earlier runs' "$1" | cut -d ' ' -f 1)
    grep -q 'all of them in earlier runs' "$1" && before=$all
    echo $((all - ${before:-0}))
}
[ $(($(own first.err) + $(own second.err))) -eq 10 ] || fail "two runs at once: measured $(own first.err) and $(own second.err) of 10: $(cat first.err second.err)"
for code in $first $second; do [ "$code" = 4 ] || [ "$code" = 6 ] || fail "two runs at once: exit $code: $(cat first.err second.err)"; done
same_results whole both

# --- shards: together everything, each alone its part
expect 4 run many parts participant --shard 1/3 "${with[@]}"
[ "$(find parts -name '*_volumes.tsv' | wc -l)" -eq 4 ] || fail "--shard 1/3 of 10: expected 4, found $(find parts -name '*_volumes.tsv')"
expect 4 run many parts participant --shard 2/3 "${with[@]}"
expect 4 run many parts participant --shard 3/3 "${with[@]}"
same_results whole parts
expect_sentence 2 "--shard takes I/N" run many parts participant --shard 4/3
expect_sentence 2 "--shard takes I/N" run many parts participant --shard x

# --- labels
expect 0 run "set ü" nowhere participant --dry-run "${with[@]}" --participant-label sub-01 02 --session-label b
[ "$(wc -l <stdout)" -eq 2 ] || fail "labels: expected two scans of ses-b, found $(cat stdout)"
expect_sentence 2 "has no sub-1; is sub-01 meant?" run "set ü" nowhere participant --participant-label 1
expect_sentence 2 "has no ses-c" run "set ü" nowhere participant --session-label c
echo '{"t1w": {"acquisition": "mprage", "run": 2}}' >filter.json
expect 0 run "set ü" nowhere participant --dry-run "${with[@]}" --bids-filter filter.json
[ "$(cut -f 1 stdout)" = sub-01_ses-b_acq-mprage_run-2 ] || fail "filter: expected run-2, found $(cat stdout)"
echo '{"t1w": {"aquisition": "mprage"}}' >filter.json
expect_sentence 3 'no entity "aquisition"; is "acquisition" meant?' run "set ü" nowhere participant --bids-filter filter.json

# --- folders that are not its own
mkdir plain && touch plain/mine
expect_sentence 2 "is not empty and holds no results of a data set" run many plain participant "${with[@]}"
expect_sentence 2 "holds results of another data set, 'A set'" run many "out 1" participant "${with[@]}"
expect_sentence 2 "cannot go into the data set itself" run many many/ participant "${with[@]}"
expect_sentence 3 "has no folder sub-..." run plain nowhere participant
expect_sentence 3 "is not a folder" run absent nowhere participant
expect_sentence 2 "must be one of participant, longitudinal or group" run many nowhere both
sed -i 's/"Version": "[^"]*"/"Version": "0.0.9"/' whole/dataset_description.json
expect_sentence 2 "holds results of version 0.0.9 of dien" run many whole participant "${with[@]}"
tail -n 1 stderr | grep -q -- '--mix-versions allows it' || fail "expected the remedy, found $(cat stderr)"
expect 4 run many whole participant "${with[@]}" --mix-versions

# --- memory: what does not fit is not started
expect_sentence 5 "none of the 10 scans could be measured" run many tight participant --memory-budget 0.1 --model "$model"
grep -q "measuring it takes about [0-9.]* GB of memory, more than the 0.1 GB" stderr || fail "expected the need, found $(cat stderr)"

# --- the layouts of real data sets: every image is empty there, each is refused with a sentence
examples=${DIEN_DATA:-$DIEN_DATA_DEFAULT}/bids_examples
for set in ds001 ds006 ds114 7t_trt hcp_example_bids synthetic ds000248; do
    [ -d "$examples/$set" ] || continue
    expect 3 run "$examples/$set" "real-$set" participant "${with[@]}"
    scans=$(find "$examples/$set" -path '*/anat/*_T1w.nii*' | wc -l)
    [ "$(ls "real-$set/status" | wc -l)" -eq "$scans" ] || fail "$set: expected $scans records, found $(ls "real-$set/status" | wc -l)"
    [ "$(grep -cE 'is empty|is shorter than its header says' stderr)" -eq "$scans" ] || fail "$set: expected $scans sentences, found $(head -n 3 stderr)"
done
finish
