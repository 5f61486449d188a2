#!/bin/bash
# `dien segment` on folders and archives of DICOM files: which series is measured and what is said about the others, that nobody is named in
# the results, hostile archives, faulty series, and that nothing is left in $TMPDIR.
source "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
model=$work/tiny.safetensors
"$fixture" model "$model" && "$fixture" scan good.nii.gz || { echo "cannot make the inputs"; exit 1; }
export OMP_WAIT_POLICY=passive TMPDIR=$work/tmp
mkdir "$TMPDIR"
measure() { "$dien" segment "$@" --model "$model" --threads 1 >stdout 2>stderr </dev/null; }
# The random network's answer is implausible, so quality control (4) is as right as 0.
measured() { [ "$1" -eq 0 ] || [ "$1" -eq 4 ]; }
clean() { # nothing is left of what was unpacked
    local left
    left=$(find "$TMPDIR" -mindepth 1 | head -n 3)
    [ -z "$left" ] || fail "$1: left in TMPDIR: $left"
}
says() { # TEXT WHAT
    grep -qF -- "$1" stderr || fail "$2: expected \"$1\" in: $(cat stderr)"
}

# --- what needs no dcm2niix
study=$work/ZEBROWSKA_WANDA_19570312
"$fixture" dicom "$study/EXAM ACC7750031/a" localizer t2 t1 swi mpr || exit 1
"$fixture" dicom "$study/EXAM ACC7750031/b/c" gd again || exit 1
echo "Zebrowska" >"$study/readme of Zebrowska.txt"
ln -s "$study" "$study/EXAM ACC7750031/loop"
# Debian's folders without dcm2niix
mkdir bare
PATH=$work/bare measure "$study" -o none
code=$?
[ "$code" -eq 3 ] || fail "no dcm2niix: expected 3, found $code"
says "apt-get install dcm2niix" "no dcm2niix"
[ -e none ] && fail "no dcm2niix: a folder was left"
clean "no dcm2niix"
mkdir empty only-text
echo hello >only-text/a.txt
cp -r only-text niftis
cp good.nii.gz niftis/
cp -r only-text bids
echo '{}' >bids/dataset_description.json
expect_sentence 3 'without files' segment empty -o none --model "$model"
expect_sentence 3 'none of them is a DICOM image' segment only-text -o none --model "$model"
expect_sentence 3 'name these files' segment niftis -o none --model "$model"
expect_sentence 3 "'dien run'" segment bids -o none --model "$model"
expect_sentence 2 'a series can be chosen' segment good.nii.gz -o none --model "$model" --series 3
expect_sentence 2 'is named by its file' segment good.nii.gz -o none --model "$model" --name x
expect_sentence 3 "'dien segment' does this itself" icv "$study" -o none
for name in .. a/b .hidden -x ''; do
    "$dien" segment "$study" -o none --model "$model" "--name=$name" >stdout 2>stderr && fail "--name '$name': expected a refusal"
done
"$fixture" zip traversal.zip "good=$study/readme of Zebrowska.txt" "../../out=$study/readme of Zebrowska.txt"
expect_sentence 3 'leads out of the folder' segment traversal.zip -o none --model "$model"
"$fixture" zip bomb.zip "a.dcm=0:90000000"
expect_sentence 3 'which images never do' segment bomb.zip -o none --model "$model"
"$fixture" zip links.zip "link" "b=$work/only-text/a.txt"
expect_sentence 3 'none of them is a DICOM image' segment links.zip -o none --model "$model"
head -c 300 bomb.zip >cut.zip
expect_sentence 3 'cannot be unpacked' segment cut.zip -o none --model "$model"
clean "hostile archives"
[ -e none ] && fail "a folder was left where nothing could be measured"
[ -e "$work/out" ] || [ -e /out ] && fail "an archive wrote outside"

command -v dcm2niix >/dev/null || { echo "skipped: dcm2niix is not installed (the rest passed: $failures failed)"; [ "$failures" -eq 0 ] && exit 77; exit 1; }

# --- a study: the choice, the reasons, the others
measure "$study" -o out || measured $? || fail "a study: expected 0 or 4, found $(cat stderr)"
says 'series 7, t1_mprage_sag_p2_iso, is measured; of 3 T1-weighted series it has the highest score' "a study"
says 'series 1, localizer, is not measured: a localizer' "a study"
says 'series 2, AX T2 TSE, is not measured: T2-weighted by its times (TR 5200 ms, TE 96 ms' "a study"
says 'series 4, t1_mprage_MPR_cor, is not measured: derived' "a study"
says 'series 5, Ax SWAN, is not measured: T2*-weighted' "a study"
says 'series 3, t1_mprage_sag_p2_iso, is not measured: score 12, and it is the earlier one' "a study"
says 'with a contrast agent' "a study"
for suffix in dseg.nii.gz dseg.tsv dseg.json volumes.tsv volumes.json qc.png report.html; do
    [ -s "out/scan_$suffix" ] || fail "a study: no scan_$suffix in $(ls out)"
done
grep -q 'DICOM series 7, t1_mprage_sag_p2_iso (dcm2niix v' out/scan_dseg.json || fail "the source is not named: $(grep -A2 Sources out/scan_dseg.json)"
grep -q 'female, 62 years' out/scan_report.html || fail "age and sex are not in the report"
grep -q 't1_mprage_sag_p2_iso; Acme' out/scan_report.html || grep -q 'TR 2300 ms, TE 2.98 ms, TI 900 ms' out/scan_report.html ||
    fail "the sequence is not in the report"
clean "a study"

# --- nobody is named: in files as they are, unpacked, and in names; with a name in the description, too
"$fixture" dicom named/x named
measure named -o named-out || measured $? || fail "a description with a name: $(cat stderr)"
says 'series 3, (not shown), is measured' "a description with a name"
cat stderr >>all-said
mkdir unpacked
for file in out/* named-out/*; do
    case $file in
        *.gz) gzip -dc "$file" >"unpacked/$(echo "$file" | tr / _)" ;;
        *.html) sed -n 's/.*src="data:image\/png;base64,\([A-Za-z0-9+/=]*\)".*/\1/p' "$file" | base64 -d >"unpacked/$(echo "$file" | tr / _).png" ;;
    esac
done
"$fixture" secrets >secrets
[ "$(wc -l <secrets)" -ge 10 ] || fail "no list of what must not be there"
while IFS= read -r secret; do
    grep -qaiF -r "$secret" "$study" || fail "$secret is not in the study: the test tests nothing"
    found=$(grep -laiF -r "$secret" out named-out unpacked; find out named-out | grep -iF "$secret")
    [ -z "$found" ] || fail "$secret is in $found"
    grep -qiF "$secret" all-said && fail "$secret was said: $(grep -iF "$secret" all-said)"
done <secrets
# in a picture, texts are in chunks of their own; there are none
for picture in out/scan_qc.png named-out/scan_qc.png; do
    LC_ALL=C grep -qaE 'tEXt|zTXt|iTXt|eXIf' "$picture" && fail "$picture has texts in it"
done

# --- --series: by number, by a part of the description, and what is none
measure "$study" -o two --series 2 --name sub-02
[ "$(grep -c 'series 2, AX T2 TSE, is measured, because it was asked for' stderr)" -eq 1 ] || fail "--series 2: $(cat stderr)"
measure "$study" -o by-text --series _post --name sub-02
says 'series 9, t1_mprage_sag_p2_iso_post, is measured, because it was asked for' "--series _post"
[ -s by-text/sub-02_volumes.tsv ] || fail "--name: no sub-02_volumes.tsv"
grep -q 'with a contrast agent' by-text/sub-02_report.html || fail "the report does not name the contrast agent"
expect_sentence 2 "holds no series '77'" segment "$study" -o none --model "$model" --series 77
expect_sentence 2 "fits 4 series" segment "$study" -o none --model "$model" --series mprage
expect_sentence 2 "1 localizer; 1.2 localizer; 1.3 localizer; 2 AX T2 TSE" segment "$study" -o none --model "$model" --series 77

# --- the results of another scan are not lost; the same scan may be measured again
"$fixture" dicom other/x gap
measure "$study" -o out || measured $? || fail "the same study again: $(cat stderr)"
expect_sentence 2 '--name NAME' segment other -o out --model "$model"
measure other -o out --name scan || measured $? || fail "with a name the results are replaced: $(cat stderr)"

# --- no T1w; several persons
"$fixture" dicom no-t1 localizer t2 mpr
expect_sentence 3 'no T1-weighted series; the series are: 1 localizer (a localizer' segment no-t1 -o none --model "$model"
says '2 AX T2 TSE (T2-weighted' "no T1w"
says '--series NUMBER' "no T1w"
"$fixture" dicom both t1 person
expect_sentence 3 'images of 2 persons' segment both -o none --model "$model"
[ -e none ] && fail "a folder was left where nothing could be measured"

# --- what is wrong with a series reaches the user and the results
for kind in gap uneven lean mixed implicit; do
    "$fixture" dicom "faults/$kind" "$kind"
done
measure faults/{gap,uneven,lean,mixed,implicit} -o faults-out --name fault || measured $? || fail "faults: $(cat stderr)"
grep -q '2 of 64 slices are missing within series 3' faults-out/fault-1_dseg.json || fail "missing slices are not in the results"
grep -q 'mm apart; the volume was interpolated' faults-out/fault-2_report.html || fail "uneven slices are not in the report"
grep -q 'gantry tilt' faults-out/fault-3_volumes.json || fail "the tilt is not in the results"
grep -q 'lie in different directions' faults-out/fault-4_dseg.json || fail "mixed directions are not in the results"
tail -n +2 faults-out/fault-5_volumes.tsv >implicit.tsv
measure "$study/EXAM ACC7750031/a" -o alone --series 3 --quiet
cmp -s implicit.tsv <(tail -n +2 alone/scan_volumes.tsv) || fail "implicit and explicit files give different volumes"

# --- a zip archive gives what the folder gives; several at once; with a NIfTI file
entries=()
while IFS= read -r file; do entries+=("Zebrowska/${file##*/}=$file"); done < <(find "$study/EXAM ACC7750031/a" -type f | sort)
"$fixture" zip study.zip "${entries[@]}" "link" "note.txt=$study/readme of Zebrowska.txt"
measure study.zip -o zipped --quiet || measured $? || fail "a zip archive: $(cat stderr)"
cmp -s zipped/scan_volumes.tsv alone/scan_volumes.tsv || fail "a zip archive gives other volumes than its folder"
for file in zipped/*; do cmp -s "$file" "alone/${file##*/}" || fail "a zip archive gives another $file"; done
measure study.zip good.nii.gz faults/gap no-t1 -o several --times times.tsv
code=$?
[ "$code" -eq 6 ] || fail "several, one without T1w: expected 6, found $code: $(cat stderr)"
[ "$(cut -f1 times.tsv | tr '\n' ' ')" = 'subject scan-1 good scan-2 ' ] || fail "several: expected scan-1, good, scan-2, found $(cat times.tsv)"
[ -s several/scan-1_volumes.tsv ] && [ -s several/scan-2_volumes.tsv ] && [ -s several/good_volumes.tsv ] || fail "several: $(ls several)"
clean "several"

# --- dien longitudinal takes examinations, too (make test-longitudinal measures some): what is none is said before long work
mkdir named-alike && cp good.nii.gz named-alike/sub-1_ses-2.nii.gz
expect_sentence 2 'a series can be chosen of DICOM files only' longitudinal good.nii.gz named-alike/sub-1_ses-2.nii.gz -o none --series 3
expect_sentence 3 'no T1-weighted series; the series are: 1 localizer' longitudinal faults/gap no-t1 -o none --name sub-1
says "sub-1_ses-1: series 3, t1_mprage_sag_p2_iso, is measured" "dien longitudinal"
says "sub-1_ses-1: 2 of 64 slices are missing within series 3" "dien longitudinal"
expect_sentence 2 'would have one name, sub-1_ses-2; rename one of them' longitudinal faults/gap faults/uneven named-alike/sub-1_ses-2.nii.gz -o none --name sub-1
[ -e none ] && rm -r none
clean "dien longitudinal"

# --- stopped while dcm2niix works, once and twice (a script cannot send SIGINT to what it starts; SIGTERM is the same to dien): nothing
# is left
mkdir slow
cat >slow/dcm2niix <<'EOF'
#!/bin/bash
touch "$STARTED"
exec sleep 60
EOF
chmod +x slow/dcm2niix
for times in 1 2; do
    rm -f started
    STARTED=$work/started PATH=$work/slow:$PATH "$dien" segment "$study" -o stopped --model "$model" --threads 1 >stdout 2>stderr </dev/null &
    pid=$!
    for _ in $(seq 200); do [ -e started ] && break; sleep 0.05; done
    for _ in $(seq "$times"); do kill -TERM "$pid" 2>/dev/null; sleep 0.1; done
    wait "$pid"
    code=$?
    [ "$code" -eq 130 ] || fail "Ctrl-C ($times): expected 130, found $code: $(cat stderr)"
    clean "Ctrl-C ($times)"
    [ -e stopped ] && fail "Ctrl-C ($times): a folder of results was left"
done
finish
