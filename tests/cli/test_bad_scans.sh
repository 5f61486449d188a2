# One bad scan among several, whichever command takes them: it is named, the others are done, and the exit code says so (6); when all are
# bad the code is the last one's, and no folder is left behind.
source "$(dirname "$0")/lib.sh"
head="$DIEN_SOURCE/share/template/head.nii.gz"
"${DIEN_FIXTURE:?the program tests/fixture}" labels "$work/sub-01_dseg.nii.gz" || { echo "cannot make the inputs"; exit 1; }
cd "$work" || exit 1
expect 0 synth "$head" -o heads --plain --spacing 3
scan=heads/head_sample-0001_T1w.nii.gz
: >empty.nii
echo "this is text" >text.nii

# all_bad WORDS COMMAND...: two that cannot be read, and one alone, which is no batch.
all_bad() {
    local words=$1
    shift
    expect_sentence 3 "none of the 2 $words; the reasons are above" "$@" empty.nii text.nii -o out
    for bad in empty.nii text.nii; do
        grep -q "^dien: warning: .*$bad" stderr || fail "$*: $bad is not named: $(cat stderr)"
    done
    rm -f out/scanners.tsv # what the scanners are does not depend on a scan
    [ -z "$(ls out 2>/dev/null)" ] || fail "$*: expected nothing of two bad ones, found $(ls out)"
    rm -rf out
    expect_sentence 3 empty.nii "$@" empty.nii -o out
    grep -q 'none of' stderr && fail "$*: one scan is no batch: $(cat stderr)"
    rm -rf out
}

# some_bad RESULT WORDS GOOD COMMAND...: a good input between two bad ones; and all_bad.
some_bad() {
    local result=$1 words=$2 good=$3
    shift 3
    expect_sentence 6 "1 of 3 $words; the reasons for the others are above, the results are in out" "$@" empty.nii "$good" text.nii -o out
    for bad in empty.nii text.nii; do
        grep -q "^dien: warning: .*$bad" stderr || fail "$*: $bad is not named: $(cat stderr)"
    done
    [ -s "out/$result" ] || fail "$*: expected out/$result, found $(ls out)"
    expect_no_temporaries out
    rm -rf out
    all_bad "$words" "$@"
}

some_bad sub-01_dseg_surface.png "label maps could be drawn" sub-01_dseg.nii.gz surface --size 64
[ "$(cat stdout)" = "" ] || fail "surface: a picture of nothing is told: $(cat stdout)"
some_bad head_sample-0001_T1w.nii.gz "label maps could be made into scans" "$head" synth --plain --spacing 6
some_bad head_sample-0001_scanner-02_T1w.nii.gz "scans could be shown by the scanners" "$scan" synth --from-scan -n 2
some_bad head_sample-0001_desc-thresholds_volumes.tsv "scans could be marked" "$scan" icv
all_bad "scans could be brought into their frame" prepare --geometry 10x64:2x1 # a good one takes 16 s of networks; test_batch.c has the rule

# The noise of a scan does not depend on whether those before it could be read.
expect 6 synth empty.nii "$scan" --from-scan -o one --seed 3
expect 0 synth sub-01_dseg.nii.gz "$scan" --from-scan -o two --seed 3
cmp one/head_sample-0001_scanner-01_T1w.nii.gz two/head_sample-0001_scanner-01_T1w.nii.gz || fail "--from-scan: other noise after a bad scan"
finish
