#!/bin/bash
# `dien selftest` passes here; with a spoiled network and a spoiled table it fails, exits with 4, and names what is wrong. About 25 s of processor time.
source "$(dirname "$0")/lib.sh"
source_folder=${DIEN_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
unset DIEN_MODELS
export XDG_DATA_HOME=$work/home TMPDIR=$work/tmp
mkdir "$TMPDIR"

# It passes, and leaves nothing.
expect 0 selftest --quiet
grep -q '^PASSED: all [0-9]* volumes are ' "$work/stdout" || fail "expected PASSED, found: $(tail -n 3 "$work/stdout")"
for word in 'program      dien ' 'system       ' 'instructions ' 'networks by  oneDNN ' 'libgsl.so.' 'gnuplot '; do
    grep -qF "$word" "$work/stdout" || fail "expected a line with '$word' in the record"
done
rows=$(grep -c ' ok$' "$work/stdout")
[ "$rows" -eq "$(($(wc -l <"$source_folder/share/selftest/volumes.tsv") - 1))" ] || fail "expected all rows of volumes.tsv, found $rows"
expect_empty "$TMPDIR"

# The weights of the hypothalamus changed a little (the last quarter of the file is zero), and another value for the thalamus.
mkdir "$work/models" "$work/expected"
cp "$source_folder/models/hypothalamus.safetensors" "$work/models/"
size=$(stat -c %s "$work/models/hypothalamus.safetensors")
head -c "$((size / 4))" /dev/zero | dd of="$work/models/hypothalamus.safetensors" bs=65536 oflag=seek_bytes seek="$((size - size / 4))" conv=notrunc status=none
awk -F '\t' -v OFS='\t' '$1 == "thalamus" && $2 == "L" { $3 += 2 * $4 } { print }' "$source_folder/share/selftest/volumes.tsv" >"$work/expected/volumes.tsv"
cp "$source_folder/share/selftest/files.tsv" "$work/expected/"
DIEN_MODELS=$work/models expect_sentence 4 'the self-test failed: this installation does not measure what the release did (' selftest --expected "$work/expected"
for name in 'network hypothalamus' 'hypothalamus L' 'thalamus L'; do
    tail -n 1 "$work/stderr" | grep -qF "$name" || grep '^FAILED' "$work/stdout" | grep -qF "$name" || fail "expected '$name' to be named, found: $(tail -n 1 "$work/stderr")"
done
grep -E '^thalamus +L ' "$work/stdout" | grep -q 'OUTSIDE$' || fail "expected thalamus L to be OUTSIDE, found: $(grep '^thalamus ' "$work/stdout")"
grep -E '^thalamus +R ' "$work/stdout" | grep -q ' ok$' || fail "expected thalamus R to be ok, found: $(grep '^thalamus ' "$work/stdout")"
expect_empty "$TMPDIR"

# Sentences, before anything is measured.
expect_sentence 2 '--write makes expected values' selftest --write "$work/a" --expected "$work/b"
expect_sentence 3 'volumes.tsv' selftest --expected "$work/nothing"
printf 'structure\themi\tvolume_mm3\n' >"$work/models/volumes.tsv"
expect_sentence 3 'bound_mm3' selftest --expected "$work/models"
TMPDIR=$work/none expect_sentence 5 'TMPDIR' selftest
finish
