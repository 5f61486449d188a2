#!/bin/bash
# `dien diff` on made tables whose differences are known.
source "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# volumes FOLDER SCAN HYPOTHALAMUS THALAMUS ACCEPTED [ICV]
volumes() {
    mkdir -p "$1"
    {
        printf 'structure\themi\tvolume_mm3\thard_volume_mm3\tmean_posterior\taccepted\n'
        printf 'hypothalamus\tB\t%s\t%s\t0.9\t%s\n' "$3" "$3" "$5"
        printf 'thalamus\tB\t%s\t%s\t0.9\t%s\n' "$4" "$4" "$5"
        [ -z "${6:-}" ] || printf 'icv\tB\t%s\t%s\t1\t%s\n' "$6" "$6" "$5"
    } >"$1/$2_volumes.tsv"
}
for i in 1 2 3 4; do
    volumes old/sub-0$i/anat sub-0$i 900 15000 yes
    volumes new/sub-0$i/anat sub-0$i 900 "$((15000 + 300 * (i == 3)))" yes
done
volumes old/sub-05/ses-1/anat sub-05_ses-1_run-1 800 14000 yes
volumes new/sub-05/ses-1/anat sub-05_ses-1_run-01 800 14000 no
volumes old/sub-06/anat sub-06 800 14000 yes
volumes new/sub-07/anat sub-07 800 14000 yes 1500000
# what 'dien run ... longitudinal' leaves beside the scans: a row per session
mkdir -p old/longitudinal/sub-05
printf 'scan\ttime\tstructure\themi\tvolume_mm3\taccepted\nsub-05_ses-1\t0\tthalamus\tB\t14000\tyes\nsub-05_ses-2\t1\tthalamus\tB\t13900\tyes\n' \
    >old/longitudinal/sub-05/sub-05_longitudinal_volumes.tsv
cell() { # FILE ROW COLUMN
    awk -F '\t' -v row="$2" -v column="$3" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == column) c = i } $1 == row { print $c }' "$1"
}
equal() { # NAME EXPECTED FOUND
    awk -v a="$2" -v b="$3" 'BEGIN { d = a - b; exit !(b != "" && d < 1e-9 && d > -1e-9) }' || fail "$1: expected $2, found $3"
}

expect 0 diff old new -o out
equal 'thalamus, n' 5 "$(cell out/difference.tsv thalamus n)"
# one of five by 300 of 15000: 200 * 300 / 30300 percent of the mean of both; the SD of (x, 0, 0, 0, 0) is x / sqrt(5)
equal 'thalamus, largest' 1.9801980198019802 "$(cell out/difference.tsv thalamus largest_percent)"
equal 'thalamus, mean' 0.39603960396039606 "$(cell out/difference.tsv thalamus difference_percent)"
equal 'thalamus, SD' 0.88557147624 "$(awk -v x="$(cell out/difference.tsv thalamus sd_percent)" 'BEGIN { printf "%.11f", x }')"
equal 'thalamus, after' 14860 "$(cell out/difference.tsv thalamus mean_after_mm3)"
equal 'hypothalamus, mean' 0 "$(cell out/difference.tsv hypothalamus difference_percent)"
[ "$(cell out/difference.tsv thalamus largest_in)" = sub-03 ] || fail "largest in: expected sub-03, found $(cell out/difference.tsv thalamus largest_in)"
[ "$(cell out/difference_scans.tsv sub-05_ses-1_run-1 accepted_after)" = no ] || fail "expected the verdict on sub-05, found $(cat out/difference_scans.tsv)"
tr '\n' ' ' <stdout >line
for part in '5 scans are in both old and new (1 only in the first, 1 only in the second)' 'the volumes of 4 are the same' 'judges 1 of them differently' 'Measured only in the second: icv'; do
    grep -qF "$part" line || fail "expected '$part', found $(cat stdout)"
done
expect 0 diff old old
grep -q 'the volumes of 6 are the same' stdout || fail "a folder with itself: $(cat stdout)"

# a structure that one of both lacks is a change
cp -r old less && sed -i '/^thalamus/d' less/sub-02/anat/sub-02_volumes.tsv
expect 0 diff old less
tr '\n' ' ' <stdout >line
for part in 'the volumes of 5 are the same' 'Of 1 of them a structure is measured in one of both only'; do
    grep -qF "$part" line || fail "a structure less: expected '$part', found $(cat stdout)"
done

volumes twice/a sub-01 900 15000 yes
volumes twice/b sub-01 901 15000 yes
expect_sentence 3 'holds two tables of one scan' diff old twice
volumes others sub-99 900 15000 yes
expect_sentence 3 "no scan of old is in others: the first one is 'sub-01' here and 'sub-99' there" diff old others
mkdir empty
expect_sentence 3 'there is no *_volumes.tsv in empty' diff empty old
expect_sentence 3 'cannot read the folder absent' diff absent old
finish
