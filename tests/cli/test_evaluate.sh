# dien evaluate from outside: files, folders, structures, and what is refused.
source "$(dirname "$0")/lib.sh"

mkdir -p "$work/pred" "$work/truth"
"$DIEN_FIXTURE" head "$work/truth/sub-01_dseg.nii.gz" || fail "cannot make a label map"
cp "$work/truth/sub-01_dseg.nii.gz" "$work/pred/sub-01_dseg.nii.gz"

expect 0 evaluate "$work/pred/sub-01_dseg.nii.gz" "$work/truth/sub-01_dseg.nii.gz"
grep -qP '^sub-01_dseg\tleft_thalamus\t1.0000\t1.0000\t1.0000\t1.0000\t0.000\t0.000\t0.000\t' "$work/stdout" ||
    fail "the same map twice: expected Dice 1 and distance 0 of the left thalamus, found $(cat "$work/stdout")"
grep -qP '\tthalamus\t1.0000' "$work/stdout" || fail "expected both thalami together, found $(cat "$work/stdout")"

# Left called right: no overlap of one side, all of both together. 28 mm lie between the sides.
printf 'label\tto\n10\t49\n49\t10\n' >"$work/swap.tsv"
expect 0 evaluate "$work/pred/sub-01_dseg.nii.gz" "$work/truth/sub-01_dseg.nii.gz" --translate "$work/swap.tsv" --structures left=10,both=10+49
grep -qP '\tleft\t0.0000\t0.0000\t0.0000\t0.0000\t28.000\t' "$work/stdout" || fail "swapped: expected Dice 0 and 28 mm, found $(cat "$work/stdout")"
grep -qP '\tboth\t1.0000\t' "$work/stdout" || fail "swapped: expected Dice 1 of both, found $(cat "$work/stdout")"

# Folders: mean and SD, a truth without prediction is named and counts.
for n in 2 3; do cp "$work/truth/sub-01_dseg.nii.gz" "$work/pred/sub-0${n}_dseg.nii.gz"; done
for n in 2 3 4; do cp "$work/truth/sub-01_dseg.nii.gz" "$work/truth/sub-0${n}_dseg.nii.gz"; done
expect_sentence 6 "1 of 4 truths have no prediction" evaluate "$work/pred" "$work/truth" -o "$work/out"
grep -q 'sub-04 has a truth' "$work/stderr" || fail "expected sub-04 to be named, found $(cat "$work/stderr")"
grep -qP '^left_thalamus\t3\t1.0000\t0.0000\t' "$work/stdout" || fail "expected n 3, mean 1, SD 0, found $(cat "$work/stdout")"
[ "$(grep -c left_thalamus "$work/out/evaluation.tsv")" -eq 3 ] || fail "evaluation.tsv: expected three rows of the left thalamus"
[ -s "$work/out/evaluation_summary.tsv" ] || fail "expected evaluation_summary.tsv"

# Time: a table; unknown is n/a, and mean and SD are of those known.
column() { # NAME FILE: the values below the header, with commas
    awk -F '\t' -v name="$1" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) c = i } NR > 1 { printf "%s%s", (NR > 2 ? "," : ""), $c }' "$2"
}
grep -q '[0-9]' <<<"$(column seconds "$work/out/evaluation.tsv")" && fail "no --times: expected n/a, found $(column seconds "$work/out/evaluation.tsv")"
printf 'subject\tseconds\nsub-03\t10\nsub-01\t4\n' >"$work/times.tsv"
expect 6 evaluate "$work/pred" "$work/truth" --structures left=10 -o "$work/out" --times "$work/times.tsv"
found=$(column seconds "$work/out/evaluation.tsv")
[ "$found" = 4.00,n/a,10.00 ] || fail "--times: expected 4.00,n/a,10.00, found $found"
found=$(column seconds_mean "$work/stdout"),$(column seconds_sd "$work/stdout")
[ "$found" = 7.00,4.24 ] || fail "--times: expected mean 7.00 and SD 4.24, found $found"
printf 'subject\tseconds\nsomebody\t10\n' >"$work/times.tsv"
expect_sentence 3 "has no row for any of the subjects" evaluate "$work/pred" "$work/truth" --times "$work/times.tsv"

expect_sentence 2 "two files or two folders" evaluate "$work/pred" "$work/truth/sub-01_dseg.nii.gz"
expect_sentence 2 "two structures are called side; give them names (--structures)" evaluate "$work/pred" "$work/truth" --structures side=10,side=49
expect_sentence 2 "is not like thalamus=10+49, hypothalamus=801-810 or 17 (--structures)" evaluate "$work/pred" "$work/truth" --structures thalamus
expect_sentence 3 "has a partner" evaluate "$work/pred" "$work/truth" --suffix _nothing.nii.gz
expect_sentence 3 "there is no file" evaluate "$work/none.nii.gz" "$work/truth/sub-01_dseg.nii.gz"
expect_sentence 3 "neither the prediction nor the truth" evaluate "$work/pred/sub-01_dseg.nii.gz" "$work/truth/sub-01_dseg.nii.gz" --structures 777
"$DIEN_FIXTURE" labels "$work/other.nii.gz"
expect_sentence 3 "not on the same grid" evaluate "$work/other.nii.gz" "$work/truth/sub-01_dseg.nii.gz"
expect 0 evaluate "$work/other.nii.gz" "$work/truth/sub-01_dseg.nii.gz" --resample
finish
