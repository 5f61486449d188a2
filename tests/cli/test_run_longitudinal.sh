#!/bin/bash
# `dien run DATASET OUTPUT longitudinal`: persons with two sessions are measured in one frame, as `dien longitudinal` measures them whatever the
# order of the sessions; what is done is not done twice; the group's table has the change, and knows which session was first.
source "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
export OMP_WAIT_POLICY=passive
# Two noises of one head, coarse, so that the networks are quick; the scans' own measurement is a tiny network's, and quicker still.
"$fixture" model tiny.safetensors || { echo "cannot make the network"; exit 1; }
"$dien" synth "$DIEN_SOURCE/share/template/head.nii.gz" -o made --plain --spacing 2 --count 2 -q || { echo "cannot make a head"; exit 1; }

put() { mkdir -p "$(dirname "$2")" && cp "made/head_sample-000${1}_T1w.nii.gz" "$2"; }
mkdir -p set && echo '{"Name": "Two sessions", "BIDSVersion": "1.8.0"}' >set/dataset_description.json
put 1 set/sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz
put 2 set/sub-01/ses-b/anat/sub-01_ses-b_T1w.nii.gz
put 1 set/sub-02/ses-a/anat/sub-02_ses-a_T1w.nii.gz
# By the names ses-a is the first, by the times ses-b; the person's days were moved before 1925, as BIDS does.
printf 'filename\tacq_time\nanat/sub-01_ses-a_T1w.nii.gz\t1902-06-01T10:00:00\n' >set/sub-01/ses-a/sub-01_ses-a_scans.tsv
printf 'session_id\tacq_time\nses-a\t1800-01-01T00:00:00\nses-b\t1900-06-01T10:00:00\n' >set/sub-01/sub-01_sessions.tsv

expect_sentence 3 "is not a folder" run set out longitudinal
"$dien" run set out participant --model tiny.safetensors --quiet 2>stderr # quality control may reject a made head
with=(--structures thalamus --count-rejected --threads 2 --precision bf16)
grep -q avx512_bf16 /proc/cpuinfo || with=(--structures thalamus --count-rejected --threads 2)
expect_sentence 2 "--slurm is an option of 'dien run DATASET OUTPUT participant'" run set out longitudinal --slurm
expect_sentence 2 "there is no participant 09" run set out longitudinal --participant-label 09
expect 0 run set out longitudinal --dry-run "${with[@]}"
[ "$(cat stdout)" = $'sub-01\tmeasure\tnot measured yet' ] || fail "--dry-run: expected sub-01, found $(cat stdout)"
[ ! -e out/longitudinal ] || fail "--dry-run made a folder"
"$dien" run set out longitudinal "${with[@]}" >stdout 2>stderr
code=$?
[ "$code" -eq 0 ] || [ "$code" -eq 4 ] || fail "expected exit 0 or 4, found $code: $(tail -n 3 stderr)"
grep -q '1 person measured' stderr || fail "expected one person, found $(tail -n 3 stderr)"
[ -s out/longitudinal/status/sub-01.json ] && [ ! -e out/longitudinal/sub-02 ] || fail "expected sub-01 alone, found $(ls out/longitudinal out/longitudinal/status)"
expect_no_temporaries out
grep -l '"saturated"' out/longitudinal/sub-01/*.json && fail "a session in the common frame counts as saturated"

# --- the same bytes as the command on the two files, given in the other order (make test-longitudinal: half a minute)
if [ "${DIEN_LONG_TESTS:-0}" = 1 ]; then
    "$dien" longitudinal set/sub-01/ses-b/anat/*_T1w.nii.gz set/sub-01/ses-a/anat/*_T1w.nii.gz --times 0,1.99863107460643 --name sub-01 -o other \
        "${with[@]/--count-rejected/--quiet}" >stdout 2>stderr
    sed -i 's/"given by the user"/"acq_time in the data set'"'"'s tables of scans and sessions"/' other/sub-01_longitudinal.json
    diff -r other out/longitudinal/sub-01 >difference || fail "the order of the sessions matters: $(head -n 5 difference)"

    # Two examinations in DICOM files, the later one first: named by their days, of which the results have only the distance.
    if command -v dcm2niix >/dev/null; then
        "$fixture" dicom exams/P-1/2020 11:t1 && "$fixture" dicom exams/P-1/2019 10:t1 10:t2
        "$dien" longitudinal exams/P-1/2020 exams/P-1/2019 --name sub-P1 --structures hypothalamus -o dicom >stdout 2>stderr
        code=$?
        [ "$code" -eq 0 ] || [ "$code" -eq 4 ] || fail "DICOM: expected exit 0 or 4, found $code: $(tail -n 3 stderr)"
        grep -q 'sub-P1_ses-1: series 2, AX T2 TSE, is not measured' stderr || fail "DICOM: the other series is not said, or of another session: $(cat stderr)"
        [ "$(awk -F '\t' '$3 == "hypothalamus" && $4 == "B" {print $1, $2}' dicom/sub-P1_longitudinal_volumes.tsv)" = $'sub-P1_ses-1 0\nsub-P1_ses-2 1.002053' ] ||
            fail "DICOM: expected the earlier examination first, found $(cat dicom/sub-P1_longitudinal_volumes.tsv)"
        grep -q '"Source": "DICOM series 3' dicom/sub-P1_longitudinal.json || fail "DICOM: no source: $(grep Source dicom/sub-P1_longitudinal.json)"
        grep -q 'DICOM series 3' dicom/sub-P1_ses-2_desc-longitudinal_dseg.json || fail "DICOM: a session has no source"
        "$fixture" secrets | while IFS= read -r secret; do grep -laiF "$secret" dicom/*.json dicom/*.tsv; done | grep . && fail "DICOM: a name is in the results"
        # As a data set: the same sessions, the same change.
        "$dien" run exams exams-out participant --model tiny.safetensors --quiet 2>stderr
        "$dien" run exams exams-out longitudinal --structures hypothalamus --count-rejected --quiet 2>stderr
        code=$?
        [ "$code" -eq 0 ] || [ "$code" -eq 4 ] || fail "DICOM, run: expected exit 0 or 4, found $code: $(cat stderr)"
        cmp -s dicom/sub-P1_longitudinal.tsv exams-out/longitudinal/sub-P1/sub-P1_longitudinal.tsv ||
            fail "DICOM: 'dien run' finds another change: $(diff dicom/sub-P1_longitudinal.tsv exams-out/longitudinal/sub-P1/sub-P1_longitudinal.tsv)"
        grep -q 'DICOM series 3' exams-out/longitudinal/sub-P1/sub-P1_longitudinal.json || fail "DICOM, run: no source"
    fi
fi

# --- again: nothing; another time: all again, and only then
touch mark
"$dien" run set out longitudinal "${with[@]}" >stdout 2>stderr
[ -z "$(find out/longitudinal -newer mark -name '*.tsv')" ] || fail "measured again without a reason: $(find out/longitudinal -newer mark)"
grep -q '1 person measured, in an earlier run' stderr || fail "expected to be told, found $(cat stderr)"
sed -i 's/1902-06-01/1903-06-01/' set/sub-01/ses-a/sub-01_ses-a_scans.tsv
expect 0 run set out longitudinal --dry-run "${with[@]}"
grep -q $'^sub-01\tmeasure\ta session, a time' stdout || fail "another time: expected to measure again, found $(cat stdout)"
expect 0 run set out longitudinal --dry-run "${with[@]}" --shard 2/2
[ ! -s stdout ] || fail "--shard 2/2: expected nobody, found $(cat stdout)"

# --- the group's table
expect 0 run set out group --quiet
[ "$(awk -F '\t' '$3 == "thalamus" && $4 == "B" {print $1, $5, $10}' out/group/longitudinal.tsv)" = "sub-01 2 year" ] ||
    fail "group: expected one row of the thalamus, found $(cat out/group/longitudinal.tsv)"
[ -s out/group/longitudinal.json ] || fail "group: no longitudinal.json"
grep -q 'href="longitudinal.tsv"' out/group/report.html || fail "group: the report does not name the table of changes"
# The rows of the long table are by name, the first session is by time.
[ "$(awk -F '\t' 'NR > 1 {print $2, $5}' out/group/volumes_wide.tsv | head -n 2 | tr '\n' ';')" = "ses-a no;ses-b yes;" ] ||
    fail "group: expected ses-b to be the first session, found $(cut -f 1-5 out/group/volumes_wide.tsv)"
# --- a change that no longer holds is not counted: an old table, a session that a person rejects, a record of other scans
cp -r out/longitudinal kept
record=out/longitudinal/sub-01/sub-01_longitudinal.tsv
cut -f 1-8 kept/sub-01/sub-01_longitudinal.tsv >"$record"
expect 0 run set out group
grep -q 'the change of sub-01 is not counted: .*interval' stderr && [ -s out/group/report.html ] || fail "an old table: found $(cat stderr)"
cp kept/sub-01/sub-01_longitudinal.tsv "$record"
table=$(echo out/sub-01/ses-b/anat/*_volumes.tsv)
printf '{"Accepted": false, "Reason": "moved", "Who": "A", "When": "2026-01-01T00:00:00Z", "SHA256": "%s"}\n' "$(sha256sum "$table" | cut -c 1-64)" >"${table%_volumes.tsv}_review.json"
expect 0 run set out group
[ "$(awk -F '\t' '$3 == "thalamus" && $4 == "B" {print $1, $2}' out/group/longitudinal.tsv)" = "sub-01 no" ] || fail "a rejected session: found $(cat out/group/longitudinal.tsv)"
expect 0 run set out longitudinal --dry-run --structures thalamus
grep -q $'^sub-01\tskipped' stdout || fail "a rejected session: expected it to be skipped, found $(cat stdout)"
rm "${table%_volumes.tsv}_review.json"
sed -i 's/"Models"/"OtherModels"/' out/longitudinal/status/sub-01.json
expect 0 run set out group
grep -q 'the change of sub-01 is not counted' stderr || fail "other networks: found $(cat stderr)"
# --- a session that was rejected is said each time, and in the table
cp kept/status/sub-01.json out/longitudinal/status/sub-01.json
sed -i 's/"Accepted": true/"Accepted": false/' out/longitudinal/status/sub-01.json
expect 0 run set out group --quiet
[ "$(awk -F '\t' '$3 == "thalamus" && $4 == "B" {print $1, $2}' out/group/longitudinal.tsv)" = "sub-01 no" ] || fail "rejected: found $(cat out/group/longitudinal.tsv)"
sed -i 's/1903-06-01/1902-06-01/' set/sub-01/ses-a/sub-01_ses-a_scans.tsv
expect 4 run set out longitudinal "${with[@]}"
rm -r out/longitudinal
expect 0 run set out group --quiet
[ ! -e out/group/longitudinal.tsv ] || fail "group: an old table of changes stayed"
finish
