#!/bin/bash
# dien run ... group on a made cohort: which scans are in which table, and why; damaged results are named and never counted; equal inputs
# give equal bytes wherever they lie; the tables go into dien stats. The records and tables have the form that participant leaves, which
# tests/cli/test_run.sh sees.
source "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
logged() { grep -qF -- "$1" stderr || fail "expected \"$1\" on stderr: $(cat stderr)"; }
has() { grep -qF -- "$2" "$1" || fail "expected \"$2\" in $1: $(head -c 2500 "$1")"; }
lacks() { grep -qF -- "$2" "$1" && fail "expected no \"$2\" in $1: $(grep -F -- "$2" "$1" | head -c 600)"; }
# cell FILE KEY COLUMN [KEYCOLUMN]: of the row whose scan (or KEYCOLUMN) is KEY
cell() { awk -F'\t' -v k="$2" -v c="$3" -v by="${4:-scan}" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } $at[by] == k { print $at[c] }' "$1"; }
is() { [ "$(cell "$1" "$2" "$3")" = "$4" ] || fail "$1, $2, $3: expected \"$4\", found \"$(cell "$1" "$2" "$3")\""; }

# record KEY STATE ACCEPTED SCORE FOLDER MESSAGE [TABLE-BYTES]
record() {
    local outputs=''
    [ "$2" = "done" ] && outputs="{\"name\": \"$1_volumes.tsv\", \"bytes\": ${7:-$(stat -c %s "out/$5/$1_volumes.tsv")}}, {\"name\": \"$1_qc.png\", \"bytes\": 1}, {\"name\": \"$1_report.html\", \"bytes\": 1}"
    cat >"out/status/$1.json" <<JSON
{"Scan": "$5/$1_T1w.nii.gz", "State": "$2", "Status": 0, "Message": "$6", "Accepted": $3, "Score": $4, "Version": "${VERSION:-0.1.0}",
 "Models": [{"name": "hypothalamus", "sha256": "a6098ec8"}], "Settings": {}, "Folder": "$5", "Outputs": [$outputs], "Seconds": 9.0}
JSON
}
# measured KEY FOLDER VERDICT SCORE HYPOTHALAMUS THALAMUS ICV
measured() {
    mkdir -p "out/$2" "bids/$2"
    : >"bids/$2/$1_T1w.nii.gz"
    {
        printf 'structure\themi\tvolume_mm3\thard_volume_mm3\tmean_posterior\taccepted\n'
        awk -v h="$5" -v t="$6" -v i="$7" -v v="$3" 'BEGIN {
            printf "hypothalamus\tL\t%.3f\t1.000\t0.9000\t%s\nhypothalamus\tR\t%.3f\t1.000\t0.9000\t%s\nhypothalamus\tB\t%.3f\t1.000\t0.9000\t%s\n", h / 2 + 1, v, h / 2 - 1, v, h, v
            printf "thalamus\tL\t%.3f\t1.000\t0.9000\t%s\nthalamus\tR\t%.3f\t1.000\t0.9000\t%s\n", t / 2 + 20, v, t / 2 - 20, v
            if (i != "none") printf "icv\tB\t%.3f\t1.000\tn/a\t%s\n", i, v }'
    } >"out/$2/$1_volumes.tsv"
    local flags=''
    [ "$3" = no ] && flags='{"Level": "failed", "Code": "volume_low", "Text": "The hypothalamus <cannot> be so small"}'
    [ "$3" = yes ] && [ "$5" = 801 ] && flags='{"Level": "warning", "Code": "coarse", "Text": "coarse"}'
    cat >"out/$2/$1_volumes.json" <<JSON
{"GeneratedBy": [{"Name": "dien", "Version": "${VERSION:-0.1.0}", "Precision": "f32", "Models": [{"Name": "hypothalamus", "SHA256": "${MODEL:-a6098ec8}"}]}],
 "VoxelSize_mm": [1.0, 1.0, 1.0], "QualityControl": "passed", "Flags": [$flags]}
JSON
    touch "out/$2/$1_report.html" "out/$2/$1_qc.png"
    record "$1" "done" "$([ "$3" = no ] && echo false || echo true)" "$4" "$2" ''
}

mkdir -p bids out/status
echo '{"Name": "made <of> nothing", "BIDSVersion": "1.10.0"}' >bids/dataset_description.json
cat >out/dataset_description.json <<JSON
{"Name": "dien: volumes of it", "BIDSVersion": "1.10.0", "DatasetType": "derivative", "GeneratedBy": [{"Name": "dien", "Version": "0.1.0"}],
 "DienSource": {"Name": "made <of> nothing", "SHA256": "$(sha256sum bids/dataset_description.json | cut -d' ' -f1)"}}
JSON
expect_sentence 3 "has no results yet (there are no records in its folder status); 'dien run DATASET OUTPUT participant' measures it" run bids out group
expect_empty out/group

echo -e 'participant_id\tage\tdiagnosis' >bids/participants.tsv
for i in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16; do
    measured "sub-$i" "sub-$i/anat" yes "0.$((60 + 10#$i))" "$((800 + 10#$i))" "$((15000 + 10#$i * 10))" "$((1400000 + 10#$i * 7 % 16 * 10000))"
    echo -e "sub-$i\t40\t$([ $((10#$i % 2)) = 1 ] && echo ALS || echo CON)" >>bids/participants.tsv
done
measured sub-17 sub-17/anat yes 0.9 1800 15050 1450000            # twice the hypothalamus of the others
measured sub-18 sub-18/anat no 0 90 15050 1450000                 # rejected
measured sub-19_ses-a_run-2 sub-19/ses-a/anat yes 0.95 811 15000 1450000
measured sub-19_ses-a_run-10 sub-19/ses-a/anat yes 0.95 812 15000 1450000
measured sub-19_ses-a_run-1 sub-19/ses-a/anat no 0 100 15000 1450000
measured sub-19_ses-b sub-19/ses-b/anat by_hand 0 813 15000 none
mkdir -p bids/sub-20/anat bids/sub-21/anat && : >bids/sub-20/anat/sub-20_T1w.nii.gz && : >bids/sub-21/anat/sub-21_T1w.nii.gz
record sub-20 failed false null sub-20/anat "'/data/then/sub-20/anat/sub-20_T1w.nii.gz' is empty"
printf 'sub-17\t40\tALS\nsub-18\t40\tCON\nsub-19\t40\tCON\nsub-20\t40\tALS\nsub-99\t40\tALS\n' >>bids/participants.tsv # 21 is not there

# ---- every scan is in scans.tsv, with why
expect 0 run bids out group
logged "24 scans: 22 measured (2 of them rejected by quality control), 1 failed, 1 not measured yet"
s=out/group/scans.tsv w=out/group/volumes_wide.tsv
[ "$(wc -l <$s)" -eq 25 ] || fail "scans.tsv: expected 24 scans, found $(($(wc -l <$s) - 1))"
is $s sub-01 state measured
is $s sub-01 flags coarse
is $s sub-01 filename sub-01/anat/sub-01_T1w.nii.gz
is $s sub-18 accepted no
is $s sub-18 used yes
is $s sub-18 reason 'The hypothalamus <cannot> be so small'
is $s sub-20 state failed
is $s sub-20 reason "'sub-20/anat/sub-20_T1w.nii.gz' is empty"
is $s sub-20 score n/a
is $s sub-21 state not_measured
is $s sub-19_ses-a_run-2 used yes # as good as run-10, which comes later; run-1 is rejected
is $s sub-19_ses-a_run-2 choice 'the first by name of those with the best score'
is $s sub-19_ses-a_run-10 used no
is $s sub-19_ses-a_run-1 choice 'another scan of the session is accepted'
is $s sub-19_ses-b accepted by_hand

# ---- the wide table: one row per person and session; names as 'dien stats' gathers them
[ "$(cut -f3 $w | grep -c '^sub-19')" -eq 2 ] || fail "sub-19 has not one row per session: $(cat $w)"
[ "$(wc -l <$w)" -eq 21 ] || fail "volumes_wide.tsv: expected 20 rows, found $(($(wc -l <$w) - 1))"
is $w sub-01 hypothalamus 801.000
is $w sub-01 hypothalamus_L 401.500
is $w sub-01 thalamus 15010.000 # the sum of its sides, which the table of the scan does not have
is $w sub-19_ses-b icv n/a
is $w sub-18 accepted no
is $w sub-19_ses-a_run-2 session_id ses-a
is $w sub-19_ses-a_run-2 first_session yes
is $w sub-19_ses-b first_session no
lacks $w sub-20
# ---- the long table: all measured scans, a missing measure is a missing row
l=out/group/volumes_long.tsv
[ "$(awk -F'\t' '$3 == "sub-19_ses-a_run-10"' $l | wc -l)" -eq 6 ] || fail "run-10: expected 6 rows: $(grep run-10 $l)"
[ "$(awk -F'\t' '$3 == "sub-19_ses-b"' $l | wc -l)" -eq 5 ] || fail "ses-b: expected 5 rows (no icv): $(grep ses-b $l)"
awk -F'\t' '$3 == "sub-18" && $6 == "hypothalamus" && $7 == "B" { print $4, $5, $8 }' $l | grep -qx 'no yes 90.000' || fail "$(grep sub-18 $l)"
# ---- outliers: the one that was made, no rejected one
grep -P '^sub-17\tn/a\tsub-17\thypothalamus\tB\tvolume_mm3\t1800\t' out/group/outliers.tsv >/dev/null || fail "outliers: $(cat out/group/outliers.tsv)"
lacks out/group/outliers.tsv sub-18
[ "$(cell $s sub-17 outliers)" -ge 1 ] || fail "sub-17 has no outliers"
is $s sub-18 outliers n/a
# ---- each table has a dictionary that knows each column
for name in scans volumes_wide volumes_long outliers; do
    for column in $(head -n 1 "out/group/$name.tsv"); do has "out/group/$name.json" "\"$column\": {"; done
done
has out/group/volumes_wide.json 'Volume: Left hypothalamus'
has out/group/volumes_wide.json '"Units": "mm3"'
# ---- the report
r=out/group/report.html
for text in '24 scans of 21 people in 22 sessions' 'made &lt;of&gt; nothing' 'Rejected by quality control: 2' 'The hypothalamus &lt;cannot&gt; be so small' \
    'Without volumes: 2' 'href="../sub-18/anat/sub-18_report.html"' 'src="../sub-17/anat/sub-17_qc.png"' 'loading="lazy"' 'Outliers: 1 scan<' \
    'Groups of participants.tsv, column diagnosis' '<strong>Hypothalamus</strong>, normalised' '1 person of participants.tsv has no scan here: sub-99' \
    '1 person with scans is not in participants.tsv: sub-21'; do
    has $r "$text"
done
lacks $r '<script'
lacks $r '<of>'
lacks $r "$work"
grep -rlF -- "$work" out/group | grep -vE '\.(pdf|png)$' | grep . && fail "folders of this machine are in the files above"
expect_no_temporaries out/group

# ---- the tables go into statistics: rejected ones are left out and named
expect 0 stats groups out/group/volumes_wide.tsv bids/participants.tsv --where first_session=yes --value hypothalamus --group diagnosis --unit mm3
tr '\n' ' ' <stdout | grep -qF '1 scan that quality control rejects is left out: sub-18' || fail "stats groups: $(cat stdout)"
tr '\n' ' ' <stdout | grep -qF 'n = 18' || fail "stats groups: expected n = 18: $(cat stdout)"

# ---- equal inputs, equal bytes: again, and elsewhere
sum() { (cd "$1" && find . -type f ! -name '*.pdf' -exec sha256sum {} + | sort -k2); }
sum out/group >first.sum
expect 0 run bids out group -q
sum out/group | diff first.sum - >difference || fail "a second run gave other bytes: $(cat difference)"
mkdir -p 'else where/ü' && cp -r bids out 'else where/ü/' && rm -rf 'else where/ü/out/group'
expect 0 run 'else where/ü/bids' 'else where/ü/out/' group -q
sum 'else where/ü/out/group' | diff first.sum - >difference || fail "in another folder it gave other bytes: $(cat difference)"

# ---- what is damaged is named and not counted
cp -r out whole
truncate -s 100 out/status/sub-01.json
rm out/sub-02/anat/sub-02_volumes.tsv
truncate -s 60 out/sub-03/anat/sub-03_volumes.tsv
sed -i 's/^hypothalamus\tL\t[0-9.]*/hypothalamus\tL\tmany/' out/sub-04/anat/sub-04_volumes.tsv && record sub-04 "done" true 0.9 sub-04/anat ''
sed -i 1q out/sub-05/anat/sub-05_volumes.tsv && record sub-05 "done" true 0.9 sub-05/anat ''
echo '{"State": "done"}' >out/status/sub-06.json
expect_sentence 6 "6 of 24 scans are not counted, because their results are damaged" run bids out group
for i in 1 2 3 4 5 6; do
    is $s sub-0$i state damaged
    is $s sub-0$i used no
    logged "sub-0$i is not counted: "
    grep -q "^sub-0$i" $w $l && fail "sub-0$i is damaged and in a table of volumes"
done
has $s 'its record status/sub-01.json is damaged'
has $s 'sub-02/anat/sub-02_volumes.tsv is missing'
has $s 'sub-03/anat/sub-03_volumes.tsv has 60 bytes and its record says'
has $s 'many'
has $r 'Without volumes: 8'
# nothing measured at all: said, and written
rm -rf out && cp -r whole out
find out/status -type f ! -name sub-20.json -delete
expect_sentence 3 "none of the 24 scans has volumes; the reasons are in out/group/scans.tsv" run bids out group
is $s sub-01 state not_measured
[ "$(wc -l <$w)" -eq 1 ] || fail "volumes_wide.tsv: expected no row: $(cat $w)"
[ -e out/group/groups/groups.tsv ] && fail "the groups of an earlier run are still there"

# ---- mixtures, people who are gone, options
rm -rf out && cp -r whole out
VERSION=0.0.9 MODEL=bbbbbbbb measured sub-16 sub-16/anat yes 0.9 816 15160 1450000
rm -r bids/sub-15
expect 0 run bids out group
logged "by different networks"
logged "by different versions of dien"
has $r '0.0.9 in 1 scan (sub-16_volumes.tsv)'
has $r '1 scan is no longer in the data set and still counted: sub-15'
expect 0 run bids out group --count-rejected -q
grep -q '^sub-18' out/group/outliers.tsv || fail "--count-rejected: sub-18 is not compared"
expect_sentence 3 'participants.tsv has no column "sex"' run bids out group --group sex
expect_sentence 3 'nobody in participants.tsv has "healthy" in the column diagnosis' run bids out group --control healthy
expect_sentence 2 "--participant-label is an option of 'dien run DATASET OUTPUT participant'" run bids out group --participant-label 01
expect_sentence 2 "--control is an option of 'dien run DATASET OUTPUT group'" run bids out participant --control CON
expect 0 run bids out group --jobs 2 --threads 1 -q
cut -f1,2 bids/participants.tsv >p && mv p bids/participants.tsv
expect 0 run bids out group -q
lacks $r 'Groups of participants.tsv'
[ -e out/group/groups ] && fail "no groups, and their folder is still there"
rm bids/participants.tsv
expect 0 run bids out group -q
has $r 'The data set has no participants.tsv.'
expect_sentence 3 "has no participants.tsv in which to find the column group" run bids out group --group group

# ---- wrong folders
expect_sentence 3 "no_such is not a folder" run no_such out group
expect_sentence 3 "is not a folder" run bids no_such group
mkdir empty && expect_sentence 3 "holds no results of a data set" run bids empty group
mkdir other && echo '{"Name": "another"}' >other/dataset_description.json
expect_sentence 2 "holds results of another data set" run other out group
finish
