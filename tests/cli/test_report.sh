#!/bin/bash
# The report: person, date and sequence from files beside the scan, norms, numbers of rejected scans struck through, two pages on paper.
source "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
export OMP_WAIT_POLICY=passive
mkdir -p data/sub-01/anat models
"$fixture" whole-head models && "$fixture" model tiny.safetensors && "$fixture" scan good.nii.gz || { echo "cannot make the inputs"; exit 1; }
mv models/head.nii.gz data/sub-01/anat/sub-01_T1w.nii.gz
printf 'participant_id\tage\tsex\nsub-01\t44\tF\n' >data/participants.tsv
printf '{"AcquisitionDate": "2019-03-02", "SeriesDescription": "mprage <1>", "MagneticFieldStrength": 3, "RepetitionTime": 2.3}\n' \
    >data/sub-01/anat/sub-01_T1w.json

# a norm of made-up people, in mL; their head sizes and volumes are around those of the fixture's head
awk 'BEGIN { srand(1); print "participant_id\tage\ticv\tthalamus"
    for (i = 1; i <= 60; i++) { age = 20 + 60 * rand(); icv = 1100 + 500 * rand()
        printf "p%d\t%.1f\t%.1f\t%.3f\n", i, age, icv, 14 + 0.003 * (icv - 1350) - 0.02 * (age - 50) + rand() - 0.5 } }' >people.tsv
"$dien" normative fit people.tsv --value thalamus --icv icv --unit mL -o norm >stdout 2>stderr || fail "a norm: $(cat stderr)"
sed 's/"thalamus"/"putamen"/' norm/norm.json >other.json

measure() { # FOLDER OPTIONS...
    local folder=$1
    shift
    DIEN_MODELS=$work/models "$dien" segment data/sub-01/anat/sub-01_T1w.nii.gz -o "$folder" --structures thalamus,icv --threads 1 "$@" >stdout 2>stderr
    code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 4 ] || fail "$*: expected 0 or 4, found $code: $(cat stderr)"
    report=$folder/sub-01_report.html
}
shows() { grep -qF -- "$1" "$report" || fail "expected '$1' in the report, found $(sed 's/base64,[^"]*//' "$report" | tail -n +12 | head -c 6000)"; }

measure out --norm norm/norm.json,other.json
shows 'female, 44 years'
shows '<dt>Date of the scan</dt><dd>2019-03-02</dd>'
shows 'mprage &lt;1&gt;; 3 T; TR 2300 ms'
shows '<small>mL</small>'
shows 'cannot be compared: it was not measured'
shows '60 people aged'
# z as `dien normative apply` has it
awk -F '\t' 'BEGIN { print "participant_id\tage\ticv\tthalamus" } $1 == "thalamus" && $2 == "B" { t = $3 } $1 == "icv" { i = $3 }
    END { printf "sub-01\t44\t%.6f\t%.6f\n", i / 1000, t / 1000 }' out/sub-01_volumes.tsv >person.tsv
"$dien" normative apply norm/norm.json person.tsv --icv icv -o applied >stdout 2>stderr || fail "normative apply: $(cat stderr)"
z=$(awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "z") c = i } NR == 2 { printf "%s%.2f", $c < 0 ? "−" : "+", $c < 0 ? -$c : $c }' applied/normative.tsv)
shows ">$z</"
grep -q "\"thalamus\": \"As in FreeSurfer's aseg" out/sub-01_volumes.json || fail "volumes.json: expected a word on the thalamus' protocol"
grep -q '"amygdala"' out/sub-01_volumes.json && fail "volumes.json: a word on the amygdala, which was not measured"
# on paper: one page of numbers, one of pictures
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
if [ -n "$browser" ] && command -v pdfinfo >/dev/null; then
    "$browser" --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync \
        --user-data-dir="$work/browser" --no-pdf-header-footer --print-to-pdf=report.pdf "file://$work/$report" >/dev/null 2>&1
    if [ -s report.pdf ]; then
        pages=$(pdfinfo report.pdf | awk '$1 == "Pages:" { print $2 }')
        [ "$pages" = 2 ] || fail "on paper: expected 2 pages, found $pages"
    fi
fi

# what the command says counts; a norm needs an age
measure given --age 30 --sex M --norm norm/norm.json
shows 'male, 30 years <span class="soft">(given)'
mv data/participants.tsv data/people.tsv
measure unknown --norm norm/norm.json
shows 'age and sex are not known'
shows 'cannot be compared: the age is not known: give --age'

# rejected: struck through; accepted by hand: not, but said
"$dien" segment good.nii.gz -o tiny --model tiny.safetensors --threads 1 >stdout 2>stderr
if [ $? -eq 4 ]; then
    report=tiny/good_report.html
    shows '<s>'
    shows 'Failed quality control'
    "$dien" segment good.nii.gz -o tiny --model tiny.safetensors --threads 1 --accept >stdout 2>stderr || fail "--accept: $(cat stderr)"
    grep -q '<s>' "$report" && fail "--accept: numbers are struck through"
    shows 'accepted by hand'
fi

expect_sentence 2 "are for one scan" segment good.nii.gz data/sub-01/anat/sub-01_T1w.nii.gz -o two --age 30
expect_sentence 3 "data/people.tsv" segment good.nii.gz -o two --model tiny.safetensors --norm data/people.tsv
[ ! -e two ] || fail "a bad norm: expected nothing to be measured, found $(ls two)"
finish
