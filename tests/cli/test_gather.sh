#!/bin/bash
# Volumes of many scans: those that quality control rejected are left out and named, mixtures and losses are told, volumes know their unit,
# and columns are looked at before they are used. The tables and the JSON files have the form that `dien segment` writes, which is seen first.
source "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
said() { tr '\n' ' ' <stdout | grep -qF -- "$1" || fail "expected \"$1\" in: $(cat stdout)"; }
unsaid() { tr '\n' ' ' <stdout | grep -qF -- "$1" && fail "expected no \"$1\" in: $(cat stdout)"; }
warned() { grep -qF -- "$1" stderr || fail "expected \"$1\" on stderr: $(cat stderr)"; }

# --- the form: what segment writes is what is read here
"$fixture" model tiny.safetensors && "$fixture" scan good.nii.gz || { echo "cannot make the inputs"; exit 1; }
"$dien" segment good.nii.gz -o real --model tiny.safetensors --threads 1 --quiet 2>segment.err </dev/null
for key in GeneratedBy Name Version Precision Models SHA256 VoxelSize_mm QualityControl Flags Level Code Text; do
    grep -q "\"$key\":" real/good_volumes.json || [ "$key" = Level ] || [ "$key" = Code ] || [ "$key" = Text ] ||
        fail "volumes.json: no \"$key\" in $(cat real/good_volumes.json)"
done
tr -d ' \n' <real/good_volumes.json | grep -qE '"VoxelSize_mm":\[[0-9.]+,[0-9.]+,[0-9.]+\]' || fail "VoxelSize_mm is not three numbers: $(cat real/good_volumes.json)"
header=$(head -n 1 real/good_volumes.tsv)

# scan FOLDER ID VERDICT HYPOTHALAMUS ICV [FLAG-LEVEL FLAG-CODE FLAG-TEXT]; NETWORK, VERSION, PRECISION, VOXEL may be set before.
scan() {
    local folder=$1 id=$2 verdict=$3 v=$4 icv=$5 level=${6:-} code=${7:-} text=${8:-} flags='' half
    half=$(awk -v v="$v" 'BEGIN { printf "%.3f", v / 2 }')
    mkdir -p "$folder"
    printf '%s\nhypothalamus\tL\t%s\t1.000\t0.9000\t%s\nhypothalamus\tR\t%s\t1.000\t0.9000\t%s\nicv\tB\t%s\t1.000\tn/a\t%s\n' "$header" "$half" "$verdict" \
        "$half" "$verdict" "$icv" "$verdict" >"$folder/${id}_volumes.tsv"
    [ -n "$level" ] && flags="{\"Level\": \"$level\", \"Code\": \"$code\", \"Text\": \"$text\"}"
    cat >"$folder/${id}_volumes.json" <<JSON
{"GeneratedBy": [{"Name": "dien", "Version": "${VERSION:-0.1.0}", "Threads": 1, "Precision": "${PRECISION:-f32}",
  "Models": [{"Name": "${NETWORK:-hypothalamus}", "SHA256": "38e28b23e456dfb0", "Licence": "x", "Source": "y"}]}],
 "VoxelSize_mm": [${VOXEL:-1.0, 1.0, 1.0}], "QualityControl": "passed", "Flags": [$flags]}
JSON
}
volume() { echo $((800 + $1 * 37 % 19 * 9 - (10#$1 % 2) * 40)); } # of person 1..20
echo -e 'participant_id\tgroup\tage\tsex\tsite' >people.tsv
for i in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20; do
    [ $((10#$i % 2)) = 1 ] && g=ALS || g=CON
    echo -e "sub-$i\t$g\t$((40 + 10#$i * 7 % 31))\t$([ $((10#$i % 3)) = 1 ] && echo M || echo F)\t$((10#$i / 2 % 3 + 1))" >>people.tsv
    scan plain "sub-$i" yes "$(volume "$((10#$i))")" "$((1400000 + 10#$i * 9000))"
done

# --- quality control
cp -r plain judged
scan judged sub-03 no 9000 1430000 failed volume_high "The hypothalamus is larger than any"
scan judged sub-04 no 10 1430000
scan judged sub-05 by_hand 860 1430000 failed pieces "The hypothalamus is in pieces"
scan judged sub-06 yes 850 1430000 warning blurred "Its borders are wide"
groups=(stats groups people.tsv judged --value hypothalamus --group group --control CON)
expect 0 "${groups[@]}" -o out
said "(n = 9), ALS"
said "2 scans that quality control rejects are left out: sub-03 (The hypothalamus is larger than any), sub-04."
said "1 scan that quality control rejected was accepted by a person and counted: sub-05_volumes.tsv (The hypothalamus is in pieces)"
said "1 of 18 scans have warnings of quality control: sub-06_volumes.tsv (blurred)"
warned "warning: 2 scans that quality control rejects are left out: sub-03"
unsaid "In only one"
cmp -s stdout out/groups.txt || fail "groups.txt is not what was printed"
grep -q $'^rejected\tleft out\tsub-03\tjudged/sub-03_volumes.tsv\tThe hypothalamus is larger than any$' out/groups_remarks.tsv || fail "groups_remarks.tsv: $(cat out/groups_remarks.tsv)"
cut -f1 out/groups_people.tsv | grep -q sub-03 && fail "sub-03 is rejected and among the people"
grep -q $'^warnings\tcounted\tsub-06\tjudged/sub-06_volumes.tsv\tblurred$' out/groups_remarks.tsv || fail "groups_remarks.tsv: $(cat out/groups_remarks.tsv)"
expect 0 "${groups[@]}" --count-rejected
said "(n = 10), ALS"
said "are counted (--count-rejected): sub-03"
expect 0 "${groups[@]}" --where accepted=yes
said "(n = 9), ALS"
said "(n = 8) (mean"
expect_sentence 3 'are counted (--count-rejected): sub-03' "${groups[@]}" --where accepted=no
# Two runs are two scans of a person, not one twice: they are told apart, and a column chooses.
mkdir runs
for file in plain/*; do
    name=${file#plain/}
    cp "$file" "runs/${name/_/_run-1_}"
    cp "$file" "runs/${name/_/_run-02_}"
done
expect_sentence 3 "are two scans of sub-01, sub-01_run-2 and sub-01_run-1; keep one of them, or choose with --where COLUMN=VALUE" stats groups people.tsv runs --value hypothalamus --group group
expect 0 stats groups people.tsv runs --value hypothalamus --group group --control CON --where run=1
said "(n = 10), ALS"
cp -r plain twice && mkdir twice/again && cp plain/sub-01_* twice/again/
expect_sentence 3 "are both of sub-01; keep one of them" stats groups people.tsv twice --value hypothalamus --group group
# Every command that gathers.
expect 0 stats correlate people.tsv judged --x age --y hypothalamus
said "n = 18"
said "are left out: sub-03 (The hypothalamus is larger than any)"
said "mm³ per unit of age"
expect 0 stats normalise people.tsv judged --value hypothalamus --icv icv -o normalised
said "are left out: sub-03"
grep -q '^sub-03' normalised/normalised.tsv && fail "normalise: sub-03 is rejected and in the table"
awk -F'\t' 'BEGIN { OFS = FS } { print $0, NR == 1 ? "twin" : 800 + NR }' people.tsv >twin.tsv
expect 0 stats agreement twin.tsv judged --value hypothalamus,twin
said "n = 18"
said "are left out: sub-03"
said " mm³ (95 % CI"
expect 0 normative fit people.tsv judged --value hypothalamus --icv icv --unit mL --one-step -o norm
said "from 18 people"
said "are left out: sub-03"
grep -q '"unit": "mL"' norm/norm.json || fail "norm: the unit is not mL"
# The norm knows the networks of its volumes; those of others are doubted.
grep -q '"networks": "hypothalamus (38e28b23)"' norm/norm.json || fail "norm: no networks in $(cat norm/norm.json)"
expect 0 normative apply norm/norm.json people.tsv judged --icv icv
unsaid "by other networks"
cp -r judged other && sed -i 's/38e28b23/0123abcd/' other/*.json
expect 0 normative apply norm/norm.json people.tsv other --icv icv
said "measured by other networks (hypothalamus (38e28b23)) than these (hypothalamus (0123abcd))"
expect_sentence 3 "measured by other networks" normative apply norm/norm.json people.tsv other --icv icv --strict
for s in A B; do
    for i in 1 2 3; do
        scan repeats "sub-${i}_ses-$s" yes "$((800 + i * 10))" 1400000
        scan repeats "sub-${i}_ses-${s}2" "$([ "$i$s" = 2B ] && echo no || echo yes)" "$((803 + i * 11))" 1400000
    done
done
{ echo -e 'participant_id\tscanner'; for i in 1 2 3; do echo -e "sub-$i\tS1"; done; } >scanners.tsv
expect 0 stability scanners.tsv repeats --value hypothalamus
said "in 11 scans of 3 persons"
said "is left out: sub-2 ses-B2"
said "mm³"
# A person whose only scan is rejected is no loss of the join; a table of one's own with the column is judged alike.
paste people.tsv <(echo accepted; for i in $(seq 20); do [ "$i" = 7 ] && echo no || echo yes; done) >own.tsv
expect 0 stats groups own.tsv plain --value hypothalamus --group group
said "1 scan that quality control rejects is left out: sub-07"
unsaid "In only one"
sed 's/^sub-0*//' people.tsv >digits.tsv
expect 0 stats groups digits.tsv judged --value hypothalamus --group group --join alike
said "are left out: sub-03"
unsaid "In only one"
sed -i 's/\tyes$/\tperhaps/' judged/sub-08_volumes.tsv
expect_sentence 3 'accepted is "perhaps"; it should be yes, no or by_hand' "${groups[@]}"

# A table without the column: the JSON file says it.
cp -r plain older
cut -f1-5 plain/sub-09_volumes.tsv >older/sub-09_volumes.tsv
sed -i 's/"passed"/"failed"/' older/sub-09_volumes.json
expect 0 stats groups people.tsv older --value hypothalamus --group group
said "1 scan that quality control rejects is left out: sub-09"
# Markings of `dien icv` are no second measurement; names of one's own have sessions, too.
cp -r plain marked
printf 'structure\themi\tvolume_mm3\nicv\tB\t1500000\n' >marked/sub-01_desc-thresholds_volumes.tsv
expect 0 stats groups people.tsv marked --value hypothalamus --group group
said "1 file of markings (desc-) in marked is not used, because there are measurements"
for i in $(seq 6); do
    for s in 1 2; do scan named "p${i}_ses-$s" yes "$((800 + i * 13 % 7 * 9 + s * i))" 1400000; done
done
expect 0 stats groups named --paired --value hypothalamus --group session
said "6 pairs"

# --- measured in different ways
cp -r plain mixed
NETWORK=billot2020 scan mixed sub-11 yes 900 1400000
VERSION=0.0.9 scan mixed sub-12 yes 900 1400000
PRECISION=bf16 scan mixed sub-13 yes 900 1400000
VOXEL="0.8, 0.8, 2.0" scan mixed sub-14 yes 900 1400000
VOXEL="0.9999, 1.0, 1.004" scan mixed sub-15 yes 900 1400000
echo '{"GeneratedBy": [' >mixed/sub-16_volumes.json
expect 0 stats groups people.tsv mixed --value hypothalamus --group group -o mixed_out
said "measured by different networks; this can make larger differences than there are between people: hypothalamus (38e28b23) in 18 scans (sub-01_volumes.tsv); billot2020 (38e28b23) in 1 scan (sub-11_volumes.tsv)"
said "by different versions of dien"
said "with different options; this can make larger differences than there are between people: f32 in 18 scans (sub-01_volumes.tsv); bf16 in 1"
said "0.8 x 0.8 x 2.0 mm in 1 scan (sub-14_volumes.tsv)"
warned "there are 4 doubts about the tables"
grep -q $'^networks\tdoubt' mixed_out/groups_remarks.tsv || fail "remarks: $(cat mixed_out/groups_remarks.tsv)"
expect_sentence 3 'tables with doubts are refused: The volumes were measured by different networks' stats groups people.tsv mixed --value hypothalamus --group group --strict
expect 0 stats groups people.tsv plain --value hypothalamus --group group --strict -o mixed_out
unsaid "About the tables"
[ -e mixed_out/groups_remarks.tsv ] && fail "the remarks of an earlier run were left"

# --- joins
{ cat people.tsv; echo -e "sub-77\tCON\t50\tF\t1"; } >more.tsv
scan extra sub-88 yes 900 1400000
expect 0 stats groups more.tsv plain extra --value hypothalamus --group group -o lost
said 'In only one of two tables, left out: 1 of 21 rows of more.tsv that are not in the gathered volumes (for example "sub-77"), and 1 of 21 rows of the gathered volumes that are not in more.tsv (for example "sub-88").'
warned 'In only one of two tables, left out: 1 of 21 rows'
grep -q $'^join\tleft out\tsub-88\tthe gathered volumes\tnot in more.tsv$' lost/groups_remarks.tsv || fail "remarks: $(cat lost/groups_remarks.tsv)"
expect_sentence 3 'tables with doubts are refused: In only one' stats groups more.tsv plain --value hypothalamus --group group --strict
expect 0 stats groups more.tsv plain --value hypothalamus --group group --where sex=F
said 'left out: 1 of 14 rows of more.tsv that are not in the gathered volumes (for example "sub-77").'
unsaid 'of the gathered volumes that are' # those that --where leaves out are no loss
sed 's/^sub-0*//' people.tsv >bare.tsv
expect_sentence 3 'bare.tsv and the gathered volumes: 9 of the ids that find no partner are probably the same people' stats groups bare.tsv plain --value hypothalamus --group group
grep -qF '"1" and "sub-01". Join them, or leave them out (--join alike, or --join exact)' stderr || fail "no example of ids that look alike: $(cat stderr)"
expect 0 stats groups people.tsv plain --value hypothalamus --group group
cp stdout whole
expect 0 stats groups bare.tsv plain --value hypothalamus --group group --join alike
said "9 ids were joined although written differently"
[ "$(head -n 5 stdout)" = "$(head -n 5 whole)" ] || fail "--join alike: expected the result of equal ids, found $(cat stdout)"
expect 0 stats groups bare.tsv plain --value hypothalamus --group group --join exact
said "9 of them are probably the same people"
sed 's/^sub-/patient /' people.tsv >none.tsv
expect_sentence 3 'no participant_id in common' stats groups none.tsv plain --value hypothalamus --group group
# What was lost stands in the message of what fails of it.
awk -F'\t' 'NR == 1 || $2 == "ALS" || $1 ~ /0[24]$/' people.tsv >few.tsv
cp -r plain without && rm without/sub-02_volumes.*
expect_sentence 3 '1 of 12 rows of few.tsv that are not in the gathered volumes (for example "sub-02")' stats groups few.tsv without --value hypothalamus --group group
grep -q 'the group CON has 1 usable value' stderr || fail "expected the group's failure first: $(cat stderr)"

# --- units
mean() { awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } $c["group"] == "CON" && $c["who"] == "used" { print $c["mean"] }' "$1"; }
expect 0 stats groups people.tsv plain --value hypothalamus --group group -o mm3
said "mm³ (n = 10)"
expect 0 stats groups people.tsv plain --value hypothalamus --group group -o ml --unit mL
said "mL (n = 10)"
awk -v a="$(mean mm3/groups_summary.tsv)" -v b="$(mean ml/groups_summary.tsv)" 'BEGIN { exit (a / b - 1000) ^ 2 > 1e-12 }' || fail "--unit mL: $(mean mm3/groups_summary.tsv) mm3 and $(mean ml/groups_summary.tsv) mL"
expect_sentence 2 'the volumes are in mm3; the unit must be mm3, mL, cm3 or L' stats groups people.tsv plain --value hypothalamus --group group --unit voxels

# --- columns
table() { # FILE COLUMN-NUMBER ROW VALUE...: people.tsv joined with volumes, some cells changed
    local file=$1
    shift
    cp plain.tsv "$file"
    while [ $# -ge 3 ]; do
        awk -F'\t' -v c="$1" -v r="$2" -v v="$3" 'BEGIN { OFS = FS } NR == r { $c = v } { print }' "$file" >"$file.new" && mv "$file.new" "$file"
        shift 3
    done
}
paste people.tsv <(echo -e 'v\ticv'; for i in $(seq 20); do echo -e "$(volume "$i")\t$((1400000 + i * 9000))"; done) >plain.tsv
checked() { # PART ARGUMENTS...: it is said, --strict refuses, and without the change it is not
    local part=$1
    shift
    expect 0 stats groups t.tsv --value v --group group "$@"
    said "$part"
    expect_sentence 3 '(without --strict, all doubts are listed)' stats groups t.tsv --value v --group group "$@" --strict
}
expect 0 stats groups plain.tsv --value v --group group --covariates age,sex --icv icv --control CON --strict
table t.tsv 3 4 999 3 5 -9
checked 'age of 2 people is outside 0 to 110 years: sub-03 (999), sub-04 (-9).'
table t.tsv 2 3 con 2 5 $'CON\u00a0' 2 7 con 2 9 $'CON\u00a0'
checked 'In group these differ only in case or blanks, and are treated as different: "CON" (6 rows), "CON'
table t.tsv 6 4 -999
checked 'v of sub-03 (-999) looks like a code for "missing" (all others lie from'
table t.tsv 6 4 0 6 5 -853.2
checked 'v of sub-03 (0), sub-04 (-853.2) is 0 or below, among values from'
table t.tsv 6 4 0.81 6 5 0.85
checked 'v has values up to 0.85 (2) and from'
awk -F'\t' 'BEGIN { OFS = FS } NR > 1 { $7 = $7 / 1e6 } { print }' plain.tsv >t.tsv
checked 'are they in different units?' --icv icv --control CON
table t.tsv 4 4 female 4 7 w
checked 'In sex women are written in several ways: "F"' --covariates sex
awk -F'\t' 'BEGIN { OFS = FS } NR > 1 { $4 = $4 == "M" } { print }' plain.tsv >t.tsv
checked 'sex of t.tsv is given in numbers, which do not say who is female' --covariates sex
cp plain.tsv t.tsv
checked 'The covariate site has 3 different whole numbers and is used as an amount' --covariates site
expect 0 stats groups plain.tsv --value v --group group --covariates site --categories site --strict
said "site (site "
expect 0 stats correlate plain.tsv --x age --y v --covariates site,sex --categories site
said "given site (site "
said ", site (site"
expect 0 stats groups plain.tsv --value v --group group --order CON,ALS
said "v: CON "
expect 0 stats groups plain.tsv --value v --group group --order ALS
said "v: ALS "
expect_sentence 3 'no row of plain.tsv has group=XYZ; there are: ' stats groups plain.tsv --value v --group group --where group=XYZ
expect_sentence 3 'no row of plain.tsv has group = PLS, which the order of the groups names (--order)' stats groups plain.tsv --value v --group group --order CON,PLS
{ cat plain.tsv | tr '\t' ','; echo ',,,,,,'; } >t.csv
expect 0 stats groups t.csv --value v --group group --strict
echo 'Mean,,45,,,830,' >>t.csv
expect 0 stats groups t.csv --value v --group group
said 'has empty rows (line 22) and more rows after them (line 23)'
{ echo 'sep=;'; tr '\t' ';' <plain.tsv; } >t.csv
expect 0 stats groups t.csv --value v --group group --strict
tr '\t' ';' <plain.tsv | awk -F';' 'BEGIN { OFS = FS } NR > 1 { $3 = $3 ",5"; $6 = "7." $6 } { print }' >t.csv
expect_sentence 3 'separate thousands' stats groups t.csv --value v --group group
{ head -n 1 plain.tsv; tail -n +2 plain.tsv | awk -F'\t' 'BEGIN { OFS = FS } { $6 = "\"7," $6 "\"" } { print }'; } | tr '\t' ';' | sed 's/;"7,/,"7,/; s/;/,/g' >t.csv
expect_sentence 3 'separate thousands' stats groups t.csv --value v --group group

# --- norms: columns and unit are remembered, the range is judged before z
awk -F'\t' 'BEGIN { OFS = FS; s = 5 } function u() { s = (s * 16807) % 2147483647; return s / 2147483647 }
    BEGIN { print "participant_id", "years", "gender", "head", "Th"
        for (i = 1; i <= 120; i++) { a = 20 + 60 * u(); h = 1200 + 500 * u(); printf "n%d\t%.1f\t%s\t%.1f\t%.3f\n", i, a, i % 2 ? "F" : "M", h, 14 + 0.004 * (h - 1450) - 0.02 * (a - 50) + u() } }' >norms.tsv
expect 0 normative fit norms.tsv --value Th --structure "left thalamus" --icv head --age years --sex gender --unit mL -o columns
expect 0 normative apply columns/norm.json norms.tsv
said "Left thalamus of 120 people"
printf 'participant_id\tyears\tgender\thead\tTh\n' >patient.head
{ cat patient.head; printf 'p1\t45\tF\t1450000\t14100\np2\t50\tM\t1500000\t14300\n'; } >mm3.tsv
expect_sentence 3 'p1 cannot be compared with this norm: the head size 1.45e+06 is not in the unit of the norm' normative apply columns/norm.json mm3.tsv
grep -q 'is the volume in mL? (about 1000 times' stderr || fail "mm3: $(cat stderr)"
warned "Give the unit of the table's volumes (--unit)"
expect 0 normative fit norms.tsv --value Th --structure "left thalamus" --icv head --age years --sex gender -o unitless
expect_sentence 3 'The norm has no unit: make it again with one, or convert the table' normative apply unitless/norm.json mm3.tsv
expect 0 normative apply columns/norm.json mm3.tsv --unit mm3 -o in_mm3
{ cat patient.head; printf 'p1\t45\tF\t1450\t14.1\np2\t50\tM\t1500\t14.3\n'; } >ml.tsv
expect 0 normative apply columns/norm.json ml.tsv -o in_ml
cmp in_mm3/normative.tsv in_ml/normative.tsv || fail "mm3 that were converted differ from mL"
{ cat patient.head; printf 'p5\t540\tF\t1450\t14.1\n'; } >months.tsv
expect_sentence 3 'the age 540 is far outside the range of the norm' normative apply columns/norm.json months.tsv
{ cat ml.tsv; printf 'p3\t540\tF\t1450\t14.1\np4\t50\tF\t145\t14.1\np5\t50\tF\t1450\t-9\np6\t50\tF\t1450\t2.9\n'; } >some.tsv
expect 0 normative apply columns/norm.json some.tsv -o some
said "Not judged: p3 (the age 540"
said "p4 (the head size 145 is not in the unit of the norm"
said "p5 (the volume -9 is far outside the range of the norm"
said "Left thalamus of 3 people"
said "or more than 4 times the largest: p6 (2.9)"
warned "3 people are too far outside the norm to be judged"
awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } $1 ~ /p[345]/ && $c["z"] != "n/a" { exit 1 }' some/normative.tsv || fail "a z for who cannot be judged: $(cat some/normative.tsv)"
# Gathered volumes are in mm3 and come to the norm's unit by themselves.
for i in 1 2; do
    printf '%s\nTh\tB\t1%s100.0\t1\t0.9\tyes\nicv\tB\t1450000\t1\tn/a\tyes\n' "$header" "$((i + 3))" >"sub-p${i}_volumes.tsv"
done
printf 'participant_id\tyears\tgender\nsub-p1\t45\tF\nsub-p2\t50\tM\n' >two.tsv
expect 0 normative apply columns/norm.json two.tsv sub-p1_volumes.tsv sub-p2_volumes.tsv --icv icv
said "sub-p1 (45 years): 14.1 mL, expected 1"
expect_sentence 2 'must be mm3, mL, cm3 or L to be converted (--unit)' normative apply columns/norm.json mm3.tsv --unit voxels
awk -F'\t' 'BEGIN { OFS = FS } NR > 1 { $3 = $3 == "F" ? 0 : 1 } { print }' norms.tsv >numbers.tsv
expect_sentence 3 "given as '0', and a number does not say which" normative apply columns/norm.json numbers.tsv
# A norm of an earlier version has neither columns nor volumes.
sed -e '/"columns"/,/}/d' -e '/"value": \[/,/\]/d' columns/norm.json >old.json
expect 0 normative apply old.json ml.tsv --value Th --icv head --age years
expect_sentence 3 'is the volume in mL' normative apply old.json mm3.tsv --value Th --icv head --age years
finish
